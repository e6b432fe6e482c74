/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/kernels/kernels.h"

G_BEGIN_DECLS

/* Hand-written kernels for training, one set an instruction set, chosen as fovea_kernels_get() chooses. Pictures are
 * channels-last; they are f32, or bf16 where a call says @half (sums are f32 or f64 all the same). All functions are
 * pure; nothing is checked here.
 *
 * Masks: m (y) = 1 where low < y < high, else 0: the derivative of a clip, from what it made. Without a clip (∓infinity)
 * everything that is finite passes. */

/* A depthwise convolution of one picture, dilation 1:
 *
 *   y[i][j][c] = clip (b[c] + Σ_u Σ_v w[u·kernel_w + v][c] · x[i·stride + u − before_h][j·stride + v − before_w][c])
 *
 * w [taps][channels] */
typedef struct {
  gboolean half;
  gsize in_h, in_w, out_h, out_w, channels;
  gsize kernel_h, kernel_w, stride, before_h, before_w;
  float low, high;
} FoveaDepthwise;

/* Channels [channel_from, channel_from + n_channels) of one picture; the pointers are those of channel 0. */
typedef struct {
  gsize channel_from, n_channels;
  const void *x;
  const float *w;
  const float *bias;  /* or NULL */
  void *y;            /* forward: written; backward: read for the mask, or NULL: dy is masked already */
  const void *dy;
  void *dx;           /* or NULL: not wanted */
  gboolean accumulate; /* dx += */
  gboolean past_cache; /* what is written is larger than the cache: do not fetch it there first */
  float x_low, x_high; /* dx is masked by m (x) with these */
  float *dw, *db;     /* [taps][channels] and [channels], added to; or NULL */
  float *scratch;     /* fovea_depthwise_scratch() floats, 64-byte aligned */
} FoveaDepthwisePart;

/* One step of AdamW (nn/optimiser.h), for all weights of a group:
 *
 *   m ← b1 m + c1 g',  s ← b2 s + c2 g'²,  w ← keep w − step m / (√s · correct + epsilon),  g' = clip g */
typedef struct {
  float clip, b1, c1, b2, c2, keep, step, correct, epsilon;
} FoveaAdamW;

typedef struct {
  const char *name;
  gsize width; /* floats a vector: channels are best cut at its multiples */

  void (*depthwise_forward) (const FoveaDepthwise *d, const FoveaDepthwisePart *part);
  void (*depthwise_backward) (const FoveaDepthwise *d, const FoveaDepthwisePart *part);

  /* c[i][j] += Σ_r a[r][i] · b[r·n + j] for i < m, j < n. a is f32 with @a_stride floats a row; m is a multiple of 4; c has
   * @c_stride floats a row, n rounded up to @width of them written. */
  void (*outer) (const float *a, gsize a_stride, const void *b, gsize rows, gsize m, gsize n, gboolean half, float *c,
                 gsize c_stride);

  /* Over @rows of @channels values: sum[c] += Σ g, dot[c] += Σ g · x with g = m (y) · a. @y NULL: no mask; @x NULL:
   * dot[c] += Σ g². */
  void (*channel_sums) (const void *a, const void *y, float low, float high, const void *x, gsize rows, gsize channels,
                        gboolean half, double *sum, double *dot);
  /* out = clip (A[c] · m (y) · g + B[c] · x + C[c]); @g NULL: without that term, and then @y does not matter; @masked
   * TRUE: masked by @y and not clipped, else clipped. @accumulate: out +=. */
  void (*channel_affine) (void *out, const void *g, const void *y, const void *x, const float *a, const float *b,
                          const float *c, float low, float high, gboolean accumulate, gsize rows, gsize channels,
                          gboolean half);
  void (*add) (const void *a, const void *b, void *y, float low, float high, gsize n, gboolean half); /* y = clip (a + b) */
  void (*mask) (void *d, const void *y, float low, float high, gsize n, gboolean half);               /* d ∗= m (y) */
  void (*clip) (const void *x, void *y, float low, float high, gsize n, gboolean half);
  /* to[at + c] = mean over p of from[p][c] */
  void (*mean) (const void *from, gsize rows, gsize channels, gboolean half, void *to, gsize at, gboolean to_half);
  /* to[p][c] = m (y[p][c]) · factor · from[at + c] (+ to[p][c]) */
  void (*spread) (void *to, const void *from, gsize at, gboolean from_half, float factor, const void *y, float low, float high,
                  gboolean accumulate, gsize rows, gsize channels, gboolean half);

  double (*square_sum) (const float *g, gsize n); /* in f32 by a few hundred at a time, those in f64 */
  void (*adamw) (const FoveaAdamW *step, const float *g, float *m, float *s, float *w, gsize n);
  void (*average) (float *e, const float *w, float keep, gsize n); /* e ← keep e + (1 − keep) w */
} FoveaTrainKernels;

const FoveaTrainKernels *fovea_train_kernels_get (void);
const FoveaTrainKernels *fovea_train_kernels_for_isa (FoveaIsa isa); /* (nullable): the processor lacks it */

/* Floats that one part of @n_channels takes, for any set. */
gsize fovea_depthwise_scratch (const FoveaDepthwise *d, gsize n_channels);

G_END_DECLS
