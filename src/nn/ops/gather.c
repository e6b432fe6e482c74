/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include "nn/ops/gradient.h"

/* Gather, GatherElements, GatherND: values moved by index, any type. Negative indices count from the end; one that is
 * out of range is MALFORMED. */

#define DTYPES_ANY ((1u << FOVEA_N_DTYPES) - 1)

/* Index @i of @indices, made non-negative. */
static gboolean
read_index (const FoveaTensor *indices, gsize i, gint64 length, gint64 *ret, GError **error)
{
  gint64 index = fovea_tensor_index (indices, i);

  if (index < -length || index >= length)
    return fovea_refuse (error, MALFORMED, "index %" G_GINT64_FORMAT " is out of range for an axis of %" G_GINT64_FORMAT,
                         index, length);
  *ret = index < 0 ? index + length : index;
  return TRUE;
}

/* Gather: data [A…, length, B…], indices [I…] → [A…, I…, B…] */
static gboolean
gather_shape (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *data, *indices;
  FoveaShape shape;
  int axis;

  if (!fovea_op_check_in (ctx, 0, DTYPES_ANY, error) || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_INDEX, error))
    return FALSE;
  data = &ctx->in[0]->shape;
  indices = &ctx->in[1]->shape;
  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), data->rank, &axis, error))
    return FALSE;
  if (data->rank - 1 + indices->rank > FOVEA_MAX_RANK)
    return fovea_refuse (error, SHAPE, "the result has rank %d, at most %d is supported", data->rank - 1 + indices->rank,
                         FOVEA_MAX_RANK);
  shape.rank = 0;
  for (int i = 0; i < axis; i++)
    shape.dim[shape.rank++] = data->dim[i];
  for (int i = 0; i < indices->rank; i++)
    shape.dim[shape.rank++] = indices->dim[i];
  for (int i = axis + 1; i < data->rank; i++)
    shape.dim[shape.rank++] = data->dim[i];
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (gather)

static gboolean
gather_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *data = ctx->in[0], *indices = ctx->in[1];
  gsize outer, inner, length, n = indices->n_elements;
  int axis;

  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), data->shape.rank, &axis, error))
    return FALSE;
  length = (gsize) data->shape.dim[axis];
  outer = (gsize) fovea_shape_span (&data->shape, 0, axis);
  inner = (gsize) fovea_shape_span (&data->shape, axis + 1, data->shape.rank) * fovea_dtype_size (data->dtype);
  for (gsize i = 0; i < n; i++)
    {
      gint64 index = 0;

      if (!read_index (indices, i, (gint64) length, &index, error))
        return FALSE;
      for (gsize o = 0; o < outer; o++)
        memcpy ((char *) ctx->out[0]->data + (o * n + i) * inner,
                (const char *) data->data + (o * length + (gsize) index) * inner, inner);
    }
  return TRUE;
}

/* GatherElements: y[i, j, k] = data[indices[i, j, k], j, k] for axis 0 */
static gboolean
gather_elements_shape (FoveaOpContext *ctx, GError **error)
{
  int axis;

  if (!fovea_op_check_in (ctx, 0, DTYPES_ANY, error) || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_INDEX, error)
      || !fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), ctx->in[0]->shape.rank, &axis, error)
      || !fovea_op_check_beside (&ctx->in[0]->shape, &ctx->in[1]->shape, axis, error))
    return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[1]->shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (gather_elements)

static gboolean
gather_elements_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *data = ctx->in[0], *indices = ctx->in[1];
  gsize size = fovea_dtype_size (data->dtype);
  gint64 strides[FOVEA_MAX_RANK];
  int axis;

  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), data->shape.rank, &axis, error))
    return FALSE;
  fovea_strides (&data->shape, strides);
  for (gsize i = 0; i < indices->n_elements; i++)
    {
      gint64 index = 0, at;

      if (!read_index (indices, i, data->shape.dim[axis], &index, error))
        return FALSE;
      at = fovea_op_place_beside (&indices->shape, i, strides, axis, index);
      memcpy ((char *) ctx->out[0]->data + i * size, (const char *) data->data + (gsize) at * size, size);
    }
  return TRUE;
}

/* GatherND: indices [B…, I…, k] into data [B…, D1 … Dk, R…] → [B…, I…, R…], B the batch_dims that both share */
static gboolean
gather_nd_shape (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *data, *indices;
  FoveaShape shape;
  gint64 batch = fovea_node_int (ctx->node, "batch_dims", 0), k;

  if (!fovea_op_check_in (ctx, 0, DTYPES_ANY, error) || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_INDEX, error))
    return FALSE;
  data = &ctx->in[0]->shape;
  indices = &ctx->in[1]->shape;
  if (batch < 0 || batch >= MIN (data->rank, indices->rank))
    return fovea_refuse (error, SHAPE, "batch_dims is %" G_GINT64_FORMAT " for ranks %d and %d", batch, data->rank,
                         indices->rank);
  k = indices->dim[indices->rank - 1];
  if (k < 1 || k > data->rank - batch)
    return fovea_refuse (error, SHAPE, "indices of %" G_GINT64_FORMAT " axes into data of rank %d", k, data->rank);
  for (int i = 0; i < batch; i++)
    if (data->dim[i] != indices->dim[i])
      return fovea_refuse (error, SHAPE, "batch axis %d has %" G_GINT64_FORMAT " data and %" G_GINT64_FORMAT " indices", i,
                           data->dim[i], indices->dim[i]);
  if (indices->rank - 1 + data->rank - batch - k > FOVEA_MAX_RANK)
    return fovea_refuse (error, SHAPE, "the result has more than %d axes", FOVEA_MAX_RANK);
  shape = *indices;
  shape.rank--;
  for (int i = (int) (batch + k); i < data->rank; i++)
    shape.dim[shape.rank++] = data->dim[i];
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (gather_nd)

static gboolean
gather_nd_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *data = ctx->in[0], *indices = ctx->in[1];
  int batch = (int) fovea_node_int (ctx->node, "batch_dims", 0);
  gsize k = (gsize) indices->shape.dim[indices->shape.rank - 1], n = indices->n_elements / k, batches, slice;
  gint64 strides[FOVEA_MAX_RANK];

  if (ctx->out[0]->n_elements == 0)
    return TRUE;
  fovea_strides (&data->shape, strides);
  batches = (gsize) fovea_shape_span (&indices->shape, 0, batch);
  slice = ctx->out[0]->n_elements / n * fovea_dtype_size (data->dtype);
  for (gsize i = 0; i < n; i++)
    {
      gint64 at = 0;

      if (batch > 0)
        at = (gint64) (i / (n / batches)) * strides[batch - 1];
      for (gsize j = 0; j < k; j++)
        {
          gint64 index = 0;

          if (!read_index (indices, i * k + j, data->shape.dim[(gsize) batch + j], &index, error))
            return FALSE;
          at += index * strides[(gsize) batch + j];
        }
      memcpy ((char *) ctx->out[0]->data + i * slice,
              (const char *) data->data + (gsize) at * fovea_dtype_size (data->dtype), slice);
    }
  return TRUE;
}

const FoveaOp fovea_ops_gather[] = {
  { "Gather", 1, 0, 2, 2, 1, 1, gather_infer, gather_run, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "GatherElements", 11, 0, 2, 2, 1, 1, gather_elements_infer, gather_elements_run, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "GatherND", 11, 0, 2, 2, 1, 1, gather_nd_infer, gather_nd_run, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { NULL }
};
