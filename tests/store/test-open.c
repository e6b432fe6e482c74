/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store-testing.h"
#include "store/store-lock.h"

static void
assert_refused (const char      *path,
                FoveaStoreError  code)
{
  g_autoptr (GError) error = NULL;
  FoveaStore *store = fovea_store_open (path, FOVEA_STORE_OPEN_DEFAULT, &error);

  if (store != NULL)
    fovea_store_free (store);
  g_assert_error (error, FOVEA_STORE_ERROR, (gint) code);
  g_assert_nonnull (strstr (error->message, "“"));
}

/* The bytes of a file, to see that nothing touched it. */
static GBytes *
bytes_of (const char *path)
{
  char *data;
  gsize size;

  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  return g_bytes_new_take (data, size);
}

static void
write_bytes (const char *path,
             const void *data,
             gsize       size)
{
  g_assert_true (g_file_set_contents (path, data, (gssize) size, NULL));
}

static void
test_create (void)
{
  g_auto (Project) p = { 0 };
  g_autofree char *missing = NULL;
  g_autoptr (GError) error = NULL;
  struct stat st;

  project_init (&p);
  g_assert_cmpint (g_stat (p.path, &st), ==, 0);
  g_assert_cmpuint (st.st_mode & 0777, ==, 0600);
  g_assert_cmpint (count (p.store, "PRAGMA page_size"), ==, 16384);
  g_assert_cmpint (count (p.store, "PRAGMA application_id"), ==, FOVEA_STORE_APPLICATION_ID);
  g_assert_cmpint (count (p.store, "PRAGMA user_version"), ==, FOVEA_STORE_SCHEMA_VERSION);
  g_assert_cmpint (count (p.store, "PRAGMA foreign_keys"), ==, 1);
  g_assert_cmpuint (strlen (fovea_store_get_project_id (p.store)), ==, 32);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' "
                          "AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE '%STRICT%'"), ==, 0);

  /* What is there is left alone. */
  g_assert_null (fovea_store_create (p.path, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_EXISTS);
  g_clear_error (&error);
  missing = g_build_filename (p.folder, "none", "x.fovea", NULL);
  g_assert_null (fovea_store_create (missing, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
}

static void
test_not_projects (void)
{
  g_auto (Project) p = { 0 };
  g_autofree char *path = NULL, *fifo = NULL, *link = NULL;
  guint8 noise[5000];
  sqlite3 *db;

  project_init (&p);
  path = g_build_filename (p.folder, "other.fovea", NULL);
  assert_refused (path, FOVEA_STORE_ERROR_NOT_FOUND);
  assert_refused (p.folder, FOVEA_STORE_ERROR_NOT_A_FILE);
  assert_refused ("/dev/null", FOVEA_STORE_ERROR_NOT_A_FILE);
  fifo = g_build_filename (p.folder, "pipe.fovea", NULL);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  assert_refused (fifo, FOVEA_STORE_ERROR_NOT_A_FILE);

  write_bytes (path, "", 0);
  assert_refused (path, FOVEA_STORE_ERROR_EMPTY);
  write_bytes (path, "GIF89a", 6);
  assert_refused (path, FOVEA_STORE_ERROR_FOREIGN);
  for (gsize i = 0; i < sizeof noise; i++)
    noise[i] = (guint8) g_test_rand_int ();
  write_bytes (path, noise, sizeof noise);
  assert_refused (path, FOVEA_STORE_ERROR_FOREIGN);
  write_bytes (path, "SQLite format 3", 16);
  assert_refused (path, FOVEA_STORE_ERROR_DAMAGED);

  g_unlink (path);
  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "CREATE TABLE t (a)", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);
  assert_refused (path, FOVEA_STORE_ERROR_FOREIGN);

  /* A link to a project is the project; one to nowhere, or to itself, is not. */
  project_close (&p);
  link = g_build_filename (p.folder, "link.fovea", NULL);
  g_assert_cmpint (symlink (p.path, link), ==, 0);
  p.store = fovea_store_open (link, FOVEA_STORE_OPEN_DEFAULT, NULL);
  g_assert_cmpstr (fovea_store_get_path (p.store), ==, p.path);
  g_unlink (link);
  g_assert_cmpint (symlink ("link.fovea", link), ==, 0);
  assert_refused (link, FOVEA_STORE_ERROR_IO);
}

/* A change to the closed file by SQL that the store would never say. */
static void
tamper (const char *path,
        const char *sql)
{
  sqlite3 *db;
  char *message = NULL;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  sqlite3_exec (db, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

static void
test_injected (void)
{
  static const char *const texts[] = {
    "CREATE TRIGGER t AFTER INSERT ON inputs BEGIN DELETE FROM concepts; END",
    "CREATE VIEW v AS SELECT * FROM inputs",
    "CREATE VIRTUAL TABLE f USING fts5 (a)",
    "CREATE TABLE more (a)",
    "CREATE INDEX more ON inputs (name)",
    "DROP INDEX inputs_by_split; CREATE INDEX inputs_by_split ON inputs (name)",
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace (sql, 'size >= 0', 'size "
    ">= 1') "
    "WHERE name = 'inputs'",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_auto (Project) p = { 0 };
      g_autoptr (GBytes) before = NULL, after = NULL;

      project_init (&p);
      project_close (&p);
      tamper (p.path, texts[i]);
      before = bytes_of (p.path);
      assert_refused (p.path, FOVEA_STORE_ERROR_FOREIGN);
      after = bytes_of (p.path);
      g_assert_true (g_bytes_equal (before, after));
    }
}

static void
test_lost_table (void)
{
  g_auto (Project) p = { 0 };

  project_init (&p);
  project_close (&p);
  tamper (p.path, "DROP TABLE region_vectors");
  assert_refused (p.path, FOVEA_STORE_ERROR_DAMAGED);
}

static void
test_newer (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GBytes) before = NULL, after = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GError) error = NULL;

  project_init (&p);
  ids = add_pictures (p.store, "a", 3);
  project_close (&p);

  /* One that says we can read it: read-only. New tables are none of our business, triggers are. */
  tamper (p.path, "PRAGMA user_version = 7; CREATE TABLE novelty (a)");
  before = bytes_of (p.path);
  p.store = fovea_store_open (p.path, FOVEA_STORE_OPEN_DEFAULT, &error);
  g_assert_no_error (error);
  g_assert_true (fovea_store_is_read_only (p.store));
  g_assert_nonnull (strstr (fovea_store_get_read_only_reason (p.store), "newer"));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM inputs"), ==, 3);
  g_assert_false (fovea_store_begin_command (p.store, "no", &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_READ_ONLY);
  g_clear_error (&error);
  project_close (&p);
  after = bytes_of (p.path);
  g_assert_true (g_bytes_equal (before, after));

  tamper (p.path, "UPDATE meta SET value = '5' WHERE key = 'min_reader'");
  assert_refused (p.path, FOVEA_STORE_ERROR_NEWER);
  tamper (p.path, "UPDATE meta SET value = '1' WHERE key = 'min_reader';"
          "CREATE TRIGGER t AFTER INSERT ON inputs BEGIN DELETE FROM concepts; END");
  assert_refused (p.path, FOVEA_STORE_ERROR_FOREIGN);
}

/* Cut anywhere: refused, or (the tail was free) opened, never a crash and never changed. */
static void
test_truncated (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autofree char *cut = NULL;
  const guint8 *data;
  gsize size;

  project_init (&p);
  ids = add_pictures (p.store, "a", 300);
  project_close (&p);
  whole = bytes_of (p.path);
  data = g_bytes_get_data (whole, &size);
  cut = g_build_filename (p.folder, "cut.fovea", NULL);
  for (gsize at = 1; at < size; at += size / 97)
    {
      g_autoptr (GError) error = NULL;

      write_bytes (cut, data, at);
      g_assert_null (fovea_store_open (cut, FOVEA_STORE_OPEN_DEFAULT, &error));
      g_assert_true (
        g_error_matches (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED)
        || (at < 16 && g_error_matches (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FOREIGN)));
    }
}

/* Pages of another kind in the middle: found at opening or by the check. */
static void
test_overwritten (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GBytes) whole = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autofree char *bad = NULL;
  const guint8 *data;
  gsize size, found = 0, tries = 0;

  project_init (&p);
  ids = add_pictures (p.store, "a", 1000);
  project_close (&p);
  whole = bytes_of (p.path);
  data = g_bytes_get_data (whole, &size);
  bad = g_build_filename (p.folder, "bad.fovea", NULL);
  for (gsize page = 1; page * 16384 < size; page += 5)
    {
      g_autofree guint8 *copy = g_memdup2 (data, size);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) problems = NULL;
      FoveaStore *store;

      memset (copy + page * 16384, 0x5a, 16384);
      write_bytes (bad, copy, size);
      store = fovea_store_open (bad, FOVEA_STORE_OPEN_READ_ONLY, &error);
      tries++;
      if (store == NULL)
        {
          g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED);
          found++;
          continue;
        }
      g_assert_true (fovea_store_check (store, NULL, &problems, &error));
      g_assert_no_error (error);
      found += problems->len > 0;
      fovea_store_free (store);
    }
  g_assert_cmpuint (tries, >, 10);
  g_assert_cmpuint (found, ==, tries);
}

/* A text that is no text does not get out. */
static void
test_invalid_text (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GPtrArray) concepts = NULL;

  project_init (&p);
  add_concept (p.store, "Hat");
  project_close (&p);
  tamper (p.path, "UPDATE concepts SET name = CAST (x'ff41fe' AS TEXT)");
  project_reopen (&p);
  concepts = fovea_store_list_concepts (p.store, NULL);
  g_assert_true (g_utf8_validate (((FoveaStoreConcept *) concepts->pdata[0])->name, -1, NULL));
}

static void
test_sidecars (void)
{
  g_auto (Project) p = { 0 };
  g_autofree char *wal = NULL, *journal = NULL, *precious = NULL;
  static const guint8 magic[8] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
  guint8 fake[600] = { 0 };

  project_init (&p);
  g_assert_true (fovea_store_is_project_file (p.path));
  wal = g_strconcat (p.path, "-wal", NULL);
  g_assert_true (fovea_store_is_project_file (wal));
  g_assert_false (fovea_store_is_project_file (p.folder));
  project_close (&p);
  g_assert_false (fovea_store_is_project_file (p.path));
  g_assert_false (g_file_test (wal, G_FILE_TEST_EXISTS));

  precious = g_build_filename (p.folder, "precious", NULL);
  write_bytes (precious, "mine", 4);
  g_assert_cmpint (symlink (precious, wal), ==, 0);
  assert_refused (p.path, FOVEA_STORE_ERROR_FOREIGN);
  g_unlink (wal);

  /* A journal with a super-journal's name would have SQLite delete that file. */
  journal = g_strconcat (p.path, "-journal", NULL);
  memcpy (fake + sizeof fake - 8, magic, 8);
  write_bytes (journal, fake, sizeof fake);
  assert_refused (p.path, FOVEA_STORE_ERROR_FOREIGN);
  g_unlink (journal);
  g_assert_true (g_file_test (precious, G_FILE_TEST_EXISTS));
  project_reopen (&p);
}

/* Runs @func in a child that is nobody, so that permissions mean something also when the tests run
 * as root. */
static void
as_nobody (void (*func) (const char *path),
           const char *path)
{
  pid_t pid = fork ();
  int status = -1;

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      if (geteuid () == 0 && (setgid (65534) != 0 || setuid (65534) != 0))
        _exit (3);
      func (path);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
}

#define CHILD_CHECK(expression)                                                                    \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (!(expression))                                                                             \
      {                                                                                            \
        g_printerr ("%s:%d: %s\n", __FILE__, __LINE__, #expression);                               \
        _exit (1);                                                                                 \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

static void
read_in_child (const char *path)
{
  g_autoptr (GError) error = NULL;
  FoveaStore *store = fovea_store_open (path, FOVEA_STORE_OPEN_DEFAULT, &error);

  if (store == NULL)
    g_printerr ("%s\n", error->message);
  CHILD_CHECK (store != NULL);
  CHILD_CHECK (fovea_store_is_read_only (store));
  CHILD_CHECK (fovea_store_get_read_only_reason (store) != NULL);
  CHILD_CHECK (count (store, "SELECT count(*) FROM inputs") == 5);
  CHILD_CHECK (!fovea_store_begin_command (store, "x", &error));
  CHILD_CHECK (error->code == FOVEA_STORE_ERROR_READ_ONLY);
  fovea_store_free (store);
}

static void
refuse_in_child (const char *path)
{
  g_autoptr (GError) error = NULL;

  CHILD_CHECK (fovea_store_open (path, FOVEA_STORE_OPEN_DEFAULT, &error) == NULL);
  CHILD_CHECK (error->code == FOVEA_STORE_ERROR_PERMISSION);
}

static void
test_permissions (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GDir) dir = NULL;

  project_init (&p);
  ids = add_pictures (p.store, "a", 5);
  project_close (&p);
  as_nobody (geteuid () == 0 ? refuse_in_child : read_in_child, p.path);

  g_chmod (p.path, 0444);
  g_chmod (p.folder, 0555);
  as_nobody (read_in_child, p.path);
  g_chmod (p.folder, 0700);
  g_chmod (p.path, 0600);

  /* Nothing was left beside it. */
  dir = g_dir_open (p.folder, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (dir), ==, "test.fovea");
  g_assert_null (g_dir_read_name (dir));
}

static void
test_network (void)
{
  g_auto (Project) p = { 0 };
  g_autofree char *lock = NULL, *wal = NULL, *text = NULL, *stale = NULL;
  g_autoptr (GError) error = NULL;
  FoveaStore *second;

  project_init (&p);
  project_close (&p);
  g_setenv ("FOVEA_ASSUME_NETWORK", "1", TRUE);
  project_reopen (&p);
  lock = g_strconcat (p.path, "-lock", NULL);
  wal = g_strconcat (p.path, "-wal", NULL);
  g_assert_true (fovea_store_is_on_network (p.store));
  g_assert_false (fovea_store_is_read_only (p.store));
  g_assert_true (g_file_test (lock, G_FILE_TEST_EXISTS));
  g_array_unref (add_pictures (p.store, "a", 5));
  g_assert_false (g_file_test (wal, G_FILE_TEST_EXISTS));

  /* The second one reads, and says who writes. */
  second = fovea_store_open (p.path, FOVEA_STORE_OPEN_DEFAULT, &error);
  g_assert_no_error (error);
  g_assert_true (fovea_store_is_read_only (second));
  g_assert_nonnull (strstr (fovea_store_get_read_only_reason (second), g_get_user_name ()));
  g_assert_nonnull (strstr (fovea_store_get_read_only_reason (second), g_get_host_name ()));
  g_assert_cmpint (count (second, "SELECT count(*) FROM inputs"), ==, 5);
  fovea_store_free (second);
  project_close (&p);
  g_assert_false (g_file_test (lock, G_FILE_TEST_EXISTS));

  /* One of a dead process on this machine is taken over; another machine's only when told to. */
  text = fovea_store_new_owner ();
  *strchr (text, ':') = '\0';
  stale = g_strdup_printf ("me on here since then\n%s:999999999:1:0\n0\n", text);
  write_bytes (lock, stale, strlen (stale));
  project_reopen (&p);
  g_assert_false (fovea_store_is_read_only (p.store));
  project_close (&p);
  write_bytes (lock, "ada on elsewhere since 1843\nelsewhere/1:1:1:0\n0\n", 47);
  project_reopen (&p);
  g_assert_true (fovea_store_is_read_only (p.store));
  g_assert_nonnull (
    strstr (fovea_store_get_read_only_reason (p.store), "ada on elsewhere since 1843"));
  project_close (&p);
  p.store = fovea_store_open (p.path, FOVEA_STORE_OPEN_TAKE_LOCK, &error);
  g_assert_false (fovea_store_is_read_only (p.store));
  project_close (&p);
  g_unsetenv ("FOVEA_ASSUME_NETWORK");

  /* Back on a local disk. */
  project_reopen (&p);
  g_array_unref (add_pictures (p.store, "b", 5));
  g_assert_true (g_file_test (wal, G_FILE_TEST_EXISTS));
  assert_clean (p.store);
}

/* What is written to a file without a name is lost when it is closed. */
static void
test_moved_away (void)
{
  g_auto (Project) p = { 0 };
  g_autofree char *away = NULL;
  g_autoptr (GError) error = NULL;

  project_init (&p);
  away = g_strconcat (p.path, ".away", NULL);
  g_assert_cmpint (g_rename (p.path, away), ==, 0);
  g_assert_false (fovea_store_begin_work (p.store, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_assert_cmpint (g_rename (away, p.path), ==, 0);
  add_concept (p.store, "Hat");
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM concepts"), ==, 1);
}

static void
test_reader (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GError) error = NULL;
  FoveaStore *reader, *other;
  guint64 version;

  project_init (&p);
  reader = fovea_store_open_reader (p.store, &error);
  g_assert_no_error (error);
  version = fovea_store_get_data_version (reader);
  g_assert_cmpuint (version, ==, fovea_store_get_data_version (reader));
  g_array_unref (add_pictures (p.store, "a", 4));
  g_assert_cmpuint (version, !=, fovea_store_get_data_version (reader));
  g_assert_cmpint (count (reader, "SELECT count(*) FROM inputs"), ==, 4);
  g_assert_false (fovea_store_begin_command (reader, "x", &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_READ_ONLY);
  g_clear_error (&error);
  fovea_store_free (reader);

  /* Two writers in one process: the second waits, then says so. */
  other = fovea_store_open (p.path, FOVEA_STORE_OPEN_DEFAULT, &error);
  g_assert_no_error (error);
  fovea_store_set_busy_timeout (other, 50);
  begin (p.store, "first");
  g_assert_false (fovea_store_begin_command (other, "second", &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "try again"));
  fovea_store_rollback_command (p.store);
  begin (other, "second");
  fovea_store_rollback_command (other);
  fovea_store_free (other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/store/open/create", test_create);
  g_test_add_func ("/store/open/not-projects", test_not_projects);
  g_test_add_func ("/store/open/injected", test_injected);
  g_test_add_func ("/store/open/lost-table", test_lost_table);
  g_test_add_func ("/store/open/newer", test_newer);
  g_test_add_func ("/store/open/truncated", test_truncated);
  g_test_add_func ("/store/open/overwritten", test_overwritten);
  g_test_add_func ("/store/open/invalid-text", test_invalid_text);
  g_test_add_func ("/store/open/sidecars", test_sidecars);
  g_test_add_func ("/store/open/permissions", test_permissions);
  g_test_add_func ("/store/open/network", test_network);
  g_test_add_func ("/store/open/moved-away", test_moved_away);
  g_test_add_func ("/store/open/reader", test_reader);
  return g_test_run ();
}
