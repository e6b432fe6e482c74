/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/visual-embedder.h"

#include <glib/gi18n.h>
#include <string.h>

#include "models/params.h"
#include "models/visual-classifier.h"

/* How it learns is kept by a classifier, which declares those parameters; what follows stands in for some of them. */
struct _FoveaVisualEmbedder {
  GObject parent_instance;

  FoveaVisualClassifier *learner;
  char *base_embed_model, *loss;
  double scale, margin;
  int embedding_dim;
};

enum {
  PROP_0,
  PROP_BASE_EMBED_MODEL,
  PROP_LOSS,
  PROP_SCALE,
  PROP_MARGIN,
  PROP_EMBEDDING_DIM,
  PROP_LEARNER
};

/* Parameters of the classifier that an embedder has too; with words and a default of its own where it means something else. */
static const struct {
  const char *name;
  const char *nick, *blurb; /* (nullable) */
  double value;             /* < 0: the classifier's */
  const char *text;         /* (nullable): the classifier's */
} learner_params[] = {
  /* Every picture of a project is embedded: the quicker network. */
  { "template", NULL, NULL, -1, "efficientnet-lite0" },
  { "time-limit", NULL, NULL, -1, NULL },
  { "num-epochs", NULL, NULL, -1, NULL },
  { "batch-size", NULL, NULL, -1, NULL },
  { "image-size", NULL, NULL, -1, NULL },
  { "head-lrate", N_("Learning rate of the concepts"), N_("Highest rate of the concepts’ own vectors and of the layer that is new"), 1e-3, NULL },
  { "backbone-lrate", NULL, NULL, -1, NULL },
  { "lrate", NULL, NULL, -1, NULL },
  { "weight-decay", NULL, NULL, -1, NULL },
  { "min-scale", NULL, NULL, -1, NULL },
  { "max-scale", NULL, NULL, -1, NULL },
  { "flip-probability", NULL, NULL, -1, NULL },
  { "rotation", NULL, NULL, -1, NULL },
  { "colour", NULL, NULL, -1, NULL },
  { "blur-probability", NULL, NULL, -1, NULL },
  { "erase-probability", NULL, NULL, -1, NULL },
  { "validation-fraction", NULL, N_("Part of the pictures that is not learned from, to see whether each finds its like among the others; "
                                    "a split “validation” takes its place"), 0.2, NULL },
  { "patience", NULL, NULL, -1, NULL },
  { "precision", NULL, NULL, -1, NULL },
  { "seed", NULL, NULL, -1, NULL },
};

#define N_PROPS (PROP_LEARNER + G_N_ELEMENTS (learner_params))

static const char *const losses[] = { "arcface", "proxy-anchor", NULL };

/* Where the scale is 0. */
#define ARC_SCALE 16
#define PROXY_ANCHOR_SCALE 32

static void model_type_init (FoveaModelTypeInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaVisualEmbedder, fovea_visual_embedder, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (FOVEA_TYPE_MODEL_TYPE, model_type_init))

static GParamSpec *props[N_PROPS];

static const FoveaModelTypeInfo *
get_info (FoveaModelType *type)
{
  static const char *const aliases[] = { "embed", NULL };
  static const char *const inputs[] = { "image", NULL }, *const outputs[] = { "embeddings", NULL };
  static const FoveaModelTypeInfo info = {
    .id = "visual-embedder",
    .title = N_("Visual embedder"),
    .description = N_("Learns from your concepts what makes pictures alike, through every layer of a network; takes minutes. It names nothing "
                      "itself: other models learn on what it sees, also concepts that it was never shown."),
    .question = N_("What looks alike?"),
    .example = N_("Tell makes of screws apart by a few pictures each, after teaching it other makes."),
    .aliases = aliases,
    .input_fields = inputs,
    .output_fields = outputs,
    .trainable = TRUE,
    .evaluation_type = FOVEA_EVALUATION_UNSET,
    .params_version = 1,
  };

  return &info;
}

/* Before it is trained. */
static const char *
get_embedder (FoveaModelType *type, guint *ret_fits_mask)
{
  if (ret_fits_mask != NULL)
    *ret_fits_mask = 1u << FOVEA_FIT_LETTERBOX;
  return FOVEA_VISUAL_EMBEDDER (type)->base_embed_model;
}

static void
model_type_init (FoveaModelTypeInterface *iface)
{
  iface->get_info = get_info;
  iface->get_embedder = get_embedder;
}

void
fovea_visual_embedder_get_options (FoveaVisualEmbedder *self, FoveaDeepOptions *ret_options)
{
  const gboolean arc = strcmp (self->loss, losses[0]) == 0;

  fovea_visual_classifier_get_options (self->learner, ret_options);
  ret_options->exclusive = TRUE; /* a picture of none of the concepts teaches nothing */
  ret_options->label_smoothing = 0;
  ret_options->may_widen = FALSE; /* was not tried */
  ret_options->metric = (FoveaMetricOptions) {
    .wanted = TRUE,
    .loss = arc ? FOVEA_LOSS_ARC : FOVEA_LOSS_PROXY_ANCHOR,
    .scale = self->scale > 0 ? self->scale : arc ? ARC_SCALE : PROXY_ANCHOR_SCALE,
    .margin = self->margin,
    .dim = (guint) self->embedding_dim,
  };
}

static void
fovea_visual_embedder_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaVisualEmbedder *self = FOVEA_VISUAL_EMBEDDER (object);

  switch (id)
    {
    case PROP_BASE_EMBED_MODEL: g_value_set_string (value, self->base_embed_model); break;
    case PROP_LOSS: g_value_set_string (value, self->loss); break;
    case PROP_SCALE: g_value_set_double (value, self->scale); break;
    case PROP_MARGIN: g_value_set_double (value, self->margin); break;
    case PROP_EMBEDDING_DIM: g_value_set_int (value, self->embedding_dim); break;
    default: g_object_get_property (G_OBJECT (self->learner), pspec->name, value);
    }
}

static void
set_text (char **at, const GValue *value)
{
  g_free (*at);
  *at = g_value_dup_string (value);
}

static void
fovea_visual_embedder_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  FoveaVisualEmbedder *self = FOVEA_VISUAL_EMBEDDER (object);

  switch (id)
    {
    case PROP_BASE_EMBED_MODEL: set_text (&self->base_embed_model, value); break;
    case PROP_LOSS: set_text (&self->loss, value); break;
    case PROP_SCALE: self->scale = g_value_get_double (value); break;
    case PROP_MARGIN: self->margin = g_value_get_double (value); break;
    case PROP_EMBEDDING_DIM: self->embedding_dim = g_value_get_int (value); break;
    default: g_object_set_property (G_OBJECT (self->learner), pspec->name, value);
    }
}

static void
fovea_visual_embedder_finalize (GObject *object)
{
  FoveaVisualEmbedder *self = FOVEA_VISUAL_EMBEDDER (object);

  g_clear_object (&self->learner);
  g_free (self->base_embed_model);
  g_free (self->loss);
  G_OBJECT_CLASS (fovea_visual_embedder_parent_class)->finalize (object);
}

#define FLAGS (G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS)

/* The same parameter again, of this type. */
static GParamSpec *
copy_param (GParamSpec *from, const char *nick, const char *blurb, double value, const char *text)
{
  const char *name = from->name;

  nick = nick != NULL ? _(nick) : g_param_spec_get_nick (from);
  blurb = blurb != NULL ? _(blurb) : g_param_spec_get_blurb (from);
  if (G_IS_PARAM_SPEC_INT (from))
    return g_param_spec_int (name, nick, blurb, G_PARAM_SPEC_INT (from)->minimum, G_PARAM_SPEC_INT (from)->maximum,
                             value >= 0 ? (int) value : G_PARAM_SPEC_INT (from)->default_value, FLAGS);
  if (G_IS_PARAM_SPEC_DOUBLE (from))
    return g_param_spec_double (name, nick, blurb, G_PARAM_SPEC_DOUBLE (from)->minimum, G_PARAM_SPEC_DOUBLE (from)->maximum,
                                value >= 0 ? value : G_PARAM_SPEC_DOUBLE (from)->default_value, FLAGS);
  return g_param_spec_string (name, nick, blurb, text != NULL ? text : G_PARAM_SPEC_STRING (from)->default_value, FLAGS);
}

/* The classifier's class lives as long as its words are used here: for ever. */
static void
add_learner_params (void)
{
  GObjectClass *classifier = g_type_class_ref (FOVEA_TYPE_VISUAL_CLASSIFIER);

  for (guint i = 0; i < G_N_ELEMENTS (learner_params); i++)
    {
      GParamSpec *from = g_object_class_find_property (classifier, learner_params[i].name);

      props[PROP_LEARNER + i] = copy_param (from, learner_params[i].nick, learner_params[i].blurb, learner_params[i].value,
                                           learner_params[i].text);
      fovea_param_mark (props[PROP_LEARNER + i], fovea_param_get_info (from));
      if (fovea_param_is_basic (from))
        fovea_param_mark_basic (props[PROP_LEARNER + i]);
    }
}

static void
add_own_params (void)
{
  static const char *const embed_aliases[] = { "embedder", NULL };
  static const FoveaParamInfo infos[PROP_LEARNER] = {
    [PROP_BASE_EMBED_MODEL] = { FOVEA_PARAM_INPUT, FOVEA_FIELD_EMBED_MODEL, NULL, embed_aliases, 0, NULL, NULL },
    [PROP_LOSS] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_ENUM, losses, NULL, 0, NULL, NULL },
    [PROP_SCALE] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 1, NULL, NULL },
    [PROP_MARGIN] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 0.05, NULL, NULL },
    [PROP_EMBEDDING_DIM] = { FOVEA_PARAM_TRAIN, FOVEA_FIELD_RANGE, NULL, NULL, 16, NULL, NULL },
  };

  props[PROP_BASE_EMBED_MODEL] =
    g_param_spec_string ("base-embed-model", _("Embedder"), _("The pretrained network that answers before it is trained"),
                         "efficientnet-lite0", FLAGS);
  props[PROP_LOSS] =
    g_param_spec_string ("loss", _("Loss"),
                         _("What is asked of the vectors; arcface: an angle between concepts, proxy-anchor: pictures that are hard count most"),
                         losses[0], FLAGS);
  props[PROP_SCALE] = g_param_spec_double ("scale", _("Scale"), _("How sharply near and far are told apart; 0: as usual for the loss"),
                                           0, 1000, 0, FLAGS);
  props[PROP_MARGIN] = g_param_spec_double ("margin", _("Margin"), _("How much closer to its own concept a picture has to be"), 0, 1, 0.1, FLAGS);
  props[PROP_EMBEDDING_DIM] =
    g_param_spec_int ("embedding-dim", _("Dimension"), _("Numbers in a vector; 0: as many as the network has"), 0, 4096, 0, FLAGS);
  for (guint i = 1; i < PROP_LEARNER; i++)
    fovea_param_mark (props[i], &infos[i]);
}

static void
fovea_visual_embedder_class_init (FoveaVisualEmbedderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = fovea_visual_embedder_get_property;
  object_class->set_property = fovea_visual_embedder_set_property;
  object_class->finalize = fovea_visual_embedder_finalize;
  add_learner_params ();
  add_own_params ();
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
fovea_visual_embedder_init (FoveaVisualEmbedder *self)
{
  self->learner = g_object_new (FOVEA_TYPE_VISUAL_CLASSIFIER, NULL);
}
