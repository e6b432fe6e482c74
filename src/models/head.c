/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/head.h"

#include <string.h>

#include "models/head-solver.h"
#include "models/matmul.h"
#include "nn/half.h"

#define SLICE 256 /* rows at a time, so that scratch memory stays small */
#define TASK_ROWS 2048

FoveaHead *
fovea_head_new (guint n_concepts, guint dim, gboolean exclusive, FoveaViews views)
{
  FoveaHead *head = g_new0 (FoveaHead, 1);

  g_atomic_ref_count_init (&head->ref_count);
  head->n_concepts = n_concepts;
  head->dim = dim;
  head->exclusive = exclusive;
  head->views = views;
  head->weights = g_new0 (float, (gsize) n_concepts * dim);
  head->bias = g_new0 (float, n_concepts);
  return head;
}

FoveaHead *
fovea_head_ref (FoveaHead *head)
{
  g_atomic_ref_count_inc (&head->ref_count);
  return head;
}

void
fovea_head_unref (FoveaHead *head)
{
  if (!g_atomic_ref_count_dec (&head->ref_count))
    return;
  g_free (head->weights);
  g_free (head->bias);
  g_free (head);
}

/* W as matmul wants it: [dim, width]. */
static float *
columns_of (const FoveaHead *head, guint width)
{
  float *columns = g_new0 (float, (gsize) head->dim * width);

  for (guint c = 0; c < head->n_concepts; c++)
    for (guint l = 0; l < head->dim; l++)
      columns[(gsize) l * width + c] = head->weights[(gsize) c * head->dim + l];
  return columns;
}

/* @n ≤ SLICE rows; @scores: scratch [SLICE, width]. */
static void
predict_slice (const FoveaHead *head, const float *columns, guint width, const float *vectors, gsize n, float *scores,
               float *ret_probabilities)
{
  guint k = head->n_concepts;

  fovea_matmul (n, width, head->dim, vectors, head->dim, 1, columns, width, scores, width, FALSE);
  for (gsize i = 0; i < n; i++)
    for (guint c = 0; c < k; c++)
      scores[i * width + c] += head->bias[c];
  fovea_head_probabilities (scores, n, k, width, head->exclusive);
  for (gsize i = 0; i < n; i++)
    memcpy (ret_probabilities + i * k, scores + i * width, k * sizeof (float));
}

void
fovea_head_predict (const FoveaHead *head, const float *vectors, gsize n, float *ret_probabilities)
{
  guint width = fovea_matmul_pad (head->n_concepts);
  g_autofree float *columns = columns_of (head, width);
  g_autofree float *scores = g_new (float, SLICE * (gsize) width);

  for (gsize from = 0; from < n; from += SLICE)
    predict_slice (head, columns, width, vectors + from * head->dim, MIN (SLICE, n - from), scores,
                   ret_probabilities + from * head->n_concepts);
}

typedef struct {
  const FoveaHead *head;
  const guint16 *const *rows;
  gsize n;
  guint width;
  float *columns, *probabilities;
} Halves;

static void
predict_halves (guint task, gpointer data)
{
  const Halves *job = data;
  guint dim = job->head->dim;
  gsize from = (gsize) task * TASK_ROWS, end = MIN (from + TASK_ROWS, job->n);
  g_autofree float *vectors = g_new (float, (gsize) SLICE * dim);
  g_autofree float *scores = g_new (float, SLICE * (gsize) job->width);

  for (gsize at = from; at < end; at += SLICE)
    {
      gsize n = MIN (SLICE, end - at);

      for (gsize i = 0; i < n; i++)
        fovea_f16_to_floats (job->rows[at + i], vectors + i * dim, dim);
      predict_slice (job->head, job->columns, job->width, vectors, n, scores, job->probabilities + at * job->head->n_concepts);
    }
}

void
fovea_head_predict_halves (const FoveaHead *head, const guint16 *const *rows, gsize n, guint n_threads, float *ret_probabilities)
{
  Halves job = { .head = head, .rows = rows, .n = n, .width = fovea_matmul_pad (head->n_concepts), .probabilities = ret_probabilities };

  job.columns = columns_of (head, job.width);
  fovea_matmul_run_tasks ((guint) ((n + TASK_ROWS - 1) / TASK_ROWS), n_threads, predict_halves, &job);
  g_free (job.columns);
}
