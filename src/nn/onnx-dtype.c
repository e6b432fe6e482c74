/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/onnx-dtype.h"

static const struct {
  const char *name;
  int dtype; /* -1: none of ours */
} data_types[] = {
  { "UNDEFINED", -1 },          { "FLOAT", FOVEA_DTYPE_F32 },     { "UINT8", FOVEA_DTYPE_U8 },
  { "INT8", FOVEA_DTYPE_I8 },   { "UINT16", FOVEA_DTYPE_U16 },    { "INT16", FOVEA_DTYPE_I16 },
  { "INT32", FOVEA_DTYPE_I32 }, { "INT64", FOVEA_DTYPE_I64 },     { "STRING", -1 },
  { "BOOL", FOVEA_DTYPE_BOOL }, { "FLOAT16", FOVEA_DTYPE_F16 },   { "DOUBLE", FOVEA_DTYPE_F64 },
  { "UINT32", FOVEA_DTYPE_U32 },{ "UINT64", FOVEA_DTYPE_U64 },    { "COMPLEX64", -1 },
  { "COMPLEX128", -1 },         { "BFLOAT16", FOVEA_DTYPE_BF16 },
};

gboolean
fovea_onnx_dtype (int data_type, FoveaDType *ret_dtype)
{
  if (data_type < 0 || data_type >= (int) G_N_ELEMENTS (data_types) || data_types[data_type].dtype < 0)
    return FALSE;
  *ret_dtype = (FoveaDType) data_types[data_type].dtype;
  return TRUE;
}

int
fovea_onnx_data_type (FoveaDType dtype)
{
  for (int i = 0; i < (int) G_N_ELEMENTS (data_types); i++)
    if (data_types[i].dtype == (int) dtype)
      return i;
  g_return_val_if_reached (0);
}

const char *
fovea_onnx_data_type_name (int data_type)
{
  if (data_type < 0 || data_type >= (int) G_N_ELEMENTS (data_types))
    return "an unknown type";
  return data_types[data_type].name;
}
