/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/confusion-matrix.h"

#include <glib/gi18n.h>
#include <stdlib.h>

#include "app/chart-draw.h"

#define MAX_HEADER_PX 140
#define GAP_PX 2.0f

struct _FoveaConfusionMatrix {
  GtkWidget parent_instance;
  FoveaEvaluation *evaluation; /* (nullable) */
  gboolean normalised;
  guint actual, predicted; /* the focused cell */
  guint *shown, k;         /* concepts of the grid's rows and columns */
  guint32 *totals;         /* [k] of rows, over the shown columns */
  int text_height, cell_px, left_px, top_px;
};

G_DEFINE_FINAL_TYPE (FoveaConfusionMatrix, fovea_confusion_matrix, GTK_TYPE_WIDGET)

enum { CELL_ACTIVATED, N_SIGNALS };
static guint signals[N_SIGNALS];

char *
fovea_confusion_dup_name (FoveaEvaluation *evaluation, guint actual, guint predicted)
{
  /* Translators: names of concepts */
  return g_strdup_printf (_("predicted %s, labelled %s"), fovea_evaluation_get_concept_name (evaluation, predicted),
                          fovea_evaluation_get_concept_name (evaluation, actual));
}

static guint
get_k (FoveaConfusionMatrix *self)
{
  return self->k;
}

static guint32
get_count (FoveaConfusionMatrix *self, guint actual, guint predicted)
{
  return fovea_evaluation_get_count (self->evaluation, self->shown[actual], self->shown[predicted]);
}

static const char *
get_name (FoveaConfusionMatrix *self, guint i)
{
  return fovea_evaluation_get_concept_name (self->evaluation, self->shown[i]);
}

static char *
dup_cell_text (FoveaConfusionMatrix *self, guint actual, guint predicted)
{
  guint32 count = get_count (self, actual, predicted);
  g_autofree char *name = fovea_confusion_dup_name (self->evaluation, self->shown[actual], self->shown[predicted]);

  return g_strdup_printf (ngettext ("%s: %u picture", "%s: %u pictures", count), name, count);
}

/* ---- geometry ---- */

static void
work_out_sizes (FoveaConfusionMatrix *self)
{
  GtkWidget *widget = GTK_WIDGET (self);
  int widest = 0, number_width;

  fovea_chart_get_text_size (widget, "100 %", &number_width, &self->text_height);
  for (guint c = 0; c < get_k (self); c++)
    {
      int width;

      fovea_chart_get_text_size (widget, get_name (self, c), &width, NULL);
      widest = MAX (widest, width);
    }
  widest = MIN (widest, MAX_HEADER_PX);
  self->cell_px = MAX (number_width, self->text_height) + 10;
  self->left_px = widest + self->text_height + 14;
  self->top_px = widest + self->text_height + 14;
}

static gboolean
is_mirrored (FoveaConfusionMatrix *self)
{
  return gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
}

void
fovea_confusion_matrix_get_cell (FoveaConfusionMatrix *self, guint row, guint column, graphene_rect_t *ret_bounds)
{
  guint place = is_mirrored (self) ? get_k (self) - 1 - column : column;
  float left = is_mirrored (self) ? 0.0f : (float) self->left_px;

  *ret_bounds = GRAPHENE_RECT_INIT (left + (float) (place * (guint) self->cell_px), (float) self->top_px + (float) (row * (guint) self->cell_px),
                                    (float) self->cell_px - GAP_PX, (float) self->cell_px - GAP_PX);
}

static gboolean
find_cell (FoveaConfusionMatrix *self, double x, double y, guint *ret_actual, guint *ret_predicted)
{
  for (guint a = 0; a < get_k (self); a++)
    for (guint p = 0; p < get_k (self); p++)
      {
        graphene_rect_t bounds;

        fovea_confusion_matrix_get_cell (self, a, p, &bounds);
        if (graphene_rect_contains_point (&bounds, &GRAPHENE_POINT_INIT ((float) x, (float) y)))
          {
            *ret_actual = a;
            *ret_predicted = p;
            return TRUE;
          }
      }
  return FALSE;
}

/* ---- drawing ---- */

static double
share_of (FoveaConfusionMatrix *self, guint actual, guint predicted)
{
  guint32 total = self->totals[actual];

  return total > 0 ? (double) get_count (self, actual, predicted) / total : 0.0;
}

static void
draw_cell (FoveaConfusionMatrix *self, GtkSnapshot *snapshot, guint actual, guint predicted, const FoveaChartColors *colors)
{
  guint32 count = get_count (self, actual, predicted);
  double share = share_of (self, actual, predicted);
  GdkRGBA fill = actual == predicted ? colors->accent : colors->error;
  g_autofree char *text = self->normalised ? fovea_chart_dup_percent (share) : g_strdup_printf ("%u", count);
  GdkRGBA number = colors->foreground;
  graphene_rect_t bounds;

  fovea_confusion_matrix_get_cell (self, actual, predicted, &bounds);
  /* Never so strong that the number on it could not be read in the text's own colour. */
  fill.alpha = count > 0 ? (float) (0.10 + 0.28 * share) : 0.0f;
  gtk_snapshot_append_color (snapshot, &fill, &bounds);
  if (actual == predicted)
    {
      GskRoundedRect outline;

      gsk_rounded_rect_init_from_rect (&outline, &bounds, 0.0f);
      gtk_snapshot_append_border (snapshot, &outline, (float[4]){ 1.0f, 1.0f, 1.0f, 1.0f },
                                  (GdkRGBA[4]){ colors->faint, colors->faint, colors->faint, colors->faint });
    }
  if (count == 0)
    number.alpha *= 0.35f;
  fovea_chart_draw_text (GTK_WIDGET (self), snapshot, count == 0 ? "·" : text, (double) (bounds.origin.x + bounds.size.width / 2.0f),
                         (double) (bounds.origin.y + bounds.size.height / 2.0f), 0.5, 0.5, &number, 0);
}

static void
draw_names (FoveaConfusionMatrix *self, GtkSnapshot *snapshot, const FoveaChartColors *colors)
{
  GtkWidget *widget = GTK_WIDGET (self);
  guint k = get_k (self);
  double grid_px = k * (double) self->cell_px, grid_left = is_mirrored (self) ? 0.0 : self->left_px;
  int names_px = self->top_px - self->text_height - 14, width;

  for (guint c = 0; c < k; c++)
    {
      const char *name = get_name (self, c);
      graphene_rect_t bounds;

      fovea_confusion_matrix_get_cell (self, c, c, &bounds);
      fovea_chart_draw_text (widget, snapshot, name, is_mirrored (self) ? grid_px + 4 : self->left_px - 6.0,
                             (double) (bounds.origin.y + bounds.size.height / 2.0f), is_mirrored (self) ? 0.0 : 1.0, 0.5, &colors->foreground,
                             names_px);
      fovea_chart_draw_text_up (widget, snapshot, name, (double) (bounds.origin.x + bounds.size.width / 2.0f), self->top_px - 6.0,
                                &colors->foreground, names_px);
    }
  fovea_chart_draw_text (widget, snapshot, _("Predicted"), grid_left + grid_px / 2.0, 0.0, 0.5, 0.0, &colors->foreground, 0);
  fovea_chart_get_text_size (widget, _("Labelled"), &width, NULL);
  fovea_chart_draw_text_up (widget, snapshot, _("Labelled"),
                            is_mirrored (self) ? grid_px + self->left_px - self->text_height / 2.0 : self->text_height / 2.0,
                            self->top_px + (grid_px + width) / 2.0, &colors->foreground, 0);
}

static void
confusion_matrix_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  FoveaConfusionMatrix *self = FOVEA_CONFUSION_MATRIX (widget);
  FoveaChartColors colors;

  if (get_k (self) == 0)
    return;
  fovea_chart_get_colors (widget, &colors);
  draw_names (self, snapshot, &colors);
  for (guint a = 0; a < get_k (self); a++)
    for (guint p = 0; p < get_k (self); p++)
      draw_cell (self, snapshot, a, p, &colors);
  if (gtk_widget_has_focus (widget))
    {
      graphene_rect_t bounds;

      fovea_confusion_matrix_get_cell (self, self->actual, self->predicted, &bounds);
      fovea_chart_draw_focus (snapshot, &bounds, &colors.foreground);
    }
}

static void
confusion_matrix_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                          int *natural_baseline)
{
  FoveaConfusionMatrix *self = FOVEA_CONFUSION_MATRIX (widget);

  work_out_sizes (self);
  *minimum = *natural = (orientation == GTK_ORIENTATION_HORIZONTAL ? self->left_px : self->top_px) + (int) get_k (self) * self->cell_px;
}

/* ---- the focused cell ---- */

static void
say_cell (FoveaConfusionMatrix *self)
{
  g_autofree char *text = NULL;

  if (get_k (self) == 0)
    return;
  text = dup_cell_text (self, self->actual, self->predicted);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, GTK_ACCESSIBLE_PROPERTY_VALUE_TEXT, text, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
go_to (FoveaConfusionMatrix *self, int actual, int predicted)
{
  int k = (int) get_k (self);

  if (k == 0)
    return;
  self->actual = (guint) CLAMP (actual, 0, k - 1);
  self->predicted = (guint) CLAMP (predicted, 0, k - 1);
  say_cell (self);
}

static void
activate (FoveaConfusionMatrix *self)
{
  if (get_k (self) > 0 && get_count (self, self->actual, self->predicted) > 0)
    g_signal_emit (self, signals[CELL_ACTIVATED], 0, self->shown[self->actual], self->shown[self->predicted]);
}

static gboolean
on_key (GtkEventControllerKey *controller, guint keyval, guint keycode, GdkModifierType state, FoveaConfusionMatrix *self)
{
  int a = (int) self->actual, p = (int) self->predicted, forth = is_mirrored (self) ? -1 : 1, k = (int) get_k (self);

  if ((state & (GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;
  switch (keyval)
    {
    case GDK_KEY_Left: case GDK_KEY_KP_Left: go_to (self, a, p - forth); break;
    case GDK_KEY_Right: case GDK_KEY_KP_Right: go_to (self, a, p + forth); break;
    case GDK_KEY_Up: case GDK_KEY_KP_Up: go_to (self, a - 1, p); break;
    case GDK_KEY_Down: case GDK_KEY_KP_Down: go_to (self, a + 1, p); break;
    case GDK_KEY_Home: go_to (self, a, 0); break;
    case GDK_KEY_End: go_to (self, a, k - 1); break;
    case GDK_KEY_Return: case GDK_KEY_KP_Enter: case GDK_KEY_ISO_Enter: case GDK_KEY_space: activate (self); break;
    default: return GDK_EVENT_PROPAGATE;
    }
  return GDK_EVENT_STOP;
}

static void
on_released (GtkGestureClick *gesture, int n_press, double x, double y, FoveaConfusionMatrix *self)
{
  guint actual, predicted;

  gtk_widget_grab_focus (GTK_WIDGET (self));
  if (!find_cell (self, x, y, &actual, &predicted))
    return;
  go_to (self, (int) actual, (int) predicted);
  activate (self);
}

static gboolean
on_query_tooltip (GtkWidget *widget, int x, int y, gboolean keyboard, GtkTooltip *tooltip, FoveaConfusionMatrix *self)
{
  guint actual = self->actual, predicted = self->predicted;
  g_autofree char *text = NULL;

  if (get_k (self) == 0 || (!keyboard && !find_cell (self, x, y, &actual, &predicted)))
    return FALSE;
  text = dup_cell_text (self, actual, predicted);
  gtk_tooltip_set_text (tooltip, text);
  return TRUE;
}

/* ---- the object ---- */

static void
fovea_confusion_matrix_finalize (GObject *object)
{
  FoveaConfusionMatrix *self = FOVEA_CONFUSION_MATRIX (object);

  g_clear_pointer (&self->evaluation, fovea_evaluation_unref);
  g_free (self->totals);
  g_free (self->shown);
  G_OBJECT_CLASS (fovea_confusion_matrix_parent_class)->finalize (object);
}

static void
fovea_confusion_matrix_class_init (FoveaConfusionMatrixClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = fovea_confusion_matrix_finalize;
  widget_class->snapshot = confusion_matrix_snapshot;
  widget_class->measure = confusion_matrix_measure;
  gtk_widget_class_set_css_name (widget_class, "confusion");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
  signals[CELL_ACTIVATED] = g_signal_new ("cell-activated", FOVEA_TYPE_CONFUSION_MATRIX, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT);
}

static void
fovea_confusion_matrix_init (FoveaConfusionMatrix *self)
{
  GtkGesture *click = gtk_gesture_click_new ();
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  gtk_widget_set_has_tooltip (GTK_WIDGET (self), TRUE);
  g_signal_connect (self, "query-tooltip", G_CALLBACK (on_query_tooltip), self);
  g_signal_connect (click, "released", G_CALLBACK (on_released), self);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (click));
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Confusion matrix"), -1);
}

GtkWidget *
fovea_confusion_matrix_new (void)
{
  return g_object_new (FOVEA_TYPE_CONFUSION_MATRIX, "halign", GTK_ALIGN_START, NULL);
}

typedef struct {
  guint concept;
  guint32 mistakes;
} Ranked;

static int
compare_mistakes (gconstpointer a, gconstpointer b)
{
  const Ranked *one = a, *two = b;

  if (one->mistakes != two->mistakes)
    return one->mistakes > two->mistakes ? -1 : 1;
  return one->concept < two->concept ? -1 : one->concept > two->concept;
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  guint one = *(const guint *) a, two = *(const guint *) b;

  return one < two ? -1 : one > two;
}

/* All concepts, or of many those that are mistaken most often, in their order. */
static void
choose_shown (FoveaConfusionMatrix *self)
{
  guint all = self->evaluation != NULL ? fovea_evaluation_get_n_concepts (self->evaluation) : 0;
  g_autofree Ranked *ranked = g_new0 (Ranked, MAX (all, 1));

  for (guint a = 0; a < all; a++)
    {
      ranked[a].concept = a;
      for (guint p = 0; p < all; p++)
        if (a != p)
          ranked[a].mistakes += fovea_evaluation_get_count (self->evaluation, a, p) + fovea_evaluation_get_count (self->evaluation, p, a);
    }
  qsort (ranked, all, sizeof *ranked, compare_mistakes);
  self->k = MIN (all, FOVEA_CONFUSION_MAX_SHOWN);
  g_free (self->shown);
  self->shown = g_new (guint, MAX (self->k, 1));
  for (guint i = 0; i < self->k; i++)
    self->shown[i] = ranked[i].concept;
  qsort (self->shown, self->k, sizeof *self->shown, compare_numbers);
}

void
fovea_confusion_matrix_set_evaluation (FoveaConfusionMatrix *self, FoveaEvaluation *evaluation)
{
  g_clear_pointer (&self->evaluation, fovea_evaluation_unref);
  g_clear_pointer (&self->totals, g_free);
  if (evaluation != NULL)
    self->evaluation = fovea_evaluation_ref (evaluation);
  choose_shown (self);
  self->totals = g_new0 (guint32, MAX (self->k, 1));
  for (guint a = 0; a < self->k; a++)
    for (guint p = 0; p < self->k; p++)
      self->totals[a] += get_count (self, a, p);
  self->actual = self->predicted = 0;
  gtk_widget_queue_resize (GTK_WIDGET (self));
  say_cell (self);
}

void
fovea_confusion_matrix_set_normalised (FoveaConfusionMatrix *self, gboolean normalised)
{
  self->normalised = normalised;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}
