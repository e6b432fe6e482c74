/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define FOVEA_TAPS_BITS 22
#define FOVEA_TAPS_LOW_BITS 11

/* The weights of @n outputs: output i is Σ_j weight[i,j] · input[first[i] + j], j < 4 × @blocks, where
 *   weight[i,j] = high[i × stride + j] × 2¹¹ + low[i × stride + j]
 * in 22-bit fixed point, 0 ≤ low < 2¹¹. Both halves fit the processor's 16-bit multiply-add of pairs, whose exact
 * 32-bit sums add up to what one 32-bit product would give, at less than half its cost. Inputs beyond the last
 * have weight 0. */
typedef struct {
  int n, stride, blocks;
  int *first;
  gint16 *high, *low;
} FoveaTaps;

/* One set a kind of processor; all give the same bytes. */
typedef struct {
  /* @src: rows of RGB; pixels [@from, @to) are those that count. */
  void (*across) (const FoveaTaps *taps, const guint8 *src, gsize src_stride, int from, int to, int n_rows,
                  guint8 *dest, gsize dest_stride);
  /* @src: rows [@row_from, @row_to) of the picture; the first @n_bytes of each are filtered. */
  void (*down) (const FoveaTaps *taps, const guint8 *src, gsize src_stride, gsize n_bytes, int row_from, int row_to,
                guint8 *dest, gsize dest_stride);
  const char *name;
} FoveaResizeKernels;

/* The best for this processor, or the one that FOVEA_RESIZE_KERNELS names ("plain", "sse4.1", "avx2"). */
const FoveaResizeKernels *fovea_resize_kernels (void);

/* By name, for tests; NULL when this processor has not got it. */
const FoveaResizeKernels *fovea_resize_kernels_named (const char *name);

/* Makes fovea_resize_kernels() return @kernels (nullable: the best) from now on. For tests alone. */
void fovea_resize_kernels_override (const FoveaResizeKernels *kernels);

G_END_DECLS
