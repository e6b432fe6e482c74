/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/output-json.h"

#include <stdlib.h>

typedef struct {
  guint index;
  float value;
} Ranked;

static int
compare_ranked (gconstpointer a, gconstpointer b)
{
  const Ranked *ra = a, *rb = b;

  if (ra->value != rb->value)
    return ra->value > rb->value ? -1 : 1;
  return ra->index < rb->index ? -1 : ra->index > rb->index;
}

static gboolean
is_selected (const FoveaLabel *label, const char *const *select)
{
  return select == NULL || select[0] == NULL || g_strv_contains (select, label->id) || g_strv_contains (select, label->name);
}

JsonNode *
fovea_concepts_dup_json (GPtrArray *labels, const float *values, const FoveaOutputLimits *limits)
{
  g_autofree Ranked *ranked = g_new (Ranked, MAX (labels->len, 1));
  g_autoptr (JsonArray) concepts = json_array_new ();
  guint n = 0;

  for (guint i = 0; i < labels->len; i++)
    if ((double) values[i] >= limits->min_value && is_selected (fovea_labels_get (labels, i), limits->select_concepts))
      ranked[n++] = (Ranked){ i, values[i] };
  qsort (ranked, n, sizeof *ranked, compare_ranked);
  if (limits->max_concepts > 0)
    n = MIN (n, limits->max_concepts);
  for (guint i = 0; i < n; i++)
    {
      const FoveaLabel *label = fovea_labels_get (labels, ranked[i].index);
      JsonObject *concept = json_object_new ();

      json_object_set_string_member (concept, "id", label->id);
      json_object_set_string_member (concept, "name", label->name);
      json_object_set_double_member (concept, "value", (double) ranked[i].value);
      json_object_set_string_member (concept, "app_id", "main");
      json_array_add_object_element (concepts, concept);
    }
  return json_node_init_array (json_node_alloc (), concepts);
}

JsonNode *
fovea_status_dup_json (int code, const char *description, const char *details)
{
  g_autoptr (JsonObject) status = json_object_new ();

  json_object_set_int_member (status, "code", code);
  json_object_set_string_member (status, "description", description);
  if (details != NULL)
    json_object_set_string_member (status, "details", details);
  return json_node_init_object (json_node_alloc (), status);
}

static JsonObject *
new_input (const char *input_id, const char *url)
{
  JsonObject *input = json_object_new (), *data = json_object_new (), *image = json_object_new ();

  json_object_set_string_member (image, "url", url);
  json_object_set_object_member (data, "image", image);
  json_object_set_string_member (input, "id", input_id);
  json_object_set_object_member (input, "data", data);
  return input;
}

JsonNode *
fovea_output_dup_json (const char *input_id, const char *url, JsonNode *model, GPtrArray *labels, const float *values,
                       const FoveaOutputLimits *limits, int status_code, const char *details)
{
  g_autoptr (JsonObject) output = json_object_new ();
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *created = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  g_autofree char *uuid = g_uuid_string_random ();
  JsonObject *data = json_object_new ();
  g_auto (GStrv) parts = g_strsplit (uuid, "-", -1);
  g_autofree char *id = g_strjoinv ("", parts);

  json_object_set_string_member (output, "id", id);
  json_object_set_member (output, "status", fovea_status_dup_json (status_code, status_code == FOVEA_STATUS_SUCCESS ? "Ok" : "Failure", details));
  json_object_set_string_member (output, "created_at", created);
  if (model != NULL)
    json_object_set_member (output, "model", json_node_copy (model));
  json_object_set_object_member (output, "input", new_input (input_id, url));
  if (values != NULL)
    json_object_set_member (data, "concepts", fovea_concepts_dup_json (labels, values, limits));
  json_object_set_object_member (output, "data", data);
  return json_node_init_object (json_node_alloc (), output);
}

void
fovea_output_add_embedding (JsonNode *output, const float *vector, guint dim)
{
  JsonObject *data = json_object_get_object_member (json_node_get_object (output), "data"), *embedding = json_object_new ();
  JsonArray *embeddings = json_array_new (), *numbers = json_array_sized_new (dim);

  for (guint i = 0; i < dim; i++)
    json_array_add_double_element (numbers, (double) vector[i]);
  json_object_set_array_member (embedding, "vector", numbers);
  json_object_set_int_member (embedding, "num_dimensions", dim);
  json_array_add_object_element (embeddings, embedding);
  json_object_set_array_member (data, "embeddings", embeddings);
}
