/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/model-jobs.h"
#include "engine/model-state-private.h"
#include "models/retrieval.h"

G_BEGIN_DECLS

/* A training from its start to the version that is kept: what both ways of training have in common is in train-job.c,
 * heads on stored vectors too; networks through all layers in deep-train.c. */
typedef struct {
  FoveaCore *core;
  FoveaJob *job;
  char *model_id;
  char *split; /* (nullable) */
  char **params;
  gboolean resume, evaluate;

  gint64 job_row;
  FoveaModelState *state;
  GPtrArray *concepts; /* FoveaStoreConcept: columns */
  FoveaRows *rows;
  gint64 started_us;
  GString *log;

  FoveaPredictor *predictor; /* NULL of an embedder, which is its network alone */
  FoveaHeadResult *result;   /* (nullable) of a head */
  FoveaEvaluation *kfold;    /* (nullable) what cross-validation saw, or the pictures that were held out */
  FoveaRetrieval *retrieval; /* (nullable) of an embedder's: of kfold's concepts, then of all */
  JsonObject *deep;          /* (nullable) "training" of the metrics of a deep one: recipe, steps, curve */
  char *version_id;          /* of the version that is being made */
  GBytes *network;           /* (nullable) its own pack, of that name */
  FoveaStoreVersion *version;
} FoveaTraining;

/* evaluate-job.c: measures a version on @split (not NULL) within the job that made it; stored as any evaluation. What to
 * say of it in a line. Job thread. */
char *fovea_evaluate_in_job (FoveaCore *core, FoveaJob *job, const char *model_id, const char *version_id, const char *split,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Columns of the rows' labels. */
GPtrArray *fovea_training_dup_labels (const FoveaTraining *self);

/* SHA-256 over what decides the outcome: each picture's bytes with its labels, in order, and the concepts. */
char *fovea_training_dup_data_hash (const FoveaTraining *self);

/* Trains a visual-classifier or a visual-embedder: from rows with labels to predictor, network, kfold, deep and log. Job thread. */
gboolean fovea_deep_train (FoveaTraining *self, GError **error);

/* Nothing is left of a training that was given up. Job thread. */
void fovea_deep_train_forget (FoveaTraining *self);

G_END_DECLS
