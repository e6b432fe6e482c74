/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <glib/gi18n.h>

#include "engine/embed-work-private.h"
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
  char **concepts; /* (nullable) of an embedder: names or ids of those that are looked at */
  FoveaModelState *state;
  FoveaPredictor *predictor;
  FoveaRows *rows;
  GPtrArray *labels; /* (nullable) of an embedder's rows */
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

/* ---- embedders ---- */

static const FoveaStoreConcept *
find_concept (GPtrArray *all, const char *name)
{
  for (guint i = 0; i < all->len; i++)
    {
      const FoveaStoreConcept *concept = g_ptr_array_index (all, i);

      if (g_strcmp0 (concept->public_id, name) == 0 || g_strcmp0 (concept->name, name) == 0)
        return concept;
    }
  return NULL;
}

/* Those that were named, or every one that pictures are labelled with. (element-type FoveaStoreConcept), borrowed from @all. */
static GPtrArray *
choose_concepts (Evaluation *self, GPtrArray *all, GError **error)
{
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();

  for (guint i = 0; self->concepts == NULL && i < all->len; i++)
    g_ptr_array_add (chosen, g_ptr_array_index (all, i));
  for (char **name = self->concepts; name != NULL && *name != NULL; name++)
    {
      const FoveaStoreConcept *concept = find_concept (all, *name);

      if (concept == NULL)
        {
          g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_NOT_FOUND, _("There is no concept “%s” in the project"), *name);
          return NULL;
        }
      g_ptr_array_add (chosen, (gpointer) concept);
    }
  return g_steal_pointer (&chosen);
}

static FoveaRows *
load_rows_of (Evaluation *self, FoveaStore *store, GPtrArray *concepts, GError **error)
{
  g_autofree gint64 *ids = g_new0 (gint64, MAX (concepts->len, 1));

  for (guint i = 0; i < concepts->len; i++)
    ids[i] = ((const FoveaStoreConcept *) g_ptr_array_index (concepts, i))->id;
  return fovea_rows_load_labels (store, self->split, ids, concepts->len, error);
}

static gboolean
shows (const FoveaRows *rows, gsize row, guint concept)
{
  return rows->labels[row * rows->n_concepts + concept] > 0;
}

/* Concepts without a picture have no figures: they are left out. */
static void
drop_unseen (const FoveaRows *rows, GPtrArray *concepts)
{
  for (guint k = concepts->len; k-- > 0;)
    {
      gboolean seen = FALSE;

      for (gsize i = 0; i < rows->n && !seen; i++)
        seen = shows (rows, i, k);
      if (!seen)
        g_ptr_array_remove_index (concepts, k);
    }
}

/* A picture that shows none of them is nobody's like. */
static void
drop_plain (FoveaRows *rows)
{
  g_autofree gboolean *kept = g_new0 (gboolean, MAX (rows->n, 1));

  for (gsize i = 0; i < rows->n; i++)
    for (guint k = 0; k < rows->n_concepts; k++)
      kept[i] = kept[i] || shows (rows, i, k);
  fovea_rows_keep (rows, kept);
}

static gboolean
load_alike (FoveaStore *store, gpointer data, GError **error)
{
  Evaluation *self = data;
  g_autoptr (GPtrArray) all = fovea_store_list_concepts (store, error), concepts = all != NULL ? choose_concepts (self, all, error) : NULL;
  g_autoptr (FoveaRows) rows = concepts != NULL ? load_rows_of (self, store, concepts, error) : NULL;

  if (rows == NULL)
    return FALSE;
  drop_unseen (rows, concepts);
  self->rows = load_rows_of (self, store, concepts, error);
  if (self->rows == NULL)
    return FALSE;
  drop_plain (self->rows);
  self->labels = fovea_labels_new ();
  for (guint i = 0; i < concepts->len; i++)
    {
      const FoveaStoreConcept *concept = g_ptr_array_index (concepts, i);

      g_ptr_array_add (self->labels, fovea_label_new (concept->public_id, concept->name));
    }
  if (self->rows->n > 1)
    return TRUE;
  g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                       _("There are no two labelled pictures to compare; label some, or choose another split"));
  return FALSE;
}

typedef struct {
  Evaluation *evaluation;
  FoveaRetrievalRow *found;
} Comparison;

static gboolean
compare_pictures (gpointer data, GCancellable *cancellable, GError **error)
{
  Comparison *self = data;
  const FoveaRows *rows = self->evaluation->rows;

  return fovea_retrieval_measure (rows->vectors[FOVEA_FIT_LETTERBOX], rows->n, rows->dim, rows->labels, rows->n_concepts,
                                  g_get_num_processors (), self->found, cancellable, error);
}

static JsonNode *
measure_alike (Evaluation *self, GError **error)
{
  FoveaRows *rows = self->rows;
  g_autofree FoveaRetrievalRow *found = g_new0 (FoveaRetrievalRow, MAX (rows->n, 1));
  g_autofree FoveaRetrieval *figures = NULL;
  Comparison comparison = { self, found };
  const FoveaEvalData data = { .n_rows = rows->n, .labels = self->labels, .truth = rows->labels, .ids = rows->ids, .split = self->split };

  if (!fovea_scheduler_run (fovea_core_get_scheduler (self->core), FOVEA_PRIORITY_TRAINING, compare_pictures, &comparison,
                            fovea_job_get_cancellable (self->job), error))
    return NULL;
  figures = fovea_retrieval_sum_concepts (found, rows->n, rows->labels, rows->n_concepts);
  self->evaluation = fovea_retrieval_dup_evaluation (found, &data);
  return fovea_retrieval_metrics_dup_json (self->evaluation, figures, self->state->version != NULL ? self->state->version->public_id : "",
                                           (const char *const *) rows->public_ids);
}

/* ---- classifiers ---- */

static guint
fits_mask_of (FoveaPredictor *predictor)
{
  FoveaFit fits[2];
  guint n = fovea_views_get_fits (fovea_predictor_get_views (predictor), fits), mask = 0;

  for (guint i = 0; i < n; i++)
    mask |= 1u << fits[i];
  return mask;
}

static gboolean
prepare (gpointer data, GCancellable *cancellable, GError **error)
{
  return fovea_predictor_prepare (((Evaluation *) data)->predictor, NULL, error);
}

/* A model that answers from pictures alone: rows that could not be read are dropped. NULL with @error. */
static float *
answer_pictures (Evaluation *self, GError **error)
{
  FoveaRows *rows = self->rows;
  const gsize k = rows->n_concepts;
  g_autofree float *probabilities = g_new (float, MAX (rows->n * k, 1));
  g_autofree gboolean *found = g_new0 (gboolean, MAX (rows->n, 1));
  g_autoptr (FoveaPack) pack = fovea_core_dup_pack (self->core, fovea_predictor_get_pack_name (self->predictor), error);
  gsize kept = 0;

  if (pack == NULL || !fovea_predictor_ensure_pack (self->predictor, pack, error)
      || !fovea_scheduler_run (fovea_core_get_scheduler (self->core), FOVEA_PRIORITY_PREDICTION, prepare, self,
                               fovea_job_get_cancellable (self->job), error)
      || !fovea_answer_pictures (self->core, self->job, self->predictor, rows->ids, rows->n, 0, rows->n, probabilities, found, error))
    return NULL;
  for (gsize i = 0; i < rows->n; i++)
    if (found[i])
      memmove (probabilities + k * kept++, probabilities + k * i, k * sizeof (float));
  fovea_rows_keep (rows, found);
  return g_steal_pointer (&probabilities);
}

/* @answers: (nullable) f32 [n, concepts]; NULL: they follow from the vectors */
static JsonNode *
evaluate_rows (Evaluation *self, const float *answers)
{
  FoveaRows *rows = self->rows;
  g_autofree float *own = answers == NULL ? g_new (float, MAX (rows->n * rows->n_concepts, 1)) : NULL;
  const float *probabilities = answers != NULL ? answers : own;
  FoveaEvalData data = { .n_rows = rows->n,
                         .labels = fovea_predictor_get_labels (self->predictor),
                         .probabilities = probabilities,
                         .truth = rows->labels,
                         .exclusive = fovea_predictor_get_exclusive (self->predictor),
                         .assume_negatives = TRUE,
                         .ids = rows->ids,
                         .split = self->split };

  if (own != NULL)
    fovea_predictor_run_vectors (self->predictor, (const float *const *) rows->vectors, rows->n, own);
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

/* Kept with the version, when it is of everything in a split. Takes @metrics. */
static JsonNode *
keep (Evaluation *self, JsonNode *metrics, GError **error)
{
  if (self->state->version == NULL || self->split == NULL || self->concepts != NULL)
    return metrics;
  merge_metrics (self, metrics);
  if (fovea_core_write (self->core, write_metrics, self, error))
    return metrics;
  json_node_unref (metrics);
  return NULL;
}

static JsonNode *
evaluate_embedder (Evaluation *self, GError **error)
{
  g_autofree char *name = fovea_model_state_dup_embedder_name (self->state);
  JsonNode *metrics;

  if (!fovea_core_read (self->core, load_alike, self, error)
      || !fovea_rows_load_vectors (self->rows, self->core, self->job, name, 1u << FOVEA_FIT_LETTERBOX, error))
    return NULL;
  metrics = measure_alike (self, error);
  return metrics != NULL ? keep (self, metrics, error) : NULL;
}

static JsonNode *
evaluate_split (Evaluation *self, GError **error)
{
  g_autofree float *answers = NULL;

  if (!fovea_core_read (self->core, load_rows, self, error))
    return NULL;
  if (fovea_predictor_get_head (self->predictor) == NULL)
    {
      answers = answer_pictures (self, error);
      if (answers == NULL)
        return NULL;
    }
  else if (!fovea_rows_load_vectors (self->rows, self->core, self->job, fovea_predictor_get_pack_name (self->predictor),
                                     fits_mask_of (self->predictor), error))
    return NULL;
  if (self->rows->n == 0)
    {
      g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, _("None of the pictures could be read"));
      return NULL;
    }
  return keep (self, evaluate_rows (self, answers), error);
}

static char *
dup_retrieval_summary (Evaluation *self, JsonObject *summary)
{
  const double recall = json_object_get_null_member (summary, "recall_at_1") ? 0 : 100 * json_object_get_double_member (summary, "recall_at_1");
  const guint n = (guint) json_object_get_int_member (summary, "num_tot");

  if (self->split == NULL && self->concepts == NULL && self->state->version != NULL)
    return g_strdup_printf (ngettext ("The nearest picture is alike for %.1f %% of %u picture that was held out",
                                      "The nearest picture is alike for %.1f %% of %u pictures that were held out", n), recall, n);
  if (self->split == NULL)
    return g_strdup_printf (ngettext ("The nearest picture is alike for %.1f %% of %u picture",
                                      "The nearest picture is alike for %.1f %% of %u pictures", n), recall, n);
  return g_strdup_printf (ngettext ("The nearest picture is alike for %.1f %% of %u picture of %s",
                                    "The nearest picture is alike for %.1f %% of %u pictures of %s", n), recall, n, self->split);
}

static char *
dup_summary (Evaluation *self, JsonNode *metrics)
{
  JsonObject *summary = json_object_get_object_member (json_node_get_object (metrics), "summary");
  double accuracy = 100 * json_object_get_double_member_with_default (summary, "top1_accuracy", 0);

  if (fovea_model_type_embeds (self->state->type))
    return dup_retrieval_summary (self, summary);
  return self->split != NULL  ? g_strdup_printf (_("Accuracy %.1f %% on %s"), accuracy, self->split)
         : fovea_model_type_is_deep (self->state->type)
             ? g_strdup_printf (_("Accuracy %.1f %% on the pictures held out"), accuracy)
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
  if (fovea_model_type_embeds (self->state->type))
    return self->split != NULL || self->concepts != NULL || self->state->version == NULL ? evaluate_embedder (self, error)
                                                                                         : stored_kfold (self, error);
  if (self->concepts != NULL)
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                   "Model “%s” knows its own concepts alone; only an embedder is measured on any", self->model_id);
      return NULL;
    }
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
  g_clear_pointer (&self->labels, g_ptr_array_unref);
  g_strfreev (self->concepts);
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

/* Takes @evaluation. */
static FoveaJob *
start (FoveaProject *project, Evaluation *evaluation)
{
  const char *model_id = evaluation->model_id;
  g_autofree char *title = g_strdup_printf (_("Evaluate %s"), fovea_project_get_model_name (project, model_id));
  FoveaJob *job = fovea_job_new (FOVEA_JOB_EVALUATE, title, evaluate_main, evaluation, free_evaluation);

  fovea_job_set_target (job, model_id);
  fovea_project_start_job (project, job);
  return job;
}

FoveaJob *
fovea_project_evaluate_version (FoveaProject *project, const char *model_id, const char *version_id, const char *split)
{
  return start (project, evaluation_new (fovea_project_get_core (project), model_id, version_id, split));
}

FoveaJob *
fovea_project_evaluate_concepts (FoveaProject *project, const char *model_id, const char *split, const char *const *concepts)
{
  Evaluation *evaluation = evaluation_new (fovea_project_get_core (project), model_id, NULL, split);

  evaluation->concepts = g_strdupv ((char **) concepts);
  return start (project, evaluation);
}
