/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/*
 * Paths are the bytes of the file system. One at or below the project's folder is kept relative to
 * it ("pictures/a.jpg"), any other absolute, so a project and its pictures can move together. In
 * the interface they are absolute.
 *
 * Allowed folders. A project that somebody sent names whatever paths its maker liked; what lies
 * outside the folders that this person has allowed must not be read, collected or served. Each
 * allowed folder is kept in the project with a keyed hash over the project, the folder and a secret
 * of this account on this machine (the machine id, else a file in the user's data folder): rows
 * that were made elsewhere do not count. The project's own folder is kept as ".", so that it may
 * move.
 */

/* @path (absolute) as it is kept. Free with g_free(). "." and ".." are resolved without looking at
 * the disk. */
char *fovea_store_path_to_stored (const char *folder, const char *path) G_GNUC_WARN_UNUSED_RESULT;

/* The way back; always absolute and without "..", whatever is stored. */
char *fovea_store_path_from_stored (const char *folder,
                                    const char *stored) G_GNUC_WARN_UNUSED_RESULT;

/* The last part of @path for people: valid UTF-8, control characters replaced by U+FFFD. */
char *fovea_store_display_name (const char *path) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @path is @folder or lies below, by whole parts and after resolving ".": "/a/b" is not
 * below "/a/bc". */
gboolean    fovea_store_path_is_below       (const char             *path,
                                             const char             *folder);

/* The person has chosen this folder (import, "allow access"). Derived: not undone. Errors: _INVALID
 * when relative. */
gboolean    fovea_store_allow_folder        (FoveaStore             *store,
                                             const char             *folder,
                                             GError                **error);
gboolean    fovea_store_disallow_folder     (FoveaStore             *store,
                                             const char             *folder,
                                             GError                **error);

/* NULL-terminated absolute paths that count here, in order. */
char **fovea_store_list_allowed_folders (FoveaStore *store,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_store_path_is_allowed:
 *
 * Whether @path (absolute) lies in an allowed folder by its name. Symbolic links are not followed
 * here: the caller resolves them and asks again for the target.
 */
gboolean    fovea_store_path_is_allowed     (FoveaStore             *store,
                                             const char             *path);

G_END_DECLS
