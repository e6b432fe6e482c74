/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/training-private.h"
#include "engine/training-checkpoint-private.h"
#include "engine/training-pictures-private.h"
#include "models/deep-plan.h"
#include "models/retrieval.h"
#include "nn/trainer.h"

G_BEGIN_DECLS

/* One deep training, for the files deep-*.c alone: what it learns from (deep-data), its network (deep-network), its steps
 * (deep-steps), looking at the pictures held out (deep-validate), and going on after an end that was none (deep-resume).
 * Everything runs on the job's thread, but for units that say so. */

typedef struct {
  guint64 step;    /* of the whole training, after which it was made */
  double loss, accuracy;   /* of an embedder 1 − mAP@R and recall@1 among the pictures held out */
  FoveaGraph *graph;
  float *probabilities; /* [held out, concepts]; NULL of an embedder */
  FoveaRetrievalRow *found; /* [held out] of an embedder, else NULL */
} FoveaDeepBest;

typedef struct {
  FoveaTraining *training;
  FoveaDeepOptions options;
  FoveaLoss loss;
  guint n_concepts;

  /* Rows in the order of the pictures; those held out come last. */
  guint n, n_held_out;
  char **paths;
  guint8 *sha256;   /* [n, 32] */
  gint64 *ids;
  gint8 *truth;     /* [n, n_concepts] */
  float *targets;   /* [n, n_concepts] */
  float *concept_weights; /* [n_concepts], or NULL: each picture counts the same */
  gsize n_each;     /* pictures of a concept among those to learn from, on average */
  gboolean starts_linear; /* fovea_deep_starts_linear(), of a classifier */
  FoveaTrainingPictures *pictures;

  FoveaInputSpec input;
  FoveaGraph *network; /* what the stage starts from, with its classifier */
  FoveaTrainer *trainer;
  gsize reserved_bytes;
  FoveaTrainingMemory memory;

  FoveaDeepPlan plan;
  guint stage;
  guint64 step, stage_first; /* done in this stage; done before it */
  double step_seconds;       /* lately */
  double estimate_s;         /* said before the first step */
  double elapsed_before_s;   /* by a run that this one goes on from */
  gint64 paused_us;
  double waited_s;           /* for pictures */
  FoveaTrainingBatch *batch;
  double loss_sum;
  guint loss_n;
  guint64 next_point;

  FoveaDeepBest best;
  double least_loss;         /* of any validation */
  GArray *least_losses;      /* (nullable) double [held out]: what each added to it */
  guint n_worse;             /* validations since */
  guint64 next_validation;
  gboolean stopped_early;

  GBytes *good_state;        /* to go back to */
  guint64 good_step;
  guint n_rolled_back, n_since_good;
  char *checkpoint_path;
  gint64 next_checkpoint_us, next_beat_us;
} FoveaDeep;

/* deep-data: rows, held out, pictures. */
gboolean fovea_deep_gather (FoveaDeep *deep, GError **error);

/* deep-network */
gboolean fovea_deep_make_network (FoveaDeep *deep, GError **error); /* without outputs for the concepts; and gathers */
/* The classifier, or what vectors are learned by. Of few pictures, and of a pack's vectors, it looks at all of them once. */
gboolean fovea_deep_add_outputs (FoveaDeep *deep, GError **error);
gboolean fovea_deep_make_trainer (FoveaDeep *deep, GError **error); /* for the stage, from deep->network */
/* Seconds that a step takes, by a trainer that is thrown away; and the plan. May widen the options' batch, and the pictures'. */
gboolean fovea_deep_make_plan (FoveaDeep *deep, GError **error);

/* deep-steps */
gboolean fovea_deep_run_stages (FoveaDeep *deep, GError **error);
guint64  fovea_deep_total_steps (const FoveaDeep *deep);
guint64  fovea_deep_point_interval (const FoveaDeep *deep); /* steps from one point of the curves to the next */
double   fovea_deep_elapsed_s (const FoveaDeep *deep);
double   fovea_deep_left_s (const FoveaDeep *deep); /* of the time limit, for steps */
gboolean fovea_deep_run_unit (FoveaDeep *deep, FoveaUnitFunc func, gpointer data, GError **error);

/* deep-validate: the average of the weights, of few pictures FOVEA_DEEP_FEW_BACK, on the pictures held out; keeps it unless it is
 * clearly worse than an earlier one. */
gboolean fovea_deep_validate (FoveaDeep *deep, GError **error);
gboolean fovea_deep_keep_last (FoveaDeep *deep, GError **error); /* where nothing is held out */
void     fovea_deep_best_clear (FoveaDeepBest *best);
/* Of the best one, for the version; nothing where nothing was held out, or it was found by a run that this one goes on from. */
void     fovea_deep_evaluate (FoveaDeep *deep);

/* deep-resume */
gboolean fovea_deep_save (FoveaDeep *deep, GError **error);
gboolean fovea_deep_load (FoveaDeep *deep, GError **error); /* before the stages are run */
/* Where the training was and what it knew, from a checkpoint's header, of which nothing is believed; FALSE: it is damaged. */
gboolean fovea_deep_read_header (FoveaDeep *deep, JsonObject *header);
JsonObject *fovea_deep_dup_json (FoveaDeep *deep) G_GNUC_WARN_UNUSED_RESULT; /* "training" of the metrics */

G_END_DECLS
