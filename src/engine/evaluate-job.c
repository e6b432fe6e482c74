/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "engine/model-jobs.h"
#include "engine/model-state-private.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "engine/training-private.h"
#include "models/eval-json.h"

typedef struct {
  FoveaCore *core;
  FoveaJob *job;
  char *model_id;
  char *version_id; /* NULL: the newest */
  char *split; /* NULL: what cross-validation said at training */
  FoveaModelState *state;
  FoveaPredictor *predictor;
  FoveaRows *rows;
  FoveaEvaluation *evaluation;
  char *metrics; /* of the version, to be written */
} Evaluation;

static gboolean
load_state (FoveaStore *store, gpointer data, GError **error)
{
  Evaluation *self = data;

  self->state = fovea_model_state_load_version (store, self->model_id, self->version_id, error);
  return self->state != NULL;
}

/* Columns are the concepts that the version was trained with, by their public ids; one that was removed since has
 * no labels. */
static gboolean
load_rows (FoveaStore *store, gpointer data, GError **error)
{
  Evaluation *self = data;
  GPtrArray *labels = fovea_predictor_get_labels (self->predictor);
  g_autofree gint64 *concepts = g_new0 (gint64, MAX (labels->len, 1));

  for (guint i = 0; i < labels->len; i++)
    if (!fovea_store_find_concept (store, fovea_labels_get (labels, i)->id, &concepts[i], NULL))
      concepts[i] = -1;
  self->rows = fovea_rows_load_labels (store, self->split, concepts, labels->len, error);
  if (self->rows == NULL)
    return FALSE;
  if (self->rows->n == 0)
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                   _("No picture of split “%s” is labelled with a concept of this model"), self->split);
      return FALSE;
    }
  return TRUE;
}

static guint
fits_mask_of (FoveaPredictor *predictor)
{
  FoveaFit fits[2];
  guint n = fovea_views_get_fits (fovea_predictor_get_views (predictor), fits), mask = 0;

  for (guint i = 0; i < n; i++)
    mask |= 1u << fits[i];
  return mask;
}

static JsonNode *
evaluate_rows (Evaluation *self)
{
  FoveaRows *rows = self->rows;
  g_autofree float *probabilities = g_new (float, MAX (rows->n * rows->n_concepts, 1));
  FoveaEvalData data = { .n_rows = rows->n,
                         .labels = fovea_predictor_get_labels (self->predictor),
                         .probabilities = probabilities,
                         .truth = rows->labels,
                         .exclusive = fovea_predictor_get_head (self->predictor)->exclusive,
                         .assume_negatives = TRUE,
                         .ids = rows->ids,
                         .split = self->split };

  fovea_predictor_run_vectors (self->predictor, (const float *const *) rows->vectors, rows->n, probabilities);
  self->evaluation = fovea_evaluation_new (&data);
  return fovea_eval_metrics_dup_json (self->evaluation, self->state->version->public_id, (const char *const *) rows->public_ids);
}

/* The version's metrics with this split's in their place; the rows of the test set are not kept twice. */
static void
merge_metrics (Evaluation *self, JsonNode *metrics)
{
  g_autoptr (JsonNode) root = json_from_string (self->state->version->metrics, NULL);
  g_autoptr (JsonNode) kept = json_node_copy (metrics);
  JsonObject *object;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_clear_pointer (&root, json_node_unref);
      root = fovea_json_take_object (json_object_new ());
    }
  object = json_node_get_object (root);
  if (!json_object_has_member (object, "splits"))
    json_object_set_object_member (object, "splits", json_object_new ());
  json_object_set_member (json_object_get_object_member (object, "splits"), self->split, g_steal_pointer (&kept));
  self->metrics = fovea_json_to_string (root);
}

static gboolean
write_metrics (FoveaStore *store, gpointer data, GError **error)
{
  Evaluation *self = data;
  FoveaStoreVersion *version = self->state->version;

  g_free (version->metrics);
  version->metrics = g_strdup (self->metrics);
  if (!fovea_store_begin_work (store, error))
    return FALSE;
  if (fovea_store_update_version (store, version, error) && fovea_evaluation_store (store, version->id, self->evaluation, error))
    return fovea_store_commit_work (store, error);
  fovea_store_rollback_work (store);
  return FALSE;
}

static JsonNode *
stored_kfold (Evaluation *self, GError **error)
{
  g_autoptr (JsonNode) root = json_from_string (self->state->version->metrics, NULL);

  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root) && json_object_has_member (json_node_get_object (root), "kfold"))
    return json_object_dup_member (json_node_get_object (root), "kfold");
  g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
               "Version %s was trained without cross-validation, and no picture was held out; name a split to evaluate on",
               self->state->version->public_id);
  return NULL;
}

static JsonNode *
evaluate_split (Evaluation *self, GError **error)
{
  JsonNode *metrics;

  if (!fovea_core_read (self->core, load_rows, self, error)
      || !fovea_rows_load_vectors (self->rows, self->core, self->job, fovea_predictor_get_pack_name (self->predictor),
                                   fits_mask_of (self->predictor), error))
    return NULL;
  if (self->rows->n == 0)
    {
      g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, _("None of the pictures could be read"));
      return NULL;
    }
  metrics = evaluate_rows (self);
  merge_metrics (self, metrics);
  if (fovea_core_write (self->core, write_metrics, self, error))
    return metrics;
  json_node_unref (metrics);
  return NULL;
}

/* What stands for a split where none was named: a deep training has held pictures out, others were cross-validated. */
static gboolean
was_held_out (Evaluation *self)
{
  g_autoptr (JsonNode) root = json_from_string (self->state->version->metrics, NULL);

  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) && json_object_has_member (json_node_get_object (root), "training");
}

static char *
dup_summary (Evaluation *self, JsonNode *metrics)
{
  JsonObject *summary = json_object_get_object_member (json_node_get_object (metrics), "summary");
  double accuracy = 100 * json_object_get_double_member_with_default (summary, "top1_accuracy", 0);

  return self->split != NULL  ? g_strdup_printf (_("Accuracy %.1f %% on %s"), accuracy, self->split)
         : was_held_out (self) ? g_strdup_printf (_("Accuracy %.1f %% on the pictures held out"), accuracy)
                               : g_strdup_printf (_("Accuracy %.1f %% by cross-validation"), accuracy);
}

static void
finish (Evaluation *self, JsonNode *metrics)
{
  JsonArray *array = json_array_new ();
  g_autofree char *text = dup_summary (self, metrics);
  g_autoptr (JsonNode) document = NULL;

  json_array_add_element (array, metrics);
  document = fovea_document_new ("eval_metrics", fovea_json_take_array (array));
  fovea_job_set_result_json (self->job, fovea_json_to_string (document));
  fovea_job_set_summary (self->job, text);
}

static JsonNode *
evaluate (Evaluation *self, GError **error)
{
  if (!fovea_core_read (self->core, load_state, self, error))
    return NULL;
  self->predictor = fovea_model_state_dup_predictor (self->state, error);
  if (self->predictor == NULL)
    return NULL;
  if (self->state->version == NULL)
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "A model of type %s is not evaluated here",
                   self->state->model->type_id);
      return NULL;
    }
  return self->split != NULL ? evaluate_split (self, error) : stored_kfold (self, error);
}

static Evaluation *
evaluation_new (FoveaCore *core, const char *model_id, const char *version_id, const char *split)
{
  Evaluation *self = g_new0 (Evaluation, 1);

  self->core = fovea_core_ref (core);
  self->model_id = g_strdup (model_id);
  self->version_id = g_strdup (version_id);
  self->split = g_strdup (split);
  return self;
}

static gboolean
evaluate_main (FoveaJob *job, gpointer data, GError **error)
{
  Evaluation *self = data;
  JsonNode *metrics;

  self->job = job;
  metrics = evaluate (self, error);
  if (metrics != NULL)
    finish (self, metrics);
  else
    g_prefix_error (error, _("Evaluating “%s”: "), self->model_id);
  return metrics != NULL;
}

static void
free_evaluation (gpointer data)
{
  Evaluation *self = data;

  g_clear_pointer (&self->state, fovea_model_state_free);
  g_clear_pointer (&self->predictor, fovea_predictor_unref);
  g_clear_pointer (&self->rows, fovea_rows_free);
  g_clear_pointer (&self->evaluation, fovea_evaluation_unref);
  g_free (self->metrics);
  g_free (self->model_id);
  g_free (self->version_id);
  g_free (self->split);
  fovea_core_unref (self->core);
  g_free (self);
}

char *
fovea_evaluate_in_job (FoveaCore *core, FoveaJob *job, const char *model_id, const char *version_id, const char *split, GError **error)
{
  Evaluation *self = evaluation_new (core, model_id, version_id, split);
  g_autoptr (JsonNode) metrics = NULL;
  char *summary;

  self->job = job;
  metrics = evaluate (self, error);
  summary = metrics != NULL ? dup_summary (self, metrics) : NULL;
  free_evaluation (self);
  return summary;
}

FoveaJob *
fovea_project_evaluate (FoveaProject *project, const char *model_id, const char *split)
{
  return fovea_project_evaluate_version (project, model_id, NULL, split);
}

FoveaJob *
fovea_project_evaluate_version (FoveaProject *project, const char *model_id, const char *version_id, const char *split)
{
  g_autofree char *title = g_strdup_printf (_("Evaluate %s"), model_id);
  FoveaJob *job = fovea_job_new (FOVEA_JOB_EVALUATE, title, evaluate_main,
                                 evaluation_new (fovea_project_get_core (project), model_id, version_id, split), free_evaluation);

  fovea_job_set_target (job, model_id);
  fovea_project_start_job (project, job);
  return job;
}
