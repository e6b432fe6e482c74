/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "nn/nn-error.h"

G_BEGIN_DECLS

/* oneDNN, all of it that we use, for its versions 2.6 and 3.x (chosen when this is compiled; their C interfaces
 * differ).
 * Everything is f32; pictures are channels-last in memory, [N][H][W][C].
 *
 * A FoveaDnnl is one computation of fixed sizes with its weights. Threads: one call at a time each; it uses OpenMP's
 * threads, and must run with as many as it was made with. */
typedef struct _FoveaDnnl FoveaDnnl;

/* A window that slides over pictures; sizes are height, width (and channels), padding is before and after. */
typedef struct {
  gsize batch;
  gsize in[3], out[3];
  gsize kernel[2], stride[2], dilation[2];
  gsize before[2], after[2];
} FoveaDnnlWindow;

typedef enum {
  FOVEA_DNNL_MAX,
  FOVEA_DNNL_MEAN,              /* of what lies inside the picture */
  FOVEA_DNNL_MEAN_WITH_PADDING, /* of the whole window */
} FoveaDnnlPool;

/* y = clip (w ∗ x + bias (+ y)); @w [out][in][kernel_h][kernel_w] is copied in the order that oneDNN likes, @bias
 * [out] too.
 * @accumulate adds what is in y already, before the clip. */
FoveaDnnl *fovea_dnnl_convolution_new (const FoveaDnnlWindow *window, const float *w, const float *bias, gboolean accumulate,
                                       float low, float high, GError **error) G_GNUC_WARN_UNUSED_RESULT;

FoveaDnnl *fovea_dnnl_pooling_new (const FoveaDnnlWindow *window, FoveaDnnlPool pool,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* y[…][i][j] = Σ_k a[…][i][k] · b[…][k][j], plain row-major; dimensions before the last two are 1 where they are
 * broadcast.
 * @rank ≥ 2 of all three. */
FoveaDnnl *fovea_dnnl_matmul_new (int rank, const gint64 *a, const gint64 *b, const gint64 *y,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @b is the second matrix of a product, NULL otherwise. UNSUPPORTED when oneDNN fails. */
gboolean fovea_dnnl_run (FoveaDnnl *dnnl, const float *x, const float *b, float *y, GError **error);

/* What oneDNN chose, as it names it itself: "jit:avx512_core". Borrowed. */
const char *fovea_dnnl_get_kernel (const FoveaDnnl *dnnl);

void fovea_dnnl_free (FoveaDnnl *dnnl);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaDnnl, fovea_dnnl_free)

/* "2.6.0" of the library that is loaded. Freed by the caller. */
char *fovea_dnnl_dup_version (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
