/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/recent.h"

#include <string.h>

#define MAX_RECENT 20

static char *
recent_file (void)
{
  return g_build_filename (g_get_user_state_dir (), "fovea", "recent", NULL);
}

/* Every path in the file, those that are gone too. */
static GPtrArray *
load (void)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *file = recent_file ();
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (file, &text, NULL, NULL))
    return paths;
  lines = g_strsplit (text, "\n", MAX_RECENT + 1);
  for (char **line = lines; *line != NULL && paths->len < MAX_RECENT; line++)
    {
      char *path = g_uri_unescape_string (*line, NULL);

      if (path != NULL && g_path_is_absolute (path))
        g_ptr_array_add (paths, path);
      else
        g_free (path);
    }
  return paths;
}

/* Losing this list loses nothing that matters, so a failure is told to the log alone. */
static void
save (GPtrArray *paths)
{
  g_autofree char *file = recent_file ();
  g_autofree char *folder = g_path_get_dirname (file);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < MIN (paths->len, MAX_RECENT); i++)
    {
      g_autofree char *line = g_uri_escape_string (g_ptr_array_index (paths, i), "/", FALSE);

      g_string_append_printf (text, "%s\n", line);
    }
  g_mkdir_with_parents (folder, 0700);
  if (!g_file_set_contents_full (file, text->str, (gssize) text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    g_info ("The list of recent projects was not written: %s", error->message);
}

static void
drop (GPtrArray *paths, const char *path)
{
  for (guint i = paths->len; i-- > 0;)
    if (g_str_equal (g_ptr_array_index (paths, i), path))
      g_ptr_array_remove_index (paths, i);
}

char **
fovea_recent_dup_paths (void)
{
  g_autoptr (GPtrArray) paths = load ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < paths->len; i++)
    if (g_file_test (g_ptr_array_index (paths, i), G_FILE_TEST_EXISTS))
      g_strv_builder_add (builder, g_ptr_array_index (paths, i));
  return g_strv_builder_end (builder);
}

void
fovea_recent_add (const char *path)
{
  g_autoptr (GPtrArray) paths = load ();

  drop (paths, path);
  g_ptr_array_insert (paths, 0, g_strdup (path));
  save (paths);
}

void
fovea_recent_remove (const char *path)
{
  g_autoptr (GPtrArray) paths = load ();

  drop (paths, path);
  save (paths);
}
