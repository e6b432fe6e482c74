/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store-private.h"

G_BEGIN_DECLS

/**
 * fovea_store_migrate:
 *
 * Runs the migrations after @from on @db in one transaction, which is rolled back whole when one
 * fails or leaves a reference open. Inside this folder and its tests only.
 */
gboolean    fovea_store_migrate             (sqlite3                   *db,
                                             const char                *path,
                                             int                        from,
                                             const FoveaStoreMigration *migrations,
                                             gsize                      n,
                                             GError                   **error);

/* The place of the copy before a migration: NAME.fovea → NAME.v1-backup.fovea, or -backup-2 … when
 * taken. */
char *fovea_store_migration_copy_path (const char *path, int from) G_GNUC_WARN_UNUSED_RESULT;

/* A whole project at @path, not open: made under another name and put in place only when complete.
 */
gboolean    fovea_store_make_file           (const char                *path,
                                             const FoveaStoreMigration *migrations,
                                             gsize                      n,
                                             GError                   **error);

/* Gives the finished file @temporary the name @path, which must be free; removes it on failure. */
gboolean    fovea_store_put_in_place        (const char                *temporary,
                                             const char                *path,
                                             GError                   **error);

/* An empty file (mode 0600) in the folder of @path, which must be free. */
char *fovea_store_make_temporary (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
