/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <dnnl.h>

#include "nn/nn-error.h"

/* What dnnl-shim.c and dnnl-train.c share, the only files that see <dnnl.h>: memory descriptors, whose C interface
 * differs between versions 2 and 3, and errors. */

#if DNNL_VERSION_MAJOR >= 3
typedef dnnl_memory_desc_t Desc;
#define DESC_REF(desc) (desc)

static inline dnnl_status_t
desc_init_typed (Desc *desc, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
  return dnnl_memory_desc_create_with_tag (desc, rank, dims, type, tag);
}

static inline void
desc_clear (Desc *desc)
{
  if (*desc != NULL)
    dnnl_memory_desc_destroy (*desc);
  *desc = NULL;
}
#else
typedef dnnl_memory_desc_t Desc;
typedef const dnnl_memory_desc_t *const_dnnl_memory_desc_t;
#define DESC_REF(desc) (&(desc))

static inline dnnl_status_t
desc_init_typed (Desc *desc, int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag)
{
  return dnnl_memory_desc_init_by_tag (desc, rank, dims, type, tag);
}

static inline void
desc_clear (Desc *desc)
{
}
#endif

static inline dnnl_status_t
desc_init (Desc *desc, int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
  return desc_init_typed (desc, rank, dims, dnnl_f32, tag);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Desc, desc_clear)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (dnnl_primitive_attr_t, dnnl_primitive_attr_destroy, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (dnnl_post_ops_t, dnnl_post_ops_destroy, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (dnnl_primitive_desc_t, dnnl_primitive_desc_destroy, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (dnnl_memory_t, dnnl_memory_destroy, NULL)
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (dnnl_primitive_t, dnnl_primitive_destroy, NULL)

static inline gboolean
is_done (dnnl_status_t status, const char *what, GError **error)
{
  if (status == dnnl_success)
    return TRUE;
  g_set_error (error, FOVEA_NN_ERROR,
               status == dnnl_out_of_memory ? FOVEA_NN_ERROR_MEMORY : FOVEA_NN_ERROR_UNSUPPORTED,
               "oneDNN cannot compute this %s (status %d)", what, (int) status);
  return FALSE;
}

static inline dnnl_status_t
append_clip (dnnl_post_ops_t ops, float low, float high)
{
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_eltwise (ops, dnnl_eltwise_clip, low, high);
#else
  return dnnl_post_ops_append_eltwise (ops, 1, dnnl_eltwise_clip, low, high);
#endif
}
