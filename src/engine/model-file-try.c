/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One picture through a model file, before it is imported. */
#include "engine/model-file-private.h"

#include "engine/core-private.h"
#include "engine/decode-file-private.h"
#include "engine/engine-error.h"
#include "engine/job-private.h"
#include "engine/scheduler.h"
#include "models/output-json.h"

typedef struct {
  FoveaModelFile *file;
  FoveaImportForm *form;
  char *path;
  guint top_k;
  FoveaForeignRecipe *recipe;
  FoveaForeignResult result;
  FoveaImage *image;
  GPtrArray *answers;
  FoveaJob *job;
} Try;

static void
free_try (gpointer data)
{
  Try *self = data;

  fovea_foreign_result_clear (&self->result);
  g_clear_pointer (&self->recipe, fovea_foreign_recipe_free);
  g_clear_pointer (&self->image, fovea_image_unref);
  g_clear_pointer (&self->answers, g_ptr_array_unref);
  g_clear_object (&self->job);
  fovea_import_form_free (self->form);
  fovea_model_file_unref (self->file);
  g_free (self->path);
  g_free (self);
}

/* ---- the job ---- */

static gboolean
read_picture (Try *self, GError **error)
{
  g_autoptr (FoveaDecoder) decoder = fovea_decoder_new (1, 0);
  const FoveaDecodeOptions options = { .max_side = FOVEA_DECODE_SIDE };
  g_auto (FoveaDecoded) decoded = { 0 };

  if (!fovea_decode_file (decoder, self->path, &options, &decoded, fovea_job_get_cancellable (self->job), error))
    return FALSE;
  self->image = fovea_image_to_rgb8 (decoded.image, NULL, error);
  return self->image != NULL;
}

static void
add_answers (Try *self, GPtrArray *labels, const float *probabilities)
{
  const FoveaOutputLimits limits = { .max_concepts = self->top_k };
  g_autoptr (JsonNode) node = fovea_concepts_dup_json (labels, probabilities, &limits);
  JsonArray *concepts = json_node_get_array (node);

  for (guint i = 0; i < json_array_get_length (concepts); i++)
    {
      JsonObject *concept = json_array_get_object_element (concepts, i);
      FoveaAnswer *answer = g_new0 (FoveaAnswer, 1);

      answer->name = g_strdup (json_object_get_string_member (concept, "name"));
      answer->value = json_object_get_double_member (concept, "value");
      g_ptr_array_add (self->answers, answer);
    }
}

/* Compute thread. */
static gboolean
run_network (gpointer data, GCancellable *cancellable, GError **error)
{
  Try *self = data;
  g_autofree float *probabilities = NULL;
  GPtrArray *labels;

  if (!fovea_model_file_build (self->file, self->recipe, "try", &self->result, error))
    return FALSE;
  if (self->result.predictor == NULL)
    return TRUE;
  labels = fovea_predictor_get_labels (self->result.predictor);
  probabilities = g_new (float, labels->len);
  if (!fovea_predictor_run_pictures (self->result.predictor, &self->image, 1, probabilities, cancellable, error))
    return FALSE;
  add_answers (self, labels, probabilities);
  return TRUE;
}

static gboolean
try_main (FoveaJob *job, gpointer data, GError **error)
{
  Try *self = data;

  self->recipe = fovea_model_file_dup_recipe (self->file, self->form, error);
  return self->recipe != NULL && read_picture (self, error)
         && fovea_scheduler_run (fovea_scheduler_get_default (), FOVEA_PRIORITY_INTERACTIVE, run_network, self, fovea_job_get_cancellable (job),
                                 error);
}

static void
on_finished (FoveaJob *job, GTask *task)
{
  Try *self = g_task_get_task_data (task);

  g_signal_handlers_disconnect_by_data (job, task);
  if (fovea_job_get_state (job) == FOVEA_JOB_DONE)
    g_task_return_pointer (task, g_ptr_array_ref (self->answers), (GDestroyNotify) g_ptr_array_unref);
  else
    fovea_job_return_error (job, task);
  g_object_unref (task);
}

void
fovea_model_file_try_async (FoveaModelFile *file, const FoveaImportForm *form, const char *path, guint top_k, GCancellable *cancellable,
                            GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (NULL, cancellable, callback, data);
  Try *self = g_new0 (Try, 1);

  self->file = fovea_model_file_ref (file);
  self->form = fovea_import_form_copy (form);
  self->path = g_strdup (path);
  self->top_k = top_k;
  self->answers = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_answer_free);
  g_task_set_task_data (task, self, free_try); /* the job's data, too: it is over before the task is */
  self->job = fovea_job_new (FOVEA_JOB_PREDICT, "Try", try_main, self, NULL);
  g_signal_connect (self->job, "finished", G_CALLBACK (on_finished), task);
  fovea_job_start (self->job);
}

GPtrArray *
fovea_model_file_try_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
