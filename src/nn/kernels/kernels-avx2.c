/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/kernels/kernels-private.h"

#include <immintrin.h>
#include <string.h>

#define VL 8
#define SET(name) wide_##name
#define VSPREAD(f) (wide_Vec) _mm256_set1_ps (f)
#define VFMA(acc, x, w) __asm__ ("vfmadd231ps %2, %1, %0" : "+x"(acc) : "x"(x), "x"(w))
#define VMIN(a, b) (wide_Vec) _mm256_min_ps ((__m256) (a), (__m256) (b))
#define VMAX(a, b) (wide_Vec) _mm256_max_ps ((__m256) (a), (__m256) (b))
#define TILE_ROWS_1 12
#define TILE_ROWS_2 6
#define TILE_ROWS_3 4
#define DW_TILE 8
#define SPARSE_VECTORS 3
#define VBITS __m256i
#define VLOAD_BITS(p) _mm256_loadu_si256 ((const __m256i *) (p))
#define VOR_BITS(a, b) _mm256_or_si256 (a, b)
#define VNONZERO(v) \
  (0xff & ~(guint) _mm256_movemask_ps (_mm256_castsi256_ps (_mm256_cmpeq_epi32 (v, _mm256_setzero_si256 ()))))
#include "nn/kernels/kernels-body.inc"
#undef VL
#undef SET
#undef VSPREAD
#undef VFMA
#undef VMIN
#undef VMAX
#undef TILE_ROWS_1
#undef TILE_ROWS_2
#undef TILE_ROWS_3
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

/* 24 columns, four rows: twelve accumulators, three vectors of weights and one pixel fill the sixteen registers. */
static gsize
panel_width (gsize columns_left)
{
  gsize whole = (columns_left + 7) / 8;

  if (whole <= 3)
    return whole * 8;
  return whole == 4 ? 16 : 24;
}

static gsize
panel_rows (gsize width)
{
  return width == 24 ? 4 : width == 16 ? 6 : 12;
}

static void
tile (const FoveaTile *t, gsize rows, gsize width)
{
  switch (width)
    {
    case 24:
      wide_tile_3 (t, rows);
      break;
    case 16:
      wide_tile_2 (t, rows);
      break;
    default:
      wide_tile_1 (t, rows);
      break;
    }
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

const FoveaKernels fovea_kernels_avx2 = {
  FOVEA_ISA_AVX2, "avx2", 24, panel_width, panel_rows, tile, wide_find_nonzero, wide_sparse_width, wide_sparse_tile,
  depthwise_row, add_clip, sum_pixels,
};
