/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/deep-plan.h"

#include <math.h>
#include <string.h>

#define STAGE_1_PICTURES 3000
#define STAGE_2_PICTURES 4000
#define STAGE_EPOCHS 10
#define STAGE_EPOCHS_FEW 20
#define STAGE_MIN_EPOCHS 3
#define BOTH_STAGES_EPOCHS 7
#define STAGE_2_HEAD_RATE 2e-3
#define FEW_HEAD_PART 0.04 /* of the usual rates */
#define FEW_BACKBONE_PART (1 / 3.0)
#define FEW_VIEWS 8
#define FEW_VECTORS 4096
#define FEW_VECTORS_A_SECOND 20
#define SCRATCH_MAX_EPOCHS 200
#define NARROWEST 1.2 /* times the pictures; less is not worth another trial */
#define SPARE 0.95    /* of the time that is left is given to wider steps */
#define CLEARLY 2.0 /* standard errors */

const char *const fovea_template_names[] = {
  [FOVEA_TEMPLATE_EFFICIENTNET_LITE0] = "efficientnet-lite0",
  [FOVEA_TEMPLATE_EFFICIENTNET_LITE2] = "efficientnet-lite2",
  [FOVEA_TEMPLATE_EFFICIENTNET_LITE0_SCRATCH] = "efficientnet-lite0-scratch",
  [FOVEA_TEMPLATE_SMALL_SCRATCH] = "small-scratch",
  [FOVEA_N_TEMPLATES] = NULL,
};

static const struct {
  const char *pack;
  int size;
  guint epochs;
} templates[] = {
  [FOVEA_TEMPLATE_EFFICIENTNET_LITE0] = { "efficientnet-lite0", 224, 0 },
  [FOVEA_TEMPLATE_EFFICIENTNET_LITE2] = { "efficientnet-lite2", 260, 0 },
  [FOVEA_TEMPLATE_EFFICIENTNET_LITE0_SCRATCH] = { NULL, 224, 120 },
  [FOVEA_TEMPLATE_SMALL_SCRATCH] = { NULL, 96, 60 },
};

gboolean
fovea_template_from_name (const char *name, FoveaTemplate *ret_template)
{
  for (guint i = 0; i < FOVEA_N_TEMPLATES; i++)
    if (g_strcmp0 (name, fovea_template_names[i]) == 0)
      {
        *ret_template = (FoveaTemplate) i;
        return TRUE;
      }
  return FALSE;
}

const char *
fovea_template_get_pack (FoveaTemplate template)
{
  return templates[template].pack;
}

int
fovea_template_get_size (FoveaTemplate template)
{
  return templates[template].size;
}

guint
fovea_template_get_batch_size (FoveaTemplate template)
{
  return templates[template].pack != NULL ? 16 : 32;
}

gboolean
fovea_deep_starts_linear (const FoveaDeepOptions *options, gsize n_each)
{
  return fovea_template_get_pack (options->template) != NULL && n_each <= FOVEA_DEEP_FEW;
}

guint
fovea_deep_start_views (const FoveaDeepOptions *options, gsize n_pictures)
{
  const double most = options->time_limit_s > 0 ? MIN (FEW_VECTORS, FEW_VECTORS_A_SECOND * options->time_limit_s) : FEW_VECTORS;

  return (guint) CLAMP (most / (double) MAX (n_pictures, 1), 1, FEW_VIEWS);
}

/* Wider steps are as many. */
static guint64
steps_of (const FoveaDeepOptions *options, double n_pictures)
{
  return (guint64) MAX (1, ceil (n_pictures / (options->widened_from > 0 ? options->widened_from : options->batch_size)));
}

static double
stage_pictures (double most, double n, gboolean few)
{
  return MAX (MIN (most, (few ? STAGE_EPOCHS_FEW : STAGE_EPOCHS) * n), STAGE_MIN_EPOCHS * n);
}

static FoveaDeepStage
stage_of (const FoveaDeepOptions *options, gboolean linear, guint64 n_steps)
{
  if (fovea_template_get_pack (options->template) == NULL)
    return (FoveaDeepStage) { n_steps, options->rate, options->rate };
  return (FoveaDeepStage) { n_steps, options->head_rate * (linear ? FEW_HEAD_PART : 1), options->backbone_rate * (linear ? FEW_BACKBONE_PART : 1) };
}

static void
plan_from_pack (const FoveaDeepOptions *options, double n, gboolean linear, guint64 available, FoveaDeepPlan *plan)
{
  const guint64 first = steps_of (options, stage_pictures (STAGE_1_PICTURES, n, linear));
  const double once_more = MIN (stage_pictures (STAGE_2_PICTURES, n, linear), BOTH_STAGES_EPOCHS * n - (double) first * options->batch_size);
  guint64 second;

  plan->n_stages = 1;
  plan->stages[0] = stage_of (options, linear, MIN (first, available));
  if (options->time_limit_s <= 0 || available <= first || once_more <= 0)
    return;
  second = MIN (steps_of (options, once_more), available - first);
  if ((double) second < FOVEA_DEEP_STAGE_2_MIN_PART * (double) first)
    return;
  plan->n_stages = 2;
  plan->stages[1] = stage_of (options, linear, second);
  plan->stages[1].head_rate = MIN (plan->stages[1].head_rate, STAGE_2_HEAD_RATE);
}

/* How many pictures a step are the best use of the time that there is. */
static guint
best_batch_size (const FoveaDeepOptions *options, const FoveaDeepPlan *plan, gboolean linear, double step_seconds, double seconds_left)
{
  double wider = FOVEA_DEEP_WIDEST;

  if (!options->may_widen || plan->n_stages != 1 || linear)
    return options->batch_size;
  if (options->time_limit_s > 0)
    wider = MIN (FOVEA_DEEP_WIDEST, SPARE * seconds_left / ((double) plan->stages[0].n_steps * step_seconds));
  else if (plan->stages[0].n_steps > steps_of (options, STAGE_1_PICTURES))
    return options->batch_size;
  return wider >= NARROWEST ? (guint) (wider * options->batch_size) : options->batch_size;
}

guint
fovea_deep_plan_make (const FoveaDeepOptions *options, gsize n_pictures, gsize n_each, double step_seconds,
                      double seconds_left, FoveaDeepPlan *ret_plan)
{
  const gboolean from_pack = fovea_template_get_pack (options->template) != NULL;
  const gboolean linear = fovea_deep_starts_linear (options, n_each), limited = options->time_limit_s > 0;
  const guint64 available = limited ? (guint64) MAX (1, floor (MAX (seconds_left, 0) / step_seconds)) : G_MAXUINT64;
  const double n = (double) n_pictures;
  double epochs = options->n_epochs;

  memset (ret_plan, 0, sizeof *ret_plan);
  if (from_pack && epochs <= 0)
    {
      plan_from_pack (options, n, linear, available, ret_plan);
      return best_batch_size (options, ret_plan, linear, step_seconds, seconds_left);
    }
  if (epochs <= 0)
    epochs = limited ? SCRATCH_MAX_EPOCHS : templates[options->template].epochs;
  ret_plan->n_stages = 1;
  ret_plan->stages[0] = stage_of (options, linear, MIN (steps_of (options, epochs * n), available));
  return options->batch_size;
}

void
fovea_deep_widen (FoveaDeepOptions *options, guint batch_size)
{
  options->widened_from = options->batch_size;
  options->batch_size = batch_size;
  options->may_widen = FALSE;
}

void
fovea_deep_concept_weights (const gsize *n_pictures, guint n_concepts, float *ret_weights)
{
  gsize n = 0;
  guint n_with = 0;

  for (guint k = 0; k < n_concepts; k++)
    {
      n += n_pictures[k];
      n_with += n_pictures[k] > 0;
    }
  for (guint k = 0; k < n_concepts; k++)
    ret_weights[k] = n_pictures[k] > 0 ? (float) n / ((float) n_with * (float) n_pictures[k]) : 0;
}

guint64
fovea_deep_warm_up_steps (guint64 n_steps)
{
  return MAX ((guint64) (0.05 * (double) n_steps), MIN (10, n_steps / 4));
}

double
fovea_deep_average_decay (guint64 n_steps)
{
  return CLAMP (1 - 4 / (double) MAX (n_steps, 1), 0, 0.99);
}

gboolean
fovea_deep_is_clearly_more (const double *losses, const double *least, gsize n)
{
  double mean = 0, squares = 0;

  for (gsize i = 0; i < n; i++)
    mean += (losses[i] - least[i]) / (double) n;
  for (gsize i = 0; i < n; i++)
    squares += (losses[i] - least[i] - mean) * (losses[i] - least[i] - mean);
  return mean > 0 && (n < 2 || mean > CLEARLY * sqrt (squares / (double) (n - 1) / (double) n));
}
