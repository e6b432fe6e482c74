/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/job-row.h"

#include <glib/gi18n.h>

#include "app/report-window.h"

struct _FoveaJobRow {
  GtkListBoxRow parent_instance;
  FoveaJob *job;
  GtkLabel *title_label, *detail_label;
  GtkProgressBar *progress_bar;
  GtkButton *pause_button;
  GtkWidget *show_button, *report_button, *cancel_button;
};

G_DEFINE_FINAL_TYPE (FoveaJobRow, fovea_job_row, GTK_TYPE_LIST_BOX_ROW)

static char *
dup_time_left (double seconds)
{
  guint minutes = (guint) (seconds / 60.0 + 0.5);

  if (seconds < 10.0)
    return g_strdup (_("a few seconds left"));
  if (seconds < 60.0)
    return g_strdup (_("less than a minute left"));
  if (minutes < 90)
    return g_strdup_printf (ngettext ("about %u minute left", "about %u minutes left", minutes), minutes);
  return g_strdup_printf (ngettext ("about %u hour left", "about %u hours left", (minutes + 30) / 60), (minutes + 30) / 60);
}

char *
fovea_job_row_dup_detail (const char *detail, const char *speed, double eta_seconds)
{
  g_autofree char *time_left = eta_seconds >= 0.0 ? dup_time_left (eta_seconds) : g_strdup ("");
  const char *parts[] = { detail, speed, time_left };
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (parts[i] != NULL && parts[i][0] != '\0')
      {
        if (text->len > 0)
          g_string_append (text, " · ");
        g_string_append (text, parts[i]);
      }
  return g_string_free (text, FALSE);
}

static char *
dup_outcome (FoveaJob *job)
{
  const GError *error = fovea_job_get_error (job);
  const char *summary = fovea_job_get_summary (job);

  if (fovea_job_get_state (job) == FOVEA_JOB_FAILED && error != NULL)
    return g_strdup (error->message);
  if (fovea_job_get_state (job) == FOVEA_JOB_CANCELLED)
    return summary[0] != '\0' ? g_strdup_printf (_("Cancelled: %s"), summary) : g_strdup (_("Cancelled"));
  return g_strdup (summary);
}

/* Where a finished job leads; NULL when what it made is outside of the window. */
static const char *
page_action_of (FoveaJobKind kind)
{
  switch (kind)
    {
    case FOVEA_JOB_TRAIN:
    case FOVEA_JOB_EVALUATE:
    case FOVEA_JOB_IMPORT_MODEL:
      return "win.page('models')";
    case FOVEA_JOB_IMPORT:
    case FOVEA_JOB_EMBED:
    case FOVEA_JOB_PREDICT:
    case FOVEA_JOB_RELOCATE:
      return "win.page('images')";
    case FOVEA_JOB_EXPORT:
    case FOVEA_JOB_UNPACK:
    case FOVEA_JOB_BACKUP:
    default:
      return NULL;
    }
}

static void
set_pause_button (FoveaJobRow *self, gboolean paused)
{
  const char *text = paused ? _("Go on") : _("Pause");

  gtk_button_set_icon_name (self->pause_button, paused ? "media-playback-start-symbolic" : "media-playback-pause-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->pause_button), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->pause_button), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
}

static void
refresh (FoveaJobRow *self)
{
  FoveaJobState state = fovea_job_get_state (self->job);
  gboolean over = fovea_job_is_over (self->job);
  double fraction = fovea_job_get_fraction (self->job);
  g_autofree char *detail = NULL, *tooltip = NULL;

  if (over)
    detail = dup_outcome (self->job);
  else if (state == FOVEA_JOB_PAUSED)
    detail = fovea_job_row_dup_detail (_("Paused"), fovea_job_get_detail (self->job), -1.0);
  else
    detail = fovea_job_row_dup_detail (fovea_job_get_detail (self->job), fovea_job_get_speed (self->job),
                                       fovea_job_get_eta_seconds (self->job));
  gtk_label_set_label (self->title_label, fovea_job_get_title (self->job));
  gtk_label_set_label (self->detail_label, detail);
  tooltip = fovea_job_row_dup_detail (detail, fovea_job_get_note (self->job), -1.0);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->detail_label), tooltip);
  gtk_widget_set_visible (GTK_WIDGET (self->progress_bar), !over);
  gtk_widget_set_visible (GTK_WIDGET (self->pause_button), !over);
  gtk_widget_set_visible (self->cancel_button, !over);
  gtk_widget_set_visible (self->show_button, state == FOVEA_JOB_DONE && page_action_of (fovea_job_get_kind (self->job)) != NULL);
  gtk_widget_set_visible (self->report_button, over && fovea_job_get_n_report_rows (self->job) > 0);
  set_pause_button (self, state == FOVEA_JOB_PAUSED);
  if (!over && fraction >= 0.0)
    gtk_progress_bar_set_fraction (self->progress_bar, MIN (fraction, 1.0));
  else if (!over && state != FOVEA_JOB_PAUSED)
    gtk_progress_bar_pulse (self->progress_bar);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, fovea_job_get_title (self->job),
                                  GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, tooltip, -1);
}

static void
on_pause (FoveaJobRow *self)
{
  if (fovea_job_get_state (self->job) == FOVEA_JOB_PAUSED)
    fovea_job_resume (self->job);
  else
    fovea_job_pause (self->job);
}

static void
on_cancel (FoveaJobRow *self)
{
  fovea_job_cancel (self->job);
}

static void
close_popover (FoveaJobRow *self)
{
  GtkWidget *popover = gtk_widget_get_ancestor (GTK_WIDGET (self), GTK_TYPE_POPOVER);

  if (popover != NULL)
    gtk_popover_popdown (GTK_POPOVER (popover));
}

/* To the page; of a model's work to the model too. */
static void
on_show (FoveaJobRow *self)
{
  const char *target = fovea_job_get_target (self->job);
  FoveaJobKind kind = fovea_job_get_kind (self->job);

  if ((kind == FOVEA_JOB_TRAIN || kind == FOVEA_JOB_EVALUATE) && target != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "models.open", "s", target);
  close_popover (self);
}

static void
on_report (FoveaJobRow *self)
{
  fovea_report_window_present (self->job, GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))));
  close_popover (self);
}

static void
job_row_dispose (GObject *object)
{
  FoveaJobRow *self = FOVEA_JOB_ROW (object);

  if (self->job != NULL)
    g_signal_handlers_disconnect_by_data (self->job, self);
  g_clear_object (&self->job);
  G_OBJECT_CLASS (fovea_job_row_parent_class)->dispose (object);
}

static void
fovea_job_row_class_init (FoveaJobRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = job_row_dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/job-row.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaJobRow, title_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobRow, detail_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobRow, progress_bar);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobRow, pause_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobRow, show_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobRow, report_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobRow, cancel_button);
}

static void
fovea_job_row_init (FoveaJobRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->pause_button, "clicked", G_CALLBACK (on_pause), self);
  g_signal_connect_swapped (self->cancel_button, "clicked", G_CALLBACK (on_cancel), self);
  g_signal_connect_swapped (self->show_button, "clicked", G_CALLBACK (on_show), self);
  g_signal_connect_swapped (self->report_button, "clicked", G_CALLBACK (on_report), self);
}

GtkWidget *
fovea_job_row_new (FoveaJob *job)
{
  FoveaJobRow *self = g_object_new (FOVEA_TYPE_JOB_ROW, NULL);

  self->job = g_object_ref (job);
  if (page_action_of (fovea_job_get_kind (job)) != NULL)
    gtk_actionable_set_detailed_action_name (GTK_ACTIONABLE (self->show_button), page_action_of (fovea_job_get_kind (job)));
  g_signal_connect_swapped (job, "notify", G_CALLBACK (refresh), self);
  g_signal_connect_swapped (job, "finished", G_CALLBACK (refresh), self);
  refresh (self);
  return GTK_WIDGET (self);
}

FoveaJob *
fovea_job_row_get_job (FoveaJobRow *self)
{
  return self->job;
}
