/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/graph.h"
#include "op-test.h"

/* Small networks for the tests of training, with random weights, and batches for them. */

typedef enum {
  NET_PLAIN,      /* convolutions, depthwise ones (3×3, 5×5, strides 1 and 2), residuals, clips, pool, dense */
  NET_BATCH_NORM, /* the same with batch norms behind the convolutions */
  NET_MIXED,      /* also groups, functions, products, pools, Concat, Resize, weights on the right of a product */
} NetKind;

/* Input "x" [N, 3, size, size], output "logits" [N, @n_classes]. */
FoveaGraph  *train_test_net (NetKind kind, gint64 size, gint64 n_classes);
FoveaTensor *train_test_batch (gint64 n, gint64 size, guint32 seed);
FoveaTensor *train_test_targets (gint64 n, gint64 n_classes, guint32 seed); /* one class a row */

/* max |a − b| / max |b| */
double train_test_distance (const FoveaTensor *a, const FoveaTensor *b);
