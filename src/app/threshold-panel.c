/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/threshold-panel.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/chart-draw.h"
#include "app/picture-strip.h"
#include "app/plot.h"
#include "app/wrap-box.h"

/* A curve of more points is thinned: more than the plot has pixels. */
#define MAX_POINTS 400
/* The pictures on one side of the threshold. */
typedef struct {
  GtkLabel *title;
  GtkWidget *all_button;
  FoveaPictureStrip *strip;
} Side;

struct _FoveaThresholdPanel {
  AdwBin parent_instance;
  FoveaProject *project;
  FoveaEvaluation *evaluation; /* (nullable) */
  FoveaRanking *ranking;       /* (nullable) of the concept */
  guint concept;
  double threshold;
  GArray *cuts; /* of guint: how many pictures are taken at each point of the curves */
  gboolean updating;

  GtkDropDown *concepts;
  GtkSpinButton *spin;
  GtkWidget *best_button;
  FoveaPlot *precision_recall, *roc;
  GtkLabel *figures_label;
  Side above, below;
};

G_DEFINE_FINAL_TYPE (FoveaThresholdPanel, fovea_threshold_panel, ADW_TYPE_BIN)

enum { PICTURES_WANTED, N_SIGNALS };
static guint signals[N_SIGNALS];

static const char *
get_name (FoveaThresholdPanel *self)
{
  return fovea_evaluation_get_concept_name (self->evaluation, self->concept);
}

/* ---- the curves ---- */

/* Where the ranking can be cut: after each different score, thinned. */
static void
choose_cuts (FoveaThresholdPanel *self)
{
  const FoveaRanking *ranking = self->ranking;
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 1; i <= ranking->n; i++)
    if (i == ranking->n || ranking->scores[i] < ranking->scores[i - 1])
      g_array_append_val (all, i);
  g_array_set_size (self->cuts, 0);
  for (guint i = 0; i < MIN (all->len, MAX_POINTS); i++)
    {
      guint at = all->len <= MAX_POINTS ? i : (guint) ((guint64) i * (all->len - 1) / (MAX_POINTS - 1));

      g_array_append_val (self->cuts, g_array_index (all, guint, at));
    }
}

static guint
find_point (FoveaThresholdPanel *self, double threshold)
{
  guint cut = fovea_ranking_cut (self->ranking, threshold), found = 0;

  for (guint i = 0; i < self->cuts->len && g_array_index (self->cuts, guint, i) <= cut; i++)
    found = i;
  return found;
}

static void
draw_curves (FoveaThresholdPanel *self)
{
  const FoveaRanking *ranking = self->ranking;
  guint n = self->cuts->len, n_negative = ranking->n - ranking->n_positive;
  g_autofree double *recall = g_new (double, n + 1), *precision = g_new (double, n + 1), *fpr = g_new (double, n + 1);

  for (guint i = 0; i < n; i++)
    {
      guint cut = g_array_index (self->cuts, guint, i), right = ranking->n_right[cut];

      recall[i] = ranking->n_positive > 0 ? (double) right / ranking->n_positive : (double) NAN;
      precision[i] = (double) right / cut;
      fpr[i] = n_negative > 0 ? (double) (cut - right) / n_negative : (double) NAN;
    }
  fovea_plot_set_points (self->precision_recall, recall, precision, n, 0);
  fovea_plot_set_points (self->roc, fpr, recall, n, 0);
}

/* ---- the threshold ---- */

/* Rows of the ranking from @first on, by @step, with what the evaluated model said of each. */
static void
show_side (FoveaThresholdPanel *self, Side *side, guint first, int step, guint n, const char *title)
{
  FoveaConcept *concept = fovea_concept_list_lookup_name (fovea_project_get_concepts (self->project), get_name (self));
  gint64 ids[FOVEA_PICTURE_STRIP_MAX];
  double scores[FOVEA_PICTURE_STRIP_MAX];
  guint n_shown = 0;

  for (guint i = 0; i < MIN (n, FOVEA_PICTURE_STRIP_MAX); i++)
    {
      guint at = (guint) ((int) first + step * (int) i);
      gint64 id = fovea_evaluation_get_id (self->evaluation, self->ranking->rows[at]);

      if (id == 0)
        continue;
      ids[n_shown] = id;
      scores[n_shown++] = (double) self->ranking->scores[at];
    }
  gtk_label_set_label (side->title, title);
  gtk_widget_set_sensitive (side->all_button, n > 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (side->all_button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, title, -1);
  fovea_picture_strip_set_judged (side->strip, ids, scores, n_shown, concept);
}

/* Those nearest the threshold come first on both sides: they are the ones that a move of it concerns. */
static void
show_pictures (FoveaThresholdPanel *self, guint cut)
{
  guint n_below = self->ranking->n - cut;
  g_autofree char *above_title = g_strdup_printf (ngettext ("%u picture taken for %s, the least certain first",
                                                            "%u pictures taken for %s, the least certain first", cut), cut, get_name (self));
  g_autofree char *below_title = g_strdup_printf (ngettext ("%u picture not taken, the most likely first",
                                                            "%u pictures not taken, the most likely first", n_below), n_below);

  show_side (self, &self->above, cut - 1, -1, cut, above_title);
  show_side (self, &self->below, cut, 1, n_below, below_title);
}

static void
show_figures (FoveaThresholdPanel *self)
{
  FoveaConceptMetrics metrics = fovea_ranking_decide (self->ranking, self->threshold);
  g_autofree char *precision = fovea_chart_dup_percent (metrics.precision), *recall = fovea_chart_dup_percent (metrics.recall);
  g_autofree char *f1 = fovea_chart_dup_percent (metrics.f1);
  g_autofree char *text = g_strdup_printf (ngettext ("Threshold %.3f: precision %s, recall %s, F1 %s; %u of %u picture taken",
                                                     "Threshold %.3f: precision %s, recall %s, F1 %s; %u of %u pictures taken",
                                                     self->ranking->n),
                                           self->threshold, precision, recall, f1, metrics.n_predicted, self->ranking->n);

  gtk_label_set_label (self->figures_label, text);
  fovea_plot_set_mark_text (self->precision_recall, text);
  fovea_plot_set_mark_text (self->roc, text);
  show_pictures (self, metrics.n_predicted);
}

static void
set_threshold (FoveaThresholdPanel *self, double threshold)
{
  guint point;

  if (self->ranking == NULL || self->ranking->n == 0)
    return;
  self->threshold = threshold;
  self->updating = TRUE;
  point = find_point (self, threshold);
  fovea_plot_set_mark (self->precision_recall, point);
  fovea_plot_set_mark (self->roc, point);
  gtk_spin_button_set_value (self->spin, threshold);
  self->updating = FALSE;
  show_figures (self);
}

static void
on_mark_moved (FoveaPlot *plot, guint mark, FoveaThresholdPanel *self)
{
  if (mark < self->cuts->len)
    set_threshold (self, (double) self->ranking->scores[g_array_index (self->cuts, guint, mark) - 1]);
}

static void
on_spin_changed (GtkSpinButton *spin, FoveaThresholdPanel *self)
{
  if (!self->updating)
    set_threshold (self, gtk_spin_button_get_value (spin));
}

static void
on_best (FoveaThresholdPanel *self)
{
  if (self->ranking != NULL)
    set_threshold (self, fovea_ranking_best_threshold (self->ranking));
}

static void
want (FoveaThresholdPanel *self, gboolean taken)
{
  guint cut;
  g_autoptr (GArray) ids = NULL;
  g_autofree char *what = NULL;

  if (self->ranking == NULL)
    return;
  cut = fovea_ranking_cut (self->ranking, self->threshold);
  ids = fovea_evaluation_dup_ranked_ids (self->evaluation, self->ranking, taken ? 0 : cut, taken ? cut : self->ranking->n);
  what = g_strdup_printf (taken ? _("%s at %.3f or more") : _("%s below %.3f"), get_name (self), self->threshold);
  g_signal_emit (self, signals[PICTURES_WANTED], 0, ids, what);
}

static void
on_point_activated (FoveaPlot *plot, guint mark, FoveaThresholdPanel *self)
{
  want (self, TRUE);
}

static void
on_all_above (FoveaThresholdPanel *self)
{
  want (self, TRUE);
}

static void
on_all_below (FoveaThresholdPanel *self)
{
  want (self, FALSE);
}

/* ---- concept and evaluation ---- */

static void
show_concept (FoveaThresholdPanel *self)
{
  g_clear_pointer (&self->ranking, fovea_ranking_free);
  self->ranking = fovea_evaluation_rank (self->evaluation, self->concept);
  choose_cuts (self);
  draw_curves (self);
  gtk_widget_set_sensitive (GTK_WIDGET (self->spin), self->ranking->n > 0);
  gtk_widget_set_sensitive (self->best_button, self->ranking->n_positive > 0);
  if (self->ranking->n > 0)
    set_threshold (self, 0.5);
  else
    gtk_label_set_label (self->figures_label, _("No picture of this evaluation says whether it has the concept."));
}

static void
on_concept_chosen (FoveaThresholdPanel *self)
{
  guint chosen = gtk_drop_down_get_selected (self->concepts);

  if (self->updating || self->evaluation == NULL || chosen >= fovea_evaluation_get_n_concepts (self->evaluation))
    return;
  self->concept = chosen;
  show_concept (self);
}

guint
fovea_threshold_panel_get_concept (FoveaThresholdPanel *self)
{
  return self->concept;
}

void
fovea_threshold_panel_set_concept (FoveaThresholdPanel *self, guint concept)
{
  gtk_drop_down_set_selected (self->concepts, concept);
}

void
fovea_threshold_panel_set_evaluation (FoveaThresholdPanel *self, FoveaEvaluation *evaluation)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  g_clear_pointer (&self->ranking, fovea_ranking_free);
  g_clear_pointer (&self->evaluation, fovea_evaluation_unref);
  if (evaluation == NULL)
    return;
  self->evaluation = fovea_evaluation_ref (evaluation);
  for (guint c = 0; c < fovea_evaluation_get_n_concepts (evaluation); c++)
    gtk_string_list_append (names, fovea_evaluation_get_concept_name (evaluation, c));
  self->updating = TRUE;
  self->concept = 0;
  gtk_drop_down_set_model (self->concepts, G_LIST_MODEL (names));
  gtk_drop_down_set_selected (self->concepts, 0);
  self->updating = FALSE;
  if (fovea_evaluation_get_n_concepts (evaluation) > 0)
    show_concept (self);
}

/* ---- the object ---- */

static void
threshold_panel_dispose (GObject *object)
{
  FoveaThresholdPanel *self = FOVEA_THRESHOLD_PANEL (object);

  g_clear_pointer (&self->ranking, fovea_ranking_free);
  g_clear_pointer (&self->evaluation, fovea_evaluation_unref);
  g_clear_pointer (&self->cuts, g_array_unref);
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_threshold_panel_parent_class)->dispose (object);
}

static void
fovea_threshold_panel_class_init (FoveaThresholdPanelClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = threshold_panel_dispose;
  signals[PICTURES_WANTED] = g_signal_new ("pictures-wanted", FOVEA_TYPE_THRESHOLD_PANEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 2, G_TYPE_ARRAY, G_TYPE_STRING);
}

static GtkWidget *
make_controls (FoveaThresholdPanel *self)
{
  GtkWidget *box = g_object_new (FOVEA_TYPE_WRAP_BOX, "spacing", 12, NULL), *label = gtk_label_new (_("Threshold"));

  self->concepts = GTK_DROP_DOWN (gtk_drop_down_new (NULL, NULL));
  gtk_drop_down_set_enable_search (self->concepts, FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->concepts), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Concept"), -1);
  self->spin = GTK_SPIN_BUTTON (gtk_spin_button_new_with_range (0.0, 1.0, 0.01));
  gtk_spin_button_set_digits (self->spin, 3);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->spin), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Threshold"), -1);
  self->best_button = gtk_button_new_with_label (_("Best F1"));
  gtk_widget_set_tooltip_text (self->best_button, _("The threshold at which precision and recall together are best"));
  gtk_widget_set_parent (GTK_WIDGET (self->concepts), box);
  gtk_widget_set_parent (label, box);
  gtk_widget_set_parent (GTK_WIDGET (self->spin), box);
  gtk_widget_set_parent (self->best_button, box);
  g_signal_connect_swapped (self->concepts, "notify::selected", G_CALLBACK (on_concept_chosen), self);
  g_signal_connect (self->spin, "value-changed", G_CALLBACK (on_spin_changed), self);
  g_signal_connect_swapped (self->best_button, "clicked", G_CALLBACK (on_best), self);
  return box;
}

static GtkWidget *
make_plots (FoveaThresholdPanel *self)
{
  GtkWidget *flow = g_object_new (FOVEA_TYPE_WRAP_BOX, "spacing", 18, NULL);

  self->precision_recall = FOVEA_PLOT (fovea_plot_new (FOVEA_PLOT_CURVE, _("Precision and recall"), _("Recall"), _("Precision")));
  self->roc = FOVEA_PLOT (fovea_plot_new (FOVEA_PLOT_CURVE, _("ROC curve"), _("False positives"), _("True positives")));
  fovea_plot_set_diagonal (self->roc, TRUE);
  for (int i = 0; i < 2; i++)
    {
      FoveaPlot *plot = i == 0 ? self->precision_recall : self->roc;

      g_signal_connect (plot, "mark-moved", G_CALLBACK (on_mark_moved), self);
      g_signal_connect (plot, "mark-activated", G_CALLBACK (on_point_activated), self);
      gtk_widget_set_parent (GTK_WIDGET (plot), flow);
    }
  return flow;
}

static GtkWidget *
make_side (FoveaThresholdPanel *self, Side *side, GCallback on_all)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);

  side->title = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (side->title, 0.0f);
  gtk_label_set_wrap (side->title, TRUE);
  gtk_widget_set_hexpand (GTK_WIDGET (side->title), TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (side->title), "numeric");
  side->all_button = gtk_button_new_with_label (_("Show all"));
  gtk_widget_set_valign (side->all_button, GTK_ALIGN_CENTER);
  g_signal_connect_swapped (side->all_button, "clicked", on_all, self);
  side->strip = g_object_new (FOVEA_TYPE_PICTURE_STRIP, NULL);
  fovea_picture_strip_set_project (side->strip, self->project);
  gtk_box_append (GTK_BOX (head), GTK_WIDGET (side->title));
  gtk_box_append (GTK_BOX (head), side->all_button);
  gtk_box_append (GTK_BOX (box), head);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (side->strip));
  return box;
}

static void
fovea_threshold_panel_init (FoveaThresholdPanel *self)
{
  self->cuts = g_array_new (FALSE, FALSE, sizeof (guint));
}

GtkWidget *
fovea_threshold_panel_new (FoveaProject *project)
{
  FoveaThresholdPanel *self = g_object_new (FOVEA_TYPE_THRESHOLD_PANEL, NULL);
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);

  self->project = g_object_ref (project);
  self->figures_label = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_xalign (self->figures_label, 0.0f);
  gtk_label_set_wrap (self->figures_label, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->figures_label), "numeric");
  gtk_box_append (GTK_BOX (box), make_controls (self));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->figures_label));
  gtk_box_append (GTK_BOX (box), make_plots (self));
  gtk_box_append (GTK_BOX (box), make_side (self, &self->above, G_CALLBACK (on_all_above)));
  gtk_box_append (GTK_BOX (box), make_side (self, &self->below, G_CALLBACK (on_all_below)));
  adw_bin_set_child (ADW_BIN (self), box);
  return GTK_WIDGET (self);
}
