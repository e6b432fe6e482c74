/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "vision/vision-error.h"

G_BEGIN_DECLS

typedef enum {
  FOVEA_PIXELS_RGB8,  /* 3 bytes a pixel, sRGB, alpha flattened on white */
  FOVEA_PIXELS_GREY16 /* one guint16 a pixel, linear in the file's own range: 16-bit and float pictures before their window */
} FoveaPixels;

/* An upright picture, top-left origin, rows without padding. Immutable once shared; reference-counted atomically. */
typedef struct {
  FoveaPixels pixels;
  int width, height;   /* upright, after EXIF orientation; at least 1 */
  void *data;          /* width × height × (3 or 2) bytes */
  /* How GREY16 codes map back to the file's values: value = grey_min + code / 65535 × (grey_max − grey_min). */
  double grey_min, grey_max;
  /*< private >*/
  gatomicrefcount ref_count;
  gpointer owner;
  GDestroyNotify free_owner;
} FoveaImage;

FoveaImage *fovea_image_new (FoveaPixels pixels, int width, int height, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaImage *fovea_image_new_wrapped (FoveaPixels pixels, int width, int height, void *data, gpointer owner,
                                     GDestroyNotify free_owner) G_GNUC_WARN_UNUSED_RESULT;
FoveaImage *fovea_image_ref (FoveaImage *image);
void        fovea_image_unref (FoveaImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaImage, fovea_image_unref)

/* A grey window: codes at or below @low become black, at or above @high white (both as codes of GREY16). Automatic when
 * low = high = 0: the 0.5 and 99.5 percentiles of the picture. Stored with the model that was trained through it. */
typedef struct {
  guint16 low, high;
} FoveaGreyWindow;

/* RGB8 is returned as it is (a new reference); GREY16 goes through @window (nullable: automatic). */
FoveaImage *fovea_image_to_rgb8 (FoveaImage *image, const FoveaGreyWindow *window, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
