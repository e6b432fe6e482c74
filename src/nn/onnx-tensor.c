/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/onnx-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_STATIC_ASSERT (G_BYTE_ORDER == G_LITTLE_ENDIAN); /* raw data is little-endian and used as it is */

static gboolean
read_shape (const Onnx__TensorProto *proto, FoveaDType dtype, FoveaShape *shape, gsize *n, GError **error)
{
  if (proto->n_dims > FOVEA_MAX_RANK)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT, "it has %" G_GSIZE_FORMAT " dimensions, more than %d",
                   proto->n_dims, FOVEA_MAX_RANK);
      return FALSE;
    }
  shape->rank = (int) proto->n_dims;
  for (int i = 0; i < shape->rank; i++)
    shape->dim[i] = proto->dims[i];
  return fovea_shape_check (shape, dtype, G_MAXSSIZE, n, error);
}

/* Whatever is not 0 becomes 1. */
static void
normalise_bools (FoveaTensor *tensor)
{
  guint8 *values = tensor->data;

  if (tensor->dtype == FOVEA_DTYPE_BOOL)
    for (gsize i = 0; i < tensor->n_elements; i++)
      values[i] = values[i] != 0;
}

/* --- External data ----------------------------------------------------------------------------------------------- */

typedef struct {
  const char *location;
  guint64 offset, length;
  gboolean has_length;
} External;

static gboolean
read_external_entries (const Onnx__TensorProto *proto, External *external, GError **error)
{
  gboolean ok = TRUE;

  for (gsize i = 0; i < proto->n_external_data; i++)
    {
      const char *key = proto->external_data[i]->key, *value = proto->external_data[i]->value;

      if (key == NULL || value == NULL)
        continue;
      if (strcmp (key, "location") == 0)
        external->location = value;
      else if (strcmp (key, "offset") == 0)
        ok = ok && g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &external->offset, NULL);
      else if (strcmp (key, "length") == 0)
        {
          ok = ok && g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &external->length, NULL);
          external->has_length = TRUE;
        }
    }
  if (ok && external->location != NULL)
    return TRUE;
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED, "the place of its external data is not said");
  return FALSE;
}

/* Opens @location below @folder_fd one component at a time, so that neither “..” nor a link leads out of the folder. */
static int
open_inside (int folder_fd, const char *location, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (location, "/", -1);
  int fd = dup (folder_fd);

  for (int i = 0; fd >= 0 && parts[i] != NULL; i++)
    {
      gboolean last = parts[i + 1] == NULL;
      int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | (last ? 0 : O_DIRECTORY);
      int next;

      if (parts[i][0] == '\0' || strcmp (parts[i], ".") == 0 || strcmp (parts[i], "..") == 0)
        {
          close (fd);
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED,
                       "its external data “%s” is outside the model's folder, where nothing is read", location);
          return -1;
        }
      next = openat (fd, parts[i], flags);
      if (next < 0)
        g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_IO,
                     "its external data “%s” cannot be opened (links are not followed): %s", location,
                     g_strerror (errno));
      close (fd);
      fd = next;
    }
  return fd;
}

static gboolean
read_at (int fd, guint8 *data, gsize length, guint64 offset)
{
  for (gsize done = 0; done < length;)
    {
      gssize got = pread (fd, data + done, length - done, (off_t) (offset + done));

      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return FALSE;
      done += (gsize) got;
    }
  return TRUE;
}

static FoveaTensor *
tensor_from_external (const Onnx__TensorProto *proto, int folder_fd, FoveaDType dtype, const FoveaShape *shape,
                      gsize n_bytes, GError **error)
{
  External external = { 0 };
  FoveaTensor *tensor = NULL;
  struct stat info;
  int fd;

  if (folder_fd < 0)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED,
                   "its values are external data, which is only read beside a model file");
      return NULL;
    }
  if (!read_external_entries (proto, &external, error))
    return NULL;
  fd = open_inside (folder_fd, external.location, error);
  if (fd < 0)
    return NULL;
  if (fstat (fd, &info) < 0 || !S_ISREG (info.st_mode) || external.offset > (guint64) info.st_size ||
      n_bytes > (guint64) info.st_size - external.offset || (external.has_length && external.length != n_bytes))
    g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED,
                 "its external data “%s” is not a file that holds the %" G_GSIZE_FORMAT " bytes of the shape",
                 external.location, n_bytes);
  else
    tensor = fovea_tensor_new (dtype, shape, error);
  if (tensor != NULL && !read_at (fd, tensor->data, n_bytes, external.offset))
    {
      g_clear_pointer (&tensor, fovea_tensor_unref);
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_IO, "its external data “%s” cannot be read",
                   external.location);
    }
  close (fd);
  return tensor;
}

/* --- Data in the message ----------------------------------------------------------------------------------------- */

static FoveaTensor *
tensor_from_raw (Onnx__TensorProto *proto, FoveaDType dtype, const FoveaShape *shape, gsize n_bytes, GError **error)
{
  guint8 *data;

  if (proto->raw_data.len != n_bytes)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED,
                   "it has %" G_GSIZE_FORMAT " bytes of raw data, its shape and type need %" G_GSIZE_FORMAT,
                   proto->raw_data.len, n_bytes);
      return NULL;
    }
  if (n_bytes == 0)
    return fovea_tensor_new (dtype, shape, error);
  data = g_steal_pointer (&proto->raw_data.data); /* protobuf-c's default allocator is malloc */
  proto->raw_data.len = 0;
  return fovea_tensor_new_wrapped (dtype, shape, data, data, free);
}

#define FILL(TYPE, FIELD)                                                                                         \
  for (gsize i = 0; i < tensor->n_elements; i++)                                                                  \
    FOVEA_TENSOR_DATA (tensor, TYPE)[i] = (TYPE) proto->FIELD[i];                                                 \
  break

static void
fill_from_lists (FoveaTensor *tensor, const Onnx__TensorProto *proto)
{
  switch ((int) tensor->dtype)
    {
    case FOVEA_DTYPE_F32: FILL (float, float_data);
    case FOVEA_DTYPE_F64: FILL (double, double_data);
    case FOVEA_DTYPE_I64: FILL (gint64, int64_data);
    case FOVEA_DTYPE_U64: FILL (guint64, uint64_data);
    case FOVEA_DTYPE_U32: FILL (guint32, uint64_data);
    case FOVEA_DTYPE_I32: FILL (gint32, int32_data);
    /* The halves are stored as their bits. */
    case FOVEA_DTYPE_F16:
    case FOVEA_DTYPE_BF16:
    case FOVEA_DTYPE_U16: FILL (guint16, int32_data);
    case FOVEA_DTYPE_I16: FILL (gint16, int32_data);
    case FOVEA_DTYPE_I8: FILL (gint8, int32_data);
    case FOVEA_DTYPE_U8: FILL (guint8, int32_data);
    case FOVEA_DTYPE_BOOL: FILL (guint8, int32_data);
    default: g_assert_not_reached ();
    }
}

static gsize
list_length (const Onnx__TensorProto *proto, FoveaDType dtype)
{
  switch ((int) dtype)
    {
    case FOVEA_DTYPE_F32: return proto->n_float_data;
    case FOVEA_DTYPE_F64: return proto->n_double_data;
    case FOVEA_DTYPE_I64: return proto->n_int64_data;
    case FOVEA_DTYPE_U64:
    case FOVEA_DTYPE_U32: return proto->n_uint64_data;
    default: return proto->n_int32_data;
    }
}

static FoveaTensor *
tensor_from_lists (const Onnx__TensorProto *proto, FoveaDType dtype, const FoveaShape *shape, gsize n, GError **error)
{
  FoveaTensor *tensor;

  if (list_length (proto, dtype) != n)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED,
                   "it has %" G_GSIZE_FORMAT " values, its shape needs %" G_GSIZE_FORMAT, list_length (proto, dtype), n);
      return NULL;
    }
  tensor = fovea_tensor_new (dtype, shape, error);
  if (tensor != NULL)
    fill_from_lists (tensor, proto);
  return tensor;
}

FoveaTensor *
fovea_onnx_tensor_from_proto (Onnx__TensorProto *proto, int folder_fd, GError **error)
{
  FoveaTensor *tensor;
  FoveaDType dtype;
  FoveaShape shape = { 0 };
  gsize n, n_bytes;

  if (!fovea_onnx_dtype (proto->data_type, &dtype))
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED, "tensors of %s are not supported",
                   fovea_onnx_data_type_name (proto->data_type));
      return NULL;
    }
  if (proto->segment != NULL)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED, "tensors in segments are not supported");
      return NULL;
    }
  if (!read_shape (proto, dtype, &shape, &n, error))
    return NULL;
  n_bytes = n * fovea_dtype_size (dtype);
  if (proto->has_data_location && proto->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
    tensor = tensor_from_external (proto, folder_fd, dtype, &shape, n_bytes, error);
  else if (proto->has_raw_data)
    tensor = tensor_from_raw (proto, dtype, &shape, n_bytes, error);
  else
    tensor = tensor_from_lists (proto, dtype, &shape, n, error);
  if (tensor != NULL)
    normalise_bools (tensor);
  return tensor;
}

Onnx__TensorProto *
fovea_onnx_tensor_to_proto (const FoveaTensor *tensor, const char *name)
{
  Onnx__TensorProto *proto = g_new (Onnx__TensorProto, 1);

  onnx__tensor_proto__init (proto);
  proto->name = (char *) name;
  proto->has_data_type = TRUE;
  proto->data_type = fovea_onnx_data_type (tensor->dtype);
  proto->n_dims = (gsize) tensor->shape.rank;
  proto->dims = g_memdup2 (tensor->shape.dim, sizeof (gint64) * proto->n_dims);
  proto->has_raw_data = TRUE;
  proto->raw_data.len = fovea_tensor_n_bytes (tensor);
  proto->raw_data.data = tensor->data;
  return proto;
}

FoveaTensor *
fovea_onnx_load_tensor (const char *path, char **ret_name, GError **error)
{
  g_autofree guint8 *data = NULL;
  ProtobufCMessage *message;
  FoveaTensor *tensor = NULL;
  gsize length;

  if (!fovea_onnx_read_file (path, &data, &length, error))
    return NULL;
  message = fovea_onnx_unpack (&onnx__tensor_proto__descriptor, data, length, error);
  if (message != NULL)
    {
      Onnx__TensorProto *proto = (Onnx__TensorProto *) message;

      tensor = fovea_onnx_tensor_from_proto (proto, -1, error);
      if (tensor != NULL && ret_name != NULL)
        *ret_name = g_strdup (proto->name != NULL ? proto->name : "");
      protobuf_c_message_free_unpacked (message, NULL);
    }
  if (tensor == NULL)
    g_prefix_error (error, "The tensor “%s” cannot be read: ", path);
  return tensor;
}

gboolean
fovea_onnx_save_tensor (const FoveaTensor *tensor, const char *name, const char *path, GError **error)
{
  Onnx__TensorProto *proto = fovea_onnx_tensor_to_proto (tensor, name);
  gsize length = onnx__tensor_proto__get_packed_size (proto);
  g_autofree guint8 *data = g_try_malloc (length);
  gboolean ok;

  if (data == NULL)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MEMORY, "there is not enough memory to write “%s”", path);
      ok = FALSE;
    }
  else
    {
      onnx__tensor_proto__pack (proto, data);
      ok = fovea_onnx_write_file (path, data, length, error);
    }
  g_free (proto->dims);
  g_free (proto);
  return ok;
}
