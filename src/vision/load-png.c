/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/loaders.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "vision/decoder.h"

typedef struct {
  png_structp png;
  png_infop info;
  const guint8 *data;
  gsize n_left;
  jmp_buf jump;
  char message[128];
  guint8 *buffer; /* a row, or the whole picture where it is interlaced */
} Png;

static void
on_error (png_structp png, png_const_charp message)
{
  Png *loader = png_get_error_ptr (png);

  g_strlcpy (loader->message, message, sizeof loader->message);
  longjmp (loader->jump, 1);
}

static void
on_warning (png_structp png, png_const_charp message)
{
}

static void
on_read (png_structp png, png_bytep dest, size_t n)
{
  Png *loader = png_get_io_ptr (png);

  if (n > loader->n_left)
    png_error (png, "the file is cut off");
  memcpy (dest, loader->data, n);
  loader->data += n;
  loader->n_left -= n;
}

static guint16
flatten16 (guint32 grey, guint32 alpha)
{
  guint64 sum = (guint64) grey * alpha + (guint64) 65535 * (65535 - alpha);

  return (guint16) ((sum + 32767) / 65535);
}

/* One row as libpng gives it, in place, to what the sink takes. */
static void
convert_row (guint8 *row, int width, int n_channels, FoveaPixels pixels)
{
  if (pixels == FOVEA_PIXELS_RGB8 && n_channels == 4)
    fovea_flatten_row (row, width, row);
  else if (pixels == FOVEA_PIXELS_GREY16 && n_channels == 2)
    {
      guint16 *codes = (guint16 *) (void *) row;

      for (int x = 0; x < width; x++)
        codes[x] = flatten16 (codes[2 * x], codes[2 * x + 1]);
    }
}

/* Everything becomes RGB or RGBA of 8 bits, or grey (with alpha) of 16. */
static FoveaPixels
set_transforms (Png *loader)
{
  png_structp png = loader->png;
  int colour = png_get_color_type (png, loader->info), bits = png_get_bit_depth (png, loader->info);
  gboolean is_grey16 = bits == 16 && (colour & PNG_COLOR_MASK_COLOR) == 0;

  png_set_expand (png);
  if (is_grey16 && G_BYTE_ORDER == G_LITTLE_ENDIAN)
    png_set_swap (png);
  if (bits == 16 && !is_grey16)
    png_set_scale_16 (png);
  if (!is_grey16)
    png_set_gray_to_rgb (png);
  return is_grey16 ? FOVEA_PIXELS_GREY16 : FOVEA_PIXELS_RGB8;
}

static void
read_rows (Png *loader, FoveaSink *sink)
{
  gsize stride = png_get_rowbytes (loader->png, loader->info);
  int n_channels = png_get_channels (loader->png, loader->info);
  gboolean straight = n_channels == (sink->pixels == FOVEA_PIXELS_RGB8 ? 3 : 1);

  if (!straight || fovea_sink_row (sink, 0) == NULL)
    loader->buffer = g_malloc (stride);
  for (int y = 0; y < sink->height; y++)
    {
      guint8 *row = loader->buffer != NULL ? loader->buffer : fovea_sink_row (sink, y);

      png_read_row (loader->png, row, NULL);
      if (loader->buffer == NULL)
        continue;
      convert_row (row, sink->width, n_channels, sink->pixels);
      fovea_sink_put (sink, y, 1, row, stride);
    }
}

static void
read_interlaced (Png *loader, FoveaSink *sink, int n_passes)
{
  gsize stride = png_get_rowbytes (loader->png, loader->info);
  int n_channels = png_get_channels (loader->png, loader->info);

  loader->buffer = g_malloc0 (stride * (gsize) sink->height);
  for (int pass = 0; pass < n_passes; pass++)
    for (int y = 0; y < sink->height; y++)
      png_read_row (loader->png, loader->buffer + stride * (gsize) y, NULL);
  for (int y = 0; y < sink->height; y++)
    {
      guint8 *row = loader->buffer + stride * (gsize) y;

      convert_row (row, sink->width, n_channels, sink->pixels);
      fovea_sink_put (sink, y, 1, row, stride);
    }
}

static gboolean
load (Png *loader, FoveaSink *sink, GError **error)
{
  FoveaPixels pixels;
  int n_passes;

  if (setjmp (loader->jump) != 0)
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED, "truncated or damaged PNG: %s", loader->message);
      return FALSE;
    }
  png_set_user_limits (loader->png, FOVEA_DECODER_MAX_PIXELS, FOVEA_DECODER_MAX_PIXELS);
  png_set_chunk_malloc_max (loader->png, 16 << 20);
  png_set_read_fn (loader->png, loader, on_read);
  png_read_info (loader->png, loader->info);
  pixels = set_transforms (loader);
  n_passes = png_set_interlace_handling (loader->png);
  png_read_update_info (loader->png, loader->info);
  if (!fovea_sink_begin (sink, pixels, png_get_image_width (loader->png, loader->info),
                         png_get_image_height (loader->png, loader->info), error))
    return FALSE;
  if (n_passes > 1)
    read_interlaced (loader, sink, n_passes);
  else
    read_rows (loader, sink);
  png_read_end (loader->png, NULL); /* the last checksum */
  return TRUE;
}

gboolean
fovea_load_png (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error)
{
  Png loader = { .data = data, .n_left = n_bytes };
  gboolean done = FALSE;

  loader.png = png_create_read_struct (PNG_LIBPNG_VER_STRING, &loader, on_error, on_warning);
  loader.info = loader.png != NULL ? png_create_info_struct (loader.png) : NULL;
  if (loader.info != NULL)
    done = load (&loader, sink, error);
  else
    g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE, "there is no memory for a PNG file");
  png_destroy_read_struct (&loader.png, &loader.info, NULL);
  g_free (loader.buffer);
  return done;
}
