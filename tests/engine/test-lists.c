/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include "engine/model-jobs.h"

typedef struct {
  guint n_signals, removed, added, last_position;
} Watch;

static void
on_items_changed (GListModel *list, guint position, guint removed, guint added, Watch *watch)
{
  watch->n_signals++;
  watch->removed += removed;
  watch->added += added;
  watch->last_position = position;
}

static void
on_labelled (GObject *source, GAsyncResult *result, gpointer data)
{
  *(int *) data = fovea_project_label_finish (FOVEA_PROJECT (source), result, NULL);
}

static void
label_and_wait (Scratch *scratch, gint64 id, const char *concept)
{
  int changed = -2;

  fovea_project_label_async (scratch->project, &id, 1, concept, FOVEA_LABEL_POSITIVE, NULL, on_labelled, &changed);
  WAIT_FOR (changed != -2);
  g_assert_cmpint (changed, ==, 1);
}

static void
test_pictures_follow (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) first = NULL;
  g_autoptr (FoveaJob) second = NULL;
  GListModel *list;
  Watch watch = { 0 };
  g_autoptr (FoveaPicture) picture = NULL;
  g_autofree char *name = NULL;

  scratch_init (&scratch, TRUE);
  scratch_picture (&scratch, "one/a.png", 0x404040, 1);
  scratch_picture (&scratch, "one/b.png", 0x404040, 2);
  scratch_picture (&scratch, "two/c.png", 0x404040, 3);
  list = G_LIST_MODEL (fovea_project_get_pictures (scratch.project));
  first = scratch_import (&scratch, "one");
  scratch_wait_for_items (list, 2);
  g_signal_connect (list, "items-changed", G_CALLBACK (on_items_changed), &watch);
  second = scratch_import (&scratch, "two");
  scratch_wait_for_items (list, 3);
  g_assert_cmpuint (watch.n_signals, ==, 1);
  g_assert_cmpuint (watch.last_position, ==, 2);
  g_assert_cmpuint (watch.removed, ==, 0);
  g_assert_cmpuint (watch.added, ==, 1);
  picture = g_list_model_get_item (list, 2);
  name = fovea_picture_dup_name (picture);
  g_assert_cmpstr (name, ==, "c.png");
  g_assert_cmpint (fovea_picture_get_width (picture), ==, 24);
  g_assert_false (fovea_picture_get_embedding_pending (picture));
  g_assert_null (g_list_model_get_item (list, 3));
  g_signal_handlers_disconnect_by_data (list, &watch);
  scratch_clear (&scratch);
}

/* One change where most rows go: who shows the list would fill its view anew at every splice. */
static void
test_scattered (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaPictureList) list = NULL;
  GListModel *all;
  Watch watch = { 0 };
  FoveaPictureFilter filter = { 0 };

  scratch_init (&scratch, FALSE);
  for (guint i = 0; i < 7; i++)
    {
      g_autofree char *name = g_strdup_printf ("data/%u.png", i);

      scratch_picture (&scratch, name, 0x404040, i);
    }
  all = G_LIST_MODEL (fovea_project_get_pictures (scratch.project));
  job = scratch_import (&scratch, "data");
  scratch_wait_for_items (all, 7);
  label_and_wait (&scratch, fovea_picture_list_get_id (FOVEA_PICTURE_LIST (all), 1), "hat");
  label_and_wait (&scratch, fovea_picture_list_get_id (FOVEA_PICTURE_LIST (all), 4), "hat");
  list = fovea_project_new_picture_list (scratch.project);
  scratch_wait_for_items (G_LIST_MODEL (list), 7);
  g_signal_connect (list, "items-changed", G_CALLBACK (on_items_changed), &watch);
  filter.concept_id = fovea_concept_get_id (scratch_wait_for_concept (&scratch, "hat"));
  fovea_picture_list_set_filter (list, &filter);
  scratch_wait_for_items (G_LIST_MODEL (list), 2);
  g_assert_cmpuint (watch.n_signals, ==, 1);
  g_assert_cmpuint (watch.removed, ==, 7);
  g_assert_cmpuint (watch.added, ==, 2);
  g_signal_handlers_disconnect_by_data (list, &watch);
  g_clear_object (&list);
  scratch_clear (&scratch);
}

static void
count_changed (FoveaPicture *picture, guint *n)
{
  (*n)++;
}

static void
test_filter_and_labels (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaPictureList) unlabelled = NULL;
  GListModel *all;
  FoveaPictureFilter filter = { .unlabelled = TRUE };
  g_autoptr (FoveaPicture) picture = NULL;
  g_autofree char *description = NULL;
  Watch watch = { 0 };
  guint n_changed = 0;

  scratch_init (&scratch, FALSE);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *name = g_strdup_printf ("data/%u.png", i);

      scratch_picture (&scratch, name, 0x404040, i);
    }
  all = G_LIST_MODEL (fovea_project_get_pictures (scratch.project));
  job = scratch_import (&scratch, "data");
  scratch_wait_for_items (all, 5);
  unlabelled = fovea_project_new_picture_list (scratch.project);
  fovea_picture_list_set_filter (unlabelled, &filter);
  scratch_wait_for_items (G_LIST_MODEL (unlabelled), 5);
  g_signal_connect (unlabelled, "items-changed", G_CALLBACK (on_items_changed), &watch);
  picture = g_list_model_get_item (all, 2);
  g_signal_connect (picture, "changed", G_CALLBACK (count_changed), &n_changed);

  label_and_wait (&scratch, fovea_picture_get_id (picture), "hat");
  scratch_wait_for_items (G_LIST_MODEL (unlabelled), 4);
  g_assert_cmpuint (watch.n_signals, ==, 1);
  g_assert_cmpuint (watch.last_position, ==, 2);
  g_assert_cmpuint (watch.removed, ==, 1);
  WAIT_FOR (n_changed != 0);
  g_assert_cmpuint (n_changed, ==, 1);
  scratch_wait_for_items (G_LIST_MODEL (fovea_project_get_concepts (scratch.project)), 1);
  description = fovea_picture_dup_description (picture);
  g_assert_cmpstr (description, ==, "labelled hat");
  g_assert_cmpstr (fovea_project_get_undo_text (scratch.project), ==, "label 1 picture hat");
  g_signal_handlers_disconnect_by_data (unlabelled, &watch);
  g_signal_handlers_disconnect_by_data (picture, &n_changed);
  g_clear_object (&picture);
  scratch_clear (&scratch);
}

/* The second filter comes while the first is being read: it is answered at once, not at the pace of an import. */
static void
test_filter_while_reading (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  FoveaPictureList *list;
  FoveaPictureFilter none = { .text = "nothing" }, one = { .text = "a.png" };
  gint64 begun_us;

  scratch_init (&scratch, FALSE);
  scratch_picture (&scratch, "data/a.png", 0x404040, 1);
  scratch_picture (&scratch, "data/b.png", 0x404040, 2);
  list = fovea_project_get_pictures (scratch.project);
  job = scratch_import (&scratch, "data");
  scratch_wait_for_items (G_LIST_MODEL (list), 2);
  scratch_settle ();
  begun_us = g_get_monotonic_time ();
  for (guint i = 0; i < 20; i++)
    {
      fovea_picture_list_set_filter (list, i % 2 == 0 ? &none : NULL);
      fovea_picture_list_set_filter (list, &one);
      g_assert_true (fovea_picture_list_get_loading (list));
      while (fovea_picture_list_get_loading (list))
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (list)), ==, 1);
    }
  /* At the pace of an import it would take five seconds. */
  g_assert_cmpint (g_get_monotonic_time () - begun_us, <, 4 * G_TIME_SPAN_SECOND);
  scratch_clear (&scratch);
}

static void
on_thumbnail (GObject *source, GAsyncResult *result, gpointer data)
{
  int width, height, stride;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = fovea_project_load_thumbnail_finish (FOVEA_PROJECT (source), result, &width, &height, &stride, &error);

  g_assert_no_error (error);
  g_assert_cmpint (width, ==, 12);
  g_assert_cmpint (height, ==, 8);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, (gsize) stride * 8);
  *(gboolean *) data = TRUE;
}

static void
test_thumbnail (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  GListModel *list;
  g_autoptr (FoveaPicture) picture = NULL;
  gboolean done = FALSE;

  scratch_init (&scratch, FALSE);
  scratch_picture (&scratch, "data/a.png", 0x404040, 1);
  list = G_LIST_MODEL (fovea_project_get_pictures (scratch.project));
  job = scratch_import (&scratch, "data");
  scratch_wait_for_items (list, 1);
  picture = g_list_model_get_item (list, 0);
  fovea_project_load_thumbnail_async (scratch.project, picture, 12, NULL, on_thumbnail, &done);
  WAIT_FOR (done);
  g_clear_object (&picture);
  scratch_clear (&scratch);
}

static void
test_others_changes_show (void)
{
  Scratch scratch;
  g_autofree char *path = NULL;
  FoveaProject *other;
  GListModel *concepts;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data", 1, 0);
  concepts = G_LIST_MODEL (fovea_project_get_concepts (scratch.project));
  path = scratch_path (&scratch, "test.fovea");
  other = fovea_project_open (path, &error);
  g_assert_no_error (error);
  {
    g_autofree char *data = scratch_path (&scratch, "data");
    const char *paths[] = { data, NULL };

    job = fovea_project_import (other, paths, NULL);
    g_assert_true (fovea_job_wait (job, NULL, NULL, NULL));
  }
  scratch_wait_for_items (concepts, 2);
  fovea_project_close (other);
  scratch_settle ();
  g_object_unref (other);
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/pictures/follow-an-import", test_pictures_follow);
  g_test_add_func ("/engine/pictures/filter-and-labels", test_filter_and_labels);
  g_test_add_func ("/engine/pictures/scattered", test_scattered);
  g_test_add_func ("/engine/pictures/filter-while-reading", test_filter_while_reading);
  g_test_add_func ("/engine/pictures/thumbnail", test_thumbnail);
  g_test_add_func ("/engine/project/others-changes-show", test_others_changes_show);
  return g_test_run ();
}
