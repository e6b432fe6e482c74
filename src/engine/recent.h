/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The projects opened last, newest first, at most 20: $XDG_STATE_HOME/fovea/recent, one percent-encoded path a line,
 * written whole and renamed. Files that are gone are left out of what is returned. Any thread. */
char **fovea_recent_dup_paths (void) G_GNUC_WARN_UNUSED_RESULT;
void   fovea_recent_add (const char *path);    /* absolute */
void   fovea_recent_remove (const char *path);

G_END_DECLS
