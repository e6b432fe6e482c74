/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/image-header.h"

#include <string.h>

#include "vision/decoder.h"

/* Files may repeat a tag or chunk without end; nobody needs more of them than this. */
#define MAX_TIFF_ENTRIES 4096
#define MAX_BOXES 4096

static const char *const format_names[FOVEA_N_FORMATS] = {
  [FOVEA_FORMAT_JPEG] = "jpeg", [FOVEA_FORMAT_PNG] = "png", [FOVEA_FORMAT_WEBP] = "webp", [FOVEA_FORMAT_TIFF] = "tiff",
  [FOVEA_FORMAT_BMP] = "bmp",   [FOVEA_FORMAT_GIF] = "gif", [FOVEA_FORMAT_HEIF] = "heif",
};

const char *
fovea_format_name (FoveaFormat format)
{
  g_return_val_if_fail ((gsize) format < FOVEA_N_FORMATS, NULL);
  return format_names[format];
}

/* A number of @n bytes at @at; FALSE when it is not all there. */
static gboolean
read_number (const guint8 *data, gsize n_bytes, guint64 at, int n, gboolean big_endian, guint64 *ret_value)
{
  guint64 value = 0;

  if (at > n_bytes || n_bytes - at < (gsize) n)
    return FALSE;
  for (int i = 0; i < n; i++)
    value = value << 8 | data[at + (guint64) (big_endian ? i : n - 1 - i)];
  *ret_value = value;
  return TRUE;
}

static gboolean
begins_with (const guint8 *data, gsize n_bytes, gsize at, const char *text, gsize length)
{
  return at <= n_bytes && n_bytes - at >= length && memcmp (data + at, text, length) == 0;
}

/* --- TIFF, also inside EXIF --------------------------------------------------------------------- */

typedef struct {
  const guint8 *data;
  gsize n_bytes;
  gboolean big_endian, is_big_tiff;
  guint64 first, count; /* of the first directory's entries */
} Tiff;

static gboolean
tiff_open (Tiff *tiff, const guint8 *data, gsize n_bytes)
{
  guint64 magic, offset;

  tiff->data = data;
  tiff->n_bytes = n_bytes;
  if (begins_with (data, n_bytes, 0, "MM", 2))
    tiff->big_endian = TRUE;
  else if (begins_with (data, n_bytes, 0, "II", 2))
    tiff->big_endian = FALSE;
  else
    return FALSE;
  if (!read_number (data, n_bytes, 2, 2, tiff->big_endian, &magic) || (magic != 42 && magic != 43))
    return FALSE;
  tiff->is_big_tiff = magic == 43;
  if (!read_number (data, n_bytes, tiff->is_big_tiff ? 8 : 4, tiff->is_big_tiff ? 8 : 4, tiff->big_endian, &offset) ||
      !read_number (data, n_bytes, offset, tiff->is_big_tiff ? 8 : 2, tiff->big_endian, &tiff->count))
    return FALSE;
  tiff->first = offset + (tiff->is_big_tiff ? 8 : 2);
  tiff->count = MIN (tiff->count, MAX_TIFF_ENTRIES);
  return TRUE;
}

/* The first value of @tag in the first directory, when it is a whole number. */
static gboolean
tiff_get (const Tiff *tiff, guint16 tag, guint64 *ret_value)
{
  int size = tiff->is_big_tiff ? 20 : 12, inline_size = tiff->is_big_tiff ? 8 : 4;

  for (guint64 i = 0; i < tiff->count; i++)
    {
      guint64 at = tiff->first + i * (guint64) size, found, type, n, value_at;
      int width;

      if (!read_number (tiff->data, tiff->n_bytes, at, 2, tiff->big_endian, &found) ||
          !read_number (tiff->data, tiff->n_bytes, at + 2, 2, tiff->big_endian, &type) ||
          !read_number (tiff->data, tiff->n_bytes, at + 4, inline_size, tiff->big_endian, &n))
        return FALSE;
      if (found != tag)
        continue;
      width = type == 1 ? 1 : type == 3 ? 2 : type == 4 ? 4 : type == 16 ? 8 : 0;
      if (width == 0 || n == 0)
        return FALSE;
      value_at = at + 4 + (guint64) inline_size;
      if (n > (guint64) (inline_size / width) &&
          !read_number (tiff->data, tiff->n_bytes, value_at, inline_size, tiff->big_endian, &value_at))
        return FALSE;
      return read_number (tiff->data, tiff->n_bytes, value_at, width, tiff->big_endian, ret_value);
    }
  return FALSE;
}

static int
tiff_orientation (const Tiff *tiff)
{
  guint64 value;

  return tiff_get (tiff, 274, &value) && value >= 1 && value <= 8 ? (int) value : 1;
}

int
fovea_exif_orientation (const guint8 *data, gsize n_bytes)
{
  Tiff tiff;

  if (begins_with (data, n_bytes, 0, "Exif\0\0", 6))
    {
      data += 6;
      n_bytes -= 6;
    }
  return tiff_open (&tiff, data, n_bytes) ? tiff_orientation (&tiff) : 1;
}

/* --- One function a format: the size into *ret_width, *ret_height; FALSE when the file ends first. --------------- */

typedef struct {
  FoveaImageHeader header;
  guint64 width, height;
} Parsed;

static gboolean
parse_tiff (const guint8 *data, gsize n_bytes, Parsed *parsed)
{
  guint64 bits;
  Tiff tiff;

  if (!tiff_open (&tiff, data, n_bytes) || !tiff_get (&tiff, 256, &parsed->width) || !tiff_get (&tiff, 257, &parsed->height))
    return FALSE;
  parsed->header.orientation = tiff_orientation (&tiff);
  parsed->header.bits = tiff_get (&tiff, 258, &bits) && bits <= 64 ? (int) bits : 1;
  return TRUE;
}

static gboolean
is_frame_marker (guint8 code)
{
  return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
}

/* Walks the markers up to the first scan. */
static gboolean
parse_jpeg (const guint8 *data, gsize n_bytes, Parsed *parsed)
{
  gboolean found = FALSE;
  gsize at = 2;

  while (at < n_bytes)
    {
      guint64 length, precision;
      guint8 code;

      /* Anything before the next marker is skipped, as libjpeg does. */
      while (at < n_bytes && data[at] != 0xff)
        at++;
      while (at < n_bytes && data[at] == 0xff)
        at++;
      if (at >= n_bytes)
        break;
      code = data[at++];
      if (code == 0x00 || code == 0x01 || (code >= 0xd0 && code <= 0xd8))
        continue;
      if (code == 0xd9 || code == 0xda)
        break;
      if (!read_number (data, n_bytes, at, 2, TRUE, &length) || length < 2)
        break;
      if (is_frame_marker (code) && !found)
        {
          if (!read_number (data, n_bytes, at + 2, 1, TRUE, &precision) ||
              !read_number (data, n_bytes, at + 3, 2, TRUE, &parsed->height) ||
              !read_number (data, n_bytes, at + 5, 2, TRUE, &parsed->width))
            break;
          parsed->header.bits = (int) precision;
          found = TRUE;
        }
      else if (code == 0xe1 && n_bytes - at >= length && begins_with (data, n_bytes, at + 2, "Exif\0\0", 6))
        parsed->header.orientation = fovea_exif_orientation (data + at + 2, length - 2);
      at += length;
    }
  return found;
}

/* Deflate shrinks at most 1032 to 1; a file with less data than that is not what its header says. */
static gboolean
png_can_hold (guint64 n_data_bytes, guint64 width, guint64 height, int bits_per_pixel)
{
  guint64 row = (width * (guint64) bits_per_pixel + 7) / 8 + 1;

  return n_data_bytes >= row / 1032 * height / 2;
}

static gboolean
parse_png (const guint8 *data, gsize n_bytes, Parsed *parsed)
{
  static const int channels[7] = { 1, 0, 3, 1, 2, 0, 4 };
  guint64 bits, colour, length, n_data_bytes = 0;
  gsize at = 8;

  if (!begins_with (data, n_bytes, 12, "IHDR", 4) || !read_number (data, n_bytes, 16, 4, TRUE, &parsed->width) ||
      !read_number (data, n_bytes, 20, 4, TRUE, &parsed->height) || !read_number (data, n_bytes, 24, 1, TRUE, &bits) ||
      !read_number (data, n_bytes, 25, 1, TRUE, &colour) || bits > 16 || colour > 6)
    return FALSE;
  parsed->header.bits = (int) bits;
  if (parsed->width > G_MAXINT || parsed->height > G_MAXINT ||
      (parsed->width > 0 && parsed->height > FOVEA_DECODER_MAX_PIXELS / parsed->width))
    return TRUE; /* refused for its size */

  while (read_number (data, n_bytes, at, 4, TRUE, &length) && n_bytes - at >= 12)
    {
      guint64 there = MIN (length, n_bytes - at - 8);

      if (memcmp (data + at + 4, "IDAT", 4) == 0)
        n_data_bytes += there;
      else if (memcmp (data + at + 4, "eXIf", 4) == 0 && there == length)
        parsed->header.orientation = fovea_exif_orientation (data + at + 8, there);
      if (n_bytes - at - 12 < length)
        break;
      at += length + 12;
    }
  return png_can_hold (n_data_bytes, parsed->width, parsed->height, (int) bits * channels[colour]);
}

static void
parse_webp_frame (const guint8 *data, gsize n_bytes, gsize at, Parsed *parsed)
{
  guint64 value;

  if (begins_with (data, n_bytes, at, "VP8X", 4))
    {
      if (read_number (data, n_bytes, at + 12, 3, FALSE, &value))
        parsed->width = value + 1;
      if (read_number (data, n_bytes, at + 15, 3, FALSE, &value))
        parsed->height = value + 1;
    }
  else if (begins_with (data, n_bytes, at, "VP8L", 4) && read_number (data, n_bytes, at + 9, 4, FALSE, &value))
    {
      parsed->width = (value & 0x3fff) + 1;
      parsed->height = (value >> 14 & 0x3fff) + 1;
    }
  else if (begins_with (data, n_bytes, at, "VP8 ", 4) && read_number (data, n_bytes, at + 14, 4, FALSE, &value))
    {
      parsed->width = value & 0x3fff;
      parsed->height = value >> 16 & 0x3fff;
    }
}

static gboolean
parse_webp (const guint8 *data, gsize n_bytes, Parsed *parsed)
{
  guint64 length;
  gsize at = 12;

  parsed->header.bits = 8;
  parse_webp_frame (data, n_bytes, at, parsed);
  while (read_number (data, n_bytes, at + 4, 4, FALSE, &length) && n_bytes - at >= 8 && length <= n_bytes - at - 8)
    {
      if (memcmp (data + at, "EXIF", 4) == 0)
        parsed->header.orientation = fovea_exif_orientation (data + at + 8, length);
      length += length & 1;
      if (length > n_bytes - at - 8)
        break;
      at += length + 8;
    }
  return parsed->width > 0;
}

static gboolean
parse_bmp (const guint8 *data, gsize n_bytes, Parsed *parsed)
{
  guint64 header_size, bits, width, height;

  if (!read_number (data, n_bytes, 14, 4, FALSE, &header_size))
    return FALSE;
  parsed->header.bits = 8;
  if (header_size == 12)
    return read_number (data, n_bytes, 18, 2, FALSE, &parsed->width) && read_number (data, n_bytes, 20, 2, FALSE, &parsed->height);
  if (!read_number (data, n_bytes, 18, 4, FALSE, &width) || !read_number (data, n_bytes, 22, 4, FALSE, &height) ||
      !read_number (data, n_bytes, 28, 2, FALSE, &bits))
    return FALSE;
  parsed->width = width;
  parsed->height = height > G_MAXINT32 ? 0x100000000 - height : height; /* negative: the rows come from the top */
  parsed->header.bits = bits < 8 ? (int) bits : 8;
  return TRUE;
}

static gboolean
parse_gif (const guint8 *data, gsize n_bytes, Parsed *parsed)
{
  parsed->header.bits = 8;
  return read_number (data, n_bytes, 6, 2, FALSE, &parsed->width) && read_number (data, n_bytes, 8, 2, FALSE, &parsed->height);
}

/* The largest item's size: "ispe" inside "meta", "iprp", "ipco"; boxes inside other boxes are passed over. */
static gboolean
parse_heif (const guint8 *data, gsize n_bytes, Parsed *parsed)
{
  guint64 at = 0, length, width, height;

  parsed->header.bits = 8;
  for (int i = 0; i < MAX_BOXES && read_number (data, n_bytes, at, 4, TRUE, &length) && n_bytes - at >= 8; i++)
    {
      const guint8 *type = data + at + 4;

      if (length == 1 && !read_number (data, n_bytes, at + 8, 8, TRUE, &length))
        break;
      if (memcmp (type, "meta", 4) == 0)
        at += 12;
      else if (memcmp (type, "iprp", 4) == 0 || memcmp (type, "ipco", 4) == 0)
        at += 8;
      else
        {
          if (memcmp (type, "ispe", 4) == 0 && read_number (data, n_bytes, at + 12, 4, TRUE, &width) &&
              read_number (data, n_bytes, at + 16, 4, TRUE, &height) &&
              (double) width * (double) height > (double) parsed->width * (double) parsed->height)
            {
              parsed->width = width;
              parsed->height = height;
            }
          if (length < 8 || length > n_bytes - at)
            break;
          at += length;
        }
    }
  return parsed->width > 0;
}

static gboolean
is_heif (const guint8 *data, gsize n_bytes)
{
  static const char brands[] = "heicheixheimheismif1avif";
  guint64 length;

  if (!begins_with (data, n_bytes, 4, "ftyp", 4) || !read_number (data, n_bytes, 0, 4, TRUE, &length))
    return FALSE;
  length = MIN (MIN (length, n_bytes), 256);
  for (gsize at = 8; at + 4 <= length; at += 4)
    for (gsize i = 0; i + 4 < sizeof brands; i += 4)
      if (at != 12 && memcmp (data + at, brands + i, 4) == 0)
        return TRUE;
  return FALSE;
}

static gboolean
is_bmp (const guint8 *data, gsize n_bytes)
{
  guint64 header_size;

  return begins_with (data, n_bytes, 0, "BM", 2) && read_number (data, n_bytes, 14, 4, FALSE, &header_size) &&
         (header_size == 12 || (header_size >= 40 && header_size <= 256));
}

static FoveaFormat
sniff (const guint8 *data, gsize n_bytes)
{
  if (begins_with (data, n_bytes, 0, "\xff\xd8\xff", 3))
    return FOVEA_FORMAT_JPEG;
  if (begins_with (data, n_bytes, 0, "\x89PNG\r\n\x1a\n", 8))
    return FOVEA_FORMAT_PNG;
  if (begins_with (data, n_bytes, 0, "RIFF", 4) && begins_with (data, n_bytes, 8, "WEBPVP8", 7))
    return FOVEA_FORMAT_WEBP;
  if (begins_with (data, n_bytes, 0, "II*\0", 4) || begins_with (data, n_bytes, 0, "MM\0*", 4) ||
      begins_with (data, n_bytes, 0, "II+\0", 4) || begins_with (data, n_bytes, 0, "MM\0+", 4))
    return FOVEA_FORMAT_TIFF;
  if (begins_with (data, n_bytes, 0, "GIF87a", 6) || begins_with (data, n_bytes, 0, "GIF89a", 6))
    return FOVEA_FORMAT_GIF;
  if (is_bmp (data, n_bytes))
    return FOVEA_FORMAT_BMP;
  if (is_heif (data, n_bytes))
    return FOVEA_FORMAT_HEIF;
  return FOVEA_N_FORMATS;
}

static gboolean
parse (FoveaFormat format, const guint8 *data, gsize n_bytes, Parsed *parsed)
{
  switch (format)
    {
    case FOVEA_FORMAT_JPEG:
      return parse_jpeg (data, n_bytes, parsed);
    case FOVEA_FORMAT_PNG:
      return parse_png (data, n_bytes, parsed);
    case FOVEA_FORMAT_WEBP:
      return parse_webp (data, n_bytes, parsed);
    case FOVEA_FORMAT_TIFF:
      return parse_tiff (data, n_bytes, parsed);
    case FOVEA_FORMAT_BMP:
      return parse_bmp (data, n_bytes, parsed);
    case FOVEA_FORMAT_GIF:
      return parse_gif (data, n_bytes, parsed);
    case FOVEA_FORMAT_HEIF:
      return parse_heif (data, n_bytes, parsed);
    case FOVEA_N_FORMATS:
    default:
      return FALSE;
    }
}

gboolean
fovea_image_header_parse (const guint8 *data, gsize n_bytes, FoveaImageHeader *ret_header, GError **error)
{
  FoveaFormat format = sniff (data, n_bytes);
  Parsed parsed = { { format, 0, 0, 1, 8 }, 0, 0 };

  if (n_bytes == 0)
    g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED, "the file is empty");
  else if (format == FOVEA_N_FORMATS)
    g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_UNKNOWN_FORMAT,
                         "this is not a picture that Fovea reads (JPEG, PNG, WebP, TIFF, BMP, GIF, HEIF)");
  else if (!parse (format, data, n_bytes, &parsed))
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED,
                 "the %s file is damaged: it ends before its picture", format_names[format]);
  else if (parsed.width == 0 || parsed.height == 0)
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED,
                 "the %s file is damaged: it states a size of %" G_GUINT64_FORMAT " × %" G_GUINT64_FORMAT " pixels",
                 format_names[format], parsed.width, parsed.height);
  else if (parsed.width > FOVEA_DECODER_MAX_PIXELS || parsed.height > FOVEA_DECODER_MAX_PIXELS / parsed.width)
    g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_TOO_LARGE,
                 "the picture claims %" G_GUINT64_FORMAT " × %" G_GUINT64_FORMAT " pixels, more than the limit of %d "
                 "megapixels; reduce it with another program", parsed.width, parsed.height,
                 FOVEA_DECODER_MAX_PIXELS / 1000000);
  else
    {
      *ret_header = parsed.header;
      ret_header->width = (int) parsed.width;
      ret_header->height = (int) parsed.height;
      return TRUE;
    }
  return FALSE;
}
