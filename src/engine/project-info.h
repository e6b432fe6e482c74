/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/project.h"

G_BEGIN_DECLS

/* {"path","name","inputs","missing","concepts","annotations","predictions","models","versions","vectors","read_only","splits":{NAME:count},
 * "labels":[{"id","name","count"}]}. */
JsonNode *fovea_project_dup_info_json (FoveaProject *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads the whole file. @ret_problems: sentences, empty when all is well. FALSE: checking itself failed. */
gboolean fovea_project_check (FoveaProject *self, GPtrArray **ret_problems, GError **error);

/**
 * fovea_project_find_pictures:
 * @names: (array zero-terminated=1) paths (bytes of the file system) or ids
 * @ret_unknown: (array of utf8) those that are not in the project; empty when all are
 *
 * Returns: (array of gint64): row ids in the order of @names, 0 where unknown. A name is tried as an absolute or
 * relative path, then with its links resolved, then as an id of 32 hex digits.
 */
GArray *fovea_project_find_pictures (FoveaProject *self, const char *const *names, GPtrArray **ret_unknown,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
