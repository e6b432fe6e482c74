/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "models/matmul.h"

G_BEGIN_DECLS

/**
 * FoveaHeadProblem:
 *
 *   min over W, b   Σ_i loss_i (W x_i + b) + ½ ‖W‖²
 *
 * on n rows and k columns (width = k padded to 16; padded columns hold zeros everywhere). W is written as
 * W = Σ_i a_i x_iᵀ when @gram is given (a: [n, width]; one product with the Gram matrix an iteration), else it is W
 * itself ([dim, width]; two products with @x an iteration). In the first form the gradient is a + residual, measured
 * by the Gram matrix, so both forms take the same steps.
 */
typedef struct {
  gsize n, dim;
  guint k, width;
  const float *gram;    /* (nullable) [n, n] of centred rows, a row every @gram_stride floats */
  gsize gram_stride;
  const float *x;       /* [n, dim]; needed without @gram */
  const float *mean;    /* (nullable) [dim], taken from the rows of @x on the way */
  gboolean exclusive;
  const float *target;  /* [n, width]: exclusive: a row of shares that add up to 1; independent: 0 or 1 */
  const float *weight;  /* [n, width]: C · s_i in every column of a row (exclusive), or by column; 0 = left out */
} FoveaHeadProblem;

typedef struct {
  gsize rows;           /* n or dim */
  guint width;
  float *coef;          /* [rows + 1, width]: a or W; the last row belongs to the solver */
  float *bias;          /* [width] */
  guint n_iterations;
  gboolean converged;   /* to the tolerance; FALSE: the iterations ran out, or f32 could not tell steps apart */
} FoveaHeadSolution;

FoveaHeadSolution *fovea_head_solution_new (gsize rows, guint width) G_GNUC_WARN_UNUSED_RESULT;
void               fovea_head_solution_free (FoveaHeadSolution *solution);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaHeadSolution, fovea_head_solution_free)

/* Improves @solution (its values are the start) until the norm of the gradient is @tolerance of what it is at zero.
 * L-BFGS (Nocedal & Wright, algorithms 7.4 and 7.5) with the bias scaled by its curvature; independent columns keep
 * their own steps. FALSE with G_IO_ERROR_CANCELLED only. */
gboolean fovea_head_solve (const FoveaHeadProblem *problem, double tolerance, guint max_iterations, FoveaHeadSolution *solution,
                           GCancellable *cancellable, GError **error);

/* In place: scores [n, width] → probabilities of the first @k columns. */
void fovea_head_probabilities (float *scores, gsize n, guint k, guint width, gboolean exclusive);

G_END_DECLS
