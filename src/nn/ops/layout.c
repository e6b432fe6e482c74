/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "nn/ops/families.h"
#include "nn/ops/gradient.h"

/* The same elements under another shape, in another order, or repeated: Reshape Flatten Squeeze Unsqueeze Transpose
 * Concat Split Slice Expand Tile. Any type; elements are moved as bytes. */

/* --- Views: the order stays
 * ------------------------------------------------------------------------------------------ */

static gboolean
run_view (FoveaOpContext *ctx, GError **error)
{
  return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED, "its input has no values");
}

static FoveaInferResult
infer_reshape (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *from = &ctx->in[0]->shape;
  gboolean allow_zero = fovea_node_int (ctx->node, "allowzero", 0) != 0, given;
  FoveaShape to = { 0 };
  FoveaInferResult result;
  gsize n, known = 1;
  int open = -1;

  result = fovea_op_ints (ctx, 1, NULL, to.dim, FOVEA_MAX_RANK, &n, &given, error);
  if (result != FOVEA_INFER_OK)
    return result;
  to.rank = (int) n;
  for (int i = 0; i < to.rank; i++)
    {
      if (to.dim[i] == 0 && !allow_zero)
        {
          if (i >= from->rank)
            return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "dimension %d is copied from an input of %d", i, from->rank);
          to.dim[i] = from->dim[i];
        }
      if (to.dim[i] < -1 || (to.dim[i] == -1 && open >= 0))
        return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "more than one dimension of the new shape is left open");
      if (to.dim[i] == -1)
        open = i;
      else if (!g_size_checked_mul (&known, known, (gsize) to.dim[i]))
        return fovea_op_refuse (error, FOVEA_NN_ERROR_LIMIT, "the new shape is too large");
    }
  if (open >= 0)
    to.dim[open] = known > 0 ? (gint64) (ctx->in[0]->n_elements / known) : 0;
  return fovea_op_view (ctx, &to, error);
}

static FoveaInferResult
infer_flatten (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *from = &ctx->in[0]->shape;
  gint64 axis = fovea_node_int (ctx->node, "axis", 1);
  FoveaShape to = fovea_shape (2, (gint64) 1, (gint64) 1);

  if (axis < -from->rank || axis > from->rank)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "the axis %" G_GINT64_FORMAT " is not in 0 to %d", axis,
                            from->rank);
  axis = axis < 0 ? axis + from->rank : axis;
  for (int i = 0; i < from->rank; i++)
    to.dim[i < axis ? 0 : 1] *= from->dim[i];
  return fovea_op_view (ctx, &to, error);
}

static FoveaInferResult
infer_squeeze (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *from = &ctx->in[0]->shape;
  gint64 axes[FOVEA_MAX_RANK];
  gboolean flags[FOVEA_MAX_RANK], given;
  FoveaShape to = { 0 };
  FoveaInferResult result;
  gsize n;

  result = fovea_op_ints (ctx, 1, "axes", axes, FOVEA_MAX_RANK, &n, &given, error);
  if (result != FOVEA_INFER_OK)
    return result;
  if (!fovea_op_axes (axes, n, from->rank, flags, error))
    return FOVEA_INFER_ERROR;
  for (int i = 0; i < from->rank; i++)
    {
      if (given && flags[i] && from->dim[i] != 1)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "dimension %d is %" G_GINT64_FORMAT " instead of 1", i,
                                from->dim[i]);
      if (given ? !flags[i] : from->dim[i] != 1)
        to.dim[to.rank++] = from->dim[i];
    }
  return fovea_op_view (ctx, &to, error);
}

static FoveaInferResult
infer_unsqueeze (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *from = &ctx->in[0]->shape;
  gint64 axes[FOVEA_MAX_RANK];
  gboolean flags[FOVEA_MAX_RANK], given;
  FoveaShape to = { 0 };
  FoveaInferResult result;
  gsize n;
  int next = 0;

  result = fovea_op_ints (ctx, 1, "axes", axes, FOVEA_MAX_RANK, &n, &given, error);
  if (result != FOVEA_INFER_OK)
    return result;
  if (from->rank + (int) n > FOVEA_MAX_RANK)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_LIMIT, "the output would have more than %d dimensions", FOVEA_MAX_RANK);
  to.rank = from->rank + (int) n;
  if (!fovea_op_axes (axes, n, to.rank, flags, error))
    return FOVEA_INFER_ERROR;
  for (int i = 0; i < to.rank; i++)
    to.dim[i] = flags[i] ? 1 : from->dim[next++];
  return fovea_op_view (ctx, &to, error);
}

/* --- Transpose
 * ------------------------------------------------------------------------------------------------------- */

/* Output dimension i is input dimension perm[i]; reversed when perm is left out. */
static gboolean
read_permutation (const FoveaOpContext *ctx, int *perm, GError **error)
{
  int rank = ctx->in[0]->shape.rank;
  gboolean flags[FOVEA_MAX_RANK];
  gsize n;
  const gint64 *given = fovea_node_ints (ctx->node, "perm", &n);

  if (given == NULL)
    for (int i = 0; i < rank; i++)
      perm[i] = rank - 1 - i;
  else if (n != (gsize) rank)
    return fovea_op_fail (error, FOVEA_NN_ERROR_SHAPE, "perm names %" G_GSIZE_FORMAT " of %d dimensions", n, rank);
  else if (!fovea_op_axes (given, n, rank, flags, error))
    return FALSE;
  for (int i = 0; given != NULL && i < rank; i++)
    perm[i] = (int) (given[i] < 0 ? given[i] + rank : given[i]);
  return TRUE;
}

static FoveaInferResult
infer_transpose (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape = ctx->in[0]->shape;
  int perm[FOVEA_MAX_RANK];

  if (!read_permutation (ctx, perm, error))
    return FOVEA_INFER_ERROR;
  for (int i = 0; i < shape.rank; i++)
    shape.dim[i] = ctx->in[0]->shape.dim[perm[i]];
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return FOVEA_INFER_OK;
}

static gboolean
run_transpose (FoveaOpContext *ctx, GError **error)
{
  gint64 from[FOVEA_MAX_RANK], strides[FOVEA_MAX_RANK];
  int perm[FOVEA_MAX_RANK];

  if (!read_permutation (ctx, perm, error))
    return FALSE;
  fovea_strides (&ctx->in[0]->shape, from);
  for (int i = 0; i < ctx->in[0]->shape.rank; i++)
    strides[i] = from[perm[i]];
  fovea_op_copy_strided (ctx->out[0]->data, &ctx->out[0]->shape, fovea_dtype_size (ctx->out[0]->dtype), ctx->in[0]->data,
                         0, strides);
  return TRUE;
}

/* --- Slice
 * ----------------------------------------------------------------------------------------------------------- */

typedef struct {
  gint64 start[FOVEA_MAX_RANK], step[FOVEA_MAX_RANK];
  FoveaShape shape;
} SliceRange;

/* Start and end are brought into the dimension, negative ones counted from its end; ⌈(end − start) / step⌉ elements. */
static void
slice_axis (SliceRange *slice, int axis, gint64 start, gint64 end, gint64 step)
{
  gint64 dim = slice->shape.dim[axis];
  gint64 low = step > 0 ? 0 : -1, high = step > 0 ? dim : dim - 1;
  guint64 span, stride = step > 0 ? (guint64) step : 0 - (guint64) step;

  start = start < 0 ? MAX (start, -dim - 1) + dim : start;
  end = end < 0 ? MAX (end, -dim - 1) + dim : end;
  start = CLAMP (start, step > 0 ? 0 : low, high);
  end = CLAMP (end, low, high);
  span = step > 0 ? (end > start ? (guint64) (end - start) : 0) : (start > end ? (guint64) (start - end) : 0);
  slice->start[axis] = span > 0 ? start : 0;
  slice->step[axis] = step;
  slice->shape.dim[axis] = (gint64) (span / stride + (span % stride != 0));
}

/* Lists 1 to 4 are inputs from opset 10 on, attributes before. */
static FoveaInferResult
read_slice (const FoveaOpContext *ctx, SliceRange *slice, GError **error)
{
  static const char *const names[] = { NULL, "starts", "ends", "axes", "steps" };
  gint64 lists[5][FOVEA_MAX_RANK];
  gsize n[5];
  gboolean given[5], flags[FOVEA_MAX_RANK];
  const FoveaShape *shape = &ctx->in[0]->shape;

  for (guint i = 1; i <= 4; i++)
    {
      FoveaInferResult result = fovea_op_ints (ctx, i, ctx->opset < 10 ? names[i] : NULL, lists[i], FOVEA_MAX_RANK, &n[i],
                                               &given[i], error);

      if (result != FOVEA_INFER_OK)
        return result;
      if (i <= 2 ? !given[i] : given[i] && n[i] != n[1])
        return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "%s is missing or of another length", names[i]);
    }
  if (n[1] != n[2] || n[1] > (gsize) shape->rank)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "starts and ends do not fit each other or the input");
  if (!fovea_op_axes (given[3] ? lists[3] : NULL, n[3], shape->rank, flags, error))
    return FOVEA_INFER_ERROR;
  slice->shape = *shape;
  for (int i = 0; i < shape->rank; i++)
    {
      slice->start[i] = 0;
      slice->step[i] = 1;
    }
  for (gsize i = 0; i < n[1]; i++)
    {
      int axis = (int) i;
      gint64 step = given[4] ? lists[4][i] : 1;

      if (given[3] && !fovea_op_axis (lists[3][i], shape->rank, &axis, error))
        return FOVEA_INFER_ERROR;
      if (step == 0)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "a step is 0");
      slice_axis (slice, axis, lists[1][i], lists[2][i], step);
    }
  return FOVEA_INFER_OK;
}

static FoveaInferResult
infer_slice (FoveaOpContext *ctx, GError **error)
{
  SliceRange slice;
  FoveaInferResult result = read_slice (ctx, &slice, error);

  if (result == FOVEA_INFER_OK)
    fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &slice.shape);
  return result;
}

static gboolean
run_slice (FoveaOpContext *ctx, GError **error)
{
  gint64 strides[FOVEA_MAX_RANK], offset = 0;
  SliceRange slice;

  if (read_slice (ctx, &slice, error) != FOVEA_INFER_OK)
    return FALSE;
  fovea_strides (&ctx->in[0]->shape, strides);
  for (int i = 0; i < slice.shape.rank; i++)
    {
      offset += slice.start[i] * strides[i];
      /* With one element or none the step is never taken, and may be as large as it likes. */
      strides[i] = slice.shape.dim[i] > 1 ? strides[i] * slice.step[i] : 0;
    }
  fovea_op_copy_strided (ctx->out[0]->data, &ctx->out[0]->shape, fovea_dtype_size (ctx->out[0]->dtype), ctx->in[0]->data,
                         offset, strides);
  return TRUE;
}

/* --- Expand, Tile
 * ---------------------------------------------------------------------------------------------------- */

static FoveaInferResult
infer_expand (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape = { 0 };
  gboolean given;
  gsize n;
  FoveaInferResult result = fovea_op_ints (ctx, 1, NULL, shape.dim, FOVEA_MAX_RANK, &n, &given, error);

  if (result != FOVEA_INFER_OK)
    return result;
  shape.rank = (int) n;
  for (int i = 0; i < shape.rank; i++)
    if (shape.dim[i] < 0)
      return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "dimension %d is negative", i);
  if (!fovea_broadcast_shapes (&ctx->in[0]->shape, &shape, &shape, error))
    return FOVEA_INFER_ERROR;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return FOVEA_INFER_OK;
}

static gboolean
run_expand (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *from = &ctx->in[0]->shape, *to = &ctx->out[0]->shape;
  gint64 own[FOVEA_MAX_RANK], strides[FOVEA_MAX_RANK] = { 0 };

  fovea_strides (from, own);
  for (int i = 0; i < from->rank; i++)
    strides[i + to->rank - from->rank] = from->dim[i] == 1 ? 0 : own[i];
  fovea_op_copy_strided (ctx->out[0]->data, &ctx->out[0]->shape, fovea_dtype_size (ctx->out[0]->dtype), ctx->in[0]->data,
                         0, strides);
  return TRUE;
}

static FoveaInferResult
infer_tile (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape = ctx->in[0]->shape;
  gint64 repeats[FOVEA_MAX_RANK];
  gboolean given;
  gsize n;
  FoveaInferResult result = fovea_op_ints (ctx, 1, NULL, repeats, FOVEA_MAX_RANK, &n, &given, error);

  if (result != FOVEA_INFER_OK)
    return result;
  if (n != (gsize) shape.rank)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "there are %" G_GSIZE_FORMAT " repeats for %d dimensions", n,
                            shape.rank);
  for (int i = 0; i < shape.rank; i++)
    if (repeats[i] < 0 || (repeats[i] > 0 && shape.dim[i] > G_MAXINT64 / repeats[i]))
      return fovea_op_refuse (error, FOVEA_NN_ERROR_LIMIT, "dimension %d is repeated %" G_GINT64_FORMAT " times", i,
                              repeats[i]);
    else
      shape.dim[i] *= repeats[i];
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return FOVEA_INFER_OK;
}

static gboolean
run_tile (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *from = &ctx->in[0]->shape, *to = &ctx->out[0]->shape;
  gint64 strides[FOVEA_MAX_RANK], index[FOVEA_MAX_RANK] = { 0 };
  gsize size = fovea_dtype_size (ctx->out[0]->dtype);
  const char *x = ctx->in[0]->data;
  char *y = ctx->out[0]->data;

  fovea_strides (from, strides);
  for (gsize i = 0; i < ctx->out[0]->n_elements; i++)
    {
      gint64 at = 0;

      for (int k = 0; k < to->rank; k++)
        at += index[k] % from->dim[k] * strides[k];
      memcpy (y + i * size, x + at * (gint64) size, size);
      for (int k = to->rank - 1; k >= 0 && ++index[k] == to->dim[k]; k--)
        index[k] = 0;
    }
  return TRUE;
}

/* --- Concat, Split
 * --------------------------------------------------------------------------------------------------- */

static FoveaInferResult
infer_concat (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape = ctx->in[0]->shape;
  int axis;

  if (fovea_node_attr (ctx->node, "axis") == NULL)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "the axis is not said");
  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), shape.rank, &axis, error))
    return FOVEA_INFER_ERROR;
  for (guint i = 1; i < ctx->n_in; i++)
    {
      const FoveaTensor *x = ctx->in[i];
      gboolean fits = x != NULL && x->dtype == ctx->in[0]->dtype && x->shape.rank == shape.rank;

      for (int k = 0; fits && k < shape.rank; k++)
        fits = k == axis || x->shape.dim[k] == shape.dim[k];
      if (!fits || x->shape.dim[axis] > G_MAXINT64 - shape.dim[axis])
        return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "input %u does not continue input 0 along axis %d", i, axis);
      shape.dim[axis] += x->shape.dim[axis];
    }
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return FOVEA_INFER_OK;
}

/* Copies between a whole and its part that starts at @start along @axis; @to_part: from the whole. */
static void
copy_part (FoveaTensor *whole, FoveaTensor *part, int axis, gint64 start, gboolean to_part)
{
  gsize inner = fovea_dtype_size (whole->dtype);
  gint64 outer = 1;
  gsize whole_row, part_row;

  for (int i = axis + 1; i < whole->shape.rank; i++)
    inner *= (gsize) whole->shape.dim[i];
  for (int i = 0; i < axis; i++)
    outer *= whole->shape.dim[i];
  whole_row = inner * (gsize) whole->shape.dim[axis];
  part_row = inner * (gsize) part->shape.dim[axis];
  for (gint64 i = 0; i < outer && part_row > 0; i++)
    {
      char *in_whole = (char *) whole->data + (gsize) i * whole_row + (gsize) start * inner;
      char *in_part = (char *) part->data + (gsize) i * part_row;

      memcpy (to_part ? in_part : in_whole, to_part ? in_whole : in_part, part_row);
    }
}

static gboolean
run_concat (FoveaOpContext *ctx, GError **error)
{
  gint64 start = 0;
  int axis;

  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), ctx->in[0]->shape.rank, &axis, error))
    return FALSE;
  for (guint i = 0; i < ctx->n_in; i++)
    {
      copy_part (ctx->out[0], ctx->in[i], axis, start, FALSE);
      start += ctx->in[i]->shape.dim[axis];
    }
  return TRUE;
}

/* The sizes of the parts: said (attribute or input), or equal ones, the last smaller where it does not divide (from
 * opset
 * 18 on, with num_outputs). @sizes has room for n_out. */
static FoveaInferResult
split_sizes (const FoveaOpContext *ctx, gint64 dim, gint64 *sizes, GError **error)
{
  gsize n;
  gboolean given;
  gint64 total = 0, part;
  FoveaInferResult result = fovea_op_ints (ctx, 1, "split", sizes, ctx->n_out, &n, &given, error);

  if (result != FOVEA_INFER_OK)
    return result;
  if (!given)
    {
      if (fovea_node_int (ctx->node, "num_outputs", ctx->n_out) != ctx->n_out)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "num_outputs is not the number of outputs");
      if (ctx->opset < 18 && dim % ctx->n_out != 0)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "%" G_GINT64_FORMAT " cannot be split into %u equal parts", dim,
                                ctx->n_out);
      part = dim / ctx->n_out + (dim % ctx->n_out != 0);
      for (guint i = 0; i < ctx->n_out; i++, dim -= MIN (part, dim))
        sizes[i] = MIN (part, dim);
      return FOVEA_INFER_OK;
    }
  for (gsize i = 0; i < n; i++)
    {
      if (sizes[i] < 0 || sizes[i] > dim - total)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "the parts are larger than the whole, or negative");
      total += sizes[i];
    }
  if (n != ctx->n_out || total != dim)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "%" G_GSIZE_FORMAT " parts of %" G_GINT64_FORMAT
                            " in all do not fit %u outputs of %" G_GINT64_FORMAT, n, total, ctx->n_out, dim);
  return FOVEA_INFER_OK;
}

static FoveaInferResult
infer_split (FoveaOpContext *ctx, GError **error)
{
  g_autofree gint64 *sizes = g_new (gint64, ctx->n_out);
  FoveaShape shape = ctx->in[0]->shape;
  FoveaInferResult result;
  int axis;

  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), shape.rank, &axis, error))
    return FOVEA_INFER_ERROR;
  result = split_sizes (ctx, shape.dim[axis], sizes, error);
  for (guint i = 0; result == FOVEA_INFER_OK && i < ctx->n_out; i++)
    {
      shape.dim[axis] = sizes[i];
      fovea_op_declare (ctx, i, ctx->in[0]->dtype, &shape);
    }
  return result;
}

static gboolean
run_split (FoveaOpContext *ctx, GError **error)
{
  g_autofree gint64 *sizes = g_new (gint64, ctx->n_out);
  gint64 start = 0;
  int axis;

  if (!fovea_op_axis (fovea_node_int (ctx->node, "axis", 0), ctx->in[0]->shape.rank, &axis, error) ||
      split_sizes (ctx, ctx->in[0]->shape.dim[axis], sizes, error) != FOVEA_INFER_OK)
    return FALSE;
  for (guint i = 0; i < ctx->n_out; i++)
    {
      if (fovea_op_wants (ctx, i))
        copy_part (ctx->in[0], ctx->out[i], axis, start, TRUE);
      start += sizes[i];
    }
  return TRUE;
}

const FoveaOp fovea_ops_layout[] = {
  { "Reshape", 5, 0, 2, 2, 1, 1, infer_reshape, run_view, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Flatten", 1, 0, 1, 1, 1, 1, infer_flatten, run_view, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Squeeze", 1, 0, 1, 2, 1, 1, infer_squeeze, run_view, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Unsqueeze", 1, 0, 1, 2, 1, 1, infer_unsqueeze, run_view, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Transpose", 1, 0, 1, 1, 1, 1, infer_transpose, run_transpose, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Slice", 1, 9, 1, 1, 1, 1, infer_slice, run_slice, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Slice", 10, 0, 3, 5, 1, 1, infer_slice, run_slice, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Expand", 8, 0, 2, 2, 1, 1, infer_expand, run_expand, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Tile", 6, 0, 2, 2, 1, 1, infer_tile, run_tile, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { "Concat", 4, 0, 1, G_MAXUINT, 1, 1, infer_concat, run_concat, FOVEA_OP_DEFAULT, fovea_gradient_of_copies },
  { "Split", 2, 0, 1, 2, 1, G_MAXUINT, infer_split, run_split, FOVEA_OP_DEFAULT, fovea_gradient_of_copy },
  { NULL },
};
