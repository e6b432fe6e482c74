/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/walk.h"

static char *
scratch_new (void)
{
  return g_dir_make_tmp ("fovea-walk-XXXXXX", NULL);
}

static void
put (const char *root, const char *name)
{
  g_autofree char *path = g_build_filename (root, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, name, -1, NULL));
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

static FoveaWalk *
walk_one (const char *path)
{
  const char *paths[] = { path, NULL };
  FoveaWalk *walk = fovea_walk (paths, NULL, NULL, NULL, NULL);

  g_assert_nonnull (walk);
  return walk;
}

static const char *
name_at (const FoveaWalk *walk, guint i)
{
  const FoveaWalkEntry *entry = &g_array_index (walk->entries, FoveaWalkEntry, i);

  return entry->path + entry->below;
}

static void
test_order_and_hidden (void)
{
  g_autofree char *root = scratch_new ();
  g_autoptr (FoveaWalk) walk = NULL;

  put (root, "b.jpg");
  put (root, "a/z.jpg");
  put (root, "a/deep/er/x.jpg");
  put (root, ".hidden.jpg");
  put (root, ".git/c.jpg");
  put (root, "shoes.fovea");
  put (root, "shoes.fovea-wal");
  put (root, "shoes.fovea-work/checkpoint");
  walk = walk_one (root);
  g_assert_cmpuint (walk->entries->len, ==, 3);
  g_assert_cmpstr (name_at (walk, 0), ==, "b.jpg");
  g_assert_cmpstr (name_at (walk, 1), ==, "a/z.jpg");
  g_assert_cmpstr (name_at (walk, 2), ==, "a/deep/er/x.jpg");
  remove_tree (root);
}

static void
test_links_and_specials (void)
{
  g_autofree char *root = scratch_new ();
  g_autofree char *loop = g_build_filename (root, "sub", "loop", NULL);
  g_autofree char *fifo = g_build_filename (root, "pipe.jpg", NULL);
  g_autofree char *quiet = g_build_filename (root, "pipe", NULL);
  g_autofree char *broken = g_build_filename (root, "broken.png", NULL);
  g_autoptr (FoveaWalk) walk = NULL;

  put (root, "sub/a.jpg");
  g_assert_cmpint (symlink (root, loop), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_cmpint (mkfifo (quiet, 0600), ==, 0);
  g_assert_cmpint (symlink ("nowhere", broken), ==, 0);
  walk = walk_one (root);
  g_assert_cmpuint (walk->entries->len, ==, 1);
  g_assert_cmpuint (walk->problems->len, ==, 2); /* what looks like a picture is said, the other pipe is not */
  g_assert_cmpstr (g_array_index (walk->problems, FoveaWalkProblem, 0).path, ==, broken);
  g_assert_cmpstr (g_array_index (walk->problems, FoveaWalkProblem, 1).path, ==, fifo);
  fovea_walk_free (g_steal_pointer (&walk));
  walk = walk_one (quiet);
  g_assert_cmpuint (walk->problems->len, ==, 1); /* named, so said */
  remove_tree (root);
}

static FoveaLayout
layout_of (const char *root)
{
  g_autoptr (FoveaWalk) walk = walk_one (root);
  g_autoptr (GArray) layouts = fovea_walk_layouts (walk, 1);

  return g_array_index (layouts, FoveaLayout, 0);
}

static void
test_layouts (void)
{
  g_autofree char *root = scratch_new ();
  g_autofree char *train = g_build_filename (root, "train", NULL);
  FoveaLayout layout;

  put (root, "train/dress/a.jpg");
  put (root, "train/hat/b.jpg");
  put (root, "test/hat/c.jpg");
  put (root, "README.md");
  layout = layout_of (root);
  g_assert_true (layout.classes && layout.splits);
  g_assert_cmpuint (layout.n_classes, ==, 2);
  g_assert_cmpuint (layout.n_files, ==, 3);
  layout = layout_of (train);
  g_assert_true (layout.classes && !layout.splits);

  put (root, "stray.jpg");
  layout = layout_of (root);
  g_assert_false (layout.classes);
  remove_tree (root);
}

static void
test_classes_and_splits_of_entries (void)
{
  g_autofree char *root = scratch_new ();
  g_autoptr (FoveaWalk) walk = NULL;
  g_autoptr (GArray) layouts = NULL;
  const FoveaLayout *layout;
  g_autofree char *concept = NULL;

  put (root, "Validation/long sleeve/a.jpg");
  put (root, "train/hat/b.jpg");
  walk = walk_one (root);
  layouts = fovea_walk_layouts (walk, 1);
  layout = &g_array_index (layouts, FoveaLayout, 0);
  concept = fovea_layout_dup_class (layout, &g_array_index (walk->entries, FoveaWalkEntry, 0));
  g_assert_cmpstr (concept, ==, "long sleeve");
  g_assert_cmpstr (fovea_layout_get_split (layout, &g_array_index (walk->entries, FoveaWalkEntry, 0)), ==, "val");
  remove_tree (root);
}

static void
test_one_class_is_none (void)
{
  g_autofree char *root = scratch_new ();

  put (root, "holiday/a.jpg");
  put (root, "holiday/b.jpg");
  g_assert_false (layout_of (root).classes);
  remove_tree (root);
}

/* Class folders that are picked by themselves; a picture beside them makes them plain folders. */
static void
test_roots_as_classes (void)
{
  g_autofree char *root = scratch_new ();
  g_autofree char *hat = g_build_filename (root, "hat", NULL);
  g_autofree char *shoes = g_build_filename (root, "shoes", NULL);
  g_autofree char *stray = g_build_filename (root, "stray.jpg", NULL);
  const char *paths[] = { hat, shoes, NULL, NULL };

  put (root, "hat/a.jpg");
  put (root, "shoes/b.jpg");
  put (root, "stray.jpg");
  for (guint n = 2; n <= 3; n++)
    {
      g_autoptr (FoveaWalk) walk = fovea_walk (paths, NULL, NULL, NULL, NULL);
      g_autoptr (GArray) layouts = fovea_walk_layouts (walk, n);
      const FoveaLayout *layout = &g_array_index (layouts, FoveaLayout, 1);
      g_autofree char *concept = fovea_layout_dup_class (layout, &g_array_index (walk->entries, FoveaWalkEntry, 1));

      g_assert_cmpuint (layout->n_classes, ==, n == 2 ? 1 : 0);
      g_assert_cmpstr (concept, ==, n == 2 ? "shoes" : NULL);
      paths[2] = stray;
    }
  remove_tree (root);
}

/* Split folders that are picked by themselves; one alone, or with a folder beside them that is none, says nothing of splits. */
static void
test_roots_as_splits (void)
{
  g_autofree char *root = scratch_new ();
  g_autofree char *train = g_build_filename (root, "Train", NULL);
  g_autofree char *test = g_build_filename (root, "test", NULL);
  g_autofree char *other = g_build_filename (root, "other", NULL);
  const char *paths[] = { train, test, NULL, NULL };

  for (guint i = 0; i < 2; i++)
    {
      put (root, i == 0 ? "Train/hat/a.jpg" : "Train/shoes/a.jpg");
      put (root, i == 0 ? "test/hat/a.jpg" : "test/shoes/a.jpg");
      put (root, i == 0 ? "other/hat/a.jpg" : "other/shoes/a.jpg");
    }
  for (guint n = 1; n <= 3; n++)
    {
      g_autoptr (FoveaWalk) walk = NULL;
      g_autoptr (GArray) layouts = NULL;
      const FoveaWalkEntry *entry;
      const FoveaLayout *layout;
      g_autofree char *concept = NULL;

      paths[1] = n >= 2 ? test : NULL;
      paths[2] = n >= 3 ? other : NULL;
      walk = fovea_walk (paths, NULL, NULL, NULL, NULL);
      layouts = fovea_walk_layouts (walk, n);
      entry = &g_array_index (walk->entries, FoveaWalkEntry, walk->entries->len - 1);
      layout = &g_array_index (layouts, FoveaLayout, entry->root);
      concept = fovea_layout_dup_class (layout, entry);
      g_assert_cmpstr (concept, ==, "shoes");
      g_assert_cmpstr (fovea_layout_get_split (layout, entry), ==, n == 2 ? "test" : NULL);
      entry = &g_array_index (walk->entries, FoveaWalkEntry, 0);
      g_assert_cmpstr (fovea_layout_get_split (&g_array_index (layouts, FoveaLayout, 0), entry), ==, n == 2 ? "train" : NULL);
    }
  remove_tree (root);
}

static void
test_cancelled (void)
{
  g_autofree char *root = scratch_new ();
  const char *paths[] = { root, NULL };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (fovea_walk (paths, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  remove_tree (root);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/walk/order-and-hidden", test_order_and_hidden);
  g_test_add_func ("/engine/walk/links-and-specials", test_links_and_specials);
  g_test_add_func ("/engine/walk/cancelled", test_cancelled);
  g_test_add_func ("/engine/layout/classes-and-splits", test_layouts);
  g_test_add_func ("/engine/layout/of-entries", test_classes_and_splits_of_entries);
  g_test_add_func ("/engine/layout/one-class-is-none", test_one_class_is_none);
  g_test_add_func ("/engine/layout/roots-as-classes", test_roots_as_classes);
  g_test_add_func ("/engine/layout/roots-as-splits", test_roots_as_splits);
  return g_test_run ();
}
