/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The small pictures of all projects, in the user's cache. They can be thrown away at any time and are made again when they are
 * looked at. Each call works on a thread of its own. */

/**
 * fovea_thumbnail_cache_trim_async:
 * @most_bytes: removes the files that were written longest ago until no more than this is left; G_MAXUINT64 removes nothing, 0 all
 */
void     fovea_thumbnail_cache_trim_async (guint64 most_bytes, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* What is left. */
gboolean fovea_thumbnail_cache_trim_finish (GAsyncResult *result, guint64 *ret_bytes, guint *ret_n_files, GError **error);

G_END_DECLS
