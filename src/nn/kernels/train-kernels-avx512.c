/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/kernels/train-kernels-private.h"

#include <immintrin.h>

#define VL 16
#define DW_ROWS 5
#define ISA_NAME "avx512"
#define SET(name) name##_avx512
#define VMIN(a, b) (Vec) _mm512_min_ps ((__m512) (a), (__m512) (b))
#define VMAX(a, b) (Vec) _mm512_max_ps ((__m512) (a), (__m512) (b))
#define VMASKED(d, y, low, high) \
  (Vec) _mm512_maskz_mov_ps (_mm512_cmp_ps_mask ((__m512) (y), (__m512) (low), _CMP_GT_OQ) \
                               & _mm512_cmp_ps_mask ((__m512) (y), (__m512) (high), _CMP_LT_OQ), \
                             (__m512) (d))
#define VSTREAM(p, v) _mm512_stream_ps (p, (__m512) (v))
#define VSQRT(a) (Vec) _mm512_sqrt_ps ((__m512) (a))
#include "nn/kernels/train-kernels-body.inc"
