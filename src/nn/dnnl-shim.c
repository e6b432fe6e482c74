/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/dnnl-shim.h"

#include <math.h>
#include <string.h>

#include "nn/dnnl-private.h"

#define MAX_ARGS 6

struct _FoveaDnnl {
  dnnl_engine_t engine;
  dnnl_stream_t stream;
  dnnl_primitive_t primitive;
  char *kernel;
  dnnl_memory_t x, weights, bias, y, scratch;
};

/* --- what differs between the versions
 * ------------------------------------------------------------------------------ */

#if DNNL_VERSION_MAJOR >= 3
static dnnl_status_t
append_sum (dnnl_post_ops_t ops)
{
  return dnnl_post_ops_append_sum (ops, 1, 0, dnnl_data_type_undef);
}

static dnnl_status_t
convolution_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, Desc *x, Desc *w, Desc *bias, Desc *y,
                  dnnl_dims_t *window, dnnl_primitive_attr_t attr)
{
  return dnnl_convolution_forward_primitive_desc_create (ret, engine, dnnl_forward_inference, dnnl_convolution_direct, *x,
                                                         *w, *bias, *y, window[1], window[2], window[3], window[4], attr);
}

static dnnl_status_t
pooling_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, dnnl_alg_kind_t kind, Desc *x, Desc *y,
              dnnl_dims_t *window, dnnl_primitive_attr_t attr)
{
  return dnnl_pooling_forward_primitive_desc_create (ret, engine, dnnl_forward_inference, kind, *x, *y, window[1],
                                                     window[0], window[2], window[3], window[4], attr);
}

static dnnl_status_t
matmul_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, Desc *a, Desc *b, Desc *y, dnnl_primitive_attr_t attr)
{
  return dnnl_matmul_primitive_desc_create (ret, engine, *a, *b, NULL, *y, attr);
}
#else
static dnnl_status_t
append_sum (dnnl_post_ops_t ops)
{
  return dnnl_post_ops_append_sum (ops, 1);
}

static dnnl_status_t
convolution_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, Desc *x, Desc *w, Desc *bias, Desc *y,
                  dnnl_dims_t *window, dnnl_primitive_attr_t attr)
{
  dnnl_convolution_desc_t desc;
  dnnl_status_t status =
    dnnl_dilated_convolution_forward_desc_init (&desc, dnnl_forward_inference, dnnl_convolution_direct, x, w, bias, y,
                                                window[1], window[2], window[3], window[4]);

  return status != dnnl_success ? status : dnnl_primitive_desc_create (ret, &desc, attr, engine, NULL);
}

static dnnl_status_t
pooling_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, dnnl_alg_kind_t kind, Desc *x, Desc *y,
              dnnl_dims_t *window, dnnl_primitive_attr_t attr)
{
  dnnl_pooling_v2_desc_t desc;
  dnnl_status_t status = dnnl_pooling_v2_forward_desc_init (&desc, dnnl_forward_inference, kind, x, y, window[1],
                                                            window[0], window[2], window[3], window[4]);

  return status != dnnl_success ? status : dnnl_primitive_desc_create (ret, &desc, attr, engine, NULL);
}

static dnnl_status_t
matmul_desc (dnnl_primitive_desc_t *ret, dnnl_engine_t engine, Desc *a, Desc *b, Desc *y, dnnl_primitive_attr_t attr)
{
  dnnl_matmul_desc_t desc;
  dnnl_status_t status = dnnl_matmul_desc_init (&desc, a, b, NULL, y);

  return status != dnnl_success ? status : dnnl_primitive_desc_create (ret, &desc, attr, engine, NULL);
}
#endif

/* --- common
 * ---------------------------------------------------------------------------------------------------------- */

static FoveaDnnl *
dnnl_new (GError **error)
{
  FoveaDnnl *dnnl = g_new0 (FoveaDnnl, 1);

  if (is_done (dnnl_engine_create (&dnnl->engine, dnnl_cpu, 0), "engine", error) &&
      is_done (dnnl_stream_create (&dnnl->stream, dnnl->engine, dnnl_stream_default_flags), "stream", error))
    return dnnl;
  fovea_dnnl_free (dnnl);
  return NULL;
}

void
fovea_dnnl_free (FoveaDnnl *dnnl)
{
  dnnl_memory_t memories[] = { dnnl->x, dnnl->weights, dnnl->bias, dnnl->y, dnnl->scratch };

  for (gsize i = 0; i < G_N_ELEMENTS (memories); i++)
    if (memories[i] != NULL)
      dnnl_memory_destroy (memories[i]);
  if (dnnl->primitive != NULL)
    dnnl_primitive_destroy (dnnl->primitive);
  if (dnnl->stream != NULL)
    dnnl_stream_destroy (dnnl->stream);
  if (dnnl->engine != NULL)
    dnnl_engine_destroy (dnnl->engine);
  g_free (dnnl->kernel);
  g_free (dnnl);
}

/* Memory of the layout that the primitive wants for @what; @handle DNNL_MEMORY_NONE: given when it is run. */
static gboolean
make_memory (FoveaDnnl *dnnl, const_dnnl_primitive_desc_t pd, dnnl_query_t what, void *handle, dnnl_memory_t *ret,
             GError **error)
{
  return is_done (dnnl_memory_create (ret, dnnl_primitive_desc_query_md (pd, what, 0), dnnl->engine, handle), "memory",
                  error);
}

static gboolean
finish (FoveaDnnl *dnnl, const_dnnl_primitive_desc_t pd, const char *what, GError **error)
{
  const char *kernel = NULL;

  if (dnnl_primitive_desc_query (pd, dnnl_query_impl_info_str, 0, &kernel) == dnnl_success)
    dnnl->kernel = g_strdup (kernel);
  return is_done (dnnl_primitive_create (&dnnl->primitive, pd), what, error) &&
         make_memory (dnnl, pd, dnnl_query_src_md, DNNL_MEMORY_NONE, &dnnl->x, error) &&
         make_memory (dnnl, pd, dnnl_query_dst_md, DNNL_MEMORY_NONE, &dnnl->y, error) &&
         make_memory (dnnl, pd, dnnl_query_scratchpad_md, DNNL_MEMORY_ALLOCATE, &dnnl->scratch, error);
}

/* Scratch memory of our own, so that two computations never share oneDNN's; what follows the sum. */
static gboolean
set_attributes (dnnl_primitive_attr_t attr, gboolean accumulate, float low, float high, GError **error)
{
  g_auto (dnnl_post_ops_t) ops = NULL;
  gboolean clip = !isinf (low) || !isinf (high);

  return is_done (dnnl_primitive_attr_set_scratchpad_mode (attr, dnnl_scratchpad_mode_user), "attribute", error) &&
         is_done (dnnl_post_ops_create (&ops), "attribute", error) &&
         (!accumulate || is_done (append_sum (ops), "sum", error)) &&
         (!clip || is_done (append_clip (ops, low, high), "clip", error)) &&
         is_done (dnnl_primitive_attr_set_post_ops (attr, ops), "attribute", error);
}

/* kernel, stride, dilation as oneDNN counts it (0 = none), padding before and after */
static void
window_dims (const FoveaDnnlWindow *window, dnnl_dims_t *ret)
{
  for (int i = 0; i < 2; i++)
    {
      ret[0][i] = (dnnl_dim_t) window->kernel[i];
      ret[1][i] = (dnnl_dim_t) window->stride[i];
      ret[2][i] = (dnnl_dim_t) window->dilation[i] - 1;
      ret[3][i] = (dnnl_dim_t) window->before[i];
      ret[4][i] = (dnnl_dim_t) window->after[i];
    }
}

static gboolean
picture_desc (Desc *desc, gsize batch, const gsize *size, GError **error)
{
  dnnl_dims_t dims = { (dnnl_dim_t) batch, (dnnl_dim_t) size[2], (dnnl_dim_t) size[0], (dnnl_dim_t) size[1] };

  return is_done (desc_init (desc, 4, dims, dnnl_nhwc), "picture", error);
}

/* --- convolution
 * ------------------------------------------------------------------------------------------------------- */

static gboolean
reorder_weights (FoveaDnnl *dnnl, const_dnnl_primitive_desc_t pd, Desc *plain, const float *w, GError **error)
{
  g_auto (dnnl_memory_t) from = NULL;
  g_auto (dnnl_primitive_desc_t) reorder_pd = NULL;
  g_auto (dnnl_primitive_t) reorder = NULL;
  dnnl_exec_arg_t args[2];

  if (!make_memory (dnnl, pd, dnnl_query_weights_md, DNNL_MEMORY_ALLOCATE, &dnnl->weights, error) ||
      !is_done (dnnl_memory_create (&from, DESC_REF (*plain), dnnl->engine, (void *) w), "weights", error) ||
      !is_done (dnnl_reorder_primitive_desc_create (&reorder_pd, DESC_REF (*plain), dnnl->engine,
                                                    dnnl_primitive_desc_query_md (pd, dnnl_query_weights_md, 0),
                                                    dnnl->engine, NULL), "weights", error) ||
      !is_done (dnnl_primitive_create (&reorder, reorder_pd), "weights", error))
    return FALSE;
  args[0] = (dnnl_exec_arg_t) { DNNL_ARG_FROM, from };
  args[1] = (dnnl_exec_arg_t) { DNNL_ARG_TO, dnnl->weights };
  return is_done (dnnl_primitive_execute (reorder, dnnl->stream, 2, args), "weights", error) &&
         is_done (dnnl_stream_wait (dnnl->stream), "weights", error);
}

static gboolean
copy_bias (FoveaDnnl *dnnl, Desc *desc, const float *bias, gsize n, GError **error)
{
  void *to = NULL;

  if (!is_done (dnnl_memory_create (&dnnl->bias, DESC_REF (*desc), dnnl->engine, DNNL_MEMORY_ALLOCATE), "bias", error) ||
      !is_done (dnnl_memory_get_data_handle (dnnl->bias, &to), "bias", error))
    return FALSE;
  memcpy (to, bias, n * sizeof (float));
  return TRUE;
}

FoveaDnnl *
fovea_dnnl_convolution_new (const FoveaDnnlWindow *window, const float *w, const float *bias, gboolean accumulate,
                            float low, float high, GError **error)
{
  g_autoptr (FoveaDnnl) dnnl = dnnl_new (error);
  g_auto (Desc) x = { 0 }, any = { 0 }, plain = { 0 }, b = { 0 }, y = { 0 };
  g_auto (dnnl_primitive_attr_t) attr = NULL;
  g_auto (dnnl_primitive_desc_t) pd = NULL;
  dnnl_dims_t dims = { (dnnl_dim_t) window->out[2], (dnnl_dim_t) window->in[2], (dnnl_dim_t) window->kernel[0],
                         (dnnl_dim_t) window->kernel[1] };
  dnnl_dims_t sizes[5];

  window_dims (window, sizes);
  if (dnnl == NULL || !picture_desc (&x, window->batch, window->in, error) ||
      !picture_desc (&y, window->batch, window->out, error) ||
      !is_done (desc_init (&any, 4, dims, dnnl_format_tag_any), "weights", error) ||
      !is_done (desc_init (&plain, 4, dims, dnnl_oihw), "weights", error) ||
      !is_done (desc_init (&b, 1, dims, dnnl_x), "bias", error) ||
      !is_done (dnnl_primitive_attr_create (&attr), "attribute", error) ||
      !set_attributes (attr, accumulate, low, high, error) ||
      !is_done (convolution_desc (&pd, dnnl->engine, &x, &any, &b, &y, sizes, attr), "convolution", error) ||
      !reorder_weights (dnnl, pd, &plain, w, error) || !copy_bias (dnnl, &b, bias, window->out[2], error) ||
      !finish (dnnl, pd, "convolution", error))
    return NULL;
  return g_steal_pointer (&dnnl);
}

/* --- pooling
 * ------------------------------------------------------------------------------------------------------------- */

FoveaDnnl *
fovea_dnnl_pooling_new (const FoveaDnnlWindow *window, FoveaDnnlPool pool, GError **error)
{
  g_autoptr (FoveaDnnl) dnnl = dnnl_new (error);
  g_auto (Desc) x = { 0 }, y = { 0 };
  g_auto (dnnl_primitive_attr_t) attr = NULL;
  g_auto (dnnl_primitive_desc_t) pd = NULL;
  dnnl_alg_kind_t kind = pool == FOVEA_DNNL_MAX    ? dnnl_pooling_max
                         : pool == FOVEA_DNNL_MEAN ? dnnl_pooling_avg_exclude_padding
                                                   : dnnl_pooling_avg_include_padding;
  dnnl_dims_t sizes[5];

  window_dims (window, sizes);
  if (dnnl == NULL || !picture_desc (&x, window->batch, window->in, error) ||
      !picture_desc (&y, window->batch, window->out, error) ||
      !is_done (dnnl_primitive_attr_create (&attr), "attribute", error) ||
      !set_attributes (attr, FALSE, -INFINITY, INFINITY, error) ||
      !is_done (pooling_desc (&pd, dnnl->engine, kind, &x, &y, sizes, attr), "pooling", error) ||
      !finish (dnnl, pd, "pooling", error))
    return NULL;
  return g_steal_pointer (&dnnl);
}

/* --- matrix product
 * -------------------------------------------------------------------------------------------------------- */

static gboolean
matrix_desc (Desc *desc, int rank, const gint64 *size, GError **error)
{
  static const dnnl_format_tag_t plain[] = { dnnl_ab, dnnl_abc, dnnl_abcd, dnnl_abcde, dnnl_abcdef, dnnl_abcdefg,
                                             dnnl_abcdefgh };
  dnnl_dims_t dims;

  if (rank < 2 || rank > 8)
    return is_done (dnnl_unimplemented, "matrix product", error);
  for (int i = 0; i < rank; i++)
    dims[i] = size[i];
  return is_done (desc_init (desc, rank, dims, plain[rank - 2]), "matrix", error);
}

FoveaDnnl *
fovea_dnnl_matmul_new (int rank, const gint64 *a, const gint64 *b, const gint64 *y, GError **error)
{
  g_autoptr (FoveaDnnl) dnnl = dnnl_new (error);
  g_auto (Desc) a_desc = { 0 }, b_desc = { 0 }, y_desc = { 0 };
  g_auto (dnnl_primitive_attr_t) attr = NULL;
  g_auto (dnnl_primitive_desc_t) pd = NULL;

  if (dnnl == NULL || !matrix_desc (&a_desc, rank, a, error) || !matrix_desc (&b_desc, rank, b, error) ||
      !matrix_desc (&y_desc, rank, y, error) || !is_done (dnnl_primitive_attr_create (&attr), "attribute", error) ||
      !set_attributes (attr, FALSE, -INFINITY, INFINITY, error) ||
      !is_done (matmul_desc (&pd, dnnl->engine, &a_desc, &b_desc, &y_desc, attr), "matrix product", error) ||
      !make_memory (dnnl, pd, dnnl_query_weights_md, DNNL_MEMORY_NONE, &dnnl->weights, error) ||
      !finish (dnnl, pd, "matrix product", error))
    return NULL;
  return g_steal_pointer (&dnnl);
}

/* --- running
 * --------------------------------------------------------------------------------------------------------------- */

gboolean
fovea_dnnl_run (FoveaDnnl *dnnl, const float *x, const float *b, float *y, GError **error)
{
  dnnl_exec_arg_t args[MAX_ARGS];
  int n = 0;

  if (!is_done (dnnl_memory_set_data_handle (dnnl->x, (void *) x), "input", error) ||
      !is_done (dnnl_memory_set_data_handle (dnnl->y, y), "output", error) ||
      (b != NULL && !is_done (dnnl_memory_set_data_handle (dnnl->weights, (void *) b), "input", error)))
    return FALSE;
  args[n++] = (dnnl_exec_arg_t) { DNNL_ARG_SRC, dnnl->x };
  args[n++] = (dnnl_exec_arg_t) { DNNL_ARG_DST, dnnl->y };
  args[n++] = (dnnl_exec_arg_t) { DNNL_ARG_SCRATCHPAD, dnnl->scratch };
  if (dnnl->weights != NULL)
    args[n++] = (dnnl_exec_arg_t) { DNNL_ARG_WEIGHTS, dnnl->weights };
  if (dnnl->bias != NULL)
    args[n++] = (dnnl_exec_arg_t) { DNNL_ARG_BIAS, dnnl->bias };
  return is_done (dnnl_primitive_execute (dnnl->primitive, dnnl->stream, n, args), "step", error) &&
         is_done (dnnl_stream_wait (dnnl->stream), "step", error);
}

const char *
fovea_dnnl_get_kernel (const FoveaDnnl *dnnl)
{
  return dnnl->kernel != NULL ? dnnl->kernel : "?";
}

char *
fovea_dnnl_dup_version (void)
{
  const dnnl_version_t *version = dnnl_version ();

  return g_strdup_printf ("%d.%d.%d", version->major, version->minor, version->patch);
}
