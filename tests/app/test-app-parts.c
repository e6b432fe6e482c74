/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cairo.h>
#include <glib/gstdio.h>
#include <string.h>

#include "app/job-row.h"
#include "app/paths.h"
#include "app/sample-pictures.h"
#include "app/thumbnail-loader.h"

static void
test_project_name (void)
{
  g_autofree char *plain = fovea_display_project_name ("/a/b/apparel.fovea");
  g_autofree char *bare = fovea_display_project_name ("/a/.fovea");
  g_autofree char *bytes = fovea_display_project_name ("/a/\xff.fovea");

  g_assert_cmpstr (plain, ==, "apparel");
  g_assert_cmpstr (bare, ==, ".fovea");
  g_assert_true (g_utf8_validate (bytes, -1, NULL));
}

static void
test_folder (void)
{
  g_autofree char *inside = g_build_filename (g_get_home_dir (), "Pictures", NULL);
  g_autofree char *beside = g_strconcat (g_get_home_dir (), "er", NULL);
  g_autofree char *shown_inside = fovea_display_folder (inside);
  g_autofree char *shown_beside = fovea_display_folder (beside);

  g_assert_cmpstr (shown_inside, ==, "~/Pictures");
  g_assert_cmpstr (shown_beside, ==, beside);
}

static void
test_new_path (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *first = fovea_new_project_path ("hats", &error);
  g_autofree char *second = NULL;

  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (first, "/Fovea/hats.fovea"));
  g_assert_true (g_file_set_contents (first, "x", 1, NULL));
  second = fovea_new_project_path ("hats", &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (second, "/Fovea/hats 2.fovea"));
  g_unlink (first);
  {
    /* A folder's name may be as long as a file's can be; it is cut between letters. */
    g_autofree char *third = NULL;
    g_autofree char *base = NULL;
    GString *text = g_string_new ("x");

    while (text->len < 250)
      g_string_append (text, "ä");
    third = fovea_new_project_path (text->str, &error);
    g_string_free (text, TRUE);
    g_assert_no_error (error);
    base = g_path_get_basename (third);
    g_assert_cmpuint (strlen (base), <=, 210);
    g_assert_true (g_utf8_validate (base, -1, NULL));
  }
}

static void
test_name_for (void)
{
  g_autofree char *folder = g_build_filename (g_get_home_dir (), "My Hats", NULL);
  g_autofree char *file = g_build_filename (folder, "a.png", NULL);
  const char *of_folder[] = { folder, NULL }, *of_file[] = { file, NULL }, *of_root[] = { "/", NULL };
  g_autofree char *folder_name = NULL;
  g_autofree char *file_name = fovea_project_name_for (of_file);
  g_autofree char *root_name = fovea_project_name_for (of_root);

  g_mkdir_with_parents (folder, 0700);
  folder_name = fovea_project_name_for (of_folder);
  g_assert_cmpstr (folder_name, ==, "My Hats");
  g_assert_cmpstr (file_name, ==, "My Hats");
  g_assert_cmpstr (root_name, ==, "Pictures");
}

static GBytes *
flat_new (int width, int height, guint8 r, guint8 g, guint8 b)
{
  guint8 *data = g_malloc ((gsize) width * height * 3);

  for (int i = 0; i < width * height; i++)
    {
      data[i * 3] = r;
      data[i * 3 + 1] = g;
      data[i * 3 + 2] = b;
    }
  return g_bytes_new_take (data, (gsize) width * height * 3);
}

static guint32
get_pixel (GBytes *bytes, int width, int x, int y)
{
  return ((const guint32 *) g_bytes_get_data (bytes, NULL))[y * width + x];
}

static void
test_render_sizes (void)
{
  static const struct {
    int width, height, size, out_width, out_height;
  } cases[] = {
    { 640, 480, 144, 144, 108 }, { 8, 8, 144, 144, 144 }, { 1, 1, 64, 64, 64 }, { 1000, 1, 100, 100, 1 },
    { 1, 1000, 100, 1, 100 },    { 7, 5, 6, 6, 4 },       { 3, 2, 320, 320, 213 }, { 1, 3, 4, 1, 4 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) rgb = flat_new (cases[i].width, cases[i].height, 200, 100, 50);
      int width, height;
      g_autoptr (GBytes) out =
        fovea_thumbnail_render (rgb, cases[i].width, cases[i].height, cases[i].width * 3, cases[i].size, 0, &width, &height);

      g_assert_cmpint (width, ==, cases[i].out_width);
      g_assert_cmpint (height, ==, cases[i].out_height);
      g_assert_cmpuint (g_bytes_get_size (out), ==, (gsize) width * height * 4);
      /* A flat picture stays flat, whichever way it is scaled. */
      for (int p = 0; p < width * height; p++)
        g_assert_cmphex (((const guint32 *) g_bytes_get_data (out, NULL))[p], ==, 0xffc86432);
    }
}

static void
test_render_mean (void)
{
  const guint8 four[] = { 0, 0, 0, 100, 0, 0, 0, 200, 0, 100, 200, 255 };
  g_autoptr (GBytes) rgb = g_bytes_new (four, sizeof four);
  int width, height;
  g_autoptr (GBytes) out = fovea_thumbnail_render (rgb, 2, 2, 6, 1, 0, &width, &height);

  g_assert_cmphex (get_pixel (out, 1, 0, 0), ==, 0xff000000 | 50 << 16 | 100 << 8 | 64);
}

static void
test_render_corners (void)
{
  g_autoptr (GBytes) rgb = flat_new (40, 40, 255, 255, 255);
  int width, height;
  g_autoptr (GBytes) out = fovea_thumbnail_render (rgb, 40, 40, 120, 40, 8, &width, &height);
  static const int corners[][2] = { { 0, 0 }, { 39, 0 }, { 0, 39 }, { 39, 39 } };

  for (guint i = 0; i < G_N_ELEMENTS (corners); i++)
    g_assert_cmphex (get_pixel (out, width, corners[i][0], corners[i][1]) >> 24, ==, 0);
  g_assert_cmphex (get_pixel (out, width, 20, 0), ==, 0xffffffff);
  g_assert_cmphex (get_pixel (out, width, 8, 8), ==, 0xffffffff);
  /* Only the corners are touched: what is not opaque lies within eight pixels of one. */
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      if (get_pixel (out, width, x, y) >> 24 != 255)
        g_assert_true ((x < 8 || x >= width - 8) && (y < 8 || y >= height - 8));
}

static void
test_job_detail (void)
{
  static const struct {
    const char *detail, *speed;
    double eta;
    const char *expected;
  } cases[] = {
    { "412 of 800 pictures", "61 pictures/s", 120.0, "412 of 800 pictures · 61 pictures/s · about 2 minutes left" },
    { "412 of 800 pictures", "", -1.0, "412 of 800 pictures" },
    { "", "", -1.0, "" },
    { "", "61 pictures/s", 3.0, "61 pictures/s · a few seconds left" },
    { NULL, NULL, 40.0, "less than a minute left" },
    { "x", NULL, 3600.0 * 5, "x · about 5 hours left" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = fovea_job_row_dup_detail (cases[i].detail, cases[i].speed, cases[i].eta);

      g_assert_cmpstr (text, ==, cases[i].expected);
    }
}

static void
test_sample (void)
{
  static const char *const names[] = { "apple", "banana", "cherry", "grapes", "orange", "pear" };
  g_autofree char *folder = g_build_filename (g_get_user_data_dir (), "sample", NULL);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (fovea_sample_pictures_draw (folder, NULL, &error));
  g_assert_no_error (error);
  for (int c = 0; c < FOVEA_SAMPLE_N_CONCEPTS; c++)
    for (int i = 1; i <= FOVEA_SAMPLE_N_EACH; i++)
      {
        g_autofree char *path = g_strdup_printf ("%s/%s/%s-%02d.png", folder, names[c], names[c], i);
        g_autofree char *data = NULL;
        gsize length;

        g_assert_true (g_file_get_contents (path, &data, &length, NULL));
        g_assert_cmpmem (data, 4, "\x89PNG", 4);
        /* All of them differ: an import would drop copies. */
        g_assert_true (g_hash_table_add (seen, g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guchar *) data, length)));
      }
}

static void
test_sample_errors (void)
{
  g_autofree char *file = g_build_filename (g_get_user_data_dir (), "a-file", NULL);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_mkdir_with_parents (g_get_user_data_dir (), 0700);
  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  g_assert_false (fovea_sample_pictures_draw (file, NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR);
  g_clear_error (&error);
  g_cancellable_cancel (cancelled);
  g_assert_false (fovea_sample_pictures_draw (g_get_user_data_dir (), cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
  g_test_add_func ("/app/paths/project-name", test_project_name);
  g_test_add_func ("/app/paths/folder", test_folder);
  g_test_add_func ("/app/paths/new-path", test_new_path);
  g_test_add_func ("/app/paths/name-for", test_name_for);
  g_test_add_func ("/app/thumbnail-render/sizes", test_render_sizes);
  g_test_add_func ("/app/thumbnail-render/mean", test_render_mean);
  g_test_add_func ("/app/thumbnail-render/corners", test_render_corners);
  g_test_add_func ("/app/job-row/detail", test_job_detail);
  g_test_add_func ("/app/sample-pictures/draw", test_sample);
  g_test_add_func ("/app/sample-pictures/errors", test_sample_errors);
  return g_test_run ();
}
