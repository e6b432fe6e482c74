/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "nn/op.h"
#include "nn/ops/families.h"

/* In the order of the listing. */
static const FoveaOp *const families[] = {
  fovea_ops_arithmetic,
  fovea_ops_unary,
  fovea_ops_logic,
  fovea_ops_cast,
  fovea_ops_constants,
  fovea_ops_layout,
  fovea_ops_rearrange,
  fovea_ops_convolution,
  fovea_ops_detection,
  fovea_ops_einsum,
  fovea_ops_fold,
  fovea_ops_gather,
  fovea_ops_grid_sample,
  fovea_ops_matrix,
  fovea_ops_normalisation,
  fovea_ops_pooling,
  fovea_ops_quantise,
  fovea_ops_reduction,
  fovea_ops_resample,
  fovea_ops_scatter,
  fovea_ops_select,
  fovea_ops_softmax,
  fovea_ops_taper,
};

const FoveaOp *
fovea_op_nth (guint i)
{
  for (gsize f = 0; f < G_N_ELEMENTS (families); f++)
    for (const FoveaOp *op = families[f]; op->name != NULL; op++)
      if (i-- == 0)
        return op;
  return NULL;
}

const FoveaOp *
fovea_op_lookup (const char *name, int opset)
{
  const FoveaOp *op;

  for (guint i = 0; (op = fovea_op_nth (i)) != NULL; i++)
    if (strcmp (op->name, name) == 0 && opset >= op->since && (op->until == 0 || opset <= op->until))
      return op;
  return NULL;
}

gboolean
fovea_op_known (const char *name)
{
  const FoveaOp *op;

  for (guint i = 0; (op = fovea_op_nth (i)) != NULL; i++)
    if (strcmp (op->name, name) == 0)
      return TRUE;
  return FALSE;
}
