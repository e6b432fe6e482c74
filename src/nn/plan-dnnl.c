/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What oneDNN computes in a plan: convolutions whose panels of weights would not stay in the cache, pools, and products
 * of two matrices that both change. */
#include <math.h>

#include "nn/ops/stencil.h"
#include "nn/plan-private.h"

/* Values that one output of a convolution sums, from which on oneDNN's blocking over them pays. */
#define MIN_DEPTH 2304

static gboolean
is_op (const FoveaNode *node, const char *op_type)
{
  return g_str_equal (node->op_type, op_type) && node->domain[0] == '\0';
}

FoveaDnnl *
fovea_plan_dnnl_conv (const FoveaUnit *unit, const FoveaKernels *kernels)
{
  const FoveaConv *conv = &unit->conv[0];
  const FoveaWeights *weights = conv->weights;
  FoveaDnnlWindow window = { .batch = conv->batch };
  g_autofree float *w = NULL;

  if (unit->kind != FOVEA_UNIT_CONV || conv->flat || weights->n_groups != 1 || weights->n_taps < 2 ||
      weights->n_taps * weights->in_depth < MIN_DEPTH || kernels->isa == FOVEA_ISA_PLAIN)
    return NULL;
  for (int i = 0; i < 3; i++)
    {
      window.in[i] = conv->in[i];
      window.out[i] = conv->out[i];
    }
  for (int i = 0; i < 2; i++)
    {
      window.kernel[i] = conv->kernel[i];
      window.stride[i] = conv->stride[i];
      window.dilation[i] = conv->dilation[i];
      window.before[i] = conv->before[i];
      window.after[i] = conv->after[i];
    }
  w = fovea_weights_unpack (weights, kernels);
  return fovea_dnnl_convolution_new (&window, w, weights->bias, conv->residual >= 0, conv->low, conv->high, NULL);
}

static gboolean
read_window (const FoveaNode *node, const FoveaTensor *x, FoveaDnnlWindow *window)
{
  gint64 kernel[2];
  FoveaStencil s;

  if (!fovea_stencil_kernel_shape (node, 2, kernel, NULL) ||
      !fovea_stencil_init (&s, node, &x->shape, kernel, FALSE, NULL))
    return FALSE;
  window->batch = (gsize) x->shape.dim[0];
  window->in[2] = window->out[2] = (gsize) x->shape.dim[1];
  for (int i = 0; i < 2; i++)
    {
      if (s.pad_begin[i] < 0 || s.pad_end[i] < 0 || s.pad_begin[i] >= s.kernel[i] || s.pad_end[i] >= s.kernel[i])
        return FALSE;
      window->in[i] = (gsize) s.in[i];
      window->out[i] = (gsize) s.out[i];
      window->kernel[i] = (gsize) s.kernel[i];
      window->stride[i] = (gsize) s.stride[i];
      window->dilation[i] = (gsize) s.dilation[i];
      window->before[i] = (gsize) s.pad_begin[i];
      window->after[i] = (gsize) s.pad_end[i];
    }
  return TRUE;
}

FoveaDnnl *
fovea_plan_dnnl_pool (const FoveaNode *node, const FoveaTensor *x, const FoveaTensor *y)
{
  gboolean max = is_op (node, "MaxPool"), mean = is_op (node, "AveragePool");
  FoveaDnnlWindow window = { 0 };

  if ((!max && !mean) || x->shape.rank != 4 || fovea_node_int (node, "ceil_mode", 0) != 0 ||
      (node->n_outputs > 1 && node->outputs[1] >= 0) || !read_window (node, x, &window) ||
      (gint64) window.out[0] != y->shape.dim[2] || (gint64) window.out[1] != y->shape.dim[3])
    return NULL;
  return fovea_dnnl_pooling_new (&window,
                                 max ? FOVEA_DNNL_MAX
                                 : fovea_node_int (node, "count_include_pad", 0) != 0 ? FOVEA_DNNL_MEAN_WITH_PADDING
                                                                                      : FOVEA_DNNL_MEAN,
                                 NULL);
}

/* The shape with dimensions of 1 in front. */
static void
widen (const FoveaTensor *tensor, int rank, gint64 *dims)
{
  for (int i = 0; i < rank; i++)
    {
      int axis = tensor->shape.rank - rank + i;

      dims[i] = axis < 0 ? 1 : tensor->shape.dim[axis];
    }
}

FoveaDnnl *
fovea_plan_dnnl_matmul (const FoveaNode *node, const FoveaTensor *a, const FoveaTensor *b, const FoveaTensor *y)
{
  gint64 dims[3][FOVEA_MAX_RANK];
  int rank = y->shape.rank;

  if (!is_op (node, "MatMul") || a->shape.rank < 2 || b->shape.rank < 2)
    return NULL;
  widen (a, rank, dims[0]);
  widen (b, rank, dims[1]);
  widen (y, rank, dims[2]);
  return fovea_dnnl_matmul_new (rank, dims[0], dims[1], dims[2], NULL);
}
