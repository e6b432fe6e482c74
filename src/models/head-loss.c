/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/head-loss.h"

#include <math.h>
#include <string.h>

/* log Σ exp is taken about the row's greatest score. Weights are the same in all columns of a row. */
static void
exclusive_loss (const FoveaHeadProblem *problem, const float *scores, float *scratch, float *ret_residual, double *ret_loss)
{
  guint k = problem->k, width = problem->width;
  double loss = 0.0;

  for (gsize i = 0; i < problem->n; i++)
    {
      const float *z = scores + i * width;
      float *e = scratch + i * width, top = z[0];

      for (guint c = 1; c < k; c++)
        top = MAX (top, z[c]);
      for (guint c = 0; c < k; c++)
        e[c] = z[c] - top;
      for (guint c = k; c < width; c++)
        e[c] = -87.0f;
    }
  fovea_matmul_kernels ()->exp (problem->n * width, scratch);
  for (gsize i = 0; i < problem->n; i++)
    {
      const float *z = scores + i * width, *e = scratch + i * width, *t = problem->target + i * width;
      float *r = ret_residual + i * width, weight = problem->weight[i * width], sum = 0.0f, top = z[0], right = 0.0f, share = 0.0f;

      for (guint c = 0; c < k; c++)
        {
          sum += e[c];
          top = MAX (top, z[c]);
        }
      for (guint c = 0; c < k; c++)
        {
          right += t[c] * (z[c] - top);
          share += t[c];
        }
      if (weight > 0.0f)
        loss += (double) weight * ((double) share * log ((double) sum) - (double) right);
      for (guint c = 0; c < k; c++)
        r[c] = weight * (e[c] / sum - t[c]);
      for (guint c = k; c < width; c++)
        r[c] = 0.0f;
    }
  memset (ret_loss, 0, width * sizeof *ret_loss);
  ret_loss[0] = loss;
}

/* −t z + log (1 + exp (z)), as max (z, 0) − t z + log (1 + exp (−|z|)). */
static void
independent_loss (const FoveaHeadProblem *problem, const float *scores, float *scratch, float *ret_residual, double *ret_loss)
{
  gsize total = problem->n * problem->width;

  for (gsize i = 0; i < total; i++)
    scratch[i] = -fabsf (scores[i]);
  fovea_matmul_kernels ()->exp (total, scratch);
  for (gsize i = 0; i < total; i++)
    {
      float e = scratch[i], p = (scores[i] >= 0.0f ? 1.0f : e) / (1.0f + e);

      ret_residual[i] = problem->weight[i] * (p - problem->target[i]);
      scratch[i] = 1.0f + e;
    }
  fovea_matmul_kernels ()->log (total, scratch);
  for (gsize i = 0; i < total; i++)
    scratch[i] += MAX (scores[i], 0.0f) - problem->target[i] * scores[i];
  fovea_matmul_kernels ()->column_dots (problem->n, problem->width, problem->weight, scratch, ret_loss);
}

void
fovea_head_loss (const FoveaHeadProblem *problem, const float *scores, float *scratch, float *ret_residual, double *ret_loss)
{
  if (problem->exclusive)
    exclusive_loss (problem, scores, scratch, ret_residual, ret_loss);
  else
    independent_loss (problem, scores, scratch, ret_residual, ret_loss);
}

void
fovea_head_probabilities (float *scores, gsize n, guint k, guint width, gboolean exclusive)
{
  if (!exclusive)
    {
      for (gsize i = 0; i < n * width; i++)
        scores[i] = -scores[i];
      fovea_matmul_kernels ()->exp (n * width, scores);
      for (gsize i = 0; i < n * width; i++)
        scores[i] = 1.0f / (1.0f + scores[i]);
      return;
    }
  for (gsize i = 0; i < n; i++)
    {
      float *z = scores + i * width, top = z[0], sum = 0.0f;

      for (guint c = 1; c < k; c++)
        top = MAX (top, z[c]);
      for (guint c = 0; c < width; c++)
        z[c] = c < k ? z[c] - top : -87.0f;
      fovea_matmul_kernels ()->exp (width, z);
      for (guint c = 0; c < k; c++)
        sum += z[c];
      for (guint c = 0; c < width; c++)
        z[c] = c < k ? z[c] / sum : 0.0f;
    }
}
