/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/**
 * fovea_store_check:
 * @ret_problems: (out) (element-type utf8): sentences; empty when all is well
 *
 * Reads the whole file: SQLite's integrity_check and foreign_key_check, and what the schema cannot
 * say by itself (each annotation's region and version exist, vectors have their space's length,
 * weights hash to what was written, frozen datasets too, the history can be parsed). Changes
 * nothing.
 *
 * Returns FALSE when checking itself failed; problems found are no failure.
 */
gboolean    fovea_store_check               (FoveaStore             *store,
                                             GCancellable           *cancellable,
                                             GPtrArray             **ret_problems,
                                             GError                **error);

/* Called now and then by the backup, on its thread. */
typedef void (*FoveaStoreBackupProgress) (gsize n_done, gsize n_pages, gpointer data);

/**
 * fovea_store_backup:
 * @progress: (nullable)
 *
 * A consistent copy of the project at @path, also while others write; mode 0600, synced, in place
 * only when whole.
 *
 * Errors: _EXISTS, _FULL, _PERMISSION, _IO; the copy begun is removed.
 */
gboolean    fovea_store_backup              (FoveaStore             *store,
                                             const char             *path,
                                             FoveaStoreBackupProgress progress,
                                             gpointer                data,
                                             GCancellable           *cancellable,
                                             GError                **error);

G_END_DECLS
