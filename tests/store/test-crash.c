/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What happens when the program is killed, the disk is full, or two programs write at once. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store-testing.h"
#include "store/store-models.h"
#include "store/store-vectors.h"
#include "store/store-weights.h"

#define IDS(array) ((gint64 *) (void *) (array)->data)

/* Labels, undoes, embeds and trains for ever; says in @fd which serial number was acknowledged
 * last. */
static void
work_until_killed (const char *path,
                   int         fd,
                   guint32     first)
{
  FoveaStore *store = fovea_store_open (path, FOVEA_STORE_OPEN_DEFAULT, NULL);
  g_autofree guint16 *vectors = g_new0 (guint16, 64 * 256);
  g_autoptr (GBytes) weights = g_bytes_new_take (g_malloc0 (3 << 20), 3 << 20);
  gint64 ids[64], space;

  if (store == NULL || !fovea_store_ensure_vector_space (store, "aa", "crop", 1, 256, &space, NULL))
    _exit (2);
  for (gint64 i = 0; i < 64; i++)
    ids[i] = i + 1;
  for (guint32 serial = first;; serial++)
    {
      g_autofree char *text = g_strdup_printf ("%u", serial);
      FoveaStoreVersion version = { .model = 1, .status = FOVEA_STORE_VERSION_TRAINED };
      gint64 v;

      if (!fovea_store_begin_command (store, text, NULL)
          || !fovea_store_label_inputs (store, ids, 64, 1, serial % 2, 0, NULL, NULL))
        _exit (2);
      fovea_sql_run (store, NULL,
                     "INSERT INTO settings VALUES ('serial', ?) ON CONFLICT (key) DO UPDATE "
                     "SET value = excluded.value",
                     "t", text);
      if (!fovea_store_commit_command (store, NULL, NULL))
        _exit (2);
      if (write (fd, &serial, sizeof serial) != sizeof serial)
        _exit (2);

      if (!fovea_store_put_vectors (store, space, FOVEA_STORE_OF_INPUT, ids, vectors, 64, NULL))
        _exit (2);
      if (serial % 5 == 0
          && (!fovea_store_begin_work (store, NULL)
              || !fovea_store_add_version (store, &version, &v, NULL)
              || !fovea_store_put_weights (store, v, "onnx", weights, NULL)
              || !fovea_store_commit_work (store, NULL)))
        _exit (2);
    }
}

static void
wait_until_said (int fd)
{
  struct pollfd waiting = { .fd = fd, .events = POLLIN };

  g_assert_cmpint (poll (&waiting, 1, 60000), ==, 1);
}

static guint32
last_said (int fd)
{
  guint32 serial, last = 0;

  while (read (fd, &serial, sizeof serial) == sizeof serial)
    last = serial;
  return last;
}

static void
test_killed (void)
{
  g_auto (Project) p = { 0 };
  FoveaStoreModel model = { .public_id = (char *) "m", .type_id = (char *) "embedding-classifier" };
  GError *error = NULL;
  guint32 first = 1;

  project_init (&p);
  g_array_unref (add_pictures (p.store, "a", 64));
  add_concept (p.store, "Hat");
  begin (p.store, "model");
  g_assert_true (fovea_store_add_model (p.store, &model, NULL, &error));
  commit (p.store);

  for (int round = 0; round < 20; round++)
    {
      g_autofree char *said = NULL;
      int pipe_fds[2], status;
      guint32 acknowledged, found;
      pid_t pid;

      project_close (&p);
      /* With the log, and now and then without it, as on a network mount. */
      if (round % 4 == 3)
        g_setenv ("FOVEA_ASSUME_NETWORK", "1", TRUE);
      g_assert_cmpint (pipe (pipe_fds), ==, 0);
      pid = fork ();
      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        {
          close (pipe_fds[0]);
          work_until_killed (p.path, pipe_fds[1], first);
        }
      close (pipe_fds[1]);
      /* Mostly from its first acknowledged change on, however slow the machine; now and then while it opens. */
      if (round % 5 != 4)
        wait_until_said (pipe_fds[0]);
      g_usleep ((gulong) g_test_rand_int_range (1000, 250000));
      kill (pid, SIGKILL);
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_assert_true (WIFSIGNALED (status));
      acknowledged = last_said (pipe_fds[0]);
      close (pipe_fds[0]);

      project_reopen (&p);
      g_assert_false (fovea_store_is_read_only (p.store));
      g_unsetenv ("FOVEA_ASSUME_NETWORK");
      assert_clean (p.store);
      found = (guint32) count (p.store,
                               "SELECT ifnull ((SELECT CAST (value AS INTEGER) FROM settings), 0)");
      if (acknowledged > 0)
        {
          /* All of it or nothing: the labels are of that very serial number. */
          g_assert_cmpuint (found, >=, acknowledged);
          g_assert_cmpuint (found, <=, acknowledged + 1);
          said = g_strdup_printf ("SELECT count(*) FROM annotations WHERE value = %u", found % 2);
          g_assert_cmpint (count (p.store, said), ==, 64);
        }
      g_assert_cmpint (count (p.store, "SELECT count(*) FROM model_versions WHERE id NOT IN "
                              "(SELECT version_id FROM weights)"), ==, 0);
      first = found + 1;
    }
  g_assert_cmpuint (first, >, 16);
}

/* Every kind of change meets a full disk; the state before is the state after, and goes on once
 * there is room. */
static void
fill_up (FoveaStore *store)
{
  g_autoptr (GBytes) weights = g_bytes_new_take (g_malloc0 (8 << 20), 8 << 20);
  g_autoptr (GPtrArray) inputs
    = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_input_free);
  g_autofree char *before = dump_tracked (store), *after = NULL;
  g_autoptr (GError) error = NULL;
  FoveaStoreVersion version = { .model = 1, .status = FOVEA_STORE_VERSION_TRAINED };
  gboolean ok;
  gint64 v;

  for (int i = 0; i < 60000; i++)
    {
      FoveaStoreInput *input = fovea_store_input_new ();

      input->path = g_strdup_printf ("/a/rather/long/path/to/have/something/to/write/%d.png", i);
      g_ptr_array_add (inputs, input);
    }
  begin (store, "import");
  ok = fovea_store_add_inputs (store, (const FoveaStoreInput *const *) inputs->pdata, inputs->len,
                               NULL, NULL, &error);
  if (ok)
    ok = fovea_store_commit_command (store, NULL, &error);
  else
    fovea_store_rollback_command (store);
  g_assert_false (ok);
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FULL);
  g_assert_nonnull (strstr (error->message, "room"));
  g_clear_error (&error);

  g_assert_true (fovea_store_begin_work (store, &error));
  ok = fovea_store_add_version (store, &version, &v, &error)
       && fovea_store_put_weights (store, v, "onnx", weights, &error);
  if (ok)
    ok = fovea_store_commit_work (store, &error);
  else
    fovea_store_rollback_work (store);
  g_assert_false (ok);
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FULL);

  after = dump_tracked (store);
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpint (count (store, "SELECT count(*) FROM weight_chunks"), ==, 0);
  assert_clean (store);
}

static void
prepare_full (FoveaStore *store)
{
  FoveaStoreModel model = { .public_id = (char *) "m", .type_id = (char *) "embedding-classifier" };

  g_array_unref (add_pictures (store, "a", 64));
  add_concept (store, "Hat");
  begin (store, "model");
  g_assert_true (fovea_store_add_model (store, &model, NULL, NULL));
  commit (store);
}

static void
test_full_pages (void)
{
  g_auto (Project) p = { 0 };
  g_autofree char *sql = NULL;
  GError *error = NULL;
  gint64 id = 1;

  project_init (&p);
  prepare_full (p.store);
  sql = g_strdup_printf ("PRAGMA max_page_count = %" G_GINT64_FORMAT,
                         count (p.store, "PRAGMA page_count") + 20);
  g_assert_true (fovea_sql_exec (p.store, sql, &error));
  fill_up (p.store);
  g_assert_true (fovea_sql_exec (p.store, "PRAGMA max_page_count = 1000000", &error));
  g_assert_cmpuint (label (p.store, &id, 1, 1, 1), ==, 1);
}

/* The same on a real, small file system; in a child with mounts of its own where the system lets it
 * have them. */
static void
fill_mount (const char *folder)
{
  Project p = { 0 };
  gint64 id = 1;

  p.path = g_build_filename (folder, "full.fovea", NULL);
  p.store = fovea_store_create (p.path, NULL);
  g_assert_nonnull (p.store);
  prepare_full (p.store);
  fill_up (p.store);
  project_reopen (&p);
  g_assert_cmpuint (label (p.store, &id, 1, 1, 1), ==, 1);
  assert_clean (p.store);
  project_close (&p);
  g_free (p.path);
}

static void
test_full_disk (void)
{
  g_autofree char *folder = g_dir_make_tmp ("fovea-full-XXXXXX", NULL);
  int status;
  pid_t pid = fork ();

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      uid_t uid = geteuid ();

      if (unshare (uid == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0
          || mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
          || mount ("tmpfs", folder, "tmpfs", 0, "size=6m,mode=0777") != 0)
        _exit (77);
      fill_mount (folder);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_rmdir (folder);
  g_assert_true (WIFEXITED (status));
  if (WEXITSTATUS (status) == 77)
    g_print (
      "# no mounts of one's own here; /store/crash/full-pages says the same by SQLite's limit\n");
  else
    g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* Two processes label at once, each its own concept, short commands: both get through, nothing is
 * lost. */
static void
label_many (const char *path,
            gint64      concept_)
{
  g_autoptr (GError) error = NULL;
  FoveaStore *store = fovea_store_open (path, FOVEA_STORE_OPEN_DEFAULT, &error);

  if (store == NULL)
    {
      g_printerr ("%s\n", error->message);
      _exit (2);
    }
  for (gint64 id = 1; id <= 64; id++)
    if (!fovea_store_begin_command (store, "label", &error)
        || !fovea_store_label_inputs (store, &id, 1, concept_, 1, 0, NULL, &error)
        || !fovea_store_commit_command (store, NULL, &error))
      {
        g_printerr ("%s\n", error->message);
        _exit (2);
      }
  fovea_store_free (store);
  _exit (0);
}

static void
test_two_writers (void)
{
  g_auto (Project) p = { 0 };
  pid_t pids[2];
  gint64 concepts[2];

  project_init (&p);
  g_array_unref (add_pictures (p.store, "a", 64));
  concepts[0] = add_concept (p.store, "Hat");
  concepts[1] = add_concept (p.store, "Bag");
  project_close (&p);
  for (int i = 0; i < 2; i++)
    {
      pids[i] = fork ();
      g_assert_cmpint (pids[i], >=, 0);
      if (pids[i] == 0)
        label_many (p.path, concepts[i]);
    }
  for (int i = 0; i < 2; i++)
    {
      int status;

      g_assert_cmpint (waitpid (pids[i], &status, 0), ==, pids[i]);
      g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
    }
  project_reopen (&p);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM annotations"), ==, 128);
  g_assert_cmpint (count (p.store, "SELECT count(*) FROM commands"), ==, 131);
  assert_clean (p.store);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/store/crash/killed", test_killed);
  g_test_add_func ("/store/crash/full-pages", test_full_pages);
  g_test_add_func ("/store/crash/full-disk", test_full_disk);
  g_test_add_func ("/store/crash/two-writers", test_two_writers);
  return g_test_run ();
}
