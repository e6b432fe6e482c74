/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/import-job.h"

G_BEGIN_DECLS

/* Imports that have begun and not ended, so that one which was paused by closing the window, or cut off by a crash, can go on at the
 * next opening. One a project; a small file in the user's state folder, and losing it loses nothing but the offer. Paths are bytes of
 * the file system. */

void fovea_unfinished_put (const char *project_path, const char *const *paths, FoveaImportFormat format);
void fovea_unfinished_drop (const char *project_path);

/* Those paths that still exist; NULL when there is nothing to go on with. */
char **fovea_unfinished_dup (const char *project_path, FoveaImportFormat *ret_format) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
