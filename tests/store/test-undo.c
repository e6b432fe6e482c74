/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-undo.h"

#include "store-testing.h"
#include "store/store-jobs.h"
#include "store/store-models.h"
#include "store/store-regions.h"
#include "store/store-settings.h"

static void
test_label_and_back (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  g_autofree char *before = NULL, *after = NULL, *back = NULL, *again = NULL, *undo_label = NULL;
  g_auto (FoveaStoreUndoResult) result = { 0 };
  GError *error = NULL;
  gint64 hat;

  project_init (&p);
  ids = add_pictures (p.store, "a", 14);
  hat = add_concept (p.store, "Hat");
  before = dump_tracked (p.store);
  begin (p.store, "label 14 pictures hat");
  fovea_store_label_inputs (p.store, (gint64 *) (void *) ids->data, 14, hat, 1, 0, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (commit (p.store), >, 0);
  after = dump_tracked (p.store);
  g_assert_cmpstr (before, !=, after);

  undo_label = fovea_store_dup_undo_label (p.store);
  g_assert_cmpstr (undo_label, ==, "label 14 pictures hat");
  g_assert_null (fovea_store_dup_redo_label (p.store));

  /* The history is in the file. */
  project_reopen (&p);
  g_assert_true (fovea_store_undo (p.store, &result, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (result.label, ==, "label 14 pictures hat");
  g_assert_cmpuint (result.n_changes, ==, 14);
  g_assert_cmpuint (result.n_conflicts, ==, 0);
  back = dump_tracked (p.store);
  g_assert_cmpstr (back, ==, before);

  project_reopen (&p);
  g_assert_true (fovea_store_redo (p.store, NULL, &error));
  g_assert_no_error (error);
  again = dump_tracked (p.store);
  g_assert_cmpstr (again, ==, after);
  g_assert_false (fovea_store_redo (p.store, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  assert_clean (p.store);
}

static void
test_new_command_drops_redo (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  GError *error = NULL;
  gint64 hat;
  const gint64 *i;

  project_init (&p);
  ids = add_pictures (p.store, "a", 3);
  i = (const gint64 *) (void *) ids->data;
  hat = add_concept (p.store, "Hat");
  label (p.store, i, 3, hat, 1);
  g_assert_true (fovea_store_undo (p.store, NULL, &error));

  /* A command that changes nothing, or is rolled back, leaves the history alone. */
  begin (p.store, "nothing");
  g_assert_cmpint (commit (p.store), ==, 0);
  begin (p.store, "rolled back");
  fovea_store_label_inputs (p.store, i, 1, hat, 0, 0, NULL, &error);
  fovea_store_rollback_command (p.store);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 0);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM commands WHERE undone = 1"), ==, 1);

  label (p.store, i, 1, hat, 0);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM commands WHERE undone = 1"), ==, 0);
  g_assert_false (fovea_store_redo (p.store, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  assert_clean (p.store);
}

static void
test_failed_change_dooms (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  GError *error = NULL;
  gint64 hat, wrong[2];

  project_init (&p);
  ids = add_pictures (p.store, "a", 2);
  hat = add_concept (p.store, "Hat");
  wrong[0] = g_array_index (ids, gint64, 0);
  wrong[1] = 4711;
  begin (p.store, "label");
  g_assert_false (fovea_store_label_inputs (p.store, wrong, 2, hat, 1, 0, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (fovea_store_commit_command (p.store, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 0);

  /* The store is usable afterwards; a change outside of a command is refused. */
  g_assert_cmpuint (label (p.store, wrong, 1, hat, 1), ==, 1);
  g_assert_false (fovea_store_label_inputs (p.store, wrong, 1, hat, 0, 0, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_cmpuint (label (p.store, wrong, 1, hat, 1), ==, 0);
}

/* An import in parts, with somebody labelling between two of them. */
static void
test_long_command (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  g_autofree char *undo_label = NULL;
  GError *error = NULL;
  gint64 command, hat;

  project_init (&p);
  hat = add_concept (p.store, "Hat");
  g_assert_true (fovea_store_begin_long_command (p.store, "import", &command, &error));
  for (int part = 0; part < 3; part++)
    {
      FoveaStoreInput *input = fovea_store_input_new ();
      const FoveaStoreInput *one = input;
      gint64 id;

      input->path = g_strdup_printf ("/pictures/%d.png", part);
      g_assert_true (fovea_store_continue_command (p.store, command, &error));
      g_assert_true (fovea_store_add_inputs (p.store, &one, 1, &id, NULL, &error));
      g_assert_cmpint (commit (p.store), ==, command);
      if (part == 1)
        {
          label (p.store, &id, 1, hat, 1);
          project_reopen (&p);
        }
      fovea_store_input_free (input);
    }
  g_assert_true (fovea_store_relabel_command (p.store, command, "import 3 pictures", &error));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM inputs"), ==, 3);

  g_assert_true (fovea_store_undo (p.store, NULL, &error));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 0);
  undo_label = fovea_store_dup_undo_label (p.store);
  g_assert_cmpstr (undo_label, ==, "import 3 pictures");
  g_assert_true (fovea_store_undo (p.store, NULL, &error));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM inputs"), ==, 0);

  g_assert_false (fovea_store_continue_command (p.store, command, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (fovea_store_redo (p.store, NULL, &error));
  g_assert_true (fovea_store_redo (p.store, NULL, &error));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM inputs"), ==, 3);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 1);
  assert_clean (p.store);
}

/* What was changed behind the history's back stays, and is counted. */
static void
test_conflicts (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  g_auto (FoveaStoreUndoResult) result = { 0 };
  GError *error = NULL;
  gint64 hat, bag;
  const gint64 *i;

  project_init (&p);
  ids = add_pictures (p.store, "a", 5);
  i = (const gint64 *) (void *) ids->data;
  hat = add_concept (p.store, "Hat");
  label (p.store, i, 5, hat, 1);
  fovea_sql_exec (p.store, "UPDATE annotations SET value = 0, score = 0 WHERE input_id = 2",
                  &error);
  g_assert_no_error (error);
  g_assert_true (fovea_store_undo (p.store, &result, &error));
  g_assert_cmpuint (result.n_conflicts, ==, 1);
  g_assert_cmpuint (result.n_changes, ==, 4);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 1);
  fovea_store_undo_result_clear (&result);

  /* Redo meets the row that stayed. */
  g_assert_true (fovea_store_redo (p.store, &result, &error));
  g_assert_cmpuint (result.n_conflicts, ==, 1);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 5);
  fovea_store_undo_result_clear (&result);
  assert_clean (p.store);

  /* A parent that a newer row needs stays with it. */
  bag = add_concept (p.store, "Bag");
  fovea_sql_run (p.store, &error,
                 "INSERT INTO annotations (input_id, concept_id, value, score, created_at) "
                 "VALUES (1, ?, 1, 1, 0)",
                 "i", bag);
  g_assert_no_error (error);
  g_assert_true (fovea_store_undo (p.store, &result, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (result.n_conflicts, >, 0);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM concepts WHERE name = 'Bag'"), ==, 1);
  fovea_store_undo_result_clear (&result);
  assert_clean (p.store);

  /* A child whose parent has gone for good does not come back alone. */
  begin (p.store, "clear");
  fovea_store_clear_labels (p.store, i, 1, hat, NULL, &error);
  commit (p.store);
  fovea_sql_exec (
    p.store, "DELETE FROM annotations WHERE input_id = 1; DELETE FROM inputs WHERE id = 1", &error);
  g_assert_no_error (error);
  g_assert_true (fovea_store_undo (p.store, &result, &error));
  g_assert_cmpuint (result.n_conflicts, >, 0);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations WHERE input_id = 1"), ==, 0);
  assert_clean (p.store);
}

static void
test_limits (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GPtrArray) commands = NULL;
  GError *error = NULL;
  gint64 hat;
  const gint64 *i;

  project_init (&p);
  ids = add_pictures (p.store, "a", 100);
  i = (const gint64 *) (void *) ids->data;
  hat = add_concept (p.store, "Hat");
  fovea_store_set_history_limits (p.store, 5, G_MAXSSIZE);
  for (int n = 0; n < 20; n++)
    label (p.store, i + n, 1, hat, 1);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM commands"), ==, 5);
  for (int n = 0; n < 5; n++)
    g_assert_true (fovea_store_undo (p.store, NULL, &error));
  g_assert_false (fovea_store_undo (p.store, NULL, NULL));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 15);

  /* By size the newest stays however large. */
  fovea_store_set_history_limits (p.store, 1000, 300);
  label (p.store, i, 100, hat, 0);
  commands = fovea_store_list_commands (p.store, 10, &error);
  g_assert_cmpuint (commands->len, ==, 1);
  g_assert_cmpuint (((FoveaStoreCommand *) commands->pdata[0])->n_bytes, >, 300);
  g_assert_true (fovea_store_undo (p.store, NULL, &error));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations WHERE value = 1"), ==, 15);
  assert_clean (p.store);
}

/* One random change of many kinds. */
static void
random_change (FoveaStore *store,
               guint       serial)
{
  GError *error = NULL;
  g_autofree char *name = g_strdup_printf ("c%u", serial);
  g_autofree char *path = g_strdup_printf ("/pictures/%u.png", serial);
  gint64 input
    = count (store, "SELECT ifnull ((SELECT id FROM inputs ORDER BY random() LIMIT 1), 0)");
  gint64 concept_
    = count (store, "SELECT ifnull ((SELECT id FROM concepts ORDER BY random() LIMIT 1), 0)");
  gint64 region
    = count (store, "SELECT ifnull ((SELECT id FROM regions ORDER BY random() LIMIT 1), 0)");
  FoveaStoreRegion box
    = { .input = input, .left = 0.1, .top = 0.1, .right = 0.5, .bottom = 0.6, .score = 1 };
  FoveaStoreInput row = { .path = path };
  const FoveaStoreInput *one = &row;
  FoveaStoreAnnotation said
    = { .input = input, .concept = concept_, .value = g_test_rand_int_range (0, 2) };
  guint kind = input == 0 || concept_ == 0 ? serial % 2 : (guint) g_test_rand_int_range (0, 12);

  if (kind == 0)
    fovea_store_add_inputs (store, &one, 1, NULL, NULL, &error);
  else if (kind == 1)
    fovea_store_ensure_concept (store, NULL, name, &concept_, &error);
  else if (kind <= 4)
    fovea_store_put_annotations (store, &said, 1, NULL, &error);
  else if (kind == 5)
    fovea_store_add_region (store, &box, NULL, &error);
  else if (kind == 6 && region != 0)
    {
      said.region = region;
      said.input = count (store, "SELECT max(input_id) FROM regions");
      said.region = count (
        store, "SELECT max(id) FROM regions WHERE input_id = (SELECT max(input_id) FROM regions)");
      fovea_store_put_annotations (store, &said, 1, NULL, &error);
    }
  else if (kind == 7)
    fovea_store_set_split (store, &input, 1, serial % 3 == 0 ? "train" : "test", NULL, &error);
  else if (kind == 8 && serial % 4 == 0)
    fovea_store_remove_inputs (store, &input, 1, NULL, &error);
  else if (kind == 9 && serial % 5 == 0)
    fovea_store_remove_concept (store, concept_, &error);
  else if (kind == 10 && region != 0)
    fovea_store_remove_region (store, region, &error);
  else
    fovea_store_set_setting (store, serial % 2 == 0 ? "a" : "b", name, &error);
  g_assert_no_error (error);
}

/* States kept in memory; the file has to go through the very same ones, back and forth. */
static void
test_random (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GPtrArray) states = g_ptr_array_new_with_free_func (g_free);
  guint at = 0;

  project_init (&p);
  g_ptr_array_add (states, dump_tracked (p.store));
  for (guint serial = 0; serial < 200; serial++)
    {
      g_autofree char *state = NULL;
      GError *error = NULL;
      g_auto (FoveaStoreUndoResult) result = { 0 };
      int dice = g_test_rand_int_range (0, 10);

      if (dice < 6)
        {
          begin (p.store, "random");
          for (int n = g_test_rand_int_range (1, 5); n > 0; n--)
            random_change (p.store, serial * 7 + (guint) n);
          if (commit (p.store) != 0)
            {
              g_ptr_array_set_size (states, (gint) at + 1);
              g_ptr_array_add (states, dump_tracked (p.store));
              at++;
            }
        }
      else if (dice < 9 && at > 0)
        {
          g_assert_true (fovea_store_undo (p.store, &result, &error));
          at--;
        }
      else if (dice < 9 || at + 1 >= states->len)
        project_reopen (&p);
      else
        {
          g_assert_true (fovea_store_redo (p.store, &result, &error));
          at++;
        }
      g_assert_no_error (error);
      g_assert_cmpuint (result.n_conflicts, ==, 0);
      state = dump_tracked (p.store);
      g_assert_cmpstr (state, ==, states->pdata[at]);
    }
  assert_clean (p.store);
}

/* A model that was trained since it was made goes all the same, and comes back with its version and what that said. */
static void
test_trained_model (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  g_autofree char *before = NULL, *trained = NULL, *back = NULL, *again = NULL;
  g_auto (FoveaStoreUndoResult) result = { 0 };
  FoveaStoreVersion row = { .status = FOVEA_STORE_VERSION_TRAINED };
  GError *error = NULL;
  gint64 hat, version, job;

  project_init (&p);
  ids = add_pictures (p.store, "a", 3);
  hat = add_concept (p.store, "Hat");
  before = dump_tracked (p.store);
  row.model = add_model (p.store, "hats", hat);
  g_assert_true (fovea_store_add_version (p.store, &row, &version, &error));
  fovea_sql_run (p.store, &error,
                 "INSERT INTO annotations (input_id, concept_id, version_id, value, score, created_at) VALUES (1, ?, ?, 1, 1, 0)",
                 "ii", hat, version);
  g_assert_no_error (error);
  trained = dump_tracked (p.store);

  /* Not while it is trained. */
  g_assert_true (fovea_store_claim_job (p.store, "train", "model:hats", "Train hats", NULL, &job, NULL, &error));
  g_assert_false (fovea_store_undo (p.store, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_BUSY);
  g_clear_error (&error);
  g_assert_true (fovea_store_release_job (p.store, job, FOVEA_STORE_JOB_DONE, "", &error));

  for (guint round = 0; round < 3; round++)
    {
      g_assert_true (fovea_store_undo (p.store, &result, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (result.n_conflicts, ==, 0);
      fovea_store_undo_result_clear (&result);
      g_free (back);
      back = dump_tracked (p.store);
      g_assert_cmpstr (back, ==, before);
      assert_clean (p.store);
      project_reopen (&p);
      g_assert_true (fovea_store_redo (p.store, &result, &error));
      g_assert_cmpuint (result.n_conflicts, ==, 0);
      fovea_store_undo_result_clear (&result);
      g_free (again);
      again = dump_tracked (p.store);
      g_assert_cmpstr (again, ==, trained);
      assert_clean (p.store);
      /* What the history does not know may change meanwhile. */
      fovea_sql_run (p.store, &error, "UPDATE model_versions SET metrics = ? WHERE id = ?", "ti",
                     round == 0 ? "{\"a\":1}" : "{\"a\":2}", version);
      g_assert_no_error (error);
      g_free (trained);
      trained = dump_tracked (p.store);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/store/undo/label-and-back", test_label_and_back);
  g_test_add_func ("/store/undo/new-command-drops-redo", test_new_command_drops_redo);
  g_test_add_func ("/store/undo/failed-change-dooms", test_failed_change_dooms);
  g_test_add_func ("/store/undo/long-command", test_long_command);
  g_test_add_func ("/store/undo/conflicts", test_conflicts);
  g_test_add_func ("/store/undo/trained-model", test_trained_model);
  g_test_add_func ("/store/undo/limits", test_limits);
  g_test_add_func ("/store/undo/random", test_random);
  return g_test_run ();
}
