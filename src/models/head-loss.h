/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/head-solver.h"

G_BEGIN_DECLS

/**
 * fovea_head_loss:
 * @scores: [n, width] with the bias
 * @ret_residual: [n, width]: weight · (p − target)
 * @ret_loss: [width]: the loss of each column (independent), or all of it in column 0 (exclusive)
 *
 * @scratch: [n, width].
 */
void fovea_head_loss (const FoveaHeadProblem *problem, const float *scores, float *scratch, float *ret_residual, double *ret_loss);

G_END_DECLS
