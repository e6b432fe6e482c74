/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the newest version of a model says of every picture of the project, kept as its annotations; and embedding
 * on its own. */
#include <string.h>

#include <glib/gi18n.h>

#include "engine/embed-work-private.h"
#include "engine/engine-error.h"
#include "engine/import-job.h"
#include "engine/model-jobs.h"
#include "engine/model-state-private.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "nn/half.h"
#include "store/store-annotations.h"
#include "store/store-concepts.h"
#include "store/store-input-list.h"
#include "store/store-undo.h"
#include "store/store-vectors.h"

#define PAGE 512

typedef struct {
  FoveaCore *core;
  FoveaJob *job;
  char *model_id; /* NULL: embed only */
  FoveaModelState *state;
  FoveaPredictor *predictor;
  FoveaEmbedder *embedder;
  FoveaFit fits[2];
  guint n_fits, fits_mask;
  gint64 *concepts; /* row id a column */
  GArray *inputs;   /* (nullable) all pictures, of a model that answers from them alone */
  float *probabilities; /* idem, of the page */

  gint64 command, after;
  gsize n_page, n_done;
  gint64 ids[PAGE];
  gboolean whole[PAGE]; /* vectors of every fit are there */
  float *vectors[FOVEA_N_FITS];
  GArray *said; /* FoveaStoreAnnotation */
} Prediction;

static gboolean
load_state (FoveaStore *store, gpointer data, GError **error)
{
  Prediction *self = data;

  self->state = fovea_model_state_load (store, self->model_id, error);
  return self->state != NULL;
}

/* A page of pictures whose vectors of every fit are there, after the last one. */
static gboolean
read_page (FoveaStore *store, gpointer data, GError **error)
{
  Prediction *self = data;
  guint dim = fovea_embedder_get_dim (self->embedder);
  const char *hash = fovea_pack_get_hash (fovea_embedder_get_pack (self->embedder));
  g_autofree guint16 *halves = g_new0 (guint16, (gsize) PAGE * dim);
  gboolean found[PAGE];

  for (gsize i = 0; i < PAGE; i++)
    self->whole[i] = TRUE;
  for (guint f = 0; f < self->n_fits; f++)
    {
      gint64 space;

      if (!fovea_store_find_vector_space (store, hash, fovea_fit_name (self->fits[f]), FOVEA_PREPROCESSING_VERSION, &space, NULL, error))
        return FALSE;
      if (f == 0)
        {
          if (!fovea_store_read_vectors (store, space, FOVEA_STORE_OF_INPUT, self->after, PAGE, self->ids, halves, &self->n_page, error))
            return FALSE;
        }
      else if (!fovea_store_get_vectors (store, space, FOVEA_STORE_OF_INPUT, self->ids, self->n_page, halves, found, error))
        return FALSE;
      for (gsize i = 0; f > 0 && i < self->n_page; i++)
        self->whole[i] &= found[i];
      for (gsize i = 0; i < self->n_page * dim; i++)
        self->vectors[self->fits[f]][i] = fovea_f16_to_float (halves[i]);
    }
  return TRUE;
}

/* Of a model that was imported, the concepts that pictures are said to show and that the project has not. */
static gboolean
make_concepts (Prediction *self, FoveaStore *store, GError **error)
{
  GPtrArray *labels = fovea_predictor_get_labels (self->predictor);

  for (guint i = 0; i < self->said->len; i++)
    {
      const gint64 column = g_array_index (self->said, FoveaStoreAnnotation, i).concept;
      const FoveaLabel *label = fovea_labels_get (labels, column);

      if (self->concepts[column] == 0 && !fovea_store_ensure_concept (store, label->id, label->name, &self->concepts[column], error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_page (FoveaStore *store, gpointer data, GError **error)
{
  Prediction *self = data;

  if (self->command == 0)
    {
      g_autofree char *label = g_strdup_printf (_("predict with %s"), self->model_id);

      for (guint i = 0; i < fovea_predictor_get_labels (self->predictor)->len; i++)
        if (!fovea_store_find_concept (store, fovea_labels_get (fovea_predictor_get_labels (self->predictor), i)->id, &self->concepts[i],
                                       NULL))
          self->concepts[i] = 0;
      if (!fovea_store_begin_long_command (store, label, &self->command, error))
        return FALSE;
    }
  if (!fovea_store_continue_command (store, self->command, error))
    return FALSE;
  if (self->inputs != NULL && !make_concepts (self, store, error))
    {
      fovea_store_rollback_command (store);
      return FALSE;
    }
  for (guint i = self->said->len; i-- > 0;)
    {
      FoveaStoreAnnotation *one = &g_array_index (self->said, FoveaStoreAnnotation, i);

      one->concept = self->concepts[one->concept];
      if (one->concept == 0) /* removed since the training */
        g_array_remove_index_fast (self->said, i);
    }
  if (fovea_store_put_annotations (store, (const FoveaStoreAnnotation *) (gpointer) self->said->data, self->said->len, NULL, error))
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

/* Every concept at one half or more, and always the strongest; the column stands in for the concept's id until it
 * is written. */
static gboolean
say (gpointer data, GCancellable *cancellable, GError **error)
{
  Prediction *self = data;
  guint k = fovea_predictor_get_labels (self->predictor)->len;
  g_autofree float *own = self->probabilities == NULL ? g_new (float, self->n_page * k) : NULL;
  const float *probabilities = own != NULL ? own : self->probabilities;

  if (own != NULL)
    fovea_predictor_run_vectors (self->predictor, (const float *const *) self->vectors, self->n_page, own);
  g_array_set_size (self->said, 0);
  for (gsize i = 0; i < self->n_page; i++)
    {
      const float *row = probabilities + i * k;
      guint best = 0;

      if (!self->whole[i])
        continue;
      for (guint c = 1; c < k; c++)
        if (row[c] > row[best])
          best = c;
      for (guint c = 0; c < k; c++)
        if (c == best || row[c] >= 0.5f)
          {
            FoveaStoreAnnotation one = { .input = self->ids[i],
                                         .concept = c,
                                         .version = self->state->version->id,
                                         .value = 1,
                                         .status = FOVEA_STORE_ANNOTATION_AWAITING_REVIEW,
                                         .score = (double) row[c] };

            g_array_append_val (self->said, one);
          }
    }
  return TRUE;
}

static gboolean
predict_pages (Prediction *self, GError **error)
{
  for (;;)
    {
      if (!fovea_job_checkpoint (self->job, error) || !fovea_core_read (self->core, read_page, self, error))
        return FALSE;
      if (self->n_page == 0)
        return TRUE;
      if (!fovea_scheduler_run (fovea_core_get_scheduler (self->core), FOVEA_PRIORITY_PREDICTION, say, self,
                                fovea_job_get_cancellable (self->job), error)
          || !fovea_core_write (self->core, write_page, self, error))
        return FALSE;
      self->after = self->ids[self->n_page - 1];
      self->n_done += self->n_page;
    }
}

/* ---- models that answer from pictures alone ---- */

static gboolean
list_inputs (FoveaStore *store, gpointer data, GError **error)
{
  Prediction *self = data;
  g_autoptr (GArray) briefs = fovea_store_list_inputs (store, NULL, error);

  if (briefs == NULL)
    return FALSE;
  self->inputs = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (guint i = 0; i < briefs->len; i++)
    {
      const FoveaStoreInputBrief *brief = &g_array_index (briefs, FoveaStoreInputBrief, i);

      if (!brief->missing)
        g_array_append_val (self->inputs, brief->id);
    }
  return TRUE;
}

static gboolean
prepare (gpointer data, GCancellable *cancellable, GError **error)
{
  return fovea_predictor_prepare (((Prediction *) data)->predictor, NULL, error);
}

static gboolean
predict_pictures (Prediction *self, GError **error)
{
  const gint64 *ids;
  FoveaPack *pack = fovea_core_dup_pack (self->core, fovea_predictor_get_pack_name (self->predictor), error);
  gboolean ok = pack != NULL && fovea_predictor_ensure_pack (self->predictor, pack, error)
                && fovea_scheduler_run (fovea_core_get_scheduler (self->core), FOVEA_PRIORITY_PREDICTION, prepare, self,
                                        fovea_job_get_cancellable (self->job), error)
                && fovea_core_read (self->core, list_inputs, self, error);

  g_clear_pointer (&pack, fovea_pack_unref);
  if (!ok)
    return FALSE;
  ids = (const gint64 *) (gpointer) self->inputs->data;
  self->probabilities = g_new (float, (gsize) PAGE * fovea_predictor_get_labels (self->predictor)->len);
  for (gsize at = 0; at < self->inputs->len; at += self->n_page)
    {
      self->n_page = MIN (PAGE, self->inputs->len - at);
      memcpy (self->ids, ids + at, self->n_page * sizeof (gint64));
      if (!fovea_answer_pictures (self->core, self->job, self->predictor, self->ids, self->n_page, at, self->inputs->len,
                                  self->probabilities, self->whole, error)
          || !fovea_scheduler_run (fovea_core_get_scheduler (self->core), FOVEA_PRIORITY_PREDICTION, say, self,
                                   fovea_job_get_cancellable (self->job), error)
          || !fovea_core_write (self->core, write_page, self, error))
        return FALSE;
      for (gsize i = 0; i < self->n_page; i++)
        self->n_done += self->whole[i];
    }
  return TRUE;
}

static gboolean
predict_all (Prediction *self, GError **error)
{
  if (!fovea_core_read (self->core, load_state, self, error))
    return FALSE;
  self->predictor = fovea_model_state_dup_predictor (self->state, error);
  if (self->predictor == NULL)
    return FALSE;
  if (self->state->version == NULL)
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "A model of type %s has no version to keep predictions for",
                   self->state->model->type_id);
      return FALSE;
    }
  self->concepts = g_new0 (gint64, MAX (fovea_predictor_get_labels (self->predictor)->len, 1));
  if (fovea_predictor_get_head (self->predictor) == NULL)
    return predict_pictures (self, error);
  self->n_fits = fovea_views_get_fits (fovea_predictor_get_views (self->predictor), self->fits);
  for (guint i = 0; i < self->n_fits; i++)
    self->fits_mask |= 1u << self->fits[i];
  self->embedder = fovea_core_get_embedder (self->core, fovea_predictor_get_pack_name (self->predictor), error);
  if (self->embedder == NULL)
    return FALSE;
  for (guint i = 0; i < self->n_fits; i++)
    self->vectors[self->fits[i]] = g_new (float, (gsize) PAGE * fovea_embedder_get_dim (self->embedder));
  return fovea_embed_missing (self->core, self->job, self->embedder, self->fits_mask, NULL, 0, FOVEA_PRIORITY_PREDICTION, NULL, error)
         && predict_pages (self, error);
}

static gboolean
predict_all_main (FoveaJob *job, gpointer data, GError **error)
{
  Prediction *self = data;
  g_autofree char *summary = NULL;

  self->job = job;
  if (!predict_all (self, error))
    {
      g_prefix_error (error, _("Predicting with “%s”: "), self->model_id);
      return FALSE;
    }
  summary = g_strdup_printf (ngettext ("%u picture predicted", "%u pictures predicted", self->n_done), (guint) self->n_done);
  fovea_job_set_summary (job, summary);
  return TRUE;
}

static gboolean
embed_main (FoveaJob *job, gpointer data, GError **error)
{
  Prediction *self = data;
  FoveaEmbedder *embedder = fovea_core_get_embedder (self->core, FOVEA_DEFAULT_PACK, error);
  FoveaEmbedCounts counts;
  g_autofree char *summary = NULL;

  if (embedder == NULL
      || !fovea_embed_missing (self->core, job, embedder, 1u << FOVEA_DEFAULT_FIT, NULL, 0, FOVEA_PRIORITY_IMPORT, &counts, error))
    {
      g_prefix_error (error, "Embedding: ");
      return FALSE;
    }
  summary = g_strdup_printf (_("%u embedded, %u could not be read"), counts.n_embedded, counts.n_failed);
  fovea_job_set_summary (job, summary);
  return TRUE;
}

static void
free_prediction (gpointer data)
{
  Prediction *self = data;

  g_clear_pointer (&self->state, fovea_model_state_free);
  g_clear_pointer (&self->predictor, fovea_predictor_unref);
  for (guint i = 0; i < FOVEA_N_FITS; i++)
    g_free (self->vectors[i]);
  g_array_unref (self->said);
  g_clear_pointer (&self->inputs, g_array_unref);
  g_free (self->probabilities);
  g_free (self->concepts);
  g_free (self->model_id);
  fovea_core_unref (self->core);
  g_free (self);
}

static FoveaJob *
start (FoveaProject *project, FoveaJobKind kind, const char *title, const char *model_id)
{
  Prediction *self = g_new0 (Prediction, 1);
  FoveaJob *job;

  self->core = fovea_core_ref (fovea_project_get_core (project));
  self->model_id = g_strdup (model_id);
  self->said = g_array_new (FALSE, FALSE, sizeof (FoveaStoreAnnotation));
  job = fovea_job_new (kind, title, model_id != NULL ? predict_all_main : embed_main, self, free_prediction);
  fovea_job_set_target (job, model_id);
  fovea_project_start_job (project, job);
  return job;
}

FoveaJob *
fovea_project_predict_all (FoveaProject *project, const char *model_id)
{
  g_autofree char *title = g_strdup_printf (_("Predict with %s"), model_id);

  return start (project, FOVEA_JOB_PREDICT, title, model_id);
}

FoveaJob *
fovea_project_embed (FoveaProject *project)
{
  return start (project, FOVEA_JOB_EMBED, _("Embed pictures"), NULL);
}
