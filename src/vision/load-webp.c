/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/loaders.h"

#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WebPDemuxer, WebPDemuxDelete)

static gboolean
fail (GError **error, const char *what)
{
  g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED, "truncated or damaged WebP: %s", what);
  return FALSE;
}

/* The first frame of an animation over a white canvas. */
static gboolean
load_frame (FoveaSink *sink, const WebPIterator *frame, GError **error)
{
  gsize stride = (gsize) sink->width * 3;
  g_autofree guint8 *rgba = NULL, *row = NULL;

  if (frame->width < 1 || frame->height < 1 || frame->x_offset < 0 || frame->y_offset < 0 ||
      frame->width > sink->width - frame->x_offset || frame->height > sink->height - frame->y_offset)
    return fail (error, "the first frame lies outside the picture");
  rgba = g_try_malloc ((gsize) frame->width * (gsize) frame->height * 4);
  row = g_malloc (stride);
  if (rgba == NULL || WebPDecodeRGBAInto (frame->fragment.bytes, frame->fragment.size, rgba,
                                          (gsize) frame->width * (gsize) frame->height * 4, frame->width * 4) == NULL)
    return fail (error, "the first frame cannot be decoded");
  for (int y = 0; y < sink->height; y++)
    {
      int at = y - frame->y_offset;

      memset (row, 255, stride);
      if (at >= 0 && at < frame->height)
        fovea_flatten_row (rgba + (gsize) at * (gsize) frame->width * 4, frame->width, row + (gsize) frame->x_offset * 3);
      fovea_sink_put (sink, y, 1, row, stride);
    }
  return TRUE;
}

static gboolean
load_animation (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error)
{
  const WebPData file = { data, n_bytes };
  g_autoptr (WebPDemuxer) demuxer = WebPDemux (&file);
  WebPIterator frame;
  gboolean done;

  if (demuxer == NULL || !WebPDemuxGetFrame (demuxer, 1, &frame))
    return fail (error, "there is no first frame");
  done = load_frame (sink, &frame, error);
  WebPDemuxReleaseIterator (&frame);
  return done;
}

static gboolean
load_still (FoveaSink *sink, const guint8 *data, gsize n_bytes, gboolean has_alpha, GError **error)
{
  gsize channels = has_alpha ? 4 : 3, stride = (gsize) sink->width * channels;
  g_autofree guint8 *pixels = NULL;
  guint8 *into = sink->dest;

  if (has_alpha || sink->header.orientation != 1)
    into = pixels = g_try_malloc (stride * (gsize) sink->height);
  if (into == NULL)
    return fail (error, "there is no memory for it");
  if ((has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto) (data, n_bytes, into, stride * (gsize) sink->height,
                                                            (int) stride) == NULL)
    return fail (error, "it cannot be decoded");
  if (pixels == NULL)
    return TRUE;
  for (int y = 0; y < sink->height; y++)
    {
      guint8 *row = pixels + (gsize) y * stride;

      if (has_alpha)
        fovea_flatten_row (row, sink->width, row);
      fovea_sink_put (sink, y, 1, row, stride);
    }
  return TRUE;
}

gboolean
fovea_load_webp (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error)
{
  WebPBitstreamFeatures features;

  if (WebPGetFeatures (data, n_bytes, &features) != VP8_STATUS_OK)
    return fail (error, "its header does not fit together");
  if (!fovea_sink_begin (sink, FOVEA_PIXELS_RGB8, features.width, features.height, error))
    return FALSE;
  return features.has_animation ? load_animation (sink, data, n_bytes, error)
                                : load_still (sink, data, n_bytes, features.has_alpha, error);
}
