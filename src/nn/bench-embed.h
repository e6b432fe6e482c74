/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * fovea_bench_embed_main: `fovea bench embed --model FILE.onnx --input TENSOR.pb [--batch N] [--seconds S] [--steps]
 * [--json]`
 *
 * Images a second of the network alone, compiled. The input tensor (f32, [n, C, H, W]) is repeated or cut to the batch.
 * Runs until S seconds (3) have gone by, at least five times after two that are not counted, and takes the median run.
 * Prints {"images_per_second":…,"batch":…,"threads":…,"kernels":…} or a line in words; --steps adds what the plan does.
 *
 * Returns the exit status: 0 done, 1 failed (the reason on stderr), 2 wrong usage.
 */
int fovea_bench_embed_main (int argc, char **argv);

G_END_DECLS
