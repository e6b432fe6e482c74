/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-input-list.h"

#include <string.h>

#include "store/store-private.h"

/* A query being put together; texts of people are bound, never pasted. */
typedef struct {
  GString *sql;
  GPtrArray *texts;          /* (element-type utf8) (nullable elements): bound as text where set */
  GArray *numbers;           /* gint64, else */
  GArray *reals;
  GString *types;
} Query;

static void
query_clear (Query *query)
{
  g_string_free (query->sql, TRUE);
  g_string_free (query->types, TRUE);
  g_ptr_array_unref (query->texts);
  g_array_unref (query->numbers);
  g_array_unref (query->reals);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Query, query_clear)

static void
query_init (Query      *query,
            const char *start)
{
  query->sql = g_string_new (start);
  query->types = g_string_new (NULL);
  query->texts = g_ptr_array_new_with_free_func (g_free);
  query->numbers = g_array_new (FALSE, TRUE, sizeof (gint64));
  query->reals = g_array_new (FALSE, TRUE, sizeof (double));
}

static void
query_add (Query      *query,
           char        type,
           const char *text,
           gint64      number,
           double      real)
{
  g_string_append_c (query->types, type);
  g_ptr_array_add (query->texts, g_strdup (text));
  g_array_append_val (query->numbers, number);
  g_array_append_val (query->reals, real);
}

static void
query_number (Query      *query,
              const char *sql,
              gint64      number)
{
  g_string_append (query->sql, sql);
  query_add (query, 'i', NULL, number, 0.0);
}

static void
query_text (Query      *query,
            const char *sql,
            const char *text)
{
  g_string_append (query->sql, sql);
  query_add (query, 't', text, 0, 0.0);
}

static void
query_bind (const Query  *query,
            sqlite3_stmt *stmt)
{
  for (gsize i = 0; i < query->types->len; i++)
    {
      char type[2] = { query->types->str[i], '\0' };
      int at = (int) i + 1;

      if (type[0] == 't')
        sqlite3_bind_text (stmt, at, query->texts->pdata[i], -1, SQLITE_TRANSIENT);
      else if (type[0] == 'i')
        sqlite3_bind_int64 (stmt, at, g_array_index (query->numbers, gint64, i));
      else
        sqlite3_bind_double (stmt, at, g_array_index (query->reals, double, i));
    }
}

static void
add_label_condition (Query                  *query,
                     const FoveaStoreFilter *filter)
{
  gboolean none = filter->label == FOVEA_STORE_LABEL_NONE;
  gint64 version = filter->label == FOVEA_STORE_LABEL_PREDICTED ? filter->version : 0;

  if (filter->label == FOVEA_STORE_LABEL_ANY)
    return;

  if (filter->concept == 0)
    {
      g_string_append (query->sql, none ? " AND NOT EXISTS " : " AND EXISTS ");
      query_number (query,
                    "(SELECT 1 FROM annotations AS a WHERE a.input_id = i.id AND a.version_id = ?",
                    version);
    }
  else
    {
      query_number (query,
                    none ? " AND i.id NOT IN (SELECT input_id FROM annotations WHERE concept_id = ?"
                         : " AND i.id IN (SELECT input_id FROM annotations WHERE concept_id = ?",
                    filter->concept);
      query_number (query, " AND version_id = ?", version);
    }
  if (filter->label == FOVEA_STORE_LABEL_POSITIVE || filter->label == FOVEA_STORE_LABEL_PREDICTED)
    g_string_append (query->sql, " AND value = 1");
  else if (filter->label == FOVEA_STORE_LABEL_NEGATIVE)
    g_string_append (query->sql, " AND value = 0");
  g_string_append_c (query->sql, ')');
}

/* 1 − |2·score − 1| of the version's highest score, −1 where it said nothing. */
static void
add_doubt (Query                  *query,
           const FoveaStoreFilter *filter)
{
  query_number (query, " ifnull ((SELECT 1 - abs (2 * max (a.score) - 1) FROM annotations AS a "
                "WHERE a.input_id = i.id AND a.version_id = ?", filter->version);
  if (filter->concept != 0)
    query_number (query, " AND a.concept_id = ?", filter->concept);
  g_string_append (query->sql, "), -1)");
}

static void
add_conditions (Query                  *query,
                const FoveaStoreFilter *filter)
{
  add_label_condition (query, filter);
  if (filter->min_doubt > 0.0)
    {
      g_string_append (query->sql, " AND");
      add_doubt (query, filter);
      g_string_append (query->sql, " >= ?");
      query_add (query, 'd', NULL, 0, filter->min_doubt);
    }
  if (filter->split != NULL)
    query_text (query, " AND i.split = ?", filter->split);
  if (filter->state < 0)
    query_number (query, " AND i.state = ?", -1 - filter->state);
  if (filter->group != NULL)
    query_text (query, " AND i.grp = ?", filter->group);
  if (filter->dataset != NULL)
    query_text (query,
                " AND i.id IN (SELECT di.input_id FROM dataset_inputs AS di "
                "JOIN datasets AS d ON d.id = di.dataset_id WHERE d.public_id = ?)",
                filter->dataset);
  if (filter->text != NULL && filter->text[0] != '\0')
    query_text (query, " AND instr (lower (i.name), lower (?)) > 0", filter->text);
  if (filter->missing != 0)
    g_string_append (query->sql, filter->missing > 0 ? " AND m.input_id IS NOT NULL"
                                                     : " AND m.input_id IS NULL");
  if (filter->without_vector_space != 0)
    {
      query_number (query, " AND i.id NOT IN (SELECT v.id - (v.space_id << 40) FROM vectors AS v "
                    "WHERE v.space_id = ?)", filter->without_vector_space);
    }
}

static void
add_order (Query                  *query,
           const FoveaStoreFilter *filter)
{
  const char *direction = filter->descending ? " DESC" : "";

  g_string_append (query->sql, " ORDER BY");
  if (filter->order == FOVEA_STORE_ORDER_NAME)
    g_string_append_printf (query->sql, " i.name COLLATE NOCASE%s,", direction);
  else if (filter->order == FOVEA_STORE_ORDER_DOUBT)
    {
      add_doubt (query, filter);
      g_string_append_printf (query->sql, "%s,", filter->descending ? "" : " DESC");
    }
  g_string_append_printf (query->sql, " i.id%s", direction);
}

#define FROM_INPUTS " FROM inputs AS i LEFT JOIN missing_inputs AS m ON m.input_id = i.id WHERE 1"

GArray *
fovea_store_list_inputs (FoveaStore              *store,
                         const FoveaStoreFilter  *filter,
                         GError                 **error)
{
  static const FoveaStoreFilter everything = { 0 };
  g_autoptr (GArray) briefs = NULL;
  g_auto (Query) query = { 0 };
  sqlite3_stmt *stmt;
  int rc;

  g_return_val_if_fail (store != NULL, NULL);

  query_init (&query,
              "SELECT i.id, i.width, i.height, i.state, m.input_id IS NOT NULL" FROM_INPUTS);
  add_conditions (&query, filter != NULL ? filter : &everything);
  add_order (&query, filter != NULL ? filter : &everything);
  stmt = fovea_sql_get (store, query.sql->str, error);
  if (stmt == NULL)
    return NULL;
  query_bind (&query, stmt);

  briefs = g_array_new (FALSE, TRUE, sizeof (FoveaStoreInputBrief));
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreInputBrief brief = {
        .id = sqlite3_column_int64 (stmt, 0),
        .width = (guint32) sqlite3_column_int64 (stmt, 1),
        .height = (guint32) sqlite3_column_int64 (stmt, 2),
        .state = (guint8) sqlite3_column_int (stmt, 3),
        .missing = (guint8) sqlite3_column_int (stmt, 4),
      };

      g_array_append_val (briefs, brief);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&briefs) : NULL;
}

gboolean
fovea_store_count_inputs (FoveaStore              *store,
                          const FoveaStoreFilter  *filter,
                          gsize                   *ret_count,
                          GError                 **error)
{
  g_auto (Query) query = { 0 };
  sqlite3_stmt *stmt;

  g_return_val_if_fail (store != NULL && ret_count != NULL, FALSE);

  /* Of all rows SQLite counts an index's pages, not its rows. */
  query_init (&query, filter != NULL ? "SELECT count(*)" FROM_INPUTS : "SELECT count(*) FROM inputs");
  if (filter != NULL)
    add_conditions (&query, filter);
  stmt = fovea_sql_get (store, query.sql->str, error);
  if (stmt == NULL)
    return FALSE;
  query_bind (&query, stmt);
  if (fovea_sql_step (store, stmt, error) != SQLITE_ROW)
    return FALSE;
  *ret_count = (gsize) sqlite3_column_int64 (stmt, 0);
  sqlite3_reset (stmt);
  return TRUE;
}

void
fovea_store_count_free (FoveaStoreCount *count)
{
  g_free (count->name);
  g_free (count);
}

static GPtrArray *
count_by (FoveaStore  *store,
          const char  *sql,
          GError     **error)
{
  g_autoptr (GPtrArray) counts
    = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_count_free);
  sqlite3_stmt *stmt = fovea_sql_get (store, sql, error);
  int rc;

  if (stmt == NULL)
    return NULL;
  while ((rc = fovea_sql_step (store, stmt, error)) == SQLITE_ROW)
    {
      FoveaStoreCount *count = g_new0 (FoveaStoreCount, 1);

      count->name = fovea_sql_dup_text (stmt, 0);
      count->count = (gsize) sqlite3_column_int64 (stmt, 1);
      g_ptr_array_add (counts, count);
    }
  return rc == SQLITE_DONE ? g_steal_pointer (&counts) : NULL;
}

GPtrArray *
fovea_store_count_splits (FoveaStore  *store,
                          GError     **error)
{
  g_return_val_if_fail (store != NULL, NULL);

  return count_by (store, "SELECT split, count(*) FROM inputs GROUP BY split ORDER BY split",
                   error);
}

GPtrArray *
fovea_store_count_groups (FoveaStore  *store,
                          GError     **error)
{
  g_return_val_if_fail (store != NULL, NULL);

  return count_by (
    store, "SELECT grp, count(*) FROM inputs WHERE grp <> '' GROUP BY grp ORDER BY grp", error);
}

gboolean
fovea_store_count_states (FoveaStore  *store,
                          gsize        ret_counts[3],
                          GError     **error)
{
  gint64 counts[3];

  g_return_val_if_fail (store != NULL, FALSE);

  for (gint64 state = 0; state < 3; state++)
    if (!fovea_sql_number (store, &counts[state], NULL, error,
                           "SELECT count(*) FROM inputs WHERE state = ?", "i", state))
      return FALSE;
  for (gsize state = 0; state < 3; state++)
    ret_counts[state] = (gsize) counts[state];
  return TRUE;
}

gboolean
fovea_store_get_totals (FoveaStore        *store,
                        FoveaStoreTotals  *ret_totals,
                        GError           **error)
{
  FoveaStoreTotals totals;
  const struct {
    const char *sql;
    gsize *count;
  } rows[] = {
    { "SELECT count(*) FROM inputs", &totals.inputs },
    { "SELECT count(*) FROM missing_inputs", &totals.missing },
    { "SELECT count(*) FROM concepts", &totals.concepts },
    { "SELECT count(*) - (SELECT count(*) FROM annotations WHERE version_id > 0) FROM annotations",
      &totals.annotations },
    { "SELECT count(*) FROM annotations WHERE version_id > 0", &totals.predictions },
    { "SELECT count(*) FROM regions", &totals.regions },
    { "SELECT count(*) FROM models", &totals.models },
    { "SELECT count(*) FROM model_versions", &totals.versions },
    { "SELECT count(*) FROM vectors", &totals.vectors },
  };

  g_return_val_if_fail (store != NULL && ret_totals != NULL, FALSE);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gint64 count;

      if (!fovea_sql_number (store, &count, NULL, error, rows[i].sql, NULL))
        return FALSE;
      *rows[i].count = (gsize) count;
    }
  *ret_totals = totals;
  return TRUE;
}
