/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/thumbnail.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static FoveaImage *
new_picture (int width, int height)
{
  FoveaImage *image = fovea_image_new (FOVEA_PIXELS_RGB8, width, height, NULL);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      {
        guint8 *pixel = (guint8 *) image->data + ((gsize) y * (gsize) width + (gsize) x) * 3;

        pixel[0] = x < width / 2 ? 220 : 30;
        pixel[1] = 60;
        pixel[2] = y < height / 2 ? 200 : 20;
      }
  return image;
}

static void
remove_thumbnail (const FoveaGreyWindow *window)
{
  g_autofree char *path = fovea_thumbnail_path (HASH, window);

  g_unlink (path);
}

static void
test_make_and_load (void)
{
  g_autoptr (FoveaImage) image = new_picture (1000, 500);
  g_autoptr (FoveaImage) made = fovea_thumbnail_make (image, HASH, NULL, NULL);
  g_autoptr (FoveaImage) loaded = NULL;
  GError *error = NULL;
  const guint8 *corner;

  g_assert_cmpint (made->width, ==, 256);
  g_assert_cmpint (made->height, ==, 128);
  loaded = fovea_thumbnail_load (HASH, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (loaded->width, ==, 256);
  g_assert_cmpint (loaded->height, ==, 128);
  corner = (const guint8 *) loaded->data + 3 * (5 * 256 + 5);
  g_assert_cmpint (ABS (corner[0] - 220), <, 8);
  g_assert_cmpint (ABS (corner[2] - 200), <, 8);
  remove_thumbnail (NULL);
}

static void
test_small_keeps_its_size (void)
{
  g_autoptr (FoveaImage) image = new_picture (7, 3);
  g_autoptr (FoveaImage) made = fovea_thumbnail_make (image, HASH, NULL, NULL);

  g_assert_cmpint (made->width, ==, 7);
  g_assert_cmpint (made->height, ==, 3);
  remove_thumbnail (NULL);
}

static void
test_strip_keeps_a_row (void)
{
  g_autoptr (FoveaImage) image = new_picture (4000, 3);
  g_autoptr (FoveaImage) made = fovea_thumbnail_make (image, HASH, NULL, NULL);

  g_assert_cmpint (made->width, ==, 256);
  g_assert_cmpint (made->height, ==, 1);
  remove_thumbnail (NULL);
}

static void
test_window_has_its_own (void)
{
  const FoveaGreyWindow window = { 100, 4000 };
  g_autoptr (FoveaImage) grey = fovea_image_new (FOVEA_PIXELS_GREY16, 2, 1, NULL);
  g_autoptr (FoveaImage) made = NULL;
  g_autoptr (FoveaImage) other = NULL;

  ((guint16 *) grey->data)[0] = 100;
  ((guint16 *) grey->data)[1] = 4000;
  made = fovea_thumbnail_make (grey, HASH, &window, NULL);
  g_assert_cmpint (((guint8 *) made->data)[0], ==, 0);
  g_assert_cmpint (((guint8 *) made->data)[3], ==, 255);
  other = fovea_thumbnail_load (HASH, NULL, NULL);
  g_assert_null (other);
  other = fovea_thumbnail_load (HASH, &window, NULL);
  g_assert_nonnull (other);
  remove_thumbnail (&window);
}

static void
test_missing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (fovea_thumbnail_load (HASH, NULL, &error));
  g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_IO);
}

static void
test_bad_hash (void)
{
  g_autoptr (FoveaImage) image = new_picture (2, 2);
  g_autoptr (GError) error = NULL;

  g_assert_null (fovea_thumbnail_path ("../../etc/passwd", NULL));
  g_assert_null (fovea_thumbnail_make (image, "", NULL, &error));
  g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_IO);
}

/* Cut anywhere, or replaced by something else, it is refused and removed. */
static void
test_corrupt_is_removed (void)
{
  g_autofree char *path = fovea_thumbnail_path (HASH, NULL);
  g_autoptr (FoveaImage) image = new_picture (300, 300);
  g_autofree char *whole = NULL;
  gsize n_bytes;

  fovea_image_unref (fovea_thumbnail_make (image, HASH, NULL, NULL));
  g_assert_true (g_file_get_contents (path, &whole, &n_bytes, NULL));
  for (gsize n = 0; n < n_bytes - 4; n += n_bytes / 9)
    {
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (path, whole, (gssize) n, NULL));
      g_assert_null (fovea_thumbnail_load (HASH, NULL, &error));
      g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED);
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    }
}

static void
test_too_large_is_refused (void)
{
  g_autofree char *path = fovea_thumbnail_path (HASH, NULL);
  g_autoptr (FoveaImage) image = new_picture (256, 256);
  g_autoptr (GError) error = NULL;
  g_autofree char *whole = NULL;
  gsize n_bytes;

  fovea_image_unref (fovea_thumbnail_make (image, HASH, NULL, NULL));
  g_assert_true (g_file_get_contents (path, &whole, &n_bytes, NULL));
  for (gsize i = 0; i + 9 < n_bytes; i++)
    if ((guint8) whole[i] == 0xff && (guint8) whole[i + 1] == 0xc0)
      whole[i + 5] = 2; /* 512 high */
  g_assert_true (g_file_set_contents (path, whole, (gssize) n_bytes, NULL));
  g_assert_null (fovea_thumbnail_load (HASH, NULL, &error));
  g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED);
}

/* A cache that cannot be written to costs nothing but the next start. */
static void
test_unwritable_cache (void)
{
  g_autoptr (FoveaImage) image = new_picture (20, 20);
  g_autoptr (FoveaImage) made = NULL;
  g_autofree char *old = g_strdup (g_getenv ("FOVEA_THUMBNAIL_DIR"));

  g_setenv ("FOVEA_THUMBNAIL_DIR", "/dev/null/nowhere", TRUE);
  made = fovea_thumbnail_make (image, HASH, NULL, NULL);
  g_assert_nonnull (made);
  g_setenv ("FOVEA_THUMBNAIL_DIR", old, TRUE);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_dir_make_tmp ("fovea-thumbnails-XXXXXX", NULL);
  g_autofree char *inner = g_build_filename (folder, "00", NULL);
  int status;

  g_setenv ("FOVEA_THUMBNAIL_DIR", folder, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vision/thumbnail/make-and-load", test_make_and_load);
  g_test_add_func ("/vision/thumbnail/small-keeps-its-size", test_small_keeps_its_size);
  g_test_add_func ("/vision/thumbnail/strip-keeps-a-row", test_strip_keeps_a_row);
  g_test_add_func ("/vision/thumbnail/window-has-its-own", test_window_has_its_own);
  g_test_add_func ("/vision/thumbnail/missing", test_missing);
  g_test_add_func ("/vision/thumbnail/bad-hash", test_bad_hash);
  g_test_add_func ("/vision/thumbnail/corrupt-is-removed", test_corrupt_is_removed);
  g_test_add_func ("/vision/thumbnail/too-large-is-refused", test_too_large_is_refused);
  g_test_add_func ("/vision/thumbnail/unwritable-cache", test_unwritable_cache);
  status = g_test_run ();
  g_rmdir (inner);
  g_rmdir (folder);
  return status;
}
