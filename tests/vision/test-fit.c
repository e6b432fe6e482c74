/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/fit.h"

#include <math.h>
#include <string.h>

#include "vision/resize-private.h"
#include "vision/resize.h"
#include "vision/sha256.h"

typedef struct {
  int width, height;
  FoveaResizeFilter filter;
  int to_width, to_height;
  const char *sha256;
  guint8 first[3], middle[3];
} ResizeGolden;

typedef struct {
  int width, height;
  FoveaFit fit;
  int size;
  double crop_fraction;
  const char *sha256;
  guint8 first[3], middle[3];
} FitGolden;

#include "goldens/resize-goldens.h"

/* As in goldens/make.py. */
static FoveaImage *
pattern (int width, int height)
{
  FoveaImage *image = fovea_image_new (FOVEA_PIXELS_RGB8, width, height, NULL);
  guint8 *dest = image->data;
  guint32 state = 12345;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        {
          state = (state * 1103515245u + 12345u) & 0x7fffffff;
          *dest++ = (guint8) ((state >> 16 & 63) + ((x / 7 + y / 5 + c) % 3 == 0 ? 150 : 20));
        }
  return image;
}

static void
assert_pixels (const guint8 *pixels, int width, int height, const char *sha256, const guint8 *first, const guint8 *middle)
{
  const guint8 *at_middle = pixels + ((gsize) (height / 2) * (gsize) width + (gsize) (width / 2)) * 3;
  FoveaSha256 hash;
  char hex[65];

  for (int c = 0; c < 3; c++)
    {
      g_assert_cmpint (pixels[c], ==, first[c]);
      g_assert_cmpint (at_middle[c], ==, middle[c]);
    }
  fovea_sha256_init (&hash);
  fovea_sha256_update (&hash, pixels, (gsize) width * (gsize) height * 3);
  fovea_sha256_finish (&hash, hex);
  g_assert_cmpstr (hex, ==, sha256);
}

static void
test_resize_goldens (gconstpointer data)
{
  const FoveaResizeKernels *kernels = fovea_resize_kernels_named (data);

  g_assert_nonnull (kernels);
  fovea_resize_kernels_override (kernels);
  for (gsize i = 0; i < G_N_ELEMENTS (resize_goldens); i++)
    {
      const ResizeGolden *g = &resize_goldens[i];
      g_autoptr (FoveaImage) image = pattern (g->width, g->height);
      g_autoptr (FoveaImage) resized = fovea_image_resize (image, g->filter, g->to_width, g->to_height, NULL);

      g_test_message ("%d × %d to %d × %d, filter %d", g->width, g->height, g->to_width, g->to_height, g->filter);
      assert_pixels (resized->data, g->to_width, g->to_height, g->sha256, g->first, g->middle);
    }
  fovea_resize_kernels_override (NULL);
}

static void
test_fit_goldens (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (fit_goldens); i++)
    {
      const FitGolden *g = &fit_goldens[i];
      FoveaInputSpec spec = { g->size, g->crop_fraction, { 0, 0, 0 }, { 1, 1, 1 }, 127, FALSE };
      g_autoptr (FoveaImage) image = pattern (g->width, g->height);
      g_autofree guint8 *bytes = g_malloc ((gsize) g->size * (gsize) g->size * 3);

      g_test_message ("%d × %d %s to %d", g->width, g->height, fovea_fit_name (g->fit), g->size);
      fovea_fit_picture_bytes (image, g->fit, &spec, bytes);
      assert_pixels (bytes, g->size, g->size, g->sha256, g->first, g->middle);
    }
}

/* A window of the result is the same as the result's window. */
static void
test_window (void)
{
  g_autoptr (FoveaImage) image = pattern (123, 77);
  g_autoptr (FoveaImage) whole = fovea_image_resize (image, FOVEA_RESIZE_BICUBIC, 90, 140, NULL);
  guint8 window[31 * 17 * 3];

  fovea_resize_window (image, FOVEA_RESIZE_BICUBIC, 90, 140, 29, 101, 31, 17, window, sizeof window / 17);
  for (int y = 0; y < 17; y++)
    g_assert_cmpmem (window + y * 31 * 3, 31 * 3, (const guint8 *) whole->data + ((101 + y) * 90 + 29) * 3, 31 * 3);
}

static void
test_constant (void)
{
  const int sizes[][2] = { { 1, 1 }, { 4000, 3 }, { 3, 4000 }, { 1, 70000 }, { 640, 480 } };
  FoveaInputSpec spec = { 64, 0.875, { 127, 127, 127 }, { 1.0f / 128, 1.0f / 128, 1.0f / 128 }, 127, FALSE };
  g_autofree float *dest = g_new (float, 3 * 64 * 64);

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int fit = FOVEA_FIT_CROP; fit <= FOVEA_FIT_LETTERBOX; fit++)
      {
        g_autoptr (FoveaImage) image = fovea_image_new (FOVEA_PIXELS_RGB8, sizes[i][0], sizes[i][1], NULL);
        float middle = (200.0f - 127.0f) / 128.0f;
        int n_middle = 0;

        memset (image->data, 200, (gsize) sizes[i][0] * (gsize) sizes[i][1] * 3);
        fovea_fit_picture (image, (FoveaFit) fit, &spec, dest);

        for (int j = 0; j < 3 * 64 * 64; j++)
          {
            n_middle += fabsf (dest[j] - middle) < 1e-6f;
            g_assert_true (fabsf (dest[j] - middle) < 1e-6f || (fit == FOVEA_FIT_LETTERBOX && dest[j] == 0.0f));
          }
        g_assert_cmpint (n_middle, >=, 3 * 64);
      }
}

static void
test_values (void)
{
  FoveaInputSpec spec = { 2, 1.0, { 10, 20, 30 }, { 0.5f, 0.25f, 2.0f }, 0, FALSE };
  g_autoptr (FoveaImage) image = fovea_image_new (FOVEA_PIXELS_RGB8, 2, 2, NULL);
  const guint8 pixels[12] = { 0, 1, 2, 50, 51, 52, 100, 101, 102, 250, 251, 252 };
  float dest[12];

  memcpy (image->data, pixels, sizeof pixels);
  fovea_fit_picture (image, FOVEA_FIT_SQUASH, &spec, dest);
  g_assert_cmpfloat (dest[0], ==, -5.0f);
  g_assert_cmpfloat (dest[3], ==, 120.0f);
  g_assert_cmpfloat (dest[4 + 1], ==, (51.0f - 20.0f) * 0.25f);
  g_assert_cmpfloat (dest[8 + 2], ==, 144.0f);
  spec.bgr = TRUE;
  fovea_fit_picture (image, FOVEA_FIT_SQUASH, &spec, dest);
  g_assert_cmpfloat (dest[0], ==, (2.0f - 10.0f) * 0.5f);
  g_assert_cmpfloat (dest[8 + 1], ==, (50.0f - 30.0f) * 2.0f);
}

static void
test_names (void)
{
  FoveaFit fit = FOVEA_FIT_SQUASH;

  g_assert_cmpstr (fovea_fit_name (FOVEA_FIT_LETTERBOX), ==, "letterbox");
  g_assert_true (fovea_fit_from_name ("crop", &fit));
  g_assert_cmpint (fit, ==, FOVEA_FIT_CROP);
  g_assert_false (fovea_fit_from_name ("Crop", &fit));
  g_assert_false (fovea_fit_from_name (NULL, &fit));
  g_assert_cmpint (fit, ==, FOVEA_FIT_CROP);
}

static void
test_min_side (void)
{
  FoveaInputSpec spec = { 224, 0.875, { 0 }, { 0 }, 0, FALSE };

  g_assert_cmpint (fovea_input_spec_min_side (&spec), ==, 512);
}

int
main (int argc, char **argv)
{
  const char *const kernels[] = { "plain", "sse4.1", "avx2" };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (kernels); i++)
    if (fovea_resize_kernels_named (kernels[i]) != NULL)
      {
        g_autofree char *path = g_strconcat ("/vision/resize/as-pillow/", kernels[i], NULL);

        g_test_add_data_func (path, kernels[i], test_resize_goldens);
      }
  g_test_add_func ("/vision/resize/window-of-the-whole", test_window);
  g_test_add_func ("/vision/fit/as-pillow", test_fit_goldens);
  g_test_add_func ("/vision/fit/constant-stays-constant", test_constant);
  g_test_add_func ("/vision/fit/values-and-planes", test_values);
  g_test_add_func ("/vision/fit/names", test_names);
  g_test_add_func ("/vision/fit/min-side", test_min_side);
  return g_test_run ();
}
