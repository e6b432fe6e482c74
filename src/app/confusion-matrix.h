/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "engine/model.h"

G_BEGIN_DECLS

/**
 * FoveaConfusionMatrix:
 *
 * Rows: how pictures are labelled; columns: what the model says. Every cell has its number; colour only repeats it. A cell is gone to by arrow
 * keys or the pointer, and what it says is the description for assistive technology: "predicted dress, labelled shirt: 4 pictures".
 *
 * Signal "cell-activated" (guint actual, guint predicted): a click on a cell that has pictures, or Enter or Space.
 */
#define FOVEA_TYPE_CONFUSION_MATRIX (fovea_confusion_matrix_get_type ())
G_DECLARE_FINAL_TYPE (FoveaConfusionMatrix, fovea_confusion_matrix, FOVEA, CONFUSION_MATRIX, GtkWidget)

GtkWidget *fovea_confusion_matrix_new (void);
void       fovea_confusion_matrix_set_evaluation (FoveaConfusionMatrix *self, FoveaEvaluation *evaluation); /* (nullable) */

/* Shares of the row in place of counts. */
void       fovea_confusion_matrix_set_normalised (FoveaConfusionMatrix *self, gboolean normalised);

/* "predicted dress, labelled shirt" */
char      *fovea_confusion_dup_name (FoveaEvaluation *evaluation, guint actual, guint predicted) G_GNUC_WARN_UNUSED_RESULT;

/* Of more concepts than this, those that are mistaken most often are shown. */
#define FOVEA_CONFUSION_MAX_SHOWN 40

/* Where the cell in that row and column is drawn. */
void       fovea_confusion_matrix_get_cell (FoveaConfusionMatrix *self, guint row, guint column, graphene_rect_t *ret_bounds);

G_END_DECLS
