/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <jpeglib.h>
#include <png.h>
#include <tiffio.h>

static void
upright_pixel (int x, int y, guint8 *rgb)
{
  static const guint8 colours[3][3] = { { 230, 20, 20 }, { 128, 128, 128 }, { 20, 20, 230 } };
  int block = y < PICTURE_HEIGHT / 3 ? x / (PICTURE_WIDTH / 3) : 1;

  memcpy (rgb, colours[block], 3);
}

/* Where the upright picture's pixel is kept: EXIF 2.3, "Orientation": row 0 and column 0 of what is stored are its
 * … side. */
guint8 *
picture_pixels (int orientation, int *ret_width, int *ret_height)
{
  int w = orientation >= 5 ? PICTURE_HEIGHT : PICTURE_WIDTH, h = orientation >= 5 ? PICTURE_WIDTH : PICTURE_HEIGHT;
  guint8 *pixels = g_malloc (PICTURE_WIDTH * PICTURE_HEIGHT * 3);

  for (int row = 0; row < h; row++)
    for (int column = 0; column < w; column++)
      {
        gboolean row_is_x = orientation >= 5;
        gboolean row_flipped = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        gboolean column_flipped = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        int r, c, x, y;

        /* 6: row 0 is the right side, column 0 the top; 8: row 0 the left side, column 0 the bottom. */
        r = row_flipped ? h - 1 - row : row;
        c = column_flipped ? w - 1 - column : column;
        x = row_is_x ? r : c;
        y = row_is_x ? c : r;
        upright_pixel (x, y, pixels + (row * w + column) * 3);
      }
  *ret_width = w;
  *ret_height = h;
  return pixels;
}

GBytes *
picture_exif (int orientation, gboolean big_endian)
{
  guint8 little[] = { 'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0,
                      0x12, 1, 3, 0, 1, 0, 0, 0, (guint8) orientation, 0, 0, 0, 0, 0, 0, 0 };
  guint8 big[] = { 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1,
                   1, 0x12, 0, 3, 0, 0, 0, 1, 0, (guint8) orientation, 0, 0, 0, 0, 0, 0 };

  return g_bytes_new (big_endian ? big : little, sizeof big);
}

static void
write_jpeg_rows (struct jpeg_compress_struct *cinfo, const guint8 *rgb, PictureColour colour)
{
  g_autofree guint8 *row = g_malloc (cinfo->image_width * 4);

  while (cinfo->next_scanline < cinfo->image_height)
    {
      const guint8 *src = rgb + (gsize) cinfo->next_scanline * cinfo->image_width * 3;
      JSAMPROW rows[1] = { row };

      for (unsigned x = 0; x < cinfo->image_width; x++, src += 3)
        if (colour == PICTURE_RGB)
          memcpy (row + 3 * x, src, 3);
        else if (colour == PICTURE_GREY)
          row[x] = src[0];
        else
          {
            /* Adobe's way: 255 − ink; no black at all. */
            memcpy (row + 4 * x, src, 3);
            row[4 * x + 3] = 255;
          }
      jpeg_write_scanlines (cinfo, rows, 1);
    }
}

static GBytes *
compress_jpeg (const guint8 *rgb, int width, int height, PictureColour colour, gboolean progressive, GBytes *exif)
{
  struct jpeg_compress_struct cinfo;
  struct jpeg_error_mgr errors;
  unsigned char *bytes = NULL;
  unsigned long n_bytes = 0;
  GBytes *result;

  cinfo.err = jpeg_std_error (&errors);
  jpeg_create_compress (&cinfo);
  jpeg_mem_dest (&cinfo, &bytes, &n_bytes);
  cinfo.image_width = (JDIMENSION) width;
  cinfo.image_height = (JDIMENSION) height;
  cinfo.input_components = colour == PICTURE_RGB ? 3 : colour == PICTURE_GREY ? 1 : 4;
  cinfo.in_color_space = colour == PICTURE_RGB ? JCS_RGB : colour == PICTURE_GREY ? JCS_GRAYSCALE : JCS_CMYK;
  jpeg_set_defaults (&cinfo);
  jpeg_set_quality (&cinfo, 95, TRUE);
  cinfo.write_Adobe_marker = colour == PICTURE_CMYK;
  if (progressive)
    jpeg_simple_progression (&cinfo);
  jpeg_start_compress (&cinfo, TRUE);
  if (exif != NULL)
    jpeg_write_marker (&cinfo, JPEG_APP0 + 1, g_bytes_get_data (exif, NULL), (unsigned) g_bytes_get_size (exif));
  write_jpeg_rows (&cinfo, rgb, colour);
  jpeg_finish_compress (&cinfo);
  jpeg_destroy_compress (&cinfo);
  result = g_bytes_new (bytes, n_bytes);
  free (bytes);
  return result;
}

GBytes *
picture_jpeg (PictureColour colour, int orientation, gboolean progressive)
{
  int width, height;
  g_autofree guint8 *pixels = picture_pixels (MAX (1, orientation), &width, &height);
  g_autoptr (GBytes) exif = orientation > 0 ? picture_exif (orientation, orientation % 2 == 0) : NULL;

  return compress_jpeg (pixels, width, height, colour, progressive, exif);
}

GBytes *
picture_jpeg_plain (int width, int height)
{
  g_autofree guint8 *pixels = g_malloc ((gsize) width * (gsize) height * 3);

  memset (pixels, 90, (gsize) width * (gsize) height * 3);
  return compress_jpeg (pixels, width, height, PICTURE_RGB, FALSE, NULL);
}

static void
append_bytes (png_structp png, png_bytep data, size_t n_bytes)
{
  g_byte_array_append (png_get_io_ptr (png), data, (guint) n_bytes);
}

GBytes *
picture_png (int width, int height, int colour_type, int bits, gboolean interlaced, int orientation, const void *pixels)
{
  png_structp png = png_create_write_struct (PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct (png);
  GByteArray *array = g_byte_array_new ();
  g_autofree png_bytep *rows = g_new (png_bytep, height);
  static const png_color palette[3] = { { 230, 20, 20 }, { 20, 20, 230 }, { 0, 200, 0 } };
  static const png_byte transparency[2] = { 255, 0 }; /* the second entry is see-through */

  png_set_write_fn (png, array, append_bytes, NULL);
  png_set_IHDR (png, info, (png_uint_32) width, (png_uint_32) height, bits, colour_type,
                interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (colour_type == PNG_COLOR_TYPE_PALETTE)
    {
      png_set_PLTE (png, info, palette, 3);
      png_set_tRNS (png, info, transparency, 2, NULL);
    }
  if (orientation > 0)
    {
      g_autoptr (GBytes) exif = picture_exif (orientation, TRUE);

      png_set_eXIf_1 (png, info, (png_uint_32) g_bytes_get_size (exif) - 6, (png_bytep) g_bytes_get_data (exif, NULL) + 6);
    }
  png_write_info (png, info);
  if (bits == 16 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    png_set_swap (png);
  for (int y = 0; y < height; y++)
    rows[y] = (png_bytep) pixels + (gsize) y * png_get_rowbytes (png, info);
  png_write_image (png, rows);
  png_write_end (png, info);
  png_destroy_write_struct (&png, &info);
  return g_byte_array_free_to_bytes (array);
}

static GBytes *
take_file (char *path)
{
  char *data;
  gsize n_bytes;

  g_assert_true (g_file_get_contents (path, &data, &n_bytes, NULL));
  g_unlink (path);
  g_free (path);
  return g_bytes_new_take (data, n_bytes);
}

static TIFF *
open_tiff (char **ret_path)
{
  int fd = g_file_open_tmp ("fovea-XXXXXX.tif", ret_path, NULL);

  close (fd);
  return TIFFOpen (*ret_path, "w");
}

static void
write_grey_page (TIFF *tiff, int width, int height, int bits, int tile, const guint8 *pixels)
{
  gsize sample = (gsize) bits / 8, stride = (gsize) width * sample;

  if (tile == 0)
    {
      for (int y = 0; y < height; y++)
        TIFFWriteScanline (tiff, (void *) (pixels + (gsize) y * stride), (guint32) y, 0);
      return;
    }
  for (int y = 0; y < height; y += tile)
    for (int x = 0; x < width; x += tile)
      {
        g_autofree guint8 *block = g_malloc0 ((gsize) tile * (gsize) tile * sample);

        for (int row = 0; row < MIN (tile, height - y); row++)
          memcpy (block + (gsize) (row * tile) * sample, pixels + (gsize) (y + row) * stride + (gsize) x * sample,
                  (gsize) MIN (tile, width - x) * sample);
        TIFFWriteTile (tiff, block, (guint32) x, (guint32) y, 0, 0);
      }
}

GBytes *
picture_tiff_grey (int width, int height, int bits, int sample_format, int photometric, int tile, int pages, const void *pixels)
{
  g_autofree guint8 *black = g_malloc0 ((gsize) width * (gsize) height * (gsize) bits / 8);
  char *path;
  TIFF *tiff = open_tiff (&path);

  for (int page = 0; page < pages; page++)
    {
      TIFFSetField (tiff, TIFFTAG_IMAGEWIDTH, width);
      TIFFSetField (tiff, TIFFTAG_IMAGELENGTH, height);
      TIFFSetField (tiff, TIFFTAG_BITSPERSAMPLE, bits);
      TIFFSetField (tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
      TIFFSetField (tiff, TIFFTAG_SAMPLEFORMAT, sample_format);
      TIFFSetField (tiff, TIFFTAG_PHOTOMETRIC, photometric);
      TIFFSetField (tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
      if (tile > 0)
        {
          TIFFSetField (tiff, TIFFTAG_TILEWIDTH, tile);
          TIFFSetField (tiff, TIFFTAG_TILELENGTH, tile);
        }
      else
        TIFFSetField (tiff, TIFFTAG_ROWSPERSTRIP, 3);
      write_grey_page (tiff, width, height, bits, tile, page == 0 ? pixels : black);
      TIFFWriteDirectory (tiff);
    }
  TIFFClose (tiff);
  return take_file (path);
}

GBytes *
picture_tiff_rgb (int orientation, int compression)
{
  int width, height;
  g_autofree guint8 *pixels = picture_pixels (orientation, &width, &height);
  char *path;
  TIFF *tiff = open_tiff (&path);

  TIFFSetField (tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField (tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField (tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField (tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
  TIFFSetField (tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField (tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField (tiff, TIFFTAG_ORIENTATION, orientation);
  TIFFSetField (tiff, TIFFTAG_COMPRESSION, compression);
  TIFFSetField (tiff, TIFFTAG_ROWSPERSTRIP, 7);
  for (int y = 0; y < height; y++)
    TIFFWriteScanline (tiff, pixels + y * width * 3, (guint32) y, 0);
  TIFFClose (tiff);
  return take_file (path);
}
