/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights folded and packed for the tiles of nn/kernels. */
#include <stdlib.h>
#include <string.h>

#include "nn/plan-private.h"

#define ALIGNMENT 64

static float *
new_floats (gsize n, GError **error)
{
  gsize n_bytes = (n * sizeof (float) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  float *floats = aligned_alloc (ALIGNMENT, MAX (n_bytes, ALIGNMENT));

  if (floats == NULL)
    g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MEMORY,
                 "there is no memory for %" G_GSIZE_FORMAT " bytes of weights; close other programs", n_bytes);
  else
    memset (floats, 0, MAX (n_bytes, ALIGNMENT));
  return floats;
}

void
fovea_weights_unref (FoveaWeights *weights)
{
  if (!g_atomic_ref_count_dec (&weights->ref_count))
    return;
  free (weights->data);
  free (weights->bias);
  g_free (weights);
}

gsize
fovea_weights_width (const FoveaWeights *weights, const FoveaKernels *kernels, gsize columns_left)
{
  return weights->sparse ? kernels->sparse_width (columns_left) : kernels->panel_width (columns_left);
}

static gsize
packed_columns (const FoveaWeights *weights, const FoveaKernels *kernels)
{
  gsize packed = 0, columns = weights->out_depth;

  for (gsize o = 0; o < columns;)
    {
      gsize width = fovea_weights_width (weights, kernels, columns - o);

      packed += width;
      o += width;
    }
  return packed;
}

/* One group's panels. @w [out_depth][in_depth][n_taps], @scale by output of the group. */
static void
pack_panels (const FoveaWeights *weights, const FoveaKernels *kernels, const float *w, const double *scale,
             float *panels)
{
  const gsize depth = weights->in_depth, n_taps = weights->n_taps;

  for (gsize o = 0; o < weights->out_depth;)
    {
      const gsize width = fovea_weights_width (weights, kernels, weights->out_depth - o);
      const gsize columns = MIN (width, weights->out_depth - o);

      for (gsize tap = 0; tap < n_taps; tap++)
        for (gsize k = 0; k < depth; k++)
          for (gsize j = 0; j < columns; j++)
            {
              double value = (double) w[((o + j) * depth + k) * n_taps + tap];

              panels[(tap * depth + k) * width + j] = (float) (scale != NULL ? value * scale[o + j] : value);
            }
      panels += n_taps * depth * width;
      o += width;
    }
}

float *
fovea_weights_unpack (const FoveaWeights *weights, const FoveaKernels *kernels)
{
  const gsize depth = weights->in_depth, n_taps = weights->n_taps;
  const float *panel = weights->data;
  float *w = g_new (float, weights->out_depth * depth * n_taps);

  for (gsize o = 0; o < weights->out_depth;)
    {
      const gsize width = fovea_weights_width (weights, kernels, weights->out_depth - o);

      for (gsize j = 0; j < MIN (width, weights->out_depth - o); j++)
        for (gsize k = 0; k < depth; k++)
          for (gsize tap = 0; tap < n_taps; tap++)
            w[((o + j) * depth + k) * n_taps + tap] = panel[(tap * depth + k) * width + j];
      panel += n_taps * depth * width;
      o += width;
    }
  return w;
}

static void
pack_depthwise (const FoveaWeights *weights, const float *w, const double *scale)
{
  for (gsize c = 0; c < weights->n_groups; c++)
    for (gsize tap = 0; tap < weights->n_taps; tap++)
      {
        double value = (double) w[c * weights->n_taps + tap];

        weights->data[tap * weights->n_groups + c] = (float) (scale != NULL ? value * scale[c] : value);
      }
}

/* One group, one tap; deep enough that the list of what is not zero costs little, and not much padding. */
static gboolean
sparse_pays (const FoveaWeights *weights, const FoveaKernels *kernels, const float *w)
{
  gsize width = kernels->sparse_width (weights->out_depth);

  return weights->n_groups == 1 && weights->n_taps == 1 && weights->in_depth >= 32 &&
         weights->in_depth <= FOVEA_SPARSE_MAX_LIST && weights->out_depth >= 32 &&
         (weights->out_depth % width == 0 || weights->out_depth >= 4 * width || weights->out_depth * 5 >= width * 4) &&
         fovea_floats_are_finite (w, weights->out_depth * weights->in_depth);
}

FoveaWeights *
fovea_weights_new (const FoveaKernels *kernels, const float *w, gsize n_groups, gsize out_depth, gsize in_depth,
                   gsize n_taps, const double *scale, const double *shift,
                   gboolean rectified, GError **error)
{
  FoveaWeights *weights = g_new0 (FoveaWeights, 1);
  gsize packed;

  g_atomic_ref_count_init (&weights->ref_count);
  weights->depthwise = out_depth == 1 && in_depth == 1 && n_groups > 1;
  weights->n_groups = n_groups;
  weights->out_depth = out_depth;
  weights->in_depth = in_depth;
  weights->n_taps = n_taps;
  weights->sparse = rectified && sparse_pays (weights, kernels, w);
  packed = weights->depthwise ? 1 : packed_columns (weights, kernels);
  weights->group_bias = packed;
  weights->group_size = packed * n_taps * in_depth;
  weights->n_bytes = n_groups * (weights->group_size + packed) * sizeof (float);
  weights->data = new_floats (n_groups * weights->group_size, error);
  weights->bias = weights->data != NULL ? new_floats (n_groups * packed, error) : NULL;
  if (weights->bias == NULL)
    {
      fovea_weights_unref (weights);
      return NULL;
    }
  if (weights->depthwise)
    pack_depthwise (weights, w, scale);
  for (gsize g = 0; g < n_groups; g++)
    {
      if (!weights->depthwise)
        pack_panels (weights, kernels, w + g * out_depth * in_depth * n_taps,
                     scale != NULL ? scale + g * out_depth : NULL, weights->data + g * weights->group_size);
      for (gsize o = 0; shift != NULL && o < out_depth; o++)
        weights->bias[g * packed + o] = (float) shift[g * out_depth + o];
    }
  return weights;
}
