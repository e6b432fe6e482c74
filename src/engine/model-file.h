/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/model-actions.h"

G_BEGIN_DECLS

/**
 * FoveaModelFile:
 *
 * A model of another program, as an ONNX file that was read and looked at (models/foreign-model.h says what is understood).
 * Immutable, counted atomically.
 */
typedef struct _FoveaModelFile FoveaModelFile;

/* Errors name the file, and the operator that is not understood. _async: project's thread. */
FoveaModelFile *fovea_model_file_open (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void            fovea_model_file_open_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
FoveaModelFile *fovea_model_file_open_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaModelFile *fovea_model_file_ref (FoveaModelFile *self);
void            fovea_model_file_unref (FoveaModelFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaModelFile, fovea_model_file_unref)

const char *fovea_model_file_get_path (FoveaModelFile *self);
/* What the model may be called: the file's name without its ending. */
char *fovea_model_file_dup_name (FoveaModelFile *self) G_GNUC_WARN_UNUSED_RESULT;

/* "image: f32 [N, 3, 224, 224]", one an input or output. (array zero-terminated=1) */
char **fovea_model_file_dup_inputs (FoveaModelFile *self) G_GNUC_WARN_UNUSED_RESULT;
char **fovea_model_file_dup_outputs (FoveaModelFile *self) G_GNUC_WARN_UNUSED_RESULT;
char **fovea_model_file_dup_output_names (FoveaModelFile *self) G_GNUC_WARN_UNUSED_RESULT;

/* What a person is asked about a file; NULL (size 0): not said. The texts are those of the command line's options:
 * @type visual-classifier or visual-embedder; @labels names between commas or lines, JSON, or, with @labels_are_file, the path of a
 * file of such; @fit crop, crop:0.95, squash or letterbox; @range 0..1, -1..1, 0..255, A..B or imagenet; else @mean and @std;
 * @layout nchw or nhwc; @activation softmax, sigmoid or none; @output a name. */
typedef struct {
  char *type, *output, *labels, *fit, *range, *mean, *std, *layout, *activation;
  gboolean labels_are_file;
  guint size;
  int bgr; /* −1: not said */
} FoveaImportForm;

void            fovea_import_form_init (FoveaImportForm *form);
void            fovea_import_form_clear (FoveaImportForm *form);
FoveaImportForm *fovea_import_form_copy (const FoveaImportForm *form) G_GNUC_WARN_UNUSED_RESULT;
void            fovea_import_form_free (FoveaImportForm *form);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FoveaImportForm, fovea_import_form_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaImportForm, fovea_import_form_free)

/* What the file says of itself, and what follows for the rest from @form: filled in as far as it goes. Labels are one a line. */
FoveaImportForm *fovea_model_file_dup_guess (FoveaModelFile *self, const FoveaImportForm *form) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @form says all that the file does not: FOVEA_ENGINE_ERROR_INVALID says what is missing or wrong, and how it is
 * said. Main thread too: nothing is run. */
gboolean fovea_model_file_check (FoveaModelFile *self, const FoveaImportForm *form, GError **error);

/**
 * fovea_project_import_model:
 * @id: (nullable): NULL makes one of @name
 *
 * Makes a model with a version of the file, after it has answered test pictures properly; nothing is written otherwise. The
 * model is one undoable command. Result: {"model":{…,"model_version":{…}},"file":{"inputs","outputs","recipe"}}. Errors:
 * FOVEA_ENGINE_ERROR_INVALID as of _check, CONFLICT (FOVEA_STORE_ERROR) when the id is taken.
 */
FoveaJob *fovea_project_import_model (FoveaProject *project, FoveaModelFile *file, const FoveaImportForm *form, const char *id,
                                      const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* Id of the model that such a job has made; NULL when it has made none. */
char *fovea_model_import_dup_id (FoveaJob *job) G_GNUC_WARN_UNUSED_RESULT;

/* Names of concepts out of a file's content, one a line. Errors: INVALID. */
char *fovea_import_dup_label_lines (const char *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* One picture through the file as @form says, without keeping anything. _finish: as of fovea_model_try_finish(); an
 * embedder gives no answers, an empty array. */
void       fovea_model_file_try_async (FoveaModelFile *self, const FoveaImportForm *form, const char *path, guint top_k,
                                       GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
GPtrArray *fovea_model_file_try_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
