/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/job-list.h"
#include "models/evaluation.h"

G_BEGIN_DECLS

/* How good a version is, in a line: "85.3 % (82.3 to 87.9) on 600 pictures". */
typedef struct {
  gboolean known;       /* FALSE: not evaluated; nothing else is said */
  gboolean alike;       /* of an embedder: value is recall@1, the share of pictures whose nearest shows the same */
  double value, low, high; /* accuracy and its 95 % interval, 0..1 */
  guint n;              /* pictures */
  char *split;          /* (nullable) NULL: by cross-validation, or held out */
  gboolean held_out;    /* of split NULL: on pictures that a deep training had set aside */
  guint n_fewest;       /* pictures of the concept that has the fewest; below FOVEA_ENOUGH_EXAMPLES a percentage says little */
  char *fewest;         /* (nullable) name of that concept */
} FoveaHeadline;

#define FOVEA_ENOUGH_EXAMPLES 10

/**
 * FoveaModelVersion:
 *
 * One training of a model. Immutable: a version that reads differently is a new object. Main thread.
 */
#define FOVEA_TYPE_MODEL_VERSION (fovea_model_version_get_type ())
G_DECLARE_FINAL_TYPE (FoveaModelVersion, fovea_model_version, FOVEA, MODEL_VERSION, GObject)

const char *fovea_model_version_get_id (FoveaModelVersion *self);     /* 32 hex digits */
guint       fovea_model_version_get_number (FoveaModelVersion *self); /* 1 is the model's first */
gboolean    fovea_model_version_is_trained (FoveaModelVersion *self);
const char *fovea_model_version_get_details (FoveaModelVersion *self); /* why it failed, "" else */
gint64      fovea_model_version_get_created_us (FoveaModelVersion *self); /* since 1970 */
guint       fovea_model_version_get_n_pictures (FoveaModelVersion *self); /* it was trained on */
const char *fovea_model_version_get_split (FoveaModelVersion *self);  /* (nullable) it was trained on; NULL: all that was labelled */
double      fovea_model_version_get_seconds (FoveaModelVersion *self); /* training took; 0 not known */
const char *fovea_model_version_get_log (FoveaModelVersion *self);
const char *const *fovea_model_version_get_concepts (FoveaModelVersion *self); /* names */

/* What it was evaluated on: names of splits, and whether by cross-validation or on pictures that training held out. */
const char *const *fovea_model_version_get_splits (FoveaModelVersion *self);
gboolean           fovea_model_version_has_kfold (FoveaModelVersion *self);

/* On split "test" where that was evaluated, else on any other split, else that of no split. */
const FoveaHeadline *fovea_model_version_get_headline (FoveaModelVersion *self);
/* On that split; NULL: by cross-validation, or on pictures that were held out. */
const FoveaHeadline *fovea_model_version_get_headline_on (FoveaModelVersion *self, const char *split);

typedef enum {
  FOVEA_MODEL_UNTRAINED,
  FOVEA_MODEL_TRAINED,
  FOVEA_MODEL_READY,    /* of a type that is not trained */
  FOVEA_MODEL_TRAINING, /* now, here */
  FOVEA_MODEL_FAILED    /* the last training; an older version may still answer */
} FoveaModelPhase;

/**
 * FoveaModel:
 *
 * A model of a project. Lives as long as the model does. Properties (read-only, with notify): "name" string, "phase"
 * FoveaModelPhase, "job" FoveaJob (nullable; what is running on it), "versions" GListModel of FoveaModelVersion, newest
 * first (an object that stays). Signal "changed": anything reads differently. Main thread.
 */
#define FOVEA_TYPE_MODEL (fovea_model_get_type ())
G_DECLARE_FINAL_TYPE (FoveaModel, fovea_model, FOVEA, MODEL, GObject)

const char        *fovea_model_get_id (FoveaModel *self);
const char        *fovea_model_get_name (FoveaModel *self);
const char        *fovea_model_get_notes (FoveaModel *self);
const char        *fovea_model_get_type_id (FoveaModel *self);
gboolean           fovea_model_get_trainable (FoveaModel *self);
FoveaModelPhase    fovea_model_get_phase (FoveaModel *self);
FoveaJob          *fovea_model_get_job (FoveaModel *self);      /* (nullable), borrowed */
GListModel        *fovea_model_get_versions (FoveaModel *self); /* borrowed */
FoveaModelVersion *fovea_model_get_current (FoveaModel *self);  /* (nullable), borrowed: the newest that is trained */
const char *const *fovea_model_get_concepts (FoveaModel *self); /* names it was made for; empty: whatever is labelled */

/* An object of its type with its parameters (catalog.h says how they are shown). NULL: they are damaged. */
GObject           *fovea_model_dup_params (FoveaModel *self) G_GNUC_WARN_UNUSED_RESULT;

/* GListModel of FoveaModel in order of creation. Main thread. */
#define FOVEA_TYPE_MODEL_LIST (fovea_model_list_get_type ())
G_DECLARE_FINAL_TYPE (FoveaModelList, fovea_model_list, FOVEA, MODEL_LIST, GObject)

FoveaModel *fovea_model_list_lookup (FoveaModelList *self, const char *id); /* (nullable), borrowed */

G_END_DECLS
