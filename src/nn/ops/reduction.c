/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include <math.h>

#include "nn/ops/gradient.h"

/* ReduceSum, Mean, Max, Min, Prod, L1, L2, SumSquare, LogSum, LogSumExp; ArgMax, ArgMin; CumSum.
 *
 * Values are taken as f64 or i64, whatever the tensor's type, and the results narrowed again: floating sums are better
 * than in f32, integer sums wrap. Over no values a sum is 0, a product 1, a maximum the lowest value of the type. */

typedef enum {
  REDUCE_SUM,
  REDUCE_PROD,
  REDUCE_MAX,
  REDUCE_MIN,
  REDUCE_L1,
  REDUCE_SUM_SQUARE,
  REDUCE_EXACT_ = REDUCE_SUM_SQUARE, /* up to here integers are reduced as integers */
  REDUCE_MEAN,
  REDUCE_L2,
  REDUCE_LOG_SUM,
  REDUCE_LOG_SUM_EXP
} ReduceKind;

static ReduceKind
reduce_kind (const FoveaOpContext *ctx)
{
  static const struct {
    const char *name;
    ReduceKind kind;
  } kinds[] = { { "ReduceSum", REDUCE_SUM },         { "ReduceProd", REDUCE_PROD },
                { "ReduceMax", REDUCE_MAX },         { "ReduceMin", REDUCE_MIN },
                { "ReduceL1", REDUCE_L1 },           { "ReduceSumSquare", REDUCE_SUM_SQUARE },
                { "ReduceMean", REDUCE_MEAN },       { "ReduceL2", REDUCE_L2 },
                { "ReduceLogSum", REDUCE_LOG_SUM },  { "ReduceLogSumExp", REDUCE_LOG_SUM_EXP } };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (ctx->node->op_type, kinds[i].name) == 0)
      return kinds[i].kind;
  g_assert_not_reached ();
}

#define DTYPES_REDUCE \
  (FOVEA_DTYPES_REAL | (FOVEA_DTYPES_NUMBER & ~FOVEA_DTYPE_BIT (FOVEA_DTYPE_U64)) | FOVEA_DTYPE_BIT (FOVEA_DTYPE_BOOL))

/* The type in which values of @dtype are worked with. */
static FoveaDType
working_type (FoveaDType dtype)
{
  return dtype == FOVEA_DTYPE_F32 || dtype == FOVEA_DTYPE_F64 ? FOVEA_DTYPE_F64 : FOVEA_DTYPE_I64;
}

/* The axes, an attribute until opset 17 (ReduceSum: 12) and an input after that. *ret_noop: none given, and the node
 * says that the input is passed on then. */
static FoveaInferResult
reduce_axes (const FoveaOpContext *ctx, gboolean *ret_reduced, gboolean *ret_noop, GError **error)
{
  int rank = ctx->in[0]->shape.rank;
  gint64 axes[FOVEA_MAX_RANK];
  gboolean given = FALSE;
  gsize n = 0;
  FoveaInferResult result = fovea_op_ints (ctx, 1, "axes", axes, FOVEA_MAX_RANK, &n, &given, error);

  if (result != FOVEA_INFER_OK)
    return result;
  *ret_noop = n == 0 && fovea_node_int (ctx->node, "noop_with_empty_axes", 0) != 0;
  if (!fovea_op_axes (axes, n, rank, ret_reduced, error))
    return FOVEA_INFER_ERROR;
  for (int i = 0; i < rank && n == 0; i++)
    ret_reduced[i] = !*ret_noop;
  return FOVEA_INFER_OK;
}

static void
reduced_shape (const FoveaShape *x, const gboolean *reduced, gboolean keep, FoveaShape *ret)
{
  FoveaShape shape = { 0 };

  for (int i = 0; i < x->rank; i++)
    if (!reduced[i] || keep)
      shape.dim[shape.rank++] = reduced[i] ? 1 : x->dim[i];
  *ret = shape;
}

static FoveaInferResult
reduce_infer (FoveaOpContext *ctx, GError **error)
{
  gboolean reduced[FOVEA_MAX_RANK], noop;
  FoveaInferResult result;
  FoveaShape shape;

  if (!fovea_op_check_in (ctx, 0, DTYPES_REDUCE, error))
    return FOVEA_INFER_ERROR;
  result = reduce_axes (ctx, reduced, &noop, error);
  if (result != FOVEA_INFER_OK)
    return result;
  reduced_shape (&ctx->in[0]->shape, reduced, fovea_node_int (ctx->node, "keepdims", 1) != 0, &shape);
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return FOVEA_INFER_OK;
}

/* The value that a maximum (@sign 1) or minimum (−1) over nothing has in @dtype, as i64. */
static gint64
integer_bound (FoveaDType dtype, int sign)
{
  int bits = 8 * (int) fovea_dtype_size (dtype);

  switch ((int) dtype)
    {
    case FOVEA_DTYPE_BOOL:
      return sign > 0 ? 0 : 1;
    case FOVEA_DTYPE_U8:
    case FOVEA_DTYPE_U16:
    case FOVEA_DTYPE_U32:
      return sign > 0 ? 0 : ((gint64) 1 << bits) - 1;
    case FOVEA_DTYPE_I64:
      return sign > 0 ? G_MININT64 : G_MAXINT64;
    default:
      return sign > 0 ? -((gint64) 1 << (bits - 1)) : ((gint64) 1 << (bits - 1)) - 1;
    }
}

static void
start_accumulators (ReduceKind kind, FoveaDType dtype, FoveaTensor *acc)
{
  int sign = kind == REDUCE_MAX || kind == REDUCE_LOG_SUM_EXP ? 1 : -1;

  if (kind != REDUCE_MAX && kind != REDUCE_MIN && kind != REDUCE_PROD && kind != REDUCE_LOG_SUM_EXP)
    return; /* 0 */
  for (gsize i = 0; i < acc->n_elements; i++)
    if (acc->dtype == FOVEA_DTYPE_F64)
      FOVEA_TENSOR_DATA (acc, double)[i] = kind == REDUCE_PROD ? 1 : (double) (-sign * INFINITY);
    else
      FOVEA_TENSOR_DATA (acc, gint64)[i] = kind == REDUCE_PROD ? 1 : integer_bound (dtype, sign);
}

static double
accumulate_real (ReduceKind kind, double acc, double value)
{
  switch (kind)
    {
    case REDUCE_PROD:
      return acc * value;
    case REDUCE_MAX:
    case REDUCE_LOG_SUM_EXP: /* first pass; the second sums */
      return value > acc || isnan (value) ? value : acc;
    case REDUCE_MIN:
      return value < acc || isnan (value) ? value : acc;
    case REDUCE_L1:
      return acc + fabs (value);
    case REDUCE_SUM_SQUARE:
    case REDUCE_L2:
      return acc + value * value;
    case REDUCE_SUM:
    case REDUCE_MEAN:
    case REDUCE_LOG_SUM:
    default:
      return acc + value;
    }
}

static gint64
accumulate_integer (ReduceKind kind, gint64 acc, gint64 value)
{
  guint64 a = (guint64) acc, v = (guint64) value; /* wrap */

  switch ((int) kind)
    {
    case REDUCE_PROD:
      return (gint64) (a * v);
    case REDUCE_MAX:
      return MAX (acc, value);
    case REDUCE_MIN:
      return MIN (acc, value);
    case REDUCE_L1:
      return (gint64) (value < 0 ? a - v : a + v);
    case REDUCE_SUM_SQUARE:
      return (gint64) (a + v * v);
    default:
      return (gint64) (a + v);
    }
}

static double
finish_real (ReduceKind kind, double acc, double n)
{
  switch ((int) kind)
    {
    case REDUCE_MEAN:
      return acc / n;
    case REDUCE_L2:
      return sqrt (acc);
    case REDUCE_LOG_SUM:
      return log (acc);
    default:
      return acc;
    }
}

/* log Σ exp x = m + log Σ exp (x − m); @max holds m on entry. An infinite m is the answer. */
static gboolean
log_sum_exp (const FoveaTensor *x, const FoveaShape *kept, FoveaTensor *max, GError **error)
{
  g_autoptr (FoveaTensor) sums = fovea_tensor_new (FOVEA_DTYPE_F64, kept, error);
  double *m = max->data, *sum;
  FoveaBroadcast it;

  if (sums == NULL)
    return FALSE;
  sum = sums->data;
  for (fovea_broadcast_init (&it, &x->shape, 1, kept); it.more; fovea_broadcast_next (&it))
    for (gint64 j = 0; j < it.inner; j++)
      {
        gint64 k = it.offset[0] + j * it.step[0];

        sum[k] += exp (FOVEA_TENSOR_DATA (x, const double)[it.out + j] - m[k]);
      }
  for (gsize i = 0; i < max->n_elements; i++)
    if (isfinite (m[i]))
      m[i] += log (sum[i]);
  return TRUE;
}

/* ∂y/∂x of one value @x among @n, when the result is @y. The values that are the largest or smallest share equally:
 * @n then counts them. */
static double
reduce_slope (ReduceKind kind, double x, double y, double n)
{
  switch (kind)
    {
    case REDUCE_SUM:
      return 1;
    case REDUCE_MEAN:
      return 1 / n;
    case REDUCE_MAX:
    case REDUCE_MIN:
      return x == y ? 1 / n : 0;
    case REDUCE_L1:
      return (x > 0) - (x < 0);
    case REDUCE_L2:
      return y > 0 ? x / y : 0;
    case REDUCE_SUM_SQUARE:
      return 2 * x;
    case REDUCE_LOG_SUM:
      return exp (-y);
    case REDUCE_LOG_SUM_EXP:
      return exp (x - y);
    case REDUCE_PROD:
    default:
      return x != 0 ? y / x : 0;
    }
}

static gboolean
reduce_gradient (const FoveaGradientContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->op.in[0], *y = ctx->op.out[0];
  ReduceKind kind = reduce_kind (&ctx->op);
  gboolean reduced[FOVEA_MAX_RANK], noop, chooses = kind == REDUCE_MAX || kind == REDUCE_MIN;
  double *d_x = fovea_gradient_of (ctx, 0);
  g_autofree double *n = g_new0 (double, y->n_elements + 1);
  FoveaShape kept;
  FoveaBroadcast it;

  if (d_x == NULL || reduce_axes (&ctx->op, reduced, &noop, error) != FOVEA_INFER_OK)
    return d_x == NULL;
  reduced_shape (&x->shape, reduced, TRUE, &kept);
  for (int pass = 0; pass < 2; pass++)
    for (fovea_broadcast_init (&it, &x->shape, 1, &kept); it.more; fovea_broadcast_next (&it))
      for (gint64 j = 0; j < it.inner; j++)
        {
          gsize k = (gsize) (it.offset[0] + j * it.step[0]), at = (gsize) (it.out + j);
          double value = fovea_tensor_real (x, at), result = fovea_tensor_real (y, k);

          if (pass == 0)
            n[k] += !chooses || value == result ? 1 : 0;
          else
            d_x[at] += fovea_tensor_real (ctx->d_out[0], k) * (noop ? 1 : reduce_slope (kind, value, result, n[k]));
        }
  return TRUE;
}

static gboolean
reduce_run (FoveaOpContext *ctx, GError **error)
{
  ReduceKind kind = reduce_kind (ctx);
  FoveaDType dtype = ctx->in[0]->dtype, work = kind > REDUCE_EXACT_ ? FOVEA_DTYPE_F64 : working_type (dtype);
  g_autoptr (FoveaTensor) x = NULL;
  g_autoptr (FoveaTensor) acc = NULL;
  g_autoptr (FoveaTensor) result = NULL;
  gboolean reduced[FOVEA_MAX_RANK], noop;
  double n = 1;
  FoveaShape kept;
  FoveaBroadcast it;

  if (reduce_axes (ctx, reduced, &noop, error) != FOVEA_INFER_OK)
    return FALSE;
  if (noop)
    {
      memcpy (ctx->out[0]->data, ctx->in[0]->data, fovea_tensor_n_bytes (ctx->in[0]));
      return TRUE;
    }
  for (int i = 0; i < ctx->in[0]->shape.rank; i++)
    n *= reduced[i] ? (double) ctx->in[0]->shape.dim[i] : 1;
  reduced_shape (&ctx->in[0]->shape, reduced, TRUE, &kept);
  x = fovea_tensor_convert (ctx->in[0], work, error);
  acc = x != NULL ? fovea_tensor_new (work, &kept, error) : NULL;
  if (acc == NULL)
    return FALSE;
  start_accumulators (kind, dtype, acc);
  for (fovea_broadcast_init (&it, &x->shape, 1, &kept); it.more; fovea_broadcast_next (&it))
    for (gint64 j = 0; j < it.inner; j++)
      {
        gint64 k = it.offset[0] + j * it.step[0], at = it.out + j;

        if (work == FOVEA_DTYPE_F64)
          FOVEA_TENSOR_DATA (acc, double)[k] = accumulate_real (kind, FOVEA_TENSOR_DATA (acc, double)[k],
                                                                FOVEA_TENSOR_DATA (x, double)[at]);
        else
          FOVEA_TENSOR_DATA (acc, gint64)[k] = accumulate_integer (kind, FOVEA_TENSOR_DATA (acc, gint64)[k],
                                                                   FOVEA_TENSOR_DATA (x, gint64)[at]);
      }
  if (kind == REDUCE_LOG_SUM_EXP && !log_sum_exp (x, &kept, acc, error))
    return FALSE;
  for (gsize i = 0; work == FOVEA_DTYPE_F64 && i < acc->n_elements; i++)
    FOVEA_TENSOR_DATA (acc, double)[i] = finish_real (kind, FOVEA_TENSOR_DATA (acc, double)[i], n);
  result = fovea_tensor_convert (acc, dtype, error);
  if (result == NULL)
    return FALSE;
  memcpy (ctx->out[0]->data, result->data, fovea_tensor_n_bytes (result));
  return TRUE;
}

/* ArgMax, ArgMin: the first place of the extreme value along the axis, the last with select_last_index. */
static gboolean
arg_shape (FoveaOpContext *ctx, GError **error)
{
  gboolean reduced[FOVEA_MAX_RANK] = { FALSE };
  FoveaShape shape;
  int axis;

  if (!fovea_op_check_in (ctx, 0, DTYPES_REDUCE & ~FOVEA_DTYPE_BIT (FOVEA_DTYPE_BOOL), error)
      || !fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), ctx->in[0]->shape.rank, &axis, error))
    return FALSE;
  reduced[axis] = TRUE;
  reduced_shape (&ctx->in[0]->shape, reduced, fovea_node_int (ctx->node, "keepdims", 1) != 0, &shape);
  if (ctx->in[0]->shape.dim[axis] == 0)
    return fovea_refuse (error, SHAPE, "axis %d is empty: it has no largest or smallest value", axis);
  fovea_op_declare (ctx, 0, FOVEA_DTYPE_I64, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (arg)

static gboolean
arg_run (FoveaOpContext *ctx, GError **error)
{
  gboolean smallest = strcmp (ctx->node->op_type, "ArgMin") == 0;
  gboolean last = fovea_node_int (ctx->node, "select_last_index", 0) != 0;
  FoveaDType work = working_type (ctx->in[0]->dtype);
  g_autoptr (FoveaTensor) x = fovea_tensor_convert (ctx->in[0], work, error);
  gint64 inner, length, *places = ctx->out[0]->data;
  int axis;

  if (x == NULL || !fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), x->shape.rank, &axis, error))
    return FALSE;
  length = x->shape.dim[axis];
  inner = fovea_shape_span (&x->shape, axis + 1, x->shape.rank);
  for (gsize o = 0; o < ctx->out[0]->n_elements; o++)
    {
      gint64 start = (gint64) o / inner * inner * length + (gint64) o % inner, best = 0;

      for (gint64 k = 1; k < length; k++)
        {
          gint64 a = start + k * inner, b = start + best * inner;
          int order;

          if (work == FOVEA_DTYPE_F64)
            order = (FOVEA_TENSOR_DATA (x, double)[a] > FOVEA_TENSOR_DATA (x, double)[b])
                    - (FOVEA_TENSOR_DATA (x, double)[a] < FOVEA_TENSOR_DATA (x, double)[b]);
          else
            order = (FOVEA_TENSOR_DATA (x, gint64)[a] > FOVEA_TENSOR_DATA (x, gint64)[b])
                    - (FOVEA_TENSOR_DATA (x, gint64)[a] < FOVEA_TENSOR_DATA (x, gint64)[b]);
          order = smallest ? -order : order;
          if (order > 0 || (order == 0 && last))
            best = k;
        }
      places[o] = best;
    }
  return TRUE;
}

/* CumSum along the axis given by input 1; exclusive: without the element itself; reverse: from the end. */
static gboolean
cumsum_axis (const FoveaOpContext *ctx, int *ret_axis, GError **error)
{
  const FoveaTensor *axis = ctx->in[1];

  if (axis->n_elements != 1)
    return fovea_refuse (error, SHAPE, "the axis has %" G_GSIZE_FORMAT " values, expected one", axis->n_elements);
  return axis->data == NULL
         || fovea_op_axis (fovea_tensor_index (axis, 0), ctx->in[0]->shape.rank, ret_axis, error);
}

static gboolean
cumsum_shape (FoveaOpContext *ctx, GError **error)
{
  int axis;

  if (!fovea_op_check_in (ctx, 0, DTYPES_REDUCE & ~FOVEA_DTYPE_BIT (FOVEA_DTYPE_BOOL), error)
      || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_INDEX, error) || !cumsum_axis (ctx, &axis, error))
    return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (cumsum)

static void
cumulate (FoveaTensor *x, gint64 start, gint64 step, gint64 length, gboolean exclusive)
{
  double real = 0;
  guint64 whole = 0;

  for (gint64 k = 0; k < length; k++)
    {
      gint64 at = start + k * step;

      if (x->dtype == FOVEA_DTYPE_F64)
        {
          double value = FOVEA_TENSOR_DATA (x, double)[at];

          FOVEA_TENSOR_DATA (x, double)[at] = exclusive ? real : real + value;
          real += value;
        }
      else
        {
          guint64 value = FOVEA_TENSOR_DATA (x, guint64)[at];

          FOVEA_TENSOR_DATA (x, guint64)[at] = exclusive ? whole : whole + value;
          whole += value;
        }
    }
}

static gboolean
cumsum_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  gboolean exclusive = fovea_node_int (ctx->node, "exclusive", 0) != 0;
  gboolean reverse = fovea_node_int (ctx->node, "reverse", 0) != 0;
  g_autoptr (FoveaTensor) work = fovea_tensor_new (working_type (x->dtype), &x->shape, error);
  g_autoptr (FoveaTensor) wide = NULL;
  g_autoptr (FoveaTensor) narrow = NULL;
  gint64 inner, length;
  int axis;

  if (work == NULL || !cumsum_axis (ctx, &axis, error))
    return FALSE;
  if (x->n_elements == 0)
    return TRUE;
  wide = fovea_tensor_convert (ctx->in[0], work->dtype, error);
  if (wide == NULL)
    return FALSE;
  memcpy (work->data, wide->data, fovea_tensor_n_bytes (wide));
  length = x->shape.dim[axis];
  inner = fovea_shape_span (&x->shape, axis + 1, x->shape.rank);
  for (gint64 i = 0; i < (gint64) x->n_elements / length; i++)
    {
      gint64 start = i / inner * inner * length + i % inner;

      cumulate (work, reverse ? start + (length - 1) * inner : start, reverse ? -inner : inner, length, exclusive);
    }
  narrow = fovea_tensor_convert (work, x->dtype, error);
  if (narrow == NULL)
    return FALSE;
  memcpy (ctx->out[0]->data, narrow->data, fovea_tensor_n_bytes (narrow));
  return TRUE;
}

#define REDUCE(name) { name, 1, 0, 1, 2, 1, 1, reduce_infer, reduce_run, FOVEA_OP_WIDEN_HALF, reduce_gradient }

const FoveaOp fovea_ops_reduction[] = {
  REDUCE ("ReduceSum"),
  REDUCE ("ReduceMean"),
  REDUCE ("ReduceMax"),
  REDUCE ("ReduceMin"),
  REDUCE ("ReduceProd"),
  REDUCE ("ReduceL1"),
  REDUCE ("ReduceL2"),
  REDUCE ("ReduceSumSquare"),
  REDUCE ("ReduceLogSum"),
  REDUCE ("ReduceLogSumExp"),
  { "ArgMax", 1, 0, 1, 1, 1, 1, arg_infer, arg_run, FOVEA_OP_WIDEN_HALF },
  { "ArgMin", 1, 0, 1, 1, 1, 1, arg_infer, arg_run, FOVEA_OP_WIDEN_HALF },
  { "CumSum", 11, 0, 2, 2, 1, 1, cumsum_infer, cumsum_run, FOVEA_OP_WIDEN_HALF },
  { NULL }
};
