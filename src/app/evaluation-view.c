/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/evaluation-view.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/chart-draw.h"
#include "app/concept-table.h"
#include "app/confusion-matrix.h"
#include "app/headline.h"
#include "app/plot.h"
#include "app/threshold-panel.h"
#include "app/wrap-box.h"

#define MAX_CONFUSIONS 8
#define CONFUSION_KEY "fovea-confusion"

struct _FoveaEvaluationView {
  AdwBin parent_instance;
  FoveaProject *project;
  FoveaEvaluation *evaluation; /* (nullable) */
  gboolean asked_in_threshold; /* the pictures that are wanted are those of its one concept */

  GtkLabel *accuracy_label, *accuracy_caption, *matrix_caption, *reliability_caption;
  GtkButton *right_button, *wrong_button;
  GtkScrolledWindow *table_scroller, *matrix_scroller;
  GtkCheckButton *shares_check;
  GtkListBox *confusions_list;
  GtkBox *threshold_box, *reliability_box;
  FoveaConceptTable *table;
  FoveaConfusionMatrix *matrix;
  FoveaThresholdPanel *threshold;
  FoveaPlot *reliability;
};

G_DEFINE_FINAL_TYPE (FoveaEvaluationView, fovea_evaluation_view, ADW_TYPE_BIN)

enum { PICTURES_WANTED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
want (FoveaEvaluationView *self, GArray *ids, const char *what)
{
  g_signal_emit (self, signals[PICTURES_WANTED], 0, ids, what);
}

static void
on_part_wants (GtkWidget *part, GArray *ids, const char *what, FoveaEvaluationView *self)
{
  self->asked_in_threshold = part == GTK_WIDGET (self->threshold);
  want (self, ids, what);
  self->asked_in_threshold = FALSE;
}

FoveaOpinions *
fovea_evaluation_view_dup_opinions (FoveaEvaluationView *self)
{
  if (self->evaluation == NULL)
    return NULL;
  return fovea_opinions_new (self->evaluation, self->asked_in_threshold ? (int) fovea_threshold_panel_get_concept (self->threshold) : -1,
                             fovea_project_get_concepts (self->project));
}

/* ---- accuracy ---- */

static void
show_accuracy (FoveaEvaluationView *self, const FoveaHeadline *headline)
{
  FoveaAccuracy accuracy = fovea_evaluation_get_accuracy (self->evaluation, 1);
  guint64 n_wrong = accuracy.n - accuracy.n_right;
  g_autofree char *text = fovea_headline_dup_text (headline);
  g_autofree char *right = g_strdup_printf (ngettext ("%u right", "%u right", (gulong) accuracy.n_right), (guint) accuracy.n_right);
  g_autofree char *wrong = g_strdup_printf (ngettext ("%u wrong", "%u wrong", (gulong) n_wrong), (guint) n_wrong);
  gboolean enough = headline->known && headline->n_fewest >= FOVEA_ENOUGH_EXAMPLES;
  g_autofree char *big = enough ? g_strdup_printf (headline->alike ? _("%.1f %% find their like first") : _("%.1f %% right"), 100.0 * accuracy.value)
                                : g_strdup_printf (ngettext ("%u of %u picture right", "%u of %u pictures right", (gulong) accuracy.n),
                                                   (guint) accuracy.n_right, (guint) accuracy.n);
  g_autofree char *split = fovea_headline_dup_place (headline);
  g_autofree char *interval
      = enough ? g_strdup_printf (ngettext ("Between %.1f %% and %.1f %% (95 of 100 times), measured on %u picture: %s.",
                                            "Between %.1f %% and %.1f %% (95 of 100 times), measured on %u pictures: %s.", (gulong) accuracy.n),
                                  100.0 * accuracy.low, 100.0 * accuracy.high, (guint) accuracy.n, split)
               : g_strdup_printf (_("%s. Label at least ten of each."), text);

  gtk_label_set_label (self->accuracy_label, big);
  gtk_label_set_label (self->accuracy_caption, interval);
  gtk_button_set_label (self->right_button, right);
  gtk_button_set_label (self->wrong_button, wrong);
  gtk_widget_set_sensitive (GTK_WIDGET (self->right_button), accuracy.n_right > 0);
  gtk_widget_set_sensitive (GTK_WIDGET (self->wrong_button), n_wrong > 0);
}

static void
on_right (FoveaEvaluationView *self)
{
  g_autoptr (GArray) ids = fovea_evaluation_dup_ids (self->evaluation, TRUE);

  want (self, ids, _("predicted rightly"));
}

static void
on_wrong (FoveaEvaluationView *self)
{
  g_autoptr (GArray) ids = fovea_evaluation_dup_ids (self->evaluation, FALSE);

  want (self, ids, _("predicted wrongly"));
}

/* ---- confusion ---- */

static void
want_cell (FoveaEvaluationView *self, guint actual, guint predicted)
{
  g_autoptr (GArray) ids = fovea_evaluation_dup_cell_ids (self->evaluation, actual, predicted);
  g_autofree char *what = fovea_confusion_dup_name (self->evaluation, actual, predicted);

  want (self, ids, what);
}

static void
on_cell_activated (FoveaConfusionMatrix *matrix, guint actual, guint predicted, FoveaEvaluationView *self)
{
  want_cell (self, actual, predicted);
}

static void
on_confusion_activated (GtkListBox *list, GtkListBoxRow *row, FoveaEvaluationView *self)
{
  const FoveaConfusion *confusion = g_object_get_data (G_OBJECT (row), CONFUSION_KEY);

  want_cell (self, confusion->actual, confusion->predicted);
}

static void
on_shares_toggled (FoveaEvaluationView *self)
{
  fovea_confusion_matrix_set_normalised (self->matrix, gtk_check_button_get_active (self->shares_check));
}

static GtkWidget *
confusion_row_new (FoveaEvaluationView *self, const FoveaConfusion *confusion)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *title = g_strdup_printf (_("%s taken for %s"), fovea_evaluation_get_concept_name (self->evaluation, confusion->actual),
                                            fovea_evaluation_get_concept_name (self->evaluation, confusion->predicted));
  g_autofree char *escaped = g_markup_escape_text (title, -1);
  g_autofree char *count = g_strdup_printf (ngettext ("%u picture", "%u pictures", confusion->count), confusion->count);
  GtkWidget *label = gtk_label_new (count);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), escaped);
  gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (row), TRUE);
  gtk_widget_add_css_class (label, "numeric");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, count, -1);
  g_object_set_data_full (G_OBJECT (row), CONFUSION_KEY, g_memdup2 (confusion, sizeof *confusion), g_free);
  return row;
}

static void
show_confusion (FoveaEvaluationView *self)
{
  guint k = fovea_evaluation_get_n_concepts (self->evaluation);
  g_autoptr (GArray) confusions = fovea_evaluation_dup_confusions (self->evaluation, MAX_CONFUSIONS);
  g_autofree char *caption = NULL;
  GtkWidget *row;

  fovea_confusion_matrix_set_evaluation (self->matrix, self->evaluation);
  if (k > FOVEA_CONFUSION_MAX_SHOWN)
    caption = g_strdup_printf (_("The %u of %u concepts that are mistaken most often. A cell opens its pictures."), FOVEA_CONFUSION_MAX_SHOWN, k);
  else
    caption = g_strdup (_("A cell opens its pictures; arrow keys go from cell to cell."));
  gtk_label_set_label (self->matrix_caption, caption);
  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->confusions_list))) != NULL)
    gtk_list_box_remove (self->confusions_list, row);
  for (guint i = 0; i < confusions->len; i++)
    gtk_list_box_append (self->confusions_list, confusion_row_new (self, &g_array_index (confusions, FoveaConfusion, i)));
  gtk_widget_set_visible (GTK_WIDGET (self->confusions_list), confusions->len > 0);
}

static void
on_concept_activated (FoveaConceptTable *table, guint concept, FoveaEvaluationView *self)
{
  if (!gtk_widget_get_visible (GTK_WIDGET (self->threshold_box)))
    return;
  fovea_threshold_panel_set_concept (self->threshold, concept);
  gtk_widget_child_focus (GTK_WIDGET (self->threshold), GTK_DIR_TAB_FORWARD);
}

/* ---- reliability ---- */

static void
say_bin (FoveaEvaluationView *self, guint bin)
{
  FoveaReliabilityBin bins[FOVEA_N_RELIABILITY_BINS];
  g_autofree char *text = NULL;

  fovea_evaluation_get_reliability (self->evaluation, bins);
  text = g_strdup_printf (ngettext ("Between %u %% and %u %% sure: %u of %u picture right", "Between %u %% and %u %% sure: %u of %u pictures right",
                                    bins[bin].n),
                          10 * bin, 10 * bin + 10, bins[bin].n_right, bins[bin].n);
  fovea_plot_set_mark_text (self->reliability, text);
}

static void
on_bin_moved (FoveaPlot *plot, guint bin, FoveaEvaluationView *self)
{
  say_bin (self, bin);
}

static void
on_bin_activated (FoveaPlot *plot, guint bin, FoveaEvaluationView *self)
{
  g_autoptr (GArray) ids = fovea_evaluation_dup_bin_ids (self->evaluation, bin);
  g_autofree char *what = g_strdup_printf (_("between %u %% and %u %% sure"), 10 * bin, 10 * bin + 10);

  if (ids->len > 0)
    want (self, ids, what);
}

static void
show_reliability (FoveaEvaluationView *self)
{
  FoveaReliabilityBin bins[FOVEA_N_RELIABILITY_BINS];
  double x[FOVEA_N_RELIABILITY_BINS], y[FOVEA_N_RELIABILITY_BINS], error = fovea_evaluation_get_calibration_error (self->evaluation);
  g_autofree char *text = g_strdup_printf (_("How often the model is right when it is that sure. On the dashed line its confidence is honest; "
                                             "on average it is %.1f points off."), isnan (error) ? 0.0 : 100.0 * error);
  guint fullest = 0;

  fovea_evaluation_get_reliability (self->evaluation, bins);
  for (guint b = 0; b < FOVEA_N_RELIABILITY_BINS; b++)
    {
      x[b] = (b + 0.5) / FOVEA_N_RELIABILITY_BINS;
      y[b] = bins[b].n > 0 ? (double) bins[b].n_right / bins[b].n : (double) NAN;
      if (bins[b].n > bins[fullest].n)
        fullest = b;
    }
  fovea_plot_set_points (self->reliability, x, y, FOVEA_N_RELIABILITY_BINS, fullest);
  say_bin (self, fullest);
  gtk_label_set_label (self->reliability_caption, text);
}

/* ---- the wheel ---- */

/* Table, matrix and pictures scroll sideways in frames of their own, which in GTK 4.8 swallow the wheel's other direction: it goes to the
 * page. Not in what pops up over it. */
static gboolean
on_scroll (GtkEventControllerScroll *controller, double dx, double dy, FoveaEvaluationView *self)
{
  GdkEvent *event = gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (controller));
  GdkSurface *surface = gtk_native_get_surface (gtk_widget_get_native (GTK_WIDGET (self)));
  GtkWidget *page = gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_SCROLLED_WINDOW);
  GtkAdjustment *adjustment = page != NULL ? gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (page)) : NULL;
  double step = 1.0;

  if (dy == 0.0 || adjustment == NULL || gdk_event_get_surface (event) != surface)
    return GDK_EVENT_PROPAGATE;
  if (gtk_event_controller_scroll_get_unit (controller) == GDK_SCROLL_UNIT_WHEEL)
    step = pow (gtk_adjustment_get_page_size (adjustment), 2.0 / 3.0); /* as far as GtkScrolledWindow goes for a notch */
  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + dy * step);
  return GDK_EVENT_STOP;
}

/* ---- the object ---- */

void
fovea_evaluation_view_set_evaluation (FoveaEvaluationView *self, FoveaEvaluation *evaluation, const FoveaHeadline *headline)
{
  FoveaEvaluation *old = self->evaluation;

  self->evaluation = fovea_evaluation_ref (evaluation);
  g_clear_pointer (&old, fovea_evaluation_unref);
  show_accuracy (self, headline);
  fovea_concept_table_set_evaluation (self->table, evaluation);
  fovea_concept_table_set_decided (self->table, headline->alike);
  show_confusion (self);
  fovea_threshold_panel_set_evaluation (self->threshold, evaluation);
  show_reliability (self);
  /* An embedder is never more or less sure: its answer is what the nearest picture shows. */
  gtk_widget_set_visible (GTK_WIDGET (self->threshold_box), !headline->alike);
  gtk_widget_set_visible (GTK_WIDGET (self->reliability_box), !headline->alike);
}

static void
evaluation_view_dispose (GObject *object)
{
  FoveaEvaluationView *self = FOVEA_EVALUATION_VIEW (object);

  g_clear_pointer (&self->evaluation, fovea_evaluation_unref);
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_evaluation_view_parent_class)->dispose (object);
}

static void
fovea_evaluation_view_class_init (FoveaEvaluationViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = evaluation_view_dispose;
  signals[PICTURES_WANTED] = g_signal_new ("pictures-wanted", FOVEA_TYPE_EVALUATION_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 2, G_TYPE_ARRAY, G_TYPE_STRING);
  g_type_ensure (FOVEA_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/evaluation-view.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, accuracy_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, accuracy_caption);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, right_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, wrong_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, table_scroller);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, shares_check);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, matrix_caption);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, matrix_scroller);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, confusions_list);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, threshold_box);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, reliability_box);
  gtk_widget_class_bind_template_child (widget_class, FoveaEvaluationView, reliability_caption);
}

static void
fovea_evaluation_view_init (FoveaEvaluationView *self)
{
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);

  gtk_widget_init_template (GTK_WIDGET (self));
  self->table = FOVEA_CONCEPT_TABLE (fovea_concept_table_new ());
  gtk_scrolled_window_set_child (self->table_scroller, GTK_WIDGET (self->table));
  self->matrix = FOVEA_CONFUSION_MATRIX (fovea_confusion_matrix_new ());
  gtk_scrolled_window_set_child (self->matrix_scroller, GTK_WIDGET (self->matrix));
  self->reliability = FOVEA_PLOT (fovea_plot_new (FOVEA_PLOT_BARS, _("Reliability"), _("How sure the model is"), _("How often it is right")));
  fovea_plot_set_diagonal (self->reliability, TRUE);
  gtk_widget_set_size_request (GTK_WIDGET (self->reliability), -1, 300);
  gtk_box_append (self->reliability_box, GTK_WIDGET (self->reliability));
  gtk_event_controller_set_propagation_phase (scroll, GTK_PHASE_CAPTURE);
  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), self);
  gtk_widget_add_controller (GTK_WIDGET (self), scroll);
  g_signal_connect_swapped (self->right_button, "clicked", G_CALLBACK (on_right), self);
  g_signal_connect_swapped (self->wrong_button, "clicked", G_CALLBACK (on_wrong), self);
  g_signal_connect_swapped (self->shares_check, "toggled", G_CALLBACK (on_shares_toggled), self);
  g_signal_connect (self->matrix, "cell-activated", G_CALLBACK (on_cell_activated), self);
  g_signal_connect (self->confusions_list, "row-activated", G_CALLBACK (on_confusion_activated), self);
  g_signal_connect (self->table, "pictures-wanted", G_CALLBACK (on_part_wants), self);
  g_signal_connect (self->table, "concept-activated", G_CALLBACK (on_concept_activated), self);
  g_signal_connect (self->reliability, "mark-moved", G_CALLBACK (on_bin_moved), self);
  g_signal_connect (self->reliability, "mark-activated", G_CALLBACK (on_bin_activated), self);
}

GtkWidget *
fovea_evaluation_view_new (FoveaProject *project)
{
  FoveaEvaluationView *self = g_object_new (FOVEA_TYPE_EVALUATION_VIEW, NULL);

  self->project = g_object_ref (project);
  self->threshold = FOVEA_THRESHOLD_PANEL (fovea_threshold_panel_new (project));
  gtk_box_append (self->threshold_box, GTK_WIDGET (self->threshold));
  g_signal_connect (self->threshold, "pictures-wanted", G_CALLBACK (on_part_wants), self);
  return GTK_WIDGET (self);
}
