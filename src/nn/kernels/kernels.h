/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Hand-written f32 kernels on channels-last pictures, one set an instruction set. Every set computes the same formulas;
 * results differ only by rounding (fused multiply-add or not). The set is chosen once at run time from what the
 * processor has, capped by the environment variable ONEDNN_MAX_CPU_ISA (or DNNL_MAX_CPU_ISA) with oneDNN's own names,
 * so that one setting holds for oneDNN and for us: SSE41, AVX, AVX2, AVX512_CORE and above; DEFAULT or ALL = no cap.
 * FOVEA_PLAIN (any value) chooses the plain C set.
 *
 * Threads: all functions are pure. Nothing is checked here: the plan has checked every shape. */

typedef enum {
  FOVEA_ISA_PLAIN,
  FOVEA_ISA_SSE41,
  FOVEA_ISA_AVX2,   /* with FMA */
  FOVEA_ISA_AVX512, /* F, BW, DQ, VL */
} FoveaIsa;

/* Rows (pixels) that one call of a tile takes at most, over all sets. */
#define FOVEA_TILE_MAX_ROWS 16

/* The same of a tile over mostly zeros; the fewer, the more of the depth is zero in all of them. */
#define FOVEA_SPARSE_ROWS 4
/* Depth that a guint16 index can name. */
#define FOVEA_SPARSE_MAX_DEPTH 65536

/* One tile of a convolution as an indirect matrix product, for rows r (pixels) and columns o (output channels):
 *
 *   y[r][o] = clip (bias[o] + Σ_t Σ_k a[t·rows + r][k] · b[(t·depth + k)·width + o] + residual[r][o])
 *
 * a         n_taps × rows pointers to depth input channels each (a pixel of padding points to zeros); or NULL: row r of
 *           tap t is at x + t·tap_stride + r·x_stride
 * b         one panel of packed weights, [n_taps · depth][width]
 * bias      [width], the panel's own
 * y         row r at y + r·y_stride, columns values written; columns ≤ width
 * residual  row r at residual + r·residual_stride; or NULL
 * clip      to [low, high]; without an activation ∓infinity. NaN stays NaN.
 * Strides are in floats. */
typedef struct {
  const float *const *a;
  const float *x;
  gsize x_stride, tap_stride;
  const float *b;
  const float *bias;
  float *y;
  gsize y_stride;
  const float *residual;
  gsize residual_stride;
  gsize n_taps, depth;
  gsize columns;
  float low, high;
} FoveaTile;

/* One output row of a depthwise convolution over @channels adjacent channels:
 *
 *   y[x][c] = clip (bias[c] + Σ_u Σ_v w[u·kernel_w + v][c] · rows[u][x·stride + v·dilation][c])
 *
 * rows     kernel_h pointers to input rows that hold their padding: the first pixel read is rows[u] itself
 * strides  in floats from a pixel to the next, of input, weights (from tap to tap) and output */
typedef struct {
  const float *const *rows;
  const float *w;
  const float *bias;
  float *y;
  gsize in_stride, w_stride, out_stride;
  gsize kernel_h, kernel_w, stride, dilation;
  gsize channels, out_w;
  float low, high;
} FoveaDepthwiseRow;

typedef struct {
  FoveaIsa isa;
  const char *name; /* "avx512", as in fovea_plan_describe() */

  /* Columns of a whole panel; narrower ones at the end have one of the widths that panel_width() returns. */
  gsize max_width;
  gsize (*panel_width) (gsize columns_left);
  gsize (*panel_rows) (gsize width); /* rows that a tile of this width takes at most */
  void (*tile) (const FoveaTile *tile, gsize rows, gsize width);

  /* For inputs that are mostly zeros, as they are behind a rectifier: few rows, wide panels, and only those of the
   * depth values that are not zero in every row. @x [rows] of @depth values, @stride apart; @index gets the places of
   * the values that are not all zeros (NaN is none), ascending, and has room for depth + 16. Returns how many. */
  gsize (*find_nonzero) (const float *x, gsize stride, gsize rows, gsize depth, guint16 *index);
  gsize (*sparse_width) (gsize columns_left); /* of the next panel */
  /* As tile with one tap at x, for rows ≤ FOVEA_SPARSE_ROWS: Σ over the n_index values k in index alone. Up to 16 values behind
   * them are read, to fetch weights ahead; they may be anything. */
  void (*sparse_tile) (const FoveaTile *tile, gsize rows, gsize width, const guint16 *index, gsize n_index);

  void (*depthwise_row) (const FoveaDepthwiseRow *row);

  /* y[i] = clip (a[i] + b[i]); y may be a or b. */
  void (*add_clip) (const float *a, const float *b, float *y, gsize n, float low, float high);
  /* sum[c] += Σ_p x[p·stride + c] */
  void (*sum_pixels) (const float *x, gsize stride, gsize n_pixels, gsize channels, float *sum);
} FoveaKernels;

const FoveaKernels *fovea_kernels_get (void);             /* the set of this processor and environment */
const FoveaKernels *fovea_kernels_for_isa (FoveaIsa isa); /* (nullable): the processor lacks it */

/* The cap that a value of ONEDNN_MAX_CPU_ISA means (nullable: none). Unknown names do not cap. */
FoveaIsa fovea_isa_from_name (const char *name);

G_END_DECLS
