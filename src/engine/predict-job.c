/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files through a model, in the order in which they were named. */
#include <string.h>

#include <glib/gi18n.h>

#include "engine/embed-work-private.h"
#include "engine/engine-error.h"
#include "engine/model-jobs.h"
#include "engine/model-state-private.h"
#include "engine/project-private.h"
#include "engine/reader.h"
#include "engine/status-private.h"

#define BATCH FOVEA_EMBED_BATCH

typedef struct {
  FoveaCore *core;         /* NULL: a pack without a project */
  FoveaDecoder *decoder;   /* own, when there is no core */
  FoveaScheduler *scheduler;
  FoveaJob *job;
  char *model_id;
  char **paths;
  guint n_paths;
  FoveaPredictOptions options;
  FoveaOutputFunc func;
  gpointer func_data;
  GDestroyNotify func_destroy;

  FoveaModelState *state;  /* NULL without a project */
  FoveaPredictor *predictor;   /* NULL of an embedder */
  char *embedder_name;     /* (nullable) of an embedder */
  FoveaEmbedder *embedder; /* idem, borrowed */
  GPtrArray *labels;       /* none of an embedder */
  guint width;             /* numbers that a picture is answered with */
  FoveaOutputLimits limits;
  JsonNode *model_json;    /* (nullable) what each output says of its model */
  const FoveaInputSpec *spec;
  FoveaFit fits[2];
  guint n_fits, fits_mask;

  guint n_batch;           /* in the order of the arguments, failures among them */
  FoveaReaderItem *batch[BATCH];
} Prediction;

/* ---- getting ready ---- */

static gboolean
load_state (FoveaStore *store, gpointer data, GError **error)
{
  Prediction *self = data;

  self->state = fovea_model_state_load (store, self->model_id, error);
  return self->state != NULL;
}

static JsonNode *
short_model_json (Prediction *self)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "id", self->model_id);
  if (self->state != NULL)
    json_object_set_string_member (object, "model_type_id", self->state->model->type_id);
  else
    json_object_set_string_member (object, "model_type_id", "visual-classifier");
  if (self->state != NULL && self->state->version != NULL)
    {
      JsonObject *version = json_object_new ();

      json_object_set_string_member (version, "id", self->state->version->public_id);
      json_object_set_object_member (object, "model_version", version);
    }
  return fovea_json_take_object (object);
}

static gboolean
load_pack (Prediction *self, GError **error)
{
  g_autoptr (FoveaPack) pack = fovea_pack_load (self->model_id, error);

  if (pack == NULL)
    return FALSE;
  self->predictor = fovea_predictor_new_pack (pack, error);
  self->limits.max_concepts = 20;
  return self->predictor != NULL;
}

static gboolean
load_model (Prediction *self, GError **error)
{
  if (!fovea_core_read (self->core, load_state, self, error))
    return FALSE;
  if (fovea_model_type_embeds (self->state->type))
    {
      self->embedder_name = fovea_model_state_dup_embedder_name (self->state);
      return TRUE;
    }
  self->predictor = fovea_model_state_dup_predictor (self->state, error);
  fovea_model_state_get_limits (self->state, &self->limits);
  return self->predictor != NULL;
}

static gboolean
prepare_embedder (Prediction *self, GError **error)
{
  self->embedder = fovea_core_get_embedder (self->core, self->embedder_name, error);
  if (self->embedder == NULL)
    return FALSE;
  self->spec = fovea_pack_get_input_spec (fovea_embedder_get_pack (self->embedder));
  self->n_fits = fovea_views_get_fits (FOVEA_VIEWS_LETTERBOX, self->fits);
  self->labels = fovea_labels_new ();
  self->width = fovea_embedder_get_dim (self->embedder);
  return TRUE;
}

static gboolean
prepare (gpointer data, GCancellable *cancellable, GError **error)
{
  Prediction *self = data;
  g_autoptr (FoveaPack) pack = NULL;

  if (self->embedder_name != NULL)
    return prepare_embedder (self, error);
  if (!fovea_predictor_has_pack (self->predictor))
    {
      pack = fovea_core_dup_pack (self->core, fovea_predictor_get_pack_name (self->predictor), error);
      if (pack == NULL)
        return FALSE;
    }
  if (!fovea_predictor_prepare (self->predictor, pack, error))
    return FALSE;
  self->spec = fovea_predictor_get_input_spec (self->predictor);
  self->n_fits = fovea_views_get_fits (fovea_predictor_get_views (self->predictor), self->fits);
  self->labels = g_ptr_array_ref (fovea_predictor_get_labels (self->predictor));
  self->width = self->labels->len;
  return TRUE;
}

static gboolean
get_ready (Prediction *self, GError **error)
{
  fovea_job_set_detail (self->job, _("Loading the model"));
  if (!(self->core != NULL ? load_model (self, error) : load_pack (self, error)))
    return FALSE;
  if (!fovea_scheduler_run (self->scheduler, FOVEA_PRIORITY_PREDICTION, prepare, self, fovea_job_get_cancellable (self->job), error))
    return FALSE;
  if (self->options.top_k > 0)
    self->limits.max_concepts = self->options.top_k;
  if (self->options.min_value >= 0)
    self->limits.min_value = self->options.min_value;
  for (guint i = 0; i < self->n_fits; i++)
    self->fits_mask |= 1u << self->fits[i];
  self->model_json = short_model_json (self);
  return TRUE;
}

/* ---- readers' threads ---- */

static const char *
path_at (guint index, gpointer data)
{
  return ((Prediction *) data)->paths[index];
}

static gpointer
make_squares (guint index, FoveaDecoded *decoded, gpointer data, GError **error)
{
  Prediction *self = data;

  return fovea_squares_new (decoded->image, self->fits_mask, self->spec, error);
}

/* ---- a batch ---- */

typedef struct {
  Prediction *self;
  FoveaTensor *images[2];
  float *answers; /* probabilities, or vectors */
} Unit;

static gboolean
run_network (gpointer data, GCancellable *cancellable, GError **error)
{
  Unit *unit = data;

  if (unit->self->embedder != NULL)
    return fovea_embedder_run (unit->self->embedder, unit->images[0], unit->answers, NULL, cancellable, error);
  return fovea_predictor_run_batch (unit->self->predictor, unit->images, unit->answers, cancellable, error);
}

/* One row of answers for each picture of the batch that could be read. */
static float *
predict_batch (Prediction *self, GError **error)
{
  FoveaSquares *squares[BATCH];
  guint n = 0;
  Unit unit = { .self = self };
  gboolean ok = TRUE;

  for (guint i = 0; i < self->n_batch; i++)
    if (self->batch[i]->error == NULL)
      squares[n++] = self->batch[i]->product;
  unit.answers = g_new0 (float, (gsize) MAX (n, 1) * self->width);
  for (guint i = 0; ok && n > 0 && i < self->n_fits; i++)
    {
      unit.images[i] = fovea_squares_stack (squares, n, self->fits[i], self->spec->size, error);
      ok = unit.images[i] != NULL;
    }
  if (ok && n > 0)
    ok = fovea_scheduler_run (self->scheduler, FOVEA_PRIORITY_PREDICTION, run_network, &unit, fovea_job_get_cancellable (self->job), error);
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&unit.images[i], fovea_tensor_unref);
  if (!ok)
    g_clear_pointer (&unit.answers, g_free);
  return unit.answers;
}

/* A path that is not valid UTF-8 is said in its bytes, too. */
static void
add_path_bytes (JsonNode *output, const char *path)
{
  g_autofree char *escaped = NULL;
  JsonObject *object = json_node_get_object (output);

  if (g_utf8_validate (path, -1, NULL))
    return;
  escaped = g_uri_escape_string (path, "/", FALSE);
  for (const char *const *name = (const char *const[]){ "input", "data", "image", NULL }; *name != NULL; name++)
    object = json_object_get_object_member (object, *name);
  json_object_set_string_member (object, "url_bytes", escaped);
}

static JsonNode *
output_for (Prediction *self, const FoveaReaderItem *item, const float *answers)
{
  const char *path = self->paths[item->index];
  g_autofree char *url = g_utf8_make_valid (path, -1);
  g_autofree char *input_id = g_compute_checksum_for_string (G_CHECKSUM_MD5, path, -1);
  JsonNode *output
      = fovea_output_dup_json (input_id, url, self->model_json, self->labels, self->embedder == NULL ? answers : NULL, &self->limits,
                               item->error != NULL ? fovea_status_code_for_error (item->error) : FOVEA_STATUS_SUCCESS,
                               item->error != NULL ? item->error->message : NULL);

  if (self->embedder != NULL && answers != NULL)
    fovea_output_add_embedding (output, answers, self->width);
  add_path_bytes (output, path);
  return output;
}

static gboolean
flush_batch (Prediction *self, GError **error)
{
  g_autofree float *answers = predict_batch (self, error);
  guint row = 0;
  gboolean more = answers != NULL;

  for (guint i = 0; i < self->n_batch; i++)
    {
      FoveaReaderItem *item = self->batch[i];

      if (more)
        {
          g_autoptr (JsonNode) output = output_for (self, item, item->error == NULL ? answers + (gsize) self->width * row++ : NULL);

          if (item->error != NULL)
            fovea_job_count_failure (self->job);
          more = self->func (output, self->func_data);
          if (!more)
            g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "Nobody takes the output");
        }
      fovea_reader_item_free (item);
    }
  self->n_batch = 0;
  return more;
}

static gboolean
read_all (Prediction *self, GError **error)
{
  const FoveaReaderSpec spec = { .n_items = self->n_paths,
                                 .path = path_at,
                                 .options = { .max_side = FOVEA_DECODE_SIDE },
                                 .prepare = make_squares,
                                 .free_product = (GDestroyNotify) fovea_squares_free,
                                 .data = self,
                                 .window = 2 * BATCH };
  g_autoptr (FoveaReader) reader = fovea_reader_new (self->decoder != NULL ? self->decoder : fovea_core_get_decoder (self->core),
                                                     self->scheduler, &spec, fovea_job_get_cancellable (self->job));
  g_autoptr (GError) reader_error = NULL;
  FoveaReaderItem *item;

  while ((item = fovea_reader_next (reader, &reader_error)) != NULL)
    {
      guint done = item->index + 1;

      self->batch[self->n_batch++] = item;
      if ((self->n_batch == BATCH && !flush_batch (self, error)) || !fovea_job_checkpoint (self->job, error))
        return FALSE;
      fovea_job_set_progress (self->job, done, self->n_paths, "pictures");
    }
  if (reader_error == NULL)
    return self->n_batch == 0 || flush_batch (self, error);
  g_propagate_error (error, g_steal_pointer (&reader_error));
  return FALSE;
}

static gboolean
predict_main (FoveaJob *job, gpointer data, GError **error)
{
  Prediction *self = data;
  g_autofree char *summary = NULL;

  self->job = job;
  if (!get_ready (self, error) || !read_all (self, error))
    {
      g_prefix_error (error, _("Predicting with “%s”: "), self->model_id);
      return FALSE;
    }
  summary = g_strdup_printf (ngettext ("%u picture predicted", "%u pictures predicted", self->n_paths), self->n_paths);
  fovea_job_set_summary (job, summary);
  return TRUE;
}

static void
free_prediction (gpointer data)
{
  Prediction *self = data;

  for (guint i = 0; i < self->n_batch; i++)
    fovea_reader_item_free (self->batch[i]);
  if (self->func_destroy != NULL)
    self->func_destroy (self->func_data);
  g_clear_pointer (&self->model_json, json_node_unref);
  g_clear_pointer (&self->predictor, fovea_predictor_unref);
  g_clear_pointer (&self->labels, g_ptr_array_unref);
  g_free (self->embedder_name);
  g_clear_pointer (&self->state, fovea_model_state_free);
  g_clear_pointer (&self->decoder, fovea_decoder_free);
  g_clear_pointer (&self->core, fovea_core_unref);
  fovea_scheduler_unref (self->scheduler);
  g_strfreev (self->paths);
  g_free (self->model_id);
  g_free (self);
}

FoveaJob *
fovea_predict_files (FoveaProject *project, const char *model_id, const char *const *paths, const FoveaPredictOptions *options,
                     FoveaOutputFunc func, gpointer data, GDestroyNotify destroy)
{
  Prediction *self = g_new0 (Prediction, 1);
  g_autofree char *title = g_strdup_printf (_("Predict with %s"), model_id);
  FoveaJob *job;

  self->scheduler = fovea_scheduler_ref (fovea_scheduler_get_default ());
  if (project != NULL)
    self->core = fovea_core_ref (fovea_project_get_core (project));
  else
    self->decoder = fovea_decoder_new (0, 0);
  self->model_id = g_strdup (model_id);
  self->paths = g_strdupv ((char **) paths);
  self->n_paths = g_strv_length (self->paths);
  self->options = options != NULL ? *options : (FoveaPredictOptions){ .min_value = -1 };
  self->func = func;
  self->func_data = data;
  self->func_destroy = destroy;
  job = fovea_job_new (FOVEA_JOB_PREDICT, title, predict_main, self, free_prediction);
  if (project != NULL)
    fovea_project_start_job (project, job);
  else
    fovea_job_start (job);
  return job;
}
