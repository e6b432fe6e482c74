/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/kernels/train-kernels.h"

#include <math.h>
#include <string.h>

/* Pixels of padding that a row of a depthwise convolution has behind it: a tile of 8 at stride 2 and a kernel of 16 may
 * read on. */
#define FOVEA_DEPTHWISE_MARGIN 48

extern const FoveaTrainKernels fovea_train_kernels_plain;
#if defined(__x86_64__)
extern const FoveaTrainKernels fovea_train_kernels_sse41;
extern const FoveaTrainKernels fovea_train_kernels_avx2;
extern const FoveaTrainKernels fovea_train_kernels_avx512;
#endif
