/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/augment.h"

#include <math.h>
#include <string.h>

#include "vision/resize.h"

/* --- draws --- */

/* SplitMix64: a few instructions, no state to share, every seed as good as any. Source: Steele, Lea, Flood, "Fast
 * splittable pseudorandom number generators", 2014. */
typedef struct {
  guint64 state;
} Draws;

static guint64
draw_bits (Draws *draws)
{
  guint64 z = draws->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* Each number goes through the mixer before the next is added, so that (1, 2) and (2, 1) have nothing in common. */
static Draws
draws_of (guint64 seed, guint64 epoch, guint64 index)
{
  Draws draws = { seed };

  draws.state = draw_bits (&draws) + epoch;
  draws.state = draw_bits (&draws) + index;
  return draws;
}

/* [low, high) */
static double
draw (Draws *draws, double low, double high)
{
  return low + (high - low) * ((double) (draw_bits (draws) >> 11) * 0x1p-53);
}

static gboolean
draw_chance (Draws *draws, double probability)
{
  return draw (draws, 0, 1) < probability;
}

/* 0 … n */
static int
draw_int (Draws *draws, int n)
{
  return (int) floor (draw (draws, 0, (double) n + 1));
}

static double
draw_normal (Draws *draws)
{
  const double u = draw (draws, 0, 1), v = draw (draws, 0, 1);

  return sqrt (-2 * log (1 - u)) * cos (2 * G_PI * v);
}

/* Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; alpha < 1 by their note 6. */
static double
draw_gamma (Draws *draws, double alpha)
{
  const double boost = alpha < 1 ? pow (1 - draw (draws, 0, 1), 1 / alpha) : 1;
  const double d = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3, c = 1 / sqrt (9 * d);

  while (TRUE)
    {
      const double x = draw_normal (draws), v = pow (1 + c * x, 3), u = 1 - draw (draws, 0, 1);

      if (v > 0 && log (u) < 0.5 * x * x + d - d * v + d * log (v))
        return boost * d * v;
    }
}

static double
draw_beta (Draws *draws, double alpha)
{
  const double a = draw_gamma (draws, alpha), b = draw_gamma (draws, alpha);

  return a + b > 0 ? a / (a + b) : 0.5;
}

/* --- what a view is --- */

void
fovea_augmentation_init (FoveaAugmentation *augmentation)
{
  *augmentation = (FoveaAugmentation) {
    .placement = FOVEA_AUGMENT_LETTERBOX, .min_scale = 0.8, .max_scale = 1.4, .min_area = 1, .max_area = 1,
    .max_log_aspect = 0.1, .flip = 0.5, .saturation = 0.3, .contrast = 0.2, .brightness = 12.8, .channel_gain = 0.04,
  };
}

int
fovea_augmentation_max_side (const FoveaAugmentation *a, int size)
{
  const double scale = a->placement == FOVEA_AUGMENT_LETTERBOX ? a->max_scale : 1 / sqrt (MAX (a->min_area, 0.01));

  return (int) ceil (size * scale * exp (a->max_log_aspect));
}

static int
to_pixels (double side)
{
  return MAX (1, (int) floor (side + 0.5));
}

/* A corner between those that show as much as can be shown. */
static int
draw_corner (Draws *draws, int side, int size)
{
  return side <= size ? draw_int (draws, size - side) : -draw_int (draws, side - size);
}

static void
place_letterbox (const FoveaAugmentation *a, Draws *draws, int width, int height, int size, FoveaView *view)
{
  const double fit = (double) size / MAX (width, height);
  const double scale = exp (draw (draws, log (a->min_scale), log (a->max_scale)));
  const double aspect = exp (draw (draws, -a->max_log_aspect, a->max_log_aspect));

  view->width = to_pixels (width * fit * scale * aspect);
  view->height = to_pixels (height * fit * scale / aspect);
  view->x = draw_corner (draws, view->width, size);
  view->y = draw_corner (draws, view->height, size);
}

static void
place_crop (const FoveaAugmentation *a, Draws *draws, int width, int height, int size, FoveaView *view)
{
  const double side = sqrt (draw (draws, a->min_area, a->max_area) * width * height);
  const double aspect = exp (draw (draws, -a->max_log_aspect, a->max_log_aspect) / 2);
  const double part_width = MIN (width, side * aspect), part_height = MIN (height, side / aspect);

  view->width = to_pixels (width * size / part_width);
  view->height = to_pixels (height * size / part_height);
  view->x = draw_corner (draws, view->width, size);
  view->y = draw_corner (draws, view->height, size);
}

/* Rows of @with times those of @view's matrix: what @with does comes after. */
static void
add_colour (FoveaView *view, double with[3][4])
{
  float old[3][4];

  memcpy (old, view->colour, sizeof old);
  for (int c = 0; c < 3; c++)
    for (int k = 0; k < 4; k++)
      {
        double sum = k == 3 ? with[c][3] : 0;

        for (int i = 0; i < 3; i++)
          sum += with[c][i] * (double) old[i][k];
        view->colour[c][k] = (float) sum;
      }
}

static void
add_scaling (FoveaView *view, double red, double green, double blue, double offset)
{
  double scaling[3][4] = { { red, 0, 0, offset }, { 0, green, 0, offset }, { 0, 0, blue, offset } };

  add_colour (view, scaling);
}

/* A turn about (1, 1, 1): Rodrigues' formula. */
static void
add_hue (FoveaView *view, double angle)
{
  const double c = cos (angle), s = sin (angle) / sqrt (3), t = (1 - c) / 3;
  double turn[3][4] = { { c + t, t - s, t + s, 0 }, { t + s, c + t, t - s, 0 }, { t - s, t + s, c + t, 0 } };

  add_colour (view, turn);
}

static void
add_saturation (FoveaView *view, double share)
{
  static const double luma[3] = { 0.299, 0.587, 0.114 };
  double blend[3][4] = { { 0 } };

  for (int c = 0; c < 3; c++)
    for (int k = 0; k < 3; k++)
      blend[c][k] = (1 - share) * luma[k] + (c == k ? share : 0);
  add_colour (view, blend);
}

static void
draw_colour (const FoveaAugmentation *a, Draws *draws, FoveaView *view)
{
  double contrast, gain[3];

  for (int c = 0; c < 3; c++)
    view->colour[c][c] = 1;
  if (a->hue > 0)
    add_hue (view, draw (draws, -a->hue, a->hue) * G_PI / 180);
  add_saturation (view, 1 + draw (draws, -a->saturation, a->saturation));
  contrast = 1 + draw (draws, -a->contrast, a->contrast);
  add_scaling (view, contrast, contrast, contrast, 127 * (1 - contrast) + draw (draws, -a->brightness, a->brightness));
  for (int c = 0; c < 3; c++)
    gain[c] = 1 + draw (draws, -a->channel_gain, a->channel_gain);
  add_scaling (view, gain[0], gain[1], gain[2], 0);
}

/* A rectangle of @area of the square, its ratio between 1/3 and 3. */
static void
draw_rectangle (Draws *draws, double area, int size, int *x, int *y, int *width, int *height)
{
  const double ratio = exp (draw (draws, -log (3), log (3)) / 2), side = sqrt (area) * size;

  *width = CLAMP (to_pixels (side * ratio), 1, size);
  *height = CLAMP (to_pixels (side / ratio), 1, size);
  *x = draw_int (draws, size - *width);
  *y = draw_int (draws, size - *height);
}

void
fovea_augmentation_draw (const FoveaAugmentation *a, int width, int height, int size, guint64 seed, guint64 epoch,
                         guint64 index, FoveaView *view)
{
  Draws draws = draws_of (seed, epoch, index);

  memset (view, 0, sizeof *view);
  if (a->placement == FOVEA_AUGMENT_CROP)
    place_crop (a, &draws, width, height, size, view);
  else
    place_letterbox (a, &draws, width, height, size, view);
  view->flip = draw_chance (&draws, a->flip);
  view->flip_vertical = draw_chance (&draws, a->flip_vertical);
  view->angle = a->rotation > 0 ? draw (&draws, -a->rotation, a->rotation) * G_PI / 180 : 0;
  if (draw_chance (&draws, a->blur_probability) && a->max_blur > 0.1)
    view->sigma = draw (&draws, 0.1, a->max_blur);
  draw_colour (a, &draws, view);
  if (draw_chance (&draws, a->erase_probability))
    draw_rectangle (&draws, draw (&draws, a->erase_min_area, a->erase_max_area), size, &view->erase_x, &view->erase_y,
                    &view->erase_width, &view->erase_height);
}

/* --- pixels --- */

/* The view's square, widened by @margin on each side, as 8-bit R G B before flips. */
static guint8 *
render (const FoveaImage *image, const FoveaView *view, int size, int margin, guint8 pad)
{
  const int side = size + 2 * margin, left = view->x + margin, top = view->y + margin;
  const int x0 = MAX (0, left), x1 = MIN (side, left + view->width);
  const int y0 = MAX (0, top), y1 = MIN (side, top + view->height);
  const gsize stride = (gsize) side * 3;
  guint8 *square = g_malloc (stride * (gsize) side);

  memset (square, pad, stride * (gsize) side);
  if (x0 < x1 && y0 < y1)
    fovea_resize_window (image, FOVEA_RESIZE_BICUBIC, view->width, view->height, x0 - left, y0 - top, x1 - x0, y1 - y0,
                         square + (gsize) y0 * stride + (gsize) x0 * 3, stride);
  return square;
}

/* Bilinear, from a square of @side to one of @size about the same centre. The margin covers what the corners reach. */
static guint8 *
turn (const guint8 *from, int side, int size, double angle)
{
  const double c = cos (angle), s = sin (angle), from_centre = side * 0.5, centre = size * 0.5;
  guint8 *to = g_malloc ((gsize) size * (gsize) size * 3), *dest = to;

  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      {
        const double dx = x + 0.5 - centre, dy = y + 0.5 - centre;
        const double u = CLAMP (from_centre + c * dx - s * dy - 0.5, 0, side - 1.001);
        const double v = CLAMP (from_centre + s * dx + c * dy - 0.5, 0, side - 1.001);
        const int i = (int) u, j = (int) v;
        const float p = (float) (u - i), q = (float) (v - j);
        const guint8 *at = from + ((gsize) j * (gsize) side + (gsize) i) * 3, *below = at + (gsize) side * 3;

        for (int k = 0; k < 3; k++)
          *dest++ = (guint8) ((1 - q) * ((1 - p) * at[k] + p * at[k + 3]) + q * ((1 - p) * below[k] + p * below[k + 3]) +
                              0.5f);
      }
  return to;
}

/* One direction: @n lines of @size pixels, @step bytes from pixel to pixel; the edge pixel goes on outside. */
static void
blur_lines (guint8 *square, int size, gsize step, gsize line_step, const float *kernel, int radius, guint8 *line)
{
  for (int l = 0; l < size; l++)
    {
      guint8 *at = square + (gsize) l * line_step;

      for (int i = -radius; i < size + radius; i++)
        memcpy (line + (gsize) (i + radius) * 3, at + (gsize) CLAMP (i, 0, size - 1) * step, 3);
      for (int i = 0; i < size; i++)
        for (int k = 0; k < 3; k++)
          {
            float sum = 0.5f;

            for (int j = 0; j <= 2 * radius; j++)
              sum += kernel[j] * line[(i + j) * 3 + k];
            at[(gsize) i * step + (gsize) k] = (guint8) sum;
          }
    }
}

static void
blur (guint8 *square, int size, double sigma)
{
  const int radius = (int) ceil (3 * sigma);
  g_autofree float *kernel = g_new (float, 2 * radius + 1);
  g_autofree guint8 *line = g_malloc (((gsize) size + 2 * (gsize) radius) * 3);
  double sum = 0;

  for (int i = -radius; i <= radius; i++)
    sum += exp (-0.5 * i * i / (sigma * sigma));
  for (int i = -radius; i <= radius; i++)
    kernel[i + radius] = (float) (exp (-0.5 * i * i / (sigma * sigma)) / sum);
  blur_lines (square, size, 3, (gsize) size * 3, kernel, radius, line);
  blur_lines (square, size, (gsize) size * 3, 3, kernel, radius, line);
}

/* Row @y of the square to its place in the three planes. */
static void
write_row (const guint8 *row, int y, const FoveaView *view, const FoveaInputSpec *spec, float *dest)
{
  const int size = spec->size;
  const gsize n = (gsize) size * (gsize) size;

  for (int c = 0; c < 3; c++)
    {
      const float *m = view->colour[spec->bgr ? 2 - c : c], mean = spec->mean[c], scale = spec->scale[c];
      float *plane = dest + (gsize) c * n + (gsize) y * (gsize) size;

      for (int x = 0; x < size; x++)
        {
          const guint8 *p = row + (gsize) (view->flip ? size - 1 - x : x) * 3;
          const float value = m[0] * p[0] + m[1] * p[1] + m[2] * p[2] + m[3];

          plane[x] = (CLAMP (value, 0, 255) - mean) * scale;
        }
    }
}

static void
erase (const FoveaView *view, const FoveaInputSpec *spec, float *dest)
{
  for (int c = 0; c < 3; c++)
    for (int y = view->erase_y; y < view->erase_y + view->erase_height; y++)
      for (int x = view->erase_x; x < view->erase_x + view->erase_width; x++)
        dest[((gsize) c * (gsize) spec->size + (gsize) y) * (gsize) spec->size + (gsize) x] =
          ((float) spec->pad - spec->mean[c]) * spec->scale[c];
}

void
fovea_augment_picture (const FoveaImage *image, const FoveaView *view, const FoveaInputSpec *spec, float *dest)
{
  const int size = spec->size;
  /* Half of what the diagonal is longer than a side. */
  const int margin = view->angle != 0 ? (int) ceil (size * (fabs (cos (view->angle)) + fabs (sin (view->angle)) - 1) / 2) + 1 : 0;
  g_autofree guint8 *square = NULL;

  g_return_if_fail (image->pixels == FOVEA_PIXELS_RGB8);
  square = render (image, view, size, margin, spec->pad);
  if (view->angle != 0)
    {
      guint8 *turned = turn (square, size + 2 * margin, size, view->angle);

      g_free (square);
      square = turned;
    }
  if (view->sigma > 0)
    blur (square, size, view->sigma);
  for (int y = 0; y < size; y++)
    write_row (square + (gsize) (view->flip_vertical ? size - 1 - y : y) * (gsize) size * 3, y, view, spec, dest);
  if (view->erase_width > 0)
    erase (view, spec, dest);
}

/* --- batches --- */

typedef struct {
  int x, y, width, height; /* of the other picture; width 0: the whole picture is mixed by share */
  float share;             /* of the first */
} Mix;

static void
mix_pixels (const Mix *mix, float *a, float *b, int size)
{
  const gsize side = (gsize) size;

  for (gsize c = 0; c < 3; c++)
    for (gsize y = 0; y < side; y++)
      for (gsize x = 0; x < side; x++)
        {
          const gsize at = (c * side + y) * side + x;
          const float p = a[at], q = b[at];
          float share = mix->share;

          if (mix->width > 0)
            share = (int) x >= mix->x && (int) x < mix->x + mix->width && (int) y >= mix->y &&
                            (int) y < mix->y + mix->height ? 0 : 1;
          a[at] = share * p + (1 - share) * q;
          b[at] = share * q + (1 - share) * p;
        }
}

static void
mix_targets (float share, float *a, float *b, gsize n)
{
  for (gsize k = 0; k < n; k++)
    {
      const float p = a[k], q = b[k];
      const gboolean unknown = p < 0 || q < 0;

      a[k] = unknown ? -1 : share * p + (1 - share) * q;
      b[k] = unknown ? -1 : share * q + (1 - share) * p;
    }
}

void
fovea_augment_mix (const FoveaAugmentation *a, float *pictures, float *targets, gsize n, int size, gsize n_classes,
                   guint64 seed, guint64 epoch, guint64 batch)
{
  /* A sequence of its own: view numbers are those of pictures. */
  Draws draws = draws_of (~seed, epoch, batch);
  const gboolean cut = a->cutmix > 0 && (a->mixup <= 0 || draw_chance (&draws, 0.5));
  const gsize pixels = 3 * (gsize) size * (gsize) size;
  Mix mix = { 0 };

  if ((a->mixup <= 0 && a->cutmix <= 0) || n < 2)
    return;
  mix.share = (float) draw_beta (&draws, cut ? a->cutmix : a->mixup);
  if (cut)
    {
      draw_rectangle (&draws, 1 - (double) mix.share, size, &mix.x, &mix.y, &mix.width, &mix.height);
      mix.share = 1 - (float) (mix.width * mix.height) / (float) (size * size);
    }
  for (gsize i = 0; i < n / 2; i++)
    {
      const gsize j = n - 1 - i;

      mix_pixels (&mix, pictures + i * pixels, pictures + j * pixels, size);
      mix_targets (mix.share, targets + i * n_classes, targets + j * n_classes, n_classes);
    }
}
