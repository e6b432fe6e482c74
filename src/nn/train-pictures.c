/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooling, nearest resizing and concatenation of pictures, channels-last. */
#include <math.h>
#include <string.h>

#include "nn/ops/op-check.h"
#include "nn/ops/stencil.h"
#include "nn/train-private.h"

/* --- pools
 * --------------------------------------------------------------------------------------------------------------- */

typedef struct {
  FoveaStencil s;
  gboolean largest, include_pad;
  FoveaPicture in, out;
} Pool;

/* Taps of output @o inside the picture: rows [row, row_end) and columns [column, column_end). */
typedef struct {
  gsize row, row_end, column, column_end, row_step, column_step;
  float share; /* of a mean, for each tap */
} Window;

static Window
window_at (const Pool *pool, gsize o)
{
  const FoveaStencil *s = &pool->s;
  gint64 at[2] = { (gint64) o / s->out[1], (gint64) o % s->out[1] }, begin[2], end[2];
  gsize first[2], last[2];

  for (int i = 0; i < 2; i++)
    {
      gint64 start = at[i] * s->stride[i] - s->pad_begin[i];

      fovea_stencil_taps (s, i, at[i], &begin[i], &end[i]);
      first[i] = (gsize) (start + begin[i] * s->dilation[i]);
      last[i] = end[i] > begin[i] ? (gsize) (start + (end[i] - 1) * s->dilation[i] + 1) : first[i];
    }
  return (Window) { first[0], last[0], first[1], last[1], (gsize) s->dilation[0], (gsize) s->dilation[1],
                    1.0f / (float) MAX (1, pool->include_pad ? s->kernel[0] * s->kernel[1]
                                                             : (end[0] - begin[0]) * (end[1] - begin[1])) };
}

/* The pixel that has the largest value of channel @c, the first of them. */
static gsize
find_largest (const Pool *pool, const FoveaTrainValue *x, const void *data, gsize base, const Window *w, gsize c)
{
  gsize best = w->row * (gsize) pool->s.in[1] + w->column;
  float most = -INFINITY;

  for (gsize i = w->row; i < w->row_end; i += w->row_step)
    for (gsize j = w->column; j < w->column_end; j += w->column_step)
      {
        gsize pixel = i * (gsize) pool->s.in[1] + j;
        float value = fovea_train_get (x, data, base + pixel * pool->in.channels + c);

        if (value > most)
          {
            most = value;
            best = pixel;
          }
      }
  return best;
}

static float
sum_window (const Pool *pool, const FoveaTrainValue *x, const void *data, gsize base, const Window *w, gsize c)
{
  float sum = 0;

  for (gsize i = w->row; i < w->row_end; i += w->row_step)
    for (gsize j = w->column; j < w->column_end; j += w->column_step)
      sum += fovea_train_get (x, data, base + (i * (gsize) pool->s.in[1] + j) * pool->in.channels + c);
  return sum * w->share;
}

static gboolean
pool_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const Pool *pool = step->state;
  const FoveaTrainValue *x = fovea_train_value (program, step->in[0]);
  const gsize channels = pool->in.channels, n_out = pool->out.pixels;
  const void *from = fovea_train_data (program, step->in[0]);
  void *to = fovea_train_data (program, step->out[0]);

#pragma omp parallel for
  for (gsize k = 0; k < pool->in.n * n_out; k++)
    {
      const gsize base = k / n_out * pool->in.pixels * channels;
      const Window w = window_at (pool, k % n_out);

      for (gsize c = 0; c < channels; c++)
        fovea_train_put (x, to, k * channels + c,
                         pool->largest ? fovea_train_get (x, from, base + find_largest (pool, x, from, base, &w, c) * channels + c)
                                       : sum_window (pool, x, from, base, &w, c));
    }
  return TRUE;
}

static void
add_at (const FoveaTrainValue *x, void *dx, gsize i, float d)
{
  fovea_train_put (x, dx, i, fovea_train_get (x, dx, i) + d);
}

static void
pool_back (const Pool *pool, const FoveaTrainValue *x, const void *data, const void *dy, void *dx, gsize n)
{
  const gsize channels = pool->in.channels, base = n * pool->in.pixels * channels, width = (gsize) pool->s.in[1];

  for (gsize o = 0; o < pool->out.pixels; o++)
    {
      const Window w = window_at (pool, o);

      for (gsize c = 0; c < channels; c++)
        {
          const float d = fovea_train_get (x, dy, (n * pool->out.pixels + o) * channels + c);

          if (pool->largest)
            add_at (x, dx, base + find_largest (pool, x, data, base, &w, c) * channels + c, d);
          else
            for (gsize i = w.row; i < w.row_end; i += w.row_step)
              for (gsize j = w.column; j < w.column_end; j += w.column_step)
                add_at (x, dx, base + (i * width + j) * channels + c, d * w.share);
        }
    }
}

static gboolean
pool_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const Pool *pool = step->state;
  const FoveaTrainValue *x = fovea_train_value (program, step->in[0]);
  const void *data = fovea_train_data (program, step->in[0]), *dy = fovea_train_gradient (program, step->out[0]);
  void *dx = fovea_train_gradient (program, step->in[0]);

  if (!step->accumulate[0])
    memset (dx, 0, fovea_train_value_bytes (x));
#pragma omp parallel for
  for (gsize n = 0; n < pool->in.n; n++)
    pool_back (pool, x, data, dy, dx, n);
  return TRUE;
}

static const FoveaTrainStepType pool_type = { "pool", pool_forward, pool_backward, g_free };

static FoveaTrainStep *
pool_new (FoveaTrainProgram *program, const FoveaNode *node)
{
  const FoveaTrainValue *x = fovea_train_value (program, node->inputs[0]), *y = fovea_train_value (program, node->outputs[0]);
  gint64 kernel[FOVEA_MAX_RANK];
  FoveaTrainStep *step;
  FoveaStencil s;
  Pool *pool;

  if (node->n_outputs != 1 || !x->last || !y->last || fovea_node_int (node, "ceil_mode", 0) != 0
      || !fovea_stencil_kernel_shape (node, 2, kernel, NULL)
      || !fovea_stencil_init (&s, node, &x->fact->shape, kernel, FALSE, NULL))
    return NULL;
  step = fovea_train_step_new (&pool_type, node);
  pool = g_new0 (Pool, 1);
  *pool = (Pool) { s, g_str_equal (node->op_type, "MaxPool"), fovea_node_int (node, "count_include_pad", 0) != 0,
                   fovea_train_picture (x), fovea_train_picture (y) };
  step->state = pool;
  step->keeps_in[0] = pool->largest;
  return step;
}

/* --- nearest resizing
 * ---------------------------------------------------------------------------------------------------- */

typedef struct {
  FoveaPicture in, out;
  gsize *source; /* [out.pixels]: the input's pixel */
} Resize;

static void
resize_free (gpointer state)
{
  Resize *resize = state;

  g_free (resize->source);
  g_free (resize);
}

static gboolean
resize_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const Resize *r = step->state;
  const gsize pixel = r->in.channels * (fovea_train_value (program, step->in[0])->half ? 2 : 4);
  const char *from = fovea_train_data (program, step->in[0]);
  char *to = fovea_train_data (program, step->out[0]);

#pragma omp parallel for
  for (gsize k = 0; k < r->in.n * r->out.pixels; k++)
    memcpy (to + k * pixel, from + (k / r->out.pixels * r->in.pixels + r->source[k % r->out.pixels]) * pixel, pixel);
  return TRUE;
}

static gboolean
resize_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const Resize *r = step->state;
  const FoveaTrainValue *x = fovea_train_value (program, step->in[0]);
  const void *dy = fovea_train_gradient (program, step->out[0]);
  void *dx = fovea_train_gradient (program, step->in[0]);

  if (!step->accumulate[0])
    memset (dx, 0, fovea_train_value_bytes (x));
#pragma omp parallel for
  for (gsize n = 0; n < r->in.n; n++)
    for (gsize o = 0; o < r->out.pixels; o++)
      for (gsize c = 0; c < r->in.channels; c++)
        add_at (x, dx, (n * r->in.pixels + r->source[o]) * r->in.channels + c,
                fovea_train_get (x, dy, (n * r->out.pixels + o) * r->in.channels + c));
  return TRUE;
}

static const FoveaTrainStepType resize_type = { "resize", resize_forward, resize_backward, resize_free };

/* Where every pixel of the first plane comes from: the reference kernel is run on the numbers of the input's elements.
 * NULL: it cannot be known now. */
static gsize *
find_sources (const FoveaTrainProgram *program, const FoveaNode *node, gsize n_pixels)
{
  const FoveaTensor *x = fovea_train_value (program, node->inputs[0])->fact;
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, node->n_inputs);
  g_autoptr (FoveaTensor) numbers = fovea_tensor_new (FOVEA_DTYPE_I64, &x->shape, NULL), moved = NULL;
  FoveaOpContext ctx = { node, program->graph->opset, node->n_inputs, in, 1, &moved };
  gsize *sources;

  for (guint i = 1; i < node->n_inputs; i++)
    if (node->inputs[i] >= 0)
      {
        in[i] = (FoveaTensor *) fovea_train_value (program, node->inputs[i])->fact;
        if (in[i] == NULL || in[i]->data == NULL)
          return NULL;
      }
  in[0] = numbers;
  for (gsize i = 0; numbers != NULL && i < numbers->n_elements; i++)
    FOVEA_TENSOR_DATA (numbers, gint64)[i] = (gint64) i;
  if (numbers == NULL || !fovea_op_run (&ctx, NULL))
    return NULL;
  sources = g_new (gsize, n_pixels);
  for (gsize i = 0; i < n_pixels; i++)
    sources[i] = (gsize) FOVEA_TENSOR_DATA (moved, const gint64)[i];
  return sources;
}

static FoveaTrainStep *
resize_new (FoveaTrainProgram *program, const FoveaNode *node)
{
  const FoveaTrainValue *x = fovea_train_value (program, node->inputs[0]), *y = fovea_train_value (program, node->outputs[0]);
  FoveaTrainStep *step;
  FoveaPicture in, out;
  gsize *source;

  if (!x->last || !y->last || !g_str_equal (fovea_node_string (node, "mode", "nearest"), "nearest")
      || g_str_equal (fovea_node_string (node, "coordinate_transformation_mode", ""), "tf_crop_and_resize"))
    return NULL;
  in = fovea_train_picture (x);
  out = fovea_train_picture (y);
  if (in.n != out.n || in.channels != out.channels || x->fact->n_elements == 0)
    return NULL;
  source = find_sources (program, node, out.pixels);
  if (source == NULL)
    return NULL;
  step = fovea_train_step_new (&resize_type, node);
  step->state = g_new0 (Resize, 1);
  *(Resize *) step->state = (Resize) { in, out, source };
  return step;
}

/* --- concatenation of channels
 * ------------------------------------------------------------------------------------------- */

static gboolean
concat_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const FoveaTrainValue *y = fovea_train_value (program, step->out[0]);
  const FoveaPicture p = fovea_train_picture (y);
  const gsize size = y->half ? 2 : 4, row = p.channels * size;
  char *to = fovea_train_data (program, step->out[0]);

  for (guint i = 0; i < step->n_in; i++)
    {
      const gsize part = fovea_train_picture (fovea_train_value (program, step->in[i])).channels * size;
      const char *from = fovea_train_data (program, step->in[i]);

#pragma omp parallel for
      for (gsize k = 0; k < p.n * p.pixels; k++)
        memcpy (to + k * row, from + k * part, part);
      to += part;
    }
  return TRUE;
}

static gboolean
concat_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const FoveaPicture p = fovea_train_picture (fovea_train_value (program, step->out[0]));
  const void *dy = fovea_train_gradient (program, step->out[0]);
  gsize first = 0;

  for (guint i = 0; i < step->n_in; i++)
    {
      const FoveaTrainValue *x = fovea_train_value (program, step->in[i]);
      const gsize channels = fovea_train_picture (x).channels, begin = first;
      const gboolean adds = step->accumulate[i];
      void *dx = x->differs ? fovea_train_gradient (program, step->in[i]) : NULL;

      first += channels;
      if (dx == NULL)
        continue;
#pragma omp parallel for
      for (gsize k = 0; k < p.n * p.pixels; k++)
        for (gsize c = 0; c < channels; c++)
          fovea_train_put (x, dx, k * channels + c,
                           fovea_train_get (x, dy, k * p.channels + begin + c)
                               + (adds ? fovea_train_get (x, dx, k * channels + c) : 0));
    }
  return TRUE;
}

static const FoveaTrainStepType concat_type = { "concat", concat_forward, concat_backward, NULL };

static FoveaTrainStep *
concat_new (FoveaTrainProgram *program, const FoveaNode *node)
{
  gint64 axis = fovea_node_int (node, "axis", 0);

  if (!fovea_train_value (program, node->outputs[0])->last || (axis != 1 && axis != -3))
    return NULL;
  for (guint i = 0; i < node->n_inputs; i++)
    if (!fovea_train_value (program, node->inputs[i])->last)
      return NULL;
  return fovea_train_step_new (&concat_type, node);
}

FoveaTrainStep *
fovea_train_pictures_new (FoveaTrainProgram *program, guint index)
{
  const FoveaNode *node = fovea_graph_node (program->graph, index);

  if (g_str_equal (node->op_type, "MaxPool") || g_str_equal (node->op_type, "AveragePool"))
    return pool_new (program, node);
  if (g_str_equal (node->op_type, "Resize") || g_str_equal (node->op_type, "Upsample"))
    return resize_new (program, node);
  return g_str_equal (node->op_type, "Concat") ? concat_new (program, node) : NULL;
}
