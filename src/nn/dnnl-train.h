/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/dnnl-shim.h"

G_BEGIN_DECLS

/* A convolution that is trained, by oneDNN: forward, towards its input and towards its weights. Pictures are
 * channels-last, f32 or bf16 (x, y, dx, dy); weights, bias and their gradients are f32. A dense layer is one over
 * pictures of one pixel.
 *
 *   y = clip (w ∗ x + b),   dx = wᵀ ∗ dy,   dw += dy ⋆ x,   db += Σ dy      (dy already zeroed where y was clipped)
 *
 * Threads: as FoveaDnnl. */
typedef struct _FoveaDnnlConv FoveaDnnlConv;

typedef struct {
  FoveaDnnlWindow window;
  gsize groups;
  gboolean half;          /* bf16 */
  gboolean has_bias;
  gboolean transposed;    /* weights are [in][out] instead of [out][in / groups][kernel_h][kernel_w] */
  gboolean towards_input, towards_weights; /* which of the backward passes are wanted */
  float low, high;
} FoveaDnnlConvOptions;

FoveaDnnlConv *fovea_dnnl_conv_new (const FoveaDnnlConvOptions *options, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void           fovea_dnnl_conv_free (FoveaDnnlConv *conv);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaDnnlConv, fovea_dnnl_conv_free)

/* Scratch memory that each of the calls below takes at most. */
gsize fovea_dnnl_conv_get_scratch (const FoveaDnnlConv *conv);

/* Copies the weights into the orders that oneDNN likes. */
gboolean fovea_dnnl_conv_set_weights (FoveaDnnlConv *conv, const float *w, GError **error);

gboolean fovea_dnnl_conv_forward (FoveaDnnlConv *conv, const void *x, const float *bias, void *y, void *scratch, GError **error);
gboolean fovea_dnnl_conv_towards_input (FoveaDnnlConv *conv, const void *dy, void *dx, void *scratch, GError **error);
/* @db NULL without a bias. */
gboolean fovea_dnnl_conv_towards_weights (FoveaDnnlConv *conv, const void *x, const void *dy, float *dw, float *db,
                                          void *scratch, GError **error);

/* What oneDNN chose for the three. Borrowed. */
const char *fovea_dnnl_conv_get_kernels (const FoveaDnnlConv *conv);

G_END_DECLS
