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
 *
 * Metric learning takes cosines in place of logits, c[n,k] = cos θ[n,k] of a picture's vector with the class's (its proxy):
 *
 *   ARC            SOFTMAX of z[n,k] = s · cos (θ + m) where t[n,k] > 0, s · cos θ elsewhere; past θ = π − m, where the
 *                  cosine would rise again, z = s · (c − m sin m)
 *   PROXY_ANCHOR   L = 1/|P⁺| Σ_{k∈P⁺} log (1 + Σ_{t[n,k]>0} exp (−s (c[n,k] − m))) + 1/K Σ_k log (1 + Σ_{t[n,k]=0} exp (s (c[n,k] + m)))
 *                  P⁺: classes that the rows show. Rows depend on each other: one of several parts counts as a batch of
 *                  its own, weighed by its rows. Neither smoothed nor weighed by class
 *
 * with scale s and margin m (radians in ARC). Sources: Deng et al., ArcFace, 2019; Kim et al., Proxy anchor loss, 2020.
 */
typedef enum {
  FOVEA_LOSS_SOFTMAX,
  FOVEA_LOSS_SIGMOID,
  FOVEA_LOSS_ARC,
  FOVEA_LOSS_PROXY_ANCHOR,
} FoveaLossKind;

typedef struct {
  FoveaLossKind kind;
  float label_smoothing;      /* [0, 1) */
  const float *class_weights; /* [K], finite, above or at 0; or NULL */
  float scale, margin;        /* of ARC and PROXY_ANCHOR */
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
