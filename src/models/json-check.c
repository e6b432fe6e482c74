/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/json-check.h"

#include <string.h>

#define MAX_BYTES (64 << 20)
#define MAX_DEPTH 32

/* Counts brackets outside of strings. json-glib takes strings in '…' too, and comments; both are refused here, so that
 * this count is the parser's. */
static const char *
check_nesting (const char *text, gsize length)
{
  gboolean in_string = FALSE;
  int depth = 0;

  for (gsize i = 0; i < length; i++)
    {
      char at = text[i];

      if (in_string)
        {
          if (at == '\\')
            i++;
          else if (at == '"')
            in_string = FALSE;
        }
      else if (at == '"')
        in_string = TRUE;
      else if (at == '\'' || at == '/' || at == '#')
        return "it holds something else than JSON";
      else if (at == '[' || at == '{')
        {
          if (++depth > MAX_DEPTH)
            return "it is nested too deeply";
        }
      else if (at == ']' || at == '}')
        depth--;
    }
  return NULL;
}

JsonNode *
fovea_json_parse (const char *text, gssize length, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) reason = NULL;
  gsize n = length < 0 ? strlen (text) : (gsize) length;
  const char *wrong = NULL;

  if (n > MAX_BYTES)
    wrong = "it is longer than 64 MiB";
  else if (!g_utf8_validate_len (text, n, NULL))
    wrong = "it is not UTF-8 text";
  else
    wrong = check_nesting (text, n);
  if (wrong == NULL && !json_parser_load_from_data (parser, text, (gssize) n, &reason))
    wrong = reason->message;
  if (wrong == NULL && json_parser_get_root (parser) == NULL)
    wrong = "it is empty";
  if (wrong != NULL)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "the JSON cannot be read: %s", wrong);
      return NULL;
    }
  return json_parser_steal_root (parser);
}
