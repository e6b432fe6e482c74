/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "models/head-trainer.h"
#include "nn/half.h"

#define DIM 24

typedef struct {
  gsize n;
  guint k;
  float *vectors[FOVEA_N_FITS];
  gint8 *labels;
  guint64 *groups;
} Set;

static void
set_clear (Set *set)
{
  for (guint f = 0; f < FOVEA_N_FITS; f++)
    g_free (set->vectors[f]);
  g_free (set->labels);
  g_free (set->groups);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Set, set_clear)

static void
scale_row (float *row)
{
  double square = 0.0;

  for (guint l = 0; l < DIM; l++)
    square += (double) row[l] * (double) row[l];
  for (guint l = 0; l < DIM; l++)
    row[l] = (float) ((double) row[l] / sqrt (square));
}

/* Overlapping clouds, class i % k, all coordinates shifted as embeddings are; one constant coordinate. */
static void
set_init (Set *set, gsize n, guint k, guint32 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  *set = (Set){ .n = n, .k = k };
  set->labels = g_new0 (gint8, n * k);
  set->vectors[0] = g_new (float, n * DIM);
  for (gsize i = 0; i < n; i++)
    {
      float *row = set->vectors[0] + i * DIM;

      for (guint l = 0; l < DIM; l++)
        row[l] = (float) (0.5 + g_rand_double_range (random, -1.0, 1.0) + (l % k == i % k ? 0.7 : 0.0));
      row[DIM - 1] = 1.0f;
      scale_row (row);
      set->labels[i * k + i % k] = 1;
    }
}

static FoveaHeadData
set_data (const Set *set)
{
  return (FoveaHeadData){ .n_rows = set->n, .dim = DIM, .n_concepts = set->k,
                          .vectors = { set->vectors[0], set->vectors[1], set->vectors[2] }, .labels = set->labels, .groups = set->groups };
}

static FoveaHeadOptions
quick (double c)
{
  FoveaHeadOptions options;

  fovea_head_options_init (&options);
  options.c = c;
  options.folds = 0;
  return options;
}

/* The slow reference: W and b in f64, gradient descent with a step that halves, until nothing moves. t and s are the
 * shares and weights of the objective in head-trainer.h. */
typedef struct {
  const Set *set;
  gboolean exclusive;
  const double *t, *s; /* [n, k] */
  double c;
} Reference;

static double
reference_loss (const Reference *self, const double *w, double *ret_gradient)
{
  guint k = self->set->k;
  double loss = 0.0;

  memset (ret_gradient, 0, sizeof (double) * k * (DIM + 1));
  for (guint c = 0; c < k; c++)
    for (guint l = 0; l < DIM; l++)
      {
        loss += 0.5 * w[c * (DIM + 1) + l] * w[c * (DIM + 1) + l];
        ret_gradient[c * (DIM + 1) + l] = w[c * (DIM + 1) + l];
      }
  for (gsize i = 0; i < self->set->n; i++)
    {
      const float *x = self->set->vectors[0] + i * DIM;
      double z[8], sum = 0.0;

      for (guint c = 0; c < k; c++)
        {
          z[c] = w[c * (DIM + 1) + DIM];
          for (guint l = 0; l < DIM; l++)
            z[c] += w[c * (DIM + 1) + l] * (double) x[l];
          sum += exp (z[c]);
        }
      for (guint c = 0; c < k; c++)
        {
          double t = self->t[i * k + c], s = self->c * self->s[i * k + c];
          double p = self->exclusive ? exp (z[c]) / sum : 1.0 / (1.0 + exp (-z[c]));

          if (self->exclusive)
            loss += t > 0.0 ? -s * t * log (p) : 0.0;
          else
            loss -= s * (t * log (p) + (1.0 - t) * log (1.0 - p));
          for (guint l = 0; l <= DIM; l++)
            ret_gradient[c * (DIM + 1) + l] += s * (p - t) * (l < DIM ? (double) x[l] : 1.0);
        }
    }
  return loss;
}

/* Gradient descent with Nesterov's momentum and restarts: slow, and nothing like the code under test. */
static double *
reference_solve (const Reference *self)
{
  gsize size = self->set->k * (DIM + 1);
  double *w = g_new0 (double, size);
  g_autofree double *y = g_new0 (double, size), *next = g_new0 (double, size), *g = g_new0 (double, size), *g2 = g_new0 (double, size);
  double step = 1.0, momentum = 1.0;

  for (guint iteration = 0; iteration < 200000; iteration++)
    {
      double at = reference_loss (self, y, g), square = 0.0, dot = 0.0, after, new_momentum;

      for (gsize i = 0; i < size; i++)
        square += g[i] * g[i];
      if (square < 1e-18)
        break;
      while (TRUE)
        {
          for (gsize i = 0; i < size; i++)
            next[i] = y[i] - step * g[i];
          after = reference_loss (self, next, g2);
          if (after <= at - 0.5 * step * square + 1e-12 || step < 1e-12)
            break;
          step *= 0.5;
        }
      for (gsize i = 0; i < size; i++)
        dot += g[i] * (next[i] - w[i]);
      if (dot > 0.0)
        momentum = 1.0;
      new_momentum = 0.5 * (1.0 + sqrt (1.0 + 4.0 * momentum * momentum));
      for (gsize i = 0; i < size; i++)
        {
          y[i] = next[i] + (momentum - 1.0) / new_momentum * (next[i] - w[i]);
          w[i] = next[i];
        }
      momentum = new_momentum;
    }
  return w;
}

static void
assert_same_head (const FoveaHead *head, const double *w, double tolerance)
{
  for (guint c = 0; c < head->n_concepts; c++)
    {
      for (guint l = 0; l < DIM; l++)
        g_assert_cmpfloat_with_epsilon ((double) head->weights[c * DIM + l], w[c * (DIM + 1) + l], tolerance);
      g_assert_cmpfloat_with_epsilon ((double) head->bias[c], w[c * (DIM + 1) + DIM], tolerance);
    }
}

static void
compare_with_reference (const Set *set, gboolean exclusive, gboolean balanced, double c)
{
  g_autoptr (FoveaHeadTrainer) trainer = fovea_head_trainer_new ();
  g_autoptr (FoveaHeadResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree double *t = g_new0 (double, set->n * set->k), *s = g_new0 (double, set->n * set->k), *w = NULL;
  FoveaHeadData data = set_data (set);
  FoveaHeadOptions options = quick (c);
  Reference reference = { set, exclusive, t, s, c };
  double counts[8] = { 0 };

  for (gsize i = 0; i < set->n * set->k; i++)
    counts[i % set->k] += set->labels[i] > 0;
  for (gsize i = 0; i < set->n; i++)
    for (guint j = 0; j < set->k; j++)
      {
        guint own = (guint) (i % set->k);
        double n = (double) set->n, k = set->k;

        t[i * set->k + j] = set->labels[i * set->k + j] > 0;
        if (exclusive)
          s[i * set->k + j] = balanced ? n / (k * counts[own]) : 1.0;
        else
          s[i * set->k + j] = !balanced ? 1.0 : t[i * set->k + j] > 0.0 ? n / (2.0 * counts[j]) : n / (2.0 * (n - counts[j]));
      }
  options.exclusive = exclusive;
  options.balanced = balanced;
  result = fovea_head_trainer_train (trainer, &data, &options, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  w = reference_solve (&reference);
  assert_same_head (result->head, w, 2e-3);
}

static void
test_reference (gconstpointer flags)
{
  guint how = GPOINTER_TO_UINT (flags);
  g_auto (Set) set = { 0 };

  set_init (&set, 61, 4, 1); /* 61: the classes are not of one size */
  for (double c = 0.1; c < 20.0; c *= 10.0)
    compare_with_reference (&set, (how & 1) != 0, (how & 2) != 0, c);
}

/* More rows than a Gram matrix is made for: the other form of the solver, the same optimum. */
static void
test_many_rows (void)
{
  g_auto (Set) set = { 0 };
  g_autoptr (FoveaHeadTrainer) trainer = fovea_head_trainer_new ();
  g_autoptr (FoveaHeadResult) result = NULL;
  g_autoptr (GError) error = NULL;
  FoveaHeadOptions options = quick (0.05);
  FoveaHeadData data;
  g_autofree double *t = NULL, *s = NULL, *w = NULL;

  set_init (&set, 4500, 3, 2);
  data = set_data (&set);
  t = g_new0 (double, set.n * set.k);
  s = g_new (double, set.n * set.k);
  for (gsize i = 0; i < set.n * set.k; i++)
    {
      t[i] = set.labels[i] > 0;
      s[i] = 1.0;
    }
  result = fovea_head_trainer_train (trainer, &data, &options, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  w = reference_solve (&(Reference){ &set, TRUE, t, s, 0.05 });
  assert_same_head (result->head, w, 2e-3);
}

static FoveaHeadResult *
train (FoveaHeadTrainer *trainer, const Set *set, const FoveaHeadOptions *options)
{
  g_autoptr (FoveaHeadTrainer) own = trainer == NULL ? fovea_head_trainer_new () : NULL;
  g_autoptr (GError) error = NULL;
  FoveaHeadData data = set_data (set);
  FoveaHeadResult *result = fovea_head_trainer_train (own != NULL ? own : trainer, &data, options, NULL, NULL, NULL, &error);

  g_assert_no_error (error);
  return result;
}

static double
greatest_difference (const FoveaHead *a, const FoveaHead *b)
{
  double greatest = 0.0;

  for (gsize i = 0; i < (gsize) a->n_concepts * a->dim; i++)
    greatest = MAX (greatest, fabs ((double) a->weights[i] - (double) b->weights[i]));
  for (guint c = 0; c < a->n_concepts; c++)
    greatest = MAX (greatest, fabs ((double) a->bias[c] - (double) b->bias[c]));
  return greatest;
}

static void
test_one_example_each (void)
{
  g_auto (Set) set = { 0 };
  g_autoptr (FoveaHeadResult) result = NULL;
  g_autofree float *p = NULL;
  FoveaHeadOptions options;

  set_init (&set, 4, 4, 3);
  fovea_head_options_init (&options);
  result = train (NULL, &set, &options);
  g_assert_cmpuint (result->folds, ==, 0); /* nothing can be held out */
  g_assert_null (result->out_of_fold);
  g_assert_cmpfloat (result->accuracy_low, ==, 0.0);
  g_assert_cmpfloat (result->accuracy_high, ==, 1.0);
  p = g_new (float, 16);
  fovea_head_predict (result->head, set.vectors[0], 4, p);
  for (guint i = 0; i < 4; i++)
    for (guint c = 0; c < 4; c++)
      if (c != i)
        g_assert_cmpfloat (p[i * 4 + i], >, p[i * 4 + c]);
}

static void
test_contradiction (void)
{
  g_auto (Set) set = { 0 };
  g_autoptr (FoveaHeadResult) result = NULL;
  FoveaHeadOptions options = quick (1e4);
  float p[8];

  set_init (&set, 4, 2, 4);
  for (guint i = 1; i < 4; i++)
    memcpy (set.vectors[0] + i * DIM, set.vectors[0], DIM * sizeof (float));
  result = train (NULL, &set, &options);
  fovea_head_predict (result->head, set.vectors[0], 4, p);
  for (guint i = 0; i < 8; i++)
    g_assert_cmpfloat_with_epsilon (p[i], 0.5f, 1e-3f);
}

static void
expect_error (const Set *set, const FoveaHeadOptions *options, int code)
{
  g_autoptr (FoveaHeadTrainer) trainer = fovea_head_trainer_new ();
  g_autoptr (GError) error = NULL;
  FoveaHeadData data = set_data (set);

  g_assert_null (fovea_head_trainer_train (trainer, &data, options, NULL, NULL, NULL, &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, code);
}

static void
test_too_few (void)
{
  g_auto (Set) one = { 0 };
  g_auto (Set) same = { 0 };
  FoveaHeadOptions options = quick (1.0);

  set_init (&one, 6, 1, 5);
  expect_error (&one, &options, FOVEA_MODELS_ERROR_TOO_FEW);
  set_init (&same, 6, 2, 5);
  for (guint i = 0; i < 6; i++)
    {
      same.labels[i * 2] = 1;
      same.labels[i * 2 + 1] = 0;
    }
  expect_error (&same, &options, FOVEA_MODELS_ERROR_TOO_FEW);
  memset (same.labels, 0, 12);
  expect_error (&same, &options, FOVEA_MODELS_ERROR_TOO_FEW);
  options.exclusive = FALSE;
  expect_error (&one, &options, FOVEA_MODELS_ERROR_TOO_FEW); /* positives alone */
}

static void
test_single_concept (void)
{
  g_auto (Set) set = { 0 };
  g_autoptr (FoveaHeadResult) result = NULL;
  FoveaHeadOptions options = quick (100.0);
  float p[10];

  set_init (&set, 10, 2, 6);
  set.k = 1;
  for (guint i = 0; i < 10; i++)
    set.labels[i] = i % 2 == 0 ? 1 : -1;
  options.exclusive = FALSE;
  result = train (NULL, &set, &options);
  fovea_head_predict (result->head, set.vectors[0], 10, p);
  for (guint i = 0; i < 10; i++)
    g_assert_true ((p[i] > 0.5f) == (i % 2 == 0));
}

/* Without assumed negatives, what was not said has no say. */
static void
test_unknown_labels (void)
{
  g_auto (Set) set = { 0 };
  g_auto (Set) less = { 0 };
  g_autoptr (FoveaHeadResult) all = NULL;
  g_autoptr (FoveaHeadResult) fewer = NULL;
  FoveaHeadOptions options = quick (3.0);

  set_init (&set, 40, 2, 7);
  set_init (&less, 20, 2, 7);
  for (guint i = 0; i < 20; i++)
    for (guint c = 0; c < 2; c++)
      if (set.labels[i * 2 + c] == 0)
        set.labels[i * 2 + c] = less.labels[i * 2 + c] = -1;
  memset (set.labels + 40, 0, 40);
  options.exclusive = FALSE;
  options.assume_negatives = FALSE;
  all = train (NULL, &set, &options);
  fewer = train (NULL, &less, &options);
  g_assert_cmpfloat (greatest_difference (all->head, fewer->head), <, 1e-3);
}

static void
test_absent_concept (void)
{
  g_auto (Set) set = { 0 };
  g_autoptr (FoveaHeadResult) result = NULL;
  FoveaHeadOptions options = quick (10.0);
  float p[30];

  set_init (&set, 10, 3, 8);
  for (guint i = 0; i < 10; i++)
    if (i % 3 == 2)
      {
        set.labels[i * 3 + 2] = 0;
        set.labels[i * 3 + i % 2] = 1;
      }
  result = train (NULL, &set, &options);
  fovea_head_predict (result->head, set.vectors[0], 10, p);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpfloat (p[i * 3 + 2], <, 1e-4f);
}

static void
test_determinism (void)
{
  g_auto (Set) set = { 0 };
  g_autoptr (FoveaHeadResult) a = NULL;
  g_autoptr (FoveaHeadResult) b = NULL;
  g_autoptr (FoveaHeadResult) other = NULL;
  FoveaHeadOptions options;

  set_init (&set, 90, 3, 9);
  fovea_head_options_init (&options);
  options.seed = 11;
  a = train (NULL, &set, &options);
  b = train (NULL, &set, &options);
  g_assert_cmpmem (a->head->weights, 3 * DIM * sizeof (float), b->head->weights, 3 * DIM * sizeof (float));
  g_assert_cmpmem (a->out_of_fold, 90 * 3 * sizeof (float), b->out_of_fold, 90 * 3 * sizeof (float));
  g_assert_cmpmem (a->fold, 90 * sizeof (int), b->fold, 90 * sizeof (int));
  options.seed = 12;
  other = train (NULL, &set, &options);
  g_assert_cmpint (memcmp (a->fold, other->fold, 90 * sizeof (int)), !=, 0);
}

static void
test_permutation (void)
{
  g_auto (Set) set = { 0 };
  g_auto (Set) mixed = { 0 };
  g_autoptr (FoveaHeadResult) a = NULL;
  g_autoptr (FoveaHeadResult) b = NULL;
  FoveaHeadOptions options = quick (10.0);

  set_init (&set, 50, 3, 10);
  set_init (&mixed, 50, 3, 10);
  for (gsize i = 0; i < 50; i++)
    {
      gsize from = i * 17 % 50;

      memcpy (mixed.vectors[0] + i * DIM, set.vectors[0] + from * DIM, DIM * sizeof (float));
      memcpy (mixed.labels + i * 3, set.labels + from * 3, 3);
    }
  a = train (NULL, &set, &options);
  b = train (NULL, &mixed, &options);
  g_assert_cmpfloat (greatest_difference (a->head, b->head), <, 2e-3);
}

/* A trainer that has seen other labels, fewer rows and another order ends where a fresh one does. */
static void
test_warm (void)
{
  g_auto (Set) set = { 0 };
  g_auto (Set) part = { 0 };
  g_autoptr (FoveaHeadTrainer) trainer = fovea_head_trainer_new ();
  g_autoptr (FoveaHeadResult) first = NULL;
  g_autoptr (FoveaHeadResult) second = NULL;
  g_autoptr (FoveaHeadResult) third = NULL;
  g_autoptr (FoveaHeadResult) fresh = NULL;
  FoveaHeadOptions options = quick (10.0);

  set_init (&set, 80, 3, 11);
  set_init (&part, 70, 3, 11);
  for (gsize i = 0; i < 70; i++) /* the last ones first, so that ten of the rows are new in the middle */
    {
      memcpy (part.vectors[0] + i * DIM, set.vectors[0] + (79 - i) * DIM, DIM * sizeof (float));
      memcpy (part.labels + i * 3, set.labels + (79 - i) * 3, 3);
    }
  first = train (trainer, &part, &options);
  second = train (trainer, &set, &options);
  fresh = train (NULL, &set, &options);
  g_assert_cmpfloat (greatest_difference (second->head, fresh->head), <, 5e-3);
  memset (set.labels + 5 * 3, 0, 3); /* a label is taken back */
  third = train (trainer, &set, &options);
  g_clear_pointer (&fresh, fovea_head_result_free);
  fresh = train (NULL, &set, &options);
  g_assert_cmpfloat (greatest_difference (third->head, fresh->head), <, 5e-3);
  g_assert_cmpuint (third->n_iterations, <, fresh->n_iterations);
}

static void
test_chooses_views (void)
{
  g_auto (Set) set = { 0 };
  g_autoptr (FoveaHeadResult) result = NULL;
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  FoveaHeadOptions options;
  gsize correct = 0, evaluated = 0;

  set_init (&set, 120, 3, 12);
  set.vectors[FOVEA_FIT_SQUASH] = g_steal_pointer (&set.vectors[FOVEA_FIT_CROP]);
  set.vectors[FOVEA_FIT_CROP] = g_new (float, set.n * DIM); /* says nothing */
  for (gsize i = 0; i < set.n * DIM; i++)
    set.vectors[FOVEA_FIT_CROP][i] = (float) g_rand_double_range (random, -1.0, 1.0);
  for (gsize i = 0; i < set.n; i++)
    scale_row (set.vectors[FOVEA_FIT_CROP] + i * DIM);
  fovea_head_options_init (&options);
  result = train (NULL, &set, &options);
  g_assert_cmpint (result->head->views, ==, FOVEA_VIEWS_SQUASH);
  g_assert_cmpuint (result->scores->len, ==, 12);
  g_assert_cmpuint (result->folds, ==, 5);
  for (gsize i = 0; i < set.n; i++)
    {
      const float *p = result->out_of_fold + i * 3;
      guint best = p[1] > p[0] ? 1 : 0;

      if (p[2] > p[best])
        best = 2;
      evaluated += result->fold[i] >= 0;
      correct += result->fold[i] >= 0 && best == i % 3;
      g_assert_cmpfloat_with_epsilon (p[0] + p[1] + p[2], 1.0f, 1e-4f);
    }
  g_assert_cmpuint (result->n_correct, ==, correct);
  g_assert_cmpuint (result->n_evaluated, ==, evaluated);
  g_assert_cmpfloat_with_epsilon (result->accuracy, (double) correct / (double) evaluated, 1e-9);
  g_assert_cmpfloat (result->accuracy_low, <, result->accuracy);
  g_assert_cmpfloat (result->accuracy_high, >, result->accuracy);
}

/* Copies of a picture with a label of its own each would be recognised from one fold to the next. */
static void
test_groups (void)
{
  g_auto (Set) set = { 0 };
  g_autoptr (FoveaHeadResult) result = NULL;
  FoveaHeadOptions options;

  set_init (&set, 60, 3, 13);
  set.groups = g_new (guint64, 60);
  for (guint i = 0; i < 60; i++)
    set.groups[i] = i / 6;
  fovea_head_options_init (&options);
  options.c = 10.0;
  result = train (NULL, &set, &options);
  for (guint i = 0; i < 60; i++)
    g_assert_cmpint (result->fold[i], ==, result->fold[i / 6 * 6]);
  g_assert_cmpuint (result->scores->len, ==, 1);
}

static void
test_bad_vectors (void)
{
  g_auto (Set) set = { 0 };
  FoveaHeadOptions options = quick (1.0);

  set_init (&set, 10, 2, 14);
  options.views_mask = 1u << FOVEA_VIEWS_LETTERBOX;
  expect_error (&set, &options, FOVEA_MODELS_ERROR_MISMATCH);
  options.views_mask = 0;
  set.vectors[0][3 * DIM + 2] = INFINITY;
  expect_error (&set, &options, FOVEA_MODELS_ERROR_MALFORMED);
}

static void
test_cancel (void)
{
  g_auto (Set) set = { 0 };
  g_autoptr (FoveaHeadTrainer) trainer = fovea_head_trainer_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  FoveaHeadOptions options;
  FoveaHeadData data;

  set_init (&set, 40, 2, 15);
  data = set_data (&set);
  fovea_head_options_init (&options);
  g_cancellable_cancel (cancellable);
  g_assert_null (fovea_head_trainer_train (trainer, &data, &options, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Stored halves, in any order and by several threads, score as their floats do. */
static void
test_predict_halves (void)
{
  enum { N = 5000, K = 3 };
  g_autoptr (FoveaHead) head = fovea_head_new (K, DIM, TRUE, FOVEA_VIEWS_LETTERBOX);
  g_autoptr (GRand) random = g_rand_new_with_seed (4);
  g_autofree guint16 *halves = g_new (guint16, N * DIM);
  g_autofree float *floats = g_new (float, N * DIM);
  g_autofree const guint16 **rows = g_new (const guint16 *, N);
  g_autofree float *expected = g_new (float, N * K);
  g_autofree float *found = g_new0 (float, N * K);

  for (guint i = 0; i < K * DIM; i++)
    head->weights[i] = (float) g_rand_double_range (random, -3, 3);
  for (guint i = 0; i < N * DIM; i++)
    {
      halves[i] = fovea_float_to_f16 ((float) g_rand_double_range (random, -1, 1));
      floats[i] = fovea_f16_to_float (halves[i]);
    }
  for (guint i = 0; i < N; i++)
    rows[i] = halves + (N - 1 - i) * DIM;
  fovea_head_predict (head, floats, N, expected);
  fovea_head_predict_halves (head, rows, N, 3, found);
  for (guint i = 0; i < N; i++)
    for (guint c = 0; c < K; c++)
      g_assert_cmpfloat_with_epsilon (found[(N - 1 - i) * K + c], expected[i * K + c], 1e-6);
  fovea_head_predict_halves (head, rows, 0, 3, found);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/models/head/independent-is-optimal", GUINT_TO_POINTER (0), test_reference);
  g_test_add_data_func ("/models/head/exclusive-is-optimal", GUINT_TO_POINTER (1), test_reference);
  g_test_add_data_func ("/models/head/independent-balanced-is-optimal", GUINT_TO_POINTER (2), test_reference);
  g_test_add_data_func ("/models/head/exclusive-balanced-is-optimal", GUINT_TO_POINTER (3), test_reference);
  g_test_add_func ("/models/head/predict-halves", test_predict_halves);
  g_test_add_func ("/models/head/many-rows", test_many_rows);
  g_test_add_func ("/models/head/one-example-each", test_one_example_each);
  g_test_add_func ("/models/head/contradiction", test_contradiction);
  g_test_add_func ("/models/head/too-few", test_too_few);
  g_test_add_func ("/models/head/single-concept", test_single_concept);
  g_test_add_func ("/models/head/unknown-labels", test_unknown_labels);
  g_test_add_func ("/models/head/absent-concept", test_absent_concept);
  g_test_add_func ("/models/head/determinism", test_determinism);
  g_test_add_func ("/models/head/permutation", test_permutation);
  g_test_add_func ("/models/head/warm-refit", test_warm);
  g_test_add_func ("/models/head/chooses-views", test_chooses_views);
  g_test_add_func ("/models/head/groups-stay-together", test_groups);
  g_test_add_func ("/models/head/bad-vectors", test_bad_vectors);
  g_test_add_func ("/models/head/cancel", test_cancel);
  return g_test_run ();
}
