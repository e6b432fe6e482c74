/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/vector-cache-private.h"

#include "engine/engine-error.h"
#include "engine/scheduler.h"
#include "store/store-columns.h"
#include "store/store-vectors.h"

#define CHUNK_ROWS 4096
/* When more than this are missing, the space is read from front to back instead of row by row. */
#define MAX_SINGLE_ROWS 2000

struct _FoveaVectorCache {
  GMutex mutex; /* one reads, others wait for it */
  FoveaVectorSet *set;
  guint64 generation;
};

FoveaVectorSet *
fovea_vector_set_ref (FoveaVectorSet *set)
{
  g_atomic_ref_count_inc (&set->ref_count);
  return set;
}

void
fovea_vector_set_unref (FoveaVectorSet *set)
{
  if (!g_atomic_ref_count_dec (&set->ref_count))
    return;
  g_free (set->ids);
  g_free (set->vectors);
  g_ptr_array_unref (set->chunks);
  g_free (set);
}

const guint16 *
fovea_vector_set_find (const FoveaVectorSet *set, gint64 id)
{
  gssize at = fovea_columns_find (set->ids, set->n, id);

  return at >= 0 ? set->vectors[at] : NULL;
}

/* ---- reading ---- */

typedef struct {
  FoveaStore *reader;
  gint64 space;
  guint dim;
  const FoveaVectorSet *old; /* (nullable) of the same space */
  FoveaVectorSet *now;
  GCancellable *cancellable;
} Reading;

static void
add_chunk (Reading *self, guint16 *numbers, gsize n)
{
  g_ptr_array_add (self->now->chunks, g_bytes_new_take (numbers, n * self->dim * sizeof (guint16)));
}

/* Rows [from, ..) of the set whose vectors are not there yet: these ids, at most CHUNK_ROWS of them. */
static gboolean
read_rows (Reading *self, const gsize *rows, gsize n, GError **error)
{
  g_autofree gint64 *ids = g_new (gint64, n);
  g_autofree gboolean *found = g_new0 (gboolean, n);
  guint16 *numbers = g_new (guint16, n * self->dim);

  for (gsize i = 0; i < n; i++)
    ids[i] = self->now->ids[rows[i]];
  add_chunk (self, numbers, n);
  if (!fovea_store_get_vectors (self->reader, self->space, FOVEA_STORE_OF_INPUT, ids, n, numbers, found, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (found[i])
      self->now->vectors[rows[i]] = numbers + i * self->dim;
  return TRUE;
}

/* Everything, front to back. */
static gboolean
read_all (Reading *self, GError **error)
{
  g_autofree gint64 *ids = g_new (gint64, CHUNK_ROWS);
  gint64 after = 0;
  gsize n, row = 0;

  do
    {
      guint16 *numbers = g_new (guint16, (gsize) CHUNK_ROWS * self->dim);

      add_chunk (self, numbers, CHUNK_ROWS);
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error)
          || !fovea_store_read_vectors (self->reader, self->space, FOVEA_STORE_OF_INPUT, after, CHUNK_ROWS, ids, numbers, &n, error))
        return FALSE;
      for (gsize i = 0; i < n; i++)
        {
          while (row < self->now->n && self->now->ids[row] < ids[i])
            row++;
          if (row < self->now->n && self->now->ids[row] == ids[i])
            self->now->vectors[row] = numbers + i * self->dim;
        }
      after = n > 0 ? ids[n - 1] : after;
    }
  while (n == CHUNK_ROWS);
  return TRUE;
}

/* Takes over what the old set has; returns how many rows are still without. */
static gsize
take_old (Reading *self, GArray *ret_rows)
{
  gsize at = 0;

  for (gsize i = 0; i < self->now->n; i++)
    {
      while (self->old != NULL && at < self->old->n && self->old->ids[at] < self->now->ids[i])
        at++;
      if (self->old != NULL && at < self->old->n && self->old->ids[at] == self->now->ids[i])
        self->now->vectors[i] = self->old->vectors[at];
      else
        g_array_append_val (ret_rows, i);
    }
  return ret_rows->len;
}

static gboolean
read_missing (Reading *self, GError **error)
{
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gsize));
  gsize n = take_old (self, rows);

  if (n == self->now->n && n > MAX_SINGLE_ROWS)
    return read_all (self, error);
  for (guint i = 0; self->old != NULL && i < self->old->chunks->len; i++)
    g_ptr_array_add (self->now->chunks, g_bytes_ref (g_ptr_array_index (self->old->chunks, i)));
  for (gsize from = 0; from < n; from += CHUNK_ROWS)
    if (g_cancellable_set_error_if_cancelled (self->cancellable, error)
        || !read_rows (self, &g_array_index (rows, gsize, from), MIN (CHUNK_ROWS, n - from), error))
      return FALSE;
  return TRUE;
}

/* A row that went between the two queries. */
static void
drop_empty (FoveaVectorSet *set)
{
  gsize kept = 0;

  for (gsize i = 0; i < set->n; i++)
    if (set->vectors[i] != NULL)
      {
        set->ids[kept] = set->ids[i];
        set->vectors[kept++] = set->vectors[i];
      }
  set->n = kept;
}

static gboolean
check_memory (const Reading *self, GError **error)
{
  gsize n_old = self->old != NULL ? self->old->n : 0;
  gsize bytes = self->now->n > n_old ? (self->now->n - n_old) * self->dim * sizeof (guint16) : 0;

  if (bytes < fovea_available_memory () / 2)
    return TRUE;
  g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
               "There is not enough memory for the vectors of %" G_GSIZE_FORMAT " pictures (%" G_GSIZE_FORMAT " MB); close other programs",
               self->now->n, bytes >> 20);
  return FALSE;
}

static FoveaVectorSet *
read_set (Reading *self, GError **error)
{
  GArray *ids = fovea_store_list_vector_ids (self->reader, self->space, error);
  g_autoptr (FoveaVectorSet) now = NULL;

  if (ids == NULL)
    return NULL;
  self->now = now = g_new0 (FoveaVectorSet, 1);
  g_atomic_ref_count_init (&now->ref_count);
  now->space = self->space;
  now->dim = self->dim;
  now->n = ids->len;
  now->ids = (gint64 *) (gpointer) g_array_free (ids, FALSE);
  now->vectors = g_new0 (const guint16 *, MAX (now->n, 1));
  now->chunks = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  if (!check_memory (self, error) || !read_missing (self, error))
    return NULL;
  drop_empty (now);
  return g_steal_pointer (&now);
}

/* ---- the cache ---- */

FoveaVectorCache *
fovea_vector_cache_new (void)
{
  FoveaVectorCache *self = g_new0 (FoveaVectorCache, 1);

  g_mutex_init (&self->mutex);
  return self;
}

void
fovea_vector_cache_free (FoveaVectorCache *self)
{
  g_clear_pointer (&self->set, fovea_vector_set_unref);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

FoveaVectorSet *
fovea_vector_cache_ref_set (FoveaVectorCache *self, FoveaColumns *columns, FoveaStore *reader, gint64 space, guint dim,
                            GCancellable *cancellable, GError **error)
{
  Reading reading = { .reader = reader, .space = space, .dim = dim, .cancellable = cancellable };
  guint64 generation;
  FoveaVectorSet *set;

  g_mutex_lock (&self->mutex);
  generation = fovea_columns_get_generation (columns, FOVEA_CHANGED_INPUTS | FOVEA_CHANGED_VECTORS);
  if (self->set != NULL && (self->set->space != space || self->set->dim != dim))
    g_clear_pointer (&self->set, fovea_vector_set_unref);
  if (self->set == NULL || self->generation != generation)
    {
      reading.old = self->set;
      set = read_set (&reading, error);
      if (set != NULL)
        {
          g_clear_pointer (&self->set, fovea_vector_set_unref);
          self->set = fovea_vector_set_ref (set);
          self->generation = generation;
        }
    }
  else
    set = fovea_vector_set_ref (self->set);
  g_mutex_unlock (&self->mutex);
  return set;
}

gboolean
fovea_vector_cache_is_current (FoveaVectorCache *self, FoveaColumns *columns, const FoveaVectorSet *set)
{
  gboolean current;

  g_mutex_lock (&self->mutex);
  current = self->set == set
            && self->generation == fovea_columns_get_generation (columns, FOVEA_CHANGED_INPUTS | FOVEA_CHANGED_VECTORS);
  g_mutex_unlock (&self->mutex);
  return current;
}

void
fovea_vector_cache_clear (FoveaVectorCache *self)
{
  g_mutex_lock (&self->mutex);
  g_clear_pointer (&self->set, fovea_vector_set_unref);
  g_mutex_unlock (&self->mutex);
}
