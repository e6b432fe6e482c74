/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/confidence-bar.h"

#include <math.h>

#define HEIGHT_PX 8
#define WIDTH_PX 56

struct _FoveaConfidenceBar {
  GtkWidget parent_instance;
  GdkRGBA color;
  double value;
};

G_DEFINE_FINAL_TYPE (FoveaConfidenceBar, fovea_confidence_bar, GTK_TYPE_WIDGET)

static void
confidence_bar_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  static const double dashes[] = { 3.0, 2.5 };
  FoveaConfidenceBar *self = FOVEA_CONFIDENCE_BAR (widget);
  int width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget);
  float filled = floorf ((float) (self->value * (width - 4)));
  gboolean from_right = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GdkRGBA frame;
  cairo_t *cr;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &frame);
  gtk_snapshot_append_color (snapshot, &self->color,
                             &GRAPHENE_RECT_INIT (from_right ? (float) width - 2 - filled : 2, 2, filled, (float) height - 4));
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  frame.alpha *= 0.7f;
  gdk_cairo_set_source_rgba (cr, &frame);
  cairo_set_line_width (cr, 1.0);
  /* What is filled has an edge of ink: not every concept's colour is seen on every background. */
  cairo_rectangle (cr, from_right ? width - 2.5 - (double) filled : 1.5, 1.5, (double) filled + 1, height - 3);
  cairo_stroke (cr);
  cairo_set_dash (cr, dashes, G_N_ELEMENTS (dashes), 0.0);
  cairo_rectangle (cr, 0.5, 0.5, width - 1, height - 1);
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
confidence_bar_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                        int *natural_baseline)
{
  *minimum = *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? WIDTH_PX : HEIGHT_PX;
}

static void
fovea_confidence_bar_class_init (FoveaConfidenceBarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = confidence_bar_snapshot;
  widget_class->measure = confidence_bar_measure;
  gtk_widget_class_set_css_name (widget_class, "confidencebar");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
fovea_confidence_bar_init (FoveaConfidenceBar *self)
{
}

GtkWidget *
fovea_confidence_bar_new (const GdkRGBA *color, double value)
{
  FoveaConfidenceBar *self = g_object_new (FOVEA_TYPE_CONFIDENCE_BAR, NULL);

  self->color = *color;
  self->value = CLAMP (value, 0.0, 1.0);
  return GTK_WIDGET (self);
}
