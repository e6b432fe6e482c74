/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/fit.h"

#include <math.h>
#include <string.h>

#include "vision/resize.h"

static const char *const fit_names[] = {
  [FOVEA_FIT_CROP] = "crop",
  [FOVEA_FIT_SQUASH] = "squash",
  [FOVEA_FIT_LETTERBOX] = "letterbox",
  [FOVEA_FIT_CROP_MIRROR] = "crop+mirror",
  [FOVEA_FIT_LETTERBOX_MIRROR] = "letterbox+mirror",
};

const char *
fovea_fit_name (FoveaFit fit)
{
  g_return_val_if_fail ((gsize) fit < G_N_ELEMENTS (fit_names), NULL);
  return fit_names[fit];
}

gboolean
fovea_fit_from_name (const char *name, FoveaFit *ret_fit)
{
  for (gsize i = 0; i < G_N_ELEMENTS (fit_names); i++)
    if (g_strcmp0 (name, fit_names[i]) == 0)
      {
        *ret_fit = (FoveaFit) i;
        return TRUE;
      }
  return FALSE;
}

gboolean
fovea_fit_has_mirror (FoveaFit fit)
{
  return fit == FOVEA_FIT_CROP_MIRROR || fit == FOVEA_FIT_LETTERBOX_MIRROR;
}

/* The side that the shorter side of the picture is resized to before the middle is cut out. */
static int
crop_side (const FoveaInputSpec *spec)
{
  double fraction = spec->crop_fraction > 0.0 && spec->crop_fraction < 1.0 ? spec->crop_fraction : 1.0;

  return MAX (spec->size, (int) floor (spec->size / fraction + 0.5));
}

int
fovea_input_spec_min_side (const FoveaInputSpec *spec)
{
  return 2 * crop_side (spec);
}

/* Half of @margin, rounded half to even as Python's round() does. */
static gint64
half_margin (gint64 margin)
{
  gint64 half = margin / 2;

  return margin % 2 != 0 && half % 2 != 0 ? half + 1 : half;
}

static void
fit_crop (const FoveaImage *image, const FoveaInputSpec *spec, guint8 *dest)
{
  gint64 width = crop_side (spec), height = width;

  if (image->width < image->height)
    height = width * image->height / image->width;
  else
    width = height * image->width / image->height;
  fovea_resize_window (image, FOVEA_RESIZE_BICUBIC, width, height, half_margin (width - spec->size),
                       half_margin (height - spec->size), spec->size, spec->size, dest, (gsize) spec->size * 3);
}

static void
fit_letterbox (const FoveaImage *image, const FoveaInputSpec *spec, guint8 *dest)
{
  int size = spec->size, width = size, height = size;
  gsize stride = (gsize) size * 3;

  if (image->width < image->height)
    width = MAX (1, (int) floor ((double) size * image->width / image->height + 0.5));
  else
    height = MAX (1, (int) floor ((double) size * image->height / image->width + 0.5));
  memset (dest, spec->pad, stride * (gsize) size);
  fovea_resize_window (image, FOVEA_RESIZE_BICUBIC, width, height, 0, 0, width, height,
                       dest + (gsize) ((size - height) / 2) * stride + (gsize) ((size - width) / 2) * 3, stride);
}

void
fovea_fit_picture_bytes (const FoveaImage *image, FoveaFit fit, const FoveaInputSpec *spec, guint8 *dest)
{
  g_return_if_fail (image->pixels == FOVEA_PIXELS_RGB8);
  g_return_if_fail (spec->size > 0);

  switch (fit)
    {
    case FOVEA_FIT_CROP:
    case FOVEA_FIT_CROP_MIRROR:
      fit_crop (image, spec, dest);
      break;
    case FOVEA_FIT_SQUASH:
      fovea_resize_window (image, FOVEA_RESIZE_BICUBIC, spec->size, spec->size, 0, 0, spec->size, spec->size, dest,
                           (gsize) spec->size * 3);
      break;
    case FOVEA_FIT_LETTERBOX:
    case FOVEA_FIT_LETTERBOX_MIRROR:
      fit_letterbox (image, spec, dest);
      break;
    case FOVEA_N_FITS:
    default:
      g_return_if_reached ();
    }
}

void
fovea_fit_picture (const FoveaImage *image, FoveaFit fit, const FoveaInputSpec *spec, float *dest)
{
  gsize n = (gsize) spec->size * (gsize) spec->size;
  g_autofree guint8 *bytes = g_malloc (n * 3);
  float values[3][256];

  fovea_fit_picture_bytes (image, fit, spec, bytes);
  for (int c = 0; c < 3; c++)
    for (int v = 0; v < 256; v++)
      values[c][v] = ((float) v - spec->mean[c]) * spec->scale[c];
  for (int c = 0; c < 3; c++)
    {
      const guint8 *src = bytes + (spec->bgr ? 2 - c : c);
      float *plane = dest + (gsize) c * n;

      for (gsize i = 0; i < n; i++)
        plane[i] = values[c][src[3 * i]];
    }
}
