/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/label.h"

#include <string.h>

#define MAX_TEXT_BYTES 512

FoveaLabel *
fovea_label_new (const char *id, const char *name)
{
  FoveaLabel *label = g_new0 (FoveaLabel, 1);

  label->id = g_strdup (id);
  label->name = g_strdup (name);
  return label;
}

void
fovea_label_free (FoveaLabel *label)
{
  g_free (label->id);
  g_free (label->name);
  g_free (label);
}

GPtrArray *
fovea_labels_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_label_free);
}

JsonNode *
fovea_labels_to_json (GPtrArray *labels)
{
  JsonArray *array = json_array_sized_new (labels->len);
  JsonNode *node = json_node_alloc ();

  for (guint i = 0; i < labels->len; i++)
    {
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "id", fovea_labels_get (labels, i)->id);
      json_object_set_string_member (object, "name", fovea_labels_get (labels, i)->name);
      json_array_add_object_element (array, object);
    }
  json_node_init_array (node, array);
  json_array_unref (array);
  return node;
}

static const char *
read_text (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);
  const char *text = node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;

  if (text == NULL || text[0] == '\0' || strlen (text) > MAX_TEXT_BYTES || !g_utf8_validate (text, -1, NULL))
    return NULL;
  return text;
}

GPtrArray *
fovea_labels_from_json (JsonNode *node, guint max, GError **error)
{
  g_autoptr (GPtrArray) labels = fovea_labels_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  JsonArray *array;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "the labels are not a list");
      return NULL;
    }
  array = json_node_get_array (node);
  if (json_array_get_length (array) > max)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "there are %u labels, at most %u are understood",
                   json_array_get_length (array), max);
      return NULL;
    }
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
      const char *id = object != NULL ? read_text (object, "id") : NULL;
      const char *name = object != NULL ? read_text (object, "name") : NULL;

      if (id == NULL || name == NULL || !g_hash_table_add (seen, (gpointer) id))
        {
          g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED,
                       "label %u has no id and name of its own (1 to %d bytes of text each)", i, MAX_TEXT_BYTES);
          return NULL;
        }
      g_ptr_array_add (labels, fovea_label_new (id, name));
    }
  return g_steal_pointer (&labels);
}
