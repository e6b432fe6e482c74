/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "nn/ops/families.h"
#include "nn/ops/gradient.h"

/* Operators of two or more broadcast inputs with an output of the same type: Add Sub Mul Div Mod Pow Min Max Sum Mean
 * BitShift PRelu. Integers wrap; an integer divided by 0 is 0, as nothing else is said and a trap will not do. */

typedef void (*BinaryLoop) (const FoveaTensor *a, const FoveaTensor *b, FoveaTensor *y);

/* One case a type: EXPRESSION of @a and @b, both of TYPE. */
#define LOOP(DTYPE, TYPE, EXPRESSION)                                                                             \
  case FOVEA_DTYPE_##DTYPE:                                                                                       \
    {                                                                                                             \
      const TYPE *pa = ta->data, *pb = tb->data;                                                                  \
      TYPE *py = y->data;                                                                                         \
      FoveaBroadcast it;                                                                                          \
                                                                                                                  \
      for (fovea_broadcast_init (&it, &y->shape, 2, &ta->shape, &tb->shape); it.more; fovea_broadcast_next (&it)) \
        for (gint64 j = 0; j < it.inner; j++)                                                                     \
          {                                                                                                       \
            TYPE a = pa[it.offset[0] + j * it.step[0]], b = pb[it.offset[1] + j * it.step[1]];                    \
                                                                                                                  \
            py[it.out + j] = (TYPE) (EXPRESSION);                                                                 \
          }                                                                                                       \
      break;                                                                                                      \
    }

/* Defines loop_NAME and run_NAME; infer has seen to it that the type is among the CASES. With more than two inputs the
 * operation is folded from the left. */
#define DEFINE_BINARY(NAME, CASES)                                                                                \
  static void loop_##NAME (const FoveaTensor *ta, const FoveaTensor *tb, FoveaTensor *y)                          \
  {                                                                                                               \
    switch ((int) y->dtype)                                                                                       \
      {                                                                                                           \
      CASES                                                                                                       \
      default:                                                                                                    \
        g_assert_not_reached ();                                                                                  \
      }                                                                                                           \
  }                                                                                                               \
  static gboolean run_##NAME (FoveaOpContext *ctx, GError **error)                                                \
  {                                                                                                               \
    return fold (ctx, loop_##NAME, error);                                                                        \
  }

static gboolean
fold (FoveaOpContext *ctx, BinaryLoop loop, GError **error)
{
  FoveaTensor *y = ctx->out[0];

  if (ctx->n_in == 1)
    {
      memcpy (y->data, ctx->in[0]->data, fovea_tensor_n_bytes (y));
      return TRUE;
    }
  loop (ctx->in[0], ctx->in[1], y);
  for (guint i = 2; i < ctx->n_in; i++)
    loop (y, ctx->in[i], y);
  return TRUE;
}

/* --- Shape rules ------------------------------------------------------------------------------------------------- */

static FoveaInferResult
infer_typed (FoveaOpContext *ctx, gboolean (*allowed) (FoveaDType), GError **error)
{
  FoveaShape shape = ctx->in[0]->shape;
  FoveaDType dtype = ctx->in[0]->dtype;

  if (!allowed (dtype))
    return fovea_op_refuse_dtype (error, 0, dtype);
  for (guint i = 1; i < ctx->n_in; i++)
    {
      if (ctx->in[i] == NULL)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "input %u is left out and is not optional", i);
      if (ctx->in[i]->dtype != dtype)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_TYPE, "input 0 is %s, input %u is %s", fovea_dtype_name (dtype),
                                i, fovea_dtype_name (ctx->in[i]->dtype));
      if (!fovea_broadcast_shapes (&shape, &ctx->in[i]->shape, &shape, error))
        return FOVEA_INFER_ERROR;
    }
  fovea_op_declare (ctx, 0, dtype, &shape);
  return FOVEA_INFER_OK;
}

static gboolean
is_number (FoveaDType dtype)
{
  return dtype != FOVEA_DTYPE_BOOL;
}

static gboolean
is_unsigned (FoveaDType dtype)
{
  return dtype >= FOVEA_DTYPE_U64 && dtype <= FOVEA_DTYPE_U8;
}

static FoveaInferResult
infer_numbers (FoveaOpContext *ctx, GError **error)
{
  return infer_typed (ctx, is_number, error);
}

static FoveaInferResult
infer_floats (FoveaOpContext *ctx, GError **error)
{
  return infer_typed (ctx, fovea_dtype_is_float, error);
}

/* --- Add, Sub, Mul, Div ------------------------------------------------------------------------------------------ */

#define ADD_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, a + b)
#define SUB_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, a - b)
#define MUL_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, a * b)
#define DIV_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, a / b)
/* Through guint64, where overflow is defined; the low bits are the same for every integer type. */
#define ADD_INT(DTYPE, TYPE) LOOP (DTYPE, TYPE, (guint64) a + (guint64) b)
#define SUB_INT(DTYPE, TYPE) LOOP (DTYPE, TYPE, (guint64) a - (guint64) b)
#define MUL_INT(DTYPE, TYPE) LOOP (DTYPE, TYPE, (guint64) a *(guint64) b)
#define DIV_SIGNED(DTYPE, TYPE) LOOP (DTYPE, TYPE, b == 0 ? 0 : b == -1 ? (TYPE) (0 - (guint64) a) : a / b)
#define DIV_UNSIGNED(DTYPE, TYPE) LOOP (DTYPE, TYPE, b == 0 ? 0 : a / b)

DEFINE_BINARY (add, FOVEA_FOR_FLOATS (ADD_FLOAT) FOVEA_FOR_INTEGERS (ADD_INT))
DEFINE_BINARY (sub, FOVEA_FOR_FLOATS (SUB_FLOAT) FOVEA_FOR_INTEGERS (SUB_INT))
DEFINE_BINARY (mul, FOVEA_FOR_FLOATS (MUL_FLOAT) FOVEA_FOR_INTEGERS (MUL_INT))
DEFINE_BINARY (div, FOVEA_FOR_FLOATS (DIV_FLOAT) FOVEA_FOR_SIGNED (DIV_SIGNED) FOVEA_FOR_UNSIGNED (DIV_UNSIGNED))

/* --- Min, Max, Sum, Mean ----------------------------------------------------------------------------------------- */

/* A NaN on either side is the result, as in numpy. */
#define MIN_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, a < b || isnan (a) ? a : b)
#define MAX_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, a > b || isnan (a) ? a : b)
#define MIN_INT(DTYPE, TYPE) LOOP (DTYPE, TYPE, a < b ? a : b)
#define MAX_INT(DTYPE, TYPE) LOOP (DTYPE, TYPE, a > b ? a : b)

DEFINE_BINARY (min, FOVEA_FOR_FLOATS (MIN_FLOAT) FOVEA_FOR_INTEGERS (MIN_INT))
DEFINE_BINARY (max, FOVEA_FOR_FLOATS (MAX_FLOAT) FOVEA_FOR_INTEGERS (MAX_INT))

static gboolean
run_mean (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];

  fold (ctx, loop_add, error);
  for (gsize i = 0; i < y->n_elements; i++)
    if (y->dtype == FOVEA_DTYPE_F64)
      FOVEA_TENSOR_DATA (y, double)[i] /= ctx->n_in;
    else
      FOVEA_TENSOR_DATA (y, float)[i] /= (float) ctx->n_in;
  return TRUE;
}

/* --- Mod --------------------------------------------------------------------------------------------------------- */

/* fmod = 1: the sign of the dividend, as in C; otherwise, for integers only, the sign of the divisor, as in Python. */
#define FMOD_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, fmod ((double) a, (double) b))
#define FMOD_SIGNED(DTYPE, TYPE) LOOP (DTYPE, TYPE, b == 0 || b == -1 ? 0 : a % b)
#define FMOD_UNSIGNED(DTYPE, TYPE) LOOP (DTYPE, TYPE, b == 0 ? 0 : a % b)
#define MOD_SIGNED(DTYPE, TYPE)                                                                                   \
  LOOP (DTYPE, TYPE, b == 0 || b == -1 ? 0 : a % b != 0 && (a % b < 0) != (b < 0) ? a % b + b : a % b)

DEFINE_BINARY (fmod, FOVEA_FOR_FLOATS (FMOD_FLOAT) FOVEA_FOR_SIGNED (FMOD_SIGNED) FOVEA_FOR_UNSIGNED (FMOD_UNSIGNED))
DEFINE_BINARY (mod, FOVEA_FOR_SIGNED (MOD_SIGNED) FOVEA_FOR_UNSIGNED (FMOD_UNSIGNED))

static FoveaInferResult
infer_mod (FoveaOpContext *ctx, GError **error)
{
  if (fovea_node_int (ctx->node, "fmod", 0) == 0 && fovea_dtype_is_float (ctx->in[0]->dtype))
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "floats need the attribute fmod = 1");
  return infer_numbers (ctx, error);
}

static gboolean
run_mod_or_fmod (FoveaOpContext *ctx, GError **error)
{
  return fovea_node_int (ctx->node, "fmod", 0) != 0 ? run_fmod (ctx, error) : run_mod (ctx, error);
}

/* --- Pow --------------------------------------------------------------------------------------------------------- */

/* By squaring, wrapping; a negative exponent leaves 0 but for ±1. */
static guint64
power_int (gint64 base, gint64 exponent)
{
  guint64 result = 1, square = (guint64) base;

  if (exponent < 0)
    return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : (guint64) -1) : 0;
  for (; exponent > 0; exponent >>= 1)
    {
      if (exponent & 1)
        result *= square;
      square *= square;
    }
  return result;
}

#define POW_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, pow ((double) a, (double) b))
#define POW_INT(DTYPE, TYPE) LOOP (DTYPE, TYPE, power_int ((gint64) a, (gint64) b))

DEFINE_BINARY (pow, FOVEA_FOR_FLOATS (POW_FLOAT) FOVEA_FOR_INTEGERS (POW_INT))

static FoveaInferResult
infer_pow (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape;

  for (guint i = 0; i < 2; i++)
    if (ctx->in[i]->dtype == FOVEA_DTYPE_BOOL)
      return fovea_op_refuse_dtype (error, i, FOVEA_DTYPE_BOOL);
  if (!fovea_broadcast_shapes (&ctx->in[0]->shape, &ctx->in[1]->shape, &shape, error))
    return FOVEA_INFER_ERROR;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return FOVEA_INFER_OK;
}

/* The two types may differ: both are brought to the one that loses less, the result to that of the base. */
static gboolean
run_pow_mixed (FoveaOpContext *ctx, GError **error)
{
  gboolean ints = fovea_dtype_is_integer (ctx->in[0]->dtype) && fovea_dtype_is_integer (ctx->in[1]->dtype);
  FoveaDType wide = ints ? FOVEA_DTYPE_I64 : FOVEA_DTYPE_F64;
  g_autoptr (FoveaTensor) a = NULL, b = NULL, y = NULL;
  FoveaTensor *result;

  if (ctx->in[0]->dtype == ctx->in[1]->dtype)
    return run_pow (ctx, error);
  a = fovea_tensor_convert (ctx->in[0], wide, error);
  b = a != NULL ? fovea_tensor_convert (ctx->in[1], wide, error) : NULL;
  y = b != NULL ? fovea_tensor_new (wide, &ctx->out[0]->shape, error) : NULL;
  if (y == NULL)
    return FALSE;
  loop_pow (a, b, y);
  result = fovea_tensor_convert (y, ctx->out[0]->dtype, error);
  if (result == NULL)
    return FALSE;
  fovea_op_take (ctx, 0, result);
  return TRUE;
}

/* --- BitShift, PRelu --------------------------------------------------------------------------------------------- */

#define SHIFT_LEFT(DTYPE, TYPE) LOOP (DTYPE, TYPE, b >= 8 * sizeof (TYPE) ? 0 : (guint64) a << b)
#define SHIFT_RIGHT(DTYPE, TYPE) LOOP (DTYPE, TYPE, b >= 8 * sizeof (TYPE) ? 0 : a >> b)

DEFINE_BINARY (shift_left, FOVEA_FOR_UNSIGNED (SHIFT_LEFT))
DEFINE_BINARY (shift_right, FOVEA_FOR_UNSIGNED (SHIFT_RIGHT))

static FoveaInferResult
infer_shift (FoveaOpContext *ctx, GError **error)
{
  const char *direction = fovea_node_string (ctx->node, "direction", "");

  if (!g_str_equal (direction, "LEFT") && !g_str_equal (direction, "RIGHT"))
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "direction is “%s” instead of LEFT or RIGHT", direction);
  return infer_typed (ctx, is_unsigned, error);
}

static gboolean
run_shift (FoveaOpContext *ctx, GError **error)
{
  if (g_str_equal (fovea_node_string (ctx->node, "direction", ""), "LEFT"))
    return run_shift_left (ctx, error);
  return run_shift_right (ctx, error);
}

#define PRELU_FLOAT(DTYPE, TYPE) LOOP (DTYPE, TYPE, a < 0 ? a * b : a)
#define PRELU_SIGNED(DTYPE, TYPE) LOOP (DTYPE, TYPE, a < 0 ? (guint64) a *(guint64) b : (guint64) a)
#define PRELU_UNSIGNED(DTYPE, TYPE) LOOP (DTYPE, TYPE, ((void) b, a))

DEFINE_BINARY (prelu, FOVEA_FOR_FLOATS (PRELU_FLOAT) FOVEA_FOR_SIGNED (PRELU_SIGNED) FOVEA_FOR_UNSIGNED (PRELU_UNSIGNED))

/* The slope broadcasts to the input, never the other way round. */
static FoveaInferResult
infer_prelu (FoveaOpContext *ctx, GError **error)
{
  FoveaInferResult result = infer_numbers (ctx, error);

  if (result == FOVEA_INFER_OK && ctx->out[0] != NULL && !fovea_shape_equal (&ctx->out[0]->shape, &ctx->in[0]->shape))
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "the slope is larger than the input");
  return result;
}

/* --- Gradients
 * ------------------------------------------------------------------------------------------------------- */

/* ∂y/∂a or ∂y/∂b at one element, of y = f (a, b) */
typedef double (*Slope) (double a, double b, double y);

#define DEFINE_SLOPE(NAME, EXPRESSION)                                                                            \
  static double slope_##NAME (double a, double b, double y)                                                       \
  {                                                                                                               \
    return EXPRESSION;                                                                                            \
  }

DEFINE_SLOPE (one, 1.0)
DEFINE_SLOPE (minus_one, -1.0)
DEFINE_SLOPE (mul_a, b)
DEFINE_SLOPE (mul_b, a)
DEFINE_SLOPE (div_a, 1.0 / b)
DEFINE_SLOPE (div_b, -y / b)
DEFINE_SLOPE (pow_a, b == 0 ? 0.0 : b *pow (a, b - 1.0))
DEFINE_SLOPE (pow_b, a > 0 ? y *log (a) : 0.0)
DEFINE_SLOPE (prelu_a, a < 0 ? b : 1.0)
DEFINE_SLOPE (prelu_b, a < 0 ? a : 0.0)

/* Sums over what the operand was spread over. */
static void
differentiate_operand (const FoveaGradientContext *ctx, guint i, Slope slope)
{
  const FoveaTensor *a = ctx->op.in[0], *b = ctx->op.in[1], *y = ctx->op.out[0];
  double *d = fovea_gradient_of (ctx, i);
  FoveaBroadcast it;

  if (d == NULL)
    return;
  for (fovea_broadcast_init (&it, &y->shape, 2, &a->shape, &b->shape); it.more; fovea_broadcast_next (&it))
    for (gint64 j = 0; j < it.inner; j++)
      {
        gsize at_a = (gsize) (it.offset[0] + j * it.step[0]), at_b = (gsize) (it.offset[1] + j * it.step[1]);
        gsize at = (gsize) (it.out + j);

        d[i == 0 ? at_a : at_b]
          += fovea_tensor_real (ctx->d_out[0], at)
             * slope (fovea_tensor_real (a, at_a), fovea_tensor_real (b, at_b), fovea_tensor_real (y, at));
      }
}

#define DEFINE_GRADIENT(NAME, SLOPE_A, SLOPE_B)                                                                   \
  static gboolean gradient_of_##NAME (const FoveaGradientContext *ctx, GError **error)                            \
  {                                                                                                               \
    differentiate_operand (ctx, 0, slope_##SLOPE_A);                                                              \
    differentiate_operand (ctx, 1, slope_##SLOPE_B);                                                              \
    return TRUE;                                                                                                  \
  }

DEFINE_GRADIENT (add, one, one)
DEFINE_GRADIENT (sub, one, minus_one)
DEFINE_GRADIENT (mul, mul_a, mul_b)
DEFINE_GRADIENT (div, div_a, div_b)
DEFINE_GRADIENT (prelu, prelu_a, prelu_b)

static gboolean
gradient_of_pow (const FoveaGradientContext *ctx, GError **error)
{
  if (!fovea_dtype_is_float (ctx->op.in[1]->dtype))
    return fovea_op_fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "has a gradient only for exponents that are floats");
  differentiate_operand (ctx, 0, slope_pow_a);
  differentiate_operand (ctx, 1, slope_pow_b);
  return TRUE;
}

/* Sum and Mean give every input its share; Min and Max give all to the inputs that have the value of the output, in
 * equal shares. */
static gboolean
gradient_of_many (const FoveaGradientContext *ctx, gboolean chooses, double share)
{
  const FoveaTensor *y = ctx->op.out[0];
  g_autofree guint *winners = g_new0 (guint, y->n_elements);
  FoveaBroadcast it;

  for (int pass = chooses ? 0 : 1; pass < 2; pass++)
    for (guint i = 0; i < ctx->op.n_in; i++)
      for (fovea_broadcast_init (&it, &y->shape, 1, &ctx->op.in[i]->shape); it.more; fovea_broadcast_next (&it))
        for (gint64 j = 0; j < it.inner; j++)
          {
            gsize at = (gsize) (it.out + j), from = (gsize) (it.offset[0] + j * it.step[0]);
            double *d = fovea_gradient_of (ctx, i);

            if (chooses && fovea_tensor_real (ctx->op.in[i], from) != fovea_tensor_real (y, at))
              continue;
            if (pass == 0)
              winners[at]++;
            else if (d != NULL)
              d[from] += fovea_tensor_real (ctx->d_out[0], at) * (chooses ? 1.0 / winners[at] : share);
          }
  return TRUE;
}

static gboolean
gradient_of_extreme (const FoveaGradientContext *ctx, GError **error)
{
  return gradient_of_many (ctx, TRUE, 1);
}

static gboolean
gradient_of_sum (const FoveaGradientContext *ctx, GError **error)
{
  return gradient_of_many (ctx, FALSE, 1);
}

static gboolean
gradient_of_mean (const FoveaGradientContext *ctx, GError **error)
{
  return gradient_of_many (ctx, FALSE, 1.0 / ctx->op.n_in);
}

#define HALF FOVEA_OP_WIDEN_HALF

const FoveaOp fovea_ops_arithmetic[] = {
  { "Add", 7, 0, 2, 2, 1, 1, infer_numbers, run_add, HALF, gradient_of_add },
  { "Sub", 7, 0, 2, 2, 1, 1, infer_numbers, run_sub, HALF, gradient_of_sub },
  { "Mul", 7, 0, 2, 2, 1, 1, infer_numbers, run_mul, HALF, gradient_of_mul },
  { "Div", 7, 0, 2, 2, 1, 1, infer_numbers, run_div, HALF, gradient_of_div },
  { "Pow", 7, 0, 2, 2, 1, 1, infer_pow, run_pow_mixed, HALF, gradient_of_pow },
  { "Mod", 10, 0, 2, 2, 1, 1, infer_mod, run_mod_or_fmod, HALF },
  { "Min", 6, 0, 1, G_MAXUINT, 1, 1, infer_numbers, run_min, HALF, gradient_of_extreme },
  { "Max", 6, 0, 1, G_MAXUINT, 1, 1, infer_numbers, run_max, HALF, gradient_of_extreme },
  { "Sum", 6, 0, 1, G_MAXUINT, 1, 1, infer_floats, run_add, HALF, gradient_of_sum },
  { "Mean", 6, 0, 1, G_MAXUINT, 1, 1, infer_floats, run_mean, HALF, gradient_of_mean },
  { "BitShift", 11, 0, 2, 2, 1, 1, infer_shift, run_shift },
  { "PRelu", 7, 0, 2, 2, 1, 1, infer_prelu, run_prelu, HALF, gradient_of_prelu },
  { NULL },
};
