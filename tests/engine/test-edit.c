/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include "engine/concept-edit.h"
#include "engine/one-concept.h"
#include "engine/picture-edit.h"
#include "store/store-error.h"

#define N_PICTURES 6

/* What an _async call came to. */
typedef struct {
  gboolean done, rule;
  int changed;
  char *text;
  GError *error;
} Outcome;

static void
wait_for (Outcome *outcome)
{
  WAIT_FOR (outcome->done);
  scratch_settle ();
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;

  outcome->changed = fovea_project_change_pictures_finish (FOVEA_PROJECT (source), result, &outcome->error);
  outcome->done = TRUE;
}

static void
on_edited (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;

  outcome->changed = fovea_project_edit_concept_finish (FOVEA_PROJECT (source), result, &outcome->error);
  outcome->done = TRUE;
}

static void
on_undone (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;

  outcome->text = fovea_project_undo_finish (FOVEA_PROJECT (source), result, &outcome->error);
  outcome->done = TRUE;
}

/* Undoes the last command, which was called @text. */
static void
undo (Scratch *scratch, const char *text)
{
  Outcome outcome = { 0 };

  fovea_project_undo_async (scratch->project, NULL, on_undone, &outcome);
  wait_for (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpstr (outcome.text, ==, text);
  g_free (outcome.text);
}

static void
open_with_pictures (Scratch *scratch, gint64 *ret_ids)
{
  g_autoptr (FoveaJob) job = NULL;
  FoveaPictureList *list;

  scratch_init (scratch, FALSE);
  for (guint i = 0; i < N_PICTURES; i++)
    {
      g_autofree char *name = g_strdup_printf ("data/%u.png", i);

      scratch_picture (scratch, name, 0x404040, i);
    }
  list = fovea_project_get_pictures (scratch->project);
  job = scratch_import (scratch, "data");
  scratch_wait_for_items (G_LIST_MODEL (list), N_PICTURES);
  for (guint i = 0; i < N_PICTURES; i++)
    ret_ids[i] = fovea_picture_list_get_id (list, i);
}

static FoveaConcept *
label (Scratch *scratch, const gint64 *ids, gsize n, const char *name)
{
  FoveaConcept *concept_;
  GError *error = NULL;

  g_assert_cmpint (fovea_project_label (scratch->project, ids, n, name, FOVEA_LABEL_POSITIVE, &error), ==, (int) n);
  g_assert_no_error (error);
  concept_ = scratch_wait_for_concept (scratch, name);
  scratch_settle ();
  return concept_;
}

static FoveaPicture *
picture_at (Scratch *scratch, guint i)
{
  return g_list_model_get_item (G_LIST_MODEL (fovea_project_get_pictures (scratch->project)), i);
}

static void
wait_until_changed (FoveaPicture *picture, const char *split)
{
  WAIT_FOR (g_str_equal (fovea_picture_get_split (picture), split));
  g_assert_cmpstr (fovea_picture_get_split (picture), ==, split);
}

static void
on_counted (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GPtrArray **) data = fovea_project_count_splits_finish (FOVEA_PROJECT (source), result, NULL);
}

static void
test_split (void)
{
  Scratch scratch;
  gint64 ids[N_PICTURES];
  Outcome outcome = { 0 };
  g_autoptr (FoveaPicture) picture = NULL;
  GPtrArray *counts = NULL;

  open_with_pictures (&scratch, ids);
  picture = picture_at (&scratch, 1);
  fovea_project_set_split_async (scratch.project, ids, 2, "test", NULL, on_changed, &outcome);
  wait_for (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.changed, ==, 2);
  wait_until_changed (picture, "test");
  fovea_project_count_splits_async (scratch.project, NULL, on_counted, &counts);
  WAIT_FOR (counts != NULL);
  g_assert_cmpuint (counts->len, ==, 2);
  g_assert_cmpstr (((FoveaSplitCount *) counts->pdata[0])->name, ==, "");
  g_assert_cmpuint (((FoveaSplitCount *) counts->pdata[0])->count, ==, N_PICTURES - 2);
  g_assert_cmpuint (((FoveaSplitCount *) counts->pdata[1])->count, ==, 2);
  g_ptr_array_unref (counts);
  undo (&scratch, "put 2 pictures into test");
  wait_until_changed (picture, "");
  g_clear_object (&picture);
  scratch_clear (&scratch);
}

static void
test_state (void)
{
  Scratch scratch;
  gint64 ids[N_PICTURES];
  Outcome outcome = { 0 };
  g_autoptr (FoveaPictureList) complete = NULL;
  FoveaPictureFilter filter = { .state = 1 + FOVEA_PICTURE_COMPLETE };

  open_with_pictures (&scratch, ids);
  complete = fovea_project_new_picture_list (scratch.project);
  fovea_picture_list_set_filter (complete, &filter);
  fovea_project_set_state_async (scratch.project, ids, 3, FOVEA_PICTURE_COMPLETE, NULL, on_changed, &outcome);
  wait_for (&outcome);
  g_assert_cmpint (outcome.changed, ==, 3);
  scratch_wait_for_items (G_LIST_MODEL (complete), 3);
  undo (&scratch, "mark 3 pictures complete");
  scratch_wait_for_items (G_LIST_MODEL (complete), 0);
  g_clear_object (&complete);
  scratch_clear (&scratch);
}

/* Different concepts on different pictures are one command. */
static void
test_label_each (void)
{
  Scratch scratch;
  gint64 ids[N_PICTURES];
  FoveaConcept *hat, *shoe;
  Outcome outcome = { 0 }, failed = { 0 };
  FoveaPictureLabel labels[4], unknown = { .picture = 12345 };

  open_with_pictures (&scratch, ids);
  hat = label (&scratch, ids, 1, "hat");
  shoe = label (&scratch, ids + 1, 1, "shoe");
  for (guint i = 0; i < 4; i++)
    labels[i] = (FoveaPictureLabel){ ids[2 + i], fovea_concept_get_id (i % 2 == 0 ? hat : shoe) };
  fovea_project_label_each_async (scratch.project, labels, 4, NULL, on_changed, &outcome);
  wait_for (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_cmpint (outcome.changed, ==, 4);
  for (guint i = 0; i < 2000 && fovea_concept_get_count (shoe) != 3; i++)
    scratch_settle ();
  g_assert_cmpuint (fovea_concept_get_count (hat), ==, 3);
  g_assert_cmpuint (fovea_concept_get_count (shoe), ==, 3);

  unknown.concept_id = fovea_concept_get_id (hat);
  fovea_project_label_each_async (scratch.project, &unknown, 1, NULL, on_changed, &failed);
  wait_for (&failed);
  g_assert_error (failed.error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_assert_cmpint (failed.changed, ==, -1);
  g_clear_error (&failed.error);

  undo (&scratch, "accept 4 suggestions");
  for (guint i = 0; i < 2000 && fovea_concept_get_count (shoe) != 1; i++)
    scratch_settle ();
  g_assert_cmpuint (fovea_concept_get_count (hat), ==, 1);
  scratch_clear (&scratch);
}

static void
update (Scratch *scratch, FoveaConcept *concept, const FoveaConceptChange *change, Outcome *outcome)
{
  *outcome = (Outcome){ 0 };
  fovea_project_update_concept_async (scratch->project, fovea_concept_get_id (concept), change, NULL, on_edited, outcome);
  wait_for (outcome);
}

static void
test_update_concept (void)
{
  Scratch scratch;
  gint64 ids[N_PICTURES];
  FoveaConcept *hat, *shoe;
  Outcome outcome;
  const FoveaConceptChange full = { " cap ", "#102030", "5", "Everything on a head" }, key = { .key = "5" };
  const FoveaConceptChange taken = { .name = "cap" }, empty = { .name = "  " }, colour = { .color = "red" };

  open_with_pictures (&scratch, ids);
  hat = label (&scratch, ids, 1, "hat");
  shoe = label (&scratch, ids, 2, "shoe");
  update (&scratch, hat, &full, &outcome);
  g_assert_no_error (outcome.error);
  for (guint i = 0; i < 1000 && !g_str_equal (fovea_concept_get_name (hat), "cap"); i++)
    scratch_settle ();
  g_assert_cmpstr (fovea_concept_get_name (hat), ==, "cap");
  g_assert_cmpstr (fovea_concept_get_public_id (hat), ==, "hat");
  g_assert_cmpstr (fovea_concept_get_color (hat), ==, "#102030");
  g_assert_cmpstr (fovea_concept_get_key (hat), ==, "5");
  g_assert_cmpstr (fovea_concept_get_description (hat), ==, "Everything on a head");
  g_assert_cmpuint (fovea_concept_get_count (hat), ==, 1);

  /* A key belongs to one concept. */
  update (&scratch, shoe, &key, &outcome);
  g_assert_no_error (outcome.error);
  for (guint i = 0; i < 1000 && fovea_concept_get_key (hat)[0] != '\0'; i++)
    scratch_settle ();
  g_assert_cmpstr (fovea_concept_get_key (hat), ==, "");
  g_assert_cmpstr (fovea_concept_get_key (shoe), ==, "5");

  update (&scratch, shoe, &taken, &outcome);
  g_assert_error (outcome.error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT);
  g_clear_error (&outcome.error);
  update (&scratch, shoe, &empty, &outcome);
  g_assert_error (outcome.error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&outcome.error);
  update (&scratch, shoe, &colour, &outcome);
  g_assert_error (outcome.error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_INVALID);
  g_clear_error (&outcome.error);

  undo (&scratch, "change concept shoe");
  undo (&scratch, "rename concept hat to cap");
  for (guint i = 0; i < 1000 && !g_str_equal (fovea_concept_get_name (hat), "hat"); i++)
    scratch_settle ();
  g_assert_cmpstr (fovea_concept_get_description (hat), ==, "");
  g_assert_cmpstr (fovea_concept_get_key (hat), ==, "");
  scratch_clear (&scratch);
}

static void
test_merge_and_remove (void)
{
  Scratch scratch;
  gint64 ids[N_PICTURES];
  FoveaConcept *hat, *cap;
  GListModel *concepts;
  Outcome outcome = { 0 };
  gint64 cap_id;

  open_with_pictures (&scratch, ids);
  concepts = G_LIST_MODEL (fovea_project_get_concepts (scratch.project));
  hat = label (&scratch, ids, 3, "hat");
  cap = label (&scratch, ids + 2, 2, "cap");
  cap_id = fovea_concept_get_id (cap);
  fovea_project_merge_concepts_async (scratch.project, cap_id, fovea_concept_get_id (hat), NULL, on_edited, &outcome);
  wait_for (&outcome);
  g_assert_no_error (outcome.error);
  scratch_wait_for_items (concepts, 1);
  g_assert_cmpuint (fovea_concept_get_count (hat), ==, 4); /* one picture was said to be both */
  undo (&scratch, "merge concept cap into hat");
  scratch_wait_for_items (concepts, 2);
  g_assert_cmpuint (fovea_concept_get_count (hat), ==, 3);

  outcome = (Outcome){ 0 };
  fovea_project_remove_concept_async (scratch.project, fovea_concept_get_id (hat), NULL, on_edited, &outcome);
  wait_for (&outcome);
  g_assert_no_error (outcome.error);
  scratch_wait_for_items (concepts, 1);
  undo (&scratch, "delete concept hat");
  scratch_wait_for_items (concepts, 2);
  hat = scratch_wait_for_concept (&scratch, "hat");
  g_assert_cmpuint (fovea_concept_get_count (hat), ==, 3);

  outcome = (Outcome){ 0 };
  fovea_project_remove_concept_async (scratch.project, 999, NULL, on_edited, &outcome);
  wait_for (&outcome);
  g_assert_error (outcome.error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND);
  g_clear_error (&outcome.error);
  scratch_clear (&scratch);
}

static char *
dup_order (GListModel *concepts)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (concepts); i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);

      g_string_append (names, fovea_concept_get_name (concept));
    }
  return g_string_free (names, FALSE);
}

static void
assert_order (GListModel *concepts, const char *names)
{
  g_autofree char *now = dup_order (concepts);

  for (guint tries = 0; tries < 1000 && !g_str_equal (now, names); tries++)
    {
      scratch_settle ();
      g_free (now);
      now = dup_order (concepts);
    }
  g_assert_cmpstr (now, ==, names);
}

static void
test_move_concept (void)
{
  Scratch scratch;
  gint64 ids[N_PICTURES];
  GListModel *concepts;
  FoveaConcept *a, *d;
  Outcome outcome = { 0 };

  open_with_pictures (&scratch, ids);
  concepts = G_LIST_MODEL (fovea_project_get_concepts (scratch.project));
  a = label (&scratch, ids, 1, "a");
  (void) label (&scratch, ids, 1, "b");
  (void) label (&scratch, ids, 1, "c");
  d = label (&scratch, ids, 1, "d");
  assert_order (concepts, "abcd");
  fovea_project_move_concept_async (scratch.project, fovea_concept_get_id (d), 1, NULL, on_edited, &outcome);
  wait_for (&outcome);
  assert_order (concepts, "adbc");
  outcome = (Outcome){ 0 };
  fovea_project_move_concept_async (scratch.project, fovea_concept_get_id (a), 99, NULL, on_edited, &outcome);
  wait_for (&outcome);
  assert_order (concepts, "dbca");
  undo (&scratch, "move concept a");
  assert_order (concepts, "adbc");
  undo (&scratch, "move concept d");
  assert_order (concepts, "abcd");
  scratch_clear (&scratch);
}

/* ---- one concept a picture ---- */

typedef struct {
  Outcome outcome;
  guint n_replaced;
  char *replaced;
} Labelling;

static void
on_labelled (GObject *source, GAsyncResult *result, gpointer data)
{
  Labelling *labelling = data;
  const char *name;

  labelling->n_replaced = fovea_project_label_get_replaced (result, &name);
  labelling->replaced = g_strdup (name);
  labelling->outcome.changed = fovea_project_label_finish (FOVEA_PROJECT (source), result, &labelling->outcome.error);
  labelling->outcome.done = TRUE;
}

static void
label_and_check (Scratch *scratch, const gint64 *ids, gsize n, const char *concept, FoveaLabelValue value, int changed, guint n_replaced,
                 const char *replaced)
{
  Labelling labelling = { 0 };

  fovea_project_label_async (scratch->project, ids, n, concept, value, NULL, on_labelled, &labelling);
  wait_for (&labelling.outcome);
  g_assert_no_error (labelling.outcome.error);
  g_assert_cmpint (labelling.outcome.changed, ==, changed);
  g_assert_cmpuint (labelling.n_replaced, ==, n_replaced);
  g_assert_cmpstr (labelling.replaced, ==, replaced);
  g_free (labelling.replaced);
}

static void
wait_for_counts (Scratch *scratch, const char *first, guint n_first, const char *second, guint n_second)
{
  FoveaConcept *a = scratch_wait_for_concept (scratch, first), *b = scratch_wait_for_concept (scratch, second);

  WAIT_FOR (fovea_concept_get_count (a) == n_first && fovea_concept_get_count (b) == n_second);
  g_assert_cmpuint (fovea_concept_get_count (a), ==, n_first);
  g_assert_cmpuint (fovea_concept_get_count (b), ==, n_second);
}

static void
on_rule_set (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;

  outcome->changed = fovea_project_set_one_concept_finish (FOVEA_PROJECT (source), result, &outcome->error);
  outcome->rule = fovea_project_get_one_concept (FOVEA_PROJECT (source));
  outcome->done = TRUE;
}

static void
set_rule (Scratch *scratch, gboolean one)
{
  Outcome outcome = { 0 };

  fovea_project_set_one_concept_async (scratch->project, one, NULL, on_rule_set, &outcome);
  wait_for (&outcome);
  g_assert_no_error (outcome.error);
  g_assert_true (outcome.changed);
  g_assert_true (outcome.rule == one);
}

/* Where a picture shows one concept a label takes the other's place; one undo brings both back. */
static void
test_one_concept (void)
{
  Scratch scratch;
  gint64 ids[N_PICTURES];

  open_with_pictures (&scratch, ids);
  g_assert_false (fovea_project_get_one_concept (scratch.project));
  (void) label (&scratch, ids, 3, "hat");
  label_and_check (&scratch, ids, 1, "shoe", FOVEA_LABEL_POSITIVE, 1, 0, NULL);
  wait_for_counts (&scratch, "hat", 3, "shoe", 1);

  set_rule (&scratch, TRUE);
  label_and_check (&scratch, ids + 1, 3, "shoe", FOVEA_LABEL_POSITIVE, 3, 2, "hat");
  wait_for_counts (&scratch, "hat", 1, "shoe", 4);
  undo (&scratch, "label 3 pictures shoe");
  wait_for_counts (&scratch, "hat", 3, "shoe", 1);

  /* The first picture shows both: only one stays. "Not" takes nothing away. */
  label_and_check (&scratch, ids, 1, "hat", FOVEA_LABEL_POSITIVE, 1, 1, "shoe");
  wait_for_counts (&scratch, "hat", 3, "shoe", 0);
  label_and_check (&scratch, ids, 1, "shoe", FOVEA_LABEL_NEGATIVE, 1, 0, NULL);
  label_and_check (&scratch, ids, 1, "shoe", FOVEA_LABEL_BESIDE, 1, 0, NULL);
  wait_for_counts (&scratch, "hat", 3, "shoe", 1);

  set_rule (&scratch, FALSE);
  label_and_check (&scratch, ids + 1, 1, "shoe", FOVEA_LABEL_INSTEAD, 1, 1, "hat");
  label_and_check (&scratch, ids + 2, 1, "shoe", FOVEA_LABEL_POSITIVE, 1, 0, NULL);
  wait_for_counts (&scratch, "hat", 2, "shoe", 3);
  scratch_clear (&scratch);
}

/* Class folders say it for a project of which nobody has said it; undo takes it back with them. */
static void
test_one_concept_of_folders (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data", 2, 0);
  job = scratch_import (&scratch, "data");
  WAIT_FOR (fovea_project_get_one_concept (scratch.project));
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/edit/split", test_split);
  g_test_add_func ("/engine/edit/state", test_state);
  g_test_add_func ("/engine/edit/label-each", test_label_each);
  g_test_add_func ("/engine/edit/one-concept", test_one_concept);
  g_test_add_func ("/engine/edit/one-concept-of-folders", test_one_concept_of_folders);
  g_test_add_func ("/engine/edit/update-concept", test_update_concept);
  g_test_add_func ("/engine/edit/merge-and-remove", test_merge_and_remove);
  g_test_add_func ("/engine/edit/move-concept", test_move_concept);
  return g_test_run ();
}
