/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/onnx-dtype.h"
#include "nn/onnx.h"
#include "onnx.pb-c.h"

G_BEGIN_DECLS

/**
 * fovea_onnx_scan:
 *
 * Walks the protobuf wire format of a message of type @descriptor without decoding or allocating anything, and refuses
 * what would make protobuf-c allocate much, recurse deeply or merge for ever:
 *   MALFORMED  a length beyond the end, a broken varint, a group, text that is not UTF-8 or holds a NUL, a message
 *   field
 *              given twice that may be there once
 *   LIMIT      more than 32 levels of nesting; structures that would take more than 1 MiB + 32 bytes for every byte
 *   of the
 *              file, or more than 512 MiB (what is plainly copied, raw data, is as long as it is in the file)
 */
gboolean fovea_onnx_scan (const ProtobufCMessageDescriptor *descriptor, const guint8 *data, gsize length, GError **error);

/* Scan, then unpack. Free with protobuf_c_message_free_unpacked (message, NULL). */
ProtobufCMessage *fovea_onnx_unpack (const ProtobufCMessageDescriptor *descriptor, const guint8 *data, gsize length,
                                     GError **error);

/* A regular file of at most 2 GiB - 1, read whole; never waits on a FIFO. */
gboolean fovea_onnx_read_file (const char *path, guint8 **ret_data, gsize *ret_length, GError **error);
/* Written beside @path, synced, renamed over it. */
gboolean fovea_onnx_write_file (const char *path, const guint8 *data, gsize length, GError **error);

/* @folder_fd: the model's folder for external data, -1: there is none. Raw data is moved out of @proto, not copied. */
FoveaTensor *fovea_onnx_tensor_from_proto (Onnx__TensorProto *proto, int folder_fd, GError **error);
/* Points into @tensor and @name; free the returned struct and its dims with g_free. */
Onnx__TensorProto *fovea_onnx_tensor_to_proto (const FoveaTensor *tensor, const char *name);

/* Fills in @attr, whose name is set already; what it holds is to be freed whether this succeeds or not. */
gboolean fovea_onnx_read_attr (FoveaAttr *attr, Onnx__AttributeProto *proto, int folder_fd, GError **error);

FoveaGraph *fovea_onnx_read_model (Onnx__ModelProto *model, int folder_fd, GError **error);

G_END_DECLS
