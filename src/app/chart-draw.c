/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/chart-draw.h"

#include <glib/gi18n.h>
#include <math.h>

static void
look_up (GtkStyleContext *context, const char *name, const char *fallback, GdkRGBA *ret_color)
{
  if (!gtk_style_context_lookup_color (context, name, ret_color))
    gdk_rgba_parse (ret_color, fallback);
}

void
fovea_chart_get_colors (GtkWidget *widget, FoveaChartColors *ret_colors)
{
  GtkStyleContext *context = gtk_widget_get_style_context (widget);

  gtk_style_context_get_color (context, &ret_colors->foreground);
  ret_colors->faint = ret_colors->foreground;
  ret_colors->faint.alpha *= 0.25f;
  look_up (context, "accent_color", "#3584e4", &ret_colors->accent);
  look_up (context, "error_color", "#c01c28", &ret_colors->error);
}

void
fovea_chart_get_text_size (GtkWidget *widget, const char *text, int *ret_width, int *ret_height)
{
  g_autoptr (PangoLayout) layout = gtk_widget_create_pango_layout (widget, text);

  pango_layout_get_pixel_size (layout, ret_width, ret_height);
}

static PangoLayout *
layout_new (GtkWidget *widget, const char *text, int max_px)
{
  PangoLayout *layout = gtk_widget_create_pango_layout (widget, text);

  if (max_px > 0)
    {
      int width;

      pango_layout_get_pixel_size (layout, &width, NULL);
      if (width > max_px)
        {
          pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
          pango_layout_set_width (layout, max_px * PANGO_SCALE);
        }
    }
  return layout;
}

void
fovea_chart_draw_text (GtkWidget *widget, GtkSnapshot *snapshot, const char *text, double x, double y, double x_align, double y_align,
                       const GdkRGBA *color, int max_px)
{
  g_autoptr (PangoLayout) layout = layout_new (widget, text, max_px);
  PangoRectangle size;

  pango_layout_get_pixel_extents (layout, NULL, &size);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) (x - x_align * size.width) - (float) size.x,
                                                          (float) (y - y_align * size.height)));
  gtk_snapshot_append_layout (snapshot, layout, color);
  gtk_snapshot_restore (snapshot);
}

void
fovea_chart_draw_text_up (GtkWidget *widget, GtkSnapshot *snapshot, const char *text, double x, double y, const GdkRGBA *color, int max_px)
{
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT ((float) x, (float) y));
  gtk_snapshot_rotate (snapshot, -90.0f);
  fovea_chart_draw_text (widget, snapshot, text, 0.0, 0.0, 0.0, 0.5, color, max_px);
  gtk_snapshot_restore (snapshot);
}

void
fovea_chart_draw_focus (GtkSnapshot *snapshot, const graphene_rect_t *bounds, const GdkRGBA *color)
{
  GskRoundedRect outline;

  gsk_rounded_rect_init_from_rect (&outline, bounds, 4.0f);
  gtk_snapshot_append_border (snapshot, &outline, (float[4]){ 2.0f, 2.0f, 2.0f, 2.0f },
                              (GdkRGBA[4]){ *color, *color, *color, *color });
}

char *
fovea_chart_dup_percent (double share)
{
  return isnan (share) ? g_strdup ("—") : g_strdup_printf (_("%.0f %%"), 100.0 * share);
}
