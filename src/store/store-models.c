/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-models.h"

#include <glib/gi18n.h>
#include <string.h>

#include "store/store-private.h"

FoveaStoreModel *
fovea_store_model_new (void)
{
  return g_new0 (FoveaStoreModel, 1);
}

void
fovea_store_model_free (FoveaStoreModel *model)
{
  if (model == NULL)
    return;
  g_free (model->public_id);
  g_free (model->type_id);
  g_free (model->name);
  g_free (model->notes);
  g_free (model->params);
  g_free (model->concepts);
  g_free (model);
}

gboolean
fovea_store_is_model_id (const char *id)
{
  gboolean after_separator = TRUE;

  if (id == NULL || id[0] == '\0' || strlen (id) > 48)
    return FALSE;
  for (; *id != '\0'; id++)
    {
      if (g_ascii_isalnum (*id))
        after_separator = FALSE;
      else if ((*id == '-' || *id == '_') && !after_separator)
        after_separator = TRUE;
      else
        return FALSE;
    }
  return !after_separator;
}

static gboolean
check_model (const FoveaStoreModel  *model,
             GError                **error)
{
  return fovea_store_check_text (model->name, 255, "name of the model", error)
         && fovea_store_check_text (model->notes, 1 << 20, "notes of the model", error)
         && fovea_store_check_json (model->params != NULL ? model->params : "{}", '{',
                                    "parameters of the model", error);
}

static gboolean
put_concepts (FoveaStore             *store,
              gint64                  id,
              const FoveaStoreModel  *model,
              GError                **error)
{
  if (!fovea_sql_run (store, error, "DELETE FROM model_concepts WHERE model_id = ?", "i", id))
    return FALSE;
  for (gsize i = 0; i < model->n_concepts; i++)
    {
      gboolean found;

      if (!fovea_sql_number (store, NULL, &found, error, "SELECT 1 FROM concepts WHERE id = ?", "i",
                             model->concepts[i]))
        return FALSE;
      if (!found)
        {
          g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                       "“%s” has no concept number %" G_GINT64_FORMAT, store->path,
                       model->concepts[i]);
          return FALSE;
        }
      if (!fovea_sql_run (store, error,
                          "INSERT INTO model_concepts (model_id, position, concept_id) "
                          "VALUES (?, ?, ?)",
                          "iii", id, (gint64) i, model->concepts[i]))
        return FALSE;
    }
  return TRUE;
}

gboolean
fovea_store_add_model (FoveaStore             *store,
                       const FoveaStoreModel  *model,
                       gint64                 *ret_id,
                       GError                **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  gint64 now = g_get_real_time ();
  gboolean taken;
  gint64 id;

  g_return_val_if_fail (store != NULL && model != NULL, FALSE);

  if (!fovea_store_is_model_id (model->public_id) || model->type_id == NULL)
    {
      g_set_error (
        error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
        "“%s” cannot be a model's id: letters and digits, with single '-' or '_' between them, "
        "at most 48",
        model->public_id != NULL ? model->public_id : "");
      return FALSE;
    }
  if (!check_model (model, error) || !fovea_sql_enter (&scope, store, TRUE, error)
      || !fovea_sql_number (store, NULL, &taken, error, "SELECT 1 FROM models WHERE public_id = ?",
                            "t", model->public_id))
    return FALSE;
  if (taken)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT,
                   _("There is a model “%s” already: choose another id"), model->public_id);
      return FALSE;
    }
  if (!fovea_sql_run (
        store, error,
        "INSERT INTO models (public_id, type_id, name, notes, params, params_version,"
        " created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        "tttttiii", model->public_id, model->type_id,
        model->name != NULL && model->name[0] != '\0' ? model->name : model->public_id,
        model->notes, model->params != NULL ? model->params : "{}", (gint64) model->params_version,
        model->created_at != 0 ? model->created_at : now, now))
    return FALSE;
  id = sqlite3_last_insert_rowid (store->db);
  if (!put_concepts (store, id, model, error) || !fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_id != NULL)
    *ret_id = id;
  return TRUE;
}

static gboolean
fail_unknown (FoveaStore  *store,
              gint64       id,
              GError     **error)
{
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
               "“%s” has no model number %" G_GINT64_FORMAT, store->path, id);
  return FALSE;
}

gboolean
fovea_store_update_model (FoveaStore             *store,
                          const FoveaStoreModel  *model,
                          GError                **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL && model != NULL, FALSE);

  if (!check_model (model, error) || !fovea_sql_enter (&scope, store, TRUE, error)
      || !fovea_sql_run (store, error,
                         "UPDATE models SET name = ?, notes = ?, params = ?, params_version = ?, "
                         "modified_at = ? WHERE id = ?",
                         "tttiii", model->name, model->notes,
                         model->params != NULL ? model->params : "{}",
                         (gint64) model->params_version, g_get_real_time (), model->id))
    return FALSE;
  if (sqlite3_changes (store->db) == 0)
    return fail_unknown (store, model->id, error);
  return put_concepts (store, model->id, model, error) && fovea_sql_leave (&scope, error);
}

gboolean
fovea_store_remove_model (FoveaStore  *store,
                          gint64       id,
                          GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_autoptr (GPtrArray) versions = NULL;

  g_return_val_if_fail (store != NULL, FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error)
      || (versions = fovea_store_list_versions (store, id, error)) == NULL)
    return FALSE;
  for (guint i = 0; i < versions->len; i++)
    if (!fovea_store_remove_version (store, ((FoveaStoreVersion *) versions->pdata[i])->id, error))
      return FALSE;
  return fovea_sql_run (store, error, "DELETE FROM model_concepts WHERE model_id = ?", "i", id)
         && fovea_sql_run (store, error, "DELETE FROM models WHERE id = ?", "i", id)
         && fovea_sql_leave (&scope, error);
}

gboolean
fovea_store_find_model (FoveaStore  *store,
                        const char  *public_id,
                        gint64      *ret_id,
                        GError     **error)
{
  gint64 id;
  gboolean found;

  g_return_val_if_fail (store != NULL && public_id != NULL && ret_id != NULL, FALSE);

  if (!fovea_sql_number (store, &id, &found, error, "SELECT id FROM models WHERE public_id = ?",
                         "t", public_id))
    return FALSE;
  if (!found)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND, "“%s” has no model “%s”",
                 store->path, public_id);
  else
    *ret_id = id;
  return found;
}

static gboolean
read_concepts (FoveaStore       *store,
               FoveaStoreModel  *model,
               GError          **error)
{
  g_autoptr (GArray) concepts = g_array_new (FALSE, FALSE, sizeof (gint64));
  sqlite3_stmt *stmt = fovea_sql_get (store,
                                      "SELECT concept_id FROM model_concepts WHERE model_id = ? "
                                      "ORDER BY position",
                                      error);
  int rc;

  if (stmt == NULL)
    return FALSE;
  fovea_sql_bind (stmt, "i", model->id);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      gint64 id = sqlite3_column_int64 (stmt, 0);

      g_array_append_val (concepts, id);
    }
  if (rc != SQLITE_DONE)
    return FALSE;
  model->n_concepts = concepts->len;
  model->concepts = (gint64 *) (void *) g_array_free (g_steal_pointer (&concepts), FALSE);
  return TRUE;
}

static gpointer
read_model (sqlite3_stmt *stmt)
{
  FoveaStoreModel *model = fovea_store_model_new ();

  model->id = sqlite3_column_int64 (stmt, 0);
  model->public_id = fovea_sql_dup_text (stmt, 1);
  model->type_id = fovea_sql_dup_text (stmt, 2);
  model->name = fovea_sql_dup_text (stmt, 3);
  model->notes = fovea_sql_dup_text (stmt, 4);
  model->params = fovea_sql_dup_text (stmt, 5);
  model->params_version = sqlite3_column_int (stmt, 6);
  model->created_at = sqlite3_column_int64 (stmt, 7);
  model->modified_at = sqlite3_column_int64 (stmt, 8);
  return model;
}

/* @id 0: all. */
static GPtrArray *
read_models (FoveaStore  *store,
             gint64       id,
             GError     **error)
{
  g_autoptr (GPtrArray) models = NULL;
  sqlite3_stmt *stmt
    = fovea_sql_get (store,
                     "SELECT id, public_id, type_id, name, notes, params, params_version,"
                     " created_at, modified_at FROM models WHERE ?1 = 0 OR id = ?1 ORDER BY id",
                     error);

  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", id);
  models = fovea_sql_read_rows (store, stmt, read_model, (GDestroyNotify) fovea_store_model_free, error);
  if (models == NULL)
    return NULL;
  for (guint i = 0; i < models->len; i++)
    if (!read_concepts (store, models->pdata[i], error))
      return NULL;
  return g_steal_pointer (&models);
}

FoveaStoreModel *
fovea_store_get_model (FoveaStore  *store,
                       gint64       id,
                       GError     **error)
{
  g_autoptr (GPtrArray) models = NULL;

  g_return_val_if_fail (store != NULL && id > 0, NULL);

  models = read_models (store, id, error);
  if (models == NULL)
    return NULL;
  if (models->len > 0)
    return g_ptr_array_steal_index (models, 0);
  fail_unknown (store, id, error);
  return NULL;
}

GPtrArray *
fovea_store_list_models (FoveaStore  *store,
                         GError     **error)
{
  g_return_val_if_fail (store != NULL, NULL);

  return read_models (store, 0, error);
}
