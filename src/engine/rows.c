/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "engine/embed-work-private.h"
#include "engine/engine-error.h"
#include "engine/model-state-private.h"
#include "nn/half.h"
#include "store/store-annotations.h"
#include "store/store-concepts.h"
#include "store/store-inputs.h"
#include "store/store-vectors.h"

#define READ_PAGE 512

void
fovea_rows_free (FoveaRows *rows)
{
  if (rows == NULL)
    return;
  for (gsize i = 0; rows->public_ids != NULL && i < rows->n; i++)
    g_free (rows->public_ids[i]);
  g_free (rows->public_ids);
  g_free (rows->ids);
  g_free (rows->groups);
  g_free (rows->sha256);
  g_free (rows->labels);
  for (guint fit = 0; fit < FOVEA_N_FITS; fit++)
    g_free (rows->vectors[fit]);
  g_free (rows);
}

static void
allocate (FoveaRows *rows, gsize n, guint n_concepts)
{
  rows->n = n;
  rows->n_concepts = n_concepts;
  rows->ids = g_new0 (gint64, n);
  rows->public_ids = g_new0 (char *, n);
  rows->groups = g_new0 (guint64, n);
  rows->sha256 = g_new0 (guint8, 32 * n);
  rows->labels = g_new0 (gint8, n * n_concepts);
}

static int
column_of (const gint64 *concepts, guint n, gint64 concept)
{
  for (guint i = 0; i < n; i++)
    if (concepts[i] == concept)
      return (int) i;
  return -1;
}

/* Annotations come in order of input: one row for each input among them. */
static void
fill_labels (FoveaRows *rows, const GArray *said, const gint64 *concepts)
{
  gsize row = 0;

  for (guint i = 0; i < said->len; i++)
    {
      const FoveaStoreAnnotation *one = &g_array_index (said, FoveaStoreAnnotation, i);
      int column = column_of (concepts, rows->n_concepts, one->concept);

      if (i > 0 && one->input != rows->ids[row])
        row++;
      rows->ids[row] = one->input;
      if (column >= 0)
        rows->labels[row * rows->n_concepts + (gsize) column] = one->value == 1 ? 1 : -1;
    }
}

static gsize
count_inputs (const GArray *said)
{
  gsize n = 0;

  for (guint i = 0; i < said->len; i++)
    n += i == 0 || g_array_index (said, FoveaStoreAnnotation, i).input != g_array_index (said, FoveaStoreAnnotation, i - 1).input;
  return n;
}

/* Pictures of one group stay in one fold; a picture without a group is one by itself. */
static guint64
group_key (const FoveaStoreInput *input)
{
  if (input->group == NULL || input->group[0] == '\0')
    return (guint64) input->id;
  return (G_GUINT64_CONSTANT (1) << 63) | g_str_hash (input->group);
}

static gboolean
fill_inputs (FoveaRows *rows, FoveaStore *store, GError **error)
{
  for (gsize at = 0; at < rows->n; at += READ_PAGE)
    {
      gsize end = MIN (at + READ_PAGE, rows->n), row = at;
      g_autoptr (GPtrArray) inputs = fovea_store_get_inputs (store, rows->ids + at, end - at, error);

      if (inputs == NULL)
        return FALSE;
      for (guint i = 0; i < inputs->len; i++)
        {
          const FoveaStoreInput *input = g_ptr_array_index (inputs, i);

          while (row < end && rows->ids[row] != input->id)
            row++;
          if (row == end)
            break;
          rows->public_ids[row] = g_strdup (input->public_id);
          rows->groups[row] = group_key (input);
          memcpy (rows->sha256 + 32 * row, input->sha256, 32);
        }
    }
  return TRUE;
}

FoveaRows *
fovea_rows_load_labels (FoveaStore *store, const char *split, const gint64 *concepts, guint n_concepts, GError **error)
{
  g_autoptr (GArray) said = fovea_store_get_training_labels (store, split, concepts, n_concepts, error);
  g_autoptr (FoveaRows) rows = g_new0 (FoveaRows, 1);

  if (said == NULL)
    return NULL;
  allocate (rows, count_inputs (said), n_concepts);
  fill_labels (rows, said, concepts);
  if (!fill_inputs (rows, store, error))
    return NULL;
  return g_steal_pointer (&rows);
}

FoveaRows *
fovea_rows_load_to_learn (FoveaStore *store, GError **error)
{
  g_autoptr (GPtrArray) all = fovea_store_list_concepts (store, error);
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));
  const gint64 *concepts;
  FoveaRows *rows;

  for (guint i = 0; all != NULL && i < all->len; i++)
    {
      const FoveaStoreConcept *concept = g_ptr_array_index (all, i);

      if (concept->n_positive > 0)
        g_array_append_val (ids, concept->id);
    }
  if (all == NULL)
    return NULL;
  concepts = (const gint64 *) (gpointer) ids->data;
  rows = fovea_rows_load_labels (store, "train", concepts, ids->len, error);
  if (rows == NULL || rows->n > 0)
    return rows;
  fovea_rows_free (rows);
  return fovea_rows_load_labels (store, NULL, concepts, ids->len, error);
}

/* ---- vectors ---- */

typedef struct {
  FoveaRows *rows;
  const char *pack_hash;
  guint fits_mask;
  guint dim;
  gboolean *found; /* [n]: every fit so far was there */
} Reading;

static gboolean
read_fit (Reading *reading, FoveaStore *store, FoveaFit fit, GError **error)
{
  FoveaRows *rows = reading->rows;
  g_autofree guint16 *halves = g_new (guint16, (gsize) READ_PAGE * reading->dim);
  g_autofree gboolean *found = g_new0 (gboolean, READ_PAGE);
  gint64 space;
  guint dim;

  if (!fovea_store_find_vector_space (store, reading->pack_hash, fovea_fit_name (fit), FOVEA_PREPROCESSING_VERSION, &space, &dim, error))
    return FALSE;
  if (dim != reading->dim)
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "Stored vectors have %u numbers, the embedder makes %u", dim,
                   reading->dim);
      return FALSE;
    }
  rows->vectors[fit] = g_new0 (float, rows->n * dim);
  for (gsize at = 0; at < rows->n; at += READ_PAGE)
    {
      gsize n = MIN (READ_PAGE, rows->n - at);

      if (!fovea_store_get_vectors (store, space, FOVEA_STORE_OF_INPUT, rows->ids + at, n, halves, found, error))
        return FALSE;
      for (gsize i = 0; i < n; i++)
        {
          float *row = rows->vectors[fit] + (at + i) * dim;

          reading->found[at + i] &= found[i];
          for (guint k = 0; found[i] && k < dim; k++)
            row[k] = fovea_f16_to_float (halves[i * dim + k]);
        }
    }
  return TRUE;
}

static gboolean
read_vectors (FoveaStore *store, gpointer data, GError **error)
{
  Reading *reading = data;

  for (guint fit = 0; fit < FOVEA_N_FITS; fit++)
    if ((reading->fits_mask & (1u << fit)) != 0 && !read_fit (reading, store, fit, error))
      return FALSE;
  return TRUE;
}

static void
move_row (FoveaRows *rows, gsize from, gsize to)
{
  rows->ids[to] = rows->ids[from];
  rows->public_ids[to] = rows->public_ids[from];
  rows->groups[to] = rows->groups[from];
  memmove (rows->sha256 + 32 * to, rows->sha256 + 32 * from, 32);
  memmove (rows->labels + rows->n_concepts * to, rows->labels + rows->n_concepts * from, rows->n_concepts);
  for (guint fit = 0; fit < FOVEA_N_FITS; fit++)
    if (rows->vectors[fit] != NULL)
      memmove (rows->vectors[fit] + rows->dim * to, rows->vectors[fit] + rows->dim * from, rows->dim * sizeof (float));
}

void
fovea_rows_keep (FoveaRows *rows, const gboolean *kept_rows)
{
  gsize kept = 0;

  for (gsize i = 0; i < rows->n; i++)
    {
      if (!kept_rows[i])
        g_clear_pointer (&rows->public_ids[i], g_free);
      else if (kept++ != i)
        {
          move_row (rows, i, kept - 1);
          rows->public_ids[i] = NULL;
        }
    }
  rows->n = kept;
}

gboolean
fovea_rows_load_vectors (FoveaRows *rows, FoveaCore *core, FoveaJob *job, const char *pack_name, guint fits_mask, GError **error)
{
  FoveaEmbedder *embedder = fovea_core_get_embedder (core, pack_name, error);
  g_autofree gboolean *found = g_new (gboolean, MAX (rows->n, 1));
  Reading reading = { .rows = rows, .fits_mask = fits_mask, .found = found };

  if (embedder == NULL)
    return FALSE;
  if (!fovea_embed_missing (core, job, embedder, fits_mask, rows->ids, rows->n, FOVEA_PRIORITY_TRAINING, NULL, error))
    return FALSE;
  for (gsize i = 0; i < rows->n; i++)
    found[i] = TRUE;
  reading.pack_hash = fovea_pack_get_hash (fovea_embedder_get_pack (embedder));
  reading.dim = rows->dim = fovea_embedder_get_dim (embedder);
  if (!fovea_core_read (core, read_vectors, &reading, error))
    return FALSE;
  fovea_rows_keep (rows, found);
  return TRUE;
}
