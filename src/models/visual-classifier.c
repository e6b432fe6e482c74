/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/visual-classifier.h"

#include <glib/gi18n.h>
#include <string.h>

#include "models/concept-params.h"
#include "nn/train-plan.h"

enum {
  PROP_0,
  PROP_PACK,
  PROP_TEMPLATE,
  PROP_CONCEPTS_MUTUALLY_EXCLUSIVE,
  PROP_TIME_LIMIT,
  PROP_NUM_EPOCHS,
  PROP_BATCH_SIZE,
  PROP_IMAGE_SIZE,
  PROP_HEAD_LRATE,
  PROP_BACKBONE_LRATE,
  PROP_LRATE,
  PROP_WEIGHT_DECAY,
  PROP_LABEL_SMOOTHING,
  PROP_DROPOUT,
  PROP_BALANCED,
  PROP_MIN_SCALE,
  PROP_MAX_SCALE,
  PROP_FLIP_PROBABILITY,
  PROP_ROTATION,
  PROP_COLOUR,
  PROP_BLUR_PROBABILITY,
  PROP_ERASE_PROBABILITY,
  PROP_MIXUP,
  PROP_CUTMIX,
  PROP_VALIDATION_FRACTION,
  PROP_PATIENCE,
  PROP_PRECISION,
  PROP_SEED,
  PROP_VIEWS,
  PROP_CONCEPT_PARAMS,
  N_PROPS = PROP_CONCEPT_PARAMS + FOVEA_N_CONCEPT_PARAMS
};

/* A parameter's value is kept as it came, by its number: what it means is said once, in get_options(). */
struct _FoveaVisualClassifier {
  GObject parent_instance;

  GValue values[PROP_CONCEPT_PARAMS];
  FoveaConceptParams concepts;
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
    .description = N_("The thorough way, where the quick one is not right often enough: learns your concepts through every layer of a "
                      "network, which takes minutes. "
                      "Before it is trained it says which of a pretrained network's own concepts are in a picture."),
    .question = N_("What is in the picture?"),
    .example = N_("Tell twelve screws apart that a quick classifier keeps mixing up."),
    .input_fields = inputs,
    .output_fields = outputs,
    .trainable = TRUE,
    .evaluation_type = FOVEA_EVALUATION_CLASSIFICATION,
    .params_version = 2,
  };

  return &info;
}

static FoveaPredictor *
new_predictor (FoveaModelType *type, GError **error)
{
  FoveaVisualClassifier *self = FOVEA_VISUAL_CLASSIFIER (type);
  g_autoptr (FoveaPack) pack = fovea_pack_load (g_value_get_string (&self->values[PROP_PACK]), error);

  return pack != NULL ? fovea_predictor_new_pack (pack, error) : NULL;
}

/* Version 1 had no training: what it lacks has its default. */
static gboolean
upgrade (int from, JsonObject *params, GError **error)
{
  return TRUE;
}

static void
model_type_init (FoveaModelTypeInterface *iface)
{
  iface->get_info = get_info;
  iface->new_predictor = new_predictor;
  iface->upgrade = upgrade;
}

static void
get_augmentation (const GValue *values, FoveaAugmentation *a)
{
  const double colour = g_value_get_double (&values[PROP_COLOUR]);

  fovea_augmentation_init (a);
  a->min_scale = g_value_get_double (&values[PROP_MIN_SCALE]);
  a->max_scale = MAX (a->min_scale, g_value_get_double (&values[PROP_MAX_SCALE]));
  a->flip = g_value_get_double (&values[PROP_FLIP_PROBABILITY]);
  a->rotation = g_value_get_double (&values[PROP_ROTATION]);
  a->saturation *= colour;
  a->contrast *= colour;
  a->brightness *= colour;
  a->channel_gain *= colour;
  a->blur_probability = g_value_get_double (&values[PROP_BLUR_PROBABILITY]);
  a->max_blur = 2;
  a->erase_probability = g_value_get_double (&values[PROP_ERASE_PROBABILITY]);
  a->erase_min_area = 0.02;
  a->erase_max_area = 0.2;
  a->mixup = g_value_get_double (&values[PROP_MIXUP]);
  a->cutmix = g_value_get_double (&values[PROP_CUTMIX]);
}

void
fovea_visual_classifier_get_options (FoveaVisualClassifier *self, FoveaDeepOptions *ret_options)
{
  const GValue *values = self->values;
  const char *precision = g_value_get_string (&values[PROP_PRECISION]);
  const int size = g_value_get_int (&values[PROP_IMAGE_SIZE]);

  memset (ret_options, 0, sizeof *ret_options);
  fovea_template_from_name (g_value_get_string (&values[PROP_TEMPLATE]), &ret_options->template);
  /* A multiple of 8, as the networks' strides want it. */
  ret_options->image_size = size > 0 ? (size + 7) / 8 * 8 : fovea_template_get_size (ret_options->template);
  ret_options->exclusive = g_value_get_boolean (&values[PROP_CONCEPTS_MUTUALLY_EXCLUSIVE]);
  ret_options->batch_size = (guint) g_value_get_int (&values[PROP_BATCH_SIZE]);
  ret_options->may_widen = ret_options->batch_size == 0;
  if (ret_options->may_widen)
    ret_options->batch_size = fovea_template_get_batch_size (ret_options->template);
  ret_options->n_epochs = (guint) g_value_get_int (&values[PROP_NUM_EPOCHS]);
  ret_options->time_limit_s = g_value_get_double (&values[PROP_TIME_LIMIT]);
  ret_options->head_rate = g_value_get_double (&values[PROP_HEAD_LRATE]);
  ret_options->backbone_rate = g_value_get_double (&values[PROP_BACKBONE_LRATE]);
  ret_options->rate = g_value_get_double (&values[PROP_LRATE]);
  ret_options->weight_decay = g_value_get_double (&values[PROP_WEIGHT_DECAY]);
  ret_options->label_smoothing = g_value_get_double (&values[PROP_LABEL_SMOOTHING]);
  ret_options->dropout = g_value_get_double (&values[PROP_DROPOUT]);
  ret_options->balanced = g_value_get_boolean (&values[PROP_BALANCED]);
  ret_options->validation_fraction = g_value_get_double (&values[PROP_VALIDATION_FRACTION]);
  ret_options->patience = (guint) g_value_get_int (&values[PROP_PATIENCE]);
  /* Fresh weights learn from gradients too small for bf16's eight bits, and small networks are no faster in it. */
  ret_options->bf16 = strcmp (precision, "bf16") == 0 || (strcmp (precision, "auto") == 0 && fovea_bf16_is_fast () &&
                                                          fovea_template_get_pack (ret_options->template) != NULL);
  ret_options->seed = (guint64) g_value_get_int (&values[PROP_SEED]);
  get_augmentation (values, &ret_options->augmentation);
}

static void
fovea_visual_classifier_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaVisualClassifier *self = FOVEA_VISUAL_CLASSIFIER (object);

  if (id >= PROP_CONCEPT_PARAMS)
    fovea_concept_params_get (&self->concepts, id - PROP_CONCEPT_PARAMS, value);
  else
    g_value_copy (&self->values[id], value);
}

static void
fovea_visual_classifier_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  FoveaVisualClassifier *self = FOVEA_VISUAL_CLASSIFIER (object);
  GValue *own;

  if (id >= PROP_CONCEPT_PARAMS)
    {
      fovea_concept_params_set (&self->concepts, id - PROP_CONCEPT_PARAMS, value);
      return;
    }
  own = &self->values[id];
  if (!G_IS_VALUE (own))
    g_value_init (own, pspec->value_type);
  g_value_copy (value, own);
}

static void
fovea_visual_classifier_finalize (GObject *object)
{
  for (guint i = 1; i < PROP_CONCEPT_PARAMS; i++)
    g_value_unset (&FOVEA_VISUAL_CLASSIFIER (object)->values[i]);
  fovea_concept_params_clear (&FOVEA_VISUAL_CLASSIFIER (object)->concepts);
  G_OBJECT_CLASS (fovea_visual_classifier_parent_class)->finalize (object);
}

static const char *const template_texts[] = {
  N_("A pretrained network learns on, in every layer: half the time of the larger one, and quicker predictions"),
  N_("The same, larger: the most accurate for most projects, with few pictures above all"),
  N_("The same network without what it was taught before: for pictures unlike any photograph, many of them"),
  N_("A small network taught from nothing: for small or grey pictures, and quick predictions"),
  NULL,
};

static const char *const views_names[] = { "letterbox", "letterbox+mirror", "crop+letterbox", "crop+letterbox+mirror", NULL };

static void
mark_params (void)
{
  static const char *const pack_aliases[] = { "base_model", NULL }, *const exclusive_aliases[] = { "exclusive", NULL };
  static const char *const precisions[] = { "auto", "f32", "bf16", NULL };
  static const char *const pretrained[] = { "efficientnet-lite0", "efficientnet-lite2", NULL };
  static const char *const scratch[] = { "efficientnet-lite0-scratch", "small-scratch", NULL };
  static const FoveaParamInfo infos[PROP_CONCEPT_PARAMS] = {
    [PROP_PACK] = { FOVEA_PARAM_INPUT, FOVEA_FIELD_STRING, NULL, pack_aliases, 0, NULL, NULL },
    [PROP_TEMPLATE] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RECURSIVE_ENUM, fovea_template_names, NULL, 0, template_texts, NULL },
    [PROP_CONCEPTS_MUTUALLY_EXCLUSIVE] = { FOVEA_PARAM_OUTPUT_CONFIG, FOVEA_FIELD_BOOLEAN, NULL, exclusive_aliases, 0, NULL, NULL },
    [PROP_TIME_LIMIT] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 60, NULL, NULL },
    [PROP_NUM_EPOCHS] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 1, NULL, NULL },
    [PROP_BATCH_SIZE] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 1, NULL, NULL },
    [PROP_IMAGE_SIZE] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 8, NULL, scratch },
    [PROP_HEAD_LRATE] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0, NULL, pretrained },
    [PROP_BACKBONE_LRATE] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0, NULL, pretrained },
    [PROP_LRATE] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0, NULL, scratch },
    [PROP_WEIGHT_DECAY] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0, NULL, NULL },
    [PROP_LABEL_SMOOTHING] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.05, NULL, NULL },
    [PROP_DROPOUT] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.1, NULL, NULL },
    [PROP_BALANCED] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_BOOLEAN, NULL, NULL, 0, NULL, NULL },
    [PROP_MIN_SCALE] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.1, NULL, NULL },
    [PROP_MAX_SCALE] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.1, NULL, NULL },
    [PROP_FLIP_PROBABILITY] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.1, NULL, NULL },
    [PROP_ROTATION] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 5, NULL, NULL },
    [PROP_COLOUR] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.25, NULL, NULL },
    [PROP_BLUR_PROBABILITY] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.1, NULL, NULL },
    [PROP_ERASE_PROBABILITY] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.1, NULL, NULL },
    [PROP_MIXUP] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.1, NULL, NULL },
    [PROP_CUTMIX] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.1, NULL, NULL },
    [PROP_VALIDATION_FRACTION] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.05, NULL, NULL },
    [PROP_PATIENCE] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 1, NULL, NULL },
    [PROP_PRECISION] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_ENUM, precisions, NULL, 0, NULL, NULL },
    [PROP_VIEWS] = { FOVEA_PARAM_OUTPUT, FOVEA_FIELD_ENUM, views_names, NULL, 0, NULL, NULL },
    [PROP_SEED] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 1, NULL, NULL },
  };

  for (guint i = 1; i < PROP_CONCEPT_PARAMS; i++)
    fovea_param_mark (props[i], &infos[i]);
  fovea_param_mark_basic (props[PROP_TEMPLATE]);
  fovea_param_mark_basic (props[PROP_CONCEPTS_MUTUALLY_EXCLUSIVE]);
  fovea_param_mark_basic (props[PROP_TIME_LIMIT]);
}

#define FLAGS (G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS)

static void
add_double (guint id, const char *name, const char *nick, const char *blurb, double low, double high, double value)
{
  props[id] = g_param_spec_double (name, nick, blurb, low, high, value, FLAGS);
}

static void
add_int (guint id, const char *name, const char *nick, const char *blurb, int low, int high, int value)
{
  props[id] = g_param_spec_int (name, nick, blurb, low, high, value, FLAGS);
}

static void
add_training_params (void)
{
  props[PROP_TEMPLATE] = g_param_spec_string ("template", _("Network"), _("Which one learns, and what it was taught before"),
                                              fovea_template_names[FOVEA_TEMPLATE_EFFICIENTNET_LITE2], FLAGS);
  props[PROP_CONCEPTS_MUTUALLY_EXCLUSIVE] =
    g_param_spec_boolean ("concepts-mutually-exclusive", _("One concept a picture"),
                          _("Each picture has exactly one of the concepts; off: any number of them"), FALSE, FLAGS);
  add_double (PROP_TIME_LIMIT, "time-limit", _("Time limit"), _("Seconds that training may take; 0: as long as the plan says"), 0, 7 * 86400, 0);
  add_int (PROP_NUM_EPOCHS, "num-epochs", _("Epochs"),
           _("How often each picture is seen; 0: planned by their number and the time limit"), 0, 10000, 0);
  add_int (PROP_BATCH_SIZE, "batch-size", _("Batch size"), _("Pictures that are learned from at a time; 0: as the template says"), 0, 256, 0);
  add_int (PROP_IMAGE_SIZE, "image-size", _("Picture size"), _("Pixels a side that the network sees; 0: as the template says"), 0, 512, 0);
  add_double (PROP_HEAD_LRATE, "head-lrate", _("Learning rate of the classifier"), _("Highest rate of the last layer, which is new"), 0, 1, 5e-3);
  add_double (PROP_BACKBONE_LRATE, "backbone-lrate", _("Learning rate of the network"), _("Highest rate of the pretrained layers"), 0, 1, 3e-4);
  add_double (PROP_LRATE, "lrate", _("Learning rate"), _("Highest rate of all layers"), 0, 1, 3e-3);
  add_double (PROP_WEIGHT_DECAY, "weight-decay", _("Weight decay"), _("Keeps weights small"), 0, 1, 0.02);
  add_double (PROP_LABEL_SMOOTHING, "label-smoothing", _("Label smoothing"), _("How much of certainty the network is not asked for"), 0, 0.9, 0.1);
  add_double (PROP_DROPOUT, "dropout", _("Dropout"),
              _("Part of what the network has found that the classifier must do without, another one each time"), 0, 0.9, 0);
  props[PROP_BALANCED] = g_param_spec_boolean ("balanced", _("Balance concepts"), _("Rare concepts weigh as much as frequent ones"), FALSE, FLAGS);
  add_double (PROP_VALIDATION_FRACTION, "validation-fraction", _("Held out"),
              _("Part of the pictures that is not learned from, to see how good it is; a split “validation” takes its place"), 0, 0.5, 0.1);
  add_int (PROP_PATIENCE, "patience", _("Patience"), _("Stop after so many validations that were no better than the best; 0: never"), 0, 1000, 0);
  props[PROP_PRECISION] = g_param_spec_string ("precision", _("Precision"),
                                               _("Numbers of 32 or 16 bits inside; auto: what this processor does best"), "auto", FLAGS);
  add_int (PROP_SEED, "seed", _("Seed"), _("Decides what is drawn at random"), 0, G_MAXINT, 0);
}

static void
add_picture_params (void)
{
  add_double (PROP_MIN_SCALE, "min-scale", _("Smallest scale"), _("Pictures are shown at least this large"), 0.2, 1, 0.8);
  add_double (PROP_MAX_SCALE, "max-scale", _("Greatest scale"), _("Pictures are shown at most this large; what sticks out is cut off"), 1, 4, 1.4);
  add_double (PROP_FLIP_PROBABILITY, "flip-probability", _("Mirror"), _("Chance that a picture is mirrored left to right"), 0, 1, 0.5);
  add_double (PROP_ROTATION, "rotation", _("Rotation"), _("Pictures are turned by up to so many degrees"), 0, 180, 0);
  add_double (PROP_COLOUR, "colour", _("Colour"), _("How much colour, contrast and brightness vary; 1: as usual, 0: not"), 0, 3, 1);
  add_double (PROP_BLUR_PROBABILITY, "blur-probability", _("Blur"), _("Chance that a picture is blurred"), 0, 1, 0);
  add_double (PROP_ERASE_PROBABILITY, "erase-probability", _("Erase"), _("Chance that a rectangle of the picture is covered"), 0, 1, 0);
  add_double (PROP_MIXUP, "mixup", _("Mixup"), _("Lays pictures over each other; 0.2 is a usual strength, 0: not"), 0, 10, 0);
  add_double (PROP_CUTMIX, "cutmix", _("CutMix"), _("Pastes a part of one picture into another; 1 is a usual strength, 0: not"), 0, 10, 0);
}

static void
fovea_visual_classifier_class_init (FoveaVisualClassifierClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = fovea_visual_classifier_get_property;
  object_class->set_property = fovea_visual_classifier_set_property;
  object_class->finalize = fovea_visual_classifier_finalize;

  props[PROP_PACK] = g_param_spec_string ("pack", _("Pack"), _("The pretrained network that answers before it is trained"),
                                          "efficientnet-lite0", FLAGS);
  add_training_params ();
  add_picture_params ();
  props[PROP_VIEWS] =
    g_param_spec_string ("views", _("Views"),
                         _("What a trained network’s answer is averaged over: the whole picture, its middle, and their mirror images. "
                           "Each view takes the time of one prediction"),
                         "crop+letterbox+mirror", FLAGS);
  fovea_concept_params_install (&props[PROP_CONCEPT_PARAMS]);
  mark_params ();
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
fovea_visual_classifier_init (FoveaVisualClassifier *self)
{
}
