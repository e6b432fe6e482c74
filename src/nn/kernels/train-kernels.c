/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/kernels/train-kernels-private.h"

/* The widest vectors of any set. */
#define MAX_WIDTH 16

const FoveaTrainKernels *
fovea_train_kernels_for_isa (FoveaIsa isa)
{
  if (fovea_kernels_for_isa (isa) == NULL)
    return NULL;
#if defined(__x86_64__)
  if (isa == FOVEA_ISA_SSE41)
    return &fovea_train_kernels_sse41;
  if (isa == FOVEA_ISA_AVX2)
    return &fovea_train_kernels_avx2;
  if (isa == FOVEA_ISA_AVX512)
    return &fovea_train_kernels_avx512;
#endif
  return &fovea_train_kernels_plain;
}

const FoveaTrainKernels *
fovea_train_kernels_get (void)
{
  return fovea_train_kernels_for_isa (fovea_kernels_get ()->isa);
}

gsize
fovea_depthwise_scratch (const FoveaDepthwise *d, gsize n_channels)
{
  gsize channels = (n_channels + MAX_WIDTH - 1) / MAX_WIDTH * MAX_WIDTH, taps = d->kernel_h * d->kernel_w;
  gsize pixels = fovea_depthwise_x_pixels (d) + fovea_depthwise_y_pixels (d);

  return channels * (2 * taps + 1 + d->kernel_h * pixels);
}
