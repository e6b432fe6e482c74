/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include <math.h>

#include "nn/ops/op-check.h"

/* HannWindow, HammingWindow, BlackmanWindow: sums of cosines over n = 0 … size − 1, with N = size, or size − 1 when
 * periodic is 0 (at least 1).
 *
 *   Hann      ½ − ½ cos (2πn/N)        Hamming   25/46 − 21/46 cos (2πn/N)
 *   Blackman  0.42 − ½ cos (2πn/N) + 0.08 cos (4πn/N) */


static const struct {
  int onnx;
  FoveaDType dtype;
} output_types[] = { { 1, FOVEA_DTYPE_F32 }, { 2, FOVEA_DTYPE_U8 },   { 3, FOVEA_DTYPE_I8 },   { 4, FOVEA_DTYPE_U16 },
                     { 5, FOVEA_DTYPE_I16 }, { 6, FOVEA_DTYPE_I32 },  { 7, FOVEA_DTYPE_I64 },  { 10, FOVEA_DTYPE_F16 },
                     { 11, FOVEA_DTYPE_F64 }, { 12, FOVEA_DTYPE_U32 }, { 13, FOVEA_DTYPE_U64 }, { 16, FOVEA_DTYPE_BF16 } };

static FoveaInferResult
taper_infer (FoveaOpContext *ctx, GError **error)
{
  gint64 wanted = fovea_node_int (ctx->node, "output_datatype", 1), size;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_INDEX, error))
    return FOVEA_INFER_ERROR;
  if (ctx->in[0]->n_elements != 1)
    return fovea_op_refuse (error, FOVEA_NN_ERROR_SHAPE, "the size has %" G_GSIZE_FORMAT " values, expected one",
                            ctx->in[0]->n_elements);
  for (gsize i = 0; i < G_N_ELEMENTS (output_types); i++)
    if (output_types[i].onnx == wanted)
      {
        FoveaShape shape;

        if (ctx->in[0]->data == NULL)
          return FOVEA_INFER_DATA;
        size = fovea_tensor_index (ctx->in[0], 0);
        if (size < 0 || size > G_MAXINT32)
          return fovea_op_refuse (error, FOVEA_NN_ERROR_MALFORMED, "the size is %" G_GINT64_FORMAT, size);
        shape = fovea_shape (1, size);
        fovea_op_declare (ctx, 0, output_types[i].dtype, &shape);
        return FOVEA_INFER_OK;
      }
  return fovea_op_refuse (error, FOVEA_NN_ERROR_UNSUPPORTED, "output_datatype %" G_GINT64_FORMAT " is not supported",
                          wanted);
}

static gboolean
taper_run (FoveaOpContext *ctx, GError **error)
{
  gboolean blackman = strcmp (ctx->node->op_type, "BlackmanWindow") == 0;
  gboolean hamming = strcmp (ctx->node->op_type, "HammingWindow") == 0;
  FoveaTensor *y = ctx->out[0];
  g_autoptr (FoveaTensor) values = fovea_tensor_new (FOVEA_DTYPE_F64, &y->shape, error);
  g_autoptr (FoveaTensor) narrow = NULL;
  double first = blackman ? 0.42 : hamming ? 25.0 / 46 : 0.5;
  double period = (double) y->n_elements - (fovea_node_int (ctx->node, "periodic", 1) != 0 ? 0 : 1);

  if (values == NULL)
    return FALSE;
  for (gsize i = 0; i < y->n_elements; i++)
    {
      double angle = 2 * G_PI * (double) i / MAX (1, period);

      FOVEA_TENSOR_DATA (values, double)[i]
        = first - (blackman ? 0.5 : 1 - first) * cos (angle) + (blackman ? 0.08 * cos (2 * angle) : 0);
    }
  narrow = fovea_tensor_convert (values, y->dtype, error);
  if (narrow == NULL)
    return FALSE;
  memcpy (y->data, narrow->data, fovea_tensor_n_bytes (y));
  return TRUE;
}

const FoveaOp fovea_ops_taper[] = {
  { "HannWindow", 17, 0, 1, 1, 1, 1, taper_infer, taper_run },
  { "HammingWindow", 17, 0, 1, 1, 1, 1, taper_infer, taper_run },
  { "BlackmanWindow", 17, 0, 1, 1, 1, 1, taper_infer, taper_run },
  { NULL }
};
