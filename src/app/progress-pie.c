/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/progress-pie.h"

#define SIDE_PX 16

struct _FoveaProgressPie {
  GtkWidget parent_instance;
  gboolean active;
  double fraction;
};

G_DEFINE_FINAL_TYPE (FoveaProgressPie, fovea_progress_pie, GTK_TYPE_WIDGET)

static void
progress_pie_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  FoveaProgressPie *self = FOVEA_PROGRESS_PIE (widget);
  double middle_x = gtk_widget_get_width (widget) / 2.0, middle_y = gtk_widget_get_height (widget) / 2.0;
  graphene_rect_t area = GRAPHENE_RECT_INIT (0, 0, (float) gtk_widget_get_width (widget), (float) gtk_widget_get_height (widget));
  cairo_t *cr = gtk_snapshot_append_cairo (snapshot, &area);
  GdkRGBA color;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  gdk_cairo_set_source_rgba (cr, &color);
  cairo_set_line_width (cr, 2.0);
  cairo_arc (cr, middle_x, middle_y, SIDE_PX / 2.0 - 1.0, 0, 2 * G_PI);
  cairo_stroke (cr);
  if (self->active && self->fraction >= 0.0)
    {
      cairo_move_to (cr, middle_x, middle_y);
      cairo_arc (cr, middle_x, middle_y, SIDE_PX / 2.0 - 3.0, -G_PI / 2, -G_PI / 2 + 2 * G_PI * MIN (self->fraction, 1.0));
      cairo_fill (cr);
    }
  else if (self->active)
    {
      cairo_arc (cr, middle_x, middle_y, 2.5, 0, 2 * G_PI);
      cairo_fill (cr);
    }
  cairo_destroy (cr);
}

static void
progress_pie_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural,
                      int *minimum_baseline, int *natural_baseline)
{
  *minimum = *natural = SIDE_PX;
}

static void
fovea_progress_pie_class_init (FoveaProgressPieClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = progress_pie_snapshot;
  widget_class->measure = progress_pie_measure;
  gtk_widget_class_set_css_name (widget_class, "progresspie");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
fovea_progress_pie_init (FoveaProgressPie *self)
{
}

void
fovea_progress_pie_set (FoveaProgressPie *self, gboolean active, double fraction)
{
  self->active = active;
  self->fraction = fraction;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
