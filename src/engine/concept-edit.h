/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project.h"

G_BEGIN_DECLS

/* What a person changes on a concept, named by its row id. Each call is one undoable command. Project's thread. All are finished by
 * fovea_project_edit_concept_finish(). */

/* NULL: stays as it is. @color "#rrggbb", "" the application's choice; @key one character, "" none: another concept that has it
 * loses it. */
typedef struct {
  const char *name;
  const char *color;
  const char *key;
  const char *description;
} FoveaConceptChange;

/* Errors: CONFLICT (store) when another concept has that name, INVALID for an empty name or a malformed colour. */
void fovea_project_update_concept_async (FoveaProject *self, gint64 concept_id, const FoveaConceptChange *change,
                                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);

/* Removes the concept with everything that was said of it. */
void fovea_project_remove_concept_async (FoveaProject *self, gint64 concept_id, GCancellable *cancellable, GAsyncReadyCallback callback,
                                         gpointer data);

/* Everything said of @from_id is said of @into_id afterwards, and @from_id is gone. */
void fovea_project_merge_concepts_async (FoveaProject *self, gint64 from_id, gint64 into_id, GCancellable *cancellable,
                                         GAsyncReadyCallback callback, gpointer data);

/* @position: its place in the list afterwards, 0 the first; beyond the end is the last. */
void fovea_project_move_concept_async (FoveaProject *self, gint64 concept_id, guint position, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer data);

gboolean fovea_project_edit_concept_finish (FoveaProject *self, GAsyncResult *result, GError **error);

G_END_DECLS
