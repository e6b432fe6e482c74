/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "nn/ops/families.h"
#include "nn/ops/gradient.h"

/* One input, an output of the same type and shape. First what has a meaning for every number (Neg Abs Sign Relu Clip),
 * then functions of floats; those are computed in double and rounded once. */

static FoveaInferResult
infer_same (FoveaOpContext *ctx, GError **error)
{
  if (ctx->in[0]->dtype == FOVEA_DTYPE_BOOL)
    return fovea_op_refuse_dtype (error, 0, FOVEA_DTYPE_BOOL);
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  return FOVEA_INFER_OK;
}

static FoveaInferResult
infer_float (FoveaOpContext *ctx, GError **error)
{
  if (!fovea_dtype_is_float (ctx->in[0]->dtype))
    return fovea_op_refuse_dtype (error, 0, ctx->in[0]->dtype);
  return infer_same (ctx, error);
}

/* --- Every number
 * ---------------------------------------------------------------------------------------------------- */

#define LOOP(DTYPE, TYPE, EXPRESSION)                                                                             \
  case FOVEA_DTYPE_##DTYPE:                                                                                       \
    for (gsize i = 0; i < y->n_elements; i++)                                                                     \
      {                                                                                                           \
        TYPE v = ((const TYPE *) x->data)[i];                                                                     \
                                                                                                                  \
        ((TYPE *) y->data)[i] = (TYPE) (EXPRESSION);                                                              \
      }                                                                                                           \
    break;

#define DEFINE_UNARY(NAME, CASES)                                                                                 \
  static gboolean run_##NAME (FoveaOpContext *ctx, GError **error)                                                \
  {                                                                                                               \
    const FoveaTensor *x = ctx->in[0];                                                                            \
    FoveaTensor *y = ctx->out[0];                                                                                 \
                                                                                                                  \
    switch ((int) y->dtype)                                                                                       \
      {                                                                                                           \
      CASES                                                                                                       \
      default:                                                                                                    \
        g_assert_not_reached ();                                                                                  \
      }                                                                                                           \
    return TRUE;                                                                                                  \
  }

#define NEG_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, -v)
#define NEG_INT(DTYPE, TYPE) LOOP (DTYPE, TYPE, 0 - (guint64) v)
#define ABS_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, fabs ((double) v))
#define ABS_SIGNED(DTYPE, TYPE) LOOP (DTYPE, TYPE, v < 0 ? 0 - (guint64) v : (guint64) v)
#define COPY(DTYPE, TYPE) LOOP (DTYPE, TYPE, v)
/* NaN keeps its own sign, which is NaN. */
#define SIGN_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, isnan (v) ? v : (TYPE) ((v > 0) - (v < 0)))
#define SIGN_SIGNED(DTYPE, TYPE) LOOP (DTYPE, TYPE, (v > 0) - (v < 0))
#define SIGN_UNSIGNED(DTYPE, TYPE) LOOP (DTYPE, TYPE, v > 0)
/* Written so that NaN stays NaN. */
#define RELU(DTYPE, TYPE) LOOP (DTYPE, TYPE, v < 0 ? 0 : v)

DEFINE_UNARY (neg, FOVEA_FOR_FLOATS (NEG_FLOAT) FOVEA_FOR_INTEGERS (NEG_INT))
DEFINE_UNARY (abs, FOVEA_FOR_FLOATS (ABS_FLOAT) FOVEA_FOR_SIGNED (ABS_SIGNED) FOVEA_FOR_UNSIGNED (COPY))
DEFINE_UNARY (sign, FOVEA_FOR_FLOATS (SIGN_FLOAT) FOVEA_FOR_SIGNED (SIGN_SIGNED) FOVEA_FOR_UNSIGNED (SIGN_UNSIGNED))
DEFINE_UNARY (relu, FOVEA_FOR_FLOATS (RELU) FOVEA_FOR_SIGNED (RELU) FOVEA_FOR_UNSIGNED (COPY))

/* min (max (x, low), high): where low is above high, high wins. Limits that are left out do not limit. */
static FoveaInferResult
infer_clip (FoveaOpContext *ctx, GError **error)
{
  for (guint i = 1; i < ctx->n_in; i++)
    if (ctx->in[i] != NULL && (ctx->in[i]->dtype != ctx->in[0]->dtype || ctx->in[i]->n_elements != 1))
      return fovea_op_refuse (error, FOVEA_NN_ERROR_TYPE, "limit %u is not one %s", i, fovea_dtype_name (ctx->in[0]->dtype));
  return ctx->opset < 12 ? infer_float (ctx, error) : infer_same (ctx, error);
}

#define CLIP(DTYPE, TYPE)                                                                                         \
  case FOVEA_DTYPE_##DTYPE:                                                                                       \
    for (gsize i = 0; i < y->n_elements; i++)                                                                     \
      {                                                                                                           \
        TYPE v = ((const TYPE *) x->data)[i];                                                                     \
                                                                                                                  \
        if (low != NULL && v < *(const TYPE *) low)                                                               \
          v = *(const TYPE *) low;                                                                                \
        if (high != NULL && v > *(const TYPE *) high)                                                             \
          v = *(const TYPE *) high;                                                                               \
        ((TYPE *) y->data)[i] = v;                                                                                \
      }                                                                                                           \
    break;

static void
clip (const FoveaTensor *x, const void *low, const void *high, FoveaTensor *y)
{
  switch ((int) y->dtype)
    {
    FOVEA_FOR_NUMBERS (CLIP)
    default:
      g_assert_not_reached ();
    }
}

static gboolean
run_clip (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *low = fovea_op_in (ctx, 1), *high = fovea_op_in (ctx, 2);

  clip (ctx->in[0], low != NULL ? low->data : NULL, high != NULL ? high->data : NULL, ctx->out[0]);
  return TRUE;
}

/* Opsets before 11: the limits are attributes. */
static gboolean
run_clip_by_attributes (FoveaOpContext *ctx, GError **error)
{
  float low = fovea_node_float (ctx->node, "min", -G_MAXFLOAT), high = fovea_node_float (ctx->node, "max", G_MAXFLOAT);
  double wide_low = (double) low, wide_high = (double) high;
  gboolean wide = ctx->in[0]->dtype == FOVEA_DTYPE_F64;

  clip (ctx->in[0], wide ? (void *) &wide_low : &low, wide ? (void *) &wide_high : &high, ctx->out[0]);
  return TRUE;
}

/* --- Functions of floats
 * --------------------------------------------------------------------------------------------- */

/* @a and @b: the operator's parameters. */
typedef double (*Function) (double x, double a, double b);

#define DEFINE_FUNCTION(NAME, EXPRESSION)                                                                         \
  static double f_##NAME (double x, double a, double b)                                                           \
  {                                                                                                               \
    return EXPRESSION;                                                                                            \
  }

/* The formulas of ONNX's Operators.md */
DEFINE_FUNCTION (sqrt, sqrt (x))
DEFINE_FUNCTION (exp, exp (x))
DEFINE_FUNCTION (log, log (x))
DEFINE_FUNCTION (reciprocal, 1.0 / x)
DEFINE_FUNCTION (floor, floor (x))
DEFINE_FUNCTION (ceil, ceil (x))
DEFINE_FUNCTION (round, nearbyint (x)) /* halves to even */
DEFINE_FUNCTION (sin, sin (x))
DEFINE_FUNCTION (cos, cos (x))
DEFINE_FUNCTION (tan, tan (x))
DEFINE_FUNCTION (asin, asin (x))
DEFINE_FUNCTION (acos, acos (x))
DEFINE_FUNCTION (atan, atan (x))
DEFINE_FUNCTION (sinh, sinh (x))
DEFINE_FUNCTION (cosh, cosh (x))
DEFINE_FUNCTION (tanh, tanh (x))
DEFINE_FUNCTION (asinh, asinh (x))
DEFINE_FUNCTION (acosh, acosh (x))
DEFINE_FUNCTION (atanh, atanh (x))
DEFINE_FUNCTION (erf, erf (x))
DEFINE_FUNCTION (sigmoid, x >= 0 ? 1.0 / (1.0 + exp (-x)) : exp (x) / (1.0 + exp (x)))
DEFINE_FUNCTION (softplus, x > 0 ? x + log1p (exp (-x)) : log1p (exp (x)))
DEFINE_FUNCTION (softsign, x / (1.0 + fabs (x)))
DEFINE_FUNCTION (hard_swish, x *CLAMP (x / 6.0 + 0.5, 0.0, 1.0))
DEFINE_FUNCTION (mish, x *tanh (f_softplus (x, 0, 0)))
DEFINE_FUNCTION (gelu, 0.5 * x * (1.0 + erf (x * G_SQRT2 / 2.0)))
DEFINE_FUNCTION (gelu_tanh, 0.5 * x * (1.0 + tanh (sqrt (2.0 / G_PI) * (x + 0.044715 * x * x * x))))
DEFINE_FUNCTION (leaky_relu, x < 0 ? a * x : x)
DEFINE_FUNCTION (elu, x < 0 ? a *expm1 (x) : x)
DEFINE_FUNCTION (selu, b *(x > 0 ? x : a * expm1 (x)))
DEFINE_FUNCTION (celu, MAX (0.0, x) + MIN (0.0, a *expm1 (x / a)))
DEFINE_FUNCTION (hard_sigmoid, CLAMP (a *x + b, 0.0, 1.0))
DEFINE_FUNCTION (thresholded_relu, x > a ? x : 0.0)
DEFINE_FUNCTION (shrink, x < -a ? x + b : x > a ? x - b : 0.0)

/* Their derivatives */
DEFINE_FUNCTION (sqrt_slope, 0.5 / sqrt (x))
DEFINE_FUNCTION (log_slope, 1.0 / x)
DEFINE_FUNCTION (reciprocal_slope, -1.0 / (x * x))
DEFINE_FUNCTION (cos_slope, -sin (x))
DEFINE_FUNCTION (tan_slope, 1.0 + tan (x) * tan (x))
DEFINE_FUNCTION (asin_slope, 1.0 / sqrt (1.0 - x * x))
DEFINE_FUNCTION (acos_slope, -1.0 / sqrt (1.0 - x * x))
DEFINE_FUNCTION (atan_slope, 1.0 / (1.0 + x * x))
DEFINE_FUNCTION (tanh_slope, 1.0 - tanh (x) * tanh (x))
DEFINE_FUNCTION (asinh_slope, 1.0 / sqrt (x * x + 1.0))
DEFINE_FUNCTION (acosh_slope, 1.0 / sqrt (x * x - 1.0))
DEFINE_FUNCTION (atanh_slope, 1.0 / (1.0 - x * x))
DEFINE_FUNCTION (erf_slope, 2.0 / sqrt (G_PI) * exp (-x * x))
DEFINE_FUNCTION (sigmoid_slope, f_sigmoid (x, 0, 0) * f_sigmoid (-x, 0, 0))
DEFINE_FUNCTION (softsign_slope, 1.0 / ((1.0 + fabs (x)) * (1.0 + fabs (x))))
DEFINE_FUNCTION (hard_swish_slope, x <= -3 ? 0.0 : x >= 3 ? 1.0 : x / 3.0 + 0.5)
DEFINE_FUNCTION (mish_slope, tanh (f_softplus (x, 0, 0))
                               + x * f_tanh_slope (f_softplus (x, 0, 0), 0, 0) * f_sigmoid (x, 0, 0))
DEFINE_FUNCTION (gelu_slope, 0.5 * (1.0 + erf (x * G_SQRT2 / 2.0)) + x * exp (-0.5 * x * x) / sqrt (2.0 * G_PI))
DEFINE_FUNCTION (gelu_tanh_slope,
                 0.5 * (1.0 + tanh (sqrt (2.0 / G_PI) * (x + 0.044715 * x * x * x)))
                   + 0.5 * x * f_tanh_slope (sqrt (2.0 / G_PI) * (x + 0.044715 * x * x * x), 0, 0)
                       * sqrt (2.0 / G_PI) * (1.0 + 0.134145 * x * x))
DEFINE_FUNCTION (leaky_relu_slope, x < 0 ? a : 1.0)
DEFINE_FUNCTION (elu_slope, x < 0 ? a * exp (x) : 1.0)
DEFINE_FUNCTION (selu_slope, x > 0 ? b : b * a * exp (x))
DEFINE_FUNCTION (celu_slope, x < 0 ? exp (x / a) : 1.0)
DEFINE_FUNCTION (hard_sigmoid_slope, a *x + b > 0 && a * x + b < 1 ? a : 0.0)
DEFINE_FUNCTION (thresholded_relu_slope, x > a ? 1.0 : 0.0)
DEFINE_FUNCTION (shrink_slope, x < -a || x > a ? 1.0 : 0.0)

static const struct {
  const char *op_type;
  Function function, slope; /* nothing flows back without a slope */
  const char *a, *b; /* attributes */
  double default_a, default_b;
} functions[] = {
  { "Sqrt", f_sqrt, f_sqrt_slope },
  { "Exp", f_exp, f_exp },
  { "Log", f_log, f_log_slope },
  { "Reciprocal", f_reciprocal, f_reciprocal_slope },
  { "Floor", f_floor },
  { "Ceil", f_ceil },
  { "Round", f_round },
  { "Sin", f_sin, f_cos },
  { "Cos", f_cos, f_cos_slope },
  { "Tan", f_tan, f_tan_slope },
  { "Asin", f_asin, f_asin_slope },
  { "Acos", f_acos, f_acos_slope },
  { "Atan", f_atan, f_atan_slope },
  { "Sinh", f_sinh, f_cosh },
  { "Cosh", f_cosh, f_sinh },
  { "Tanh", f_tanh, f_tanh_slope },
  { "Asinh", f_asinh, f_asinh_slope },
  { "Acosh", f_acosh, f_acosh_slope },
  { "Atanh", f_atanh, f_atanh_slope },
  { "Erf", f_erf, f_erf_slope },
  { "Sigmoid", f_sigmoid, f_sigmoid_slope },
  { "Softplus", f_softplus, f_sigmoid },
  { "Softsign", f_softsign, f_softsign_slope },
  { "HardSwish", f_hard_swish, f_hard_swish_slope },
  { "Mish", f_mish, f_mish_slope },
  { "Gelu", f_gelu, f_gelu_slope },
  { "LeakyRelu", f_leaky_relu, f_leaky_relu_slope, "alpha", NULL, 0.01 },
  { "Elu", f_elu, f_elu_slope, "alpha", NULL, 1.0 },
  { "Selu", f_selu, f_selu_slope, "alpha", "gamma", 1.67326319217681884765625, 1.05070102214813232421875 },
  { "Celu", f_celu, f_celu_slope, "alpha", NULL, 1.0 },
  { "HardSigmoid", f_hard_sigmoid, f_hard_sigmoid_slope, "alpha", "beta", 0.2, 0.5 },
  { "ThresholdedRelu", f_thresholded_relu, f_thresholded_relu_slope, "alpha", NULL, 1.0 },
  { "Shrink", f_shrink, f_shrink_slope, "lambd", "bias", 0.5, 0.0 },
};

static double
parameter (const FoveaOpContext *ctx, const char *name, double fallback)
{
  if (name == NULL || fovea_node_attr (ctx->node, name) == NULL)
    return fallback;
  return (double) fovea_node_float (ctx->node, name, (float) fallback);
}

static void
apply (const FoveaTensor *x, FoveaTensor *y, Function function, double a, double b)
{
  for (gsize i = 0; i < y->n_elements; i++)
    if (y->dtype == FOVEA_DTYPE_F64)
      FOVEA_TENSOR_DATA (y, double)[i] = function (FOVEA_TENSOR_DATA (x, double)[i], a, b);
    else
      FOVEA_TENSOR_DATA (y, float)[i] = (float) function ((double) FOVEA_TENSOR_DATA (x, float)[i], a, b);
}

static gboolean
run_function (FoveaOpContext *ctx, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (functions); i++)
    if (strcmp (functions[i].op_type, ctx->node->op->name) == 0)
      {
        Function function = functions[i].function;

        if (function == f_gelu && strcmp (fovea_node_string (ctx->node, "approximate", "none"), "tanh") == 0)
          function = f_gelu_tanh;
        apply (ctx->in[0], ctx->out[0], function, parameter (ctx, functions[i].a, functions[i].default_a),
               parameter (ctx, functions[i].b, functions[i].default_b));
        return TRUE;
      }
  g_assert_not_reached ();
}

/* Shrink and Erf are said to take integers too. */
static gboolean
run_function_any (FoveaOpContext *ctx, GError **error)
{
  FoveaOpContext wide = *ctx;
  FoveaTensor *in, *out;
  gboolean ok = FALSE;

  if (ctx->in[0]->dtype == FOVEA_DTYPE_F32 || ctx->in[0]->dtype == FOVEA_DTYPE_F64)
    return run_function (ctx, error);
  in = fovea_tensor_convert (ctx->in[0], FOVEA_DTYPE_F64, error);
  out = in != NULL ? fovea_tensor_new (FOVEA_DTYPE_F64, &in->shape, error) : NULL;
  if (out != NULL)
    {
      FoveaTensor *result;

      wide.in = &in;
      wide.out = &out;
      run_function (&wide, error);
      result = fovea_tensor_convert (out, ctx->out[0]->dtype, error);
      ok = result != NULL;
      if (ok)
        fovea_op_take (ctx, 0, result);
      fovea_tensor_unref (out);
    }
  if (in != NULL)
    fovea_tensor_unref (in);
  return ok;
}

/* --- Gradients
 * ------------------------------------------------------------------------------------------------------- */

static void
differentiate (const FoveaGradientContext *ctx, Function slope, double a, double b)
{
  double *d_x = fovea_gradient_of (ctx, 0);

  for (gsize i = 0; d_x != NULL && i < ctx->op.in[0]->n_elements; i++)
    d_x[i] += fovea_tensor_real (ctx->d_out[0], i) * slope (fovea_tensor_real (ctx->op.in[0], i), a, b);
}

static gboolean
gradient_of_function (const FoveaGradientContext *ctx, GError **error)
{
  const FoveaOpContext *op = &ctx->op;

  for (gsize i = 0; i < G_N_ELEMENTS (functions); i++)
    if (strcmp (functions[i].op_type, op->node->op->name) == 0 && functions[i].slope != NULL)
      {
        Function slope = functions[i].slope;

        if (slope == f_gelu_slope && strcmp (fovea_node_string (op->node, "approximate", "none"), "tanh") == 0)
          slope = f_gelu_tanh_slope;
        differentiate (ctx, slope, parameter (op, functions[i].a, functions[i].default_a),
                       parameter (op, functions[i].b, functions[i].default_b));
      }
  return TRUE;
}

DEFINE_FUNCTION (neg_slope, -1.0)
DEFINE_FUNCTION (abs_slope, (x > 0) - (x < 0))
DEFINE_FUNCTION (relu_slope, x > 0)
DEFINE_FUNCTION (clip_slope, x > a && x < b)

static gboolean
gradient_of_neg (const FoveaGradientContext *ctx, GError **error)
{
  differentiate (ctx, f_neg_slope, 0, 0);
  return TRUE;
}

static gboolean
gradient_of_abs (const FoveaGradientContext *ctx, GError **error)
{
  differentiate (ctx, f_abs_slope, 0, 0);
  return TRUE;
}

static gboolean
gradient_of_relu (const FoveaGradientContext *ctx, GError **error)
{
  differentiate (ctx, f_relu_slope, 0, 0);
  return TRUE;
}

static gboolean
gradient_of_clip (const FoveaGradientContext *ctx, GError **error)
{
  const FoveaTensor *low = fovea_op_in (&ctx->op, 1), *high = fovea_op_in (&ctx->op, 2);
  double bottom = (double) fovea_node_float (ctx->op.node, "min", -INFINITY);
  double top = (double) fovea_node_float (ctx->op.node, "max", INFINITY);

  differentiate (ctx, f_clip_slope, low != NULL ? fovea_tensor_real (low, 0) : bottom,
                 high != NULL ? fovea_tensor_real (high, 0) : top);
  return TRUE;
}

#define HALF FOVEA_OP_WIDEN_HALF
#define FUNCTION(NAME, SINCE) { NAME, SINCE, 0, 1, 1, 1, 1, infer_float, run_function, HALF, gradient_of_function }

const FoveaOp fovea_ops_unary[] = {
  { "Neg", 6, 0, 1, 1, 1, 1, infer_same, run_neg, HALF, gradient_of_neg },
  { "Abs", 6, 0, 1, 1, 1, 1, infer_same, run_abs, HALF, gradient_of_abs },
  { "Sign", 9, 0, 1, 1, 1, 1, infer_same, run_sign, HALF, gradient_of_function },
  { "Relu", 6, 0, 1, 1, 1, 1, infer_same, run_relu, HALF, gradient_of_relu },
  { "Clip", 6, 10, 1, 1, 1, 1, infer_float, run_clip_by_attributes, HALF, gradient_of_clip },
  { "Clip", 11, 0, 1, 3, 1, 1, infer_clip, run_clip, HALF, gradient_of_clip },
  { "Erf", 9, 0, 1, 1, 1, 1, infer_same, run_function_any, HALF, gradient_of_function },
  { "Shrink", 9, 0, 1, 1, 1, 1, infer_same, run_function_any, HALF, gradient_of_function },
  FUNCTION ("Sqrt", 6),
  FUNCTION ("Exp", 6),
  FUNCTION ("Log", 6),
  FUNCTION ("Reciprocal", 6),
  FUNCTION ("Floor", 6),
  FUNCTION ("Ceil", 6),
  FUNCTION ("Round", 11),
  FUNCTION ("Sin", 7),
  FUNCTION ("Cos", 7),
  FUNCTION ("Tan", 7),
  FUNCTION ("Asin", 7),
  FUNCTION ("Acos", 7),
  FUNCTION ("Atan", 7),
  FUNCTION ("Sinh", 9),
  FUNCTION ("Cosh", 9),
  FUNCTION ("Tanh", 6),
  FUNCTION ("Asinh", 9),
  FUNCTION ("Acosh", 9),
  FUNCTION ("Atanh", 9),
  FUNCTION ("Sigmoid", 6),
  FUNCTION ("Softplus", 1),
  FUNCTION ("Softsign", 1),
  FUNCTION ("HardSwish", 14),
  FUNCTION ("Mish", 18),
  FUNCTION ("Gelu", 20),
  FUNCTION ("LeakyRelu", 6),
  FUNCTION ("Elu", 6),
  FUNCTION ("Selu", 6),
  FUNCTION ("Celu", 12),
  FUNCTION ("HardSigmoid", 6),
  FUNCTION ("ThresholdedRelu", 10),
  { NULL },
};
