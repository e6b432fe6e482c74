/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/embedding-classifier.h"

#include <glib/gi18n.h>
#include <string.h>

#include "models/concept-params.h"

struct _FoveaEmbeddingClassifier {
  GObject parent_instance;

  char *base_embed_model, *fit, *enrich_dataset;
  gboolean exclusive, balanced;
  double regularisation;
  int folds, seed;
  FoveaConceptParams concepts;
};

enum {
  PROP_0,
  PROP_BASE_EMBED_MODEL,
  PROP_CONCEPTS_MUTUALLY_EXCLUSIVE,
  PROP_FIT,
  PROP_REGULARISATION,
  PROP_FOLDS,
  PROP_BALANCED,
  PROP_ENRICH_DATASET,
  PROP_SEED,
  PROP_CONCEPT_PARAMS,
  N_PROPS = PROP_CONCEPT_PARAMS + FOVEA_N_CONCEPT_PARAMS
};

static void model_type_init (FoveaModelTypeInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaEmbeddingClassifier, fovea_embedding_classifier, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (FOVEA_TYPE_MODEL_TYPE, model_type_init))

static GParamSpec *props[N_PROPS];

static const FoveaModelTypeInfo *
get_info (FoveaModelType *type)
{
  static const char *const aliases[] = { "concept", NULL };
  static const char *const inputs[] = { "embeddings", NULL }, *const outputs[] = { "concepts", NULL };
  static const FoveaModelTypeInfo info = {
    .id = "embedding-classifier",
    .title = N_("Context-based classifier"),
    .description = N_("The quick way, to begin with: learns your concepts from a few examples of each, in seconds, on what a pretrained "
                      "network already sees in a picture."),
    .question = N_("Which of my concepts is it?"),
    .example = N_("Sort clothes into dresses, hats and shoes after labelling some of each."),
    .aliases = aliases,
    .input_fields = inputs,
    .output_fields = outputs,
    .trainable = TRUE,
    .evaluation_type = FOVEA_EVALUATION_CLASSIFICATION,
    .params_version = 1,
  };

  return &info;
}

static const char *
get_embedder (FoveaModelType *type, guint *ret_fits_mask)
{
  FoveaEmbeddingClassifier *self = FOVEA_EMBEDDING_CLASSIFIER (type);
  guint mask = 1u << FOVEA_FIT_CROP | 1u << FOVEA_FIT_SQUASH | 1u << FOVEA_FIT_LETTERBOX;
  FoveaViews views;

  if (fovea_views_from_name (self->fit, &views))
    {
      FoveaFit fits[2];
      guint n = fovea_views_get_fits (views, fits);

      mask = 0;
      for (guint i = 0; i < n; i++)
        mask |= 1u << fits[i];
    }
  if (ret_fits_mask != NULL)
    *ret_fits_mask = mask;
  return self->base_embed_model;
}

void
fovea_embedding_classifier_get_options (FoveaEmbeddingClassifier *self, FoveaHeadOptions *ret_options)
{
  FoveaViews views;

  fovea_head_options_init (ret_options);
  ret_options->exclusive = self->exclusive;
  ret_options->balanced = self->balanced;
  ret_options->assume_negatives = strcmp (self->enrich_dataset, "Automatic") == 0;
  ret_options->c = self->regularisation;
  ret_options->folds = (guint) self->folds;
  ret_options->seed = (guint64) self->seed;
  if (fovea_views_from_name (self->fit, &views))
    ret_options->views_mask = 1u << views;
}

static FoveaPredictor *
train (FoveaModelType *type, const FoveaTrainingSet *set, FoveaHeadResult **ret_result, FoveaProgressFunc progress, gpointer progress_data,
       GCancellable *cancellable, GError **error)
{
  g_autoptr (FoveaHeadTrainer) own = set->trainer == NULL ? fovea_head_trainer_new () : NULL;
  g_autoptr (FoveaHeadResult) result = NULL;
  FoveaHeadOptions options;
  FoveaPredictor *predictor;

  fovea_embedding_classifier_get_options (FOVEA_EMBEDDING_CLASSIFIER (type), &options);
  result = fovea_head_trainer_train (own != NULL ? own : set->trainer, &set->data, &options, progress, progress_data, cancellable, error);
  if (result == NULL)
    return NULL;
  predictor = fovea_predictor_new_head (result->head, set->labels, fovea_pack_get_name (set->pack), fovea_pack_get_hash (set->pack));
  if (ret_result != NULL)
    *ret_result = g_steal_pointer (&result);
  return predictor;
}

static void
model_type_init (FoveaModelTypeInterface *iface)
{
  iface->get_info = get_info;
  iface->get_embedder = get_embedder;
  iface->train = train;
}

static void
fovea_embedding_classifier_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaEmbeddingClassifier *self = FOVEA_EMBEDDING_CLASSIFIER (object);

  switch (id)
    {
    case PROP_BASE_EMBED_MODEL: g_value_set_string (value, self->base_embed_model); break;
    case PROP_CONCEPTS_MUTUALLY_EXCLUSIVE: g_value_set_boolean (value, self->exclusive); break;
    case PROP_FIT: g_value_set_string (value, self->fit); break;
    case PROP_REGULARISATION: g_value_set_double (value, self->regularisation); break;
    case PROP_FOLDS: g_value_set_int (value, self->folds); break;
    case PROP_BALANCED: g_value_set_boolean (value, self->balanced); break;
    case PROP_ENRICH_DATASET: g_value_set_string (value, self->enrich_dataset); break;
    case PROP_SEED: g_value_set_int (value, self->seed); break;
    default: fovea_concept_params_get (&self->concepts, id - PROP_CONCEPT_PARAMS, value);
    }
}

static void
set_text (char **at, const GValue *value)
{
  g_free (*at);
  *at = g_value_dup_string (value);
}

static void
fovea_embedding_classifier_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  FoveaEmbeddingClassifier *self = FOVEA_EMBEDDING_CLASSIFIER (object);

  switch (id)
    {
    case PROP_BASE_EMBED_MODEL: set_text (&self->base_embed_model, value); break;
    case PROP_CONCEPTS_MUTUALLY_EXCLUSIVE: self->exclusive = g_value_get_boolean (value); break;
    case PROP_FIT: set_text (&self->fit, value); break;
    case PROP_REGULARISATION: self->regularisation = g_value_get_double (value); break;
    case PROP_FOLDS: self->folds = g_value_get_int (value); break;
    case PROP_BALANCED: self->balanced = g_value_get_boolean (value); break;
    case PROP_ENRICH_DATASET: set_text (&self->enrich_dataset, value); break;
    case PROP_SEED: self->seed = g_value_get_int (value); break;
    default: fovea_concept_params_set (&self->concepts, id - PROP_CONCEPT_PARAMS, value);
    }
}

static void
fovea_embedding_classifier_finalize (GObject *object)
{
  FoveaEmbeddingClassifier *self = FOVEA_EMBEDDING_CLASSIFIER (object);

  g_free (self->base_embed_model);
  g_free (self->fit);
  g_free (self->enrich_dataset);
  fovea_concept_params_clear (&self->concepts);
  G_OBJECT_CLASS (fovea_embedding_classifier_parent_class)->finalize (object);
}

static void
mark_params (void)
{
  static const char *const fits[] = { "auto", "crop", "squash", "letterbox", "crop+letterbox", NULL };
  static const char *const enrich[] = { "Automatic", "Disabled", NULL };
  static const char *const embed_aliases[] = { "embedder", NULL }, *const c_aliases[] = { "c", "C", "regularization", NULL };
  static const char *const exclusive_aliases[] = { "exclusive", NULL };
  static const FoveaParamInfo infos[PROP_CONCEPT_PARAMS] = {
    [PROP_BASE_EMBED_MODEL] = { FOVEA_PARAM_INPUT, FOVEA_FIELD_EMBED_MODEL, NULL, embed_aliases, 0 },
    [PROP_CONCEPTS_MUTUALLY_EXCLUSIVE] = { FOVEA_PARAM_OUTPUT_CONFIG, FOVEA_FIELD_BOOLEAN, NULL, exclusive_aliases, 0 },
    [PROP_FIT] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_ENUM, fits, NULL, 0 },
    [PROP_REGULARISATION] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, c_aliases, 0 },
    [PROP_FOLDS] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 1 },
    [PROP_BALANCED] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_BOOLEAN, NULL, NULL, 0 },
    [PROP_ENRICH_DATASET] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_ENUM, enrich, NULL, 0 },
    [PROP_SEED] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 1 },
  };

  for (guint i = 1; i < PROP_CONCEPT_PARAMS; i++)
    fovea_param_mark (props[i], &infos[i]);
  fovea_param_mark_basic (props[PROP_CONCEPTS_MUTUALLY_EXCLUSIVE]);
}

static void
fovea_embedding_classifier_class_init (FoveaEmbeddingClassifierClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS;

  object_class->get_property = fovea_embedding_classifier_get_property;
  object_class->set_property = fovea_embedding_classifier_set_property;
  object_class->finalize = fovea_embedding_classifier_finalize;

  props[PROP_BASE_EMBED_MODEL] =
    g_param_spec_string ("base-embed-model", _("Embedder"), _("The pretrained network that turns pictures into vectors"),
                         "efficientnet-lite0", flags);
  props[PROP_CONCEPTS_MUTUALLY_EXCLUSIVE] =
    g_param_spec_boolean ("concepts-mutually-exclusive", _("One concept a picture"),
                          _("Each picture has exactly one of the concepts; off: any number of them"), FALSE, flags);
  props[PROP_FIT] =
    g_param_spec_string ("fit", _("Fit"), _("How a picture is fitted into the network's square; auto: chosen by cross-validation"), "auto", flags);
  props[PROP_REGULARISATION] =
    g_param_spec_double ("regularisation", _("Regularisation (C)"),
                         _("Small values keep the model simple, great ones follow the examples closely; 0: chosen by cross-validation"),
                         0.0, 1e6, 0.0, flags);
  props[PROP_FOLDS] =
    g_param_spec_int ("folds", _("Folds"), _("Into how many parts the examples are divided to estimate the accuracy"), 2, 20, 5, flags);
  props[PROP_BALANCED] =
    g_param_spec_boolean ("balanced", _("Balance concepts"), _("Rare concepts weigh as much as frequent ones"), FALSE, flags);
  props[PROP_ENRICH_DATASET] =
    g_param_spec_string ("enrich-dataset", _("Assumed negatives"),
                         _("Automatic: a labelled picture that lacks a concept is taken for a negative of it; Disabled: only what was said counts"),
                         "Automatic", flags);
  props[PROP_SEED] = g_param_spec_int ("seed", _("Seed"), _("Decides how the examples are divided"), 0, G_MAXINT, 0, flags);
  fovea_concept_params_install (&props[PROP_CONCEPT_PARAMS]);
  mark_params ();
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
fovea_embedding_classifier_init (FoveaEmbeddingClassifier *self)
{
}
