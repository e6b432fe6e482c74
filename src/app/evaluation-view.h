/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/opinions.h"
#include "engine/project.h"

G_BEGIN_DECLS

/**
 * FoveaEvaluationView:
 *
 * Everything that an evaluation says: accuracy, figures per concept, confusion, threshold, reliability. Every number leads to its
 * pictures. Signal: "pictures-wanted" (GArray of gint64, string).
 */
#define FOVEA_TYPE_EVALUATION_VIEW (fovea_evaluation_view_get_type ())
G_DECLARE_FINAL_TYPE (FoveaEvaluationView, fovea_evaluation_view, FOVEA, EVALUATION_VIEW, AdwBin)

GtkWidget *fovea_evaluation_view_new (FoveaProject *project);

/* @headline says the same accuracy with what it was measured on. */
void fovea_evaluation_view_set_evaluation (FoveaEvaluationView *self, FoveaEvaluation *evaluation, const FoveaHeadline *headline);

/* (nullable) what the evaluated model says of its pictures: within "pictures-wanted", of those that are wanted. */
FoveaOpinions *fovea_evaluation_view_dup_opinions (FoveaEvaluationView *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
