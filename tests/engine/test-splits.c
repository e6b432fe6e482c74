/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include "engine/engine-error.h"
#include "engine/project-private.h"
#include "engine/splits.h"
#include "store/store-inputs.h"
#include "store/store-undo.h"

/* (array of FoveaStoreInput), through the store: the lists show no groups. */
static gboolean
read_inputs (FoveaStore *store, gpointer data, GError **error)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gint64 id = 1; id < 1000; id++)
    g_array_append_val (ids, id);
  *(GPtrArray **) data = fovea_store_get_inputs (store, (const gint64 *) (gpointer) ids->data, ids->len, error);
  return *(GPtrArray **) data != NULL;
}

static GPtrArray *
inputs_of (Scratch *scratch)
{
  GPtrArray *inputs = NULL;

  g_assert_true (fovea_core_read (fovea_project_get_core (scratch->project), read_inputs, &inputs, NULL));
  return inputs;
}

static const FoveaSplitShare *
count_of (const FoveaSplitPlan *plan, const char *concept)
{
  for (guint i = 0; i < plan->counts->len; i++)
    if (g_str_equal (((FoveaSplitShare *) g_ptr_array_index (plan->counts, i))->concept, concept))
      return g_ptr_array_index (plan->counts, i);
  return NULL;
}

static void
assert_count (const FoveaSplitPlan *plan, const char *concept, guint n_train, guint n_test)
{
  const FoveaSplitShare *count = count_of (plan, concept);

  g_assert_nonnull (count);
  g_assert_cmpuint (count->n_train, ==, n_train);
  g_assert_cmpuint (count->n_test, ==, n_test);
}

static char *
splits_text (Scratch *scratch)
{
  g_autoptr (GPtrArray) inputs = inputs_of (scratch);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < inputs->len; i++)
    g_string_append_printf (text, "%s,", ((FoveaStoreInput *) g_ptr_array_index (inputs, i))->split);
  return g_string_free (text, FALSE);
}

/* 30 red, 30 blue, 5 of a rare one, 10 without a label: each concept one fifth, as nearly as whole pictures allow. */
static void
import_unlike (Scratch *scratch)
{
  g_autoptr (FoveaJob) classes = NULL;
  g_autoptr (FoveaJob) rare = NULL;
  g_autoptr (FoveaJob) plain = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) inputs = NULL;
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  scratch_classes (scratch, "classes", 30, 0);
  for (guint i = 0; i < 15; i++)
    {
      g_autofree char *name = g_strdup_printf (i < 5 ? "rare/%02u.png" : "plain/%02u.png", i);

      scratch_picture (scratch, name, 0x00ff00 + i, 500 + i);
    }
  classes = scratch_import (scratch, "classes");
  rare = scratch_import (scratch, "rare");
  plain = scratch_import (scratch, "plain");
  inputs = inputs_of (scratch);
  for (guint i = 0; i < inputs->len; i++)
    if (strstr (((FoveaStoreInput *) g_ptr_array_index (inputs, i))->path, "/rare/") != NULL)
      g_array_append_val (ids, ((FoveaStoreInput *) g_ptr_array_index (inputs, i))->id);
  g_assert_cmpint (fovea_project_label (scratch->project, (gint64 *) (gpointer) ids->data, ids->len, "rare", FOVEA_LABEL_POSITIVE, &error),
                   ==, 5);
}

static void
test_stratified (void)
{
  Scratch scratch;
  FoveaSplitOptions options = FOVEA_SPLIT_OPTIONS_INIT;
  g_autoptr (FoveaSplitPlan) plan = NULL;
  g_autoptr (FoveaSplitPlan) made = NULL;
  g_autoptr (FoveaSplitPlan) again = NULL;
  g_autoptr (FoveaSplitPlan) other = NULL;
  g_autofree char *first = NULL, *second = NULL;

  scratch_init (&scratch, FALSE);
  import_unlike (&scratch);
  plan = fovea_project_make_splits (scratch.project, &options, TRUE, NULL);
  first = splits_text (&scratch);
  g_assert_null (strstr (first, "train")); /* a dry run */
  made = fovea_project_make_splits (scratch.project, &options, FALSE, NULL);
  g_assert_cmpuint (made->n_changed, ==, 75);
  g_assert_cmpuint (made->n_test, ==, 15);
  g_assert_cmpuint (made->n_train, ==, 60);
  assert_count (made, "red", 24, 6);
  assert_count (made, "blue", 24, 6);
  assert_count (made, "rare", 4, 1);
  assert_count (made, "", 8, 2);
  g_assert_cmpuint (plan->n_test, ==, made->n_test);
  g_free (first);
  first = splits_text (&scratch);

  again = fovea_project_make_splits (scratch.project, &options, FALSE, NULL);
  g_assert_cmpuint (again->n_changed, ==, 0); /* the same seed, the same splits */
  options.seed = 7;
  other = fovea_project_make_splits (scratch.project, &options, FALSE, NULL);
  g_assert_cmpuint (other->n_changed, >, 0);
  g_assert_cmpuint (other->n_test, ==, 15);
  second = splits_text (&scratch);
  g_assert_cmpstr (first, !=, second);
  scratch_clear (&scratch);
}

typedef struct {
  const gint64 *ids;
  gsize n;
  const char *group;
} Group;

static gboolean
write_group (FoveaStore *store, gpointer data, GError **error)
{
  const Group *group = data;

  return fovea_store_begin_command (store, "group", error)
         && fovea_store_set_group (store, group->ids, group->n, group->group, NULL, error)
         && fovea_store_commit_command (store, NULL, error);
}

static void
add_copy (FoveaStoreInput *input, const char *path)
{
  g_free (input->path);
  g_free (input->public_id);
  input->path = g_strdup (path);
  input->public_id = NULL;
  input->id = 0;
}

/* A row with the same bytes at another path, as `label` on another machine or an older program may leave it. */
static gboolean
write_copies (FoveaStore *store, gpointer data, GError **error)
{
  gboolean ok = fovea_store_begin_command (store, "copies", error);

  for (gint64 id = 1; ok && id <= 10; id++)
    {
      g_autoptr (FoveaStoreInput) input = fovea_store_get_input (store, id, error);
      g_autofree char *path = g_strdup_printf ("/elsewhere/%d.png", (int) id);

      add_copy (input, path);
      ok = fovea_store_add_inputs (store, (const FoveaStoreInput *const[]){ input }, 1, NULL, NULL, error);
    }
  return ok && fovea_store_commit_command (store, NULL, error);
}

static const char *
split_of (GPtrArray *inputs, gint64 id)
{
  for (guint i = 0; i < inputs->len; i++)
    if (((FoveaStoreInput *) g_ptr_array_index (inputs, i))->id == id)
      return ((FoveaStoreInput *) g_ptr_array_index (inputs, i))->split;
  return "gone";
}

/* Copies and groups stay together whatever the seed, through each other too: 1 and its copy are tied to 11 … 15 by a group. */
static void
test_together (void)
{
  Scratch scratch;
  const gint64 members[] = { 1, 11, 12, 13, 14, 15 };
  const Group group = { members, G_N_ELEMENTS (members), "one patient" };
  g_autoptr (FoveaJob) job = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "classes", 20, 0);
  job = scratch_import (&scratch, "classes");
  g_assert_true (fovea_core_write (fovea_project_get_core (scratch.project), write_copies, NULL, NULL));
  g_assert_true (fovea_core_write (fovea_project_get_core (scratch.project), write_group, (gpointer) &group, NULL));
  for (guint32 seed = 0; seed < 20; seed++)
    {
      FoveaSplitOptions options = { .test_fraction = 0.3, .seed = seed };
      g_autoptr (FoveaSplitPlan) plan = fovea_project_make_splits (scratch.project, &options, FALSE, NULL);
      g_autoptr (GPtrArray) inputs = inputs_of (&scratch);

      g_assert_cmpuint (plan->n_tied, ==, 25); /* ten and their copies, and five that the group adds */
      for (guint i = 0; i < G_N_ELEMENTS (members); i++)
        g_assert_cmpstr (split_of (inputs, members[i]), ==, split_of (inputs, 1));
      for (gint64 id = 1; id <= 10; id++)
        g_assert_cmpstr (split_of (inputs, id), ==, split_of (inputs, 40 + id));
      g_assert_cmpuint (plan->n_test, >=, 10);
      g_assert_cmpuint (plan->n_test, <=, 20);
      g_assert_cmpuint (count_of (plan, "red")->n_test, >, 0);
      g_assert_cmpuint (count_of (plan, "blue")->n_test, >, 0);
    }
  scratch_clear (&scratch);
}

/* New pictures are parted without moving those that have their place. */
static void
test_keep (void)
{
  Scratch scratch;
  FoveaSplitOptions options = { .test_fraction = 0.2, .keep = TRUE };
  g_autoptr (FoveaJob) first = NULL;
  g_autoptr (FoveaJob) second = NULL;
  g_autoptr (FoveaSplitPlan) plan = NULL;
  g_autoptr (FoveaSplitPlan) more = NULL;
  g_autofree char *before = NULL, *after = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "first", 10, 0);
  first = scratch_import (&scratch, "first");
  plan = fovea_project_make_splits (scratch.project, &options, FALSE, NULL);
  assert_count (plan, "red", 8, 2);
  before = splits_text (&scratch);
  scratch_classes (&scratch, "second", 10, 100);
  second = scratch_import (&scratch, "second");
  more = fovea_project_make_splits (scratch.project, &options, FALSE, NULL);
  g_assert_cmpuint (more->n_changed, ==, 20);
  assert_count (more, "red", 16, 4);
  after = splits_text (&scratch);
  g_assert_true (g_str_has_prefix (after, before));
  scratch_clear (&scratch);
}

static void
on_undone (GObject *source, GAsyncResult *result, gpointer data)
{
  *(char **) data = fovea_project_undo_finish (FOVEA_PROJECT (source), result, NULL);
}

static void
test_undo_and_errors (void)
{
  Scratch scratch;
  FoveaSplitOptions options = FOVEA_SPLIT_OPTIONS_INIT;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaSplitPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL, *splits = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "first", 5, 0);
  job = scratch_import (&scratch, "first");
  plan = fovea_project_make_splits (scratch.project, &options, FALSE, NULL);
  fovea_project_undo_async (scratch.project, NULL, on_undone, &text);
  WAIT_FOR (text != NULL);
  g_assert_cmpstr (text, ==, "split 10 pictures: 8 to train, 2 to test");
  splits = splits_text (&scratch);
  g_assert_cmpstr (splits, ==, ",,,,,,,,,,");
  options.test_fraction = 0.7;
  g_assert_null (fovea_project_make_splits (scratch.project, &options, FALSE, &error));
  g_assert_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID);
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/splits/stratified", test_stratified);
  g_test_add_func ("/engine/splits/together", test_together);
  g_test_add_func ("/engine/splits/keep", test_keep);
  g_test_add_func ("/engine/splits/undo-and-errors", test_undo_and_errors);
  return g_test_run ();
}
