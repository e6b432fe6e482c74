/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/resize-private.h"

#include <string.h>

#if defined (__x86_64__)
#include <immintrin.h>
#endif

#define HALF (1 << (FOVEA_TAPS_BITS - 1))

static inline guint8
clip (gint32 sum)
{
  return (guint8) CLAMP (sum >> FOVEA_TAPS_BITS, 0, 255);
}

static inline gint32
weight_at (const FoveaTaps *taps, gsize at)
{
  return taps->high[at] * (1 << FOVEA_TAPS_LOW_BITS) + taps->low[at];
}

static void
across_plain (const FoveaTaps *taps, const guint8 *src, gsize src_stride, int from, int to, int n_rows, guint8 *dest,
              gsize dest_stride)
{
  for (int y = 0; y < n_rows; y++, src += src_stride, dest += dest_stride)
    for (int i = 0; i < taps->n; i++)
      {
        gint32 sum[3] = { HALF, HALF, HALF };
        int n = MIN (taps->blocks * 4, to - taps->first[i]);

        for (int j = 0; j < n; j++)
          {
            const guint8 *pixel = src + 3 * (gsize) (taps->first[i] + j);
            gint32 k = weight_at (taps, (gsize) i * (gsize) taps->stride + (gsize) j);

            sum[0] += pixel[0] * k;
            sum[1] += pixel[1] * k;
            sum[2] += pixel[2] * k;
          }
        for (int c = 0; c < 3; c++)
          dest[3 * i + c] = clip (sum[c]);
      }
}

static void
down_columns_plain (const FoveaTaps *taps, int i, const guint8 *src, gsize src_stride, int n_taps, gsize from_byte,
                    gsize to_byte, guint8 *dest)
{
  for (gsize b = from_byte; b < to_byte; b++)
    {
      gint32 sum = HALF;

      for (int j = 0; j < n_taps; j++)
        sum += src[(gsize) j * src_stride + b] * weight_at (taps, (gsize) i * (gsize) taps->stride + (gsize) j);
      dest[b] = clip (sum);
    }
}

static void
down_plain (const FoveaTaps *taps, const guint8 *src, gsize src_stride, gsize n_bytes, int row_from, int row_to,
            guint8 *dest, gsize dest_stride)
{
  for (int i = 0; i < taps->n; i++, dest += dest_stride)
    down_columns_plain (taps, i, src + (gsize) (taps->first[i] - row_from) * src_stride, src_stride,
                        MIN (taps->blocks * 4, row_to - taps->first[i]), 0, n_bytes, dest);
}

static const FoveaResizeKernels plain_kernels = { across_plain, down_plain, "plain" };

#if defined (__x86_64__)

/* The vector kernels read pixels four at a time (16 bytes), so each row goes through a copy with room behind it.
 * Weights of pixels that are not there are 0. */
#define ROW_SLACK 64

static inline gint32
pair_at (const gint16 *weights)
{
  gint32 pair;

  memcpy (&pair, weights, sizeof pair);
  return pair;
}

static inline void
store_pixel (guint8 *dest, gint32 bytes)
{
  dest[0] = (guint8) bytes;
  dest[1] = (guint8) (bytes >> 8);
  dest[2] = (guint8) (bytes >> 16);
}

__attribute__ ((target ("sse4.1")))
static inline __m128i
finish_sse41 (__m128i high, __m128i low)
{
  __m128i sum = _mm_add_epi32 (_mm_slli_epi32 (high, FOVEA_TAPS_LOW_BITS), low);

  return _mm_srai_epi32 (_mm_add_epi32 (sum, _mm_set1_epi32 (HALF)), FOVEA_TAPS_BITS);
}

__attribute__ ((target ("sse4.1")))
static void
across_sse41 (const FoveaTaps *taps, const guint8 *src, gsize src_stride, int from, int to, int n_rows, guint8 *dest,
              gsize dest_stride)
{
  /* R0 R1 G0 G1 B0 B1 0 0 of pixels 0 and 1, and of 2 and 3, as 16-bit numbers. */
  const __m128i first_two = _mm_setr_epi8 (0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
  const __m128i last_two = _mm_setr_epi8 (6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  gsize n_bytes = (gsize) (to - from) * 3;
  g_autofree guint8 *row = g_malloc0 (n_bytes + (gsize) taps->blocks * 12 + ROW_SLACK);

  for (int y = 0; y < n_rows; y++, src += src_stride, dest += dest_stride)
    {
      memcpy (row, src + (gsize) from * 3, n_bytes);
      for (int i = 0; i < taps->n; i++)
        {
          const guint8 *pixel = row + 3 * (gsize) (taps->first[i] - from);
          const gint16 *high = taps->high + (gsize) i * (gsize) taps->stride;
          const gint16 *low = taps->low + (gsize) i * (gsize) taps->stride;
          __m128i sum_high = _mm_setzero_si128 (), sum_low = _mm_setzero_si128 ();

          for (int b = 0; b < taps->blocks; b++, pixel += 12, high += 4, low += 4)
            {
              __m128i four = _mm_loadu_si128 ((const __m128i *) pixel);
              __m128i one = _mm_shuffle_epi8 (four, first_two), two = _mm_shuffle_epi8 (four, last_two);

              sum_high = _mm_add_epi32 (sum_high, _mm_madd_epi16 (one, _mm_set1_epi32 (pair_at (high))));
              sum_high = _mm_add_epi32 (sum_high, _mm_madd_epi16 (two, _mm_set1_epi32 (pair_at (high + 2))));
              sum_low = _mm_add_epi32 (sum_low, _mm_madd_epi16 (one, _mm_set1_epi32 (pair_at (low))));
              sum_low = _mm_add_epi32 (sum_low, _mm_madd_epi16 (two, _mm_set1_epi32 (pair_at (low + 2))));
            }
          sum_high = finish_sse41 (sum_high, sum_low);
          sum_high = _mm_packs_epi32 (sum_high, sum_high);
          store_pixel (dest + 3 * i, _mm_cvtsi128_si32 (_mm_packus_epi16 (sum_high, sum_high)));
        }
    }
}

__attribute__ ((target ("sse4.1")))
static void
down_sse41 (const FoveaTaps *taps, const guint8 *src, gsize src_stride, gsize n_bytes, int row_from, int row_to,
            guint8 *dest, gsize dest_stride)
{
  for (int i = 0; i < taps->n; i++, dest += dest_stride)
    {
      const guint8 *top = src + (gsize) (taps->first[i] - row_from) * src_stride;
      gsize at = (gsize) i * (gsize) taps->stride, b;
      int n = MIN (taps->blocks * 4, row_to - taps->first[i]);

      for (b = 0; b + 8 <= n_bytes; b += 8)
        {
          __m128i high[2] = { _mm_setzero_si128 (), _mm_setzero_si128 () };
          __m128i low[2] = { _mm_setzero_si128 (), _mm_setzero_si128 () };

          for (int j = 0; j < n; j += 2)
            {
              const guint8 *row = top + (gsize) j * src_stride + b;
              __m128i one = _mm_loadl_epi64 ((const __m128i *) row);
              __m128i two = j + 1 < n ? _mm_loadl_epi64 ((const __m128i *) (row + src_stride)) : _mm_setzero_si128 ();
              __m128i both = _mm_unpacklo_epi8 (one, two);
              __m128i half[2] = { _mm_cvtepu8_epi16 (both), _mm_cvtepu8_epi16 (_mm_srli_si128 (both, 8)) };
              __m128i pair_high = _mm_set1_epi32 (pair_at (taps->high + at + (gsize) j));
              __m128i pair_low = _mm_set1_epi32 (pair_at (taps->low + at + (gsize) j));

              for (int h = 0; h < 2; h++)
                {
                  high[h] = _mm_add_epi32 (high[h], _mm_madd_epi16 (half[h], pair_high));
                  low[h] = _mm_add_epi32 (low[h], _mm_madd_epi16 (half[h], pair_low));
                }
            }
          high[0] = _mm_packs_epi32 (finish_sse41 (high[0], low[0]), finish_sse41 (high[1], low[1]));
          _mm_storel_epi64 ((__m128i *) (dest + b), _mm_packus_epi16 (high[0], high[0]));
        }
      down_columns_plain (taps, i, top, src_stride, n, b, n_bytes, dest);
    }
}

static const FoveaResizeKernels sse41_kernels = { across_sse41, down_sse41, "sse4.1" };

__attribute__ ((target ("avx2")))
static inline __m256i
finish_avx2 (__m256i high, __m256i low)
{
  __m256i sum = _mm256_add_epi32 (_mm256_slli_epi32 (high, FOVEA_TAPS_LOW_BITS), low);

  return _mm256_srai_epi32 (_mm256_add_epi32 (sum, _mm256_set1_epi32 (HALF)), FOVEA_TAPS_BITS);
}

/* One 16-byte load a block: its first two pixels in the low half of the vector, the last two in the high half, and
 * each half multiplied with its own pair of weights. */
__attribute__ ((target ("avx2")))
static void
across_avx2 (const FoveaTaps *taps, const guint8 *src, gsize src_stride, int from, int to, int n_rows, guint8 *dest,
             gsize dest_stride)
{
  const __m256i spread = _mm256_setr_epi8 (0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,
                                           6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  const __m256i halves = _mm256_setr_epi32 (0, 0, 0, 0, 1, 1, 1, 1);
  gsize n_bytes = (gsize) (to - from) * 3;
  g_autofree guint8 *row = g_malloc0 (n_bytes + (gsize) taps->blocks * 12 + ROW_SLACK);

  for (int y = 0; y < n_rows; y++, src += src_stride, dest += dest_stride)
    {
      memcpy (row, src + (gsize) from * 3, n_bytes);
      for (int i = 0; i < taps->n; i++)
        {
          const guint8 *pixel = row + 3 * (gsize) (taps->first[i] - from);
          const gint16 *high = taps->high + (gsize) i * (gsize) taps->stride;
          const gint16 *low = taps->low + (gsize) i * (gsize) taps->stride;
          __m256i sum_high = _mm256_setzero_si256 (), sum_low = _mm256_setzero_si256 ();
          __m128i sum;

          for (int b = 0; b < taps->blocks; b++, pixel += 12, high += 4, low += 4)
            {
              __m256i four = _mm256_broadcastsi128_si256 (_mm_loadu_si128 ((const __m128i *) pixel));
              __m256i k_high = _mm256_castsi128_si256 (_mm_loadl_epi64 ((const __m128i *) high));
              __m256i k_low = _mm256_castsi128_si256 (_mm_loadl_epi64 ((const __m128i *) low));

              four = _mm256_shuffle_epi8 (four, spread);
              k_high = _mm256_permutevar8x32_epi32 (k_high, halves);
              k_low = _mm256_permutevar8x32_epi32 (k_low, halves);
              sum_high = _mm256_add_epi32 (sum_high, _mm256_madd_epi16 (four, k_high));
              sum_low = _mm256_add_epi32 (sum_low, _mm256_madd_epi16 (four, k_low));
            }
          sum_high = _mm256_add_epi32 (_mm256_slli_epi32 (sum_high, FOVEA_TAPS_LOW_BITS), sum_low);
          sum = _mm_add_epi32 (_mm256_castsi256_si128 (sum_high), _mm256_extracti128_si256 (sum_high, 1));
          sum = _mm_srai_epi32 (_mm_add_epi32 (sum, _mm_set1_epi32 (HALF)), FOVEA_TAPS_BITS);
          sum = _mm_packs_epi32 (sum, sum);
          store_pixel (dest + 3 * i, _mm_cvtsi128_si32 (_mm_packus_epi16 (sum, sum)));
        }
    }
}

/* 16 bytes of one output row at @b. */
__attribute__ ((target ("avx2")))
static inline void
down_16_avx2 (const gint16 *k_high, const gint16 *k_low, int n, const guint8 *column, gsize src_stride, guint8 *dest)
{
  __m256i high[2] = { _mm256_setzero_si256 (), _mm256_setzero_si256 () };
  __m256i low[2] = { _mm256_setzero_si256 (), _mm256_setzero_si256 () };
  __m256i words;

  for (int j = 0; j < n; j += 2, column += 2 * src_stride)
    {
      __m128i one = _mm_loadu_si128 ((const __m128i *) column);
      __m128i two = j + 1 < n ? _mm_loadu_si128 ((const __m128i *) (column + src_stride)) : _mm_setzero_si128 ();
      __m256i half[2] = { _mm256_cvtepu8_epi16 (_mm_unpacklo_epi8 (one, two)),
                          _mm256_cvtepu8_epi16 (_mm_unpackhi_epi8 (one, two)) };
      __m256i pair_high = _mm256_set1_epi32 (pair_at (k_high + j));
      __m256i pair_low = _mm256_set1_epi32 (pair_at (k_low + j));

      for (int h = 0; h < 2; h++)
        {
          high[h] = _mm256_add_epi32 (high[h], _mm256_madd_epi16 (half[h], pair_high));
          low[h] = _mm256_add_epi32 (low[h], _mm256_madd_epi16 (half[h], pair_low));
        }
    }
  words = _mm256_packs_epi32 (finish_avx2 (high[0], low[0]), finish_avx2 (high[1], low[1]));
  words = _mm256_permute4x64_epi64 (words, _MM_SHUFFLE (3, 1, 2, 0));
  _mm_storeu_si128 ((__m128i *) dest,
                    _mm_packus_epi16 (_mm256_castsi256_si128 (words), _mm256_extracti128_si256 (words, 1)));
}

__attribute__ ((target ("avx2")))
static void
down_avx2 (const FoveaTaps *taps, const guint8 *src, gsize src_stride, gsize n_bytes, int row_from, int row_to,
           guint8 *dest, gsize dest_stride)
{
  for (int i = 0; i < taps->n; i++, dest += dest_stride)
    {
      const guint8 *top = src + (gsize) (taps->first[i] - row_from) * src_stride;
      gsize at = (gsize) i * (gsize) taps->stride, b;
      int n = MIN (taps->blocks * 4, row_to - taps->first[i]);

      for (b = 0; b + 16 <= n_bytes; b += 16)
        down_16_avx2 (taps->high + at, taps->low + at, n, top + b, src_stride, dest + b);
      down_columns_plain (taps, i, top, src_stride, n, b, n_bytes, dest);
    }
}

static const FoveaResizeKernels avx2_kernels = { across_avx2, down_avx2, "avx2" };

#endif

const FoveaResizeKernels *
fovea_resize_kernels_named (const char *name)
{
#if defined (__x86_64__)
  if (g_str_equal (name, "avx2"))
    return __builtin_cpu_supports ("avx2") ? &avx2_kernels : NULL;
  if (g_str_equal (name, "sse4.1"))
    return __builtin_cpu_supports ("sse4.1") ? &sse41_kernels : NULL;
#endif
  return g_str_equal (name, "plain") ? &plain_kernels : NULL;
}

static const FoveaResizeKernels *overridden;

void
fovea_resize_kernels_override (const FoveaResizeKernels *kernels)
{
  g_atomic_pointer_set (&overridden, kernels);
}

const FoveaResizeKernels *
fovea_resize_kernels (void)
{
  static gsize best;
  const FoveaResizeKernels *kernels = g_atomic_pointer_get (&overridden);

  if (kernels != NULL)
    return kernels;
  if (g_once_init_enter (&best))
    {
      const char *wanted = g_getenv ("FOVEA_RESIZE_KERNELS");

      if (wanted != NULL)
        kernels = fovea_resize_kernels_named (wanted);
      if (kernels == NULL)
        kernels = fovea_resize_kernels_named ("avx2");
      if (kernels == NULL)
        kernels = fovea_resize_kernels_named ("sse4.1");
      if (kernels == NULL)
        kernels = fovea_resize_kernels_named ("plain");
      g_once_init_leave (&best, (gsize) kernels);
    }
  return (const FoveaResizeKernels *) best;
}
