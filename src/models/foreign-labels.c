/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of concepts out of the many ways in which files say them. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "models/foreign-model.h"
#include "models/json-check.h"

#define MAX_LABELS 100000
#define MAX_FILE_BYTES (8 << 20)
#define MAX_TEXT_BYTES 400 /* with a number behind it still no more than a label may have */

/* Labels as they are read: by position, in any order. */
typedef struct {
  GPtrArray *names; /* NULL where none was said yet */
} Names;

static gboolean
malformed (GError **error, const char *what)
{
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "the labels are not understood: %s", what);
  return FALSE;
}

static gboolean
put (Names *self, gint64 at, const char *name, gsize length, GError **error)
{
  g_autofree char *copy = g_strndup (name, length);

  g_strstrip (copy);
  if (at < 0 || at >= MAX_LABELS)
    return malformed (error, "one has a number that is not from 0 to 99,999");
  if (copy[0] == '\0' || strlen (copy) > MAX_TEXT_BYTES || !g_utf8_validate (copy, -1, NULL))
    return malformed (error, "one is empty, too long, or not UTF-8");
  if (at >= self->names->len)
    g_ptr_array_set_size (self->names, (int) at + 1);
  if (g_ptr_array_index (self->names, at) != NULL)
    return malformed (error, "two have the same number");
  g_ptr_array_index (self->names, at) = g_steal_pointer (&copy);
  return TRUE;
}

/* ---- JSON ---- */

static const char *
text_of (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

/* "hat", or {"id":…,"name":"hat"}. */
static const char *
name_of (JsonNode *node)
{
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    {
      const char *name = text_of (json_object_get_member (json_node_get_object (node), "name"));

      return name != NULL ? name : text_of (json_object_get_member (json_node_get_object (node), "id"));
    }
  return text_of (node);
}

static gboolean
read_list (Names *self, JsonArray *array, GError **error)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      const char *name = name_of (json_array_get_element (array, i));

      if (name == NULL)
        return malformed (error, "the list has something that is no text");
      if (!put (self, i, name, strlen (name), error))
        return FALSE;
    }
  return TRUE;
}

/* {"0":"hat"}, or {"hat":0}. */
static gboolean
read_object (Names *self, JsonObject *object, GError **error)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &key, &node))
    {
      const char *name = name_of (node);
      gint64 at;

      if (name == NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64)
        {
          if (!put (self, json_node_get_int (node), key, strlen (key), error))
            return FALSE;
          continue;
        }
      if (name == NULL || !g_ascii_string_to_signed (key, 10, 0, MAX_LABELS - 1, &at, NULL))
        return malformed (error, "the list by number has something else in it");
      if (!put (self, at, name, strlen (name), error))
        return FALSE;
    }
  return TRUE;
}

/* ---- Python ---- */

/* The text between quotes at *@at; NULL when there is none. */
static char *
take_quoted (const char **at)
{
  const char quote = **at;
  GString *text;

  if (quote != '\'' && quote != '"')
    return NULL;
  text = g_string_new (NULL);
  for (const char *c = *at + 1; *c != '\0'; c++)
    {
      if (*c == quote)
        {
          *at = c + 1;
          return g_string_free (text, FALSE);
        }
      if (*c == '\\' && c[1] != '\0')
        c++;
      g_string_append_c (text, *c);
    }
  g_string_free (text, TRUE);
  return NULL;
}

static void
skip_blanks (const char **at)
{
  while (g_ascii_isspace (**at))
    (*at)++;
}

/* What str() of a dictionary or a list of texts gives: {0: 'hat', 1: "bee's"}, ['hat', 'shoe']. */
static gboolean
read_python (Names *self, const char *at, GError **error)
{
  const char end = *at == '{' ? '}' : *at == '[' ? ']' : ')';
  gint64 next = 0;

  for (at++;;)
    {
      g_autofree char *name = NULL;

      skip_blanks (&at);
      if (*at == end)
        return TRUE;
      if (end == '}')
        {
          char *after;

          next = g_ascii_strtoll (at, &after, 10);
          if (after == at)
            return malformed (error, "a name has no number");
          at = after;
          skip_blanks (&at);
          if (*at++ != ':')
            return malformed (error, "a number has no name");
          skip_blanks (&at);
        }
      name = take_quoted (&at);
      if (name == NULL)
        return malformed (error, "a name is not between quotes");
      if (!put (self, next, name, strlen (name), error))
        return FALSE;
      next++; /* which put() has found to be a small number */
      skip_blanks (&at);
      if (*at == ',')
        at++;
      else if (*at != end)
        return malformed (error, "there is no comma between two names");
    }
}

/* ---- plain text ---- */

static gboolean
read_plain (Names *self, const char *text, GError **error)
{
  const char *separators = strpbrk (text, "\r\n") != NULL ? "\n" : ",";
  g_auto (GStrv) parts = g_strsplit (text, separators, MAX_LABELS + 1);
  guint n = g_strv_length (parts);

  while (n > 0 && g_strstrip (parts[n - 1])[0] == '\0')
    n--;
  for (guint i = 0; i < n; i++)
    if (!put (self, i, parts[i], strlen (parts[i]), error))
      return FALSE;
  return TRUE;
}

/* ---- all of them ---- */

/* ImageNet has two cranes. */
static GPtrArray *
labels_of (Names *self, GError **error)
{
  g_autoptr (GPtrArray) labels = fovea_labels_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->names->len; i++)
    {
      const char *name = g_ptr_array_index (self->names, i);
      g_autofree char *other = NULL;

      if (name == NULL)
        {
          malformed (error, "a number between 0 and the greatest is missing");
          return NULL;
        }
      while (g_hash_table_contains (seen, other != NULL ? other : name))
        {
          guint n = GPOINTER_TO_UINT (g_hash_table_lookup (seen, name)) + 1;

          g_hash_table_insert (seen, (gpointer) name, GUINT_TO_POINTER (n)); /* goes on from here: many may be alike */
          g_free (other);
          other = g_strdup_printf ("%s %u", name, n);
        }
      g_ptr_array_add (labels, fovea_label_new (other != NULL ? other : name, other != NULL ? other : name));
      g_hash_table_insert (seen, (gpointer) fovea_labels_get (labels, i)->id, GUINT_TO_POINTER (1));
    }
  if (labels->len > 0)
    return g_steal_pointer (&labels);
  malformed (error, "there is none");
  return NULL;
}

static gboolean
read_names (Names *self, const char *text, GError **error)
{
  g_autoptr (JsonNode) json = NULL;

  while (g_ascii_isspace (*text))
    text++;
  if (strchr ("[{(", *text) == NULL || *text == '\0')
    return read_plain (self, text, error);
  json = fovea_json_parse (text, -1, NULL);
  if (json == NULL)
    return read_python (self, text, error);
  if (JSON_NODE_HOLDS_ARRAY (json))
    return read_list (self, json_node_get_array (json), error);
  return JSON_NODE_HOLDS_OBJECT (json) ? read_object (self, json_node_get_object (json), error) : malformed (error, "they are no list");
}

GPtrArray *
fovea_foreign_parse_labels (const char *text, gssize length, GError **error)
{
  g_autofree char *copy = g_strndup (text, length < 0 ? strlen (text) : (gsize) length);
  const char *start = copy;
  Names names;
  GPtrArray *labels = NULL;

  if (!g_utf8_validate (text, length, NULL))
    {
      malformed (error, "they are not UTF-8");
      return NULL;
    }
  if (g_str_has_prefix (start, "\xef\xbb\xbf")) /* as editors on Windows begin a file */
    start += 3;
  names.names = g_ptr_array_new_with_free_func (g_free);
  if (read_names (&names, start, error))
    labels = labels_of (&names, error);
  g_ptr_array_unref (names.names);
  return labels;
}

GPtrArray *
fovea_foreign_read_labels (const char *path, GError **error)
{
  g_autofree char *text = NULL, *shown = g_filename_display_name (path);
  GPtrArray *labels;
  GStatBuf info;
  gsize length;

  if (g_stat (path, &info) != 0)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM, "the file of labels “%s” cannot be read: %s", shown,
                   g_strerror (errno));
      return NULL;
    }
  if (!S_ISREG (info.st_mode) || info.st_size > MAX_FILE_BYTES)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM, "“%s” is not a file of labels of at most 8 MiB", shown);
      return NULL;
    }
  if (!g_file_get_contents (path, &text, &length, error))
    return NULL;
  labels = fovea_foreign_parse_labels (text, (gssize) length, error);
  if (labels == NULL)
    g_prefix_error (error, "“%s”: ", shown);
  return labels;
}
