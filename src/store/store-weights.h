/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/*
 * Weights of a version: named parts ("onnx", "head", "checkpoint"), kept in chunks of at most 1
 * MiB, with the SHA-256 of the whole, which is checked on reading. Derived rows. No part is larger
 * than 4 GiB.
 */

/* Writes a part, in place of one of that name. Errors: _NOT_FOUND for an unknown version, _INVALID,
 * _FULL. */
gboolean    fovea_store_put_weights         (FoveaStore             *store,
                                             gint64                  version,
                                             const char             *name,
                                             GBytes                 *bytes,
                                             GError                **error);

/**
 * fovea_store_get_weights:
 * @max_size: more is refused before anything is allocated; 0 for 4 GiB
 *
 * Errors: _NOT_FOUND; _DAMAGED when chunks are missing, too long, or do not hash to what was
 * written.
 */
GBytes *fovea_store_get_weights (FoveaStore *store,
                                 gint64 version,
                                 const char *name,
                                 gsize max_size,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Names of the parts of @version, NULL-terminated, in order. */
char **fovea_store_list_weights (FoveaStore *store,
                                 gint64 version,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes a part; NULL for all of the version. */
gboolean    fovea_store_remove_weights      (FoveaStore             *store,
                                             gint64                  version,
                                             const char             *name,
                                             GError                **error);

G_END_DECLS
