/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "nn/nn-error.h"

G_BEGIN_DECLS

#define FOVEA_MAX_RANK 8

/* Element types. The core computes in F32, I64, I32, U8, I8 and BOOL (one byte, 0 or 1); the others are
 * storage for files (half-precision weights) and for Cast. Order is private; ONNX numbers are mapped in
 * onnx-reader. */
typedef enum {
  FOVEA_DTYPE_F32,
  FOVEA_DTYPE_F64,
  FOVEA_DTYPE_F16,
  FOVEA_DTYPE_BF16,
  FOVEA_DTYPE_I64,
  FOVEA_DTYPE_I32,
  FOVEA_DTYPE_I16,
  FOVEA_DTYPE_I8,
  FOVEA_DTYPE_U64,
  FOVEA_DTYPE_U32,
  FOVEA_DTYPE_U16,
  FOVEA_DTYPE_U8,
  FOVEA_DTYPE_BOOL,
  FOVEA_N_DTYPES
} FoveaDType;

gsize       fovea_dtype_size (FoveaDType dtype);  /* bytes an element */
const char *fovea_dtype_name (FoveaDType dtype);  /* "f32", "i64", … as in messages */
gboolean    fovea_dtype_is_float (FoveaDType dtype);   /* f32, f64, f16, bf16 */
gboolean    fovea_dtype_is_integer (FoveaDType dtype); /* i64 … u8; not bool */

/* Rank 0 (one element) to 8; a dimension may be 0 (no elements). Only in graphs: rank -1 = not said, dimension -1 = not
 * known until the graph is run. */
typedef struct {
  int rank;
  gint64 dim[FOVEA_MAX_RANK];
} FoveaShape;

/* Row-major, dense. @data is NULL for a tensor whose shape is known and whose values are not (shape
 * inference). Fields are read freely; they are written only by the one that made the tensor, before it is
 * shared. Reference-counted, atomically. */
typedef struct {
  FoveaDType dtype;
  FoveaShape shape;
  gsize n_elements;
  void *data; /* 64-byte aligned when allocated here */
  /*< private >*/
  gatomicrefcount ref_count;
  GDestroyNotify free_data;
  gpointer owner;
} FoveaTensor;

#define FOVEA_TENSOR_DATA(tensor, type) ((type *) (tensor)->data)

FoveaShape fovea_shape (int rank, ...) G_GNUC_WARN_UNUSED_RESULT; /* gint64 dimensions */
gboolean   fovea_shape_equal (const FoveaShape *a, const FoveaShape *b);
char      *fovea_shape_to_string (const FoveaShape *shape) G_GNUC_WARN_UNUSED_RESULT; /* "[1, 3, 224, 224]" */

/* Number of elements; FALSE (ERROR_LIMIT) when a dimension is negative or the byte size overflows or is more than
 * @max_bytes. Use it on every shape that comes from a file before anything is allocated. */
gboolean fovea_shape_check (const FoveaShape *shape, FoveaDType dtype, gsize max_bytes, gsize *ret_n_elements,
                            GError **error);

/* Zeroed memory. ERROR_LIMIT (more than half of the machine's memory) / ERROR_MEMORY instead of an abort, so it is fit
 * for shapes from outside. */
FoveaTensor *fovea_tensor_new (FoveaDType dtype, const FoveaShape *shape, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Shape only, @data NULL. */
FoveaTensor *fovea_tensor_new_unknown (FoveaDType dtype, const FoveaShape *shape) G_GNUC_WARN_UNUSED_RESULT;

/* Looks at @data, which @owner keeps alive and @free_owner frees with the last reference (nullable: borrowed for
 * ever). */
FoveaTensor *fovea_tensor_new_wrapped (FoveaDType dtype, const FoveaShape *shape, void *data, gpointer owner,
                                       GDestroyNotify free_owner) G_GNUC_WARN_UNUSED_RESULT;

/* Same values under another shape of as many elements; shares the data. */
FoveaTensor *fovea_tensor_new_reshaped (FoveaTensor *tensor, const FoveaShape *shape, GError **error) G_GNUC_WARN_UNUSED_RESULT;

FoveaTensor *fovea_tensor_ref (FoveaTensor *tensor);
void         fovea_tensor_unref (FoveaTensor *tensor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaTensor, fovea_tensor_unref)

gsize fovea_tensor_n_bytes (const FoveaTensor *tensor);

/* Neither infinite nor NaN anywhere; of an f32 tensor. */
gboolean fovea_tensor_is_finite (const FoveaTensor *tensor);
gboolean fovea_floats_are_finite (const float *values, gsize n);

/* A new tensor of @dtype with the same values (a new reference when the type is the same already). Conversions are
 * those of ONNX Cast: float to integer truncates towards zero and saturates, NaN becomes 0; integers wrap as in C;
 * anything to bool is "not zero"; to f16 and bf16 rounds to nearest, ties to even. */
FoveaTensor *fovea_tensor_convert (FoveaTensor *tensor, FoveaDType dtype, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
