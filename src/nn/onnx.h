/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/graph.h"

G_BEGIN_DECLS

/* ONNX in and out. Files are hostile: a pre-scan walks the protobuf wire format (sizes, nesting, counts) before
 * anything is decoded or allocated; nothing is allocated that the file's own size does not justify; external data is
 * read only from inside the model file's folder. Errors: IO, MALFORMED (says where), LIMIT, UNSUPPORTED (names
 * operator, opset, node). */

FoveaGraph *fovea_onnx_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaGraph *fovea_onnx_load_bytes (GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT; /* no external data */

/* Self-contained, checked by reading it back; written to a temporary file, synced and renamed over @path. */
gboolean fovea_onnx_save (const FoveaGraph *graph, const char *path, GError **error);
GBytes  *fovea_onnx_save_bytes (const FoveaGraph *graph, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One TensorProto a file (test data and `fovea nn run`). */
FoveaTensor *fovea_onnx_load_tensor (const char *path, char **ret_name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean     fovea_onnx_save_tensor (const FoveaTensor *tensor, const char *name, const char *path, GError **error);

G_END_DECLS
