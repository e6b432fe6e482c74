/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/optimiser.h"

#include <math.h>

#include "nn/kernels/train-kernels.h"

typedef struct {
  FoveaTensor *weights, *gradient;
  FoveaParameterGroup group;
  FoveaMoments moments;
} Slot;

struct _FoveaOptimiser {
  FoveaOptimiserOptions options;
  GArray *slots;
  guint64 n_steps;
  double scale;
};

static void
slot_clear (gpointer data)
{
  Slot *slot = data;

  fovea_tensor_unref (slot->weights);
  fovea_tensor_unref (slot->gradient);
  g_clear_pointer (&slot->moments.first, fovea_tensor_unref);
  g_clear_pointer (&slot->moments.second, fovea_tensor_unref);
  g_clear_pointer (&slot->moments.ema, fovea_tensor_unref);
}

FoveaOptimiser *
fovea_optimiser_new (const FoveaOptimiserOptions *options)
{
  FoveaOptimiser *optimiser = g_new0 (FoveaOptimiser, 1);

  optimiser->options = *options;
  optimiser->scale = 1;
  optimiser->slots = g_array_new (FALSE, TRUE, sizeof (Slot));
  g_array_set_clear_func (optimiser->slots, slot_clear);
  return optimiser;
}

void
fovea_optimiser_free (FoveaOptimiser *optimiser)
{
  g_array_unref (optimiser->slots);
  g_free (optimiser);
}

gboolean
fovea_optimiser_add (FoveaOptimiser *optimiser, FoveaTensor *weights, FoveaTensor *gradient,
                     const FoveaParameterGroup *group, GError **error)
{
  Slot slot = { .weights = fovea_tensor_ref (weights), .gradient = fovea_tensor_ref (gradient), .group = *group };
  gboolean adam = optimiser->options.kind == FOVEA_OPTIMISER_ADAMW, average = optimiser->options.ema_decay > 0;

  slot.moments.first = fovea_tensor_new (FOVEA_DTYPE_F32, &weights->shape, error);
  if (slot.moments.first != NULL && adam)
    slot.moments.second = fovea_tensor_new (FOVEA_DTYPE_F32, &weights->shape, error);
  if (slot.moments.first != NULL && (!adam || slot.moments.second != NULL) && average)
    slot.moments.ema = fovea_tensor_new (FOVEA_DTYPE_F32, &weights->shape, error);
  if (slot.moments.first == NULL || (adam && slot.moments.second == NULL) || (average && slot.moments.ema == NULL))
    {
      slot_clear (&slot);
      return FALSE;
    }
  if (average)
    memcpy (slot.moments.ema->data, weights->data, fovea_tensor_n_bytes (weights));
  g_array_append_val (optimiser->slots, slot);
  return TRUE;
}

/* --- schedule
 * ------------------------------------------------------------------------------------------------------------ */

double
fovea_optimiser_get_rate (const FoveaOptimiser *optimiser)
{
  const FoveaOptimiserOptions *o = &optimiser->options;
  guint64 step = optimiser->n_steps;
  double part;

  if (step < o->warm_up_steps)
    return (double) (step + 1) / (double) o->warm_up_steps;
  if (o->total_steps <= o->warm_up_steps)
    return 1;
  part = (double) (step - o->warm_up_steps) / (double) MAX (1, o->total_steps - o->warm_up_steps - 1);
  return o->final_rate + (1 - o->final_rate) * 0.5 * (1 + cos (G_PI * MIN (1, part)));
}

void
fovea_optimiser_set_schedule (FoveaOptimiser *optimiser, guint64 total_steps, guint64 warm_up_steps, double final_rate)
{
  optimiser->options.total_steps = total_steps;
  optimiser->options.warm_up_steps = warm_up_steps;
  optimiser->options.final_rate = final_rate;
}

guint64
fovea_optimiser_get_n_steps (const FoveaOptimiser *optimiser)
{
  return optimiser->n_steps;
}

void
fovea_optimiser_set_n_steps (FoveaOptimiser *optimiser, guint64 n_steps)
{
  optimiser->n_steps = n_steps;
}

void
fovea_optimiser_scale_rates (FoveaOptimiser *optimiser, double factor)
{
  optimiser->scale *= factor;
}

void
fovea_optimiser_set_scale (FoveaOptimiser *optimiser, double scale)
{
  optimiser->scale = scale;
}

double
fovea_optimiser_get_scale (const FoveaOptimiser *optimiser)
{
  return optimiser->scale;
}

FoveaMoments
fovea_optimiser_get_moments (const FoveaOptimiser *optimiser, guint parameter)
{
  return g_array_index (optimiser->slots, Slot, parameter).moments;
}

/* --- steps
 * --------------------------------------------------------------------------------------------------------------- */

/* Elements that are taken at a time: the sums by so many, and so the result, are the same for any number of threads. */
#define PART ((gsize) 1 << 14)

typedef struct {
  const Slot *slot;
  gsize from, n;
} Part;

/* All weights in parts, those of large parameters too, so that no thread waits for another's. */
static GArray *
cut (const FoveaOptimiser *optimiser)
{
  GArray *parts = g_array_new (FALSE, FALSE, sizeof (Part));

  for (guint i = 0; i < optimiser->slots->len; i++)
    {
      const Slot *slot = &g_array_index (optimiser->slots, Slot, i);
      const gsize n = slot->weights->n_elements;

      for (gsize from = 0; from < n; from += PART)
        {
          const Part part = { slot, from, MIN (PART, n - from) };

          g_array_append_val (parts, part);
        }
    }
  return parts;
}

static float *
floats (FoveaTensor *tensor, const Part *part)
{
  return FOVEA_TENSOR_DATA (tensor, float) + part->from;
}

static void
step_adamw (const Part *part, const FoveaOptimiserOptions *o, float clip, double rate, guint64 t)
{
  const FoveaAdamW step = { .clip = clip,
                            .b1 = (float) o->beta1,
                            .c1 = (float) (1 - o->beta1),
                            .b2 = (float) o->beta2,
                            .c2 = (float) (1 - o->beta2),
                            .keep = (float) (1 - rate * part->slot->group.weight_decay),
                            .step = (float) (rate / (1 - pow (o->beta1, (double) t))),
                            .correct = (float) (1 / sqrt (1 - pow (o->beta2, (double) t))),
                            .epsilon = (float) o->epsilon };
  const Slot *slot = part->slot;

  fovea_train_kernels_get ()->adamw (&step, floats (slot->gradient, part), floats (slot->moments.first, part),
                                     floats (slot->moments.second, part), floats (slot->weights, part), part->n);
}

static void
step_sgd (const Part *part, const FoveaOptimiserOptions *o, float clip, double rate)
{
  const Slot *slot = part->slot;
  float *restrict w = floats (slot->weights, part), *restrict v = floats (slot->moments.first, part);
  const float *restrict g = floats (slot->gradient, part);
  const float decay = (float) slot->group.weight_decay, momentum = (float) o->momentum, step = (float) rate;
  const float ahead = o->nesterov ? 1 : 0;

  for (gsize i = 0; i < part->n; i++)
    {
      const float gradient = g[i] * clip + decay * w[i];

      v[i] = momentum * v[i] + gradient;
      w[i] -= step * (ahead * gradient + (o->nesterov ? momentum : 1) * v[i]);
    }
}

static void
step_part (const FoveaOptimiser *optimiser, const Part *part, float clip, double schedule)
{
  const FoveaOptimiserOptions *o = &optimiser->options;
  const Slot *slot = part->slot;
  double rate = schedule * slot->group.learning_rate * optimiser->scale, t = (double) optimiser->n_steps;

  if (o->kind == FOVEA_OPTIMISER_ADAMW)
    step_adamw (part, o, clip, rate, optimiser->n_steps + 1);
  else
    step_sgd (part, o, clip, rate);
  if (slot->moments.ema != NULL)
    fovea_train_kernels_get ()->average (floats (slot->moments.ema, part), floats (slot->weights, part),
                                         (float) MIN (o->ema_decay, (1 + t) / (10 + t)), part->n);
}

gboolean
fovea_optimiser_step (FoveaOptimiser *optimiser, double *ret_norm)
{
  double norm = 0, schedule = fovea_optimiser_get_rate (optimiser);
  g_autoptr (GArray) parts = cut (optimiser);
  int n = (int) parts->len;
  g_autofree double *sums = g_new0 (double, MAX (n, 1));
  float clip = 1;

#pragma omp parallel for schedule(dynamic)
  for (int i = 0; i < n; i++)
    {
      const Part *part = &g_array_index (parts, Part, i);

      sums[i] = fovea_train_kernels_get ()->square_sum (floats (part->slot->gradient, part), part->n);
    }
  for (int i = 0; i < n; i++)
    norm += sums[i];
  norm = sqrt (norm);
  if (ret_norm != NULL)
    *ret_norm = norm;
  if (!isfinite (norm))
    return FALSE;
  if (optimiser->options.clip_norm > 0 && norm > optimiser->options.clip_norm)
    clip = (float) (optimiser->options.clip_norm / norm);
#pragma omp parallel for schedule(dynamic)
  for (int i = 0; i < n; i++)
    step_part (optimiser, &g_array_index (parts, Part, i), clip, schedule);
  optimiser->n_steps++;
  return TRUE;
}
