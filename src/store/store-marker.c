/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-guard.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The marker is a small file in the user's cache, named by the hash of the project's path. It holds
 * what the project file's status was when this account's program last closed it, and the owner
 * while one has it open. Whoever sends a project cannot make one, and any later change of the
 * file's size or times voids it. Losing it costs a quick_check.
 */

static char *
marker_path (const char *path)
{
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, path, -1);

  return g_build_filename (g_get_user_cache_dir (), "fovea", "closed", hash, NULL);
}

/* NULL when there is no such file. */
static char *
describe_status (const char *path)
{
  struct stat st;

  if (stat (path, &st) != 0)
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT
                          " %" G_GINT64_FORMAT ".%09ld",
                          (guint64) st.st_dev, (guint64) st.st_ino, (gint64) st.st_size,
                          (gint64) st.st_mtim.tv_sec, (long) st.st_mtim.tv_nsec);
}

/* @ret_owner: who has it open, "" for nobody. */
static gboolean
read_marker (const char  *path,
             char       **ret_status,
             char       **ret_owner)
{
  g_autofree char *name = marker_path (path);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (name, &text, NULL, NULL))
    return FALSE;
  lines = g_strsplit (text, "\n", 3);
  if (g_strv_length (lines) < 3)
    return FALSE;
  *ret_status = g_strdup (lines[0]);
  *ret_owner = g_strdup (lines[1]);
  return TRUE;
}

static void
write_marker (const char *path,
              const char *owner)
{
  g_autofree char *name = marker_path (path);
  g_autofree char *folder = g_path_get_dirname (name);
  g_autofree char *status = describe_status (path);
  g_autofree char *text = NULL;

  if (status == NULL || g_mkdir_with_parents (folder, 0700) != 0)
    return;
  text = g_strconcat (status, "\n", owner, "\n", NULL);
  /* Not synced: after a power cut the marker is gone or stale, and the file is checked. */
  g_file_set_contents_full (name, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
}

gboolean
fovea_store_marker_holds (const char *path)
{
  g_autofree char *status = NULL, *owner = NULL, *present = NULL;
  gboolean same_host;

  if (!read_marker (path, &status, &owner))
    return FALSE;
  if (owner[0] != '\0')
    return fovea_store_owner_is_alive (owner, &same_host) && same_host;
  present = describe_status (path);
  return present != NULL && g_str_equal (present, status);
}

void
fovea_store_marker_opened (const char *path)
{
  g_autofree char *status = NULL, *owner = NULL, *self = NULL;
  gboolean same_host;

  if (read_marker (path, &status, &owner) && owner[0] != '\0'
      && fovea_store_owner_is_alive (owner, &same_host) && same_host)
    return;
  self = fovea_store_new_owner ();
  write_marker (path, self);
}

void
fovea_store_marker_closed (const char *path)
{
  g_autofree char *wal = g_strconcat (path, "-wal", NULL);

  /* Somebody else still has it open, or the log could not be folded in. */
  if (g_access (wal, F_OK) == 0)
    return;
  write_marker (path, "");
}
