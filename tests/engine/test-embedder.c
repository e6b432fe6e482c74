/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metric learning on tiny networks and pictures of one colour: from labels to vectors that find their like, also of colours that were
 * never learned, and that other models are built on. */
#include "scratch.h"

#include <math.h>

#include "engine/model-jobs.h"
#include "nn/onnx.h"

static void
add_pictures (Scratch *scratch, const char *folder, guint n_each, guint first_number)
{
  for (guint i = 0; i < n_each; i++)
    {
      g_autofree char *green = g_strdup_printf ("%s/green/%03u.png", folder, i);
      g_autofree char *grey = g_strdup_printf ("%s/grey/%03u.png", folder, i);

      scratch_picture (scratch, green, 0x10c020 + (i << 16), first_number + 2 * i);
      scratch_picture (scratch, grey, 0x808080 + i, first_number + 2 * i + 1);
    }
  scratch_classes (scratch, folder, n_each, first_number + 1000);
}

/* Four colours, and an embedder "e" that learns two of them. */
static void
embedder_init (Scratch *scratch)
{
  g_autoptr (FoveaJob) import = NULL;

  scratch_init (scratch, TRUE);
  add_pictures (scratch, "data/train", 20, 0);
  add_pictures (scratch, "data/test", 6, 5000);
  import = scratch_import (scratch, "data");
  scratch_create_model (scratch, "visual-embedder", "e", ",\"output_info\":{\"data\":{\"concepts\":[{\"id\":\"red\"},{\"id\":\"blue\"}]}}");
}

static FoveaJob *
train (Scratch *scratch, const char *const *params, gboolean resume)
{
  const FoveaTrainOptions options = { .params = params, .resume = resume };
  FoveaJob *job = fovea_project_train (scratch->project, "e", &options);
  g_autoptr (GError) error = NULL;

  fovea_job_wait (job, NULL, NULL, &error);
  g_assert_no_error (error);
  return job;
}

static double
summary_of (JsonObject *metrics, const char *member)
{
  return json_object_get_double_member (json_object_get_object_member (metrics, "summary"), member);
}

/* What "e" says of a file: as many numbers as there should be, of unit length. */
static float *
vector_of (Scratch *scratch, const char *file, guint dim)
{
  g_autofree char *path = scratch_path (scratch, file);
  const char *const paths[] = { path, NULL };
  g_autoptr (GPtrArray) outputs = g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);
  g_autoptr (FoveaJob) job = fovea_predict_files (scratch->project, "e", paths, NULL, scratch_keep_output, outputs, NULL);
  g_autoptr (GError) error = NULL;
  JsonObject *data, *embedding;
  float *vector = g_new (float, dim);
  double square = 0;

  fovea_job_wait (job, NULL, NULL, &error);
  g_assert_no_error (error);
  data = json_object_get_object_member (json_node_get_object (g_ptr_array_index (outputs, 0)), "data");
  g_assert_false (json_object_has_member (data, "concepts"));
  embedding = json_array_get_object_element (json_object_get_array_member (data, "embeddings"), 0);
  g_assert_cmpint (json_object_get_int_member (embedding, "num_dimensions"), ==, dim);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (embedding, "vector")), ==, dim);
  for (guint i = 0; i < dim; i++)
    {
      vector[i] = (float) json_array_get_double_element (json_object_get_array_member (embedding, "vector"), i);
      square += (double) vector[i] * (double) vector[i];
    }
  g_assert_cmpfloat_with_epsilon (square, 1, 1e-4);
  return vector;
}

static double
dot (const float *a, const float *b, guint dim)
{
  double sum = 0;

  for (guint i = 0; i < dim; i++)
    sum += (double) a[i] * (double) b[i];
  return sum;
}

static const char *const quick[] = { "num_epochs=30", "batch_size=8", "head_lrate=0.02", "backbone_lrate=0.005", "embedding_dim=6", NULL };

static void
test_train (gconstpointer loss)
{
  Scratch scratch;
  const char *params[] = { quick[0], quick[1], quick[2], quick[3], quick[4], loss, NULL };
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (JsonObject) kfold = NULL, test = NULL, learned = NULL;
  g_autofree float *red = NULL, *same = NULL, *blue = NULL;
  FoveaTrainingPoint point;
  double first = NAN, last = NAN;
  guint n_validations = 0;

  embedder_init (&scratch);
  job = train (&scratch, params, FALSE);
  for (guint i = 0; fovea_job_get_training_point (job, i, &point); i++)
    if (isnan (point.validation_accuracy))
      {
        first = isnan (first) ? point.loss : first;
        last = point.loss;
      }
    else
      n_validations++;
  g_assert_cmpuint (n_validations, >=, 6);
  g_assert_cmpfloat (last, <, first);

  kfold = scratch_metrics (fovea_project_evaluate (scratch.project, "e", NULL));
  g_assert_cmpfloat (summary_of (kfold, "num_tot"), ==, 8); /* a fifth of 20 of each of two */
  g_assert_cmpfloat (summary_of (kfold, "recall_at_1"), ==, 1);
  learned = scratch_metrics (fovea_project_evaluate_concepts (scratch.project, "e", "test", (const char *const[]) { "red", "blue", NULL }));
  g_assert_cmpfloat (summary_of (learned, "num_tot"), ==, 12);
  g_assert_cmpfloat (summary_of (learned, "recall_at_1"), ==, 1);
  g_assert_cmpfloat (summary_of (learned, "map_at_r"), ==, 1);
  /* Of all that is labelled, learned or not. */
  test = scratch_metrics (fovea_project_evaluate (scratch.project, "e", "test"));
  g_assert_cmpfloat (summary_of (test, "num_tot"), ==, 24);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (test, "metrics_by_class")), ==, 4);

  red = vector_of (&scratch, "data/test/red/001.png", 6);
  same = vector_of (&scratch, "data/test/red/004.png", 6);
  blue = vector_of (&scratch, "data/test/blue/001.png", 6);
  g_assert_cmpfloat (dot (red, same, 6), >, dot (red, blue, 6) + 0.2);
  scratch_clear (&scratch);
}

/* Before it is trained it is its pack, and can be measured all the same; nothing is kept of that. */
static void
test_untrained (void)
{
  Scratch scratch;
  g_autoptr (JsonObject) metrics = NULL;
  g_autoptr (FoveaJob) kept = NULL, classifier = NULL;
  g_autoptr (GError) error = NULL;

  embedder_init (&scratch);
  metrics = scratch_metrics (fovea_project_evaluate_concepts (scratch.project, "e", NULL, (const char *const[]) { "green", "grey", NULL }));
  g_assert_cmpfloat (summary_of (metrics, "num_tot"), ==, 52);
  g_assert_cmpfloat (summary_of (metrics, "recall_at_5"), >, 0.5);
  kept = fovea_project_evaluate_concepts (scratch.project, "e", NULL, (const char *const[]) { "purple", NULL });
  g_assert_false (fovea_job_wait (kept, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "purple"));
  g_clear_error (&error);
  scratch_create_model (&scratch, "embedding-classifier", "h", "");
  classifier = fovea_project_evaluate_concepts (scratch.project, "h", "test", (const char *const[]) { "red", NULL });
  g_assert_false (fovea_job_wait (classifier, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "only an embedder"));
  scratch_clear (&scratch);
}

/* A classifier of all four colours on what was learned of two. */
static void
test_base (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL, head = NULL, all = NULL;
  g_autoptr (JsonObject) metrics = NULL;
  g_autoptr (GError) error = NULL;

  embedder_init (&scratch);
  job = train (&scratch, quick, FALSE);
  scratch_create_model (&scratch, "embedding-classifier", "h", ",\"input_info\":{\"params\":{\"base_embed_model\":\"e\",\"fit\":\"letterbox\"}}");
  head = fovea_project_train (scratch.project, "h", NULL);
  fovea_job_wait (head, NULL, NULL, &error);
  g_assert_no_error (error);
  metrics = scratch_metrics (fovea_project_evaluate (scratch.project, "h", "test"));
  g_assert_cmpfloat (summary_of (metrics, "top1_accuracy"), >, 0.7);
  /* It names nothing itself. */
  all = fovea_project_predict_all (scratch.project, "e");
  g_assert_false (fovea_job_wait (all, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "train a classifier on it"));
  scratch_clear (&scratch);
}

static void
test_export (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaGraph) graph = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  const FoveaValue *output;

  embedder_init (&scratch);
  job = train (&scratch, quick, FALSE);
  path = scratch_path (&scratch, "e.onnx");
  fovea_project_export_model (scratch.project, "e", path, &error);
  g_assert_no_error (error);
  graph = fovea_onnx_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_hash_table_lookup (graph->metadata, "fovea.fit"), ==, "letterbox");
  g_assert_cmpstr (g_hash_table_lookup (graph->metadata, "fovea.task"), ==, "visual-embedder");
  output = fovea_graph_value (graph, g_array_index (graph->outputs, int, 0));
  g_assert_cmpstr (output->name, ==, "embeddings");
  g_assert_cmpint (output->shape.dim[1], ==, 6);
  scratch_clear (&scratch);
}

static void
test_scratch (void)
{
  static const char *const params[] = { "template=small-scratch", "image_size=16", "num_epochs=12", "lrate=0.01", "precision=f32", NULL };
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (JsonObject) metrics = NULL;

  embedder_init (&scratch);
  job = train (&scratch, params, FALSE);
  metrics = scratch_metrics (fovea_project_evaluate_concepts (scratch.project, "e", "test", (const char *const[]) { "red", "blue", NULL }));
  g_assert_cmpfloat (summary_of (metrics, "recall_at_1"), >=, 0.9);
  scratch_clear (&scratch);
}

static void
wait_for_validation (FoveaJob *job)
{
  FoveaTrainingPoint point = { .validation_accuracy = NAN };
  guint n = 0;

  for (guint i = 0; isnan (point.validation_accuracy); i++)
    {
      g_assert_cmpuint (i, <, 60000);
      g_assert_no_error (fovea_job_get_error (job));
      g_assert_false (fovea_job_is_over (job));
      while (g_main_context_iteration (NULL, FALSE))
        ;
      while (isnan (point.validation_accuracy) && fovea_job_get_training_point (job, n, &point))
        n++;
      g_usleep (1000);
    }
}

/* A checkpoint that was written past a validation, so that the best network so far is in it, and then put back as a kill leaves it. */
static void
test_resume (void)
{
  static const char *const params[] = { "num_epochs=100", "batch_size=8", "head_lrate=0.02", "backbone_lrate=0.005", "embedding_dim=6", NULL };
  const FoveaTrainOptions options = { .params = params };
  Scratch scratch;
  g_autoptr (FoveaJob) killed = NULL, job = NULL;
  g_autoptr (JsonObject) metrics = NULL;
  g_autofree char *path = NULL, *folder = NULL, *data = NULL;
  FoveaTrainingPoint point = { 0 };
  gsize length;

  embedder_init (&scratch);
  path = scratch_path (&scratch, "test.fovea-work/train-e.checkpoint");
  folder = scratch_path (&scratch, "test.fovea-work");
  g_setenv ("FOVEA_CHECKPOINT_SECONDS", "0", TRUE);
  killed = fovea_project_train (scratch.project, "e", &options);
  wait_for_validation (killed);
  data = scratch_take_checkpoint (killed, path, &length);
  g_unsetenv ("FOVEA_CHECKPOINT_SECONDS");
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, data, (gssize) length, NULL));

  job = train (&scratch, params, TRUE);
  for (guint i = 0; fovea_job_get_training_point (job, i, &point); i++)
    ;
  g_assert_cmpuint (point.step, ==, 32 * 100 / 8);
  metrics = scratch_metrics (fovea_project_evaluate_concepts (scratch.project, "e", "test", (const char *const[]) { "red", "blue", NULL }));
  g_assert_cmpfloat (summary_of (metrics, "recall_at_1"), ==, 1);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/engine/embedder/arcface", "loss=arcface", test_train);
  g_test_add_data_func ("/engine/embedder/proxy-anchor", "loss=proxy-anchor", test_train);
  g_test_add_func ("/engine/embedder/untrained", test_untrained);
  g_test_add_func ("/engine/embedder/base", test_base);
  g_test_add_func ("/engine/embedder/export", test_export);
  g_test_add_func ("/engine/embedder/scratch", test_scratch);
  g_test_add_func ("/engine/embedder/resume", test_resume);
  return g_test_run ();
}
