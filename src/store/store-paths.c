/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-paths.h"

#include <glib/gi18n.h>
#include <string.h>

#include "store/store-private.h"

/* g_canonicalize_filename() with an absolute base; the result never ends in "/" but for the root.
 */
static char *
canonical (const char *path)
{
  return g_canonicalize_filename (path, "/");
}

gboolean
fovea_store_path_is_below (const char *path,
                           const char *folder)
{
  g_autofree char *p = NULL, *f = NULL;
  gsize n;

  g_return_val_if_fail (path != NULL && folder != NULL, FALSE);

  if (!g_path_is_absolute (path) || !g_path_is_absolute (folder))
    return FALSE;
  p = canonical (path);
  f = canonical (folder);
  n = strlen (f);
  if (n == 1)
    return TRUE;
  return strncmp (p, f, n) == 0 && (p[n] == '/' || p[n] == '\0');
}

char *
fovea_store_path_to_stored (const char *folder,
                            const char *path)
{
  g_autofree char *p = NULL, *f = NULL;
  gsize n;

  g_return_val_if_fail (folder != NULL && path != NULL, NULL);

  p = canonical (path);
  f = canonical (folder);
  n = strlen (f);
  if (n == 1)
    return g_strdup (p[1] != '\0' ? p + 1 : ".");
  if (strncmp (p, f, n) == 0 && p[n] == '/')
    return g_strdup (p + n + 1);
  if (g_str_equal (p, f))
    return g_strdup (".");
  return g_steal_pointer (&p);
}

char *
fovea_store_path_from_stored (const char *folder,
                              const char *stored)
{
  g_return_val_if_fail (folder != NULL && stored != NULL, NULL);

  return g_canonicalize_filename (stored, folder);
}

char *
fovea_store_display_name (const char *path)
{
  g_autofree char *base = NULL, *valid = NULL;
  GString *name;

  g_return_val_if_fail (path != NULL, NULL);

  base = g_path_get_basename (path);
  valid = g_utf8_make_valid (base, -1);
  name = g_string_sized_new (strlen (valid));
  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);

      /* Those that set the direction too: they can make "gpj.exe" look like "exe.jpg". */
      if (g_unichar_iscntrl (u) || u == 0x2028 || u == 0x2029
          || (u >= 0x202a && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069))
        g_string_append (name, "\xef\xbf\xbd");
      else
        g_string_append_unichar (name, u);
    }
  return g_string_free (name, FALSE);
}

/* Of this account on this machine; nobody elsewhere knows it. Never leaves the process. */
static GBytes *
account_secret (void)
{
  g_autofree char *machine = NULL, *file = NULL, *folder = NULL, *secret = NULL;
  g_autofree char *text = NULL;
  gsize size;

  if (g_file_get_contents ("/etc/machine-id", &machine, &size, NULL) && size >= 32)
    {
      g_strchomp (machine);
      text = g_strdup_printf ("%s:%s", machine, g_get_user_name ());
      return g_bytes_new (text, strlen (text));
    }

  folder = g_build_filename (g_get_user_data_dir (), "fovea", NULL);
  file = g_build_filename (folder, "account-secret", NULL);
  if (g_file_get_contents (file, &secret, &size, NULL) && size >= 32)
    return g_bytes_new (secret, size);

  secret = fovea_store_new_id ();
  if (g_mkdir_with_parents (folder, 0700) != 0
      || !g_file_set_contents_full (file, secret, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL))
    return NULL;
  return g_bytes_new (secret, strlen (secret));
}

/* HMAC-SHA256 over project id, NUL, stored folder. */
static gboolean
folder_mac (FoveaStore *store,
            const char *stored,
            guint8      mac[32])
{
  g_autoptr (GBytes) secret = account_secret ();
  g_autoptr (GHmac) hmac = NULL;
  gsize size = 32;

  if (secret == NULL)
    return FALSE;
  hmac = g_hmac_new (G_CHECKSUM_SHA256, g_bytes_get_data (secret, NULL), g_bytes_get_size (secret));
  g_hmac_update (hmac, (const guchar *) "fovea allowed folder", -1);
  g_hmac_update (hmac, (const guchar *) store->project_id, (gssize) strlen (store->project_id) + 1);
  g_hmac_update (hmac, (const guchar *) stored, (gssize) strlen (stored));
  g_hmac_get_digest (hmac, mac, &size);
  return TRUE;
}

gboolean
fovea_store_allow_folder (FoveaStore  *store,
                          const char  *folder,
                          GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autofree char *stored = NULL;
  guint8 mac[32];

  g_return_val_if_fail (store != NULL && folder != NULL, FALSE);

  if (!g_path_is_absolute (folder))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "“%s” is not an absolute path of a folder", folder);
      return FALSE;
    }
  stored = fovea_store_path_to_stored (store->folder, folder);
  if (!folder_mac (store, stored, mac))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_PERMISSION,
                   _("The folders that you allow cannot be remembered: “%s” may not be written"),
                   g_get_user_data_dir ());
      return FALSE;
    }
  return fovea_sql_enter (&scope, store, FALSE, error)
         && fovea_sql_run (store, error, "INSERT INTO allowed_folders (path, mac) VALUES (?, ?) "
                           "ON CONFLICT (path) DO UPDATE SET mac = excluded.mac", "bb",
                           stored, strlen (stored), mac, sizeof mac)
         && fovea_sql_leave (&scope, error);
}

gboolean
fovea_store_disallow_folder (FoveaStore  *store,
                             const char  *folder,
                             GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autofree char *stored = NULL;

  g_return_val_if_fail (store != NULL && folder != NULL, FALSE);

  stored = fovea_store_path_to_stored (store->folder, folder);
  return fovea_sql_enter (&scope, store, FALSE, error)
         && fovea_sql_run (store, error, "DELETE FROM allowed_folders WHERE path = ?", "b",
                           stored, strlen (stored))
         && fovea_sql_leave (&scope, error);
}

char **
fovea_store_list_allowed_folders (FoveaStore  *store,
                                  GError     **error)
{
  g_autoptr (GPtrArray) folders = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  folders = g_ptr_array_new_with_free_func (g_free);
  stmt = fovea_sql_get (store, "SELECT path, mac FROM allowed_folders ORDER BY path", error);
  if (stmt == NULL)
    return NULL;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      g_autofree char *stored = g_strndup (sqlite3_column_blob (stmt, 0),
                                           (gsize) sqlite3_column_bytes (stmt, 0));
      const void *mac = sqlite3_column_blob (stmt, 1);
      guint8 ours[32];

      if (stored == NULL || mac == NULL || sqlite3_column_bytes (stmt, 1) != sizeof ours
          || !folder_mac (store, stored, ours) || memcmp (mac, ours, sizeof ours) != 0)
        continue;
      g_ptr_array_add (folders, fovea_store_path_from_stored (store->folder, stored));
    }
  if (rc != SQLITE_DONE)
    return NULL;
  g_ptr_array_add (folders, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&folders), FALSE);
}

gboolean
fovea_store_path_is_allowed (FoveaStore *store,
                             const char *path)
{
  g_auto (GStrv) folders = NULL;

  g_return_val_if_fail (store != NULL && path != NULL, FALSE);

  folders = fovea_store_list_allowed_folders (store, NULL);
  for (gsize i = 0; folders != NULL && folders[i] != NULL; i++)
    if (fovea_store_path_is_below (path, folders[i]))
      return TRUE;
  return FALSE;
}
