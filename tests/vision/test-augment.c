/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/augment.h"

#include <math.h>
#include <string.h>

#define SIZE 32
#define PIXELS ((gsize) SIZE * SIZE)

static const FoveaInputSpec spec = { .size = SIZE, .crop_fraction = 1, .mean = { 0, 0, 0 }, .scale = { 1, 1, 1 }, .pad = 127 };

/* Everything off. */
static const FoveaAugmentation still = { .min_scale = 1, .max_scale = 1, .min_area = 1, .max_area = 1 };

static FoveaImage *
pattern (int width, int height)
{
  FoveaImage *image = fovea_image_new (FOVEA_PIXELS_RGB8, width, height, NULL);
  guint8 *data = image->data;

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++, data += 3)
      {
        data[0] = (guint8) (20 + 5 * x);
        data[1] = (guint8) (30 + 6 * y);
        data[2] = (guint8) (40 + 3 * (x + y));
      }
  return image;
}

static void
augment (FoveaImage *image, const FoveaAugmentation *a, guint64 seed, guint64 epoch, guint64 index, float *dest)
{
  FoveaView view;

  fovea_augmentation_draw (a, image->width, image->height, SIZE, seed, epoch, index, &view);
  fovea_augment_picture (image, &view, &spec, dest);
}

static void
assert_near (const float *a, const float *b, gsize n, float tolerance)
{
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (a[i], b[i], tolerance);
}

/* With everything off, a view is what the network sees when it predicts. */
static void
test_still (void)
{
  g_autoptr (FoveaImage) image = pattern (40, 40);
  float a[3 * PIXELS], b[3 * PIXELS];

  augment (image, &still, 1, 2, 3, a);
  fovea_fit_picture (image, FOVEA_FIT_LETTERBOX, &spec, b);
  assert_near (a, b, 3 * PIXELS, 1e-3f);
}

static gpointer
augment_on_thread (gpointer data)
{
  float *dest = g_new (float, 3 * PIXELS);
  FoveaAugmentation a;

  fovea_augmentation_init (&a);
  augment (data, &a, 5, 6, 7, dest);
  return dest;
}

static void
test_deterministic (void)
{
  g_autoptr (FoveaImage) image = pattern (40, 30);
  GThread *threads[3];
  g_autofree float *first = augment_on_thread (image), *other = g_new (float, 3 * PIXELS);
  FoveaAugmentation a;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("augment", augment_on_thread, image);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      g_autofree float *again = g_thread_join (threads[i]);

      g_assert_cmpmem (first, 3 * PIXELS * sizeof (float), again, 3 * PIXELS * sizeof (float));
    }
  /* Each of the three numbers matters, and not only their sum. */
  fovea_augmentation_init (&a);
  for (guint i = 0; i < 4; i++)
    {
      static const guint64 numbers[][3] = { { 6, 6, 7 }, { 5, 7, 7 }, { 5, 6, 8 }, { 5, 7, 6 } };

      augment (image, &a, numbers[i][0], numbers[i][1], numbers[i][2], other);
      g_assert_cmpint (memcmp (first, other, 3 * PIXELS * sizeof (float)), !=, 0);
    }
}

/* The recipe's ranges are used to their ends and never left. */
static void
test_ranges (void)
{
  FoveaAugmentation a;
  double min_scale = 9, max_scale = 0, max_aspect = 0;
  guint n_flips = 0, n_inside = 0;

  fovea_augmentation_init (&a);
  for (guint i = 0; i < 4000; i++)
    {
      FoveaView view;
      double scale, aspect;

      fovea_augmentation_draw (&a, 800, 400, 1000, 1, 1, i, &view);
      scale = sqrt (view.width * 2.0 * view.height) / 1000;
      aspect = log (view.width / 2.0 / view.height) / 2;
      min_scale = MIN (min_scale, scale);
      max_scale = MAX (max_scale, scale);
      max_aspect = MAX (max_aspect, fabs (aspect));
      n_flips += view.flip;
      /* As much of it as can be is inside. */
      if (view.width <= 1000)
        g_assert_true (view.x >= 0 && view.x + view.width <= 1000);
      else
        g_assert_true (view.x <= 0 && view.x + view.width >= 1000);
      g_assert_cmpint (view.y, >=, 0);
      g_assert_cmpint (view.y + view.height, <=, 1000);
      n_inside += view.width <= 1000;
      g_assert_false (view.flip_vertical);
      g_assert_cmpfloat (view.angle, ==, 0);
      g_assert_cmpfloat (view.sigma, ==, 0);
      g_assert_cmpint (view.erase_width, ==, 0);
      g_assert_cmpint (MAX (view.width, view.height), <=, fovea_augmentation_max_side (&a, 1000) + 1);
    }
  g_assert_cmpfloat_with_epsilon (min_scale, 0.8, 0.005);
  g_assert_cmpfloat_with_epsilon (max_scale, 1.4, 0.005);
  g_assert_cmpfloat_with_epsilon (max_aspect, 0.1, 0.003);
  g_assert_cmpfloat_with_epsilon (n_flips / 4000.0, 0.5, 0.03);
  g_assert_cmpuint (n_inside, >, 1000);
  g_assert_cmpuint (n_inside, <, 3000);
}

static void
test_crop (void)
{
  const FoveaAugmentation a = { .placement = FOVEA_AUGMENT_CROP, .min_area = 0.25, .max_area = 0.5, .max_log_aspect = 0.2 };

  for (guint i = 0; i < 500; i++)
    {
      FoveaView view;
      double area;

      fovea_augmentation_draw (&a, 600, 600, 100, 1, 1, i, &view);
      area = (100.0 / view.width) * (100.0 / view.height);
      g_assert_cmpfloat (area, >, 0.24);
      g_assert_cmpfloat (area, <, 0.52);
      g_assert_cmpint (view.x, <=, 0);
      g_assert_cmpint (view.x + view.width, >=, 100);
      g_assert_cmpint (view.y + view.height, >=, 100);
    }
}

static void
test_flips (void)
{
  g_autoptr (FoveaImage) image = pattern (SIZE, SIZE);
  FoveaAugmentation a = still;
  float plain[3 * PIXELS], flipped[3 * PIXELS];

  augment (image, &a, 1, 1, 1, plain);
  a.flip = 1;
  augment (image, &a, 1, 1, 1, flipped);
  for (gsize i = 0; i < 3 * PIXELS; i++)
    g_assert_cmpfloat (flipped[i / SIZE * SIZE + SIZE - 1 - i % SIZE], ==, plain[i]);
  a.flip = 0;
  a.flip_vertical = 1;
  augment (image, &a, 1, 1, 1, flipped);
  for (gsize i = 0; i < 3 * PIXELS; i++)
    g_assert_cmpfloat (flipped[i / PIXELS * PIXELS + (SIZE - 1 - i % PIXELS / SIZE) * SIZE + i % SIZE], ==, plain[i]);
}

/* A quarter turn to the left: what was at the right is on top. */
static void
test_turn (void)
{
  g_autoptr (FoveaImage) image = pattern (SIZE, SIZE);
  float plain[3 * PIXELS], turned[3 * PIXELS];
  FoveaView view;

  fovea_augmentation_draw (&still, SIZE, SIZE, SIZE, 1, 1, 1, &view);
  fovea_augment_picture (image, &view, &spec, plain);
  view.angle = G_PI / 2;
  fovea_augment_picture (image, &view, &spec, turned);
  for (gsize c = 0; c < 3; c++)
    for (gsize y = 0; y < SIZE; y++)
      for (gsize x = 0; x < SIZE; x++)
        g_assert_cmpfloat_with_epsilon (turned[c * PIXELS + y * SIZE + x], plain[c * PIXELS + x * SIZE + SIZE - 1 - y], 1.01f);
  /* By an eighth, the corners show the pad. */
  view.angle = G_PI / 4;
  fovea_augment_picture (image, &view, &spec, turned);
  g_assert_cmpfloat (turned[0], ==, 127);
  g_assert_cmpfloat (turned[PIXELS - 1], ==, 127);
}

static void
test_colour (void)
{
  g_autoptr (FoveaImage) image = fovea_image_new (FOVEA_PIXELS_RGB8, SIZE, SIZE, NULL);
  guint8 *data = image->data;
  float dest[3 * PIXELS];
  FoveaAugmentation a = still;

  /* Grey has no hue and no saturation to change. */
  memset (data, 90, 3 * PIXELS);
  a.hue = 180;
  a.saturation = 0.9;
  augment (image, &a, 1, 1, 1, dest);
  for (gsize i = 0; i < 3 * PIXELS; i++)
    g_assert_cmpfloat_with_epsilon (dest[i], 90, 0.01f);
  /* Contrast is about 127. */
  memset (data, 127, 3 * PIXELS);
  a.contrast = 0.9;
  augment (image, &a, 1, 1, 1, dest);
  g_assert_cmpfloat_with_epsilon (dest[0], 127, 0.01f);
  /* A third of a turn takes red to another primary; the clip holds. */
  for (gsize i = 0; i < PIXELS; i++)
    memcpy (data + 3 * i, (guint8[3]) { 200, 0, 0 }, 3);
  a = still;
  for (guint64 i = 0; i < 200; i++)
    {
      a.hue = 120;
      a.brightness = 200;
      augment (image, &a, 1, 1, i, dest);
      for (gsize c = 0; c < 3; c++)
        {
          g_assert_cmpfloat (dest[c * PIXELS], >=, 0);
          g_assert_cmpfloat (dest[c * PIXELS], <=, 255);
        }
    }
}

/* A dot becomes a bell of its sigma that weighs as much. */
static void
test_blur (void)
{
  g_autoptr (FoveaImage) image = fovea_image_new (FOVEA_PIXELS_RGB8, SIZE, SIZE, NULL);
  float dest[3 * PIXELS];
  double sum = 0, spread = 0;
  FoveaView view;

  memset (image->data, 0, 3 * PIXELS);
  for (int y = 14; y < 18; y++)
    memset ((guint8 *) image->data + (y * SIZE + 14) * 3, 255, 12);
  fovea_augmentation_draw (&still, SIZE, SIZE, SIZE, 1, 1, 1, &view);
  view.sigma = 2;
  fovea_augment_picture (image, &view, &spec, dest);
  for (gsize i = 0; i < PIXELS; i++)
    {
      const double x = (double) (i % SIZE) - 15.5;

      sum += (double) dest[i];
      spread += (double) dest[i] * x * x;
    }
  g_assert_cmpfloat_with_epsilon (sum / (16 * 255), 1, 0.03);
  g_assert_cmpfloat_with_epsilon (spread / sum, 4 + 1.25, 0.4);
}

static void
test_erase (void)
{
  g_autoptr (FoveaImage) image = fovea_image_new (FOVEA_PIXELS_RGB8, SIZE, SIZE, NULL);
  FoveaAugmentation a = still;
  float dest[3 * PIXELS];
  double mean = 0;

  memset (image->data, 200, 3 * PIXELS);
  a.erase_probability = 1;
  a.erase_min_area = 0.1;
  a.erase_max_area = 0.3;
  for (guint64 i = 0; i < 300; i++)
    {
      gsize n = 0;

      augment (image, &a, 1, 1, i, dest);
      for (gsize k = 0; k < PIXELS; k++)
        n += dest[k] == 127;
      g_assert_cmpuint (n, >, PIXELS / 14);
      g_assert_cmpuint (n, <, PIXELS * 34 / 100);
      mean += (double) n / PIXELS / 300;
    }
  g_assert_cmpfloat_with_epsilon (mean, 0.2, 0.02);
}

#define N 5
#define CLASSES 4

static void
fill_batch (float *pictures, float *targets)
{
  memset (targets, 0, N * CLASSES * sizeof (float));
  for (gsize i = 0; i < N; i++)
    {
      for (gsize k = 0; k < 3 * PIXELS; k++)
        pictures[i * 3 * PIXELS + k] = (float) i;
      targets[i * CLASSES + i % CLASSES] = 1;
    }
}

/* A picture's target is the share of it that is to be seen. */
static void
test_mix (gconstpointer data)
{
  g_autofree float *pictures = g_new (float, N * 3 * PIXELS), *again = g_new (float, N * 3 * PIXELS);
  const gboolean cut = data != NULL;
  FoveaAugmentation a = still;
  float targets[N * CLASSES], targets_again[N * CLASSES];
  double mean = 0;

  *(cut ? &a.cutmix : &a.mixup) = 0.8;
  for (guint64 batch = 0; batch < 400; batch++)
    {
      double shown = 0;

      fill_batch (pictures, targets);
      targets[1 * CLASSES + 3] = -1;
      fovea_augment_mix (&a, pictures, targets, N, SIZE, CLASSES, 3, 4, batch);
      for (gsize k = 0; k < PIXELS; k++)
        {
          g_assert_true (!cut || pictures[k] == 0 || pictures[k] == 4);
          shown += 1 - (double) pictures[k] / 4;
          g_assert_cmpfloat_with_epsilon (pictures[k] + pictures[4 * 3 * PIXELS + k], 4, 1e-5f);
          g_assert_cmpfloat (pictures[2 * 3 * PIXELS + k], ==, 2);
        }
      /* Pictures 0 and 4 are of one class, 1 and 3 of two. */
      g_assert_cmpfloat_with_epsilon (targets[0], 1, 1e-5f);
      g_assert_cmpfloat_with_epsilon ((double) targets[1 * CLASSES + 1], shown / PIXELS, 1e-4);
      g_assert_cmpfloat_with_epsilon (targets[3 * CLASSES + 1], 1 - targets[1 * CLASSES + 1], 1e-5f);
      g_assert_cmpfloat (targets[1 * CLASSES + 3], ==, -1);
      g_assert_cmpfloat (targets[3 * CLASSES + 3], ==, -1);
      mean += shown / PIXELS / 400;
    }
  g_assert_cmpfloat_with_epsilon (mean, 0.5, 0.06);

  fill_batch (pictures, targets);
  fill_batch (again, targets_again);
  fovea_augment_mix (&a, pictures, targets, N, SIZE, CLASSES, 3, 4, 9);
  fovea_augment_mix (&a, again, targets_again, N, SIZE, CLASSES, 3, 4, 9);
  g_assert_cmpmem (pictures, N * 3 * PIXELS * sizeof (float), again, N * 3 * PIXELS * sizeof (float));
  g_assert_cmpmem (targets, sizeof targets, targets_again, sizeof targets);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vision/augment/still", test_still);
  g_test_add_func ("/vision/augment/deterministic", test_deterministic);
  g_test_add_func ("/vision/augment/ranges", test_ranges);
  g_test_add_func ("/vision/augment/crop", test_crop);
  g_test_add_func ("/vision/augment/flips", test_flips);
  g_test_add_func ("/vision/augment/turn", test_turn);
  g_test_add_func ("/vision/augment/colour", test_colour);
  g_test_add_func ("/vision/augment/blur", test_blur);
  g_test_add_func ("/vision/augment/erase", test_erase);
  g_test_add_data_func ("/vision/augment/mixup", NULL, test_mix);
  g_test_add_data_func ("/vision/augment/cutmix", "cut", test_mix);
  return g_test_run ();
}
