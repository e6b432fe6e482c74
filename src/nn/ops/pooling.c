/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include <math.h>

#include "nn/ops/gradient.h"
#include "nn/ops/stencil.h"

/* MaxPool, AveragePool, LpPool, their global forms, MaxUnpool, MaxRoiPool over [N, C, D1 … Dn].
 *
 *   MaxPool      the largest value of the window inside the input, and where it is (flat index in x)
 *   AveragePool  Σ x / number of taps inside the input (count_include_pad: inside the padded input)
 *   LpPool       (Σ |x|^p)^(1/p)
 *
 * One walk visits the taps of a window; an accumulator struct collects what the operator needs. */

#define DTYPES_MAX_POOL (FOVEA_DTYPES_REAL | FOVEA_DTYPES_8BIT)

/* A window of which nothing lies in the input (dilation may step over it) yields the type's lowest value, index -1. */
typedef struct {
  gint64 begin[FOVEA_MAX_SPATIAL], end[FOVEA_MAX_SPATIAL]; /* taps inside the input */
  gint64 offset;                                           /* of the first of them in the plane */
  gint64 step[FOVEA_MAX_SPATIAL];                          /* from one tap to the next */
  gint64 n_inside;
} Taps;

static void
taps_at (Taps *taps, const FoveaStencil *s, const gint64 *out)
{
  gint64 plane = 1;

  taps->offset = 0;
  taps->n_inside = 1;
  for (int i = s->n - 1; i >= 0; i--)
    {
      fovea_stencil_taps (s, i, out[i], &taps->begin[i], &taps->end[i]);
      taps->step[i] = s->dilation[i] * plane;
      taps->n_inside *= MAX (0, taps->end[i] - taps->begin[i]);
      taps->offset += (out[i] * s->stride[i] - s->pad_begin[i] + taps->begin[i] * s->dilation[i]) * plane;
      plane *= s->in[i];
    }
}

/* Calls body with `at`, the index in the plane, for every tap in row-major order. */
#define FOR_TAPS(taps, n_axes, at, body) \
  G_STMT_START \
    { \
      gint64 tap_[FOVEA_MAX_SPATIAL] = { 0 }; \
      gint64 at = (taps)->offset; \
      for (gint64 left_ = (taps)->n_inside; left_ > 0; left_--) \
        { \
          body; \
          for (int axis_ = (n_axes) -1; axis_ >= 0; axis_--) \
            { \
              at += (taps)->step[axis_]; \
              if (++tap_[axis_] < (taps)->end[axis_] - (taps)->begin[axis_]) \
                break; \
              at -= tap_[axis_] * (taps)->step[axis_]; \
              tap_[axis_] = 0; \
            } \
        } \
    } \
  G_STMT_END

static void
next_output (const FoveaStencil *s, gint64 *out)
{
  for (int i = s->n - 1; i >= 0 && ++out[i] == s->out[i]; i--)
    out[i] = 0;
}

static gint64
plane_size (const gint64 *dims, int n)
{
  gint64 size = 1;

  for (int i = 0; i < n; i++)
    size *= dims[i];
  return size;
}

static gboolean
pool_stencil (FoveaStencil *s, const FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *x = &ctx->in[0]->shape;
  gint64 kernel[FOVEA_MAX_RANK];

  if (x->rank < 3)
    return fovea_refuse (error, SHAPE, "the input has rank %d, expected [N, C, …]", x->rank);
  if (!fovea_stencil_kernel_shape (ctx->node, x->rank - 2, kernel, error)
      || !fovea_stencil_init (s, ctx->node, x, kernel, fovea_node_int (ctx->node, "ceil_mode", 0) != 0, error))
    return FALSE;
  for (int i = 0; i < s->n; i++)
    {
      gint64 extent = (s->kernel[i] - 1) * s->dilation[i] + 1;

      if (s->in[i] < 1)
        return fovea_refuse (error, SHAPE, "axis %d of the input is empty", i + 2);
      if (s->pad_begin[i] >= extent || s->pad_end[i] >= extent)
        return fovea_refuse (error, SHAPE,
                             "axis %d: padding by %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
                             " leaves windows of %" G_GINT64_FORMAT " outside the input", i + 2, s->pad_begin[i],
                             s->pad_end[i], extent);
    }
  return TRUE;
}

static gboolean
pool_shape (FoveaOpContext *ctx, guint dtypes, GError **error)
{
  FoveaShape shape;
  FoveaStencil s;

  if (!fovea_op_check_in (ctx, 0, dtypes, error) || !pool_stencil (&s, ctx, error))
    return FALSE;
  shape = ctx->in[0]->shape;
  for (int i = 0; i < s.n; i++)
    shape.dim[i + 2] = s.out[i];
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  fovea_op_declare (ctx, 1, FOVEA_DTYPE_I64, &shape);
  return TRUE;
}

static gboolean
max_pool_shape (FoveaOpContext *ctx, GError **error)
{
  return pool_shape (ctx, DTYPES_MAX_POOL, error);
}

static gboolean
average_pool_shape (FoveaOpContext *ctx, GError **error)
{
  return pool_shape (ctx, FOVEA_DTYPES_REAL, error);
}

static gboolean
lp_order (const FoveaOpContext *ctx, double *ret_p, GError **error)
{
  const FoveaAttr *attr = fovea_node_attr (ctx->node, "p");

  *ret_p = attr == NULL ? 2 : attr->type == FOVEA_ATTR_FLOAT ? (double) attr->f : (double) attr->i;
  if (!isfinite (*ret_p) || *ret_p <= 0)
    return fovea_refuse (error, MALFORMED, "p is %g, expected more than 0", *ret_p);
  return TRUE;
}

static gboolean
lp_pool_shape (FoveaOpContext *ctx, GError **error)
{
  double p;

  return lp_order (ctx, &p, error) && pool_shape (ctx, FOVEA_DTYPES_REAL, error);
}

FOVEA_DEFINE_INFER (max_pool)
FOVEA_DEFINE_INFER (average_pool)
FOVEA_DEFINE_INFER (lp_pool)

/* The index of x's element @at of plane @p as MaxPool's second output wants it. */
static gint64
stored_index (const FoveaStencil *s, gint64 plane, gint64 at, gboolean column_major)
{
  gint64 size = plane_size (s->in, s->n), rest = at, index = 0, stride = 1;
  gint64 place[FOVEA_MAX_SPATIAL];

  if (at < 0)
    return -1;
  if (!column_major)
    return plane * size + at;
  for (int i = s->n - 1; i >= 0; i--)
    {
      place[i] = rest % s->in[i];
      rest /= s->in[i];
    }
  for (int i = 0; i < s->n; i++)
    {
      index += place[i] * stride;
      stride *= s->in[i];
    }
  return plane * size + index;
}

#define DEFINE_MAX_POOL(name, T, LOWEST) \
  static void \
  max_pool_##name (const FoveaStencil *s, const T *x, T *y, gint64 *indices, gint64 n_planes, gboolean column_major) \
  { \
    gint64 in_plane = plane_size (s->in, s->n), out_plane = plane_size (s->out, s->n); \
\
    for (gint64 p = 0; p < n_planes; p++) \
      { \
        gint64 out[FOVEA_MAX_SPATIAL] = { 0 }; \
\
        for (gint64 o = 0; o < out_plane; o++, next_output (s, out)) \
          { \
            T best = LOWEST; \
            gint64 best_at = -1; \
            Taps taps; \
\
            taps_at (&taps, s, out); \
            FOR_TAPS (&taps, s->n, at, { \
              T value = x[p * in_plane + at]; \
              if (best_at < 0 || value > best) \
                { \
                  best = value; \
                  best_at = at; \
                } \
            }); \
            if (y != NULL) \
              y[p * out_plane + o] = best; \
            if (indices != NULL) \
              indices[p * out_plane + o] = stored_index (s, p, best_at, column_major); \
          } \
      } \
  }

DEFINE_MAX_POOL (f32, float, -INFINITY)
DEFINE_MAX_POOL (f64, double, (double) -INFINITY)
DEFINE_MAX_POOL (u8, guint8, 0)
DEFINE_MAX_POOL (i8, gint8, G_MININT8)

static gboolean
max_pool_run (FoveaOpContext *ctx, GError **error)
{
  gint64 n_planes = ctx->in[0]->shape.dim[0] * ctx->in[0]->shape.dim[1];
  gboolean column_major = fovea_node_int (ctx->node, "storage_order", 0) != 0;
  const FoveaTensor *values = fovea_op_out (ctx, 0), *places = fovea_op_out (ctx, 1);
  void *y = values != NULL ? values->data : NULL;
  gint64 *indices = places != NULL ? places->data : NULL;
  const void *x = ctx->in[0]->data;
  FoveaStencil s;

  if (ctx->in[0]->n_elements == 0)
    return TRUE;
  if (!pool_stencil (&s, ctx, error))
    return FALSE;
  switch ((int) ctx->in[0]->dtype)
    {
    case FOVEA_DTYPE_F32:
      max_pool_f32 (&s, x, y, indices, n_planes, column_major);
      break;
    case FOVEA_DTYPE_F64:
      max_pool_f64 (&s, x, y, indices, n_planes, column_major);
      break;
    case FOVEA_DTYPE_U8:
      max_pool_u8 (&s, x, y, indices, n_planes, column_major);
      break;
    default:
      max_pool_i8 (&s, x, y, indices, n_planes, column_major);
      break;
    }
  return TRUE;
}

/* Taps inside the padded input; the overhang that ceil mode adds beyond it does not count. */
static gint64
padded_taps (const FoveaStencil *s, const gint64 *out)
{
  gint64 n = 1;

  for (int i = 0; i < s->n; i++)
    {
      gint64 room = s->in[i] + s->pad_begin[i] + s->pad_end[i] - out[i] * s->stride[i];

      n *= MIN (s->kernel[i], (room + s->dilation[i] - 1) / s->dilation[i]);
    }
  return n;
}

static gboolean
average_pool_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  gint64 n_planes = x->shape.dim[0] * x->shape.dim[1], in_plane, out_plane;
  gboolean include_pad = fovea_node_int (ctx->node, "count_include_pad", 0) != 0;
  FoveaStencil s;

  if (x->n_elements == 0)
    return TRUE;
  if (!pool_stencil (&s, ctx, error))
    return FALSE;
  in_plane = plane_size (s.in, s.n);
  out_plane = plane_size (s.out, s.n);
  for (gint64 p = 0; p < n_planes; p++)
    {
      gint64 out[FOVEA_MAX_SPATIAL] = { 0 };

      for (gint64 o = 0; o < out_plane; o++, next_output (&s, out))
        {
          double sum = 0;
          gint64 n;
          Taps taps;

          taps_at (&taps, &s, out);
          FOR_TAPS (&taps, s.n, at, sum += fovea_tensor_real (x, (gsize) (p * in_plane + at)));
          n = include_pad ? padded_taps (&s, out) : taps.n_inside;
          fovea_tensor_set_real (ctx->out[0], (gsize) (p * out_plane + o), n > 0 ? sum / (double) n : 0);
        }
    }
  return TRUE;
}

static gboolean
lp_pool_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0];
  gint64 n_planes = x->shape.dim[0] * x->shape.dim[1], in_plane, out_plane;
  FoveaStencil s;
  double p;

  if (x->n_elements == 0)
    return TRUE;
  if (!pool_stencil (&s, ctx, error) || !lp_order (ctx, &p, error))
    return FALSE;
  in_plane = plane_size (s.in, s.n);
  out_plane = plane_size (s.out, s.n);
  for (gint64 plane = 0; plane < n_planes; plane++)
    {
      gint64 out[FOVEA_MAX_SPATIAL] = { 0 };

      for (gint64 o = 0; o < out_plane; o++, next_output (&s, out))
        {
          double sum = 0;
          Taps taps;

          taps_at (&taps, &s, out);
          FOR_TAPS (&taps, s.n, at, sum += pow (fabs (fovea_tensor_real (x, (gsize) (plane * in_plane + at))), p));
          fovea_tensor_set_real (ctx->out[0], (gsize) (plane * out_plane + o), pow (sum, 1 / p));
        }
    }
  return TRUE;
}

/* The global forms: one window, the whole plane. Over an empty plane the mean is NaN and the maximum −∞. */
static gboolean
global_pool_shape (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error))
    return FALSE;
  shape = ctx->in[0]->shape;
  if (shape.rank < 2)
    return fovea_refuse (error, SHAPE, "the input has rank %d, expected [N, C, …]", shape.rank);
  for (int i = 2; i < shape.rank; i++)
    shape.dim[i] = 1;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return TRUE;
}

static gboolean
global_lp_pool_shape (FoveaOpContext *ctx, GError **error)
{
  double p;

  return lp_order (ctx, &p, error) && global_pool_shape (ctx, error);
}

FOVEA_DEFINE_INFER (global_pool)
FOVEA_DEFINE_INFER (global_lp_pool)

static gboolean
global_average_pool_run (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  gsize plane = y->n_elements == 0 ? 0 : ctx->in[0]->n_elements / y->n_elements;

  for (gsize p = 0; p < y->n_elements; p++)
    {
      double sum = 0;

      for (gsize i = 0; i < plane; i++)
        sum += fovea_tensor_real (ctx->in[0], p * plane + i);
      fovea_tensor_set_real (y, p, sum / (double) plane);
    }
  return TRUE;
}

static gboolean
global_max_pool_run (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  gsize plane = y->n_elements == 0 ? 0 : ctx->in[0]->n_elements / y->n_elements;

  for (gsize p = 0; p < y->n_elements; p++)
    {
      double best = (double) -INFINITY;

      for (gsize i = 0; i < plane; i++)
        best = MAX (best, fovea_tensor_real (ctx->in[0], p * plane + i));
      fovea_tensor_set_real (y, p, best);
    }
  return TRUE;
}

static gboolean
global_lp_pool_run (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  gsize plane = y->n_elements == 0 ? 0 : ctx->in[0]->n_elements / y->n_elements;
  double order;

  if (!lp_order (ctx, &order, error))
    return FALSE;
  for (gsize p = 0; p < y->n_elements; p++)
    {
      double sum = 0;

      for (gsize i = 0; i < plane; i++)
        sum += pow (fabs (fovea_tensor_real (ctx->in[0], p * plane + i)), order);
      fovea_tensor_set_real (y, p, pow (sum, 1 / order));
    }
  return TRUE;
}

/* MaxUnpool: the values go back to where MaxPool's indices say, 0 elsewhere. Without output_shape the output is as
 * large as the pool's smallest possible input, (in − 1) · stride + kernel − pads; the indices count in that tensor.
 * With output_shape they still count in the smaller one when its planes are larger, as the node tests have it. */
static gboolean
unpool_sizes (const FoveaOpContext *ctx, FoveaShape *ret_inferred, GError **error)
{
  const FoveaShape *x = &ctx->in[0]->shape;
  gint64 kernel[FOVEA_MAX_RANK];
  FoveaStencil s;

  if (x->rank < 3)
    return fovea_refuse (error, SHAPE, "the input has rank %d, expected [N, C, …]", x->rank);
  if (!fovea_stencil_kernel_shape (ctx->node, x->rank - 2, kernel, error)
      || !fovea_stencil_init_transposed (&s, ctx->node, x, kernel, error))
    return FALSE;
  *ret_inferred = *x;
  for (int i = 0; i < s.n; i++)
    ret_inferred->dim[i + 2] = s.out[i];
  return TRUE;
}

static FoveaInferResult
unpool_infer (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *wanted = fovea_op_in (ctx, 2);
  FoveaShape shape;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error)
      || !fovea_op_check_in (ctx, 1, FOVEA_DTYPE_BIT (FOVEA_DTYPE_I64), error) || !unpool_sizes (ctx, &shape, error))
    return FOVEA_INFER_ERROR;
  if (!fovea_shape_equal (&ctx->in[0]->shape, &ctx->in[1]->shape))
    {
      fovea_refuse (error, SHAPE, "the indices' shape is not the values' shape");
      return FOVEA_INFER_ERROR;
    }
  if (wanted != NULL)
    {
      gint64 dims[FOVEA_MAX_RANK];
      gsize n = 0;

      if (!fovea_op_check_in (ctx, 2, FOVEA_DTYPE_BIT (FOVEA_DTYPE_I64), error))
        return FOVEA_INFER_ERROR;
      if (wanted->data == NULL)
        return FOVEA_INFER_DATA;
      if (!fovea_op_read_ints (wanted, dims, FOVEA_MAX_RANK, &n, error))
        return FOVEA_INFER_ERROR;
      if (n != (gsize) shape.rank || dims[0] != shape.dim[0] || dims[1] != shape.dim[1])
        {
          fovea_refuse (error, SHAPE, "output_shape does not keep N and C of the input");
          return FOVEA_INFER_ERROR;
        }
      for (int i = 2; i < shape.rank; i++)
        if (dims[i] < shape.dim[i])
          {
            fovea_refuse (error, SHAPE, "output_shape[%d] is %" G_GINT64_FORMAT ", the window needs %" G_GINT64_FORMAT,
                          i, dims[i], shape.dim[i]);
            return FOVEA_INFER_ERROR;
          }
        else
          shape.dim[i] = dims[i];
    }
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return FOVEA_INFER_OK;
}

static gboolean
unpool_run (FoveaOpContext *ctx, GError **error)
{
  const gint64 *indices = FOVEA_TENSOR_DATA (ctx->in[1], const gint64);
  FoveaTensor *y = ctx->out[0];
  FoveaShape inferred;
  gsize n = 0;

  if (!unpool_sizes (ctx, &inferred, error)
      || !fovea_shape_check (&inferred, y->dtype, G_MAXSSIZE, &n, error))
    return FALSE;
  for (gsize i = 0; i < ctx->in[0]->n_elements; i++)
    {
      gint64 rest = indices[i], at = 0, stride = 1;

      if (rest < 0 || (gsize) rest >= n)
        return fovea_refuse (error, MALFORMED, "index %" G_GINT64_FORMAT " is outside the output of %" G_GSIZE_FORMAT
                             " values", rest, n);
      for (int axis = inferred.rank - 1; axis >= 0; axis--)
        {
          at += rest % inferred.dim[axis] * stride;
          rest /= inferred.dim[axis];
          stride *= y->shape.dim[axis];
        }
      fovea_tensor_set_real (y, (gsize) at, fovea_tensor_real (ctx->in[0], i));
    }
  return TRUE;
}

/* MaxRoiPool: regions [batch, x1, y1, x2, y2] in pixels of the unscaled picture, rounded to the feature map's grid,
 * divided into pooled_shape bins, the maximum of each; an empty bin is 0. Source: Girshick, Fast R-CNN, section 2.1. */
static gboolean
max_roi_pool_shape (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape;
  gsize n = 0;
  const gint64 *pooled = fovea_node_ints (ctx->node, "pooled_shape", &n);

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !fovea_op_check_same (ctx, 1, error))
    return FALSE;
  if (pooled == NULL || n != 2 || pooled[0] < 1 || pooled[1] < 1)
    return fovea_refuse (error, MALFORMED, "pooled_shape must be two sizes above 0");
  if (ctx->in[0]->shape.rank != 4 || ctx->in[1]->shape.rank != 2 || ctx->in[1]->shape.dim[1] != 5)
    return fovea_refuse (error, SHAPE, "expected an input [N, C, H, W] and regions [R, 5]");
  shape = fovea_shape (4, ctx->in[1]->shape.dim[0], ctx->in[0]->shape.dim[1], pooled[0], pooled[1]);
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (max_roi_pool)

static double
max_in_bin (const FoveaTensor *x, gint64 plane, const gint64 *begin, const gint64 *end)
{
  gint64 h = x->shape.dim[2], w = x->shape.dim[3];
  double best = 0;
  gboolean any = FALSE;

  for (gint64 i = MAX (0, begin[0]); i < MIN (h, end[0]); i++)
    for (gint64 j = MAX (0, begin[1]); j < MIN (w, end[1]); j++)
      {
        double value = fovea_tensor_real (x, (gsize) ((plane * h + i) * w + j));

        if (!any || value > best)
          best = value;
        any = TRUE;
      }
  return best;
}

/* The bins of one region; @region: x1, y1, x2, y2 on the feature map's grid. */
static void
pool_region (FoveaTensor *y, gint64 r, const FoveaTensor *x, gint64 batch, const gint64 *region)
{
  gint64 first[2] = { region[1], region[0] };
  gint64 channels = y->shape.dim[1];
  double size[2];

  for (int i = 0; i < 2; i++)
    size[i] = (double) MAX (1, region[3 - i] - first[i] + 1) / (double) y->shape.dim[i + 2];
  for (gint64 c = 0; c < channels; c++)
    for (gint64 i = 0; i < y->shape.dim[2]; i++)
      for (gint64 j = 0; j < y->shape.dim[3]; j++)
        {
          gint64 begin[2] = { first[0] + (gint64) floor ((double) i * size[0]),
                              first[1] + (gint64) floor ((double) j * size[1]) };
          gint64 end[2] = { first[0] + (gint64) ceil ((double) (i + 1) * size[0]),
                            first[1] + (gint64) ceil ((double) (j + 1) * size[1]) };

          fovea_tensor_set_real (y, (gsize) (((r * channels + c) * y->shape.dim[2] + i) * y->shape.dim[3] + j),
                                 max_in_bin (x, batch * channels + c, begin, end));
        }
}

static gboolean
max_roi_pool_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0], *rois = ctx->in[1];
  double scale = (double) fovea_node_float (ctx->node, "spatial_scale", 1);

  for (gint64 r = 0; r < rois->shape.dim[0]; r++)
    {
      double batch = fovea_tensor_real (rois, (gsize) r * 5);
      gint64 region[4];

      if (!(batch >= 0 && batch < (double) x->shape.dim[0]))
        return fovea_refuse (error, MALFORMED, "region %" G_GINT64_FORMAT " is of picture %g of %" G_GINT64_FORMAT, r,
                             batch, x->shape.dim[0]);
      for (int i = 0; i < 4; i++)
        {
          double at = round (fovea_tensor_real (rois, (gsize) r * 5 + 1 + (gsize) i) * scale);

          if (!(fabs (at) < 1e9))
            return fovea_refuse (error, MALFORMED, "region %" G_GINT64_FORMAT " has a corner at %g", r, at);
          region[i] = (gint64) at;
        }
      pool_region (ctx->out[0], r, x, (gint64) batch, region);
    }
  return TRUE;
}

/* MaxPool gives all to the first of the largest values, AveragePool an equal share to every tap. */
static gboolean
pool_gradient (const FoveaGradientContext *ctx, gboolean largest, GError **error)
{
  const FoveaTensor *x = ctx->op.in[0], *d_y = ctx->d_out[0];
  gint64 n_planes = x->shape.dim[0] * x->shape.dim[1], in_plane, out_plane;
  gboolean include_pad = fovea_node_int (ctx->op.node, "count_include_pad", 0) != 0;
  double *d_x = fovea_gradient_of (ctx, 0);
  FoveaStencil s;

  if (x->n_elements == 0 || d_x == NULL || d_y == NULL)
    return TRUE;
  if (!pool_stencil (&s, &ctx->op, error))
    return FALSE;
  in_plane = plane_size (s.in, s.n);
  out_plane = plane_size (s.out, s.n);
  for (gint64 p = 0; p < n_planes; p++)
    {
      gint64 out[FOVEA_MAX_SPATIAL] = { 0 };

      for (gint64 o = 0; o < out_plane; o++, next_output (&s, out))
        {
          double d = fovea_tensor_real (d_y, (gsize) (p * out_plane + o)), best = 0;
          gint64 best_at = -1;
          Taps taps;

          taps_at (&taps, &s, out);
          if (!largest)
            {
              d /= (double) MAX (1, include_pad ? padded_taps (&s, out) : taps.n_inside);
              FOR_TAPS (&taps, s.n, at, d_x[p * in_plane + at] += d);
              continue;
            }
          FOR_TAPS (&taps, s.n, at, {
            double value = fovea_tensor_real (x, (gsize) (p * in_plane + at));
            if (best_at < 0 || value > best)
              {
                best = value;
                best_at = at;
              }
          });
          if (best_at >= 0)
            d_x[p * in_plane + best_at] += d;
        }
    }
  return TRUE;
}

static gboolean
max_pool_gradient (const FoveaGradientContext *ctx, GError **error)
{
  return pool_gradient (ctx, TRUE, error);
}

static gboolean
average_pool_gradient (const FoveaGradientContext *ctx, GError **error)
{
  return pool_gradient (ctx, FALSE, error);
}

static gboolean
global_pool_gradient (const FoveaGradientContext *ctx, gboolean largest)
{
  const FoveaTensor *x = ctx->op.in[0], *y = ctx->op.out[0];
  double *d_x = fovea_gradient_of (ctx, 0);
  gsize plane = y->n_elements == 0 ? 0 : x->n_elements / y->n_elements;

  for (gsize p = 0; d_x != NULL && p < y->n_elements; p++)
    {
      double d = fovea_tensor_real (ctx->d_out[0], p);
      gboolean given = FALSE;

      for (gsize i = p * plane; i < (p + 1) * plane; i++)
        if (!largest)
          d_x[i] += d / (double) plane;
        else if (!given && fovea_tensor_real (x, i) == fovea_tensor_real (y, p))
          {
            d_x[i] += d;
            given = TRUE;
          }
    }
  return TRUE;
}

static gboolean
global_average_pool_gradient (const FoveaGradientContext *ctx, GError **error)
{
  return global_pool_gradient (ctx, FALSE);
}

static gboolean
global_max_pool_gradient (const FoveaGradientContext *ctx, GError **error)
{
  return global_pool_gradient (ctx, TRUE);
}

const FoveaOp fovea_ops_pooling[] = {
  { "MaxPool", 1, 0, 1, 1, 1, 2, max_pool_infer, max_pool_run, FOVEA_OP_WIDEN_HALF, max_pool_gradient },
  { "AveragePool", 1, 0, 1, 1, 1, 1, average_pool_infer, average_pool_run, FOVEA_OP_WIDEN_HALF, average_pool_gradient },
  { "LpPool", 1, 0, 1, 1, 1, 1, lp_pool_infer, lp_pool_run, FOVEA_OP_WIDEN_HALF },
  { "GlobalAveragePool", 1, 0, 1, 1, 1, 1, global_pool_infer,
    global_average_pool_run, FOVEA_OP_WIDEN_HALF, global_average_pool_gradient },
  { "GlobalMaxPool", 1, 0, 1, 1, 1, 1, global_pool_infer,
    global_max_pool_run, FOVEA_OP_WIDEN_HALF, global_max_pool_gradient },
  { "GlobalLpPool", 1, 0, 1, 1, 1, 1, global_lp_pool_infer, global_lp_pool_run, FOVEA_OP_WIDEN_HALF },
  { "MaxUnpool", 9, 0, 2, 3, 1, 1, unpool_infer, unpool_run, FOVEA_OP_WIDEN_HALF },
  { "MaxRoiPool", 1, 0, 2, 2, 1, 1, max_roi_pool_infer, max_roi_pool_run, FOVEA_OP_WIDEN_HALF },
  { NULL }
};
