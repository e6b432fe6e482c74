/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/loaders.h"

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "vision/decoder.h"

static void
on_size_prepared (GdkPixbufLoader *loader, int width, int height, gpointer too_large)
{
  if (width < 1 || height < 1 || height > FOVEA_DECODER_MAX_PIXELS / width)
    {
      *(gboolean *) too_large = TRUE;
      gdk_pixbuf_loader_set_size (loader, 1, 1);
    }
}

/* Named by type, so that gdk-pixbuf never sniffs: of its many loaders only these three are ever fed. */
static GdkPixbufLoader *
new_loader (FoveaFormat format, GError **error)
{
  g_autoptr (GError) problem = NULL;
  GdkPixbufLoader *loader;

  if (format == FOVEA_FORMAT_HEIF)
    {
      loader = gdk_pixbuf_loader_new_with_mime_type ("image/heif", &problem);
      if (loader == NULL)
        {
          g_clear_error (&problem);
          loader = gdk_pixbuf_loader_new_with_mime_type ("image/heic", &problem);
        }
    }
  else
    loader = gdk_pixbuf_loader_new_with_type (fovea_format_name (format), &problem);
  if (loader == NULL)
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_UNSUPPORTED,
                 "this system has no loader for %s files (%s)%s", fovea_format_name (format), problem->message,
                 format == FOVEA_FORMAT_HEIF ? "; install heif-gdk-pixbuf" : "");
  return loader;
}

static GdkPixbuf *
decode (GdkPixbufLoader *loader, const guint8 *data, gsize n_bytes, GError **error)
{
  GdkPixbuf *pixbuf;

  if (!gdk_pixbuf_loader_write (loader, data, n_bytes, error))
    {
      gdk_pixbuf_loader_close (loader, NULL);
      return NULL;
    }
  if (!gdk_pixbuf_loader_close (loader, error))
    return NULL;
  pixbuf = gdk_pixbuf_loader_get_pixbuf (loader); /* of an animation: its first frame */
  if (pixbuf == NULL)
    g_set_error_literal (error, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_CORRUPT_IMAGE, "there is no picture in it");
  return pixbuf;
}

static gboolean
put_pixbuf (FoveaSink *sink, GdkPixbuf *pixbuf, GError **error)
{
  gsize stride = (gsize) gdk_pixbuf_get_rowstride (pixbuf);
  gboolean has_alpha = gdk_pixbuf_get_has_alpha (pixbuf);
  const guint8 *pixels = gdk_pixbuf_read_pixels (pixbuf);
  g_autofree guint8 *row = NULL;

  if (!fovea_sink_begin (sink, FOVEA_PIXELS_RGB8, gdk_pixbuf_get_width (pixbuf), gdk_pixbuf_get_height (pixbuf), error))
    return FALSE;
  row = g_malloc ((gsize) sink->width * 3);
  for (int y = 0; y < sink->height; y++)
    {
      const guint8 *src = pixels + (gsize) y * stride;

      if (has_alpha)
        fovea_flatten_row (src, sink->width, row);
      fovea_sink_put (sink, y, 1, has_alpha ? row : src, stride);
    }
  return TRUE;
}

gboolean
fovea_load_pixbuf (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error)
{
  g_autoptr (GdkPixbufLoader) loader = new_loader (sink->header.format, error);
  g_autoptr (GError) problem = NULL;
  gboolean too_large = FALSE;
  GdkPixbuf *pixbuf;

  if (loader == NULL)
    return FALSE;
  g_signal_connect (loader, "size-prepared", G_CALLBACK (on_size_prepared), &too_large);
  pixbuf = decode (loader, data, n_bytes, &problem);
  if (too_large)
    {
      g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE, "the picture is larger than its header says");
      return FALSE;
    }
  if (pixbuf == NULL)
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED, "truncated or damaged %s: %s",
                   fovea_format_name (sink->header.format), problem->message);
      return FALSE;
    }
  return put_pixbuf (sink, pixbuf, error);
}
