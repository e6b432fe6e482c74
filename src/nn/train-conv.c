/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Convolutions and dense layers by oneDNN, and depthwise convolutions by our own kernels, each with the clip behind it. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "nn/ops/op-check.h"
#include "nn/ops/stencil.h"
#include "nn/train-private.h"

static gboolean
is_op (const FoveaNode *node, const char *op_type)
{
  return g_str_equal (node->op_type, op_type) && node->domain[0] == '\0';
}

/* --- convolutions
 * -------------------------------------------------------------------------------------------------------- */

typedef struct {
  FoveaDnnlConv *conv;
  guint64 version; /* of the weights that it holds */
  int x, w, bias;  /* values; bias -1 */
  FoveaDnnlConvOptions options;
  gboolean outer;  /* weights' gradients by train-outer */
  gsize dx_bytes;  /* of a copy, when the gradient is to be added to; 0 otherwise */
} Conv;

static void
conv_free (gpointer state)
{
  Conv *conv = state;

  g_clear_pointer (&conv->conv, fovea_dnnl_conv_free);
  g_free (conv);
}

static gboolean
conv_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  Conv *c = step->state;

  if (c->version != program->plan->version
      && !fovea_dnnl_conv_set_weights (c->conv, fovea_train_data (program, c->w), error))
    return FALSE;
  c->version = program->plan->version;
  return fovea_dnnl_conv_forward (c->conv, fovea_train_data (program, c->x),
                                  c->bias >= 0 ? fovea_train_data (program, c->bias) : NULL,
                                  fovea_train_data (program, step->out[0]), program->scratch, error);
}

static gboolean
conv_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  Conv *c = step->state;
  const FoveaTrainValue *x = fovea_train_value (program, c->x);
  void *dy = fovea_train_gradient (program, step->out[0]);
  float *dw = fovea_train_gradient (program, c->w), *db = c->bias >= 0 ? fovea_train_gradient (program, c->bias) : NULL;
  void *dx = x->differs ? fovea_train_gradient (program, c->x) : NULL;

  fovea_train_undo_clip (step, program);
  if ((dw != NULL || db != NULL) && c->outer)
    fovea_train_outer_run (&c->options, fovea_train_data (program, c->x), dy, dw, db, program->scratch, program->plan->n_threads);
  else if ((dw != NULL || db != NULL)
           && !fovea_dnnl_conv_towards_weights (c->conv, fovea_train_data (program, c->x), dy, dw, db, program->scratch, error))
    return FALSE;
  if (dx == NULL)
    return TRUE;
  if (!step->accumulate[0])
    return fovea_dnnl_conv_towards_input (c->conv, dy, dx, program->scratch, error);
  if (!fovea_dnnl_conv_towards_input (c->conv, dy, program->scratch, program->scratch + (c->dx_bytes + 63) / 64 * 64, error))
    return FALSE;
  fovea_train_add (dx, dx, program->scratch, x, -INFINITY, INFINITY);
  return TRUE;
}

static const FoveaTrainStepType conv_type = { "conv", conv_forward, conv_backward, conv_free };

static gboolean
read_window (const FoveaTrainProgram *program, const FoveaNode *node, FoveaDnnlWindow *window)
{
  const FoveaTensor *x = fovea_train_value (program, node->inputs[0])->fact;
  const FoveaTensor *w = fovea_train_value (program, node->inputs[1])->fact;
  const FoveaTensor *y = fovea_train_value (program, node->outputs[0])->fact;
  FoveaStencil s;

  if (!fovea_stencil_init (&s, node, &x->shape, &w->shape.dim[2], FALSE, NULL))
    return FALSE;
  *window = (FoveaDnnlWindow) { .batch = (gsize) x->shape.dim[0] };
  for (int i = 0; i < 2; i++)
    {
      window->in[i] = (gsize) s.in[i];
      window->out[i] = (gsize) s.out[i];
      window->kernel[i] = (gsize) s.kernel[i];
      window->stride[i] = (gsize) s.stride[i];
      window->dilation[i] = (gsize) s.dilation[i];
      window->before[i] = (gsize) s.pad_begin[i];
      /* oneDNN wants what is read, which ONNX's padding may exceed */
      if ((s.out[i] - 1) * s.stride[i] + (s.kernel[i] - 1) * s.dilation[i] + 1 < s.in[i] + s.pad_begin[i])
        window->after[i] = 0;
      else
        window->after[i] = (gsize) ((s.out[i] - 1) * s.stride[i] + (s.kernel[i] - 1) * s.dilation[i] + 1 - s.in[i]
                                    - s.pad_begin[i]);
    }
  window->in[2] = (gsize) x->shape.dim[1];
  window->out[2] = (gsize) y->shape.dim[1];
  return y->n_elements > 0 && x->n_elements > 0;
}

/* Conv; Gemm and MatMul with weights, as convolutions over one pixel. FALSE: none of these. */
static gboolean
read_conv (const FoveaTrainProgram *program, const FoveaNode *node, FoveaDnnlConvOptions *o)
{
  const FoveaTrainValue *x = fovea_train_value (program, node->inputs[0]), *w = fovea_train_value (program, node->inputs[1]);
  const FoveaTrainValue *y = fovea_train_value (program, node->outputs[0]);

  if (!x->in_arena || !y->in_arena || w->parameter < 0)
    return FALSE;
  o->half = y->half;
  o->groups = 1;
  if (is_op (node, "Conv") && y->last && x->last)
    {
      o->groups = (gsize) fovea_node_int (node, "group", 1);
      return read_window (program, node, &o->window);
    }
  if (x->fact->shape.rank != 2 || w->fact->shape.rank != 2 || y->fact->n_elements == 0)
    return FALSE;
  if (is_op (node, "Gemm"))
    {
      if (fovea_node_float (node, "alpha", 1) != 1 || fovea_node_float (node, "beta", 1) != 1
          || fovea_node_int (node, "transA", 0) != 0)
        return FALSE;
      o->transposed = fovea_node_int (node, "transB", 0) == 0;
    }
  else if (is_op (node, "MatMul"))
    o->transposed = TRUE;
  else
    return FALSE;
  o->window = (FoveaDnnlWindow) { .batch = (gsize) x->fact->shape.dim[0],
                                  .in = { 1, 1, (gsize) x->fact->shape.dim[1] },
                                  .out = { 1, 1, (gsize) y->fact->shape.dim[1] },
                                  .kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 } };
  return TRUE;
}

static FoveaTrainStep *
conv_new (FoveaTrainProgram *program, guint index, gboolean *taken, GError **error)
{
  const FoveaNode *node = fovea_graph_node (program->graph, index);
  int bias = node->n_inputs > 2 ? node->inputs[2] : -1;
  FoveaDnnlConvOptions o = { .has_bias = bias >= 0 };
  FoveaTrainStep *step;
  FoveaTrainValue *x, *y;
  Conv *c;

  if (!read_conv (program, node, &o))
    return NULL;
  if (bias >= 0 && (fovea_train_value (program, bias)->parameter < 0
                    || fovea_train_value (program, bias)->fact->shape.rank != 1
                    || fovea_train_value (program, bias)->fact->n_elements != o.window.out[2]))
    return NULL;
  step = fovea_train_step_new (&conv_type, node);
  fovea_train_take_clip (program, step, index, taken);
  x = fovea_train_value (program, node->inputs[0]);
  y = fovea_train_value (program, step->out[0]);
  step->n_out = 1;
  o.low = y->low;
  o.high = y->high;
  o.towards_input = x->differs;
  o.towards_weights = fovea_train_value (program, node->inputs[1])->differs
                      || (bias >= 0 && fovea_train_value (program, bias)->differs);
  c = g_new0 (Conv, 1);
  *c = (Conv) { .x = node->inputs[0], .w = node->inputs[1], .bias = bias, .options = o,
                .outer = o.towards_weights && fovea_train_outer_pays (&o) };
  step->state = c;
  step->keeps_in[0] = o.towards_weights;
  if (c->outer)
    {
      o.towards_weights = FALSE;
      program->scratch_bytes = MAX (program->scratch_bytes, fovea_train_outer_scratch (&o, program->plan->n_threads));
    }
  step->keeps_out[0] = fovea_train_has_clip (y);
  c->conv = fovea_dnnl_conv_new (&o, error);
  if (c->conv == NULL)
    {
      fovea_train_step_free (step);
      return NULL;
    }
  c->dx_bytes = x->n_uses > 1 ? fovea_train_value_bytes (x) : 0;
  program->scratch_bytes = MAX (program->scratch_bytes, fovea_dnnl_conv_get_scratch (c->conv) + c->dx_bytes + 128);
  return step;
}

/* --- depthwise
 * ----------------------------------------------------------------------------------------------------------- */

/* Larger windows and strides go to oneDNN. */
#define MAX_KERNEL 11
#define MAX_STRIDE 4
/* A picture of the batch larger than this is out of the cache before it is read again. */
#define CACHE_BYTES (16u << 20)

typedef struct {
  FoveaDepthwise shape;
  gsize batch, n_groups; /* each picture is cut in groups of channels when there are fewer pictures than threads */
  int x, w, bias;
  gsize share; /* scratch floats of one thread */
} Depthwise;

/* [channels][taps] ↔ [taps][channels]; the second adds. */
static void
turn_weights (const float *from, float *to, gsize channels, gsize taps)
{
  for (gsize c = 0; c < channels; c++)
    for (gsize t = 0; t < taps; t++)
      to[t * channels + c] = from[c * taps + t];
}

static void
add_turned (const float *from, float *to, gsize channels, gsize taps)
{
  for (gsize c = 0; c < channels; c++)
    for (gsize t = 0; t < taps; t++)
      to[c * taps + t] += from[t * channels + c];
}

/* Channels of group @g */
static void
cut_channels (const Depthwise *dw, gsize g, FoveaDepthwisePart *part)
{
  const gsize width = fovea_train_kernels_get ()->width, blocks = (dw->shape.channels + width - 1) / width;

  part->channel_from = MIN (blocks * g / dw->n_groups * width, dw->shape.channels);
  part->n_channels = MIN (blocks * (g + 1) / dw->n_groups * width, dw->shape.channels) - part->channel_from;
}

static gboolean
depthwise_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const Depthwise *dw = step->state;
  const FoveaDepthwise *d = &dw->shape;
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const gsize taps = d->kernel_h * d->kernel_w, size = d->half ? 2 : 4;
  const gsize x_plane = d->in_h * d->in_w * d->channels * size, y_plane = d->out_h * d->out_w * d->channels * size;
  const char *x = fovea_train_data (program, dw->x);
  char *y = fovea_train_data (program, step->out[0]);
  const float *bias = dw->bias >= 0 ? fovea_train_data (program, dw->bias) : NULL;
  float *w = (float *) (void *) program->scratch, *shares = w + (taps * d->channels + 15) / 16 * 16;

  turn_weights (fovea_train_data (program, dw->w), w, d->channels, taps);
#pragma omp parallel num_threads(program->plan->n_threads)
  {
    FoveaDepthwisePart part = { .w = w, .bias = bias, .past_cache = dw->batch * y_plane > CACHE_BYTES,
                                .scratch = shares + (gsize) omp_get_thread_num () * dw->share };

#pragma omp for schedule(static)
    for (gsize i = 0; i < dw->batch * dw->n_groups; i++)
      {
        cut_channels (dw, i % dw->n_groups, &part);
        part.x = x + i / dw->n_groups * x_plane;
        part.y = y + i / dw->n_groups * y_plane;
        if (part.n_channels > 0)
          kernels->depthwise_forward (d, &part);
      }
  }
  return TRUE;
}

static gboolean
depthwise_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const Depthwise *dw = step->state;
  const FoveaDepthwise *d = &dw->shape;
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const FoveaTrainValue *x_value = fovea_train_value (program, dw->x), *y_value = fovea_train_value (program, step->out[0]);
  const gsize taps = d->kernel_h * d->kernel_w, size = d->half ? 2 : 4, n_threads = program->plan->n_threads;
  const gsize x_plane = d->in_h * d->in_w * d->channels * size, y_plane = d->out_h * d->out_w * d->channels * size;
  const gsize sums = ((taps + 1) * d->channels + 15) / 16 * 16;
  const char *x = fovea_train_data (program, dw->x);
  char *y = fovea_train_has_clip (y_value) && !y_value->masked ? fovea_train_data (program, step->out[0]) : NULL;
  const char *dy = fovea_train_gradient (program, step->out[0]);
  char *dx = x_value->differs ? fovea_train_gradient (program, dw->x) : NULL;
  float *grad_w = fovea_train_gradient (program, dw->w);
  float *grad_b = dw->bias >= 0 ? fovea_train_gradient (program, dw->bias) : NULL;
  float *w = (float *) (void *) program->scratch, *all_sums = w + (taps * d->channels + 15) / 16 * 16;
  float *shares = all_sums + n_threads * sums;
  gboolean trains = grad_w != NULL || grad_b != NULL;

  turn_weights (fovea_train_data (program, dw->w), w, d->channels, taps);
  memset (all_sums, 0, n_threads * sums * sizeof (float));
#pragma omp parallel num_threads(n_threads)
  {
    float *own = all_sums + (gsize) omp_get_thread_num () * sums;
    FoveaDepthwisePart part = { .w = w,
                                .accumulate = step->accumulate[0],
                                .past_cache = dw->batch * x_plane > CACHE_BYTES,
                                .x_low = x_value->masked ? x_value->low : -INFINITY,
                                .x_high = x_value->masked ? x_value->high : INFINITY,
                                .dw = trains ? own : NULL,
                                .db = trains ? own + taps * d->channels : NULL,
                                .scratch = shares + (gsize) omp_get_thread_num () * dw->share };

#pragma omp for schedule(static)
    for (gsize i = 0; i < dw->batch * dw->n_groups; i++)
      {
        gsize n = i / dw->n_groups;

        cut_channels (dw, i % dw->n_groups, &part);
        part.x = x + n * x_plane;
        part.y = y != NULL ? y + n * y_plane : NULL;
        part.dy = dy + n * y_plane;
        part.dx = dx != NULL ? dx + n * x_plane : NULL;
        if (part.n_channels > 0)
          kernels->depthwise_backward (d, &part);
      }
  }
  for (gsize t = 0; trains && t < n_threads; t++)
    {
      if (grad_w != NULL)
        add_turned (all_sums + t * sums, grad_w, d->channels, taps);
      if (grad_b != NULL)
        add_turned (all_sums + t * sums + taps * d->channels, grad_b, d->channels, 1);
    }
  return TRUE;
}

static const FoveaTrainStepType depthwise_type = { "depthwise", depthwise_forward, depthwise_backward, g_free };

static FoveaTrainStep *
depthwise_new (FoveaTrainProgram *program, guint index, gboolean *taken)
{
  const FoveaNode *node = fovea_graph_node (program->graph, index);
  FoveaDnnlConvOptions o = { 0 };
  const FoveaDnnlWindow *window = &o.window;
  FoveaTrainStep *step;
  const FoveaTrainValue *y;
  Depthwise *dw;
  gsize taps;

  if (!is_op (node, "Conv") || !read_conv (program, node, &o) || o.groups != window->in[2] || window->out[2] != window->in[2]
      || window->stride[0] != window->stride[1] || window->stride[0] > MAX_STRIDE || window->kernel[0] > MAX_KERNEL
      || window->kernel[1] > MAX_KERNEL || window->dilation[0] != 1 || window->dilation[1] != 1
      || window->before[0] >= window->kernel[0] || window->before[1] >= window->kernel[1])
    return NULL;
  step = fovea_train_step_new (&depthwise_type, node);
  fovea_train_take_clip (program, step, index, taken);
  y = fovea_train_value (program, step->out[0]);
  dw = g_new0 (Depthwise, 1);
  *dw = (Depthwise) { { o.half, window->in[0], window->in[1], window->out[0], window->out[1], window->in[2],
                        window->kernel[0], window->kernel[1], window->stride[0], window->before[0], window->before[1],
                        y->low, y->high },
                      window->batch, window->batch % program->plan->n_threads == 0 ? 1 : program->plan->n_threads,
                      node->inputs[0], node->inputs[1], node->n_inputs > 2 ? node->inputs[2] : -1 };
  step->state = dw;
  step->keeps_in[0] = fovea_train_value (program, dw->w)->differs;
  step->keeps_out[0] = fovea_train_has_clip (y);
  step->masks_input = TRUE;
  taps = window->kernel[0] * window->kernel[1];
  dw->share = (fovea_depthwise_scratch (&dw->shape, window->in[2]) + 15) / 16 * 16;
  program->scratch_bytes
    = MAX (program->scratch_bytes,
           sizeof (float) * (taps * window->in[2] + 64 + program->plan->n_threads * ((taps + 1) * window->in[2] + 64 + dw->share)));
  return step;
}

FoveaTrainStep *
fovea_train_conv_new (FoveaTrainProgram *program, guint index, gboolean *taken, GError **error)
{
  FoveaTrainStep *step = depthwise_new (program, index, taken);

  return step != NULL ? step : conv_new (program, index, taken, error);
}
