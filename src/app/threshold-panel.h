/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/project.h"

G_BEGIN_DECLS

/**
 * FoveaThresholdPanel:
 *
 * One concept of an evaluation: precision-recall and ROC curve with a handle, what the threshold there means, and the pictures on each
 * side of it. Handle and pictures move together.
 *
 * Signal: "pictures-wanted" (GArray of gint64, string).
 */
#define FOVEA_TYPE_THRESHOLD_PANEL (fovea_threshold_panel_get_type ())
G_DECLARE_FINAL_TYPE (FoveaThresholdPanel, fovea_threshold_panel, FOVEA, THRESHOLD_PANEL, AdwBin)

GtkWidget *fovea_threshold_panel_new (FoveaProject *project);
void       fovea_threshold_panel_set_evaluation (FoveaThresholdPanel *self, FoveaEvaluation *evaluation); /* (nullable) */
guint      fovea_threshold_panel_get_concept (FoveaThresholdPanel *self); /* index into the evaluation's */
void       fovea_threshold_panel_set_concept (FoveaThresholdPanel *self, guint concept);

G_END_DECLS
