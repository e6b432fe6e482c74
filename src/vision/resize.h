/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vision/image.h"

G_BEGIN_DECLS

typedef enum {
  FOVEA_RESIZE_BOX,      /* average; support ½ */
  FOVEA_RESIZE_BILINEAR, /* triangle; support 1 */
  FOVEA_RESIZE_BICUBIC   /* Keys' cubic with a = −0.5; support 2 */
} FoveaResizeFilter;

/**
 * fovea_resize_window:
 *
 * Resizes @image (RGB8) to @width × @height as a whole, but computes only the window @x, @y, @window_width,
 * @window_height of the result, into @dest (8-bit R G B, @dest_stride bytes a row).
 *
 *   y[i] = clip ((2²¹ + Σ_j k[i,j] · x[j]) >> 22),   k[i,j] = round (2²² · f ((j + ½ − c_i) / s) / Σ f),
 *   c_i = (i + ½) · in / out,   s = max (1, in / out)
 *
 * once along the rows, rounded to 8 bits, then along the columns; the columns first when they shrink by more than
 * twice as many pixels as the rows. Bit for bit what Image.resize() of Pillow 13 gives (older ones always take the
 * rows first, which differs by at most one grey level).
 * Sides that shrink by more than 256 are first averaged by a whole factor, so that the memory for k stays bounded;
 * Pillow does not, and there the two differ. The window must lie inside the result, which may itself be far larger
 * than memory.
 * Thread: any.   Source: Pillow, libImaging/Resample.c.
 */
void fovea_resize_window (const FoveaImage *image, FoveaResizeFilter filter, gint64 width, gint64 height, gint64 x, gint64 y,
                          int window_width, int window_height, guint8 *dest, gsize dest_stride);

/* The whole picture at another size. Errors: TOO_LARGE when there is no memory for it. */
FoveaImage *fovea_image_resize (const FoveaImage *image, FoveaResizeFilter filter, int width, int height,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
