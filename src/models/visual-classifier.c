/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/visual-classifier.h"

#include <glib/gi18n.h>

#include "models/params.h"

struct _FoveaVisualClassifier {
  GObject parent_instance;

  char *pack;
  double min_value;
  int max_concepts;
  GStrv select_concepts;
};

enum {
  PROP_0,
  PROP_PACK,
  PROP_MAX_CONCEPTS,
  PROP_MIN_VALUE,
  PROP_SELECT_CONCEPTS,
  N_PROPS
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
    case PROP_MAX_CONCEPTS: g_value_set_int (value, self->max_concepts); break;
    case PROP_MIN_VALUE: g_value_set_double (value, self->min_value); break;
    case PROP_SELECT_CONCEPTS: g_value_set_boxed (value, self->select_concepts); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
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
    case PROP_MAX_CONCEPTS: self->max_concepts = g_value_get_int (value); break;
    case PROP_MIN_VALUE: self->min_value = g_value_get_double (value); break;
    case PROP_SELECT_CONCEPTS:
      g_strfreev (self->select_concepts);
      self->select_concepts = g_value_dup_boxed (value);
      break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
fovea_visual_classifier_finalize (GObject *object)
{
  FoveaVisualClassifier *self = FOVEA_VISUAL_CLASSIFIER (object);

  g_free (self->pack);
  g_strfreev (self->select_concepts);
  G_OBJECT_CLASS (fovea_visual_classifier_parent_class)->finalize (object);
}

static void
mark_params (void)
{
  static const char *const pack_aliases[] = { "base_model", NULL };
  static const FoveaParamInfo infos[N_PROPS] = {
    [PROP_PACK] = { FOVEA_PARAM_INPUT, FOVEA_FIELD_STRING, NULL, pack_aliases, 0 },
    [PROP_MAX_CONCEPTS] = { FOVEA_PARAM_OUTPUT, FOVEA_FIELD_RANGE, NULL, NULL, 1 },
    [PROP_MIN_VALUE] = { FOVEA_PARAM_OUTPUT, FOVEA_FIELD_RANGE, NULL, NULL, 0.01 },
    [PROP_SELECT_CONCEPTS] = { FOVEA_PARAM_OUTPUT, FOVEA_FIELD_ARRAY_OF_MODEL_CONCEPTS, NULL, NULL, 0 },
  };

  for (guint i = 1; i < N_PROPS; i++)
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
  props[PROP_MAX_CONCEPTS] =
    g_param_spec_int ("max-concepts", _("Greatest number of concepts"), _("Say at most so many concepts a picture; 0: all"), 0, 100000, 20, flags);
  props[PROP_MIN_VALUE] =
    g_param_spec_double ("min-value", _("Smallest value"), _("Say only concepts at least this probable"), 0.0, 1.0, 0.0, flags);
  props[PROP_SELECT_CONCEPTS] =
    g_param_spec_boxed ("select-concepts", _("Only these concepts"), _("Say only these concepts; none: all"), G_TYPE_STRV, flags);
  mark_params ();
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
fovea_visual_classifier_init (FoveaVisualClassifier *self)
{
}
