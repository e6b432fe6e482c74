/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-undo.h"

#include "store-testing.h"
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/store/undo/label-and-back", test_label_and_back);
  return g_test_run ();
}
