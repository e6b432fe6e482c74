/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/head-gram.h"

#include <string.h>

#include "models/matmul.h"

FoveaHeadGram *
fovea_head_gram_new (FoveaViews views, guint dim)
{
  FoveaHeadGram *gram = g_new0 (FoveaHeadGram, 1);

  gram->views = views;
  gram->dim = dim;
  gram->mean = g_new0 (float, dim);
  gram->index = g_hash_table_new (g_int64_hash, g_int64_equal);
  return gram;
}

void
fovea_head_gram_free (FoveaHeadGram *gram)
{
  g_hash_table_unref (gram->index);
  g_free (gram->mean);
  g_free (gram->x);
  g_free (gram->gram);
  g_free (gram->keys);
  g_free (gram);
}

static guint64
mix (guint64 hash, guint64 word)
{
  hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9fb21c651e98df25);
  return hash ^ (hash >> 32);
}

/* Four lanes, because one multiplication must wait for the last. */
static guint64
hash_floats (const float *values, gsize n, guint64 seed)
{
  guint64 lanes[4] = { seed, seed + 1, seed + 2, seed + 3 }, word;
  gsize i = 0;

  for (; i + 8 <= n; i += 8)
    for (guint lane = 0; lane < 4; lane++)
      {
        memcpy (&word, values + i + 2 * lane, sizeof word);
        lanes[lane] = mix (lanes[lane], word);
      }
  for (; i < n; i++)
    {
      guint32 half;

      memcpy (&half, values + i, sizeof half);
      lanes[i % 4] = mix (lanes[i % 4], half);
    }
  return mix (mix (mix (lanes[0], lanes[1]), lanes[2]), lanes[3]);
}

guint64 *
fovea_head_gram_hash_rows (const FoveaHeadData *data, FoveaViews views, const gsize *rows, gsize n_rows)
{
  guint64 *keys = g_new (guint64, MAX (n_rows, 1));
  g_autoptr (GHashTable) seen = g_hash_table_new (g_int64_hash, g_int64_equal);
  FoveaFit fits[2];
  guint n_fits = fovea_views_get_fits (views, fits);

  for (gsize i = 0; i < n_rows; i++)
    {
      keys[i] = 0;
      for (guint f = 0; f < n_fits; f++)
        keys[i] = hash_floats (data->vectors[fits[f]] + rows[i] * data->dim, data->dim, keys[i]);
      while (g_hash_table_contains (seen, &keys[i]))
        keys[i] = mix (keys[i], 1);
      g_hash_table_add (seen, &keys[i]);
    }
  return keys;
}

static void
grow (FoveaHeadGram *gram, gsize n)
{
  gsize capacity = gram->n == 0 ? n : MAX (n, gram->capacity + gram->capacity / 4);
  float *matrix;

  if (n <= gram->capacity)
    return;
  matrix = g_new (float, capacity * capacity);
  for (gsize i = 0; i < gram->n; i++)
    memcpy (matrix + i * capacity, gram->gram + i * gram->capacity, gram->n * sizeof (float));
  g_free (gram->gram);
  gram->gram = matrix;
  gram->x = g_renew (float, gram->x, capacity * gram->dim);
  gram->keys = g_renew (guint64, gram->keys, capacity);
  gram->capacity = capacity;
  g_hash_table_remove_all (gram->index); /* its keys have moved */
  for (gsize i = 0; i < gram->n; i++)
    g_hash_table_insert (gram->index, &gram->keys[i], GSIZE_TO_POINTER (i + 1));
}

static void
copy_row (const FoveaHeadData *data, FoveaViews views, gsize row, float *dest)
{
  const float *at[FOVEA_N_FITS];

  for (guint f = 0; f < FOVEA_N_FITS; f++)
    at[f] = data->vectors[f] != NULL ? data->vectors[f] + row * data->dim : NULL;
  fovea_views_combine (views, at, 1, data->dim, dest);
}

static void
append (FoveaHeadGram *gram, const FoveaHeadData *data, gsize row, guint64 key)
{
  float *to = gram->x + gram->n * gram->dim;

  copy_row (data, gram->views, row, to);
  for (guint l = 0; l < gram->dim; l++)
    to[l] -= gram->mean[l];
  gram->keys[gram->n] = key;
  g_hash_table_insert (gram->index, &gram->keys[gram->n], GSIZE_TO_POINTER (gram->n + 1));
  gram->n++;
}

static void
take_mean (FoveaHeadGram *gram, const FoveaHeadData *data, const gsize *rows, gsize n_rows)
{
  g_autofree double *sum = g_new0 (double, gram->dim);
  g_autofree float *vector = g_new (float, gram->dim);

  for (gsize i = 0; i < n_rows; i++)
    {
      copy_row (data, gram->views, rows[i], vector);
      for (guint l = 0; l < gram->dim; l++)
        sum[l] += (double) vector[l];
    }
  for (guint l = 0; l < gram->dim; l++)
    gram->mean[l] = n_rows > 0 ? (float) (sum[l] / (double) n_rows) : 0.0f;
}

gboolean
fovea_head_gram_update (FoveaHeadGram *gram, const FoveaHeadData *data, const gsize *rows, gsize n_rows, guint n_threads,
                        gsize *ret_position)
{
  g_autofree guint64 *keys = fovea_head_gram_hash_rows (data, gram->views, rows, n_rows);
  gsize n_known = 0, from;
  gboolean afresh;

  for (gsize i = 0; i < n_rows; i++)
    n_known += g_hash_table_contains (gram->index, &keys[i]);
  /* A matrix that has doubled has a mean that says little about it. */
  afresh = n_known < gram->n - gram->n / 4 || n_rows > 2 * n_known;
  if (afresh)
    {
      gram->n = 0;
      g_hash_table_remove_all (gram->index);
      take_mean (gram, data, rows, n_rows);
      n_known = 0;
    }
  from = gram->n;
  grow (gram, gram->n + n_rows - n_known);
  for (gsize i = 0; i < n_rows; i++)
    {
      gsize found = GPOINTER_TO_SIZE (g_hash_table_lookup (gram->index, &keys[i]));

      ret_position[i] = found > 0 ? found - 1 : gram->n;
      if (found == 0)
        append (gram, data, rows[i], keys[i]);
    }
  if (gram->n > from)
    fovea_matmul_gram (gram->n, gram->dim, from, gram->x, gram->gram, gram->capacity, n_threads);
  return afresh;
}
