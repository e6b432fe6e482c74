/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/dnnl-train.h"

#include <math.h>
#include <string.h>

#include "nn/dnnl-private.h"

#define ALIGNMENT 64

/* One of the three passes. */
typedef struct {
  dnnl_primitive_desc_t pd;
  dnnl_primitive_t primitive;
  dnnl_memory_t a, b, scratch; /* the two pictures */
  dnnl_memory_t weights;       /* in the pass's own order */
  gsize scratch_bytes;
} Pass;

struct _FoveaDnnlConv {
  FoveaDnnlConvOptions options;
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  Pass forward, towards_input, towards_weights;
  dnnl_memory_t plain, bias;     /* handles are set when it runs */
  dnnl_primitive_t reorder[3];   /* plain → forward, plain → towards_input, towards_weights → plain */
  gsize weight_count, weight_bytes; /* of dw in the pass's order */
  char *kernels;
};

static void
pass_clear (Pass *pass)
{
  if (pass->primitive != NULL)
    dnnl_primitive_destroy (pass->primitive);
  if (pass->pd != NULL)
    dnnl_primitive_desc_destroy (pass->pd);
  if (pass->a != NULL)
    dnnl_memory_destroy (pass->a);
  if (pass->b != NULL)
    dnnl_memory_destroy (pass->b);
  if (pass->weights != NULL)
    dnnl_memory_destroy (pass->weights);
  if (pass->scratch != NULL)
    dnnl_memory_destroy (pass->scratch);
}

void
fovea_dnnl_conv_free (FoveaDnnlConv *conv)
{
  pass_clear (&conv->forward);
  pass_clear (&conv->towards_input);
  pass_clear (&conv->towards_weights);
  for (int i = 0; i < 3; i++)
    if (conv->reorder[i] != NULL)
      dnnl_primitive_destroy (conv->reorder[i]);
  if (conv->plain != NULL)
    dnnl_memory_destroy (conv->plain);
  if (conv->bias != NULL)
    dnnl_memory_destroy (conv->bias);
  if (conv->stream != NULL)
    dnnl_stream_destroy (conv->stream);
  if (conv->engine != NULL)
    dnnl_engine_destroy (conv->engine);
  g_free (conv->kernels);
  g_free (conv);
}

/* --- what differs between the versions
 * ------------------------------------------------------------------------------ */

typedef struct {
  Desc x, w, bias, y;
  Desc f32_w; /* of dw */
  dnnl_dims_t stride, dilation, before, after;
  gboolean has_bias;
} Shapes;

static void
shapes_clear (Shapes *shapes)
{
  desc_clear (&shapes->x);
  desc_clear (&shapes->w);
  desc_clear (&shapes->bias);
  desc_clear (&shapes->y);
  desc_clear (&shapes->f32_w);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Shapes, shapes_clear)

#if DNNL_VERSION_MAJOR >= 3
static dnnl_status_t
forward_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, Shapes *s, dnnl_primitive_attr_t attr)
{
  return dnnl_convolution_forward_primitive_desc_create (ret, engine, dnnl_forward_training, dnnl_convolution_direct, s->x,
                                                         s->w, s->has_bias ? s->bias : NULL, s->y, s->stride, s->dilation,
                                                         s->before, s->after, attr);
}

static dnnl_status_t
input_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, Shapes *s, dnnl_primitive_attr_t attr, dnnl_primitive_desc_t hint)
{
  return dnnl_convolution_backward_data_primitive_desc_create (ret, engine, dnnl_convolution_direct, s->x, s->w, s->y,
                                                               s->stride, s->dilation, s->before, s->after, hint, attr);
}

static dnnl_status_t
weights_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, Shapes *s, dnnl_primitive_attr_t attr, dnnl_primitive_desc_t hint)
{
  return dnnl_convolution_backward_weights_primitive_desc_create (ret, engine, dnnl_convolution_direct, s->x, s->f32_w,
                                                                  s->has_bias ? s->bias : NULL, s->y, s->stride,
                                                                  s->dilation, s->before, s->after, hint, attr);
}
#else
static dnnl_status_t
forward_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, Shapes *s, dnnl_primitive_attr_t attr)
{
  dnnl_convolution_desc_t desc;
  dnnl_status_t status
    = dnnl_dilated_convolution_forward_desc_init (&desc, dnnl_forward_training, dnnl_convolution_direct, &s->x, &s->w,
                                                  s->has_bias ? &s->bias : NULL, &s->y, s->stride, s->dilation, s->before,
                                                  s->after);

  return status != dnnl_success ? status : dnnl_primitive_desc_create (ret, &desc, attr, engine, NULL);
}

static dnnl_status_t
input_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, Shapes *s, dnnl_primitive_attr_t attr, dnnl_primitive_desc_t hint)
{
  dnnl_convolution_desc_t desc;
  dnnl_status_t status
    = dnnl_dilated_convolution_backward_data_desc_init (&desc, dnnl_convolution_direct, &s->x, &s->w, &s->y, s->stride,
                                                        s->dilation, s->before, s->after);

  return status != dnnl_success ? status : dnnl_primitive_desc_create (ret, &desc, attr, engine, hint);
}

static dnnl_status_t
weights_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, Shapes *s, dnnl_primitive_attr_t attr, dnnl_primitive_desc_t hint)
{
  dnnl_convolution_desc_t desc;
  dnnl_status_t status
    = dnnl_dilated_convolution_backward_weights_desc_init (&desc, dnnl_convolution_direct, &s->x, &s->f32_w,
                                                           s->has_bias ? &s->bias : NULL, &s->y, s->stride, s->dilation,
                                                           s->before, s->after);

  return status != dnnl_success ? status : dnnl_primitive_desc_create (ret, &desc, attr, engine, hint);
}
#endif

/* --- making
 * -------------------------------------------------------------------------------------------------------------- */

static int
weight_dims (const FoveaDnnlConvOptions *o, dnnl_dims_t ret)
{
  dnnl_dim_t g = (dnnl_dim_t) o->groups, out = (dnnl_dim_t) o->window.out[2], in = (dnnl_dim_t) o->window.in[2];
  int n = 0;

  if (g > 1)
    ret[n++] = g;
  ret[n++] = out / g;
  ret[n++] = in / g;
  ret[n++] = (dnnl_dim_t) o->window.kernel[0];
  ret[n++] = (dnnl_dim_t) o->window.kernel[1];
  return n;
}

static gboolean
init_shapes (Shapes *s, const FoveaDnnlConvOptions *o, GError **error)
{
  const FoveaDnnlWindow *window = &o->window;
  dnnl_data_type_t type = o->half ? dnnl_bf16 : dnnl_f32;
  dnnl_dims_t x = { (dnnl_dim_t) window->batch, (dnnl_dim_t) window->in[2], (dnnl_dim_t) window->in[0], (dnnl_dim_t) window->in[1] };
  dnnl_dims_t y = { (dnnl_dim_t) window->batch, (dnnl_dim_t) window->out[2], (dnnl_dim_t) window->out[0], (dnnl_dim_t) window->out[1] };
  dnnl_dims_t bias = { (dnnl_dim_t) window->out[2] }, w;
  int rank = weight_dims (o, w);

  s->has_bias = o->has_bias;
  for (int i = 0; i < 2; i++)
    {
      s->stride[i] = (dnnl_dim_t) window->stride[i];
      s->dilation[i] = (dnnl_dim_t) window->dilation[i] - 1;
      s->before[i] = (dnnl_dim_t) window->before[i];
      s->after[i] = (dnnl_dim_t) window->after[i];
    }
  return is_done (desc_init_typed (&s->x, 4, x, type, dnnl_nhwc), "picture", error)
         && is_done (desc_init_typed (&s->y, 4, y, type, dnnl_nhwc), "picture", error)
         && is_done (desc_init_typed (&s->w, rank, w, type, dnnl_format_tag_any), "weights", error)
         && is_done (desc_init_typed (&s->f32_w, rank, w, dnnl_f32, dnnl_format_tag_any), "weights", error)
         && is_done (desc_init (&s->bias, 1, bias, dnnl_x), "bias", error);
}

static gboolean
make_memory (FoveaDnnlConv *conv, Pass *pass, dnnl_query_t what, void *handle, dnnl_memory_t *ret, GError **error)
{
  return is_done (dnnl_memory_create (ret, dnnl_primitive_desc_query_md (pass->pd, what, 0), conv->engine, handle), "memory",
                  error);
}

static gsize
query_bytes (const Pass *pass, dnnl_query_t what)
{
  const_dnnl_memory_desc_t md = dnnl_primitive_desc_query_md (pass->pd, what, 0);

  return md != NULL ? dnnl_memory_desc_get_size (md) : 0;
}

static void
note_kernel (FoveaDnnlConv *conv, const Pass *pass)
{
  const char *kernel = "?";
  char *old = conv->kernels;

  dnnl_primitive_desc_query (pass->pd, dnnl_query_impl_info_str, 0, &kernel);
  conv->kernels = old != NULL ? g_strconcat (old, ", ", kernel, NULL) : g_strdup (kernel);
  g_free (old);
}

/* @a, @b, @w: what the pass calls its pictures and weights. */
static gboolean
finish_pass (FoveaDnnlConv *conv, Pass *pass, dnnl_query_t a, dnnl_query_t b, dnnl_query_t w, GError **error)
{
  note_kernel (conv, pass);
  pass->scratch_bytes = query_bytes (pass, dnnl_query_scratchpad_md);
  return is_done (dnnl_primitive_create (&pass->primitive, pass->pd), "convolution", error)
         && make_memory (conv, pass, a, DNNL_MEMORY_NONE, &pass->a, error)
         && make_memory (conv, pass, b, DNNL_MEMORY_NONE, &pass->b, error)
         && make_memory (conv, pass, dnnl_query_scratchpad_md, DNNL_MEMORY_NONE, &pass->scratch, error)
         && make_memory (conv, pass, w, w == dnnl_query_weights_md ? DNNL_MEMORY_ALLOCATE : DNNL_MEMORY_NONE,
                         &pass->weights, error);
}

static gboolean
make_reorder (FoveaDnnlConv *conv, const_dnnl_memory_desc_t from, const_dnnl_memory_desc_t to, dnnl_primitive_t *ret,
              GError **error)
{
  g_auto (dnnl_primitive_desc_t) pd = NULL;

  return is_done (dnnl_reorder_primitive_desc_create (&pd, from, conv->engine, to, conv->engine, NULL), "weights", error)
         && is_done (dnnl_primitive_create (ret, pd), "weights", error);
}

static gboolean
make_reorders (FoveaDnnlConv *conv, GError **error)
{
  const FoveaDnnlConvOptions *o = &conv->options;
  const Pass *passes[] = { &conv->forward, &conv->towards_input, &conv->towards_weights };
  dnnl_dims_t dims;
  int rank = weight_dims (o, dims);
  g_auto (Desc) plain = { 0 };

  conv->weight_count = 1;
  for (int i = 0; i < rank; i++)
    conv->weight_count *= (gsize) dims[i];
  if (!is_done (desc_init (&plain, rank, dims, rank == 5 ? dnnl_goihw : o->transposed ? dnnl_iohw : dnnl_oihw), "weights", error)
      || !is_done (dnnl_memory_create (&conv->plain, DESC_REF (plain), conv->engine, DNNL_MEMORY_NONE), "weights", error))
    return FALSE;
  for (int i = 0; i < 3; i++)
    {
      const_dnnl_memory_desc_t md;

      if (passes[i]->pd == NULL)
        continue;
      md = dnnl_primitive_desc_query_md (passes[i]->pd, i == 2 ? dnnl_query_diff_weights_md : dnnl_query_weights_md, 0);
      if (!(i == 2 ? make_reorder (conv, md, DESC_REF (plain), &conv->reorder[i], error)
                   : make_reorder (conv, DESC_REF (plain), md, &conv->reorder[i], error)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
make_attributes (dnnl_primitive_attr_t *ret, float low, float high, GError **error)
{
  g_auto (dnnl_post_ops_t) ops = NULL;

  return is_done (dnnl_primitive_attr_create (ret), "attribute", error)
         && is_done (dnnl_primitive_attr_set_scratchpad_mode (*ret, dnnl_scratchpad_mode_user), "attribute", error)
         && is_done (dnnl_post_ops_create (&ops), "attribute", error)
         && ((isinf (low) && isinf (high)) || is_done (append_clip (ops, low, high), "clip", error))
         && is_done (dnnl_primitive_attr_set_post_ops (*ret, ops), "attribute", error);
}

static gboolean
make_passes (FoveaDnnlConv *conv, Shapes *s, GError **error)
{
  const FoveaDnnlConvOptions *o = &conv->options;
  g_auto (dnnl_primitive_attr_t) clipped = NULL, plain = NULL;

  if (!make_attributes (&clipped, o->low, o->high, error) || !make_attributes (&plain, -INFINITY, INFINITY, error)
      || !is_done (forward_desc (&conv->forward.pd, conv->engine, s, clipped), "convolution", error)
      || !finish_pass (conv, &conv->forward, dnnl_query_src_md, dnnl_query_dst_md, dnnl_query_weights_md, error))
    return FALSE;
  if (o->towards_input
      && (!is_done (input_desc (&conv->towards_input.pd, conv->engine, s, plain, conv->forward.pd), "convolution", error)
          || !finish_pass (conv, &conv->towards_input, dnnl_query_diff_dst_md, dnnl_query_diff_src_md, dnnl_query_weights_md,
                           error)))
    return FALSE;
  if (!o->towards_weights)
    return TRUE;
  if (!is_done (weights_desc (&conv->towards_weights.pd, conv->engine, s, plain, conv->forward.pd), "convolution", error)
      || !finish_pass (conv, &conv->towards_weights, dnnl_query_src_md, dnnl_query_diff_dst_md, dnnl_query_diff_weights_md,
                       error))
    return FALSE;
  conv->weight_bytes = query_bytes (&conv->towards_weights, dnnl_query_diff_weights_md);
  return TRUE;
}

FoveaDnnlConv *
fovea_dnnl_conv_new (const FoveaDnnlConvOptions *options, GError **error)
{
  g_autoptr (FoveaDnnlConv) conv = g_new0 (FoveaDnnlConv, 1);
  g_auto (Shapes) shapes = { 0 };

  conv->options = *options;
  if (!is_done (dnnl_engine_create (&conv->engine, dnnl_cpu, 0), "engine", error)
      || !is_done (dnnl_stream_create (&conv->stream, conv->engine, dnnl_stream_default_flags), "stream", error)
      || !init_shapes (&shapes, options, error) || !make_passes (conv, &shapes, error) || !make_reorders (conv, error)
      || !is_done (dnnl_memory_create (&conv->bias, DESC_REF (shapes.bias), conv->engine, DNNL_MEMORY_NONE), "bias", error))
    return NULL;
  return g_steal_pointer (&conv);
}

static gsize
align (gsize bytes)
{
  return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Behind the pass's own scratch: dw in oneDNN's order, dw in plain order, db. */
gsize
fovea_dnnl_conv_get_scratch (const FoveaDnnlConv *conv)
{
  gsize bytes = MAX (conv->forward.scratch_bytes, conv->towards_input.scratch_bytes);
  gsize weights = align (conv->towards_weights.scratch_bytes) + align (conv->weight_bytes)
                  + align (conv->weight_count * sizeof (float)) + align (conv->options.window.out[2] * sizeof (float));

  return MAX (bytes, conv->options.towards_weights ? weights : 0);
}

const char *
fovea_dnnl_conv_get_kernels (const FoveaDnnlConv *conv)
{
  return conv->kernels;
}

/* --- running
 * ------------------------------------------------------------------------------------------------------------- */

static gboolean
execute (FoveaDnnlConv *conv, dnnl_primitive_t primitive, const dnnl_exec_arg_t *args, int n, GError **error)
{
  return is_done (dnnl_primitive_execute (primitive, conv->stream, n, args), "convolution", error)
         && is_done (dnnl_stream_wait (conv->stream), "convolution", error);
}

static gboolean
reorder (FoveaDnnlConv *conv, int which, dnnl_memory_t from, dnnl_memory_t to, GError **error)
{
  dnnl_exec_arg_t args[] = { { DNNL_ARG_FROM, from }, { DNNL_ARG_TO, to } };

  return execute (conv, conv->reorder[which], args, 2, error);
}

gboolean
fovea_dnnl_conv_set_weights (FoveaDnnlConv *conv, const float *w, GError **error)
{
  return is_done (dnnl_memory_set_data_handle (conv->plain, (void *) w), "weights", error)
         && reorder (conv, 0, conv->plain, conv->forward.weights, error)
         && (conv->reorder[1] == NULL || reorder (conv, 1, conv->plain, conv->towards_input.weights, error));
}

static gboolean
set_handles (Pass *pass, const void *a, const void *b, void *scratch, GError **error)
{
  return is_done (dnnl_memory_set_data_handle (pass->a, (void *) a), "input", error)
         && is_done (dnnl_memory_set_data_handle (pass->b, (void *) b), "output", error)
         && is_done (dnnl_memory_set_data_handle (pass->scratch, scratch), "scratch", error);
}

gboolean
fovea_dnnl_conv_forward (FoveaDnnlConv *conv, const void *x, const float *bias, void *y, void *scratch, GError **error)
{
  Pass *pass = &conv->forward;
  dnnl_exec_arg_t args[] = { { DNNL_ARG_SRC, pass->a }, { DNNL_ARG_WEIGHTS, pass->weights }, { DNNL_ARG_DST, pass->b },
                             { DNNL_ARG_SCRATCHPAD, pass->scratch }, { DNNL_ARG_BIAS, conv->bias } };

  return set_handles (pass, x, y, scratch, error)
         && (bias == NULL || is_done (dnnl_memory_set_data_handle (conv->bias, (void *) bias), "bias", error))
         && execute (conv, pass->primitive, args, bias != NULL ? 5 : 4, error);
}

gboolean
fovea_dnnl_conv_towards_input (FoveaDnnlConv *conv, const void *dy, void *dx, void *scratch, GError **error)
{
  Pass *pass = &conv->towards_input;
  dnnl_exec_arg_t args[] = { { DNNL_ARG_DIFF_DST, pass->a }, { DNNL_ARG_WEIGHTS, pass->weights },
                             { DNNL_ARG_DIFF_SRC, pass->b }, { DNNL_ARG_SCRATCHPAD, pass->scratch } };

  return set_handles (pass, dy, dx, scratch, error) && execute (conv, pass->primitive, args, 4, error);
}

static void
add (float *to, const float *from, gsize n)
{
#pragma omp parallel for simd
  for (gsize i = 0; i < n; i++)
    to[i] += from[i];
}

gboolean
fovea_dnnl_conv_towards_weights (FoveaDnnlConv *conv, const void *x, const void *dy, float *dw, float *db, void *scratch,
                                 GError **error)
{
  Pass *pass = &conv->towards_weights;
  char *ordered = (char *) scratch + align (pass->scratch_bytes), *plain = ordered + align (conv->weight_bytes);
  float *bias = (float *) (void *) (plain + align (conv->weight_count * sizeof (float)));
  dnnl_exec_arg_t args[] = { { DNNL_ARG_SRC, pass->a }, { DNNL_ARG_DIFF_DST, pass->b },
                             { DNNL_ARG_DIFF_WEIGHTS, pass->weights }, { DNNL_ARG_SCRATCHPAD, pass->scratch },
                             { DNNL_ARG_DIFF_BIAS, conv->bias } };
  gboolean has_bias = conv->options.has_bias;

  if (!set_handles (pass, x, dy, scratch, error)
      || !is_done (dnnl_memory_set_data_handle (pass->weights, ordered), "weights", error)
      || !is_done (dnnl_memory_set_data_handle (conv->bias, bias), "bias", error)
      || !execute (conv, pass->primitive, args, has_bias ? 5 : 4, error)
      || !is_done (dnnl_memory_set_data_handle (conv->plain, plain), "weights", error)
      || !reorder (conv, 2, pass->weights, conv->plain, error))
    return FALSE;
  if (dw != NULL)
    add (dw, (const float *) (const void *) plain, conv->weight_count);
  if (db != NULL)
    add (db, bias, conv->options.window.out[2]);
  return TRUE;
}
