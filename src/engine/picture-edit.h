/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project.h"

G_BEGIN_DECLS

/* What a person changes on many pictures at once, beside the labels of project.h. Each call is one undoable command. Project's
 * thread. */

/* @split: "train", "test", a name of the person's, or "" for none. */
void fovea_project_set_split_async (FoveaProject *self, const gint64 *ids, gsize n_ids, const char *split, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer data);
void fovea_project_set_state_async (FoveaProject *self, const gint64 *ids, gsize n_ids, FoveaPictureState state,
                                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);

/* One picture and the concept (its row id) that it shows. */
typedef struct {
  gint64 picture;
  gint64 concept_id;
} FoveaPictureLabel;

/* Labels many pictures, each with a concept of its own: what accepting suggestions in bulk does. @labels is copied. Pictures
 * that are gone are an error (NOT_FOUND of the store), and nothing is labelled then. */
void fovea_project_label_each_async (FoveaProject *self, const FoveaPictureLabel *labels, gsize n_labels, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer data);

/* Of the three: how many pictures read differently now, -1 on error. */
int fovea_project_change_pictures_finish (FoveaProject *self, GAsyncResult *result, GError **error);

/* The splits that there are and how many pictures each has; "" stands for none. _finish: (transfer full) (element-type
 * FoveaSplitCount), in order of name. Read in the background. */
typedef struct {
  char *name;
  guint count;
} FoveaSplitCount;

void       fovea_project_count_splits_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
GPtrArray *fovea_project_count_splits_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
