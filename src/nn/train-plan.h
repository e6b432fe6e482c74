/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "nn/graph.h"

G_BEGIN_DECLS

/**
 * FoveaTrainPlan:
 *
 * A graph compiled for training: forward as the graph says, backward by the gradient rules of its operators. Pictures
 * stay channels-last between the steps, activations and gradients share one arena; what has no fast kernel is computed by
 * its reference kernel and rule. One compiled form is kept a set of input shapes (a few of them).
 *
 * The plan owns a master copy of every parameter, f32 as the graph has it, and where it is trained a gradient beside
 * it. The order of work is  forward → backward → (again for the next part of the batch) → change the weights →
 * fovea_train_plan_weights_changed().
 *
 * Thread: any one at a time; the kernels use every core through OpenMP. Same numbers for the same weights, inputs,
 * shapes, thread count and processor.
 */
typedef struct _FoveaTrainPlan FoveaTrainPlan;

typedef enum {
  FOVEA_PRECISION_F32,
  FOVEA_PRECISION_BF16, /* activations and their gradients; weights, statistics and sums are f32 */
} FoveaPrecision;

typedef struct {
  char *name;           /* of the constant in the graph */
  FoveaTensor *weights;
  FoveaTensor *gradient; /* NULL when it is not trained */
  gboolean is_statistic; /* a batch norm's running mean or variance: never trained, moved by forward */
} FoveaParameter;

/* @is_weight: the constant is where convolutions, dense layers, norms and PRelu have their weights. Constants elsewhere
 * (scales, offsets, anchors) are asked for too. TRUE: train it. */
typedef gboolean (*FoveaIsTrained) (const char *name, const FoveaTensor *tensor, gboolean is_weight, gpointer user_data);

typedef struct {
  FoveaPrecision precision;
  gboolean reference;         /* every node by its reference kernel and rule, for tests */
  gboolean train_batch_norms; /* normalise by the batch and move the running statistics; else they stay as they are */
  FoveaIsTrained is_trained;  /* nullable: every weight */
  gpointer user_data;
} FoveaTrainPlanOptions;

/* Errors: UNSUPPORTED (batch norms of an old opset), LIMIT, MEMORY. */
FoveaTrainPlan *fovea_train_plan_new (FoveaGraph *graph, const FoveaTrainPlanOptions *options,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void            fovea_train_plan_free (FoveaTrainPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaTrainPlan, fovea_train_plan_free)

/* Whether this processor has instructions for bf16 (AVX512-BF16), as capped by ONEDNN_MAX_CPU_ISA; without them bf16
 * works and saves memory, but is slower than f32. */
gboolean fovea_bf16_is_fast (void);

guint           fovea_train_plan_get_n_inputs (FoveaTrainPlan *plan);
guint           fovea_train_plan_get_n_outputs (FoveaTrainPlan *plan);
guint           fovea_train_plan_get_n_parameters (FoveaTrainPlan *plan);
FoveaParameter *fovea_train_plan_get_parameter (FoveaTrainPlan *plan, guint i);

void fovea_train_plan_weights_changed (FoveaTrainPlan *plan);
void fovea_train_plan_clear_gradients (FoveaTrainPlan *plan);

/* What Dropout draws from, from now on: the same number drops the same elements. 0 (as it begins):
 * nothing is dropped. @first_row: of the inputs in the batch, where it is computed in parts. */
void fovea_train_plan_set_noise (FoveaTrainPlan *plan, guint64 noise, gsize first_row);

/* As fovea_interpret(); the values that backward needs are kept until the next forward. UNSUPPORTED: a node between a
 * parameter and an output has no gradient (the message names it). */
gboolean fovea_train_plan_forward (FoveaTrainPlan *plan, FoveaTensor *const *inputs, FoveaTensor **ret_outputs,
                                   GError **error);

/* Adds to the parameters' gradients what the last forward owes them. @d_outputs: ∂L/∂output, f32 of the outputs' shapes;
 * NULL = 0. */
gboolean fovea_train_plan_backward (FoveaTrainPlan *plan, FoveaTensor *const *d_outputs, GError **error);

/* Bytes of activations and gradients that inputs of these shapes (no data needed) take while they are trained on, beside
 * the parameters. 0 with @error when they do not fit the graph. */
gsize fovea_train_plan_get_bytes (FoveaTrainPlan *plan, FoveaTensor *const *inputs, GError **error);

/* TRUE when every row of a batch is computed alone, so that a batch may be trained on in parts with the same result:
 * no batch norm that normalises by the batch, nothing that mixes rows. */
gboolean fovea_train_plan_rows_are_independent (FoveaTrainPlan *plan, FoveaTensor *const *inputs);

/* The graph with the weights of now, or with @weights (by parameter; a NULL entry = those of now), for prediction and
 * export. */
FoveaGraph *fovea_train_plan_dup_graph (FoveaTrainPlan *plan, FoveaTensor *const *weights, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One line a step with its shortest forward and backward times of the last compiled form. */
char *fovea_train_plan_describe (FoveaTrainPlan *plan) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
