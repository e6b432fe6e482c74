/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scratch.h"

#include <math.h>

#include "engine/engine-error.h"
#include "engine/training-advice.h"
#include "engine/training-estimate.h"
#include "models/visual-classifier.h"

#define DIM 16

/* ---- the curve ---- */

static void
test_extrapolate (void)
{
  const double sizes[] = { 50, 100, 200, 400 };
  double mistakes[4];

  for (guint i = 0; i < 4; i++)
    mistakes[i] = 0.05 + 2.0 * pow (sizes[i], -0.5);
  g_assert_cmpfloat_with_epsilon (fovea_learning_curve_extrapolate (4, sizes, mistakes, 800), 0.05 + 2.0 * pow (800, -0.5), 1e-9);
  /* What does not fall stays where it is on average; nothing is below none. */
  for (guint i = 0; i < 4; i++)
    mistakes[i] = 0.2;
  g_assert_cmpfloat_with_epsilon (fovea_learning_curve_extrapolate (4, sizes, mistakes, 800), 0.2, 1e-9);
  for (guint i = 0; i < 4; i++)
    mistakes[i] = 1 / sizes[i];
  g_assert_cmpfloat_with_epsilon (fovea_learning_curve_extrapolate (4, sizes, mistakes, 800), 1.0 / 800, 1e-9);
}

/* @n rows of unit length around @k directions, so far apart that some are mistaken for another. */
static void
make_rows (gsize n, guint k, double noise, float *vectors, gint8 *labels)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);

  for (gsize i = 0; i < n; i++)
    {
      float *row = vectors + i * DIM;
      double length = 0;

      for (guint d = 0; d < DIM; d++)
        {
          row[d] = (float) ((d == i % k ? 1.0 : 0.0) + noise * g_rand_double_range (rand, -1, 1));
          length += (double) row[d] * (double) row[d];
        }
      for (guint d = 0; d < DIM; d++)
        row[d] /= (float) sqrt (length);
      for (guint c = 0; c < k; c++)
        labels[i * k + c] = c == i % k;
    }
}

typedef struct {
  FoveaHeadData data;
  float *vectors;
  gint8 *labels; /* those of @data, to be changed */
} Rows;

static void
rows_init (Rows *self, gsize n, guint k, double noise)
{
  self->vectors = g_new (float, n * DIM);
  self->labels = g_new (gint8, n * k);
  make_rows (n, k, noise, self->vectors, self->labels);
  self->data = (FoveaHeadData){ .n_rows = n, .dim = DIM, .n_concepts = k, .labels = self->labels };
  self->data.vectors[FOVEA_FIT_LETTERBOX] = self->vectors;
}

static void
rows_clear (Rows *self)
{
  g_free (self->vectors);
  g_free (self->labels);
}

static FoveaLearningCurve
make_curve (const Rows *rows, gboolean exclusive)
{
  FoveaLearningCurve curve;
  g_autoptr (GError) error = NULL;

  g_assert_true (fovea_learning_curve_make (&rows->data, exclusive, NULL, NULL, &curve, &error));
  g_assert_no_error (error);
  return curve;
}

static void
test_curve (void)
{
  const gsize n = 240;
  Rows rows;
  FoveaLearningCurve curve, again;

  rows_init (&rows, n, 4, 0.9);
  curve = make_curve (&rows, TRUE);
  g_assert_cmpuint (curve.n_evaluated, ==, n);
  for (guint p = 0; p < FOVEA_LEARNING_PARTS; p++)
    {
      g_assert_cmpfloat_with_epsilon (curve.points[p].n_trained, 0.8 * (double) n / (8 >> p), 1.5);
      g_assert_cmpfloat (curve.points[p].low, <, curve.points[p].accuracy);
      g_assert_cmpfloat (curve.points[p].accuracy, <, curve.points[p].high);
    }
  g_assert_cmpfloat (curve.points[0].accuracy, <, curve.points[3].accuracy);
  g_assert_cmpfloat (curve.gain, >, 0);
  g_assert_cmpfloat (curve.twice_low, <=, curve.twice);
  g_assert_cmpfloat (curve.twice, <=, curve.twice_high);
  g_assert_cmpfloat_with_epsilon (curve.twice - curve.points[3].accuracy, curve.gain, 1e-12);
  again = make_curve (&rows, TRUE);
  g_assert_cmpmem (&again, sizeof again, &curve, sizeof curve);
  rows_clear (&rows);
}

/* Every fifth row says the next concept: these labels are contradicted, and none where all are right, or where concepts do not
 * exclude each other. */
static void
test_contradicted (void)
{
  const gsize n = 240;
  const guint k = 4;
  Rows rows;
  FoveaLearningCurve curve;

  rows_init (&rows, n, k, 0.3);
  curve = make_curve (&rows, TRUE);
  g_assert_cmpuint (curve.n_contradicted, ==, 0);
  g_assert_cmpfloat_with_epsilon (curve.guessed, 1.0 / k, 1e-12);
  for (gsize i = 0; i < n; i += 5) /* of all concepts alike */
    for (guint c = 0; c < k; c++)
      rows.labels[i * k + c] = c == (i + 1) % k;
  curve = make_curve (&rows, TRUE);
  g_assert_cmpuint (curve.n_contradicted, >=, n / 10);
  g_assert_cmpuint (curve.n_contradicted, <=, n / 5);
  curve = make_curve (&rows, FALSE);
  g_assert_cmpuint (curve.n_contradicted, ==, 0);
  rows_clear (&rows);
}

static void
test_curve_of_nothing (void)
{
  float vectors[2 * DIM] = { [0] = 1, [DIM + 1] = 1 };
  const gint8 labels[] = { 1, 0, 0, 1 };
  FoveaHeadData data = { .n_rows = 2, .dim = DIM, .n_concepts = 2, .labels = labels };
  FoveaLearningCurve curve;
  g_autoptr (GError) error = NULL;

  data.vectors[FOVEA_FIT_LETTERBOX] = vectors;
  g_assert_false (fovea_learning_curve_make (&data, TRUE, NULL, NULL, &curve, &error));
  g_assert_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID);
}

/* ---- the rule ---- */

static FoveaAdvice
decide_contradicted (gsize n, guint k, double accuracy, double gain, gsize n_contradicted)
{
  FoveaTrainingAdvice *advice = g_new0 (FoveaTrainingAdvice, 1);
  FoveaLearningPoint *now = &advice->curve.points[FOVEA_LEARNING_PARTS - 1];
  FoveaAdvice said;
  gboolean promised;

  advice->n_labelled = advice->curve.n_evaluated = n;
  advice->n_concepts = k;
  *now = (FoveaLearningPoint){ 0.8 * (double) n, accuracy, accuracy - 0.03, accuracy + 0.01 };
  advice->curve.gain = gain;
  advice->curve.guessed = 1.0 / k;
  advice->curve.n_contradicted = n_contradicted;
  advice->curve.twice = accuracy + gain;
  fovea_training_advice_decide (advice);
  said = advice->advice;
  g_assert_cmpstr (advice->text, !=, "");
  g_assert_cmpstr (advice->reason, !=, "");
  promised = said != FOVEA_ADVICE_TOO_FEW && said != FOVEA_ADVICE_CHECK && now->low > advice->curve.guessed;
  g_assert_true (promised == (advice->deep > 0));
  g_assert_true (!promised || (advice->deep_low < advice->deep && advice->deep < advice->deep_high));
  fovea_training_advice_free (advice);
  return said;
}

static FoveaAdvice
decide (gsize n, guint k, double accuracy, double gain)
{
  return decide_contradicted (n, k, accuracy, gain, n / 50);
}

static void
test_rule (void)
{
  g_assert_cmpint (decide (600, 10, 0.85, 0.02), ==, FOVEA_ADVICE_DEEP);
  g_assert_cmpint (decide (600, 10, 0.85, 0.06), ==, FOVEA_ADVICE_LABELS);
  g_assert_cmpint (decide (600, 10, 0.98, 0.01), ==, FOVEA_ADVICE_GOOD);
  /* As the grey pictures that deep training did nothing sure for. */
  g_assert_cmpint (decide (130, 2, 0.6, 0.01), ==, FOVEA_ADVICE_UNSURE);
  g_assert_cmpint (decide (130, 2, 0.6, 0.05), ==, FOVEA_ADVICE_LABELS);
  g_assert_cmpint (decide (120, 10, 0.75, 0.06), ==, FOVEA_ADVICE_LABELS);
  g_assert_cmpint (decide (30, 10, 0.5, 0.1), ==, FOVEA_ADVICE_TOO_FEW);
  g_assert_cmpint (decide (600, 1, 0.5, 0.1), ==, FOVEA_ADVICE_TOO_FEW);
  /* Clothes with one label in ten and in five wrong. */
  g_assert_cmpint (decide_contradicted (600, 10, 0.72, 0.02, 51), ==, FOVEA_ADVICE_DEEP);
  g_assert_cmpint (decide_contradicted (600, 10, 0.58, 0.01, 80), ==, FOVEA_ADVICE_CHECK);
  g_assert_cmpint (decide_contradicted (120, 10, 0.65, 0.06, 20), ==, FOVEA_ADVICE_LABELS); /* too few to say so */
  /* Labels that have nothing to do with the pictures. */
  g_assert_cmpint (decide (600, 10, 0.11, 0.05), ==, FOVEA_ADVICE_UNSURE);
}

/* ---- a project ---- */

static void
on_advised (GObject *source, GAsyncResult *result, gpointer advice)
{
  g_autoptr (GError) error = NULL;

  *(FoveaTrainingAdvice **) advice = fovea_project_advise_finish (result, &error);
  g_assert_no_error (error);
}

static void
test_project (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (FoveaTrainingAdvice) before = NULL, after = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;

  scratch_init (&scratch, TRUE);
  before = fovea_project_advise (scratch.project, &error);
  g_assert_no_error (error);
  g_assert_cmpint (before->advice, ==, FOVEA_ADVICE_TOO_FEW);

  scratch_classes (&scratch, "data", 25, 0);
  job = scratch_import (&scratch, "data");
  fovea_project_advise_async (scratch.project, NULL, on_advised, &after);
  WAIT_FOR (after != NULL);
  g_assert_cmpuint (after->n_labelled, ==, 50);
  g_assert_cmpuint (after->n_concepts, ==, 2);
  g_assert_cmpint (after->advice, ==, FOVEA_ADVICE_GOOD); /* red and blue */
  node = fovea_training_advice_dup_json (after);
  g_assert_cmpstr (json_object_get_string_member (json_node_get_object (node), "advice"), ==, "good");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (json_node_get_object (node), "curve")), ==, FOVEA_LEARNING_PARTS);
  scratch_clear (&scratch);
}

/* ---- how long it takes ---- */

typedef struct {
  gboolean done;
  FoveaTrainingEstimate estimate;
  GError *error;
} Estimated;

static void
on_estimated (GObject *source, GAsyncResult *result, gpointer data)
{
  Estimated *estimated = data;

  fovea_project_estimate_training_finish (result, &estimated->estimate, &estimated->error);
  estimated->done = TRUE;
}

static void
estimate (Scratch *scratch, GObject *params, Estimated *estimated)
{
  *estimated = (Estimated){ 0 };
  fovea_project_estimate_training_async (scratch->project, params, NULL, on_estimated, estimated);
  WAIT_FOR (estimated->done);
}

/* Epochs of so many pictures, each step as long as one was measured; nothing to learn from is said. */
static void
test_estimate (void)
{
  Scratch scratch;
  g_autoptr (FoveaJob) job = NULL;
  g_autoptr (GObject) params = g_object_new (FOVEA_TYPE_VISUAL_CLASSIFIER, "template", "small-scratch", "image-size", 32, "batch-size", 4,
                                             "num-epochs", 3, "validation-fraction", 0.2, NULL);
  Estimated estimated;
  double step_seconds;

  scratch_init (&scratch, FALSE);
  g_assert_true (fovea_training_is_estimated (params));
  g_assert_false (fovea_training_is_estimated (G_OBJECT (scratch.project)));
  estimate (&scratch, params, &estimated);
  g_assert_error (estimated.error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID);
  g_clear_error (&estimated.error);

  scratch_classes (&scratch, "data", 20, 0);
  job = scratch_import (&scratch, "data");
  estimate (&scratch, params, &estimated);
  g_assert_no_error (estimated.error);
  g_assert_cmpuint (estimated.estimate.n_pictures, ==, 32);
  g_assert_cmpuint (estimated.estimate.n_steps, ==, 3 * 32 / 4);
  step_seconds = estimated.estimate.step_seconds;
  g_assert_cmpfloat (step_seconds, >, 0);
  g_assert_cmpfloat (estimated.estimate.seconds, >=, 24 * step_seconds);

  /* The step is not measured again. */
  g_object_set (params, "num-epochs", 6, NULL);
  estimate (&scratch, params, &estimated);
  g_assert_no_error (estimated.error);
  g_assert_cmpuint (estimated.estimate.n_steps, ==, 48);
  g_assert_cmpfloat_with_epsilon (estimated.estimate.step_seconds, step_seconds, 1e-12);
  scratch_clear (&scratch);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/advice/extrapolate", test_extrapolate);
  g_test_add_func ("/engine/advice/curve", test_curve);
  g_test_add_func ("/engine/advice/contradicted", test_contradicted);
  g_test_add_func ("/engine/advice/curve-of-nothing", test_curve_of_nothing);
  g_test_add_func ("/engine/advice/rule", test_rule);
  g_test_add_func ("/engine/advice/project", test_project);
  g_test_add_func ("/engine/advice/estimate", test_estimate);
  return g_test_run ();
}
