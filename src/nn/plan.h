/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "nn/graph.h"

G_BEGIN_DECLS

/**
 * FoveaPlan:
 *
 * A graph compiled for speed: constants folded, batch norm folded into convolutions, convolution + bias + activation +
 * residual fused, blocked layouts carried from node to node, one arena for activations, weights reordered once. A plan
 * keeps one compiled form a set of input shapes (a small cache); a batch is run in slices that stay in the processor's
 * cache. What has no fast kernel, or a shape that depends on data, falls back to the reference kernels.
 *
 * Inputs are plain row-major f32 (or the graph's type) tensors, outputs too. Thread: any one at a time; the kernels use
 * every core through OpenMP. Same numbers for the same shapes, thread count and processor.
 */
typedef struct _FoveaPlan FoveaPlan;

/* @max_bytes: refuse (LIMIT) to take more than this for weights and arena together; 0 = no limit. */
FoveaPlan *fovea_plan_new (FoveaGraph *graph, gsize max_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void       fovea_plan_free (FoveaPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaPlan, fovea_plan_free)

/* As fovea_interpret(). The cancellable is looked at between slices of the batch. */
gboolean fovea_plan_run (FoveaPlan *plan, FoveaTensor *const *inputs, FoveaTensor **ret_outputs,
                         GCancellable *cancellable, GError **error);

/* Threads that a run uses: the physical cores that the process may run on, or fewer by OMP_NUM_THREADS. */
guint fovea_plan_get_n_threads (FoveaPlan *plan);

/* One line a step, with the shortest time of the runs of a whole batch or of one picture so far, for `fovea bench`
 * and bug reports: "0.310 ms  conv 3×3/2 3→32 + clip". */
char *fovea_plan_describe (FoveaPlan *plan) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
