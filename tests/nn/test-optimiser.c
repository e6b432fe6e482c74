/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "nn/optimiser.h"
#include "op-test.h"

#define N 5

/* The formulas of nn/optimiser.h once more, element by element in double. */
typedef struct {
  double w[N], m[N], s[N], e[N];
} Plain;

static void
plain_step (Plain *p, const FoveaOptimiserOptions *o, const FoveaParameterGroup *group, const double *g, double rate, int t)
{
  double norm = 0, scale = 1, a = rate * group->learning_rate, d = MIN (o->ema_decay, (1.0 + t) / (10.0 + t));

  for (int i = 0; i < N; i++)
    norm += g[i] * g[i];
  norm = sqrt (norm);
  if (o->clip_norm > 0 && norm > o->clip_norm)
    scale = o->clip_norm / norm;
  for (int i = 0; i < N; i++)
    {
      double x = g[i] * scale;

      if (o->kind == FOVEA_OPTIMISER_ADAMW)
        {
          p->m[i] = o->beta1 * p->m[i] + (1 - o->beta1) * x;
          p->s[i] = o->beta2 * p->s[i] + (1 - o->beta2) * x * x;
          p->w[i] -= a * group->weight_decay * p->w[i];
          p->w[i] -= a * p->m[i] / (1 - pow (o->beta1, t + 1)) / (sqrt (p->s[i] / (1 - pow (o->beta2, t + 1))) + o->epsilon);
        }
      else
        {
          x += group->weight_decay * p->w[i];
          p->m[i] = o->momentum * p->m[i] + x;
          p->w[i] -= a * (o->nesterov ? x + o->momentum * p->m[i] : p->m[i]);
        }
      p->e[i] = d * p->e[i] + (1 - d) * p->w[i];
    }
}

static void
check_steps (const FoveaOptimiserOptions *o)
{
  FoveaParameterGroup group = { .1, .02 };
  g_autoptr (FoveaOptimiser) optimiser = fovea_optimiser_new (o);
  g_autoptr (FoveaTensor) w = tensor_random (FOVEA_DTYPE_F32, "5", 1), g = tensor_filled (FOVEA_DTYPE_F32, "5", 0);
  g_autoptr (GError) error = NULL;
  Plain plain = { 0 };

  g_assert_true (fovea_optimiser_add (optimiser, w, g, &group, &error));
  for (int i = 0; i < N; i++)
    plain.w[i] = plain.e[i] = tensor_get (w, (gsize) i);
  for (int t = 0; t < 20; t++)
    {
      double gradient[N], norm;

      for (int i = 0; i < N; i++)
        {
          FOVEA_TENSOR_DATA (g, float)[i] = sinf ((float) (i + 3 * t)) * 2;
          gradient[i] = tensor_get (g, (gsize) i);
        }
      plain_step (&plain, o, &group, gradient, fovea_optimiser_get_rate (optimiser), t);
      g_assert_true (fovea_optimiser_step (optimiser, &norm));
      for (gsize i = 0; i < N; i++)
        {
          assert_close (tensor_get (w, i), plain.w[i], 2e-6, "weights", i);
          if (o->ema_decay > 0)
            assert_close (tensor_get (fovea_optimiser_get_moments (optimiser, 0).ema, i), plain.e[i], 2e-6, "average", i);
        }
    }
  g_assert_cmpuint (fovea_optimiser_get_n_steps (optimiser), ==, 20);
}

static void
test_adamw (void)
{
  FoveaOptimiserOptions o = FOVEA_OPTIMISER_OPTIONS_INIT;

  check_steps (&o);
  o.clip_norm = 1;
  o.ema_decay = .9;
  o.total_steps = 20;
  o.warm_up_steps = 4;
  check_steps (&o);
}

static void
test_sgd (void)
{
  FoveaOptimiserOptions o = FOVEA_OPTIMISER_OPTIONS_INIT;

  o.kind = FOVEA_OPTIMISER_SGD;
  check_steps (&o);
  o.nesterov = TRUE;
  check_steps (&o);
}

static void
test_schedule (void)
{
  FoveaOptimiserOptions o = FOVEA_OPTIMISER_OPTIONS_INIT;
  g_autoptr (FoveaOptimiser) optimiser = NULL;
  double last = 0;

  o.total_steps = 100;
  o.warm_up_steps = 5;
  o.final_rate = .02;
  optimiser = fovea_optimiser_new (&o);
  for (guint64 step = 0; step < 100; step++)
    {
      double rate;

      fovea_optimiser_set_n_steps (optimiser, step);
      rate = fovea_optimiser_get_rate (optimiser);
      if (step < 5)
        assert_close (rate, (double) (step + 1) / 5, 1e-12, "warm-up", step);
      else
        g_assert_cmpfloat (rate, <=, last);
      last = rate;
    }
  assert_close (last, .02, 1e-9, "end", 99);
  fovea_optimiser_set_n_steps (optimiser, 1000);
  assert_close (fovea_optimiser_get_rate (optimiser), .02, 1e-9, "after the end", 0);
}

/* A gradient that is not a number changes nothing. */
static void
test_not_finite (void)
{
  FoveaOptimiserOptions o = FOVEA_OPTIMISER_OPTIONS_INIT;
  FoveaParameterGroup group = { .1, .02 };
  g_autoptr (FoveaOptimiser) optimiser = fovea_optimiser_new (&o);
  g_autoptr (FoveaTensor) w = tensor_values (FOVEA_DTYPE_F32, "2", 2, 1., 2.), g = tensor_values (FOVEA_DTYPE_F32, "2", 2, 1., (double) NAN);
  g_autoptr (GError) error = NULL;

  g_assert_true (fovea_optimiser_add (optimiser, w, g, &group, &error));
  g_assert_false (fovea_optimiser_step (optimiser, NULL));
  assert_values (w, 0, 2, 1., 2.);
  g_assert_cmpuint (fovea_optimiser_get_n_steps (optimiser), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/optimiser/adamw", test_adamw);
  g_test_add_func ("/nn/optimiser/sgd", test_sgd);
  g_test_add_func ("/nn/optimiser/schedule", test_schedule);
  g_test_add_func ("/nn/optimiser/not-finite", test_not_finite);
  return g_test_run ();
}
