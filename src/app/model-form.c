/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/model-form.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/advice-box.h"
#include "app/training-time.h"
#include "app/wrap-box.h"
#include "engine/catalog.h"
#include "engine/training-estimate.h"

#define VALUES_KEY "fovea-values"
#define CONCEPT_KEY "fovea-concept"

struct _FoveaModelForm {
  AdwBin parent_instance;
  FoveaProject *project;
  GCancellable *cancellable;
  GObject *params;   /* (nullable) until the draft is there */
  GPtrArray *packs;  /* (nullable) */
  char *type_id, *pack;
  gboolean trainable, train;
  GHashTable *controls; /* name of a parameter → its control, borrowed */

  GtkLabel *title_label, *description_label, *message;
  FoveaAdviceBox *advice;
  FoveaTrainingTime *time;
  AdwPreferencesGroup *basic_group, *more_group;
  AdwEntryRow *name_row;
  AdwExpanderRow *concepts_row, *more_rows[FOVEA_N_PARAM_GROUPS];
  GPtrArray *concept_checks; /* of GtkCheckButton, borrowed */
  GPtrArray *rows;           /* of rows of parameters in the basic group, borrowed */
  GtkWidget *create_button, *train_button, *cancel_button;
};

G_DEFINE_FINAL_TYPE (FoveaModelForm, fovea_model_form, ADW_TYPE_BIN)

enum { CREATED, CANCELLED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- a control for each kind of parameter ---- */

static GtkWidget *
row_new (GType type, GParamSpec *pspec)
{
  GtkWidget *row = g_object_new (type, NULL);

  /* As it stands: a row that is given markup shows the "&apos;" of a combo row to the person. */
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), g_param_spec_get_nick (pspec));
  if (ADW_IS_ACTION_ROW (row))
    adw_action_row_set_subtitle (ADW_ACTION_ROW (row), g_param_spec_get_blurb (pspec));
  else if (ADW_IS_EXPANDER_ROW (row))
    adw_expander_row_set_subtitle (ADW_EXPANDER_ROW (row), g_param_spec_get_blurb (pspec));
  else
    gtk_widget_set_tooltip_text (row, g_param_spec_get_blurb (pspec));
  return row;
}

static GtkWidget *
name_control (GtkWidget *control, GParamSpec *pspec)
{
  if (!ADW_IS_PREFERENCES_ROW (control)) /* which has its title for a name */
    gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_LABEL, g_param_spec_get_nick (pspec), -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, g_param_spec_get_blurb (pspec), -1);
  return control;
}

static void
add_control_suffix (GtkWidget *row, GtkWidget *control, GParamSpec *pspec)
{
  gtk_widget_set_valign (control, GTK_ALIGN_CENTER);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), control);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), control);
  /* The row names its widget by its title, which would be said twice. */
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  name_control (control, pspec);
}

static void
finish_number (GtkWidget *row, GtkWidget *control, GParamSpec *pspec)
{
  gtk_spin_button_set_numeric (GTK_SPIN_BUTTON (control), TRUE);
  gtk_spin_button_set_update_policy (GTK_SPIN_BUTTON (control), GTK_UPDATE_IF_VALID);
  gtk_editable_set_width_chars (GTK_EDITABLE (control), 8);
  add_control_suffix (row, control, pspec);
}

static GtkWidget *
switch_row_new (FoveaModelForm *self, GParamSpec *pspec, GtkWidget **ret_control)
{
  GtkWidget *row = row_new (ADW_TYPE_ACTION_ROW, pspec), *control = gtk_switch_new ();

  add_control_suffix (row, control, pspec);
  g_object_bind_property (self->params, pspec->name, control, "active", G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
  *ret_control = control;
  return row;
}

/* As many places as the step and the value that it starts from have: 0.25 wants two, a rate of 0.0003 four. One more leaves
 * room to change it finely. */
static guint
count_digits (GParamSpec *pspec, double step)
{
  double start = G_PARAM_SPEC_DOUBLE (pspec)->default_value;
  guint digits = 0;

  for (double scale = 1.0; digits < 6; digits++, scale *= 10.0)
    if (fabs (rint (step * scale) - step * scale) < 1e-6 && fabs (rint (start * scale) - start * scale) < 1e-6)
      break;
  return digits + (start > 0.0 && start < 0.1 ? 1 : 0);
}

static double
get_increment (GParamSpec *pspec)
{
  double declared = fovea_catalog_get_step (pspec), start;

  if (declared > 0.0 || G_IS_PARAM_SPEC_INT (pspec))
    return declared > 0.0 ? declared : 1.0;
  start = G_PARAM_SPEC_DOUBLE (pspec)->default_value;
  /* Of a rate, one in its leading digit. */
  return start > 0.0 ? pow (10.0, floor (log10 (start))) : 1.0;
}

#define SECONDS_A_MINUTE 60.0

static gboolean
is_time (GParamSpec *pspec)
{
  return g_str_equal (pspec->name, "time-limit");
}

static gboolean
to_minutes (GBinding *binding, const GValue *from, GValue *to, gpointer data)
{
  g_value_set_double (to, g_value_get_double (from) / SECONDS_A_MINUTE);
  return TRUE;
}

static gboolean
to_seconds (GBinding *binding, const GValue *from, GValue *to, gpointer data)
{
  g_value_set_double (to, g_value_get_double (from) * SECONDS_A_MINUTE);
  return TRUE;
}

/* People think of minutes; the parameter is in seconds, as other programs write it. */
static GtkWidget *
time_row_new (FoveaModelForm *self, GParamSpec *pspec, GtkWidget **ret_control)
{
  GtkWidget *row = row_new (ADW_TYPE_ACTION_ROW, pspec);
  GtkWidget *control = gtk_spin_button_new_with_range (0.0, G_PARAM_SPEC_DOUBLE (pspec)->maximum / SECONDS_A_MINUTE, 1.0);
  const char *text = _("Minutes that training may take; 0: as long as it needs");

  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), text);
  gtk_spin_button_set_digits (GTK_SPIN_BUTTON (control), 0);
  g_object_bind_property_full (self->params, pspec->name, control, "value", G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL, to_minutes,
                               to_seconds, NULL, NULL);
  finish_number (row, control, pspec);
  gtk_accessible_update_property (GTK_ACCESSIBLE (control), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, text, -1);
  *ret_control = control;
  return row;
}

static GtkWidget *
number_row_new (FoveaModelForm *self, GParamSpec *pspec, GtkWidget **ret_control)
{
  gboolean whole = G_IS_PARAM_SPEC_INT (pspec);
  double minimum = whole ? G_PARAM_SPEC_INT (pspec)->minimum : G_PARAM_SPEC_DOUBLE (pspec)->minimum;
  double maximum = whole ? G_PARAM_SPEC_INT (pspec)->maximum : G_PARAM_SPEC_DOUBLE (pspec)->maximum;
  double increment = get_increment (pspec);
  GtkWidget *row = row_new (ADW_TYPE_ACTION_ROW, pspec);
  GtkWidget *control = gtk_spin_button_new_with_range (minimum, maximum, increment);

  gtk_spin_button_set_digits (GTK_SPIN_BUTTON (control), whole ? 0 : count_digits (pspec, increment));
  finish_number (row, control, pspec);
  g_object_bind_property (self->params, pspec->name, control, "value", G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
  *ret_control = control;
  return row;
}

/* The row shows as much of what is chosen as there is room for. */
static void
say_choice (AdwComboRow *row)
{
  GtkStringObject *chosen = adw_combo_row_get_selected_item (row);

  gtk_widget_set_tooltip_text (GTK_WIDGET (row), chosen != NULL ? gtk_string_object_get_string (chosen) : NULL);
}

static void
on_chosen (AdwComboRow *row, GParamSpec *unused, FoveaModelForm *self)
{
  const char *const *values = g_object_get_data (G_OBJECT (row), VALUES_KEY);
  guint chosen = adw_combo_row_get_selected (row);

  if (self->params != NULL && chosen < g_strv_length ((char **) values))
    g_object_set (self->params, gtk_widget_get_name (GTK_WIDGET (row)), values[chosen], NULL);
  say_choice (row);
}

static GtkWidget *
choice_row_new (FoveaModelForm *self, GParamSpec *pspec, GtkWidget **ret_control)
{
  GtkWidget *row = row_new (ADW_TYPE_COMBO_ROW, pspec);
  g_auto (GStrv) names = NULL;
  GStrv values = fovea_catalog_dup_choices (pspec, self->packs, &names);
  g_autoptr (GtkStringList) model = gtk_string_list_new ((const char *const *) names);
  g_autofree char *now = NULL;

  g_object_get (self->params, pspec->name, &now, NULL);
  gtk_widget_set_name (row, pspec->name);
  g_object_set_data_full (G_OBJECT (row), VALUES_KEY, values, (GDestroyNotify) g_strfreev);
  adw_combo_row_set_model (ADW_COMBO_ROW (row), G_LIST_MODEL (model));
  for (guint i = 0; values[i] != NULL; i++)
    if (g_strcmp0 (values[i], now) == 0)
      adw_combo_row_set_selected (ADW_COMBO_ROW (row), i);
  say_choice (ADW_COMBO_ROW (row));
  name_control (row, pspec);
  g_signal_connect (row, "notify::selected", G_CALLBACK (on_chosen), self);
  *ret_control = row;
  return row;
}

static GtkWidget *
text_row_new (FoveaModelForm *self, GParamSpec *pspec, GtkWidget **ret_control)
{
  GtkWidget *row = row_new (ADW_TYPE_ENTRY_ROW, pspec);

  name_control (row, pspec);
  g_object_bind_property (self->params, pspec->name, row, "text", G_BINDING_SYNC_CREATE | G_BINDING_BIDIRECTIONAL);
  *ret_control = row;
  return row;
}

/* Names of the concepts that are ticked; NULL when none is. */
static char **
dup_ticked (GPtrArray *checks)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  guint n = 0;

  for (guint i = 0; i < checks->len; i++)
    if (gtk_check_button_get_active (g_ptr_array_index (checks, i)))
      {
        g_strv_builder_add (builder, g_object_get_data (g_ptr_array_index (checks, i), CONCEPT_KEY));
        n++;
      }
  return n > 0 ? g_strv_builder_end (builder) : NULL;
}

/* One check a concept of the project, in an expander. Returns the checks. */
static GPtrArray *
fill_concepts (FoveaModelForm *self, AdwExpanderRow *expander, GCallback on_toggled, gpointer data)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));
  GPtrArray *checks = g_ptr_array_new ();

  for (guint i = 0; i < g_list_model_get_n_items (concepts); i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);
      const char *name = fovea_concept_get_name (concept);
      g_autofree char *title = g_markup_escape_text (name, -1);
      g_autofree char *count = g_strdup_printf (ngettext ("%u picture", "%u pictures", fovea_concept_get_count (concept)),
                                                fovea_concept_get_count (concept));
      GtkWidget *row = adw_action_row_new (), *check = gtk_check_button_new ();

      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
      adw_action_row_set_subtitle (ADW_ACTION_ROW (row), count);
      adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
      adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), check);
      gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
      g_object_set_data_full (G_OBJECT (check), CONCEPT_KEY, g_strdup (name), g_free);
      g_signal_connect_swapped (check, "toggled", on_toggled, data);
      adw_expander_row_add_row (expander, row);
      g_ptr_array_add (checks, check);
    }
  return checks;
}

static void
on_list_toggled (GtkWidget *expander)
{
  FoveaModelForm *self = FOVEA_MODEL_FORM (gtk_widget_get_ancestor (expander, FOVEA_TYPE_MODEL_FORM));
  GPtrArray *checks = g_object_get_data (G_OBJECT (expander), VALUES_KEY);
  g_auto (GStrv) names = dup_ticked (checks);

  if (self != NULL && self->params != NULL)
    g_object_set (self->params, gtk_widget_get_name (expander), names, NULL);
}

static GtkWidget *
concepts_row_new (FoveaModelForm *self, GParamSpec *pspec, GtkWidget **ret_control)
{
  GtkWidget *row = row_new (ADW_TYPE_EXPANDER_ROW, pspec);

  gtk_widget_set_name (row, pspec->name);
  g_object_set_data_full (G_OBJECT (row), VALUES_KEY, fill_concepts (self, ADW_EXPANDER_ROW (row), G_CALLBACK (on_list_toggled), row),
                          (GDestroyNotify) g_ptr_array_unref);
  *ret_control = row;
  return row;
}

static void
add_control (FoveaModelForm *self, GParamSpec *pspec)
{
  GtkWidget *row = NULL, *control = NULL;

  switch (fovea_catalog_get_ask (pspec))
    {
    case FOVEA_ASK_SWITCH: row = switch_row_new (self, pspec, &control); break;
    case FOVEA_ASK_INTEGER: case FOVEA_ASK_NUMBER:
      row = is_time (pspec) ? time_row_new (self, pspec, &control) : number_row_new (self, pspec, &control);
      break;
    case FOVEA_ASK_CHOICE: row = choice_row_new (self, pspec, &control); break;
    case FOVEA_ASK_CONCEPTS: row = concepts_row_new (self, pspec, &control); break;
    case FOVEA_ASK_TEXT: default: row = text_row_new (self, pspec, &control); break;
    }
  if (fovea_catalog_is_basic (pspec))
    {
      adw_preferences_group_add (self->basic_group, row);
      g_ptr_array_add (self->rows, row);
    }
  else
    {
      AdwExpanderRow *more = self->more_rows[fovea_catalog_get_group (pspec)];

      adw_expander_row_add_row (more, row);
      gtk_widget_set_visible (GTK_WIDGET (more), TRUE);
    }
  g_hash_table_insert (self->controls, (gpointer) pspec->name, control);
}

/* ---- name and concepts ---- */

static gboolean
name_is_taken (FoveaModelForm *self, const char *name)
{
  GListModel *models = G_LIST_MODEL (fovea_project_get_models (self->project));

  for (guint i = 0; i < g_list_model_get_n_items (models); i++)
    {
      g_autoptr (FoveaModel) model = g_list_model_get_item (models, i);

      if (g_strcmp0 (fovea_model_get_name (model), name) == 0)
        return TRUE;
    }
  return FALSE;
}

static char *
dup_name (FoveaModelForm *self)
{
  return g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->name_row))));
}

/* What is wrong, NULL when all is well. */
static char *
dup_complaint (FoveaModelForm *self)
{
  g_autofree char *name = dup_name (self);
  g_auto (GStrv) concepts = dup_ticked (self->concept_checks);
  gboolean exclusive = FALSE;

  if (name[0] == '\0')
    return g_strdup (_("Give the model a name."));
  if (name_is_taken (self, name))
    return g_strdup_printf (_("There is a model called “%s” already; choose another name."), name);
  if (self->params != NULL && g_object_class_find_property (G_OBJECT_GET_CLASS (self->params), "concepts-mutually-exclusive") != NULL)
    g_object_get (self->params, "concepts-mutually-exclusive", &exclusive, NULL);
  if (exclusive && concepts != NULL && g_strv_length (concepts) < 2)
    return g_strdup (_("A model that chooses one concept a picture needs at least two to choose from."));
  return NULL;
}

static void
validate (FoveaModelForm *self)
{
  g_autofree char *complaint = dup_complaint (self);
  g_auto (GStrv) concepts = dup_ticked (self->concept_checks);
  g_autofree char *chosen = NULL;
  guint n = concepts != NULL ? g_strv_length (concepts) : 0;
  gboolean bad_name;
  g_autofree char *name = dup_name (self);

  bad_name = name[0] == '\0' || name_is_taken (self, name);
  if (bad_name)
    gtk_widget_add_css_class (GTK_WIDGET (self->name_row), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->name_row), "error");
  gtk_label_set_label (self->message, complaint != NULL ? complaint : "");
  gtk_widget_set_visible (GTK_WIDGET (self->message), complaint != NULL);
  gtk_widget_set_sensitive (self->create_button, complaint == NULL && self->params != NULL);
  gtk_widget_set_sensitive (self->train_button, complaint == NULL && self->params != NULL);
  chosen = n > 0 ? g_strdup_printf (ngettext ("%u concept", "%u concepts", n), n)
                 : g_strdup (_("All that are labelled when it is trained; choose some for only these"));
  adw_expander_row_set_subtitle (self->concepts_row, chosen);
  gtk_accessible_update_state (GTK_ACCESSIBLE (self->name_row), GTK_ACCESSIBLE_STATE_INVALID,
                               bad_name ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
}

/* "Classifier", or "Classifier 2" where that is taken. */
static void
suggest_name (FoveaModelForm *self)
{
  g_autofree char *name = g_strdup (fovea_project_get_name (self->project));

  for (guint i = 2; name_is_taken (self, name); i++)
    {
      g_free (name);
      name = g_strdup_printf ("%s %u", fovea_project_get_name (self->project), i);
    }
  gtk_editable_set_text (GTK_EDITABLE (self->name_row), name);
}

/* ---- creating ---- */

static void
on_created (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelForm) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = fovea_project_create_model_finish (FOVEA_PROJECT (source), result, &error);

  if (self->project == NULL)
    return; /* the window has gone meanwhile; the model is there */
  if (id != NULL)
    {
      g_signal_emit (self, signals[CREATED], 0, id, self->train);
      return;
    }
  gtk_label_set_label (self->message, error->message);
  gtk_widget_set_visible (GTK_WIDGET (self->message), TRUE);
}

static void
create (FoveaModelForm *self, gboolean train)
{
  g_autofree char *name = dup_name (self);
  g_autofree char *complaint = dup_complaint (self);
  g_auto (GStrv) concepts = dup_ticked (self->concept_checks);

  if (self->params == NULL || complaint != NULL)
    return;
  self->train = train;
  fovea_project_create_model_async (self->project, name, self->params, (const char *const *) concepts, NULL, on_created, g_object_ref (self));
}

static void
on_create (FoveaModelForm *self)
{
  create (self, FALSE);
}

static void
on_create_and_train (FoveaModelForm *self)
{
  create (self, TRUE);
}

static void
on_entry_activated (FoveaModelForm *self)
{
  create (self, self->trainable);
}

static void
on_cancel (FoveaModelForm *self)
{
  g_signal_emit (self, signals[CANCELLED], 0);
}

/* ---- starting ---- */

static void
ask_time (FoveaModelForm *self)
{
  fovea_training_time_ask (self->time, self->project, self->params);
}

static void
build (FoveaModelForm *self)
{
  g_autoptr (GPtrArray) params = fovea_catalog_list_params (self->params);
  gboolean more = FALSE;

  if (self->pack != NULL && g_object_class_find_property (G_OBJECT_GET_CLASS (self->params), "pack") != NULL)
    g_object_set (self->params, "pack", self->pack, NULL);
  for (guint i = 0; i < params->len; i++)
    {
      add_control (self, g_ptr_array_index (params, i));
      more |= !fovea_catalog_is_basic (g_ptr_array_index (params, i));
    }
  gtk_widget_set_visible (GTK_WIDGET (self->more_group), more);
  g_signal_connect_object (self->params, "notify", G_CALLBACK (validate), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->params, "notify", G_CALLBACK (ask_time), self, G_CONNECT_SWAPPED);
  validate (self);
  ask_time (self);
  if (fovea_training_is_estimated (self->params))
    fovea_advice_box_ask (self->advice, self->project);
}

static void
on_draft (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelForm) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GObject) params = fovea_project_draft_model_finish (FOVEA_PROJECT (source), result, &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return; /* begun anew meanwhile */
  if (params == NULL)
    {
      gtk_label_set_label (self->message, error->message);
      gtk_widget_set_visible (GTK_WIDGET (self->message), TRUE);
      return;
    }
  self->params = g_steal_pointer (&params);
  build (self);
}

static void
on_packs (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelForm) self = data;
  g_autoptr (GPtrArray) packs = fovea_catalog_list_packs_finish (result, NULL);

  if (packs == NULL || g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;
  g_clear_pointer (&self->packs, g_ptr_array_unref);
  self->packs = g_steal_pointer (&packs);
  fovea_catalog_add_embedders (self->packs, G_LIST_MODEL (fovea_project_get_models (self->project)));
  fovea_project_draft_model_async (self->project, self->type_id, self->cancellable, on_draft, g_object_ref (self));
}

static void
remove_rows (FoveaModelForm *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->basic_group, g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
  g_hash_table_remove_all (self->controls);
  g_clear_pointer (&self->concept_checks, g_ptr_array_unref);
  if (self->concepts_row != NULL)
    adw_preferences_group_remove (self->basic_group, GTK_WIDGET (self->concepts_row));
  for (guint i = 0; i < FOVEA_N_PARAM_GROUPS; i++)
    if (self->more_rows[i] != NULL)
      adw_preferences_group_remove (self->more_group, GTK_WIDGET (self->more_rows[i]));
}

/* Rows cannot be taken out of an expander one by one (libadwaita 1.2), so all are made anew. */
static void
add_expanders (FoveaModelForm *self)
{
  static const struct {
    const char *title, *text;
  } groups[FOVEA_N_PARAM_GROUPS] = {
    [FOVEA_PARAMS_LEARNING] = { N_("How it learns"), N_("The defaults do well; change one when you know why") },
    [FOVEA_PARAMS_VARIATION] = { N_("How pictures are varied"), N_("Each is seen a little different every time, so that it learns what matters") },
    [FOVEA_PARAMS_ANSWERS] = { N_("How it answers"), N_("Which of its concepts it says of a picture") },
  };

  self->concepts_row = ADW_EXPANDER_ROW (adw_expander_row_new ());
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->concepts_row), _("Concepts"));
  self->concept_checks = fill_concepts (self, self->concepts_row, G_CALLBACK (validate), self);
  gtk_widget_set_visible (GTK_WIDGET (self->concepts_row), self->trainable && self->concept_checks->len > 0);
  adw_preferences_group_add (self->basic_group, GTK_WIDGET (self->concepts_row));
  for (guint i = 0; i < FOVEA_N_PARAM_GROUPS; i++)
    {
      self->more_rows[i] = ADW_EXPANDER_ROW (adw_expander_row_new ());
      adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->more_rows[i]), _(groups[i].title));
      adw_expander_row_set_subtitle (self->more_rows[i], _(groups[i].text));
      gtk_widget_set_visible (GTK_WIDGET (self->more_rows[i]), FALSE);
      adw_preferences_group_add (self->more_group, GTK_WIDGET (self->more_rows[i]));
    }
}

void
fovea_model_form_start (FoveaModelForm *self, const char *type_id, const char *pack)
{
  FoveaTypeCard card = { 0 };

  if (!fovea_catalog_get_card (type_id, &card))
    return;
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  g_clear_object (&self->params);
  g_free (self->type_id);
  self->type_id = g_strdup (type_id);
  g_free (self->pack);
  self->pack = g_strdup (pack);
  self->trainable = card.trainable;
  remove_rows (self);
  ask_time (self);
  fovea_advice_box_ask (self->advice, NULL);
  gtk_label_set_label (self->title_label, card.question);
  gtk_label_set_label (self->description_label, card.description);
  gtk_widget_set_visible (self->train_button, card.trainable);
  add_expanders (self);
  suggest_name (self);
  validate (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->name_row));
  fovea_catalog_list_packs_async (self->cancellable, on_packs, g_object_ref (self));
}

GtkWidget *
fovea_model_form_get_control (FoveaModelForm *self, const char *param)
{
  return g_hash_table_lookup (self->controls, param);
}

GObject *
fovea_model_form_get_params (FoveaModelForm *self)
{
  return self->params;
}

/* ---- the object ---- */

static void
model_form_dispose (GObject *object)
{
  FoveaModelForm *self = FOVEA_MODEL_FORM (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->params);
  g_clear_object (&self->project);
  g_clear_pointer (&self->packs, g_ptr_array_unref);
  G_OBJECT_CLASS (fovea_model_form_parent_class)->dispose (object);
}

static void
model_form_finalize (GObject *object)
{
  FoveaModelForm *self = FOVEA_MODEL_FORM (object);

  g_free (self->type_id);
  g_free (self->pack);
  g_clear_pointer (&self->concept_checks, g_ptr_array_unref);
  g_ptr_array_unref (self->rows);
  g_hash_table_unref (self->controls);
  G_OBJECT_CLASS (fovea_model_form_parent_class)->finalize (object);
}

static void
fovea_model_form_class_init (FoveaModelFormClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = model_form_dispose;
  G_OBJECT_CLASS (klass)->finalize = model_form_finalize;
  signals[CREATED] = g_signal_new ("created", FOVEA_TYPE_MODEL_FORM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING,
                                   G_TYPE_BOOLEAN);
  signals[CANCELLED] = g_signal_new ("cancelled", FOVEA_TYPE_MODEL_FORM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (FOVEA_TYPE_WRAP_BOX);
  g_type_ensure (FOVEA_TYPE_ADVICE_BOX);
  g_type_ensure (FOVEA_TYPE_TRAINING_TIME);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/model-form.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, title_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, description_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, message);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, time);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, advice);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, basic_group);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, more_group);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, name_row);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, create_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, train_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaModelForm, cancel_button);
}

static void
fovea_model_form_init (FoveaModelForm *self)
{
  self->controls = g_hash_table_new (g_str_hash, g_str_equal);
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->name_row, "changed", G_CALLBACK (validate), self);
  g_signal_connect_swapped (self->name_row, "entry-activated", G_CALLBACK (on_entry_activated), self);
  g_signal_connect_swapped (self->create_button, "clicked", G_CALLBACK (on_create), self);
  g_signal_connect_swapped (self->train_button, "clicked", G_CALLBACK (on_create_and_train), self);
  g_signal_connect_swapped (self->cancel_button, "clicked", G_CALLBACK (on_cancel), self);
}

GtkWidget *
fovea_model_form_new (FoveaProject *project)
{
  FoveaModelForm *self = g_object_new (FOVEA_TYPE_MODEL_FORM, NULL);

  self->project = g_object_ref (project);
  return GTK_WIDGET (self);
}
