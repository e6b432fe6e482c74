/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A model's confidence as a bar: dashed frame, as all that a machine says. Says nothing to assistive technology: the number stands
 * beside it. */
#define FOVEA_TYPE_CONFIDENCE_BAR (fovea_confidence_bar_get_type ())
G_DECLARE_FINAL_TYPE (FoveaConfidenceBar, fovea_confidence_bar, FOVEA, CONFIDENCE_BAR, GtkWidget)

GtkWidget *fovea_confidence_bar_new (const GdkRGBA *color, double value); /* 0..1 */

G_END_DECLS
