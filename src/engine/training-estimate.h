/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project.h"

G_BEGIN_DECLS

/* How long a deep training would take, before it is begun: its plan (models/deep-plan.h) for the pictures that are labelled now, times
 * what a step takes here. A step is measured by a network that is thrown away, three steps on pictures of nothing; the outcome is
 * kept for the process, by all that decides it. */
typedef struct {
  double seconds;    /* decoding and early stopping not counted; at most the time limit */
  double step_seconds;
  guint n_pictures;  /* to learn from */
  guint64 n_steps;
} FoveaTrainingEstimate;

/* Whether an estimate of models with such parameters can be had (see fovea_project_draft_model_async()). */
gboolean fovea_training_is_estimated (GObject *params);

/* @params: read at once. Project's thread. Errors: INVALID (FOVEA_ENGINE_ERROR): no picture is labelled yet; PACK_MISSING's of models;
 * what the trainer says. */
void     fovea_project_estimate_training_async (FoveaProject *self, GObject *params, GCancellable *cancellable, GAsyncReadyCallback callback,
                                                gpointer data);
gboolean fovea_project_estimate_training_finish (GAsyncResult *result, FoveaTrainingEstimate *ret_estimate, GError **error);

G_END_DECLS
