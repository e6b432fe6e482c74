/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include "nn/ops/gradient.h"
#include "nn/ops/quantise.h"
#include "nn/ops/stencil.h"

/* Conv, ConvTranspose, ConvInteger, QLinearConv over 1 to 6 spatial axes.
 *
 *   Conv           y[n,o,p] = b[o] + Σ_c Σ_k w[o,c,k] · x[n, c, p·stride + k·dilation − pad]      w [O, C/group, K…]
 *   ConvTranspose  y[n,o,p·stride + k·dilation − pad] += w[c,o,k] · x[n,c,p]                      w [C, O/group, K…]
 *
 * Both are one walk over (small side, large side): for every pair of planes and every tap, rows of the small side meet
 * rows of the large side, `stride` apart. Only the innermost row differs, by type and by direction. Sums run in the
 * tensor's own type, tap by tap; integers wrap. */

typedef void (*RowFunc) (void *small, void *large, const void *weight, gint64 n, gint64 stride);

#define DEFINE_ROWS(name, T) \
  static void \
  gather_##name (void *small, void *large, const void *weight, gint64 n, gint64 stride) \
  { \
    T *restrict y = small; \
    const T *restrict x = large; \
    T w = *(const T *) weight; \
\
    if (stride == 1) \
      for (gint64 i = 0; i < n; i++) \
        y[i] += w * x[i]; \
    else \
      for (gint64 i = 0; i < n; i++) \
        y[i] += w * x[i * stride]; \
  } \
\
  static void \
  scatter_##name (void *small, void *large, const void *weight, gint64 n, gint64 stride) \
  { \
    const T *restrict x = small; \
    T *restrict y = large; \
    T w = *(const T *) weight; \
\
    for (gint64 i = 0; i < n; i++) \
      y[i * stride] += w * x[i]; \
  }

DEFINE_ROWS (f32, float)
DEFINE_ROWS (f64, double)
DEFINE_ROWS (u32, guint32)

static const RowFunc row_funcs[2][3] = { { gather_f32, gather_f64, gather_u32 },
                                         { scatter_f32, scatter_f64, scatter_u32 } };

typedef struct {
  FoveaStencil s; /* in = the large side, out = the small side */
  gint64 n_batch, n_groups;
  gint64 n_in, n_out;             /* channels a group */
  gint64 n_taps;
  gint64 small_plane, large_plane; /* elements */
  gsize size;                      /* bytes an element */
  gsize small_step[FOVEA_MAX_SPATIAL], large_step[FOVEA_MAX_SPATIAL]; /* bytes */
  RowFunc row;
} Walk;

/* A pointwise convolution reads and writes planes in order: walk them as one long row. */
static void
merge_trivial_axes (FoveaStencil *s)
{
  while (s->n > 1)
    {
      int a = s->n - 2, b = s->n - 1;

      if (s->kernel[a] != 1 || s->kernel[b] != 1 || s->stride[a] != 1 || s->stride[b] != 1 || s->in[a] != s->out[a]
          || s->in[b] != s->out[b] || s->pad_begin[a] != 0 || s->pad_begin[b] != 0)
        return;
      if (s->in[b] > 0 && s->in[a] > G_MAXINT32 / s->in[b])
        return;
      s->in[a] *= s->in[b];
      s->out[a] = s->in[a];
      s->n--;
    }
}

static void
walk_prepare (Walk *walk, FoveaDType dtype, gboolean transposed)
{
  FoveaStencil *s = &walk->s;
  int type = dtype == FOVEA_DTYPE_F32 ? 0 : dtype == FOVEA_DTYPE_F64 ? 1 : 2;

  walk->row = row_funcs[transposed ? 1 : 0][type];
  walk->size = fovea_dtype_size (dtype);
  merge_trivial_axes (s);
  walk->n_taps = walk->small_plane = walk->large_plane = 1;
  for (int i = s->n - 1; i >= 0; i--)
    {
      walk->small_step[i] = (gsize) walk->small_plane * walk->size;
      walk->large_step[i] = (gsize) walk->large_plane * walk->size;
      /* unsigned: beside an empty axis the others may multiply to anything */
      walk->small_plane = (gint64) ((guint64) walk->small_plane * (guint64) s->out[i]);
      walk->large_plane = (gint64) ((guint64) walk->large_plane * (guint64) s->in[i]);
      walk->n_taps = (gint64) ((guint64) walk->n_taps * (guint64) s->kernel[i]);
    }
}

static void
walk_tap (const Walk *walk, int axis, const gint64 *tap, char *small, char *large, const void *weight)
{
  const FoveaStencil *s = &walk->s;
  gint64 shift = tap[axis] * s->dilation[axis] - s->pad_begin[axis];
  gint64 begin, end;

  fovea_stencil_outputs (s, axis, tap[axis], &begin, &end);
  if (begin >= end)
    return;
  if (axis == s->n - 1)
    {
      walk->row (small + (gsize) begin * walk->size,
                 large + (gsize) (begin * s->stride[axis] + shift) * walk->size, weight, end - begin, s->stride[axis]);
      return;
    }
  for (gint64 o = begin; o < end; o++)
    walk_tap (walk, axis + 1, tap, small + (gsize) o * walk->small_step[axis],
              large + (gsize) (o * s->stride[axis] + shift) * walk->large_step[axis], weight);
}

static void
walk_planes (const Walk *walk, char *small, char *large, const char *weights)
{
  gint64 tap[FOVEA_MAX_SPATIAL] = { 0 };

  for (gint64 t = 0; t < walk->n_taps; t++)
    {
      walk_tap (walk, 0, tap, small, large, weights + (gsize) t * walk->size);
      for (int i = walk->s.n - 1; i >= 0 && ++tap[i] == walk->s.kernel[i]; i--)
        tap[i] = 0;
    }
}

/* y += x convolved with w. @y already holds the bias. */
static void
walk_all (const Walk *walk, gboolean transposed, const void *x, const void *w, void *y)
{
  gsize x_plane = (gsize) (transposed ? walk->small_plane : walk->large_plane) * walk->size;
  gsize y_plane = (gsize) (transposed ? walk->large_plane : walk->small_plane) * walk->size;
  gsize taps = (gsize) walk->n_taps * walk->size;

  if (walk->small_plane <= 0 || walk->large_plane <= 0)
    return;
  for (gint64 n = 0; n < walk->n_batch; n++)
    for (gint64 g = 0; g < walk->n_groups; g++)
      for (gint64 o = 0; o < walk->n_out; o++)
        for (gint64 i = 0; i < walk->n_in; i++)
          {
            char *xp = (char *) x + (gsize) ((n * walk->n_groups + g) * walk->n_in + i) * x_plane;
            char *yp = (char *) y + (gsize) ((n * walk->n_groups + g) * walk->n_out + o) * y_plane;
            gint64 row = transposed ? (g * walk->n_in + i) * walk->n_out + o : (g * walk->n_out + o) * walk->n_in + i;

            walk_planes (walk, transposed ? xp : yp, transposed ? yp : xp, (const char *) w + (gsize) row * taps);
          }
}

/* Channels and groups of x [N, C, …] and w; fills everything of @walk but what walk_prepare() does. */
static gboolean
walk_read (Walk *walk, const FoveaOpContext *ctx, const FoveaShape *x, const FoveaShape *w, gboolean transposed,
           GError **error)
{
  gint64 group = fovea_node_int (ctx->node, "group", 1), c = x->rank > 1 ? x->dim[1] : 0;
  gint64 given[FOVEA_MAX_RANK];
  gsize n_kernel = 0;

  if (x->rank < 3 || w->rank != x->rank)
    return fovea_refuse (error, SHAPE, "the input has rank %d and the weights %d, expected the same, 3 to %d", x->rank,
                         w->rank, FOVEA_MAX_RANK);
  if (group < 1 || c % group != 0 || w->dim[0] % group != 0)
    return fovea_refuse (error, SHAPE,
                         "%" G_GINT64_FORMAT " groups do not divide %" G_GINT64_FORMAT " channels and %" G_GINT64_FORMAT
                         " rows of weights", group, c, w->dim[0]);
  if (transposed ? w->dim[0] != c : w->dim[1] != c / group)
    return fovea_refuse (error, SHAPE,
                         "the input has %" G_GINT64_FORMAT " channels in %" G_GINT64_FORMAT
                         " groups, the weights expect %" G_GINT64_FORMAT, c, group,
                         transposed ? w->dim[0] : w->dim[1] * group);
  if (fovea_node_ints (ctx->node, "kernel_shape", &n_kernel) != NULL && n_kernel > 0)
    {
      if (!fovea_stencil_kernel_shape (ctx->node, x->rank - 2, given, error))
        return FALSE;
      for (int i = 0; i < x->rank - 2; i++)
        if (given[i] != w->dim[i + 2])
          return fovea_refuse (error, SHAPE,
                               "kernel_shape[%d] is %" G_GINT64_FORMAT ", the weights have %" G_GINT64_FORMAT, i,
                               given[i], w->dim[i + 2]);
    }
  walk->n_batch = x->dim[0];
  walk->n_groups = group;
  walk->n_in = c / group;
  walk->n_out = transposed ? w->dim[1] : w->dim[0] / group;
  return transposed ? fovea_stencil_init_transposed (&walk->s, ctx->node, x, &w->dim[2], error)
                    : fovea_stencil_init (&walk->s, ctx->node, x, &w->dim[2], FALSE, error);
}

static gboolean
walk_shape (const FoveaOpContext *ctx, guint w_input, gboolean transposed, FoveaShape *ret_shape, gint64 *ret_channels,
            GError **error)
{
  const FoveaShape *x = &ctx->in[0]->shape;
  Walk walk;

  if (!walk_read (&walk, ctx, x, &ctx->in[w_input]->shape, transposed, error))
    return FALSE;
  if (walk.n_out > G_MAXINT32 || walk.n_groups > G_MAXINT32)
    return fovea_refuse (error, LIMIT, "%" G_GINT64_FORMAT " output channels are too many", walk.n_out);
  *ret_shape = *x;
  ret_shape->dim[1] = *ret_channels = walk.n_out * walk.n_groups;
  for (int i = 0; i < walk.s.n; i++)
    ret_shape->dim[i + 2] = walk.s.out[i];
  return TRUE;
}

static gboolean
conv_like_shape (FoveaOpContext *ctx, gboolean transposed, GError **error)
{
  FoveaShape shape;
  gint64 channels;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error) || !fovea_op_check_same (ctx, 1, error)
      || !walk_shape (ctx, 1, transposed, &shape, &channels, error))
    return FALSE;
  if (fovea_op_in (ctx, 2) != NULL
      && (!fovea_op_check_same (ctx, 2, error) || !fovea_op_check_vector (ctx, 2, channels, error)))
    return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return TRUE;
}

static gboolean
conv_shape (FoveaOpContext *ctx, GError **error)
{
  return conv_like_shape (ctx, FALSE, error);
}

static gboolean
conv_transpose_shape (FoveaOpContext *ctx, GError **error)
{
  return conv_like_shape (ctx, TRUE, error);
}

FOVEA_DEFINE_INFER (conv)
FOVEA_DEFINE_INFER (conv_transpose)

static void
fill_bias (FoveaTensor *y, const FoveaTensor *bias)
{
  gsize channels = bias->n_elements, size = fovea_dtype_size (y->dtype);
  gsize planes = (gsize) y->shape.dim[0] * channels, plane;

  if (y->n_elements == 0)
    return;
  plane = y->n_elements / planes;
  for (gsize p = 0; p < planes; p++)
    for (gsize i = 0; i < plane; i++)
      memcpy ((char *) y->data + (p * plane + i) * size, (const char *) bias->data + p % channels * size, size);
}

static gboolean
conv_like_run (FoveaOpContext *ctx, gboolean transposed, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  Walk walk;

  if (!walk_read (&walk, ctx, &ctx->in[0]->shape, &ctx->in[1]->shape, transposed, error))
    return FALSE;
  if (transposed)
    for (int i = 0; i < walk.s.n; i++)
      {
        gint64 small = walk.s.in[i];

        walk.s.in[i] = walk.s.out[i];
        walk.s.out[i] = small;
      }
  walk_prepare (&walk, y->dtype, transposed);
  if (fovea_op_in (ctx, 2) != NULL)
    fill_bias (y, ctx->in[2]);
  walk_all (&walk, transposed, ctx->in[0]->data, ctx->in[1]->data, y->data);
  return TRUE;
}

static gboolean
conv_run (FoveaOpContext *ctx, GError **error)
{
  return conv_like_run (ctx, FALSE, error);
}

static gboolean
conv_transpose_run (FoveaOpContext *ctx, GError **error)
{
  return conv_like_run (ctx, TRUE, error);
}

/* --- gradients
 * ----------------------------------------------------------------------------------------------------------- */

/* weight += Σ small · large, the third thing that a row can do */
static void
correlate (void *small, void *large, const void *weight, gint64 n, gint64 stride)
{
  const double *a = small, *b = large;
  double sum = 0;

  for (gint64 i = 0; i < n; i++)
    sum += a[i] * b[i * stride];
  *(double *) weight += sum;
}

static void
differentiate_bias (const FoveaTensor *d_y, double *d_bias)
{
  gsize channels = (gsize) d_y->shape.dim[1], plane;

  if (d_y->n_elements == 0)
    return;
  plane = d_y->n_elements / (gsize) d_y->shape.dim[0] / channels;
  for (gsize i = 0; i < d_y->n_elements; i++)
    d_bias[i / plane % channels] += fovea_tensor_real (d_y, i);
}

/* The same walk again: towards x the weights go the other way, and towards w small and large sides are correlated. */
static gboolean
conv_like_gradient (const FoveaGradientContext *ctx, gboolean transposed, GError **error)
{
  const FoveaOpContext *op = &ctx->op;
  g_autoptr (FoveaTensor) x = fovea_tensor_convert (op->in[0], FOVEA_DTYPE_F64, error);
  g_autoptr (FoveaTensor) w = x != NULL ? fovea_tensor_convert (op->in[1], FOVEA_DTYPE_F64, error) : NULL;
  g_autoptr (FoveaTensor) d_y = w != NULL ? fovea_tensor_convert (ctx->d_out[0], FOVEA_DTYPE_F64, error) : NULL;
  double *d_x = fovea_gradient_of (ctx, 0), *d_w = fovea_gradient_of (ctx, 1), *d_bias = fovea_gradient_of (ctx, 2);
  Walk walk;

  if (d_y == NULL || !walk_read (&walk, op, &x->shape, &w->shape, transposed, error))
    return FALSE;
  if (transposed)
    for (int i = 0; i < walk.s.n; i++)
      {
        gint64 small = walk.s.in[i];

        walk.s.in[i] = walk.s.out[i];
        walk.s.out[i] = small;
      }
  walk_prepare (&walk, FOVEA_DTYPE_F64, !transposed);
  if (d_x != NULL)
    walk_all (&walk, transposed, d_x, w->data, d_y->data);
  walk.row = correlate;
  if (d_w != NULL)
    walk_all (&walk, transposed, x->data, d_w, d_y->data);
  if (d_bias != NULL)
    differentiate_bias (d_y, d_bias);
  return TRUE;
}

static gboolean
conv_gradient (const FoveaGradientContext *ctx, GError **error)
{
  return conv_like_gradient (ctx, FALSE, error);
}

static gboolean
conv_transpose_gradient (const FoveaGradientContext *ctx, GError **error)
{
  return conv_like_gradient (ctx, TRUE, error);
}

/* ConvInteger: x, w, x zero point (scalar), w zero point (scalar or [O]); padding counts as the zero point. */
static gboolean
conv_integer_shape (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape;
  gint64 channels;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_8BIT, error) || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_8BIT, error)
      || !walk_shape (ctx, 1, FALSE, &shape, &channels, error)
      || !fovea_zero_point_check (fovea_op_in (ctx, 2), ctx->in[0], 1, error)
      || !fovea_zero_point_check (fovea_op_in (ctx, 3), ctx->in[1], channels, error))
    return FALSE;
  fovea_op_declare (ctx, 0, FOVEA_DTYPE_I32, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (conv_integer)

static gsize
row_length (const FoveaTensor *w)
{
  return w->n_elements == 0 ? 1 : w->n_elements / (gsize) w->shape.dim[0];
}

/* @y: i32, bias already in it */
static gboolean
convolve_integers (FoveaOpContext *ctx, FoveaTensor *x, const FoveaTensor *x_zero, FoveaTensor *w,
                   const FoveaTensor *w_zero, FoveaTensor *y, GError **error)
{
  g_autoptr (FoveaTensor) wide_x = fovea_widen (x, x_zero, 1, error);
  g_autoptr (FoveaTensor) wide_w = wide_x != NULL ? fovea_widen (w, w_zero, row_length (w), error) : NULL;
  Walk walk;

  if (wide_w == NULL || !walk_read (&walk, ctx, &x->shape, &w->shape, FALSE, error))
    return FALSE;
  walk_prepare (&walk, FOVEA_DTYPE_I32, FALSE);
  walk_all (&walk, FALSE, wide_x->data, wide_w->data, y->data);
  return TRUE;
}

static gboolean
conv_integer_run (FoveaOpContext *ctx, GError **error)
{
  return convolve_integers (ctx, ctx->in[0], fovea_op_in (ctx, 2), ctx->in[1], fovea_op_in (ctx, 3), ctx->out[0], error);
}

/* QLinearConv: x, x_scale, x_zero, w, w_scale ([] or [O]), w_zero, y_scale, y_zero, bias i32 (scale x_scale ·
 * w_scale). */
static gboolean
qlinear_conv_shape (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape;
  gint64 channels;

  for (guint i = 0; i < 8; i++)
    if (!fovea_op_check_in (ctx, i, i == 1 || i == 4 || i == 6 ? FOVEA_DTYPE_BIT (FOVEA_DTYPE_F32) : FOVEA_DTYPES_8BIT,
                            error))
      return FALSE;
  if (!walk_shape (ctx, 3, FALSE, &shape, &channels, error)
      || !fovea_scale_check (ctx->in[1], 1, error) || !fovea_scale_check (ctx->in[4], channels, error)
      || !fovea_scale_check (ctx->in[6], 1, error) || !fovea_zero_point_check (ctx->in[2], ctx->in[0], 1, error)
      || !fovea_zero_point_check (ctx->in[5], ctx->in[3], channels, error)
      || !fovea_zero_point_check (ctx->in[7], ctx->in[7], 1, error))
    return FALSE;
  if (fovea_op_in (ctx, 8) != NULL
      && (!fovea_op_check_in (ctx, 8, FOVEA_DTYPE_BIT (FOVEA_DTYPE_I32), error)
          || !fovea_op_check_vector (ctx, 8, channels, error)))
    return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[7]->dtype, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (qlinear_conv)

static gboolean
qlinear_conv_run (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  g_autoptr (FoveaTensor) sums = fovea_tensor_new (FOVEA_DTYPE_I32, &y->shape, error);
  gint64 channels = y->shape.dim[1];
  gsize plane;

  if (sums == NULL)
    return FALSE;
  if (fovea_op_in (ctx, 8) != NULL)
    fill_bias (sums, ctx->in[8]);
  if (!convolve_integers (ctx, ctx->in[0], ctx->in[2], ctx->in[3], ctx->in[5], sums, error))
    return FALSE;
  if (y->n_elements == 0)
    return TRUE;
  plane = y->n_elements / (gsize) (y->shape.dim[0] * channels);
  for (gsize i = 0; i < y->n_elements; i++)
    {
      double scale = fovea_tensor_real (ctx->in[1], 0)
                     * fovea_tensor_real (ctx->in[4], ctx->in[4]->n_elements > 1 ? i / plane % (gsize) channels : 0)
                     / fovea_tensor_real (ctx->in[6], 0);

      fovea_quantised_put (y, i, scale * FOVEA_TENSOR_DATA (sums, gint32)[i], fovea_zero_point (ctx->in[7], 0));
    }
  return TRUE;
}

const FoveaOp fovea_ops_convolution[] = {
  { "Conv", 1, 0, 2, 3, 1, 1, conv_infer, conv_run, FOVEA_OP_WIDEN_HALF, conv_gradient },
  { "ConvTranspose", 1, 0, 2, 3, 1, 1, conv_transpose_infer, conv_transpose_run, FOVEA_OP_WIDEN_HALF, conv_transpose_gradient },
  { "ConvInteger", 10, 0, 2, 4, 1, 1, conv_integer_infer, conv_integer_run },
  { "QLinearConv", 10, 0, 8, 9, 1, 1, qlinear_conv_infer, qlinear_conv_run },
  { NULL }
};
