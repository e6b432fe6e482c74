/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include "nn/ops/op-check.h"
#include "nn/ops/stencil.h"

/* Col2Im and CenterCropPad: pictures put together from columns, and brought to a size about their centre. */

/* Col2Im: columns [N, C · Π block, L] → pictures [N, C, image…]. Column l holds the window at output l of a
 * convolution over the picture; overlaps add up. Inputs: columns, image shape [n], block shape [n]. */
static FoveaInferResult
read_fold (const FoveaOpContext *ctx, FoveaStencil *ret, FoveaShape *ret_image, GError **error)
{
  const FoveaShape *columns = &ctx->in[0]->shape;
  gint64 image[FOVEA_MAX_RANK], block[FOVEA_MAX_RANK], taps = 1, places = 1;
  gsize n = 0, n_block = 0;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_INDEX, error)
      || !fovea_op_check_in (ctx, 2, FOVEA_DTYPES_INDEX, error))
    return FOVEA_INFER_ERROR;
  if (ctx->in[1]->data == NULL || ctx->in[2]->data == NULL)
    return FOVEA_INFER_DATA;
  if (!fovea_op_read_ints (ctx->in[1], image, FOVEA_MAX_SPATIAL, &n, error)
      || !fovea_op_read_ints (ctx->in[2], block, FOVEA_MAX_SPATIAL, &n_block, error))
    return FOVEA_INFER_ERROR;
  if (n < 1 || n != n_block || columns->rank != 3)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "columns of rank %d, an image of %" G_GSIZE_FORMAT
                            " axes, blocks of %" G_GSIZE_FORMAT, columns->rank, n, n_block);
  *ret_image = fovea_shape (2, columns->dim[0], columns->dim[1]);
  for (gsize i = 0; i < n; i++)
    {
      if (image[i] < 1 || block[i] < 1 || image[i] > G_MAXINT32 || block[i] > image[i] + G_MAXINT32
          || taps > G_MAXINT32 / block[i])
        return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "the image or block size of axis %" G_GSIZE_FORMAT
                                " is out of range", i);
      taps *= block[i];
      ret_image->dim[ret_image->rank++] = image[i];
    }
  if (!fovea_stencil_init (ret, ctx->node, ret_image, block, FALSE, error))
    return FOVEA_INFER_ERROR;
  for (int i = 0; i < ret->n; i++)
    if (places > G_MAXINT64 / MAX (1, ret->out[i]))
      return fovea_op_refuse (error, FOVEA_NN_ERROR_LIMIT, "the image has too many windows");
    else
      places *= ret->out[i];
  if (columns->dim[1] % taps != 0 || columns->dim[2] != places)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE,
                            "columns of %" G_GINT64_FORMAT " × %" G_GINT64_FORMAT ", expected a multiple of %" G_GINT64_FORMAT
                            " × %" G_GINT64_FORMAT, columns->dim[1], columns->dim[2], taps, places);
  ret_image->dim[1] = columns->dim[1] / taps;
  return FOVEA_INFER_OK;
}

static FoveaInferResult
fold_infer (FoveaOpContext *ctx, GError **error)
{
  FoveaInferResult result;
  FoveaStencil stencil;
  FoveaShape image;

  result = read_fold (ctx, &stencil, &image, error);
  if (result == FOVEA_INFER_OK)
    fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &image);
  return result;
}

/* Adds the row of values of one tap, one for every window, to the picture at @plane. */
static void
fold_tap (const FoveaStencil *s, const gint64 *tap, const FoveaTensor *columns, gsize row, FoveaTensor *y, gint64 plane)
{
  gint64 out[FOVEA_MAX_SPATIAL] = { 0 };

  for (gint64 l = 0; l < columns->shape.dim[2]; l++)
    {
      gint64 at = 0;
      gboolean inside = TRUE;

      for (int i = 0; i < s->n; i++)
        {
          gint64 place = out[i] * s->stride[i] + tap[i] * s->dilation[i] - s->pad_begin[i];

          inside = inside && place >= 0 && place < s->in[i];
          at = at * s->in[i] + place;
        }
      if (inside)
        fovea_tensor_set_real (y, (gsize) (plane + at),
                               fovea_tensor_real (y, (gsize) (plane + at))
                                   + fovea_tensor_real (columns, row * (gsize) columns->shape.dim[2] + (gsize) l));
      for (int i = s->n - 1; i >= 0 && ++out[i] == s->out[i]; i--)
        out[i] = 0;
    }
}

static gboolean
fold_run (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  gint64 taps = 1, plane;
  FoveaStencil s;
  FoveaShape image;

  if (read_fold (ctx, &s, &image, error) != FOVEA_INFER_OK)
    return FALSE;
  if (y->n_elements == 0)
    return TRUE;
  plane = (gint64) y->n_elements / (image.dim[0] * image.dim[1]);
  for (int i = 0; i < s.n; i++)
    taps *= s.kernel[i];
  for (gint64 p = 0; p < image.dim[0] * image.dim[1]; p++)
    {
      gint64 tap[FOVEA_MAX_SPATIAL] = { 0 };

      for (gint64 t = 0; t < taps; t++)
        {
          fold_tap (&s, tap, ctx->in[0], (gsize) (p * taps + t), y, p * plane);
          for (int i = s.n - 1; i >= 0 && ++tap[i] == s.kernel[i]; i--)
            tap[i] = 0;
        }
    }
  return TRUE;
}

/* CenterCropPad: the axes given (all without the attribute) to the sizes of input 1, cut or filled with 0 on both
 * sides; an odd element is cut off or put at the end. */
static FoveaInferResult
crop_pad_infer (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *sizes = ctx->in[1];
  FoveaShape shape = ctx->in[0]->shape;
  gint64 wanted[FOVEA_MAX_RANK];
  gboolean seen[FOVEA_MAX_RANK];
  gsize n = 0, n_axes = 0;
  const gint64 *axes = fovea_node_ints (ctx->node, "axes", &n_axes);

  if (!fovea_op_check_in (ctx, 1, FOVEA_DTYPES_INDEX, error) || !fovea_op_axes (axes, n_axes, shape.rank, seen, error))
    return FOVEA_INFER_ERROR;
  if (sizes->data == NULL)
    return FOVEA_INFER_DATA;
  if (!fovea_op_read_ints (sizes, wanted, FOVEA_MAX_RANK, &n, error))
    return FOVEA_INFER_ERROR;
  if (n != (axes != NULL ? n_axes : (gsize) shape.rank))
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "%" G_GSIZE_FORMAT " sizes for %" G_GSIZE_FORMAT " axes", n,
                            axes != NULL ? n_axes : (gsize) shape.rank);
  for (gsize i = 0; i < n; i++)
    {
      int axis = (int) i;

      if (axes != NULL && !fovea_op_axis (axes[i], shape.rank, &axis, error))
        return FOVEA_INFER_ERROR;
      if (wanted[i] < 0 || wanted[i] > G_MAXINT32)
        return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "the size %" G_GINT64_FORMAT " is out of range", wanted[i]);
      shape.dim[axis] = wanted[i];
    }
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return FOVEA_INFER_OK;
}

static gboolean
crop_pad_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  FoveaTensor *y = ctx->out[0];
  gsize size = fovea_dtype_size (x->dtype);
  gint64 strides[FOVEA_MAX_RANK];

  fovea_strides (&x->shape, strides);
  for (gsize i = 0; x->n_elements > 0 && i < y->n_elements; i++)
    {
      gint64 rest = (gint64) i, from = 0;
      gboolean inside = TRUE;

      for (int axis = x->shape.rank - 1; axis >= 0; axis--)
        {
          gint64 in = x->shape.dim[axis], out = y->shape.dim[axis];
          gint64 place = rest % out + (in > out ? (in - out) / 2 : -((out - in) / 2));

          inside = inside && place >= 0 && place < in;
          from += place * strides[axis];
          rest /= out;
        }
      if (inside)
        memcpy ((char *) y->data + i * size, (const char *) x->data + (gsize) from * size, size);
    }
  return TRUE;
}

const FoveaOp fovea_ops_fold[] = {
  { "Col2Im", 18, 0, 3, 3, 1, 1, fold_infer, fold_run, FOVEA_OP_WIDEN_HALF },
  { "CenterCropPad", 18, 0, 2, 2, 1, 1, crop_pad_infer, crop_pad_run },
  { NULL }
};
