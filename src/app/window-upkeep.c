/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Care for a project as a whole: splits, missing and new pictures, copies; and the notices that lead there. */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/paths.h"
#include "app/settings.h"
#include "app/splits-window.h"
#include "app/unfinished.h"
#include "engine/live.h"
#include "engine/look-around.h"
#include "engine/upkeep-jobs.h"

static FoveaNoticeBar *
get_notices (FoveaWindow *self)
{
  return fovea_project_view_get_notices (self->view);
}

static gboolean
can_write (FoveaWindow *self)
{
  return self->view != NULL && !fovea_project_get_read_only (self->project);
}

/* ---- splits ---- */

static void
on_splits_made (FoveaSplitsWindow *window, const char *text, FoveaWindow *self)
{
  fovea_window_toast (self, text, _("Undo"), "win.undo");
}

static void
on_make_splits (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  GtkWidget *window = fovea_splits_window_new (self->project, GTK_WINDOW (self));

  g_signal_connect_object (window, "made", G_CALLBACK (on_splits_made), self, 0);
  gtk_window_present (GTK_WINDOW (window));
}

/* ---- the end of a job: what came out, with the report where there is one ---- */

static void
on_job_finished (FoveaJob *job, FoveaWindow *self)
{
  if (self->project == NULL)
    return;
  if (fovea_job_get_state (job) == FOVEA_JOB_FAILED)
    fovea_window_toast_error (self, fovea_job_get_title (job), fovea_job_get_error (job));
  else if (fovea_job_get_state (job) == FOVEA_JOB_DONE && fovea_job_get_n_report_rows (job) > 0)
    {
      g_set_object (&self->report_job, job);
      fovea_window_update_actions (self);
      fovea_window_toast (self, fovea_job_get_summary (job), _("Report"), "win.report");
    }
  else if (fovea_job_get_state (job) == FOVEA_JOB_DONE)
    fovea_window_toast (self, fovea_job_get_summary (job), NULL, NULL);
}

/* ---- missing pictures ---- */

static void
on_relocated (FoveaJob *job, FoveaWindow *self)
{
  on_job_finished (job, self);
  if (self->project != NULL)
    fovea_window_look_around (self);
}

static void
on_folder_chosen (GtkNativeDialog *dialog, int response, FoveaWindow *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;
  const char *folders[2] = { path, NULL };

  if (path != NULL && can_write (self))
    {
      g_autoptr (FoveaJob) job = fovea_project_relocate (self->project, folders);

      g_signal_connect_object (job, "finished", G_CALLBACK (on_relocated), self, 0);
    }
  g_object_unref (dialog);
}

/* What is left of the place where pictures came from; they have seldom been moved far. (nullable) */
static GFile *
dup_old_place (const char *const *folders)
{
  g_autoptr (GFile) place = folders != NULL && folders[0] != NULL ? g_file_new_for_path (folders[0]) : NULL;

  while (place != NULL && !g_file_query_exists (place, NULL))
    {
      GFile *parent = g_file_get_parent (place);

      g_object_unref (place);
      place = parent;
    }
  return g_steal_pointer (&place);
}

static void
on_folders_known (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaWindow) self = data;
  g_auto (GStrv) folders = fovea_project_list_watched_folders_finish (FOVEA_PROJECT (source), result, NULL);
  g_autoptr (GFile) place = dup_old_place ((const char *const *) folders);
  GtkFileChooserNative *dialog;

  if (G_OBJECT (self->project) != source)
    return;
  dialog = gtk_file_chooser_native_new (_("Find Missing Pictures: Where May They Be?"), GTK_WINDOW (self),
                                        GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("Look There"), NULL);
  if (place != NULL)
    gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), place, NULL);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_folder_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
on_find_missing (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;

  fovea_project_list_watched_folders_async (self->project, self->cancellable, on_folders_known, g_object_ref (self));
}

/* ---- looking around: new pictures, missing ones, a missing network ---- */

static void
show_new (FoveaWindow *self)
{
  FoveaSurroundings *found = self->surroundings;
  const FoveaNewPictures *first = found->folders->len > 0 ? g_ptr_array_index (found->folders, 0) : NULL;
  g_autofree char *base = first != NULL ? g_path_get_basename (first->folder) : NULL;
  g_autofree char *name = base != NULL ? g_filename_display_name (base) : NULL;
  g_autofree char *text = NULL;

  if (found->n_new == 0)
    {
      fovea_notice_bar_hide (get_notices (self), "new");
      return;
    }
  if (found->folders->len == 1)
    text = g_strdup_printf (ngettext ("%u new picture in “%s”", "%u new pictures in “%s”", found->n_new), found->n_new, name);
  else
    text = g_strdup_printf (_("%u new pictures in “%s” and other imported folders"), found->n_new, name);
  fovea_notice_bar_show (get_notices (self), "new", text, _("Import"), "win.import-new");
}

static void
show_missing (FoveaWindow *self)
{
  guint n = self->surroundings->n_missing;
  g_autofree char *text = g_strdup_printf (ngettext ("The file of %u picture is no longer where it was",
                                                     "The files of %u pictures are no longer where they were", n), n);

  if (n > 0)
    fovea_notice_bar_show (get_notices (self), "missing", text, _("Find Them…"), "win.find-missing");
  else
    fovea_notice_bar_hide (get_notices (self), "missing");
}

static void
show_pack (FoveaWindow *self)
{
  FoveaSurroundings *found = self->surroundings;
  g_autofree char *text = NULL;

  if (!found->pack_missing || found->n_pending == 0)
    {
      fovea_notice_bar_hide (get_notices (self), "pack");
      return;
    }
  text = g_strdup_printf (ngettext ("%u picture waits for the network “%s”, which is not installed",
                                    "%u pictures wait for the network “%s”, which is not installed", found->n_pending),
                          found->n_pending, found->pack);
  fovea_notice_bar_show (get_notices (self), "pack", text, _("What to Do"), "win.pack-help");
}

/* Pictures that came in without the network are caught up with once it is there. */
static void
embed_pending (FoveaWindow *self)
{
  g_autoptr (FoveaJob) job = NULL;

  if (self->surroundings->pack_missing || self->surroundings->n_pending == 0 || self->caught_up || !can_write (self)
      || fovea_job_list_get_n_running (fovea_project_get_jobs (self->project)) > 0)
    return;
  self->caught_up = TRUE; /* those that cannot be read would come again and again */
  job = fovea_project_embed (self->project);
}

typedef struct {
  FoveaWindow *window;
  gboolean asked; /* by the person, who wants an answer in any case */
} Look;

static void
on_looked_around (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Look *look = data;
  g_autoptr (FoveaWindow) self = look->window;
  g_autoptr (GError) error = NULL;
  FoveaSurroundings *found = fovea_project_look_around_finish (FOVEA_PROJECT (source), result, &error);

  if (found == NULL || self->project != FOVEA_PROJECT (source) || self->view == NULL)
    {
      fovea_surroundings_free (found);
      return;
    }
  g_clear_pointer (&self->surroundings, fovea_surroundings_free);
  self->surroundings = found;
  show_new (self);
  show_missing (self);
  show_pack (self);
  embed_pending (self);
  if (look->asked && found->n_new == 0)
    fovea_window_toast (self, _("No new pictures in the folders that were imported"), NULL, NULL);
}

static void
look_around (FoveaWindow *self, gboolean asked)
{
  Look *look = g_new0 (Look, 1);

  look->window = g_object_ref (self);
  look->asked = asked;
  fovea_project_look_around_async (self->project, self->cancellable, on_looked_around, look);
}

void
fovea_window_look_around (FoveaWindow *self)
{
  look_around (self, FALSE);
}

static void
on_look_around (GSimpleAction *action, GVariant *target, gpointer self)
{
  look_around (self, TRUE);
}

static void
on_import_new (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;

  if (self->surroundings == NULL || !can_write (self))
    return;
  fovea_notice_bar_hide (get_notices (self), "new");
  for (guint i = 0; i < self->surroundings->folders->len; i++)
    {
      const FoveaNewPictures *folder = g_ptr_array_index (self->surroundings->folders, i);
      const char *paths[2] = { folder->folder, NULL };

      fovea_window_start_import (self, paths, folder->format,
                                 fovea_settings_get () != NULL && g_settings_get_boolean (fovea_settings_get (), "split-new-pictures"));
    }
}

static void
on_pack_help (GSimpleAction *action, GVariant *target, gpointer self)
{
  GtkWidget *dialog = adw_message_dialog_new (self, _("A Network Is Missing"), NULL);

  adw_message_dialog_format_body (ADW_MESSAGE_DIALOG (dialog),
                                  _("Your pictures are in the project and can be looked at, labelled and sorted. Suggestions, training and "
                                    "sorting by doubt also need the network “%s”; it belongs to Fovea and is fetched when Fovea is set up.\n\n"
                                    "To get it, connect this computer to the internet, close Fovea, and start it once with "
                                    "“build-aux/run” from its folder. The pictures that wait are then caught up with by themselves."),
                                  FOVEA_WINDOW (self)->surroundings != NULL ? FOVEA_WINDOW (self)->surroundings->pack : "");
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _("Close"));
  gtk_window_present (GTK_WINDOW (dialog));
}

/* ---- copies ---- */

/* Of a job: the copy that is to be opened when it is made. */
#define COPY_TO_OPEN "fovea-copy-to-open"

static void
on_copied (FoveaJob *job, FoveaWindow *self)
{
  const char *to_open = g_object_get_data (G_OBJECT (job), COPY_TO_OPEN);

  on_job_finished (job, self);
  if (to_open != NULL && fovea_job_get_state (job) == FOVEA_JOB_DONE)
    fovea_application_open_project (FOVEA_APPLICATION (g_application_get_default ()), to_open, FALSE, NULL);
}

static void
on_copy_chosen (GtkNativeDialog *dialog, int response, FoveaWindow *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

  if (path != NULL && self->project != NULL)
    {
      g_autoptr (FoveaJob) job = NULL;
      /* The chooser has asked about that very name; about the one with the ending nobody has. */
      gboolean replace = g_str_has_suffix (path, ".fovea");
      g_autofree char *copy = replace ? g_strdup (path) : g_strconcat (path, ".fovea", NULL);

      job = fovea_project_backup (self->project, copy, replace);
      if (g_object_get_data (G_OBJECT (dialog), "fovea-open") != NULL)
        g_object_set_data_full (G_OBJECT (job), COPY_TO_OPEN, g_steal_pointer (&copy), g_free);
      g_signal_connect_object (job, "finished", G_CALLBACK (on_copied), self, 0);
    }
  g_object_unref (dialog);
}

static void
choose_copy (FoveaWindow *self, gboolean open, const char *title, const char *name)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (title, GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_SAVE, _("Save"), NULL);
  g_autofree char *folder_path = g_path_get_dirname (self->path);
  g_autoptr (GFile) folder = g_file_new_for_path (folder_path);

  gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (dialog), folder, NULL);
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  g_object_set_data (G_OBJECT (dialog), "fovea-open", GINT_TO_POINTER (open));
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_copy_chosen), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
on_backup (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *date = g_date_time_format (now, "%Y-%m-%d");
  g_autofree char *name = g_strdup_printf ("%s %s.fovea", fovea_project_get_name (self->project), date);

  choose_copy (self, FALSE, _("Make a Back-up Copy"), name);
}

static void
on_save_copy (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  /* Translators: the name of a copied project. */
  g_autofree char *stem = g_strdup_printf (_("%s (copy)"), fovea_project_get_name (self->project));
  g_autofree char *name = g_strconcat (stem, ".fovea", NULL);

  choose_copy (self, TRUE, _("Save a Copy and Open It"), name);
}

/* ---- an import that was cut off ---- */

static void
on_continue_import (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  FoveaImportFormat format;
  g_auto (GStrv) paths = can_write (self) ? fovea_unfinished_dup (self->path, &format) : NULL;

  if (paths == NULL)
    return;
  fovea_notice_bar_hide (get_notices (self), "unfinished");
  fovea_window_start_import (self, (const char *const *) paths, format, FALSE);
}

static void
offer_to_continue (FoveaWindow *self)
{
  FoveaImportFormat format;
  g_auto (GStrv) paths = can_write (self) ? fovea_unfinished_dup (self->path, &format) : NULL;

  if (paths != NULL)
    fovea_notice_bar_show (get_notices (self), "unfinished", _("An import was not finished. What came in is kept."), _("Go On"),
                           "win.continue-import");
}

/* ---- the window's parts ---- */

static const GActionEntry actions[] = {
  { "make-splits", on_make_splits },   { "find-missing", on_find_missing }, { "look-around", on_look_around },
  { "import-new", on_import_new },     { "pack-help", on_pack_help },       { "backup", on_backup },
  { "save-copy", on_save_copy },       { "continue-import", on_continue_import },
};

static void
update_actions (FoveaWindow *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self), actions[i].name);
      gboolean copies = g_str_equal (actions[i].name, "backup") || g_str_equal (actions[i].name, "save-copy");

      g_simple_action_set_enabled (G_SIMPLE_ACTION (action), copies || g_str_equal (actions[i].name, "pack-help") ? self->view != NULL
                                                                                                                  : can_write (self));
    }
}

void
fovea_window_start_upkeep (FoveaWindow *self)
{
  self->caught_up = FALSE;
  update_actions (self);
  if (self->view == NULL)
    {
      g_clear_pointer (&self->surroundings, fovea_surroundings_free);
      return;
    }
  if (fovea_settings_get () != NULL)
    g_settings_bind (fovea_settings_get (), "live-suggestions", fovea_project_get_live (self->project), "enabled", G_SETTINGS_BIND_GET);
  offer_to_continue (self);
  if (fovea_settings_get () == NULL || g_settings_get_boolean (fovea_settings_get (), "look-on-open"))
    look_around (self, FALSE);
}

void
fovea_window_init_upkeep (FoveaWindow *self)
{
  g_action_map_add_action_entries (G_ACTION_MAP (self), actions, G_N_ELEMENTS (actions), self);
  update_actions (self);
}
