/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include <unistd.h>

#include "engine/engine-error.h"
#include "engine/export-job.h"
#include "engine/job-private.h"
#include "engine/picture-edit.h"
#include "engine/project-info.h"
#include "nn/nn-error.h"

static gint64
info (Scratch *scratch, const char *member)
{
  g_autoptr (JsonNode) node = fovea_project_dup_info_json (scratch->project, NULL);

  return json_object_get_int_member (json_node_get_object (node), member);
}

static void
test_class_folders (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) first = NULL;
  g_autoptr (FoveaJob) again = NULL;
  g_autoptr (JsonNode) node = NULL;
  JsonObject *splits;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data/train", 3, 0);
  scratch_classes (&scratch, "data/test", 2, 100);
  first = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (first, "imported"), ==, 10);
  g_assert_cmpint (scratch_count (first, "embedded"), ==, 10);
  g_assert_cmpint (info (&scratch, "annotations"), ==, 10);
  g_assert_cmpint (info (&scratch, "vectors"), ==, 10);
  node = fovea_project_dup_info_json (scratch.project, NULL);
  splits = json_object_get_object_member (json_node_get_object (node), "splits");
  g_assert_cmpint (json_object_get_int_member (splits, "train"), ==, 6);
  g_assert_cmpint (json_object_get_int_member (splits, "test"), ==, 4);
  again = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (again, "unchanged"), ==, 10);
  g_assert_cmpint (scratch_count (again, "imported"), ==, 0);
  scratch_clear (&scratch);
}

static void
test_report (void)
{
  Scratch scratch;
  g_autofree char *copy_from = NULL, *copy_to = NULL, *broken = NULL, *text = NULL, *bytes = NULL;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaReportRow) row = NULL;
  gsize length;

  scratch_init (&scratch, FALSE);
  scratch_picture (&scratch, "data/a.png", 0x808080, 1);
  copy_from = scratch_path (&scratch, "data/a.png");
  copy_to = scratch_path (&scratch, "data/b.png");
  g_assert_true (g_file_get_contents (copy_from, &bytes, &length, NULL));
  g_assert_true (g_file_set_contents (copy_to, bytes, (gssize) length, NULL));
  broken = scratch_path (&scratch, "data/broken.png");
  g_assert_true (g_file_set_contents (broken, bytes, 40, NULL));
  text = scratch_path (&scratch, "data/notes.txt");
  g_assert_true (g_file_set_contents (text, "not a picture", -1, NULL));

  job = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (job, "imported"), ==, 1);
  g_assert_cmpint (scratch_count (job, "duplicates"), ==, 1);
  g_assert_cmpint (scratch_count (job, "failed"), ==, 1);
  g_assert_cmpint (scratch_count (job, "ignored"), ==, 1);
  g_assert_cmpint (scratch_count (job, "embedding_pending"), ==, 1); /* there is no pack */
  g_assert_cmpuint (fovea_job_get_n_report_rows (job), ==, 2);
  row = fovea_job_dup_report_row (job, 0);
  g_assert_cmpstr (row->path, ==, copy_to);
  g_assert_cmpint (row->code, ==, 30100);
  scratch_clear (&scratch);
}

static void
test_moved_and_changed (void)
{
  Scratch scratch;
  g_autofree char *from = NULL, *to = NULL;
  g_autoptr (FoveaJob) first = NULL;
  g_autoptr (FoveaJob) moved = NULL;
  g_autoptr (FoveaJob) changed = NULL;

  scratch_init (&scratch, TRUE);
  scratch_picture (&scratch, "data/a.png", 0x808080, 1);
  scratch_picture (&scratch, "data/b.png", 0x808080, 2);
  first = scratch_import (&scratch, "data");
  from = scratch_path (&scratch, "data/a.png");
  to = scratch_path (&scratch, "data/renamed.png");
  g_assert_cmpint (g_rename (from, to), ==, 0);
  moved = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (moved, "relocated"), ==, 1);
  g_assert_cmpint (info (&scratch, "inputs"), ==, 2);
  scratch_picture (&scratch, "data/b.png", 0x123456, 3);
  changed = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (changed, "updated"), ==, 1);
  g_assert_cmpint (info (&scratch, "inputs"), ==, 2);
  g_assert_cmpint (info (&scratch, "vectors"), ==, 2);
  scratch_clear (&scratch);
}

static void
on_undone (GObject *source, GAsyncResult *result, gpointer data)
{
  char **text = data;

  *text = fovea_project_undo_finish (FOVEA_PROJECT (source), result, NULL);
}

static void
test_undo_takes_all_back (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  char *text = NULL;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data", 20, 0); /* more than one batch */
  job = scratch_import (&scratch, "data");
  g_assert_cmpint (info (&scratch, "inputs"), ==, 40);
  fovea_project_undo_async (scratch.project, NULL, on_undone, &text);
  WAIT_FOR (text != NULL);
  g_assert_cmpstr (text, ==, "import 40 pictures");
  g_assert_cmpint (info (&scratch, "inputs"), ==, 0);
  g_free (text);
  scratch_clear (&scratch);
}

static void
test_cancel_and_go_on (void)
{
  Scratch scratch;
  g_autofree char *path = NULL;
  const char *paths[] = { NULL, NULL };
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaJob) again = NULL;
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data", 60, 0);
  paths[0] = path = scratch_path (&scratch, "data");
  job = fovea_project_import (scratch.project, paths, NULL);
  fovea_job_pause (job);
  g_usleep (20000);
  fovea_job_cancel (job);
  g_assert_false (fovea_job_wait (job, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (fovea_job_get_state (job), ==, FOVEA_JOB_CANCELLED);
  again = scratch_import (&scratch, "data");
  g_assert_cmpint (info (&scratch, "inputs"), ==, 120);
  g_assert_cmpint (info (&scratch, "annotations"), ==, 120);
  scratch_clear (&scratch);
}

/* The project's own file, by name or by a link, is neither a picture nor opened: closing it would drop SQLite's locks. */
static void
test_project_is_no_picture (void)
{
  static const char *const names[] = { "test.fovea", "cat.png" };
  Scratch scratch;
  g_autofree char *link = NULL;

  scratch_init (&scratch, FALSE);
  link = scratch_path (&scratch, "cat.png");
  g_assert_cmpint (symlink ("test.fovea", link), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (FoveaJob) job = scratch_import (&scratch, names[i]);
      g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (job, 0);

      g_assert_cmpint (scratch_count (job, "failed"), ==, 1);
      g_assert_nonnull (strstr (row->details, "project itself"));
    }
  scratch_clear (&scratch);
}

/* The network says in its own words that it was stopped; for the person the job was cancelled all the same. */
static void
test_cancelled_within_the_network (void)
{
  g_autoptr (FoveaJob) job = fovea_job_new (FOVEA_JOB_IMPORT, "Import pictures", NULL, NULL, NULL);
  g_autoptr (GError) inner = g_error_new_literal (FOVEA_NN_ERROR, FOVEA_NN_ERROR_CANCELLED, "running the model was cancelled");
  g_autoptr (GError) error = NULL;

  fovea_job_start_failed (job, inner);
  g_assert_false (fovea_job_wait (job, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (fovea_job_get_state (job), ==, FOVEA_JOB_CANCELLED);
}

static void
test_export_round_trip (void)
{
  Scratch scratch, other;
  g_autofree char *dest = NULL, *csv = NULL, *text = NULL;
  g_auto (GStrv) lines = NULL;
  FoveaExportOptions options = { .format = FOVEA_EXPORT_FOLDERS };
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaJob) folders = NULL;
  g_autoptr (FoveaJob) refused = NULL;
  g_autoptr (FoveaJob) table = NULL;
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data/train", 2, 0);
  import = scratch_import (&scratch, "data");
  dest = scratch_path (&scratch, "out");
  folders = fovea_project_export (scratch.project, dest, &options);
  g_assert_true (fovea_job_wait (folders, NULL, NULL, NULL));
  refused = fovea_project_export (scratch.project, dest, &options);
  g_assert_false (fovea_job_wait (refused, NULL, NULL, &error));
  options.format = FOVEA_EXPORT_CSV;
  csv = scratch_path (&scratch, "out.csv");
  table = fovea_project_export (scratch.project, csv, &options);
  g_assert_true (fovea_job_wait (table, NULL, NULL, NULL));
  g_assert_true (g_file_get_contents (csv, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 6); /* head, four, and what follows the last line's end */
  g_assert_cmpstr (lines[0], ==, "path,split,concept,value,source,score");
  {
    const char *paths[] = { dest, NULL };
    g_autoptr (FoveaJob) back = NULL;

    scratch_init (&other, FALSE);
    back = fovea_project_import (other.project, paths, NULL);
    g_assert_true (fovea_job_wait (back, NULL, NULL, NULL));
    g_assert_cmpint (info (&other, "annotations"), ==, 4);
    g_assert_cmpint (info (&other, "concepts"), ==, 2);
    scratch_clear (&other);
  }
  scratch_clear (&scratch);
}

static void
on_state_set (GObject *source, GAsyncResult *result, gpointer data)
{
  *(gboolean *) data = fovea_project_change_pictures_finish (FOVEA_PROJECT (source), result, NULL) == 1;
}

static void
test_export_reviewed (void)
{
  Scratch scratch;
  FoveaExportOptions options = { .format = FOVEA_EXPORT_FOLDERS, .source = FOVEA_EXPORT_REVIEWED };
  g_autofree char *dest = NULL;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaJob) nothing = NULL;
  g_autoptr (FoveaJob) one = NULL;
  g_autoptr (FoveaPicture) picture = NULL;
  gboolean done = FALSE;
  gint64 id;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data", 2, 0);
  import = scratch_import (&scratch, "data");
  scratch_wait_for_items (G_LIST_MODEL (fovea_project_get_pictures (scratch.project)), 4);
  dest = scratch_path (&scratch, "out");
  nothing = fovea_project_export (scratch.project, dest, &options);
  g_assert_true (fovea_job_wait (nothing, NULL, NULL, NULL));
  g_assert_cmpint (scratch_count (nothing, "written"), ==, 0);
  picture = g_list_model_get_item (G_LIST_MODEL (fovea_project_get_pictures (scratch.project)), 1);
  id = fovea_picture_get_id (picture);
  fovea_project_set_state_async (scratch.project, &id, 1, FOVEA_PICTURE_COMPLETE, NULL, on_state_set, &done);
  WAIT_FOR (done);
  one = fovea_project_export (scratch.project, dest, &options);
  g_assert_true (fovea_job_wait (one, NULL, NULL, NULL));
  g_assert_cmpint (scratch_count (one, "pictures"), ==, 1);
  g_assert_cmpint (scratch_count (one, "written"), ==, 1);
  g_clear_object (&picture);
  scratch_clear (&scratch);
}

/* Forced or not, under its own name or through a link. */
static void
test_export_spares_own_files (void)
{
  static const struct {
    const char *dest, *says;
    FoveaExportFormat format;
  } cases[] = {
    { "data", "holds pictures of the project", FOVEA_EXPORT_FOLDERS },
    { ".", "holds pictures of the project", FOVEA_EXPORT_FOLDERS },
    { "link", "holds pictures of the project", FOVEA_EXPORT_FOLDERS },
    { "data/p.png", "is a picture of the project", FOVEA_EXPORT_CSV },
    { "link/p.png", "is a picture of the project", FOVEA_EXPORT_CSV },
    { "test.fovea", "is the project itself", FOVEA_EXPORT_CSV },
  };
  Scratch scratch;
  g_autofree char *link = NULL, *picture = NULL, *before = NULL, *after = NULL;
  g_autoptr (FoveaJob) import = NULL;
  gsize n_before, n_after;

  scratch_init (&scratch, FALSE);
  scratch_picture (&scratch, "data/p.png", 0x404040, 1);
  import = scratch_import (&scratch, "data");
  link = scratch_path (&scratch, "link");
  g_assert_cmpint (symlink ("data", link), ==, 0);
  picture = scratch_path (&scratch, "data/p.png");
  g_assert_true (g_file_get_contents (picture, &before, &n_before, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const FoveaExportOptions options = { .format = cases[i].format, .force = TRUE };
      g_autofree char *dest = scratch_path (&scratch, cases[i].dest);
      g_autoptr (FoveaJob) job = fovea_project_export (scratch.project, dest, &options);
      g_autoptr (GError) error = NULL;

      g_assert_false (fovea_job_wait (job, NULL, NULL, &error));
      g_assert_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, cases[i].says));
    }
  g_assert_true (g_file_get_contents (picture, &after, &n_after, NULL));
  g_assert_cmpmem (before, n_before, after, n_after);
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/import/project-is-no-picture", test_project_is_no_picture);
  g_test_add_func ("/engine/import/class-folders", test_class_folders);
  g_test_add_func ("/engine/import/report", test_report);
  g_test_add_func ("/engine/import/moved-and-changed", test_moved_and_changed);
  g_test_add_func ("/engine/import/undo-takes-all-back", test_undo_takes_all_back);
  g_test_add_func ("/engine/import/cancel-and-go-on", test_cancel_and_go_on);
  g_test_add_func ("/engine/jobs/cancelled-within-the-network", test_cancelled_within_the_network);
  g_test_add_func ("/engine/export/round-trip", test_export_round_trip);
  g_test_add_func ("/engine/export/reviewed", test_export_reviewed);
  g_test_add_func ("/engine/export/spares-own-files", test_export_spares_own_files);
  return g_test_run ();
}
