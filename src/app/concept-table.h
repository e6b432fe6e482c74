/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/model.h"

G_BEGIN_DECLS

/**
 * FoveaConceptTable:
 *
 * Figures per concept, to be sorted by any column. Counts are buttons. Signals: "pictures-wanted" (GArray of gint64, string) ·
 * "concept-activated" (guint): a row was activated.
 */
#define FOVEA_TYPE_CONCEPT_TABLE (fovea_concept_table_get_type ())
G_DECLARE_FINAL_TYPE (FoveaConceptTable, fovea_concept_table, FOVEA, CONCEPT_TABLE, AdwBin)

GtkWidget *fovea_concept_table_new (void);
/* Its answers are yes or no without a probability: no column for what comes of one. */
void       fovea_concept_table_set_decided (FoveaConceptTable *self, gboolean decided);
void       fovea_concept_table_set_evaluation (FoveaConceptTable *self, FoveaEvaluation *evaluation); /* (nullable) */

G_END_DECLS
