/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project-private.h"

G_BEGIN_DECLS

/* Runs @apply (with @edit) as one undoable command that undo offers as @text; rolls it back when it fails. Store thread. */
gboolean fovea_edit_in_command (FoveaStore *store, const char *text, FoveaStoreFunc apply, gpointer edit, GError **error);

G_END_DECLS
