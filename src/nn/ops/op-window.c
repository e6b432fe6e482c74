/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "nn/ops/op-util.h"

/* Reads a list of @n values in [@low, 2^31) or leaves what @ret holds. */
static gboolean
read_list (const FoveaNode *node, const char *name, int n, gint64 low, gint64 *ret, GError **error)
{
  gsize found;
  const gint64 *values = fovea_node_ints (node, name, &found);

  if (values == NULL)
    return TRUE;
  if (found != (gsize) n)
    return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED, "“%s” has %" G_GSIZE_FORMAT " values instead of %d", name,
                          found, n);
  for (int i = 0; i < n; i++)
    {
      if (values[i] < low || values[i] >= G_MAXINT32)
        return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED, "“%s” holds %" G_GINT64_FORMAT, name, values[i]);
      ret[i] = values[i];
    }
  return TRUE;
}

static gboolean
read_lists (FoveaWindow *w, const FoveaNode *node, const FoveaShape *weights, GError **error)
{
  gint64 pads[2 * FOVEA_MAX_RANK] = { 0 };

  for (int i = 0; i < w->n; i++)
    {
      w->stride[i] = w->dilation[i] = 1;
      w->kernel[i] = weights != NULL ? weights->dim[2 + i] : 0;
    }
  if (!read_list (node, "kernel_shape", w->n, 1, w->kernel, error) ||
      !read_list (node, "strides", w->n, 1, w->stride, error) ||
      !read_list (node, "dilations", w->n, 1, w->dilation, error) ||
      !read_list (node, "pads", 2 * w->n, 0, pads, error))
    return FALSE;
  for (int i = 0; i < w->n; i++)
    {
      if (w->kernel[i] < 1 || w->kernel[i] >= G_MAXINT32)
        return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED, "the kernel's size is missing or 0");
      if (weights != NULL && weights->dim[2 + i] != w->kernel[i])
        return fovea_op_fail (error, FOVEA_NN_ERROR_SHAPE,
                              "kernel_shape says %" G_GINT64_FORMAT ", the weights have %" G_GINT64_FORMAT,
                              w->kernel[i], weights->dim[2 + i]);
      w->begin[i] = pads[i];
      w->end[i] = pads[w->n + i];
    }
  return TRUE;
}

/* The padding that auto_pad asks for in dimension @i. */
static void
pad_same (FoveaWindow *w, int i, gboolean upper)
{
  gint64 out = (w->in[i] + w->stride[i] - 1) / w->stride[i];
  gint64 extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
  gint64 total = MAX (0, (out - 1) * w->stride[i] + extent - w->in[i]);

  w->begin[i] = upper ? total / 2 : total - total / 2;
  w->end[i] = total - w->begin[i];
}

static gboolean
compute_out (FoveaWindow *w, int i, gboolean ceil_mode, GError **error)
{
  gint64 extent = (w->kernel[i] - 1) * w->dilation[i] + 1;
  gint64 room = w->in[i] + w->begin[i] + w->end[i] - extent;

  if (room < 0)
    return fovea_op_fail (error, FOVEA_NN_ERROR_SHAPE,
                          "the kernel covers %" G_GINT64_FORMAT " positions, the padded input has %" G_GINT64_FORMAT,
                          extent, room + extent);
  w->out[i] = (room + (ceil_mode ? w->stride[i] - 1 : 0)) / w->stride[i] + 1;
  if (ceil_mode && (w->out[i] - 1) * w->stride[i] >= w->in[i] + w->begin[i])
    w->out[i]--;
  return TRUE;
}

gboolean
fovea_window_read (FoveaWindow *w, const FoveaOpContext *ctx, const FoveaShape *x, const FoveaShape *weights,
                   gboolean allow_ceil, GError **error)
{
  const char *auto_pad = fovea_node_string (ctx->node, "auto_pad", "NOTSET");
  gboolean ceil_mode = allow_ceil && fovea_node_int (ctx->node, "ceil_mode", 0) != 0;

  memset (w, 0, sizeof *w);
  if (x->rank < 3 || (weights != NULL && weights->rank != x->rank))
    return fovea_op_fail (error, FOVEA_NN_ERROR_SHAPE, "the input has %d dimensions, the weights have %d", x->rank,
                          weights != NULL ? weights->rank : x->rank);
  w->n = x->rank - 2;
  if (!read_lists (w, ctx->node, weights, error))
    return FALSE;
  for (int i = 0; i < w->n; i++)
    {
      w->in[i] = x->dim[2 + i];
      if (w->in[i] >= G_MAXINT32)
        return fovea_op_fail (error, FOVEA_NN_ERROR_LIMIT, "the input is %" G_GINT64_FORMAT " wide", w->in[i]);
      if (strcmp (auto_pad, "SAME_UPPER") == 0 || strcmp (auto_pad, "SAME_LOWER") == 0)
        pad_same (w, i, auto_pad[5] == 'U');
      else if (strcmp (auto_pad, "VALID") == 0)
        w->begin[i] = w->end[i] = 0;
      else if (strcmp (auto_pad, "NOTSET") != 0)
        return fovea_op_fail (error, FOVEA_NN_ERROR_MALFORMED, "auto_pad is “%s”", auto_pad);
      if (!compute_out (w, i, ceil_mode, error))
        return FALSE;
    }
  return TRUE;
}
