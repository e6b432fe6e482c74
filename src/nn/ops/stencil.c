/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/stencil.h"

#include "nn/nn-error.h"

static gboolean
read_list (const FoveaNode *node, const char *name, int n, gint64 minimum, gint64 fallback, gint64 *ret, GError **error)
{
  gsize length = 0;
  const gint64 *list = fovea_node_ints (node, name, &length);

  if (list == NULL || length == 0)
    {
      for (int i = 0; i < n; i++)
        ret[i] = fallback;
      return TRUE;
    }
  if (length != (gsize) n)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "%s has %" G_GSIZE_FORMAT " entries, expected %d",
                   name, length, n);
      return FALSE;
    }
  for (int i = 0; i < n; i++)
    if (list[i] < minimum || list[i] > G_MAXINT32)
      {
        g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED,
                     "%s[%d] is %" G_GINT64_FORMAT ", expected %" G_GINT64_FORMAT " to 2^31", name, i, list[i], minimum);
        return FALSE;
      }
    else
      ret[i] = list[i];
  return TRUE;
}

typedef enum {
  PAD_NOTSET,
  PAD_VALID,
  PAD_SAME_UPPER,
  PAD_SAME_LOWER
} AutoPad;

static gboolean
read_auto_pad (const FoveaNode *node, AutoPad *ret_mode, GError **error)
{
  static const char *const names[] = { "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER" };
  const char *name = fovea_node_string (node, "auto_pad", "NOTSET");

  if (name[0] == '\0')
    name = "NOTSET";
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (name, names[i]))
      {
        *ret_mode = (AutoPad) i;
        return TRUE;
      }
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "auto_pad is “%.40s”, which is not known", name);
  return FALSE;
}

static gboolean
read_common (FoveaStencil *s, const FoveaNode *node, const FoveaShape *x, const gint64 *kernel, AutoPad *ret_mode,
             GError **error)
{
  gint64 pads[2 * FOVEA_MAX_SPATIAL] = { 0 };

  if (x->rank < 3)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE,
                   "the input has rank %d, expected [N, C, …] with 1 to %d spatial axes", x->rank, FOVEA_MAX_SPATIAL);
      return FALSE;
    }
  s->n = x->rank - 2;
  for (int i = 0; i < s->n; i++)
    {
      s->in[i] = x->dim[i + 2];
      s->kernel[i] = kernel[i];
      if (kernel[i] < 1 || kernel[i] > G_MAXINT32 || s->in[i] > G_MAXINT32)
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE,
                       "axis %d: a window of %" G_GINT64_FORMAT " over %" G_GINT64_FORMAT " is out of range", i + 2,
                       kernel[i], s->in[i]);
          return FALSE;
        }
    }
  if (!read_list (node, "strides", s->n, 1, 1, s->stride, error)
      || !read_list (node, "dilations", s->n, 1, 1, s->dilation, error)
      || !read_auto_pad (node, ret_mode, error))
    return FALSE;
  for (int i = 0; i < s->n; i++)
    if ((s->kernel[i] - 1) * s->dilation[i] >= G_MAXINT32)
      {
        g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE,
                     "axis %d: a window of %" G_GINT64_FORMAT " with dilation %" G_GINT64_FORMAT " is out of range",
                     i + 2, s->kernel[i], s->dilation[i]);
        return FALSE;
      }
  if (*ret_mode == PAD_NOTSET && !read_list (node, "pads", 2 * s->n, 0, 0, pads, error))
    return FALSE;
  for (int i = 0; i < s->n; i++)
    {
      s->pad_begin[i] = pads[i];
      s->pad_end[i] = pads[s->n + i];
    }
  return TRUE;
}

gboolean
fovea_stencil_init (FoveaStencil *s, const FoveaNode *node, const FoveaShape *x, const gint64 *kernel,
                    gboolean ceil_mode, GError **error)
{
  AutoPad mode;

  if (!read_common (s, node, x, kernel, &mode, error))
    return FALSE;
  for (int i = 0; i < s->n; i++)
    {
      gint64 extent = (s->kernel[i] - 1) * s->dilation[i] + 1;
      gint64 room;

      if (mode == PAD_SAME_UPPER || mode == PAD_SAME_LOWER)
        {
          gint64 total;

          s->out[i] = (s->in[i] + s->stride[i] - 1) / s->stride[i];
          total = MAX (0, (s->out[i] - 1) * s->stride[i] + extent - s->in[i]);
          s->pad_begin[i] = mode == PAD_SAME_UPPER ? total / 2 : total - total / 2;
          s->pad_end[i] = total - s->pad_begin[i];
          continue;
        }
      room = s->in[i] + s->pad_begin[i] + s->pad_end[i] - extent;
      if (room < 0)
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE,
                       "axis %d: a window of %" G_GINT64_FORMAT " does not fit the padded input of %" G_GINT64_FORMAT,
                       i + 2, extent, room + extent);
          return FALSE;
        }
      s->out[i] = (ceil_mode ? room + s->stride[i] - 1 : room) / s->stride[i] + 1;
      if (ceil_mode && (s->out[i] - 1) * s->stride[i] >= s->in[i] + s->pad_begin[i])
        s->out[i]--;
    }
  return TRUE;
}

gboolean
fovea_stencil_init_transposed (FoveaStencil *s, const FoveaNode *node, const FoveaShape *x, const gint64 *kernel,
                               GError **error)
{
  gint64 extra[FOVEA_MAX_SPATIAL], wanted[FOVEA_MAX_RANK];
  gsize n_wanted = 0;
  int skip;
  AutoPad mode;

  if (!read_common (s, node, x, kernel, &mode, error)
      || !read_list (node, "output_padding", s->n, 0, 0, extra, error))
    return FALSE;
  if (fovea_node_ints (node, "output_shape", &n_wanted) == NULL)
    n_wanted = 0;
  skip = n_wanted == (gsize) s->n + 2 ? 2 : 0; /* some exporters write N and C too */
  if (!read_list (node, "output_shape", s->n + skip, 0, 0, wanted, error))
    return FALSE;

  for (int i = 0; i < s->n; i++)
    {
      gint64 full = s->stride[i] * (s->in[i] - 1) + extra[i] + (s->kernel[i] - 1) * s->dilation[i] + 1;
      gboolean same = mode == PAD_SAME_UPPER || mode == PAD_SAME_LOWER;

      if (n_wanted > 0 || same)
        {
          gint64 total;

          s->out[i] = n_wanted > 0 ? wanted[i + skip] : s->in[i] * s->stride[i];
          total = MAX (0, full - s->out[i]);
          s->pad_begin[i] = mode == PAD_SAME_UPPER ? total / 2 : total - total / 2;
          s->pad_end[i] = total - s->pad_begin[i];
        }
      else
        s->out[i] = full - s->pad_begin[i] - s->pad_end[i];
      if (s->out[i] < 0 || s->out[i] > G_MAXINT32)
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE,
                       "axis %d: the output would be %" G_GINT64_FORMAT " long", i + 2, s->out[i]);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
fovea_stencil_kernel_shape (const FoveaNode *node, int n, gint64 *ret_kernel, GError **error)
{
  gsize length = 0;

  if (fovea_node_ints (node, "kernel_shape", &length) == NULL || length == 0)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "the attribute kernel_shape is missing");
      return FALSE;
    }
  return read_list (node, "kernel_shape", n, 1, 1, ret_kernel, error);
}
