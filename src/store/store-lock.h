/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The writer's lock of a project on a network mount, where SQLite's log does not work and its locks
 * may not either. Inside this folder and its tests only. NAME.fovea-lock holds three lines: who, on
 * which machine and since when (for people); the owner's token (store-private.h); when it was
 * taken.
 */

/* Whether @path lies on a file system that other machines write to (NFS, SMB, 9p, FUSE …), or the
 * environment says FOVEA_ASSUME_NETWORK=1. */
gboolean    fovea_store_on_network_mount    (const char             *path);

/**
 * fovea_store_lock_take:
 * @force: even when another holds it
 * @ret_token: (out): to be given back to lock_drop()
 * @ret_holder: (out): when another holds it: who, where, since when
 *
 * Returns TRUE with a token when the lock is ours; FALSE with a holder when it is another's, or
 * FALSE with @error. A lock whose process on this machine is dead is taken over.
 */
gboolean    fovea_store_lock_take           (const char             *path,
                                             gboolean                force,
                                             char                  **ret_token,
                                             char                  **ret_holder,
                                             GError                **error);

/* Whether the lock is still ours. */
gboolean    fovea_store_lock_is_ours        (const char             *path,
                                             const char             *token);

void        fovea_store_lock_drop           (const char             *path,
                                             const char             *token);

G_END_DECLS
