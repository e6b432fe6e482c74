/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include "engine/engine-error.h"
#include "engine/model-file.h"
#include "engine/model-jobs.h"
#include "store/store-error.h"

/* The small pack's network as another program would have exported it: [N,3,8,8] → four scores, without a word about them. */
static char *
write_foreign (Scratch *scratch)
{
  g_autoptr (FoveaGraph) pack = mini_pack_graph ("mini");
  const char *output = "logits";
  g_autoptr (FoveaGraph) graph = fovea_graph_cut (pack, &output, 1, NULL);
  char *path = scratch_path (scratch, "theirs.onnx");
  g_autoptr (GError) error = NULL;

  g_hash_table_remove_all (graph->metadata);
  g_assert_true (fovea_onnx_save (graph, path, &error));
  g_assert_no_error (error);
  return path;
}

static FoveaJob *
import (Scratch *scratch, const char *path, const char *labels, const char *id, GError **error)
{
  g_autoptr (FoveaModelFile) file = fovea_model_file_open (path, NULL);
  g_auto (FoveaImportForm) form = { .bgr = -1 };
  FoveaJob *job;

  g_assert_nonnull (file);
  form.labels = g_strdup (labels);
  form.range = g_strdup ("0..1");
  job = fovea_project_import_model (scratch->project, file, &form, id, "Theirs");
  fovea_job_wait (job, NULL, NULL, error);
  return job;
}

static JsonObject *
find_model (JsonNode *list, const char *id)
{
  JsonArray *models = json_object_get_array_member (json_node_get_object (list), "models");

  for (guint i = 0; i < json_array_get_length (models); i++)
    if (strcmp (json_object_get_string_member (json_array_get_object_element (models, i), "id"), id) == 0)
      return json_array_get_object_element (models, i);
  return NULL;
}

static guint
count_models (Scratch *scratch)
{
  g_autoptr (JsonNode) list = fovea_project_dup_models_json (scratch->project, NULL);

  return json_array_get_length (json_object_get_array_member (json_node_get_object (list), "models"));
}

/* Comes in, is measured, says what every picture shows, and is what another model stands on. */
static void
test_use (void)
{
  Scratch scratch;
  g_autofree char *path = NULL, *id = NULL, *out = NULL;
  g_autoptr (FoveaJob) pictures = NULL;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaJob) evaluation = NULL;
  g_autoptr (FoveaJob) all = NULL;
  g_autoptr (FoveaJob) training = NULL;
  g_autoptr (FoveaJob) again = NULL;
  g_autoptr (JsonNode) list = NULL, payload = NULL;
  g_autoptr (GError) error = NULL;
  JsonObject *version;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data/train", 8, 0);
  scratch_classes (&scratch, "data/test", 4, 500);
  pictures = scratch_import (&scratch, "data");
  path = write_foreign (&scratch);
  job = import (&scratch, path, "Red,blue,green,grey", NULL, &error);
  g_assert_no_error (error);
  id = fovea_model_import_dup_id (job);
  g_assert_cmpstr (id, ==, "theirs");
  list = fovea_project_dup_models_json (scratch.project, &error);
  g_assert_no_error (error);
  version = json_object_get_object_member (find_model (list, "theirs"), "model_version");
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (version, "status"), "code"), ==, 21100);
  g_assert_cmpint (json_object_get_int_member (version, "active_concept_count"), ==, 4);
  g_assert_true (json_object_has_member (json_object_get_object_member (version, "metrics"), "imported"));

  evaluation = fovea_project_evaluate (scratch.project, "theirs", "test"); /* “Red” is the project's red */
  g_assert_true (fovea_job_wait (evaluation, NULL, NULL, &error));
  g_assert_no_error (error);
  all = fovea_project_predict_all (scratch.project, "theirs");
  g_assert_true (fovea_job_wait (all, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_nonnull (strstr (fovea_job_get_summary (all), "24"));

  payload = json_from_string ("{\"model\":{\"id\":\"on\",\"input_info\":{\"params\":{\"base_embed_model\":\"theirs\"}}}}", NULL);
  g_assert_true (fovea_project_create_model (scratch.project, payload, &error));
  training = fovea_project_train (scratch.project, "on", NULL);
  g_assert_true (fovea_job_wait (training, NULL, NULL, &error));
  g_assert_no_error (error);

  out = scratch_path (&scratch, "out.onnx");
  g_assert_true (fovea_project_export_model (scratch.project, "theirs", out, &error));
  again = import (&scratch, out, NULL, "back", &error);
  g_assert_no_error (error);
  scratch_clear (&scratch);
}

/* Whatever is wrong, nothing is left of it. */
static void
test_refused (void)
{
  Scratch scratch;
  g_autofree char *path = NULL, *text = NULL;
  g_autoptr (FoveaJob) first = NULL, taken = NULL, few = NULL, none = NULL;
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, FALSE);
  path = write_foreign (&scratch);
  few = import (&scratch, path, "a,b", "m", &error);
  g_assert_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID);
  g_clear_error (&error);
  none = import (&scratch, path, NULL, "m", &error);
  g_assert_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID);
  g_assert_nonnull (strstr (error->message, "--labels"));
  g_clear_error (&error);
  g_assert_cmpuint (count_models (&scratch), ==, 0);
  first = import (&scratch, path, "a,b,c,d", "m", &error);
  g_assert_no_error (error);
  taken = import (&scratch, path, "a,b,c,d", "m", &error);
  g_assert_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT);
  g_clear_error (&error);
  g_assert_cmpuint (count_models (&scratch), ==, 1);
  text = scratch_path (&scratch, "no-model.onnx");
  g_assert_true (g_file_set_contents (text, "not a model", -1, NULL));
  g_assert_null (fovea_model_file_open (text, &error));
  g_assert_nonnull (error);
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/model-import/use", test_use);
  g_test_add_func ("/engine/model-import/refused", test_refused);
  return g_test_run ();
}
