/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "nn/loss.h"
#include "nn/optimiser.h"
#include "nn/train-plan.h"

G_BEGIN_DECLS

/**
 * FoveaTrainer:
 *
 * Trains a graph: batches in, losses out, weights (and their running average) back as a graph. One step computes the
 * loss of a batch and its gradients, clips them, and moves the weights (nn/optimiser.h says how).
 *
 * A batch is computed in parts when @memory_limit says so, or when parts run faster; the result is that of the whole
 * batch. Where rows depend on each other (batch norms in training) a part is a batch of its own for the norms.
 *
 * Deterministic: the same graph, options, batches, thread count and processor give the same weights, also across a
 * checkpoint. Thread: any one at a time.
 */
typedef struct _FoveaTrainer FoveaTrainer;

typedef enum {
  FOVEA_BATCH_NORM_FOLDED, /* into the convolutions before them, whose weights and biases are trained: for fine-tuning */
  FOVEA_BATCH_NORM_FROZEN, /* running statistics fixed; scale and bias are trained */
  FOVEA_BATCH_NORM_TRAINED, /* statistics of the batch: for training from scratch */
} FoveaBatchNorm;

#define FOVEA_NOT_TRAINED (-1)

/* The parameter's group, or FOVEA_NOT_TRAINED. @is_weight as in FoveaIsTrained: constants where that is FALSE should
 * mostly not be trained. @weights tells matrices from vectors (rank). */
typedef int (*FoveaChooseGroup) (const char *name, const FoveaTensor *weights, gboolean is_weight, gpointer user_data);

typedef struct {
  FoveaOptimiserOptions optimiser;
  const FoveaParameterGroup *groups; /* copied */
  guint n_groups;
  FoveaChooseGroup choose_group;     /* nullable: every weight is in group 0 */
  gpointer user_data;
  FoveaBatchNorm batch_norm;
  FoveaPrecision precision;
  gsize memory_limit;                /* bytes for parameters, activations and gradients; 0 = no limit */
  guint64 seed;                      /* of what dropout draws */
  gboolean reference;                /* by reference kernels, for tests */
} FoveaTrainerOptions;

/* Rate 1e-3 for everything, no decay, folded, f32. Set groups before use when more is wanted. */
void fovea_trainer_options_init (FoveaTrainerOptions *options);

/* Errors: those of fovea_train_plan_new(). */
FoveaTrainer *fovea_trainer_new (FoveaGraph *graph, const FoveaTrainerOptions *options,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
void          fovea_trainer_free (FoveaTrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaTrainer, fovea_trainer_free)

typedef struct {
  double loss;          /* of the batch, before the step */
  double gradient_norm; /* before clipping */
  double rate;          /* of the schedule, 0 to 1 */
  guint64 step;         /* this one, from 1 on */
  guint n_parts;        /* the batch was computed in */
} FoveaTrainStepResult;

/* What comes after the graph's outputs. Called once a part of the batch: rows [@first, @first + the outputs' rows) of
 * @n_rows. Sets d_outputs[i] (made, zeroed, of the outputs' shapes) and adds this part's share to *ret_loss; both
 * normalised by the whole batch. */
typedef gboolean (*FoveaLossFunc) (FoveaTensor *const *outputs, guint n_outputs, gsize first, gsize n_rows,
                                   FoveaTensor **d_outputs, double *ret_loss, gpointer user_data, GError **error);

/* One step. @inputs: plain tensors of the graph's inputs' types, dimension 0 the batch. The cancellable is looked at
 * between two parts and before the step is taken: CANCELLED leaves the weights as they were (not the running statistics
 * of batch norms in training).
 * DIVERGED: the loss or a gradient is not finite, or the loss has risen far above where it began (see
 * fovea_trainer_set_patience); the weights are as they were before this step. Go back to the last good checkpoint, lower
 * the rates and go on. */
gboolean fovea_trainer_step (FoveaTrainer *trainer, FoveaTensor *const *inputs, FoveaLossFunc loss, gpointer user_data,
                             GCancellable *cancellable, FoveaTrainStepResult *ret_result, GError **error);

/* The same for a classifier: output 0 is logits [N, K], @targets [N, K] (nn/loss.h). */
gboolean fovea_trainer_step_classifier (FoveaTrainer *trainer, FoveaTensor *const *inputs, const FoveaLoss *loss,
                                        FoveaTensor *targets, GCancellable *cancellable,
                                        FoveaTrainStepResult *ret_result, GError **error);

/* DIVERGED also when the loss, averaged over about ten steps, is more than @factor times the first ten steps' mean plus
 * 1. Default 3; 0 = never. */
void fovea_trainer_set_patience (FoveaTrainer *trainer, double factor);

/* The optimiser, for its schedule and rates. Borrowed. */
FoveaOptimiser *fovea_trainer_get_optimiser (FoveaTrainer *trainer);
FoveaTrainPlan *fovea_trainer_get_plan (FoveaTrainer *trainer);

/* What training on these inputs takes. */
typedef struct {
  gsize bytes;   /* at its peak, in parts that fit the limit */
  guint n_parts;
  gsize wanted;  /* bytes that it would take without a limit; equal to bytes unless memory is short */
} FoveaTrainingMemory;

/* LIMIT: not even one row fits. The inputs need no data (fovea_tensor_new_unknown). */
gboolean fovea_trainer_plan_memory (FoveaTrainer *trainer, FoveaTensor *const *inputs, FoveaTrainingMemory *ret_memory,
                                    GError **error);

/* The trained model for prediction and export: as given, but for folded batch norms. @average: with the running average
 * of the weights where one is kept. */
FoveaGraph *fovea_trainer_dup_graph (FoveaTrainer *trainer, gboolean average, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Everything that training goes on from: weights, moments, average, step, rates, state of the divergence watch. To be
 * read by a trainer made from the same graph and options on any processor. Errors of loading: MALFORMED (damaged, or of
 * another model: says which), and the trainer is as it was. */
GBytes  *fovea_trainer_save_state (FoveaTrainer *trainer) G_GNUC_WARN_UNUSED_RESULT;
gboolean fovea_trainer_load_state (FoveaTrainer *trainer, GBytes *state, GError **error);

G_END_DECLS
