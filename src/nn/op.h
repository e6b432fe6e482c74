/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/graph.h"

G_BEGIN_DECLS

/* The operator table: one entry an operator drives import (names, opsets, numbers of inputs), shape inference, the
 * reference interpreter, the plan's fall-back, tests and the listing. One family of operators = one file under
 * nn/ops/. */

typedef struct {
  const FoveaNode *node;
  int opset;
  guint n_in;
  FoveaTensor *const *in; /* NULL = left out. data may be NULL during shape inference */
  guint n_out;
  FoveaTensor **out;      /* NULL entry = not made yet; infer and run put a new tensor (owned by the caller) there */
} FoveaOpContext;

typedef enum {
  FOVEA_INFER_OK,     /* every wanted out[] now holds a tensor of known type and shape (data NULL, or values if cheap) */
  FOVEA_INFER_DATA,   /* the shape depends on values that are not known yet (Reshape by a computed shape, NonZero) */
  FOVEA_INFER_ERROR   /* @error is set: wrong rank, type, attribute */
} FoveaInferResult;

/* The shape rule. The shapes of in[] hold no unknown dimension. Never reads in[i]->data without testing it for NULL.
 * Checks everything that comes from the file (ranks, types, axes, attribute values, matching dimensions), so that run
 * may trust them after infer said OK. Messages are without a prefix: the callers below put operator, opset and node
 * in front. An operator whose result is cheap (Shape,
 * Reshape of known data) may put tensors with data; when all wanted outputs have data, run is not called. */
typedef FoveaInferResult (*FoveaOpInfer) (FoveaOpContext *ctx, GError **error);

/* The reference kernel: slow, readable, any shape. All inputs have data. Where infer said OK, out[] holds tensors with
 * memory to fill in (zeroed); where it said DATA, run makes them with fovea_tensor_new. */
typedef gboolean (*FoveaOpRun) (FoveaOpContext *ctx, GError **error);

/* What a gradient rule sees: the node with all its values, and for a loss L that depends on the outputs
 *
 *   d_out[i] = ∂L/∂out[i]   f32 or f64; NULL = 0 (not all of them)
 *   d_in[i]  = ∂L/∂in[i]    f64, to which the rule ADDS; NULL = not wanted */
typedef struct {
  FoveaOpContext op;
  FoveaTensor *const *d_out;
  FoveaTensor **d_in;
} FoveaGradientContext;

/* The reference gradient: slow, readable, in double precision. All values of op.in and of the wanted op.out have data,
 * the floats among them f32 or f64. An input through which nothing flows (indices, shapes) is left as it is. */
typedef gboolean (*FoveaOpGradient) (const FoveaGradientContext *ctx, GError **error);

typedef enum {
  FOVEA_OP_DEFAULT = 0,
  /* run knows f32 and not f16/bf16: fovea_op_run() widens such inputs to f32 and narrows f32 outputs to the type that
   * infer said. Not for operators with f32 outputs of their own right beside half inputs. */
  FOVEA_OP_WIDEN_HALF = 1 << 0
} FoveaOpFlags;

struct _FoveaOp {
  const char *name;   /* ONNX operator name, domain ai.onnx */
  int since, until;   /* opsets understood, inclusive; until = 0: no upper end known */
  guint min_in, max_in, min_out, max_out; /* max = G_MAXUINT: variadic */
  FoveaOpInfer infer;
  FoveaOpRun run;
  FoveaOpFlags flags;
  FoveaOpGradient gradient; /* NULL: nothing can be trained through it */
};

/* Each nn/ops/FAMILY.c defines one table, `const FoveaOp fovea_ops_FAMILY[]`, ended by a NULL name and listed in
 * op-table.c (one line a family). An operator may have several entries for different opsets. */
const FoveaOp *fovea_op_lookup (const char *name, int opset); /* (nullable) */
gboolean       fovea_op_known (const char *name);             /* in any opset */

/* Every entry, family by family; FALSE at the end: for (i = 0; (op = fovea_op_nth (i)) != NULL; i++) */
const FoveaOp *fovea_op_nth (guint i); /* (nullable) */

/* node->op's shape rule; the message of an error names operator, opset and node. On error ctx->out is as before. */
FoveaInferResult fovea_op_infer (FoveaOpContext *ctx, GError **error);

/* Infers, allocates, runs one node. ctx->out (all NULL before) is filled with new tensors on success, untouched on
 * failure. The message of an error names operator, opset and node. */
gboolean fovea_op_run (FoveaOpContext *ctx, GError **error);

/* node->op's gradient rule. UNSUPPORTED when it has none; the message of an error names operator, opset and node. */
gboolean fovea_op_differentiate (const FoveaGradientContext *ctx, GError **error);

G_END_DECLS
