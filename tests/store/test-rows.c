/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "store-testing.h"
#include "store/store-clusters.h"
#include "store/store-columns.h"
#include "store/store-datasets.h"
#include "store/store-fields.h"
#include "store/store-input-list.h"
#include "store/store-jobs.h"
#include "store/store-models.h"
#include "store/store-paths.h"
#include "store/store-regions.h"
#include "store/store-settings.h"
#include "store/store-vectors.h"
#include "store/store-weights.h"
#include "store/store-workflows.h"

#define IDS(array) ((gint64 *) (void *) (array)->data)

static void
test_paths (void)
{
  static const struct {
    const char *path;
    const char *folder;
    gboolean below;
  } rows[] = {
    { "/a/b", "/a", TRUE }, { "/a", "/a", TRUE }, { "/a/b", "/", TRUE }, { "/ab", "/a", FALSE },
    { "/a/../etc/passwd", "/a", FALSE }, { "/a/./b/../c", "/a", TRUE }, { "/a/b", "/a/", TRUE },
    { "/b", "/a", FALSE }, { "/a//b", "/a", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpint (fovea_store_path_is_below (rows[i].path, rows[i].folder), ==, rows[i].below);

  {
    g_autofree char *below = fovea_store_path_to_stored ("/p", "/p/x/y.png");
    g_autofree char *beside = fovea_store_path_to_stored ("/p", "/pq/y.png");
    g_autofree char *escape = fovea_store_path_from_stored ("/p/q", "../../etc/passwd");
    g_autofree char *name = fovea_store_display_name ("/p/a\nb\xff" "c\xe2\x80\xae" "gpj.exe");

    g_assert_cmpstr (below, ==, "x/y.png");
    g_assert_cmpstr (beside, ==, "/pq/y.png");
    g_assert_cmpstr (escape, ==, "/etc/passwd");
    g_assert_true (g_utf8_validate (name, -1, NULL));
    g_assert_null (strchr (name, '\n'));
    g_assert_null (strstr (name, "\xe2\x80\xae"));
  }
}

static void
test_odd_names (void)
{
  static const char *const names[] = {
    "a b.png",      "new\nline.png", "\xff\xfe.png", "'; DROP TABLE inputs; --",
    "\xc3\xa9.png", "-rf",           "a\x01z",
  };
  g_auto (Project) p = { 0 };
  GError *error = NULL;

  project_init (&p);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (p.folder, "pictures", names[i], NULL);
      FoveaStoreInput row = { .path = path };
      const FoveaStoreInput *one = &row;
      g_autoptr (FoveaStoreInput) back = NULL;
      gint64 id, found;
      gboolean added;

      begin (p.store, "add");
      g_assert_true (fovea_store_add_inputs (p.store, &one, 1, &id, &added, &error));
      g_assert_true (added);
      commit (p.store);
      g_assert_true (fovea_store_find_input_by_path (p.store, path, &found, &error));
      g_assert_cmpint (found, ==, id);
      back = fovea_store_get_input (p.store, id, &error);
      g_assert_cmpstr (back->path, ==, path);
      g_assert_true (g_utf8_validate (back->name, -1, NULL));
    }
  /* Below the project: kept relative, found at its new place when both have moved. */
  g_assert_cmpint (
    count (p.store,
           "SELECT count(*) FROM inputs WHERE substr (path, 1, 9) = CAST ('pictures/' AS BLOB)"),
    ==, G_N_ELEMENTS (names));
  assert_clean (p.store);
}

static gboolean
count_row (const FoveaStoreInput *input,
           gpointer               user_data)
{
  gsize *n = user_data;

  g_assert_nonnull (input->path);
  return ++*n < 4;
}

static void
test_inputs (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL, again = NULL, same = NULL, briefs = NULL;
  g_autoptr (FoveaStoreInput) input = NULL, moved = NULL;
  g_autoptr (GPtrArray) splits = NULL, page = NULL;
  g_autofree char *old_folder = NULL, *path = NULL;
  FoveaStoreFilter filter = { 0 };
  GError *error = NULL;
  gsize n = 0, states[3];

  project_init (&p);
  ids = add_pictures (p.store, "a", 10);
  again = add_pictures (p.store, "a", 12);
  g_assert_cmpint (memcmp (ids->data, again->data, 10 * sizeof (gint64)), ==, 0);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM inputs"), ==, 12);

  input = fovea_store_get_input (p.store, IDS (ids)[3], &error);
  g_assert_cmpuint (strlen (input->public_id), ==, 32);
  g_assert_cmpuint (input->width, ==, 640);
  g_assert_cmpint (input->state, ==, FOVEA_STORE_INPUT_UNTOUCHED);
  same = fovea_store_find_inputs_by_sha256 (p.store, input->sha256, &error);
  g_assert_cmpuint (same->len, ==, 1);
  g_assert_cmpint (IDS (same)[0], ==, input->id);

  begin (p.store, "split");
  g_assert_true (fovea_store_set_split (p.store, IDS (ids), 10, "train", &n, &error));
  g_assert_cmpuint (n, ==, 10);
  g_assert_true (fovea_store_set_split (p.store, IDS (ids), 4, "train", &n, &error));
  g_assert_cmpuint (n, ==, 0);
  g_assert_true (
    fovea_store_set_state (p.store, IDS (ids), 2, FOVEA_STORE_INPUT_COMPLETE, &n, &error));
  g_assert_true (fovea_store_set_group (p.store, IDS (ids), 3, "patient 1", &n, &error));
  commit (p.store);
  splits = fovea_store_count_splits (p.store, &error);
  g_assert_cmpuint (splits->len, ==, 2);
  g_assert_cmpstr (((FoveaStoreCount *) splits->pdata[1])->name, ==, "train");
  g_assert_cmpuint (((FoveaStoreCount *) splits->pdata[1])->count, ==, 10);
  g_assert_true (fovea_store_count_states (p.store, states, &error));
  g_assert_cmpuint (states[2], ==, 2);

  g_assert_true (fovea_store_set_missing (p.store, IDS (ids), 3, TRUE, &error));
  filter.missing = 1;
  filter.split = "train";
  filter.group = "patient 1";
  filter.state = -1 - FOVEA_STORE_INPUT_COMPLETE;
  g_assert_true (fovea_store_count_inputs (p.store, &filter, &n, &error));
  g_assert_cmpuint (n, ==, 2);
  filter = (FoveaStoreFilter){ .text = "A-1", .order = FOVEA_STORE_ORDER_NAME, .descending = TRUE };
  briefs = fovea_store_list_inputs (p.store, &filter, &error);
  g_assert_cmpuint (briefs->len, ==, 3);
  g_assert_cmpint (g_array_index (briefs, FoveaStoreInputBrief, 0).id, ==, IDS (again)[11]);

  n = 0;
  g_assert_true (fovea_store_foreach_input (p.store, IDS (ids)[1], 0, count_row, &n, &error));
  g_assert_cmpuint (n, ==, 4);
  page = fovea_store_get_inputs (p.store, IDS (ids), 5, &error);
  g_assert_cmpuint (page->len, ==, 5);
  g_assert_true (((FoveaStoreInput *) page->pdata[0])->missing);

  /* The folder has moved. */
  old_folder = g_build_filename (p.folder, "pictures", NULL);
  begin (p.store, "move");
  g_assert_true (fovea_store_move_inputs (p.store, old_folder, "/elsewhere", &n, &error));
  commit (p.store);
  g_assert_cmpuint (n, ==, 12);
  moved = fovea_store_get_input (p.store, IDS (ids)[0], &error);
  g_assert_cmpstr (moved->path, ==, "/elsewhere/a-0.png");
  g_assert_false (moved->missing);
  begin (p.store, "move one onto another");
  g_assert_false (fovea_store_move_input (p.store, IDS (ids)[0], "/elsewhere/a-1.png", &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT);
  g_clear_error (&error);
  fovea_store_rollback_command (p.store);

  /* Wrong ones. */
  g_clear_pointer (&moved->path, g_free);
  moved->path = g_strdup ("relative.png");
  begin (p.store, "wrong");
  g_assert_false (fovea_store_add_inputs (p.store, (const FoveaStoreInput *const *) &moved, 1, NULL,
                                          NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  fovea_store_rollback_command (p.store);
  g_assert_null (fovea_store_get_input (p.store, 4711, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  assert_clean (p.store);
}

static void
test_concepts (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GPtrArray) list = NULL, relations = NULL;
  g_autoptr (FoveaStoreConcept) hat = NULL;
  GError *error = NULL;
  gint64 red, cap, found;

  project_init (&p);
  ids = add_pictures (p.store, "a", 4);
  red = add_concept (p.store, "  Red \t Hat ");
  cap = add_concept (p.store, "Cap");
  g_assert_cmpint (add_concept (p.store, "RED HAT"), ==, red);
  hat = fovea_store_get_concept (p.store, red, &error);
  g_assert_cmpstr (hat->public_id, ==, "red-hat");
  g_assert_true (fovea_store_find_concept (p.store, "red hat", &found, &error));
  g_assert_cmpint (found, ==, red);
  g_assert_false (fovea_store_find_concept (p.store, "none", &found, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);

  begin (p.store, "wrong");
  g_assert_false (fovea_store_ensure_concept (p.store, NULL, "  ", &found, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (fovea_store_ensure_concept (p.store, NULL, "\xff", &found, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  g_free (hat->colour);
  hat->colour = g_strdup ("red");
  g_assert_false (fovea_store_update_concept (p.store, hat, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  g_free (hat->colour);
  g_free (hat->name);
  hat->colour = g_strdup ("#ff0000");
  hat->name = g_strdup ("Cap");
  g_assert_false (fovea_store_update_concept (p.store, hat, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT);
  g_clear_error (&error);
  g_free (hat->name);
  hat->name = g_strdup ("Scarlet hat");
  g_assert_true (fovea_store_update_concept (p.store, hat, &error));
  g_assert_true (fovea_store_add_relation (p.store, red, "hypernym", cap, &error));
  commit (p.store);
  relations = fovea_store_list_relations (p.store, red, &error);
  g_assert_cmpuint (relations->len, ==, 1);

  /* Merging keeps what was said of the one that stays. */
  label (p.store, IDS (ids), 3, red, 1);
  label (p.store, IDS (ids), 2, cap, 0);
  begin (p.store, "merge");
  g_assert_true (fovea_store_merge_concepts (p.store, red, cap, &error));
  commit (p.store);
  list = fovea_store_list_concepts (p.store, &error);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_cmpuint (((FoveaStoreConcept *) list->pdata[0])->n_positive, ==, 1);
  g_assert_cmpuint (((FoveaStoreConcept *) list->pdata[0])->n_negative, ==, 2);
  g_assert_true (fovea_store_undo (p.store, NULL, &error));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 5);
  assert_clean (p.store);
}

static void
test_annotations (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL, found = NULL, split = NULL, rows = NULL;
  FoveaStoreRegion box = { .left = 0.25, .top = 0.25, .right = 0.5, .bottom = 1.0, .score = 1.0 };
  float points[6] = { 0.3f, 0.3f, 2.0f, 0.4f, 0.5f, 1.0f };
  FoveaStoreAnnotation said = { 0 };
  FoveaStoreFilter filter = { 0 };
  g_autoptr (GPtrArray) regions = NULL;
  GError *error = NULL;
  gint64 hat, bag, region, author;
  gsize n;

  project_init (&p);
  ids = add_pictures (p.store, "a", 6);
  hat = add_concept (p.store, "Hat");
  bag = add_concept (p.store, "Bag");
  box.input = IDS (ids)[0];
  box.points = points;
  box.n_points = 2;
  begin (p.store, "box");
  g_assert_true (fovea_store_add_region (p.store, &box, &region, &error));
  g_assert_true (fovea_store_ensure_author (p.store, "Ada", &author, &error));
  said = (FoveaStoreAnnotation){
    .input = box.input, .region = region, .concept = hat, .value = 1, .author = author
  };
  g_assert_true (fovea_store_put_annotations (p.store, &said, 1, &n, &error));
  g_assert_true (fovea_store_put_annotations (p.store, &said, 1, &n, &error));
  g_assert_cmpuint (n, ==, 0);
  g_assert_true (fovea_store_label_inputs (p.store, IDS (ids), 3, bag, 1, author, &n, &error));
  g_assert_true (fovea_store_set_split (p.store, IDS (ids), 2, "train", NULL, &error));
  commit (p.store);

  regions = fovea_store_get_regions (p.store, box.input, &error);
  g_assert_cmpuint (regions->len, ==, 1);
  g_assert_cmpfloat (((FoveaStoreRegion *) regions->pdata[0])->bottom, ==, 1.0);
  g_assert_cmpfloat (((FoveaStoreRegion *) regions->pdata[0])->points[4], ==, 0.5f);

  found = fovea_store_get_labels (p.store, NULL, 0, 0, &error);
  g_assert_cmpuint (found->len, ==, 4);
  g_assert_cmpint (g_array_index (found, FoveaStoreAnnotation, 0).author, ==, author);
  split = fovea_store_get_training_labels (p.store, "train", &bag, 1, &error);
  g_assert_cmpuint (split->len, ==, 2);

  filter = (FoveaStoreFilter) { .label = FOVEA_STORE_LABEL_NONE };
  rows = fovea_store_list_inputs (p.store, &filter, &error);
  g_assert_cmpuint (rows->len, ==, 3);
  filter = (FoveaStoreFilter) { .concept = hat, .label = FOVEA_STORE_LABEL_POSITIVE };
  g_assert_true (fovea_store_count_inputs (p.store, &filter, &n, &error));
  g_assert_cmpuint (n, ==, 1);
  filter = (FoveaStoreFilter) { .concept = hat, .label = FOVEA_STORE_LABEL_NONE };
  g_assert_true (fovea_store_count_inputs (p.store, &filter, &n, &error));
  g_assert_cmpuint (n, ==, 5);

  /* Wrong ones: a value, a concept, a box outside, a box of nothing. */
  begin (p.store, "wrong");
  said.value = 2;
  g_assert_false (fovea_store_put_annotations (p.store, &said, 1, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  fovea_store_rollback_command (p.store);
  begin (p.store, "wrong");
  g_assert_false (fovea_store_label_inputs (p.store, IDS (ids), 1, 99, 1, 0, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);
  fovea_store_rollback_command (p.store);
  begin (p.store, "wrong");
  said.value = 1;
  said.score = NAN;
  g_assert_false (fovea_store_put_annotations (p.store, &said, 1, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  fovea_store_rollback_command (p.store);
  begin (p.store, "wrong");
  box.right = 1.5;
  g_assert_false (fovea_store_add_region (p.store, &box, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  box.right = NAN;
  g_assert_false (fovea_store_add_region (p.store, &box, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  fovea_store_rollback_command (p.store);

  begin (p.store, "clear");
  g_assert_true (fovea_store_clear_labels (p.store, IDS (ids), 6, 0, &n, &error));
  g_assert_cmpuint (n, ==, 3);
  g_assert_true (fovea_store_remove_region (p.store, region, &error));
  commit (p.store);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 0);
  assert_clean (p.store);
}

static void
test_fields (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GPtrArray) values = NULL, fields = NULL;
  GError *error = NULL;
  gint64 note, weight;

  project_init (&p);
  ids = add_pictures (p.store, "a", 2);
  begin (p.store, "columns");
  g_assert_true (fovea_store_ensure_field (p.store, "note", FOVEA_STORE_FIELD_TEXT, &note, &error));
  g_assert_true (
    fovea_store_ensure_field (p.store, "weight", FOVEA_STORE_FIELD_NUMBER, &weight, &error));
  g_assert_false (
    fovea_store_ensure_field (p.store, "note", FOVEA_STORE_FIELD_DATE, &weight, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT);
  g_clear_error (&error);
  {
    FoveaStoreFieldValue a = { .input = IDS (ids)[0], .field = note, .text = (char *) "wet" };
    FoveaStoreFieldValue b = { .input = IDS (ids)[0], .field = weight, .number = 2.5 };
    const FoveaStoreFieldValue *both[] = { &a, &b };

    g_assert_true (fovea_store_set_field_values (p.store, both, 2, &error));
    commit (p.store);
    values = fovea_store_get_field_values (p.store, IDS (ids)[0], &error);
    g_assert_cmpuint (values->len, ==, 2);
    g_assert_cmpstr (((FoveaStoreFieldValue *) values->pdata[0])->text, ==, "wet");
    g_assert_cmpfloat (((FoveaStoreFieldValue *) values->pdata[1])->number, ==, 2.5);

    begin (p.store, "wrong");
    a.field = 99;
    g_assert_false (fovea_store_set_field_values (p.store, both, 1, &error));
    g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
    g_clear_error (&error);
    fovea_store_rollback_command (p.store);
  }
  begin (p.store, "remove");
  g_assert_true (fovea_store_remove_field (p.store, note, &error));
  commit (p.store);
  fields = fovea_store_list_fields (p.store, &error);
  g_assert_cmpuint (fields->len, ==, 1);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM field_values"), ==, 1);
}

static void
test_datasets (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  g_autoptr (FoveaStoreDatasetVersion) one = NULL, two = NULL, three = NULL;
  g_autoptr (GPtrArray) rows = NULL, versions = NULL, sets = NULL;
  FoveaStoreFilter filter = { .dataset = "my-set" };
  GError *error = NULL;
  gint64 hat, set;
  gsize n;

  project_init (&p);
  ids = add_pictures (p.store, "a", 6);
  hat = add_concept (p.store, "Hat \"x\"");
  label (p.store, IDS (ids), 3, hat, 1);
  begin (p.store, "dataset");
  g_assert_true (fovea_store_ensure_dataset (p.store, "My set", &set, &error));
  g_assert_true (fovea_store_add_to_dataset (p.store, set, IDS (ids), 4, &n, &error));
  g_assert_cmpuint (n, ==, 4);
  commit (p.store);
  sets = fovea_store_list_datasets (p.store, &error);
  g_assert_cmpuint (((FoveaStoreDataset *) sets->pdata[0])->n_inputs, ==, 4);

  one = fovea_store_freeze_dataset (p.store, set, "first", &filter, &error);
  g_assert_no_error (error);
  two = fovea_store_freeze_dataset (p.store, set, "same", &filter, &error);
  g_assert_cmpuint (strlen (one->public_id), ==, 32);
  g_assert_cmpuint (one->n_rows, ==, 4);
  g_assert_cmpstr (one->data_hash, ==, two->data_hash);
  label (p.store, IDS (ids), 1, hat, 0);
  three = fovea_store_freeze_dataset (p.store, set, "changed", &filter, &error);
  g_assert_cmpstr (one->data_hash, !=, three->data_hash);

  /* What was frozen stays when the pictures go. */
  begin (p.store, "remove");
  g_assert_true (fovea_store_remove_inputs (p.store, IDS (ids), 6, &n, &error));
  g_assert_true (fovea_store_remove_dataset (p.store, set, &error));
  commit (p.store);
  rows = fovea_store_get_dataset_rows (p.store, one->id, &error);
  g_assert_cmpuint (rows->len, ==, 4);
  n = 0;
  for (guint i = 0; i < rows->len; i++)
    n += g_str_equal (((FoveaStoreDatasetRow *) rows->pdata[i])->labels,
                      "[{\"concept\":\"hat-\\\"x\\\"\",\"value\":1}]");
  g_assert_cmpuint (n, ==, 3);
  versions = fovea_store_list_dataset_versions (p.store, -1, &error);
  g_assert_cmpuint (versions->len, ==, 3);
  assert_clean (p.store);
}

static void
test_models (void)
{
  static const char *const wrong_ids[] = { "", "-a", "a-", "a--b", "a b", "\xc3\xa9", "a/b",
                                           "0123456789012345678901234567890123456789012345678" };
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL;
  g_autoptr (FoveaStoreModel) model = NULL;
  g_autoptr (FoveaStoreVersion) version = NULL, current = NULL;
  FoveaStoreAnnotation said = { 0 };
  FoveaStoreVersion row = { .status = FOVEA_STORE_VERSION_TRAINING, .seed = -1 };
  GError *error = NULL;
  gint64 hat, id, v, job;
  gsize n;

  for (gsize i = 0; i < G_N_ELEMENTS (wrong_ids); i++)
    g_assert_false (fovea_store_is_model_id (wrong_ids[i]));
  g_assert_true (fovea_store_is_model_id ("a-b_c9"));

  project_init (&p);
  ids = add_pictures (p.store, "a", 2);
  hat = add_concept (p.store, "Hat");
  id = add_model (p.store, "shoes", hat);
  model = fovea_store_get_model (p.store, id, &error);
  g_assert_cmpstr (model->params, ==, "{\"l2\":0.1}");
  g_assert_cmpuint (model->n_concepts, ==, 1);
  g_assert_cmpint (model->concepts[0], ==, hat);
  begin (p.store, "wrong");
  g_assert_false (fovea_store_add_model (p.store, model, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT);
  g_clear_error (&error);
  fovea_store_rollback_command (p.store);
  g_free (model->params);
  model->params = g_strdup ("[1]");
  begin (p.store, "wrong");
  g_assert_false (fovea_store_update_model (p.store, model, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  fovea_store_rollback_command (p.store);

  row.model = id;
  g_assert_true (fovea_store_add_version (p.store, &row, &v, &error));
  g_assert_null (fovea_store_get_current_version (p.store, id, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* While its job is alive the version cannot go, and is not stale. */
  g_assert_true (fovea_store_claim_job (p.store, "train", "model:shoes", "Train shoes", NULL, &job,
                                        NULL, &error));
  g_assert_true (fovea_store_fail_stale_versions (p.store, &n, &error));
  g_assert_cmpuint (n, ==, 0);
  begin (p.store, "remove");
  g_assert_false (fovea_store_remove_model (p.store, id, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_BUSY);
  g_clear_error (&error);
  fovea_store_rollback_command (p.store);
  g_assert_true (fovea_store_release_job (p.store, job, FOVEA_STORE_JOB_FAILED, "killed", &error));
  g_assert_true (fovea_store_fail_stale_versions (p.store, &n, &error));
  g_assert_cmpuint (n, ==, 1);
  version = fovea_store_get_version (p.store, v, &error);
  g_assert_cmpint (version->status, ==, FOVEA_STORE_VERSION_FAILED);
  g_assert_cmpuint (strlen (version->public_id), ==, 32);

  version->status = FOVEA_STORE_VERSION_TRAINED;
  version->metrics = (g_free (version->metrics), g_strdup ("{\"accuracy\":0.9}"));
  g_assert_true (fovea_store_update_version (p.store, version, &error));
  current = fovea_store_get_current_version (p.store, id, &error);
  g_assert_cmpint (current->id, ==, v);
  g_assert_cmpstr (current->metrics, ==, "{\"accuracy\":0.9}");

  /* Its predictions go and come with it. */
  said = (FoveaStoreAnnotation){
    .input = IDS (ids)[0], .concept = hat, .version = v, .value = 1, .score = 0.7
  };
  begin (p.store, "predict");
  g_assert_true (fovea_store_put_annotations (p.store, &said, 1, NULL, &error));
  commit (p.store);
  {
    FoveaStoreFilter filter = { .version = v, .min_doubt = 0.59, .order = FOVEA_STORE_ORDER_DOUBT };
    g_autoptr (GArray) doubtful = fovea_store_list_inputs (p.store, &filter, &error);

    g_assert_cmpuint (doubtful->len, ==, 1);
    filter.min_doubt = 0.61;
    g_assert_true (fovea_store_count_inputs (p.store, &filter, &n, &error));
    g_assert_cmpuint (n, ==, 0);
  }
  {
    g_autoptr (GArray) strongest = fovea_store_list_strongest (p.store, v, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (strongest->len, ==, 1);
    g_assert_cmpint (g_array_index (strongest, FoveaStoreStrongest, 0).concept_, ==, hat);
    g_assert_cmpfloat (g_array_index (strongest, FoveaStoreStrongest, 0).score, ==, 0.7);
  }
  begin (p.store, "remove");
  g_assert_true (fovea_store_remove_model (p.store, id, &error));
  commit (p.store);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 0);
  g_assert_true (fovea_store_undo (p.store, NULL, &error));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 1);
  g_assert_true (fovea_store_find_version (p.store, version->public_id, &v, &error));
  assert_clean (p.store);
}

static void
test_weights (void)
{
  g_auto (Project) p = { 0 };
  g_autofree guint8 *data = g_malloc (2500000);
  g_autoptr (GBytes) bytes = NULL, empty = g_bytes_new ("", 0), back = NULL, none = NULL;
  g_auto (GStrv) names = NULL;
  FoveaStoreVersion row = { .status = FOVEA_STORE_VERSION_TRAINED };
  GError *error = NULL;
  gint64 v;

  for (gsize i = 0; i < 2500000; i++)
    data[i] = (guint8) (i * 7 + i / 1000);
  bytes = g_bytes_new_static (data, 2500000);
  project_init (&p);
  row.model = add_model (p.store, "shoes", add_concept (p.store, "Hat"));
  g_assert_true (fovea_store_begin_work (p.store, &error));
  g_assert_true (fovea_store_add_version (p.store, &row, &v, &error));
  g_assert_true (fovea_store_put_weights (p.store, v, "onnx", empty, &error));
  g_assert_true (fovea_store_put_weights (p.store, v, "onnx", bytes, &error));
  g_assert_true (fovea_store_put_weights (p.store, v, "head", empty, &error));
  g_assert_true (fovea_store_commit_work (p.store, &error));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM weight_chunks"), ==, 3);
  back = fovea_store_get_weights (p.store, v, "onnx", 0, &error);
  g_assert_true (g_bytes_equal (bytes, back));
  none = fovea_store_get_weights (p.store, v, "head", 0, &error);
  g_assert_cmpuint (g_bytes_get_size (none), ==, 0);
  names = fovea_store_list_weights (p.store, v, &error);
  g_assert_cmpuint (g_strv_length (names), ==, 2);
  g_assert_null (fovea_store_get_weights (p.store, v, "onnx", 1000, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (fovea_store_put_weights (p.store, 99, "onnx", bytes, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* Half a version is no version. */
  g_assert_true (fovea_store_begin_work (p.store, &error));
  g_assert_true (fovea_store_add_version (p.store, &row, NULL, &error));
  fovea_store_rollback_work (p.store);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM model_versions"), ==, 1);

  /* One byte, or a whole chunk, and reading and checking say so. */
  assert_clean (p.store);
  fovea_sql_exec (
    p.store,
    "UPDATE weight_chunks SET data = CAST (x'00' || substr (data, 2) AS BLOB) WHERE position = 1",
    &error);
  g_assert_no_error (error);
  g_assert_null (fovea_store_get_weights (p.store, v, "onnx", 0, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED);
  g_clear_error (&error);
  fovea_sql_exec (p.store, "DELETE FROM weight_chunks WHERE position = 1", &error);
  g_assert_null (fovea_store_get_weights (p.store, v, "onnx", 0, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_DAMAGED);
  g_clear_error (&error);
  {
    g_autoptr (GPtrArray) problems = NULL;

    g_assert_true (fovea_store_check (p.store, NULL, &problems, &error));
    g_assert_cmpuint (problems->len, ==, 1);
  }
}

static void
test_vectors (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL, pending = NULL;
  guint16 vectors[6 * 4], back[6 * 4];
  gint64 found[6], space, other;
  gboolean there[2];
  GError *error = NULL;
  gsize n;

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    vectors[i] = (guint16) (i * 2711);
  project_init (&p);
  ids = add_pictures (p.store, "a", 6);
  g_assert_true (fovea_store_ensure_vector_space (p.store, "aa", "crop", 1, 4, &space, &error));
  g_assert_true (fovea_store_ensure_vector_space (p.store, "aa", "squash", 1, 4, &other, &error));
  g_assert_cmpint (space, !=, other);
  g_assert_false (fovea_store_ensure_vector_space (p.store, "aa", "crop", 1, 5, &other, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_true (
    fovea_store_put_vectors (p.store, space, FOVEA_STORE_OF_INPUT, IDS (ids), vectors, 5, &error));
  g_assert_true (
    fovea_store_put_vectors (p.store, other, FOVEA_STORE_OF_INPUT, IDS (ids), vectors, 1, &error));
  pending = fovea_store_list_pending (p.store, space, 0, &error);
  g_assert_cmpuint (pending->len, ==, 1);
  g_assert_cmpint (IDS (pending)[0], ==, IDS (ids)[5]);

  /* In slices. */
  g_assert_true (
    fovea_store_read_vectors (p.store, space, FOVEA_STORE_OF_INPUT, 0, 3, found, back, &n, &error));
  g_assert_cmpuint (n, ==, 3);
  g_assert_true (fovea_store_read_vectors (p.store, space, FOVEA_STORE_OF_INPUT, found[2], 3,
                                           found + 3, back + 12, &n, &error));
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpint (memcmp (found, ids->data, 5 * sizeof (gint64)), ==, 0);
  g_assert_cmpint (memcmp (vectors, back, 20 * sizeof (guint16)), ==, 0);

  /* Of a removed picture they wait, unseen, for undo. */
  begin (p.store, "remove");
  g_assert_true (fovea_store_remove_inputs (p.store, IDS (ids), 1, NULL, &error));
  commit (p.store);
  g_assert_true (fovea_store_count_vectors (p.store, space, FOVEA_STORE_OF_INPUT, &n, &error));
  g_assert_cmpuint (n, ==, 4);
  g_assert_true (fovea_store_compact (p.store, &error));
  g_assert_no_error (error);
  g_assert_true (fovea_store_undo (p.store, NULL, &error));
  g_assert_true (fovea_store_count_vectors (p.store, space, FOVEA_STORE_OF_INPUT, &n, &error));
  g_assert_cmpuint (n, ==, 5);

  /* Gone from the history too, they go. */
  g_assert_true (fovea_store_redo (p.store, NULL, &error));
  fovea_store_set_history_limits (p.store, 1, 0);
  add_concept (p.store, "Hat");
  g_assert_true (fovea_store_compact (p.store, &error));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM vectors"), ==, 4);

  g_assert_true (fovea_store_get_vectors (p.store, space, FOVEA_STORE_OF_INPUT, IDS (ids) + 4, 2,
                                          back, there, &error));
  g_assert_true (there[0] && !there[1]);
  g_assert_cmpint (memcmp (vectors + 16, back, 8), ==, 0);
  {
    g_autoptr (FoveaStoreInput) input = fovea_store_get_input (p.store, IDS (ids)[4], &error);

    begin (p.store, "new bytes");
    g_assert_true (fovea_store_refresh_input (p.store, input, &error));
    commit (p.store);
  }
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM vectors"), ==, 3);
  g_assert_true (fovea_store_remove_vector_space (p.store, space, &error));
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM vectors"), ==, 0);
  assert_clean (p.store);
}

static void
test_clusters_and_workflows (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL, back = NULL;
  g_autoptr (GPtrArray) list = NULL, flows = NULL;
  g_autoptr (FoveaStoreWorkflow) first = NULL, newest = NULL;
  const char *names[] = { "one", "", NULL };
  FoveaStoreClustering clustering
    = { .method = (char *) "kmeans", .names = (char **) names, .n_clusters = 2 };
  FoveaStoreClusterMember members[2] = { { .cluster = 1, .x = 0.5f }, { .cluster = -1 } };
  GError *error = NULL;
  gint64 id;

  project_init (&p);
  ids = add_pictures (p.store, "a", 2);
  g_assert_true (
    fovea_store_ensure_vector_space (p.store, "aa", "crop", 1, 4, &clustering.space, &error));
  members[0].input = IDS (ids)[0];
  members[1].input = IDS (ids)[1];
  g_assert_true (fovea_store_add_clustering (p.store, &clustering, members, 2, &id, &error));
  back = fovea_store_get_cluster_members (p.store, id, &error);
  g_assert_cmpuint (back->len, ==, 2);
  g_assert_cmpint (g_array_index (back, FoveaStoreClusterMember, 0).cluster, ==, 1);
  members[0].cluster = 2;
  g_assert_false (fovea_store_add_clustering (p.store, &clustering, members, 2, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  list = fovea_store_list_clusterings (p.store, &error);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_cmpstr (((FoveaStoreClustering *) list->pdata[0])->names[0], ==, "one");

  begin (p.store, "workflow");
  g_assert_true (fovea_store_put_workflow (p.store, "flow", "{\"nodes\":[1]}", &id, &error));
  commit (p.store);
  first = fovea_store_get_workflow (p.store, "flow", NULL, &error);
  begin (p.store, "workflow");
  g_assert_true (fovea_store_put_workflow (p.store, "flow", "{\"nodes\":[2]}", NULL, &error));
  g_assert_false (fovea_store_put_workflow (p.store, "flow", "nonsense", NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&error);
  commit (p.store);
  newest = fovea_store_get_workflow (p.store, "flow", NULL, &error);
  g_assert_cmpstr (newest->definition, ==, "{\"nodes\":[2]}");
  g_clear_pointer (&newest, fovea_store_workflow_free);
  newest = fovea_store_get_workflow (p.store, "flow", first->version_id, &error);
  g_assert_cmpstr (newest->definition, ==, "{\"nodes\":[1]}");
  flows = fovea_store_list_workflows (p.store, &error);
  g_assert_cmpuint (flows->len, ==, 1);
  assert_clean (p.store);
}

static void
test_jobs (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (FoveaStoreJob) job = NULL;
  g_autofree char *stale = NULL, *sql = NULL, *self = NULL;
  GError *error = NULL;
  gint64 id, second;
  gboolean resumed;

  project_init (&p);
  g_assert_true (
    fovea_store_claim_job (p.store, "import", "", "Import", "{\"at\":1}", &id, &resumed, &error));
  g_assert_false (resumed);
  g_assert_true (fovea_store_beat_job (p.store, id, 0.5, "half", &error));
  g_assert_false (
    fovea_store_claim_job (p.store, "import", "", "Import", NULL, &second, &resumed, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_BUSY);
  g_assert_nonnull (strstr (error->message, "Import"));
  g_clear_error (&error);

  /* Its process was killed: taken up again with what it left. */
  self = fovea_store_new_owner ();
  *strchr (self, ':') = '\0';
  sql = g_strdup_printf ("UPDATE jobs SET owner = '%s:999999999:7'", self);
  g_assert_true (fovea_sql_exec (p.store, sql, &error));
  g_assert_false (fovea_store_beat_job (p.store, id, 0.6, "", &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT);
  g_clear_error (&error);
  g_assert_true (
    fovea_store_claim_job (p.store, "import", "", "Import", NULL, &second, &resumed, &error));
  g_assert_true (resumed);
  g_assert_cmpint (second, ==, id);
  job = fovea_store_get_job (p.store, id, &error);
  g_assert_cmpstr (job->params, ==, "{\"at\":1}");
  g_assert_cmpfloat (job->progress, ==, 0.5);

  /* Another machine's counts while its heart beats. */
  g_assert_true (fovea_sql_exec (p.store, "UPDATE jobs SET owner = 'elsewhere/1:1:1'", &error));
  g_assert_false (
    fovea_store_claim_job (p.store, "import", "", "Import", NULL, &second, &resumed, &error));
  g_clear_error (&error);
  g_assert_true (
    fovea_sql_exec (p.store, "UPDATE jobs SET heartbeat_at = heartbeat_at - 3600000000", &error));
  g_assert_true (
    fovea_store_claim_job (p.store, "import", "", "Import", NULL, &second, &resumed, &error));
  g_assert_true (fovea_store_release_job (p.store, id, FOVEA_STORE_JOB_DONE, "done", &error));
  g_assert_true (
    fovea_store_claim_job (p.store, "import", "", "Import", NULL, &second, &resumed, &error));
  g_assert_false (resumed);
  g_assert_cmpint (second, !=, id);
}

static void
test_allowed_folders (void)
{
  g_auto (Project) p = { 0 };
  g_autofree char *inside = NULL;
  GError *error = NULL;

  project_init (&p);
  inside = g_build_filename (p.folder, "pictures", "a.png", NULL);
  g_assert_true (fovea_store_path_is_allowed (p.store, inside));
  g_assert_false (fovea_store_path_is_allowed (p.store, "/etc/passwd"));
  g_assert_true (fovea_store_allow_folder (p.store, "/mnt/photos", &error));
  g_assert_true (fovea_store_path_is_allowed (p.store, "/mnt/photos/x/y.jpg"));
  g_assert_false (fovea_store_path_is_allowed (p.store, "/mnt/photos/../secret"));
  g_assert_false (fovea_store_path_is_allowed (p.store, "/mnt/photos2/x"));

  /* A row that was made elsewhere does not count. */
  g_assert_true (
    fovea_sql_exec (p.store,
                    "INSERT INTO allowed_folders VALUES (CAST ('/etc' AS BLOB), zeroblob (32)), "
                    "(CAST ('/' AS BLOB), (SELECT mac FROM allowed_folders LIMIT 1))",
                    &error));
  g_assert_false (fovea_store_path_is_allowed (p.store, "/etc/passwd"));
  g_assert_true (fovea_store_disallow_folder (p.store, "/mnt/photos", &error));
  g_assert_false (fovea_store_path_is_allowed (p.store, "/mnt/photos/x/y.jpg"));
}

static void
test_backup (void)
{
  g_auto (Project) p = { 0 };
  g_autofree char *copy = NULL, *before = NULL, *after = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  FoveaStore *store;

  project_init (&p);
  g_array_unref (add_pictures (p.store, "a", 50));
  before = dump_tracked (p.store);
  copy = g_build_filename (p.folder, "copy.fovea", NULL);
  g_cancellable_cancel (cancelled);
  g_assert_false (fovea_store_backup (p.store, copy, NULL, NULL, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_true (fovea_store_backup (p.store, copy, NULL, NULL, NULL, &error));
  g_assert_false (fovea_store_backup (p.store, copy, NULL, NULL, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_EXISTS);
  g_clear_error (&error);
  store = fovea_store_open (copy, FOVEA_STORE_OPEN_DEFAULT, &error);
  g_assert_no_error (error);
  after = dump_tracked (store);
  g_assert_cmpstr (before, ==, after);
  fovea_store_free (store);
}

static void
test_settings (void)
{
  g_auto (Project) p = { 0 };
  g_autofree char *value = NULL;
  GError *error = NULL;

  project_init (&p);
  g_assert_null (fovea_store_dup_setting (p.store, "exclusive"));
  begin (p.store, "set");
  g_assert_true (fovea_store_set_setting (p.store, "exclusive", "1", &error));
  commit (p.store);
  value = fovea_store_dup_setting (p.store, "exclusive");
  g_assert_cmpstr (value, ==, "1");
  g_assert_true (fovea_store_undo (p.store, NULL, &error));
  g_assert_null (fovea_store_dup_setting (p.store, "exclusive"));
}

static void
keep_column (const FoveaStoreInputColumns *row,
             gpointer                      data)
{
  g_string_append_printf (data, "%" G_GINT64_FORMAT ":%s:%s:%s:%d ", row->id, row->name, row->split,
                          row->group, row->missing);
}

/* Whole columns, in order of input: what people said, of regions too, and what a version found
 * strongest. */
static void
test_columns (void)
{
  g_auto (Project) p = { 0 };
  g_autoptr (GArray) ids = NULL, said = NULL, vector_ids = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  GError *error = NULL;
  gint64 hat, shoe, space;
  const guint16 vectors[4] = { 1, 2, 3, 4 };
  gint64 owners[2];

  project_init (&p);
  ids = add_pictures (p.store, "column", 3);
  hat = add_concept (p.store, "Hat");
  shoe = add_concept (p.store, "Shoe");
  label (p.store, &IDS (ids)[2], 1, hat, 1);
  label (p.store, &IDS (ids)[0], 1, shoe, 0);
  fovea_store_set_missing (p.store, &IDS (ids)[1], 1, TRUE, &error);
  g_assert_no_error (error);
  begin (p.store, "split");
  fovea_store_set_split (p.store, &IDS (ids)[1], 1, "train", NULL, &error);
  g_assert_no_error (error);
  commit (p.store);
  g_assert_true (fovea_store_each_input (p.store, keep_column, text, &error));
  g_assert_cmpstr (text->str, ==, "1:column-0.png:::0 2:column-1.png:train::1 3:column-2.png:::0 ");

  said = fovea_store_list_said (p.store, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (said->len, ==, 2);
  g_assert_cmpint (g_array_index (said, FoveaStoreSaid, 0).input, ==, IDS (ids)[0]);
  g_assert_cmpint (g_array_index (said, FoveaStoreSaid, 0).concept_, ==, shoe);
  g_assert_cmpint (g_array_index (said, FoveaStoreSaid, 0).value, ==, 0);
  g_assert_true (g_array_index (said, FoveaStoreSaid, 1).certain);

  fovea_store_ensure_vector_space (p.store, "abc", "crop", 1, 2, &space, &error);
  owners[0] = IDS (ids)[2];
  owners[1] = 77; /* there is no such picture */
  fovea_store_put_vectors (p.store, space, FOVEA_STORE_OF_INPUT, owners, vectors, 2, &error);
  g_assert_no_error (error);
  vector_ids = fovea_store_list_vector_ids (p.store, space, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (vector_ids->len, ==, 1);
  g_assert_cmpint (g_array_index (vector_ids, gint64, 0), ==, IDS (ids)[2]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/store/rows/paths", test_paths);
  g_test_add_func ("/store/rows/odd-names", test_odd_names);
  g_test_add_func ("/store/rows/inputs", test_inputs);
  g_test_add_func ("/store/rows/concepts", test_concepts);
  g_test_add_func ("/store/rows/annotations", test_annotations);
  g_test_add_func ("/store/rows/fields", test_fields);
  g_test_add_func ("/store/rows/datasets", test_datasets);
  g_test_add_func ("/store/rows/models", test_models);
  g_test_add_func ("/store/rows/weights", test_weights);
  g_test_add_func ("/store/rows/vectors", test_vectors);
  g_test_add_func ("/store/rows/clusters-and-workflows", test_clusters_and_workflows);
  g_test_add_func ("/store/rows/jobs", test_jobs);
  g_test_add_func ("/store/rows/allowed-folders", test_allowed_folders);
  g_test_add_func ("/store/rows/backup", test_backup);
  g_test_add_func ("/store/rows/settings", test_settings);
  g_test_add_func ("/store/rows/columns", test_columns);
  return g_test_run ();
}
