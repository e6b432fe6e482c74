/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/pack.h"
#include "models/predictor.h"

G_BEGIN_DECLS

/* Models of other programs, as ONNX files. What a file does not say (labels, how pixels become numbers) a person has to;
 * a recipe holds both, and makes a pack of the file: a network with one input "image" f32 [N,3,S,S] and the outputs
 * "logits" and, where there is one, "embedding", which runs, trains classifiers and is exported like any other.
 * Files are hostile: nn/onnx checks them, and nothing is kept that did not answer properly on two test pictures. */

typedef enum {
  FOVEA_LAYOUT_NCHW,
  FOVEA_LAYOUT_NHWC,
  FOVEA_N_LAYOUTS
} FoveaLayout;

const char *fovea_layout_name (FoveaLayout layout); /* "nchw", "nhwc" */

/* An input or output of the file. */
typedef struct {
  char *name;
  FoveaDType dtype;
  FoveaShape shape; /* rank −1: not known; dimension −1: any */
} FoveaForeignPort;

/* −1 and NULL: not said. */
typedef struct {
  char *type_id;      /* "visual-classifier" or "visual-embedder" */
  char *output;       /* name of the output that is the answer */
  GPtrArray *labels;  /* of FoveaLabel, whose ids are the names until a project gives them others */
  int size;           /* pixels a side */
  int views;          /* FoveaViews */
  double crop_fraction; /* of the fit "crop" */
  gboolean has_range; /* x = (v − mean) × scale, v in 0..255; R G B, whatever the order of the channels */
  double mean[3], scale[3];
  int pad;            /* grey of a letterbox's margins, 0..255 */
  int bgr;            /* 1: channels in the order B G R */
  int layout;         /* FoveaLayout */
  int activation;     /* FoveaActivation */
  int exclusive;      /* whether concepts exclude each other, where the activation is none */
} FoveaForeignRecipe;

void                fovea_foreign_recipe_init (FoveaForeignRecipe *recipe);
void                fovea_foreign_recipe_clear (FoveaForeignRecipe *recipe);
FoveaForeignRecipe *fovea_foreign_recipe_copy (const FoveaForeignRecipe *recipe) G_GNUC_WARN_UNUSED_RESULT;
void                fovea_foreign_recipe_free (FoveaForeignRecipe *recipe);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FoveaForeignRecipe, fovea_foreign_recipe_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaForeignRecipe, fovea_foreign_recipe_free)

/* What a person said takes the place of what the file says. */
void fovea_foreign_recipe_merge (FoveaForeignRecipe *recipe, const FoveaForeignRecipe *said);

/* What a person said, as text: "1..255" of a command's option or a field of the window. INVALID_PARAM says what is understood.
 *
 * layout      nchw, nhwc
 * activation  softmax, sigmoid, none
 * fit         crop, squash, letterbox, crop:FRACTION
 * range       0..1, -1..1, 0..255, any A..B, or imagenet
 * mean, std   three numbers (or one for all), of pixels in 0..1 or, where one is greater than 1, in 0..255; NULL: 0 and 1 */
gboolean fovea_foreign_recipe_set_layout (FoveaForeignRecipe *recipe, const char *text, GError **error);
gboolean fovea_foreign_recipe_set_activation (FoveaForeignRecipe *recipe, const char *text, GError **error);
gboolean fovea_foreign_recipe_set_fit (FoveaForeignRecipe *recipe, const char *text, GError **error);
gboolean fovea_foreign_recipe_set_range (FoveaForeignRecipe *recipe, const char *text, GError **error);
gboolean fovea_foreign_recipe_set_mean_std (FoveaForeignRecipe *recipe, const char *mean, const char *std, GError **error);
/* "visual-classifier" or "visual-embedder"; of detectors it says that their answers are not understood yet. */
gboolean fovea_foreign_recipe_set_type (FoveaForeignRecipe *recipe, const char *text, GError **error);

/* "imagenet", "0..1" or "mean R,G,B std R,G,B", which set_range or set_mean_std takes; NULL when it was not said. */
char *fovea_foreign_recipe_dup_range (const FoveaForeignRecipe *recipe) G_GNUC_WARN_UNUSED_RESULT;

/* Names out of text from outside, in the order of the outputs: a JSON list of strings or of {"id","name"}, a JSON or Python
 * dictionary {0: 'hat', …}, names by line, or by comma. Names that come twice get a number. MALFORMED says what is wrong. */
GPtrArray *fovea_foreign_parse_labels (const char *text, gssize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same from a file of at most 8 MiB. */
GPtrArray *fovea_foreign_read_labels (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * FoveaForeignModel:
 *
 * Such a file, read and looked at; nothing was run yet. Immutable, any thread, one call at a time.
 */
typedef struct _FoveaForeignModel FoveaForeignModel;

/* Errors: what nn/onnx says (UNSUPPORTED names operator, opset and node), with the file's name in front. */
FoveaForeignModel *fovea_foreign_model_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaForeignModel *fovea_foreign_model_new_from_bytes (GBytes *bytes, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void               fovea_foreign_model_free (FoveaForeignModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaForeignModel, fovea_foreign_model_free)

const char *fovea_foreign_model_get_path (FoveaForeignModel *model);
GPtrArray  *fovea_foreign_model_get_inputs (FoveaForeignModel *model);  /* of FoveaForeignPort */
GPtrArray  *fovea_foreign_model_get_outputs (FoveaForeignModel *model); /* idem */

/* What the file says of itself: Fovea's own metadata, that of ultralytics, timm, transformers and Windows ML, and what the
 * graph shows. Borrowed. */
const FoveaForeignRecipe *fovea_foreign_model_get_guess (FoveaForeignModel *model);

/* Fills in what follows from the rest, in place: what is left to be said is an INCOMPLETE error that names each
 * command line option that says it; MISMATCH when this cannot be a classifier or an embedder of pictures (a detector). */
gboolean fovea_foreign_model_complete (FoveaForeignModel *model, FoveaForeignRecipe *recipe, GError **error);

typedef struct {
  GBytes *pack;             /* its pack, as ONNX; its name is the one that was asked for */
  FoveaPredictor *predictor; /* of a classifier, on that pack, with it loaded; NULL of an embedder */
  guint dim;                /* of its embedding; 0: it has none */
  guint n_labels;           /* 0: an embedder */
  gboolean single;          /* it computes one picture at a time */
} FoveaForeignResult;

void fovea_foreign_result_clear (FoveaForeignResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FoveaForeignResult, fovea_foreign_result_clear)

/* The way from a file to a model: completes a copy of @recipe, makes the pack called @name and runs it on test pictures.
 * Errors: as above, and MISMATCH when the answers are not what the recipe says (another number of labels, no
 * probabilities, no numbers). Takes as long as it takes to run five pictures, six of a
 * file that takes one at a time. */
gboolean fovea_foreign_model_build (FoveaForeignModel *model, const FoveaForeignRecipe *recipe, const char *name,
                                    FoveaForeignResult *ret_result, GError **error);

G_END_DECLS
