/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n.h>
#include <string.h>

#include "engine/embed-work-private.h"
#include "engine/engine-error.h"
#include "engine/path-guard-private.h"
#include "engine/reader.h"
#include "engine/status-private.h"
#include "store/store-inputs.h"
#include "store/store-vectors.h"

typedef struct {
  gint64 id;
  guint fits; /* that are missing */
  gsize row;  /* of the answers */
  char *path;
  char sha256[65];
} Todo;

typedef struct {
  FoveaCore *core;
  FoveaJob *job;
  FoveaEmbedder *embedder;   /* NULL: the predictor answers */
  FoveaPredictor *predictor;
  float *probabilities;      /* [n_ids, labels] */
  gboolean *found;           /* [n_ids] */
  const FoveaInputSpec *spec;
  guint fits_mask;
  const gint64 *ids;
  gsize n_ids;
  gsize n_before, n_total; /* of the job, when this is a part of its pictures */
  FoveaPriority priority;
  gint64 space[FOVEA_N_FITS];
  GArray *todo; /* Todo, in order of id */
  FoveaPathGuard *guard;
  GPtrArray *outside; /* paths that may not be read */
  /* The batch that is being gathered. */
  guint n_batch;
  Todo *batch_todo[FOVEA_EMBED_BATCH];
  FoveaReaderItem *batch_item[FOVEA_EMBED_BATCH];
  FoveaEmbedCounts counts;
} Work;

static void
clear_todo (gpointer data)
{
  g_free (((Todo *) data)->path);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static const char *
failure_text (const Work *self)
{
  return self->embedder != NULL ? _("Could not be embedded") : _("Could not be predicted");
}

/* id → bit for each fit that is missing. */
static gboolean
gather_pending (Work *self, FoveaStore *store, GHashTable *missing, GError **error)
{
  for (guint fit = 0; fit < FOVEA_N_FITS; fit++)
    {
      g_autoptr (GArray) pending = NULL;

      if ((self->fits_mask & (1u << fit)) == 0)
        continue;
      pending = fovea_store_list_pending (store, self->space[fit], 0, error);
      if (pending == NULL)
        return FALSE;
      for (guint i = 0; i < pending->len; i++)
        {
          gpointer id = (gpointer) (gintptr) g_array_index (pending, gint64, i);
          guint bits = GPOINTER_TO_UINT (g_hash_table_lookup (missing, id));

          g_hash_table_insert (missing, id, GUINT_TO_POINTER (bits | (1u << fit)));
        }
    }
  return TRUE;
}

static void
hex_of (const guint8 *bytes, char *ret_hex)
{
  for (guint i = 0; i < 32; i++)
    g_snprintf (ret_hex + 2 * i, 3, "%02x", bytes[i]);
}

static gboolean
add_todos (Work *self, FoveaStore *store, GHashTable *missing, const gint64 *ids, gsize n, GError **error)
{
  const gsize page = 512;

  for (gsize at = 0; at < n; at += page)
    {
      g_autoptr (GPtrArray) inputs = fovea_store_get_inputs (store, ids + at, MIN (page, n - at), error);

      if (inputs == NULL)
        return FALSE;
      for (guint i = 0; i < inputs->len; i++)
        {
          const FoveaStoreInput *input = g_ptr_array_index (inputs, i);
          Todo todo = { .id = input->id };

          if (!fovea_path_guard_allows (self->guard, input->path))
            {
              g_ptr_array_add (self->outside, g_strdup (input->path));
              continue;
            }
          todo.fits = GPOINTER_TO_UINT (g_hash_table_lookup (missing, (gpointer) (gintptr) input->id));
          todo.path = g_strdup (input->path);
          hex_of (input->sha256, todo.sha256);
          g_array_append_val (self->todo, todo);
        }
    }
  return TRUE;
}

/* Store thread: makes the spaces and lists what they lack. */
static gboolean
plan (FoveaStore *store, gpointer data, GError **error)
{
  Work *self = data;
  FoveaPack *pack = fovea_embedder_get_pack (self->embedder);
  g_autoptr (GHashTable) missing = g_hash_table_new (NULL, NULL);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  self->guard = fovea_path_guard_new (store, error);
  if (self->guard == NULL)
    return FALSE;
  for (guint fit = 0; fit < FOVEA_N_FITS; fit++)
    if ((self->fits_mask & (1u << fit)) != 0 && !fovea_embed_ensure_space (store, pack, fit, &self->space[fit], error))
      return FALSE;
  if (!gather_pending (self, store, missing, error))
    return FALSE;
  if (self->ids != NULL)
    {
      for (gsize i = 0; i < self->n_ids; i++)
        if (g_hash_table_contains (missing, (gpointer) (gintptr) self->ids[i]))
          g_array_append_val (ids, self->ids[i]);
    }
  else
    {
      GHashTableIter iter;
      gpointer key;

      g_hash_table_iter_init (&iter, missing);
      while (g_hash_table_iter_next (&iter, &key, NULL))
        {
          gint64 id = (gint64) (gintptr) key;

          g_array_append_val (ids, id);
        }
      g_array_sort (ids, compare_ids);
    }
  return add_todos (self, store, missing, (const gint64 *) (gpointer) ids->data, ids->len, error);
}

static const char *
todo_path (guint index, gpointer data)
{
  return g_array_index (((Work *) data)->todo, Todo, index).path;
}

static gpointer
make_squares (guint index, FoveaDecoded *decoded, gpointer data, GError **error)
{
  Work *self = data;
  const Todo *todo = &g_array_index (self->todo, Todo, index);

  if (g_ascii_strcasecmp (decoded->sha256, todo->sha256) != 0)
    {
      g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                           _("The file has changed since it was imported; import it again"));
      return NULL;
    }
  return fovea_squares_new (decoded->image, todo->fits, self->spec, error);
}

typedef struct {
  gint64 space;
  gint64 ids[FOVEA_EMBED_BATCH];
  guint n;
  guint16 *vectors;
} Put;

static gboolean
put_vectors (FoveaStore *store, gpointer data, GError **error)
{
  Put *put = data;

  return fovea_store_put_vectors (store, put->space, FOVEA_STORE_OF_INPUT, put->ids, put->vectors, put->n, error);
}

static gboolean
embed_fit (Work *self, FoveaFit fit, GError **error)
{
  FoveaSquares *squares[FOVEA_EMBED_BATCH];
  g_autofree guint16 *vectors = g_new (guint16, (gsize) FOVEA_EMBED_BATCH * fovea_embedder_get_dim (self->embedder));
  Put put = { .space = self->space[fit], .vectors = vectors };

  for (guint i = 0; i < self->n_batch; i++)
    if ((self->batch_todo[i]->fits & (1u << fit)) != 0)
      {
        put.ids[put.n] = self->batch_todo[i]->id;
        squares[put.n++] = self->batch_item[i]->product;
      }
  if (put.n == 0)
    return TRUE;
  return fovea_embed_squares (self->core, self->embedder, squares, put.n, fit, self->priority, vectors,
                              fovea_job_get_cancellable (self->job), error)
         && fovea_core_write_only (self->core, FOVEA_CHANGED_VECTORS, put_vectors, &put, error);
}

/* Compute thread: a batch of one view through the network. */
typedef struct {
  FoveaPredictor *predictor;
  FoveaTensor *pictures;
  float *probabilities;
} Unit;

static gboolean
run_network (gpointer data, GCancellable *cancellable, GError **error)
{
  Unit *unit = data;

  return fovea_predictor_run_batch (unit->predictor, &unit->pictures, unit->probabilities, cancellable, error);
}

static gboolean
answer_batch (Work *self, FoveaFit fit, GError **error)
{
  const gsize n_labels = fovea_predictor_get_labels (self->predictor)->len;
  g_autofree float *probabilities = g_new (float, FOVEA_EMBED_BATCH * n_labels);
  FoveaSquares *squares[FOVEA_EMBED_BATCH];
  g_autoptr (FoveaTensor) pictures = NULL;
  Unit unit = { self->predictor, NULL, probabilities };

  for (guint i = 0; i < self->n_batch; i++)
    squares[i] = self->batch_item[i]->product;
  pictures = fovea_squares_stack (squares, self->n_batch, fit, self->spec->size, error);
  unit.pictures = pictures;
  if (pictures == NULL || !fovea_scheduler_run (fovea_core_get_scheduler (self->core), self->priority, run_network, &unit,
                                                fovea_job_get_cancellable (self->job), error))
    return FALSE;
  for (guint i = 0; i < self->n_batch; i++)
    {
      memcpy (self->probabilities + self->batch_todo[i]->row * n_labels, probabilities + i * n_labels, n_labels * sizeof (float));
      self->found[self->batch_todo[i]->row] = TRUE;
    }
  return TRUE;
}

static gboolean
flush_batch (Work *self, GError **error)
{
  gboolean ok = TRUE;

  for (guint fit = 0; ok && fit < FOVEA_N_FITS; fit++)
    if (self->embedder != NULL)
      ok = embed_fit (self, fit, error);
    else if ((self->fits_mask & (1u << fit)) != 0)
      ok = answer_batch (self, fit, error);
  for (guint i = 0; i < self->n_batch; i++)
    fovea_reader_item_free (self->batch_item[i]);
  if (ok)
    self->counts.n_embedded += self->n_batch;
  self->n_batch = 0;
  return ok;
}

static gboolean
mark_missing (FoveaStore *store, gpointer data, GError **error)
{
  return fovea_store_set_missing (store, data, 1, TRUE, error);
}

static gboolean
note_failure (Work *self, Todo *todo, const GError *failure, GError **error)
{
  fovea_job_add_report_row (self->job, todo->path, fovea_status_code_for_error (failure), failure_text (self), failure->message);
  self->counts.n_failed++;
  if (!g_file_test (todo->path, G_FILE_TEST_EXISTS))
    return fovea_core_write (self->core, mark_missing, &todo->id, error);
  return TRUE;
}

static gboolean
run (Work *self, GError **error)
{
  const FoveaReaderSpec spec = { .n_items = self->todo->len,
                                 .path = todo_path,
                                 .options = { .max_side = FOVEA_DECODE_SIDE, .hash = TRUE },
                                 .prepare = make_squares,
                                 .free_product = (GDestroyNotify) fovea_squares_free,
                                 .data = self,
                                 .window = 2 * FOVEA_EMBED_BATCH };
  g_autoptr (FoveaReader) reader = fovea_reader_new (fovea_core_get_decoder (self->core), fovea_core_get_scheduler (self->core), &spec,
                                                     fovea_job_get_cancellable (self->job));
  g_autoptr (GError) reader_error = NULL;
  FoveaReaderItem *item;

  while ((item = fovea_reader_next (reader, &reader_error)) != NULL)
    {
      Todo *todo = &g_array_index (self->todo, Todo, item->index);
      guint done = item->index + 1;

      if (item->error != NULL)
        {
          gboolean ok = note_failure (self, todo, item->error, error);

          fovea_reader_item_free (item);
          if (!ok)
            return FALSE;
        }
      else
        {
          self->batch_todo[self->n_batch] = todo;
          self->batch_item[self->n_batch++] = item;
        }
      if ((self->n_batch == FOVEA_EMBED_BATCH && !flush_batch (self, error)) || !fovea_job_checkpoint (self->job, error))
        return FALSE;
      fovea_job_set_progress (self->job, self->n_before + done, MAX (self->n_total, self->todo->len), "pictures");
    }
  if (reader_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&reader_error));
      return FALSE;
    }
  return self->n_batch == 0 || flush_batch (self, error);
}

static gboolean
work (Work *self, FoveaStoreFunc look_up, GError **error)
{
  gboolean ok;

  self->todo = g_array_new (FALSE, FALSE, sizeof (Todo));
  g_array_set_clear_func (self->todo, clear_todo);
  self->outside = g_ptr_array_new_with_free_func (g_free);
  ok = (self->embedder != NULL ? fovea_core_write : fovea_core_read) (self->core, look_up, self, error);
  for (guint i = 0; ok && i < self->outside->len; i++)
    {
      fovea_job_add_report_row (self->job, g_ptr_array_index (self->outside, i), FOVEA_STATUS_INPUT_FAILED, failure_text (self),
                                _("It lies outside the folders that were allowed for this project; import its folder to allow it"));
      self->counts.n_failed++;
    }
  ok = ok && (self->todo->len == 0 || run (self, error));
  for (guint i = 0; i < self->n_batch; i++)
    fovea_reader_item_free (self->batch_item[i]);
  g_clear_pointer (&self->guard, fovea_path_guard_free);
  g_array_unref (self->todo);
  g_ptr_array_unref (self->outside);
  return ok;
}

gboolean
fovea_embed_missing (FoveaCore *core, FoveaJob *job, FoveaEmbedder *embedder, guint fits_mask, const gint64 *ids, gsize n,
                     FoveaPriority priority, FoveaEmbedCounts *ret_counts, GError **error)
{
  Work self = { .core = core,
                .job = job,
                .embedder = embedder,
                .spec = fovea_pack_get_input_spec (fovea_embedder_get_pack (embedder)),
                .fits_mask = fits_mask,
                .ids = ids,
                .n_ids = n,
                .priority = priority };
  gboolean ok = work (&self, plan, error);

  if (ret_counts != NULL)
    *ret_counts = self.counts;
  return ok;
}

/* Store thread: looks the pictures up. */
static gboolean
plan_answers (FoveaStore *store, gpointer data, GError **error)
{
  Work *self = data;
  g_autoptr (GHashTable) all = g_hash_table_new (NULL, NULL);
  gsize row = 0;

  self->guard = fovea_path_guard_new (store, error);
  if (self->guard == NULL)
    return FALSE;
  for (gsize i = 0; i < self->n_ids; i++)
    g_hash_table_insert (all, (gpointer) (gintptr) self->ids[i], GUINT_TO_POINTER (self->fits_mask));
  if (!add_todos (self, store, all, self->ids, self->n_ids, error))
    return FALSE;
  for (guint i = 0; i < self->todo->len; i++)
    {
      Todo *todo = &g_array_index (self->todo, Todo, i);

      while (row + 1 < self->n_ids && self->ids[row] != todo->id) /* both are in order of id */
        row++;
      todo->row = row;
    }
  return TRUE;
}

gboolean
fovea_answer_pictures (FoveaCore *core, FoveaJob *job, FoveaPredictor *predictor, const gint64 *ids, gsize n, gsize n_before, gsize n_total,
                       float *ret_probabilities, gboolean *ret_found, GError **error)
{
  Work self = { .core = core,
                .job = job,
                .predictor = predictor,
                .probabilities = ret_probabilities,
                .found = ret_found,
                .spec = fovea_predictor_get_input_spec (predictor),
                .ids = ids,
                .n_ids = n,
                .n_before = n_before,
                .n_total = n_total,
                .priority = FOVEA_PRIORITY_PREDICTION };
  FoveaFit fits[2];

  g_return_val_if_fail (fovea_views_get_fits (fovea_predictor_get_views (predictor), fits) == 1, FALSE);

  self.fits_mask = 1u << fits[0];
  for (gsize i = 0; i < n; i++)
    ret_found[i] = FALSE;
  return work (&self, plan_answers, error);
}
