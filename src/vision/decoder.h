/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "vision/image.h"

G_BEGIN_DECLS

/**
 * FoveaDecoder:
 *
 * Decodes foreign files in a few helper processes (`fovea --decoder`) with memory and CPU limits; pixels come back in
 * shared memory. A helper that dies or hangs costs the picture it was on (ERROR_HELPER) and is started again.
 * Formats by content, never by name: JPEG, PNG, WebP, TIFF, BMP, GIF (first frame), HEIF where the system's loader is
 * there.
 * Thread: any, several at once (that is what @n_helpers is for).
 */
typedef struct _FoveaDecoder FoveaDecoder;

typedef struct {
  int max_side;        /* shrink while decoding so that the longer side is at least this where the loader can (JPEG 1/2, 1/4,
                          1/8), never below; 0 = full size. The upright size of the file is reported all the same. */
  int min_side;        /* likewise of the shorter side; with both given, both hold. Resizing to n pixels from at least 2 n keeps
                          what a full decode gives to within a grey level or two (fovea_input_spec_min_side()). */
  gboolean hash;       /* also hash the file's bytes (in the calling thread, while the helper decodes) */
  gboolean header_only; /* size and format, no pixels */
} FoveaDecodeOptions;

typedef struct {
  FoveaImage *image;        /* NULL with header_only */
  int file_width, file_height; /* upright, of the file */
  const char *format;       /* static: "jpeg", "png", "webp", "tiff", "bmp", "gif", "heif" */
  int bits;                 /* a sample in the file: 1, 2, 4, 8, 16, 32, 64 */
  gboolean partial;         /* a JPEG file that was cut off after at least half of its rows; the rest is grey */
  char sha256[65];          /* hex, when asked for */
  guint64 file_bytes;
  gint64 mtime_ns;          /* of the very file that was read */
} FoveaDecoded;

void fovea_decoded_clear (FoveaDecoded *decoded);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FoveaDecoded, fovea_decoded_clear)

/* The most pixels that a picture may have. */
#define FOVEA_DECODER_MAX_PIXELS (150 * 1000 * 1000)

/* @n_helpers 0 = one a core. Helpers start with the first picture. @memory_limit_bytes 0 = 1.5 GiB each: address space
 * beyond what the program itself maps, enough for 150 megapixels as RGB (450 MB) beside the loader's own (900 MB for
 * the coefficients of a progressive JPEG). A picture costs what it has: 36 MB for 12 megapixels.
 *
 * Environment: FOVEA_DECODER, the program to start in place of this one (for tests, whose own main() does not know
 * `--decoder`); FOVEA_DECODER_TIMEOUT_MS, the time limit for one picture (20000). */
FoveaDecoder *fovea_decoder_new (guint n_helpers, gsize memory_limit_bytes);
void          fovea_decoder_free (FoveaDecoder *decoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaDecoder, fovea_decoder_free)

/* Blocks. Never follows a FIFO, device or socket (UNKNOWN_FORMAT); more than 150 megapixels: TOO_LARGE, from the
 * header, within a second. Paths are bytes as the file system gives them, not UTF-8.
 *
 * Colours: alpha is flattened on white, CMYK converted without a profile, embedded ICC profiles and PNG gamma are
 * ignored (the pixels are taken for sRGB, as the published networks' training did). Grey of 16 bits, more, or float
 * comes as GREY16.
 * Errors: IO (cannot be opened or read), UNKNOWN_FORMAT, UNSUPPORTED (a kind that the loader cannot do), DAMAGED,
 * TOO_LARGE,
 * HELPER (killed by a limit, or crashed); G_IO_ERROR_CANCELLED. @ret_decoded is untouched on failure. */
gboolean fovea_decoder_decode (FoveaDecoder *decoder, const char *path, const FoveaDecodeOptions *options,
                               FoveaDecoded *ret_decoded, GCancellable *cancellable, GError **error);

/* The helper's own main (`fovea --decoder FD`), called first thing in main(). Returns its exit status. */
int fovea_decoder_helper_main (int socket_fd);

G_END_DECLS
