/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model-type.h"

#include <glib/gi18n.h>

#include "models/embedding-classifier.h"
#include "models/output-json.h"
#include "models/params.h"
#include "models/visual-classifier.h"
#include "models/visual-embedder.h"

G_DEFINE_INTERFACE (FoveaModelType, fovea_model_type, G_TYPE_OBJECT)

/* The registry: a new type is one row. */
static const struct {
  const char *id;
  GType (*get_type) (void);
} registry[] = {
  { "embedding-classifier", fovea_embedding_classifier_get_type },
  { "visual-classifier", fovea_visual_classifier_get_type },
  { "visual-embedder", fovea_visual_embedder_get_type },
};

static void
fovea_model_type_default_init (FoveaModelTypeInterface *iface)
{
}

const char *const *
fovea_model_type_ids (void)
{
  static const char *ids[G_N_ELEMENTS (registry) + 1];

  for (guint i = 0; i < G_N_ELEMENTS (registry); i++)
    ids[i] = registry[i].id;
  return ids;
}

const FoveaModelTypeInfo *
fovea_model_type_get_info (FoveaModelType *self)
{
  return FOVEA_MODEL_TYPE_GET_IFACE (self)->get_info (self);
}

FoveaModelType *
fovea_model_type_new (const char *id, GError **error)
{
  g_autofree char *known = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (registry); i++)
    {
      g_autoptr (FoveaModelType) type = g_object_new (registry[i].get_type (), NULL);
      const FoveaModelTypeInfo *info = fovea_model_type_get_info (type);

      if (g_strcmp0 (id, info->id) == 0 || (info->aliases != NULL && id != NULL && g_strv_contains (info->aliases, id)))
        return g_steal_pointer (&type);
    }
  known = g_strjoinv (", ", (char **) fovea_model_type_ids ());
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_UNKNOWN_TYPE, "there is no model type “%.80s”; there are: %s", id, known);
  return NULL;
}

const char *
fovea_model_type_get_embedder (FoveaModelType *self, guint *ret_fits_mask)
{
  FoveaModelTypeInterface *iface = FOVEA_MODEL_TYPE_GET_IFACE (self);

  return iface->get_embedder != NULL ? iface->get_embedder (self, ret_fits_mask) : NULL;
}

gboolean
fovea_model_type_embeds (FoveaModelType *self)
{
  return g_strv_contains (fovea_model_type_get_info (self)->output_fields, "embeddings");
}

gboolean
fovea_model_type_is_deep (FoveaModelType *self)
{
  return fovea_model_type_get_info (self)->trainable && FOVEA_MODEL_TYPE_GET_IFACE (self)->train == NULL;
}

FoveaPredictor *
fovea_model_type_train (FoveaModelType *self, const FoveaTrainingSet *set, FoveaHeadResult **ret_result, FoveaProgressFunc progress,
                        gpointer progress_data, GCancellable *cancellable, GError **error)
{
  FoveaModelTypeInterface *iface = FOVEA_MODEL_TYPE_GET_IFACE (self);

  if (iface->train != NULL)
    return iface->train (self, set, ret_result, progress, progress_data, cancellable, error);
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_UNKNOWN_TYPE,
               "models of the type “%s” are not trained; create an embedding-classifier instead", fovea_model_type_get_info (self)->id);
  return NULL;
}

FoveaPredictor *
fovea_model_type_new_predictor (FoveaModelType *self, GError **error)
{
  FoveaModelTypeInterface *iface = FOVEA_MODEL_TYPE_GET_IFACE (self);

  if (iface->new_predictor != NULL)
    return iface->new_predictor (self, error);
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_UNKNOWN_TYPE, "models of the type “%s” must be trained before they answer",
               fovea_model_type_get_info (self)->id);
  return NULL;
}

gboolean
fovea_model_type_upgrade (FoveaModelType *self, int from, JsonObject *params, GError **error)
{
  FoveaModelTypeInterface *iface = FOVEA_MODEL_TYPE_GET_IFACE (self);
  const FoveaModelTypeInfo *info = fovea_model_type_get_info (self);

  if (from < 1 || from > info->params_version)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                   "the parameters of this %s are of version %d, this Fovea knows 1 to %d; use a newer Fovea", info->id, from, info->params_version);
      return FALSE;
    }
  return from == info->params_version || iface->upgrade == NULL || iface->upgrade (from, params, error);
}

static JsonArray *
strings_to_json (const char *const *strings)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; strings[i] != NULL; i++)
    json_array_add_string_element (array, strings[i]);
  return array;
}

static JsonObject *
type_to_json (FoveaModelType *type)
{
  const FoveaModelTypeInfo *info = fovea_model_type_get_info (type);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", info->id);
  json_object_set_string_member (object, "title", _(info->title));
  json_object_set_string_member (object, "description", _(info->description));
  json_object_set_array_member (object, "input_fields", strings_to_json (info->input_fields));
  json_object_set_array_member (object, "output_fields", strings_to_json (info->output_fields));
  json_object_set_boolean_member (object, "trainable", info->trainable);
  json_object_set_boolean_member (object, "creatable", TRUE);
  json_object_set_boolean_member (object, "internal_only", FALSE);
  json_object_set_member (object, "model_type_fields", fovea_params_dup_fields_json (G_OBJECT (type)));
  json_object_set_boolean_member (object, "requires_sequential_frames", FALSE);
  json_object_set_array_member (object, "expected_input_layers", json_array_new ());
  json_object_set_array_member (object, "expected_output_layers", json_array_new ());
  json_object_set_int_member (object, "evaluation_type", info->evaluation_type);
  json_object_set_array_member (object, "method_signatures", json_array_new ());
  return object;
}

static JsonObject *
new_response (void)
{
  JsonObject *root = json_object_new ();

  json_object_set_member (root, "status", fovea_status_dup_json (FOVEA_STATUS_SUCCESS, "Ok", NULL));
  return root;
}

JsonNode *
fovea_model_types_dup_json (void)
{
  g_autoptr (JsonObject) root = new_response ();
  JsonArray *types = json_array_new ();

  for (guint i = 0; i < G_N_ELEMENTS (registry); i++)
    {
      g_autoptr (FoveaModelType) type = g_object_new (registry[i].get_type (), NULL);

      json_array_add_object_element (types, type_to_json (type));
    }
  json_object_set_array_member (root, "model_types", types);
  return json_node_init_object (json_node_alloc (), root);
}

JsonNode *
fovea_model_type_dup_json (const char *id, GError **error)
{
  g_autoptr (FoveaModelType) type = fovea_model_type_new (id, error);
  g_autoptr (JsonObject) root = NULL;

  if (type == NULL)
    return NULL;
  root = new_response ();
  json_object_set_object_member (root, "model_type", type_to_json (type));
  return json_node_init_object (json_node_alloc (), root);
}
