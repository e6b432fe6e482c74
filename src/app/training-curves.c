/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/training-curves.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/plot.h"

struct _FoveaTrainingCurves {
  AdwBin parent_instance;
  FoveaJob *job; /* (nullable) */
  gulong notify_id;
  GArray *points; /* FoveaTrainingPoint: read so far */
  gboolean alike;
  FoveaPlot *loss, *accuracy;
};

G_DEFINE_FINAL_TYPE (FoveaTrainingCurves, fovea_training_curves, ADW_TYPE_BIN)

/* ---- curves ---- */

static const FoveaTrainingPoint *
get_point (FoveaTrainingCurves *self, guint i)
{
  return &g_array_index (self->points, FoveaTrainingPoint, i);
}

static void
say (FoveaTrainingCurves *self, FoveaPlot *plot, guint i)
{
  g_autofree char *text = NULL;

  if (i >= self->points->len)
    return;
  text = plot == self->loss ? g_strdup_printf (_("After %u steps: loss %.3f"), (guint) get_point (self, i)->step, get_point (self, i)->loss)
                            : g_strdup_printf (self->alike ? _("After %u steps: for %.1f %% of the pictures held out the nearest is alike")
                                                           : _("After %u steps: %.1f %% of the pictures held out right"),
                                               (guint) get_point (self, i)->step, 100.0 * get_point (self, i)->validation_accuracy);
  fovea_plot_set_mark_text (plot, text);
}

static guint
find_last (const double *values, guint n)
{
  guint last = 0;

  for (guint i = 0; i < n; i++)
    if (!isnan (values[i]))
      last = i;
  return last;
}

static void
draw (FoveaTrainingCurves *self)
{
  guint n = self->points->len;
  double fraction = fovea_job_get_fraction (self->job), highest = 0.0;
  double total = n > 0 ? (double) get_point (self, n - 1)->step / (fraction > 0.01 ? fraction : 1.0) : 1.0;
  g_autofree double *x = g_new (double, n + 1), *loss = g_new (double, n + 1), *accuracy = g_new (double, n + 1);
  gboolean validated = FALSE;

  for (guint i = 0; i < n; i++)
    highest = MAX (highest, isnan (get_point (self, i)->loss) ? 0.0 : get_point (self, i)->loss);
  for (guint i = 0; i < n; i++)
    {
      x[i] = MIN (1.0, (double) get_point (self, i)->step / MAX (total, 1.0));
      loss[i] = highest > 0.0 ? get_point (self, i)->loss / highest : (double) NAN;
      accuracy[i] = get_point (self, i)->validation_accuracy;
      validated |= !isnan (accuracy[i]);
    }
  fovea_plot_set_points (self->loss, x, loss, n, find_last (loss, n));
  fovea_plot_set_points (self->accuracy, x, accuracy, n, find_last (accuracy, n));
  say (self, self->loss, fovea_plot_get_mark (self->loss));
  if (validated)
    say (self, self->accuracy, fovea_plot_get_mark (self->accuracy));
  gtk_widget_set_visible (GTK_WIDGET (self->accuracy), validated);
  gtk_widget_set_visible (GTK_WIDGET (self), n > 1);
}

static void
refresh (FoveaTrainingCurves *self)
{
  guint before = self->points->len;
  FoveaTrainingPoint point;

  while (fovea_job_get_training_point (self->job, self->points->len, &point))
    g_array_append_val (self->points, point);
  if (self->points->len != before)
    draw (self);
}

static void
on_mark_moved (FoveaPlot *plot, guint mark, FoveaTrainingCurves *self)
{
  say (self, plot, mark);
}

void
fovea_training_curves_set_job (FoveaTrainingCurves *self, FoveaJob *job, gboolean alike)
{
  self->alike = alike;
  if (self->job == job)
    return;
  if (self->job != NULL)
    g_clear_signal_handler (&self->notify_id, self->job);
  g_set_object (&self->job, job);
  g_array_set_size (self->points, 0);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  if (job == NULL)
    return;
  /* The snapshot is taken ten times a second at most, and the points come with it. */
  self->notify_id = g_signal_connect_swapped (job, "notify::fraction", G_CALLBACK (refresh), self);
  refresh (self);
}

/* ---- the object ---- */

static void
training_curves_dispose (GObject *object)
{
  fovea_training_curves_set_job (FOVEA_TRAINING_CURVES (object), NULL, FALSE);
  G_OBJECT_CLASS (fovea_training_curves_parent_class)->dispose (object);
}

static void
training_curves_finalize (GObject *object)
{
  g_array_unref (FOVEA_TRAINING_CURVES (object)->points);
  G_OBJECT_CLASS (fovea_training_curves_parent_class)->finalize (object);
}

static void
fovea_training_curves_class_init (FoveaTrainingCurvesClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = training_curves_dispose;
  G_OBJECT_CLASS (klass)->finalize = training_curves_finalize;
}

static void
fovea_training_curves_init (FoveaTrainingCurves *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 18);

  self->points = g_array_new (FALSE, FALSE, sizeof (FoveaTrainingPoint));
  self->loss = FOVEA_PLOT (fovea_plot_new (FOVEA_PLOT_CURVE, _("Loss while it learns"), _("Part of the training"), _("Loss, of its highest")));
  self->accuracy = FOVEA_PLOT (fovea_plot_new (FOVEA_PLOT_CURVE, _("Accuracy while it learns"), _("Part of the training"),
                                               _("Right or alike, of the pictures held out")));
  gtk_box_set_homogeneous (GTK_BOX (box), TRUE);
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->loss));
  gtk_box_append (GTK_BOX (box), GTK_WIDGET (self->accuracy));
  g_signal_connect (self->loss, "mark-moved", G_CALLBACK (on_mark_moved), self);
  g_signal_connect (self->accuracy, "mark-moved", G_CALLBACK (on_mark_moved), self);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  adw_bin_set_child (ADW_BIN (self), box);
}

GtkWidget *
fovea_training_curves_new (void)
{
  return g_object_new (FOVEA_TYPE_TRAINING_CURVES, NULL);
}
