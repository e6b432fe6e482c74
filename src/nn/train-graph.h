/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/graph.h"

G_BEGIN_DECLS

/* Changes to a model before and after it is trained. The graphs given are left as they are; constants are shared. */

FoveaGraph *fovea_graph_copy (FoveaGraph *graph) G_GNUC_WARN_UNUSED_RESULT;

/* A copy in which every batch norm that follows a convolution with constant weights, and nothing else does, is part of
 * that convolution:
 *
 *   w'[o,…] = w[o,…] · s[o],   b'[o] = (b[o] − mean[o]) · s[o] + bias[o],   s = scale / √(variance + epsilon)
 *
 * The weights keep their name; a convolution that had no bias gets one named after them ("conv.weight" → "conv.bias").
 * Other batch norms stay. */
FoveaGraph *fovea_graph_fold_batch_norms (FoveaGraph *graph, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts @tensor in place of the constant of that name, of the same shape; FALSE when there is none. For graphs that are
 * not shared yet. */
gboolean fovea_graph_replace_constant (FoveaGraph *graph, const char *name, FoveaTensor *tensor);

/* @part (0 to 1) of the way from each f32 constant of @graph to the one of @other of the same name and shape; the others stay. For a
 * @graph that is not shared yet; on error (fovea_tensor_new()'s) a part of them has moved. */
gboolean fovea_graph_blend_constants (FoveaGraph *graph, const FoveaGraph *other, float part, GError **error);

G_END_DECLS
