/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/kernels/train-kernels-private.h"

#include <immintrin.h>

#define VL 8
#define DW_ROWS 1
#define ISA_NAME "avx2"
#define SET(name) name##_avx2
#define VMIN(a, b) (Vec) _mm256_min_ps ((__m256) (a), (__m256) (b))
#define VMAX(a, b) (Vec) _mm256_max_ps ((__m256) (a), (__m256) (b))
#define VSQRT(a) (Vec) _mm256_sqrt_ps ((__m256) (a))
#include "nn/kernels/train-kernels-body.inc"
