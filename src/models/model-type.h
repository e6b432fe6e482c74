/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "models/head-trainer.h"
#include "models/label.h"
#include "models/predictor.h"

G_BEGIN_DECLS

/**
 * FoveaModelType:
 *
 * A kind of model: what goes in and comes out, and its parameters, which are the GObject properties of the implementing
 * object, declared once: an object is one configuration. The listing (`models types`), validation, the stored JSON
 * and the tests walk the properties. Property "max-concepts" is the JSON key "max_concepts" at the path where
 * CLARIFAI.md keeps it.
 */
#define FOVEA_TYPE_MODEL_TYPE (fovea_model_type_get_type ())
G_DECLARE_INTERFACE (FoveaModelType, fovea_model_type, FOVEA, MODEL_TYPE, GObject)

typedef enum { /* CLARIFAI.md §1 */
  FOVEA_EVALUATION_UNSET,
  FOVEA_EVALUATION_CLASSIFICATION,
  FOVEA_EVALUATION_DETECTION,
  FOVEA_EVALUATION_SEGMENTATION,
  FOVEA_EVALUATION_CLUSTERING
} FoveaEvaluationType;

typedef struct {
  const char *id;                    /* "embedding-classifier" */
  const char *title, *description;   /* translated when listed, as are the next two */
  const char *question;              /* that it answers, as people ask it: "What is in the picture?" */
  const char *example;               /* of what it is good for */
  const char *const *aliases;        /* (nullable) other ids that are accepted */
  const char *const *input_fields;   /* names of Data fields */
  const char *const *output_fields;
  gboolean trainable;
  FoveaEvaluationType evaluation_type;
  int params_version;                /* of the stored parameters */
} FoveaModelTypeInfo;

/* What a training sees of a project: labelled rows and their vectors. Arrays are borrowed. */
typedef struct {
  FoveaHeadData data;       /* columns of labels = @labels */
  GPtrArray *labels;        /* of FoveaLabel */
  FoveaPack *pack;          /* the embedder that made the vectors */
  FoveaHeadTrainer *trainer; /* (nullable) kept by the caller for quick refits */
} FoveaTrainingSet;

struct _FoveaModelTypeInterface {
  GTypeInterface parent;

  const FoveaModelTypeInfo *(*get_info) (FoveaModelType *self);
  /* (nullable) Which embedder a training needs vectors of (a pack's name), and a bit for each FoveaFit. */
  const char *(*get_embedder) (FoveaModelType *self, guint *ret_fits_mask);
  /* (nullable) not trainable without it */
  FoveaPredictor *(*train) (FoveaModelType *self, const FoveaTrainingSet *set, FoveaHeadResult **ret_result,
                            FoveaProgressFunc progress, gpointer progress_data, GCancellable *cancellable, GError **error);
  /* (nullable) A predictor that needs no training. */
  FoveaPredictor *(*new_predictor) (FoveaModelType *self, GError **error);
  /* (nullable) Brings stored parameters of version @from up to params_version, in place. */
  gboolean (*upgrade) (int from, JsonObject *params, GError **error);
};

/* The registry. @id may be an alias. UNKNOWN_TYPE lists the ids that exist. The object has the default parameters. */
FoveaModelType *fovea_model_type_new (const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *const *fovea_model_type_ids (void); /* NULL-terminated */

const FoveaModelTypeInfo *fovea_model_type_get_info (FoveaModelType *self);

/* Whether its models answer with vectors, not with concepts: then fovea_model_type_get_embedder() is what they answer with before
 * they are trained, and they have no predictor. */
gboolean fovea_model_type_embeds (FoveaModelType *self);

/* Whether its models are trained through every layer of a network: not by fovea_model_type_train(), and measured on pictures that were
 * held out, not by cross-validation. */
gboolean fovea_model_type_is_deep (FoveaModelType *self);

/* Name of the embedder's pack and which fits (1 << FoveaFit) its vectors are needed of. NULL for types that need
 * none. */
const char *fovea_model_type_get_embedder (FoveaModelType *self, guint *ret_fits_mask);

/* Trains with the parameters of @self. @ret_result (nullable) (transfer full) holds cross-validation. Errors: those of
 * fovea_head_trainer_train(); UNKNOWN_TYPE when the type cannot be trained. Thread: any; @self is not changed by
 * anyone meanwhile. */
FoveaPredictor *fovea_model_type_train (FoveaModelType *self, const FoveaTrainingSet *set, FoveaHeadResult **ret_result,
                                        FoveaProgressFunc progress, gpointer progress_data, GCancellable *cancellable,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The predictor of a type that is not trained here (visual-classifier: the concepts of its pack). UNKNOWN_TYPE when
 * the type must be trained; PACK_MISSING. Predictors of trained versions: fovea_predictor_new_from_bytes(). */
FoveaPredictor *fovea_model_type_new_predictor (FoveaModelType *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Brings stored parameters up to date before fovea_params_read(). Newer than known: MISMATCH. */
gboolean fovea_model_type_upgrade (FoveaModelType *self, int from, JsonObject *params, GError **error);

/* {"model_types":[ModelType,…]} or, for one, {"model_type":ModelType}; with "status". CLARIFAI.md §1. */
JsonNode *fovea_model_types_dup_json (void) G_GNUC_WARN_UNUSED_RESULT;
JsonNode *fovea_model_type_dup_json (const char *id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
