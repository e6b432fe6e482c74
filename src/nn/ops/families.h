/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/op.h"

/* The tables of the operator families, each ended by a NULL name and defined in the file that it is named after. A new
 * family is one line here and one in op-table.c. */
extern const FoveaOp fovea_ops_arithmetic[];
extern const FoveaOp fovea_ops_unary[];
extern const FoveaOp fovea_ops_logic[];
extern const FoveaOp fovea_ops_cast[];
extern const FoveaOp fovea_ops_constants[];
extern const FoveaOp fovea_ops_layout[];
extern const FoveaOp fovea_ops_rearrange[];
extern const FoveaOp fovea_ops_convolution[];
extern const FoveaOp fovea_ops_detection[];
extern const FoveaOp fovea_ops_einsum[];
extern const FoveaOp fovea_ops_fold[];
extern const FoveaOp fovea_ops_gather[];
extern const FoveaOp fovea_ops_grid_sample[];
extern const FoveaOp fovea_ops_matrix[];
extern const FoveaOp fovea_ops_normalisation[];
extern const FoveaOp fovea_ops_pooling[];
extern const FoveaOp fovea_ops_quantise[];
extern const FoveaOp fovea_ops_reduction[];
extern const FoveaOp fovea_ops_resample[];
extern const FoveaOp fovea_ops_scatter[];
extern const FoveaOp fovea_ops_select[];
extern const FoveaOp fovea_ops_softmax[];
extern const FoveaOp fovea_ops_taper[];
