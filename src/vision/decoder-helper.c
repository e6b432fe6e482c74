/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/decoder-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "vision/decoder.h"
#include "vision/helper-process.h"
#include "vision/loaders.h"

/* Files up to this size are read, larger ones mapped. */
#define READ_AT_MOST (1 << 20)

typedef struct {
  int socket_fd;
  guint8 *small;         /* mapped, or NULL before the first picture */
  int small_fd;
  gboolean small_is_known; /* the program has its descriptor */
  guint8 *own;           /* the present picture's */
  int own_fd;
  gsize own_bytes;
  FoveaSegmentKind used;
  guint8 *file_buffer;
} Helper;

/* --- Pixels ------------------------------------------------------------------------------------------------- */

static guint8 *
new_segment (gsize n_bytes, int *ret_fd)
{
  int fd = memfd_create ("fovea-pixels", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  void *memory = MAP_FAILED;

  if (fd < 0)
    return NULL;
  if (ftruncate (fd, (off_t) n_bytes) == 0 && fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0)
    memory = mmap (NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED)
    {
      close (fd);
      return NULL;
    }
  *ret_fd = fd;
  return memory;
}

static void *
reserve (gpointer owner, gsize n_bytes)
{
  Helper *helper = owner;

  if (n_bytes <= FOVEA_SMALL_SEGMENT)
    {
      if (helper->small == NULL)
        helper->small = new_segment (FOVEA_SMALL_SEGMENT, &helper->small_fd);
      helper->used = FOVEA_SEGMENT_SMALL;
      return helper->small;
    }
  helper->own = new_segment (n_bytes, &helper->own_fd);
  helper->own_bytes = n_bytes;
  helper->used = FOVEA_SEGMENT_OWN;
  return helper->own;
}

static void
drop_own (Helper *helper)
{
  if (helper->own != NULL)
    munmap (helper->own, helper->own_bytes);
  helper->own = NULL;
  if (helper->own_fd >= 0)
    close (helper->own_fd);
  helper->own_fd = -1;
}

/* --- Files ------------------------------------------------------------------------------------------------- */

typedef struct {
  const guint8 *data;
  gsize n_bytes;
  void *mapped;
} File;

static gboolean
open_file (Helper *helper, int fd, File *file, GError **error)
{
  struct stat info;
  ssize_t n, got = 0;

  if (fstat (fd, &info) != 0 || info.st_size < 0)
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_IO, "cannot be read: %s", g_strerror (errno));
      return FALSE;
    }
  file->n_bytes = (gsize) info.st_size;
  if (file->n_bytes > READ_AT_MOST)
    {
      file->mapped = mmap (NULL, file->n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
      file->data = file->mapped;
      if (file->mapped != MAP_FAILED)
        return TRUE;
      file->mapped = NULL;
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE,
                   "the file of %" G_GSIZE_FORMAT " bytes does not fit in the decoder's memory", file->n_bytes);
      return FALSE;
    }
  while (got < info.st_size && (n = pread (fd, helper->file_buffer + got, (gsize) (info.st_size - got), got)) > 0)
    got += n;
  file->data = helper->file_buffer;
  file->n_bytes = (gsize) got;
  return TRUE;
}

/* --- Limits ------------------------------------------------------------------------------------------------ */

static void
set_soft_limit (int resource, guint64 value)
{
  struct rlimit limit;

  if (getrlimit (resource, &limit) != 0)
    return;
  limit.rlim_cur = MIN ((rlim_t) value, limit.rlim_max);
  setrlimit (resource, &limit);
}

static void
limit_cpu (int seconds)
{
  struct rusage usage;

  if (seconds <= 0 || getrusage (RUSAGE_SELF, &usage) != 0)
    return;
  set_soft_limit (RLIMIT_CPU, (guint64) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + 1 + seconds));
}

/* gdk-pixbuf finds its loaders through files, which cannot be opened later. */
static void
open_loaders (void)
{
  static const char *const types[] = { "image/bmp", "image/gif", "image/heif", "image/heic" };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      GdkPixbufLoader *loader = gdk_pixbuf_loader_new_with_mime_type (types[i], NULL);

      if (loader == NULL)
        continue;
      gdk_pixbuf_loader_close (loader, NULL);
      g_object_unref (loader);
    }
}

/* --- Requests ----------------------------------------------------------------------------------------------- */

static gboolean
send_reply (Helper *helper, const FoveaDecodeReply *reply)
{
  union { char bytes[CMSG_SPACE (sizeof (int))]; struct cmsghdr align; } control;
  struct iovec part = { (void *) reply, sizeof *reply };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  int fd = -1;

  if (reply->segment == FOVEA_SEGMENT_OWN)
    fd = helper->own_fd;
  else if (reply->segment == FOVEA_SEGMENT_SMALL && !helper->small_is_known)
    fd = helper->small_fd;
  if (fd >= 0)
    {
      struct cmsghdr *header = &control.align;

      memset (&control, 0, sizeof control);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN (sizeof (int));
      memcpy (CMSG_DATA (header), &fd, sizeof fd);
      message.msg_control = &control;
      message.msg_controllen = sizeof control;
    }
  if (sendmsg (helper->socket_fd, &message, MSG_NOSIGNAL) != sizeof *reply)
    return FALSE;
  if (reply->segment == FOVEA_SEGMENT_SMALL)
    helper->small_is_known = TRUE;
  return TRUE;
}

static void
fill_reply (FoveaDecodeReply *reply, const FoveaSink *sink)
{
  gboolean turned = sink->header.orientation >= 5;

  reply->format = sink->header.format;
  reply->bits = sink->header.bits;
  reply->file_width = turned ? sink->header.height : sink->header.width;
  reply->file_height = turned ? sink->header.width : sink->header.height;
  if (sink->dest == NULL)
    return;
  reply->pixels = sink->pixels;
  reply->width = sink->out_width;
  reply->height = sink->out_height;
  reply->partial = sink->partial;
  reply->n_bytes = (gsize) sink->out_width * (gsize) sink->out_height * (sink->pixels == FOVEA_PIXELS_GREY16 ? 2 : 3);
  reply->grey_min = sink->grey_min;
  reply->grey_max = sink->grey_max;
  /* gdk-pixbuf's loaders turn and crop by themselves. */
  if (sink->header.format == FOVEA_FORMAT_HEIF || sink->header.format == FOVEA_FORMAT_GIF)
    {
      reply->file_width = sink->out_width;
      reply->file_height = sink->out_height;
    }
}

static gboolean
decode (Helper *helper, const FoveaDecodeRequest *request, int fd, FoveaDecodeReply *reply, GError **error)
{
  FoveaSink sink = { .max_side = request->max_side, .min_side = request->min_side, .reserve = reserve, .owner = helper };
  File file = { 0 };
  gboolean done;

  if (!open_file (helper, fd, &file, error))
    return FALSE;
  done = fovea_image_header_parse (file.data, file.n_bytes, &sink.header, error);
  if (done && !request->header_only)
    done = fovea_load (&sink, file.data, file.n_bytes, error);
  if (file.mapped != NULL)
    munmap (file.mapped, file.n_bytes);
  if (done)
    fill_reply (reply, &sink);
  return done;
}

static void
answer (Helper *helper, const FoveaDecodeRequest *request, int fd, FoveaDecodeReply *reply)
{
  g_autoptr (GError) error = NULL;

  memset (reply, 0, sizeof *reply);
  reply->magic = FOVEA_WIRE_MAGIC;
  reply->serial = request->serial;
  reply->code = -1;
  helper->used = FOVEA_SEGMENT_NONE;
  if (!decode (helper, request, fd, reply, &error))
    {
      reply->code = error->domain == FOVEA_VISION_ERROR ? error->code : FOVEA_VISION_ERROR_DAMAGED;
      g_strlcpy (reply->message, error->message, sizeof reply->message);
      return;
    }
  reply->segment = (gint32) helper->used;
  if (helper->used == FOVEA_SEGMENT_OWN)
    {
      /* No more writing, by anyone: the program looks at the very same memory. */
      munmap (helper->own, helper->own_bytes);
      helper->own = NULL;
      fcntl (helper->own_fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL);
    }
}

int
fovea_decoder_helper_run (int socket_fd, FoveaDecoderHook hook)
{
  Helper helper = { .socket_fd = socket_fd, .small_fd = -1, .own_fd = -1 };
  FoveaDecodeRequest request;
  FoveaDecodeReply reply;
  gboolean ready = FALSE;
  int fd;

  if (!fovea_helper_detach (socket_fd, "--decoder"))
    return 2;
  helper.file_buffer = g_malloc (READ_AT_MOST);

  /* The end of the program ends the wait: there is nothing else to notice it by. */
  while (fovea_helper_receive_with_fd (socket_fd, &request, sizeof request, &fd) && request.magic == FOVEA_WIRE_MAGIC)
    {
      if (!ready)
        {
          open_loaders ();
          fovea_helper_limit_memory (request.memory_limit_bytes);
          fovea_decoder_sandbox_enter ();
          ready = TRUE;
        }
      limit_cpu (request.cpu_seconds);
      if (hook != NULL)
        hook (fd);
      answer (&helper, &request, fd, &reply);
      close (fd);
      if (!send_reply (&helper, &reply))
        break;
      drop_own (&helper);
    }
  g_free (helper.file_buffer);
  return 0;
}

int
fovea_decoder_helper_main (int socket_fd)
{
  return fovea_decoder_helper_run (socket_fd, NULL);
}
