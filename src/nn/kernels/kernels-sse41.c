/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/kernels/kernels-private.h"

#include <smmintrin.h>
#include <string.h>

#define VL 4
#define SET(name) wide_##name
#define VSPREAD(f) (wide_Vec) _mm_set1_ps (f)
#define VFMA(acc, x, w) acc += (x) * (w)
#define VMIN(a, b) (wide_Vec) _mm_min_ps ((__m128) (a), (__m128) (b))
#define VMAX(a, b) (wide_Vec) _mm_max_ps ((__m128) (a), (__m128) (b))
#define TILE_ROWS_1 8
#define TILE_ROWS_2 6
#define DW_TILE 4
#define SPARSE_VECTORS 2
#define VBITS __m128i
#define VLOAD_BITS(p) _mm_loadu_si128 ((const __m128i *) (p))
#define VOR_BITS(a, b) _mm_or_si128 (a, b)
#define VNONZERO(v) (0xf & ~(guint) _mm_movemask_ps (_mm_castsi128_ps (_mm_cmpeq_epi32 (v, _mm_setzero_si128 ()))))
#include "nn/kernels/kernels-body.inc"
#undef VL
#undef SET
#undef VSPREAD
#undef VFMA
#undef VMIN
#undef VMAX
#undef TILE_ROWS_1
#undef TILE_ROWS_2
#undef DW_TILE
#undef SPARSE_VECTORS

#define VL 1
#define SET(name) one_##name
#define VSPREAD(f) (f)
#define VFMA(acc, x, w) acc += (x) * (w)
#define VMIN(a, b) ((b) > (a) ? (a) : (b))
#define VMAX(a, b) ((b) < (a) ? (a) : (b))
#define DW_TILE 2
#include "nn/kernels/kernels-body.inc"

static gsize
panel_width (gsize columns_left)
{
  return columns_left > 4 ? 8 : 4;
}

static gsize
panel_rows (gsize width)
{
  return width == 8 ? 6 : 8;
}

static void
tile (const FoveaTile *t, gsize rows, gsize width)
{
  if (width == 8)
    wide_tile_2 (t, rows);
  else
    wide_tile_1 (t, rows);
}

static void
depthwise_row (const FoveaDepthwiseRow *row)
{
  one_depthwise_from (row, wide_depthwise_from (row, 0));
}

static void
add_clip (const float *a, const float *b, float *y, gsize n, float low, float high)
{
  one_add_clip_from (a, b, y, wide_add_clip_from (a, b, y, 0, n, low, high), n, low, high);
}

static void
sum_pixels (const float *x, gsize stride, gsize n_pixels, gsize channels, float *sum)
{
  gsize done = wide_sum_pixels_from (x, stride, n_pixels, 0, channels, sum);

  one_sum_pixels_from (x, stride, n_pixels, done, channels, sum);
}

const FoveaKernels fovea_kernels_sse41 = {
  FOVEA_ISA_SSE41, "sse4.1", 8, panel_width, panel_rows, tile, wide_find_nonzero, wide_sparse_width, wide_sparse_tile,
  depthwise_row, add_clip, sum_pixels,
};
