/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include "nn/ops/op-check.h"

/* ScatterElements (formerly Scatter), ScatterND: a copy of the data with updates written, added, multiplied in, or
 * taken where they are smaller or larger. Updates to one place are applied in order. An index out of range is
 * MALFORMED. */

typedef enum {
  REDUCTION_NONE,
  REDUCTION_ADD,
  REDUCTION_MUL,
  REDUCTION_MIN,
  REDUCTION_MAX
} Reduction;

#define DTYPES_ANY ((1u << FOVEA_N_DTYPES) - 1)

static gboolean
read_reduction (const FoveaOpContext *ctx, Reduction *ret, GError **error)
{
  static const char *const names[] = { "none", "add", "mul", "min", "max" };
  const char *name = fovea_node_string (ctx->node, "reduction", "none");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i]) == 0)
      {
        *ret = (Reduction) i;
        if (i != REDUCTION_NONE && (FOVEA_DTYPE_BIT (ctx->in[0]->dtype) & FOVEA_DTYPES_NUMBER) == 0)
          return fovea_refuse (error, TYPE, "the reduction %s of %s is not supported", name,
                               fovea_dtype_name (ctx->in[0]->dtype));
        return TRUE;
      }
  return fovea_refuse (error, MALFORMED, "the reduction “%.40s” is not known", name);
}

#define REDUCE_CASE(DTYPE, T) \
  case FOVEA_DTYPE_##DTYPE: \
    for (gsize i = 0; i < n; i++) \
      { \
        T *a = (T *) to + i; \
        T b = ((const T *) from)[i]; \
        *a = (T) (reduction == REDUCTION_ADD ? COMBINE_##DTYPE (*a, +, b) \
                  : reduction == REDUCTION_MUL ? COMBINE_##DTYPE (*a, *, b) \
                  : reduction == REDUCTION_MIN ? MIN (*a, b) : MAX (*a, b)); \
      } \
    break;

/* Integers wrap: computed without a sign. */
#define COMBINE_F32(a, op, b) ((a) op (b))
#define COMBINE_F64(a, op, b) ((a) op (b))
#define COMBINE_WRAPPED(T, a, op, b) ((T) ((guint64) (a) op (guint64) (b)))
#define COMBINE_I64(a, op, b) COMBINE_WRAPPED (gint64, a, op, b)
#define COMBINE_I32(a, op, b) COMBINE_WRAPPED (gint32, a, op, b)
#define COMBINE_I16(a, op, b) COMBINE_WRAPPED (gint16, a, op, b)
#define COMBINE_I8(a, op, b) COMBINE_WRAPPED (gint8, a, op, b)
#define COMBINE_U64(a, op, b) COMBINE_WRAPPED (guint64, a, op, b)
#define COMBINE_U32(a, op, b) COMBINE_WRAPPED (guint32, a, op, b)
#define COMBINE_U16(a, op, b) COMBINE_WRAPPED (guint16, a, op, b)
#define COMBINE_U8(a, op, b) COMBINE_WRAPPED (guint8, a, op, b)

/* @n elements of @from into @to */
static void
write_updates (FoveaDType dtype, Reduction reduction, void *to, const void *from, gsize n)
{
  if (reduction == REDUCTION_NONE)
    {
      memcpy (to, from, n * fovea_dtype_size (dtype));
      return;
    }
  switch ((int) dtype)
    {
      FOVEA_FOR_NUMBERS (REDUCE_CASE)
    default:
      g_assert_not_reached ();
    }
}

static gboolean
scatter_elements_shape (FoveaOpContext *ctx, GError **error)
{
  Reduction reduction;
  int axis;

  if (!fovea_op_check_in (ctx, 0, DTYPES_ANY, error) || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_INDEX, error)
      || !fovea_op_check_same (ctx, 2, error) || !read_reduction (ctx, &reduction, error)
      || !fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), ctx->in[0]->shape.rank, &axis, error)
      || !fovea_op_check_beside (&ctx->in[0]->shape, &ctx->in[1]->shape, axis, error))
    return FALSE;
  if (!fovea_shape_equal (&ctx->in[1]->shape, &ctx->in[2]->shape))
    return fovea_refuse (error, SHAPE, "the updates' shape is not the indices' shape");
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (scatter_elements)

static gboolean
scatter_elements_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *data = ctx->in[0], *indices = ctx->in[1], *updates = ctx->in[2];
  gsize size = fovea_dtype_size (data->dtype);
  gint64 strides[FOVEA_MAX_RANK], length;
  Reduction reduction;
  int axis;

  if (!read_reduction (ctx, &reduction, error)
      || !fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), data->shape.rank, &axis, error))
    return FALSE;
  memcpy (ctx->out[0]->data, data->data, fovea_tensor_n_bytes (data));
  fovea_strides (&data->shape, strides);
  length = data->shape.dim[axis];
  for (gsize i = 0; i < indices->n_elements; i++)
    {
      gint64 index = fovea_tensor_index (indices, i), at;

      if (index < -length || index >= length)
        return fovea_refuse (error, MALFORMED,
                             "index %" G_GINT64_FORMAT " is out of range for an axis of %" G_GINT64_FORMAT, index, length);
      at = fovea_op_place_beside (&indices->shape, i, strides, axis, index < 0 ? index + length : index);
      write_updates (data->dtype, reduction, (char *) ctx->out[0]->data + (gsize) at * size,
                     (const char *) updates->data + i * size, 1);
    }
  return TRUE;
}

/* ScatterND: indices [I…, k] into data [D1 … Dk, R…], updates [I…, R…] */
static gboolean
scatter_nd_shape (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *data, *indices;
  FoveaShape want;
  Reduction reduction;
  gint64 k;

  if (!fovea_op_check_in (ctx, 0, DTYPES_ANY, error) || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_INDEX, error)
      || !fovea_op_check_same (ctx, 2, error) || !read_reduction (ctx, &reduction, error))
    return FALSE;
  data = &ctx->in[0]->shape;
  indices = &ctx->in[1]->shape;
  k = indices->rank > 0 ? indices->dim[indices->rank - 1] : 0;
  if (k < 1 || k > data->rank)
    return fovea_refuse (error, SHAPE, "indices of %" G_GINT64_FORMAT " axes into data of rank %d", k, data->rank);
  if (indices->rank - 1 + data->rank - k > FOVEA_MAX_RANK)
    return fovea_refuse (error, SHAPE, "the updates have more than %d axes", FOVEA_MAX_RANK);
  want = *indices;
  want.rank--;
  for (int i = (int) k; i < data->rank; i++)
    want.dim[want.rank++] = data->dim[i];
  if (!fovea_shape_equal (&want, &ctx->in[2]->shape))
    {
      g_autofree char *expected = fovea_shape_to_string (&want);
      g_autofree char *got = fovea_shape_to_string (&ctx->in[2]->shape);

      return fovea_refuse (error, SHAPE, "the updates are %s, expected %s", got, expected);
    }
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, data);
  return TRUE;
}

FOVEA_DEFINE_INFER (scatter_nd)

static gboolean
scatter_nd_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *data = ctx->in[0], *indices = ctx->in[1], *updates = ctx->in[2];
  gsize size = fovea_dtype_size (data->dtype), k = (gsize) indices->shape.dim[indices->shape.rank - 1];
  gsize n = indices->n_elements / k, slice;
  gint64 strides[FOVEA_MAX_RANK];
  Reduction reduction;

  if (!read_reduction (ctx, &reduction, error))
    return FALSE;
  memcpy (ctx->out[0]->data, data->data, fovea_tensor_n_bytes (data));
  if (updates->n_elements == 0)
    return TRUE;
  fovea_strides (&data->shape, strides);
  slice = updates->n_elements / n;
  for (gsize i = 0; i < n; i++)
    {
      gint64 at = 0;

      for (gsize j = 0; j < k; j++)
        {
          gint64 length = data->shape.dim[j], index = fovea_tensor_index (indices, i * k + j);

          if (index < -length || index >= length)
            return fovea_refuse (error, MALFORMED,
                                 "index %" G_GINT64_FORMAT " is out of range for an axis of %" G_GINT64_FORMAT, index,
                                 length);
          at += (index < 0 ? index + length : index) * strides[j];
        }
      write_updates (data->dtype, reduction, (char *) ctx->out[0]->data + (gsize) at * size,
                     (const char *) updates->data + i * slice * size, slice);
    }
  return TRUE;
}

const FoveaOp fovea_ops_scatter[] = {
  { "Scatter", 9, 0, 3, 3, 1, 1, scatter_elements_infer, scatter_elements_run },
  { "ScatterElements", 11, 0, 3, 3, 1, 1, scatter_elements_infer, scatter_elements_run },
  { "ScatterND", 11, 0, 3, 3, 1, 1, scatter_nd_infer, scatter_nd_run },
  { NULL }
};
