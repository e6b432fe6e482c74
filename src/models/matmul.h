/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The few dense loops that fitting heads needs, on matrices that are 16 columns wide or a multiple of it (concepts
 * padded with zeros). Written once with vectors of the compiler, built for SSE2, AVX2 + FMA and AVX-512, chosen at
 * run time;
 * ONEDNN_MAX_CPU_ISA caps the choice. Sums inside a product are f32; reductions over rows are f64. */

#define FOVEA_MATMUL_WIDTH 16
#define fovea_matmul_pad(n) (((n) + FOVEA_MATMUL_WIDTH - 1) / FOVEA_MATMUL_WIDTH * FOVEA_MATMUL_WIDTH)

typedef struct {
  const char *name; /* "sse2", "avx2", "avx512" */

  /* C[m, 0..15] = (accumulate ? C : 0) + A[m, p] · B[p, 0..15];  A[i, l] at a[i · a_row + l · a_col]. */
  void (*panel) (gsize m, gsize p, const float *a, gsize a_row, gsize a_col, const float *b, gsize ldb, float *c, gsize ldc,
                 gboolean accumulate);

  /* ret[j] = Σ_i a[i, j] · b[i, j], both [n, width] */
  void (*column_dots) (gsize n, gsize width, const float *a, const float *b, double *ret);

  /* y[i, j] += f[j] · x[i, j] */
  void (*column_axpy) (gsize n, gsize width, const float *f, const float *x, float *y);

  /* x[i] = exp (x[i]), x[i] = log (x[i]);  n a multiple of 16. Relative error below 3e-7; exp of less than −87 is
   * 0-ish. */
  void (*exp) (gsize n, float *x);
  void (*log) (gsize n, float *x);
} FoveaMatmulKernels;

const FoveaMatmulKernels *fovea_matmul_kernels (void);

/* C[m, n] (ldc) = A[m, p] · B[p, n] (ldb);  n a multiple of 16. */
void fovea_matmul (gsize m, gsize n, gsize p, const float *a, gsize a_row, gsize a_col, const float *b, gsize ldb, float *c, gsize ldc,
                   gboolean accumulate);

/* G[i, j] = x_i · x_j for rows [from, n) against rows [0, n), written to both triangles. x [n, dim]; G has @ldg
 * columns.
 * Shared among @n_threads threads. */
void fovea_matmul_gram (gsize n, gsize dim, gsize from, const float *x, float *g, gsize ldg, guint n_threads);

/* func (i, data) for i in [0, n) on @n_threads threads, this one among them; returns when all are done. */
typedef void (*FoveaTaskFunc) (guint i, gpointer data);
void fovea_matmul_run_tasks (guint n, guint n_threads, FoveaTaskFunc func, gpointer data);

G_END_DECLS
