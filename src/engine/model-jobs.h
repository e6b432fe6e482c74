/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/project.h"

G_BEGIN_DECLS

/* Training, evaluation and prediction over a project. Results are the documents that the command line prints
 * (CLARIFAI.md §1-4 for the shapes). All functions: project's thread; the jobs run on their own. */

/* Models of the project as `models list --json` prints them. */
JsonNode *fovea_project_dup_models_json (FoveaProject *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Makes a model from a `{"model":{…}}` payload. Undoable. CONFLICT when the id is taken, INVALID with the field's name.
 * Where output_info.output_config.concepts_mutually_exclusive is not said, it follows from the labels that there are:
 * true when every labelled picture shows exactly one of at least two concepts. */
gboolean fovea_project_create_model (FoveaProject *self, JsonNode *payload, GError **error);

typedef struct {
  const char *split;          /* (nullable) train on this split only; default: "train" where there is one, else everything labelled */
  const char *const *params;  /* (nullable) (array zero-terminated=1) KEY=VALUE */
  gboolean evaluate;          /* then measures it on the split "test" and on those that the version before was measured on, where they
                               * have labelled pictures that it was not trained on */
  gboolean resume;            /* deep training: goes on where the last one was when the program was killed */
} FoveaTrainOptions;

/* A new version of @model_id. Result: {"model":{…,"model_version":{…}}}. */
FoveaJob *fovea_project_train (FoveaProject *self, const char *model_id, const FoveaTrainOptions *options) G_GNUC_WARN_UNUSED_RESULT;

/* Metrics of the newest version on @split; NULL: by K-fold over what it was trained on. Result:
 * {"eval_metrics":[…]}. Stored too. */
FoveaJob *fovea_project_evaluate (FoveaProject *self, const char *model_id, const char *split) G_GNUC_WARN_UNUSED_RESULT;

/* The same of one version; @version_id NULL: the newest. */
FoveaJob *fovea_project_evaluate_version (FoveaProject *self, const char *model_id, const char *version_id,
                                          const char *split) G_GNUC_WARN_UNUSED_RESULT;

/* Of an embedder, trained or not, among the pictures of @concepts alone, by names or ids, which it need not have been trained
 * on; @split (nullable): wherever they are. Not stored. INVALID for a model that is no embedder. */
FoveaJob *fovea_project_evaluate_concepts (FoveaProject *self, const char *model_id, const char *split,
                                           const char *const *concepts) G_GNUC_WARN_UNUSED_RESULT;

typedef struct {
  guint top_k;       /* 0 = the model's own */
  double min_value;  /* < 0 = the model's own */
} FoveaPredictOptions;

/* Called on the job's thread, in the order of @paths, one output object ({"id",…,"input","data"}) at a time. FALSE
 * stops. */
typedef gboolean (*FoveaOutputFunc) (JsonNode *output, gpointer data);

/* Files (imported or not) through the newest version of @model_id, or through a pack when @self is NULL and @model_id
 * is a pack's name. The job's "failed-count" says how many files could not be read; they are outputs with a status
 * of their own. */
FoveaJob *fovea_predict_files (FoveaProject *self, const char *model_id, const char *const *paths, const FoveaPredictOptions *options,
                               FoveaOutputFunc func, gpointer data, GDestroyNotify destroy) G_GNUC_WARN_UNUSED_RESULT;

/* Predicts every picture of the project and stores the results (source: the version); one undoable command. */
FoveaJob *fovea_project_predict_all (FoveaProject *self, const char *model_id) G_GNUC_WARN_UNUSED_RESULT;

/* Self-contained ONNX of the newest version: embedder and head in one graph. */
gboolean fovea_project_export_model (FoveaProject *self, const char *model_id, const char *path, GError **error);

G_END_DECLS
