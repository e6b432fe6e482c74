/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project.h"

G_BEGIN_DECLS

/* Work on a project as a whole: archives brought in, pictures found again, copies made. All jobs are in
 * fovea_project_get_jobs() too. */

/* By its name: a zip archive. */
gboolean fovea_path_looks_like_zip (const char *path);

/* Where pictures go that have no file of their own (out of archives, pasted): "NAME-pictures" beside the project file. Not made
 * by this call. */
char *fovea_pictures_folder_for (const char *project_path) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_project_unpack:
 * @archives: (array zero-terminated=1)
 *
 * Unpacks the pictures in zip archives, and the label files beside them, each archive into a folder of its own name in the
 * project's pictures folder. What an archive may do is said at fovea_unpack_zip(); one that is refused, or stopped half way,
 * leaves nothing behind and is a row of the report; the others go on. FAILED when none could be unpacked.
 *
 * result JSON: {"files":800,"bytes":…,"left_out":3,"folders":["file:///…"]}
 */
FoveaJob *fovea_project_unpack (FoveaProject *self, const char *const *archives) G_GNUC_WARN_UNUSED_RESULT;

/* The folders that it made, to be imported: where an archive holds one folder and nothing beside it, that. Empty before the end.
 * Paths are bytes of the file system. */
char **fovea_unpack_job_dup_folders (FoveaJob *job) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_project_relocate:
 * @folders: (array zero-terminated=1)
 *
 * Looks for pictures whose files are no longer where they were, by their contents (size, then SHA-256), below @folders. What is
 * found is moved to its new place in one undoable command, and the folders are allowed. The report says which are still missing,
 * and where a file of the same name but with other contents lies.
 *
 * result JSON: {"missing":12,"found":10,"still_missing":2}
 */
FoveaJob *fovea_project_relocate (FoveaProject *self, const char *const *folders) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_project_backup:
 * @path: of the copy
 * @replace: whether a file may be there; it is replaced when the copy is whole
 *
 * A consistent copy, also while others write. In another folder the pictures' places are written so that the copy finds them, and
 * the history of undo is left out. Errors: FOVEA_STORE_ERROR_EXISTS, _FULL, _BUSY (the file there is an open project), …
 *
 * result JSON: {"path":"…","bytes":…}
 */
FoveaJob *fovea_project_backup (FoveaProject *self, const char *path, gboolean replace) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
