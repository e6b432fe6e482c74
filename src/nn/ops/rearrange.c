/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "nn/ops/families.h"
#include "nn/ops/gradient.h"

/* Elements moved by a rule of their own: Pad DepthToSpace SpaceToDepth Trilu ReverseSequence OneHot. Any type. */

/* --- Pad
 * --------------------------------------------------------------------------------------------------------------- */

typedef enum { PAD_CONSTANT, PAD_EDGE, PAD_REFLECT, PAD_WRAP } PadMode;

typedef struct {
  PadMode mode;
  gint64 begin[FOVEA_MAX_RANK], end[FOVEA_MAX_RANK];
  FoveaShape shape; /* of the output */
} Padding;

static gboolean
pad_mode (const FoveaOpContext *ctx, PadMode *ret_mode, GError **error)
{
  static const char *const names[] = { "constant", "edge", "reflect", "wrap" };
  const char *name = fovea_node_string (ctx->node, "mode", "constant");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (name, names[i]) == 0)
      {
        *ret_mode = (PadMode) i;
        return TRUE;
      }
  return fovea_op_fail (error, FOVEA_NN_ERROR_UNSUPPORTED, "the mode “%s” is not supported", name);
}

static gboolean
is_small (gint64 padding)
{
  return padding >= G_MININT32 && padding <= G_MAXINT32;
}

/* Begin of every axis, then end of every axis; from opset 18 on only of those that input 3 names. A negative one
 * crops. */
static FoveaInferResult
read_padding (const FoveaOpContext *ctx, Padding *padding, GError **error)
{
  const FoveaShape *from = &ctx->in[0]->shape;
  gint64 pads[2 * FOVEA_MAX_RANK], axes[FOVEA_MAX_RANK];
  gboolean given, flags[FOVEA_MAX_RANK];
  gsize n, n_axes = (gsize) from->rank;
  FoveaInferResult result;

  memset (padding, 0, sizeof *padding);
  if (!pad_mode (ctx, &padding->mode, error))
    return FOVEA_INFER_ERROR;
  result = fovea_op_ints (ctx, 1, ctx->opset < 11 ? "pads" : NULL, pads, G_N_ELEMENTS (pads), &n, &given, error);
  if (result != FOVEA_INFER_OK)
    return result;
  for (int i = 0; i < from->rank; i++)
    axes[i] = i;
  if (fovea_op_in (ctx, 3) != NULL)
    {
      result = fovea_op_ints (ctx, 3, NULL, axes, FOVEA_MAX_RANK, &n_axes, &given, error);
      if (result != FOVEA_INFER_OK)
        return result;
    }
  if (n != 2 * n_axes)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "there are %" G_GSIZE_FORMAT " paddings for %" G_GSIZE_FORMAT
                            " axes", n, n_axes);
  if (!fovea_op_axes (axes, n_axes, from->rank, flags, error))
    return FOVEA_INFER_ERROR;
  padding->shape = *from;
  for (gsize i = 0; i < n_axes; i++)
    {
      int axis = (int) (axes[i] < 0 ? axes[i] + from->rank : axes[i]);

      if (!is_small (pads[i]) || !is_small (pads[n_axes + i]) || from->dim[axis] > G_MAXINT64 / 4)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_LIMIT, "axis %d is padded by more than 2^31", axis);
      padding->begin[axis] = pads[i];
      padding->end[axis] = pads[n_axes + i];
      padding->shape.dim[axis] += pads[i] + pads[n_axes + i];
      if (padding->shape.dim[axis] < 0)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "more is cropped from axis %d than there is", axis);
      if (from->dim[axis] == 0 && padding->mode != PAD_CONSTANT && padding->shape.dim[axis] > 0)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "there is nothing on axis %d to pad with", axis);
    }
  return FOVEA_INFER_OK;
}

static FoveaInferResult
infer_pad (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *value = fovea_op_in (ctx, 2);
  Padding padding;
  FoveaInferResult result = read_padding (ctx, &padding, error);

  if (result != FOVEA_INFER_OK)
    return result;
  if (value != NULL && (value->dtype != ctx->in[0]->dtype || value->n_elements != 1))
    return fovea_op_refuse (error, FOVEA_NN_ERROR_TYPE, "the value is not one %s", fovea_dtype_name (ctx->in[0]->dtype));
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &padding.shape);
  return FOVEA_INFER_OK;
}

/* The input position that output position @i takes its value from; -1: the constant. */
static gint64
pad_source (const Padding *padding, int axis, gint64 dim, gint64 i)
{
  gint64 at = i - padding->begin[axis], period = 2 * (dim - 1);

  if (at >= 0 && at < dim)
    return at;
  switch (padding->mode)
    {
    case PAD_EDGE:
      return at < 0 ? 0 : dim - 1;
    case PAD_WRAP:
      return (at % dim + dim) % dim;
    case PAD_REFLECT:
      if (dim == 1)
        return 0;
      at = (at % period + period) % period;
      return at < dim ? at : period - at;
    case PAD_CONSTANT:
    default:
      return -1;
    }
}

/* Fills @tensor with @value (one element, NULL: zeros). */
static void
fill (FoveaTensor *tensor, const void *value)
{
  gsize size = fovea_dtype_size (tensor->dtype);

  for (gsize i = 0; value != NULL && i < tensor->n_elements; i++)
    memcpy ((char *) tensor->data + i * size, value, size);
}

static void
pad (const FoveaTensor *x, FoveaTensor *y, const Padding *padding, const void *value)
{
  gsize size = fovea_dtype_size (y->dtype);
  gint64 strides[FOVEA_MAX_RANK], index[FOVEA_MAX_RANK] = { 0 };

  fovea_strides (&x->shape, strides);
  for (gsize i = 0; i < y->n_elements; i++)
    {
      gint64 at = 0;
      gboolean inside = TRUE;

      for (int k = 0; inside && k < y->shape.rank; k++)
        {
          gint64 source = pad_source (padding, k, x->shape.dim[k], index[k]);

          inside = source >= 0;
          at += source * strides[k];
        }
      if (inside)
        memcpy ((char *) y->data + i * size, (const char *) x->data + (gsize) at * size, size);
      else if (value != NULL)
        memcpy ((char *) y->data + i * size, value, size);
      for (int k = y->shape.rank - 1; k >= 0 && ++index[k] == y->shape.dim[k]; k--)
        index[k] = 0;
    }
}

static gboolean
run_pad (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *value = fovea_op_in (ctx, 2);
  g_autoptr (FoveaTensor) attribute = NULL;
  Padding padding;

  if (read_padding (ctx, &padding, error) != FOVEA_INFER_OK)
    return FALSE;
  if (value == NULL && fovea_node_attr (ctx->node, "value") != NULL)
    {
      FoveaShape scalar = fovea_shape (0);
      g_autoptr (FoveaTensor) wide = fovea_tensor_new (FOVEA_DTYPE_F32, &scalar, error);

      if (wide == NULL)
        return FALSE;
      *FOVEA_TENSOR_DATA (wide, float) = fovea_node_float (ctx->node, "value", 0.0f);
      attribute = fovea_tensor_convert (wide, ctx->in[0]->dtype, error);
      if (attribute == NULL)
        return FALSE;
      value = attribute;
    }
  pad (ctx->in[0], ctx->out[0], &padding, value != NULL ? value->data : NULL);
  return TRUE;
}

/* --- DepthToSpace, SpaceToDepth
 * -------------------------------------------------------------------------------------- */

static FoveaInferResult
infer_blocks (FoveaOpContext *ctx, gboolean to_space, GError **error)
{
  FoveaShape shape = ctx->in[0]->shape;
  gint64 b = fovea_node_int (ctx->node, "blocksize", 0);
  const char *mode = fovea_node_string (ctx->node, "mode", "DCR");

  if (shape.rank != 4)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "the input has %d dimensions instead of 4", shape.rank);
  if (b < 1 || b > 65536)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "the block size is %" G_GINT64_FORMAT, b);
  if (to_space && strcmp (mode, "DCR") != 0 && strcmp (mode, "CRD") != 0)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "the mode is “%s”", mode);
  if (to_space ? shape.dim[1] % (b * b) != 0 : shape.dim[2] % b != 0 || shape.dim[3] % b != 0)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "the input cannot be divided by the block size %" G_GINT64_FORMAT, b);
  if (shape.dim[1] > G_MAXINT64 >> 34 || shape.dim[2] > G_MAXINT64 >> 17 || shape.dim[3] > G_MAXINT64 >> 17)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_LIMIT, "the input is too large");
  shape.dim[1] = to_space ? shape.dim[1] / (b * b) : shape.dim[1] * b * b;
  shape.dim[2] = to_space ? shape.dim[2] * b : shape.dim[2] / b;
  shape.dim[3] = to_space ? shape.dim[3] * b : shape.dim[3] / b;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return FOVEA_INFER_OK;
}

static FoveaInferResult
infer_depth_to_space (FoveaOpContext *ctx, GError **error)
{
  return infer_blocks (ctx, TRUE, error);
}

static FoveaInferResult
infer_space_to_depth (FoveaOpContext *ctx, GError **error)
{
  return infer_blocks (ctx, FALSE, error);
}

/* Copies x, seen as the six dimensions of @from, to y, seen as those in the order of @perm. */
static void
copy_permuted (const FoveaTensor *x, const FoveaShape *from, const int *perm, FoveaTensor *y)
{
  gint64 own[FOVEA_MAX_RANK], strides[FOVEA_MAX_RANK];
  FoveaShape to = { .rank = from->rank };

  fovea_strides (from, own);
  for (int i = 0; i < from->rank; i++)
    {
      to.dim[i] = from->dim[perm[i]];
      strides[i] = own[perm[i]];
    }
  fovea_op_copy_strided (y->data, &to, fovea_dtype_size (y->dtype), x->data, 0, strides);
}

static gboolean
run_depth_to_space (FoveaOpContext *ctx, GError **error)
{
  static const int dcr[] = { 0, 3, 4, 1, 5, 2 }, crd[] = { 0, 1, 4, 2, 5, 3 };
  const gint64 *x = ctx->in[0]->shape.dim, b = fovea_node_int (ctx->node, "blocksize", 0), c = x[1] / (b * b);
  gboolean depth_first = strcmp (fovea_node_string (ctx->node, "mode", "DCR"), "DCR") == 0;
  FoveaShape from = depth_first ? fovea_shape (6, x[0], b, b, c, x[2], x[3]) : fovea_shape (6, x[0], c, b, b, x[2], x[3]);

  copy_permuted (ctx->in[0], &from, depth_first ? dcr : crd, ctx->out[0]);
  return TRUE;
}

static gboolean
run_space_to_depth (FoveaOpContext *ctx, GError **error)
{
  static const int perm[] = { 0, 3, 5, 1, 2, 4 };
  const gint64 *x = ctx->in[0]->shape.dim, b = fovea_node_int (ctx->node, "blocksize", 0);
  FoveaShape from = fovea_shape (6, x[0], x[1], x[2] / b, b, x[3] / b, b);

  copy_permuted (ctx->in[0], &from, perm, ctx->out[0]);
  return TRUE;
}

/* --- Trilu
 * ----------------------------------------------------------------------------------------------------------- */

static FoveaInferResult
infer_trilu (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *k = fovea_op_in (ctx, 1);

  if (ctx->in[0]->shape.rank < 2)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "the input is no matrix");
  if (k != NULL && (k->dtype != FOVEA_DTYPE_I64 || k->n_elements != 1))
    return fovea_op_refuse (error, FOVEA_NN_ERROR_TYPE, "the diagonal is not one i64");
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &ctx->in[0]->shape);
  return FOVEA_INFER_OK;
}

/* Upper: keeps y[…, i, j] where j − i ≥ k; lower: where j − i ≤ k. */
static gboolean
run_trilu (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  gboolean upper = fovea_node_int (ctx->node, "upper", 1) != 0;
  gint64 rows = y->shape.dim[y->shape.rank - 2], columns = y->shape.dim[y->shape.rank - 1];
  gint64 k = fovea_op_in (ctx, 1) != NULL ? fovea_op_scalar_int (ctx->in[1]) : 0;
  gsize size = fovea_dtype_size (y->dtype);
  gint64 n_rows = columns > 0 ? (gint64) y->n_elements / columns : 0;

  k = CLAMP (k, -rows - 1, columns + 1);
  for (gint64 row = 0; row < n_rows; row++)
    {
      gint64 i = row % rows;
      gint64 first = upper ? CLAMP (i + k, 0, columns) : 0;
      gint64 end = upper ? columns : CLAMP (i + k + 1, 0, columns);
      gsize at = (gsize) (row * columns + first) * size;

      if (end > first)
        memcpy ((char *) y->data + at, (const char *) ctx->in[0]->data + at, (gsize) (end - first) * size);
    }
  return TRUE;
}

/* --- ReverseSequence
 * ------------------------------------------------------------------------------------------------- */

static gboolean
sequence_axes (const FoveaOpContext *ctx, int *ret_time, int *ret_batch, GError **error)
{
  gint64 time = fovea_node_int (ctx->node, "time_axis", 0), batch = fovea_node_int (ctx->node, "batch_axis", 1);

  if (time < 0 || time > 1 || batch != 1 - time)
    return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED, "time and batch axis are not 0 and 1");
  *ret_time = (int) time;
  *ret_batch = (int) batch;
  return TRUE;
}

static FoveaInferResult
infer_reverse_sequence (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0], *lengths = ctx->in[1];
  int time, batch;

  if (!sequence_axes (ctx, &time, &batch, error))
    return FOVEA_INFER_ERROR;
  if (x->shape.rank < 2 || lengths->dtype != FOVEA_DTYPE_I64 || lengths->shape.rank != 1 ||
      lengths->shape.dim[0] != x->shape.dim[batch])
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "the lengths are not one i64 for each sequence");
  if (lengths->data != NULL)
    for (gsize i = 0; i < lengths->n_elements; i++)
      if (FOVEA_TENSOR_DATA (lengths, gint64)[i] < 0 || FOVEA_TENSOR_DATA (lengths, gint64)[i] > x->shape.dim[time])
        return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "length %" G_GSIZE_FORMAT " is longer than the sequence", i);
  fovea_op_declare (ctx, 0, x->dtype, &x->shape);
  return FOVEA_INFER_OK;
}

static gboolean
run_reverse_sequence (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *shape = &ctx->in[0]->shape;
  const gint64 *lengths = ctx->in[1]->data;
  gsize block = fovea_dtype_size (ctx->in[0]->dtype);
  int time, batch;

  if (!sequence_axes (ctx, &time, &batch, error))
    return FALSE;
  for (int i = 2; i < shape->rank; i++)
    block *= (gsize) shape->dim[i];
  for (gint64 i = 0; i < shape->dim[0]; i++)
    for (gint64 j = 0; j < shape->dim[1]; j++)
      {
        gint64 t = time == 0 ? i : j, length = lengths[time == 0 ? j : i];
        gint64 from = t < length ? length - 1 - t : t;
        gint64 at = time == 0 ? from * shape->dim[1] + j : i * shape->dim[1] + from;

        memcpy ((char *) ctx->out[0]->data + (gsize) (i * shape->dim[1] + j) * block,
                (const char *) ctx->in[0]->data + (gsize) at * block, block);
      }
  return TRUE;
}

/* --- OneHot
 * ---------------------------------------------------------------------------------------------------------- */

static FoveaInferResult
infer_one_hot (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *indices = ctx->in[0], *depth = ctx->in[1], *values = ctx->in[2];
  FoveaShape shape = { .rank = indices->shape.rank + 1 };
  gint64 n;
  int axis;

  if (shape.rank > FOVEA_MAX_RANK)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_LIMIT, "the output would have more than %d dimensions", FOVEA_MAX_RANK);
  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", -1), shape.rank, &axis, error))
    return FOVEA_INFER_ERROR;
  if (depth->n_elements != 1 || values->n_elements != 2)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "depth is not one number, or values are not two");
  if (depth->data == NULL)
    return FOVEA_INFER_DATA;
  n = fovea_op_scalar_int (depth);
  if (n < 0)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "the depth is negative");
  for (int i = 0; i < shape.rank; i++)
    shape.dim[i] = i == axis ? n : indices->shape.dim[i > axis ? i - 1 : i];
  fovea_op_declare (ctx, 0, values->dtype, &shape);
  return FOVEA_INFER_OK;
}

/* y[…, k, …] = values[1] where k is the index (negative: counted from depth), values[0] elsewhere. */
static gboolean
run_one_hot (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  g_autoptr (FoveaTensor) indices = fovea_tensor_convert (ctx->in[0], FOVEA_DTYPE_I64, error);
  gsize size = fovea_dtype_size (y->dtype);
  gint64 depth, inner = 1;
  int axis;

  if (indices == NULL ||
      !fovea_op_axis (fovea_node_int (ctx->node, "axis", -1), y->shape.rank, &axis, error))
    return FALSE;
  fill (y, ctx->in[2]->data);
  depth = y->shape.dim[axis];
  for (int i = axis + 1; i < y->shape.rank; i++)
    inner *= y->shape.dim[i];
  for (gint64 i = 0; depth > 0 && i < (gint64) indices->n_elements; i++)
    {
      gint64 index = FOVEA_TENSOR_DATA (indices, gint64)[i];

      if (index < -depth || index >= depth)
        continue;
      index = index < 0 ? index + depth : index;
      memcpy ((char *) y->data + (gsize) ((i / inner * depth + index) * inner + i % inner) * size,
              (const char *) ctx->in[2]->data + size, size);
    }
  return TRUE;
}

const FoveaOp fovea_ops_rearrange[] = {
  { "Pad", 2, 10, 1, 1, 1, 1, infer_pad, run_pad, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Pad", 11, 0, 2, 4, 1, 1, infer_pad, run_pad, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "DepthToSpace", 1, 0, 1, 1, 1, 1, infer_depth_to_space, run_depth_to_space, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "SpaceToDepth", 1, 0, 1, 1, 1, 1, infer_space_to_depth, run_space_to_depth, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Trilu", 14, 0, 1, 2, 1, 1, infer_trilu, run_trilu },
  { "ReverseSequence", 10, 0, 2, 2, 1, 1, infer_reverse_sequence, run_reverse_sequence },
  { "OneHot", 9, 0, 3, 3, 1, 1, infer_one_hot, run_one_hot },
  { NULL },
};
