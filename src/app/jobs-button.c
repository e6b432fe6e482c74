/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/jobs-button.h"

#include <glib/gi18n.h>

#include "app/job-row.h"
#include "app/progress-pie.h"

struct _FoveaJobsButton {
  AdwBin parent_instance;
  FoveaJobList *jobs;
  GPtrArray *watched; /* of FoveaJob: those whose progress the pie shows */
  GtkMenuButton *button;
  GtkStack *stack;
  GtkListBox *list;
  GtkWidget *clear_button;
  FoveaProgressPie *pie;
  GtkLabel *count_label;
};

G_DEFINE_FINAL_TYPE (FoveaJobsButton, fovea_jobs_button, ADW_TYPE_BIN)

/* All running jobs count alike; one whose length is not known makes the whole unknown. */
static double
get_mean_fraction (FoveaJobsButton *self, guint *ret_n_running)
{
  double sum = 0.0;
  gboolean known = TRUE;

  *ret_n_running = 0;
  for (guint i = 0; i < self->watched->len; i++)
    {
      FoveaJob *job = g_ptr_array_index (self->watched, i);

      if (fovea_job_is_over (job))
        continue;
      *ret_n_running += 1;
      known = known && fovea_job_get_fraction (job) >= 0.0;
      sum += fovea_job_get_fraction (job);
    }
  return known && *ret_n_running > 0 ? sum / *ret_n_running : -1.0;
}

static void
refresh (FoveaJobsButton *self)
{
  guint n_running;
  double fraction = get_mean_fraction (self, &n_running);
  g_autofree char *count = g_strdup_printf ("%u", n_running);
  g_autofree char *description = NULL;

  if (n_running == 0)
    description = g_strdup (_("No work is running."));
  else if (fraction < 0.0)
    description = g_strdup_printf (ngettext ("%u job running", "%u jobs running", n_running), n_running);
  else
    description = g_strdup_printf (ngettext ("%u job running, %.0f %% done", "%u jobs running, %.0f %% done", n_running), n_running,
                                   fraction * 100.0);
  fovea_progress_pie_set (self->pie, n_running > 0, fraction);
  gtk_label_set_label (self->count_label, count);
  gtk_widget_set_visible (GTK_WIDGET (self->count_label), n_running > 1);
  gtk_stack_set_visible_child_name (self->stack, self->watched->len > 0 ? "jobs" : "idle");
  gtk_widget_set_visible (self->clear_button, self->watched->len > n_running);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description, -1);
}

static void
unwatch (gpointer data, gpointer self)
{
  g_signal_handlers_disconnect_by_data (data, self);
}

static void
on_jobs_changed (FoveaJobsButton *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->jobs));

  g_ptr_array_foreach (self->watched, unwatch, self);
  g_ptr_array_set_size (self->watched, 0);
  for (guint i = 0; i < n; i++)
    {
      FoveaJob *job = g_list_model_get_item (G_LIST_MODEL (self->jobs), i);

      g_signal_connect_swapped (job, "notify", G_CALLBACK (refresh), self);
      g_ptr_array_add (self->watched, job);
    }
  refresh (self);
}

static void
on_clear (FoveaJobsButton *self)
{
  fovea_job_list_clear_finished (self->jobs);
  if (self->watched->len == 0)
    gtk_menu_button_popdown (self->button);
}

static GtkWidget *
create_row (gpointer item, gpointer data)
{
  return fovea_job_row_new (item);
}

void
fovea_jobs_button_set_jobs (FoveaJobsButton *self, FoveaJobList *jobs)
{
  g_return_if_fail (self->jobs == NULL);
  self->jobs = g_object_ref (jobs);
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (jobs), create_row, NULL, NULL);
  g_signal_connect_object (jobs, "items-changed", G_CALLBACK (on_jobs_changed), self, G_CONNECT_SWAPPED);
  on_jobs_changed (self);
}

void
fovea_jobs_button_popup (FoveaJobsButton *self)
{
  gtk_menu_button_popup (self->button);
}

static void
jobs_button_dispose (GObject *object)
{
  FoveaJobsButton *self = FOVEA_JOBS_BUTTON (object);

  if (self->list != NULL)
    gtk_list_box_bind_model (self->list, NULL, NULL, NULL, NULL);
  if (self->watched != NULL)
    g_ptr_array_foreach (self->watched, unwatch, self);
  g_clear_pointer (&self->watched, g_ptr_array_unref);
  g_clear_object (&self->jobs);
  G_OBJECT_CLASS (fovea_jobs_button_parent_class)->dispose (object);
}

static void
fovea_jobs_button_class_init (FoveaJobsButtonClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = jobs_button_dispose;
  g_type_ensure (FOVEA_TYPE_PROGRESS_PIE);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/jobs-button.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaJobsButton, button);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobsButton, stack);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobsButton, list);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobsButton, clear_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobsButton, pie);
  gtk_widget_class_bind_template_child (widget_class, FoveaJobsButton, count_label);
}

static void
fovea_jobs_button_init (FoveaJobsButton *self)
{
  self->watched = g_ptr_array_new_with_free_func (g_object_unref);
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect_swapped (self->clear_button, "clicked", G_CALLBACK (on_clear), self);
}
