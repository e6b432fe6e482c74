/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens around long work: the computer stays awake, a person who looks elsewhere is told of its end, a full disk is explained. */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "engine/engine-error.h"

/* Shorter work is over before anybody has looked away. */
#define LONG_WORK_US (10 * G_TIME_SPAN_SECOND)
#define STARTED "fovea-started"

static void
hold_suspend (FoveaWindow *self)
{
  GtkApplication *app = gtk_window_get_application (GTK_WINDOW (self));
  guint n = self->project != NULL ? fovea_job_list_get_n_running (fovea_project_get_jobs (self->project)) : 0;

  if (n > 0 && self->inhibit_cookie == 0 && app != NULL)
    self->inhibit_cookie = gtk_application_inhibit (app, GTK_WINDOW (self), GTK_APPLICATION_INHIBIT_SUSPEND, _("Work is running"));
  else if (n == 0 && self->inhibit_cookie != 0)
    {
      if (app != NULL)
        gtk_application_uninhibit (app, self->inhibit_cookie);
      self->inhibit_cookie = 0;
    }
}

static void
notify_of (FoveaWindow *self, FoveaJob *job)
{
  GtkApplication *app = gtk_window_get_application (GTK_WINDOW (self));
  const GError *error = fovea_job_get_error (job);
  gint64 *started = g_object_get_data (G_OBJECT (job), STARTED);
  g_autoptr (GNotification) notification = NULL;

  if (app == NULL || started == NULL || g_get_monotonic_time () - *started < LONG_WORK_US || gtk_window_is_active (GTK_WINDOW (self))
      || fovea_job_get_state (job) == FOVEA_JOB_CANCELLED)
    return;
  notification = g_notification_new (fovea_job_get_title (job));
  g_notification_set_body (notification, error != NULL ? error->message : fovea_job_get_summary (job));
  if (error != NULL)
    g_notification_set_priority (notification, G_NOTIFICATION_PRIORITY_HIGH);
  g_notification_set_default_action_and_target_value (notification, "app.present", g_variant_new_bytestring (self->path));
  g_application_send_notification (G_APPLICATION (app), NULL, notification);
}

static void
on_finished (FoveaJob *job, FoveaWindow *self)
{
  if (self->project == NULL)
    return;
  notify_of (self, job);
  if (fovea_job_get_kind (job) == FOVEA_JOB_TRAIN && fovea_job_get_state (job) == FOVEA_JOB_CANCELLED)
    fovea_window_toast (self, _("Training cancelled. The model is as it was."), NULL, NULL);
  if (fovea_error_is_disk_full (fovea_job_get_error (job)))
    fovea_window_show_disk_full (self, fovea_job_get_error (job));
}

static void
on_jobs_changed (GListModel *jobs, guint position, guint n_removed, guint n_added, FoveaWindow *self)
{
  for (guint i = position; i < position + n_added; i++)
    {
      g_autoptr (FoveaJob) job = g_list_model_get_item (jobs, i);
      gint64 now = g_get_monotonic_time ();

      if (g_object_get_data (G_OBJECT (job), STARTED) != NULL)
        continue;
      g_object_set_data_full (G_OBJECT (job), STARTED, g_memdup2 (&now, sizeof now), g_free);
      g_signal_connect_object (job, "finished", G_CALLBACK (on_finished), self, 0);
    }
}

static void
on_disk_full_response (AdwMessageDialog *dialog, const char *response, FoveaWindow *self)
{
  self->disk_full_dialog = NULL;
}

void
fovea_window_show_disk_full (FoveaWindow *self, const GError *error)
{
  GtkWidget *dialog;

  if (self->disk_full_dialog != NULL)
    return;
  dialog = adw_message_dialog_new (GTK_WINDOW (self), _("The Disk Is Full"), NULL);
  adw_message_dialog_format_body (ADW_MESSAGE_DIALOG (dialog),
                                  _("%s\n\nWhat was done until now is kept. Make room on the disk (empty the wastebasket, or move large "
                                    "files away), then do it again: an import goes on where it was."),
                                  error->message);
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "close", _("Close"));
  g_signal_connect_object (dialog, "response", G_CALLBACK (on_disk_full_response), self, 0);
  self->disk_full_dialog = dialog;
  gtk_window_present (GTK_WINDOW (dialog));
}

void
fovea_window_watch_jobs (FoveaWindow *self)
{
  FoveaJobList *jobs = fovea_project_get_jobs (self->project);

  g_signal_connect (jobs, "items-changed", G_CALLBACK (on_jobs_changed), self);
  g_signal_connect_swapped (jobs, "notify::n-running", G_CALLBACK (hold_suspend), self);
}

void
fovea_window_unwatch_jobs (FoveaWindow *self)
{
  GtkApplication *app = gtk_window_get_application (GTK_WINDOW (self));

  if (self->inhibit_cookie != 0 && app != NULL)
    gtk_application_uninhibit (app, self->inhibit_cookie);
  self->inhibit_cookie = 0;
}
