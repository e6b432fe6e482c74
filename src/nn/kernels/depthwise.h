/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "nn/kernels/kernels.h"

G_BEGIN_DECLS

/* Depthwise convolution forward and backward, for training, on the blocked layout that oneDNN calls nChw16c:
 *
 *   pictures  [batch][blocks][height][width][16], f32 or bf16; channels beyond the real ones are zero
 *   weights   [blocks][kernel_h][kernel_w][16] f32 (oneDNN's Goihw16g), bias [blocks][16] f32
 *
 * Sums are f32 in either storage. before is the padding above and to the left; what is missing below and to the right
 * follows from the sizes, so that TensorFlow's SAME (the odd pixel after) is just a smaller before. The only demand:
 * kernel, stride, in and out ≥ 1, before < kernel.
 *
 * Everything runs on @n_threads OpenMP threads and the set of kernels given (fovea_kernels_get() as a rule); results do
 * not depend on the number of threads. Nothing is checked. Memory beyond the arguments: some rows a thread.
 * Speed: memory bound from AVX2 on; the gradient of the weights reads x, dy and y once each. */

typedef enum {
  FOVEA_STORAGE_F32,
  FOVEA_STORAGE_BF16,
} FoveaStorage;

typedef struct {
  gsize batch, blocks;
  gsize in[2], out[2];            /* height, width */
  gsize kernel[2], stride[2], before[2];
  FoveaStorage storage;           /* of x, y, dy and dx */
  float low, high;                /* the clip behind the bias: 0, 6 for ReLU6; ∓infinity for none */
} FoveaDepthwise;

/* y = clip (bias + w ∗ x). @x, @y as storage says. */
void fovea_depthwise_forward (const FoveaKernels *kernels, const FoveaDepthwise *d, const void *x, const float *w,
                              const float *bias, void *y, guint n_threads);

/* The gradients for g = dy · [low < y < high], or g = dy when @y is NULL:
 *
 *   dx[r][s]  = Σ w[u][v] · g[i][j]     over i·stride + u − before = r, j·stride + v − before = s
 *   dw[u][v]  = Σ x[i·stride + u − before][j·stride + v − before] · g[i][j]       dbias = Σ g
 *
 * @x     (nullable when @dw is)      @w  (nullable when @dx is)
 * @y     (nullable) output of the forward pass, behind its clip
 * @dx    (nullable) overwritten; not @dy
 * @dw    (nullable) [blocks][kernel_h][kernel_w][16] and @dbias [blocks][16]: both or none; overwritten
 * Asking for both in one call reads dy and y from memory once. */
void fovea_depthwise_backward (const FoveaKernels *kernels, const FoveaDepthwise *d, const void *x, const float *w,
                               const void *y, const void *dy, void *dx, float *dw, float *dbias, guint n_threads);

/* Between ONNX's [channels][1][taps] and [⌈channels/16⌉][taps][16]; a bias has one tap. */
void fovea_depthwise_pack (const float *w, gsize channels, gsize taps, float *packed);
void fovea_depthwise_unpack (const float *packed, gsize channels, gsize taps, float *w);

G_END_DECLS
