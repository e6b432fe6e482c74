/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* `fovea bench head [--rows N] [--dim D] [--concepts K] [--c C] [--repeat R] [--independent] [--vectors X.npy --labels
 * Y.npy [--out P.npy]] [--seed S]`: fits heads on vectors that are read (f32 [N, D], i32 [N]) or made, and prints one
 * JSON object: first_fit_ms, warm_refit_ms (median; after one label has changed each time), warm_refit_best_ms,
 * cross_validation_ms (best of two; four kinds of views, the default grid, five folds), accuracy, kernels. --out
 * writes the probabilities of the fit at C, to compare with others. Returns the exit status; 2 = wrong usage. */
int fovea_bench_head_main (int argc, char **argv);

G_END_DECLS
