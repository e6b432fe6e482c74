/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/project-info.h"

#include <stdlib.h>

#include "engine/one-concept-private.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "store/store-check.h"
#include "store/store-concepts.h"
#include "store/store-input-list.h"

static void
set_count (JsonObject *object, const char *name, gsize count)
{
  json_object_set_int_member (object, name, (gint64) count);
}

static gboolean
add_splits (JsonObject *object, FoveaStore *store, GError **error)
{
  g_autoptr (GPtrArray) counts = fovea_store_count_splits (store, error);
  JsonObject *splits = json_object_new ();

  json_object_set_object_member (object, "splits", splits);
  for (guint i = 0; counts != NULL && i < counts->len; i++)
    {
      const FoveaStoreCount *count = g_ptr_array_index (counts, i);

      if (count->name[0] != '\0')
        set_count (splits, count->name, count->count);
    }
  return counts != NULL;
}

static gboolean
add_labels (JsonObject *object, FoveaStore *store, GError **error)
{
  g_autoptr (GPtrArray) concepts = fovea_store_list_concepts (store, error);
  JsonArray *labels = json_array_new ();

  json_object_set_array_member (object, "labels", labels);
  for (guint i = 0; concepts != NULL && i < concepts->len; i++)
    {
      const FoveaStoreConcept *concept = g_ptr_array_index (concepts, i);
      JsonObject *one = json_object_new ();

      json_object_set_string_member (one, "id", concept->public_id);
      json_object_set_string_member (one, "name", concept->name);
      set_count (one, "count", concept->n_positive);
      set_count (one, "not_count", concept->n_negative);
      json_array_add_object_element (labels, one);
    }
  return concepts != NULL;
}

static gboolean
read_info (FoveaStore *store, gpointer data, GError **error)
{
  JsonObject *object = data;
  FoveaStoreTotals totals;

  if (!fovea_store_get_totals (store, &totals, error))
    return FALSE;
  set_count (object, "inputs", totals.inputs);
  set_count (object, "missing", totals.missing);
  set_count (object, "concepts", totals.concepts);
  set_count (object, "annotations", totals.annotations);
  set_count (object, "predictions", totals.predictions);
  set_count (object, "models", totals.models);
  set_count (object, "versions", totals.versions);
  set_count (object, "vectors", totals.vectors);
  json_object_set_boolean_member (object, "one_concept", fovea_one_concept_read (store));
  return add_splits (object, store, error) && add_labels (object, store, error);
}

JsonNode *
fovea_project_dup_info_json (FoveaProject *self, GError **error)
{
  g_autoptr (JsonNode) node = fovea_json_take_object (json_object_new ());
  JsonObject *object = json_node_get_object (node);
  g_autofree char *path = g_utf8_make_valid (fovea_project_get_path (self), -1);

  json_object_set_string_member (object, "name", fovea_project_get_name (self));
  json_object_set_string_member (object, "path", path);
  json_object_set_boolean_member (object, "read_only", fovea_project_get_read_only (self));
  if (!fovea_core_read (fovea_project_get_core (self), read_info, object, error))
    return NULL;
  return g_steal_pointer (&node);
}

static gboolean
run_check (FoveaStore *store, gpointer data, GError **error)
{
  return fovea_store_check (store, NULL, data, error);
}

gboolean
fovea_project_check (FoveaProject *self, GPtrArray **ret_problems, GError **error)
{
  return fovea_core_read (fovea_project_get_core (self), run_check, ret_problems, error);
}

typedef struct {
  const char *const *names;
  GArray *ids;
  GPtrArray *unknown;
} Search;

static gboolean
find_one (FoveaStore *store, const char *name, gint64 *ret_id)
{
  g_autofree char *absolute = g_canonicalize_filename (name, NULL);
  char *real;
  gboolean found = fovea_store_find_input_by_path (store, absolute, ret_id, NULL);

  if (found)
    return TRUE;
  real = realpath (absolute, NULL);
  found = real != NULL && fovea_store_find_input_by_path (store, real, ret_id, NULL);
  free (real);
  return found || fovea_store_find_input (store, name, ret_id, NULL);
}

static gboolean
find_all (FoveaStore *store, gpointer data, GError **error)
{
  Search *search = data;

  for (const char *const *name = search->names; *name != NULL; name++)
    {
      gint64 id = 0;

      if (!find_one (store, *name, &id))
        g_ptr_array_add (search->unknown, g_filename_display_name (*name));
      g_array_append_val (search->ids, id);
    }
  return TRUE;
}

GArray *
fovea_project_find_pictures (FoveaProject *self, const char *const *names, GPtrArray **ret_unknown, GError **error)
{
  Search search = { names, g_array_new (FALSE, FALSE, sizeof (gint64)), g_ptr_array_new_with_free_func (g_free) };

  if (fovea_core_read (fovea_project_get_core (self), find_all, &search, error))
    {
      *ret_unknown = search.unknown;
      return search.ids;
    }
  g_array_unref (search.ids);
  g_ptr_array_unref (search.unknown);
  return NULL;
}
