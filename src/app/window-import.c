/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/paths.h"
#include "app/sample-pictures.h"

/* What is to be imported while its folders are looked through and the person is asked. */
typedef struct {
  FoveaWindow *window;
  GCancellable *cancellable; /* of the project that it goes into */
  char **paths;
} Intake;

static Intake *
intake_new (FoveaWindow *self, const char *const *paths)
{
  Intake *intake = g_new0 (Intake, 1);

  intake->window = g_object_ref (self);
  intake->cancellable = g_object_ref (self->cancellable);
  intake->paths = g_strdupv ((char **) paths);
  return intake;
}

static void
intake_free (Intake *intake)
{
  g_object_unref (intake->window);
  g_object_unref (intake->cancellable);
  g_strfreev (intake->paths);
  g_free (intake);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Intake, intake_free)

/* ---- the job ---- */

static void
on_finished (FoveaJob *job, FoveaWindow *self)
{
  FoveaJobState state = fovea_job_get_state (job);
  const char *summary = fovea_job_get_summary (job);

  if (self->project == NULL)
    return;
  if (state == FOVEA_JOB_FAILED && fovea_job_get_error (job) != NULL)
    {
      fovea_window_toast_error (self, fovea_job_get_title (job), fovea_job_get_error (job));
      return;
    }
  if (summary == NULL || summary[0] == '\0')
    return;
  g_set_object (&self->report_job, job);
  fovea_window_update_actions (self);
  if (fovea_job_get_n_report_rows (job) > 0)
    fovea_window_toast (self, summary, _("Report"), "win.report");
  else
    fovea_window_toast (self, summary, NULL, NULL);
}

static void
start_import (FoveaWindow *self, const char *const *paths, FoveaImportFormat format)
{
  FoveaImportOptions options = { .format = format };
  g_autoptr (FoveaJob) job = fovea_project_import (self->project, paths, &options);

  if (fovea_job_is_over (job))
    on_finished (job, self);
  else
    g_signal_connect_object (job, "finished", G_CALLBACK (on_finished), self, 0);
}

/* ---- the question ---- */

static void
on_answer (AdwMessageDialog *dialog, const char *response, gpointer data)
{
  g_autoptr (Intake) intake = data;

  if (intake->window->project == NULL || g_cancellable_is_cancelled (intake->cancellable))
    return;
  if (g_str_equal (response, "folders"))
    start_import (intake->window, (const char *const *) intake->paths, FOVEA_IMPORT_FOLDERS);
  else if (g_str_equal (response, "plain"))
    start_import (intake->window, (const char *const *) intake->paths, FOVEA_IMPORT_PLAIN);
}

static void
ask_about_folders (Intake *intake, const FoveaImportSurvey *survey)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (intake->window), _("Use Folder Names as Concepts?"), NULL);
  g_autofree char *pictures = g_strdup_printf (ngettext ("%u picture lies", "%u pictures lie", survey->n_files), survey->n_files);

  /* Translators: the first %s is "800 pictures lie". */
  adw_message_dialog_format_body (ADW_MESSAGE_DIALOG (dialog),
                                  survey->has_splits
                                    ? ngettext ("%s in %u class folder, parted into training and test. "
                                                "The folder can become a concept, and its pictures be labelled with it.",
                                                "%s in %u class folders, parted into training and test. "
                                                "Each folder can become a concept, and its pictures be labelled with it.",
                                                survey->n_classes)
                                    : ngettext ("%s in %u class folder. "
                                                "The folder can become a concept, and its pictures be labelled with it.",
                                                "%s in %u class folders. "
                                                "Each folder can become a concept, and its pictures be labelled with it.",
                                                survey->n_classes),
                                  pictures, survey->n_classes);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("Cancel"), "plain", _("Only Import"), "folders",
                                    _("Use as Concepts"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "folders", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "folders");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect (dialog, "response", G_CALLBACK (on_answer), intake);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_surveyed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Intake) intake = data;
  FoveaWindow *self = intake->window;
  g_autoptr (GError) error = NULL;
  FoveaImportSurvey survey = { 0 };

  if (!fovea_import_survey_finish (result, &survey, &error))
    {
      if (self->project != NULL)
        fovea_window_toast_error (self, _("Nothing was imported"), error);
      return;
    }
  if (self->project == NULL || g_cancellable_is_cancelled (intake->cancellable))
    return;
  if (survey.n_files == 0)
    fovea_window_toast (self, _("No pictures were found there"), NULL, NULL);
  else if (survey.n_classes > 0)
    ask_about_folders (g_steal_pointer (&intake), &survey);
  else
    start_import (self, (const char *const *) intake->paths, FOVEA_IMPORT_PLAIN);
}

/* ---- in ---- */

static void
append_waiting (FoveaWindow *self, const char *const *paths)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (self->waiting_paths != NULL)
    g_strv_builder_addv (builder, (const char **) self->waiting_paths);
  g_strv_builder_addv (builder, (const char **) paths);
  g_strfreev (self->waiting_paths);
  self->waiting_paths = g_strv_builder_end (builder);
}

void
fovea_window_start_waiting_import (FoveaWindow *self)
{
  g_auto (GStrv) paths = g_steal_pointer (&self->waiting_paths);

  if (paths == NULL)
    return;
  if (self->waiting_folders)
    start_import (self, (const char *const *) paths, FOVEA_IMPORT_FOLDERS);
  else
    fovea_import_survey_async ((const char *const *) paths, self->cancellable, on_surveyed,
                               intake_new (self, (const char *const *) paths));
  self->waiting_folders = FALSE;
}

static void
load_new_project (FoveaWindow *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = fovea_new_project_path (name, &error);

  if (path != NULL)
    fovea_window_load (self, path, TRUE);
  else
    fovea_window_toast_error (self, _("No project could be made"), error);
}

void
fovea_window_import (FoveaWindow *self, const char *const *paths)
{
  if (paths[0] == NULL)
    return;
  if (paths[1] == NULL && fovea_path_is_project (paths[0]))
    {
      fovea_application_open_project (FOVEA_APPLICATION (gtk_window_get_application (GTK_WINDOW (self))), paths[0], FALSE,
                                      GTK_WIDGET (self));
      return;
    }
  if (self->project != NULL && fovea_project_get_read_only (self->project))
    {
      fovea_window_toast (self, _("This project cannot be changed"), NULL, NULL);
      return;
    }
  append_waiting (self, paths);
  if (self->project != NULL)
    fovea_window_start_waiting_import (self);
  else if (self->path == NULL || g_str_equal (gtk_stack_get_visible_child_name (self->stack), "failed"))
    {
      g_autofree char *name = fovea_project_name_for (paths);

      load_new_project (self, name);
    }
}

/* ---- sample pictures ---- */

static void
on_sample_drawn (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = NULL;
  const char *paths[2] = { NULL, NULL };

  if (!fovea_sample_pictures_draw_finish (result, &error))
    {
      fovea_window_toast_error (self, _("The sample pictures could not be drawn"), error);
      return;
    }
  if (self->path != NULL)
    return;
  folder = g_build_filename (g_get_user_data_dir (), "fovea", "sample", NULL);
  paths[0] = folder;
  append_waiting (self, paths);
  self->waiting_folders = TRUE;
  load_new_project (self, _("Fruit"));
}

void
fovea_window_open_sample (FoveaWindow *self)
{
  GtkApplication *app = gtk_window_get_application (GTK_WINDOW (self));
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "fovea", "sample", NULL);
  FoveaWindow *target = self;

  if (self->path != NULL)
    {
      target = fovea_window_new (FOVEA_APPLICATION (app));
      gtk_window_present (GTK_WINDOW (target));
    }
  fovea_sample_pictures_draw_async (folder, NULL, on_sample_drawn, g_object_ref (target));
}

/* ---- dropping and pasting ---- */

static char **
dup_paths (GSList *files)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (GSList *l = files; l != NULL; l = l->next)
    {
      g_autofree char *path = g_file_get_path (l->data);

      if (path != NULL)
        g_strv_builder_add (builder, path);
    }
  return g_strv_builder_end (builder);
}

static void
import_files (FoveaWindow *self, GSList *files)
{
  g_auto (GStrv) paths = dup_paths (files);

  if (paths[0] != NULL)
    fovea_window_import (self, (const char *const *) paths);
  else
    fovea_window_toast (self, _("Only files on this computer can be imported"), NULL, NULL);
}

static void
show_drop_hint (FoveaWindow *self, gboolean shown)
{
  gtk_widget_set_visible (GTK_WIDGET (self->drop_hint), shown);
  gtk_revealer_set_reveal_child (self->drop_hint, shown);
}

/* A drag out of our own grid is for concepts and for other programs. */
static gboolean
on_drop_accept (GtkDropTarget *target, GdkDrop *drop, FoveaWindow *self)
{
  return gdk_drop_get_drag (drop) == NULL && gdk_content_formats_contain_gtype (gdk_drop_get_formats (drop), GDK_TYPE_FILE_LIST);
}

static GdkDragAction
on_drop_enter (GtkDropTarget *target, double x, double y, FoveaWindow *self)
{
  g_autofree char *text = NULL;

  if (self->project != NULL)
    text = g_markup_printf_escaped (_("Pictures and folders go into “%s”"), fovea_project_get_name (self->project));
  else
    text = g_strdup (_("A new project is made of them"));
  adw_status_page_set_description (self->drop_status, text);
  show_drop_hint (self, TRUE);
  return GDK_ACTION_COPY;
}

static void
on_drop_leave (GtkDropTarget *target, FoveaWindow *self)
{
  show_drop_hint (self, FALSE);
}

static gboolean
on_drop (GtkDropTarget *target, const GValue *value, double x, double y, FoveaWindow *self)
{
  show_drop_hint (self, FALSE);
  import_files (self, g_value_get_boxed (value));
  return TRUE;
}

static void
on_pasted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  const GValue *value = gdk_clipboard_read_value_finish (GDK_CLIPBOARD (source), result, NULL);

  if (value != NULL)
    import_files (self, g_value_get_boxed (value));
  else
    fovea_window_toast (self, _("There are no files in the clipboard"), NULL, NULL);
}

static void
on_paste (GSimpleAction *action, GVariant *target, gpointer data)
{
  gdk_clipboard_read_value_async (gtk_widget_get_clipboard (data), GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, NULL, on_pasted,
                                  g_object_ref (data));
}

/* ---- choosing ---- */

static void
on_import_chosen (GtkNativeDialog *dialog, int response, FoveaWindow *self)
{
  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GListModel) files = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (dialog));
      GSList *list = NULL;

      for (guint i = g_list_model_get_n_items (files); i > 0; i--)
        list = g_slist_prepend (list, g_list_model_get_item (files, i - 1));
      import_files (self, list);
      g_slist_free_full (list, g_object_unref);
    }
  g_object_unref (dialog);
}

static void
choose_import (FoveaWindow *self, GtkFileChooserAction action)
{
  gboolean folder = action == GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER;
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (folder ? _("Import a Folder") : _("Import Pictures"), GTK_WINDOW (self),
                                                              action, _("Import"), NULL);

  if (!folder)
    {
      g_autoptr (GtkFileFilter) filter = gtk_file_filter_new ();

      gtk_file_filter_set_name (filter, _("Pictures"));
      gtk_file_filter_add_mime_type (filter, "image/*");
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
    }
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect (dialog, "response", G_CALLBACK (on_import_chosen), self);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
on_import (GSimpleAction *action, GVariant *target, gpointer self)
{
  choose_import (self, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER);
}

static void
on_import_files (GSimpleAction *action, GVariant *target, gpointer self)
{
  choose_import (self, GTK_FILE_CHOOSER_ACTION_OPEN);
}

void
fovea_window_init_import (FoveaWindow *self)
{
  static const GActionEntry actions[] = {
    { "import", on_import },
    { "import-files", on_import_files },
    { "paste", on_paste },
  };
  GtkDropTarget *target = gtk_drop_target_new (GDK_TYPE_FILE_LIST, GDK_ACTION_COPY);

  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  g_signal_connect (target, "accept", G_CALLBACK (on_drop_accept), self);
  g_signal_connect (target, "enter", G_CALLBACK (on_drop_enter), self);
  g_signal_connect (target, "leave", G_CALLBACK (on_drop_leave), self);
  g_signal_connect (target, "drop", G_CALLBACK (on_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}
