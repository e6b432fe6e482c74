/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/model-state-private.h"
#include "engine/status-private.h"
#include "models/output-json.h"
#include "models/params.h"

JsonNode *
fovea_document_new (const char *member, JsonNode *node)
{
  JsonObject *object = json_object_new ();

  json_object_set_member (object, "status", fovea_status_dup_json (FOVEA_STATUS_SUCCESS, "Ok", NULL));
  json_object_set_member (object, member, node);
  return fovea_json_take_object (object);
}

static void
set_time (JsonObject *object, const char *member, gint64 time_us)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (time_us / G_USEC_PER_SEC);
  g_autofree char *text = time != NULL ? g_date_time_format_iso8601 (time) : NULL;

  if (text != NULL && time_us > 0)
    json_object_set_string_member (object, member, text);
}

static const char *
describe_status (FoveaStoreVersionStatus status)
{
  switch (status)
    {
    case FOVEA_STORE_VERSION_TRAINED: return "Model is trained and ready";
    case FOVEA_STORE_VERSION_TRAINING: return "Model is currently being trained";
    case FOVEA_STORE_VERSION_QUEUED: return "Model is queued for training";
    case FOVEA_STORE_VERSION_FAILED: return "Model training failed";
    case FOVEA_STORE_VERSION_QUEUED_FOR_EVALUATION: return "Model is queued for evaluation";
    case FOVEA_STORE_VERSION_UNTRAINED:
    default: return "Model is not yet trained";
    }
}

/* Stored JSON as a node; an empty object when it is damaged. */
static JsonNode *
parse_or_empty (const char *text)
{
  JsonNode *node = text != NULL && text[0] != '\0' ? json_from_string (text, NULL) : NULL;

  return node != NULL ? node : fovea_json_take_object (json_object_new ());
}

static JsonNode *
version_json (const FoveaStoreVersion *version)
{
  JsonObject *object = json_object_new ();
  JsonObject *train_info = json_object_new (), *output_info = json_object_new (), *data = json_object_new ();
  JsonNode *concepts = version->concepts != NULL ? json_from_string (version->concepts, NULL) : NULL;
  guint n_concepts = concepts != NULL && JSON_NODE_HOLDS_ARRAY (concepts) ? json_array_get_length (json_node_get_array (concepts)) : 0;

  json_object_set_string_member (object, "id", version->public_id);
  set_time (object, "created_at", version->created_at);
  set_time (object, "completed_at", version->completed_at);
  json_object_set_member (object, "status", fovea_status_dup_json ((int) version->status, describe_status (version->status),
                                                                   version->status_details));
  json_object_set_int_member (object, "active_concept_count", n_concepts);
  json_object_set_int_member (object, "total_input_count", (gint64) version->n_inputs);
  json_object_set_string_member (object, "description", version->description != NULL ? version->description : "");
  json_object_set_string_member (object, "data_hash", version->data_hash != NULL ? version->data_hash : "");
  json_object_set_int_member (object, "seed", version->seed);
  json_object_set_member (train_info, "params", parse_or_empty (version->params));
  json_object_set_object_member (object, "train_info", train_info);
  if (concepts != NULL)
    json_object_set_member (data, "concepts", concepts);
  json_object_set_object_member (output_info, "data", data);
  json_object_set_object_member (object, "output_info", output_info);
  json_object_set_member (object, "metrics", parse_or_empty (version->metrics));
  json_object_set_string_member (object, "train_log", version->log != NULL ? version->log : "");
  return fovea_json_take_object (object);
}

static JsonNode *
untrained_version_json (void)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", "");
  json_object_set_member (object, "status", fovea_status_dup_json (FOVEA_STORE_VERSION_UNTRAINED,
                                                                   describe_status (FOVEA_STORE_VERSION_UNTRAINED), NULL));
  return fovea_json_take_object (object);
}

static JsonNode *
concepts_json (GPtrArray *concepts)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < concepts->len; i++)
    {
      const FoveaStoreConcept *concept = g_ptr_array_index (concepts, i);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "id", concept->public_id);
      json_object_set_string_member (object, "name", concept->name);
      json_object_set_int_member (object, "value", 1);
      json_array_add_object_element (array, object);
    }
  return fovea_json_take_array (array);
}

JsonNode *
fovea_model_dup_json (const FoveaStoreModel *model, FoveaModelType *type, GPtrArray *concepts, const FoveaStoreVersion *version)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", model->public_id);
  json_object_set_string_member (object, "name", model->name != NULL && model->name[0] != '\0' ? model->name : model->public_id);
  json_object_set_string_member (object, "model_type_id", model->type_id);
  set_time (object, "created_at", model->created_at);
  set_time (object, "modified_at", model->modified_at);
  json_object_set_string_member (object, "notes", model->notes != NULL ? model->notes : "");
  fovea_params_write_model (G_OBJECT (type), object);
  if (concepts->len > 0)
    {
      JsonObject *output_info = json_object_has_member (object, "output_info") ? json_object_get_object_member (object, "output_info") : NULL;
      JsonObject *data = json_object_new ();

      if (output_info == NULL)
        {
          output_info = json_object_new ();
          json_object_set_object_member (object, "output_info", output_info);
        }
      json_object_set_member (data, "concepts", concepts_json (concepts));
      json_object_set_object_member (output_info, "data", data);
    }
  if (version != NULL)
    json_object_set_member (object, "model_version", version_json (version));
  else if (fovea_model_type_get_info (type)->trainable)
    json_object_set_member (object, "model_version", untrained_version_json ());
  return fovea_json_take_object (object);
}
