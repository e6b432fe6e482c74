/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/kernels/train-kernels.h"

#include <math.h>
#include <string.h>

/* Neighbouring output pixels that are computed together. */
#define FOVEA_DEPTHWISE_TILE 8

/* Pixels of a row of the input and of the output as they are held while a depthwise convolution is computed: with
 * padding, and as far as the last tile reads on. */
static inline gsize
fovea_depthwise_x_pixels (const FoveaDepthwise *d)
{
  gsize tiles = (d->out_w + FOVEA_DEPTHWISE_TILE - 1) / FOVEA_DEPTHWISE_TILE * FOVEA_DEPTHWISE_TILE;

  return MAX (d->before_w + d->in_w, (tiles - 1) * d->stride + d->kernel_w) + 1;
}

static inline gsize
fovea_depthwise_y_pixels (const FoveaDepthwise *d)
{
  gsize count = (d->in_w + d->stride - 1) / d->stride;
  gsize tiles = (count + FOVEA_DEPTHWISE_TILE - 1) / FOVEA_DEPTHWISE_TILE * FOVEA_DEPTHWISE_TILE;

  return d->kernel_w + MAX (d->out_w, tiles + (d->before_w + d->stride) / d->stride) + 1;
}

extern const FoveaTrainKernels fovea_train_kernels_plain;
#if defined(__x86_64__)
extern const FoveaTrainKernels fovea_train_kernels_sse41;
extern const FoveaTrainKernels fovea_train_kernels_avx2;
extern const FoveaTrainKernels fovea_train_kernels_avx512;
#endif
