/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/ops/op-check.h"

G_BEGIN_DECLS

/* What the gradient rules of the operator families share. */

/* ∂L/∂in[@i], or NULL when it is not wanted. */
static inline double *
fovea_gradient_of (const FoveaGradientContext *ctx, guint i)
{
  return i < ctx->op.n_in && ctx->d_in[i] != NULL ? FOVEA_TENSOR_DATA (ctx->d_in[i], double) : NULL;
}

/* For operators that only move values (Reshape, Transpose, Slice, Concat, Pad, Gather …), whatever their rule: the
 * operator is run on tensors that number the elements of its inputs, and each gradient is added where its element came
 * from. The second is for operators of which input 0 alone is moved. */
gboolean fovea_gradient_of_copies (const FoveaGradientContext *ctx, GError **error);
gboolean fovea_gradient_of_copy (const FoveaGradientContext *ctx, GError **error);

/* The rules that are not beside their operator's kernel. */
gboolean fovea_gradient_of_batch_norm (const FoveaGradientContext *ctx, GError **error);
gboolean fovea_gradient_of_group_norm (const FoveaGradientContext *ctx, GError **error); /* and instance norm */
gboolean fovea_gradient_of_layer_norm (const FoveaGradientContext *ctx, GError **error);
gboolean fovea_gradient_of_lp_norm (const FoveaGradientContext *ctx, GError **error);

G_END_DECLS
