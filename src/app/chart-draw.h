/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What our charts share: colours of the theme (light, dark, high contrast) and text in the system's size. */

typedef struct {
  GdkRGBA foreground, faint, accent, error;
} FoveaChartColors;

void fovea_chart_get_colors (GtkWidget *widget, FoveaChartColors *ret_colors);

/* Draws @text with its anchor at (x, y): @x_align and @y_align 0 left or top … 1 right or bottom. @max_px: cut with an ellipsis when
 * wider; 0 never. */
void fovea_chart_draw_text (GtkWidget *widget, GtkSnapshot *snapshot, const char *text, double x, double y, double x_align, double y_align,
                            const GdkRGBA *color, int max_px);

/* Turned by a quarter, to be read from below; (x, y) is the middle of its lower end. */
void fovea_chart_draw_text_up (GtkWidget *widget, GtkSnapshot *snapshot, const char *text, double x, double y, const GdkRGBA *color, int max_px);

void fovea_chart_get_text_size (GtkWidget *widget, const char *text, int *ret_width, int *ret_height);

/* The ring around what has the keyboard. */
void fovea_chart_draw_focus (GtkSnapshot *snapshot, const graphene_rect_t *bounds, const GdkRGBA *color);

/* "12 %", "—" for what is not a number. */
char *fovea_chart_dup_percent (double share) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
