/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "vision/vision-error.h"

typedef struct {
  char *folder, *zip, *into;
  struct archive *archive;
} Scratch;

static void
scratch_init (Scratch *self, const char *options)
{
  self->folder = g_dir_make_tmp ("fovea-unpack-XXXXXX", NULL);
  self->zip = g_build_filename (self->folder, "a.zip", NULL);
  self->into = g_build_filename (self->folder, "into", NULL);
  g_assert_cmpint (g_mkdir (self->into, 0700), ==, 0);
  self->archive = archive_write_new ();
  g_assert_cmpint (archive_write_set_format_zip (self->archive), ==, ARCHIVE_OK);
  if (options != NULL)
    {
      g_assert_cmpint (archive_write_set_options (self->archive, options), ==, ARCHIVE_OK);
      archive_write_set_passphrase (self->archive, "secret");
    }
  g_assert_cmpint (archive_write_open_filename (self->archive, self->zip), ==, ARCHIVE_OK);
}

static void
add (Scratch *self, const char *name, unsigned type, const char *link, const char *text, gsize repeat)
{
  struct archive_entry *entry = archive_entry_new ();
  gsize length = strlen (text);

  archive_entry_set_pathname (entry, name);
  archive_entry_set_filetype (entry, type);
  archive_entry_set_perm (entry, 0777);
  archive_entry_set_size (entry, (gint64) (length * repeat));
  if (link != NULL)
    archive_entry_set_symlink (entry, link);
  g_assert_cmpint (archive_write_header (self->archive, entry), ==, ARCHIVE_OK);
  for (gsize i = 0; i < repeat && length > 0; i++)
    g_assert_cmpint (archive_write_data (self->archive, text, length), ==, (la_ssize_t) length);
  archive_entry_free (entry);
}

static void
add_file (Scratch *self, const char *name, const char *text)
{
  add (self, name, AE_IFREG, NULL, text, 1);
}

static gboolean
wants_pictures (const char *name)
{
  return g_str_has_suffix (name, ".png");
}

static gboolean
unpack (Scratch *self, FoveaUnpacked *unpacked, GError **error)
{
  g_assert_cmpint (archive_write_close (self->archive), ==, ARCHIVE_OK);
  archive_write_free (self->archive);
  return fovea_unpack_zip (self->zip, self->into, wants_pictures, NULL, NULL, unpacked, NULL, error);
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

static void
scratch_clear (Scratch *self)
{
  remove_tree (self->folder);
  g_free (self->folder);
  g_free (self->zip);
  g_free (self->into);
}

static void
assert_holds (Scratch *self, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (self->into, name, NULL);
  g_autofree char *contents = NULL;
  GStatBuf info;

  g_assert_true (g_file_get_contents (path, &contents, NULL, NULL));
  g_assert_cmpstr (contents, ==, text);
  g_assert_cmpint (g_lstat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07777, ==, 0600);
}

static void
test_pictures (void)
{
  Scratch scratch;
  g_auto (FoveaUnpacked) unpacked = { 0 };
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, NULL);
  add (&scratch, "clothes/", AE_IFDIR, NULL, "", 0);
  add_file (&scratch, "clothes/hat/1.png", "one");
  add_file (&scratch, "clothes/hat/größe.png", "two");
  add_file (&scratch, "clothes/read me.doc", "left out");
  add_file (&scratch, "__MACOSX/clothes/hat/._1.png", "left out");
  add_file (&scratch, "clothes/.hidden.png", "left out");
  add_file (&scratch, "clothes/more.zip", "not opened");
  g_assert_true (unpack (&scratch, &unpacked, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (unpacked.n_files, ==, 2);
  g_assert_cmpuint (unpacked.n_left_out, ==, 3);
  g_assert_cmpuint (unpacked.n_bytes, ==, 6);
  g_assert_cmpuint (unpacked.problems->len, ==, 1);
  g_assert_cmpstr (((FoveaUnpackProblem *) g_ptr_array_index (unpacked.problems, 0))->name, ==, "clothes/more.zip");
  assert_holds (&scratch, "clothes/hat/1.png", "one");
  assert_holds (&scratch, "clothes/hat/größe.png", "two");
  scratch_clear (&scratch);
}

/* Two entries of one name: the first stays, the second is a problem. */
static void
test_twice (void)
{
  Scratch scratch;
  g_auto (FoveaUnpacked) unpacked = { 0 };

  scratch_init (&scratch, NULL);
  add_file (&scratch, "a.png", "first");
  add_file (&scratch, "a.png", "second");
  add_file (&scratch, "a.png/b.png", "below a file");
  g_assert_true (unpack (&scratch, &unpacked, NULL));
  g_assert_cmpuint (unpacked.n_files, ==, 1);
  g_assert_cmpuint (unpacked.problems->len, ==, 2);
  assert_holds (&scratch, "a.png", "first");
  scratch_clear (&scratch);
}

/* Nothing may appear beside the folder, and nothing at all after the bad name. */
static void
refuse_name (const char *name)
{
  Scratch scratch;
  FoveaUnpacked unpacked = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *outside = NULL;

  scratch_init (&scratch, NULL);
  add_file (&scratch, "good.png", "good");
  add_file (&scratch, name, "bad");
  add_file (&scratch, "later.png", "later");
  g_assert_false (unpack (&scratch, &unpacked, &error));
  g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED);
  g_assert_nonnull (strstr (error->message, "leads out of its folder"));
  outside = g_build_filename (scratch.folder, "evil.png", NULL);
  g_assert_false (g_file_test (outside, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test ("/tmp/fovea-evil.png", G_FILE_TEST_EXISTS));
  scratch_clear (&scratch);
}

static void
test_names (void)
{
  static const char *const names[] = { "../evil.png",   "a/../../evil.png", "..",          "/tmp/fovea-evil.png", "a/..",
                                       "..\\evil.png", "C:\\evil.png",      "\\evil.png", "a\\..\\..\\evil.png" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    refuse_name (names[i]);
}

static void
test_links (void)
{
  Scratch scratch;
  FoveaUnpacked unpacked = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *link = NULL;

  scratch_init (&scratch, NULL);
  add (&scratch, "etc", AE_IFLNK, "/etc", "", 0);
  add_file (&scratch, "etc/fovea-evil.png", "bad");
  g_assert_false (unpack (&scratch, &unpacked, &error));
  g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED);
  g_assert_nonnull (strstr (error->message, "a link"));
  link = g_build_filename (scratch.into, "etc", NULL);
  g_assert_false (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  scratch_clear (&scratch);
}

static void
test_bomb (void)
{
  Scratch scratch;
  FoveaUnpacked unpacked = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *megabyte = g_strnfill (1 << 20, 'x');

  scratch_init (&scratch, NULL);
  add (&scratch, "bomb.png", AE_IFREG, NULL, megabyte, 300);
  g_assert_false (unpack (&scratch, &unpacked, &error));
  g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE);
  scratch_clear (&scratch);
}

static void
test_password (void)
{
  Scratch scratch;
  FoveaUnpacked unpacked = { 0 };
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, "zip:encryption=traditional");
  add_file (&scratch, "a.png", "secret");
  g_assert_false (unpack (&scratch, &unpacked, &error));
  g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_UNSUPPORTED);
  scratch_clear (&scratch);
}

/* Cut off anywhere, and with any byte changed: an answer or an error, never a crash or a file outside. */
static void
test_damage (void)
{
  Scratch scratch;
  FoveaUnpacked none = { 0 };
  g_autofree char *bytes = NULL;
  gsize length;

  scratch_init (&scratch, NULL);
  add_file (&scratch, "a/1.png", "the first picture");
  add_file (&scratch, "a/2.png", "the second picture");
  g_assert_true (unpack (&scratch, &none, NULL));
  fovea_unpacked_clear (&none);
  g_assert_true (g_file_get_contents (scratch.zip, &bytes, &length, NULL));
  for (gsize at = 0; at < length; at += 5)
    {
      g_auto (FoveaUnpacked) unpacked = { 0 };
      g_autoptr (GError) error = NULL;
      gboolean cut = at % 2 == 0;

      bytes[at] = (char) ~bytes[at];
      g_assert_true (g_file_set_contents (scratch.zip, bytes, (gssize) (cut ? at : length), NULL));
      bytes[at] = (char) ~bytes[at];
      remove_tree (scratch.into);
      g_assert_cmpint (g_mkdir (scratch.into, 0700), ==, 0);
      if (!fovea_unpack_zip (scratch.zip, scratch.into, NULL, NULL, NULL, &unpacked, NULL, &error))
        {
          g_assert_nonnull (error);
          g_assert_true (g_utf8_validate (error->message, -1, NULL));
        }
    }
  g_assert_true (g_file_set_contents (scratch.zip, "no zip at all", -1, NULL));
  {
    g_autoptr (GError) error = NULL;

    g_assert_false (fovea_unpack_zip (scratch.zip, scratch.into, NULL, NULL, NULL, &none, NULL, &error));
    g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_UNKNOWN_FORMAT);
  }
  scratch_clear (&scratch);
}

static void
on_progress (guint n_files, guint64 position, guint64 size, gpointer data)
{
  if (n_files == 1)
    g_cancellable_cancel (data);
}

static void
test_cancel (void)
{
  Scratch scratch;
  FoveaUnpacked unpacked = { 0 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, NULL);
  for (int i = 0; i < 50; i++)
    {
      g_autofree char *name = g_strdup_printf ("%d.png", i);

      add_file (&scratch, name, "a picture");
    }
  g_assert_cmpint (archive_write_close (scratch.archive), ==, ARCHIVE_OK);
  archive_write_free (scratch.archive);
  g_assert_false (fovea_unpack_zip (scratch.zip, scratch.into, NULL, on_progress, cancellable, &unpacked, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  if (argc == 3 && strcmp (argv[1], "--unpacker") == 0)
    return fovea_unpacker_helper_main ((int) strtol (argv[2], NULL, 10));
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vision/unpack/pictures", test_pictures);
  g_test_add_func ("/vision/unpack/one-name-twice", test_twice);
  g_test_add_func ("/vision/unpack/names-that-lead-out", test_names);
  g_test_add_func ("/vision/unpack/links", test_links);
  g_test_add_func ("/vision/unpack/bomb", test_bomb);
  g_test_add_func ("/vision/unpack/password", test_password);
  g_test_add_func ("/vision/unpack/damage", test_damage);
  g_test_add_func ("/vision/unpack/cancel", test_cancel);
  return g_test_run ();
}
