/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/kernels/kernels-private.h"

#include <immintrin.h>
#include <string.h>

#define VL 16
#define VSPREAD(f) (wide_Vec) _mm512_set1_ps (f)
#define VFMA(acc, x, w) __asm__ ("vfmadd231ps %2, %1, %0" : "+v"(acc) : "v"(x), "v"(w))
#define VMIN(a, b) (wide_Vec) _mm512_min_ps ((__m512) (a), (__m512) (b))
#define VMAX(a, b) (wide_Vec) _mm512_max_ps ((__m512) (a), (__m512) (b))
#define SET(name) wide_##name
#define TILE_ROWS_2 14
#define DW_TILE 8
#define SPARSE_VECTORS 6
#define VBITS __m512i
#define VLOAD_BITS(p) _mm512_loadu_si512 (p)
#define VOR_BITS(a, b) _mm512_or_si512 (a, b)
#define VNONZERO(v) (guint) _mm512_test_epi32_mask (v, v)
#define VSTORE_INDEX(index, k, bits) store_index (index, k, bits)

/* The places of the bits, as 16-bit numbers from @k on. */
static inline void
store_index (guint16 *index, gsize k, guint bits)
{
  const __m512i places = _mm512_set_epi32 (15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  __m512i kept = _mm512_maskz_compress_epi32 ((__mmask16) bits, places);

  kept = _mm512_add_epi32 (kept, _mm512_set1_epi32 ((int) k));
  _mm256_storeu_si256 ((__m256i *) index, _mm512_cvtepi32_epi16 (kept));
}

#include "nn/kernels/kernels-body.inc"
#undef VL
#undef SET
#undef TILE_ROWS_2
#undef SPARSE_VECTORS

/* Half vectors for the widths of a last panel: 24 columns as three of them instead of two whole ones, a quarter of it
 * padding; 16 as two, because a broadcast to a half costs half. */
#undef VSPREAD
#undef VMIN
#undef VMAX
#define VL 8
#define VSPREAD(f) (half_Vec) _mm256_set1_ps (f)
#define VMIN(a, b) (half_Vec) _mm256_min_ps ((__m256) (a), (__m256) (b))
#define VMAX(a, b) (half_Vec) _mm256_max_ps ((__m256) (a), (__m256) (b))
#define SET(name) half_##name
#define TILE_ROWS_1 14
#define TILE_ROWS_2 12
#define TILE_ROWS_3 8
#include "nn/kernels/kernels-body.inc"
#undef VL
#undef SET
#undef TILE_ROWS_1
#undef TILE_ROWS_2
#undef TILE_ROWS_3

#undef VSPREAD
#undef VMIN
#undef VMAX
#undef VFMA
#define VL 1
#define VSPREAD(f) (f)
#define VFMA(acc, x, w) acc += (x) * (w)
#define VMIN(a, b) ((b) > (a) ? (a) : (b))
#define VMAX(a, b) ((b) < (a) ? (a) : (b))
#define SET(name) one_##name
#undef DW_TILE
#define DW_TILE 2
#include "nn/kernels/kernels-body.inc"

static gsize
panel_width (gsize columns_left)
{
  return columns_left > 24 ? 32 : (columns_left + 7) / 8 * 8;
}

static gsize
panel_rows (gsize width)
{
  return width == 24 ? 8 : width == 16 ? 12 : 14;
}

static void
tile (const FoveaTile *t, gsize rows, gsize width)
{
  switch (width)
    {
    case 32:
      wide_tile_2 (t, rows);
      break;
    case 24:
      half_tile_3 (t, rows);
      break;
    case 16:
      half_tile_2 (t, rows);
      break;
    default:
      half_tile_1 (t, rows);
      break;
    }
}

static void
depthwise_row (const FoveaDepthwiseRow *row)
{
  one_depthwise_from (row, half_depthwise_from (row, wide_depthwise_from (row, 0)));
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

  done = half_sum_pixels_from (x, stride, n_pixels, done, channels, sum);
  one_sum_pixels_from (x, stride, n_pixels, done, channels, sum);
}

const FoveaKernels fovea_kernels_avx512 = {
  FOVEA_ISA_AVX512, "avx512", 32, panel_width, panel_rows, tile, wide_find_nonzero, wide_sparse_width, wide_sparse_tile,
  depthwise_row, add_clip, sum_pixels,
};
