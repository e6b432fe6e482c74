/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/model-state-private.h"

#include <glib/gi18n.h>
#include <string.h>

#include "engine/engine-error.h"
#include "models/output-json.h"
#include "models/params.h"
#include "store/store-weights.h"

#define MAX_WEIGHTS_BYTES ((gsize) 1 << 30)
#define MAX_PLAIN_NAME 40 /* the store takes names of 64 bytes */

void
fovea_model_state_free (FoveaModelState *state)
{
  if (state == NULL)
    return;
  g_clear_pointer (&state->model, fovea_store_model_free);
  g_clear_pointer (&state->version, fovea_store_version_free);
  g_clear_pointer (&state->weights, g_bytes_unref);
  g_clear_pointer (&state->concepts, g_ptr_array_unref);
  g_clear_object (&state->type);
  g_free (state);
}

static void
set_unknown_model (FoveaStore *store, const char *model_id, GError **error)
{
  g_autoptr (GPtrArray) models = fovea_store_list_models (store, NULL);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; models != NULL && i < models->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", ((FoveaStoreModel *) g_ptr_array_index (models, i))->public_id);
  g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_NOT_FOUND, "There is no model “%s” in the project (%s%s)", model_id,
               names->len > 0 ? "there are: " : "it has none; make one with “models create”", names->str);
}

FoveaModelType *
fovea_model_state_dup_type (const FoveaStoreModel *model, GError **error)
{
  g_autoptr (FoveaModelType) type = fovea_model_type_new (model->type_id, error);
  g_autoptr (JsonNode) node = NULL;

  if (type == NULL)
    return NULL;
  node = json_from_string (model->params != NULL ? model->params : "{}", error);
  if (node == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "The parameters of model “%s” are damaged", model->public_id);
      return NULL;
    }
  if (!fovea_model_type_upgrade (type, model->params_version, json_node_get_object (node), error)
      || !fovea_params_read (G_OBJECT (type), json_node_get_object (node), error))
    return NULL;
  return g_steal_pointer (&type);
}

static gboolean
load_concepts (FoveaModelState *state, FoveaStore *store, GError **error)
{
  state->concepts = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_concept_free);
  for (gsize i = 0; i < state->model->n_concepts; i++)
    {
      FoveaStoreConcept *concept = fovea_store_get_concept (store, state->model->concepts[i], error);

      if (concept == NULL)
        return FALSE;
      g_ptr_array_add (state->concepts, concept);
    }
  return TRUE;
}

static FoveaStoreVersion *
find_version (FoveaModelState *state, FoveaStore *store, const char *version_id, GError **error)
{
  g_autoptr (FoveaStoreVersion) version = NULL;
  gint64 id;

  if (version_id == NULL)
    return fovea_store_get_current_version (store, state->model->id, error);
  version = fovea_store_find_version (store, version_id, &id, error) ? fovea_store_get_version (store, id, error) : NULL;
  if (version != NULL && version->model == state->model->id && version->status == FOVEA_STORE_VERSION_TRAINED)
    return g_steal_pointer (&version);
  if (version != NULL)
    g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_NOT_FOUND, "%s is no trained version of model “%s”", version_id,
                 state->model->public_id);
  return NULL;
}

static gboolean
load_version (FoveaModelState *state, FoveaStore *store, const char *version_id, GError **error)
{
  g_autoptr (GError) none = NULL;

  state->version = find_version (state, store, version_id, &none);
  if (state->version == NULL)
    {
      if (version_id == NULL && g_error_matches (none, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&none));
      return FALSE;
    }
  if (fovea_model_type_embeds (state->type))
    return TRUE;
  state->weights = fovea_store_get_weights (store, state->version->id, FOVEA_WEIGHTS_HEAD, MAX_WEIGHTS_BYTES, error);
  return state->weights != NULL;
}

FoveaModelState *
fovea_model_state_load (FoveaStore *store, const char *model_id, GError **error)
{
  return fovea_model_state_load_version (store, model_id, NULL, error);
}

FoveaModelState *
fovea_model_state_load_version (FoveaStore *store, const char *model_id, const char *version_id, GError **error)
{
  g_autoptr (FoveaModelState) state = g_new0 (FoveaModelState, 1);
  gint64 id;

  if (!fovea_store_find_model (store, model_id, &id, NULL))
    {
      set_unknown_model (store, model_id, error);
      return NULL;
    }
  state->model = fovea_store_get_model (store, id, error);
  if (state->model == NULL)
    return NULL;
  state->type = fovea_model_state_dup_type (state->model, error);
  if (state->type == NULL || !load_concepts (state, store, error) || !load_version (state, store, version_id, error))
    return NULL;
  return g_steal_pointer (&state);
}

static gboolean
has_property (GObject *object, const char *name, GType type)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (object), name);

  return pspec != NULL && g_type_is_a (pspec->value_type, type);
}

/* An imported model looks at pictures as its file says. */
static gboolean
was_imported (const FoveaStoreVersion *version)
{
  g_autoptr (JsonNode) root = version->metrics != NULL ? json_from_string (version->metrics, NULL) : NULL;

  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) && json_object_has_member (json_node_get_object (root), "imported");
}

/* Which views are averaged is a matter of predicting, where the type says so, not of the training. */
static FoveaPredictor *
read_predictor (FoveaModelState *state, GError **error)
{
  FoveaPredictor *predictor = fovea_predictor_new_from_bytes (state->weights, error);
  g_autofree char *name = NULL;
  FoveaViews views;

  if (predictor == NULL || !has_property (G_OBJECT (state->type), "views", G_TYPE_STRING) || was_imported (state->version))
    return predictor;
  g_object_get (state->type, "views", &name, NULL);
  if (fovea_views_from_name (name, &views))
    fovea_predictor_set_views (predictor, views);
  return predictor;
}

FoveaPredictor *
fovea_model_state_dup_predictor (FoveaModelState *state, GError **error)
{
  g_autoptr (GError) reason = NULL;
  FoveaPredictor *predictor;

  if (fovea_model_type_embeds (state->type))
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                   _("Model “%s” answers with vectors, not with concepts; train a classifier on it"), state->model->public_id);
      return NULL;
    }
  if (state->weights != NULL)
    return read_predictor (state, error);
  predictor = fovea_model_type_new_predictor (state->type, &reason);
  if (predictor == NULL && g_error_matches (reason, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_UNKNOWN_TYPE))
    g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                 _("Model “%s” is not trained yet; train it with “models train”"), state->model->public_id);
  else if (predictor == NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  return predictor;
}

char *
fovea_model_state_dup_embedder_name (FoveaModelState *state)
{
  return g_strdup (state->version != NULL ? state->version->public_id : fovea_model_type_get_embedder (state->type, NULL));
}

void
fovea_model_state_get_limits (FoveaModelState *state, FoveaOutputLimits *ret_limits)
{
  GObject *type = G_OBJECT (state->type);
  int max_concepts = 20;

  *ret_limits = (FoveaOutputLimits){ 0 };
  if (has_property (type, "max-concepts", G_TYPE_INT))
    g_object_get (type, "max-concepts", &max_concepts, NULL);
  if (has_property (type, "min-value", G_TYPE_DOUBLE))
    g_object_get (type, "min-value", &ret_limits->min_value, NULL);
  if (has_property (type, "select-concepts", G_TYPE_STRV))
    {
      char **concepts = NULL;

      g_object_get (type, "select-concepts", &concepts, NULL);
      if (concepts != NULL)
        g_object_set_data_full (type, "fovea-select-concepts", concepts, (GDestroyNotify) g_strfreev);
      ret_limits->select_concepts = (const char *const *) concepts;
    }
  ret_limits->max_concepts = (guint) MAX (max_concepts, 0);
}

/* ---- evaluations ---- */

static char *
part_name (const char *split)
{
  g_autofree char *hash = NULL;

  if (split == NULL)
    return g_strdup ("evaluation-kfold");
  if (strlen (split) <= MAX_PLAIN_NAME)
    return g_strconcat ("evaluation-split-", split, NULL);
  hash = g_compute_checksum_for_string (G_CHECKSUM_MD5, split, -1);
  return g_strconcat ("evaluation-hash-", hash, NULL);
}

gboolean
fovea_evaluation_store (FoveaStore *store, gint64 version, FoveaEvaluation *evaluation, GError **error)
{
  g_autofree char *name = part_name (fovea_evaluation_get_split (evaluation));
  g_autoptr (GBytes) bytes = fovea_evaluation_to_bytes (evaluation);

  return fovea_store_put_weights (store, version, name, bytes, error);
}

FoveaEvaluation *
fovea_evaluation_load (FoveaStore *store, gint64 version, const char *split, GError **error)
{
  g_autofree char *name = part_name (split);
  g_autoptr (GBytes) bytes = fovea_store_get_weights (store, version, name, MAX_WEIGHTS_BYTES, error);

  return bytes != NULL ? fovea_evaluation_new_from_bytes (bytes, error) : NULL;
}
