/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <unistd.h>

#include "store-fixture.h"
#include "store-testing.h"
#include "store/store-input-list.h"
#include "store/store-migrate.h"
#include "store/store-models.h"
#include "store/store-vectors.h"
#include "store/store-weights.h"

static Project
open_fixture (void)
{
  Project p = { 0 };
  g_autoptr (GBytes) bytes = read_fixture ("v1.fovea.gz");
  GError *error = NULL;

  p.folder = g_dir_make_tmp ("fovea-store-XXXXXX", NULL);
  p.path = g_build_filename (p.folder, "v1.fovea", NULL);
  g_assert_true (g_file_set_contents (p.path, g_bytes_get_data (bytes, NULL),
                                      (gssize) g_bytes_get_size (bytes), NULL));
  p.store = fovea_store_open (p.path, FOVEA_STORE_OPEN_DEFAULT, &error);
  g_assert_no_error (error);
  return p;
}

/* A file of version 1 opens, is whole, and does what it did. */
static void
test_fixture (void)
{
  g_auto (Project) p = open_fixture ();
  g_autoptr (GBytes) weights = NULL;
  g_autoptr (FoveaStoreVersion) version = NULL;
  g_autofree char *redo = NULL;
  FoveaStoreTotals totals;
  GError *error = NULL;
  gint64 model, ids[8];
  guint16 vectors[8 * 4];
  gsize n;

  assert_clean (p.store);
  g_assert_true (fovea_store_get_totals (p.store, &totals, &error));
  g_assert_cmpuint (totals.inputs, ==, 8);
  g_assert_cmpuint (totals.annotations, ==, 8);
  g_assert_cmpuint (totals.predictions, ==, 1);
  g_assert_cmpuint (totals.missing, ==, 1);
  g_assert_true (fovea_store_find_model (p.store, "shoes", &model, &error));
  version = fovea_store_get_current_version (p.store, model, &error);
  weights = fovea_store_get_weights (p.store, version->id, "onnx", 0, &error);
  g_assert_cmpuint (g_bytes_get_size (weights), ==, 7);
  g_assert_true (
    fovea_store_read_vectors (p.store, 1, FOVEA_STORE_OF_INPUT, 0, 8, ids, vectors, &n, &error));
  g_assert_cmpuint (n, ==, 8);
  g_assert_cmpuint (vectors[31], ==, 3100);
  redo = fovea_store_dup_redo_label (p.store);
  g_assert_cmpstr (redo, ==, "label");
  g_assert_true (fovea_store_redo (p.store, NULL, &error));
  while (fovea_store_undo (p.store, NULL, NULL))
    ;
  g_assert_true (fovea_store_get_totals (p.store, &totals, &error));
  g_assert_cmpuint (totals.annotations, ==, 0);
  assert_clean (p.store);
}

#define NEXT "CREATE TABLE novelties (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;" \
             "ALTER TABLE inputs ADD COLUMN rating INTEGER NOT NULL DEFAULT 3;" \
             "INSERT INTO novelties (name) SELECT name FROM concepts;"

static FoveaStore *
open_with_next (const char           *path,
                FoveaStoreOpenFlags   flags,
                const char           *sql,
                GError              **error)
{
  gsize n;
  FoveaStoreMigration migrations[2] = { fovea_store_get_migrations (&n)[0], { 2, 2, sql } };

  g_assert_cmpuint (n, ==, 1);
  return fovea_store_open_with (path, flags, migrations, 2, error);
}

static void
test_next (void)
{
  g_auto (Project) p = open_fixture ();
  g_autofree char *copy = fovea_store_migration_copy_path (p.path, 1);
  g_autofree char *before = dump_tracked (p.store), *kept = NULL;
  g_autoptr (GError) error = NULL;
  FoveaStore *old;

  project_close (&p);
  g_assert_true (g_str_has_suffix (copy, "v1.v1-backup.fovea"));
  p.store = open_with_next (p.path, FOVEA_STORE_OPEN_DEFAULT, NEXT, &error);
  g_assert_no_error (error);
  g_assert_cmpint (fovea_store_get_schema (p.store), ==, 2);
  g_assert_cmpint (count (p.store, "SELECT sum(rating) FROM inputs"), ==, 24);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM novelties"), ==, 2);
  assert_clean (p.store);
  project_close (&p);

  /* The copy is the project as it was. */
  old = fovea_store_open (copy, FOVEA_STORE_OPEN_DEFAULT, &error);
  g_assert_no_error (error);
  kept = dump_tracked (old);
  g_assert_cmpstr (kept, ==, before);
  fovea_store_free (old);

  /* Once is enough; this program, being older now, is told that the file is newer than it can read.
   */
  p.store = open_with_next (p.path, FOVEA_STORE_OPEN_DEFAULT, NEXT, &error);
  g_assert_no_error (error);
  project_close (&p);
  g_assert_null (fovea_store_open (p.path, FOVEA_STORE_OPEN_DEFAULT, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NEWER);
}

/* One that fails half way leaves the file as it was. */
static void
test_failing (void)
{
  static const char *const texts[] = {
    NEXT "SELECT nonsense FROM nowhere;",
    NEXT "INSERT INTO field_values VALUES (4711, 4711, 'open reference');",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_auto (Project) p = open_fixture ();
      g_autofree char *before = dump_tracked (p.store), *after = NULL;
      g_autoptr (GError) error = NULL;

      project_close (&p);
      g_assert_null (open_with_next (p.path, FOVEA_STORE_OPEN_DEFAULT, texts[i], &error));
      g_assert_nonnull (error);
      project_reopen (&p);
      g_assert_cmpint (fovea_store_get_schema (p.store), ==, 1);
      after = dump_tracked (p.store);
      g_assert_cmpstr (before, ==, after);
      assert_clean (p.store);
    }
}

static void
test_read_only (void)
{
  g_auto (Project) p = open_fixture ();
  g_autoptr (GError) error = NULL;

  project_close (&p);
  g_assert_null (open_with_next (p.path, FOVEA_STORE_OPEN_READ_ONLY, NEXT, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_READ_ONLY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/store/migrate/fixture", test_fixture);
  g_test_add_func ("/store/migrate/next", test_next);
  g_test_add_func ("/store/migrate/failing", test_failing);
  g_test_add_func ("/store/migrate/read-only", test_read_only);
  return g_test_run ();
}
