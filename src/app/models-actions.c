/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/models-page-private.h"

#include <glib/gi18n.h>

#include "app/model-import-window.h"
#include "app/window.h"
#include "engine/catalog.h"

#define PATH_KEY "fovea-path"

#define DEFAULT_TYPE "embedding-classifier"

static FoveaWindow *
get_window (FoveaModelsPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  return root != NULL && FOVEA_IS_WINDOW (root) ? FOVEA_WINDOW (root) : NULL;
}

static void
toast (FoveaModelsPage *self, const char *text, const char *button, const char *action)
{
  FoveaWindow *window = get_window (self);

  if (window != NULL)
    fovea_window_toast (window, text, button, action);
}

static void
toast_error (FoveaModelsPage *self, const char *what, const GError *error)
{
  FoveaWindow *window = get_window (self);

  if (window != NULL)
    fovea_window_toast_error (window, what, error);
}

/* ---- creating ---- */

static void
on_create (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_models_page_show_form (self, DEFAULT_TYPE, NULL);
}

static void
on_create_type (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_models_page_show_form (self, g_variant_get_string (target, NULL), NULL);
}

static void
on_create_pack (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_models_page_show_form (self, "visual-classifier", g_variant_get_string (target, NULL));
}

static void
on_open (GSimpleAction *action, GVariant *target, gpointer self)
{
  (void) fovea_models_page_open (self, g_variant_get_string (target, NULL), "overview");
}

static void
on_back (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_models_page_show_list (self);
}

/* ---- models of other programs ---- */

static void
on_imported (FoveaModelImportWindow *window, const char *id, FoveaModelsPage *self)
{
  fovea_models_page_open_when_there (self, id, FALSE);
  toast (self, _("Model imported"), _("Undo"), "win.undo");
}

static void
on_file_read (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelsPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaModelFile) file = fovea_model_file_open_finish (result, &error);
  GtkWidget *window;

  if (self->project == NULL)
    return;
  if (file == NULL)
    {
      toast_error (self, _("The model cannot be imported"), error);
      return;
    }
  window = fovea_model_import_window_new (GTK_WINDOW (get_window (self)), self->project, file);
  g_signal_connect_object (window, "imported", G_CALLBACK (on_imported), self, 0);
  gtk_window_present (GTK_WINDOW (window));
}

static void
on_import_file (GSimpleAction *action, GVariant *target, gpointer self)
{
  fovea_model_file_open_async (g_variant_get_bytestring (target), NULL, on_file_read, g_object_ref (self));
}

static void
on_import_chosen (GtkNativeDialog *dialog, int response, FoveaModelsPage *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (path != NULL && self->project != NULL)
    fovea_model_file_open_async (path, NULL, on_file_read, g_object_ref (self));
  g_object_unref (dialog);
}

static void
on_import (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaModelsPage *self = data;
  GtkFileChooserNative *dialog
    = gtk_file_chooser_native_new (_("Import a Model"), GTK_WINDOW (get_window (self)), GTK_FILE_CHOOSER_ACTION_OPEN, _("_Open"), NULL);
  g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

  gtk_file_filter_set_name (filter, _("Models (ONNX)"));
  gtk_file_filter_add_suffix (filter, "onnx");
  gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_import_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* ---- work on a model ---- */

static void
on_trained (FoveaJob *job, FoveaModelsPage *self)
{
  FoveaModel *shown = fovea_model_view_get_model (self->view);

  if (fovea_job_get_state (job) == FOVEA_JOB_DONE)
    toast (self, fovea_job_get_summary (job), NULL, NULL);
  else if (fovea_job_get_error (job) != NULL && (shown == NULL || g_strcmp0 (fovea_model_get_id (shown), fovea_job_get_target (job)) != 0))
    toast_error (self, _("Nothing was trained"), fovea_job_get_error (job)); /* else the model's own page says it */
}

void
fovea_models_page_train (FoveaModelsPage *self, FoveaModel *model)
{
  const FoveaTrainOptions options = { .evaluate = TRUE };
  g_autoptr (FoveaJob) job = NULL;

  if (!fovea_model_get_trainable (model) || fovea_model_get_job (model) != NULL || fovea_project_get_read_only (self->project))
    return;
  (void) fovea_models_page_open (self, fovea_model_get_id (model), "overview");
  job = fovea_project_train (self->project, fovea_model_get_id (model), &options);
  g_signal_connect_object (job, "finished", G_CALLBACK (on_trained), self, 0);
}

static void
on_train (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaModelsPage *self = data;
  FoveaModel *model = fovea_models_page_get_training_target (self);

  if (model != NULL)
    fovea_models_page_train (self, model);
}

static void
on_suggested (FoveaJob *job, FoveaModelsPage *self)
{
  if (fovea_job_get_state (job) == FOVEA_JOB_DONE)
    toast (self, fovea_job_get_summary (job), _("Show"), "win.page('images')");
  else if (fovea_job_get_error (job) != NULL)
    toast_error (self, _("Nothing was suggested"), fovea_job_get_error (job));
}

static void
on_suggest (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaModelsPage *self = data;
  FoveaModel *model = fovea_models_page_get_target (self);
  g_autoptr (FoveaJob) job = NULL;

  if (model == NULL)
    return;
  job = fovea_project_predict_all (self->project, fovea_model_get_id (model));
  g_signal_connect_object (job, "finished", G_CALLBACK (on_suggested), self, 0);
}

static void
on_exported (FoveaJob *job, FoveaModelsPage *self)
{
  const char *path = g_object_get_data (G_OBJECT (job), PATH_KEY);

  if (fovea_job_get_state (job) == FOVEA_JOB_DONE)
    {
      g_autoptr (GVariant) target = g_variant_ref_sink (g_variant_new_bytestring (path));
      g_autofree char *show = g_action_print_detailed_name ("win.show-file", target);

      toast (self, fovea_job_get_summary (job), _("Show in Folder"), show);
    }
  else if (fovea_job_get_error (job) != NULL)
    toast_error (self, _("The model was not exported"), fovea_job_get_error (job));
}

static void
on_export_chosen (GtkNativeDialog *dialog, int response, FoveaModelsPage *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
  const char *id = g_object_get_data (G_OBJECT (dialog), "fovea-model-id");

  if (path != NULL && self->project != NULL)
    {
      g_autoptr (FoveaJob) job = fovea_project_export_model_job (self->project, id, path);

      g_object_set_data_full (G_OBJECT (job), PATH_KEY, g_steal_pointer (&path), g_free);
      g_signal_connect_object (job, "finished", G_CALLBACK (on_exported), self, 0);
    }
  g_object_unref (dialog);
}

static void
on_export (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaModelsPage *self = data;
  FoveaModel *model = fovea_models_page_get_target (self);
  GtkFileChooserNative *dialog;
  g_autofree char *name = NULL;

  if (model == NULL)
    return;
  dialog = gtk_file_chooser_native_new (_("Export as ONNX"), GTK_WINDOW (get_window (self)), GTK_FILE_CHOOSER_ACTION_SAVE, _("_Export"), NULL);
  name = g_strconcat (fovea_model_get_id (model), ".onnx", NULL);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  g_object_set_data_full (G_OBJECT (dialog), "fovea-model-id", g_strdup (fovea_model_get_id (model)), g_free);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_export_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/* ---- renaming, duplicating, deleting ---- */

static void
on_renamed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelsPage) self = data;
  g_autoptr (GError) error = NULL;

  if (!fovea_project_rename_model_finish (FOVEA_PROJECT (source), result, &error))
    toast_error (self, _("The model was not changed"), error);
}

static void
on_rename_response (AdwMessageDialog *dialog, const char *response, FoveaModelsPage *self)
{
  GtkEditable *entry = GTK_EDITABLE (adw_message_dialog_get_extra_child (dialog));
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (entry)));
  const char *id = g_object_get_data (G_OBJECT (dialog), "fovea-model-id");

  if (g_str_equal (response, "rename") && name[0] != '\0' && self->project != NULL)
    fovea_project_rename_model_async (self->project, id, name, NULL, NULL, on_renamed, g_object_ref (self));
}

static void
on_rename_typed (GtkEditable *entry, AdwMessageDialog *dialog)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (entry)));

  adw_message_dialog_set_response_enabled (dialog, "rename", name[0] != '\0');
}

static void
on_rename (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaModelsPage *self = data;
  FoveaModel *model = fovea_models_page_get_target (self);
  GtkWidget *dialog, *entry;

  if (model == NULL)
    return;
  dialog = adw_message_dialog_new (GTK_WINDOW (get_window (self)), _("Rename the Model"), NULL);
  entry = gtk_entry_new ();
  gtk_editable_set_text (GTK_EDITABLE (entry), fovea_model_get_name (model));
  gtk_entry_set_activates_default (GTK_ENTRY (entry), TRUE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Name"), -1);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), entry);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("Cancel"), "rename", _("Rename"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "rename", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "rename");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_object_set_data_full (G_OBJECT (dialog), "fovea-model-id", g_strdup (fovea_model_get_id (model)), g_free);
  g_signal_connect (entry, "changed", G_CALLBACK (on_rename_typed), dialog);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_rename_response), self, 0);
  gtk_window_present (GTK_WINDOW (dialog));
  gtk_widget_grab_focus (entry);
}

static void
on_purpose_changed (FoveaModelView *view, const char *text, FoveaModelsPage *self)
{
  fovea_project_rename_model_async (self->project, fovea_model_get_id (fovea_model_view_get_model (view)), NULL, text, NULL, on_renamed,
                                    g_object_ref (self));
}

static void
on_duplicated (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelsPage) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = fovea_project_duplicate_model_finish (FOVEA_PROJECT (source), result, &error);

  if (id == NULL)
    {
      toast_error (self, _("The model was not duplicated"), error);
      return;
    }
  fovea_models_page_open_when_there (self, id, FALSE);
  toast (self, _("An untrained copy with the same settings"), _("Undo"), "win.undo");
}

static void
on_duplicate (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaModelsPage *self = data;
  FoveaModel *model = fovea_models_page_get_target (self);
  g_autofree char *name = NULL;

  if (model == NULL)
    return;
  name = g_strdup_printf (_("%s (copy)"), fovea_model_get_name (model));
  fovea_project_duplicate_model_async (self->project, fovea_model_get_id (model), name, NULL, on_duplicated, g_object_ref (self));
}

static void
on_deleted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaModelsPage) self = data;
  g_autoptr (GError) error = NULL;

  if (fovea_project_delete_model_finish (FOVEA_PROJECT (source), result, &error))
    toast (self, _("Model deleted, with its versions and suggestions"), _("Undo"), "win.undo");
  else
    toast_error (self, _("The model was not deleted"), error);
}

static void
on_delete (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaModelsPage *self = data;
  FoveaModel *model = fovea_models_page_get_target (self);

  if (model != NULL)
    fovea_project_delete_model_async (self->project, fovea_model_get_id (model), NULL, on_deleted, g_object_ref (self));
}

/* ---- the group ---- */

typedef enum {
  NEEDS_MODEL = 1,
  NEEDS_WRITE = 2,
  NEEDS_TRAINABLE = 4, /* and nothing runs on it */
  NEEDS_ANSWERS = 8,   /* trained, or ready-made */
  NEEDS_CONCEPTS = 16  /* which it says; an embedder says none */
} Needs;

static const struct {
  GActionEntry entry;
  guint needs;
} actions[] = {
  { { "create", on_create }, NEEDS_WRITE },
  { { "create-type", on_create_type, "s" }, NEEDS_WRITE },
  { { "create-pack", on_create_pack, "s" }, NEEDS_WRITE },
  { { "import", on_import }, NEEDS_WRITE },
  { { "import-file", on_import_file, "ay" }, NEEDS_WRITE },
  { { "open", on_open, "s" }, 0 },
  { { "back", on_back }, 0 },
  { { "train", on_train }, NEEDS_MODEL | NEEDS_WRITE | NEEDS_TRAINABLE },
  { { "suggest", on_suggest }, NEEDS_MODEL | NEEDS_WRITE | NEEDS_ANSWERS | NEEDS_CONCEPTS },
  { { "export", on_export }, NEEDS_MODEL | NEEDS_ANSWERS },
  { { "rename", on_rename }, NEEDS_MODEL | NEEDS_WRITE },
  { { "duplicate", on_duplicate }, NEEDS_MODEL | NEEDS_WRITE },
  { { "delete", on_delete }, NEEDS_MODEL | NEEDS_WRITE },
};

/* What the button does, or why it does nothing. */
static const char *
get_train_text (FoveaModelsPage *self, FoveaModel *model)
{
  if (fovea_project_get_read_only (self->project))
    return _("This project can only be read");
  if (model == NULL)
    return _("There is no model to train yet; create one first");
  if (!fovea_model_get_trainable (model))
    return _("This model is ready-made and is not trained");
  if (fovea_model_get_job (model) != NULL)
    return _("Something is running on this model; wait for it or stop it first");
  return _("Train a new version now (Ctrl+T)");
}

void
fovea_models_page_update_actions (FoveaModelsPage *self)
{
  FoveaModel *model = fovea_models_page_get_training_target (self);
  guint given = fovea_project_get_read_only (self->project) ? 0 : NEEDS_WRITE;
  FoveaTypeCard card = { 0 };

  if (model != NULL)
    {
      given |= NEEDS_MODEL;
      given |= fovea_model_get_trainable (model) && fovea_model_get_job (model) == NULL ? NEEDS_TRAINABLE : 0;
      given |= !fovea_model_get_trainable (model) || fovea_model_get_current (model) != NULL ? NEEDS_ANSWERS : 0;
      given |= fovea_catalog_get_card (fovea_model_get_type_id (model), &card) && !card.embeds ? NEEDS_CONCEPTS : 0;
    }
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), actions[i].entry.name);

      g_simple_action_set_enabled (G_SIMPLE_ACTION (action), (actions[i].needs & ~given) == 0);
    }
  gtk_widget_set_tooltip_text (self->train_button, get_train_text (self, model));
}

void
fovea_models_page_init_actions (FoveaModelsPage *self)
{
  static const struct {
    const char *trigger, *action;
  } keys[] = { { "F2", "models.rename" }, { "Delete|KP_Delete", "models.delete" }, { "Escape", "models.back" } };
  GtkEventController *controller = gtk_shortcut_controller_new ();

  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    g_action_map_add_action_entries (G_ACTION_MAP (self->actions), &actions[i].entry, 1, self);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller),
                                          gtk_shortcut_new (gtk_shortcut_trigger_parse_string (keys[i].trigger),
                                                            gtk_named_action_new (keys[i].action)));
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
  g_signal_connect (self->view, "purpose-changed", G_CALLBACK (on_purpose_changed), self);
}
