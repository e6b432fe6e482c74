/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training-time.h"

#include <glib/gi18n.h>

#include "engine/training-estimate.h"

/* Pause in changing a parameter after which the time is worked out anew. */
#define PAUSE_MS 600
#define SECONDS_A_MINUTE 60.0

struct _FoveaTrainingTime {
  AdwBin parent_instance;
  FoveaProject *project;     /* (nullable) with @params: what is asked about next */
  GObject *params;
  GCancellable *cancellable; /* (nullable) of what is being worked out */
  guint source;
  GtkLabel *label;
};

G_DEFINE_FINAL_TYPE (FoveaTrainingTime, fovea_training_time, ADW_TYPE_BIN)

static char *
dup_duration (double seconds)
{
  guint minutes = MAX (1, (guint) (seconds / SECONDS_A_MINUTE + 0.5)), tens = MAX (1, (guint) (seconds / 10 + 0.5));

  if (seconds < 50)
    return g_strdup_printf (ngettext ("about %u second", "about %u seconds", tens * 10), tens * 10);
  return g_strdup_printf (ngettext ("about %u minute", "about %u minutes", minutes), minutes);
}

static void
on_estimated (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaTrainingTime) self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *duration = NULL;
  g_autofree char *text = NULL;
  FoveaTrainingEstimate estimate;
  gboolean known = fovea_project_estimate_training_finish (result, &estimate, &error);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return; /* asked anew meanwhile, or gone */
  if (!known)
    {
      gtk_label_set_label (self->label, error->message);
      return;
    }
  duration = dup_duration (estimate.seconds);
  /* Translators: the second part is "about 3 minutes" */
  text = g_strdup_printf (ngettext ("Learning from %u picture takes %s on this computer.", "Learning from %u pictures takes %s on this computer.",
                                    estimate.n_pictures),
                          estimate.n_pictures, duration);
  gtk_label_set_label (self->label, text);
}

static void
stop (FoveaTrainingTime *self)
{
  g_clear_handle_id (&self->source, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->project);
  g_clear_object (&self->params);
}

static gboolean
on_due (gpointer data)
{
  FoveaTrainingTime *self = data;

  self->source = 0;
  self->cancellable = g_cancellable_new ();
  fovea_project_estimate_training_async (self->project, self->params, self->cancellable, on_estimated, g_object_ref (self));
  return G_SOURCE_REMOVE;
}

void
fovea_training_time_ask (FoveaTrainingTime *self, FoveaProject *project, GObject *params)
{
  gboolean can = params != NULL && fovea_training_is_estimated (params);

  stop (self);
  gtk_widget_set_visible (GTK_WIDGET (self), can);
  if (!can)
    return;
  self->project = g_object_ref (project);
  self->params = g_object_ref (params);
  gtk_label_set_label (self->label, _("Measuring how long it will take…"));
  self->source = g_timeout_add (PAUSE_MS, on_due, self);
}

static void
training_time_unroot (GtkWidget *widget)
{
  stop (FOVEA_TRAINING_TIME (widget));
  GTK_WIDGET_CLASS (fovea_training_time_parent_class)->unroot (widget);
}

static void
training_time_dispose (GObject *object)
{
  stop (FOVEA_TRAINING_TIME (object));
  G_OBJECT_CLASS (fovea_training_time_parent_class)->dispose (object);
}

static void
fovea_training_time_class_init (FoveaTrainingTimeClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = training_time_dispose;
  GTK_WIDGET_CLASS (klass)->unroot = training_time_unroot;
}

static void
fovea_training_time_init (FoveaTrainingTime *self)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_STATUS, "xalign", 0.0, "wrap", TRUE, NULL);

  self->label = GTK_LABEL (label);
  gtk_widget_add_css_class (label, "dim-label");
  gtk_widget_add_css_class (label, "numeric");
  adw_bin_set_child (ADW_BIN (self), label);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
