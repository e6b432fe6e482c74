/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-concepts.h"

#include <glib/gi18n.h>
#include <string.h>

#include "store/store-private.h"
#include "store/store-settings.h"

void
fovea_store_concept_free (FoveaStoreConcept *concept_)
{
  if (concept_ == NULL)
    return;
  g_free (concept_->public_id);
  g_free (concept_->name);
  g_free (concept_->colour);
  g_free (concept_->key);
  g_free (concept_->description);
  g_free (concept_);
}

void
fovea_store_relation_free (FoveaStoreRelation *relation)
{
  g_free (relation->predicate);
  g_free (relation);
}

char *
fovea_store_concept_id_for_name (const char *name)
{
  g_autofree char *valid = NULL, *lower = NULL;
  GString *id;
  gboolean gap = FALSE;

  g_return_val_if_fail (name != NULL, NULL);

  valid = g_utf8_make_valid (name, -1);
  lower = g_utf8_strdown (valid, -1);
  id = g_string_sized_new (strlen (lower));
  for (const char *c = lower; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar u = g_utf8_get_char (c);

      if (g_unichar_isspace (u))
        {
          gap = id->len > 0;
          continue;
        }
      if (gap)
        g_string_append_c (id, '-');
      gap = FALSE;
      g_string_append_unichar (id, u);
    }
  return g_string_free (id, FALSE);
}

static gboolean
check_name (const char  *name,
            GError     **error)
{
  g_autofree char *stripped = NULL;

  if (!fovea_store_check_text (name, 255, "name of the concept", error))
    return FALSE;
  stripped = g_strstrip (g_strdup (name));
  if (stripped[0] != '\0')
    return TRUE;
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID, _("A concept needs a name"));
  return FALSE;
}

/* A second concept may be called what a first was renamed to; its name then says the id too. */
static gboolean
insert_concept (FoveaStore  *store,
                const char  *public_id,
                const char  *name,
                gint64      *ret_id,
                GError     **error)
{
  g_autofree char *stripped = g_strstrip (g_strdup (name));
  g_autofree char *unique = NULL;
  gboolean taken;

  if (!fovea_store_need_command (store, error)
      || !fovea_sql_number (store, NULL, &taken, error, "SELECT 1 FROM concepts WHERE name = ?",
                            "t", stripped))
    return FALSE;
  unique = taken ? g_strdup_printf ("%s (%s)", stripped, public_id) : g_strdup (stripped);
  if (!fovea_sql_run (store, error,
                      "INSERT INTO concepts (public_id, name, position, created_at) "
                      "VALUES (?, ?, (SELECT ifnull (max (position), 0) + 1 FROM concepts), ?)",
                      "tti", public_id, unique, g_get_real_time ()))
    return FALSE;
  *ret_id = sqlite3_last_insert_rowid (store->db);
  return TRUE;
}

gboolean
fovea_store_ensure_concept (FoveaStore  *store,
                            const char  *public_id,
                            const char  *name,
                            gint64      *ret_id,
                            GError     **error)
{
  g_autofree char *made = NULL;
  gboolean found;

  g_return_val_if_fail (store != NULL && name != NULL && ret_id != NULL, FALSE);

  if (!check_name (name, error)
      || !fovea_store_check_text (public_id, 255, "id of the concept", error))
    return FALSE;
  if (public_id == NULL || public_id[0] == '\0')
    public_id = made = fovea_store_concept_id_for_name (name);
  if (!fovea_sql_number (store, ret_id, &found, error,
                         "SELECT id FROM concepts WHERE public_id = ?", "t", public_id))
    return FALSE;
  return found || insert_concept (store, public_id, name, ret_id, error);
}

gboolean
fovea_store_find_concept (FoveaStore  *store,
                          const char  *name,
                          gint64      *ret_id,
                          GError     **error)
{
  g_autofree char *public_id = NULL;
  gint64 id;
  gboolean found;

  g_return_val_if_fail (store != NULL && name != NULL && ret_id != NULL, FALSE);

  public_id = fovea_store_concept_id_for_name (name);
  if (!fovea_sql_number (store, &id, &found, error,
                         "SELECT id FROM concepts WHERE public_id IN (?1, ?2) OR name = ?1 "
                         "ORDER BY public_id = ?1 DESC, name = ?1 DESC LIMIT 1",
                         "tt", name, public_id))
    return FALSE;
  if (!found)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                 "“%s” has no concept “%s”", store->path, name);
  else
    *ret_id = id;
  return found;
}

static FoveaStoreConcept *
read_concept (sqlite3_stmt *stmt)
{
  FoveaStoreConcept *concept_ = g_new0 (FoveaStoreConcept, 1);

  concept_->id = sqlite3_column_int64 (stmt, 0);
  concept_->public_id = fovea_sql_dup_text (stmt, 1);
  concept_->name = fovea_sql_dup_text (stmt, 2);
  concept_->colour = fovea_sql_dup_text (stmt, 3);
  concept_->key = fovea_sql_dup_text (stmt, 4);
  concept_->position = sqlite3_column_int64 (stmt, 5);
  concept_->n_positive = (gsize) sqlite3_column_int64 (stmt, 6);
  concept_->n_negative = (gsize) sqlite3_column_int64 (stmt, 7);
  concept_->description = fovea_sql_dup_text (stmt, 8);
  return concept_;
}

#define SELECT_CONCEPT \
  "SELECT c.id, c.public_id, c.name, c.colour, c.key, c.position," \
  " (SELECT count(*) FROM annotations WHERE concept_id = c.id AND version_id = 0 AND value = 1)," \
  " (SELECT count(*) FROM annotations WHERE concept_id = c.id AND version_id = 0 AND value = 0)," \
  " ifnull ((SELECT value FROM settings WHERE key = 'concept.' || c.id || '.description'), '')" \
  " FROM concepts AS c "

FoveaStoreConcept *
fovea_store_get_concept (FoveaStore  *store,
                         gint64       id,
                         GError     **error)
{
  FoveaStoreConcept *concept_ = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  stmt = fovea_sql_get (store, SELECT_CONCEPT "WHERE c.id = ?", error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", id);
  rc = fovea_sql_step (store, stmt, error);
  if (rc == SQLITE_ROW)
    {
      concept_ = read_concept (stmt);
      sqlite3_reset (stmt);
    }
  else if (rc == SQLITE_DONE)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                 "“%s” has no concept number %" G_GINT64_FORMAT, store->path, id);
  return concept_;
}

GPtrArray *
fovea_store_list_concepts (FoveaStore  *store,
                           GError     **error)
{
  g_autoptr (GPtrArray) concepts = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  concepts = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_concept_free);
  stmt = fovea_sql_get (store, SELECT_CONCEPT "ORDER BY c.position, c.id", error);
  if (stmt == NULL)
    return NULL;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    g_ptr_array_add (concepts, read_concept (stmt));
  return rc == SQLITE_DONE ? g_steal_pointer (&concepts) : NULL;
}

static gboolean
is_colour (const char *colour)
{
  if (colour == NULL || colour[0] == '\0')
    return TRUE;
  if (colour[0] != '#' || strlen (colour) != 7)
    return FALSE;
  for (gsize i = 1; i < 7; i++)
    if (!g_ascii_isxdigit (colour[i]))
      return FALSE;
  return TRUE;
}

/* Few concepts have one: it is kept among the settings, which undo covers too. */
static gboolean
set_description (FoveaStore  *store,
                 gint64       id,
                 const char  *description,
                 GError     **error)
{
  g_autofree char *key = g_strdup_printf ("concept.%" G_GINT64_FORMAT ".description", id);

  return fovea_store_set_setting (
    store, key, description != NULL && description[0] != '\0' ? description : NULL, error);
}

gboolean
fovea_store_update_concept (FoveaStore               *store,
                            const FoveaStoreConcept  *concept_,
                            GError                  **error)
{
  gboolean taken;

  g_return_val_if_fail (store != NULL && concept_ != NULL && concept_->name != NULL, FALSE);

  if (!fovea_store_need_command (store, error) || !check_name (concept_->name, error)
      || !fovea_store_check_text (concept_->key, 15, "key", error)
      || !fovea_store_check_text (concept_->description, 4000, "description", error))
    return FALSE;
  if (!is_colour (concept_->colour))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "“%s” is not a colour of the form #rrggbb", concept_->colour);
      return FALSE;
    }
  if (!fovea_sql_number (store, NULL, &taken, error,
                         "SELECT 1 FROM concepts WHERE name = ? AND id <> ?", "ti", concept_->name,
                         concept_->id))
    return FALSE;
  if (taken)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT,
                   _("There is a concept “%s” already: choose another name, or merge the two"),
                   concept_->name);
      return FALSE;
    }
  if (!fovea_sql_run (
        store, error,
        "UPDATE concepts SET name = ?, colour = ?, key = ?, position = ? WHERE id = ?", "tttii",
        concept_->name, concept_->colour, concept_->key, concept_->position, concept_->id))
    return FALSE;
  if (sqlite3_changes (store->db) > 0)
    return set_description (store, concept_->id, concept_->description, error);
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
               "“%s” has no concept number %" G_GINT64_FORMAT, store->path, concept_->id);
  return FALSE;
}

gboolean
fovea_store_remove_concept (FoveaStore  *store,
                            gint64       id,
                            GError     **error)
{
  static const char *const texts[] = {
    "DELETE FROM annotations WHERE concept_id = ?",
    "DELETE FROM concept_relations WHERE subject_id = ?1 OR object_id = ?1",
    "DELETE FROM model_concepts WHERE concept_id = ?",
    "DELETE FROM concepts WHERE id = ?",
  };
  g_auto (FoveaSqlScope) scope = { 0 };

  g_return_val_if_fail (store != NULL, FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (!fovea_sql_run (store, error, texts[i], "i", id))
      return FALSE;
  return set_description (store, id, NULL, error) && fovea_sql_leave (&scope, error);
}

gboolean
fovea_store_merge_concepts (FoveaStore  *store,
                            gint64       from,
                            gint64       into,
                            GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  gboolean found;

  g_return_val_if_fail (store != NULL && from != into, FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error)
      || !fovea_sql_number (store, NULL, &found, error, "SELECT 1 FROM concepts WHERE id = ?", "i",
                            into))
    return FALSE;
  if (!found)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                   "“%s” has no concept number %" G_GINT64_FORMAT, store->path, into);
      return FALSE;
    }
  return fovea_sql_run (store, error,
                        "UPDATE OR IGNORE annotations SET concept_id = ?2 WHERE concept_id = ?1",
                        "ii", from, into)
         && fovea_sql_run (
           store, error,
           "UPDATE OR IGNORE model_concepts SET concept_id = ?2 WHERE concept_id = ?1 "
           "AND model_id NOT IN (SELECT model_id FROM model_concepts WHERE concept_id = ?2)",
           "ii", from, into)
         && fovea_store_remove_concept (store, from, error) && fovea_sql_leave (&scope, error);
}

gboolean
fovea_store_add_relation (FoveaStore  *store,
                          gint64       subject,
                          const char  *predicate,
                          gint64       object,
                          GError     **error)
{
  gint64 n;

  g_return_val_if_fail (store != NULL && predicate != NULL, FALSE);

  if (!fovea_store_need_command (store, error)
      || !fovea_sql_number (store, &n, NULL, error,
                            "SELECT count(*) FROM concepts WHERE id IN (?, ?)", "ii", subject,
                            object))
    return FALSE;
  if (n != 2)
    {
      g_set_error (error, FOVEA_STORE_ERROR, subject == object ? FOVEA_STORE_ERROR_INVALID
                                                               : FOVEA_STORE_ERROR_NOT_FOUND,
                   "A relation needs two concepts of “%s”", store->path);
      return FALSE;
    }
  return fovea_sql_run (store, error,
                        "INSERT INTO concept_relations (subject_id, predicate, object_id) "
                        "VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                        "iti", subject, predicate, object);
}

gboolean
fovea_store_remove_relation (FoveaStore  *store,
                             gint64       id,
                             GError     **error)
{
  g_return_val_if_fail (store != NULL, FALSE);

  return fovea_store_need_command (store, error)
         && fovea_sql_run (store, error, "DELETE FROM concept_relations WHERE id = ?", "i", id);
}

GPtrArray *
fovea_store_list_relations (FoveaStore  *store,
                            gint64       subject,
                            GError     **error)
{
  g_autoptr (GPtrArray) relations = NULL;
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  relations = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_relation_free);
  stmt = fovea_sql_get (store, "SELECT id, subject_id, object_id, predicate FROM concept_relations "
                        "WHERE ?1 = 0 OR subject_id = ?1 ORDER BY id", error);
  if (stmt == NULL)
    return NULL;
  fovea_sql_bind (stmt, "i", subject);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreRelation *relation = g_new0 (FoveaStoreRelation, 1);

      relation->id = sqlite3_column_int64 (stmt, 0);
      relation->subject = sqlite3_column_int64 (stmt, 1);
      relation->object = sqlite3_column_int64 (stmt, 2);
      relation->predicate = fovea_sql_dup_text (stmt, 3);
      g_ptr_array_add (relations, relation);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&relations) : NULL;
}
