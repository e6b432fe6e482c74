/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * fovea_bench_train_main: `fovea bench train-step --model FILE.onnx --input TENSOR.pb --targets TENSOR.pb [--batch N]
 * [--count N] [--precision f32|bf16] [--batch-norm folded|frozen|trained] [--optimiser adamw|sgd] [--rate A]
 * [--warm-up N] [--final-rate F] [--label-smoothing E] [--weight-decay L] [--clip NORM] [--memory MB] [--steps] [--json]`
 *
 * Trains a classifier through all its layers (output 0: logits) with AdamW (β .9, .99) or SGD (momentum .9), with a
 * warm-up and half a cosine down to F times the rate (1: constant), on batches that are taken from the inputs (f32
 * [n, C, H, W]) in turn, with their classes (i64 [n]), N steps long, and says the loss of every step and the median time
 * of one, the first two not counted.
 * Prints {"images_per_second":…,"step_ms":…,"cpu_ms":…,"batch":…,"parts":…,"threads":…,"precision":…,"kernels":…,
 * "peak_bytes":…,"losses":[…]} or a line in words; --steps adds what the plan does.
 *
 * Returns the exit status: 0 done, 1 failed (the reason on stderr), 2 wrong usage.
 */
int fovea_bench_train_main (int argc, char **argv);

G_END_DECLS
