/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/watched-folders-private.h"

#include <json-glib/json-glib.h>

#include "engine/path-guard-private.h"
#include "engine/status-private.h"
#include "store/store-paths.h"
#include "store/store-settings.h"

#define SETTING "imported-folders"
#define MAX_FOLDERS 1000

static const char *const format_names[] = { "auto", "folders", "plain" };

void
fovea_watched_folder_free (FoveaWatchedFolder *folder)
{
  g_free (folder->folder);
  g_free (folder);
}

static char *
project_folder (FoveaStore *store)
{
  return g_path_get_dirname (fovea_store_get_path (store));
}

/* Kept relative to the project's folder, as pictures are, so that both can move together; escaped, for it may be any bytes. */
static FoveaWatchedFolder *
parse_one (FoveaStore *store, JsonNode *node)
{
  g_autofree char *own = project_folder (store);
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *escaped = object != NULL ? json_object_get_string_member_with_default (object, "folder", NULL) : NULL;
  const char *format = object != NULL ? json_object_get_string_member_with_default (object, "format", "auto") : NULL;
  g_autofree char *stored = escaped != NULL ? g_uri_unescape_string (escaped, NULL) : NULL;
  FoveaWatchedFolder *folder;

  if (stored == NULL || stored[0] == '\0')
    return NULL;
  folder = g_new0 (FoveaWatchedFolder, 1);
  folder->folder = fovea_store_path_from_stored (own, stored);
  folder->looked_us = json_object_get_int_member_with_default (object, "looked", 0);
  for (guint i = 0; i < G_N_ELEMENTS (format_names); i++)
    if (g_strcmp0 (format, format_names[i]) == 0)
      folder->format = (FoveaImportFormat) i;
  return folder;
}

static GPtrArray *
read_all (FoveaStore *store)
{
  GPtrArray *folders = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_watched_folder_free);
  g_autofree char *text = fovea_store_dup_setting (store, SETTING);
  g_autoptr (JsonNode) node = text != NULL ? json_from_string (text, NULL) : NULL;
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; array != NULL && i < MIN (json_array_get_length (array), MAX_FOLDERS); i++)
    {
      FoveaWatchedFolder *folder = parse_one (store, json_array_get_element (array, i));

      if (folder != NULL)
        g_ptr_array_add (folders, folder);
    }
  return folders;
}

static gboolean
write_all (FoveaStore *store, GPtrArray *folders, GError **error)
{
  g_autofree char *own = project_folder (store);
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;

  json_builder_begin_array (builder);
  for (guint i = 0; i < folders->len; i++)
    {
      const FoveaWatchedFolder *folder = g_ptr_array_index (folders, i);
      g_autofree char *stored = fovea_store_path_to_stored (own, folder->folder);
      g_autofree char *escaped = g_uri_escape_string (stored, "/", FALSE);

      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "folder");
      json_builder_add_string_value (builder, escaped);
      json_builder_set_member_name (builder, "format");
      json_builder_add_string_value (builder, format_names[folder->format]);
      json_builder_set_member_name (builder, "looked");
      json_builder_add_int_value (builder, folder->looked_us);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  node = json_builder_get_root (builder);
  text = fovea_json_to_string (node);
  return fovea_store_set_setting (store, SETTING, folders->len > 0 ? text : NULL, error);
}

GPtrArray *
fovea_watched_folders_list (FoveaStore *store, GError **error)
{
  g_autoptr (FoveaPathGuard) guard = fovea_path_guard_new (store, error);
  GPtrArray *folders = guard != NULL ? read_all (store) : NULL;

  for (guint i = folders != NULL ? folders->len : 0; i-- > 0;)
    if (!fovea_path_guard_allows (guard, ((FoveaWatchedFolder *) g_ptr_array_index (folders, i))->folder))
      g_ptr_array_remove_index (folders, i);
  return folders;
}

static void
remember_one (GPtrArray *folders, const char *path, FoveaImportFormat format, gint64 looked_us)
{
  FoveaWatchedFolder *folder;

  for (guint i = 0; i < folders->len; i++)
    {
      folder = g_ptr_array_index (folders, i);
      if (g_str_equal (folder->folder, path))
        {
          folder->format = format;
          folder->looked_us = looked_us;
          return;
        }
    }
  if (folders->len == MAX_FOLDERS)
    return;
  folder = g_new0 (FoveaWatchedFolder, 1);
  folder->folder = g_strdup (path);
  folder->format = format;
  folder->looked_us = looked_us;
  g_ptr_array_add (folders, folder);
}

gboolean
fovea_watched_folders_remember (FoveaStore *store, const char *const *folders, FoveaImportFormat format, gint64 looked_us, GError **error)
{
  g_autoptr (GPtrArray) all = read_all (store);

  for (; *folders != NULL; folders++)
    remember_one (all, *folders, format, looked_us);
  return write_all (store, all, error);
}

gboolean
fovea_watched_folders_forget (FoveaStore *store, const char *folder, GError **error)
{
  g_autoptr (GPtrArray) all = read_all (store);

  for (guint i = all->len; i-- > 0;)
    if (g_str_equal (((FoveaWatchedFolder *) g_ptr_array_index (all, i))->folder, folder))
      g_ptr_array_remove_index (all, i);
  return write_all (store, all, error);
}
