/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "vision/helper-process.h"
#include "vision/unpack-wire.h"
#include "vision/vision-error.h"

#define MEMORY_LIMIT (G_GUINT64_CONSTANT (512) << 20)
#define SILENCE_MS 60000
#define MAX_ENTRIES 500000
#define MAX_NAME_BYTES 4096
/* Pictures are compressed already: a zip of them is about as large as they are. */
#define MAX_RATIO 200
#define FREE_OF_RATIO (G_GUINT64_CONSTANT (256) << 20)
#define LEAVE_ON_DISK (G_GUINT64_CONSTANT (256) << 20)

typedef struct {
  const char *folder;
  gboolean (*wanted) (const char *name);
  FoveaUnpackProgressFunc progress;
  gpointer data;
  FoveaUnpacked *out;
  GCancellable *cancellable;

  pid_t pid;
  int socket_fd;
  guint64 archive_bytes, most_bytes;
  gboolean disk_is_the_limit;
  guint n_entries;
  int fd;      /* of the file that is being written, −1 none */
  char *name;  /* of the present entry, presentable */
} Unpacking;

static void
problem_free (gpointer data)
{
  FoveaUnpackProblem *problem = data;

  g_free (problem->name);
  g_free (problem->reason);
  g_free (problem);
}

void
fovea_unpacked_clear (FoveaUnpacked *unpacked)
{
  g_clear_pointer (&unpacked->problems, g_ptr_array_unref);
}

static void
add_problem (Unpacking *self, const char *reason)
{
  FoveaUnpackProblem *problem = g_new0 (FoveaUnpackProblem, 1);

  problem->name = g_strdup (self->name);
  problem->reason = g_strdup (reason);
  g_ptr_array_add (self->out->problems, problem);
}

/* ---- what may be ---- */

static char *
presentable (const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name, -1);

  for (char *at = valid; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      *at = ' ';
  return g_steal_pointer (&valid);
}

/* Stays below the folder that it is appended to. Backslashes are separators to whoever made the archive on Windows, and
 * never harmless. */
static gboolean
is_safe_name (const char *name)
{
  g_auto (GStrv) parts = g_strsplit_set (name, "/\\", -1);

  if (name[0] == '/' || name[0] == '\\' || (g_ascii_isalpha (name[0]) && name[1] == ':'))
    return FALSE;
  for (char **part = parts; *part != NULL; part++)
    if (g_str_equal (*part, ".."))
      return FALSE;
  return TRUE;
}

/* Hidden files, and what a Mac puts beside each of its files. */
static gboolean
is_hidden (const char *name)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);

  for (char **part = parts; *part != NULL; part++)
    if ((*part)[0] == '.' || g_str_equal (*part, "__MACOSX"))
      return TRUE;
  return FALSE;
}

static gboolean
is_archive (const char *name)
{
  static const char *const endings[] = { ".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar" };
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (lower, endings[i]))
      return TRUE;
  return FALSE;
}

static gboolean
refuse (Unpacking *self, FoveaVisionError code, const char *why, GError **error)
{
  g_set_error (error, FOVEA_VISION_ERROR, code, "it is refused, for %s: “%s”", why, self->name);
  return FALSE;
}

static gboolean
check_entry (Unpacking *self, const FoveaUnpackHead *head, const char *name, GError **error)
{
  if (++self->n_entries > MAX_ENTRIES)
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE, "it holds more than %d files", MAX_ENTRIES);
      return FALSE;
    }
  if (head->encrypted)
    {
      g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_UNSUPPORTED,
                           _("it is protected by a password; unpack it with another program and import the folder"));
      return FALSE;
    }
  if (!is_safe_name (name))
    return refuse (self, FOVEA_VISION_ERROR_DAMAGED, _("a name in it leads out of its folder"), error);
  if (head->kind == FOVEA_UNPACK_IS_LINK)
    return refuse (self, FOVEA_VISION_ERROR_DAMAGED, _("it holds a link"), error);
  if (head->kind != FOVEA_UNPACK_IS_FILE && head->kind != FOVEA_UNPACK_IS_FOLDER)
    return refuse (self, FOVEA_VISION_ERROR_DAMAGED, _("it holds something that is no file"), error);
  return TRUE;
}

/* ---- what is written ---- */

static gboolean
fail_to_write (Unpacking *self, int problem, GError **error)
{
  g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_IO, "“%s” cannot be written to %s: %s", self->name, self->folder,
               g_strerror (problem));
  return FALSE;
}

/* A file that this system cannot have under that name is the entry's fault, any other failure the disk's. */
static gboolean
create_file (Unpacking *self, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  int problem;

  if (g_mkdir_with_parents (parent, 0700) == 0)
    self->fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (self->fd >= 0)
    return TRUE;
  problem = errno;
  if (problem == EEXIST || problem == ENOTDIR || problem == EISDIR)
    add_problem (self, _("There is another file of that name in the archive"));
  else if (problem == ENAMETOOLONG || problem == EINVAL || problem == EILSEQ)
    add_problem (self, _("Its name is longer than a file's may be"));
  else
    return fail_to_write (self, problem, error);
  return TRUE;
}

static gboolean
finish_file (Unpacking *self, GError **error)
{
  int fd = self->fd;

  self->fd = -1;
  if (fd < 0)
    return TRUE;
  if (close (fd) != 0)
    return fail_to_write (self, errno, error);
  self->out->n_files++;
  return TRUE;
}

/* *ret_wanted: the helper is to send the bytes. */
static gboolean
take_entry (Unpacking *self, const FoveaUnpackHead *head, const char *name, gboolean *ret_wanted, GError **error)
{
  *ret_wanted = FALSE;
  if (!finish_file (self, error))
    return FALSE;
  g_free (self->name);
  self->name = presentable (name);
  if (self->progress != NULL)
    self->progress (self->out->n_files, MIN (head->position, self->archive_bytes), self->archive_bytes, self->data);
  if (!check_entry (self, head, name, error))
    return FALSE;
  if (head->kind == FOVEA_UNPACK_IS_FOLDER)
    return TRUE;
  if (name[0] == '\0' || is_hidden (name))
    self->out->n_left_out++;
  else if (is_archive (name))
    add_problem (self, _("It is an archive within the archive, and was not opened"));
  else if (self->wanted != NULL && !self->wanted (name))
    self->out->n_left_out++;
  else if (!create_file (self, name, error))
    return FALSE;
  *ret_wanted = self->fd >= 0;
  return TRUE;
}

static gboolean
take_data (Unpacking *self, const guint8 *bytes, gsize n_bytes, GError **error)
{
  self->out->n_bytes += n_bytes;
  if (self->out->n_bytes > self->most_bytes)
    {
      if (self->disk_is_the_limit)
        g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE,
                     _("there is no room for it on the disk of %s; make room and try again"), self->folder);
      else
        g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE,
                     _("it is refused, for it holds more than %d times its own size; pictures are never packed so tightly"), MAX_RATIO);
      return FALSE;
    }
  while (self->fd >= 0 && n_bytes > 0)
    {
      ssize_t n = write (self->fd, bytes, n_bytes);

      if (n < 0 && errno != EINTR)
        return fail_to_write (self, errno, error);
      bytes += MAX (n, 0);
      n_bytes -= (gsize) MAX (n, 0);
    }
  return TRUE;
}

/* ---- the helper's answers: nothing in them is believed unchecked ---- */

static gboolean
set_helper_error (const char *why, GError **error)
{
  g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER, "the helper that unpacks it %s", why);
  return FALSE;
}

static gboolean
wait_for_packet (Unpacking *self, GError **error)
{
  struct pollfd waiting[2] = { { self->socket_fd, POLLIN, 0 }, { -1, POLLIN, 0 } };
  GPollFD cancel = { .fd = -1 };
  int n;

  if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
    return FALSE;
  if (self->cancellable != NULL && g_cancellable_make_pollfd (self->cancellable, &cancel))
    waiting[1].fd = cancel.fd;
  do
    n = poll (waiting, 2, SILENCE_MS);
  while (n < 0 && errno == EINTR);
  if (cancel.fd >= 0)
    g_cancellable_release_fd (self->cancellable);
  if (n > 0 && waiting[0].revents != 0)
    return TRUE;
  if (!g_cancellable_set_error_if_cancelled (self->cancellable, error))
    set_helper_error ("said nothing for a minute and was stopped", error);
  return FALSE;
}

typedef struct {
  FoveaUnpackHead head;
  guint8 bytes[FOVEA_UNPACK_PIECE + 1];
} Packet;

static gboolean
receive (Unpacking *self, Packet *packet, GError **error)
{
  struct iovec parts[2] = { { &packet->head, sizeof packet->head }, { packet->bytes, FOVEA_UNPACK_PIECE } };
  struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
  ssize_t n;

  if (!wait_for_packet (self, error))
    return FALSE;
  do
    n = recvmsg (self->socket_fd, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return set_helper_error ("crashed, or needed more memory than it may have", error);
  if (n < (ssize_t) sizeof packet->head || (message.msg_flags & MSG_TRUNC) != 0 || packet->head.magic != FOVEA_UNPACK_MAGIC
      || packet->head.n_bytes != (gsize) n - sizeof packet->head)
    return set_helper_error ("gave an answer that makes no sense; the file may be an attack", error);
  packet->bytes[packet->head.n_bytes] = '\0';
  return TRUE;
}

static gboolean
answer_entry (Unpacking *self, const Packet *packet, GError **error)
{
  const char *name = (const char *) packet->bytes;
  gboolean wanted;
  char byte;

  /* A NUL within the name would hide what follows it. */
  if (packet->head.n_bytes > MAX_NAME_BYTES || strlen (name) != packet->head.n_bytes)
    {
      g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED, "it is refused, for a name in it makes no sense");
      return FALSE;
    }
  if (!take_entry (self, &packet->head, name, &wanted, error))
    return FALSE;
  byte = wanted ? 1 : 0;
  return send (self->socket_fd, &byte, 1, MSG_NOSIGNAL) == 1 || set_helper_error ("crashed", error);
}

static gboolean
set_failed_error (Unpacking *self, const Packet *packet, GError **error)
{
  g_autofree char *reason = presentable ((const char *) packet->bytes);

  if (self->n_entries == 0)
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_UNKNOWN_FORMAT, _("it is no zip file, or damaged (%s)"), reason);
  else
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED, _("it is damaged at “%s” (%s)"), self->name, reason);
  return FALSE;
}

static gboolean
take_packets (Unpacking *self, GError **error)
{
  g_autofree Packet *packet = g_new (Packet, 1);

  for (;;)
    {
      if (!receive (self, packet, error))
        return FALSE;
      switch (packet->head.packet)
        {
        case FOVEA_UNPACK_ENTRY:
          if (!answer_entry (self, packet, error))
            return FALSE;
          break;
        case FOVEA_UNPACK_DATA:
          if (!take_data (self, packet->bytes, packet->head.n_bytes, error))
            return FALSE;
          break;
        case FOVEA_UNPACK_END:
          return finish_file (self, error);
        case FOVEA_UNPACK_FAILED:
          return set_failed_error (self, packet, error);
        default:
          return set_helper_error ("gave an answer that makes no sense; the file may be an attack", error);
        }
    }
}

/* ---- all of it ---- */

static gboolean
set_limits (Unpacking *self, int fd, GError **error)
{
  struct statvfs disk;
  struct stat info;

  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode))
    {
      g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_UNKNOWN_FORMAT, "it is not a file");
      return FALSE;
    }
  self->archive_bytes = (guint64) info.st_size;
  self->most_bytes = MAX (FREE_OF_RATIO, self->archive_bytes * MAX_RATIO);
  if (statvfs (self->folder, &disk) == 0)
    {
      guint64 room = (guint64) disk.f_bavail * disk.f_frsize;

      room -= MIN (room, LEAVE_ON_DISK);
      self->disk_is_the_limit = room < self->most_bytes;
      self->most_bytes = MIN (self->most_bytes, room);
    }
  return TRUE;
}

static gboolean
unpack (Unpacking *self, int fd, GError **error)
{
  const FoveaUnpackRequest request = { .magic = FOVEA_UNPACK_MAGIC, .memory_limit_bytes = MEMORY_LIMIT };
  gboolean ok;

  if (!set_limits (self, fd, error) || !fovea_helper_spawn ("--unpacker", &self->pid, &self->socket_fd, error))
    return FALSE;
  ok = fovea_helper_send_with_fd (self->socket_fd, &request, sizeof request, fd) ? take_packets (self, error)
                                                                                  : set_helper_error ("ended at its start", error);
  fovea_helper_kill (self->pid);
  close (self->socket_fd);
  if (self->fd >= 0)
    close (self->fd);
  return ok;
}

gboolean
fovea_unpack_zip (const char *path, const char *folder, gboolean (*wanted) (const char *name), FoveaUnpackProgressFunc progress,
                  gpointer data, FoveaUnpacked *ret_unpacked, GCancellable *cancellable, GError **error)
{
  g_auto (FoveaUnpacked) out = { .problems = g_ptr_array_new_with_free_func (problem_free) };
  Unpacking self = { .folder = folder, .wanted = wanted, .progress = progress, .data = data, .out = &out,
                     .cancellable = cancellable, .fd = -1 };
  g_autofree char *shown = g_filename_display_name (path);
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  gboolean ok;

  if (fd < 0)
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_IO, "%s: %s", shown, g_strerror (errno));
      return FALSE;
    }
  ok = unpack (&self, fd, error);
  close (fd);
  g_free (self.name);
  if (!ok)
    {
      g_prefix_error (error, "%s: ", shown);
      return FALSE;
    }
  *ret_unpacked = out;
  out.problems = NULL;
  return TRUE;
}
