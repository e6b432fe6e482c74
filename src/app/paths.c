/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/paths.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>

#include "engine/upkeep-jobs.h"

#define SUFFIX ".fovea"
#define MAX_NAME_BYTES 200

gboolean
fovea_path_is_project (const char *path)
{
  return g_str_has_suffix (path, SUFFIX) && !g_file_test (path, G_FILE_TEST_IS_DIR);
}

char *
fovea_display_project_name (const char *path)
{
  g_autofree char *name = g_filename_display_basename (path);

  if (g_str_has_suffix (name, SUFFIX) && strlen (name) > strlen (SUFFIX))
    name[strlen (name) - strlen (SUFFIX)] = '\0';
  return g_steal_pointer (&name);
}

char *
fovea_display_folder (const char *folder)
{
  const char *home = g_get_home_dir ();
  g_autofree char *shown = g_filename_display_name (folder);

  if (g_str_has_prefix (folder, home) && (folder[strlen (home)] == '/' || folder[strlen (home)] == '\0') && strlen (home) > 1)
    {
      g_autofree char *rest = g_filename_display_name (folder + strlen (home));

      return g_strconcat ("~", rest, NULL);
    }
  return g_steal_pointer (&shown);
}

char *
fovea_project_name_for (const char *const *paths)
{
  g_autofree char *folder = NULL;
  g_autofree char *name = NULL;

  if (fovea_path_looks_like_zip (paths[0]))
    folder = g_strndup (paths[0], strlen (paths[0]) - strlen (".zip"));
  else if (g_file_test (paths[0], G_FILE_TEST_IS_DIR))
    folder = g_strdup (paths[0]);
  else
    folder = g_path_get_dirname (paths[0]);
  name = g_path_get_basename (folder);
  /* The root of the file system, or a folder relative to nowhere. */
  if (g_str_equal (name, "/") || g_str_equal (name, "."))
    return g_strdup (_("Pictures"));
  return g_steal_pointer (&name);
}

char *
fovea_dup_program_folder (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);

  return program != NULL ? g_path_get_dirname (program) : NULL;
}

/* A file's name has at most 255 bytes; a folder's may have as many, and ours gets a number, a suffix, and neighbours. */
static char *
dup_short_name (const char *name)
{
  gsize length = MIN (strlen (name), MAX_NAME_BYTES);

  while (name[length] != '\0' && length > 0 && ((guchar) name[length] & 0xc0) == 0x80)
    length--;
  return g_strndup (name, length);
}

char *
fovea_new_project_path (const char *name, GError **error)
{
  g_autofree char *short_name = dup_short_name (name);
  const char *documents = g_get_user_special_dir (G_USER_DIRECTORY_DOCUMENTS);
  g_autofree char *folder = g_build_filename (documents != NULL ? documents : g_get_home_dir (), "Fovea", NULL);

  if (g_mkdir_with_parents (folder, 0755) != 0)
    {
      int code = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _("The folder %s could not be made: %s"), folder,
                   g_strerror (code));
      return NULL;
    }
  for (int i = 1;; i++)
    {
      g_autofree char *file = i == 1 ? g_strconcat (short_name, SUFFIX, NULL)
                                       : g_strdup_printf ("%s %d" SUFFIX, short_name, i);
      g_autofree char *path = g_build_filename (folder, file, NULL);
      GStatBuf info;

      if (g_lstat (path, &info) != 0)
        return g_steal_pointer (&path);
    }
}
