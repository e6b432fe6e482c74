/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <utime.h>

#include "engine/look-around.h"
#include "engine/project-info.h"
#include "engine/upkeep-jobs.h"
#include "store/store-error.h"

static gint64
info (FoveaProject *project, const char *member)
{
  g_autoptr (JsonNode) node = fovea_project_dup_info_json (project, NULL);

  return json_object_get_int_member (json_node_get_object (node), member);
}

static void
move (Scratch *scratch, const char *from, const char *to)
{
  g_autofree char *a = scratch_path (scratch, from), *b = scratch_path (scratch, to);
  g_autofree char *folder = g_path_get_dirname (b);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_cmpint (g_rename (a, b), ==, 0);
}

static void
wait_for (FoveaJob *job)
{
  g_autoptr (GError) error = NULL;

  fovea_job_wait (job, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
on_undone (GObject *source, GAsyncResult *result, gpointer data)
{
  *(char **) data = fovea_project_undo_finish (FOVEA_PROJECT (source), result, NULL);
}

static char *
undo (FoveaProject *project)
{
  char *text = NULL;

  fovea_project_undo_async (project, NULL, on_undone, &text);
  WAIT_FOR (text != NULL);
  return text;
}

/* ---- archives ---- */

static void
zip (Scratch *scratch, const char *name, const char *folder, const char *const *files)
{
  g_autofree char *path = scratch_path (scratch, name);
  struct archive *archive = archive_write_new ();

  archive_write_set_format_zip (archive);
  g_assert_cmpint (archive_write_open_filename (archive, path), ==, ARCHIVE_OK);
  for (; *files != NULL; files++)
    {
      g_autofree char *source = g_build_filename (scratch->folder, folder, *files, NULL);
      struct archive_entry *entry = archive_entry_new ();
      g_autofree char *bytes = NULL;
      gsize length = 0;

      if (!g_file_get_contents (source, &bytes, &length, NULL))
        bytes = g_strdup ("");
      archive_entry_set_pathname (entry, *files);
      archive_entry_set_filetype (entry, AE_IFREG);
      archive_entry_set_perm (entry, 0644);
      archive_entry_set_size (entry, (gint64) length);
      g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
      archive_write_data (archive, bytes, length);
      archive_entry_free (entry);
    }
  g_assert_cmpint (archive_write_close (archive), ==, ARCHIVE_OK);
  archive_write_free (archive);
}

static void
test_archive (void)
{
  static const char *const files[] = { "clothes/red/000.png", "clothes/red/001.png", "clothes/blue/000.png", "clothes/blue/001.png", NULL };
  Scratch scratch;
  g_autoptr (FoveaJob) unpack = NULL;
  g_autoptr (FoveaJob) again = NULL;
  g_autoptr (FoveaJob) import = NULL;
  g_auto (GStrv) folders = NULL;
  g_auto (GStrv) more = NULL;
  g_autofree char *path = NULL, *expected = NULL, *second = NULL;
  const char *paths[2] = { NULL };

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "source/clothes", 2, 0);
  zip (&scratch, "Autumn.ZIP", "source", files);
  paths[0] = path = scratch_path (&scratch, "Autumn.ZIP");
  g_assert_true (fovea_path_looks_like_zip (path));
  unpack = fovea_project_unpack (scratch.project, paths);
  wait_for (unpack);
  g_assert_cmpint (scratch_count (unpack, "files"), ==, 4);
  folders = fovea_unpack_job_dup_folders (unpack);
  expected = scratch_path (&scratch, "test-pictures/Autumn/clothes");
  g_assert_cmpstr (folders[0], ==, expected);
  g_assert_null (folders[1]);
  import = fovea_project_import (scratch.project, (const char *const *) folders, NULL);
  wait_for (import);
  g_assert_cmpint (scratch_count (import, "imported"), ==, 4);
  g_assert_cmpint (info (scratch.project, "concepts"), ==, 2);
  /* Never over what is there. */
  again = fovea_project_unpack (scratch.project, paths);
  wait_for (again);
  more = fovea_unpack_job_dup_folders (again);
  second = scratch_path (&scratch, "test-pictures/Autumn 2/clothes");
  g_assert_cmpstr (more[0], ==, second);
  scratch_clear (&scratch);
}

/* A hostile one among good ones is a row of the report; alone, it is the error, and nothing is left of it. */
static void
test_hostile_archive (void)
{
  static const char *const good[] = { "red/000.png", NULL }, *const bad[] = { "red/000.png", "../../evil.png", NULL };
  Scratch scratch;
  g_autoptr (FoveaJob) both = NULL;
  g_autoptr (FoveaJob) alone = NULL;
  g_autoptr (FoveaReportRow) row = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *good_path = NULL, *bad_path = NULL, *left = NULL, *evil = NULL, *folder = NULL;
  const char *paths[3] = { NULL };
  g_autoptr (GDir) dir = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "source", 1, 0);
  zip (&scratch, "good.zip", "source", good);
  zip (&scratch, "bad.zip", "source", bad);
  paths[0] = bad_path = scratch_path (&scratch, "bad.zip");
  alone = fovea_project_unpack (scratch.project, paths);
  g_assert_false (fovea_job_wait (alone, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "leads out of its folder"));
  folder = scratch_path (&scratch, "test-pictures");
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  paths[1] = good_path = scratch_path (&scratch, "good.zip");
  both = fovea_project_unpack (scratch.project, paths);
  wait_for (both);
  g_assert_cmpuint (fovea_job_get_n_report_rows (both), ==, 1);
  row = fovea_job_dup_report_row (both, 0);
  g_assert_cmpstr (row->path, ==, bad_path);
  evil = scratch_path (&scratch, "evil.png");
  g_assert_false (g_file_test (evil, G_FILE_TEST_EXISTS));
  dir = g_dir_open (folder, 0, NULL);
  g_assert_cmpstr (g_dir_read_name (dir), ==, "good");
  g_assert_null (g_dir_read_name (dir));
  scratch_clear (&scratch);
}

/* ---- missing pictures ---- */

static void
test_relocate (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaJob) none = NULL;
  g_autoptr (FoveaReportRow) row = NULL;
  g_autofree char *place = NULL, *text = NULL, *gone = NULL;
  const char *folders[2] = { NULL };

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data", 3, 0);
  import = scratch_import (&scratch, "data");
  move (&scratch, "data/red/000.png", "elsewhere/deep/another name.png");
  move (&scratch, "data/red/001.png", "elsewhere/001.png");
  gone = scratch_path (&scratch, "data/blue/002.png");
  g_assert_cmpint (g_remove (gone), ==, 0);
  scratch_picture (&scratch, "elsewhere/002.png", 0x777777, 999); /* its name, not its contents */

  folders[0] = place = scratch_path (&scratch, "elsewhere");
  job = fovea_project_relocate (scratch.project, folders);
  wait_for (job);
  g_assert_cmpint (scratch_count (job, "missing"), ==, 3);
  g_assert_cmpint (scratch_count (job, "found"), ==, 2);
  g_assert_cmpint (info (scratch.project, "missing"), ==, 1);
  g_assert_cmpint (info (scratch.project, "inputs"), ==, 6);
  g_assert_cmpuint (fovea_job_get_n_report_rows (job), ==, 1);
  row = fovea_job_dup_report_row (job, 0);
  g_assert_cmpstr (row->path, ==, gone);
  g_assert_nonnull (strstr (row->details, "same name"));
  none = fovea_project_relocate (scratch.project, folders);
  wait_for (none);
  g_assert_cmpint (scratch_count (none, "missing"), ==, 1);
  g_assert_cmpint (scratch_count (none, "found"), ==, 0);
  text = undo (scratch.project);
  g_assert_cmpstr (text, ==, "find 2 missing pictures");
  scratch_clear (&scratch);
}

/* ---- new pictures ---- */

static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  *(FoveaSurroundings **) data = fovea_project_look_around_finish (FOVEA_PROJECT (source), result, &error);
  g_assert_no_error (error);
}

static FoveaSurroundings *
look_around (Scratch *scratch)
{
  FoveaSurroundings *found = NULL;

  fovea_project_look_around_async (scratch->project, NULL, on_looked, &found);
  WAIT_FOR (found != NULL);
  return found;
}

static void
test_look_around (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaJob) second = NULL;
  g_autoptr (FoveaSurroundings) before = NULL;
  g_autoptr (FoveaSurroundings) after = NULL;
  g_autoptr (FoveaSurroundings) later = NULL;
  g_autofree char *folder = NULL, *broken = NULL, *gone = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data", 2, 0);
  broken = scratch_path (&scratch, "data/red/broken.png");
  g_assert_true (g_file_set_contents (broken, "\x89PNG", 4, NULL));
  import = scratch_import (&scratch, "data");
  before = look_around (&scratch);
  g_assert_cmpuint (before->n_new, ==, 0); /* what was refused is not new */
  g_assert_cmpuint (before->n_missing, ==, 0);

  g_usleep (20000);
  scratch_picture (&scratch, "data/red/new.png", 0x333333, 700);
  scratch_picture (&scratch, "data/green/new.png", 0x00ff00, 701);
  scratch_picture (&scratch, "beside/new.png", 0x00ff00, 702);
  {
    /* As old as the hills, and moved in with its folder. */
    g_autofree char *old = scratch_path (&scratch, "hills/old.png");
    const struct utimbuf times = { 1000000000, 1000000000 };

    scratch_picture (&scratch, "hills/old.png", 0x112233, 703);
    g_assert_cmpint (utime (old, &times), ==, 0);
    move (&scratch, "hills", "data/hills");
  }
  gone = scratch_path (&scratch, "data/blue/000.png");
  g_assert_cmpint (g_remove (gone), ==, 0);
  after = look_around (&scratch);
  folder = scratch_path (&scratch, "data");
  g_assert_cmpuint (after->folders->len, ==, 1);
  g_assert_cmpstr (((FoveaNewPictures *) g_ptr_array_index (after->folders, 0))->folder, ==, folder);
  g_assert_cmpuint (after->n_new, ==, 3);
  g_assert_cmpuint (after->n_missing, ==, 1);
  g_assert_cmpint (info (scratch.project, "missing"), ==, 1);

  second = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (second, "imported"), ==, 3);
  later = look_around (&scratch);
  g_assert_cmpuint (later->n_new, ==, 0);
  scratch_clear (&scratch);
}

typedef struct {
  char **folders;
  gboolean done;
} Listed;

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  Listed *listed = data;

  listed->folders = fovea_project_list_watched_folders_finish (FOVEA_PROJECT (source), result, NULL);
  listed->done = TRUE;
}

static void
on_forgotten (GObject *source, GAsyncResult *result, gpointer data)
{
  g_assert_true (fovea_project_forget_watched_folder_finish (FOVEA_PROJECT (source), result, NULL));
  *(gboolean *) data = TRUE;
}

static guint
count_watched (Scratch *scratch)
{
  Listed listed = { 0 };
  guint n;

  fovea_project_list_watched_folders_async (scratch->project, NULL, on_listed, &listed);
  WAIT_FOR (listed.done);
  n = g_strv_length (listed.folders);
  g_strfreev (listed.folders);
  return n;
}

static void
test_watched (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  g_autofree char *folder = NULL, *text = NULL, *more = NULL;
  gboolean done = FALSE;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data", 2, 0);
  import = scratch_import (&scratch, "data");
  g_assert_cmpuint (count_watched (&scratch), ==, 1);
  folder = scratch_path (&scratch, "data");
  fovea_project_forget_watched_folder_async (scratch.project, folder, NULL, on_forgotten, &done);
  WAIT_FOR (done);
  g_assert_cmpuint (count_watched (&scratch), ==, 0);
  text = undo (scratch.project);
  g_assert_cmpuint (count_watched (&scratch), ==, 1);
  more = undo (scratch.project); /* the import, and with it the folder */
  g_assert_cmpuint (count_watched (&scratch), ==, 0);
  scratch_clear (&scratch);
}

/* ---- copies ---- */

static void
test_backup (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaJob) over = NULL;
  g_autoptr (FoveaJob) replace = NULL;
  g_autoptr (FoveaProject) copy = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) problems = NULL;
  g_autoptr (GArray) ids = NULL;
  g_autoptr (GPtrArray) unknown = NULL;
  g_autofree char *folder = NULL, *path = NULL, *picture = NULL;
  const char *names[2] = { NULL };

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data", 2, 0);
  import = scratch_import (&scratch, "data");
  folder = scratch_path (&scratch, "a safe place");
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  path = g_build_filename (folder, "copy.fovea", NULL);
  job = fovea_project_backup (scratch.project, path, FALSE);
  wait_for (job);
  over = fovea_project_backup (scratch.project, path, FALSE);
  g_assert_false (fovea_job_wait (over, NULL, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_EXISTS);
  g_clear_error (&error);

  copy = fovea_project_open (path, &error);
  g_assert_no_error (error);
  g_assert_true (fovea_project_check (copy, &problems, NULL));
  g_assert_cmpuint (problems->len, ==, 0);
  g_assert_cmpint (info (copy, "inputs"), ==, 4);
  g_assert_cmpint (info (copy, "annotations"), ==, 4);
  g_assert_cmpstr (fovea_project_get_undo_text (copy), ==, "");
  names[0] = picture = scratch_path (&scratch, "data/red/000.png"); /* seen from another folder, it is the same file */
  ids = fovea_project_find_pictures (copy, names, &unknown, NULL);
  g_assert_cmpuint (unknown->len, ==, 0);
  /* An open project is not replaced. */
  replace = fovea_project_backup (scratch.project, path, TRUE);
  g_assert_false (fovea_job_wait (replace, NULL, NULL, &error));
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_BUSY);
  g_clear_error (&error);
  fovea_project_close (copy);
  scratch_settle ();
  {
    g_autoptr (FoveaJob) now = fovea_project_backup (scratch.project, path, TRUE);
    g_autoptr (GDir) dir = NULL;

    wait_for (now);
    dir = g_dir_open (folder, 0, NULL);
    g_assert_cmpstr (g_dir_read_name (dir), ==, "copy.fovea");
    g_assert_null (g_dir_read_name (dir));
  }
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/unpack/archive", test_archive);
  g_test_add_func ("/engine/unpack/hostile", test_hostile_archive);
  g_test_add_func ("/engine/relocate/found-and-missing", test_relocate);
  g_test_add_func ("/engine/look-around/new-and-missing", test_look_around);
  g_test_add_func ("/engine/look-around/list", test_watched);
  g_test_add_func ("/engine/backup/copy", test_backup);
  return g_test_run ();
}
