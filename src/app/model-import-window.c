/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/model-import-window.h"

#include <glib/gi18n.h>
#include <string.h>

#define TOP_ANSWERS 3

struct _FoveaModelImportWindow {
  AdwWindow parent_instance;
  FoveaProject *project;
  FoveaModelFile *file;
  FoveaImportForm *guess;    /* what the file says */
  GCancellable *cancellable; /* of a try */
  FoveaJob *job;             /* (nullable): the import in progress */
  char **outputs;
  gboolean filling;

  GtkWidget *import_button, *labels_button, *try_button, *labels_group;
  GtkEditable *name_row, *mean_row, *std_row;
  AdwActionRow *inputs_row, *outputs_row, *try_row;
  AdwComboRow *type_row, *output_row, *activation_row, *range_row, *fit_row, *layout_row;
  GtkWidget *size_row;
  GtkSpinButton *size_spin;
  GtkSwitch *bgr_switch;
  GtkTextView *labels_view;
  GtkSpinner *spinner;
  GtkLabel *message;
};

G_DEFINE_FINAL_TYPE (FoveaModelImportWindow, fovea_model_import_window, ADW_TYPE_WINDOW)

enum {
  IMPORTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* In the order of the rows' items. */
static const char *const types[] = { "visual-classifier", "visual-embedder", NULL };
static const char *const activations[] = { "softmax", "sigmoid", "none", NULL };
static const char *const ranges[] = { "", "0..1", "-1..1", "0..255", "imagenet", NULL };
static const char *const fits[] = { "crop", "squash", "letterbox", NULL };
static const char *const layouts[] = { "nchw", "nhwc", NULL };

#define RANGE_OWN (G_N_ELEMENTS (ranges) - 1) /* mean and deviation, behind the named ones */

/* ---- from the form ---- */

static gboolean
is_embedder (FoveaModelImportWindow *self)
{
  return adw_combo_row_get_selected (self->type_row) == 1;
}

static char *
dup_entry (GtkEditable *entry)
{
  char *text = g_strstrip (g_strdup (gtk_editable_get_text (entry)));

  if (text[0] == '\0')
    g_clear_pointer (&text, g_free);
  return text;
}

static char *
dup_labels (FoveaModelImportWindow *self)
{
  GtkTextBuffer *buffer = gtk_text_view_get_buffer (self->labels_view);
  GtkTextIter start, end;
  g_autofree char *text = NULL;

  gtk_text_buffer_get_bounds (buffer, &start, &end);
  text = g_strstrip (gtk_text_buffer_get_text (buffer, &start, &end, FALSE));
  return text[0] != '\0' ? g_strconcat (text, "\n", NULL) : NULL; /* one line is a name, too, whatever is in it */
}

/* "crop:0.95" of the file as long as nothing else was chosen. */
static const char *
get_fit (FoveaModelImportWindow *self)
{
  const char *chosen = fits[MIN (adw_combo_row_get_selected (self->fit_row), G_N_ELEMENTS (fits) - 2)];

  if (!gtk_widget_get_visible (GTK_WIDGET (self->fit_row)))
    return NULL;
  return self->guess->fit != NULL && g_str_has_prefix (self->guess->fit, chosen) ? self->guess->fit : chosen;
}

static FoveaImportForm *
dup_form (FoveaModelImportWindow *self)
{
  FoveaImportForm *form = g_new0 (FoveaImportForm, 1);
  const guint range = adw_combo_row_get_selected (self->range_row);
  const guint output = adw_combo_row_get_selected (self->output_row);

  form->type = g_strdup (types[is_embedder (self)]);
  if (output < g_strv_length (self->outputs))
    form->output = g_strdup (self->outputs[output]);
  if (!is_embedder (self))
    {
      form->labels = dup_labels (self);
      form->activation = g_strdup (activations[MIN (adw_combo_row_get_selected (self->activation_row), 2)]);
    }
  if (range == RANGE_OWN)
    {
      form->mean = dup_entry (self->mean_row);
      form->std = dup_entry (self->std_row);
    }
  else if (range > 0 && range < RANGE_OWN)
    form->range = g_strdup (ranges[range]);
  form->fit = g_strdup (get_fit (self));
  if (gtk_widget_get_visible (self->size_row))
    form->size = (guint) gtk_spin_button_get_value_as_int (self->size_spin);
  if (gtk_widget_get_visible (GTK_WIDGET (self->layout_row)))
    form->layout = g_strdup (layouts[MIN (adw_combo_row_get_selected (self->layout_row), 1)]);
  form->bgr = gtk_switch_get_active (self->bgr_switch);
  return form;
}

/* ---- what is said of it ---- */

/* Without the options of the command line and the folders of the file. */
static void
show_message (FoveaModelImportWindow *self, const char *text)
{
  g_autoptr (GRegex) options = NULL;
  g_autofree char *plain = NULL, *name = NULL;
  g_autoptr (GString) shown = NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->message), text[0] != '\0');
  if (text[0] == '\0')
    return;
  options = g_regex_new (" \\(--[^)]*\\)", 0, 0, NULL);
  plain = g_regex_replace_literal (options, text, -1, 0, "", 0, NULL);
  shown = g_string_new (plain != NULL ? plain : text);
  name = g_filename_display_basename (fovea_model_file_get_path (self->file));
  g_string_replace (shown, fovea_model_file_get_path (self->file), name, 0);
  gtk_label_set_label (self->message, shown->str);
}

static void
refresh (FoveaModelImportWindow *self)
{
  g_autoptr (FoveaImportForm) form = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;
  gboolean good, busy = self->job != NULL || self->cancellable != NULL;

  if (self->filling || self->file == NULL) /* a spin button takes what was typed also when the window goes */
    return;
  name = dup_entry (self->name_row);
  gtk_widget_set_visible (self->labels_group, !is_embedder (self));
  gtk_widget_set_visible (GTK_WIDGET (self->activation_row), !is_embedder (self));
  gtk_widget_set_visible (GTK_WIDGET (self->mean_row), adw_combo_row_get_selected (self->range_row) == RANGE_OWN);
  gtk_widget_set_visible (GTK_WIDGET (self->std_row), adw_combo_row_get_selected (self->range_row) == RANGE_OWN);
  form = dup_form (self);
  good = fovea_model_file_check (self->file, form, &error);
  show_message (self, good ? "" : error->message);
  gtk_widget_set_sensitive (self->import_button, good && name != NULL && !busy);
  gtk_widget_set_sensitive (self->try_button, good && !busy);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), busy);
  gtk_spinner_set_spinning (self->spinner, busy);
}

/* ---- into the form ---- */

static void
select_text (AdwComboRow *row, const char *const *texts, const char *text)
{
  for (guint i = 0; text != NULL && texts[i] != NULL; i++)
    if (strcmp (texts[i], text) == 0)
      adw_combo_row_set_selected (row, i);
}

static void
set_lines (AdwActionRow *row, char **lines)
{
  g_autofree char *text = g_strjoinv ("\n", lines), *markup = g_markup_escape_text (text, -1);

  adw_action_row_set_subtitle (row, markup);
}

static void
fill_outputs (FoveaModelImportWindow *self)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new ((const char *const *) self->outputs);

  adw_combo_row_set_model (self->output_row, G_LIST_MODEL (names));
  select_text (self->output_row, (const char *const *) self->outputs, self->guess->output);
  gtk_widget_set_visible (GTK_WIDGET (self->output_row), g_strv_length (self->outputs) > 1);
}

static void
fill_range (FoveaModelImportWindow *self)
{
  select_text (self->range_row, ranges, self->guess->range);
  if (self->guess->mean == NULL)
    return;
  adw_combo_row_set_selected (self->range_row, RANGE_OWN);
  gtk_editable_set_text (self->mean_row, self->guess->mean);
  gtk_editable_set_text (self->std_row, self->guess->std != NULL ? self->guess->std : "");
}

static void
fill_fit (FoveaModelImportWindow *self)
{
  g_auto (GStrv) parts = g_strsplit (self->guess->fit != NULL ? self->guess->fit : "crop", ":", 2);

  select_text (self->fit_row, fits, parts[0]);
  gtk_widget_set_visible (GTK_WIDGET (self->fit_row), g_strv_contains (fits, parts[0])); /* several views are the file's own */
}

static void
fill (FoveaModelImportWindow *self)
{
  g_auto (GStrv) inputs = fovea_model_file_dup_inputs (self->file), outputs = fovea_model_file_dup_outputs (self->file);
  g_autofree char *name = fovea_model_file_dup_name (self->file);

  self->filling = TRUE;
  self->outputs = fovea_model_file_dup_output_names (self->file);
  gtk_editable_set_text (self->name_row, name);
  set_lines (self->inputs_row, inputs);
  set_lines (self->outputs_row, outputs);
  fill_outputs (self);
  select_text (self->type_row, types, self->guess->type);
  select_text (self->activation_row, activations, self->guess->activation);
  if (self->guess->labels != NULL)
    gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->labels_view), self->guess->labels, -1);
  fill_range (self);
  fill_fit (self);
  gtk_widget_set_visible (self->size_row, self->guess->size == 0);
  gtk_widget_set_visible (GTK_WIDGET (self->layout_row), self->guess->layout == NULL && self->guess->size == 0);
  gtk_switch_set_active (self->bgr_switch, self->guess->bgr == 1);
  self->filling = FALSE;
  refresh (self);
}

/* ---- labels from a file ---- */

static void
on_labels_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelImportWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *names = NULL;
  gsize length;

  if (self->file == NULL)
    return;
  if (g_file_load_contents_finish (G_FILE (source), result, &text, &length, NULL, &error))
    names = fovea_import_dup_label_lines (text, length, &error);
  if (names != NULL)
    gtk_text_buffer_set_text (gtk_text_view_get_buffer (self->labels_view), names, -1);
  else
    show_message (self, error->message);
}

static void
on_labels_chosen (GtkNativeDialog *dialog, int response, FoveaModelImportWindow *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;

  if (file != NULL)
    g_file_load_contents_async (file, NULL, on_labels_read, g_object_ref (self));
  g_object_unref (dialog);
}

static void
on_labels (FoveaModelImportWindow *self)
{
  GtkFileChooserNative *dialog
    = gtk_file_chooser_native_new (_("Names of the Concepts"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_OPEN, _("_Open"), NULL);

  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_labels_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* ---- trying ---- */

static char *
dup_answers_text (GPtrArray *answers)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < answers->len; i++)
    {
      const FoveaAnswer *answer = g_ptr_array_index (answers, i);

      g_string_append_printf (text, "%s%s %.2f", i > 0 ? ", " : "", answer->name, answer->value);
    }
  return g_string_free (text, FALSE);
}

static void
on_tried (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelImportWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) answers = fovea_model_file_try_finish (result, &error);
  g_autofree char *text = NULL, *markup = NULL;

  if (self->file == NULL)
    return;
  g_clear_object (&self->cancellable);
  refresh (self);
  if (answers == NULL)
    {
      show_message (self, error->message);
      return;
    }
  text = answers->len > 0 ? dup_answers_text (answers) : g_strdup (_("It makes a vector of it"));
  markup = g_markup_escape_text (text, -1);
  adw_action_row_set_subtitle (self->try_row, markup);
}

static void
on_picture_chosen (GtkNativeDialog *dialog, int response, FoveaModelImportWindow *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (path != NULL && self->cancellable == NULL && self->job == NULL)
    {
      g_autoptr (FoveaImportForm) form = dup_form (self);

      self->cancellable = g_cancellable_new ();
      fovea_model_file_try_async (self->file, form, path, TOP_ANSWERS, self->cancellable, on_tried, g_object_ref (self));
      refresh (self);
    }
  g_object_unref (dialog);
}

static void
on_try (FoveaModelImportWindow *self)
{
  GtkFileChooserNative *dialog
    = gtk_file_chooser_native_new (_("Try a Picture"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_OPEN, _("_Try"), NULL);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _("Pictures"));
  gtk_file_filter_add_mime_type (filter, "image/*");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_picture_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* ---- importing ---- */

static void
on_finished (FoveaJob *job, FoveaModelImportWindow *self)
{
  g_autofree char *id = fovea_model_import_dup_id (job);
  const GError *error = fovea_job_get_error (job);

  g_clear_object (&self->job);
  if (id != NULL)
    {
      g_signal_emit (self, signals[IMPORTED], 0, id);
      gtk_window_close (GTK_WINDOW (self));
      return;
    }
  refresh (self);
  if (error != NULL)
    show_message (self, error->message);
}

static void
on_import (FoveaModelImportWindow *self)
{
  g_autoptr (FoveaImportForm) form = dup_form (self);
  g_autofree char *name = dup_entry (self->name_row);

  if (!gtk_widget_get_sensitive (self->import_button) || name == NULL)
    return;
  self->job = fovea_project_import_model (self->project, self->file, form, NULL, name);
  g_signal_connect_object (self->job, "finished", G_CALLBACK (on_finished), self, 0);
  refresh (self);
}

/* ---- the object ---- */

static void
model_import_window_dispose (GObject *object)
{
  FoveaModelImportWindow *self = FOVEA_MODEL_IMPORT_WINDOW (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->job);
  g_clear_object (&self->project);
  g_clear_pointer (&self->file, fovea_model_file_unref);
  g_clear_pointer (&self->guess, fovea_import_form_free);
  g_clear_pointer (&self->outputs, g_strfreev);
  G_OBJECT_CLASS (fovea_model_import_window_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  static const struct {
    const char *name;
    gssize offset;
  } children[] = {
#define CHILD(name) { #name, G_STRUCT_OFFSET (FoveaModelImportWindow, name) }
    CHILD (import_button), CHILD (labels_button), CHILD (try_button),     CHILD (labels_group), CHILD (name_row),    CHILD (mean_row),
    CHILD (std_row),       CHILD (inputs_row),    CHILD (outputs_row),    CHILD (try_row),      CHILD (type_row),    CHILD (output_row),
    CHILD (activation_row), CHILD (range_row),    CHILD (fit_row),        CHILD (layout_row),   CHILD (size_row),    CHILD (size_spin),
    CHILD (bgr_switch),    CHILD (labels_view),   CHILD (spinner),        CHILD (message),
#undef CHILD
  };

  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    gtk_widget_class_bind_template_child_full (widget_class, children[i].name, FALSE, children[i].offset);
}

static void
fovea_model_import_window_class_init (FoveaModelImportWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = model_import_window_dispose;
  signals[IMPORTED] = g_signal_new ("imported", FOVEA_TYPE_MODEL_IMPORT_WINDOW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                    G_TYPE_STRING);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/model-import-window.ui");
  bind_children (widget_class);
  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
}

static void
fovea_model_import_window_init (FoveaModelImportWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (guint i = 0; i < 6; i++)
    {
      AdwComboRow *const rows[] = { self->type_row, self->output_row, self->activation_row, self->range_row, self->fit_row, self->layout_row };

      g_signal_connect_swapped (rows[i], "notify::selected", G_CALLBACK (refresh), self);
    }
  g_signal_connect_object (self->name_row, "changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->mean_row, "changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->std_row, "changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->size_spin, "value-changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->bgr_switch, "notify::active", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (gtk_text_view_get_buffer (self->labels_view), "changed", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  g_signal_connect_swapped (self->name_row, "entry-activated", G_CALLBACK (on_import), self);
  g_signal_connect_swapped (self->import_button, "clicked", G_CALLBACK (on_import), self);
  g_signal_connect_swapped (self->labels_button, "clicked", G_CALLBACK (on_labels), self);
  g_signal_connect_swapped (self->try_button, "clicked", G_CALLBACK (on_try), self);
}

GtkWidget *
fovea_model_import_window_new (GtkWindow *parent, FoveaProject *project, FoveaModelFile *file)
{
  FoveaModelImportWindow *self
    = g_object_new (FOVEA_TYPE_MODEL_IMPORT_WINDOW, "transient-for", parent, "modal", TRUE, "destroy-with-parent", TRUE, NULL);
  FoveaImportForm nothing;

  fovea_import_form_init (&nothing);
  self->project = g_object_ref (project);
  self->file = fovea_model_file_ref (file);
  self->guess = fovea_model_file_dup_guess (file, &nothing);
  fill (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->name_row));
  return GTK_WIDGET (self);
}
