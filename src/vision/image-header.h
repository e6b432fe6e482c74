/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "vision/vision-error.h"

G_BEGIN_DECLS

typedef enum {
  FOVEA_FORMAT_JPEG,
  FOVEA_FORMAT_PNG,
  FOVEA_FORMAT_WEBP,
  FOVEA_FORMAT_TIFF,
  FOVEA_FORMAT_BMP,
  FOVEA_FORMAT_GIF,
  FOVEA_FORMAT_HEIF,
  FOVEA_N_FORMATS
} FoveaFormat;

/* What the first bytes of a picture's file say, before any loader has seen them. */
typedef struct {
  FoveaFormat format;
  int width, height; /* as stored, before @orientation; both at least 1, together at most FOVEA_DECODER_MAX_PIXELS */
  int orientation;   /* EXIF's 1 … 8; 1 where the file says nothing valid */
  int bits;          /* a sample */
} FoveaImageHeader;

const char *fovea_format_name (FoveaFormat format); /* "jpeg", … as in FoveaDecoded */

/* Reads the header out of a whole file in memory; never reads beyond @n_bytes, allocates nothing but the message, and
 * takes time in proportion to the number of the file's chunks. Formats are told by their content.
 * Errors: UNKNOWN_FORMAT; DAMAGED when the file ends before its size, or cannot hold the pixels that it claims;
 * TOO_LARGE.
 * Sources: ITU-T T.81 B; PNG 3rd edition 5, 11; TIFF 6.0 section 2 and BigTIFF; EXIF 2.3; RFC 9649 (WebP); GIF89a 18;
 * ISO 14496-12 and 23008-12 (HEIF). */
gboolean fovea_image_header_parse (const guint8 *data, gsize n_bytes, FoveaImageHeader *ret_header, GError **error);

/* The orientation that EXIF data (a TIFF structure, with or without "Exif\0\0" before it) states, 1 when it states
 * none. */
int fovea_exif_orientation (const guint8 *data, gsize n_bytes);

G_END_DECLS
