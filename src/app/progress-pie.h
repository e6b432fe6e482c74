/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A small round progress sign in the text's colour. */
#define FOVEA_TYPE_PROGRESS_PIE (fovea_progress_pie_get_type ())
G_DECLARE_FINAL_TYPE (FoveaProgressPie, fovea_progress_pie, FOVEA, PROGRESS_PIE, GtkWidget)

/* @fraction 0 … 1, below 0: work whose length is not known (a dot). Not @active: an empty ring. */
void fovea_progress_pie_set (FoveaProgressPie *self, gboolean active, double fraction);

G_END_DECLS
