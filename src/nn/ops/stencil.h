/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/graph.h"

G_BEGIN_DECLS

#define FOVEA_MAX_SPATIAL (FOVEA_MAX_RANK - 2)

/**
 * FoveaStencil:
 *
 * Where a sliding window lands: convolution, pooling and their inverses over the spatial axes of [N, C, D1 … Dn].
 * Tap k of the window at output o reads input  o · stride + k · dilation − pad_begin;  outside [0, in) is padding.
 *
 *   extent = (kernel − 1) · dilation + 1
 *   out    = ⌊(in + pad_begin + pad_end − extent) / stride⌋ + 1     (⌈ ⌉ with ceil mode, but no window starts
 *                                                                    beyond the end padding)
 *   SAME_* : out = ⌈in / stride⌉, the pads make it so; the odd pixel goes to the end (UPPER) or the beginning (LOWER)
 *
 * Source: ONNX operators, Conv, MaxPool, ConvTranspose. Every figure is at most 2^31, so the products fit 64 bits.
 */
typedef struct {
  int n;
  gint64 in[FOVEA_MAX_SPATIAL];
  gint64 out[FOVEA_MAX_SPATIAL];
  gint64 kernel[FOVEA_MAX_SPATIAL];
  gint64 stride[FOVEA_MAX_SPATIAL];
  gint64 dilation[FOVEA_MAX_SPATIAL];
  gint64 pad_begin[FOVEA_MAX_SPATIAL];
  gint64 pad_end[FOVEA_MAX_SPATIAL];
} FoveaStencil;

/* Reads strides, dilations, pads and auto_pad of @node and works out the output sizes. @kernel has x->rank − 2 entries.
 * Errors: SHAPE (rank below 3, the window is larger than the padded input), MALFORMED (an attribute's length or
 * value). */
gboolean fovea_stencil_init (FoveaStencil *stencil, const FoveaNode *node, const FoveaShape *x, const gint64 *kernel,
                             gboolean ceil_mode, GError **error);

/* The same for a transposed convolution, whose output_padding and output_shape attributes count too: @in is the small
 * side, @out the large one, and tap k of input i writes to output  i · stride + k · dilation − pad_begin. */
gboolean fovea_stencil_init_transposed (FoveaStencil *stencil, const FoveaNode *node, const FoveaShape *x,
                                        const gint64 *kernel, GError **error);

/* The kernel_shape attribute, checked: @n entries of at least 1. MALFORMED when it is missing or wrong. */
gboolean fovea_stencil_kernel_shape (const FoveaNode *node, int n, gint64 *ret_kernel, GError **error);

/* Taps of the window at output @o that lie inside the input, as [*ret_begin, *ret_end). */
static inline void
fovea_stencil_taps (const FoveaStencil *s, int axis, gint64 o, gint64 *ret_begin, gint64 *ret_end)
{
  gint64 start = o * s->stride[axis] - s->pad_begin[axis], d = s->dilation[axis];
  gint64 begin = start >= 0 ? 0 : (-start + d - 1) / d;
  gint64 end = start >= s->in[axis] ? 0 : (s->in[axis] - start + d - 1) / d;

  *ret_begin = begin;
  *ret_end = MIN (end, s->kernel[axis]);
}

/* Outputs whose tap @k lies inside the input, as [*ret_begin, *ret_end). */
static inline void
fovea_stencil_outputs (const FoveaStencil *s, int axis, gint64 k, gint64 *ret_begin, gint64 *ret_end)
{
  gint64 shift = k * s->dilation[axis] - s->pad_begin[axis], stride = s->stride[axis];

  *ret_begin = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
  *ret_end = shift >= s->in[axis] ? 0 : MIN (s->out[axis], (s->in[axis] - 1 - shift) / stride + 1);
}

G_END_DECLS
