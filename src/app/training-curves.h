/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/job.h"

G_BEGIN_DECLS

/* The curves of a training while it runs: loss, and accuracy on the pictures that are held out. Hidden while the job has none. */
#define FOVEA_TYPE_TRAINING_CURVES (fovea_training_curves_get_type ())
G_DECLARE_FINAL_TYPE (FoveaTrainingCurves, fovea_training_curves, FOVEA, TRAINING_CURVES, AdwBin)

GtkWidget *fovea_training_curves_new (void);

/* @job: (nullable). @alike: of an embedder, whose accuracy is how often the nearest picture shows the same. */
void fovea_training_curves_set_job (FoveaTrainingCurves *self, FoveaJob *job, gboolean alike);

G_END_DECLS
