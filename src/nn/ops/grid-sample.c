/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include <math.h>

#include "nn/ops/op-check.h"

/* GridSample: y[n, c, p] = x[n, c] at the place grid[n, p] says, in −1 … 1 over every axis, the last axis first.
 *
 *   pixel = ((g + 1) · length − 1) / 2,   with align_corners  (g + 1) / 2 · (length − 1)
 *
 * Outside: zeros, the border's value, or the reflected picture. Linear and nearest move the coordinate back inside,
 * cubic (a = −0.75) every single pixel that it reads. AffineGrid makes such a grid of an affine map:
 * grid[n, p] = theta[n] · (g(p), 1).   Source: ONNX operators, GridSample 16 and 20, AffineGrid 20. */

typedef enum {
  SAMPLE_NEAREST,
  SAMPLE_LINEAR,
  SAMPLE_CUBIC
} SampleMode;

typedef enum {
  OUTSIDE_ZEROS,
  OUTSIDE_BORDER,
  OUTSIDE_REFLECTION
} Outside;

#define MAX_AXES 3
#define MAX_TAPS 64 /* 4³ */

typedef struct {
  SampleMode mode;
  Outside outside;
  gboolean align_corners;
} SampleRule;

/* Pixels along one axis; index −1 reads 0. */
typedef struct {
  int n;
  gint64 index[4];
  double weight[4];
} AxisTaps;

static gboolean
read_sample_rule (const FoveaOpContext *ctx, SampleRule *ret, GError **error)
{
  const char *mode = fovea_node_string (ctx->node, "mode", ctx->opset >= 20 ? "linear" : "bilinear");
  const char *outside = fovea_node_string (ctx->node, "padding_mode", "zeros");

  if (strcmp (mode, "nearest") == 0)
    ret->mode = SAMPLE_NEAREST;
  else if (strcmp (mode, "linear") == 0 || strcmp (mode, "bilinear") == 0)
    ret->mode = SAMPLE_LINEAR;
  else if (strcmp (mode, "cubic") == 0 || strcmp (mode, "bicubic") == 0)
    ret->mode = SAMPLE_CUBIC;
  else
    return fovea_refuse (error, UNSUPPORTED, "the mode “%.40s” is not known", mode);
  if (strcmp (outside, "zeros") == 0)
    ret->outside = OUTSIDE_ZEROS;
  else if (strcmp (outside, "border") == 0)
    ret->outside = OUTSIDE_BORDER;
  else if (strcmp (outside, "reflection") == 0)
    ret->outside = OUTSIDE_REFLECTION;
  else
    return fovea_refuse (error, UNSUPPORTED, "the padding_mode “%.40s” is not known", outside);
  ret->align_corners = fovea_node_int (ctx->node, "align_corners", 0) != 0;
  return TRUE;
}

static gboolean
grid_sample_shape (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *x, *grid;
  FoveaShape shape;
  SampleRule rule;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_REAL, error)
      || !read_sample_rule (ctx, &rule, error))
    return FALSE;
  x = &ctx->in[0]->shape;
  grid = &ctx->in[1]->shape;
  if (x->rank < 3 || x->rank > 2 + MAX_AXES || grid->rank != x->rank)
    return fovea_refuse (error, SHAPE, "an input of rank %d and a grid of rank %d, expected the same, 3 to %d", x->rank,
                         grid->rank, 2 + MAX_AXES);
  if (grid->dim[0] != x->dim[0] || grid->dim[grid->rank - 1] != x->rank - 2)
    {
      g_autofree char *got = fovea_shape_to_string (grid);

      return fovea_refuse (error, SHAPE, "the grid is %s, expected %" G_GINT64_FORMAT " pictures and %d coordinates", got,
                           x->dim[0], x->rank - 2);
    }
  shape = *x;
  for (int i = 2; i < x->rank; i++)
    {
      shape.dim[i] = grid->dim[i - 1];
      if (x->dim[i] < 1 || x->dim[i] > G_MAXINT32)
        return fovea_refuse (error, SHAPE, "axis %d of the input has %" G_GINT64_FORMAT " pixels", i, x->dim[i]);
    }
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (grid_sample)

/* @x back into the picture by mirrors at its outer pixels' centres (corners aligned) or edges */
static double
reflect (double x, gint64 length, gboolean align_corners)
{
  double low = align_corners ? 0 : -0.5, span = align_corners ? (double) (length - 1) : (double) length, rest;

  if (span <= 0 || !isfinite (x))
    return 0;
  rest = fmod (fabs (x - low), 2 * span);
  return low + (rest <= span ? rest : 2 * span - rest);
}

static double
move_inside (const SampleRule *rule, double x, gint64 length)
{
  if (rule->outside == OUTSIDE_REFLECTION)
    x = reflect (x, length, rule->align_corners);
  if (rule->outside != OUTSIDE_ZEROS)
    x = isnan (x) ? 0 : CLAMP (x, 0, (double) (length - 1));
  return x;
}

/* Keys' cubic, a = −0.75, at distance @t */
static double
cubic (double t)
{
  const double a = -0.75;

  t = fabs (t);
  return t <= 1 ? ((a + 2) * t - (a + 3)) * t * t + 1 : t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

static void
axis_taps (const SampleRule *rule, double g, gint64 length, AxisTaps *ret)
{
  double x = rule->align_corners ? (g + 1) / 2 * (double) (length - 1) : ((g + 1) * (double) length - 1) / 2;
  double first;

  if (rule->mode == SAMPLE_NEAREST)
    x = rint (x);
  if (rule->mode != SAMPLE_CUBIC)
    x = move_inside (rule, x, length);
  if (!(fabs (x) < 1e15))
    x = rule->outside == OUTSIDE_ZEROS ? -1e9 : move_inside (rule, x, length); /* far out, or not a number */
  if (rule->mode == SAMPLE_NEAREST)
    x = rint (x); /* a reflected half */
  first = rule->mode == SAMPLE_CUBIC ? floor (x) - 1 : floor (x);
  ret->n = rule->mode == SAMPLE_CUBIC ? 4 : rule->mode == SAMPLE_LINEAR ? 2 : 1;
  for (int i = 0; i < ret->n; i++)
    {
      double at = first + i;

      ret->weight[i] = ret->n == 1 ? 1 : ret->n == 2 ? 1 - fabs (x - at) : cubic (x - at);
      if (rule->mode == SAMPLE_CUBIC)
        at = move_inside (rule, at, length);
      ret->index[i] = at >= 0 && at <= (double) (length - 1) ? (gint64) at : -1;
    }
}

/* The pixels of a plane that the point @g reads, as offsets and weights; returns how many. */
static int
point_taps (const SampleRule *rule, const double *g, const FoveaShape *x, gint64 *ret_offset, double *ret_weight)
{
  int n = 1, axes = x->rank - 2;

  ret_offset[0] = 0;
  ret_weight[0] = 1;
  for (int axis = 0; axis < axes; axis++)
    {
      gint64 length = x->dim[axis + 2], offset[MAX_TAPS];
      double weight[MAX_TAPS];
      AxisTaps taps;
      int made = 0;

      axis_taps (rule, g[axes - 1 - axis], length, &taps);
      for (int i = 0; i < n; i++)
        for (int k = 0; k < taps.n; k++)
          if (taps.index[k] >= 0)
            {
              offset[made] = ret_offset[i] * length + taps.index[k];
              weight[made++] = ret_weight[i] * taps.weight[k];
            }
      n = made;
      memcpy (ret_offset, offset, sizeof (gint64) * (gsize) n);
      memcpy (ret_weight, weight, sizeof (double) * (gsize) n);
    }
  return n;
}

static gboolean
grid_sample_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *x = ctx->in[0], *grid = ctx->in[1];
  gsize axes = (gsize) x->shape.rank - 2, channels = (gsize) x->shape.dim[1], points, plane;
  SampleRule rule;

  if (!read_sample_rule (ctx, &rule, error))
    return FALSE;
  if (ctx->out[0]->n_elements == 0 || x->n_elements == 0)
    return TRUE;
  points = ctx->out[0]->n_elements / ((gsize) x->shape.dim[0] * channels);
  plane = x->n_elements / ((gsize) x->shape.dim[0] * channels);
  for (gsize p = 0; p < (gsize) x->shape.dim[0] * points; p++)
    {
      gint64 offset[MAX_TAPS];
      double weight[MAX_TAPS], g[MAX_AXES];
      int n;

      for (gsize k = 0; k < axes; k++)
        g[k] = fovea_tensor_real (grid, p * axes + k);
      n = point_taps (&rule, g, &x->shape, offset, weight);
      for (gsize c = 0; c < channels; c++)
        {
          gsize at = p / points * channels + c;
          double sum = 0;

          for (int i = 0; i < n; i++)
            sum += weight[i] * fovea_tensor_real (x, at * plane + (gsize) offset[i]);
          fovea_tensor_set_real (ctx->out[0], at * points + p % points, sum);
        }
    }
  return TRUE;
}

/* AffineGrid: theta [N, 2, 3] and size (N, C, H, W), or [N, 3, 4] and (N, C, D, H, W) */
static FoveaInferResult
affine_grid_infer (FoveaOpContext *ctx, GError **error)
{
  const FoveaTensor *theta = ctx->in[0], *size = ctx->in[1];
  gint64 dims[FOVEA_MAX_RANK];
  FoveaShape shape;
  gsize n = 0;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error)
      || !fovea_op_check_in (ctx, 1, FOVEA_DTYPE_BIT (FOVEA_DTYPE_I64), error))
    return FOVEA_INFER_ERROR;
  if (size->data == NULL)
    return FOVEA_INFER_DATA;
  if (!fovea_op_read_ints (size, dims, FOVEA_MAX_RANK, &n, error))
    return FOVEA_INFER_ERROR;
  if ((n != 4 && n != 5) || theta->shape.rank != 3 || theta->shape.dim[0] != dims[0]
      || theta->shape.dim[1] != (gint64) n - 2 || theta->shape.dim[2] != (gint64) n - 1)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "theta and size do not belong together");
  shape.rank = (int) n;
  shape.dim[0] = dims[0];
  for (gsize i = 2; i < n; i++)
    shape.dim[i - 1] = dims[i];
  shape.dim[n - 1] = (gint64) n - 2;
  fovea_op_declare (ctx, 0, theta->dtype, &shape);
  return FOVEA_INFER_OK;
}

static gboolean
affine_grid_run (FoveaOpContext *ctx, GError **error)
{
  gboolean align = fovea_node_int (ctx->node, "align_corners", 0) != 0;
  const FoveaShape *shape = &ctx->out[0]->shape;
  gsize axes = (gsize) shape->rank - 2, n_points = ctx->out[0]->n_elements / axes;

  for (gsize p = 0; p < n_points; p++)
    {
      double g[MAX_AXES + 1];
      gsize rest = p;

      for (gsize k = 0; k < axes; k++) /* the last axis is the first coordinate */
        {
          gsize length = (gsize) shape->dim[shape->rank - 2 - (int) k], at = rest % length;

          g[k] = align ? (length > 1 ? 2 * (double) at / (double) (length - 1) - 1 : 0)
                       : (2 * (double) at + 1) / (double) length - 1;
          rest /= length;
        }
      g[axes] = 1;
      for (gsize row = 0; row < axes; row++)
        {
          double sum = 0;

          for (gsize k = 0; k <= axes; k++)
            sum += g[k] * fovea_tensor_real (ctx->in[0], (rest * axes + row) * (axes + 1) + k);
          fovea_tensor_set_real (ctx->out[0], p * axes + row, sum);
        }
    }
  return TRUE;
}

const FoveaOp fovea_ops_grid_sample[] = {
  { "GridSample", 16, 0, 2, 2, 1, 1, grid_sample_infer, grid_sample_run, FOVEA_OP_WIDEN_HALF },
  { "AffineGrid", 20, 0, 2, 2, 1, 1, affine_grid_infer, affine_grid_run, FOVEA_OP_WIDEN_HALF },
  { NULL }
};
