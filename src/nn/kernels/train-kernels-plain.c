/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/kernels/train-kernels-private.h"

#define VL 4
#define DW_ROWS 1
#define ISA_NAME "plain"
#define SET(name) name##_plain
#include "nn/kernels/train-kernels-body.inc"
