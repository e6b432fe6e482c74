/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/live-settings-private.h"

#include "engine/core-private.h"
#include "engine/one-concept-private.h"
#include "models/embedding-classifier.h"
#include "models/params.h"
#include "store/store-models.h"
#include "store/store-vectors.h"

/* The newest embedding-classifier says whether concepts exclude each other, and into what the pictures are fitted. */
static void
read_model (FoveaStore *reader, FoveaLiveSettings *settings)
{
  g_autoptr (GPtrArray) models = fovea_store_list_models (reader, NULL);

  for (guint i = models != NULL ? models->len : 0; i-- > 0;)
    {
      const FoveaStoreModel *model = g_ptr_array_index (models, i);
      g_autoptr (FoveaModelType) type = NULL;
      g_autoptr (JsonNode) params = NULL;
      FoveaHeadOptions options;

      if (g_strcmp0 (model->type_id, "embedding-classifier") != 0)
        continue;
      type = fovea_model_type_new (model->type_id, NULL);
      params = model->params != NULL ? json_from_string (model->params, NULL) : NULL;
      if (type == NULL || params == NULL || !JSON_NODE_HOLDS_OBJECT (params)
          || !fovea_model_type_upgrade (type, model->params_version, json_node_get_object (params), NULL)
          || !fovea_params_read (G_OBJECT (type), json_node_get_object (params), NULL))
        continue;
      fovea_embedding_classifier_get_options (FOVEA_EMBEDDING_CLASSIFIER (type), &options);
      settings->exclusive = options.exclusive ? 1 : 0;
      if (options.views_mask == 1u << FOVEA_VIEWS_CROP)
        settings->fit = FOVEA_FIT_CROP;
      else if (options.views_mask == 1u << FOVEA_VIEWS_SQUASH)
        settings->fit = FOVEA_FIT_SQUASH;
      return;
    }
}

/* The space of that fit with the most vectors; where the fit has none, the largest of all. */
static void
choose_space (FoveaStore *reader, FoveaLiveSettings *settings)
{
  g_autoptr (GPtrArray) spaces = fovea_store_list_vector_spaces (reader, NULL);
  FoveaFit wanted = settings->fit, fit;
  gsize most = 0;
  gboolean as_wanted = FALSE;

  for (guint i = 0; spaces != NULL && i < spaces->len; i++)
    {
      const FoveaStoreVectorSpace *space = g_ptr_array_index (spaces, i);
      gboolean same;

      for (fit = 0; fit < FOVEA_N_FITS && g_strcmp0 (space->fit, fovea_fit_name (fit)) != 0; fit++)
        ;
      if (fit == FOVEA_N_FITS || space->preprocessing != FOVEA_PREPROCESSING_VERSION || space->n_vectors == 0)
        continue;
      same = fit == wanted;
      if (same < as_wanted || (same == as_wanted && space->n_vectors <= most))
        continue;
      as_wanted = same;
      most = space->n_vectors;
      settings->fit = fit;
      settings->space = space->id;
      settings->dim = space->dims;
    }
}

void
fovea_live_settings_read (FoveaStore *reader, FoveaLiveSettings *ret_settings)
{
  *ret_settings = (FoveaLiveSettings){ .exclusive = -1, .fit = FOVEA_DEFAULT_FIT };
  read_model (reader, ret_settings);
  if (fovea_one_concept_read (reader))
    ret_settings->exclusive = 1;
  choose_space (reader, ret_settings);
}

gboolean
fovea_live_settings_equal (const FoveaLiveSettings *a, const FoveaLiveSettings *b)
{
  return a->exclusive == b->exclusive && a->fit == b->fit && a->space == b->space && a->dim == b->dim;
}
