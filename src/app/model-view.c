/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/model-view.h"

#include <glib/gi18n.h>

#include "app/accessible-names.h"
#include "app/advice-box.h"
#include "app/headline.h"
#include "app/job-row.h"
#include "app/model-evaluation.h"
#include "app/stack.h"
#include "app/training-curves.h"
#include "app/try-panel.h"
#include "app/version-compare.h"
#include "app/wrap-box.h"
#include "engine/catalog.h"

#define TAB_KEY "fovea-tab"

struct _FoveaModelView {
  AdwBin parent_instance;
  FoveaProject *project;
  FoveaModel *model; /* (nullable) */
  gulong changed_id;
  FoveaJob *job;     /* (nullable) whose row is shown */

  GtkLabel *name_label, *state_label, *error_label, *no_versions_label, *compare_title;
  GtkToggleButton *overview_tab, *evaluation_tab, *versions_tab, *try_tab;
  GtkListBox *job_list, *versions_list;
  GtkStack *stack;
  AdwEntryRow *purpose_row;
  AdwActionRow *question_row, *concepts_row, *data_row, *figure_row, *suggest_row;
  AdwClamp *evaluation_clamp, *try_clamp;
  GtkBox *versions_box, *overview_box;
  FoveaTrainingCurves *curves;
  FoveaAdviceBox *advice;
  char *advised; /* (nullable) version that it was asked about */
  FoveaModelEvaluation *evaluation;
  FoveaVersionCompare *compare;
  FoveaTryPanel *try_panel;
};

G_DEFINE_FINAL_TYPE (FoveaModelView, fovea_model_view, ADW_TYPE_BIN)

enum { PICTURES_WANTED, PURPOSE_CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- overview ---- */

static void
set_subtitle (AdwActionRow *row, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  adw_action_row_set_subtitle (row, escaped);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
}

static gboolean
embeds (FoveaModel *model)
{
  FoveaTypeCard card = { 0 };

  return fovea_catalog_get_card (fovea_model_get_type_id (model), &card) && card.embeds;
}

static char *
dup_concepts (FoveaModel *model)
{
  FoveaModelVersion *current = fovea_model_get_current (model);
  const char *const *names = current != NULL ? fovea_model_version_get_concepts (current) : fovea_model_get_concepts (model);

  if (names != NULL && names[0] != NULL)
    return g_strjoinv (", ", (char **) names);
  return g_strdup (fovea_model_get_trainable (model) ? _("All that are labelled when it is trained")
                                                     : _("1,000 everyday things, or those of its network"));
}

static char *
dup_data (FoveaModel *model)
{
  FoveaModelVersion *current = fovea_model_get_current (model);
  g_autofree char *time = NULL;
  g_autofree char *split = NULL;
  const guint n = current != NULL ? fovea_model_version_get_n_pictures (current) : 0;

  if (current == NULL && fovea_model_get_trainable (model))
    return g_strdup (_("Not trained yet"));
  if (n == 0) /* one that was imported, or a pack's */
    return g_strdup (_("Nothing of yours: it was trained by its makers"));
  time = fovea_headline_dup_time (fovea_model_version_get_created_us (current));
  split = fovea_model_version_get_split (current) != NULL
            ? fovea_headline_dup_split_name (fovea_model_version_get_split (current))
            : g_strdup (_("all that were labelled"));
  return g_strdup_printf (ngettext ("%u picture, %s; %s, in %.1f seconds", "%u pictures, %s; %s, in %.1f seconds", n), n, split, time,
                          fovea_model_version_get_seconds (current));
}

static void
show_overview (FoveaModelView *self)
{
  FoveaModelVersion *current = fovea_model_get_current (self->model);
  g_autofree char *concepts = dup_concepts (self->model), *data = dup_data (self->model);
  g_autofree char *figure = current != NULL ? fovea_headline_dup_text (fovea_model_version_get_headline (current)) : NULL;
  g_autofree char *question = NULL;
  FoveaTypeCard card = { 0 };

  if (fovea_catalog_get_card (fovea_model_get_type_id (self->model), &card))
    question = g_strdup_printf ("%s %s", card.question, card.description);
  set_subtitle (self->question_row, question != NULL ? question : fovea_model_get_type_id (self->model));
  set_subtitle (self->concepts_row, concepts);
  set_subtitle (self->data_row, data);
  set_subtitle (self->figure_row, figure != NULL ? figure : _("Not evaluated"));
  gtk_widget_set_visible (GTK_WIDGET (self->figure_row), fovea_model_get_trainable (self->model));
}

/* ---- versions ---- */

static GtkWidget *
version_row_new (FoveaModelVersion *version)
{
  GtkWidget *row = adw_expander_row_new (), *log = gtk_label_new (NULL);
  g_autofree char *time = fovea_headline_dup_time (fovea_model_version_get_created_us (version));
  g_autofree char *title = g_strdup_printf (_("Version %u, %s"), fovea_model_version_get_number (version), time);
  g_autofree char *figure = fovea_model_version_is_trained (version) ? fovea_headline_dup_text (fovea_model_version_get_headline (version))
                                                                     : g_strdup_printf (_("Failed: %s"), fovea_model_version_get_details (version));
  g_autofree char *subtitle = g_markup_escape_text (figure, -1);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (row), subtitle);
  gtk_label_set_label (GTK_LABEL (log), fovea_model_version_get_log (version));
  gtk_label_set_xalign (GTK_LABEL (log), 0.0f);
  gtk_label_set_wrap (GTK_LABEL (log), TRUE);
  gtk_label_set_selectable (GTK_LABEL (log), TRUE);
  gtk_widget_add_css_class (log, "version-log");
  adw_expander_row_add_row (ADW_EXPANDER_ROW (row), log);
  fovea_name_list_row (log, title);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, title, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, figure, -1);
  return row;
}

static void
show_versions (FoveaModelView *self)
{
  GListModel *versions = fovea_model_get_versions (self->model);
  guint n = g_list_model_get_n_items (versions);
  GtkWidget *row;

  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->versions_list))) != NULL)
    gtk_list_box_remove (self->versions_list, row);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FoveaModelVersion) version = g_list_model_get_item (versions, i);

      gtk_list_box_append (self->versions_list, version_row_new (version));
    }
  gtk_widget_set_visible (GTK_WIDGET (self->versions_list), n > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->no_versions_label), n == 0);
}

/* ---- what runs ---- */

static void
on_job_finished (FoveaJob *job, FoveaModelView *self)
{
  const GError *error = fovea_job_get_error (job);

  fovea_model_view_set_error (self, error != NULL ? error->message : "");
}

static void
show_job (FoveaModelView *self)
{
  FoveaJob *job = fovea_model_get_job (self->model);
  GtkWidget *row;

  if (job == self->job)
    return;
  g_set_object (&self->job, job);
  fovea_training_curves_set_job (self->curves, job, embeds (self->model));
  while ((row = gtk_widget_get_first_child (GTK_WIDGET (self->job_list))) != NULL)
    gtk_list_box_remove (self->job_list, row);
  gtk_widget_set_visible (GTK_WIDGET (self->job_list), job != NULL);
  if (job == NULL)
    return;
  fovea_model_view_set_error (self, "");
  gtk_list_box_append (self->job_list, fovea_job_row_new (job));
  g_signal_connect_object (job, "finished", G_CALLBACK (on_job_finished), self, 0);
}

/* Of a classifier on the pretrained network: whether a deep one would do better, asked anew for each version. */
static void
show_advice (FoveaModelView *self)
{
  FoveaModelVersion *current = fovea_model_get_current (self->model);
  const char *id = current != NULL && g_str_equal (fovea_model_get_type_id (self->model), "embedding-classifier")
                     ? fovea_model_version_get_id (current) : NULL;

  if (g_strcmp0 (id, self->advised) == 0)
    return;
  g_free (self->advised);
  self->advised = g_strdup (id);
  fovea_advice_box_ask (self->advice, id != NULL ? self->project : NULL);
}

static void
refresh (FoveaModelView *self)
{
  g_autofree char *state = fovea_headline_dup_model_text (self->model);

  gtk_label_set_label (self->name_label, fovea_model_get_name (self->model));
  gtk_label_set_label (self->state_label, state);
  /* Of an embedder there are only numbers to see. */
  gtk_widget_set_visible (GTK_WIDGET (self->try_tab), !embeds (self->model));
  gtk_widget_set_visible (GTK_WIDGET (self->suggest_row), !embeds (self->model));
  show_overview (self);
  show_versions (self);
  show_job (self);
  show_advice (self);
}

/* ---- tabs ---- */

static void
on_tab (GtkToggleButton *tab, FoveaModelView *self)
{
  if (gtk_toggle_button_get_active (tab))
    fovea_stack_show_only (self->stack, g_object_get_data (G_OBJECT (tab), TAB_KEY));
}

static GtkToggleButton *
get_tab (FoveaModelView *self, const char *name)
{
  GtkToggleButton *const tabs[] = { self->overview_tab, self->evaluation_tab, self->versions_tab, self->try_tab };

  for (guint i = 0; i < G_N_ELEMENTS (tabs); i++)
    if (g_strcmp0 (g_object_get_data (G_OBJECT (tabs[i]), TAB_KEY), name) == 0)
      return tabs[i];
  return self->overview_tab;
}

void
fovea_model_view_show_tab (FoveaModelView *self, const char *name)
{
  gtk_toggle_button_set_active (get_tab (self, name), TRUE);
  fovea_stack_show_only (self->stack, name);
}

/* ---- calls of the page ---- */

void
fovea_model_view_set_error (FoveaModelView *self, const char *text)
{
  gtk_label_set_label (self->error_label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->error_label), text[0] != '\0');
}

FoveaModel *
fovea_model_view_get_model (FoveaModelView *self)
{
  return self->model;
}

/* What was read of another model stands somewhere else on its page. */
static void
scroll_up (FoveaModelView *self)
{
  for (GtkWidget *tab = gtk_widget_get_first_child (GTK_WIDGET (self->stack)); tab != NULL; tab = gtk_widget_get_next_sibling (tab))
    gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (tab)), 0.0);
}

void
fovea_model_view_set_model (FoveaModelView *self, FoveaModel *model)
{
  if (self->model == model)
    return;
  if (self->model != NULL)
    g_clear_signal_handler (&self->changed_id, self->model);
  g_set_object (&self->model, model);
  fovea_model_evaluation_set_model (self->evaluation, model);
  fovea_version_compare_set_model (self->compare, model);
  if (model == NULL)
    return;
  fovea_try_panel_set_model (self->try_panel, fovea_model_get_id (model));
  self->changed_id = g_signal_connect_swapped (model, "changed", G_CALLBACK (refresh), self);
  gtk_editable_set_text (GTK_EDITABLE (self->purpose_row), fovea_model_get_notes (model));
  fovea_model_view_set_error (self, "");
  fovea_model_view_show_tab (self, "overview");
  scroll_up (self);
  refresh (self);
}

static void
on_purpose_applied (FoveaModelView *self)
{
  g_signal_emit (self, signals[PURPOSE_CHANGED], 0, gtk_editable_get_text (GTK_EDITABLE (self->purpose_row)));
}

FoveaOpinions *
fovea_model_view_dup_opinions (FoveaModelView *self)
{
  const char *tab = gtk_stack_get_visible_child_name (self->stack);

  if (g_strcmp0 (tab, "evaluation") == 0)
    return fovea_model_evaluation_dup_opinions (self->evaluation);
  return g_strcmp0 (tab, "versions") == 0 ? fovea_version_compare_dup_opinions (self->compare) : NULL;
}

static void
on_part_wants (GtkWidget *part, GArray *ids, const char *what, FoveaModelView *self)
{
  g_signal_emit (self, signals[PICTURES_WANTED], 0, ids, what);
}

/* ---- the object ---- */

static void
model_view_dispose (GObject *object)
{
  FoveaModelView *self = FOVEA_MODEL_VIEW (object);

  if (self->model != NULL)
    g_clear_signal_handler (&self->changed_id, self->model);
  g_clear_object (&self->model);
  g_clear_object (&self->job);
  g_clear_object (&self->project);
  g_clear_pointer (&self->advised, g_free);
  G_OBJECT_CLASS (fovea_model_view_parent_class)->dispose (object);
}

static void
fovea_model_view_class_init (FoveaModelViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = model_view_dispose;
  signals[PICTURES_WANTED] = g_signal_new ("pictures-wanted", FOVEA_TYPE_MODEL_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                           G_TYPE_ARRAY, G_TYPE_STRING);
  signals[PURPOSE_CHANGED] = g_signal_new ("purpose-changed", FOVEA_TYPE_MODEL_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                           G_TYPE_STRING);
  g_type_ensure (FOVEA_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/model-view.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, name_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, state_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, error_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, no_versions_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, compare_title);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, overview_tab);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, evaluation_tab);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, versions_tab);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, try_tab);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, job_list);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, versions_list);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, stack);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, purpose_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, question_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, concepts_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, data_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, figure_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, suggest_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, evaluation_clamp);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, try_clamp);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, versions_box);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelView, overview_box);
}

static void
fovea_model_view_init (FoveaModelView *self)
{
  static const char *const names[] = { "overview", "evaluation", "versions", "try" };

  gtk_widget_init_template (GTK_WIDGET (self));
  {
    GtkToggleButton *const tabs[] = { self->overview_tab, self->evaluation_tab, self->versions_tab, self->try_tab };

    for (guint i = 0; i < G_N_ELEMENTS (tabs); i++)
      {
        g_object_set_data (G_OBJECT (tabs[i]), TAB_KEY, (gpointer) names[i]);
        g_signal_connect (tabs[i], "toggled", G_CALLBACK (on_tab), self);
      }
  }
  g_signal_connect_swapped (self->purpose_row, "apply", G_CALLBACK (on_purpose_applied), self);
}

GtkWidget *
fovea_model_view_new (FoveaProject *project)
{
  FoveaModelView *self = g_object_new (FOVEA_TYPE_MODEL_VIEW, NULL);

  self->project = g_object_ref (project);
  self->evaluation = FOVEA_MODEL_EVALUATION (fovea_model_evaluation_new (project));
  self->compare = FOVEA_VERSION_COMPARE (fovea_version_compare_new (project));
  self->try_panel = FOVEA_TRY_PANEL (fovea_try_panel_new (project));
  gtk_widget_add_css_class (GTK_WIDGET (self->evaluation), "page-content");
  gtk_widget_add_css_class (GTK_WIDGET (self->try_panel), "page-content");
  adw_clamp_set_child (self->evaluation_clamp, GTK_WIDGET (self->evaluation));
  adw_clamp_set_child (self->try_clamp, GTK_WIDGET (self->try_panel));
  gtk_box_append (self->versions_box, GTK_WIDGET (self->compare));
  self->curves = FOVEA_TRAINING_CURVES (fovea_training_curves_new ());
  gtk_box_prepend (self->overview_box, GTK_WIDGET (self->curves));
  self->advice = g_object_new (FOVEA_TYPE_ADVICE_BOX, NULL);
  gtk_box_append (self->overview_box, GTK_WIDGET (self->advice));
  g_signal_connect (self->evaluation, "pictures-wanted", G_CALLBACK (on_part_wants), self);
  g_signal_connect (self->compare, "pictures-wanted", G_CALLBACK (on_part_wants), self);
  fovea_model_view_show_tab (self, "overview");
  return GTK_WIDGET (self);
}
