/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/visual-classifier.h"

#include <glib/gi18n.h>

#include "models/concept-params.h"

struct _FoveaVisualClassifier {
  GObject parent_instance;

  char *pack;
  FoveaConceptParams concepts;
};

enum {
  PROP_0,
  PROP_PACK,
  PROP_CONCEPT_PARAMS,
  N_PROPS = PROP_CONCEPT_PARAMS + FOVEA_N_CONCEPT_PARAMS
};

static void model_type_init (FoveaModelTypeInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaVisualClassifier, fovea_visual_classifier, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (FOVEA_TYPE_MODEL_TYPE, model_type_init))

static GParamSpec *props[N_PROPS];

static const FoveaModelTypeInfo *
get_info (FoveaModelType *type)
{
  static const char *const inputs[] = { "image", NULL }, *const outputs[] = { "concepts", NULL };
  static const FoveaModelTypeInfo info = {
    .id = "visual-classifier",
    .title = N_("Visual classifier"),
    .description = N_("Says which of the concepts that a pretrained network knows are in a picture; nothing to train."),
    .question = N_("What is in the picture?"),
    .example = N_("Find the dogs, boats and coffee cups in a folder that nobody has sorted."),
    .input_fields = inputs,
    .output_fields = outputs,
    .trainable = FALSE,
    .evaluation_type = FOVEA_EVALUATION_CLASSIFICATION,
    .params_version = 1,
  };

  return &info;
}

static FoveaPredictor *
new_predictor (FoveaModelType *type, GError **error)
{
  g_autoptr (FoveaPack) pack = fovea_pack_load (FOVEA_VISUAL_CLASSIFIER (type)->pack, error);

  return pack != NULL ? fovea_predictor_new_pack (pack, error) : NULL;
}

static void
model_type_init (FoveaModelTypeInterface *iface)
{
  iface->get_info = get_info;
  iface->new_predictor = new_predictor;
}

static void
fovea_visual_classifier_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaVisualClassifier *self = FOVEA_VISUAL_CLASSIFIER (object);

  switch (id)
    {
    case PROP_PACK: g_value_set_string (value, self->pack); break;
    default: fovea_concept_params_get (&self->concepts, id - PROP_CONCEPT_PARAMS, value);
    }
}

static void
fovea_visual_classifier_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  FoveaVisualClassifier *self = FOVEA_VISUAL_CLASSIFIER (object);

  switch (id)
    {
    case PROP_PACK:
      g_free (self->pack);
      self->pack = g_value_dup_string (value);
      break;
    default: fovea_concept_params_set (&self->concepts, id - PROP_CONCEPT_PARAMS, value);
    }
}

static void
fovea_visual_classifier_finalize (GObject *object)
{
  FoveaVisualClassifier *self = FOVEA_VISUAL_CLASSIFIER (object);

  g_free (self->pack);
  fovea_concept_params_clear (&self->concepts);
  G_OBJECT_CLASS (fovea_visual_classifier_parent_class)->finalize (object);
}

static void
mark_params (void)
{
  static const char *const pack_aliases[] = { "base_model", NULL };
  static const FoveaParamInfo infos[PROP_CONCEPT_PARAMS] = {
    [PROP_PACK] = { FOVEA_PARAM_INPUT, FOVEA_FIELD_STRING, NULL, pack_aliases, 0 },
  };

  for (guint i = 1; i < PROP_CONCEPT_PARAMS; i++)
    fovea_param_mark (props[i], &infos[i]);
  fovea_param_mark_basic (props[PROP_PACK]);
}

static void
fovea_visual_classifier_class_init (FoveaVisualClassifierClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS;

  object_class->get_property = fovea_visual_classifier_get_property;
  object_class->set_property = fovea_visual_classifier_set_property;
  object_class->finalize = fovea_visual_classifier_finalize;

  props[PROP_PACK] = g_param_spec_string ("pack", _("Pack"), _("The pretrained network that answers"), "efficientnet-lite0", flags);
  fovea_concept_params_install (&props[PROP_CONCEPT_PARAMS]);
  mark_params ();
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
fovea_visual_classifier_init (FoveaVisualClassifier *self)
{
}
