/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/version-compare.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/chart-draw.h"
#include "app/headline.h"
#include "app/wrap-box.h"

#define IDS_KEY "fovea-ids"

struct _FoveaVersionCompare {
  AdwBin parent_instance;
  FoveaProject *project;
  FoveaModel *model; /* (nullable) */
  gulong changed_id;
  GCancellable *cancellable;
  GPtrArray *versions; /* of FoveaModelVersion that are trained, newest first */
  char **splits;       /* on which both were, or can be, evaluated */
  FoveaEvaluation *first, *second;
  gboolean updating;

  GtkWidget *choices;
  GtkDropDown *first_choice, *second_choice, *where;
  GtkWidget *evaluate_button;
  GtkLabel *message;
  GtkBox *result;
};

G_DEFINE_FINAL_TYPE (FoveaVersionCompare, fovea_version_compare, ADW_TYPE_BIN)

enum { PICTURES_WANTED, N_SIGNALS };
static guint signals[N_SIGNALS];

static FoveaModelVersion *
get_version (FoveaVersionCompare *self, GtkDropDown *choice)
{
  guint chosen = gtk_drop_down_get_selected (choice);

  return chosen < self->versions->len ? g_ptr_array_index (self->versions, chosen) : NULL;
}

static const char *
get_split (FoveaVersionCompare *self)
{
  guint chosen = gtk_drop_down_get_selected (self->where);

  return chosen > 0 && self->splits != NULL && chosen <= g_strv_length (self->splits) ? self->splits[chosen - 1] : NULL;
}

static void
say (FoveaVersionCompare *self, const char *text)
{
  gtk_label_set_label (self->message, text);
  gtk_widget_set_visible (GTK_WIDGET (self->message), text[0] != '\0');
}

static void
clear_result (FoveaVersionCompare *self)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->result))) != NULL)
    gtk_box_remove (self->result, child);
}

/* ---- the result ---- */

static GtkWidget *
label_new (const char *text, float xalign, const char *style)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), xalign);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "numeric");
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  return label;
}

static void
on_count_clicked (GtkButton *button, FoveaVersionCompare *self)
{
  g_signal_emit (self, signals[PICTURES_WANTED], 0, g_object_get_data (G_OBJECT (button), IDS_KEY),
                 gtk_button_get_label (button));
}

static void
add_count (FoveaVersionCompare *self, GtkWidget *box, GArray *ids, const char *text)
{
  GtkWidget *button = gtk_button_new_with_label (text);

  gtk_widget_set_sensitive (button, ids->len > 0);
  g_object_set_data_full (G_OBJECT (button), IDS_KEY, g_array_ref (ids), (GDestroyNotify) g_array_unref);
  g_signal_connect (button, "clicked", G_CALLBACK (on_count_clicked), self);
  gtk_widget_set_parent (button, box);
}

static void
add_changes (FoveaVersionCompare *self)
{
  g_autoptr (FoveaEvaluationChanges) changes = fovea_evaluation_compare (self->first, self->second);
  GtkWidget *box = g_object_new (FOVEA_TYPE_WRAP_BOX, "spacing", 12, NULL);
  g_autofree char *same = g_strdup_printf (ngettext ("On the %zu picture that both looked at:", "On the %zu pictures that both looked at:",
                                                     changes->n), changes->n);
  g_autofree char *fixed = g_strdup_printf (_("%u now right"), changes->fixed->len);
  g_autofree char *broken = g_strdup_printf (_("%u now wrong"), changes->broken->len);
  g_autofree char *both = g_strdup_printf (_("%u wrong in both"), changes->both_wrong->len);
  g_autofree char *changed = g_strdup_printf (_("%u answered differently"), changes->changed->len);

  gtk_box_append (self->result, label_new (same, 0.0f, NULL));
  add_count (self, box, changes->fixed, fixed);
  add_count (self, box, changes->broken, broken);
  add_count (self, box, changes->both_wrong, both);
  add_count (self, box, changes->changed, changed);
  gtk_box_append (self->result, box);
}

static const FoveaConceptFigures *
find_figures (FoveaEvaluation *evaluation, const char *name)
{
  for (guint c = 0; c < fovea_evaluation_get_n_concepts (evaluation); c++)
    if (g_strcmp0 (fovea_evaluation_get_concept_name (evaluation, c), name) == 0)
      return fovea_evaluation_get_figures (evaluation, c);
  return NULL;
}

static char *
dup_difference (double from, double to)
{
  if (isnan (from) || isnan (to))
    return g_strdup ("");
  return g_strdup_printf ("%+.0f", 100.0 * (to - from));
}

static void
add_concepts (FoveaVersionCompare *self)
{
  GtkGrid *grid = GTK_GRID (gtk_grid_new ());
  const char *const titles[] = { _("Concept"), _("F1 before"), _("F1 after"), _("Points") };
  int row = 1;

  gtk_grid_set_column_spacing (grid, 24);
  gtk_grid_set_row_spacing (grid, 6);
  gtk_widget_set_halign (GTK_WIDGET (grid), GTK_ALIGN_START);
  for (int i = 0; i < 4; i++)
    gtk_grid_attach (grid, label_new (titles[i], i == 0 ? 0.0f : 1.0f, "heading"), i, 0, 1, 1);
  for (guint c = 0; c < fovea_evaluation_get_n_concepts (self->second); c++)
    {
      const char *name = fovea_evaluation_get_concept_name (self->second, c);
      const FoveaConceptFigures *before = find_figures (self->first, name), *after = fovea_evaluation_get_figures (self->second, c);
      double from = before != NULL ? before->decision.f1 : (double) NAN;
      g_autofree char *from_text = fovea_chart_dup_percent (from), *to_text = fovea_chart_dup_percent (after->decision.f1);
      g_autofree char *difference = dup_difference (from, after->decision.f1);

      gtk_grid_attach (grid, label_new (name, 0.0f, NULL), 0, row, 1, 1);
      gtk_grid_attach (grid, label_new (from_text, 1.0f, NULL), 1, row, 1, 1);
      gtk_grid_attach (grid, label_new (to_text, 1.0f, NULL), 2, row, 1, 1);
      gtk_grid_attach (grid, label_new (difference, 1.0f, NULL), 3, row++, 1, 1);
    }
  gtk_box_append (self->result, GTK_WIDGET (grid));
}

static void
add_accuracy (FoveaVersionCompare *self, FoveaModelVersion *version)
{
  g_autofree char *figure = fovea_headline_dup_text (fovea_model_version_get_headline_on (version, get_split (self)));
  g_autofree char *text = g_strdup_printf (_("Version %u: %s"), fovea_model_version_get_number (version), figure);

  gtk_box_append (self->result, label_new (text, 0.0f, NULL));
}

static void
show_result (FoveaVersionCompare *self)
{
  if (self->first == NULL || self->second == NULL)
    return;
  clear_result (self);
  say (self, "");
  add_accuracy (self, get_version (self, self->first_choice));
  add_accuracy (self, get_version (self, self->second_choice));
  add_changes (self);
  add_concepts (self);
}

/* ---- loading ---- */

static void
take_evaluation (FoveaVersionCompare *self, GObject *source, GAsyncResult *result, FoveaEvaluation **field)
{
  g_autoptr (GError) error = NULL;
  FoveaEvaluation *evaluation = fovea_project_load_evaluation_finish (FOVEA_PROJECT (source), result, &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    {
      g_clear_pointer (&evaluation, fovea_evaluation_unref);
      return;
    }
  if (evaluation == NULL)
    say (self, _("The pictures of one of these evaluations were not kept. Evaluate again."));
  g_clear_pointer (field, fovea_evaluation_unref);
  *field = evaluation;
  show_result (self);
}

static void
on_first (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaVersionCompare) self = data;

  take_evaluation (self, source, result, &self->first);
}

static void
on_second (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaVersionCompare) self = data;

  take_evaluation (self, source, result, &self->second);
}

static void
refresh (FoveaVersionCompare *self)
{
  FoveaModelVersion *first = get_version (self, self->first_choice), *second = get_version (self, self->second_choice);
  const char *split = get_split (self);
  gboolean known;

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->first, fovea_evaluation_unref);
  g_clear_pointer (&self->second, fovea_evaluation_unref);
  clear_result (self);
  if (first == NULL || second == NULL || first == second)
    {
      say (self, self->versions->len < 2 ? _("Two trainings of the model can be compared here.") : _("Choose two different versions."));
      gtk_widget_set_visible (self->evaluate_button, FALSE);
      return;
    }
  known = fovea_model_version_get_headline_on (first, split)->known && fovea_model_version_get_headline_on (second, split)->known;
  gtk_widget_set_visible (self->evaluate_button, !known && split != NULL);
  say (self, known                                    ? ""
             : split != NULL                          ? _("Not both of them were evaluated on this split.")
             : fovea_headline_holds_out (self->model) ? _("Not both of them were measured on pictures that were held out.")
                                                      : _("Not both of them were cross-validated."));
  if (!known)
    return;
  self->cancellable = g_cancellable_new ();
  fovea_project_load_evaluation_async (self->project, fovea_model_version_get_id (first), split, self->cancellable, on_first, g_object_ref (self));
  fovea_project_load_evaluation_async (self->project, fovea_model_version_get_id (second), split, self->cancellable, on_second, g_object_ref (self));
}

static void
on_chosen (FoveaVersionCompare *self)
{
  if (!self->updating)
    refresh (self);
}

static void
on_evaluated (FoveaJob *job, FoveaVersionCompare *self)
{
  const GError *error = fovea_job_get_error (job);

  if (error != NULL)
    say (self, error->message);
}

static void
on_evaluate (FoveaVersionCompare *self)
{
  GtkDropDown *const choices[] = { self->first_choice, self->second_choice };

  for (guint i = 0; i < 2; i++)
    {
      FoveaModelVersion *version = get_version (self, choices[i]);
      g_autoptr (FoveaJob) job = NULL;

      if (version == NULL || fovea_model_version_get_headline_on (version, get_split (self))->known)
        continue;
      job = fovea_project_evaluate_version (self->project, fovea_model_get_id (self->model), fovea_model_version_get_id (version),
                                            get_split (self));
      g_signal_connect_object (job, "finished", G_CALLBACK (on_evaluated), self, 0);
    }
  gtk_widget_set_visible (self->evaluate_button, FALSE);
  say (self, _("Being evaluated…"));
}

/* ---- what can be chosen ---- */

/* The place of the version with that id, or @otherwise. */
static guint
find_version (FoveaVersionCompare *self, const char *id, guint otherwise)
{
  for (guint i = 0; i < self->versions->len; i++)
    if (g_strcmp0 (fovea_model_version_get_id (g_ptr_array_index (self->versions, i)), id) == 0)
      return i;
  return otherwise;
}

static char *
dup_chosen_id (FoveaVersionCompare *self, GtkDropDown *choice)
{
  FoveaModelVersion *version = get_version (self, choice);

  return version != NULL ? g_strdup (fovea_model_version_get_id (version)) : NULL;
}

static gboolean
knows_all (FoveaVersionCompare *self, GListModel *versions)
{
  guint n = g_list_model_get_n_items (versions);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FoveaModelVersion) version = g_list_model_get_item (versions, i);

      if (fovea_model_version_is_trained (version) && !g_ptr_array_find (self->versions, version, NULL))
        return FALSE;
    }
  return n >= self->versions->len;
}

static void
update_choices (FoveaVersionCompare *self)
{
  g_autofree char *first = dup_chosen_id (self, self->first_choice), *second = dup_chosen_id (self, self->second_choice);
  GListModel *versions = self->model != NULL ? fovea_model_get_versions (self->model) : NULL;
  g_autoptr (FoveaModelVersion) newest = NULL;
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint n = versions != NULL ? g_list_model_get_n_items (versions) : 0;

  if (versions != NULL && self->versions->len > 0 && knows_all (self, versions))
    return;
  newest = self->versions->len > 0 ? g_object_ref (g_ptr_array_index (self->versions, 0)) : NULL;
  g_ptr_array_set_size (self->versions, 0);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FoveaModelVersion) version = g_list_model_get_item (versions, i);
      g_autofree char *time = fovea_headline_dup_time (fovea_model_version_get_created_us (version));
      g_autofree char *name = g_strdup_printf (_("Version %u, %s"), fovea_model_version_get_number (version), time);

      if (!fovea_model_version_is_trained (version))
        continue;
      gtk_string_list_append (names, name);
      g_ptr_array_add (self->versions, g_object_ref (version));
    }
  /* After a training the question is what it has brought: the two newest. */
  if (newest != NULL && find_version (self, fovea_model_version_get_id (newest), 0) > 0)
    {
      g_clear_pointer (&first, g_free);
      g_clear_pointer (&second, g_free);
    }
  self->updating = TRUE;
  gtk_drop_down_set_model (self->first_choice, G_LIST_MODEL (names));
  gtk_drop_down_set_model (self->second_choice, G_LIST_MODEL (names));
  gtk_drop_down_set_selected (self->first_choice, find_version (self, first, self->versions->len > 1 ? 1 : 0));
  gtk_drop_down_set_selected (self->second_choice, find_version (self, second, 0));
  self->updating = FALSE;
  gtk_widget_set_visible (self->choices, self->versions->len > 1);
  refresh (self);
}

static void
on_splits (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaVersionCompare) self = data;
  g_auto (GStrv) splits = fovea_project_list_splits_finish (FOVEA_PROJECT (source), result, NULL);
  g_autoptr (GtkStringList) places = NULL;

  if (splits == NULL || self->project == NULL)
    return;
  places = fovea_headline_list_places ((const char *const *) splits, fovea_headline_holds_out (self->model));
  g_strfreev (self->splits);
  self->splits = g_steal_pointer (&splits);
  gtk_drop_down_set_model (self->where, G_LIST_MODEL (places));
}

void
fovea_version_compare_set_model (FoveaVersionCompare *self, FoveaModel *model)
{
  if (self->model != NULL)
    g_clear_signal_handler (&self->changed_id, self->model);
  g_set_object (&self->model, model);
  g_ptr_array_set_size (self->versions, 0);
  if (model == NULL)
    return;
  self->changed_id = g_signal_connect_swapped (model, "changed", G_CALLBACK (update_choices), self);
  update_choices (self);
  fovea_project_list_splits_async (self->project, NULL, on_splits, g_object_ref (self));
}

FoveaOpinions *
fovea_version_compare_dup_opinions (FoveaVersionCompare *self)
{
  return self->second != NULL ? fovea_opinions_new (self->second, -1, fovea_project_get_concepts (self->project)) : NULL;
}

/* ---- the object ---- */

static void
version_compare_dispose (GObject *object)
{
  FoveaVersionCompare *self = FOVEA_VERSION_COMPARE (object);

  if (self->model != NULL)
    g_clear_signal_handler (&self->changed_id, self->model);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->first, fovea_evaluation_unref);
  g_clear_pointer (&self->second, fovea_evaluation_unref);
  g_clear_pointer (&self->versions, g_ptr_array_unref);
  g_clear_pointer (&self->splits, g_strfreev);
  g_clear_object (&self->model);
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_version_compare_parent_class)->dispose (object);
}

static void
fovea_version_compare_class_init (FoveaVersionCompareClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = version_compare_dispose;
  signals[PICTURES_WANTED] = g_signal_new ("pictures-wanted", FOVEA_TYPE_VERSION_COMPARE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                           G_TYPE_NONE, 2, G_TYPE_ARRAY, G_TYPE_STRING);
}

static GtkDropDown *
add_choice (FoveaVersionCompare *self, GtkWidget *box, const char *name)
{
  GtkWidget *choice = gtk_drop_down_new (NULL, NULL);

  gtk_accessible_update_property (GTK_ACCESSIBLE (choice), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_widget_set_tooltip_text (choice, name);
  g_signal_connect_swapped (choice, "notify::selected", G_CALLBACK (on_chosen), self);
  gtk_widget_set_parent (choice, box);
  return GTK_DROP_DOWN (choice);
}

static void
fovea_version_compare_init (FoveaVersionCompare *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12), *head = g_object_new (FOVEA_TYPE_WRAP_BOX, "spacing", 12, NULL);
  const char *const none[] = { NULL };
  g_autoptr (GtkStringList) places = fovea_headline_list_places (none, FALSE);

  self->choices = head;
  self->versions = g_ptr_array_new_with_free_func (g_object_unref);
  self->message = GTK_LABEL (label_new ("", 0.0f, NULL));
  self->result = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 12));
  self->updating = TRUE;
  self->first_choice = add_choice (self, head, _("First version"));
  gtk_widget_set_parent (gtk_label_new (_("with")), head);
  self->second_choice = add_choice (self, head, _("Second version"));
  self->where = add_choice (self, head, _("Compared on"));
  gtk_drop_down_set_model (self->where, G_LIST_MODEL (places));
  self->updating = FALSE;
  self->evaluate_button = gtk_button_new_with_label (_("Evaluate Both"));
  gtk_widget_set_halign (self->evaluate_button, GTK_ALIGN_START);
  gtk_widget_set_visible (self->evaluate_button, FALSE);
  g_signal_connect_swapped (self->evaluate_button, "clicked", G_CALLBACK (on_evaluate), self);
  gtk_box_append (GTK_BOX (box), head);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->message));
  gtk_box_append (GTK_BOX (box), self->evaluate_button);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->result));
  adw_bin_set_child (ADW_BIN (self), box);
}

GtkWidget *
fovea_version_compare_new (FoveaProject *project)
{
  FoveaVersionCompare *self = g_object_new (FOVEA_TYPE_VERSION_COMPARE, NULL);

  self->project = g_object_ref (project);
  return GTK_WIDGET (self);
}
