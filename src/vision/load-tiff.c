/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/loaders.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <tiffio.h>

/* The file in memory, as libtiff wants to see it. */
typedef struct {
  const guint8 *data;
  gsize n_bytes, at;
} Memory;

static char last_message[160]; /* the helper has one thread */

static void
on_message (const char *module, const char *format, va_list args)
{
  if (last_message[0] == '\0')
    g_vsnprintf (last_message, sizeof last_message, format, args);
}

static tmsize_t
on_read (thandle_t handle, void *dest, tmsize_t n)
{
  Memory *memory = handle;
  gsize there = MIN ((gsize) MAX (n, 0), memory->n_bytes - memory->at);

  memcpy (dest, memory->data + memory->at, there);
  memory->at += there;
  return (tmsize_t) there;
}

static tmsize_t
on_write (thandle_t handle, void *src, tmsize_t n)
{
  return -1;
}

static toff_t
on_seek (thandle_t handle, toff_t offset, int whence)
{
  Memory *memory = handle;
  guint64 base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? memory->at : memory->n_bytes;

  memory->at = (gsize) MIN (base + offset, memory->n_bytes);
  return memory->at;
}

static int
on_close (thandle_t handle)
{
  return 0;
}

static toff_t
on_size (thandle_t handle)
{
  return ((Memory *) handle)->n_bytes;
}

static int
on_map (thandle_t handle, void **ret_base, toff_t *ret_size)
{
  Memory *memory = handle;

  *ret_base = (void *) memory->data;
  *ret_size = memory->n_bytes;
  return 1;
}

static void
on_unmap (thandle_t handle, void *base, toff_t size)
{
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TIFF, TIFFClose)

static gboolean
fail (GError **error, int code)
{
  g_set_error (error, FOVEA_VISION_ERROR, code, "truncated or damaged TIFF: %s",
               last_message[0] != '\0' ? last_message : "its parts do not fit together");
  return FALSE;
}

/* --- Grey of more than 8 bits ----------------------------------------------------------------------------- */

typedef struct {
  guint16 bits, format, photometric;
  guint32 width, height;
} Grey;

static gboolean
is_deep_grey (TIFF *tiff, Grey *grey)
{
  guint16 n_samples = 1;

  TIFFGetFieldDefaulted (tiff, TIFFTAG_SAMPLESPERPIXEL, &n_samples);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_BITSPERSAMPLE, &grey->bits);
  TIFFGetFieldDefaulted (tiff, TIFFTAG_SAMPLEFORMAT, &grey->format);
  if (!TIFFGetField (tiff, TIFFTAG_PHOTOMETRIC, &grey->photometric) || n_samples != 1 ||
      (grey->photometric != PHOTOMETRIC_MINISBLACK && grey->photometric != PHOTOMETRIC_MINISWHITE))
    return FALSE;
  switch (grey->format)
    {
    case SAMPLEFORMAT_UINT:
    case SAMPLEFORMAT_INT:
      return grey->bits == 16 || grey->bits == 32;
    case SAMPLEFORMAT_IEEEFP:
      return grey->bits == 32 || grey->bits == 64;
    default:
      return FALSE;
    }
}

static float
sample_value (const guint8 *at, const Grey *grey)
{
  union { gint16 i16; guint16 u16; gint32 i32; guint32 u32; float f32; double f64; } value;

  memcpy (&value, at, grey->bits / 8);
  if (grey->format == SAMPLEFORMAT_IEEEFP)
    return grey->bits == 64 ? (float) value.f64 : value.f32;
  if (grey->bits == 16)
    return grey->format == SAMPLEFORMAT_INT ? (float) value.i16 : (float) value.u16;
  return grey->format == SAMPLEFORMAT_INT ? (float) value.i32 : (float) value.u32;
}

/* @n_rows rows from @y on into @rows, one sample after the other. Tiled files: @y and @n_rows by whole tiles. */
static gboolean
read_tile_rows (TIFF *tiff, const Grey *grey, guint32 y, guint32 n_rows, guint32 tile_width, guint8 *tile, guint8 *rows)
{
  gsize sample = grey->bits / 8, stride = grey->width * sample;

  for (guint32 x = 0; x < grey->width; x += tile_width)
    {
      gsize there = MIN (tile_width, grey->width - x) * sample;

      if (TIFFReadTile (tiff, tile, x, y, 0, 0) < 0)
        return FALSE;
      for (guint32 row = 0; row < n_rows; row++)
        memcpy (rows + row * stride + x * sample, tile + (gsize) row * tile_width * sample, there);
    }
  return TRUE;
}

typedef void (*TakeRows) (gpointer user_data, const Grey *grey, guint32 y, guint32 n_rows, const guint8 *rows);

static gboolean
for_all_rows (TIFF *tiff, const Grey *grey, TakeRows take, gpointer user_data, GError **error)
{
  gsize stride = (gsize) grey->width * grey->bits / 8;
  guint32 step = 1, tile_width = 0;
  g_autofree guint8 *rows = NULL, *tile = NULL;

  if (TIFFIsTiled (tiff))
    {
      if (!TIFFGetField (tiff, TIFFTAG_TILEWIDTH, &tile_width) || !TIFFGetField (tiff, TIFFTAG_TILELENGTH, &step) ||
          tile_width == 0 || step == 0 || step > 65536 || tile_width > 65536 ||
          (guint64) TIFFTileSize64 (tiff) != (guint64) step * tile_width * grey->bits / 8)
        return fail (error, FOVEA_VISION_ERROR_DAMAGED);
      tile = g_try_malloc ((gsize) TIFFTileSize (tiff));
    }
  else if ((gsize) TIFFScanlineSize (tiff) != stride)
    return fail (error, FOVEA_VISION_ERROR_DAMAGED);
  rows = g_try_malloc (stride * step);
  if (rows == NULL || (TIFFIsTiled (tiff) && tile == NULL))
    return fail (error, FOVEA_VISION_ERROR_TOO_LARGE);

  for (guint32 y = 0; y < grey->height; y += step)
    {
      guint32 n_rows = MIN (step, grey->height - y);

      if (tile != NULL ? !read_tile_rows (tiff, grey, y, n_rows, tile_width, tile, rows)
                       : TIFFReadScanline (tiff, rows, y, 0) < 0)
        return fail (error, FOVEA_VISION_ERROR_DAMAGED);
      take (user_data, grey, y, n_rows, rows);
    }
  return TRUE;
}

static void
take_codes (gpointer user_data, const Grey *grey, guint32 y, guint32 n_rows, const guint8 *rows)
{
  guint16 *codes = (guint16 *) (void *) rows;
  gsize n = (gsize) grey->width * n_rows;

  if (grey->format == SAMPLEFORMAT_INT)
    for (gsize i = 0; i < n; i++)
      codes[i] = (guint16) (codes[i] ^ 0x8000);
  if (grey->photometric == PHOTOMETRIC_MINISWHITE)
    for (gsize i = 0; i < n; i++)
      codes[i] = (guint16) ~codes[i];
  fovea_sink_put (user_data, (int) y, (int) n_rows, codes, (gsize) grey->width * 2);
}

typedef struct {
  float *values;
  float low, high; /* of the finite ones */
} Values;

static void
take_values (gpointer user_data, const Grey *grey, guint32 y, guint32 n_rows, const guint8 *rows)
{
  Values *values = user_data;
  float *dest = values->values + (gsize) y * grey->width;
  gsize n = (gsize) grey->width * n_rows;

  for (gsize i = 0; i < n; i++)
    {
      float value = sample_value (rows + i * (grey->bits / 8), grey);

      dest[i] = value;
      if (isfinite (value))
        {
          values->low = MIN (values->low, value);
          values->high = MAX (values->high, value);
        }
    }
}

static void
put_values (FoveaSink *sink, const Grey *grey, const Values *values)
{
  g_autofree guint16 *codes = g_new (guint16, grey->width);
  double range = (double) values->high - (double) values->low;

  for (guint32 y = 0; y < grey->height; y++)
    {
      const float *row = values->values + (gsize) y * grey->width;

      for (guint32 x = 0; x < grey->width; x++)
        {
          double share = range > 0.0 ? ((double) row[x] - (double) values->low) / range : 0.0;
          int code = isnan (share) ? 0 : (int) (CLAMP (share, 0.0, 1.0) * 65535.0 + 0.5);

          codes[x] = (guint16) (grey->photometric == PHOTOMETRIC_MINISWHITE ? 65535 - code : code);
        }
      fovea_sink_put (sink, (int) y, 1, codes, (gsize) grey->width * 2);
    }
}

static gboolean
load_values (FoveaSink *sink, TIFF *tiff, const Grey *grey, GError **error)
{
  g_autofree float *memory = g_try_new (float, (gsize) grey->width * grey->height);
  Values values = { memory, INFINITY, -INFINITY };

  if (memory == NULL)
    return fail (error, FOVEA_VISION_ERROR_TOO_LARGE);
  if (!for_all_rows (tiff, grey, take_values, &values, error))
    return FALSE;
  if (values.low > values.high)
    values.low = values.high = 0.0f;
  put_values (sink, grey, &values);
  sink->grey_min = (double) values.low;
  sink->grey_max = (double) values.high;
  return TRUE;
}

static gboolean
load_grey (FoveaSink *sink, TIFF *tiff, const Grey *grey, GError **error)
{
  gboolean done;

  if (!fovea_sink_begin (sink, FOVEA_PIXELS_GREY16, grey->width, grey->height, error))
    return FALSE;
  if (grey->bits != 16)
    done = load_values (sink, tiff, grey, error);
  else
    {
      done = for_all_rows (tiff, grey, take_codes, sink, error);
      sink->grey_min = grey->format == SAMPLEFORMAT_INT ? -32768.0 : 0.0;
      sink->grey_max = grey->format == SAMPLEFORMAT_INT ? 32767.0 : 65535.0;
    }
  if (grey->photometric == PHOTOMETRIC_MINISWHITE)
    {
      double low = sink->grey_min;

      sink->grey_min = sink->grey_max;
      sink->grey_max = low;
    }
  return done;
}

/* --- Everything else, through libtiff's own conversion to RGBA with premultiplied alpha ------------------------ */

/* How many rows to ask for at once: whole strips or tiles, so that none is decoded twice. */
static guint32
band_rows (TIFF *tiff, guint32 height)
{
  guint32 rows = height;

  if (TIFFIsTiled (tiff))
    TIFFGetField (tiff, TIFFTAG_TILELENGTH, &rows);
  else
    TIFFGetFieldDefaulted (tiff, TIFFTAG_ROWSPERSTRIP, &rows);
  if (rows == 0 || rows >= height)
    return height;
  return MIN (height, rows < 64 ? rows * (64 / rows) : rows);
}

/* @rgb may be the same memory as @src. */
static void
flatten_premultiplied (const guint32 *src, gsize n, guint8 *rgb)
{
  for (gsize i = 0; i < n; i++, rgb += 3)
    {
      guint32 pixel = src[i], white = 255 - TIFFGetA (pixel);

      rgb[0] = (guint8) MIN (255, TIFFGetR (pixel) + white);
      rgb[1] = (guint8) MIN (255, TIFFGetG (pixel) + white);
      rgb[2] = (guint8) MIN (255, TIFFGetB (pixel) + white);
    }
}

static gboolean
load_bands (FoveaSink *sink, TIFF *tiff, TIFFRGBAImage *rgba, GError **error)
{
  guint32 step = band_rows (tiff, rgba->height), width = rgba->width;
  g_autofree guint32 *raster = g_try_new (guint32, (gsize) step * width);

  if (raster == NULL)
    return fail (error, FOVEA_VISION_ERROR_TOO_LARGE);
  for (guint32 y = 0; y < rgba->height; y += step)
    {
      guint32 n_rows = MIN (step, rgba->height - y);

      rgba->row_offset = (int) y;
      rgba->col_offset = 0;
      if (!TIFFRGBAImageGet (rgba, raster, width, n_rows) || last_message[0] != '\0')
        return fail (error, FOVEA_VISION_ERROR_DAMAGED);
      flatten_premultiplied (raster, (gsize) n_rows * width, (guint8 *) raster);
      fovea_sink_put (sink, (int) y, (int) n_rows, raster, (gsize) width * 3);
    }
  return TRUE;
}

static gboolean
load_rgba (FoveaSink *sink, TIFF *tiff, GError **error)
{
  TIFFRGBAImage rgba;
  char message[1024] = "";
  gboolean done;

  if (!TIFFRGBAImageOK (tiff, message) || !TIFFRGBAImageBegin (&rgba, tiff, 1, message))
    {
      message[sizeof last_message - 1] = '\0';
      g_strlcpy (last_message, message, sizeof last_message);
      return fail (error, FOVEA_VISION_ERROR_UNSUPPORTED);
    }
  /* The rows as they are stored: turning is the sink's work. */
  rgba.req_orientation = rgba.orientation;
  done = fovea_sink_begin (sink, FOVEA_PIXELS_RGB8, rgba.width, rgba.height, error) && load_bands (sink, tiff, &rgba, error);
  TIFFRGBAImageEnd (&rgba);
  return done;
}

gboolean
fovea_load_tiff (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error)
{
  Memory memory = { data, n_bytes, 0 };
  g_autoptr (TIFF) tiff = NULL;
  Grey grey = { 0 };

  last_message[0] = '\0';
  TIFFSetErrorHandler (on_message);
  TIFFSetWarningHandler (NULL);
  tiff = TIFFClientOpen ("picture", "r", &memory, on_read, on_write, on_seek, on_close, on_size, on_map, on_unmap);
  if (tiff == NULL || !TIFFGetField (tiff, TIFFTAG_IMAGEWIDTH, &grey.width) ||
      !TIFFGetField (tiff, TIFFTAG_IMAGELENGTH, &grey.height))
    return fail (error, FOVEA_VISION_ERROR_DAMAGED);
  if ((int) grey.width != sink->header.width || (int) grey.height != sink->header.height)
    return fail (error, FOVEA_VISION_ERROR_DAMAGED);
  return is_deep_grey (tiff, &grey) ? load_grey (sink, tiff, &grey, error) : load_rgba (sink, tiff, error);
}
