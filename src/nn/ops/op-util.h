/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/op.h"

G_BEGIN_DECLS

/* What the operator families share. Messages are without a prefix (fovea_op_run() adds operator, opset and node). */

/* Errors. The first for run (returns FALSE), the second for infer. */
gboolean         fovea_op_fail (GError **error, FoveaNnError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
FoveaInferResult fovea_op_refuse (GError **error, FoveaNnError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* “input 1 is i64, which is not supported here” (UNSUPPORTED) */
FoveaInferResult fovea_op_refuse_dtype (GError **error, guint input, FoveaDType dtype);

/* The attribute @name, which must be there, as an element type by ONNX's numbers. */
gboolean fovea_op_dtype_attr (const FoveaOpContext *ctx, const char *name, FoveaDType *ret_dtype, GError **error);

/* Inputs left out at the end or with an empty name: NULL. */
static inline FoveaTensor *
fovea_op_in (const FoveaOpContext *ctx, guint i)
{
  return i < ctx->n_in ? ctx->in[i] : NULL;
}

/* Whether the graph asks for output @i. */
static inline gboolean
fovea_op_wants (const FoveaOpContext *ctx, guint i)
{
  return i < ctx->n_out && ctx->node->outputs[i] >= 0;
}

/* For infer: says output @i's type and shape; ignored when the output is not wanted. */
void fovea_op_declare (FoveaOpContext *ctx, guint i, FoveaDType dtype, const FoveaShape *shape);
/* Puts @tensor (taken) there; freed when the output is not wanted. */
void fovea_op_take (FoveaOpContext *ctx, guint i, FoveaTensor *tensor);
/* For run after INFER_DATA: makes output @i and returns it borrowed; NULL with @error set when it cannot be made.
 * Also made when the output is not wanted is a programmer error: ask fovea_op_wants() for optional outputs. */
FoveaTensor *fovea_op_make (FoveaOpContext *ctx, guint i, FoveaDType dtype, const FoveaShape *shape, GError **error);

/* Declares output 0 (type and shape of input 0) as a view of the same data under @shape, when the data is there. The
 * common end of Reshape, Squeeze, Flatten … */
FoveaInferResult fovea_op_view (FoveaOpContext *ctx, const FoveaShape *shape, GError **error);

/* @axis in [-rank, rank-1] made non-negative. MALFORMED otherwise. */
gboolean fovea_op_axis (gint64 axis, int rank, int *ret_axis, GError **error);
/* A list of axes as flags; a repeated axis is MALFORMED. @axes NULL: none is set. */
gboolean fovea_op_axes (const gint64 *axes, gsize n, int rank, gboolean *ret_flags, GError **error);

/* A tensor of rank 0 or 1 of i64 or i32 with at most @max values, e.g. a shape, axes, pads, repeats. It must have
 * data. */
gboolean fovea_op_read_ints (const FoveaTensor *tensor, gint64 *ret_values, gsize max, gsize *ret_n, GError **error);
/* A list that is an attribute in old opsets and input @i in new ones. *ret_n = 0 and *ret_given = FALSE when neither is
 * there. INFER_DATA when the input has no data yet. */
FoveaInferResult fovea_op_ints (const FoveaOpContext *ctx, guint i, const char *attr, gint64 *ret_values, gsize max,
                                gsize *ret_n, gboolean *ret_given, GError **error);
/* The single element of @tensor as a double (integers exact to 2^53). */
double fovea_op_scalar (const FoveaTensor *tensor);
gint64 fovea_op_scalar_int (const FoveaTensor *tensor);

/* Row-major strides in elements. */
void fovea_strides (const FoveaShape *shape, gint64 *ret_strides);

/* to[i, j, …] = from[offset + i · strides[0] + j · strides[1] + …] over @shape, offsets and strides in elements of
 * @size bytes (1, 2, 4 or 8). */
void fovea_op_copy_strided (void *to, const FoveaShape *shape, gsize size, const void *from, gint64 offset,
                            const gint64 *strides);

/* Numpy-style broadcasting of two shapes; SHAPE when they do not fit. @ret may be @a. */
gboolean fovea_broadcast_shapes (const FoveaShape *a, const FoveaShape *b, FoveaShape *ret, GError **error);

/* Walks the elements of @out in row-major order and, beside it, up to four operands that broadcast to it. One step is
 * one innermost row: @inner elements, operand k at offset[k] + j · step[k], the output at out + j.
 *
 *   FoveaBroadcast it;
 *   for (fovea_broadcast_init (&it, &out->shape, 2, &a->shape, &b->shape); it.more; fovea_broadcast_next (&it))
 *     for (gint64 j = 0; j < it.inner; j++)
 *       y[it.out + j] = p[it.offset[0] + j * it.step[0]] + q[it.offset[1] + j * it.step[1]];
 */
typedef struct {
  gboolean more;
  gint64 inner, out;
  gint64 offset[4], step[4];
  /*< private >*/
  int rank, n;
  gint64 dim[FOVEA_MAX_RANK], index[FOVEA_MAX_RANK], stride[4][FOVEA_MAX_RANK];
} FoveaBroadcast;

void fovea_broadcast_init (FoveaBroadcast *it, const FoveaShape *out, int n, ...);
void fovea_broadcast_next (FoveaBroadcast *it);

/* X (DTYPE, c_type) for every type that plain C arithmetic serves. */
#define FOVEA_FOR_FLOATS(X) X (F32, float) X (F64, double)
#define FOVEA_FOR_SIGNED(X) X (I64, gint64) X (I32, gint32) X (I16, gint16) X (I8, gint8)
#define FOVEA_FOR_UNSIGNED(X) X (U64, guint64) X (U32, guint32) X (U16, guint16) X (U8, guint8)
#define FOVEA_FOR_INTEGERS(X) FOVEA_FOR_SIGNED (X) FOVEA_FOR_UNSIGNED (X)
#define FOVEA_FOR_NUMBERS(X) FOVEA_FOR_FLOATS (X) FOVEA_FOR_INTEGERS (X)
/* X (c_type) once for every element size, for operators that only move data. */
#define FOVEA_FOR_SIZES(X) X (1, guint8) X (2, guint16) X (4, guint32) X (8, guint64)

G_END_DECLS
