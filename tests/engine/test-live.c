/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include "engine/live.h"

/* Reds are pictures 1, 3, 5 …, blues 2, 4, 6 …: no class folders, so nothing is labelled. */
static void
make_unlabelled (Scratch *scratch, guint n_each)
{
  for (guint i = 0; i < n_each; i++)
    {
      g_autofree char *red = g_strdup_printf ("data/%03u-a.png", i);
      g_autofree char *blue = g_strdup_printf ("data/%03u-b.png", i);

      scratch_picture (scratch, red, 0xd02010 + (i % 8), 2 * i);
      scratch_picture (scratch, blue, 0x1020d0 + ((i % 8) << 16), 2 * i + 1);
    }
}

/* The ids of the pictures whose names end so. */
static GArray *
ids_named (Scratch *scratch, const char *suffix)
{
  GListModel *list = G_LIST_MODEL (fovea_project_get_pictures (scratch->project));
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (FoveaPicture) picture = g_list_model_get_item (list, i);
      g_autofree char *name = fovea_picture_dup_name (picture);
      gint64 id = fovea_picture_get_id (picture);

      if (g_str_has_suffix (name, suffix))
        g_array_append_val (ids, id);
    }
  return ids;
}

static void
label (Scratch *scratch, const GArray *ids, guint first, guint n, const char *concept, FoveaLabelValue value)
{
  g_autoptr (GError) error = NULL;

  fovea_project_label (scratch->project, &g_array_index (ids, gint64, first), n, concept, value, &error);
  g_assert_no_error (error);
}

typedef gboolean (*Condition) (Scratch *scratch, gpointer data);

static void
wait_until (Scratch *scratch, Condition condition, gpointer data)
{
  WAIT_FOR (condition (scratch, data));
}

static gboolean
has_state (Scratch *scratch, gpointer data)
{
  return fovea_live_get_state (fovea_project_get_live (scratch->project)) == (FoveaLiveState) GPOINTER_TO_INT (data)
         && !fovea_live_get_busy (fovea_project_get_live (scratch->project));
}

static void
wait_for_state (Scratch *scratch, FoveaLiveState state)
{
  wait_until (scratch, has_state, GINT_TO_POINTER (state));
}

static gboolean
has_learnt (Scratch *scratch, gpointer data)
{
  return fovea_live_get_n_labelled (fovea_project_get_live (scratch->project)) == GPOINTER_TO_UINT (data);
}

static gboolean
is_labelled (Scratch *scratch, gpointer picture)
{
  return fovea_picture_get_n_labels (picture) > 0;
}

static void
import_unlabelled (Scratch *scratch, guint n_each)
{
  g_autoptr (FoveaJob) job = NULL;

  make_unlabelled (scratch, n_each);
  job = scratch_import (scratch, "data");
  scratch_wait_for_items (G_LIST_MODEL (fovea_project_get_pictures (scratch->project)), 2 * n_each);
}

static void
count (gpointer object, guint *n)
{
  (*n)++;
}

/* Two labels each: suggestions for all the others, in the pictures too; undo takes them away. */
static void
test_suggests (void)
{
  Scratch scratch;
  g_autoptr (GArray) reds = NULL;
  g_autoptr (GArray) blues = NULL;
  g_autoptr (FoveaPicture) picture = NULL;
  g_autoptr (FoveaPicture) labelled = NULL;
  g_autofree char *message = NULL, *description = NULL, *said = NULL;
  FoveaLive *live;
  FoveaConcept *red;
  double value;
  guint n_changed = 0;

  scratch_init (&scratch, TRUE);
  import_unlabelled (&scratch, 8);
  live = fovea_project_get_live (scratch.project);
  wait_for_state (&scratch, FOVEA_LIVE_TOO_FEW);
  message = fovea_live_dup_message (live);
  g_assert_cmpstr (message, ==, "Label two pictures of at least two concepts and suggestions appear");
  reds = ids_named (&scratch, "a.png");
  blues = ids_named (&scratch, "b.png");
  label (&scratch, reds, 0, 2, "red", FOVEA_LABEL_POSITIVE);
  picture = g_list_model_get_item (G_LIST_MODEL (fovea_project_get_pictures (scratch.project)), 12);
  g_signal_connect (picture, "changed", G_CALLBACK (count), &n_changed);
  label (&scratch, blues, 0, 2, "blue", FOVEA_LABEL_POSITIVE);
  wait_for_state (&scratch, FOVEA_LIVE_READY);
  g_assert_true (fovea_live_get_exclusive (live));
  g_assert_cmpuint (fovea_live_get_n_labelled (live), ==, 4);
  g_assert_cmpuint (fovea_live_get_n_suggested (live), ==, 12);
  g_assert_cmpfloat (fovea_live_get_accuracy (live, NULL, NULL), ==, -1);
  red = scratch_wait_for_concept (&scratch, "red");
  for (guint i = 0; i < reds->len; i++)
    {
      g_assert_cmpint (fovea_live_get_suggestion (live, g_array_index (reds, gint64, i), &value, NULL), ==, fovea_concept_get_id (red));
      g_assert_cmpfloat (value, >, 0.5);
      g_assert_cmpfloat (fovea_live_get_value (live, g_array_index (blues, gint64, i), fovea_concept_get_id (red)), <, 0.5);
    }
  g_assert_cmpuint (n_changed, >=, 1);
  g_assert_true (fovea_picture_get_prediction (picture, &value) == red);
  description = fovea_picture_dup_description (picture);
  g_assert_true (g_str_has_prefix (description, "predicted red 0."));
  labelled = g_list_model_get_item (G_LIST_MODEL (fovea_project_get_pictures (scratch.project)), 0);
  wait_until (&scratch, is_labelled, labelled); /* the list follows in its own time */
  said = fovea_picture_dup_description (labelled);
  g_assert_cmpstr (said, ==, "labelled red");
  g_clear_object (&labelled);

  fovea_project_undo_async (scratch.project, NULL, NULL, NULL);
  wait_for_state (&scratch, FOVEA_LIVE_TOO_FEW);
  g_assert_null (fovea_picture_get_prediction (picture, NULL));
  g_assert_cmpuint (fovea_live_get_n_suggested (live), ==, 0);
  g_signal_handlers_disconnect_by_data (picture, &n_changed);
  g_clear_object (&picture);
  scratch_clear (&scratch);
}

static void
test_confident (void)
{
  Scratch scratch;
  g_autoptr (GArray) reds = NULL;
  g_autoptr (GArray) blues = NULL;
  g_autoptr (GArray) all = NULL;
  g_autoptr (GArray) some = NULL;
  FoveaLive *live;
  gint64 red;

  scratch_init (&scratch, TRUE);
  import_unlabelled (&scratch, 8);
  reds = ids_named (&scratch, "a.png");
  blues = ids_named (&scratch, "b.png");
  label (&scratch, reds, 0, 3, "red", FOVEA_LABEL_POSITIVE);
  label (&scratch, blues, 0, 3, "blue", FOVEA_LABEL_POSITIVE);
  live = fovea_project_get_live (scratch.project);
  wait_until (&scratch, has_learnt, GUINT_TO_POINTER (6));
  red = fovea_concept_get_id (scratch_wait_for_concept (&scratch, "red"));
  all = fovea_live_list_confident (live, 0, 0.0, 0);
  g_assert_cmpuint (all->len, ==, 10);
  for (guint i = 1; i < all->len; i++)
    {
      double before, after;

      fovea_live_get_suggestion (live, g_array_index (all, gint64, i - 1), &before, NULL);
      fovea_live_get_suggestion (live, g_array_index (all, gint64, i), &after, NULL);
      g_assert_cmpfloat (before, >=, after);
    }
  g_assert_cmpuint (fovea_live_count_confident (live, red, 0.5), ==, 5);
  g_assert_cmpuint (fovea_live_count_confident (live, red, 1.01), ==, 0);
  some = fovea_live_list_confident (live, red, 0.5, 2);
  g_assert_cmpuint (some->len, ==, 2);
  scratch_clear (&scratch);
}

/* The estimate comes with ten examples a concept; off forgets all, on learns again. */
static void
test_accuracy_and_off (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  FoveaLive *live;
  double low, high;
  guint n_updated = 0;
  g_autofree char *message = NULL;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data", 12, 0);
  job = scratch_import (&scratch, "data");
  live = fovea_project_get_live (scratch.project);
  g_signal_connect (live, "updated", G_CALLBACK (count), &n_updated);
  wait_for_state (&scratch, FOVEA_LIVE_READY);
  g_assert_cmpfloat (fovea_live_get_accuracy (live, &low, &high), ==, 1.0);
  g_assert_cmpuint (fovea_live_get_n_evaluated (live), ==, 24);
  g_assert_cmpfloat (low, >, 0.8);
  g_assert_cmpfloat (high, ==, 1.0);
  g_assert_cmpuint (fovea_live_get_n_suggested (live), ==, 0);
  message = fovea_live_dup_message (live);
  g_assert_nonnull (strstr (message, "24 labelled pictures"));
  g_assert_cmpuint (n_updated, >=, 1);

  g_object_set (live, "enabled", FALSE, NULL);
  g_assert_cmpint (fovea_live_get_state (live), ==, FOVEA_LIVE_OFF);
  g_assert_cmpint (fovea_live_get_suggestion (live, 1, NULL, NULL), ==, 0);
  scratch_settle ();
  g_assert_cmpint (fovea_live_get_state (live), ==, FOVEA_LIVE_OFF);
  fovea_live_set_enabled (live, TRUE);
  wait_for_state (&scratch, FOVEA_LIVE_READY);
  g_assert_cmpint (fovea_live_get_suggestion (live, 1, NULL, NULL), !=, 0);
  g_signal_handlers_disconnect_by_data (live, &n_updated);
  scratch_clear (&scratch);
}

/* Pictures of a test split do not teach. */
static void
test_held_out_split (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data/train", 4, 0);
  scratch_classes (&scratch, "data/test", 6, 500);
  job = scratch_import (&scratch, "data");
  wait_until (&scratch, has_learnt, GUINT_TO_POINTER (8));
  wait_for_state (&scratch, FOVEA_LIVE_READY);
  scratch_clear (&scratch);
}

/* One concept alone is told from a sample of what is not labelled, until enough pictures are said not to show it. */
static void
test_one_concept (void)
{
  Scratch scratch;
  g_autoptr (GArray) reds = NULL;
  g_autoptr (GArray) blues = NULL;
  g_autofree char *before = NULL, *after = NULL;
  FoveaLive *live;
  gint64 red;

  scratch_init (&scratch, TRUE);
  import_unlabelled (&scratch, 40);
  live = fovea_project_get_live (scratch.project);
  reds = ids_named (&scratch, "a.png");
  blues = ids_named (&scratch, "b.png");
  label (&scratch, reds, 0, 10, "red", FOVEA_LABEL_POSITIVE);
  wait_until (&scratch, has_learnt, GUINT_TO_POINTER (10));
  g_assert_false (fovea_live_get_exclusive (live));
  before = fovea_live_dup_message (live);
  g_assert_nonnull (strstr (before, "not"));
  red = fovea_concept_get_id (scratch_wait_for_concept (&scratch, "red"));
  g_assert_cmpfloat (fovea_live_get_value (live, g_array_index (reds, gint64, 20), red), >,
                     fovea_live_get_value (live, g_array_index (blues, gint64, 20), red));
  label (&scratch, blues, 0, 25, "red", FOVEA_LABEL_NEGATIVE);
  wait_until (&scratch, has_learnt, GUINT_TO_POINTER (35));
  wait_for_state (&scratch, FOVEA_LIVE_READY);
  after = fovea_live_dup_message (live);
  g_assert_nonnull (strstr (after, "35 labelled pictures"));
  g_assert_cmpfloat (fovea_live_get_value (live, g_array_index (reds, gint64, 20), red), >, 0.5);
  scratch_clear (&scratch);
}

/* Labels first, vectors later. */
static void
test_waits_for_vectors (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaJob) embed = NULL;
  g_autoptr (FoveaGraph) graph = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data", 3, 0);
  import = scratch_import (&scratch, "data");
  fovea_project_get_live (scratch.project);
  wait_for_state (&scratch, FOVEA_LIVE_WAITING_FOR_VECTORS);
  graph = mini_pack_graph ("efficientnet-lite0");
  mini_pack_save (graph, scratch.packs, "efficientnet-lite0");
  embed = fovea_project_embed (scratch.project);
  g_assert_true (fovea_job_wait (embed, NULL, NULL, NULL));
  wait_for_state (&scratch, FOVEA_LIVE_READY);
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/live/suggests", test_suggests);
  g_test_add_func ("/engine/live/confident", test_confident);
  g_test_add_func ("/engine/live/accuracy-and-off", test_accuracy_and_off);
  g_test_add_func ("/engine/live/held-out-split", test_held_out_split);
  g_test_add_func ("/engine/live/one-concept", test_one_concept);
  g_test_add_func ("/engine/live/waits-for-vectors", test_waits_for_vectors);
  return g_test_run ();
}
