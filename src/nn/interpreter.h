/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "nn/graph.h"

G_BEGIN_DECLS

/**
 * fovea_interpret:
 * @inputs: as many as graph->inputs, in that order; type and known dimensions must agree
 * @ret_outputs: (array of graph->outputs->len) new references
 *
 * Runs every node with its reference kernel, freeing each value after its last use. Thread: any; the graph may be
 * shared.
 * Errors: SHAPE, TYPE (an input does not fit), whatever a kernel says, CANCELLED between two nodes.
 */
gboolean fovea_interpret (const FoveaGraph *graph, FoveaTensor *const *inputs, FoveaTensor **ret_outputs,
                          GCancellable *cancellable, GError **error);

G_END_DECLS
