/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-annotations.h"

#include <math.h>

#include "store/store-private.h"

/* Foreign keys are checked at the commit and two columns have none, so what a row names is looked
 * up here; what was found is remembered for the call. Pictures are many: for them SQLite is asked
 * at the end whether a key is open. */
typedef struct {
  FoveaStore *store;
  GHashTable *known[4];
} Known;

static const struct {
  const char *sql;
  const char *what;
} known_kinds[4] = {
  { "SELECT 1 FROM concepts WHERE id = ?", "concept" },
  { "SELECT 1 FROM model_versions WHERE id = ?", "model version" },
  { "SELECT 1 FROM authors WHERE id = ?", "author" },
  { "SELECT 1 FROM regions WHERE id = ?", "region" },
};

static void
known_clear (Known *known)
{
  for (gsize i = 0; i < G_N_ELEMENTS (known->known); i++)
    g_clear_pointer (&known->known[i], g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Known, known_clear)

static gboolean
look_up (Known       *known,
         const char  *sql,
         const char  *what,
         gint64       id,
         GError     **error)
{
  gboolean found;

  if (!fovea_sql_number (known->store, NULL, &found, error, sql, "i", id))
    return FALSE;
  if (!found)
    g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND,
                 "“%s” has no %s number %" G_GINT64_FORMAT, known->store->path, what, id);
  return found;
}

static gboolean
knows (Known   *known,
       gsize    kind,
       gint64   id,
       GError **error)
{
  if (known->known[kind] == NULL)
    known->known[kind] = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  if (g_hash_table_contains (known->known[kind], &id))
    return TRUE;
  if (!look_up (known, known_kinds[kind].sql, known_kinds[kind].what, id, error))
    return FALSE;
  g_hash_table_add (known->known[kind], g_memdup2 (&id, sizeof id));
  return TRUE;
}

static gboolean
check_annotation (Known                       *known,
                  const FoveaStoreAnnotation  *a,
                  GError                     **error)
{
  if (a->value != 0 && a->value != 1)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "A label is 1 (shows it) or 0 (does not), not %d", a->value);
      return FALSE;
    }
  if (!isfinite (a->score))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID,
                   "The score of a label has to be a number, not %g", a->score);
      return FALSE;
    }
  return knows (known, 0, a->concept, error)
         && (a->version == 0 || knows (known, 1, a->version, error))
         && (a->author == 0 || knows (known, 2, a->author, error))
         && (a->region == 0 || knows (known, 3, a->region, error));
}

/* Not one upsert: SQLite 3.40 takes three times as long for that as for an insert that is ignored. */
#define ADD_ANNOTATION                                                                             \
  "INSERT OR IGNORE INTO annotations (input_id, region_id, concept_id, version_id, value, status," \
  " score, author_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, nullif (?, 0), ?)"
#define CHANGE_ANNOTATION                                                                          \
  "UPDATE annotations SET value = ?5, status = ?6, score = ?7, author_id = nullif (?8, 0),"        \
  " created_at = ?9 WHERE input_id = ?1 AND region_id = ?2 AND concept_id = ?3 AND version_id = ?4" \
  " AND (value <> ?5 OR status <> ?6 OR score <> ?7)"

static gboolean
put_annotation (FoveaStore                  *store,
                sqlite3_stmt                *add,
                sqlite3_stmt                *change,
                const FoveaStoreAnnotation  *a,
                gint64                       now,
                gsize                       *changed,
                GError                     **error)
{
  gint64 status = a->status != 0 ? (gint64) a->status : FOVEA_STORE_ANNOTATION_SUCCESS;
  double score = a->version != 0 ? a->score : (double) a->value;
  sqlite3_stmt *const statements[] = { add, change };

  for (gsize i = 0; i < G_N_ELEMENTS (statements); i++)
    {
      fovea_sql_bind (statements[i], "iiiiiidii", a->input, a->region, a->concept, a->version,
                      (gint64) a->value, status, score, a->author,
                      a->created_at != 0 ? a->created_at : now);
      if (fovea_sql_step (store, statements[i], error) != SQLITE_DONE)
        return FALSE;
      if (sqlite3_changes (store->db) > 0)
        {
          *changed += 1;
          break;
        }
    }
  return TRUE;
}

static gboolean
check_pictures (FoveaStore                  *store,
                const FoveaStoreAnnotation  *annotations,
                gsize                        n,
                GError                     **error)
{
  Known known = { .store = store };
  int open_keys = 0, high = 0;

  sqlite3_db_status (store->db, SQLITE_DBSTATUS_DEFERRED_FKS, &open_keys, &high, 0);
  if (open_keys == 0)
    return TRUE;
  for (gsize i = 0; i < n; i++)
    if (!look_up (&known, "SELECT 1 FROM inputs WHERE id = ?", "picture", annotations[i].input,
                  error))
      return FALSE;
  return TRUE;
}

gboolean
fovea_store_put_annotations (FoveaStore                  *store,
                             const FoveaStoreAnnotation  *annotations,
                             gsize                        n,
                             gsize                       *ret_changed,
                             GError                     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  g_auto (Known) known = { .store = store };
  sqlite3_stmt *add, *change;
  gint64 now = g_get_real_time ();
  gsize changed = 0;

  g_return_val_if_fail (store != NULL && (annotations != NULL || n == 0), FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error)
      || (add = fovea_sql_get (store, ADD_ANNOTATION, error)) == NULL
      || (change = fovea_sql_get (store, CHANGE_ANNOTATION, error)) == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!check_annotation (&known, &annotations[i], error)
        || !put_annotation (store, add, change, &annotations[i], now, &changed, error))
      return FALSE;
  if (!check_pictures (store, annotations, n, error) || !fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_changed != NULL)
    *ret_changed = changed;
  return TRUE;
}

gboolean
fovea_store_label_inputs (FoveaStore    *store,
                          const gint64  *inputs,
                          gsize          n,
                          gint64         concept_,
                          int            value,
                          gint64         author,
                          gsize         *ret_changed,
                          GError       **error)
{
  g_autofree FoveaStoreAnnotation *annotations = NULL;

  g_return_val_if_fail (store != NULL && (inputs != NULL || n == 0), FALSE);

  annotations = g_new0 (FoveaStoreAnnotation, n);
  for (gsize i = 0; i < n; i++)
    annotations[i] = (FoveaStoreAnnotation) {
      .input = inputs[i], .concept = concept_, .value = value, .author = author,
    };
  return fovea_store_put_annotations (store, annotations, n, ret_changed, error);
}

gboolean
fovea_store_clear_labels (FoveaStore    *store,
                          const gint64  *inputs,
                          gsize          n,
                          gint64         concept_,
                          gsize         *ret_changed,
                          GError       **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  gsize changed = 0;

  g_return_val_if_fail (store != NULL && (inputs != NULL || n == 0), FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      gboolean ok
        = concept_ != 0
            ? fovea_sql_run (store, error,
                             "DELETE FROM annotations WHERE input_id = ? AND region_id = 0 "
                             "AND concept_id = ? AND version_id = 0",
                             "ii", inputs[i], concept_)
            : fovea_sql_run (store, error,
                             "DELETE FROM annotations WHERE input_id = ? AND region_id = 0 "
                             "AND version_id = 0",
                             "i", inputs[i]);

      if (!ok)
        return FALSE;
      changed += (gsize) sqlite3_changes (store->db);
    }
  if (!fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_changed != NULL)
    *ret_changed = changed;
  return TRUE;
}

static gboolean
clear_others_of_one (FoveaStore          *store,
                     sqlite3_stmt        *stmt,
                     gint64               input,
                     gint64               concept_,
                     FoveaStoreReplaced  *replaced,
                     GError             **error)
{
  gboolean any = FALSE;
  int rc;

  fovea_sql_bind (stmt, "ii", input, concept_);
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      gint64 cleared = sqlite3_column_int64 (stmt, 0);

      if (!any && replaced->n_pictures++ == 0)
        replaced->concept = cleared;
      else if (replaced->concept != cleared)
        replaced->concept = 0;
      any = TRUE;
    }
  return rc == SQLITE_DONE;
}

gboolean
fovea_store_clear_other_labels (FoveaStore          *store,
                                const gint64        *inputs,
                                gsize                n,
                                gint64               concept_,
                                FoveaStoreReplaced  *ret_replaced,
                                GError             **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  FoveaStoreReplaced replaced = { 0 };
  sqlite3_stmt *stmt;

  g_return_val_if_fail (store != NULL && (inputs != NULL || n == 0), FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error))
    return FALSE;
  stmt = fovea_sql_get (store,
                        "DELETE FROM annotations WHERE input_id = ? AND region_id = 0 AND version_id = 0 "
                        "AND value = 1 AND concept_id <> ? RETURNING concept_id",
                        error);
  if (stmt == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (!clear_others_of_one (store, stmt, inputs[i], concept_, &replaced, error))
      return FALSE;
  if (!fovea_sql_leave (&scope, error))
    return FALSE;
  *ret_replaced = replaced;
  return TRUE;
}

gboolean
fovea_store_any_shows_two (FoveaStore  *store,
                           gboolean    *ret_any,
                           GError     **error)
{
  g_return_val_if_fail (store != NULL && ret_any != NULL, FALSE);

  return fovea_sql_number (store, NULL, ret_any, error,
                           "SELECT 1 FROM annotations WHERE version_id = 0 AND region_id = 0 AND value = 1 "
                           "GROUP BY input_id HAVING count(*) > 1 LIMIT 1",
                           "");
}

gboolean
fovea_sql_delete_predictions (FoveaStore  *store,
                              gint64       version,
                              gsize       *ret_changed,
                              GError     **error)
{
  gsize changed = 0;

  if (!fovea_sql_run (store, error,
                      "DELETE FROM annotations WHERE version_id = ?1 AND version_id > 0", "i",
                      version))
    return FALSE;
  changed = (gsize) sqlite3_changes (store->db);
  /* What people or other versions have said of the regions that this one found goes with them. */
  if (!fovea_sql_run (store, error,
                      "DELETE FROM annotations WHERE region_id > 0 AND region_id IN "
                      "(SELECT id FROM regions WHERE version_id = ?1 AND version_id > 0)",
                      "i", version)
      || !fovea_sql_run (
        store, error, "DELETE FROM regions WHERE version_id = ?1 AND version_id > 0", "i", version))
    return FALSE;
  changed += (gsize) sqlite3_changes (store->db);
  if (ret_changed != NULL)
    *ret_changed = changed;
  return TRUE;
}

gboolean
fovea_store_clear_predictions (FoveaStore  *store,
                               gint64       version,
                               gsize       *ret_changed,
                               GError     **error)
{
  g_auto (FoveaSqlScope) scope = { 0 };
  gsize changed;

  g_return_val_if_fail (store != NULL && version > 0, FALSE);

  if (!fovea_sql_enter (&scope, store, TRUE, error)
      || !fovea_sql_delete_predictions (store, version, &changed, error)
      || !fovea_sql_leave (&scope, error))
    return FALSE;
  if (ret_changed != NULL)
    *ret_changed = changed;
  return TRUE;
}

gboolean
fovea_store_ensure_author (FoveaStore  *store,
                           const char  *name,
                           gint64      *ret_id,
                           GError     **error)
{
  gboolean found;

  g_return_val_if_fail (store != NULL && name != NULL && ret_id != NULL, FALSE);

  if (!fovea_store_check_text (name, 255, "name of the author", error)
      || !fovea_sql_number (store, ret_id, &found, error, "SELECT id FROM authors WHERE name = ?",
                            "t", name))
    return FALSE;
  if (found)
    return TRUE;
  if (!fovea_store_need_command (store, error)
      || !fovea_sql_run (store, error, "INSERT INTO authors (name, created_at) VALUES (?, ?)", "ti",
                         name, g_get_real_time ()))
    return FALSE;
  *ret_id = sqlite3_last_insert_rowid (store->db);
  return TRUE;
}

#define SELECT_ANNOTATION                                                                          \
  "SELECT a.input_id, a.region_id, a.concept_id, a.version_id, a.value, a.status, a.score, "       \
  "a.author_id,"                                                                                   \
  " a.created_at FROM annotations AS a "

static gboolean
read_annotations (FoveaStore    *store,
                  sqlite3_stmt  *stmt,
                  GArray        *found,
                  GError       **error)
{
  int rc;

  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreAnnotation a = {
        .input = sqlite3_column_int64 (stmt, 0),
        .region = sqlite3_column_int64 (stmt, 1),
        .concept = sqlite3_column_int64 (stmt, 2),
        .version = sqlite3_column_int64 (stmt, 3),
        .value = sqlite3_column_int (stmt, 4),
        .status = (FoveaStoreAnnotationStatus) sqlite3_column_int (stmt, 5),
        .score = sqlite3_column_double (stmt, 6),
        .author = sqlite3_column_int64 (stmt, 7),
        .created_at = sqlite3_column_int64 (stmt, 8),
      };

      g_array_append_val (found, a);
    }
  return rc == SQLITE_DONE;
}

GArray *
fovea_store_get_labels (FoveaStore    *store,
                        const gint64  *ids,
                        gsize          n,
                        gint64         version,
                        GError       **error)
{
  g_autoptr (GArray) found = NULL;
  sqlite3_stmt *stmt;

  g_return_val_if_fail (store != NULL, NULL);

  found = g_array_new (FALSE, FALSE, sizeof (FoveaStoreAnnotation));
  stmt = fovea_sql_get (
    store,
    ids == NULL ? SELECT_ANNOTATION "WHERE ?1 < 0 OR a.version_id = ?1 "
                                    "ORDER BY a.input_id, a.region_id, a.concept_id, a.version_id"
                : SELECT_ANNOTATION "WHERE (?1 < 0 OR a.version_id = ?1) AND a.input_id = ?2 "
                                    "ORDER BY a.region_id, a.concept_id, a.version_id",
    error);
  if (stmt == NULL)
    return NULL;
  if (ids == NULL)
    {
      fovea_sql_bind (stmt, "i", version);
      return read_annotations (store, stmt, found, error) ? g_steal_pointer (&found) : NULL;
    }
  for (gsize i = 0; i < n; i++)
    {
      fovea_sql_bind (stmt, "ii", version, ids[i]);
      if (!read_annotations (store, stmt, found, error))
        return NULL;
    }
  return g_steal_pointer (&found);
}

GArray *
fovea_store_get_training_labels (FoveaStore    *store,
                                 const char    *split,
                                 const gint64  *concepts,
                                 gsize          n,
                                 GError       **error)
{
  g_autoptr (GArray) found = NULL;
  g_autoptr (GString) sql = g_string_new (SELECT_ANNOTATION);
  sqlite3_stmt *stmt;

  g_return_val_if_fail (store != NULL, NULL);

  if (split != NULL)
    g_string_append (sql, "JOIN inputs AS i ON i.id = a.input_id AND i.split = ?1 ");
  g_string_append (sql, "WHERE a.version_id = 0 AND a.region_id = 0 AND a.status = 24150 ");
  if (concepts != NULL)
    {
      g_string_append (sql, "AND a.concept_id IN (0");
      for (gsize i = 0; i < n; i++)
        g_string_append_printf (sql, ", %" G_GINT64_FORMAT, concepts[i]);
      g_string_append (sql, ") ");
    }
  g_string_append (sql, "ORDER BY a.input_id, a.concept_id");

  stmt = fovea_sql_get (store, sql->str, error);
  if (stmt == NULL)
    return NULL;
  if (split != NULL)
    fovea_sql_bind (stmt, "t", split);
  found = g_array_new (FALSE, FALSE, sizeof (FoveaStoreAnnotation));
  return read_annotations (store, stmt, found, error) ? g_steal_pointer (&found) : NULL;
}
