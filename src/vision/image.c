/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/image.h"

#include <string.h>

static gsize
bytes_per_pixel (FoveaPixels pixels)
{
  return pixels == FOVEA_PIXELS_GREY16 ? 2 : 3;
}

FoveaImage *
fovea_image_new (FoveaPixels pixels, int width, int height, GError **error)
{
  gsize n_bytes;
  void *data = NULL;

  g_return_val_if_fail (width > 0 && height > 0, NULL);

  if (g_size_checked_mul (&n_bytes, (gsize) width, (gsize) height) &&
      g_size_checked_mul (&n_bytes, n_bytes, bytes_per_pixel (pixels)))
    data = g_try_malloc (n_bytes);
  if (data == NULL)
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE,
                   "There is no memory for a picture of %d × %d pixels; close other programs or use a smaller one",
                   width, height);
      return NULL;
    }
  return fovea_image_new_wrapped (pixels, width, height, data, data, g_free);
}

FoveaImage *
fovea_image_new_wrapped (FoveaPixels pixels, int width, int height, void *data, gpointer owner,
                         GDestroyNotify free_owner)
{
  FoveaImage *image = g_new0 (FoveaImage, 1);

  image->pixels = pixels;
  image->width = width;
  image->height = height;
  image->data = data;
  image->grey_max = 65535.0;
  image->owner = owner;
  image->free_owner = free_owner;
  g_atomic_ref_count_init (&image->ref_count);
  return image;
}

FoveaImage *
fovea_image_ref (FoveaImage *image)
{
  g_atomic_ref_count_inc (&image->ref_count);
  return image;
}

void
fovea_image_unref (FoveaImage *image)
{
  if (!g_atomic_ref_count_dec (&image->ref_count))
    return;
  if (image->free_owner != NULL)
    image->free_owner (image->owner);
  g_free (image);
}

/* The codes below and above which lie 0.5 % of the pixels each. A picture whose pixels nearly all have one value
 * keeps its whole range, so that the few others stay visible. */
static FoveaGreyWindow
automatic_window (const guint16 *codes, gsize n)
{
  g_autofree guint32 *counts = g_new0 (guint32, 65536);
  FoveaGreyWindow window = { 0, 65535 };
  gsize tail = n / 200, below = 0, above = 0;
  int low = 0, high = 65535, first = 0, last = 65535;

  for (gsize i = 0; i < n; i++)
    counts[codes[i]]++;
  while (first < 65535 && counts[first] == 0)
    first++;
  while (last > first && counts[last] == 0)
    last--;
  for (low = first; low < last && below + counts[low] <= tail; low++)
    below += counts[low];
  for (high = last; high > first && above + counts[high] <= tail; high--)
    above += counts[high];
  if (low >= high)
    {
      low = first;
      high = last;
    }
  window.low = (guint16) low;
  window.high = (guint16) high;
  return window;
}

static void
fill_window_table (guint8 *table, FoveaGreyWindow window)
{
  int low = window.low, range = (int) window.high - window.low;

  for (int code = 0; code < 65536; code++)
    {
      /* A window of no width is a threshold. */
      if (range <= 0)
        table[code] = code >= low && code > 0 ? 255 : 0;
      else if (code <= low)
        table[code] = 0;
      else if (code >= window.high)
        table[code] = 255;
      else
        table[code] = (guint8) (((gint64) (code - low) * 255 + range / 2) / range);
    }
}

FoveaImage *
fovea_image_to_rgb8 (FoveaImage *image, const FoveaGreyWindow *window, GError **error)
{
  g_autofree guint8 *table = NULL;
  FoveaGreyWindow used;
  FoveaImage *rgb;
  gsize n = (gsize) image->width * (gsize) image->height;
  const guint16 *codes = image->data;
  guint8 *dest;

  if (image->pixels == FOVEA_PIXELS_RGB8)
    return fovea_image_ref (image);

  rgb = fovea_image_new (FOVEA_PIXELS_RGB8, image->width, image->height, error);
  if (rgb == NULL)
    return NULL;
  if (window != NULL && (window->low != 0 || window->high != 0))
    used = *window;
  else
    used = automatic_window (codes, n);

  table = g_malloc (65536);
  fill_window_table (table, used);
  dest = rgb->data;
  for (gsize i = 0; i < n; i++)
    memset (dest + 3 * i, table[codes[i]], 3);
  return rgb;
}
