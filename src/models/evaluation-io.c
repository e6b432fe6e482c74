/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An evaluation in bytes:
 *   0   8  "FoveaEv1"
 *   8   4  length of the header, little-endian
 *   12     the header: JSON {"format":1,"concepts":[{"id","name"}…],"rows","exclusive","assume_negatives","split"
 *          (a string, or null for K-fold)}
 *   …      ids i64 [n], probabilities f32 [n, k], little-endian; truth i8 [n, k]
 * The store hashes what it keeps, so damage is found there; here only sizes and ranges are doubted. */
#include <math.h>
#include <string.h>

#include "models/evaluation-private.h"
#include "models/json-check.h"

#define MAGIC "FoveaEv1"
#define PREFIX_BYTES 12
#define FORMAT 1
#define MAX_CONCEPTS 100000

static char *
make_header (FoveaEvaluation *self)
{
  g_autoptr (JsonObject) header = json_object_new ();
  g_autoptr (JsonNode) node = NULL;

  json_object_set_int_member (header, "format", FORMAT);
  json_object_set_member (header, "concepts", fovea_labels_to_json (self->labels));
  json_object_set_int_member (header, "rows", (gint64) self->n_rows);
  json_object_set_boolean_member (header, "exclusive", self->exclusive);
  json_object_set_boolean_member (header, "assume_negatives", self->assume_negatives);
  if (self->split != NULL)
    json_object_set_string_member (header, "split", self->split);
  else
    json_object_set_null_member (header, "split");
  node = json_node_init_object (json_node_alloc (), header);
  return json_to_string (node, FALSE);
}

static void
append_floats (GByteArray *bytes, const float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      guint32 bits;

      memcpy (&bits, &values[i], sizeof bits);
      bits = GUINT32_TO_LE (bits);
      g_byte_array_append (bytes, (const guint8 *) &bits, sizeof bits);
    }
}

GBytes *
fovea_evaluation_to_bytes (FoveaEvaluation *self)
{
  g_autofree char *header = make_header (self);
  gsize length = strlen (header), n = self->n_rows * self->k;
  guint32 stored_length = GUINT32_TO_LE ((guint32) length);
  GByteArray *bytes = g_byte_array_new ();

  g_byte_array_append (bytes, (const guint8 *) MAGIC, 8);
  g_byte_array_append (bytes, (const guint8 *) &stored_length, 4);
  g_byte_array_append (bytes, (const guint8 *) header, (guint) length);
  for (gsize i = 0; i < self->n_rows; i++)
    {
      gint64 id = GINT64_TO_LE (fovea_evaluation_get_id (self, i));

      g_byte_array_append (bytes, (const guint8 *) &id, sizeof id);
    }
  append_floats (bytes, self->probabilities, n);
  g_byte_array_append (bytes, (const guint8 *) self->said, (guint) n);
  return g_byte_array_free_to_bytes (bytes);
}

static gboolean
malformed (GError **error, const char *what)
{
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "the stored evaluation is damaged: %s; evaluate again", what);
  return FALSE;
}

typedef struct {
  GPtrArray *labels;
  guint64 n_rows;
  gboolean exclusive, assume_negatives;
  const char *split; /* in the JSON */
} Header;

static gboolean
has_value (JsonObject *json, const char *member, GType type)
{
  JsonNode *node = json_object_get_member (json, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type;
}

static gboolean
read_header (JsonNode *node, Header *ret_header, GError **error)
{
  JsonObject *json = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autoptr (GError) reason = NULL;

  if (json == NULL || !has_value (json, "format", G_TYPE_INT64) || json_object_get_int_member (json, "format") != FORMAT)
    return malformed (error, "its format is not known here");
  if (!has_value (json, "rows", G_TYPE_INT64) || json_object_get_int_member (json, "rows") < 0
      || !has_value (json, "exclusive", G_TYPE_BOOLEAN) || !has_value (json, "assume_negatives", G_TYPE_BOOLEAN))
    return malformed (error, "a setting is missing");
  ret_header->n_rows = (guint64) json_object_get_int_member (json, "rows");
  ret_header->exclusive = json_object_get_boolean_member (json, "exclusive");
  ret_header->assume_negatives = json_object_get_boolean_member (json, "assume_negatives");
  if (has_value (json, "split", G_TYPE_STRING))
    ret_header->split = json_object_get_string_member (json, "split");
  ret_header->labels = fovea_labels_from_json (json_object_get_member (json, "concepts"), MAX_CONCEPTS, &reason);
  return ret_header->labels != NULL || malformed (error, reason->message);
}

static FoveaEvaluation *
read_numbers (const Header *header, const guint8 *data, gsize length, GError **error)
{
  gsize n = (gsize) header->n_rows, k = header->labels->len;
  g_autofree gint64 *ids = NULL;
  g_autofree float *probabilities = NULL;
  const gint8 *truth;
  FoveaEvalData eval;

  if (k == 0 || n > length || length != n * sizeof (gint64) + n * k * (sizeof (float) + 1))
    {
      malformed (error, "there are not as many numbers as the header says");
      return NULL;
    }
  ids = g_new (gint64, MAX (n, 1));
  probabilities = g_new (float, MAX (n * k, 1));
  truth = (const gint8 *) data + n * sizeof (gint64) + n * k * sizeof (float);
  memcpy (ids, data, n * sizeof (gint64));
  memcpy (probabilities, data + n * sizeof (gint64), n * k * sizeof (float));
  for (gsize i = 0; i < n; i++)
    ids[i] = GINT64_FROM_LE (ids[i]);
  for (gsize i = 0; i < n * k; i++)
    {
      guint32 bits;

      memcpy (&bits, &probabilities[i], sizeof bits);
      bits = GUINT32_FROM_LE (bits);
      memcpy (&probabilities[i], &bits, sizeof bits);
      if (!(probabilities[i] >= 0.0f && probabilities[i] <= 1.0f) || truth[i] < -1 || truth[i] > 1)
        {
          malformed (error, "a number is out of range");
          return NULL;
        }
    }
  eval = (FoveaEvalData){ .n_rows = n, .labels = header->labels, .probabilities = probabilities, .truth = truth,
                          .exclusive = header->exclusive, .assume_negatives = header->assume_negatives, .ids = ids,
                          .split = header->split };
  return fovea_evaluation_new (&eval);
}

FoveaEvaluation *
fovea_evaluation_new_from_bytes (GBytes *bytes, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  g_autoptr (JsonNode) json = NULL;
  g_autoptr (GPtrArray) labels = NULL;
  Header header = { 0 };
  guint32 header_length = 0;

  if (length >= PREFIX_BYTES)
    memcpy (&header_length, data + 8, 4);
  header_length = GUINT32_FROM_LE (header_length);
  if (length < PREFIX_BYTES || memcmp (data, MAGIC, 8) != 0 || header_length > length - PREFIX_BYTES)
    {
      malformed (error, "it does not begin as one does");
      return NULL;
    }
  json = fovea_json_parse ((const char *) data + PREFIX_BYTES, header_length, error);
  if (json == NULL || !read_header (json, &header, error))
    return NULL;
  labels = header.labels;
  return read_numbers (&header, data + PREFIX_BYTES + header_length, length - PREFIX_BYTES - header_length, error);
}
