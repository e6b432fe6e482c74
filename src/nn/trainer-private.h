/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/trainer.h"

G_BEGIN_DECLS

/* The running mean of the loss, for noticing a divergence. */
typedef struct {
  double patience;  /* 0: not watched */
  double first_sum; /* of the first steps */
  double smooth;
  guint64 n_steps;
} FoveaLossWatch;

struct _FoveaTrainer {
  FoveaTrainPlan *plan;
  FoveaOptimiser *optimiser;
  GArray *slots;       /* int: parameter by the optimiser's number */
  FoveaLossWatch watch;
  gsize memory_limit;
  guint64 seed;
  gsize rows_a_part;   /* for inputs of part_key; 0 = not chosen yet */
  FoveaShape part_key;
};

G_END_DECLS
