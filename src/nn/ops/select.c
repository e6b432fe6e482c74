/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include <math.h>

#include "nn/ops/op-check.h"

/* NonZero, Compress, Unique, TopK: what is kept depends on the values. NaN sorts above every number. */

#define DTYPES_ANY ((1u << FOVEA_N_DTYPES) - 1)
#define DTYPES_SORTED (FOVEA_DTYPES_NUMBER | FOVEA_DTYPE_BIT (FOVEA_DTYPE_BOOL))

static inline int
compare_reals (double a, double b)
{
  if (isnan (a) || isnan (b))
    return isnan (a) - isnan (b) > 0 ? 1 : isnan (a) == isnan (b) ? 0 : -1;
  return (a > b) - (a < b);
}

#define COMPARE_CASE(DTYPE, T) \
  case FOVEA_DTYPE_##DTYPE: \
    return (FOVEA_TENSOR_DATA (t, const T)[a] > FOVEA_TENSOR_DATA (t, const T)[b]) \
           - (FOVEA_TENSOR_DATA (t, const T)[a] < FOVEA_TENSOR_DATA (t, const T)[b]);

static int
compare_elements (const FoveaTensor *t, gsize a, gsize b)
{
  switch ((int) t->dtype)
    {
      FOVEA_FOR_INTEGERS (COMPARE_CASE)
    case FOVEA_DTYPE_BOOL:
      return FOVEA_TENSOR_DATA (t, const guint8)[a] - FOVEA_TENSOR_DATA (t, const guint8)[b];
    default:
      return compare_reals (fovea_tensor_real (t, a), fovea_tensor_real (t, b));
    }
}

/* NonZero: the coordinates of the values that are not 0, [rank, how many], in row-major order; of a scalar, [1, 0
 * or 1] */
static FoveaInferResult
non_zero_infer (FoveaOpContext *ctx, GError **error)
{
  return fovea_op_check_in (ctx, 0, DTYPES_SORTED, error) ? FOVEA_INFER_DATA : FOVEA_INFER_ERROR;
}

static gboolean
is_zero (const FoveaTensor *t, gsize i)
{
  gsize size = fovea_dtype_size (t->dtype);

  if (t->dtype == FOVEA_DTYPE_F32 || t->dtype == FOVEA_DTYPE_F64)
    return fovea_tensor_real (t, i) == 0;
  for (gsize k = 0; k < size; k++)
    if (FOVEA_TENSOR_DATA (t, const guint8)[i * size + k] != 0)
      return FALSE;
  return TRUE;
}

static gboolean
non_zero_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  FoveaTensor *y;
  FoveaShape shape;
  gsize n = 0, found = 0;

  for (gsize i = 0; i < x->n_elements; i++)
    n += is_zero (x, i) ? 0 : 1;
  shape = fovea_shape (2, (gint64) MAX (1, x->shape.rank), (gint64) n);
  if (!fovea_op_wants (ctx, 0))
    return TRUE;
  y = fovea_op_make (ctx, 0, FOVEA_DTYPE_I64, &shape, error);
  if (y == NULL)
    return FALSE;
  for (gsize i = 0; i < x->n_elements; i++)
    {
      gint64 rest = (gint64) i;

      if (is_zero (x, i))
        continue;
      for (int axis = x->shape.rank - 1; axis >= 0; axis--)
        {
          FOVEA_TENSOR_DATA (y, gint64)[(gsize) axis * n + found] = rest % x->shape.dim[axis];
          rest /= x->shape.dim[axis];
        }
      found++;
    }
  return TRUE;
}

/* Splits @x around the optional axis attribute: without it the tensor is one row of single values. */
typedef struct {
  gboolean has_axis;
  int axis;
  gsize outer, length, inner;
} Slices;

static gboolean
read_slices (const FoveaOpContext *ctx, Slices *ret, GError **error)
{
  const FoveaAttr *attr = fovea_node_attr (ctx->node, "axis");
  const FoveaTensor *x = ctx->in[0];

  ret->has_axis = attr != NULL;
  ret->axis = 0;
  ret->outer = ret->inner = 1;
  ret->length = x->n_elements;
  if (attr == NULL)
    return TRUE;
  if (!fovea_op_axis (attr->i, x->shape.rank, &ret->axis, error))
    return FALSE;
  ret->outer = (gsize) fovea_shape_span (&x->shape, 0, ret->axis);
  ret->length = (gsize) x->shape.dim[ret->axis];
  ret->inner = (gsize) fovea_shape_span (&x->shape, ret->axis + 1, x->shape.rank);
  return TRUE;
}

/* x's slices @from[0 … n − 1] one behind the other, as output 0 */
static gboolean
take_slices (FoveaOpContext *ctx, const Slices *s, const gint64 *from, gsize n, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  gsize bytes = s->inner * fovea_dtype_size (x->dtype);
  FoveaShape shape = fovea_shape (1, (gint64) n);
  FoveaTensor *y;

  if (!fovea_op_wants (ctx, 0))
    return TRUE;
  if (s->has_axis)
    {
      shape = x->shape;
      shape.dim[s->axis] = (gint64) n;
    }
  y = fovea_op_make (ctx, 0, x->dtype, &shape, error);
  if (y == NULL)
    return FALSE;
  for (gsize o = 0; o < s->outer; o++)
    for (gsize i = 0; i < n; i++)
      memcpy ((char *) y->data + (o * n + i) * bytes,
              (const char *) x->data + (o * s->length + (gsize) from[i]) * bytes, bytes);
  return TRUE;
}

static gint64 *
new_indices (gsize n, GError **error)
{
  gint64 *indices = g_try_new0 (gint64, MAX (1, n));

  if (indices == NULL)
    fovea_op_fail (error, FOVEA_NN_ERROR_MEMORY, "no memory for %" G_GSIZE_FORMAT " indices", n);
  return indices;
}

/* Compress: the slices whose condition holds; a condition shorter than the axis is false beyond its end */
static FoveaInferResult
compress_infer (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *condition = ctx->in[1];
  Slices s;

  if (!fovea_op_check_in (ctx, 0, DTYPES_ANY, error)
      || !fovea_op_check_in (ctx, 1, FOVEA_DTYPE_BIT (FOVEA_DTYPE_BOOL), error) || !read_slices (ctx, &s, error))
    return FOVEA_INFER_ERROR;
  if (condition->shape.rank != 1 || condition->n_elements > s.length)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE,
                            "the condition has %" G_GSIZE_FORMAT " values for %" G_GSIZE_FORMAT " slices",
                            condition->n_elements, s.length);
  return FOVEA_INFER_DATA;
}

static gboolean
compress_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *condition = ctx->in[1];
  g_autofree gint64 *kept = new_indices (condition->n_elements, error);
  gsize n = 0;
  Slices s;

  if (kept == NULL || !read_slices (ctx, &s, error))
    return FALSE;
  for (gsize i = 0; i < condition->n_elements; i++)
    if (FOVEA_TENSOR_DATA (condition, const guint8)[i] != 0)
      kept[n++] = (gint64) i;
  return take_slices (ctx, &s, kept, n, error);
}

/* Unique: the different slices, sorted or in the order in which they come; where each comes first, which each slice is,
 * how often each comes */
static FoveaInferResult
unique_infer (FoveaOpContext *ctx, GError **error)
{
  Slices s;

  if (!fovea_op_check_in (ctx, 0, DTYPES_SORTED, error) || !read_slices (ctx, &s, error))
    return FOVEA_INFER_ERROR;
  if (s.length > G_MAXINT32)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_LIMIT, "%" G_GSIZE_FORMAT " slices are too many", s.length);
  return FOVEA_INFER_DATA;
}

typedef struct {
  const FoveaTensor *x;
  Slices s;
} UniqueSort;

static int
compare_slices (gconstpointer a, gconstpointer b, gpointer data)
{
  const UniqueSort *sort = data;
  const Slices *s = &sort->s;
  gsize ia = (gsize) * (const gint64 *) a, ib = (gsize) * (const gint64 *) b;

  for (gsize o = 0; o < s->outer; o++)
    for (gsize i = 0; i < s->inner; i++)
      {
        int order = compare_elements (sort->x, (o * s->length + ia) * s->inner + i, (o * s->length + ib) * s->inner + i);

        if (order != 0)
          return order;
      }
  return 0;
}

static int
compare_places (gconstpointer a, gconstpointer b, gpointer data)
{
  const gint64 *first = data;
  gint64 fa = first[*(const gint64 *) a], fb = first[*(const gint64 *) b];

  return (fa > fb) - (fa < fb);
}

static gboolean
put_indices (FoveaOpContext *ctx, guint output, const gint64 *values, gsize n, GError **error)
{
  FoveaShape shape = fovea_shape (1, (gint64) n);
  FoveaTensor *t;

  if (!fovea_op_wants (ctx, output))
    return TRUE;
  t = fovea_op_make (ctx, output, FOVEA_DTYPE_I64, &shape, error);
  if (t != NULL)
    memcpy (t->data, values, n * sizeof *values);
  return t != NULL;
}

/* Groups in the order of their values: first[g], count[g], and of every slice its group. @order: slices, sorted. */
static gsize
find_groups (UniqueSort *sort, const gint64 *order, gint64 *first, gint64 *count, gint64 *group)
{
  gsize n = 0;

  for (gsize i = 0; i < sort->s.length; i++)
    {
      if (i == 0 || compare_slices (&order[i - 1], &order[i], sort) != 0)
        first[n++] = order[i]; /* the sort is stable: the first of its kind */
      count[n - 1]++;
      group[order[i]] = (gint64) n - 1;
    }
  return n;
}

static gboolean
unique_run (FoveaOpContext *ctx, GError **error)
{
  gboolean sorted = fovea_node_int (ctx->node, "sorted", 1) != 0;
  UniqueSort sort = { .x = ctx->in[0] };
  g_autofree gint64 *work = NULL;
  gint64 *order, *first, *count, *group, *rank;
  gsize n, length;

  if (!read_slices (ctx, &sort.s, error) || (work = new_indices (6 * sort.s.length, error)) == NULL)
    return FALSE;
  length = sort.s.length;
  order = work;
  first = order + length;
  count = first + length;
  group = count + length;
  rank = group + length;
  for (gsize i = 0; i < length; i++)
    order[i] = (gint64) i;
  if (length > 0)
    g_qsort_with_data (order, (int) length, sizeof *order, compare_slices, &sort);
  n = find_groups (&sort, order, first, count, group);

  /* order[k] is now the group that comes out k-th, rank[g] where group g comes out */
  for (gsize g = 0; g < n; g++)
    order[g] = (gint64) g;
  if (!sorted && n > 0)
    g_qsort_with_data (order, (int) n, sizeof *order, compare_places, first);
  for (gsize k = 0; k < n; k++)
    rank[order[k]] = (gint64) k;
  for (gsize i = 0; i < length; i++)
    group[i] = rank[group[i]];
  for (gsize k = 0; k < n; k++)
    {
      rank[k] = first[order[k]];
      rank[length + k] = count[order[k]];
    }
  return take_slices (ctx, &sort.s, rank, n, error) && put_indices (ctx, 1, rank, n, error)
         && put_indices (ctx, 2, group, length, error) && put_indices (ctx, 3, rank + length, n, error);
}

/* TopK along one axis: k an attribute until opset 9, input 1 from 10 on; equal values in the order of their places */
static FoveaInferResult
top_k_read (const FoveaOpContext *ctx, int *ret_axis, gint64 *ret_k, GError **error)
{
  const FoveaTensor *given = fovea_op_in (ctx, 1);
  gint64 length;

  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", -1), ctx->in[0]->shape.rank, ret_axis, error))
    return FOVEA_INFER_ERROR;
  if (ctx->opset >= 10)
    {
      if (!fovea_op_check_in (ctx, 1, FOVEA_DTYPE_BIT (FOVEA_DTYPE_I64), error))
        return FOVEA_INFER_ERROR;
      if (given->n_elements != 1)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "k has %" G_GSIZE_FORMAT " values, expected one",
                                given->n_elements);
      if (given->data == NULL)
        return FOVEA_INFER_DATA;
      *ret_k = FOVEA_TENSOR_DATA (given, const gint64)[0];
    }
  else
    *ret_k = fovea_node_int (ctx->node, "k", -1);
  length = ctx->in[0]->shape.dim[*ret_axis];
  if (*ret_k < 0 || *ret_k > length)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "k is %" G_GINT64_FORMAT ", the axis has %" G_GINT64_FORMAT
                            " values", *ret_k, length);
  return FOVEA_INFER_OK;
}

static FoveaInferResult
top_k_infer (FoveaOpContext *ctx, GError **error)
{
  FoveaInferResult result;
  FoveaShape shape;
  gint64 k;
  int axis;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_NUMBER | FOVEA_DTYPES_REAL, error))
    return FOVEA_INFER_ERROR;
  result = top_k_read (ctx, &axis, &k, error);
  if (result != FOVEA_INFER_OK)
    return result;
  shape = ctx->in[0]->shape;
  shape.dim[axis] = k;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  fovea_op_declare (ctx, 1, FOVEA_DTYPE_I64, &shape);
  return FOVEA_INFER_OK;
}

typedef struct {
  const FoveaTensor *x;
  gsize start, step;
  int sign;
} TopSort;

static int
compare_top (gconstpointer a, gconstpointer b, gpointer data)
{
  const TopSort *sort = data;
  gint64 ia = *(const gint64 *) a, ib = *(const gint64 *) b;
  int order = compare_elements (sort->x, sort->start + (gsize) ia * sort->step, sort->start + (gsize) ib * sort->step);

  return order != 0 ? sort->sign * order : (ia > ib) - (ia < ib);
}

static gboolean
top_k_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  FoveaTensor *values = fovea_op_out (ctx, 0), *places = fovea_op_out (ctx, 1);
  gsize size = fovea_dtype_size (x->dtype), inner, length, n;
  TopSort sort = { .x = x, .sign = fovea_node_int (ctx->node, "largest", 1) != 0 ? -1 : 1 };
  g_autofree gint64 *order = NULL;
  gint64 k;
  int axis;

  if (top_k_read (ctx, &axis, &k, error) != FOVEA_INFER_OK)
    return FALSE;
  if (x->n_elements == 0 || k == 0)
    return TRUE;
  length = (gsize) x->shape.dim[axis];
  if (length > G_MAXINT32 || (order = new_indices (length, error)) == NULL)
    return length <= G_MAXINT32 ? FALSE : fovea_refuse (error, LIMIT, "%" G_GSIZE_FORMAT " values are too many", length);
  sort.step = inner = (gsize) fovea_shape_span (&x->shape, axis + 1, x->shape.rank);
  n = x->n_elements / length;
  for (gsize v = 0; v < n; v++)
    {
      sort.start = v / inner * inner * length + v % inner;
      for (gsize i = 0; i < length; i++)
        order[i] = (gint64) i;
      g_qsort_with_data (order, (int) length, sizeof *order, compare_top, &sort);
      for (gsize i = 0; i < (gsize) k; i++)
        {
          gsize to = (v / inner * (gsize) k + i) * inner + v % inner;

          if (values != NULL)
            memcpy ((char *) values->data + to * size,
                    (const char *) x->data + (sort.start + (gsize) order[i] * sort.step) * size, size);
          if (places != NULL)
            FOVEA_TENSOR_DATA (places, gint64)[to] = order[i];
        }
    }
  return TRUE;
}

const FoveaOp fovea_ops_select[] = {
  { "NonZero", 9, 0, 1, 1, 1, 1, non_zero_infer, non_zero_run },
  { "Compress", 9, 0, 2, 2, 1, 1, compress_infer, compress_run },
  { "Unique", 11, 0, 1, 1, 1, 4, unique_infer, unique_run },
  { "TopK", 1, 0, 1, 2, 2, 2, top_k_infer, top_k_run, FOVEA_OP_WIDEN_HALF },
  { NULL }
};
