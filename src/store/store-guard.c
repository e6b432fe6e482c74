/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-guard.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_SIZE 100

static guint32
read_be32 (const guint8 *bytes)
{
  return (guint32) bytes[0] << 24 | (guint32) bytes[1] << 16 | (guint32) bytes[2] << 8 | bytes[3];
}

static gboolean
fail_errno (const char  *path,
            int          errsv,
            GError     **error)
{
  FoveaStoreError code = errsv == ENOENT || errsv == ENOTDIR ? FOVEA_STORE_ERROR_NOT_FOUND
                         : errsv == EACCES || errsv == EPERM ? FOVEA_STORE_ERROR_PERMISSION
                                                             : FOVEA_STORE_ERROR_IO;

  g_set_error (error, FOVEA_STORE_ERROR, code, _("“%s” cannot be opened: %s"), path,
               g_strerror (errsv));
  return FALSE;
}

/* 1 when it ends in the record of a super-journal, -1 on failure. */
static int
names_super_journal (const char *journal)
{
  static const guint8 magic[8] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
  guint8 tail[8];
  int fd = open (journal, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  int result = -1;

  if (fd < 0)
    return -1;
  if (lseek (fd, -8, SEEK_END) < 0)
    result = 0;
  else if (read (fd, tail, sizeof tail) == (gssize) sizeof tail)
    result = memcmp (tail, magic, sizeof magic) == 0;
  close (fd);
  return result;
}

/* @ret_size: -1 when there is none. */
static gboolean
look_at_sidecar (const char  *path,
                 const char  *suffix,
                 gint64      *ret_size,
                 GError     **error)
{
  g_autofree char *name = g_strconcat (path, suffix, NULL);
  struct stat st;

  *ret_size = -1;
  if (lstat (name, &st) != 0)
    return errno == ENOENT ? TRUE : fail_errno (name, errno, error);

  if (!S_ISREG (st.st_mode))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FOREIGN,
                   _("“%s” is not a plain file; a project from elsewhere may not bring such a thing: "
                     "remove it to open the project"), name);
      return FALSE;
    }
  *ret_size = st.st_size;
  if (g_str_equal (suffix, "-journal") && st.st_size > 0 && names_super_journal (name) != 0)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FOREIGN,
                   _("“%s” was not left by Fovea: remove it to open the project"), name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
judge_header (const char       *path,
              const guint8     *header,
              gssize            n,
              FoveaStoreGuard  *guard,
              GError          **error)
{
  guint32 page_size, n_pages;

  if (n < 16 || memcmp (header, "SQLite format 3", 16) != 0)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FOREIGN,
                   _("“%s” is not a Fovea project"), path);
      return FALSE;
    }
  if (n < HEADER_SIZE)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED,
                   "“%s” is cut short (%" G_GINT64_FORMAT " bytes): copy it again", path,
                   guard->size);
      return FALSE;
    }
  if (read_be32 (header + 68) != FOVEA_STORE_APPLICATION_ID)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FOREIGN,
                   _("“%s” is an SQLite file of another program, not a Fovea project"), path);
      return FALSE;
    }

  page_size = (guint32) header[16] << 8 | header[17];
  if (page_size == 1)
    page_size = 65536;
  n_pages = read_be32 (header + 28);
  if (page_size < 512 || (page_size & (page_size - 1)) != 0 || n_pages == 0
      || read_be32 (header + 24) != read_be32 (header + 92))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED,
                   _("“%s” is damaged: its header makes no sense; restore it from a backup"), path);
      return FALSE;
    }
  /* With a log the file may be shorter than its header says until the log is folded in. */
  if (!guard->has_wal && !guard->has_journal && guard->size < (gint64) n_pages * page_size)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED,
                   "“%s” is cut short: it has %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
                   " bytes; copy it again or restore it from a backup",
                   path, guard->size, (gint64) n_pages * page_size);
      return FALSE;
    }
  guard->user_version = (int) read_be32 (header + 60);
  return TRUE;
}

static gboolean
read_file_header (const char       *path,
                  FoveaStoreGuard  *guard,
                  GError          **error)
{
  guint8 header[HEADER_SIZE];
  gssize n;
  /* Not blocking: the status may be of another file by now, and that one a pipe. */
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  int errsv;

  if (fd < 0)
    return fail_errno (path, errno, error);
  n = pread (fd, header, sizeof header, 0);
  errsv = errno;
  close (fd);
  if (n < 0)
    return fail_errno (path, errsv, error);
  return judge_header (path, header, n, guard, error);
}

gboolean
fovea_store_guard_file (const char       *path,
                        gboolean          read_header,
                        FoveaStoreGuard  *ret_guard,
                        GError          **error)
{
  FoveaStoreGuard guard = { 0 };
  struct stat st;
  gint64 wal_size, journal_size, shm_size;

  if (stat (path, &st) != 0)
    return fail_errno (path, errno, error);
  if (!S_ISREG (st.st_mode))
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_A_FILE,
                   S_ISDIR (st.st_mode) ? _("“%s” is a folder, not a project")
                                        : _("“%s” is not a plain file, so not a project"), path);
      return FALSE;
    }
  if (access (path, R_OK) != 0)
    return fail_errno (path, errno, error);
  if (!look_at_sidecar (path, "-wal", &wal_size, error)
      || !look_at_sidecar (path, "-journal", &journal_size, error)
      || !look_at_sidecar (path, "-shm", &shm_size, error))
    return FALSE;

  guard.device = st.st_dev;
  guard.inode = st.st_ino;
  guard.size = st.st_size;
  guard.has_wal = wal_size > 0;
  guard.has_journal = journal_size > 0;
  guard.any_sidecar = wal_size >= 0 || journal_size >= 0;
  if (st.st_size == 0)
    {
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_EMPTY,
                   _("“%s” is an empty file, not a project"), path);
      return FALSE;
    }
  if (read_header && !read_file_header (path, &guard, error))
    return FALSE;
  *ret_guard = guard;
  return TRUE;
}

void
fovea_store_guard_connection (sqlite3 *db)
{
  sqlite3_db_config (db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  sqlite3_limit (db, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_exec (db, "PRAGMA cell_size_check = ON", NULL, NULL, NULL);
  sqlite3_exec (db, "PRAGMA mmap_size = 0", NULL, NULL, NULL);
}

/* Name → "type\nSQL" of every schema row, SQLite's own tables left out. */
static GHashTable *
read_schema (sqlite3     *db,
             const char  *path,
             GError     **error)
{
  g_autoptr (GHashTable) rows = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  sqlite3_stmt *stmt = NULL;
  int rc = sqlite3_prepare_v2 (db, "SELECT type, name, ifnull (sql, '') FROM sqlite_schema",
                               -1, &stmt, NULL);

  while (rc == SQLITE_OK || rc == SQLITE_ROW)
    {
      const char *type, *name, *sql;

      rc = sqlite3_step (stmt);
      if (rc != SQLITE_ROW)
        break;
      type = (const char *) sqlite3_column_text (stmt, 0);
      name = (const char *) sqlite3_column_text (stmt, 1);
      sql = (const char *) sqlite3_column_text (stmt, 2);
      if (type == NULL || name == NULL || sql == NULL)
        continue;
      if (g_str_has_prefix (name, "sqlite_stat") || g_str_equal (name, "sqlite_sequence"))
        continue;
      g_hash_table_insert (rows, g_strdup (name), g_strconcat (type, "\n", sql, NULL));
    }
  if (rc != SQLITE_DONE)
    fovea_sql_set_error (db, path, sqlite3_extended_errcode (db), error);
  sqlite3_finalize (stmt);
  return rc == SQLITE_DONE ? g_steal_pointer (&rows) : NULL;
}

/* What the migrations up to @user_version make, by making it in memory. */
static GHashTable *
expected_schema (int                         user_version,
                 const FoveaStoreMigration  *migrations,
                 gsize                       n,
                 GError                    **error)
{
  sqlite3 *db = NULL;
  GHashTable *rows = NULL;
  int rc = sqlite3_open_v2 (":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

  for (gsize i = 0; rc == SQLITE_OK && i < n && migrations[i].version <= user_version; i++)
    rc = sqlite3_exec (db, migrations[i].sql, NULL, NULL, NULL);
  if (rc == SQLITE_OK)
    rows = read_schema (db, ":memory:", error);
  else
    fovea_sql_set_error (db, ":memory:", rc, error);
  sqlite3_close (db);
  return rows;
}

static gboolean
is_plain (const char *row)
{
  return (g_str_has_prefix (row, "table\n") && !g_str_has_prefix (row, "table\nCREATE VIRTUAL"))
         || g_str_has_prefix (row, "index\n");
}

static gboolean
refuse_row (const char  *path,
            const char  *name,
            const char  *row,
            GError     **error)
{
  const char *end = strchr (row, '\n');
  g_autofree char *valid = g_utf8_make_valid (name, -1);

  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FOREIGN,
               "“%s” holds a %.*s “%s” that Fovea did not make: it is not opened",
               path, (int) (end - row), row, valid);
  return FALSE;
}

gboolean
fovea_store_guard_schema (sqlite3                    *db,
                          const char                 *path,
                          int                         user_version,
                          const FoveaStoreMigration  *migrations,
                          gsize                       n,
                          GError                    **error)
{
  gboolean newer = user_version > migrations[n - 1].version;
  g_autoptr (GHashTable) found = read_schema (db, path, error);
  g_autoptr (GHashTable) expected = NULL;
  GHashTableIter iter;
  gpointer name, row;

  if (found == NULL)
    return FALSE;
  expected = expected_schema (user_version, migrations, n, error);
  if (expected == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, found);
  while (g_hash_table_iter_next (&iter, &name, &row))
    {
      const char *ours = g_hash_table_lookup (expected, name);

      if (!is_plain (row) || (!newer && (ours == NULL || !g_str_equal (ours, row))))
        return refuse_row (path, name, row, error);
    }
  g_hash_table_iter_init (&iter, expected);
  while (g_hash_table_iter_next (&iter, &name, &row))
    if (g_str_has_prefix (row, "table\n") && !g_hash_table_contains (found, name))
      {
        g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED,
                     _("“%s” is damaged: the table “%s” is not there; restore it from a backup"),
                     path, (const char *) name);
        return FALSE;
      }
  return TRUE;
}

/* A row of a rowid table without its entry in an index, pages that are no pages, values of the
 * wrong type. */
gboolean
fovea_store_guard_tables (sqlite3     *db,
                          const char  *path,
                          GError     **error)
{
  static const char *const tables[] = {
    "meta",
    "settings",
    "allowed_folders",
    "authors",
    "inputs",
    "missing_inputs",
    "fields",
    "field_values",
    "datasets",
    "dataset_inputs",
    "dataset_versions",
    "concepts",
    "concept_relations",
    "models",
    "model_concepts",
    "model_versions",
    "weights",
    "regions",
    "annotations",
    "workflows",
    "workflow_versions",
    "vector_spaces",
    "clusterings",
    "clusters",
    "jobs",
    "commands",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_autofree char *sql = g_strdup_printf ("PRAGMA quick_check (\"%s\")", tables[i]);
      g_autofree char *said = NULL;
      sqlite3_stmt *stmt = NULL;
      int rc = sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL);

      if (rc == SQLITE_OK)
        rc = sqlite3_step (stmt);
      if (rc == SQLITE_ROW)
        said = fovea_sql_dup_text (stmt, 0);
      else
        fovea_sql_set_error (db, path, sqlite3_extended_errcode (db), error);
      sqlite3_finalize (stmt);

      if (said == NULL)
        return FALSE;
      if (!g_str_equal (said, "ok"))
        {
          g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED,
                       _("“%s” is damaged (%s: %s): restore it from a backup"), path, tables[i], said);
          return FALSE;
        }
    }
  return TRUE;
}
