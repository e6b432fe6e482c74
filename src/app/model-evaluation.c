/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/model-evaluation.h"

#include <glib/gi18n.h>

#include "app/evaluation-view.h"
#include "app/headline.h"
#include "app/stack.h"

struct _FoveaModelEvaluation {
  AdwBin parent_instance;
  FoveaProject *project;
  FoveaModel *model;          /* (nullable) */
  gulong changed_id;
  GCancellable *cancellable;  /* of what is being loaded */
  char **splits;              /* of the project */
  char *shown_version, *shown_split; /* what the view shows */
  char *headline;             /* version and split that the headline was of when the place was chosen */
  double shown_value;
  gboolean shown, updating;

  GtkDropDown *where;
  GtkWidget *evaluate_button;
  GtkStack *stack;
  GtkLabel *message;
  FoveaEvaluationView *view;
};

G_DEFINE_FINAL_TYPE (FoveaModelEvaluation, fovea_model_evaluation, ADW_TYPE_BIN)

enum { PICTURES_WANTED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* NULL: cross-validation, or pictures held out. */
static const char *
get_split (FoveaModelEvaluation *self)
{
  guint chosen = gtk_drop_down_get_selected (self->where);

  return chosen == 0 || self->splits == NULL || chosen > g_strv_length (self->splits) ? NULL : self->splits[chosen - 1];
}

static void
say (FoveaModelEvaluation *self, const char *text)
{
  self->shown = FALSE;
  gtk_label_set_label (self->message, text);
  fovea_stack_show_only (self->stack, "message");
}

/* ---- showing ---- */

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelEvaluation) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaEvaluation) evaluation = fovea_project_load_evaluation_finish (FOVEA_PROJECT (source), result, &error);
  FoveaModelVersion *version;

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable || self->model == NULL)
    return;
  version = fovea_model_get_current (self->model);
  if (evaluation == NULL || version == NULL)
    {
      say (self, get_split (self) != NULL                ? _("The pictures of this evaluation were not kept. Evaluate again.")
                 : fovea_headline_holds_out (self->model) ? _("Which pictures were held out was not kept. Train again.")
                                                          : _("The pictures of this cross-validation were not kept. Train again."));
      return;
    }
  self->shown = TRUE;
  fovea_evaluation_view_set_evaluation (self->view, evaluation, fovea_model_version_get_headline_on (version, get_split (self)));
  fovea_stack_show_only (self->stack, "view");
}

static gboolean
is_shown (FoveaModelEvaluation *self, FoveaModelVersion *version, const char *split)
{
  return self->shown && g_strcmp0 (self->shown_version, fovea_model_version_get_id (version)) == 0 && g_strcmp0 (self->shown_split, split) == 0
         && !(self->shown_value < fovea_model_version_get_headline_on (version, split)->value)
         && !(self->shown_value > fovea_model_version_get_headline_on (version, split)->value);
}

static void
load (FoveaModelEvaluation *self, FoveaModelVersion *version, const char *split)
{
  if (is_shown (self, version, split))
    return;
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  g_free (self->shown_version);
  g_free (self->shown_split);
  self->shown_version = g_strdup (fovea_model_version_get_id (version));
  self->shown_split = g_strdup (split);
  self->shown_value = fovea_model_version_get_headline_on (version, split)->value;
  fovea_project_load_evaluation_async (self->project, self->shown_version, split, self->cancellable, on_loaded, g_object_ref (self));
}

static void
show_where (FoveaModelEvaluation *self, FoveaModelVersion *version)
{
  const char *split = get_split (self);
  FoveaJob *job = self->model != NULL ? fovea_model_get_job (self->model) : NULL;

  gtk_widget_set_sensitive (self->evaluate_button, version != NULL && split != NULL && job == NULL
                                                     && !fovea_project_get_read_only (self->project));
  gtk_widget_set_visible (self->evaluate_button, split != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self->where), version != NULL);
  if (version == NULL)
    say (self, self->model != NULL && !fovea_model_get_trainable (self->model)
                   ? _("A ready-made model has other concepts than yours; it is not evaluated here.")
                   : _("Train the model first; then its figures stand here."));
  else if (fovea_model_version_get_headline_on (version, split)->known)
    load (self, version, split);
  else if (job != NULL && fovea_job_get_kind (job) == FOVEA_JOB_EVALUATE)
    say (self, _("Being evaluated…"));
  else
    say (self, split != NULL                            ? _("Not evaluated on this split yet.")
               : fovea_headline_holds_out (self->model) ? _("There were too few pictures to hold some out. Label more, then train again.")
                                                        : _("There were too few pictures for cross-validation. Label more, then train again."));
}

static char *
dup_headline (FoveaModelVersion *version)
{
  const char *split = version != NULL ? fovea_model_version_get_headline (version)->split : NULL;

  return version != NULL ? g_strdup_printf ("%s %s", fovea_model_version_get_id (version), split != NULL ? split : "") : NULL;
}

static void choose_where (FoveaModelEvaluation *self);

static void
refresh (FoveaModelEvaluation *self)
{
  FoveaModelVersion *version = self->model != NULL ? fovea_model_get_current (self->model) : NULL;
  g_autofree char *headline = dup_headline (version);

  /* A new version, or one that was measured elsewhere since: where its headline comes from. */
  if (g_strcmp0 (headline, self->headline) != 0)
    choose_where (self);
  show_where (self, version);
}

/* ---- evaluating ---- */

static void
on_evaluated (FoveaJob *job, FoveaModelEvaluation *self)
{
  const GError *error = fovea_job_get_error (job);

  if (error != NULL)
    say (self, error->message);
}

static void
on_evaluate (FoveaModelEvaluation *self)
{
  g_autoptr (FoveaJob) job = NULL;

  if (self->model == NULL || fovea_model_get_current (self->model) == NULL)
    return;
  self->shown = FALSE;
  job = fovea_project_evaluate_version (self->project, fovea_model_get_id (self->model),
                                        fovea_model_version_get_id (fovea_model_get_current (self->model)), get_split (self));
  g_signal_connect_object (job, "finished", G_CALLBACK (on_evaluated), self, 0);
}

static void
on_where_chosen (FoveaModelEvaluation *self)
{
  if (!self->updating)
    refresh (self);
}

/* Where the headline comes from is chosen first. */
static void
choose_where (FoveaModelEvaluation *self)
{
  FoveaModelVersion *version = self->model != NULL ? fovea_model_get_current (self->model) : NULL;
  const char *split = version != NULL ? fovea_model_version_get_headline (version)->split : NULL;
  guint chosen = 0;

  g_free (self->headline);
  self->headline = dup_headline (version);
  for (guint i = 0; split != NULL && self->splits != NULL && self->splits[i] != NULL; i++)
    if (g_strcmp0 (self->splits[i], split) == 0)
      chosen = i + 1;
  self->updating = TRUE;
  gtk_drop_down_set_selected (self->where, chosen);
  self->updating = FALSE;
}

static void
on_splits (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelEvaluation) self = data;
  g_auto (GStrv) splits = fovea_project_list_splits_finish (FOVEA_PROJECT (source), result, NULL);
  g_autoptr (GtkStringList) places = NULL;

  if (splits == NULL || self->project == NULL)
    return;
  places = fovea_headline_list_places ((const char *const *) splits, fovea_headline_holds_out (self->model));
  g_strfreev (self->splits);
  self->splits = g_steal_pointer (&splits);
  self->updating = TRUE;
  gtk_drop_down_set_model (self->where, G_LIST_MODEL (places));
  self->updating = FALSE;
  choose_where (self);
  refresh (self);
}

void
fovea_model_evaluation_set_model (FoveaModelEvaluation *self, FoveaModel *model)
{
  if (self->model != NULL)
    g_clear_signal_handler (&self->changed_id, self->model);
  g_set_object (&self->model, model);
  self->shown = FALSE;
  if (model == NULL)
    return;
  self->changed_id = g_signal_connect_swapped (model, "changed", G_CALLBACK (refresh), self);
  choose_where (self);
  refresh (self);
  fovea_project_list_splits_async (self->project, NULL, on_splits, g_object_ref (self));
}

static void
on_view_wants (GtkWidget *view, GArray *ids, const char *what, FoveaModelEvaluation *self)
{
  g_signal_emit (self, signals[PICTURES_WANTED], 0, ids, what);
}

FoveaOpinions *
fovea_model_evaluation_dup_opinions (FoveaModelEvaluation *self)
{
  return self->shown ? fovea_evaluation_view_dup_opinions (self->view) : NULL;
}

/* ---- the object ---- */

static void
model_evaluation_dispose (GObject *object)
{
  FoveaModelEvaluation *self = FOVEA_MODEL_EVALUATION (object);

  if (self->model != NULL)
    g_clear_signal_handler (&self->changed_id, self->model);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->model);
  g_clear_object (&self->project);
  g_clear_pointer (&self->splits, g_strfreev);
  g_clear_pointer (&self->shown_version, g_free);
  g_clear_pointer (&self->shown_split, g_free);
  g_clear_pointer (&self->headline, g_free);
  G_OBJECT_CLASS (fovea_model_evaluation_parent_class)->dispose (object);
}

static void
fovea_model_evaluation_class_init (FoveaModelEvaluationClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = model_evaluation_dispose;
  signals[PICTURES_WANTED] = g_signal_new ("pictures-wanted", FOVEA_TYPE_MODEL_EVALUATION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 2, G_TYPE_ARRAY, G_TYPE_STRING);
}

static void
fovea_model_evaluation_init (FoveaModelEvaluation *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 18), *head = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  const char *const none[] = { NULL };

  self->where = GTK_DROP_DOWN (gtk_drop_down_new (G_LIST_MODEL (fovea_headline_list_places (none, FALSE)), NULL));
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->where), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Measured on"), -1);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->where), _("On which pictures the model is measured"));
  self->evaluate_button = gtk_button_new_with_label (_("Evaluate"));
  gtk_box_append (GTK_BOX (head), GTK_WIDGET (self->where));
  gtk_box_append (GTK_BOX (head), self->evaluate_button);
  self->stack = GTK_STACK (gtk_stack_new ());
  gtk_stack_set_vhomogeneous (self->stack, FALSE);
  self->message = GTK_LABEL (gtk_label_new (NULL));
  gtk_label_set_wrap (self->message, TRUE);
  gtk_label_set_xalign (self->message, 0.0f);
  gtk_widget_set_valign (GTK_WIDGET (self->message), GTK_ALIGN_START);
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->message), "message");
  gtk_box_append (GTK_BOX (box), head);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->stack));
  adw_bin_set_child (ADW_BIN (self), box);
  g_signal_connect_swapped (self->where, "notify::selected", G_CALLBACK (on_where_chosen), self);
  g_signal_connect_swapped (self->evaluate_button, "clicked", G_CALLBACK (on_evaluate), self);
}

GtkWidget *
fovea_model_evaluation_new (FoveaProject *project)
{
  FoveaModelEvaluation *self = g_object_new (FOVEA_TYPE_MODEL_EVALUATION, NULL);

  self->project = g_object_ref (project);
  self->view = FOVEA_EVALUATION_VIEW (fovea_evaluation_view_new (project));
  gtk_stack_add_named (self->stack, GTK_WIDGET (self->view), "view");
  g_signal_connect (self->view, "pictures-wanted", G_CALLBACK (on_view_wants), self);
  return GTK_WIDGET (self);
}
