/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "engine/training-private.h"
#include "models/eval-json.h"
#include "models/params.h"
#include "models/visual-classifier.h"
#include "models/visual-embedder.h"
#include "store/store-annotations.h"
#include "store/store-jobs.h"
#include "store/store-weights.h"

/* ---- store thread: what there is to learn from ---- */

static gboolean
set_params (FoveaTraining *self, GError **error)
{
  for (char **param = self->params; param != NULL && *param != NULL; param++)
    {
      g_auto (GStrv) parts = g_strsplit (*param, "=", 2);

      if (g_strv_length (parts) != 2)
        {
          g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "“%s” is not KEY=VALUE", *param);
          return FALSE;
        }
      if (!fovea_params_set_text (G_OBJECT (self->state->type), parts[0], parts[1], error))
        return FALSE;
    }
  return TRUE;
}

/* A project that was imported with splits is trained on its training split without a word. */
static gboolean
choose_split (FoveaTraining *self, FoveaStore *store, GError **error)
{
  g_autoptr (GArray) said = NULL;

  if (self->split != NULL)
    return TRUE;
  said = fovea_store_get_training_labels (store, "train", NULL, 0, error);
  if (said == NULL)
    return FALSE;
  if (said->len > 0)
    self->split = g_strdup ("train");
  return TRUE;
}

/* The model's own concepts, or every one that a picture was labelled with. */
static gboolean
choose_concepts (FoveaTraining *self, FoveaStore *store, GError **error)
{
  g_autoptr (GPtrArray) all = NULL;

  self->concepts = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_store_concept_free);
  if (self->state->concepts->len > 0)
    {
      GPtrArray *own = self->concepts;

      self->concepts = g_steal_pointer (&self->state->concepts);
      self->state->concepts = own;
      return TRUE;
    }
  all = fovea_store_list_concepts (store, error);
  if (all == NULL)
    return FALSE;
  for (guint i = 0; i < all->len; i++)
    {
      const FoveaStoreConcept *concept = g_ptr_array_index (all, i);
      FoveaStoreConcept *copy;

      if (concept->n_positive == 0)
        continue;
      copy = fovea_store_get_concept (store, concept->id, error);
      if (copy == NULL)
        return FALSE;
      g_ptr_array_add (self->concepts, copy);
    }
  return TRUE;
}

static gboolean
load_training (FoveaStore *store, gpointer data, GError **error)
{
  FoveaTraining *self = data;
  g_autofree char *target = g_strdup_printf ("model:%s", self->model_id);
  g_autofree gint64 *ids = NULL;

  self->state = fovea_model_state_load (store, self->model_id, error);
  if (self->state == NULL || !set_params (self, error))
    return FALSE;
  if (!fovea_model_type_get_info (self->state->type)->trainable)
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "A model of type %s is not trained; it predicts as it is",
                   self->state->model->type_id);
      return FALSE;
    }
  if (!fovea_store_claim_job (store, "train", target, fovea_job_get_title (self->job), NULL, &self->job_row, NULL, error))
    return FALSE;
  if (!choose_split (self, store, error) || !choose_concepts (self, store, error))
    return FALSE;
  ids = g_new0 (gint64, MAX (self->concepts->len, 1));
  for (guint i = 0; i < self->concepts->len; i++)
    ids[i] = ((FoveaStoreConcept *) g_ptr_array_index (self->concepts, i))->id;
  self->rows = fovea_rows_load_labels (store, self->split, ids, self->concepts->len, error);
  return self->rows != NULL;
}

/* ---- compute thread ---- */

GPtrArray *
fovea_training_dup_labels (const FoveaTraining *self)
{
  GPtrArray *labels = fovea_labels_new ();

  for (guint i = 0; i < self->concepts->len; i++)
    {
      const FoveaStoreConcept *concept = g_ptr_array_index (self->concepts, i);

      g_ptr_array_add (labels, fovea_label_new (concept->public_id, concept->name));
    }
  return labels;
}

static void
on_train_progress (double fraction, gpointer data)
{
  fovea_job_set_progress (((FoveaTraining *) data)->job, (guint64) (fraction * 100), 100, "percent fitted");
}

static gboolean
fit (gpointer data, GCancellable *cancellable, GError **error)
{
  FoveaTraining *self = data;
  g_autoptr (GPtrArray) labels = fovea_training_dup_labels (self);
  guint fits_mask;
  FoveaEmbedder *embedder
      = fovea_core_get_embedder (self->core, fovea_model_type_get_embedder (self->state->type, &fits_mask), error);
  FoveaTrainingSet set = { .labels = labels };

  if (embedder == NULL)
    return FALSE;
  set.pack = fovea_embedder_get_pack (embedder);
  set.data.n_rows = self->rows->n;
  set.data.dim = self->rows->dim;
  set.data.n_concepts = self->rows->n_concepts;
  for (guint i = 0; i < FOVEA_N_FITS; i++)
    set.data.vectors[i] = self->rows->vectors[i];
  set.data.labels = self->rows->labels;
  set.data.groups = self->rows->groups;
  self->predictor = fovea_model_type_train (self->state->type, &set, &self->result, on_train_progress, self, cancellable, error);
  return self->predictor != NULL;
}

/* ---- what is kept ---- */

char *
fovea_training_dup_data_hash (const FoveaTraining *self)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < self->concepts->len; i++)
    {
      const FoveaStoreConcept *concept = g_ptr_array_index (self->concepts, i);

      g_checksum_update (checksum, (const guchar *) concept->public_id, (gssize) strlen (concept->public_id) + 1);
    }
  g_checksum_update (checksum, self->rows->sha256, (gssize) (32 * self->rows->n));
  g_checksum_update (checksum, (const guchar *) self->rows->labels, (gssize) (self->rows->n * self->rows->n_concepts));
  return g_strdup (g_checksum_get_string (checksum));
}

/* Evaluation by K-fold: every row as it was predicted by a head that had not seen it. NULL without cross-validation. */
static FoveaEvaluation *
evaluate_by_folds (FoveaTraining *self)
{
  const FoveaHeadResult *result = self->result;
  gsize k = self->rows->n_concepts, n = 0;
  g_autofree float *probabilities = NULL;
  g_autofree gint8 *truth = NULL;
  g_autofree gint64 *ids = NULL;
  g_autoptr (GPtrArray) labels = fovea_training_dup_labels (self);
  FoveaEvalData data = { .labels = labels, .exclusive = fovea_predictor_get_exclusive (self->predictor), .assume_negatives = TRUE };

  if (result->out_of_fold == NULL)
    return NULL;
  probabilities = g_new (float, MAX (self->rows->n * k, 1));
  truth = g_new (gint8, MAX (self->rows->n * k, 1));
  ids = g_new (gint64, MAX (self->rows->n, 1));
  for (gsize i = 0; i < self->rows->n; i++)
    {
      if (result->fold[i] < 0)
        continue;
      memcpy (probabilities + n * k, result->out_of_fold + i * k, k * sizeof (float));
      memcpy (truth + n * k, self->rows->labels + i * k, k);
      ids[n++] = self->rows->ids[i];
    }
  data.n_rows = n;
  data.probabilities = probabilities;
  data.truth = truth;
  data.ids = ids;
  return n > 0 ? fovea_evaluation_new (&data) : NULL;
}

/* On what the version was trained. */
static JsonObject *
trained_on_json (FoveaTraining *self)
{
  JsonObject *object = json_object_new ();

  if (self->split != NULL)
    json_object_set_string_member (object, "split", self->split);
  json_object_set_int_member (object, "pictures", (gint64) self->rows->n);
  json_object_set_double_member (object, "seconds", (double) (g_get_monotonic_time () - self->started_us) / G_TIME_SPAN_SECOND);
  return object;
}

/* metrics: {"kfold":EvalMetrics, "splits":{…}, "cross_validation":[…], "trained_on":{"split","pictures","seconds"},
 * "training":{…} of a deep one}. */
static char *
metrics_json (FoveaTraining *self, const char *version_id)
{
  g_autoptr (JsonNode) root = fovea_json_take_object (json_object_new ());
  JsonObject *object = json_node_get_object (root);
  JsonArray *scores = json_array_new ();

  if (self->retrieval != NULL)
    json_object_set_member (object, "kfold", fovea_retrieval_metrics_dup_json (self->kfold, self->retrieval, version_id, NULL));
  else if (self->kfold != NULL)
    json_object_set_member (object, "kfold", fovea_eval_metrics_dup_json (self->kfold, version_id, NULL));
  for (guint i = 0; self->result != NULL && self->result->scores != NULL && i < self->result->scores->len; i++)
    {
      const FoveaHeadScore *score = &g_array_index (self->result->scores, FoveaHeadScore, i);
      JsonObject *one = json_object_new ();

      json_object_set_string_member (one, "fit", fovea_views_name (score->views));
      json_object_set_double_member (one, "c", score->c);
      json_object_set_double_member (one, "log_loss", score->log_loss);
      json_object_set_double_member (one, "accuracy", score->accuracy);
      json_object_set_double_member (one, "top1_accuracy", score->top1);
      json_array_add_object_element (scores, one);
    }
  json_object_set_array_member (object, "cross_validation", scores);
  json_object_set_object_member (object, "splits", json_object_new ());
  json_object_set_object_member (object, "trained_on", trained_on_json (self));
  if (self->deep != NULL)
    json_object_set_object_member (object, "training", json_object_ref (self->deep));
  return fovea_json_to_string (root);
}

static gint64
seed_of (FoveaModelType *type)
{
  GParamSpec *pspec = g_object_class_find_property (G_OBJECT_GET_CLASS (type), "seed");
  gint64 seed = 0;

  if (pspec != NULL)
    {
      g_auto (GValue) value = G_VALUE_INIT, as_int = G_VALUE_INIT;

      g_value_init (&value, pspec->value_type);
      g_value_init (&as_int, G_TYPE_INT64);
      g_object_get_property (G_OBJECT (type), "seed", &value);
      if (g_value_transform (&value, &as_int))
        seed = g_value_get_int64 (&as_int);
    }
  return seed;
}

static void
describe (FoveaTraining *self)
{
  const FoveaHead *head = self->deep == NULL ? fovea_predictor_get_head (self->predictor) : NULL;
  const FoveaHeadResult *result = self->result;

  g_string_append_printf (self->log, "%" G_GSIZE_FORMAT " pictures, %u concepts, split %s\n", self->rows->n, self->rows->n_concepts,
                          self->split != NULL ? self->split : "all");
  if (head != NULL)
    g_string_append_printf (self->log, "fit %s, C %g, %s concepts\n", fovea_views_name (head->views), head->c,
                            head->exclusive ? "exclusive" : "independent");
  if (result != NULL && result->folds > 0)
    g_string_append_printf (self->log, "%u folds: accuracy %.3f (%.3f to %.3f) on %" G_GSIZE_FORMAT " pictures\n", result->folds,
                            result->accuracy, result->accuracy_low, result->accuracy_high, result->n_evaluated);
  g_string_append_printf (self->log, "%.1f seconds\n", (double) (g_get_monotonic_time () - self->started_us) / G_TIME_SPAN_SECOND);
}

static void
make_version (FoveaTraining *self)
{
  g_autoptr (JsonNode) params = fovea_params_to_json (G_OBJECT (self->state->type));
  g_autoptr (GPtrArray) labels = fovea_training_dup_labels (self);
  g_autoptr (JsonNode) concepts = fovea_labels_to_json (labels);
  FoveaStoreVersion *version = fovea_store_version_new ();

  describe (self);
  version->public_id = g_strdup (self->version_id);
  version->model = self->state->model->id;
  version->status = FOVEA_STORE_VERSION_TRAINED;
  version->status_details = g_strdup ("");
  version->description = g_strdup ("");
  version->params = fovea_json_to_string (params);
  version->params_version = fovea_model_type_get_info (self->state->type)->params_version;
  version->concepts = fovea_json_to_string (concepts);
  version->data_hash = fovea_training_dup_data_hash (self);
  version->seed = seed_of (self->state->type);
  if (self->result != NULL)
    self->kfold = evaluate_by_folds (self);
  version->metrics = metrics_json (self, version->public_id);
  version->log = g_strdup (self->log->str);
  version->n_inputs = self->rows->n;
  version->created_at = version->completed_at = g_get_real_time ();
  self->version = version;
}

static gboolean
write_version (FoveaStore *store, gpointer data, GError **error)
{
  FoveaTraining *self = data;
  g_autoptr (GBytes) weights = self->predictor != NULL ? fovea_predictor_to_bytes (self->predictor) : NULL;
  gint64 id;

  if (!fovea_store_begin_work (store, error))
    return FALSE;
  if (fovea_store_add_version (store, self->version, &id, error)
      && (weights == NULL || fovea_store_put_weights (store, id, FOVEA_WEIGHTS_HEAD, weights, error))
      && (self->network == NULL || fovea_store_put_weights (store, id, FOVEA_WEIGHTS_NETWORK, self->network, error))
      && (self->kfold == NULL || fovea_evaluation_store (store, id, self->kfold, error))
      && fovea_store_release_job (store, self->job_row, FOVEA_STORE_JOB_DONE, "", error))
    return fovea_store_commit_work (store, error);
  fovea_store_rollback_work (store);
  return FALSE;
}

static gboolean
write_failure (FoveaStore *store, gpointer data, GError **error)
{
  FoveaTraining *self = data;

  const gboolean cancelled = g_cancellable_is_cancelled (fovea_job_get_cancellable (self->job));

  return self->job_row == 0
         || fovea_store_release_job (store, self->job_row, cancelled ? FOVEA_STORE_JOB_CANCELLED : FOVEA_STORE_JOB_FAILED, "", error);
}

/* ---- what it is worth on pictures that it has not seen ---- */

/* The split "test", and where the version before was measured, so that the two can be compared; not what it was trained on.
 * Without a split everything that is labelled was. (element-type utf8) */
static GPtrArray *
list_splits_to_measure (FoveaTraining *self)
{
  GPtrArray *splits = g_ptr_array_new_with_free_func (g_free);
  const char *metrics = self->state->version != NULL ? self->state->version->metrics : "{}";
  g_autoptr (JsonNode) root = json_from_string (metrics, NULL);
  JsonObject *object = root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
  JsonNode *node = object != NULL ? json_object_get_member (object, "splits") : NULL;
  g_autoptr (GList) names = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_members (json_node_get_object (node)) : NULL;

  if (self->split == NULL)
    return splits;
  for (const GList *name = names; name != NULL; name = name->next)
    if (strcmp (name->data, "test") != 0 && strcmp (name->data, self->split) != 0)
      g_ptr_array_add (splits, g_strdup (name->data));
  if (strcmp (self->split, "test") != 0)
    g_ptr_array_add (splits, g_strdup ("test"));
  return splits;
}

typedef struct {
  const char *split;
  gboolean has_labels;
} LabelledSplit;

static gboolean
look_for_labels (FoveaStore *store, gpointer data, GError **error)
{
  LabelledSplit *looked = data;
  g_autoptr (GArray) said = fovea_store_get_training_labels (store, looked->split, NULL, 0, error);

  looked->has_labels = said != NULL && said->len > 0;
  return said != NULL;
}

/* The version is there whatever comes of this; what did not work is said in its stead. Returns what to say, (nullable). */
static char *
measure (FoveaTraining *self)
{
  g_autoptr (GPtrArray) splits = list_splits_to_measure (self);
  char *text = NULL;

  for (guint i = 0; i < splits->len; i++)
    {
      LabelledSplit looked = { g_ptr_array_index (splits, i), FALSE };
      g_autoptr (GError) error = NULL;

      if (!fovea_core_read (self->core, look_for_labels, &looked, NULL) || !looked.has_labels)
        continue;
      fovea_job_set_detail (self->job, _("Measuring it on pictures that it has not seen"));
      g_free (text);
      text = fovea_evaluate_in_job (self->core, self->job, self->model_id, self->version_id, looked.split, &error);
      if (text == NULL)
        text = g_strdup (error->message);
    }
  return text;
}

/* ---- the job ---- */

static gboolean
check_enough (FoveaTraining *self, GError **error)
{
  if (self->rows->n > 0)
    return TRUE;
  g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
               _("No picture%s%s is labelled with a concept of this model; label some first (fovea label, or import class folders)"),
               self->split != NULL ? _(" of split ") : "", self->split != NULL ? self->split : "");
  return FALSE;
}

static char *
dup_retrieval_summary (FoveaTraining *self)
{
  const FoveaRetrieval *all = &self->retrieval[fovea_evaluation_get_n_concepts (self->kfold)];

  return g_strdup_printf (ngettext ("The nearest picture is alike for %.1f %% of %u picture that was held out",
                                    "The nearest picture is alike for %.1f %% of %u pictures that were held out", (gulong) all->n),
                          all->n > 0 ? 100 * all->recall_at_1 : 0, (guint) all->n);
}

static void
finish (FoveaTraining *self, const char *measured)
{
  g_autofree char *summary = NULL;
  g_autoptr (JsonNode) document = NULL;
  JsonNode *model;

  model = fovea_model_dup_json (self->state->model, self->state->type, self->concepts, self->version);
  document = fovea_document_new ("model", model);
  fovea_job_set_result_json (self->job, fovea_json_to_string (document));
  if (measured != NULL)
    summary = g_strdup (measured);
  else if (self->result != NULL && self->result->folds > 0)
    summary = g_strdup_printf (_("Accuracy %.1f %% (%.1f to %.1f) on %u pictures by %u-fold cross-validation"),
                               100 * self->result->accuracy, 100 * self->result->accuracy_low, 100 * self->result->accuracy_high,
                               (guint) self->result->n_evaluated, self->result->folds);
  else if (self->retrieval != NULL)
    summary = dup_retrieval_summary (self);
  else if (self->deep != NULL && self->kfold != NULL)
    summary = g_strdup_printf (_("Accuracy %.1f %% on %u pictures that were held out"),
                               100 * json_object_get_double_member_with_default (self->deep, "validation_accuracy", 0),
                               (guint) fovea_evaluation_get_n_rows (self->kfold));
  else
    summary = g_strdup_printf (ngettext ("Trained on %u picture", "Trained on %u pictures", self->rows->n), (guint) self->rows->n);
  fovea_job_set_summary (self->job, summary);
}

/* A head on the vectors of an embedder. */
static gboolean
train_head (FoveaTraining *self, GError **error)
{
  guint fits_mask;
  const char *pack_name;

  pack_name = fovea_model_type_get_embedder (self->state->type, &fits_mask);
  if (!fovea_rows_load_vectors (self->rows, self->core, self->job, pack_name, fits_mask, error) || !check_enough (self, error))
    return FALSE;
  return fovea_scheduler_run (fovea_core_get_scheduler (self->core), FOVEA_PRIORITY_TRAINING, fit, self,
                              fovea_job_get_cancellable (self->job), error);
}

static gboolean
train (FoveaTraining *self, GError **error)
{
  if (!fovea_core_write (self->core, load_training, self, error) || !check_enough (self, error))
    return FALSE;
  if (!(fovea_model_type_is_deep (self->state->type) ? fovea_deep_train (self, error) : train_head (self, error))
      || !fovea_job_checkpoint (self->job, error))
    return FALSE;
  make_version (self);
  if (!fovea_core_write (self->core, write_version, self, error))
    return FALSE;
  fovea_deep_train_forget (self);
  return TRUE;
}

static gboolean
train_main (FoveaJob *job, gpointer data, GError **error)
{
  FoveaTraining *self = data;

  self->job = job;
  self->log = g_string_new (NULL);
  self->version_id = fovea_store_new_id ();
  self->started_us = g_get_monotonic_time ();
  fovea_job_set_detail (job, _("Gathering labelled pictures"));
  if (train (self, error))
    {
      g_autofree char *measured = self->evaluate ? measure (self) : NULL;

      finish (self, measured);
      return TRUE;
    }
  fovea_core_write (self->core, write_failure, self, NULL);
  if (g_cancellable_is_cancelled (fovea_job_get_cancellable (job)))
    fovea_deep_train_forget (self);
  g_prefix_error (error, _("Training “%s”: "), self->model_id);
  return FALSE;
}

static void
free_training (gpointer data)
{
  FoveaTraining *self = data;

  g_clear_pointer (&self->state, fovea_model_state_free);
  g_clear_pointer (&self->concepts, g_ptr_array_unref);
  g_clear_pointer (&self->rows, fovea_rows_free);
  g_clear_pointer (&self->predictor, fovea_predictor_unref);
  g_clear_pointer (&self->result, fovea_head_result_free);
  g_clear_pointer (&self->kfold, fovea_evaluation_unref);
  g_clear_pointer (&self->retrieval, g_free);
  g_clear_pointer (&self->version, fovea_store_version_free);
  g_clear_pointer (&self->deep, json_object_unref);
  g_clear_pointer (&self->network, g_bytes_unref);
  g_free (self->version_id);
  if (self->log != NULL)
    g_string_free (self->log, TRUE);
  g_strfreev (self->params);
  g_free (self->model_id);
  g_free (self->split);
  fovea_core_unref (self->core);
  g_free (self);
}

FoveaJob *
fovea_project_train (FoveaProject *project, const char *model_id, const FoveaTrainOptions *options)
{
  FoveaTraining *self = g_new0 (FoveaTraining, 1);
  g_autofree char *title = g_strdup_printf (_("Train %s"), fovea_project_get_model_name (project, model_id));
  FoveaJob *job;

  self->core = fovea_core_ref (fovea_project_get_core (project));
  self->model_id = g_strdup (model_id);
  if (options != NULL)
    {
      self->split = g_strdup (options->split);
      self->params = g_strdupv ((char **) options->params);
      self->resume = options->resume;
      self->evaluate = options->evaluate;
    }
  job = fovea_job_new (FOVEA_JOB_TRAIN, title, train_main, self, free_training);
  fovea_job_set_target (job, model_id);
  fovea_project_start_job (project, job);
  return job;
}
