/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * FoveaPlot:
 *
 * Points in the unit square, as a curve or as bars, of which one is marked: by the pointer (press and drag), by the arrow keys (Home, End
 * and Page keys too). For assistive technology it is a slider whose value is what the marked point says.
 *
 * Signals: "mark-moved" (guint): the person marked another point · "mark-activated" (guint): a double click on it (a click, on bars) or Enter.
 */
#define FOVEA_TYPE_PLOT (fovea_plot_get_type ())
G_DECLARE_FINAL_TYPE (FoveaPlot, fovea_plot, FOVEA, PLOT, GtkWidget)

typedef enum {
  FOVEA_PLOT_CURVE,
  FOVEA_PLOT_BARS   /* point i stands over the i-th of equal parts of the x axis */
} FoveaPlotStyle;

/* @name: for assistive technology. */
GtkWidget *fovea_plot_new (FoveaPlotStyle style, const char *name, const char *x_title, const char *y_title);

/* @x, @y: [n] in 0..1; NaN leaves a point out. The mark goes to @mark. */
void  fovea_plot_set_points (FoveaPlot *self, const double *x, const double *y, guint n, guint mark);
void  fovea_plot_set_mark (FoveaPlot *self, guint mark); /* no signal */
guint fovea_plot_get_mark (FoveaPlot *self);

/* What the marked point says, in words. */
void fovea_plot_set_mark_text (FoveaPlot *self, const char *text);

/* A dashed diagonal: chance, or perfect reliability. */
void fovea_plot_set_diagonal (FoveaPlot *self, gboolean diagonal);

G_END_DECLS
