/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include <math.h>

#include "nn/ops/gradient.h"
#include "nn/ops/resize-axis.h"

/* Resize and its forerunner Upsample over any axes.
 *
 * Interpolation is separable: one pass an axis, shrinking axes first so that the work in between is never larger than
 * input or output. "nearest" copies single elements of any type; the other modes compute in f64 and round for integers.
 * resize-axis.c says which inputs an output of one axis reads. */

typedef struct {
  FoveaResizeRule rule;
  float extrapolation;
  int rank;
  FoveaResizeAxis axis[FOVEA_MAX_RANK];
} Resize;

typedef struct {
  const char *name;
  int value;
} Choice;

static gboolean
read_choice (const FoveaOpContext *ctx, const char *attr, const Choice *choices, gsize n, int *ret, GError **error)
{
  const char *name = fovea_node_string (ctx->node, attr, choices[0].name);

  for (gsize i = 0; i < n; i++)
    if (strcmp (name, choices[i].name) == 0)
      {
        *ret = choices[i].value;
        return TRUE;
      }
  return fovea_refuse (error, UNSUPPORTED, "%s “%.40s” is not known", attr, name);
}

static gboolean
read_rule (const FoveaOpContext *ctx, Resize *r, GError **error)
{
  static const Choice modes[] = { { "nearest", FOVEA_RESIZE_NEAREST }, { "linear", FOVEA_RESIZE_LINEAR },
                                  { "bilinear", FOVEA_RESIZE_LINEAR }, { "cubic", FOVEA_RESIZE_CUBIC } };
  static const Choice maps[] = { { "half_pixel", FOVEA_RESIZE_HALF_PIXEL },
                                 { "pytorch_half_pixel", FOVEA_RESIZE_PYTORCH_HALF_PIXEL },
                                 { "half_pixel_symmetric", FOVEA_RESIZE_HALF_PIXEL_SYMMETRIC },
                                 { "align_corners", FOVEA_RESIZE_ALIGN_CORNERS },
                                 { "asymmetric", FOVEA_RESIZE_ASYMMETRIC },
                                 { "tf_half_pixel_for_nn", FOVEA_RESIZE_TF_HALF_PIXEL },
                                 { "tf_crop_and_resize", FOVEA_RESIZE_TF_CROP } };
  static const Choice roundings[] = { { "round_prefer_floor", FOVEA_RESIZE_ROUND_DOWN },
                                      { "round_prefer_ceil", FOVEA_RESIZE_ROUND_UP },
                                      { "floor", FOVEA_RESIZE_FLOOR },
                                      { "ceil", FOVEA_RESIZE_CEIL } };
  int mode = FOVEA_RESIZE_NEAREST, map = FOVEA_RESIZE_ASYMMETRIC, rounding = FOVEA_RESIZE_SIMPLE;
  float a = fovea_node_float (ctx->node, "cubic_coeff_a", -0.75f);
  gboolean old = ctx->opset < 11 || strcmp (ctx->node->op_type, "Upsample") == 0;

  if (!read_choice (ctx, "mode", modes, G_N_ELEMENTS (modes), &mode, error)
      || (!old && !read_choice (ctx, "coordinate_transformation_mode", maps, G_N_ELEMENTS (maps), &map, error))
      || (!old && !read_choice (ctx, "nearest_mode", roundings, G_N_ELEMENTS (roundings), &rounding, error)))
    return FALSE;
  if (!isfinite (a))
    return fovea_refuse (error, MALFORMED, "cubic_coeff_a is %g", (double) a);
  r->rule = (FoveaResizeRule) { .mode = mode,
                                .map = map,
                                .rounding = rounding,
                                .cubic_a = (double) a,
                                .exclude_outside = fovea_node_int (ctx->node, "exclude_outside", 0) != 0,
                                .antialias = fovea_node_int (ctx->node, "antialias", 0) != 0 };
  r->extrapolation = fovea_node_float (ctx->node, "extrapolation_value", 0);
  return TRUE;
}

/* The axes that scales, sizes and roi speak of: all, or the attribute's (opset 18). */
static gboolean
read_axes (const FoveaOpContext *ctx, int rank, int *ret_axes, gsize *ret_n, GError **error)
{
  gboolean seen[FOVEA_MAX_RANK];
  gsize n = 0;
  const gint64 *axes = ctx->opset >= 18 ? fovea_node_ints (ctx->node, "axes", &n) : NULL;

  *ret_n = axes != NULL ? n : (gsize) rank;
  if (axes == NULL)
    {
      for (int i = 0; i < rank; i++)
        ret_axes[i] = i;
      return TRUE;
    }
  if (!fovea_op_axes (axes, n, rank, seen, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!fovea_op_axis (axes[i], rank, &ret_axes[i], error))
      return FALSE;
  return TRUE;
}

static gboolean
set_scale (FoveaResizeAxis *axis, double scale, GError **error)
{
  /* the product is taken in f32: 10 · 0.7f is 7 there, and would be 6 with more digits */
  float out = floorf ((float) ((double) axis->in * (axis->end - axis->start)) * (float) scale);

  if (!isfinite (scale) || scale <= 0)
    return fovea_refuse (error, MALFORMED, "a scale is %g, expected a finite value above 0", scale);
  if (!(out >= 0 && out <= (float) G_MAXINT32))
    return fovea_refuse (error, LIMIT, "the scale %g of %" G_GINT64_FORMAT " gives no usable size", scale, axis->in);
  axis->scale = scale;
  axis->out = (gint64) out;
  return TRUE;
}

static gboolean
set_sizes (const FoveaOpContext *ctx, Resize *r, const int *axes, gsize n, const gint64 *sizes, GError **error)
{
  static const Choice policies[] = { { "stretch", 0 }, { "not_larger", 1 }, { "not_smaller", 2 } };
  double common = 0;
  int policy = 0;

  if (!read_choice (ctx, "keep_aspect_ratio_policy", policies, G_N_ELEMENTS (policies), &policy, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      FoveaResizeAxis *axis = &r->axis[axes[i]];

      if (sizes[i] < 0 || sizes[i] > G_MAXINT32)
        return fovea_refuse (error, MALFORMED, "the size %" G_GINT64_FORMAT " is out of range", sizes[i]);
      axis->out = sizes[i];
      axis->scale = axis->in > 0 ? (double) axis->out / (double) axis->in : 1;
      common = i == 0 ? axis->scale : policy == 1 ? MIN (common, axis->scale) : MAX (common, axis->scale);
    }
  for (gsize i = 0; policy != 0 && i < n; i++)
    {
      FoveaResizeAxis *axis = &r->axis[axes[i]];

      axis->scale = common;
      axis->out = (gint64) MIN (floor (common * (double) axis->in + 0.5), (double) G_MAXINT32);
    }
  return TRUE;
}

static gboolean
set_regions (Resize *r, const int *axes, gsize n, const FoveaTensor *roi, GError **error)
{
  if (roi == NULL || roi->n_elements != 2 * n)
    return fovea_refuse (error, SHAPE, "tf_crop_and_resize needs a region of %" G_GSIZE_FORMAT " values", 2 * n);
  for (gsize i = 0; i < n; i++)
    {
      r->axis[axes[i]].start = fovea_tensor_real (roi, i);
      r->axis[axes[i]].end = fovea_tensor_real (roi, n + i);
      if (!(fabs (r->axis[axes[i]].start) < 1e6) || !(fabs (r->axis[axes[i]].end) < 1e6))
        return fovea_refuse (error, MALFORMED, "the region of axis %d is out of range", axes[i]);
    }
  return TRUE;
}

/* Sizes of the old forms: attributes height_scale and width_scale (Upsample 1), scales (Upsample 7), input 1 after
 * that. */
static FoveaInferResult
read_old_scales (const FoveaOpContext *ctx, Resize *r, GError **error)
{
  const FoveaTensor *given = fovea_op_in (ctx, 1);
  const FoveaAttr *attr = fovea_node_attr (ctx->node, "scales");
  const FoveaAttr *height = fovea_node_attr (ctx->node, "height_scale"), *width = fovea_node_attr (ctx->node, "width_scale");
  gsize n = given != NULL ? given->n_elements : attr != NULL ? attr->n : 0;

  if (given == NULL && attr == NULL && height != NULL && width != NULL && r->rank == 4)
    return set_scale (&r->axis[2], (double) height->f, error) && set_scale (&r->axis[3], (double) width->f, error)
           ? FOVEA_INFER_OK : FOVEA_INFER_ERROR;
  if (given != NULL && !fovea_op_check_in (ctx, 1, FOVEA_DTYPE_BIT (FOVEA_DTYPE_F32), error))
    return FOVEA_INFER_ERROR;
  if (n != (gsize) r->rank || (given == NULL && (attr == NULL || attr->type != FOVEA_ATTR_FLOATS)))
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "%" G_GSIZE_FORMAT " scales for rank %d", n, r->rank);
  if (given != NULL && given->data == NULL)
    return FOVEA_INFER_DATA;
  for (int i = 0; i < r->rank; i++)
    if (!set_scale (&r->axis[i], given != NULL ? fovea_tensor_real (given, (gsize) i) : (double) attr->floats[i], error))
      return FOVEA_INFER_ERROR;
  return FOVEA_INFER_OK;
}

/* The sizes by inputs roi, scales and sizes (opset 11 on). */
static FoveaInferResult
read_sizes (const FoveaOpContext *ctx, Resize *r, GError **error)
{
  const FoveaTensor *roi = fovea_op_in (ctx, 1), *scales = fovea_op_in (ctx, 2), *sizes = fovea_op_in (ctx, 3);
  gint64 wanted[FOVEA_MAX_RANK];
  int axes[FOVEA_MAX_RANK];
  gsize n = 0, n_sizes = 0;

  if (scales != NULL && scales->n_elements == 0)
    scales = NULL;
  if (sizes != NULL && sizes->n_elements == 0)
    sizes = NULL;
  if ((scales == NULL) == (sizes == NULL))
    return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "expected either scales or sizes");
  if (!read_axes (ctx, r->rank, axes, &n, error)
      || (scales != NULL && !fovea_op_check_in (ctx, 2, FOVEA_DTYPE_BIT (FOVEA_DTYPE_F32), error)))
    return FOVEA_INFER_ERROR;
  if ((scales != NULL ? scales : sizes)->n_elements != n)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "%" G_GSIZE_FORMAT " scales or sizes for %" G_GSIZE_FORMAT " axes",
                            (scales != NULL ? scales : sizes)->n_elements, n);
  if ((scales != NULL ? scales : sizes)->data == NULL)
    return FOVEA_INFER_DATA;
  if (r->rule.map == FOVEA_RESIZE_TF_CROP)
    {
      if (roi != NULL && !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_FLOAT, error))
        return FOVEA_INFER_ERROR;
      if (roi != NULL && roi->data == NULL)
        return FOVEA_INFER_DATA;
      if (!set_regions (r, axes, n, roi, error))
        return FOVEA_INFER_ERROR;
    }
  if (sizes != NULL)
    return fovea_op_read_ints (sizes, wanted, FOVEA_MAX_RANK, &n_sizes, error)
               && set_sizes (ctx, r, axes, n, wanted, error)
             ? FOVEA_INFER_OK : FOVEA_INFER_ERROR;
  for (gsize i = 0; i < n; i++)
    if (!set_scale (&r->axis[axes[i]], fovea_tensor_real (scales, i), error))
      return FOVEA_INFER_ERROR;
  return FOVEA_INFER_OK;
}

static FoveaInferResult
resize_read (const FoveaOpContext *ctx, Resize *r, GError **error)
{
  const FoveaShape *x = &ctx->in[0]->shape;
  gboolean old = ctx->opset < 11 || strcmp (ctx->node->op_type, "Upsample") == 0;
  FoveaInferResult result;

  r->rank = x->rank;
  for (int i = 0; i < x->rank; i++)
    r->axis[i] = (FoveaResizeAxis) { .in = x->dim[i], .out = x->dim[i], .scale = 1, .start = 0, .end = 1 };
  if (!read_rule (ctx, r, error))
    return FOVEA_INFER_ERROR;
  result = old ? read_old_scales (ctx, r, error) : read_sizes (ctx, r, error);
  for (int i = 0; result == FOVEA_INFER_OK && i < r->rank; i++)
    if (r->axis[i].in == 0 && r->axis[i].out > 0)
      return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "axis %d is empty and cannot be enlarged", i);
  return result;
}

static FoveaInferResult
resize_infer (FoveaOpContext *ctx, GError **error)
{
  FoveaInferResult result;
  FoveaShape shape;
  Resize r;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_NUMBER | FOVEA_DTYPES_REAL | FOVEA_DTYPE_BIT (FOVEA_DTYPE_BOOL), error))
    return FOVEA_INFER_ERROR;
  result = resize_read (ctx, &r, error);
  if (result != FOVEA_INFER_OK)
    return result;
  if (r.rule.mode != FOVEA_RESIZE_NEAREST && ctx->in[0]->dtype == FOVEA_DTYPE_BOOL)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_TYPE, "bool values cannot be interpolated");
  shape.rank = r.rank;
  for (int i = 0; i < r.rank; i++)
    shape.dim[i] = r.axis[i].out;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return FOVEA_INFER_OK;
}

/* One pass: @x along @axis as @taps say. */
static FoveaTensor *
interpolate_axis (const FoveaTensor *x, int axis, const FoveaResizeTaps *taps, GError **error)
{
  FoveaShape shape = x->shape;
  gint64 outer = fovea_shape_span (&x->shape, 0, axis), inner = fovea_shape_span (&x->shape, axis + 1, x->shape.rank);
  gint64 in = shape.dim[axis], out = taps->n_out;
  const double *from = x->data;
  FoveaTensor *y;
  double *to;

  shape.dim[axis] = out;
  y = fovea_tensor_new (FOVEA_DTYPE_F64, &shape, error);
  if (y == NULL)
    return NULL;
  to = y->data;
  for (gint64 a = 0; a < outer; a++)
    for (gint64 o = 0; o < out; o++)
      for (gsize t = taps->begin[o]; t < taps->begin[o + 1]; t++)
        for (gint64 i = 0; i < inner; i++)
          to[(a * out + o) * inner + i] += taps->weight[t] * from[(a * in + taps->index[t]) * inner + i];
  return y;
}

static void
fill_outside (FoveaTensor *y, FoveaResizeTaps *const *taps, double value)
{
  for (gsize i = 0; i < y->n_elements; i++)
    {
      gint64 rest = (gint64) i;
      gboolean outside = FALSE;

      for (int axis = y->shape.rank - 1; axis >= 0; axis--)
        {
          outside = outside || (taps[axis] != NULL && taps[axis]->outside[rest % y->shape.dim[axis]]);
          rest /= y->shape.dim[axis];
        }
      if (outside)
        FOVEA_TENSOR_DATA (y, double)[i] = value;
    }
}

/* Every mode but nearest */
static gboolean
interpolate (FoveaOpContext *ctx, const Resize *r, FoveaResizeTaps *const *taps, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  g_autoptr (FoveaTensor) work = fovea_tensor_convert (ctx->in[0], FOVEA_DTYPE_F64, error);
  g_autoptr (FoveaTensor) done = NULL;

  for (int pass = 0; pass < 2; pass++)
    for (int i = 0; work != NULL && i < r->rank; i++)
      {
        FoveaTensor *next;

        if (taps[i] == NULL || (pass == 0) != (r->axis[i].out < r->axis[i].in))
          continue;
        next = interpolate_axis (work, i, taps[i], error);
        fovea_tensor_unref (work);
        work = next;
      }
  if (work == NULL)
    return FALSE;
  if (r->rule.map == FOVEA_RESIZE_TF_CROP)
    {
      if (work->data == ctx->in[0]->data) /* no axis changed: nothing was outside either */
        return memcpy (y->data, work->data, fovea_tensor_n_bytes (y)) != NULL;
      fill_outside (work, taps, (double) r->extrapolation);
    }
  for (gsize i = 0; y->dtype != FOVEA_DTYPE_F32 && y->dtype != FOVEA_DTYPE_F64 && work->data != ctx->in[0]->data && i < work->n_elements; i++)
    FOVEA_TENSOR_DATA (work, double)[i] = rint (FOVEA_TENSOR_DATA (work, double)[i]);
  done = fovea_tensor_convert (work, y->dtype, error);
  if (done == NULL)
    return FALSE;
  memcpy (y->data, done->data, fovea_tensor_n_bytes (y));
  return TRUE;
}

static void
set_extrapolated (FoveaTensor *y, gsize i, float value)
{
  float whole = CLAMP (isnan (value) ? 0 : rintf (value), -2147483648.0f, 2147483520.0f);

  switch ((int) y->dtype)
    {
    case FOVEA_DTYPE_F32:
    case FOVEA_DTYPE_F64:
      fovea_tensor_set_real (y, i, (double) value);
      break;
    case FOVEA_DTYPE_BOOL:
      FOVEA_TENSOR_DATA (y, guint8)[i] = whole != 0;
      break;
#define STORE_CASE(DTYPE, T) \
    case FOVEA_DTYPE_##DTYPE: \
      FOVEA_TENSOR_DATA (y, T)[i] = (T) (gint64) whole; \
      break;
      FOVEA_FOR_INTEGERS (STORE_CASE)
    default:
      g_assert_not_reached ();
    }
}

static void
copy_nearest (FoveaOpContext *ctx, const Resize *r, FoveaResizeTaps *const *taps)
{
  const FoveaTensor *x = ctx->in[0];
  FoveaTensor *y = ctx->out[0];
  gsize size = fovea_dtype_size (x->dtype);
  gint64 strides[FOVEA_MAX_RANK];

  fovea_strides (&x->shape, strides);
  for (gsize i = 0; i < y->n_elements; i++)
    {
      gint64 rest = (gint64) i, at = 0;
      gboolean outside = FALSE;

      for (int axis = r->rank - 1; axis >= 0; axis--)
        {
          gint64 o = rest % y->shape.dim[axis];

          rest /= y->shape.dim[axis];
          if (taps[axis] == NULL)
            at += o * strides[axis];
          else if (taps[axis]->outside[o])
            outside = TRUE;
          else
            at += taps[axis]->index[taps[axis]->begin[o]] * strides[axis];
        }
      if (outside)
        set_extrapolated (y, i, r->extrapolation);
      else
        memcpy ((char *) y->data + i * size, (const char *) x->data + (gsize) at * size, size);
    }
}

static void
drop_taps (FoveaResizeTaps **taps)
{
  for (int i = 0; i < FOVEA_MAX_RANK; i++)
    g_clear_pointer (&taps[i], fovea_resize_taps_free);
}

/* The taps of every axis that is changed; all NULL after a failure. */
static gboolean
resize_taps (const Resize *r, FoveaResizeTaps **ret_taps, GError **error)
{
  for (int i = 0; i < r->rank; i++)
    if (r->axis[i].out != r->axis[i].in || r->axis[i].scale != 1 || r->axis[i].start != 0 || r->axis[i].end != 1)
      {
        ret_taps[i] = fovea_resize_taps_new (&r->rule, &r->axis[i], error);
        if (ret_taps[i] == NULL)
          {
            drop_taps (ret_taps);
            return FALSE;
          }
      }
  return TRUE;
}

static gboolean
resize_run (FoveaOpContext *ctx, GError **error)
{
  FoveaResizeTaps *taps[FOVEA_MAX_RANK] = { NULL };
  gboolean ok = TRUE;
  Resize r;

  if (resize_read (ctx, &r, error) != FOVEA_INFER_OK)
    return FALSE;
  if (ctx->out[0]->n_elements == 0)
    return TRUE;
  if (!resize_taps (&r, taps, error))
    return FALSE;
  if (r.rule.mode == FOVEA_RESIZE_NEAREST)
    copy_nearest (ctx, &r, taps);
  else
    ok = interpolate (ctx, &r, taps, error);
  drop_taps (taps);
  return ok;
}

/* The transposed pass: what output o read with a weight gets its gradient back with that weight. */
static FoveaTensor *
spread_axis (const FoveaTensor *d_y, int axis, gint64 in, const FoveaResizeTaps *taps, GError **error)
{
  FoveaShape shape = d_y->shape;
  gint64 outer = fovea_shape_span (&shape, 0, axis), inner = fovea_shape_span (&shape, axis + 1, shape.rank);
  const double *from = d_y->data;
  FoveaTensor *d_x;
  double *to;

  shape.dim[axis] = in;
  d_x = fovea_tensor_new (FOVEA_DTYPE_F64, &shape, error);
  if (d_x == NULL)
    return NULL;
  to = d_x->data;
  for (gint64 a = 0; a < outer; a++)
    for (gint64 o = 0; o < taps->n_out; o++)
      for (gsize t = taps->begin[o]; t < taps->begin[o + 1]; t++)
        for (gint64 i = 0; i < inner; i++)
          to[(a * in + taps->index[t]) * inner + i] += taps->weight[t] * from[(a * taps->n_out + o) * inner + i];
  return d_x;
}

static gboolean
resize_gradient (const FoveaGradientContext *ctx, GError **error)
{
  FoveaResizeTaps *taps[FOVEA_MAX_RANK] = { NULL };
  double *d_x = fovea_gradient_of (ctx, 0);
  g_autoptr (FoveaTensor) work = NULL;
  Resize r;

  if (d_x == NULL || resize_read (&ctx->op, &r, error) != FOVEA_INFER_OK)
    return d_x == NULL;
  if (r.rule.mode == FOVEA_RESIZE_NEAREST)
    return fovea_gradient_of_copy (ctx, error);
  if (r.rule.map == FOVEA_RESIZE_TF_CROP)
    return fovea_refuse (error, UNSUPPORTED, "tf_crop_and_resize has no gradient here");
  if (!resize_taps (&r, taps, error))
    return FALSE;
  work = fovea_tensor_convert (ctx->d_out[0], FOVEA_DTYPE_F64, error);
  for (int i = 0; work != NULL && i < r.rank; i++)
    if (taps[i] != NULL)
      {
        FoveaTensor *next = spread_axis (work, i, r.axis[i].in, taps[i], error);

        fovea_tensor_unref (work);
        work = next;
      }
  drop_taps (taps);
  for (gsize i = 0; work != NULL && i < work->n_elements; i++)
    d_x[i] += FOVEA_TENSOR_DATA (work, double)[i];
  return work != NULL;
}

const FoveaOp fovea_ops_resample[] = {
  { "Resize", 10, 0, 1, 4, 1, 1, resize_infer, resize_run, FOVEA_OP_WIDEN_HALF, resize_gradient },
  { "Upsample", 1, 10, 1, 2, 1, 1, resize_infer, resize_run, FOVEA_OP_WIDEN_HALF, resize_gradient },
  { NULL }
};
