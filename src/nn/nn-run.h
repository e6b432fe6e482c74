/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * fovea_nn_run_main: `fovea nn run MODEL.onnx INPUT.pb… --output DIR [--interpreter|--plan]`
 *
 * Runs a model on tensors from files (one TensorProto each, in the order of the model's inputs) and writes output_0.pb,
 * output_1.pb, … into DIR, which is made when it is missing; with the reference kernels, or compiled (--plan).
 * @argv[0] is only the name in messages ("fovea nn run").
 * An input file that is named by what stands before a "=" (images=INPUT.pb) goes to the input of that name.
 *
 * Returns the exit status: 0 done, 1 failed (the reason, with the operator's name where one is not supported, on
 * stderr),
 * 2 wrong usage.
 */
int fovea_nn_run_main (int argc, char **argv);

G_END_DECLS
