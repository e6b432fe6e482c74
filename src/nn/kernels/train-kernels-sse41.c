/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/kernels/train-kernels-private.h"

#include <immintrin.h>

#define VL 4
#define DW_ROWS 1
#define ISA_NAME "sse41"
#define SET(name) name##_sse41
#define VMIN(a, b) (Vec) _mm_min_ps ((__m128) (a), (__m128) (b))
#define VMAX(a, b) (Vec) _mm_max_ps ((__m128) (a), (__m128) (b))
#define VSQRT(a) (Vec) _mm_sqrt_ps ((__m128) (a))
#include "nn/kernels/train-kernels-body.inc"
