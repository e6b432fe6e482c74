/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define FOVEA_SAMPLE_N_CONCEPTS 6
#define FOVEA_SAMPLE_N_EACH 12

/* Draws the sample pictures, fruit in varied colours, sizes, turns and on varied grounds, as FOLDER/<concept>/<concept>-01.png …: six class
 * folders of twelve. Always the same pictures; those that are there already are drawn again. Takes about a second: any thread but the main one.
 * Errors: G_FILE_ERROR, and G_IO_ERROR_CANCELLED. */
gboolean fovea_sample_pictures_draw (const char *folder, GCancellable *cancellable, GError **error);

void     fovea_sample_pictures_draw_async (const char *folder, GCancellable *cancellable, GAsyncReadyCallback callback,
                                           gpointer data);
gboolean fovea_sample_pictures_draw_finish (GAsyncResult *result, GError **error);

G_END_DECLS
