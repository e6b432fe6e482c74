/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/opinions.h"
#include "engine/model-actions.h"

G_BEGIN_DECLS

/* How good a model's newest version is, on a split or by cross-validation, chosen at the top; made on demand.
 * Signal: "pictures-wanted" (GArray of gint64, string). */
#define FOVEA_TYPE_MODEL_EVALUATION (fovea_model_evaluation_get_type ())
G_DECLARE_FINAL_TYPE (FoveaModelEvaluation, fovea_model_evaluation, FOVEA, MODEL_EVALUATION, AdwBin)

GtkWidget *fovea_model_evaluation_new (FoveaProject *project);
void       fovea_model_evaluation_set_model (FoveaModelEvaluation *self, FoveaModel *model); /* (nullable) */

/* (nullable) What the model said of the pictures that were wanted last. */
FoveaOpinions *fovea_model_evaluation_dup_opinions (FoveaModelEvaluation *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
