/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Where projects go and how paths are shown to people. Paths are bytes of the file system; what is shown is valid UTF-8. */

/* "apparel" of "/…/apparel.fovea". */
char *fovea_display_project_name (const char *path) G_GNUC_WARN_UNUSED_RESULT;

/* "~/Pictures" for a folder in the home folder. */
char *fovea_display_folder (const char *folder) G_GNUC_WARN_UNUSED_RESULT;

/* A path for a new project called @name that nothing is at yet: "Fovea" in the documents folder (or the home folder),
 * "NAME.fovea", "NAME 2.fovea" …; the folder is made. NULL with G_FILE_ERROR. */
char *fovea_new_project_path (const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The name of a project of these files and folders: that of the folder or archive, or of the folder that the first file is in. */
char *fovea_project_name_for (const char *const *paths) G_GNUC_WARN_UNUSED_RESULT;

/* The folder that the running program lies in; NULL when the system does not say. */
char *fovea_dup_program_folder (void) G_GNUC_WARN_UNUSED_RESULT;

gboolean fovea_path_is_project (const char *path);

G_END_DECLS
