/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/import-job.h"
#include "store/store.h"

G_BEGIN_DECLS

/* The folders that were imported, as a setting of the project: they can be looked through for new pictures. The setting is a row
 * like others, so undoing an import forgets its folders. What is remembered in a project that somebody sent counts only where the
 * folder is allowed. */
typedef struct {
  char *folder;      /* absolute */
  FoveaImportFormat format;
  gint64 looked_us;  /* when it was last walked for an import, wall clock */
} FoveaWatchedFolder;

void fovea_watched_folder_free (FoveaWatchedFolder *folder);

/* (element-type FoveaWatchedFolder): those that are allowed, in the order of their first import. NULL on failure. */
GPtrArray *fovea_watched_folders_list (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* In a command. A folder that is remembered already is remembered with the new @format and time. */
gboolean fovea_watched_folders_remember (FoveaStore *store, const char *const *folders, FoveaImportFormat format, gint64 looked_us,
                                         GError **error);

/* In a command. */
gboolean fovea_watched_folders_forget (FoveaStore *store, const char *folder, GError **error);

G_END_DECLS
