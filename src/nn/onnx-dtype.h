/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/tensor.h"

G_BEGIN_DECLS

/* ONNX's TensorProto.DataType. FALSE: no tensor of ours holds it (strings, complex numbers …). */
gboolean    fovea_onnx_dtype (int data_type, FoveaDType *ret_dtype);
int         fovea_onnx_data_type (FoveaDType dtype);
const char *fovea_onnx_data_type_name (int data_type); /* "STRING"; for messages */

G_END_DECLS
