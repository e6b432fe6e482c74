/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-fields.h"

#include <math.h>

#include "store/store-private.h"

void
fovea_store_field_free (FoveaStoreField *field)
{
  g_free (field->name);
  g_free (field);
}

void
fovea_store_field_value_free (FoveaStoreFieldValue *value)
{
  g_free (value->text);
  g_free (value);
}

gboolean
fovea_store_ensure_field (FoveaStore           *store,
                          const char           *name,
                          FoveaStoreFieldKind   kind,
                          gint64               *ret_id,
                          GError              **error)
{
  gint64 id, there;
  gboolean found;

  g_return_val_if_fail (store != NULL && name != NULL && ret_id != NULL, FALSE);

  if (!fovea_store_check_text (name, 255, "name of the column", error)
      || !fovea_sql_number (store, &id, &found, error, "SELECT id FROM fields WHERE name = ?", "t",
                            name))
    return FALSE;
  if (found)
    {
      if (!fovea_sql_number (store, &there, NULL, error, "SELECT kind FROM fields WHERE id = ?",
                             "i", id))
        return FALSE;
      if (there != (gint64) kind)
        {
          g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT,
                       "The column “%s” is there already and holds another kind of values", name);
          return FALSE;
        }
    }
  else
    {
      if (!fovea_store_need_command (store, error)
          || !fovea_sql_run (store, error, "INSERT INTO fields (name, kind) VALUES (?, ?)", "ti",
                             name, (gint64) kind))
        return FALSE;
      id = sqlite3_last_insert_rowid (store->db);
    }
  *ret_id = id;
  return TRUE;
}

GPtrArray *
fovea_store_list_fields (FoveaStore  *store,
                         GError     **error)
{
  g_autoptr (GPtrArray) fields = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  fields = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_field_free);
  stmt = fovea_sql_get (store, "SELECT id, name, kind FROM fields ORDER BY id", error);
  if (stmt == NULL)
    return NULL;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreField *field = g_new0 (FoveaStoreField, 1);

      field->id = sqlite3_column_int64 (stmt, 0);
      field->name = fovea_sql_dup_text (stmt, 1);
      field->kind = (FoveaStoreFieldKind) sqlite3_column_int (stmt, 2);
      g_ptr_array_add (fields, field);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&fields) : NULL;
}

gboolean
fovea_store_remove_field (FoveaStore  *store,
                          gint64       field,
                          GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL, FALSE);

  return fovea_sql_enter (&scope, store, TRUE, error)
         && fovea_sql_run (store, error, "DELETE FROM field_values WHERE field_id = ?", "i", field)
         && fovea_sql_run (store, error, "DELETE FROM fields WHERE id = ?", "i", field)
         && fovea_sql_leave (&scope, error);
}

static gboolean
set_value (FoveaStore                  *store,
           const FoveaStoreFieldValue  *value,
           GError                     **error)
{
  sqlite3_stmt *stmt;
  gint64 kind;
  gboolean found, remove;

  if (!fovea_sql_number (store, &kind, &found, error,
                         "SELECT f.kind FROM fields AS f, inputs AS i WHERE f.id = ? AND i.id = ?",
                         "ii", value->field, value->input))
    return FALSE;
  if (!found)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                   "“%s” has no column %" G_GINT64_FORMAT " or no picture %" G_GINT64_FORMAT,
                   store->path, value->field, value->input);
      return FALSE;
    }

  remove = kind == FOVEA_STORE_FIELD_TEXT ? value->text == NULL : !isfinite (value->number);
  if (remove)
    return fovea_sql_run (store, error,
                          "DELETE FROM field_values WHERE input_id = ? AND field_id = ?", "ii",
                          value->input, value->field);

  stmt = fovea_sql_get (store,
                        "INSERT INTO field_values (input_id, field_id, value) VALUES (?, ?, ?) "
                        "ON CONFLICT (input_id, field_id) DO UPDATE SET value = excluded.value "
                        "WHERE value IS NOT excluded.value",
                        error);
  if (stmt == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "ii", value->input, value->field);
  if (kind == FOVEA_STORE_FIELD_TEXT)
    {
      if (!fovea_store_check_text (value->text, 1 << 20, "value", error))
        return FALSE;
      sqlite3_bind_text (stmt, 3, value->text, -1, SQLITE_TRANSIENT);
    }
  else
    sqlite3_bind_double (stmt, 3, value->number);
  return fovea_sql_step (store, stmt, error) == SQLITE_DONE;
}

gboolean
fovea_store_set_field_values (FoveaStore                         *store,
                              const FoveaStoreFieldValue *const  *values,
                              gsize                               n,
                              GError                            **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL && (values != NULL || n == 0), FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!set_value (store, values[i], error))
      return FALSE;
  return fovea_sql_leave (&scope, error);
}

GPtrArray *
fovea_store_get_field_values (FoveaStore  *store,
                              gint64       input,
                              GError     **error)
{
  g_autoptr (GPtrArray) values = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  values = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_field_value_free);
  stmt = fovea_sql_get (
    store,
    "SELECT v.field_id, v.value, f.kind FROM field_values AS v "
    "JOIN fields AS f ON f.id = v.field_id WHERE v.input_id = ? ORDER BY v.field_id",
    error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", input);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreFieldValue *value = g_new0 (FoveaStoreFieldValue, 1);

      value->input = input;
      value->field = sqlite3_column_int64 (stmt, 0);
      if (sqlite3_column_int (stmt, 2) == FOVEA_STORE_FIELD_TEXT)
        value->text = fovea_sql_dup_text (stmt, 1);
      else
        value->number = sqlite3_column_double (stmt, 1);
      g_ptr_array_add (values, value);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&values) : NULL;
}

gboolean
fovea_store_each_field_value (FoveaStore           *store,
                              gint64                field,
                              FoveaStoreFieldFunc   func,
                              gpointer              data,
                              GError              **error)
{
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL && func != NULL, FALSE);

  stmt = fovea_sql_get (store, "SELECT input_id, value FROM field_values WHERE field_id = ?", error);
  if (stmt == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "i", field);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreFieldValue value = { .input = sqlite3_column_int64 (stmt, 0), .field = field };

      if (sqlite3_column_type (stmt, 1) == SQLITE_TEXT)
        value.text = (char *) sqlite3_column_text (stmt, 1);
      else
        value.number = sqlite3_column_double (stmt, 1);
      func (&value, data);
    }
  return rc == SQLITE_DONE;
}
