/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include "engine/catalog.h"
#include "engine/model-actions.h"

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* The result of an _async call whose callback is keep_result(). */
static GAsyncResult *
wait_for (GAsyncResult **result)
{
  WAIT_FOR (*result != NULL);
  return *result;
}

static char *
create (Scratch *scratch, const char *name)
{
  g_autoptr (GAsyncResult) drafted = NULL;
  g_autoptr (GAsyncResult) created = NULL;
  g_autoptr (GObject) params = NULL;
  g_autoptr (GError) error = NULL;
  char *id;

  fovea_project_draft_model_async (scratch->project, "embedding-classifier", NULL, keep_result, &drafted);
  params = fovea_project_draft_model_finish (scratch->project, wait_for (&drafted), &error);
  g_assert_no_error (error);
  fovea_project_create_model_async (scratch->project, name, params, NULL, NULL, keep_result, &created);
  id = fovea_project_create_model_finish (scratch->project, wait_for (&created), &error);
  g_assert_no_error (error);
  return id;
}

static guint
count (FoveaModelList *list)
{
  return g_list_model_get_n_items (G_LIST_MODEL (list));
}

static void
run_job (FoveaJob *job)
{
  g_autoptr (GError) error = NULL;

  fovea_job_wait (job, NULL, NULL, &error);
  g_assert_no_error (error);
  g_object_unref (job);
}

static void
count_emission (gpointer object, guint *n)
{
  *n += 1;
}

/* Creation, renaming, duplicating, deleting, undo: the list follows each, and objects stay what they are. */
static void
test_follows_changes (void)
{
  Scratch scratch;
  FoveaModelList *list;
  FoveaModel *model;
  g_autoptr (GAsyncResult) renamed = NULL, copied = NULL, deleted = NULL, undone = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL, *second = NULL, *copy = NULL, *what = NULL;
  guint n_changed = 0;

  scratch_init (&scratch, FALSE);
  list = fovea_project_get_models (scratch.project);
  g_assert_cmpuint (count (list), ==, 0);
  id = create (&scratch, "Grüne Hüte!");
  g_assert_cmpstr (id, ==, "grune-hute");
  WAIT_FOR (count (list) == 1);
  second = create (&scratch, "Grüne Hüte!");
  g_assert_cmpstr (second, ==, "grune-hute-2");
  WAIT_FOR (count (list) == 2);
  model = fovea_model_list_lookup (list, id);
  g_assert_cmpstr (fovea_model_get_name (model), ==, "Grüne Hüte!");
  g_assert_cmpint (fovea_model_get_phase (model), ==, FOVEA_MODEL_UNTRAINED);
  g_signal_connect (model, "changed", G_CALLBACK (count_emission), &n_changed);

  fovea_project_rename_model_async (scratch.project, id, "Hats", "For the shop", NULL, keep_result, &renamed);
  g_assert_true (fovea_project_rename_model_finish (scratch.project, wait_for (&renamed), &error));
  WAIT_FOR (n_changed > 0);
  g_assert_true (fovea_model_list_lookup (list, id) == model);
  g_assert_cmpstr (fovea_model_get_name (model), ==, "Hats");
  g_assert_cmpstr (fovea_model_get_notes (model), ==, "For the shop");

  fovea_project_duplicate_model_async (scratch.project, id, "Hats again", NULL, keep_result, &copied);
  copy = fovea_project_duplicate_model_finish (scratch.project, wait_for (&copied), &error);
  g_assert_cmpstr (copy, ==, "hats-again");
  WAIT_FOR (count (list) == 3);
  fovea_project_delete_model_async (scratch.project, copy, NULL, keep_result, &deleted);
  g_assert_true (fovea_project_delete_model_finish (scratch.project, wait_for (&deleted), &error));
  WAIT_FOR (count (list) == 2);
  fovea_project_undo_async (scratch.project, NULL, keep_result, &undone);
  what = fovea_project_undo_finish (scratch.project, wait_for (&undone), &error);
  g_assert_cmpstr (what, ==, "delete model Hats again");
  WAIT_FOR (count (list) == 3);
  g_signal_handlers_disconnect_by_data (model, &n_changed);
  scratch_clear (&scratch);
}

/* A model goes with what it was trained to when its creation is undone, and is there with it after redo. */
static void
test_undo_of_a_trained_model (void)
{
  Scratch scratch;
  FoveaModelList *list;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (GAsyncResult) undone = NULL, redone = NULL;
  g_autofree char *id = NULL, *what = NULL, *again = NULL;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data", 8, 0);
  import = scratch_import (&scratch, "data");
  list = fovea_project_get_models (scratch.project);
  id = create (&scratch, "Colours");
  WAIT_FOR (count (list) == 1);
  run_job (fovea_project_train (scratch.project, id, NULL));
  WAIT_FOR (fovea_model_get_current (fovea_model_list_lookup (list, id)) != NULL);
  fovea_project_undo_async (scratch.project, NULL, keep_result, &undone);
  what = fovea_project_undo_finish (scratch.project, wait_for (&undone), NULL);
  g_assert_cmpstr (what, ==, "create model Colours");
  WAIT_FOR (count (list) == 0);
  fovea_project_redo_async (scratch.project, NULL, keep_result, &redone);
  again = fovea_project_redo_finish (scratch.project, wait_for (&redone), NULL);
  g_assert_cmpstr (again, ==, what);
  WAIT_FOR (count (list) == 1 && fovea_model_get_current (fovea_model_list_lookup (list, id)) != NULL);
  scratch_clear (&scratch);
}

static FoveaEvaluation *
load (Scratch *scratch, FoveaModelVersion *version, const char *split)
{
  g_autoptr (GAsyncResult) loaded = NULL;
  g_autoptr (GError) error = NULL;
  FoveaEvaluation *evaluation;

  fovea_project_load_evaluation_async (scratch->project, fovea_model_version_get_id (version), split, NULL, keep_result, &loaded);
  evaluation = fovea_project_load_evaluation_finish (scratch->project, wait_for (&loaded), &error);
  g_assert_no_error (error);
  return evaluation;
}

/* A training and an evaluation show in the list, and the rows behind their figures are there after a restart. */
static void
test_versions_and_evaluations (void)
{
  Scratch scratch;
  FoveaModelList *list;
  FoveaModel *model;
  FoveaModelVersion *version;
  const FoveaHeadline *headline;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaEvaluation) kfold = NULL, test = NULL;
  g_autofree char *id = NULL, *path = NULL;
  g_autoptr (GError) error = NULL;
  FoveaJob *job;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data/train", 12, 0);
  scratch_classes (&scratch, "data/test", 4, 500);
  import = scratch_import (&scratch, "data");
  list = fovea_project_get_models (scratch.project);
  id = create (&scratch, "m");
  WAIT_FOR (count (list) == 1);
  model = fovea_model_list_lookup (list, id);
  job = fovea_project_train (scratch.project, id, NULL);
  g_assert_true (fovea_model_get_job (model) == job);
  g_assert_cmpint (fovea_model_get_phase (model), ==, FOVEA_MODEL_TRAINING);
  run_job (job);
  WAIT_FOR (fovea_model_get_current (model) != NULL && fovea_model_get_job (model) == NULL);
  version = fovea_model_get_current (model);
  g_assert_cmpint (fovea_model_get_phase (model), ==, FOVEA_MODEL_TRAINED);
  g_assert_cmpuint (fovea_model_version_get_number (version), ==, 1);
  g_assert_cmpuint (fovea_model_version_get_n_pictures (version), ==, 24);
  g_assert_cmpstr (fovea_model_version_get_split (version), ==, "train");
  headline = fovea_model_version_get_headline (version);
  g_assert_true (headline->known && headline->split == NULL && !headline->held_out);
  g_assert_cmpuint (headline->n, ==, 24);
  g_assert_cmpuint (headline->n_fewest, ==, 12);

  run_job (fovea_project_evaluate (scratch.project, id, "test"));
  WAIT_FOR (fovea_model_version_get_headline (fovea_model_get_current (model))->split != NULL);
  version = fovea_model_get_current (model);
  headline = fovea_model_version_get_headline (version);
  g_assert_cmpstr (headline->split, ==, "test");
  g_assert_cmpuint (headline->n, ==, 8);
  g_assert_cmpuint (headline->n_fewest, ==, 4); /* too few for a percentage */
  g_assert_true (fovea_model_version_has_kfold (version));

  path = g_strdup (fovea_project_get_path (scratch.project));
  fovea_project_close (scratch.project);
  scratch_settle ();
  g_object_unref (scratch.project);
  scratch.project = fovea_project_open (path, &error);
  g_assert_no_error (error);
  model = fovea_model_list_lookup (fovea_project_get_models (scratch.project), id);
  version = fovea_model_get_current (model);
  test = load (&scratch, version, "test");
  kfold = load (&scratch, version, NULL);
  g_assert_cmpuint (fovea_evaluation_get_accuracy (test, 1).n, ==, 8);
  g_assert_cmpuint (fovea_evaluation_get_accuracy (kfold, 1).n, ==, 24);
  g_assert_cmpfloat (fovea_evaluation_get_accuracy (test, 1).value, ==, fovea_model_version_get_headline (version)->value);
  for (gsize i = 0; i < fovea_evaluation_get_n_rows (test); i++)
    g_assert_cmpint (fovea_evaluation_get_id (test, i), >, 0);
  scratch_clear (&scratch);
}

/* Two versions on the same pictures; an evaluation that was not made is an error. */
static void
test_older_version (void)
{
  Scratch scratch;
  FoveaModel *model;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaModelVersion) first = NULL;
  g_autoptr (FoveaEvaluation) evaluation = NULL;
  g_autoptr (GAsyncResult) missing = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data/train", 6, 0);
  scratch_classes (&scratch, "data/test", 4, 500);
  import = scratch_import (&scratch, "data");
  id = create (&scratch, "m");
  run_job (fovea_project_train (scratch.project, id, NULL));
  run_job (fovea_project_train (scratch.project, id, NULL));
  WAIT_FOR (count (fovea_project_get_models (scratch.project)) == 1);
  model = fovea_model_list_lookup (fovea_project_get_models (scratch.project), id);
  WAIT_FOR (g_list_model_get_n_items (fovea_model_get_versions (model)) == 2);
  first = g_list_model_get_item (fovea_model_get_versions (model), 1);
  g_assert_cmpuint (fovea_model_version_get_number (first), ==, 1);
  run_job (fovea_project_evaluate_version (scratch.project, id, fovea_model_version_get_id (first), "test"));
  evaluation = load (&scratch, first, "test");
  g_assert_cmpuint (fovea_evaluation_get_accuracy (evaluation, 1).n, ==, 8);
  fovea_project_load_evaluation_async (scratch.project, fovea_model_version_get_id (fovea_model_get_current (model)), "test", NULL,
                                       keep_result, &missing);
  g_assert_null (fovea_project_load_evaluation_finish (scratch.project, wait_for (&missing), &error));
  g_assert_nonnull (error);
  scratch_clear (&scratch);
}

/* Asked to, a training measures its version on the pictures set aside and where the one before was measured; never on what it
 * learned from, and it says nothing of splits without labels. */
static void
test_training_measures (void)
{
  Scratch scratch;
  FoveaModel *model;
  const FoveaTrainOptions measured = { .evaluate = TRUE }, on_test = { .split = "test", .evaluate = TRUE };
  g_autoptr (FoveaJob) import = NULL, first = NULL;
  g_autofree char *id = NULL;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data/train", 6, 0);
  scratch_classes (&scratch, "data/test", 4, 500);
  scratch_classes (&scratch, "data/val", 3, 900);
  import = scratch_import (&scratch, "data");
  id = create (&scratch, "m");
  WAIT_FOR (count (fovea_project_get_models (scratch.project)) == 1);
  model = fovea_model_list_lookup (fovea_project_get_models (scratch.project), id);
  first = fovea_project_train (scratch.project, id, &measured);
  g_assert_true (fovea_job_wait (first, NULL, NULL, NULL));
  g_assert_true (g_str_has_suffix (fovea_job_get_summary (first), "on test"));
  g_assert_nonnull (strstr (fovea_job_get_result_json (first), "\"model\""));
  WAIT_FOR (fovea_model_get_current (model) != NULL && fovea_model_version_get_headline (fovea_model_get_current (model))->split != NULL);
  g_assert_cmpstr (fovea_model_version_get_headline (fovea_model_get_current (model))->split, ==, "test");
  run_job (fovea_project_evaluate (scratch.project, id, "val"));
  run_job (fovea_project_train (scratch.project, id, &measured));
  WAIT_FOR (g_list_model_get_n_items (fovea_model_get_versions (model)) == 2
            && g_strv_length ((char **) fovea_model_version_get_splits (fovea_model_get_current (model))) == 2);
  run_job (fovea_project_train (scratch.project, id, &on_test));
  WAIT_FOR (g_list_model_get_n_items (fovea_model_get_versions (model)) == 3
            && g_strv_length ((char **) fovea_model_version_get_splits (fovea_model_get_current (model))) == 1);
  g_assert_cmpstr (fovea_model_version_get_splits (fovea_model_get_current (model))[0], ==, "val");
  scratch_clear (&scratch);
}

static void
test_try (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (GAsyncResult) tried = NULL, failed = NULL;
  g_autoptr (GPtrArray) answers = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL, *red = NULL, *nothing = NULL;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data", 8, 0);
  import = scratch_import (&scratch, "data");
  id = create (&scratch, "m");
  run_job (fovea_project_train (scratch.project, id, NULL));
  red = scratch_path (&scratch, "data/red/003.png");
  nothing = scratch_path (&scratch, "nothing.png");
  fovea_model_try_async (scratch.project, id, red, 2, NULL, keep_result, &tried);
  answers = fovea_model_try_finish (wait_for (&tried), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (answers->len, ==, 2);
  g_assert_cmpstr (((FoveaAnswer *) g_ptr_array_index (answers, 0))->name, ==, "red");
  g_assert_cmpfloat (((FoveaAnswer *) g_ptr_array_index (answers, 0))->value, >, 0.5);
  fovea_model_try_async (scratch.project, id, nothing, 2, NULL, keep_result, &failed);
  g_assert_null (fovea_model_try_finish (wait_for (&failed), &error));
  g_assert_nonnull (error);
  g_assert_false (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  scratch_clear (&scratch);
}

static void
test_catalog (void)
{
  for (const char *const *id = fovea_catalog_get_types (); *id != NULL; id++)
    {
      FoveaTypeCard card;

      g_assert_true (fovea_catalog_get_card (*id, &card));
      g_assert_true (card.question[0] != '\0' && card.example[0] != '\0' && card.title[0] != '\0');
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/model-list/follows-changes", test_follows_changes);
  g_test_add_func ("/engine/model-list/undo-of-a-trained-model", test_undo_of_a_trained_model);
  g_test_add_func ("/engine/model-list/versions-and-evaluations", test_versions_and_evaluations);
  g_test_add_func ("/engine/model-list/older-version", test_older_version);
  g_test_add_func ("/engine/model-list/training-measures", test_training_measures);
  g_test_add_func ("/engine/model-list/try", test_try);
  g_test_add_func ("/engine/model-list/catalog", test_catalog);
  return g_test_run ();
}
