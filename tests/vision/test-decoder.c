/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/decoder.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tiffio.h>

#include <glib/gstdio.h>

#include "pictures.h"

static char *folder;
static FoveaDecoder *decoder;

static char *
write_file (const char *name, GBytes *bytes)
{
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), NULL));
  return path;
}

/* Decodes @bytes (taken) under a name that says nothing; @options nullable. */
static gboolean
decode_with (GBytes *bytes, const FoveaDecodeOptions *options, FoveaDecoded *decoded, GError **error)
{
  const FoveaDecodeOptions none = { 0 };
  g_autofree char *path = write_file ("picture", bytes);

  g_bytes_unref (bytes);
  return fovea_decoder_decode (decoder, path, options != NULL ? options : &none, decoded, NULL, error);
}

static void
decode_well (GBytes *bytes, FoveaDecoded *decoded)
{
  GError *error = NULL;

  decode_with (bytes, NULL, decoded, &error);
  g_assert_no_error (error);
}

static void
assert_refused (GBytes *bytes, int code)
{
  g_auto (FoveaDecoded) decoded = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();

  g_assert_false (decode_with (bytes, NULL, &decoded, &error));
  g_test_message ("%s", error->message);
  g_assert_error (error, FOVEA_VISION_ERROR, code);
  g_assert_null (decoded.image);
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
}

static const guint8 *
pixel (const FoveaImage *image, int x, int y)
{
  return (const guint8 *) image->data + (y * image->width + x) * 3;
}

static void
assert_colour (const guint8 *rgb, int r, int g, int b)
{
  g_assert_cmpint (ABS (rgb[0] - r), <=, 12);
  g_assert_cmpint (ABS (rgb[1] - g), <=, 12);
  g_assert_cmpint (ABS (rgb[2] - b), <=, 12);
}

static void
assert_upright (const FoveaDecoded *decoded)
{
  g_assert_cmpint (decoded->image->pixels, ==, FOVEA_PIXELS_RGB8);
  g_assert_cmpint (decoded->image->width, ==, PICTURE_WIDTH);
  g_assert_cmpint (decoded->image->height, ==, PICTURE_HEIGHT);
  g_assert_cmpint (decoded->file_width, ==, PICTURE_WIDTH);
  g_assert_cmpint (decoded->file_height, ==, PICTURE_HEIGHT);
  assert_colour (pixel (decoded->image, 6, 8), 230, 20, 20);
  assert_colour (pixel (decoded->image, PICTURE_WIDTH - 6, 8), 20, 20, 230);
  assert_colour (pixel (decoded->image, 6, PICTURE_HEIGHT - 8), 128, 128, 128);
}

static void
test_jpeg_orientations (void)
{
  for (int orientation = 0; orientation <= 8; orientation++)
    {
      g_auto (FoveaDecoded) decoded = { 0 };

      decode_well (picture_jpeg (PICTURE_RGB, orientation, FALSE), &decoded);
      assert_upright (&decoded);
      g_assert_cmpstr (decoded.format, ==, "jpeg");
      g_assert_false (decoded.partial);
    }
}

static void
test_jpeg_kinds (void)
{
  g_auto (FoveaDecoded) progressive = { 0 }, cmyk = { 0 }, turned = { 0 }, grey = { 0 };

  decode_well (picture_jpeg (PICTURE_RGB, 0, TRUE), &progressive);
  assert_upright (&progressive);
  decode_well (picture_jpeg (PICTURE_CMYK, 0, FALSE), &cmyk);
  assert_upright (&cmyk);
  decode_well (picture_jpeg (PICTURE_CMYK, 6, FALSE), &turned);
  assert_upright (&turned);
  decode_well (picture_jpeg (PICTURE_GREY, 0, FALSE), &grey);
  assert_colour (pixel (grey.image, 6, 8), 230, 230, 230);
}

static void
test_jpeg_reduced (void)
{
  static const struct { int max_side, min_side, width, height; } cases[] = {
    { 0, 0, 640, 480 }, { 320, 0, 320, 240 }, { 321, 0, 640, 480 }, { 80, 0, 80, 60 }, { 1, 0, 80, 60 },
    { 0, 120, 160, 120 }, { 0, 121, 320, 240 }, { 80, 240, 320, 240 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      FoveaDecodeOptions options = { .max_side = cases[i].max_side, .min_side = cases[i].min_side };
      g_auto (FoveaDecoded) decoded = { 0 };

      g_assert_true (decode_with (picture_jpeg_plain (640, 480), &options, &decoded, NULL));
      g_assert_cmpint (decoded.image->width, ==, cases[i].width);
      g_assert_cmpint (decoded.image->height, ==, cases[i].height);
      g_assert_cmpint (decoded.file_width, ==, 640);
    }
}

static void
test_jpeg_cut (void)
{
  g_autoptr (GBytes) whole = picture_jpeg_plain (400, 400);
  g_autoptr (GError) error = NULL;
  gsize n = g_bytes_get_size (whole);
  g_auto (FoveaDecoded) decoded = { 0 };

  g_assert_true (decode_with (g_bytes_new_from_bytes (whole, 0, n - n / 10), NULL, &decoded, &error));
  g_assert_true (decoded.partial);
  assert_refused (g_bytes_new_from_bytes (whole, 0, n / 2), FOVEA_VISION_ERROR_DAMAGED);
  assert_refused (g_bytes_new_from_bytes (whole, 0, 20), FOVEA_VISION_ERROR_DAMAGED);
}

static void
test_png_colours (void)
{
  static const guint8 rgba[8] = { 0, 0, 0, 0, 200, 100, 0, 51 }, palette[2] = { 0, 1 }, bilevel[1] = { 0x40 };
  static const guint8 grey_alpha[4] = { 10, 255, 10, 128 };
  g_auto (FoveaDecoded) a = { 0 }, p = { 0 }, b = { 0 }, g = { 0 };

  decode_well (picture_png (2, 1, PNG_COLOR_TYPE_RGB_ALPHA, 8, FALSE, 0, rgba), &a);
  g_assert_cmpmem (a.image->data, 6, ((guint8[]) { 255, 255, 255, 244, 224, 204 }), 6);
  decode_well (picture_png (2, 1, PNG_COLOR_TYPE_PALETTE, 8, FALSE, 0, palette), &p);
  g_assert_cmpmem (p.image->data, 6, ((guint8[]) { 230, 20, 20, 255, 255, 255 }), 6);
  decode_well (picture_png (2, 1, PNG_COLOR_TYPE_GRAY, 1, FALSE, 0, bilevel), &b);
  g_assert_cmpmem (b.image->data, 6, ((guint8[]) { 0, 0, 0, 255, 255, 255 }), 6);
  g_assert_cmpint (b.bits, ==, 1);
  decode_well (picture_png (2, 1, PNG_COLOR_TYPE_GRAY_ALPHA, 8, FALSE, 0, grey_alpha), &g);
  g_assert_cmpmem (g.image->data, 6, ((guint8[]) { 10, 10, 10, 132, 132, 132 }), 6);
}

static void
test_png_16_bits (void)
{
  static const guint16 grey[3] = { 0, 1234, 65535 }, rgb[3] = { 0, 128, 65535 - 128 };
  static const guint16 grey_alpha[4] = { 1000, 65535, 1000, 0 };
  g_auto (FoveaDecoded) g = { 0 }, c = { 0 }, a = { 0 };

  for (int interlaced = 0; interlaced < 2; interlaced++)
    {
      fovea_decoded_clear (&g);
      decode_well (picture_png (3, 1, PNG_COLOR_TYPE_GRAY, 16, interlaced, 0, grey), &g);
      g_assert_cmpint (g.image->pixels, ==, FOVEA_PIXELS_GREY16);
      g_assert_cmpint (g.bits, ==, 16);
      g_assert_cmpmem (g.image->data, 6, grey, 6);
    }
  decode_well (picture_png (1, 1, PNG_COLOR_TYPE_RGB, 16, FALSE, 0, rgb), &c);
  /* 65407 / 257 = 254.5…: rounded, not cut off. */
  g_assert_cmpmem (c.image->data, 3, ((guint8[]) { 0, 0, 255 }), 3);
  decode_well (picture_png (2, 1, PNG_COLOR_TYPE_GRAY_ALPHA, 16, FALSE, 0, grey_alpha), &a);
  g_assert_cmpmem (a.image->data, 4, ((guint16[]) { 1000, 65535 }), 4);
}

static void
test_png_orientation_and_interlace (void)
{
  for (int orientation = 1; orientation <= 8; orientation++)
    for (int interlaced = 0; interlaced < 2; interlaced++)
      {
        int width, height;
        g_autofree guint8 *pixels = picture_pixels (orientation, &width, &height);
        g_auto (FoveaDecoded) decoded = { 0 };

        decode_well (picture_png (width, height, PNG_COLOR_TYPE_RGB, 8, interlaced, orientation, pixels), &decoded);
        assert_upright (&decoded);
      }
}

static void
test_png_damaged (void)
{
  g_autofree guint8 *noise = g_malloc (64 * 64 * 3);
  g_autoptr (GBytes) whole = NULL;
  g_autofree guint8 *bad = NULL;
  g_auto (FoveaDecoded) decoded = { 0 };
  gsize n;

  for (int i = 0; i < 64 * 64 * 3; i++)
    noise[i] = (guint8) (i * i >> 3);
  whole = picture_png (64, 64, PNG_COLOR_TYPE_RGB, 8, FALSE, 0, noise);
  n = g_bytes_get_size (whole);
  bad = g_memdup2 (g_bytes_get_data (whole, NULL), n);
  bad[n - 20] ^= 1; /* in the last IDAT */
  assert_refused (g_bytes_new (bad, n), FOVEA_VISION_ERROR_DAMAGED);
  assert_refused (g_bytes_new_from_bytes (whole, 0, n / 2), FOVEA_VISION_ERROR_DAMAGED);
  bad[n - 20] ^= 1;
  bad = g_realloc (bad, n + 100);
  memset (bad + n, 'x', 100);
  decode_well (g_bytes_new (bad, n + 100), &decoded);
}

static void
put_big32 (guint8 *at, guint32 value)
{
  for (int i = 0; i < 4; i++)
    at[i] = (guint8) (value >> (24 - 8 * i));
}

static void
test_bombs (void)
{
  static const guint32 sizes[][2] = { { 60000, 60000 }, { 2147483647, 2147483647 }, { 12248, 12248 }, { 1, 150000001 } };
  g_autoptr (GBytes) jpeg = picture_jpeg_plain (64, 64);
  guint8 black[64] = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GBytes) small = picture_png (8, 8, PNG_COLOR_TYPE_GRAY, 8, FALSE, 0, black);
      g_autofree guint8 *bad = g_memdup2 (g_bytes_get_data (small, NULL), g_bytes_get_size (small));

      put_big32 (bad + 16, sizes[i][0]);
      put_big32 (bad + 20, sizes[i][1]);
      assert_refused (g_bytes_new (bad, g_bytes_get_size (small)), FOVEA_VISION_ERROR_TOO_LARGE);
      /* Few enough pixels, but not in so few bytes. */
      put_big32 (bad + 16, 12000);
      put_big32 (bad + 20, 12000);
      assert_refused (g_bytes_new (bad, g_bytes_get_size (small)), FOVEA_VISION_ERROR_DAMAGED);
    }
  for (gsize i = 0; i + 9 < g_bytes_get_size (jpeg); i++)
    {
      const guint8 *data = g_bytes_get_data (jpeg, NULL);

      if (data[i] == 0xff && data[i + 1] == 0xc0)
        {
          g_autofree guint8 *bad = g_memdup2 (data, g_bytes_get_size (jpeg));

          put_big32 (bad + i + 5, 0xffdcffdc);
          assert_refused (g_bytes_new (bad, g_bytes_get_size (jpeg)), FOVEA_VISION_ERROR_TOO_LARGE);
          put_big32 (bad + i + 5, 0x2ee02ee0); /* 12000 × 12000: the data breaks off */
          assert_refused (g_bytes_new (bad, g_bytes_get_size (jpeg)), FOVEA_VISION_ERROR_DAMAGED);
          return;
        }
    }
  g_assert_not_reached ();
}

static void
test_tiff_grey (void)
{
  static const guint16 codes[4] = { 0, 700, 40000, 65535 };
  static const gint16 signed_codes[4] = { -32768, 0, 1, 32767 };
  static const float floats[4] = { -1.0f, 0.0f, 1.0f, 3.0f };
  g_auto (FoveaDecoded) u = { 0 }, s = { 0 }, f = { 0 }, t = { 0 }, w = { 0 }, p = { 0 };

  decode_well (picture_tiff_grey (4, 1, 16, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISBLACK, 0, 1, codes), &u);
  g_assert_cmpmem (u.image->data, 8, codes, 8);
  g_assert_cmpfloat (u.image->grey_max, ==, 65535.0);
  decode_well (picture_tiff_grey (4, 1, 16, SAMPLEFORMAT_INT, PHOTOMETRIC_MINISBLACK, 0, 1, signed_codes), &s);
  g_assert_cmpmem (s.image->data, 8, ((guint16[]) { 0, 32768, 32769, 65535 }), 8);
  g_assert_cmpfloat (s.image->grey_min, ==, -32768.0);
  decode_well (picture_tiff_grey (4, 1, 32, SAMPLEFORMAT_IEEEFP, PHOTOMETRIC_MINISBLACK, 0, 1, floats), &f);
  g_assert_cmpmem (f.image->data, 8, ((guint16[]) { 0, 16384, 32768, 65535 }), 8);
  g_assert_cmpfloat (f.image->grey_min, ==, -1.0);
  g_assert_cmpfloat (f.image->grey_max, ==, 3.0);
  g_assert_cmpint (f.bits, ==, 32);
  decode_well (picture_tiff_grey (4, 1, 16, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISBLACK, 16, 1, codes), &t);
  g_assert_cmpmem (t.image->data, 8, codes, 8);
  decode_well (picture_tiff_grey (4, 1, 16, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISWHITE, 0, 1, codes), &w);
  g_assert_cmpmem (w.image->data, 8, ((guint16[]) { 65535, 64835, 25535, 0 }), 8);
  decode_well (picture_tiff_grey (2, 2, 16, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISBLACK, 0, 3, codes), &p);
  g_assert_cmpmem (p.image->data, 8, codes, 8);
}

static void
test_tiff_rgb (void)
{
  for (int orientation = 1; orientation <= 8; orientation++)
    {
      g_auto (FoveaDecoded) decoded = { 0 };

      decode_well (picture_tiff_rgb (orientation, COMPRESSION_LZW), &decoded);
      assert_upright (&decoded);
    }
}

static void
test_tiff_cut (void)
{
  g_autoptr (GBytes) whole = picture_tiff_rgb (1, COMPRESSION_LZW);

  for (gsize n = 4; n < g_bytes_get_size (whole); n += 97)
    assert_refused (g_bytes_new_from_bytes (whole, 0, n), FOVEA_VISION_ERROR_DAMAGED);
}

static void
test_bmp_and_gif (void)
{
  static const guint8 bmp[] = { 'B', 'M', 62, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0,
                                0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                1, 2, 250, 240, 5, 6, 0, 0 };
  static const guint8 gif[] = { 'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 10, 20, 30, 0, 0, 0,
                                0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b };
  g_auto (FoveaDecoded) b = { 0 }, g = { 0 };

  decode_well (g_bytes_new_static (bmp, sizeof bmp), &b);
  g_assert_cmpmem (b.image->data, 6, ((guint8[]) { 250, 2, 1, 6, 5, 240 }), 6);
  g_assert_cmpstr (b.format, ==, "bmp");
  decode_well (g_bytes_new_static (gif, sizeof gif), &g);
  g_assert_cmpmem (g.image->data, 3, ((guint8[]) { 10, 20, 30 }), 3);
}

static void
test_not_pictures (void)
{
  assert_refused (g_bytes_new_static ("", 0), FOVEA_VISION_ERROR_DAMAGED);
  assert_refused (g_bytes_new_static ("plain text", 10), FOVEA_VISION_ERROR_UNKNOWN_FORMAT);
  assert_refused (g_bytes_new_static ("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", 62),
                  FOVEA_VISION_ERROR_UNKNOWN_FORMAT);
}

static void
assert_path_refused (const char *path, int code)
{
  const FoveaDecodeOptions options = { .hash = TRUE };
  g_auto (FoveaDecoded) decoded = { 0 };
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();

  g_assert_false (fovea_decoder_decode (decoder, path, &options, &decoded, NULL, &error));
  g_assert_error (error, FOVEA_VISION_ERROR, code);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
}

static void
test_not_files (void)
{
  g_autofree char *fifo = g_build_filename (folder, "fifo", NULL);
  g_autofree char *missing = g_build_filename (folder, "missing", NULL);

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  assert_path_refused (fifo, FOVEA_VISION_ERROR_UNKNOWN_FORMAT);
  assert_path_refused (folder, FOVEA_VISION_ERROR_UNKNOWN_FORMAT);
  assert_path_refused ("/dev/zero", FOVEA_VISION_ERROR_UNKNOWN_FORMAT);
  assert_path_refused (missing, FOVEA_VISION_ERROR_IO);
  g_unlink (fifo);
}

static void
test_header_only_and_hash (void)
{
  const FoveaDecodeOptions options = { .header_only = TRUE, .hash = TRUE };
  GBytes *bytes = picture_jpeg (PICTURE_RGB, 6, FALSE);
  g_autofree char *expected = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  guint64 n_bytes = g_bytes_get_size (bytes);
  g_auto (FoveaDecoded) decoded = { 0 };

  g_assert_true (decode_with (bytes, &options, &decoded, NULL));
  g_assert_null (decoded.image);
  g_assert_cmpint (decoded.file_width, ==, PICTURE_WIDTH);
  g_assert_cmpint (decoded.file_height, ==, PICTURE_HEIGHT);
  g_assert_cmpstr (decoded.sha256, ==, expected);
  g_assert_cmpuint (decoded.file_bytes, ==, n_bytes);
}

/* More than the small segment holds: handed over as the helper's own memory. */
static void
test_large (void)
{
  for (int i = 0; i < 3; i++)
    {
      g_auto (FoveaDecoded) decoded = { 0 };

      decode_well (picture_jpeg_plain (2500, 2000), &decoded);
      g_assert_cmpint (decoded.image->width, ==, 2500);
      assert_colour (pixel (decoded.image, 2499, 1999), 90, 90, 90);
    }
}

static void
test_windows (void)
{
  g_autoptr (FoveaImage) grey = fovea_image_new (FOVEA_PIXELS_GREY16, 1000, 1, NULL);
  g_autoptr (FoveaImage) automatic = NULL;
  g_autoptr (FoveaImage) fixed = NULL;
  const FoveaGreyWindow window = { 100, 355 };
  gboolean seen[256] = { FALSE };
  int n_levels = 0;

  for (int x = 0; x < 1000; x++)
    ((guint16 *) grey->data)[x] = (guint16) (x < 999 ? x * 4 : 65535); /* 12 bits and one hot pixel */
  automatic = fovea_image_to_rgb8 (grey, NULL, NULL);
  for (int x = 0; x < 1000; x++)
    seen[pixel (automatic, x, 0)[0]] = TRUE;
  for (int v = 0; v < 256; v++)
    n_levels += seen[v];
  g_assert_cmpint (n_levels, >, 200);
  fixed = fovea_image_to_rgb8 (grey, &window, NULL);
  g_assert_cmpint (pixel (fixed, 25, 0)[1], ==, 0);
  g_assert_cmpint (pixel (fixed, 26, 0)[1], ==, 4);
  g_assert_cmpint (pixel (fixed, 89, 0)[1], ==, 255);
}

int
main (int argc, char **argv)
{
  g_autofree char *picture = NULL;
  int status;

  if (argc == 3 && strcmp (argv[1], "--decoder") == 0)
    return fovea_decoder_helper_main (atoi (argv[2]));
  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("fovea-decoder-XXXXXX", NULL);
  decoder = fovea_decoder_new (1, 0);
  g_test_add_func ("/vision/decoder/jpeg-orientations", test_jpeg_orientations);
  g_test_add_func ("/vision/decoder/jpeg-kinds", test_jpeg_kinds);
  g_test_add_func ("/vision/decoder/jpeg-reduced", test_jpeg_reduced);
  g_test_add_func ("/vision/decoder/jpeg-cut", test_jpeg_cut);
  g_test_add_func ("/vision/decoder/png-colours", test_png_colours);
  g_test_add_func ("/vision/decoder/png-16-bits", test_png_16_bits);
  g_test_add_func ("/vision/decoder/png-orientation-and-interlace", test_png_orientation_and_interlace);
  g_test_add_func ("/vision/decoder/png-damaged", test_png_damaged);
  g_test_add_func ("/vision/decoder/bombs", test_bombs);
  g_test_add_func ("/vision/decoder/tiff-grey", test_tiff_grey);
  g_test_add_func ("/vision/decoder/tiff-rgb", test_tiff_rgb);
  g_test_add_func ("/vision/decoder/tiff-cut", test_tiff_cut);
  g_test_add_func ("/vision/decoder/bmp-and-gif", test_bmp_and_gif);
  g_test_add_func ("/vision/decoder/not-pictures", test_not_pictures);
  g_test_add_func ("/vision/decoder/not-files", test_not_files);
  g_test_add_func ("/vision/decoder/header-only-and-hash", test_header_only_and_hash);
  g_test_add_func ("/vision/decoder/large", test_large);
  g_test_add_func ("/vision/image/windows", test_windows);
  status = g_test_run ();
  fovea_decoder_free (decoder);
  picture = g_build_filename (folder, "picture", NULL);
  g_unlink (picture);
  g_rmdir (folder);
  return status;
}
