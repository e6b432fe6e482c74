/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "nn/onnx-private.h"

/* Older writers leave the type out; then the field that is there tells. */
static int
attr_type (const Onnx__AttributeProto *proto)
{
  if (proto->has_type && proto->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED)
    return (int) proto->type;
  if (proto->has_f)
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
  if (proto->has_i)
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
  if (proto->has_s)
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
  if (proto->t != NULL)
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
  if (proto->n_floats > 0)
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
  if (proto->n_strings > 0)
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS;
  return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
}

/* NULL when it is not text. */
static char *
dup_text (const ProtobufCBinaryData *bytes)
{
  if (bytes->len > 0 && (memchr (bytes->data, 0, bytes->len) != NULL ||
                         !g_utf8_validate ((const char *) bytes->data, (gssize) bytes->len, NULL)))
    return NULL;
  return g_strndup ((const char *) bytes->data, bytes->len);
}

static gboolean
read_attr_strings (FoveaAttr *attr, const Onnx__AttributeProto *proto)
{
  attr->type = FOVEA_ATTR_STRINGS;
  attr->n = proto->n_strings;
  attr->strings = g_new0 (char *, attr->n);
  for (gsize i = 0; i < attr->n; i++)
    {
      attr->strings[i] = dup_text (&proto->strings[i]);
      if (attr->strings[i] == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
not_text (GError **error)
{
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "it is not text");
  return FALSE;
}

gboolean
fovea_onnx_read_attr (FoveaAttr *attr, Onnx__AttributeProto *proto, int folder_fd, GError **error)
{
  switch (attr_type (proto))
    {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
      attr->type = FOVEA_ATTR_FLOAT;
      attr->f = proto->f;
      return TRUE;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
      attr->type = FOVEA_ATTR_INT;
      attr->i = proto->i;
      return TRUE;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
      attr->type = FOVEA_ATTR_STRING;
      attr->s = dup_text (&proto->s);
      return attr->s != NULL || not_text (error);
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
      attr->type = FOVEA_ATTR_TENSOR;
      if (proto->t == NULL)
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "the tensor is missing");
          return FALSE;
        }
      attr->tensor = fovea_onnx_tensor_from_proto (proto->t, folder_fd, error);
      return attr->tensor != NULL;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
      attr->type = FOVEA_ATTR_FLOATS;
      attr->n = proto->n_floats;
      attr->floats = g_memdup2 (proto->floats, attr->n * sizeof (float));
      return TRUE;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
      attr->type = FOVEA_ATTR_INTS;
      attr->n = proto->n_ints;
      attr->ints = g_memdup2 (proto->ints, attr->n * sizeof (gint64));
      return TRUE;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
      return read_attr_strings (attr, proto) || not_text (error);
    default:
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED, "attributes of this type are not supported");
      return FALSE;
    }
}
