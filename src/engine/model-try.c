/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One picture through a model. */
#include "engine/model-actions.h"

#include "engine/engine-error.h"
#include "engine/job-private.h"

typedef struct {
  FoveaJob *job;
  JsonNode *output; /* written on the job's thread, read when it is over */
} Try;

static void
try_free (gpointer data)
{
  Try *self = data;

  g_clear_object (&self->job);
  g_clear_pointer (&self->output, json_node_unref);
  g_free (self);
}

void
fovea_answer_free (FoveaAnswer *answer)
{
  g_free (answer->name);
  g_free (answer);
}

static gboolean
keep_output (JsonNode *output, gpointer data)
{
  ((Try *) data)->output = json_node_copy (output);
  return TRUE;
}

static GPtrArray *
read_answers (JsonObject *output)
{
  GPtrArray *answers = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_answer_free);
  JsonArray *concepts = json_object_get_array_member (json_object_get_object_member (output, "data"), "concepts");

  for (guint i = 0; i < json_array_get_length (concepts); i++)
    {
      JsonObject *concept = json_array_get_object_element (concepts, i);
      FoveaAnswer *answer = g_new0 (FoveaAnswer, 1);

      answer->name = g_strdup (json_object_get_string_member (concept, "name"));
      answer->value = json_object_get_double_member (concept, "value");
      g_ptr_array_add (answers, answer);
    }
  return answers;
}

static void
return_output (GTask *task, JsonNode *node)
{
  JsonObject *output = json_node_get_object (node), *status = json_object_get_object_member (output, "status");

  if (json_object_get_size (json_object_get_object_member (output, "data")) > 0)
    g_task_return_pointer (task, read_answers (output), (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_new_error (task, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_IO, "%s",
                             json_object_has_member (status, "details") ? json_object_get_string_member (status, "details")
                                                                        : json_object_get_string_member (status, "description"));
}

static void
on_finished (FoveaJob *job, GTask *task)
{
  Try *self = g_task_get_task_data (task);

  g_signal_handlers_disconnect_by_data (job, task);
  if (fovea_job_get_state (job) == FOVEA_JOB_DONE && self->output != NULL)
    return_output (task, self->output);
  else
    fovea_job_return_error (job, task);
  g_object_unref (task);
}

void
fovea_model_try_async (FoveaProject *project, const char *model_id, const char *path, guint top_k, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (project, cancellable, callback, data);
  const char *const paths[] = { path, NULL };
  const FoveaPredictOptions options = { .top_k = top_k, .min_value = -1 };
  Try *self = g_new0 (Try, 1);

  g_task_set_task_data (task, self, try_free);
  self->job = fovea_predict_files (project, model_id, paths, &options, keep_output, self, NULL);
  g_signal_connect (self->job, "finished", G_CALLBACK (on_finished), task);
}

GPtrArray *
fovea_model_try_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
