/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/retrieval.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* On a circle, at 0, 10, 20, 90, 100 and 200 degrees; the last is the only one of its concept. */
static void
test_by_hand (void)
{
  static const double degrees[] = { 0, 10, 20, 90, 100, 200 };
  static const gint8 labels[] = { 1, 0, 0, 0, 1, -1, 1, 0, 0, 0, 1, 0, 1, -1, 0, 0, 0, 1 };
  FoveaRetrievalRow rows[6];
  FoveaRetrieval all, second, third;
  g_autoptr (GError) error = NULL;
  float vectors[12];

  for (guint i = 0; i < 6; i++)
    {
      vectors[2 * i] = (float) cos (degrees[i] * G_PI / 180);
      vectors[2 * i + 1] = (float) sin (degrees[i] * G_PI / 180);
    }
  g_assert_true (fovea_retrieval_measure (vectors, 6, 2, labels, 3, 2, rows, NULL, &error));
  g_assert_no_error (error);
  /* 0°: 10 (no), 20 (yes), 90, 100 (yes): R = 2, one of the first two, at place 2 */
  g_assert_cmpuint (rows[0].n_relevant, ==, 2);
  g_assert_cmpuint (rows[0].nearest, ==, 1);
  g_assert_false (rows[0].found_1);
  g_assert_true (rows[0].found_5);
  g_assert_cmpfloat ((double) rows[0].r_precision, ==, 0.5);
  g_assert_cmpfloat ((double) rows[0].map_at_r, ==, 0.25);
  /* 100°: 90 (no), 20 (yes, at place 2) … */
  g_assert_cmpuint (rows[4].nearest, ==, 3);
  g_assert_cmpfloat ((double) rows[4].map_at_r, ==, 0.25);
  /* 10° and 90° have each other alone, 80 degrees away. */
  g_assert_cmpuint (rows[1].n_relevant, ==, 1);
  g_assert_true (rows[1].found_5);
  g_assert_cmpfloat ((double) rows[1].r_precision, ==, 0);
  g_assert_cmpuint (rows[5].n_relevant, ==, 0);
  g_assert_cmpuint (rows[5].nearest, ==, 4);

  all = fovea_retrieval_sum (rows, 6, labels, 3, G_MAXUINT);
  g_assert_cmpuint (all.n, ==, 5);
  g_assert_cmpfloat (all.recall_at_1, ==, 0);
  g_assert_cmpfloat (all.recall_at_5, ==, 1);
  second = fovea_retrieval_sum (rows, 6, labels, 3, 1);
  g_assert_cmpuint (second.n, ==, 2);
  third = fovea_retrieval_sum (rows, 6, labels, 3, 2);
  g_assert_true (isnan (third.recall_at_1));
}

typedef struct {
  float similarity;
  guint row;
} Slow;

static int
compare (gconstpointer a, gconstpointer b)
{
  const Slow *x = a, *y = b;

  return x->similarity != y->similarity ? (x->similarity > y->similarity ? -1 : 1) : (int) x->row - (int) y->row;
}

/* By sorting everything. Values are few, so that there are equals: they stand in the order of rows. */
static void
check_against_sorting (guint n, guint dim, guint n_concepts, guint n_threads)
{
  g_autofree float *vectors = g_new (float, n * dim);
  g_autofree gint8 *labels = g_new (gint8, n * n_concepts);
  g_autofree FoveaRetrievalRow *rows = g_new (FoveaRetrievalRow, n);
  g_autofree Slow *all = g_new (Slow, n);
  g_autoptr (GRand) random = g_rand_new_with_seed (n);

  for (guint i = 0; i < n * dim; i++)
    vectors[i] = (float) g_rand_int_range (random, -2, 3);
  for (guint i = 0; i < n * n_concepts; i++)
    labels[i] = (gint8) g_rand_int_range (random, -1, 2);
  g_assert_true (fovea_retrieval_measure (vectors, n, dim, labels, n_concepts, n_threads, rows, NULL, NULL));
  for (guint q = 0; q < n; q++)
    {
      guint n_all = 0, n_relevant = 0, found = 0;
      gboolean found_5 = FALSE;
      double sum = 0;

      for (guint i = 0; i < n; i++)
        if (i != q)
          {
            float dot = 0;
            gboolean alike = FALSE;

            for (guint j = 0; j < dim; j++)
              dot += vectors[q * dim + j] * vectors[i * dim + j];
            for (guint k = 0; k < n_concepts; k++)
              alike = alike || (labels[q * n_concepts + k] > 0 && labels[i * n_concepts + k] > 0);
            all[n_all++] = (Slow) { dot, i };
            n_relevant += alike;
          }
      qsort (all, n_all, sizeof *all, compare);
      for (guint j = 0; j < n_all; j++)
        {
          gboolean alike = FALSE;

          for (guint k = 0; k < n_concepts; k++)
            alike = alike || (labels[q * n_concepts + k] > 0 && labels[all[j].row * n_concepts + k] > 0);
          found_5 = found_5 || (alike && j < 5);
          if (alike && j < n_relevant)
            sum += ++found / (double) (j + 1);
        }
      g_assert_cmpuint (rows[q].n_relevant, ==, n_relevant);
      g_assert_cmpuint (rows[q].nearest, ==, n_all > 0 ? all[0].row : 0);
      g_assert_cmpint (rows[q].found_5, ==, found_5);
      g_assert_cmpfloat_with_epsilon ((double) rows[q].r_precision, n_relevant > 0 ? found / (double) n_relevant : 0, 1e-6);
      g_assert_cmpfloat_with_epsilon ((double) rows[q].map_at_r, n_relevant > 0 ? sum / n_relevant : 0, 1e-6);
    }
}

static void
test_against_sorting (void)
{
  for (guint n = 1; n < 150; n = n * 2 + 1)
    for (guint n_concepts = 1; n_concepts < 5; n_concepts++)
      check_against_sorting (n, 7, n_concepts, 1 + n % 3);
}

static void
test_cancelled (void)
{
  static const float vectors[] = { 1, 0, 0, 1 };
  static const gint8 labels[] = { 1, 1 };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  FoveaRetrievalRow rows[2];

  g_cancellable_cancel (cancellable);
  g_assert_false (fovea_retrieval_measure (vectors, 2, 2, labels, 1, 1, rows, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models/retrieval/by-hand", test_by_hand);
  g_test_add_func ("/models/retrieval/against-sorting", test_against_sorting);
  g_test_add_func ("/models/retrieval/cancelled", test_cancelled);
  return g_test_run ();
}
