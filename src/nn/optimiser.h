/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/tensor.h"

G_BEGIN_DECLS

/**
 * FoveaOptimiser:
 *
 * Takes weights one step down their gradients. With rate a = group's learning rate · schedule (step), decay λ, gradient
 * g (scaled so that the global norm is at most the clip):
 *
 *   SGD     v ← μ v + g + λ w,   w ← w − a v   (Nesterov: w ← w − a (g + λ w + μ v))
 *   ADAMW   m ← β1 m + (1 − β1) g,  s ← β2 s + (1 − β2) g²
 *           w ← w − a λ w − a · m^ / (√s^ + ε),   m^ = m / (1 − β1^t),  s^ = s / (1 − β2^t)
 *   EMA     e ← d e + (1 − d) w,   d = min (ema_decay, (1 + t) / (10 + t)),  t counting from 0
 *
 * schedule: a linear rise over the first warm_up steps, then half a cosine from 1 to final_rate at the last step.
 * Everything is f32, element by element in a fixed order: the result does not depend on the number of threads.
 * Sources: Loshchilov and Hutter, Decoupled weight decay regularization, 2019; Sutskever et al., On the importance of
 * initialization and momentum, 2013 (in PyTorch's form).
 */
typedef struct _FoveaOptimiser FoveaOptimiser;

typedef enum {
  FOVEA_OPTIMISER_ADAMW,
  FOVEA_OPTIMISER_SGD,
} FoveaOptimiserKind;

typedef struct {
  FoveaOptimiserKind kind;
  double momentum;      /* SGD: μ */
  gboolean nesterov;
  double beta1, beta2;  /* AdamW */
  double epsilon;
  double clip_norm;     /* of all gradients together; 0 = not clipped */
  double ema_decay;     /* 0 = no EMA is kept */
  guint64 total_steps;  /* of the schedule; 0 = the rate stays at its peak after the warm-up */
  guint64 warm_up_steps;
  double final_rate;    /* the last step's part of the peak */
} FoveaOptimiserOptions;

/* AdamW, β .9 and .99, ε 1e-8, no clip, no EMA, no schedule. */
#define FOVEA_OPTIMISER_OPTIONS_INIT \
  { FOVEA_OPTIMISER_ADAMW, 0.9, FALSE, 0.9, 0.99, 1e-8, 0, 0, 0, 0, 0 }

/* What one parameter is trained with. */
typedef struct {
  double learning_rate; /* peak */
  double weight_decay;
} FoveaParameterGroup;

FoveaOptimiser *fovea_optimiser_new (const FoveaOptimiserOptions *options) G_GNUC_WARN_UNUSED_RESULT;
void            fovea_optimiser_free (FoveaOptimiser *optimiser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaOptimiser, fovea_optimiser_free)

/* Adds a parameter, before the first step: @weights and @gradient (f32, one shape) are referenced. Returns its
 * number. Errors: MEMORY, LIMIT. */
gboolean fovea_optimiser_add (FoveaOptimiser *optimiser, FoveaTensor *weights, FoveaTensor *gradient,
                              const FoveaParameterGroup *group, GError **error);

/* One step with the gradients that stand there. FALSE, and nothing is changed, when one of them is not finite.
 * @ret_norm (nullable): the global norm before clipping. */
gboolean fovea_optimiser_step (FoveaOptimiser *optimiser, double *ret_norm);

guint64 fovea_optimiser_get_n_steps (const FoveaOptimiser *optimiser);       /* done so far */
double  fovea_optimiser_get_rate (const FoveaOptimiser *optimiser);          /* schedule of the next step, 0 to 1 */
void    fovea_optimiser_set_schedule (FoveaOptimiser *optimiser, guint64 total_steps, guint64 warm_up_steps,
                                      double final_rate);
/* The rates of all groups from now on are @factor times what they are: after a divergence. */
void    fovea_optimiser_scale_rates (FoveaOptimiser *optimiser, double factor);

/* What a parameter is beside its weights, for checkpoints: first and second moment (SGD: the first alone) and EMA;
 * NULL where there is none. Borrowed; they may be written to. */
typedef struct {
  FoveaTensor *first, *second, *ema;
} FoveaMoments;

FoveaMoments fovea_optimiser_get_moments (const FoveaOptimiser *optimiser, guint parameter);
void         fovea_optimiser_set_n_steps (FoveaOptimiser *optimiser, guint64 n_steps); /* beside restored moments */
double       fovea_optimiser_get_scale (const FoveaOptimiser *optimiser);              /* product of the factors */
void         fovea_optimiser_set_scale (FoveaOptimiser *optimiser, double scale);

G_END_DECLS
