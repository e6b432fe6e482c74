/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/unfinished.h"

#define MAX_PATHS 1000

static char *
state_file (void)
{
  return g_build_filename (g_get_user_state_dir (), "fovea", "unfinished", NULL);
}

static GKeyFile *
load (void)
{
  g_autofree char *file = state_file ();
  GKeyFile *keys = g_key_file_new ();

  (void) g_key_file_load_from_file (keys, file, G_KEY_FILE_NONE, NULL);
  return keys;
}

static void
save (GKeyFile *keys)
{
  g_autofree char *file = state_file ();
  g_autofree char *folder = g_path_get_dirname (file);
  g_autofree char *text = g_key_file_to_data (keys, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (folder, 0700);
  if (!g_file_set_contents_full (file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    g_info ("The list of unfinished imports was not written: %s", error->message);
}

/* Group names may hold neither brackets nor control characters. */
static char *
group_of (const char *project_path)
{
  return g_uri_escape_string (project_path, "/", FALSE);
}

void
fovea_unfinished_put (const char *project_path, const char *const *paths, FoveaImportFormat format)
{
  g_autoptr (GKeyFile) keys = load ();
  g_autofree char *group = group_of (project_path);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) escaped = NULL;

  for (guint i = 0; paths[i] != NULL && i < MAX_PATHS; i++)
    {
      g_autofree char *absolute = g_canonicalize_filename (paths[i], NULL);
      g_autofree char *one = g_uri_escape_string (absolute, "/", FALSE);

      g_strv_builder_add (builder, one);
    }
  escaped = g_strv_builder_end (builder);
  g_key_file_set_string_list (keys, group, "paths", (const char *const *) escaped, g_strv_length (escaped));
  g_key_file_set_integer (keys, group, "format", (int) format);
  save (keys);
}

void
fovea_unfinished_drop (const char *project_path)
{
  g_autoptr (GKeyFile) keys = load ();
  g_autofree char *group = group_of (project_path);

  if (g_key_file_remove_group (keys, group, NULL))
    save (keys);
}

char **
fovea_unfinished_dup (const char *project_path, FoveaImportFormat *ret_format)
{
  g_autoptr (GKeyFile) keys = load ();
  g_autofree char *group = group_of (project_path);
  g_auto (GStrv) escaped = g_key_file_get_string_list (keys, group, "paths", NULL, NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) paths = NULL;

  for (guint i = 0; escaped != NULL && escaped[i] != NULL; i++)
    {
      g_autofree char *path = g_uri_unescape_string (escaped[i], NULL);

      if (path != NULL && g_path_is_absolute (path) && g_file_test (path, G_FILE_TEST_EXISTS))
        g_strv_builder_add (builder, path);
    }
  paths = g_strv_builder_end (builder);
  *ret_format = (FoveaImportFormat) CLAMP (g_key_file_get_integer (keys, group, "format", NULL), FOVEA_IMPORT_AUTO, FOVEA_IMPORT_PLAIN);
  return paths[0] != NULL ? g_steal_pointer (&paths) : NULL;
}
