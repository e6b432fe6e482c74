/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/onnx-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
io_error (GError **error, const char *path, const char *what)
{
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_IO, "“%s” %s: %s", path, what, g_strerror (errno));
  return FALSE;
}

static gboolean
read_all (int fd, guint8 *data, gsize length)
{
  for (gsize done = 0; done < length;)
    {
      gssize got = read (fd, data + done, length - done);

      if (got < 0 && errno == EINTR)
        continue;
      if (got == 0)
        errno = EIO; /* it became shorter meanwhile */
      if (got <= 0)
        return FALSE;
      done += (gsize) got;
    }
  return TRUE;
}

gboolean
fovea_onnx_read_file (const char *path, guint8 **ret_data, gsize *ret_length, GError **error)
{
  struct stat info;
  g_autofree guint8 *data = NULL;
  gboolean ok;
  int fd;

  /* O_NONBLOCK: opening a FIFO without a writer would wait for ever. */
  fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return io_error (error, path, "cannot be opened");
  if (fstat (fd, &info) < 0 || !S_ISREG (info.st_mode))
    {
      close (fd);
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_IO, "“%s” is not a file", path);
      return FALSE;
    }
  if (info.st_size > G_MAXINT32)
    {
      close (fd);
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT,
                   "“%s” is larger than 2 GiB; keep its weights in external data", path);
      return FALSE;
    }
  data = g_try_malloc (MAX (info.st_size, 1));
  ok = data != NULL && read_all (fd, data, (gsize) info.st_size);
  if (!ok)
    io_error (error, path, "cannot be read");
  close (fd);
  if (!ok)
    return FALSE;
  *ret_data = g_steal_pointer (&data);
  *ret_length = (gsize) info.st_size;
  return TRUE;
}

static gboolean
write_all (int fd, const guint8 *data, gsize length)
{
  for (gsize done = 0; done < length;)
    {
      gssize put = write (fd, data + done, length - done);

      if (put < 0 && errno == EINTR)
        continue;
      if (put < 0)
        return FALSE;
      done += (gsize) put;
    }
  return TRUE;
}

/* So that the rename itself survives a power cut. Some file systems cannot; the file is whole either way. */
static void
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd >= 0)
    {
      fsync (fd);
      close (fd);
    }
}

gboolean
fovea_onnx_write_file (const char *path, const guint8 *data, gsize length, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".XXXXXX", NULL);
  int fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0666);
  gboolean ok;

  if (fd < 0)
    return io_error (error, path, "cannot be written");
  ok = write_all (fd, data, length) && fsync (fd) == 0;
  if (!ok)
    io_error (error, path, "cannot be written");
  if (close (fd) < 0 && ok)
    ok = io_error (error, path, "cannot be written");
  if (ok && g_rename (temporary, path) < 0)
    ok = io_error (error, path, "cannot be put in place");
  if (ok)
    sync_folder (path);
  else
    g_unlink (temporary);
  return ok;
}
