/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a drop holds, by names alone. */
#include "engine/import-job.h"
#include "engine/walk.h"

#define MAX_ENTRIES 200000

typedef struct {
  GTask *task;
  char **paths;
  FoveaImportSurvey survey;
  GError *error;
  GCancellable *enough; /* ends the walk when there is more than anybody wants to count */
} Survey;

static void
on_progress (guint n_entries, gpointer data)
{
  Survey *self = data;

  if (n_entries < MAX_ENTRIES && !g_cancellable_is_cancelled (g_task_get_cancellable (self->task)))
    return;
  self->survey.more = n_entries >= MAX_ENTRIES;
  g_cancellable_cancel (self->enough);
}

static gboolean
return_survey (gpointer data)
{
  Survey *self = data;

  if (self->error != NULL)
    g_task_return_error (self->task, self->error);
  else
    g_task_return_pointer (self->task, g_memdup2 (&self->survey, sizeof self->survey), g_free);
  g_object_unref (self->task);
  g_object_unref (self->enough);
  g_strfreev (self->paths);
  g_free (self);
  return G_SOURCE_REMOVE;
}

static void
count (Survey *self, const FoveaWalk *walk)
{
  g_autoptr (GArray) layouts = fovea_walk_layouts (walk, g_strv_length (self->paths));

  for (guint i = 0; i < layouts->len; i++)
    {
      const FoveaLayout *layout = &g_array_index (layouts, FoveaLayout, i);

      self->survey.n_files += layout->n_files;
      if (layout->classes)
        self->survey.n_classes += layout->n_classes;
      self->survey.has_splits |= layout->splits;
    }
}

static gpointer
survey_on_thread (gpointer data)
{
  Survey *self = data;
  g_autoptr (GSource) idle = g_idle_source_new ();
  g_autoptr (GError) error = NULL;
  FoveaWalk *walk = fovea_walk ((const char *const *) self->paths, on_progress, self, self->enough, &error);

  if (walk != NULL)
    count (self, walk);
  else if (self->survey.more)
    self->survey.n_files = MAX_ENTRIES;
  else
    self->error = g_steal_pointer (&error);
  fovea_walk_free (walk);
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, return_survey, self, NULL);
  g_source_attach (idle, g_task_get_context (self->task));
  return NULL;
}

void
fovea_import_survey_async (const char *const *paths, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  Survey *self = g_new0 (Survey, 1);

  self->task = g_task_new (NULL, cancellable, callback, data);
  self->paths = g_strdupv ((char **) paths);
  self->enough = g_cancellable_new ();
  g_thread_unref (g_thread_new ("survey", survey_on_thread, self));
}

gboolean
fovea_import_survey_finish (GAsyncResult *result, FoveaImportSurvey *ret_survey, GError **error)
{
  g_autofree FoveaImportSurvey *survey = g_task_propagate_pointer (G_TASK (result), error);

  if (survey == NULL)
    return FALSE;
  *ret_survey = *survey;
  return TRUE;
}
