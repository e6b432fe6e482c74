/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-settings.h"

#include <json-glib/json-glib.h>

#include "store/store-private.h"

char *
fovea_store_dup_setting (FoveaStore *store,
                         const char *name)
{
  sqlite3_stmt *stmt;
  char *value = NULL;

  g_return_val_if_fail (store != NULL && name != NULL, NULL);

  stmt = fovea_sql_get (store, "SELECT value FROM settings WHERE key = ?", NULL);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "t", name);
  if (fovea_sql_step (store, stmt, NULL) == SQLITE_ROW)
    {
      value = fovea_sql_dup_text (stmt, 0);
      sqlite3_reset (stmt);
    }
  return value;
}

gboolean
fovea_store_set_setting (FoveaStore  *store,
                         const char  *name,
                         const char  *value,
                         GError     **error)
{
  g_return_val_if_fail (store != NULL && name != NULL, FALSE);

  if (!fovea_store_need_command (store, error)
      || !fovea_store_check_text (name, 255, "name of the setting", error)
      || !fovea_store_check_text (value, 1 << 20, "setting", error))
    return FALSE;
  if (value == NULL)
    return fovea_sql_run (store, error, "DELETE FROM settings WHERE key = ?", "t", name);
  return fovea_sql_run (store, error,
                        "INSERT INTO settings (key, value) VALUES (?, ?) "
                        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                        "tt", name, value);
}

/* The parser recurses: how deep is counted before it runs. */
static gboolean
is_nested_too_deep (const char *text)
{
  guint depth = 0;
  gboolean in_string = FALSE;

  for (; *text != '\0'; text++)
    {
      if (in_string)
        {
          if (*text == '\\' && text[1] != '\0')
            text++;
          else if (*text == '"')
            in_string = FALSE;
        }
      else if (*text == '"')
        in_string = TRUE;
      else if (*text == '{' || *text == '[')
        {
          if (++depth > 64)
            return TRUE;
        }
      else if ((*text == '}' || *text == ']') && depth > 0)
        depth--;
    }
  return FALSE;
}

/* @kind: '{' or '['. */
gboolean
fovea_store_check_json (const char  *text,
                        char         kind,
                        const char  *what,
                        GError     **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) local_error = NULL;
  JsonNode *root;

  if (!fovea_store_check_text (text, 64 << 20, what, error))
    return FALSE;
  if (is_nested_too_deep (text))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "The %s: JSON nested too deep", what);
      return FALSE;
    }
  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text, -1, &local_error))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID, "The %s: %s", what,
                   local_error->message);
      return FALSE;
    }
  root = json_parser_get_root (parser);
  if (root == NULL
      || (kind == '{' ? !JSON_NODE_HOLDS_OBJECT (root) : !JSON_NODE_HOLDS_ARRAY (root)))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID, "The %s is not a JSON %s",
                   what, kind == '{' ? "object" : "array");
      return FALSE;
    }
  return TRUE;
}
