/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/evaluation.h"

#include <math.h>
#include <string.h>

#include "models/models-error.h"

#define N 240
#define K 5

/* Rows from a fixed generator: some without a label, some with two concepts. */
typedef struct {
  float p[N * K];
  gint8 truth[N * K];
  gint64 ids[N];
  GPtrArray *labels;
} Rows;

static void
rows_init (Rows *rows, guint32 seed, gboolean exclusive)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  memset (rows, 0, sizeof *rows);
  rows->labels = fovea_labels_new ();
  for (guint c = 0; c < K; c++)
    {
      g_autofree char *id = g_strdup_printf ("c%u", c);

      g_ptr_array_add (rows->labels, fovea_label_new (id, id));
    }
  for (guint i = 0; i < N; i++)
    {
      float sum = 0.0f;

      rows->ids[i] = 1000 + 7 * i;
      for (guint c = 0; c < K; c++)
        sum += rows->p[i * K + c] = (float) g_rand_double (rand);
      for (guint c = 0; exclusive && c < K; c++)
        rows->p[i * K + c] /= sum;
      if (i % 17 != 0)
        rows->truth[i * K + g_rand_int_range (rand, 0, K)] = 1;
      if (!exclusive && i % 5 == 0)
        rows->truth[i * K + g_rand_int_range (rand, 0, K)] = 1;
      if (!exclusive && i % 3 == 0 && rows->truth[i * K] == 0)
        rows->truth[i * K] = -1;
    }
}

static FoveaEvaluation *
rows_evaluate (Rows *rows, gboolean exclusive, const char *split)
{
  FoveaEvalData data = { N, rows->labels, rows->p, rows->truth, exclusive, TRUE, rows->ids, split };

  return fovea_evaluation_new (&data);
}

static guint
argmax (const float *p)
{
  guint best = 0;

  for (guint c = 1; c < K; c++)
    if (p[c] > p[best])
      best = c;
  return best;
}

/* Every figure again, from the raw predictions. */
static void
test_counts (gconstpointer exclusive)
{
  Rows rows;
  g_autoptr (FoveaEvaluation) evaluation = NULL;
  guint right = 0, counted = 0, matrix[K][K] = { { 0 } };
  FoveaAccuracy accuracy;

  rows_init (&rows, 3, exclusive != NULL);
  evaluation = rows_evaluate (&rows, exclusive != NULL, "test");
  for (guint i = 0; i < N; i++)
    {
      guint best = argmax (rows.p + i * K);
      gboolean any = FALSE, is_right = rows.truth[i * K + best] > 0;

      for (guint c = 0; c < K; c++)
        {
          any |= rows.truth[i * K + c] > 0;
          if (rows.truth[i * K + c] > 0 && (c == best || !is_right))
            matrix[c][best]++;
        }
      counted += any;
      right += is_right;
      g_assert_cmpint (fovea_evaluation_is_right (evaluation, i), ==, is_right);
      g_assert_cmpint (fovea_evaluation_is_counted (evaluation, i), ==, any);
    }
  accuracy = fovea_evaluation_get_accuracy (evaluation, 1);
  g_assert_cmpuint (accuracy.n_right, ==, right);
  g_assert_cmpuint (accuracy.n, ==, counted);
  g_assert_cmpfloat (accuracy.low, <, accuracy.value);
  for (guint a = 0; a < K; a++)
    for (guint p = 0; p < K; p++)
      {
        g_autoptr (GArray) ids = fovea_evaluation_dup_cell_ids (evaluation, a, p);

        g_assert_cmpuint (fovea_evaluation_get_count (evaluation, a, p), ==, matrix[a][p]);
        g_assert_cmpuint (ids->len, ==, matrix[a][p]);
        for (guint i = 0; i < ids->len; i++)
          {
            guint row = (guint) ((g_array_index (ids, gint64, i) - 1000) / 7);

            g_assert_cmpint (rows.truth[row * K + a], ==, 1);
            g_assert_cmpuint (argmax (rows.p + row * K), ==, p);
          }
      }
  g_ptr_array_unref (rows.labels);
}

static void
test_mistakes (gconstpointer exclusive)
{
  Rows rows;
  g_autoptr (FoveaEvaluation) evaluation = NULL;

  rows_init (&rows, 4, exclusive != NULL);
  evaluation = rows_evaluate (&rows, exclusive != NULL, NULL);
  for (guint c = 0; c < K; c++)
    {
      const FoveaConceptMetrics *decision = &fovea_evaluation_get_figures (evaluation, c)->decision;
      g_autoptr (GArray) missed = fovea_evaluation_dup_mistake_ids (evaluation, c, TRUE);
      g_autoptr (GArray) wrong = fovea_evaluation_dup_mistake_ids (evaluation, c, FALSE);

      g_assert_cmpuint (missed->len, ==, decision->n_true - decision->n_right);
      g_assert_cmpuint (wrong->len, ==, decision->n_predicted - decision->n_right);
    }
  g_ptr_array_unref (rows.labels);
}

static void
test_figures (void)
{
  Rows rows;
  g_autoptr (FoveaEvaluation) evaluation = NULL;

  rows_init (&rows, 5, TRUE);
  evaluation = rows_evaluate (&rows, TRUE, NULL);
  for (guint c = 0; c < K; c++)
    {
      const FoveaConceptFigures *figures = fovea_evaluation_get_figures (evaluation, c);
      g_autoptr (GArray) has = fovea_evaluation_dup_concept_ids (evaluation, c, FALSE);
      g_autoptr (GArray) answered = fovea_evaluation_dup_concept_ids (evaluation, c, TRUE);
      guint right = fovea_evaluation_get_count (evaluation, c, c);

      g_assert_cmpuint (figures->n_positive, ==, has->len);
      g_assert_cmpuint (figures->decision.n_predicted, ==, answered->len);
      g_assert_cmpfloat_with_epsilon (figures->decision.precision, (double) right / answered->len, 1e-12);
      g_assert_cmpfloat_with_epsilon (figures->decision.recall, (double) right / has->len, 1e-12);
    }
  g_ptr_array_unref (rows.labels);
}

/* Each place of the ranking, against counting by hand. */
static void
test_ranking (void)
{
  Rows rows;
  g_autoptr (FoveaEvaluation) evaluation = NULL;
  g_autoptr (FoveaRanking) ranking = NULL;
  double best;

  rows_init (&rows, 7, TRUE);
  rows.p[3 * K + 2] = rows.p[4 * K + 2] = 0.9f; /* equals */
  evaluation = rows_evaluate (&rows, TRUE, NULL);
  ranking = fovea_evaluation_rank (evaluation, 2);
  for (double threshold = 0.0; threshold <= 1.0; threshold += 0.05)
    {
      FoveaConceptMetrics metrics = fovea_ranking_decide (ranking, threshold);
      guint taken = 0, right = 0;

      for (guint i = 0; i < N; i++)
        if (fovea_evaluation_get_truth (evaluation, i, 2) != 0 && (double) rows.p[i * K + 2] >= threshold)
          {
            taken++;
            right += rows.truth[i * K + 2] > 0;
          }
      g_assert_cmpuint (metrics.n_predicted, ==, taken);
      g_assert_cmpuint (metrics.n_right, ==, right);
      g_assert_cmpuint (fovea_ranking_cut (ranking, threshold), ==, taken);
    }
  best = fovea_ranking_decide (ranking, fovea_ranking_best_threshold (ranking)).f1;
  for (guint i = 0; i < ranking->n; i++)
    {
      g_autoptr (GArray) ids = fovea_evaluation_dup_ranked_ids (evaluation, ranking, i, i + 1);

      g_assert_cmpfloat (fovea_ranking_decide (ranking, (double) ranking->scores[i]).f1, <=, best);
      g_assert_cmpint (g_array_index (ids, gint64, 0), ==, rows.ids[ranking->rows[i]]);
    }
  g_ptr_array_unref (rows.labels);
}

static void
test_reliability (void)
{
  Rows rows;
  g_autoptr (FoveaEvaluation) evaluation = NULL;
  FoveaReliabilityBin bins[FOVEA_N_RELIABILITY_BINS];
  guint total = 0;

  rows_init (&rows, 9, TRUE);
  memset (rows.p + 1 * K, 0, K * sizeof (float));
  rows.p[1 * K + 1] = 1.0f; /* belongs to the last bin */
  evaluation = rows_evaluate (&rows, TRUE, NULL);
  fovea_evaluation_get_reliability (evaluation, bins);
  for (guint b = 0; b < FOVEA_N_RELIABILITY_BINS; b++)
    {
      g_autoptr (GArray) ids = fovea_evaluation_dup_bin_ids (evaluation, b);

      g_assert_cmpuint (ids->len, ==, bins[b].n);
      total += bins[b].n;
    }
  g_assert_cmpuint (bins[9].n, >=, 1);
  g_assert_cmpuint (total, ==, fovea_evaluation_get_accuracy (evaluation, 1).n);
  g_assert_cmpfloat (fovea_evaluation_get_calibration_error (evaluation), >, 0.0);
  g_ptr_array_unref (rows.labels);
}

static void
test_bytes (void)
{
  Rows rows;
  g_autoptr (FoveaEvaluation) evaluation = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize length;
  const guint8 *data;

  rows_init (&rows, 11, FALSE);
  evaluation = rows_evaluate (&rows, FALSE, "my split");
  bytes = fovea_evaluation_to_bytes (evaluation);
  data = g_bytes_get_data (bytes, &length);
  {
    g_autoptr (FoveaEvaluation) again = fovea_evaluation_new_from_bytes (bytes, NULL);

    g_assert_nonnull (again);
    g_assert_cmpstr (fovea_evaluation_get_split (again), ==, "my split");
    for (guint i = 0; i < N; i++)
      for (guint c = 0; c < K; c++)
        {
          g_assert_cmpint (fovea_evaluation_get_id (again, i), ==, rows.ids[i]);
          g_assert_cmpint (fovea_evaluation_get_truth (again, i, c), ==, fovea_evaluation_get_truth (evaluation, i, c));
          g_assert_cmpfloat (fovea_evaluation_get_probability (again, i, c), ==, rows.p[i * K + c]);
        }
  }
  for (gsize cut = 0; cut < length; cut += cut < 400 ? 1 : 97)
    {
      g_autoptr (GBytes) part = g_bytes_new (data, cut);
      g_autoptr (GError) error = NULL;

      g_assert_null (fovea_evaluation_new_from_bytes (part, &error));
      g_assert_nonnull (error);
    }
  {
    g_autofree guint8 *copy = g_memdup2 (data, length);
    g_autoptr (GBytes) wrong = NULL;
    g_autoptr (GError) error = NULL;

    copy[length - 1] = 9; /* no truth */
    wrong = g_bytes_new (copy, length);
    g_assert_null (fovea_evaluation_new_from_bytes (wrong, &error));
    g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED);
  }
  g_ptr_array_unref (rows.labels);
}

static void
test_compare (void)
{
  Rows before, after;
  g_autoptr (FoveaEvaluation) first = NULL;
  g_autoptr (FoveaEvaluation) second = NULL;
  g_autoptr (FoveaEvaluationChanges) changes = NULL;
  guint fixed = 0, broken = 0;

  rows_init (&before, 13, TRUE);
  rows_init (&after, 14, TRUE);
  memcpy (after.truth, before.truth, sizeof after.truth);
  after.ids[1] = 5; /* a picture that only the second saw */
  first = rows_evaluate (&before, TRUE, "test");
  second = rows_evaluate (&after, TRUE, "test");
  changes = fovea_evaluation_compare (first, second);
  for (guint i = 0; i < N; i++)
    if (i != 1 && fovea_evaluation_is_counted (first, i))
      {
        fixed += !fovea_evaluation_is_right (first, i) && fovea_evaluation_is_right (second, i);
        broken += fovea_evaluation_is_right (first, i) && !fovea_evaluation_is_right (second, i);
      }
  g_assert_cmpuint (changes->n, ==, fovea_evaluation_get_accuracy (first, 1).n - 1);
  g_assert_cmpuint (changes->fixed->len, ==, fixed);
  g_assert_cmpuint (changes->broken->len, ==, broken);
  g_assert_cmpuint (changes->changed->len, >=, fixed + broken);
  g_ptr_array_unref (before.labels);
  g_ptr_array_unref (after.labels);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/models/evaluation/counts/exclusive", "yes", test_counts);
  g_test_add_data_func ("/models/evaluation/counts/independent", NULL, test_counts);
  g_test_add_data_func ("/models/evaluation/mistakes/exclusive", "yes", test_mistakes);
  g_test_add_data_func ("/models/evaluation/mistakes/independent", NULL, test_mistakes);
  g_test_add_func ("/models/evaluation/figures", test_figures);
  g_test_add_func ("/models/evaluation/ranking", test_ranking);
  g_test_add_func ("/models/evaluation/reliability", test_reliability);
  g_test_add_func ("/models/evaluation/bytes", test_bytes);
  g_test_add_func ("/models/evaluation/compare", test_compare);
  return g_test_run ();
}
