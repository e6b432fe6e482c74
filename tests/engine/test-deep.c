/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Training through all layers, on tiny networks and pictures of one colour: from labels to a version that predicts; stopped,
 * killed and taken up again. */
#include "scratch.h"

#include "engine/model-jobs.h"
#include "engine/scheduler.h"
#include "nn/onnx.h"

/* A project of two colours, 20 of each to learn from and 6 to test on, and a deep model "m" of the small pack. */
static void
deep_init (Scratch *scratch)
{
  g_autoptr (FoveaJob) import = NULL;

  scratch_init (scratch, TRUE);
  scratch_classes (scratch, "data/train", 20, 0);
  scratch_classes (scratch, "data/test", 6, 500);
  import = scratch_import (scratch, "data");
  scratch_create_model (scratch, "visual-classifier", "m", "");
}

static FoveaJob *
start (Scratch *scratch, const char *const *params, gboolean resume)
{
  const FoveaTrainOptions options = { .params = params, .resume = resume };

  return fovea_project_train (scratch->project, "m", &options);
}

static FoveaJob *
train (Scratch *scratch, const char *const *params, gboolean resume)
{
  FoveaJob *job = start (scratch, params, resume);
  g_autoptr (GError) error = NULL;

  fovea_job_wait (job, NULL, NULL, &error);
  g_assert_no_error (error);
  return job;
}

static JsonObject *
version_of (JsonObject *result)
{
  return json_object_get_object_member (json_object_get_object_member (result, "model"), "model_version");
}

static double
test_accuracy (Scratch *scratch, const char *id)
{
  g_autoptr (JsonObject) metrics = scratch_metrics (fovea_project_evaluate (scratch->project, id, "test"));

  return json_object_get_double_member (json_object_get_object_member (metrics, "summary"), "top1_accuracy");
}

/* The probability of "red" for a file. */
static double
red_of (Scratch *scratch, const char *id, const char *file)
{
  g_autofree char *path = scratch_path (scratch, file);
  const char *const paths[] = { path, NULL };
  const FoveaPredictOptions options = { .top_k = 2, .min_value = -1 };
  g_autoptr (GPtrArray) outputs = g_ptr_array_new_with_free_func ((GDestroyNotify) json_node_unref);
  g_autoptr (FoveaJob) job = fovea_predict_files (scratch->project, id, paths, &options, scratch_keep_output, outputs, NULL);
  g_autoptr (GError) error = NULL;
  JsonArray *concepts;

  fovea_job_wait (job, NULL, NULL, &error);
  g_assert_no_error (error);
  concepts = json_object_get_array_member (json_object_get_object_member (json_node_get_object (g_ptr_array_index (outputs, 0)), "data"), "concepts");
  for (guint i = 0; i < json_array_get_length (concepts); i++)
    if (g_str_equal (json_object_get_string_member (json_array_get_object_element (concepts, i), "id"), "red"))
      return json_object_get_double_member (json_array_get_object_element (concepts, i), "value");
  g_assert_not_reached ();
}

static char *
work_folder (Scratch *scratch)
{
  return scratch_path (scratch, "test.fovea-work");
}

/* --- from labels to answers --- */

static const char *const quick[] = { "num_epochs=30", "batch_size=8", "head_lrate=0.05", "backbone_lrate=0.01", "validation_fraction=0.2", NULL };

static void
test_train (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL, all = NULL;
  g_autoptr (JsonObject) result = NULL;
  g_autofree char *folder = NULL;
  FoveaTrainingPoint point;
  guint n_losses = 0, n_validations = 0;

  deep_init (&scratch);
  job = train (&scratch, quick, FALSE);
  result = scratch_result (job);
  g_assert_cmpint (json_object_get_int_member (json_object_get_object_member (version_of (result), "status"), "code"), ==, 21100);
  g_assert_cmpint (json_object_get_int_member (version_of (result), "total_input_count"), ==, 40);
  g_assert_cmpfloat (test_accuracy (&scratch, "m"), ==, 1);
  g_assert_cmpfloat (red_of (&scratch, "m", "data/test/red/001.png"), >, 0.7);
  g_assert_cmpfloat (red_of (&scratch, "m", "data/test/blue/001.png"), <, 0.3);

  /* 32 pictures 30 times, eight at a time: the curve has them, falling. */
  for (guint i = 0; fovea_job_get_training_point (job, i, &point); i++)
    if (point.loss == point.loss)
      {
        g_assert_cmpuint (point.step, <=, 120);
        n_losses++;
      }
    else
      {
        g_assert_cmpfloat (point.validation_accuracy, >=, 0);
        n_validations++;
      }
  g_assert_cmpuint (n_losses, ==, 120);
  g_assert_cmpuint (n_validations, >=, 6);
  g_assert_cmpuint (fovea_job_get_n_training_points (job), ==, n_losses + n_validations);
  folder = work_folder (&scratch);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));

  all = fovea_project_predict_all (scratch.project, "m");
  g_assert_true (fovea_job_wait (all, NULL, NULL, NULL));
  scratch_clear (&scratch);
}

/* The exported file alone gives the same answers. */
static void
test_export (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaGraph) graph = NULL;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  deep_init (&scratch);
  job = train (&scratch, quick, FALSE);
  path = scratch_path (&scratch, "m.onnx");
  fovea_project_export_model (scratch.project, "m", path, &error);
  g_assert_no_error (error);
  graph = fovea_onnx_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (g_hash_table_lookup (graph->metadata, "fovea.fit"), ==, "crop+letterbox+mirror");
  g_assert_cmpuint (graph->inputs->len, ==, 2);
  g_assert_cmpstr (fovea_graph_value (graph, g_array_index (graph->outputs, int, 0))->name, ==, "probabilities");
  scratch_clear (&scratch);
}

/* "Create new models out of existing models": a head on what the deep model's last layer sees. */
static void
test_embedder (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL, head = NULL;
  g_autoptr (GError) error = NULL;

  deep_init (&scratch);
  job = train (&scratch, quick, FALSE);
  scratch_create_model (&scratch, "embedding-classifier", "h", ",\"input_info\":{\"params\":{\"base_embed_model\":\"m\",\"fit\":\"letterbox\"}}");
  head = fovea_project_train (scratch.project, "h", NULL);
  fovea_job_wait (head, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (test_accuracy (&scratch, "h"), ==, 1);
  g_assert_cmpfloat (red_of (&scratch, "h", "data/test/red/001.png"), >, 0.5);
  scratch_clear (&scratch);
}

static void
test_scratch (void)
{
  static const char *const params[]
      = { "template=small-scratch", "image_size=16", "num_epochs=8", "lrate=0.01", "precision=f32", NULL };
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;

  deep_init (&scratch);
  job = train (&scratch, params, FALSE);
  g_assert_cmpfloat (test_accuracy (&scratch, "m"), >=, 0.9);
  scratch_clear (&scratch);
}

/* Any number of concepts a picture; with so few pictures the classifier starts from a regression. */
static void
test_independent (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL, job = NULL;
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data/train", 6, 0);
  scratch_classes (&scratch, "data/test", 4, 500);
  import = scratch_import (&scratch, "data");
  scratch_create_model (&scratch, "visual-classifier", "m", ",\"output_info\":{\"output_config\":{\"concepts_mutually_exclusive\":false}}");
  job = train (&scratch, quick, FALSE);
  g_assert_cmpfloat (test_accuracy (&scratch, "m"), ==, 1);
  g_assert_cmpfloat (red_of (&scratch, "m", "data/test/red/001.png"), >, 0.5);
  g_assert_cmpfloat (red_of (&scratch, "m", "data/test/blue/001.png"), <, 0.5);
  scratch_clear (&scratch);
}

/* Pictures and targets mixed, numbers dropped, concepts weighed: it still learns, and the same each time. */
static void
test_mixed (void)
{
  static const char *const params[]
      = { "num_epochs=30", "batch_size=8", "head_lrate=0.05", "backbone_lrate=0.01", "validation_fraction=0.2", "mixup=0.2", "cutmix=1",
          "dropout=0.3", "balanced=true", NULL };
  double red[2];
  Scratch scratch;

  deep_init (&scratch);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (FoveaJob) job = train (&scratch, params, FALSE);

      g_assert_cmpfloat (test_accuracy (&scratch, "m"), ==, 1);
      red[i] = red_of (&scratch, "m", "data/test/red/001.png");
    }
  g_assert_cmpfloat (red[0], ==, red[1]);
  scratch_clear (&scratch);
}

/* The same seed gives the same version, another one another. */
static void
test_repeatable (void)
{
  static const char *const seeds[][7] = {
    { "num_epochs=6", "batch_size=8", "head_lrate=0.05", "backbone_lrate=0.01", "seed=1", NULL },
    { "num_epochs=6", "batch_size=8", "head_lrate=0.05", "backbone_lrate=0.01", "seed=1", NULL },
    { "num_epochs=6", "batch_size=8", "head_lrate=0.05", "backbone_lrate=0.01", "seed=2", NULL },
  };
  double red[3];
  Scratch scratch;

  deep_init (&scratch);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (FoveaJob) job = train (&scratch, seeds[i], FALSE);

      red[i] = red_of (&scratch, "m", "data/test/red/001.png");
    }
  g_assert_cmpfloat (red[0], ==, red[1]);
  g_assert_cmpfloat (red[0], !=, red[2]);
  scratch_clear (&scratch);
}

/* Where a whole batch does not fit, it is learned from in parts, and that is said; where nothing fits, that too. */
static void
test_memory (void)
{
  FoveaScheduler *scheduler = fovea_scheduler_get_default ();
  guint n_refused = 0;
  Scratch scratch;

  deep_init (&scratch);
  for (gsize budget = 1024;; budget = budget * 3 / 2)
    {
      g_autoptr (FoveaJob) job = NULL;
      g_autoptr (GError) error = NULL;

      fovea_scheduler_set_memory_budget (scheduler, budget);
      job = start (&scratch, quick, FALSE);
      g_assert_cmpuint (budget, <, 1 << 24);
      if (fovea_job_wait (job, NULL, NULL, &error))
        {
          g_assert_nonnull (strstr (fovea_job_get_note (job), "Memory is short"));
          break;
        }
      g_assert_nonnull (strstr (error->message, "allow more"));
      n_refused++;
    }
  g_assert_cmpuint (n_refused, >, 0);
  g_assert_cmpfloat (test_accuracy (&scratch, "m"), ==, 1);
  fovea_scheduler_set_memory_budget (scheduler, 0);
  {
    g_autoptr (FoveaJob) job = train (&scratch, quick, FALSE);

    g_assert_cmpstr (fovea_job_get_note (job), ==, "");
  }
  scratch_clear (&scratch);
}

/* --- stopping --- */

/* Long enough to be stopped in the middle. */
static const char *const long_run[] = { "num_epochs=10000", "batch_size=8", "head_lrate=0.01", "backbone_lrate=0.001", NULL };

static void
wait_for_steps (FoveaJob *job, guint n)
{
  for (guint i = 0; fovea_job_get_n_training_points (job) < n; i++)
    {
      g_assert_cmpuint (i, <, 30000);
      g_assert_false (fovea_job_is_over (job));
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_usleep (1000);
    }
}

static guint
count_versions (Scratch *scratch)
{
  g_autoptr (JsonNode) node = fovea_project_dup_models_json (scratch->project, NULL);
  JsonArray *models = json_object_get_array_member (json_node_get_object (node), "models");
  guint n = 0;

  for (guint i = 0; i < json_array_get_length (models); i++)
    {
      JsonObject *model = json_array_get_object_element (models, i);
      JsonObject *version = json_object_has_member (model, "model_version") ? json_object_get_object_member (model, "model_version") : NULL;

      if (version != NULL)
        n += json_object_get_int_member (json_object_get_object_member (version, "status"), "code") == 21100;
    }
  return n;
}

static void
test_cancel (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL, again = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = NULL;
  gint64 begin;

  g_setenv ("FOVEA_CHECKPOINT_SECONDS", "0.2", TRUE);
  deep_init (&scratch);
  job = start (&scratch, long_run, FALSE);
  wait_for_steps (job, 2);
  begin = g_get_monotonic_time ();
  fovea_job_cancel (job);
  g_assert_false (fovea_job_wait (job, NULL, NULL, &error));
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_TIME_SPAN_SECOND);
  g_assert_cmpint (fovea_job_get_state (job), ==, FOVEA_JOB_CANCELLED);
  g_assert_cmpuint (count_versions (&scratch), ==, 0);
  folder = work_folder (&scratch);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  /* Nothing stands in the way of another. */
  again = train (&scratch, quick, FALSE);
  g_assert_cmpuint (count_versions (&scratch), ==, 1);
  g_unsetenv ("FOVEA_CHECKPOINT_SECONDS");
  scratch_clear (&scratch);
}

static void
test_pause (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (GError) error = NULL;
  guint n;

  deep_init (&scratch);
  job = start (&scratch, long_run, FALSE);
  wait_for_steps (job, 1);
  fovea_job_pause (job);
  g_usleep (300 * 1000); /* the step in progress */
  n = fovea_job_get_n_training_points (job);
  g_usleep (300 * 1000);
  g_assert_cmpuint (fovea_job_get_n_training_points (job), ==, n);
  fovea_job_resume (job);
  wait_for_steps (job, n + 1);
  fovea_job_cancel (job);
  g_assert_false (fovea_job_wait (job, NULL, NULL, &error));
  scratch_clear (&scratch);
}

/* A limit is kept, and what fits into it is a whole training. */
static void
test_time_limit (void)
{
  static const char *const params[] = { "num_epochs=10000", "batch_size=8", "head_lrate=0.05", "backbone_lrate=0.01", "time_limit=4", NULL };
  double seconds = 0;

  /* The plan is made from the first steps. Where something else held the machine during these it is a short one: the best of three. */
  for (guint i = 0; i < 3 && seconds <= 1.5; i++)
    {
      Scratch scratch;
      g_autoptr (FoveaJob) job = NULL;
      const gint64 begin = g_get_monotonic_time ();

      deep_init (&scratch);
      job = train (&scratch, params, FALSE);
      seconds = (double) (g_get_monotonic_time () - begin) / G_TIME_SPAN_SECOND;
      g_assert_cmpfloat (seconds, <, 20); /* whatever else the machine does */
      g_assert_true (seconds <= 1.5 || test_accuracy (&scratch, "m") == 1);
      scratch_clear (&scratch);
    }
  g_assert_cmpfloat (seconds, >, 1.5);
}

/* --- killed --- */

/* What a kill leaves behind: a checkpoint that was written at some moment, and nothing of what came after. One is written at
 * each step, for a fast machine ends the whole training within a fraction of a second. */
static char *
run_until_killed (Scratch *scratch, const char *const *params)
{
  const gboolean set = g_setenv ("FOVEA_CHECKPOINT_SECONDS", "0", TRUE);
  g_autoptr (FoveaJob) job = start (scratch, params, FALSE);
  g_autofree char *path = scratch_path (scratch, "test.fovea-work/train-m.checkpoint");
  char *kept = scratch_path (scratch, "kept");
  g_autofree char *data = NULL;
  gsize length;

  g_assert_true (set);
  wait_for_steps (job, 3);
  data = scratch_take_checkpoint (job, path, &length);
  g_unsetenv ("FOVEA_CHECKPOINT_SECONDS");
  g_assert_true (g_file_set_contents (kept, data, (gssize) length, NULL));
  return kept;
}

static void
put_back (Scratch *scratch, const char *kept, double spoiled_at)
{
  g_autofree char *folder = work_folder (scratch);
  g_autofree char *path = g_build_filename (folder, "train-m.checkpoint", NULL);
  g_autofree char *data = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (kept, &data, &length, NULL));
  if (spoiled_at >= 0)
    data[(gsize) (spoiled_at * (double) length)] ^= 1;
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, data, (gssize) length, NULL));
}

/* Goes on with what was killed to its end. */
static FoveaJob *
train_killed (Scratch *scratch, const char *const *params)
{
  g_autofree char *kept = run_until_killed (scratch, params);

  put_back (scratch, kept, -1);
  return train (scratch, params, TRUE);
}

static void
test_resume (void)
{
  static const char *const params[] = { "num_epochs=300", "batch_size=8", "head_lrate=0.02", "backbone_lrate=0.005", NULL };
  Scratch scratch;
  g_autofree char *folder = NULL;
  g_autoptr (FoveaJob) job = NULL;
  FoveaTrainingPoint point = { 0 };

  deep_init (&scratch);
  job = train_killed (&scratch, params);
  g_assert_cmpfloat (test_accuracy (&scratch, "m"), ==, 1);
  g_assert_cmpuint (count_versions (&scratch), ==, 1);
  /* The whole course, each step once: 36 pictures 300 times. */
  for (guint i = 0, last = 0; fovea_job_get_training_point (job, i, &point); i++)
    {
      g_assert_cmpuint (point.step, >=, last);
      last = (guint) point.step;
    }
  g_assert_cmpuint (point.step, ==, 36 * 300 / 8);
  folder = work_folder (&scratch);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  scratch_clear (&scratch);
}

/* One whose steps became wider goes on with such steps: 36 pictures 2 × 10 times, 32 at a time. */
static void
test_resume_widened (void)
{
  static const char *const params[] = { "head_lrate=0.02", "backbone_lrate=0.005", NULL };
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  FoveaTrainingPoint point = { 0 };

  deep_init (&scratch);
  job = train_killed (&scratch, params);
  for (guint i = 0; fovea_job_get_training_point (job, i, &point); i++)
    ;
  g_assert_cmpuint (point.step, ==, (36 * 20 + 31) / 32);
  scratch_clear (&scratch);
}

/* Of few pictures what is kept is blended with the start, which is made anew: it ends as if it had never been killed. */
static void
test_resume_few (void)
{
  static const char *const params[] = { "num_epochs=100", "batch_size=4", "head_lrate=0.02", "backbone_lrate=0.005", NULL };
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL, job = NULL, whole = NULL;
  double red;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data/train", 6, 0);
  scratch_classes (&scratch, "data/test", 4, 500);
  import = scratch_import (&scratch, "data");
  scratch_create_model (&scratch, "visual-classifier", "m", "");
  job = train_killed (&scratch, params);
  red = red_of (&scratch, "m", "data/test/red/001.png");
  whole = train (&scratch, params, FALSE);
  g_assert_cmpfloat_with_epsilon (red_of (&scratch, "m", "data/test/red/001.png"), red, 1e-5);
  scratch_clear (&scratch);
}

static void
expect_refused (Scratch *scratch, const char *const *params, const char *why)
{
  g_autoptr (FoveaJob) job = start (scratch, params, TRUE);
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_job_wait (job, NULL, NULL, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, why));
}

static void
test_resume_refused (void)
{
  static const char *const other[] = { "num_epochs=10000", "batch_size=8", "head_lrate=0.02", "backbone_lrate=0.001", NULL };
  Scratch scratch;
  g_autofree char *kept = NULL;

  deep_init (&scratch);
  expect_refused (&scratch, long_run, "no training to go on with");
  kept = run_until_killed (&scratch, long_run);
  put_back (&scratch, kept, -1);
  expect_refused (&scratch, other, "have changed");
  for (double at = 0; at < 1; at += 0.13)
    {
      put_back (&scratch, kept, at);
      expect_refused (&scratch, long_run, "damaged");
    }
  g_assert_cmpuint (count_versions (&scratch), ==, 0);
  scratch_clear (&scratch);
}

/* --- what goes wrong --- */

static void
test_unreadable (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaReportRow) row = NULL;
  g_autofree char *gone = NULL;

  deep_init (&scratch);
  gone = scratch_path (&scratch, "data/train/red/003.png");
  g_assert_cmpint (g_remove (gone), ==, 0);
  job = train (&scratch, quick, FALSE);
  g_assert_cmpuint (fovea_job_get_n_report_rows (job), ==, 1);
  row = fovea_job_dup_report_row (job, 0);
  g_assert_cmpstr (row->path, ==, gone);
  g_assert_cmpfloat (test_accuracy (&scratch, "m"), ==, 1);
  scratch_clear (&scratch);
}

static void
test_too_little (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) import = NULL, job = NULL;
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, TRUE);
  scratch_classes (&scratch, "data", 3, 0);
  import = scratch_import (&scratch, "data");
  scratch_create_model (&scratch, "visual-classifier", "m",
                ",\"output_info\":{\"data\":{\"concepts\":[{\"id\":\"red\"}]},\"output_config\":{\"concepts_mutually_exclusive\":true}}");
  job = start (&scratch, NULL, FALSE);
  g_assert_false (fovea_job_wait (job, NULL, NULL, &error));
  g_assert_nonnull (strstr (error->message, "at least two concepts"));
  scratch_clear (&scratch);
}

/* It goes back, says so, and ends as well as ever. */
static void
test_divergence (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaReportRow) row = NULL;

  g_setenv ("FOVEA_TEST_DIVERGE_AT", "50", TRUE);
  deep_init (&scratch);
  job = train (&scratch, quick, FALSE);
  g_assert_cmpuint (fovea_job_get_n_report_rows (job), ==, 1);
  row = fovea_job_dup_report_row (job, 0);
  g_assert_nonnull (strstr (row->details, "at step 51"));
  g_assert_nonnull (strstr (row->details, "half the learning rate"));
  g_assert_cmpfloat (test_accuracy (&scratch, "m"), ==, 1);
  g_unsetenv ("FOVEA_TEST_DIVERGE_AT");
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/deep/train", test_train);
  g_test_add_func ("/engine/deep/export", test_export);
  g_test_add_func ("/engine/deep/embedder", test_embedder);
  g_test_add_func ("/engine/deep/scratch", test_scratch);
  g_test_add_func ("/engine/deep/independent", test_independent);
  g_test_add_func ("/engine/deep/mixed", test_mixed);
  g_test_add_func ("/engine/deep/memory", test_memory);
  g_test_add_func ("/engine/deep/repeatable", test_repeatable);
  g_test_add_func ("/engine/deep/cancel", test_cancel);
  g_test_add_func ("/engine/deep/pause", test_pause);
  g_test_add_func ("/engine/deep/time-limit", test_time_limit);
  g_test_add_func ("/engine/deep/resume", test_resume);
  g_test_add_func ("/engine/deep/resume-widened", test_resume_widened);
  g_test_add_func ("/engine/deep/resume-few", test_resume_few);
  g_test_add_func ("/engine/deep/resume-refused", test_resume_refused);
  g_test_add_func ("/engine/deep/unreadable", test_unreadable);
  g_test_add_func ("/engine/deep/too-little", test_too_little);
  g_test_add_func ("/engine/deep/divergence", test_divergence);
  return g_test_run ();
}
