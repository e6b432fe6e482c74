/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/head.h"

#include <string.h>

#include "models/head-solver.h"
#include "models/matmul.h"

#define SLICE 256 /* rows at a time, so that scratch memory stays small */

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

void
fovea_head_predict (const FoveaHead *head, const float *vectors, gsize n, float *ret_probabilities)
{
  guint k = head->n_concepts, width = fovea_matmul_pad (k);
  g_autofree float *columns = g_new0 (float, (gsize) head->dim * width);
  g_autofree float *scores = g_new (float, SLICE * (gsize) width);

  for (guint c = 0; c < k; c++)
    for (guint l = 0; l < head->dim; l++)
      columns[(gsize) l * width + c] = head->weights[(gsize) c * head->dim + l];
  for (gsize from = 0; from < n; from += SLICE)
    {
      gsize rows = MIN (SLICE, n - from);

      fovea_matmul (rows, width, head->dim, vectors + from * head->dim, head->dim, 1, columns, width, scores, width, FALSE);
      for (gsize i = 0; i < rows; i++)
        for (guint c = 0; c < k; c++)
          scores[i * width + c] += head->bias[c];
      fovea_head_probabilities (scores, rows, k, width, head->exclusive);
      for (gsize i = 0; i < rows; i++)
        memcpy (ret_probabilities + (from + i) * k, scores + i * width, k * sizeof (float));
    }
}
