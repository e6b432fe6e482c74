/* SPDX-License-Identifier: GPL-3.0-or-later */
/* These parse their own arguments: they are instruments of the lower rooms. */
#include "cli/cli-private.h"
#include "models/bench-head.h"
#include "nn/bench-embed.h"
#include "nn/bench-train.h"
#include "nn/nn-run.h"

const FoveaCommand fovea_cli_nn_commands[] = {
  { "nn run", "MODEL.onnx INPUT.pb… --output DIR",
    "Run a model on tensors from files; exit status 1 and the operator's name when one is not supported.",
    fovea_nn_run_main },
  { "bench embed", "--model FILE.onnx --input TENSOR.pb [--batch N] [--json]", "Measure how many pictures a network embeds in a second.",
    fovea_bench_embed_main },
  { "bench train-step", "--model FILE.onnx --input TENSOR.pb --targets TENSOR.pb [--batch N] [--json]",
    "Measure how fast a network is trained.", fovea_bench_train_main },
  { "bench head", "[--rows N] [--dim D] [--concepts K] …", "Measure how fast heads are fitted.", fovea_bench_head_main },
  { NULL, NULL, NULL, NULL },
};
