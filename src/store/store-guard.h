/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store-private.h"

G_BEGIN_DECLS

/*
 * What is looked at before a file is trusted. Inside this folder and its tests only.
 */

typedef struct {
  guint64 device;
  guint64 inode;
  gint64 size;
  gboolean has_wal;          /* NAME-wal exists and is not empty */
  gboolean has_journal;      /* NAME-journal exists and is not empty */
  gboolean any_sidecar;      /* NAME-wal or NAME-journal exists at all */
  int user_version;
} FoveaStoreGuard;

/**
 * fovea_store_guard_file:
 * @path: canonical
 * @read_header: FALSE when this process has the file open already: closing another descriptor of it
 * would drop SQLite's locks, so only the file's status is looked at
 *
 * What the file is, by its status and its first 100 bytes; and that the files beside it, which
 * SQLite would take into account, are plain files that cannot make it touch others (a journal may
 * name a "super-journal", which SQLite deletes).
 */
gboolean    fovea_store_guard_file      (const char                *path,
                                         gboolean                   read_header,
                                         FoveaStoreGuard           *ret_guard,
                                         GError                   **error);

/* Locks the connection down: defensive, schema not trusted, no attaching, no loadable code. */
void        fovea_store_guard_connection (sqlite3                  *db);

/**
 * fovea_store_guard_schema:
 *
 * Compares sqlite_schema with what @migrations up to @user_version make. A newer file may have more
 * tables and indexes, but no triggers, views or virtual tables, and must have ours.
 */
gboolean    fovea_store_guard_schema    (sqlite3                   *db,
                                         const char                *path,
                                         int                        user_version,
                                         const FoveaStoreMigration *migrations,
                                         gsize                      n,
                                         GError                   **error);

/* quick_check of every table but those of large blobs. */
gboolean    fovea_store_guard_tables    (sqlite3                   *db,
                                         const char                *path,
                                         GError                   **error);

/* The marker in the user's cache: says that this account's program has left the file as it is, or
 * has it open. */
gboolean    fovea_store_marker_holds    (const char                *path);
void        fovea_store_marker_opened   (const char                *path);
void        fovea_store_marker_closed   (const char                *path);

G_END_DECLS
