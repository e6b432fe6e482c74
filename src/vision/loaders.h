/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vision/image-header.h"
#include "vision/image.h"

G_BEGIN_DECLS

/* The loaders run in the decoder's helper process alone. Each takes a whole file in memory whose header has been
 * read, and puts rows into a sink, which turns them upright. Errors carry no file name; the parent adds it. */

typedef struct {
  FoveaImageHeader header;
  int max_side, min_side; /* FoveaDecodeOptions */
  /* Memory for the upright picture; NULL when there is none. */
  void *(*reserve) (gpointer owner, gsize n_bytes);
  gpointer owner;

  /* Set by fovea_sink_begin(). */
  FoveaPixels pixels;
  int width, height;           /* of the rows that the loader gives: as stored, perhaps reduced */
  int out_width, out_height;   /* upright */
  guint8 *dest;                /* upright, out_width × out_height */
  gssize origin, step_x, step_y; /* pixel (x, y) of the loader is pixel origin + x step_x + y step_y of @dest */

  /* Set by the loader. */
  gboolean partial;
  double grey_min, grey_max;
} FoveaSink;

/* FALSE when the size is not one that may be had (TOO_LARGE, DAMAGED). */
gboolean fovea_sink_begin (FoveaSink *sink, FoveaPixels pixels, gint64 width, gint64 height, GError **error);

/* Rows y … y + n_rows of the picture as the loader sees it, in the sink's pixels. */
void fovea_sink_put (FoveaSink *sink, int y, int n_rows, const void *rows, gsize stride);

/* Where row @y can be written to directly; NULL when the picture has to be turned. */
guint8 *fovea_sink_row (FoveaSink *sink, int y);

/* @rgba: n pixels of straight alpha; over white into @rgb, which may be the same memory. */
void fovea_flatten_row (const guint8 *rgba, int n, guint8 *rgb);

gboolean fovea_load_jpeg (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error);
gboolean fovea_load_png (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error);
gboolean fovea_load_tiff (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error);
gboolean fovea_load_webp (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error);
gboolean fovea_load_pixbuf (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error); /* BMP, GIF, HEIF */

/* By the header's format. */
gboolean fovea_load (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error);

G_END_DECLS
