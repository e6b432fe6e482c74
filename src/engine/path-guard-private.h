/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/* Which files of a project may be read. A project that somebody sent may name any path; only what lies in the folders
 * that this person has allowed (by importing them) is opened, links resolved. A copy of the list: any thread, one
 * at a time. */
typedef struct _FoveaPathGuard FoveaPathGuard;

FoveaPathGuard *fovea_path_guard_new (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void            fovea_path_guard_free (FoveaPathGuard *guard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaPathGuard, fovea_path_guard_free)

/* A file that does not exist is allowed when its name is: opening it says so. */
gboolean fovea_path_guard_allows (FoveaPathGuard *guard, const char *path);

G_END_DECLS
