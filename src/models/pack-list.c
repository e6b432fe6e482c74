/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/pack.h"

#include <string.h>

#include "config.h"

#define MAX_MANIFEST_BYTES 65536

/* The program's own manifests: installed, or beside the sources when it runs from the build folder. */
static char *
find_manifests (void)
{
  if (g_file_test (FOVEA_PKGDATADIR "/packs", G_FILE_TEST_IS_DIR))
    return g_strdup (FOVEA_PKGDATADIR "/packs");
  return g_strdup (FOVEA_SOURCE_DATADIR "/packs");
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_names (const char *folder, const char *suffix)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (file, suffix) && file[0] != '.')
      g_ptr_array_add (names, g_strndup (file, strlen (file) - strlen (suffix)));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static JsonObject *
read_manifest (const char *folder, const char *name)
{
  g_autofree char *file = g_strconcat (name, ".json", NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  g_autofree char *text = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize length;

  if (!g_file_get_contents (path, &text, &length, NULL) || length > MAX_MANIFEST_BYTES ||
      !json_parser_load_from_data (parser, text, (gssize) length, NULL) || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return NULL;
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

static void
add_entry (JsonArray *packs, const char *name, const char *title, const char *task, const char *license, const char *source,
           const char *version, const char *path)
{
  JsonObject *entry = json_object_new ();

  json_object_set_string_member (entry, "name", name);
  json_object_set_string_member (entry, "title", title);
  json_object_set_string_member (entry, "task", task);
  json_object_set_string_member (entry, "file", path != NULL ? path : "");
  json_object_set_string_member (entry, "license", license);
  json_object_set_string_member (entry, "source", source);
  json_object_set_string_member (entry, "version", version);
  json_object_set_boolean_member (entry, "installed", path != NULL);
  json_array_add_object_element (packs, entry);
}

static void
add_known (JsonArray *packs, GHashTable *seen)
{
  g_autofree char *folder = find_manifests ();
  g_autoptr (GPtrArray) names = list_names (folder, ".json");

  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autoptr (JsonObject) manifest = read_manifest (folder, name);
      g_autofree char *path = fovea_pack_find (name);

      if (manifest == NULL || !g_hash_table_add (seen, g_strdup (name)))
        continue;
      add_entry (packs, name, json_object_get_string_member_with_default (manifest, "title", name),
                 json_object_get_string_member_with_default (manifest, "task", ""),
                 json_object_get_string_member_with_default (manifest, "license", ""),
                 json_object_get_string_member_with_default (manifest, "source", ""),
                 json_object_get_string_member_with_default (manifest, "package_version", ""), path);
    }
}

/* Packs that a person put there. Only these are opened: it takes a moment each. */
static void
add_others (JsonArray *packs, GHashTable *seen)
{
  g_auto (GStrv) folders = fovea_pack_dup_folders ();

  for (guint f = 0; folders[f] != NULL; f++)
    {
      g_autoptr (GPtrArray) names = list_names (folders[f], ".onnx");

      for (guint i = 0; i < names->len; i++)
        {
          const char *name = g_ptr_array_index (names, i);
          g_autoptr (FoveaPack) pack = NULL;

          if (!g_hash_table_add (seen, g_strdup (name)))
            continue;
          pack = fovea_pack_load (name, NULL);
          if (pack != NULL)
            add_entry (packs, name, fovea_pack_get_title (pack), g_hash_table_lookup (fovea_pack_get_graph (pack)->metadata, "fovea.task"),
                       fovea_pack_get_license (pack), fovea_pack_get_source (pack), fovea_pack_get_version (pack),
                       fovea_pack_get_path (pack));
        }
    }
}

JsonNode *
fovea_packs_dup_json (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonArray *packs = json_array_new ();
  JsonObject *root = json_object_new ();
  JsonNode *node = json_node_alloc ();

  add_known (packs, seen);
  add_others (packs, seen);
  json_object_set_array_member (root, "packs", packs);
  json_node_init_object (node, root);
  json_object_unref (root);
  return node;
}
