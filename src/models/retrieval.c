/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/retrieval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/matmul.h"

#define BLOCK 32 /* pictures that ask at a time */
#define FIRST_FIVE 5

typedef struct {
  float similarity;
  guint32 row;
} Neighbour;

typedef struct {
  gsize n, dim, width; /* width: n padded */
  const float *vectors;
  const float *columns; /* [dim, width]: the vectors again, one a column */
  const gint8 *labels;
  guint n_concepts;
  FoveaRetrievalRow *rows;
  GCancellable *cancellable;
} Measuring;

/* The concepts that a picture shows, few of all: each pair of pictures is asked about them. */
static guint
list_own (const Measuring *self, gsize row, guint *ret_own)
{
  const gint8 *x = self->labels + row * self->n_concepts;
  guint n = 0;

  for (guint k = 0; k < self->n_concepts; k++)
    if (x[k] > 0)
      ret_own[n++] = k;
  return n;
}

static gboolean
shows_any (const Measuring *self, gsize row, const guint *own, guint n_own)
{
  const gint8 *y = self->labels + row * self->n_concepts;

  for (guint i = 0; i < n_own; i++)
    if (y[own[i]] > 0)
      return TRUE;
  return FALSE;
}

static int
compare_neighbours (gconstpointer a, gconstpointer b)
{
  const Neighbour *x = a, *y = b;

  if (x->similarity != y->similarity)
    return x->similarity > y->similarity ? -1 : 1;
  return x->row < y->row ? -1 : x->row > y->row;
}

/* The @wanted nearest come to the front, in no order: Hoare's selection. No two compare as equal. */
static void
select_nearest (Neighbour *all, gsize n, gsize wanted)
{
  gsize from = 0, to = n;

  while (to - from > 1)
    {
      const Neighbour pivot = all[from + (to - from - 1) / 2]; /* never the last: else a part could be all of it */
      gsize i = from, j = to - 1;

      for (;;)
        {
          Neighbour kept;

          while (compare_neighbours (&all[i], &pivot) < 0)
            i++;
          while (compare_neighbours (&all[j], &pivot) > 0)
            j--;
          if (i >= j)
            break;
          kept = all[i];
          all[i++] = all[j];
          all[j--] = kept;
        }
      /* Up to j nobody is behind the pivot, from there on nobody before it. */
      if (wanted == j + 1)
        return;
      if (wanted < j + 1)
        to = j + 1;
      else
        from = j + 1;
    }
}

static void
judge (const Measuring *self, gsize query, const float *similarities, Neighbour *all, guint *own)
{
  const guint n_own = list_own (self, query, own);
  FoveaRetrievalRow *row = &self->rows[query];
  guint found = 0;
  gsize n = 0, wanted;
  double sum = 0;

  *row = (FoveaRetrievalRow) { 0 };
  for (gsize i = 0; i < self->n; i++)
    if (i != query)
      {
        all[n++] = (Neighbour) { similarities[i], (guint32) i };
        row->n_relevant += shows_any (self, i, own, n_own);
      }
  if (n == 0)
    return;
  wanted = MIN (n, MAX (row->n_relevant, FIRST_FIVE));
  select_nearest (all, n, wanted);
  qsort (all, wanted, sizeof *all, compare_neighbours);
  row->nearest = all[0].row;
  for (gsize j = 0; j < wanted && row->n_relevant > 0; j++)
    {
      const gboolean relevant = shows_any (self, all[j].row, own, n_own);

      row->found_1 = row->found_1 || (relevant && j == 0);
      row->found_5 = row->found_5 || (relevant && j < FIRST_FIVE);
      if (!relevant || j >= row->n_relevant)
        continue;
      sum += ++found / (double) (j + 1);
    }
  if (row->n_relevant == 0)
    return;
  row->r_precision = (float) found / (float) row->n_relevant;
  row->map_at_r = (float) (sum / row->n_relevant);
}

static void
measure_block (guint block, gpointer data)
{
  const Measuring *self = data;
  const gsize first = (gsize) block * BLOCK, count = MIN (BLOCK, self->n - first);
  g_autofree float *similarities = NULL;
  g_autofree Neighbour *all = NULL;
  g_autofree guint *own = NULL;

  if (g_cancellable_is_cancelled (self->cancellable))
    return;
  similarities = g_new (float, count * self->width);
  all = g_new (Neighbour, self->n);
  own = g_new (guint, MAX (self->n_concepts, 1));
  fovea_matmul (count, self->width, self->dim, self->vectors + first * self->dim, self->dim, 1, self->columns, self->width, similarities,
                self->width, FALSE);
  for (gsize i = 0; i < count; i++)
    judge (self, first + i, similarities + i * self->width, all, own);
}

gboolean
fovea_retrieval_measure (const float *vectors, gsize n, gsize dim, const gint8 *labels, guint n_concepts, guint n_threads,
                         FoveaRetrievalRow *ret_rows, GCancellable *cancellable, GError **error)
{
  const gsize width = fovea_matmul_pad (n);
  g_autofree float *columns = g_try_new0 (float, MAX (dim * width, 1));
  Measuring self = { n, dim, width, vectors, columns, labels, n_concepts, ret_rows, cancellable };

  if (columns == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "there is not enough memory to compare %" G_GSIZE_FORMAT " pictures", n);
      return FALSE;
    }
  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < dim; j++)
      columns[j * width + i] = vectors[i * dim + j];
  fovea_matmul_run_tasks ((guint) ((n + BLOCK - 1) / BLOCK), n_threads, measure_block, &self);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

FoveaRetrieval
fovea_retrieval_sum (const FoveaRetrievalRow *rows, gsize n, const gint8 *labels, guint n_concepts, guint concept)
{
  FoveaRetrieval sum = { 0 };
  double count;

  for (gsize i = 0; i < n; i++)
    {
      if (rows[i].n_relevant == 0 || (concept != G_MAXUINT && labels[i * n_concepts + concept] <= 0))
        continue;
      sum.n++;
      sum.n_found_1 += rows[i].found_1;
      sum.recall_at_5 += rows[i].found_5;
      sum.r_precision += (double) rows[i].r_precision;
      sum.map_at_r += (double) rows[i].map_at_r;
    }
  count = sum.n > 0 ? (double) sum.n : (double) NAN;
  sum.recall_at_1 = (double) sum.n_found_1 / count;
  sum.recall_at_5 /= count;
  sum.r_precision /= count;
  sum.map_at_r /= count;
  return sum;
}

FoveaRetrieval *
fovea_retrieval_sum_concepts (const FoveaRetrievalRow *rows, gsize n, const gint8 *labels, guint n_concepts)
{
  FoveaRetrieval *sums = g_new (FoveaRetrieval, n_concepts + 1);

  for (guint k = 0; k < n_concepts; k++)
    sums[k] = fovea_retrieval_sum (rows, n, labels, n_concepts, k);
  sums[n_concepts] = fovea_retrieval_sum (rows, n, labels, n_concepts, G_MAXUINT);
  return sums;
}

static guint
choose_answer (const gint8 *own, const gint8 *nearest, guint n_concepts)
{
  guint first = 0;

  for (guint k = n_concepts; k-- > 0;)
    {
      if (own[k] > 0 && nearest[k] > 0)
        return k;
      if (nearest[k] > 0)
        first = k;
    }
  return first;
}

FoveaEvaluation *
fovea_retrieval_dup_evaluation (const FoveaRetrievalRow *rows, const FoveaEvalData *data)
{
  const gsize k = data->labels->len, n = data->n_rows;
  g_autofree float *answers = g_new0 (float, MAX (n * k, 1));
  g_autofree gint8 *truth = g_new0 (gint8, MAX (n * k, 1));
  FoveaEvalData said = *data;

  for (gsize i = 0; i < n; i++)
    {
      if (rows[i].n_relevant == 0)
        continue;
      memcpy (truth + i * k, data->truth + i * k, k);
      answers[i * k + choose_answer (truth + i * k, data->truth + rows[i].nearest * k, (guint) k)] = 1;
    }
  said.probabilities = answers;
  said.truth = truth;
  said.exclusive = TRUE;
  return fovea_evaluation_new (&said);
}
