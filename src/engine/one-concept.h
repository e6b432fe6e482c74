/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project.h"

G_BEGIN_DECLS

/* Whether a picture of the project shows one concept: then a label takes the place of the one before it. A setting of the project,
 * off until a person, or the import of class folders into a project in which no picture shows two concepts, turns it on. What
 * is there of "not" stays. fovea_project_get_one_concept() and the property "one-concept" say it.
 *
 * One undoable command; pictures that show two concepts already keep them. When the callback comes with success the
 * property has followed already. Project's thread. */
void     fovea_project_set_one_concept_async (FoveaProject *self, gboolean one, GCancellable *cancellable, GAsyncReadyCallback callback,
                                              gpointer data);
gboolean fovea_project_set_one_concept_finish (FoveaProject *self, GAsyncResult *result, GError **error);

G_END_DECLS
