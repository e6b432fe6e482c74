/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/paths.h"
#include "app/sample-pictures.h"
#include "app/settings.h"
#include "app/unfinished.h"
#include "engine/engine-error.h"
#include "engine/splits.h"
#include "engine/upkeep-jobs.h"

/* What is to be imported while its folders are looked through and the person is asked. */
typedef struct {
  FoveaWindow *window;
  GCancellable *cancellable; /* of the project that it goes into */
  char **paths;
  GtkCheckButton *split_check; /* (nullable) of the question */
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

/* ---- splits for what came in ---- */

static void
on_split (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaSplitPlan) plan = fovea_project_splits_finish (FOVEA_PROJECT (source), result, &error);
  g_autofree char *text = NULL;

  if (plan == NULL)
    fovea_window_toast_error (self, _("No pictures were set aside for testing"), error);
  if (plan == NULL || plan->n_changed == 0)
    return;
  text = g_strdup_printf (ngettext ("%u picture set aside for testing, %u to learn from", "%u pictures set aside for testing, %u to learn from",
                                    plan->n_test),
                          plan->n_test, plan->n_train);
  fovea_window_toast (self, text, _("Undo"), "win.undo");
}

static double
preferred_test_fraction (void)
{
  GSettings *settings = fovea_settings_get ();

  return settings != NULL ? g_settings_get_int (settings, "test-percent") / 100.0 : 0.2;
}

static gboolean
prefers_splits (void)
{
  GSettings *settings = fovea_settings_get ();

  return settings != NULL && g_settings_get_boolean (settings, "split-new-pictures");
}

/* ---- the job ---- */

/* What a job brings in. The job keeps it, and neither keeps the window: ended jobs stay in the list of the project, which is the
 * window's. */
typedef struct {
  char *project_path;
  char **paths; /* (nullable) what is unpacked, and what came with it */
  gboolean split;
} Incoming;

#define INCOMING "fovea-incoming"

static void
incoming_free (gpointer data)
{
  Incoming *incoming = data;

  g_free (incoming->project_path);
  g_strfreev (incoming->paths);
  g_free (incoming);
}

static Incoming *
incoming_follow (FoveaWindow *self, FoveaJob *job, GCallback on_end)
{
  Incoming *incoming = g_new0 (Incoming, 1);

  incoming->project_path = g_strdup (fovea_project_get_path (self->project));
  g_object_set_data_full (G_OBJECT (job), INCOMING, incoming, incoming_free);
  g_signal_connect_object (job, "finished", on_end, self, 0);
  return incoming;
}

/* (nullable): the project was closed meanwhile; what was going on can go on at its next opening. */
static const Incoming *
incoming_of (FoveaWindow *self, FoveaJob *job)
{
  const Incoming *incoming = g_object_get_data (G_OBJECT (job), INCOMING);

  return self->project != NULL && g_strcmp0 (fovea_project_get_path (self->project), incoming->project_path) == 0 ? incoming : NULL;
}

static void
on_finished (FoveaJob *job, FoveaWindow *self)
{
  const Incoming *incoming = incoming_of (self, job);
  FoveaJobState state = fovea_job_get_state (job);
  const char *summary = fovea_job_get_summary (job);

  if (incoming == NULL)
    return;
  if (state == FOVEA_JOB_FAILED && fovea_job_get_error (job) != NULL)
    {
      /* Once there is room, it can go on. */
      if (!fovea_error_is_disk_full (fovea_job_get_error (job)))
        fovea_unfinished_drop (incoming->project_path);
      fovea_window_toast_error (self, fovea_job_get_title (job), fovea_job_get_error (job));
      return;
    }
  fovea_unfinished_drop (incoming->project_path);
  if (summary == NULL || summary[0] == '\0')
    return;
  g_set_object (&self->report_job, job);
  fovea_window_update_actions (self);
  /* The report stays with the job; pictures that nobody sees are more urgent. */
  if (state == FOVEA_JOB_DONE && fovea_images_page_is_filtered (fovea_window_get_images (self)))
    fovea_window_toast (self, summary, _("Show All"), "win.clear-filters");
  else if (fovea_job_get_n_report_rows (job) > 0)
    fovea_window_toast (self, summary, _("Report"), "win.report");
  else
    fovea_window_toast (self, summary, NULL, NULL);
  fovea_window_look_around (self);
  if (incoming->split && state == FOVEA_JOB_DONE)
    {
      const FoveaSplitOptions options = { .test_fraction = preferred_test_fraction (), .keep = TRUE };

      fovea_project_make_splits_async (self->project, &options, NULL, on_split, g_object_ref (self));
    }
}

void
fovea_window_start_import (FoveaWindow *self, const char *const *paths, FoveaImportFormat format, gboolean split)
{
  FoveaImportOptions options = { .format = format };
  g_autoptr (FoveaJob) job = NULL;

  fovea_unfinished_put (fovea_project_get_path (self->project), paths, format);
  job = fovea_project_import (self->project, paths, &options);
  incoming_follow (self, job, G_CALLBACK (on_finished))->split = split;
  if (fovea_job_is_over (job))
    on_finished (job, self);
}

/* ---- the question ---- */

static void
on_answer (AdwMessageDialog *dialog, const char *response, gpointer data)
{
  g_autoptr (Intake) intake = data;
  gboolean split;

  if (intake->window->project == NULL || g_cancellable_is_cancelled (intake->cancellable))
    return;
  split = intake->split_check != NULL && gtk_check_button_get_active (intake->split_check);
  if (g_str_equal (response, "folders"))
    fovea_window_start_import (intake->window, (const char *const *) intake->paths, FOVEA_IMPORT_FOLDERS, split);
  else if (g_str_equal (response, "plain"))
    fovea_window_start_import (intake->window, (const char *const *) intake->paths, FOVEA_IMPORT_PLAIN, split);
}

/* Where the folders do not say what is for testing. */
static void
offer_splits (Intake *intake, AdwMessageDialog *dialog)
{
  guint percent = (guint) (preferred_test_fraction () * 100 + 0.5);
  g_autofree char *text = g_strdup_printf (_("Set %u %% aside for testing"), percent);

  intake->split_check = GTK_CHECK_BUTTON (gtk_check_button_new_with_label (text));
  gtk_accessible_update_property (GTK_ACCESSIBLE (intake->split_check), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  gtk_check_button_set_active (intake->split_check, TRUE);
  gtk_widget_set_tooltip_text (GTK_WIDGET (intake->split_check),
                               _("A model is tested with pictures that it has never seen. They are taken from each concept in the same "
                                 "proportion, and copies of a picture stay together."));
  adw_message_dialog_set_extra_child (dialog, GTK_WIDGET (intake->split_check));
}

/* Return answers; on the check box, which comes first, it would only tick. */
static void
focus_answer (GtkWindow *dialog)
{
  gtk_window_set_focus (dialog, gtk_window_get_default_widget (dialog));
}

static void
ask_about_folders (Intake *intake, const FoveaImportSurvey *survey)
{
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (intake->window), _("Use Folder Names as Concepts?"), NULL);
  g_autofree char *pictures = g_strdup_printf (ngettext ("%u picture lies", "%u pictures lie", survey->n_files), survey->n_files);

  /* Translators: the first %s is "800 pictures lie". */
  adw_message_dialog_format_body (ADW_MESSAGE_DIALOG (dialog),
                                  survey->has_splits
                                    ? ngettext ("%s in %u class folder, split into training and test. "
                                                "The folder can become a concept, and its pictures be labelled with it.",
                                                "%s in %u class folders, split into training and test. "
                                                "Each folder can become a concept, and its pictures be labelled with it.",
                                                survey->n_classes)
                                    : ngettext ("%s in %u class folder. "
                                                "The folder can become a concept, and its pictures be labelled with it.",
                                                "%s in %u class folders. "
                                                "Each folder can become a concept, and its pictures be labelled with it.",
                                                survey->n_classes),
                                  pictures, survey->n_classes);
  if (!survey->has_splits)
    offer_splits (intake, ADW_MESSAGE_DIALOG (dialog));
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("Cancel"), "plain", _("Only Import"), "folders",
                                    _("Use as Concepts"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "folders", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "folders");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect (dialog, "response", G_CALLBACK (on_answer), intake);
  g_signal_connect_after (dialog, "map", G_CALLBACK (focus_answer), NULL);
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
    fovea_window_start_import (self, (const char *const *) intake->paths, FOVEA_IMPORT_PLAIN, prefers_splits ());
}

/* ---- archives come first ---- */

static void
survey (FoveaWindow *self, const char *const *paths)
{
  fovea_import_survey_async (paths, self->cancellable, on_surveyed, intake_new (self, paths));
}

static void
on_unpacked (FoveaJob *job, FoveaWindow *self)
{
  const Incoming *incoming = incoming_of (self, job);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) folders = fovea_unpack_job_dup_folders (job);
  g_auto (GStrv) paths = NULL;

  if (incoming == NULL)
    return;
  if (fovea_job_get_state (job) == FOVEA_JOB_FAILED)
    fovea_window_toast_error (self, _("The archive was not unpacked"), fovea_job_get_error (job));
  else if (fovea_job_get_n_report_rows (job) > 0)
    {
      g_set_object (&self->report_job, job);
      fovea_window_update_actions (self);
      fovea_window_toast (self, fovea_job_get_summary (job), _("Report"), "win.report");
    }
  for (char **path = incoming->paths; *path != NULL; path++)
    if (!fovea_path_looks_like_zip (*path))
      g_strv_builder_add (builder, *path);
  g_strv_builder_addv (builder, (const char **) folders);
  paths = g_strv_builder_end (builder);
  if (paths[0] != NULL)
    survey (self, (const char *const *) paths);
}

/* FALSE: there are no archives among @paths. */
static gboolean
unpack (FoveaWindow *self, const char *const *paths)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) archives = NULL;
  g_autoptr (FoveaJob) job = NULL;

  for (const char *const *path = paths; *path != NULL; path++)
    if (fovea_path_looks_like_zip (*path))
      g_strv_builder_add (builder, *path);
  archives = g_strv_builder_end (builder);
  if (archives[0] == NULL)
    return FALSE;
  job = fovea_project_unpack (self->project, (const char *const *) archives);
  incoming_follow (self, job, G_CALLBACK (on_unpacked))->paths = g_strdupv ((char **) paths);
  return TRUE;
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
    fovea_window_start_import (self, (const char *const *) paths, FOVEA_IMPORT_FOLDERS, prefers_splits ());
  else if (!unpack (self, (const char *const *) paths))
    survey (self, (const char *const *) paths);
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

void
fovea_window_import_into (FoveaWindow *self, const char *project_path, const char *const *paths)
{
  if (self->path == NULL)
    {
      append_waiting (self, paths);
      fovea_window_load (self, project_path, TRUE);
    }
  else if (g_str_equal (self->path, project_path))
    fovea_window_import (self, paths);
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
      fovea_window_import_files (self, list);
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

      gtk_file_filter_set_name (filter, _("Pictures and archives"));
      gtk_file_filter_add_mime_type (filter, "image/*");
      gtk_file_filter_add_mime_type (filter, "application/zip");
      gtk_file_chooser_add_filter (GTK_FILE_CHOOSER (dialog), filter);
    }
  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (dialog), TRUE);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_import_chosen), self, 0);
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
  };

  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  fovea_window_init_drop (self);
}
