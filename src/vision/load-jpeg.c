/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/loaders.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#define ROWS_AT_ONCE 16

typedef struct {
  struct jpeg_decompress_struct cinfo;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  jmp_buf jump;
  gboolean decoding;       /* past jpeg_start_decompress()'s setup: rows can be counted */
  gboolean cut;            /* the data ended before the picture */
  char message[JMSG_LENGTH_MAX];
  guint8 *rows;            /* ROWS_AT_ONCE rows of what libjpeg gives, where they do not go straight into the sink */
} Jpeg;

static void
on_error (j_common_ptr common)
{
  Jpeg *jpeg = common->client_data;

  jpeg->errors.format_message (common, jpeg->message);
  longjmp (jpeg->jump, 1);
}

/* Whether what has come by now is at least half of the picture. Where it comes in several scans, half of the first
 * ones show nothing of use; after one scan for each component there is a whole, if coarse, picture. */
static gboolean
has_enough (Jpeg *jpeg)
{
  j_decompress_ptr cinfo = &jpeg->cinfo;

  if (!jpeg->decoding)
    return FALSE;
  if (cinfo->progressive_mode || cinfo->comps_in_scan < cinfo->num_components)
    return cinfo->input_scan_number > cinfo->num_components;
  return cinfo->output_scanline >= cinfo->output_height / 2;
}

static void
on_cut (Jpeg *jpeg)
{
  if (jpeg->cut)
    return;
  jpeg->cut = TRUE;
  if (!has_enough (jpeg))
    {
      g_strlcpy (jpeg->message, "the data breaks off before half of the picture", sizeof jpeg->message);
      longjmp (jpeg->jump, 1);
    }
}

static void
on_message (j_common_ptr common, int level)
{
  Jpeg *jpeg = common->client_data;

  if (level < 0 && common->err->msg_code == JWRN_HIT_MARKER)
    on_cut (jpeg);
}

static void
on_init_source (j_decompress_ptr cinfo)
{
}

static boolean
on_fill_input_buffer (j_decompress_ptr cinfo)
{
  static const JOCTET end[2] = { 0xff, JPEG_EOI };
  Jpeg *jpeg = cinfo->client_data;

  on_cut (jpeg);
  jpeg->source.next_input_byte = end;
  jpeg->source.bytes_in_buffer = sizeof end;
  return TRUE;
}

static void
on_skip_input_data (j_decompress_ptr cinfo, long n_bytes)
{
  struct jpeg_source_mgr *source = cinfo->src;

  if (n_bytes <= 0)
    return;
  if ((gsize) n_bytes > source->bytes_in_buffer)
    {
      source->fill_input_buffer (cinfo);
      return;
    }
  source->next_input_byte += n_bytes;
  source->bytes_in_buffer -= (gsize) n_bytes;
}

static void
open_jpeg (Jpeg *jpeg, const guint8 *data, gsize n_bytes)
{
  jpeg->source.init_source = on_init_source;
  jpeg->source.fill_input_buffer = on_fill_input_buffer;
  jpeg->source.skip_input_data = on_skip_input_data;
  jpeg->source.resync_to_restart = jpeg_resync_to_restart;
  jpeg->source.term_source = on_init_source;
  jpeg->source.next_input_byte = data;
  jpeg->source.bytes_in_buffer = n_bytes;
  jpeg->cinfo.src = &jpeg->source;
  jpeg_read_header (&jpeg->cinfo, TRUE);
}

/* The largest reduction that leaves both sides as long as was asked for. */
static unsigned int
choose_reduction (const FoveaSink *sink, j_decompress_ptr cinfo)
{
  unsigned int longer = MAX (cinfo->image_width, cinfo->image_height);
  unsigned int shorter = MIN (cinfo->image_width, cinfo->image_height);

  if (sink->max_side <= 0 && sink->min_side <= 0)
    return 1;
  for (unsigned int factor = 8; factor > 1; factor /= 2)
    if ((longer + factor - 1) / factor >= (unsigned int) MAX (1, sink->max_side) &&
        (shorter + factor - 1) / factor >= (unsigned int) MAX (1, sink->min_side))
      return factor;
  return 1;
}

/* Adobe's programs store 255 − ink, and so does all that reads the marker they leave; files without it store the
 * ink. */
static void
cmyk_to_rgb (guint8 *row, int n, gboolean inverted)
{
  guint8 *dest = row;

  for (int i = 0; i < n; i++, row += 4, dest += 3)
    {
      int k = inverted ? row[3] : 255 - row[3];

      for (int c = 0; c < 3; c++)
        dest[c] = (guint8) (((inverted ? row[c] : 255 - row[c]) * k + 127) / 255);
    }
}

static void
read_rows (Jpeg *jpeg, FoveaSink *sink)
{
  j_decompress_ptr cinfo = &jpeg->cinfo;
  gsize stride = cinfo->output_width * (gsize) cinfo->output_components;
  gboolean is_cmyk = cinfo->out_color_space == JCS_CMYK;
  JSAMPROW pointers[ROWS_AT_ONCE];

  if (is_cmyk || fovea_sink_row (sink, 0) == NULL)
    jpeg->rows = g_malloc (stride * ROWS_AT_ONCE);
  while (cinfo->output_scanline < cinfo->output_height)
    {
      int y = (int) cinfo->output_scanline, n = 0;
      int wanted = MIN (ROWS_AT_ONCE, (int) cinfo->output_height - y);

      for (int i = 0; i < wanted; i++)
        pointers[i] = jpeg->rows != NULL ? jpeg->rows + (gsize) i * stride : fovea_sink_row (sink, y + i);
      while (n < wanted)
        n += (int) jpeg_read_scanlines (cinfo, pointers + n, (JDIMENSION) (wanted - n));
      if (is_cmyk)
        for (int i = 0; i < n; i++)
          cmyk_to_rgb (pointers[i], sink->width, cinfo->saw_Adobe_marker);
      if (jpeg->rows != NULL)
        fovea_sink_put (sink, y, n, jpeg->rows, stride);
    }
}

static gboolean
load (Jpeg *jpeg, FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error)
{
  j_decompress_ptr cinfo = &jpeg->cinfo;

  if (setjmp (jpeg->jump) != 0)
    {
      g_set_error (error, FOVEA_VISION_ERROR,
                   cinfo->err->msg_code == JERR_BAD_PRECISION || cinfo->err->msg_code == JERR_ARITH_NOTIMPL ||
                       cinfo->err->msg_code == JERR_SOF_UNSUPPORTED || cinfo->err->msg_code == JERR_CONVERSION_NOTIMPL
                     ? FOVEA_VISION_ERROR_UNSUPPORTED
                     : FOVEA_VISION_ERROR_DAMAGED,
                   "truncated or damaged JPEG: %s", jpeg->message);
      return FALSE;
    }
  open_jpeg (jpeg, data, n_bytes);
  if ((int) cinfo->image_width != sink->header.width || (int) cinfo->image_height != sink->header.height)
    {
      g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED,
                           "damaged JPEG: it states two sizes of the picture");
      return FALSE;
    }
  cinfo->scale_num = 1;
  cinfo->scale_denom = choose_reduction (sink, cinfo);
  cinfo->out_color_space = cinfo->num_components == 4 ? JCS_CMYK : JCS_RGB;
  jpeg_calc_output_dimensions (cinfo);
  if (!fovea_sink_begin (sink, FOVEA_PIXELS_RGB8, cinfo->output_width, cinfo->output_height, error))
    return FALSE;
  jpeg->decoding = TRUE;
  jpeg_start_decompress (cinfo);
  read_rows (jpeg, sink);
  sink->partial = jpeg->cut;
  return TRUE;
}

gboolean
fovea_load_jpeg (FoveaSink *sink, const guint8 *data, gsize n_bytes, GError **error)
{
  Jpeg jpeg;
  gboolean done;

  memset (&jpeg, 0, sizeof jpeg);
  jpeg.cinfo.err = jpeg_std_error (&jpeg.errors);
  jpeg.errors.error_exit = on_error;
  jpeg.errors.emit_message = on_message;
  jpeg.cinfo.client_data = &jpeg;
  jpeg_create_decompress (&jpeg.cinfo);
  jpeg.cinfo.client_data = &jpeg;
  done = load (&jpeg, sink, data, n_bytes, error);
  jpeg_destroy_decompress (&jpeg.cinfo);
  g_free (jpeg.rows);
  return done;
}
