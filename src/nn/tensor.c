/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/tensor.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "nn/half.h"

#define ALIGNMENT 64

static const struct {
  const char *name;
  gsize size;
} dtypes[FOVEA_N_DTYPES] = {
  [FOVEA_DTYPE_F32] = { "f32", 4 },   [FOVEA_DTYPE_F64] = { "f64", 8 }, [FOVEA_DTYPE_F16] = { "f16", 2 },
  [FOVEA_DTYPE_BF16] = { "bf16", 2 }, [FOVEA_DTYPE_I64] = { "i64", 8 }, [FOVEA_DTYPE_I32] = { "i32", 4 },
  [FOVEA_DTYPE_I16] = { "i16", 2 },   [FOVEA_DTYPE_I8] = { "i8", 1 },   [FOVEA_DTYPE_U64] = { "u64", 8 },
  [FOVEA_DTYPE_U32] = { "u32", 4 },   [FOVEA_DTYPE_U16] = { "u16", 2 }, [FOVEA_DTYPE_U8] = { "u8", 1 },
  [FOVEA_DTYPE_BOOL] = { "bool", 1 },
};

gsize
fovea_dtype_size (FoveaDType dtype)
{
  g_return_val_if_fail (dtype < FOVEA_N_DTYPES, 0);
  return dtypes[dtype].size;
}

const char *
fovea_dtype_name (FoveaDType dtype)
{
  g_return_val_if_fail (dtype < FOVEA_N_DTYPES, "?");
  return dtypes[dtype].name;
}

gboolean
fovea_dtype_is_float (FoveaDType dtype)
{
  return dtype <= FOVEA_DTYPE_BF16;
}

gboolean
fovea_dtype_is_integer (FoveaDType dtype)
{
  return dtype >= FOVEA_DTYPE_I64 && dtype <= FOVEA_DTYPE_U8;
}

FoveaShape
fovea_shape (int rank, ...)
{
  FoveaShape shape = { .rank = rank };
  va_list args;

  g_assert (rank >= 0 && rank <= FOVEA_MAX_RANK);
  va_start (args, rank);
  for (int i = 0; i < rank; i++)
    shape.dim[i] = va_arg (args, gint64);
  va_end (args);
  return shape;
}

gboolean
fovea_shape_equal (const FoveaShape *a, const FoveaShape *b)
{
  if (a->rank != b->rank)
    return FALSE;
  for (int i = 0; i < a->rank; i++)
    if (a->dim[i] != b->dim[i])
      return FALSE;
  return TRUE;
}

char *
fovea_shape_to_string (const FoveaShape *shape)
{
  GString *text = g_string_new ("[");

  for (int i = 0; i < shape->rank; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i == 0 ? "" : ", ", shape->dim[i]);
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

gboolean
fovea_shape_check (const FoveaShape *shape, FoveaDType dtype, gsize max_bytes, gsize *ret_n_elements, GError **error)
{
  gsize n = 1;
  gboolean empty = FALSE, overflow = FALSE;
  g_autofree char *text = NULL;

  for (int i = 0; i < shape->rank; i++)
    {
      if (shape->dim[i] < 0)
        {
          text = fovea_shape_to_string (shape);
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT, "the shape %s has a negative dimension", text);
          return FALSE;
        }
      if (shape->dim[i] == 0)
        empty = TRUE;
      else if (!g_size_checked_mul (&n, n, (gsize) shape->dim[i]))
        overflow = TRUE;
    }
  /* Also where there are no elements, the other dimensions must not overflow when they are multiplied. */
  if (overflow || n > G_MAXINT64 || (!empty && n > max_bytes / dtypes[dtype].size))
    {
      text = fovea_shape_to_string (shape);
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT,
                   "a %s tensor of shape %s is larger than the %" G_GSIZE_FORMAT " bytes that are allowed here",
                   dtypes[dtype].name, text, max_bytes);
      return FALSE;
    }
  if (ret_n_elements != NULL)
    *ret_n_elements = empty ? 0 : n;
  return TRUE;
}

/* Half of the machine's memory: more could not be worked with, and the system would kill the program for trying. */
static gsize
max_tensor_bytes (void)
{
  static gsize limit = 0;

  if (g_once_init_enter (&limit))
    {
      long pages = sysconf (_SC_PHYS_PAGES), page_size = sysconf (_SC_PAGESIZE);
      gsize bytes = pages > 0 && page_size > 0 ? (gsize) pages * (gsize) page_size / 2 : (gsize) 1 << 31;

      g_once_init_leave (&limit, MAX (bytes, (gsize) 1 << 28));
    }
  return limit;
}

static FoveaTensor *
tensor_alloc (FoveaDType dtype, const FoveaShape *shape, gsize n_elements)
{
  FoveaTensor *tensor = g_new0 (FoveaTensor, 1);

  tensor->dtype = dtype;
  tensor->shape = *shape;
  tensor->n_elements = n_elements;
  g_atomic_ref_count_init (&tensor->ref_count);
  return tensor;
}

FoveaTensor *
fovea_tensor_new (FoveaDType dtype, const FoveaShape *shape, GError **error)
{
  FoveaTensor *tensor;
  gsize n, n_bytes;
  char *base;

  g_return_val_if_fail (dtype < FOVEA_N_DTYPES, NULL);
  g_return_val_if_fail (shape->rank >= 0 && shape->rank <= FOVEA_MAX_RANK, NULL);

  if (!fovea_shape_check (shape, dtype, max_tensor_bytes (), &n, error))
    return NULL;
  n_bytes = n * dtypes[dtype].size;
  /* calloc leaves large blocks to the kernel's zero pages, which aligned_alloc + memset would touch. */
  base = calloc (1, n_bytes + ALIGNMENT);
  if (base == NULL)
    {
      g_autofree char *text = fovea_shape_to_string (shape);

      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MEMORY,
                   "there is not enough memory for a %s tensor of shape %s", dtypes[dtype].name, text);
      return NULL;
    }
  tensor = tensor_alloc (dtype, shape, n);
  tensor->data = base + (ALIGNMENT - (guintptr) base % ALIGNMENT);
  tensor->owner = base;
  tensor->free_data = free;
  return tensor;
}

/* Wraps on overflow; a tensor with data has passed fovea_shape_check(). */
static gsize
count_elements (const FoveaShape *shape)
{
  gsize n = 1;

  for (int i = 0; i < shape->rank; i++)
    n *= (gsize) shape->dim[i];
  return n;
}

FoveaTensor *
fovea_tensor_new_unknown (FoveaDType dtype, const FoveaShape *shape)
{
  g_return_val_if_fail (dtype < FOVEA_N_DTYPES, NULL);
  return tensor_alloc (dtype, shape, count_elements (shape));
}

FoveaTensor *
fovea_tensor_new_wrapped (FoveaDType dtype, const FoveaShape *shape, void *data, gpointer owner,
                          GDestroyNotify free_owner)
{
  FoveaTensor *tensor = fovea_tensor_new_unknown (dtype, shape);

  tensor->data = data;
  tensor->owner = owner;
  tensor->free_data = free_owner;
  return tensor;
}

static void
unref_owner (gpointer owner)
{
  fovea_tensor_unref (owner);
}

FoveaTensor *
fovea_tensor_new_reshaped (FoveaTensor *tensor, const FoveaShape *shape, GError **error)
{
  gsize n;

  if (!fovea_shape_check (shape, tensor->dtype, G_MAXSIZE, &n, error))
    return NULL;
  if (n != tensor->n_elements)
    {
      g_autofree char *from = fovea_shape_to_string (&tensor->shape);
      g_autofree char *to = fovea_shape_to_string (shape);

      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE,
                   "a tensor of shape %s cannot take the shape %s: the numbers of elements differ", from, to);
      return NULL;
    }
  if (tensor->data == NULL)
    return fovea_tensor_new_unknown (tensor->dtype, shape);
  return fovea_tensor_new_wrapped (tensor->dtype, shape, tensor->data, fovea_tensor_ref (tensor), unref_owner);
}

FoveaTensor *
fovea_tensor_ref (FoveaTensor *tensor)
{
  g_atomic_ref_count_inc (&tensor->ref_count);
  return tensor;
}

void
fovea_tensor_unref (FoveaTensor *tensor)
{
  if (!g_atomic_ref_count_dec (&tensor->ref_count))
    return;
  if (tensor->free_data != NULL)
    tensor->free_data (tensor->owner);
  g_free (tensor);
}

gsize
fovea_tensor_n_bytes (const FoveaTensor *tensor)
{
  return tensor->n_elements * dtypes[tensor->dtype].size;
}

gboolean
fovea_floats_are_finite (const float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!isfinite (values[i]))
      return FALSE;
  return TRUE;
}

gboolean
fovea_tensor_is_finite (const FoveaTensor *tensor)
{
  return fovea_floats_are_finite (FOVEA_TENSOR_DATA (tensor, float), tensor->n_elements);
}
