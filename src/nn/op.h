/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/graph.h"

G_BEGIN_DECLS

/* The operator table: one entry an operator drives import (names, opsets, numbers of inputs), shape inference, the
 * reference interpreter, the plan's fall-back, tests and the listing. One family of operators = one file under nn/ops/. */

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

/* The shape rule. Never reads in[i]->data without testing it for NULL. Checks everything that comes from the file
 * (ranks, axes, attribute values, matching dimensions), so that run may trust them after infer said OK. */
typedef FoveaInferResult (*FoveaOpInfer) (FoveaOpContext *ctx, GError **error);

/* The reference kernel: slow, readable, any shape. All inputs have data. Where infer said OK, out[] holds tensors with
 * memory to fill in (zeroed); where it said DATA, run makes them with fovea_tensor_new. */
typedef gboolean (*FoveaOpRun) (FoveaOpContext *ctx, GError **error);

struct _FoveaOp {
  const char *name;   /* ONNX operator name, domain ai.onnx */
  int since, until;   /* opsets understood, inclusive; until = 0: no upper end known */
  guint min_in, max_in, min_out, max_out; /* max = G_MAXUINT: variadic */
  FoveaOpInfer infer;
  FoveaOpRun run;
};

/* Each nn/ops/FAMILY.c defines one table, ended by a NULL name, listed in op-table.c. */
const FoveaOp *fovea_op_lookup (const char *name, int opset); /* (nullable) */
const FoveaOp *fovea_op_table (guint *ret_n);

/* Infers, allocates, runs one node. ctx->out is filled with new tensors on success, untouched on failure. The message of
 * an error names operator, opset and node. */
gboolean fovea_op_run (FoveaOpContext *ctx, GError **error);

G_END_DECLS
