/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/kernels/kernels.h"

extern const FoveaKernels fovea_kernels_plain;
#if defined(__x86_64__)
extern const FoveaKernels fovea_kernels_sse41;
extern const FoveaKernels fovea_kernels_avx2;
extern const FoveaKernels fovea_kernels_avx512;
#endif
