/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include "engine/model-jobs.h"
#include "engine/one-concept.h"

static void
create_model (Scratch *scratch, const char *id)
{
  g_autofree char *text = g_strdup_printf ("{\"model\":{\"id\":\"%s\",\"output_info\":{\"output_config\":"
                                           "{\"concepts_mutually_exclusive\":true}}}}", id);
  g_autoptr (JsonNode) payload = json_from_string (text, NULL);
  g_autoptr (GError) error = NULL;

  fovea_project_create_model (scratch->project, payload, &error);
  g_assert_no_error (error);
}

static FoveaJob *
train (Scratch *scratch)
{
  FoveaJob *job = fovea_project_train (scratch->project, "m", NULL);
  g_autoptr (GError) error = NULL;

  fovea_job_wait (job, NULL, NULL, &error);
  g_assert_no_error (error);
  return job;
}

static JsonObject *
output_at (GPtrArray *outputs, guint i)
{
  return json_node_get_object (g_ptr_array_index (outputs, i));
}

static const char *
top_concept (JsonObject *output)
{
  JsonArray *concepts = json_object_get_array_member (json_object_get_object_member (output, "data"), "concepts");

  return json_object_get_string_member (json_array_get_object_element (concepts, 0), "id");
}

static void
test_train_evaluate_predict (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaJob) training = NULL;
  g_autoptr (FoveaJob) evaluation = NULL;
  g_autoptr (FoveaJob) prediction = NULL;
  g_autoptr (JsonObject) result = NULL;
  g_autoptr (JsonObject) metrics = NULL;
  g_autoptr (GPtrArray) outputs = g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);
  g_autofree char *red = NULL, *nothing = NULL, *blue = NULL;
  FoveaPredictOptions options = { .top_k = 1, .min_value = -1 };
  JsonObject *summary;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data/train", 12, 0);
  scratch_classes (&scratch, "data/test", 4, 500);
  import = scratch_import (&scratch, "data");
  create_model (&scratch, "m");
  training = train (&scratch);
  result = scratch_result (training);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (json_object_get_object_member (result, "model"), "model_version"),
                                               "total_input_count"), ==, 24);

  evaluation = fovea_project_evaluate (scratch.project, "m", "test");
  g_assert_true (fovea_job_wait (evaluation, NULL, NULL, NULL));
  metrics = scratch_result (evaluation);
  summary = json_object_get_object_member (json_array_get_object_element (json_object_get_array_member (metrics, "eval_metrics"), 0), "summary");
  g_assert_cmpfloat (json_object_get_double_member (summary, "top1_accuracy"), ==, 1.0);

  blue = scratch_path (&scratch, "data/test/blue/001.png");
  nothing = scratch_path (&scratch, "data/nothing.png");
  red = scratch_path (&scratch, "data/test/red/002.png");
  {
    const char *paths[] = { blue, nothing, red, NULL };

    prediction = fovea_predict_files (scratch.project, "m", paths, &options, scratch_keep_output, outputs, NULL);
    g_assert_true (fovea_job_wait (prediction, NULL, NULL, NULL));
  }
  g_assert_cmpuint (outputs->len, ==, 3);
  g_assert_cmpuint (fovea_job_get_failed_count (prediction), ==, 1);
  g_assert_cmpstr (top_concept (output_at (outputs, 0)), ==, "blue");
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (output_at (outputs, 1), "status"), "code"), !=, 10000);
  g_assert_cmpuint (json_object_get_size (json_object_get_object_member (output_at (outputs, 1), "data")), ==, 0);
  g_assert_cmpstr (top_concept (output_at (outputs, 2)), ==, "red");
  scratch_clear (&scratch);
}

static void
test_same_data_same_hash (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  g_autofree char *hashes[2] = { NULL, NULL };

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data", 5, 0);
  import = scratch_import (&scratch, "data");
  create_model (&scratch, "m");
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (FoveaJob) job = train (&scratch);
      g_autoptr (JsonObject) result = scratch_result (job);

      hashes[i] = g_strdup (json_object_get_string_member (
          json_object_get_object_member (json_object_get_object_member (result, "model"), "model_version"), "data_hash"));
    }
  g_assert_cmpstr (hashes[0], ==, hashes[1]);
  g_assert_cmpuint (strlen (hashes[0]), ==, 64);
  g_free (g_steal_pointer (&hashes[1]));
  scratch_clear (&scratch);
}

static void
test_failures (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) unknown = NULL;
  g_autoptr (FoveaJob) empty = NULL;
  g_autoptr (FoveaJob) untrained = NULL;
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, TRUE);
  unknown = fovea_project_train (scratch.project, "nobody", NULL);
  g_assert_false (fovea_job_wait (unknown, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "nobody"));
  g_clear_error (&error);
  create_model (&scratch, "m");
  empty = fovea_project_train (scratch.project, "m", NULL);
  g_assert_false (fovea_job_wait (empty, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "label some first"));
  g_clear_error (&error);
  untrained = fovea_project_evaluate (scratch.project, "m", "test");
  g_assert_false (fovea_job_wait (untrained, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "not trained yet"));
  scratch_clear (&scratch);
}

static void
test_embedding_is_caught_up (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (FoveaJob) again = NULL;
  g_autoptr (FoveaJob) without = NULL;
  g_autoptr (FoveaJob) with = NULL;
  g_autoptr (FoveaGraph) graph = NULL;
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data", 3, 0);
  import = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (import, "embedding_pending"), ==, 6);
  again = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (again, "unchanged"), ==, 6);
  g_assert_cmpint (scratch_count (again, "embedding_pending"), ==, 6);
  without = fovea_project_embed (scratch.project);
  g_assert_false (fovea_job_wait (without, NULL, NULL, &error));
  g_assert_nonnull (error);
  graph = mini_pack_graph ("efficientnet-lite0");
  mini_pack_save (graph, scratch.packs, "efficientnet-lite0");
  with = fovea_project_embed (scratch.project);
  g_assert_true (fovea_job_wait (with, NULL, NULL, NULL));
  g_assert_cmpstr (fovea_job_get_summary (with), ==, "6 embedded, 0 could not be read");
  scratch_clear (&scratch);
}

/* The same folder again, once the network is there: what waits is embedded, though no file is new. */
static void
test_import_catches_up (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) first = NULL;
  g_autoptr (FoveaJob) again = NULL;
  g_autoptr (FoveaJob) third = NULL;
  g_autoptr (FoveaGraph) graph = NULL;

  scratch_init (&scratch, FALSE);
  scratch_classes (&scratch, "data", 3, 0);
  first = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (first, "embedding_pending"), ==, 6);
  graph = mini_pack_graph ("efficientnet-lite0");
  mini_pack_save (graph, scratch.packs, "efficientnet-lite0");
  again = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (again, "unchanged"), ==, 6);
  g_assert_cmpint (scratch_count (again, "embedded"), ==, 6);
  g_assert_cmpint (scratch_count (again, "embedding_pending"), ==, 0);
  third = scratch_import (&scratch, "data");
  g_assert_cmpint (scratch_count (third, "embedded"), ==, 0);
  scratch_clear (&scratch);
}

static gboolean
is_exclusive (Scratch *scratch, const char *id)
{
  g_autofree char *text = g_strdup_printf ("{\"model\":{\"id\":\"%s\"}}", id);
  g_autoptr (JsonNode) payload = json_from_string (text, NULL);
  g_autoptr (JsonNode) list = NULL;
  g_autoptr (GError) error = NULL;
  JsonArray *models;

  fovea_project_create_model (scratch->project, payload, &error);
  g_assert_no_error (error);
  list = fovea_project_dup_models_json (scratch->project, &error);
  g_assert_no_error (error);
  models = json_object_get_array_member (json_node_get_object (list), "models");
  for (guint i = 0; i < json_array_get_length (models); i++)
    {
      JsonObject *model = json_array_get_object_element (models, i);
      JsonObject *info = json_object_get_object_member (model, "output_info");

      if (g_str_equal (json_object_get_string_member (model, "id"), id))
        return json_object_get_boolean_member (json_object_get_object_member (info, "output_config"), "concepts_mutually_exclusive");
    }
  g_assert_not_reached ();
}

static void
on_rule_set (GObject *source, GAsyncResult *result, gpointer done)
{
  *(gboolean *) done = fovea_project_set_one_concept_finish (FOVEA_PROJECT (source), result, NULL);
}

/* What was not said when a model is made follows from the project's rule, and from the labels where it has none. */
static void
test_exclusive_follows_labels (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL;
  g_autoptr (GError) error = NULL;
  gint64 first = 1;
  gboolean done = FALSE;

  scratch_init (&scratch, FALSE);
  g_assert_false (is_exclusive (&scratch, "empty"));
  scratch_classes (&scratch, "data", 3, 0);
  import = scratch_import (&scratch, "data");
  g_assert_true (is_exclusive (&scratch, "folders"));
  g_assert_cmpint (fovea_project_label (scratch.project, &first, 1, "both", FOVEA_LABEL_POSITIVE, &error), ==, 1);
  g_assert_no_error (error);
  g_assert_true (is_exclusive (&scratch, "replaced"));
  fovea_project_set_one_concept_async (scratch.project, FALSE, NULL, on_rule_set, &done);
  WAIT_FOR (done);
  g_assert_true (is_exclusive (&scratch, "not-said"));
  g_assert_cmpint (fovea_project_label (scratch.project, &first, 1, "red", FOVEA_LABEL_POSITIVE, &error), ==, 1);
  g_assert_no_error (error);
  g_assert_false (is_exclusive (&scratch, "two-on-one"));
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/models/train-evaluate-predict", test_train_evaluate_predict);
  g_test_add_func ("/engine/models/same-data-same-hash", test_same_data_same_hash);
  g_test_add_func ("/engine/models/failures", test_failures);
  g_test_add_func ("/engine/models/embedding-is-caught-up", test_embedding_is_caught_up);
  g_test_add_func ("/engine/models/import-catches-up", test_import_catches_up);
  g_test_add_func ("/engine/models/exclusive-follows-labels", test_exclusive_follows_labels);
  return g_test_run ();
}
