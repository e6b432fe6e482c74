/* SPDX-License-Identifier: GPL-3.0-or-later */
/*   0   8  "FoveaCk1"
 *   8   8  length of the header, little-endian; 16  8 of the state; 24  8 of the best network
 *   32     SHA-256 of all that follows
 *   64     header (JSON), state, best network */
#include "engine/training-checkpoint-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/engine-error.h"
#include "vision/sha256.h"

#define MAGIC "FoveaCk1"
#define PREFIX_BYTES 64
#define MAX_HEADER_BYTES (16u << 20)

void
fovea_checkpoint_clear (FoveaCheckpoint *checkpoint)
{
  g_clear_pointer (&checkpoint->header, json_object_unref);
  g_clear_pointer (&checkpoint->state, g_bytes_unref);
  g_clear_pointer (&checkpoint->best, g_bytes_unref);
}

char *
fovea_checkpoint_dup_path (const char *project_path, const char *model_id)
{
  g_autofree char *folder = g_strconcat (project_path, "-work", NULL);
  g_autofree char *name = g_strdup_printf ("train-%s.checkpoint", model_id);

  return g_build_filename (folder, name, NULL);
}

static gboolean
fail (const char *path, const char *what, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_IO, "“%s” cannot be %s: %s", shown, what, g_strerror (errno));
  return FALSE;
}

static gboolean
write_all (int fd, const void *data, gsize length)
{
  const char *at = data;

  while (length > 0)
    {
      gssize n = write (fd, at, MIN (length, (gsize) 1 << 30));

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return FALSE;
      at += n;
      length -= (gsize) n;
    }
  return TRUE;
}

static gboolean
write_parts (int fd, const guint8 *prefix, GBytes *const *parts)
{
  if (!write_all (fd, prefix, PREFIX_BYTES))
    return FALSE;
  for (guint i = 0; i < 3; i++)
    if (!write_all (fd, g_bytes_get_data (parts[i], NULL), g_bytes_get_size (parts[i])))
      return FALSE;
  return fsync (fd) == 0;
}

static void
sync_folder (const char *folder)
{
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

static void
make_prefix (GBytes *const *parts, guint8 *prefix)
{
  FoveaSha256 hash;
  char hex[65];

  memset (prefix, 0, PREFIX_BYTES);
  memcpy (prefix, MAGIC, 8);
  fovea_sha256_init (&hash);
  for (guint i = 0; i < 3; i++)
    {
      gsize length;
      gconstpointer data = g_bytes_get_data (parts[i], &length);
      const guint64 stored = GUINT64_TO_LE ((guint64) length);

      memcpy (prefix + 8 + 8 * i, &stored, 8);
      if (length > 0)
        fovea_sha256_update (&hash, data, length);
    }
  fovea_sha256_finish (&hash, hex);
  for (guint i = 0; i < 32; i++)
    prefix[32 + i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
}

gboolean
fovea_checkpoint_save (const char *path, const FoveaCheckpoint *checkpoint, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *temporary = g_strconcat (path, ".new", NULL);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), checkpoint->header);
  char *text = json_to_string (node, FALSE);
  g_autoptr (GBytes) header = g_bytes_new_take (text, strlen (text));
  GBytes *parts[3] = { header, checkpoint->state, checkpoint->best };
  guint8 prefix[PREFIX_BYTES];
  gboolean ok;
  int fd;

  make_prefix (parts, prefix);
  if (g_mkdir (folder, 0700) != 0 && errno != EEXIST)
    return fail (folder, "made", error);
  fd = open (temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return fail (temporary, "written", error);
  ok = write_parts (fd, prefix, parts);
  if (close (fd) != 0 || !ok || g_rename (temporary, path) != 0)
    {
      fail (path, "written", error);
      g_unlink (temporary);
      return FALSE;
    }
  sync_folder (folder);
  return TRUE;
}

static gboolean
damaged (const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "“%s” is damaged; train without --resume to start over", shown);
  return FALSE;
}

/* The three parts of @bytes, when its sizes and its hash are right. */
static gboolean
split (GBytes *bytes, GBytes **parts)
{
  gsize length, at = PREFIX_BYTES;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  guint8 prefix[PREFIX_BYTES];
  gboolean ok = length >= PREFIX_BYTES && memcmp (data, MAGIC, 8) == 0;

  for (guint i = 0; ok && i < 3; i++)
    {
      guint64 stored;

      memcpy (&stored, data + 8 + 8 * i, 8);
      stored = GUINT64_FROM_LE (stored);
      ok = stored <= length - at && (i > 0 || stored <= MAX_HEADER_BYTES);
      if (ok)
        parts[i] = g_bytes_new_from_bytes (bytes, at, (gsize) stored);
      at += ok ? (gsize) stored : 0;
    }
  if (!ok || at != length)
    return FALSE;
  make_prefix (parts, prefix);
  return memcmp (prefix, data, PREFIX_BYTES) == 0;
}

gboolean
fovea_checkpoint_load (const char *path, FoveaCheckpoint *ret_checkpoint, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  GBytes *parts[3] = { NULL };
  char *data;
  gsize length;
  gboolean ok;

  if (!g_file_get_contents (path, &data, &length, NULL))
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_NOT_FOUND,
                   "There is no training to go on with (“%s” is not there or cannot be read); train without --resume", shown);
      return FALSE;
    }
  bytes = g_bytes_new_take (data, length);
  ok = split (bytes, parts)
       && json_parser_load_from_data (parser, g_bytes_get_data (parts[0], NULL), (gssize) g_bytes_get_size (parts[0]), NULL)
       && JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser));
  if (ok)
    {
      ret_checkpoint->header = json_object_ref (json_node_get_object (json_parser_get_root (parser)));
      ret_checkpoint->state = g_bytes_ref (parts[1]);
      ret_checkpoint->best = g_bytes_ref (parts[2]);
    }
  for (guint i = 0; i < 3; i++)
    g_clear_pointer (&parts[i], g_bytes_unref);
  return ok || damaged (path, error);
}

void
fovea_checkpoint_remove (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *temporary = g_strconcat (path, ".new", NULL);

  g_unlink (path);
  g_unlink (temporary);
  g_rmdir (folder);
}
