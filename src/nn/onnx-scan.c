/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/onnx-private.h"

#include <string.h>

enum {
  MAX_DEPTH = 32,
  WIRE_VARINT = 0,
  WIRE_64 = 1,
  WIRE_BYTES = 2,
  WIRE_32 = 5,
};

#define COST_BASE ((gsize) 1 << 20)
#define COST_PER_BYTE 32
#define COST_MAX ((gsize) 512 << 20)
/* What protobuf-c keeps for a field while it unpacks, and what malloc adds to a block. */
#define COST_FIELD 40
#define COST_BLOCK 16

typedef struct {
  const guint8 *start;
  gsize cost, max_cost;
  int depth;
} Scan;

static gboolean
fail (const Scan *scan, const guint8 *at, const char *what, GError **error)
{
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "this is no ONNX data: %s at byte %" G_GSIZE_FORMAT,
               what, (gsize) (at - scan->start));
  return FALSE;
}

static gboolean
add_cost (Scan *scan, gsize cost, GError **error)
{
  if (cost > scan->max_cost || scan->cost > scan->max_cost - cost)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT,
                   "the file describes far more parts than its size justifies; it would fill the memory");
      return FALSE;
    }
  scan->cost += cost;
  return TRUE;
}

/* At most ten bytes. */
static gboolean
read_varint (const guint8 **at, const guint8 *end, guint64 *ret)
{
  guint64 value = 0;

  for (int shift = 0; shift < 70 && *at < end; shift += 7)
    {
      guint8 byte = *(*at)++;

      value |= shift < 64 ? (guint64) (byte & 0x7f) << shift : 0;
      if ((byte & 0x80) == 0)
        {
          *ret = value;
          return TRUE;
        }
    }
  return FALSE;
}

static gboolean scan_message (Scan *scan, const ProtobufCMessageDescriptor *descriptor, const guint8 *at,
                              const guint8 *end, GError **error);

static gboolean
scan_text (Scan *scan, const guint8 *at, gsize length, GError **error)
{
  if (memchr (at, 0, length) != NULL || !g_utf8_validate ((const char *) at, (gssize) length, NULL))
    return fail (scan, at, "text that is not UTF-8", error);
  return TRUE;
}

/* The payload of a length-delimited field, [at, at + length). */
static gboolean
scan_bytes (Scan *scan, const ProtobufCFieldDescriptor *field, const guint8 *at, gsize length, GError **error)
{
  switch ((int) field->type)
    {
    case PROTOBUF_C_TYPE_MESSAGE:
      return scan_message (scan, field->descriptor, at, at + length, error);
    case PROTOBUF_C_TYPE_STRING:
      return scan_text (scan, at, length, error) && add_cost (scan, length + COST_BLOCK, error);
    case PROTOBUF_C_TYPE_BYTES:
      return add_cost (scan, COST_BLOCK, error);
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_DOUBLE:
      return add_cost (scan, COST_BLOCK, error);
    default: /* packed varints: one byte may become eight */
      return length > scan->max_cost / 8 ? add_cost (scan, scan->max_cost + 1, error)
                                         : add_cost (scan, 8 * length + COST_BLOCK, error);
    }
}

static gboolean
skip_value (Scan *scan, guint wire, const guint8 **at, const guint8 *end, GError **error)
{
  guint64 ignored;
  gsize size = wire == WIRE_64 ? 8 : 4;

  if (wire == WIRE_VARINT)
    return read_varint (at, end, &ignored) || fail (scan, *at, "a broken number", error);
  if (wire != WIRE_64 && wire != WIRE_32)
    return fail (scan, *at, "an unknown kind of field", error);
  if ((gsize) (end - *at) < size)
    return fail (scan, *at, "a number beyond the end", error);
  *at += size;
  return TRUE;
}

/* One field; @seen has a bit for every singular message field met. */
static gboolean
scan_field (Scan *scan, const ProtobufCMessageDescriptor *descriptor, const guint8 **at, const guint8 *end,
            guint64 *seen, GError **error)
{
  const ProtobufCFieldDescriptor *field;
  guint64 key, length;

  if (!read_varint (at, end, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff)
    return fail (scan, *at, "a broken field", error);
  field = protobuf_c_message_descriptor_get_field (descriptor, (unsigned) (key >> 3));
  if (!add_cost (scan, COST_FIELD + 8, error))
    return FALSE;
  if ((key & 7) != WIRE_BYTES)
    return skip_value (scan, key & 7, at, end, error);

  if (!read_varint (at, end, &length) || length > (guint64) (end - *at))
    return fail (scan, *at, "a length beyond the end", error);
  if (field == NULL)
    {
      if (!add_cost (scan, COST_BLOCK, error))
        return FALSE;
    }
  else
    {
      if (field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED)
        {
          /* protobuf-c would merge the second into the first, which takes quadratic time. */
          guint64 bit = (guint64) 1 << (field - descriptor->fields);

          if ((*seen & bit) != 0)
            return fail (scan, *at, "a part that is there twice", error);
          *seen |= bit;
        }
      if (!scan_bytes (scan, field, *at, (gsize) length, error))
        return FALSE;
    }
  *at += length;
  return TRUE;
}

static gboolean
scan_message (Scan *scan, const ProtobufCMessageDescriptor *descriptor, const guint8 *at, const guint8 *end,
              GError **error)
{
  guint64 seen = 0;

  g_assert (descriptor->n_fields <= 64);
  if (++scan->depth > MAX_DEPTH)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT, "the file is nested more than %d levels deep", MAX_DEPTH);
      return FALSE;
    }
  if (!add_cost (scan, descriptor->sizeof_message + COST_BLOCK, error))
    return FALSE;
  while (at < end)
    if (!scan_field (scan, descriptor, &at, end, &seen, error))
      return FALSE;
  scan->depth--;
  return TRUE;
}

gboolean
fovea_onnx_scan (const ProtobufCMessageDescriptor *descriptor, const guint8 *data, gsize length, GError **error)
{
  Scan scan = { .start = data };

  scan.max_cost = length > COST_MAX / COST_PER_BYTE ? COST_MAX : MIN (COST_MAX, COST_BASE + COST_PER_BYTE * length);
  return scan_message (&scan, descriptor, data, data + length, error);
}

ProtobufCMessage *
fovea_onnx_unpack (const ProtobufCMessageDescriptor *descriptor, const guint8 *data, gsize length, GError **error)
{
  ProtobufCMessage *message;

  if (!fovea_onnx_scan (descriptor, data, length, error))
    return NULL;
  message = protobuf_c_message_unpack (descriptor, NULL, length, data);
  if (message == NULL)
    g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "this is no ONNX data: it does not unpack as a %s",
                 descriptor->short_name);
  return message;
}
