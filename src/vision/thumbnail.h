/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vision/image.h"

G_BEGIN_DECLS

/* The longer side of a thumbnail is at most this; smaller pictures keep their size. */
#define FOVEA_THUMBNAIL_SIDE 256

/* Small JPEG files in the user's cache, `$XDG_CACHE_HOME/fovea/thumbnails/ab/abcdef….jpg`, named by the SHA-256 of
 * the picture's file and, where a fixed grey window was used, `-LOW-HIGH`. They can be thrown away at any time.
 * Thread: any; all of these block (a file of about 10 kB). @sha256 is 64 hex digits, anything else is INVALID
 * (ERROR_IO). @window: nullable. */

/* Where the thumbnail lies; in place of the user's cache when FOVEA_THUMBNAIL_DIR is set. NULL with a malformed
 * @sha256. */
char *fovea_thumbnail_path (const char *sha256, const FoveaGreyWindow *window) G_GNUC_WARN_UNUSED_RESULT;

/* The folder that they all lie in, in sub-folders of two letters. */
char *fovea_thumbnail_dup_folder (void) G_GNUC_WARN_UNUSED_RESULT;

/* Makes and stores it (temporary file, then rename); returns the small picture, RGB8. A cache that cannot be written
 * to is not an error, the picture is returned all the same. Errors: TOO_LARGE (no memory). */
FoveaImage *fovea_thumbnail_make (FoveaImage *image, const char *sha256, const FoveaGreyWindow *window,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads it back, RGB8. The file is not trusted: sizes are checked before anything is allocated. ERROR_IO when there
 * is none,
 * ERROR_DAMAGED when what is there is not a whole thumbnail (it is removed); make it again after either. */
FoveaImage *fovea_thumbnail_load (const char *sha256, const FoveaGreyWindow *window, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
