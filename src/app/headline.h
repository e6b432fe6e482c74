/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "engine/model.h"

G_BEGIN_DECLS

/* How good a version is, in words that do not promise more than is known. */

/* "85.3 % (82.3 to 87.9) on 600 pictures of test", "… by cross-validation", "… that were held out"; with fewer than ten
 * pictures of a concept it says so instead of a percentage; "Not evaluated" where that is so. */
char *fovea_headline_dup_text (const FoveaHeadline *headline) G_GNUC_WARN_UNUSED_RESULT;

/* Where a model can be measured: cross-validation, or for a @deep one the pictures that it held out, then each of @splits. */
GtkStringList *fovea_headline_list_places (const char *const *splits, gboolean deep) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @model (nullable) is measured on pictures that were held out where others are cross-validated. */
gboolean fovea_headline_holds_out (FoveaModel *model);

/* "split “Test”" */
char *fovea_headline_dup_split_name (const char *split) G_GNUC_WARN_UNUSED_RESULT;

/* "split “Test”", "cross-validation", "held out of the training" */
char *fovea_headline_dup_place (const FoveaHeadline *headline) G_GNUC_WARN_UNUSED_RESULT;

/* "24 November 2026, 18:20" in the person's form and time zone. */
char *fovea_headline_dup_time (gint64 time_us) G_GNUC_WARN_UNUSED_RESULT;

/* What state the model is in, with its figure where it has one. */
char *fovea_headline_dup_model_text (FoveaModel *model) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
