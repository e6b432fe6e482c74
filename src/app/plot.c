/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/plot.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/chart-draw.h"

#define MIN_SIDE_PX 220
#define NATURAL_SIDE_PX 300
#define MARK_RADIUS_PX 6.0

struct _FoveaPlot {
  GtkWidget parent_instance;
  FoveaPlotStyle style;
  char *x_title, *y_title, *mark_text;
  gboolean diagonal;
  double *x, *y;
  guint n, mark;
};

G_DEFINE_FINAL_TYPE (FoveaPlot, fovea_plot, GTK_TYPE_WIDGET)

enum { MARK_MOVED, MARK_ACTIVATED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- geometry ---- */

/* The square of the points, inside the axes' text. */
static graphene_rect_t
get_area (FoveaPlot *self)
{
  int text_width, text_height, width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));
  int left, bottom;

  fovea_chart_get_text_size (GTK_WIDGET (self), "100 %", &text_width, &text_height);
  left = text_height + text_width + 10;
  bottom = 2 * text_height + 8;
  return GRAPHENE_RECT_INIT ((float) left, (float) text_height / 2.0f + 2.0f, (float) MAX (width - left - text_width / 2 - 2, 10),
                             (float) MAX (height - bottom - text_height / 2 - 2, 10));
}

static double
to_x (const graphene_rect_t *area, double x)
{
  return (double) area->origin.x + x * (double) area->size.width;
}

static double
to_y (const graphene_rect_t *area, double y)
{
  return (double) area->origin.y + (1.0 - y) * (double) area->size.height;
}

static gboolean
has_point (FoveaPlot *self, guint i)
{
  return i < self->n && !isnan (self->x[i]) && !isnan (self->y[i]);
}

static guint
find_nearest (FoveaPlot *self, double x, double y)
{
  graphene_rect_t area = get_area (self);
  double best = HUGE_VAL;
  guint nearest = self->mark;

  if (self->style == FOVEA_PLOT_BARS && self->n > 0)
    {
      double share = (x - (double) area.origin.x) / (double) area.size.width;

      return (guint) CLAMP (floor (share * self->n), 0.0, self->n - 1.0);
    }
  for (guint i = 0; i < self->n; i++)
    if (has_point (self, i))
      {
        double distance = hypot (to_x (&area, self->x[i]) - x, to_y (&area, self->y[i]) - y);

        if (distance < best)
          {
            best = distance;
            nearest = i;
          }
      }
  return nearest;
}

/* ---- drawing ---- */

static void
draw_axes (FoveaPlot *self, GtkSnapshot *snapshot, const graphene_rect_t *area, const FoveaChartColors *colors)
{
  GtkWidget *widget = GTK_WIDGET (self);
  int text_height;

  fovea_chart_get_text_size (widget, "100 %", NULL, &text_height);
  for (int i = 0; i <= 4; i++)
    {
      float x = (float) to_x (area, i / 4.0), y = (float) to_y (area, i / 4.0);
      g_autofree char *text = fovea_chart_dup_percent (i / 4.0);

      gtk_snapshot_append_color (snapshot, &colors->faint, &GRAPHENE_RECT_INIT (x, area->origin.y, 1.0f, area->size.height));
      gtk_snapshot_append_color (snapshot, &colors->faint, &GRAPHENE_RECT_INIT (area->origin.x, y, area->size.width, 1.0f));
      if (i % 2 == 0)
        {
          /* The first stands to the right of the corner, where the other axis has its own. */
          fovea_chart_draw_text (widget, snapshot, text, (double) x, (double) (area->origin.y + area->size.height) + 2, i == 0 ? 0.0 : 0.5,
                                 0.0, &colors->foreground, 0);
          fovea_chart_draw_text (widget, snapshot, text, (double) area->origin.x - 4, (double) y, 1.0, 0.5, &colors->foreground, 0);
        }
    }
  fovea_chart_draw_text (widget, snapshot, self->x_title, to_x (area, 0.5), gtk_widget_get_height (widget), 0.5, 1.0, &colors->foreground,
                         (int) area->size.width);
  {
    int length, height = gtk_widget_get_height (widget);

    fovea_chart_get_text_size (widget, self->y_title, &length, NULL);
    length = MIN (length, height);
    fovea_chart_draw_text_up (widget, snapshot, self->y_title, text_height / 2.0, CLAMP (to_y (area, 0.5) + length / 2.0, length, height),
                              &colors->foreground, height);
  }
}

static void
draw_diagonal (cairo_t *cr, const graphene_rect_t *area, const FoveaChartColors *colors)
{
  const double dashes[] = { 4.0, 4.0 };

  gdk_cairo_set_source_rgba (cr, &colors->foreground);
  cairo_set_line_width (cr, 1.0);
  cairo_set_dash (cr, dashes, 2, 0.0);
  cairo_move_to (cr, to_x (area, 0.0), to_y (area, 0.0));
  cairo_line_to (cr, to_x (area, 1.0), to_y (area, 1.0));
  cairo_stroke (cr);
  cairo_set_dash (cr, NULL, 0, 0.0);
}

static void
draw_curve (FoveaPlot *self, cairo_t *cr, const graphene_rect_t *area, const FoveaChartColors *colors)
{
  gboolean started = FALSE;

  gdk_cairo_set_source_rgba (cr, &colors->accent);
  cairo_set_line_width (cr, 2.0);
  for (guint i = 0; self->style == FOVEA_PLOT_CURVE && i < self->n; i++)
    if (has_point (self, i))
      {
        (started ? cairo_line_to : cairo_move_to) (cr, to_x (area, self->x[i]), to_y (area, self->y[i]));
        started = TRUE;
      }
  cairo_stroke (cr);
  for (guint i = 0; self->style == FOVEA_PLOT_BARS && i < self->n; i++)
    if (has_point (self, i))
      {
        double left = to_x (area, (double) i / self->n) + 2, right = to_x (area, (i + 1.0) / self->n) - 1;

        cairo_rectangle (cr, left, to_y (area, self->y[i]) - 1, right - left, to_y (area, 0.0) - to_y (area, self->y[i]) + 1);
        gdk_cairo_set_source_rgba (cr, &colors->accent);
        cairo_fill (cr);
      }
}

/* The mark: a ring with two hair lines on a curve, a frame on bars. */
static void
draw_mark (FoveaPlot *self, cairo_t *cr, const graphene_rect_t *area, const FoveaChartColors *colors)
{
  double x, y;

  if (self->style == FOVEA_PLOT_BARS || !has_point (self, self->mark))
    return;
  x = to_x (area, self->x[self->mark]);
  y = to_y (area, self->y[self->mark]);
  gdk_cairo_set_source_rgba (cr, &colors->foreground);
  cairo_set_line_width (cr, 1.0);
  cairo_move_to (cr, x, to_y (area, 0.0));
  cairo_line_to (cr, x, y);
  cairo_line_to (cr, to_x (area, 0.0), y);
  cairo_stroke (cr);
  cairo_arc (cr, x, y, MARK_RADIUS_PX, 0.0, 2.0 * G_PI);
  gdk_cairo_set_source_rgba (cr, &colors->accent);
  cairo_fill_preserve (cr);
  gdk_cairo_set_source_rgba (cr, &colors->foreground);
  cairo_set_line_width (cr, 2.0);
  cairo_stroke (cr);
}

static void
plot_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  FoveaPlot *self = FOVEA_PLOT (widget);
  graphene_rect_t area = get_area (self);
  FoveaChartColors colors;
  cairo_t *cr;

  fovea_chart_get_colors (widget, &colors);
  draw_axes (self, snapshot, &area, &colors);
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) gtk_widget_get_width (widget),
                                                                 (float) gtk_widget_get_height (widget)));
  draw_curve (self, cr, &area, &colors);
  if (self->diagonal)
    draw_diagonal (cr, &area, &colors);
  draw_mark (self, cr, &area, &colors);
  cairo_destroy (cr);
  if (self->style == FOVEA_PLOT_BARS && self->mark < self->n && gtk_widget_has_focus (widget))
    fovea_chart_draw_focus (snapshot, &GRAPHENE_RECT_INIT ((float) to_x (&area, (double) self->mark / self->n), area.origin.y,
                                                           area.size.width / (float) self->n, area.size.height), &colors.foreground);
  else if (gtk_widget_has_visible_focus (widget))
    fovea_chart_draw_focus (snapshot, &area, &colors.accent);
}

static void
plot_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
              int *natural_baseline)
{
  int text_height;

  fovea_chart_get_text_size (widget, "100 %", NULL, &text_height);
  *minimum = MIN_SIDE_PX + 2 * text_height;
  *natural = NATURAL_SIDE_PX + 2 * text_height;
}

/* ---- marking ---- */

static void
say_value (FoveaPlot *self)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_VALUE_MIN, 0.0, GTK_ACCESSIBLE_PROPERTY_VALUE_MAX,
                                  (double) (self->n > 0 ? self->n - 1 : 0), GTK_ACCESSIBLE_PROPERTY_VALUE_NOW, (double) self->mark,
                                  GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, self->mark_text, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, self->mark_text,
                                  -1);
}

static void
move_mark (FoveaPlot *self, guint mark)
{
  if (mark >= self->n || mark == self->mark)
    return;
  self->mark = mark;
  gtk_widget_queue_draw (GTK_WIDGET (self));
  g_signal_emit (self, signals[MARK_MOVED], 0, mark);
  say_value (self);
}

static void
activate (FoveaPlot *self)
{
  if (self->mark < self->n)
    g_signal_emit (self, signals[MARK_ACTIVATED], 0, self->mark);
}

/* By @steps points along the curve, over those that are not there. */
static void
step (FoveaPlot *self, int steps)
{
  int at = CLAMP ((int) self->mark + steps, 0, (int) self->n - 1), direction = steps < 0 ? -1 : 1;

  while (at >= 0 && at < (int) self->n && self->style == FOVEA_PLOT_CURVE && !has_point (self, (guint) at))
    at += direction;
  if (at >= 0 && at < (int) self->n)
    move_mark (self, (guint) at);
}

/* Axes grow to the right in every direction of reading, and the arrows go where they point. */
static gboolean
on_key (GtkEventControllerKey *controller, guint keyval, guint keycode, GdkModifierType state, FoveaPlot *self)
{
  int one = (state & GDK_SHIFT_MASK) != 0 ? (int) MAX (self->n / 20, 1) : 1, page = (int) MAX (self->n / 10, 1);

  if (self->n == 0 || (state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;
  switch (keyval)
    {
    case GDK_KEY_Left: case GDK_KEY_KP_Left: step (self, -one); break;
    case GDK_KEY_Right: case GDK_KEY_KP_Right: step (self, one); break;
    case GDK_KEY_Down: case GDK_KEY_KP_Down: step (self, -one); break;
    case GDK_KEY_Up: case GDK_KEY_KP_Up: step (self, one); break;
    case GDK_KEY_Page_Down: step (self, -page); break;
    case GDK_KEY_Page_Up: step (self, page); break;
    case GDK_KEY_Home: step (self, -(int) self->n); break;
    case GDK_KEY_End: step (self, (int) self->n); break;
    case GDK_KEY_Return: case GDK_KEY_KP_Enter: case GDK_KEY_ISO_Enter: activate (self); break;
    default: return GDK_EVENT_PROPAGATE;
    }
  return GDK_EVENT_STOP;
}

static void
on_pressed (GtkGestureClick *gesture, int n_press, double x, double y, FoveaPlot *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self));
  move_mark (self, find_nearest (self, x, y));
  if (n_press == 2 || self->style == FOVEA_PLOT_BARS)
    activate (self);
}

static void
on_drag_update (GtkGestureDrag *gesture, double dx, double dy, FoveaPlot *self)
{
  double x, y;

  if (self->style == FOVEA_PLOT_CURVE && gtk_gesture_drag_get_start_point (gesture, &x, &y))
    move_mark (self, find_nearest (self, x + dx, y + dy));
}

/* ---- the object ---- */

static void
fovea_plot_finalize (GObject *object)
{
  FoveaPlot *self = FOVEA_PLOT (object);

  g_free (self->x_title);
  g_free (self->y_title);
  g_free (self->mark_text);
  g_free (self->x);
  g_free (self->y);
  G_OBJECT_CLASS (fovea_plot_parent_class)->finalize (object);
}

static void
fovea_plot_class_init (FoveaPlotClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = fovea_plot_finalize;
  widget_class->snapshot = plot_snapshot;
  widget_class->measure = plot_measure;
  gtk_widget_class_set_css_name (widget_class, "plot");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_SLIDER);
  signals[MARK_MOVED] = g_signal_new ("mark-moved", FOVEA_TYPE_PLOT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
  signals[MARK_ACTIVATED] = g_signal_new ("mark-activated", FOVEA_TYPE_PLOT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
fovea_plot_init (FoveaPlot *self)
{
  GtkGesture *click = gtk_gesture_click_new (), *drag = gtk_gesture_drag_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();

  self->mark_text = g_strdup ("");
  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  g_signal_connect (click, "pressed", G_CALLBACK (on_pressed), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
}

GtkWidget *
fovea_plot_new (FoveaPlotStyle style, const char *name, const char *x_title, const char *y_title)
{
  FoveaPlot *self = g_object_new (FOVEA_TYPE_PLOT, NULL);

  self->style = style;
  self->x_title = g_strdup (x_title);
  self->y_title = g_strdup (y_title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  return GTK_WIDGET (self);
}

void
fovea_plot_set_points (FoveaPlot *self, const double *x, const double *y, guint n, guint mark)
{
  g_free (self->x);
  g_free (self->y);
  self->x = g_memdup2 (x, n * sizeof *x);
  self->y = g_memdup2 (y, n * sizeof *y);
  self->n = n;
  self->mark = MIN (mark, n > 0 ? n - 1 : 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  say_value (self);
}

void
fovea_plot_set_mark (FoveaPlot *self, guint mark)
{
  self->mark = MIN (mark, self->n > 0 ? self->n - 1 : 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  say_value (self);
}

guint
fovea_plot_get_mark (FoveaPlot *self)
{
  return self->mark;
}

void
fovea_plot_set_mark_text (FoveaPlot *self, const char *text)
{
  g_free (self->mark_text);
  self->mark_text = g_strdup (text);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), text);
  say_value (self);
}

void
fovea_plot_set_diagonal (FoveaPlot *self, gboolean diagonal)
{
  self->diagonal = diagonal;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
