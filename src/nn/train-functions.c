/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Functions element by element, and products of two values of one shape. */
#include <math.h>

#include "nn/train-private.h"

typedef struct {
  const char *op_type;
  float (*function) (float x, float a, float b);
  float (*slope) (float x, float a, float b);
  const char *a, *b; /* attributes */
  float default_a, default_b;
} Function;

#define DEFINE(NAME, EXPRESSION) \
  static float f_##NAME (float x, float a, float b) \
  { \
    return EXPRESSION; \
  }

/* The formulas of ops/unary.c, in f32 */
DEFINE (sigmoid, x >= 0 ? 1 / (1 + expf (-x)) : expf (x) / (1 + expf (x)))
DEFINE (sigmoid_slope, f_sigmoid (x, 0, 0) * f_sigmoid (-x, 0, 0))
DEFINE (tanh, tanhf (x))
DEFINE (tanh_slope, 1 - tanhf (x) * tanhf (x))
DEFINE (hard_swish, x *CLAMP (x / 6 + 0.5f, 0, 1))
DEFINE (hard_swish_slope, x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5f)
DEFINE (hard_sigmoid, CLAMP (a *x + b, 0, 1))
DEFINE (hard_sigmoid_slope, a *x + b > 0 && a * x + b < 1 ? a : 0)
DEFINE (leaky_relu, x < 0 ? a * x : x)
DEFINE (leaky_relu_slope, x < 0 ? a : 1)
DEFINE (gelu, 0.5f * x * (1 + erff (x * 0.70710678f)))
DEFINE (gelu_slope, 0.5f * (1 + erff (x * 0.70710678f)) + x * expf (-0.5f * x * x) * 0.39894228f)

static const Function functions[] = {
  { "Sigmoid", f_sigmoid, f_sigmoid_slope },
  { "Tanh", f_tanh, f_tanh_slope },
  { "HardSwish", f_hard_swish, f_hard_swish_slope },
  { "HardSigmoid", f_hard_sigmoid, f_hard_sigmoid_slope, "alpha", "beta", 0.2f, 0.5f },
  { "LeakyRelu", f_leaky_relu, f_leaky_relu_slope, "alpha", NULL, 0.01f },
  { "Gelu", f_gelu, f_gelu_slope },
};

typedef struct {
  const Function *function;
  float a, b;
} State;

static gboolean
function_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const State *s = step->state;
  const FoveaTrainValue *y = fovea_train_value (program, step->out[0]);
  const void *from = fovea_train_data (program, step->in[0]);
  void *to = fovea_train_data (program, step->out[0]);

#pragma omp parallel for
  for (gsize i = 0; i < y->fact->n_elements; i++)
    fovea_train_put (y, to, i, s->function->function (fovea_train_get (y, from, i), s->a, s->b));
  return TRUE;
}

static gboolean
function_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const State *s = step->state;
  const FoveaTrainValue *x = fovea_train_value (program, step->in[0]);
  const void *data = fovea_train_data (program, step->in[0]), *dy = fovea_train_gradient (program, step->out[0]);
  void *dx = fovea_train_gradient (program, step->in[0]);
  const gboolean adds = step->accumulate[0];

#pragma omp parallel for
  for (gsize i = 0; i < x->fact->n_elements; i++)
    fovea_train_put (x, dx, i,
                     fovea_train_get (x, dy, i) * s->function->slope (fovea_train_get (x, data, i), s->a, s->b)
                         + (adds ? fovea_train_get (x, dx, i) : 0));
  return TRUE;
}

static const FoveaTrainStepType function_type = { "function", function_forward, function_backward, g_free };

static FoveaTrainStep *
function_new (const FoveaNode *node, const Function *function)
{
  FoveaTrainStep *step = fovea_train_step_new (&function_type, node);
  State *state = g_new0 (State, 1);

  *state = (State) { function, function->a != NULL ? fovea_node_float (node, function->a, function->default_a) : 0,
                     function->b != NULL ? fovea_node_float (node, function->b, function->default_b) : 0 };
  step->state = state;
  step->keeps_in[0] = TRUE;
  return step;
}

/* --- products
 * ------------------------------------------------------------------------------------------------------------ */

static gboolean
product_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const FoveaTrainValue *y = fovea_train_value (program, step->out[0]);
  const void *a = fovea_train_data (program, step->in[0]), *b = fovea_train_data (program, step->in[1]);
  void *to = fovea_train_data (program, step->out[0]);

#pragma omp parallel for
  for (gsize i = 0; i < y->fact->n_elements; i++)
    fovea_train_put (y, to, i, fovea_train_get (y, a, i) * fovea_train_get (y, b, i));
  return TRUE;
}

static gboolean
product_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const void *dy = fovea_train_gradient (program, step->out[0]);

  for (guint k = 0; k < 2; k++)
    {
      const FoveaTrainValue *x = fovea_train_value (program, step->in[k]);
      const void *other = fovea_train_data (program, step->in[1 - k]);
      void *dx = x->differs ? fovea_train_gradient (program, step->in[k]) : NULL;
      const gboolean adds = step->accumulate[k];

      if (dx == NULL)
        continue;
#pragma omp parallel for
      for (gsize i = 0; i < x->fact->n_elements; i++)
        fovea_train_put (x, dx, i,
                         fovea_train_get (x, dy, i) * fovea_train_get (x, other, i) + (adds ? fovea_train_get (x, dx, i) : 0));
    }
  return TRUE;
}

static const FoveaTrainStepType product_type = { "product", product_forward, product_backward, NULL };

FoveaTrainStep *
fovea_train_function_new (FoveaTrainProgram *program, guint index)
{
  const FoveaNode *node = fovea_graph_node (program->graph, index);
  const FoveaTrainValue *y = fovea_train_value (program, node->outputs[0]);

  for (guint i = 0; i < node->n_inputs; i++)
    if (!fovea_train_same_form (fovea_train_value (program, node->inputs[i]), y))
      return NULL;
  if (g_str_equal (node->op_type, "Mul"))
    {
      FoveaTrainStep *step = fovea_train_step_new (&product_type, node);

      step->keeps_in[0] = step->keeps_in[1] = TRUE;
      return step;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (functions); i++)
    if (g_str_equal (node->op_type, functions[i].op_type)
        && g_str_equal (fovea_node_string (node, "approximate", "none"), "none"))
      return function_new (node, &functions[i]);
  return NULL;
}
