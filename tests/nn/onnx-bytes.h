/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <string.h>

/* Writes protobuf by hand, so that tests can say what no well-behaved writer would. Each call appends one field. */

static inline void
put_varint (GByteArray *to, guint64 value)
{
  do
    {
      guint8 byte = (guint8) (value & 0x7f) | (value > 0x7f ? 0x80 : 0);

      g_byte_array_append (to, &byte, 1);
      value >>= 7;
    }
  while (value > 0);
}

static inline void
put_int (GByteArray *to, guint field, gint64 value)
{
  put_varint (to, field << 3);
  put_varint (to, (guint64) value);
}

static inline void
put_bytes (GByteArray *to, guint field, gconstpointer data, gsize length)
{
  put_varint (to, field << 3 | 2);
  put_varint (to, length);
  g_byte_array_append (to, data, (guint) length);
}

static inline void
put_text (GByteArray *to, guint field, const char *text)
{
  put_bytes (to, field, text, strlen (text));
}

/* Takes @part. */
static inline void
put_part (GByteArray *to, guint field, GByteArray *part)
{
  put_bytes (to, field, part->data, part->len);
  g_byte_array_unref (part);
}

/* The numbers of onnx.proto's fields that the tests use. */
enum {
  MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14, OPSET_DOMAIN = 1, OPSET_VERSION = 2,
  GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12,
  NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP_TYPE = 4, NODE_ATTRIBUTE = 5, NODE_DOMAIN = 7,
  ATTR_NAME = 1, ATTR_I = 3, ATTR_S = 4, ATTR_GRAPH = 6, ATTR_TYPE = 20,
  TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_FLOATS = 4, TENSOR_INT32S = 5, TENSOR_INT64S = 7, TENSOR_NAME = 8,
  TENSOR_RAW = 9, TENSOR_DOUBLES = 10, TENSOR_UINT64S = 11, TENSOR_EXTERNAL = 13, TENSOR_LOCATION = 14,
  ENTRY_KEY = 1, ENTRY_VALUE = 2,
  VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TYPE_SEQUENCE = 4, TENSOR_TYPE_ELEM = 1, TENSOR_TYPE_SHAPE = 2,
  SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM = 2,
};

/* A value of type f32 with one dimension, -1: none said. */
static inline GByteArray *
make_value (const char *name, int elem_type, gint64 dim)
{
  GByteArray *value = g_byte_array_new (), *type = g_byte_array_new (), *tensor = g_byte_array_new ();
  GByteArray *shape = g_byte_array_new (), *dimension = g_byte_array_new ();

  if (dim != -1)
    put_int (dimension, DIM_VALUE, dim);
  put_part (shape, SHAPE_DIM, dimension);
  put_int (tensor, TENSOR_TYPE_ELEM, elem_type);
  put_part (tensor, TENSOR_TYPE_SHAPE, shape);
  put_part (type, TYPE_TENSOR, tensor);
  put_text (value, VALUE_NAME, name);
  put_part (value, VALUE_TYPE, type);
  return value;
}

/* @b NULL: one input. */
static inline GByteArray *
make_node (const char *op_type, const char *a, const char *b, const char *output)
{
  GByteArray *node = g_byte_array_new ();

  put_text (node, NODE_INPUT, a);
  if (b != NULL)
    put_text (node, NODE_INPUT, b);
  put_text (node, NODE_OUTPUT, output);
  put_text (node, NODE_NAME, "the node");
  put_text (node, NODE_OP_TYPE, op_type);
  return node;
}

/* Takes @graph. */
static inline GByteArray *
make_model (GByteArray *graph, gint64 opset)
{
  GByteArray *model = g_byte_array_new (), *import = g_byte_array_new ();

  put_int (import, OPSET_VERSION, opset);
  put_part (model, MODEL_OPSET, import);
  put_part (model, MODEL_GRAPH, graph);
  return model;
}
