/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/tensor.h"

G_BEGIN_DECLS

/**
 * FoveaLoss:
 *
 * How far a classifier's logits z [N, K] are from its targets, and ∂L/∂z.
 *
 *   SOFTMAX   L = 1/W Σ_n w_n · −Σ_k q[n,k] · log softmax (z[n])[k]        concepts that exclude each other
 *   SIGMOID   L = 1/W Σ_n Σ_k v[k] · −(q log σ(z) + (1 − q) log (1 − σ(z)))   independent ones; W = N
 *
 * Targets t [N, K] f32 in [0, 1]; rows of mixed pictures hold two values (mixup, cutmix). Label smoothing e gives
 * q = (1 − e) · t + e / K (softmax) or (1 − e) · t + e / 2 (sigmoid). With class weights v, softmax rows weigh
 * w_n = Σ_k t[n,k] · v[k] and W = Σ w_n; without them W = N. A negative target (sigmoid) is unknown and does not count.
 * Sums run in double. Source: Szegedy et al., Rethinking the Inception architecture, 2016, section 7.
 */
typedef enum {
  FOVEA_LOSS_SOFTMAX,
  FOVEA_LOSS_SIGMOID,
} FoveaLossKind;

typedef struct {
  FoveaLossKind kind;
  float label_smoothing;      /* [0, 1) */
  const float *class_weights; /* [K], finite, above or at 0; or NULL */
} FoveaLoss;

/* W of @targets, for batches that are computed in parts. */
double fovea_loss_weight (const FoveaLoss *loss, const FoveaTensor *targets);

/* Adds up @logits' share of the loss of a batch that weighs @total_weight, and sets @d_logits [N, K] to its gradient.
 * Errors: SHAPE, TYPE. */
gboolean fovea_loss_compute (const FoveaLoss *loss, const FoveaTensor *logits, const FoveaTensor *targets,
                             double total_weight, FoveaTensor *d_logits, double *ret_loss, GError **error);

/* t[n, class[n]] = 1 of [n, n_classes]. */
FoveaTensor *fovea_targets_new (const guint *classes, gsize n, guint n_classes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
