/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "models/eval-json.h"
#include "models/output-json.h"

static GPtrArray *
make_labels (void)
{
  GPtrArray *labels = fovea_labels_new ();

  g_ptr_array_add (labels, fovea_label_new ("cat", "Cat"));
  g_ptr_array_add (labels, fovea_label_new ("dog", "Dog"));
  g_ptr_array_add (labels, fovea_label_new ("owl", "Owl"));
  return labels;
}

static void
expect_concepts (const FoveaOutputLimits *limits, const char *expected)
{
  g_autoptr (GPtrArray) labels = make_labels ();
  const float values[3] = { 0.25f, 0.5f, 0.25f };
  g_autoptr (JsonNode) node = fovea_concepts_dup_json (labels, values, limits);
  g_autoptr (GString) ids = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
    g_string_append_printf (ids, "%s ", json_object_get_string_member (json_array_get_object_element (json_node_get_array (node), i), "id"));
  g_assert_cmpstr (ids->str, ==, expected);
}

static void
test_limits (void)
{
  expect_concepts (&(FoveaOutputLimits){ 0, 0.0, NULL }, "dog cat owl ");
  expect_concepts (&(FoveaOutputLimits){ 2, 0.0, NULL }, "dog cat ");
  expect_concepts (&(FoveaOutputLimits){ 20, 0.3, NULL }, "dog ");
  expect_concepts (&(FoveaOutputLimits){ 20, 0.25, NULL }, "dog cat owl ");
  expect_concepts (&(FoveaOutputLimits){ 1, 0.0, (const char *const[]){ "owl", "Cat", NULL } }, "cat ");
  expect_concepts (&(FoveaOutputLimits){ 0, 0.0, (const char *const[]){ NULL } }, "dog cat owl ");
  expect_concepts (&(FoveaOutputLimits){ 0, 0.9, NULL }, "");
}

static void
test_output (void)
{
  g_autoptr (GPtrArray) labels = make_labels ();
  const float values[3] = { 0.2f, 0.7f, 0.1f };
  FoveaOutputLimits limits = { 1, 0.0, NULL };
  g_autoptr (JsonNode) good = fovea_output_dup_json ("id-1", "a.jpg", NULL, labels, values, &limits, FOVEA_STATUS_SUCCESS, NULL);
  g_autoptr (JsonNode) bad = fovea_output_dup_json ("id-2", "b.jpg", NULL, labels, NULL, &limits, FOVEA_STATUS_INPUT_FAILED, "truncated JPEG");
  JsonObject *output = json_node_get_object (good), *failed = json_node_get_object (bad);
  JsonArray *concepts = json_object_get_array_member (json_object_get_object_member (output, "data"), "concepts");
  JsonObject *image
    = json_object_get_object_member (json_object_get_object_member (json_object_get_object_member (output, "input"), "data"), "image");

  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (output, "status"), "code"), ==, 10000);
  g_assert_cmpstr (json_object_get_string_member (image, "url"), ==, "a.jpg");
  g_assert_cmpuint (json_array_get_length (concepts), ==, 1);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (json_array_get_object_element (concepts, 0), "value"), 0.7, 1e-6);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (failed, "status"), "code"), ==, FOVEA_STATUS_INPUT_FAILED);
  g_assert_cmpstr (json_object_get_string_member (json_object_get_object_member (failed, "status"), "details"), ==, "truncated JPEG");
  g_assert_cmpuint (json_object_get_size (json_object_get_object_member (failed, "data")), ==, 0);
}

/* Five rows, one of them without a label; worked out by hand. */
static void
test_metrics (void)
{
  static const float p[15] = { 0.8f, 0.1f, 0.1f, /* cat, right */
                               0.3f, 0.6f, 0.1f, /* cat, taken for a dog */
                               0.2f, 0.7f, 0.1f, /* dog, right */
                               0.1f, 0.2f, 0.7f, /* dog, taken for an owl */
                               0.5f, 0.3f, 0.2f };
  static const gint8 truth[15] = { 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0 };
  static const char *const ids[5] = { "r0", "r1", "r2", "r3", "r4" };
  g_autoptr (GPtrArray) labels = make_labels ();
  FoveaEvalData data = { 5, labels, p, truth, TRUE, TRUE, NULL, NULL };
  g_autoptr (FoveaEvaluation) evaluation = fovea_evaluation_new (&data);
  g_autoptr (JsonNode) node = fovea_eval_metrics_dup_json (evaluation, "e", ids);
  JsonObject *metrics = json_node_get_object (node), *summary = json_object_get_object_member (metrics, "summary"), *cat, *owl, *entry;
  JsonArray *matrix = json_object_get_array_member (json_object_get_object_member (metrics, "confusion_matrix"), "matrix");
  JsonArray *binary = json_object_get_array_member (metrics, "binary_metrics");

  g_assert_cmpfloat (json_object_get_double_member (summary, "top1_accuracy"), ==, 0.5);
  g_assert_cmpfloat (json_object_get_double_member (summary, "top5_accuracy"), ==, 1.0);
  g_assert_cmpint (json_object_get_int_member (summary, "num_tot"), ==, 4);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (summary, "top1_accuracy_low"), 0.1500, 1e-3);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (summary, "top1_accuracy_high"), 0.8500, 1e-3);
  g_assert_cmpuint (json_array_get_length (matrix), ==, 4);
  entry = json_array_get_object_element (matrix, 1);
  g_assert_cmpstr (json_object_get_string_member (entry, "actual"), ==, "cat");
  g_assert_cmpstr (json_object_get_string_member (entry, "predicted"), ==, "dog");
  g_assert_cmpfloat (json_object_get_double_member (entry, "value"), ==, 0.5);

  cat = json_array_get_object_element (binary, 0);
  g_assert_cmpint (json_object_get_int_member (cat, "num_pos"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (cat, "num_neg"), ==, 2);
  g_assert_cmpfloat (json_object_get_double_member (cat, "roc_auc"), ==, 1.0); /* .8 and .3 above .2 and .1 */
  g_assert_cmpfloat (json_object_get_double_member (cat, "precision"), ==, 1.0);
  g_assert_cmpfloat (json_object_get_double_member (cat, "recall"), ==, 0.5);
  owl = json_array_get_object_element (binary, 2);
  g_assert_true (json_object_get_null_member (owl, "roc_auc")); /* no owl to find */
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (metrics, "test_set")), ==, 4);
  g_assert_cmpfloat (json_object_get_double_member (summary, "macro_avg_recall"), ==, 0.5);
}

static void
test_independent_metrics (void)
{
  static const float p[6] = { 0.9f, 0.6f, 0.2f, 0.4f, 0.7f, 0.1f };
  static const gint8 truth[6] = { 1, 1, 0, -1, -1, 0 };
  g_autoptr (GPtrArray) labels = make_labels ();
  FoveaEvalData data = { 2, labels, p, truth, FALSE, FALSE, NULL, NULL };
  g_autoptr (FoveaEvaluation) evaluation = fovea_evaluation_new (&data);
  g_autoptr (JsonNode) node = fovea_eval_metrics_dup_json (evaluation, "e", NULL);
  JsonObject *metrics = json_node_get_object (node);
  JsonArray *binary = json_object_get_array_member (metrics, "binary_metrics");
  JsonObject *cat = json_array_get_object_element (binary, 0),
             *dog = json_array_get_object_element (binary, 1), *owl = json_array_get_object_element (binary, 2);

  g_assert_cmpfloat (json_object_get_double_member (cat, "f1"), ==, 1.0);
  g_assert_cmpfloat (json_object_get_double_member (dog, "precision"), ==, 0.5);
  g_assert_cmpint (json_object_get_int_member (owl, "num_tot"), ==, 0); /* never said */
  g_assert_false (json_object_has_member (metrics, "test_set"));
}

static void
test_nothing_to_evaluate (void)
{
  g_autoptr (GPtrArray) labels = make_labels ();
  FoveaEvalData data = { 0, labels, NULL, NULL, TRUE, TRUE, NULL, NULL };
  g_autoptr (FoveaEvaluation) evaluation = fovea_evaluation_new (&data);
  g_autoptr (JsonNode) node = fovea_eval_metrics_dup_json (evaluation, "e", NULL);
  g_autofree char *text = json_to_string (node, FALSE);

  g_assert_null (strstr (text, "nan"));
  g_assert_nonnull (strstr (text, "\"num_tot\":0"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models/documents/limits", test_limits);
  g_test_add_func ("/models/documents/output", test_output);
  g_test_add_func ("/models/documents/metrics", test_metrics);
  g_test_add_func ("/models/documents/independent-metrics", test_independent_metrics);
  g_test_add_func ("/models/documents/nothing-to-evaluate", test_nothing_to_evaluate);
  return g_test_run ();
}
