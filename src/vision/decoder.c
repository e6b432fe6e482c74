/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vision/decoder-wire.h"
#include "vision/helper-process.h"
#include "vision/image-header.h"
#include "vision/sha256.h"

#define DEFAULT_MEMORY_LIMIT ((gsize) 3 << 29)
#define DEFAULT_TIMEOUT_MS 20000
#define MAX_HELPERS 64
#define HASH_BLOCK (256 << 10)

typedef struct {
  pid_t pid;             /* 0 = not running */
  int socket_fd;
  const guint8 *small;   /* its small segment, mapped for reading; NULL before it came */
  guint32 serial;
  gboolean busy;
} Helper;

struct _FoveaDecoder {
  GMutex lock;
  GCond idle;            /* a helper is */
  guint n_helpers;
  gsize memory_limit_bytes;
  int timeout_ms;
  Helper *helpers;
};

void
fovea_decoded_clear (FoveaDecoded *decoded)
{
  g_clear_pointer (&decoded->image, fovea_image_unref);
}

FoveaDecoder *
fovea_decoder_new (guint n_helpers, gsize memory_limit_bytes)
{
  FoveaDecoder *decoder = g_new0 (FoveaDecoder, 1);
  const char *timeout = g_getenv ("FOVEA_DECODER_TIMEOUT_MS");

  g_mutex_init (&decoder->lock);
  g_cond_init (&decoder->idle);
  decoder->n_helpers = CLAMP (n_helpers > 0 ? n_helpers : g_get_num_processors (), 1, MAX_HELPERS);
  decoder->memory_limit_bytes = memory_limit_bytes > 0 ? memory_limit_bytes : DEFAULT_MEMORY_LIMIT;
  decoder->timeout_ms = timeout != NULL ? (int) CLAMP (g_ascii_strtoll (timeout, NULL, 10), 1, 3600 * 1000)
                                          : DEFAULT_TIMEOUT_MS;
  decoder->helpers = g_new0 (Helper, decoder->n_helpers);
  return decoder;
}

/* --- Helpers -------------------------------------------------------------------------------------------------- */

/* Ends it, if it has not ended already, and says how it ended (as waitpid() does). */
static int
helper_stop (Helper *helper)
{
  int status;

  if (helper->pid == 0)
    return 0;
  status = fovea_helper_kill (helper->pid);
  close (helper->socket_fd);
  if (helper->small != NULL)
    munmap ((void *) helper->small, FOVEA_SMALL_SEGMENT);
  helper->small = NULL;
  helper->pid = 0;
  return status;
}

void
fovea_decoder_free (FoveaDecoder *decoder)
{
  if (decoder == NULL)
    return;
  for (guint i = 0; i < decoder->n_helpers; i++)
    {
      g_warn_if_fail (!decoder->helpers[i].busy);
      helper_stop (&decoder->helpers[i]);
    }
  g_free (decoder->helpers);
  g_cond_clear (&decoder->idle);
  g_mutex_clear (&decoder->lock);
  g_free (decoder);
}

/* One that runs already, if there is one: the pool grows only as far as it is used at once. */
static Helper *
helper_acquire (FoveaDecoder *decoder)
{
  Helper *found = NULL;

  g_mutex_lock (&decoder->lock);
  while (found == NULL)
    {
      for (guint i = 0; i < decoder->n_helpers; i++)
        if (!decoder->helpers[i].busy && (found == NULL || (found->pid == 0 && decoder->helpers[i].pid != 0)))
          found = &decoder->helpers[i];
      if (found == NULL)
        g_cond_wait (&decoder->idle, &decoder->lock);
    }
  found->busy = TRUE;
  g_mutex_unlock (&decoder->lock);
  return found;
}

static void
helper_release (FoveaDecoder *decoder, Helper *helper)
{
  g_mutex_lock (&decoder->lock);
  helper->busy = FALSE;
  g_cond_signal (&decoder->idle);
  g_mutex_unlock (&decoder->lock);
}

/* --- The file ------------------------------------------------------------------------------------------------- */

/* Opened without waiting for the other end of a FIFO, and only ever a regular file. */
static int
open_regular (const char *path, struct stat *ret_info, GError **error)
{
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

  if (fd < 0 || fstat (fd, ret_info) != 0)
    {
      int problem = errno;

      if (fd >= 0)
        close (fd);
      /* What can be seen but never opened, such as a socket. */
      if (stat (path, ret_info) == 0 && !S_ISREG (ret_info->st_mode))
        problem = ENXIO;
      g_set_error (error, FOVEA_VISION_ERROR,
                   problem == ENXIO ? FOVEA_VISION_ERROR_UNKNOWN_FORMAT : FOVEA_VISION_ERROR_IO, "%s",
                   problem == ENXIO ? "this is not a file" : g_strerror (problem));
      return -1;
    }
  if (!S_ISREG (ret_info->st_mode))
    {
      close (fd);
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_UNKNOWN_FORMAT, "this is %s, not a file",
                   S_ISDIR (ret_info->st_mode) ? "a folder" : "a device, pipe or socket");
      return -1;
    }
  return fd;
}

static gint64
mtime_ns (const struct stat *info)
{
  return info->st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + info->st_mtim.tv_nsec;
}

/* Hashes on from *@at. Stops early, with *@ret_stopped, when @socket_fd (or −1) has something to read: an answer that
 * comes before the hash of a large file is done is mostly a refusal. */
static gboolean
hash_file (int fd, int socket_fd, gboolean *ret_stopped, guint64 *at, FoveaSha256 *hash, GError **error)
{
  g_autofree guint8 *block = g_malloc (HASH_BLOCK);
  struct pollfd waiting = { socket_fd, POLLIN, 0 };
  ssize_t n;

  *ret_stopped = FALSE;
  while ((n = pread (fd, block, HASH_BLOCK, (off_t) *at)) > 0)
    {
      fovea_sha256_update (hash, block, (gsize) n);
      *at += (guint64) n;
      if (n == HASH_BLOCK && socket_fd >= 0 && poll (&waiting, 1, 0) > 0)
        {
          *ret_stopped = TRUE;
          return TRUE;
        }
    }
  if (n < 0)
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_IO, "cannot be read: %s", g_strerror (errno));
  return n == 0;
}

/* --- Asking --------------------------------------------------------------------------------------------------- */

/* Starts the helper where it is not running, or has ended between two pictures. */
static gboolean
ask (FoveaDecoder *decoder, Helper *helper, FoveaDecodeRequest *request, int fd, GError **error)
{
  for (int attempt = 0; attempt < 2; attempt++)
    {
      if (helper->pid == 0 && !fovea_helper_spawn ("--decoder", &helper->pid, &helper->socket_fd, error))
        return FALSE;
      request->serial = ++helper->serial;
      if (fovea_helper_send_with_fd (helper->socket_fd, request, sizeof *request, fd))
        return TRUE;
      helper_stop (helper);
    }
  g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER, "the decoder ended at its start");
  return FALSE;
}

typedef enum { ANSWERED, ENDED, TIMED_OUT, CANCELLED } Outcome;

static Outcome
wait_for_reply (Helper *helper, int timeout_ms, GCancellable *cancellable)
{
  gint64 deadline = g_get_monotonic_time () + timeout_ms * G_GINT64_CONSTANT (1000);
  struct pollfd waiting[2] = { { helper->socket_fd, POLLIN, 0 }, { -1, POLLIN, 0 } };
  GPollFD cancel = { .fd = -1 };
  Outcome outcome = TIMED_OUT;
  gint64 left;

  if (cancellable != NULL && g_cancellable_make_pollfd (cancellable, &cancel))
    waiting[1].fd = cancel.fd;
  while ((left = deadline - g_get_monotonic_time ()) > 0)
    {
      int n = poll (waiting, 2, (int) (left / 1000) + 1);

      if (n > 0 && waiting[0].revents != 0)
        {
          outcome = ANSWERED;
          break;
        }
      if (n > 0 && waiting[1].revents != 0)
        {
          outcome = CANCELLED;
          break;
        }
    }
  if (cancel.fd >= 0)
    g_cancellable_release_fd (cancellable);
  return outcome;
}

static Outcome
receive (Helper *helper, FoveaDecodeReply *reply, int *ret_fd)
{
  union { char bytes[CMSG_SPACE (sizeof (int))]; struct cmsghdr align; } control;
  struct iovec part = { reply, sizeof *reply };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
  struct cmsghdr *header;
  ssize_t n;

  *ret_fd = -1;
  do
    n = recvmsg (helper->socket_fd, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return ENDED;
  header = CMSG_FIRSTHDR (&message);
  if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
      header->cmsg_len == CMSG_LEN (sizeof (int)))
    memcpy (ret_fd, CMSG_DATA (header), sizeof (int));
  if (n != sizeof *reply || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    reply->magic = 0;
  return ANSWERED;
}

static gboolean
set_ended_error (Helper *helper, Outcome outcome, int timeout_ms, GError **error)
{
  int status = helper_stop (helper);
  int number = WIFSIGNALED (status) ? WTERMSIG (status) : 0;

  if (outcome == CANCELLED)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
  else if (outcome == TIMED_OUT)
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER,
                 _("decoding took longer than %g seconds and was stopped"), timeout_ms / 1000.0);
  else if (number == SIGXCPU)
    g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER,
                         _("decoding took too much processor time and was stopped"));
  else if (number == SIGTRAP || number == SIGABRT || number == SIGKILL)
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER,
                 _("decoding needed more memory than it may have, or failed (%s)"), g_strsignal (number));
  else if (number != 0)
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER, _("the decoder crashed on it (%s)"), g_strsignal (number));
  else
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER, _("the decoder ended on it (status %d)"),
                 WEXITSTATUS (status));
  return FALSE;
}

/* --- Taking the answer: nothing in it is believed unchecked ----------------------------------------------------- */

static gboolean
is_size (gint32 width, gint32 height)
{
  return width > 0 && height > 0 && height <= FOVEA_DECODER_MAX_PIXELS / width;
}

static gboolean
is_sound (const FoveaDecodeReply *reply, const FoveaDecodeRequest *request)
{
  gsize pixel = reply->pixels == FOVEA_PIXELS_GREY16 ? 2 : 3;

  if (reply->magic != FOVEA_WIRE_MAGIC || reply->serial != request->serial)
    return FALSE;
  if (reply->code >= 0)
    return reply->code <= FOVEA_VISION_ERROR_IO && memchr (reply->message, '\0', sizeof reply->message) != NULL;
  if (reply->code != -1 || reply->format < 0 || reply->format >= FOVEA_N_FORMATS || reply->bits < 1 || reply->bits > 64 ||
      !is_size (reply->file_width, reply->file_height))
    return FALSE;
  if (request->header_only)
    return reply->segment == FOVEA_SEGMENT_NONE;
  return (reply->pixels == FOVEA_PIXELS_RGB8 || reply->pixels == FOVEA_PIXELS_GREY16) &&
         is_size (reply->width, reply->height) && reply->width <= reply->file_width &&
         reply->height <= reply->file_height && reply->n_bytes == (gsize) reply->width * (gsize) reply->height * pixel &&
         (reply->segment == FOVEA_SEGMENT_OWN ||
          (reply->segment == FOVEA_SEGMENT_SMALL && reply->n_bytes <= FOVEA_SMALL_SEGMENT));
}

/* A memfd of at least @n_bytes that can no longer shrink: reading it never faults. */
static const guint8 *
map_segment (int fd, gsize n_bytes, int extra_seals)
{
  int wanted = F_SEAL_SHRINK | F_SEAL_GROW | extra_seals, seals = fcntl (fd, F_GET_SEALS);
  struct stat info;
  void *memory;

  if (seals < 0 || (seals & wanted) != wanted || fstat (fd, &info) != 0 || (guint64) info.st_size < n_bytes)
    return NULL;
  memory = mmap (NULL, n_bytes, PROT_READ, extra_seals != 0 ? MAP_PRIVATE : MAP_SHARED, fd, 0);
  return memory != MAP_FAILED ? memory : NULL;
}

typedef struct {
  void *memory;
  gsize n_bytes;
} Mapping;

static void
mapping_free (gpointer data)
{
  Mapping *mapping = data;

  munmap (mapping->memory, mapping->n_bytes);
  g_free (mapping);
}

static FoveaImage *
take_pixels (Helper *helper, const FoveaDecodeReply *reply, int fd, gboolean *ret_sound, GError **error)
{
  FoveaImage *image;

  *ret_sound = FALSE;
  if (reply->segment == FOVEA_SEGMENT_OWN)
    {
      const guint8 *memory = fd >= 0 ? map_segment (fd, reply->n_bytes, F_SEAL_WRITE) : NULL;
      Mapping *mapping;

      if (memory == NULL)
        return NULL;
      mapping = g_new (Mapping, 1);
      mapping->memory = (void *) memory;
      mapping->n_bytes = reply->n_bytes;
      *ret_sound = TRUE;
      return fovea_image_new_wrapped ((FoveaPixels) reply->pixels, reply->width, reply->height, mapping->memory, mapping,
                                      mapping_free);
    }
  if (fd >= 0 && helper->small == NULL)
    helper->small = map_segment (fd, FOVEA_SMALL_SEGMENT, 0);
  if (helper->small == NULL)
    return NULL;
  *ret_sound = TRUE;
  image = fovea_image_new ((FoveaPixels) reply->pixels, reply->width, reply->height, error);
  if (image != NULL)
    memcpy (image->data, helper->small, reply->n_bytes);
  return image;
}

static gboolean
set_unsound_error (Helper *helper, GError **error)
{
  helper_stop (helper);
  g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER,
                       "the decoder gave an answer that makes no sense; the file may be an attack");
  return FALSE;
}

/* The message has been in a process that read foreign data: it is text, on one line, and no more. */
static void
set_replied_error (const FoveaDecodeReply *reply, GError **error)
{
  g_autofree char *text = g_utf8_make_valid (reply->message, -1);

  for (char *at = text; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      *at = ' ';
  g_set_error_literal (error, FOVEA_VISION_ERROR, reply->code, text);
}

static gboolean
take_reply (Helper *helper, const FoveaDecodeRequest *request, const FoveaDecodeReply *reply, int fd, FoveaDecoded *decoded,
            GError **error)
{
  gboolean sound = TRUE;

  if (!is_sound (reply, request))
    return set_unsound_error (helper, error);
  if (reply->code >= 0)
    {
      set_replied_error (reply, error);
      return FALSE;
    }
  if (!request->header_only)
    {
      decoded->image = take_pixels (helper, reply, fd, &sound, error);
      if (!sound)
        return set_unsound_error (helper, error);
      if (decoded->image == NULL)
        return FALSE;
      decoded->image->grey_min = reply->grey_min;
      decoded->image->grey_max = reply->grey_max;
    }
  decoded->file_width = reply->file_width;
  decoded->file_height = reply->file_height;
  decoded->format = fovea_format_name ((FoveaFormat) reply->format);
  decoded->bits = reply->bits;
  decoded->partial = reply->partial != 0;
  return TRUE;
}

/* --- All of it ------------------------------------------------------------------------------------------------- */

static gboolean
decode_with (FoveaDecoder *decoder, Helper *helper, int fd, const FoveaDecodeOptions *options, FoveaDecoded *decoded,
             FoveaSha256 *hash, GCancellable *cancellable, GError **error)
{
  FoveaDecodeRequest request = {
    .magic = FOVEA_WIRE_MAGIC, .max_side = options->max_side, .min_side = options->min_side,
    .header_only = options->header_only, .cpu_seconds = (decoder->timeout_ms + 999) / 1000,
    .memory_limit_bytes = decoder->memory_limit_bytes,
  };
  FoveaDecodeReply reply;
  gboolean stopped = FALSE, done;
  guint64 hashed = 0;
  Outcome outcome;
  int pixels_fd;

  if (!ask (decoder, helper, &request, fd, error))
    return FALSE;
  /* In this thread, while the helper decodes. */
  if (options->hash && !hash_file (fd, helper->socket_fd, &stopped, &hashed, hash, error))
    {
      helper_stop (helper);
      return FALSE;
    }
  outcome = wait_for_reply (helper, decoder->timeout_ms, cancellable);
  if (outcome == ANSWERED)
    outcome = receive (helper, &reply, &pixels_fd);
  if (outcome != ANSWERED)
    return set_ended_error (helper, outcome, decoder->timeout_ms, error);
  done = take_reply (helper, &request, &reply, pixels_fd, decoded, error);
  if (pixels_fd >= 0)
    close (pixels_fd);
  if (done && options->hash && stopped)
    done = hash_file (fd, -1, &stopped, &hashed, hash, error);
  return done;
}

static gboolean
decode_file (FoveaDecoder *decoder, int fd, const struct stat *info, const FoveaDecodeOptions *options,
             FoveaDecoded *decoded, GCancellable *cancellable, GError **error)
{
  Helper *helper = helper_acquire (decoder);
  struct stat after;
  FoveaSha256 hash;
  gboolean done;

  fovea_sha256_init (&hash);
  done = decode_with (decoder, helper, fd, options, decoded, &hash, cancellable, error);
  helper_release (decoder, helper);
  if (!done)
    return FALSE;
  if (fstat (fd, &after) != 0 || after.st_size != info->st_size || mtime_ns (&after) != mtime_ns (info))
    {
      g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_IO, _("the file changed while it was read; try again"));
      return FALSE;
    }
  if (options->hash)
    fovea_sha256_finish (&hash, decoded->sha256);
  decoded->file_bytes = (guint64) info->st_size;
  decoded->mtime_ns = mtime_ns (info);
  return TRUE;
}

gboolean
fovea_decoder_decode (FoveaDecoder *decoder, const char *path, const FoveaDecodeOptions *options,
                      FoveaDecoded *ret_decoded, GCancellable *cancellable, GError **error)
{
  g_auto (FoveaDecoded) decoded = { 0 };
  g_autofree char *name = NULL;
  struct stat info;
  gboolean done;
  int fd;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  fd = open_regular (path, &info, error);
  done = fd >= 0 && decode_file (decoder, fd, &info, options, &decoded, cancellable, error);
  if (fd >= 0)
    close (fd);
  if (done)
    {
      *ret_decoded = decoded;
      decoded.image = NULL;
      return TRUE;
    }
  name = g_filename_display_name (path);
  g_prefix_error (error, "%s: ", name);
  return FALSE;
}
