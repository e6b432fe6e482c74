/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

/* Files that the tests decode, made in memory. The picture is W × H pixels: red at the top left, blue at the top
 * right, grey below; each block a third of the width and of the height. */

#define PICTURE_WIDTH 48
#define PICTURE_HEIGHT 60

typedef enum { PICTURE_RGB, PICTURE_GREY, PICTURE_CMYK } PictureColour;

/* 8-bit R G B as stored, so that applying EXIF @orientation gives the upright picture. */
guint8 *picture_pixels (int orientation, int *ret_width, int *ret_height);

/* An EXIF block (with "Exif\0\0") that says @orientation. */
GBytes *picture_exif (int orientation, gboolean big_endian);

GBytes *picture_jpeg (PictureColour colour, int orientation, gboolean progressive);

/* Of any size, one colour. */
GBytes *picture_jpeg_plain (int width, int height);

/* @pixels: rows of what the PNG colour type says, at @bits bits (16 in the machine's order); @orientation 0: no
 * eXIf. */
GBytes *picture_png (int width, int height, int colour_type, int bits, gboolean interlaced, int orientation, const void *pixels);

/* One grey sample a pixel; @orientation 0: none stated. @tile 0: strips. @pages of it, the later ones black. */
GBytes *picture_tiff_grey (int width, int height, int bits, int sample_format, int photometric, int tile, int pages,
                           const void *pixels);
GBytes *picture_tiff_rgb (int orientation, int compression);
