/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/loaders.h"

#include <string.h>

#include "vision/decoder.h"

/* Where the corners of the stored picture go. Source: EXIF 2.3, "Orientation". */
static void
set_orientation (FoveaSink *sink)
{
  gssize w = sink->width, h = sink->height, out_w = sink->out_width;

  switch (sink->header.orientation)
    {
    case 2: sink->origin = w - 1, sink->step_x = -1, sink->step_y = out_w; break;
    case 3: sink->origin = h * out_w - 1, sink->step_x = -1, sink->step_y = -out_w; break;
    case 4: sink->origin = (h - 1) * out_w, sink->step_x = 1, sink->step_y = -out_w; break;
    case 5: sink->origin = 0, sink->step_x = out_w, sink->step_y = 1; break;
    case 6: sink->origin = h - 1, sink->step_x = out_w, sink->step_y = -1; break;
    case 7: sink->origin = w * out_w - 1, sink->step_x = -out_w, sink->step_y = -1; break;
    case 8: sink->origin = (w - 1) * out_w, sink->step_x = -out_w, sink->step_y = 1; break;
    default: sink->origin = 0, sink->step_x = 1, sink->step_y = out_w; break;
    }
}

gboolean
fovea_sink_begin (FoveaSink *sink, FoveaPixels pixels, gint64 width, gint64 height, GError **error)
{
  gboolean turned = sink->header.orientation >= 5;

  if (width < 1 || height < 1 || width > FOVEA_DECODER_MAX_PIXELS || height > FOVEA_DECODER_MAX_PIXELS / width)
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE,
                   "the picture has %" G_GINT64_FORMAT " × %" G_GINT64_FORMAT " pixels, not what its header says", width, height);
      return FALSE;
    }
  sink->pixels = pixels;
  sink->width = (int) width;
  sink->height = (int) height;
  sink->out_width = turned ? sink->height : sink->width;
  sink->out_height = turned ? sink->width : sink->height;
  set_orientation (sink);
  sink->dest = sink->reserve (sink->owner, (gsize) width * (gsize) height * (pixels == FOVEA_PIXELS_GREY16 ? 2 : 3));
  if (sink->dest == NULL)
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE,
                   "there is no memory for %" G_GINT64_FORMAT " × %" G_GINT64_FORMAT " pixels", width, height);
      return FALSE;
    }
  return TRUE;
}

guint8 *
fovea_sink_row (FoveaSink *sink, int y)
{
  if (sink->step_x != 1 || sink->header.orientation >= 5)
    return NULL;
  return sink->dest + (sink->origin + y * sink->step_y) * (sink->pixels == FOVEA_PIXELS_GREY16 ? 2 : 3);
}

/* A column of the source is a run of the destination where the picture is turned: the inner loop follows the
 * destination. */
static void
put_rgb (FoveaSink *sink, int y, int n_rows, const guint8 *rows, gsize stride)
{
  for (int x = 0; x < sink->width; x++)
    {
      guint8 *dest = sink->dest + (sink->origin + x * sink->step_x + y * sink->step_y) * 3;
      const guint8 *src = rows + (gsize) x * 3;

      for (int row = 0; row < n_rows; row++, src += stride, dest += sink->step_y * 3)
        memcpy (dest, src, 3);
    }
}

static void
put_grey (FoveaSink *sink, int y, int n_rows, const guint8 *rows, gsize stride)
{
  for (int row = 0; row < n_rows; row++)
    {
      const guint16 *src = (const guint16 *) (const void *) (rows + (gsize) row * stride);
      guint16 *dest = (guint16 *) (void *) sink->dest + sink->origin + (y + row) * sink->step_y;

      for (int x = 0; x < sink->width; x++, dest += sink->step_x)
        *dest = src[x];
    }
}

void
fovea_sink_put (FoveaSink *sink, int y, int n_rows, const void *rows, gsize stride)
{
  gsize row_bytes = (gsize) sink->width * (sink->pixels == FOVEA_PIXELS_GREY16 ? 2 : 3);

  if (fovea_sink_row (sink, y) != NULL)
    for (int row = 0; row < n_rows; row++)
      memcpy (fovea_sink_row (sink, y + row), (const guint8 *) rows + (gsize) row * stride, row_bytes);
  else if (sink->pixels == FOVEA_PIXELS_GREY16)
    put_grey (sink, y, n_rows, rows, stride);
  else
    put_rgb (sink, y, n_rows, rows, stride);
}

void
fovea_flatten_row (const guint8 *rgba, int n, guint8 *rgb)
{
  for (int i = 0; i < n; i++, rgba += 4, rgb += 3)
    {
      int a = rgba[3];
      int r = rgba[0] * a + 255 * (255 - a), g = rgba[1] * a + 255 * (255 - a), b = rgba[2] * a + 255 * (255 - a);

      rgb[0] = (guint8) ((r + 127) / 255);
      rgb[1] = (guint8) ((g + 127) / 255);
      rgb[2] = (guint8) ((b + 127) / 255);
    }
}

gboolean
fovea_load (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error)
{
  sink->grey_min = 0.0;
  sink->grey_max = 65535.0;
  switch (sink->header.format)
    {
    case FOVEA_FORMAT_JPEG:
      return fovea_load_jpeg (sink, data, n_bytes, error);
    case FOVEA_FORMAT_PNG:
      return fovea_load_png (sink, data, n_bytes, error);
    case FOVEA_FORMAT_TIFF:
      return fovea_load_tiff (sink, data, n_bytes, error);
    case FOVEA_FORMAT_WEBP:
      return fovea_load_webp (sink, data, n_bytes, error);
    case FOVEA_FORMAT_BMP:
    case FOVEA_FORMAT_GIF:
    case FOVEA_FORMAT_HEIF:
      return fovea_load_pixbuf (sink, data, n_bytes, error);
    case FOVEA_N_FORMATS:
    default:
      g_return_val_if_reached (FALSE);
    }
}
