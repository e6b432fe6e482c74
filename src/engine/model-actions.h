/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/model-jobs.h"
#include "engine/model.h"

G_BEGIN_DECLS

/* What a person does with models. All functions: project's thread. Each change is one undoable command. */

/* Parameters of a new model of that type, with what the project's labels suggest (whether concepts exclude each other).
 * _finish: (transfer full): an object of the type, see catalog.h. */
void     fovea_project_draft_model_async (FoveaProject *self, const char *type_id, GCancellable *cancellable, GAsyncReadyCallback callback,
                                          gpointer data);
GObject *fovea_project_draft_model_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @name: what people read; the id is made of it ("clothes-2" where "clothes" is taken). @params: of a draft.
 * @concepts: (nullable) (array zero-terminated=1) names; NULL or empty: whatever is labelled when it is trained.
 * _finish: the id. */
void  fovea_project_create_model_async (FoveaProject *self, const char *name, GObject *params, const char *const *concepts,
                                        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
char *fovea_project_create_model_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL leaves as it is. The id stays. */
void     fovea_project_rename_model_async (FoveaProject *self, const char *model_id, const char *name, const char *notes,
                                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
gboolean fovea_project_rename_model_finish (FoveaProject *self, GAsyncResult *result, GError **error);

/* With its versions and what they said of pictures. BUSY (FOVEA_STORE_ERROR) while it is trained. */
void     fovea_project_delete_model_async (FoveaProject *self, const char *model_id, GCancellable *cancellable, GAsyncReadyCallback callback,
                                           gpointer data);
gboolean fovea_project_delete_model_finish (FoveaProject *self, GAsyncResult *result, GError **error);

/* A new untrained model with the same settings under another name. _finish: its id. */
void  fovea_project_duplicate_model_async (FoveaProject *self, const char *model_id, const char *name, GCancellable *cancellable,
                                           GAsyncReadyCallback callback, gpointer data);
char *fovea_project_duplicate_model_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The rows behind a figure of a version. @split NULL: cross-validation, or pictures held out. NOT_FOUND (FOVEA_STORE_ERROR) when it was not
 * evaluated there, or by a Fovea that did not keep them. */
void             fovea_project_load_evaluation_async (FoveaProject *self, const char *version_id, const char *split, GCancellable *cancellable,
                                                      GAsyncReadyCallback callback, gpointer data);
FoveaEvaluation *fovea_project_load_evaluation_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Names of the splits that pictures are in, sorted. _finish: (transfer full) (array zero-terminated=1) */
void   fovea_project_list_splits_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
char **fovea_project_list_splits_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The newest version as one self-contained ONNX file, in the background; a file that is there is replaced. */
FoveaJob *fovea_project_export_model_job (FoveaProject *self, const char *model_id, const char *path) G_GNUC_WARN_UNUSED_RESULT;

/* One concept of an answer. */
typedef struct {
  char *name;
  double value;
} FoveaAnswer;

void fovea_answer_free (FoveaAnswer *answer);

/* One picture file through the newest version of @model_id, or, when @self is NULL, through the pack of that name.
 * _finish: (array of FoveaAnswer): at most @top_k, the most probable first. The errors name the file. */
void       fovea_model_try_async (FoveaProject *self, const char *model_id, const char *path, guint top_k, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer data);
GPtrArray *fovea_model_try_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
