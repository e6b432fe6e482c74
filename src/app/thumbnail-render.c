/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "app/thumbnail-loader.h"

/* Where the samples of one output row or column come from: the mean over [from, to) when shrinking, two neighbours when growing. */
typedef struct {
  int from, to;
  guint weight; /* of @to in 1/256 when growing, @from has the rest */
} Span;

static Span *
spans_new (int source, int target, gboolean shrinks)
{
  Span *spans = g_new (Span, target);

  for (int i = 0; i < target; i++)
    {
      if (shrinks)
        {
          spans[i].from = (int) ((gint64) i * source / target);
          spans[i].to = MAX (spans[i].from + 1, (int) ((gint64) (i + 1) * source / target));
          spans[i].weight = 0;
        }
      else
        {
          double at = ((double) i + 0.5) * source / target - 0.5;
          int low = (int) floor (at);

          spans[i].from = CLAMP (low, 0, source - 1);
          spans[i].to = CLAMP (low + 1, 0, source - 1);
          spans[i].weight = (guint) ((at - low) * 256.0);
        }
    }
  return spans;
}

static guint32
sample_mean (const guint8 *rgb, int stride, const Span *x, const Span *y)
{
  guint r = 0, g = 0, b = 0;
  guint n = (guint) (x->to - x->from) * (guint) (y->to - y->from);

  for (int v = y->from; v < y->to; v++)
    for (const guint8 *p = rgb + (gsize) v * stride + x->from * 3, *end = p + (x->to - x->from) * 3; p < end; p += 3)
      {
        r += p[0];
        g += p[1];
        b += p[2];
      }
  return 0xff000000u | (r + n / 2) / n << 16 | (g + n / 2) / n << 8 | (b + n / 2) / n;
}

static guint32
sample_linear (const guint8 *rgb, int stride, const Span *x, const Span *y)
{
  const guint8 *top = rgb + (gsize) y->from * stride, *bottom = rgb + (gsize) y->to * stride;
  guint32 pixel = 0xff;

  for (int c = 0; c < 3; c++)
    {
      guint upper = top[x->from * 3 + c] * (256 - x->weight) + top[x->to * 3 + c] * x->weight;
      guint lower = bottom[x->from * 3 + c] * (256 - x->weight) + bottom[x->to * 3 + c] * x->weight;

      pixel = pixel << 8 | (upper * (256 - y->weight) + lower * y->weight) >> 16;
    }
  return pixel;
}

/* How much of the pixel at (x, y) is inside the rounded corner whose centre is (radius, radius): 0 … 255. */
static guint
corner_coverage (int x, int y, int radius)
{
  double dx = radius - (x + 0.5), dy = radius - (y + 0.5);

  return (guint) (CLAMP (radius - sqrt (dx * dx + dy * dy) + 0.5, 0.0, 1.0) * 255.0);
}

static void
round_corners (guint32 *pixels, int width, int height, int radius)
{
  for (int y = 0; y < radius; y++)
    for (int x = 0; x < radius; x++)
      {
        guint alpha = corner_coverage (x, y, radius);
        gsize corners[4] = {
          (gsize) y * width + x,
          (gsize) y * width + (width - 1 - x),
          (gsize) (height - 1 - y) * width + x,
          (gsize) (height - 1 - y) * width + (width - 1 - x),
        };

        for (int i = 0; i < 4 && alpha < 255; i++)
          pixels[corners[i]] = (pixels[corners[i]] & 0x00ffffffu) | alpha << 24;
      }
}

GBytes *
fovea_thumbnail_render (GBytes *rgb, int width, int height, int stride, int size_px, int radius_px, int *ret_width,
                        int *ret_height)
{
  const guint8 *data = g_bytes_get_data (rgb, NULL);
  double scale = (double) size_px / MAX (width, height);
  int out_width = MAX (1, (int) lround (width * scale)), out_height = MAX (1, (int) lround (height * scale));
  int radius = MIN (radius_px, MIN (out_width, out_height) / 2);
  guint32 *pixels = g_new (guint32, (gsize) out_width * out_height);
  gboolean shrinks = scale <= 1.0;
  g_autofree Span *columns = spans_new (width, out_width, shrinks);
  g_autofree Span *rows = spans_new (height, out_height, shrinks);

  for (int y = 0; y < out_height; y++)
    for (int x = 0; x < out_width; x++)
      pixels[(gsize) y * out_width + x] = shrinks ? sample_mean (data, stride, &columns[x], &rows[y])
                                                  : sample_linear (data, stride, &columns[x], &rows[y]);
  round_corners (pixels, out_width, out_height, radius);

  *ret_width = out_width;
  *ret_height = out_height;
  return g_bytes_new_take (pixels, (gsize) out_width * out_height * sizeof *pixels);
}
