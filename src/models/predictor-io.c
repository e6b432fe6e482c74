/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A head in bytes:
 *   0   8  "FoveaHd1"
 *   8   4  length of the header, little-endian
 *   12     the header: JSON {"format":1,"concepts":[{"id","name"}…],"dim","exclusive","views","c","pack","pack_hash",
 *          "preprocessing","sha256"}; format 2, of a pack's own classifier, has neither "dim", "c" nor "sha256", and no numbers follow
 *   …      W [k, dim], then b [k]: f32, little-endian; "sha256" is theirs
 */
#include <math.h>
#include <string.h>

#include "models/json-check.h"
#include "models/predictor-private.h"
#include "vision/sha256.h"

#define MAGIC "FoveaHd1"
#define PREFIX_BYTES 12
#define FORMAT_HEAD 1
#define FORMAT_OWN 2
#define MAX_CONCEPTS 100000
#define MAX_DIM 65536

static void
to_little_endian (float *values, gsize n)
{
#if G_BYTE_ORDER == G_BIG_ENDIAN
  for (gsize i = 0; i < n; i++)
    {
      guint32 bits;

      memcpy (&bits, &values[i], sizeof bits);
      bits = GUINT32_SWAP_LE_BE (bits);
      memcpy (&values[i], &bits, sizeof bits);
    }
#endif
}

static void
hash_numbers (const void *data, gsize n_bytes, char ret_hex[65])
{
  FoveaSha256 hash;

  fovea_sha256_init (&hash);
  fovea_sha256_update (&hash, data, n_bytes);
  fovea_sha256_finish (&hash, ret_hex);
}

static char *
make_header (FoveaPredictor *self, const char *sha256)
{
  g_autoptr (JsonObject) header = json_object_new ();
  g_autoptr (JsonNode) node = NULL;

  json_object_set_int_member (header, "format", self->head != NULL ? FORMAT_HEAD : FORMAT_OWN);
  json_object_set_member (header, "concepts", fovea_labels_to_json (self->labels));
  json_object_set_boolean_member (header, "exclusive", self->exclusive);
  json_object_set_string_member (header, "views", fovea_views_name (self->views));
  if (self->head != NULL)
    {
      json_object_set_int_member (header, "dim", self->head->dim);
      json_object_set_double_member (header, "c", self->head->c);
      json_object_set_string_member (header, "sha256", sha256);
    }
  json_object_set_string_member (header, "pack", self->pack_name);
  json_object_set_string_member (header, "pack_hash", self->pack_hash);
  json_object_set_int_member (header, "preprocessing", FOVEA_PREPROCESSING_VERSION);
  node = json_node_init_object (json_node_alloc (), header);
  return json_to_string (node, FALSE);
}

GBytes *
fovea_predictor_to_bytes (FoveaPredictor *predictor)
{
  const FoveaHead *head = predictor->head;
  gsize n_weights = head != NULL ? (gsize) head->n_concepts * head->dim : 0, n = head != NULL ? n_weights + head->n_concepts : 0, length;
  g_autofree float *numbers = g_new (float, MAX (n, 1));
  g_autofree char *header = NULL;
  char sha256[65];
  guint32 stored_length;
  guint8 *bytes;

  if (head != NULL)
    {
      memcpy (numbers, head->weights, n_weights * sizeof (float));
      memcpy (numbers + n_weights, head->bias, head->n_concepts * sizeof (float));
    }
  to_little_endian (numbers, n);
  hash_numbers (numbers, n * sizeof (float), sha256);
  header = make_header (predictor, sha256);
  length = strlen (header);
  stored_length = GUINT32_TO_LE ((guint32) length);
  bytes = g_malloc (PREFIX_BYTES + length + n * sizeof (float));
  memcpy (bytes, MAGIC, 8);
  memcpy (bytes + 8, &stored_length, 4);
  memcpy (bytes + PREFIX_BYTES, header, length);
  memcpy (bytes + PREFIX_BYTES + length, numbers, n * sizeof (float));
  return g_bytes_new_take (bytes, PREFIX_BYTES + length + n * sizeof (float));
}

static gboolean
malformed (GError **error, const char *what)
{
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "the weights of the model are damaged: %s; train a new version", what);
  return FALSE;
}

/* A member of that very type, or NULL. */
static JsonNode *
get_value (JsonObject *header, const char *member, GType type)
{
  JsonNode *node = json_object_get_member (header, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type ? node : NULL;
}

static const char *
get_text (JsonObject *header, const char *member)
{
  JsonNode *node = get_value (header, member, G_TYPE_STRING);

  return node != NULL ? json_node_get_string (node) : NULL;
}

typedef struct {
  gint64 format;
  GPtrArray *labels;
  gint64 dim;
  gboolean exclusive;
  FoveaViews views;
  double c;
  const char *pack, *pack_hash, *sha256; /* in the JSON */
} Header;

static gboolean
is_hex64 (const char *text)
{
  return text != NULL && strlen (text) == 64 && strspn (text, "0123456789abcdef") == 64;
}

/* What only a head has. */
static gboolean
read_head_header (JsonObject *json, Header *ret_header, GError **error)
{
  JsonNode *dim = get_value (json, "dim", G_TYPE_INT64), *c = json_object_get_member (json, "c");

  ret_header->sha256 = get_text (json, "sha256");
  if (dim == NULL || json_node_get_int (dim) < 1 || json_node_get_int (dim) > MAX_DIM)
    return malformed (error, "the length of a vector is not a sane number");
  if (c == NULL || !JSON_NODE_HOLDS_VALUE (c) || !isfinite (json_node_get_double (c)))
    return malformed (error, "a setting is missing or unknown");
  if (!is_hex64 (ret_header->sha256))
    return malformed (error, "the sum of the numbers is missing");
  ret_header->dim = json_node_get_int (dim);
  ret_header->c = json_node_get_double (c);
  return TRUE;
}

static gboolean
read_header (JsonObject *json, Header *ret_header, GError **error)
{
  JsonNode *format = get_value (json, "format", G_TYPE_INT64), *exclusive = get_value (json, "exclusive", G_TYPE_BOOLEAN);
  g_autoptr (GError) reason = NULL;

  if (format == NULL)
    return malformed (error, "they do not say their format");
  ret_header->format = json_node_get_int (format);
  if (ret_header->format != FORMAT_HEAD && ret_header->format != FORMAT_OWN)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                   "the model was saved in format %" G_GINT64_FORMAT ", this version of Fovea knows formats up to %d; use a newer Fovea",
                   ret_header->format, FORMAT_OWN);
      return FALSE;
    }
  ret_header->pack = get_text (json, "pack");
  ret_header->pack_hash = get_text (json, "pack_hash");
  if (exclusive == NULL || !fovea_views_from_name (get_text (json, "views"), &ret_header->views))
    return malformed (error, "a setting is missing or unknown");
  if (ret_header->pack == NULL || strlen (ret_header->pack) > 48 || !is_hex64 (ret_header->pack_hash))
    return malformed (error, "the embedder is not named properly");
  if (ret_header->format == FORMAT_HEAD && !read_head_header (json, ret_header, error))
    return FALSE;
  ret_header->exclusive = json_node_get_boolean (exclusive);
  ret_header->labels = fovea_labels_from_json (json_object_get_member (json, "concepts"), MAX_CONCEPTS, &reason);
  if (ret_header->labels == NULL)
    return malformed (error, reason->message);
  return TRUE;
}

static FoveaHead *
read_numbers (const Header *header, const guint8 *data, gsize length, GError **error)
{
  g_autoptr (FoveaHead) head = NULL;
  gsize n_weights = (gsize) header->labels->len * (gsize) header->dim, n = n_weights + header->labels->len;
  char sha256[65];

  if (header->labels->len == 0 || length != n * sizeof (float))
    {
      malformed (error, "there are not as many numbers as the header says");
      return NULL;
    }
  hash_numbers (data, length, sha256);
  if (strcmp (sha256, header->sha256) != 0)
    {
      malformed (error, "the numbers are not those that were saved");
      return NULL;
    }
  head = fovea_head_new (header->labels->len, (guint) header->dim, header->exclusive, header->views);
  head->c = header->c;
  memcpy (head->weights, data, n_weights * sizeof (float));
  memcpy (head->bias, data + n_weights * sizeof (float), header->labels->len * sizeof (float));
  to_little_endian (head->weights, n_weights);
  to_little_endian (head->bias, header->labels->len);
  if (!fovea_floats_are_finite (head->weights, n_weights) || !fovea_floats_are_finite (head->bias, header->labels->len))
    {
      malformed (error, "a weight is not a number");
      return NULL;
    }
  return g_steal_pointer (&head);
}

/* A pack's own classifier sees one view, and has no numbers here. */
static FoveaPredictor *
read_own (const Header *header, gsize length, GError **error)
{
  if (length == 0 && header->labels->len > 0 && fovea_views_is_single (header->views))
    return fovea_predictor_new_own (header->labels, header->exclusive, header->views, header->pack, header->pack_hash);
  malformed (error, "there is more or less than what the header says");
  return NULL;
}

FoveaPredictor *
fovea_predictor_new_from_bytes (GBytes *bytes, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  g_autoptr (JsonNode) json = NULL;
  g_autoptr (GPtrArray) labels = NULL;
  g_autoptr (FoveaHead) head = NULL;
  Header header = { 0 };
  guint32 header_length;

  if (length < PREFIX_BYTES || memcmp (data, MAGIC, 8) != 0)
    {
      malformed (error, "they do not begin as weights do");
      return NULL;
    }
  memcpy (&header_length, data + 8, 4);
  header_length = GUINT32_FROM_LE (header_length);
  if (header_length > length - PREFIX_BYTES)
    {
      malformed (error, "the header is cut off");
      return NULL;
    }
  json = fovea_json_parse ((const char *) data + PREFIX_BYTES, header_length, error);
  if (json == NULL)
    return NULL;
  if (!JSON_NODE_HOLDS_OBJECT (json))
    {
      malformed (error, "the header is not an object");
      return NULL;
    }
  if (!read_header (json_node_get_object (json), &header, error))
    return NULL;
  labels = header.labels;
  if (header.format == FORMAT_OWN)
    return read_own (&header, length - PREFIX_BYTES - header_length, error);
  head = read_numbers (&header, data + PREFIX_BYTES + header_length, length - PREFIX_BYTES - header_length, error);
  return head != NULL ? fovea_predictor_new_head (head, labels, header.pack, header.pack_hash) : NULL;
}
