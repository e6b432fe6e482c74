/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/learning-curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "models/head-folds.h"
#include "vision/metrics.h"

#define N_FOLDS 5
#define MAX_ROWS 2048
#define SEED 20
#define N_SAMPLES 400
/* p of another concept, and so many times the p of the label: see the header. */
#define SURE 0.6f
#define MANY_TIMES 10.0f
#define Z_95_PERCENT 1.959963984540054

static const double parts[FOVEA_LEARNING_PARTS] = { 0.125, 0.25, 0.5, 1.0 };
static const double exponents[] = { 0.3, 0.5, 0.7, 1.0 };

/* ---- the curve through the points ---- */

/* Least squares of mistakes = a + b x with a, b ≥ 0. Returns the sum of squares. */
static double
fit_line (guint n, const double *x, const double *mistakes, double *ret_a, double *ret_b)
{
  double sx = 0, sy = 0, sxx = 0, sxy = 0, squares = 0, determinant;

  for (guint i = 0; i < n; i++)
    {
      sx += x[i];
      sy += mistakes[i];
      sxx += x[i] * x[i];
      sxy += x[i] * mistakes[i];
    }
  determinant = n * sxx - sx * sx;
  *ret_b = determinant > 1e-12 ? (n * sxy - sx * sy) / determinant : 0;
  *ret_a = (sy - *ret_b * sx) / n;
  if (*ret_b < 0)
    {
      *ret_b = 0;
      *ret_a = sy / n;
    }
  else if (*ret_a < 0)
    {
      *ret_a = 0;
      *ret_b = sxx > 0 ? sxy / sxx : 0;
    }
  for (guint i = 0; i < n; i++)
    squares += pow (*ret_a + *ret_b * x[i] - mistakes[i], 2);
  return squares;
}

double
fovea_learning_curve_extrapolate (guint n, const double *sizes, const double *mistakes, double size)
{
  g_autofree double *x = g_new (double, MAX (n, 1));
  double least = G_MAXDOUBLE, found = n > 0 ? mistakes[n - 1] : 0;

  for (guint e = 0; n > 0 && e < G_N_ELEMENTS (exponents); e++)
    {
      double a, b, squares;

      for (guint i = 0; i < n; i++)
        x[i] = pow (sizes[i], -exponents[e]);
      squares = fit_line (n, x, mistakes, &a, &b);
      if (squares < least)
        {
          least = squares;
          found = a + b * pow (size, -exponents[e]);
        }
    }
  return CLAMP (found, 0, 1);
}

/* ---- heads on parts of the rows ---- */

typedef struct {
  const FoveaHeadData *data;
  const float *vectors; /* those of @data */
  FoveaFit kind;
  gboolean exclusive;
  FoveaScheduler *scheduler;
  GCancellable *cancellable;
  int *fold;            /* [n_rows] */
  gint8 *right[FOVEA_LEARNING_PARTS]; /* [n_rows] 1, 0; −1 not evaluated */
  double n_trained[FOVEA_LEARNING_PARTS];
  gsize n_contradicted;

  FoveaHeadData some;   /* of the fit at work */
  FoveaHead *head;
} Curve;

static void
curve_clear (Curve *self)
{
  g_free (self->fold);
  for (guint p = 0; p < FOVEA_LEARNING_PARTS; p++)
    g_free (self->right[p]);
  g_clear_pointer (&self->head, fovea_head_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Curve, curve_clear)

static gboolean
fit_unit (gpointer data, GCancellable *cancellable, GError **error)
{
  Curve *self = data;
  g_autoptr (FoveaHeadTrainer) trainer = fovea_head_trainer_new ();
  g_autoptr (FoveaHeadResult) result = NULL;
  FoveaHeadOptions options;

  fovea_head_options_init (&options);
  options.exclusive = self->exclusive;
  options.folds = 0;
  result = fovea_head_trainer_train (trainer, &self->some, &options, NULL, NULL, cancellable, error);
  if (result == NULL)
    return FALSE;
  g_clear_pointer (&self->head, fovea_head_unref);
  self->head = fovea_head_ref (result->head);
  return TRUE;
}

/* Fits a head to the @used rows. */
static gboolean
fit_rows (Curve *self, const gboolean *used, gsize n, GError **error)
{
  gsize dim = self->data->dim, k = self->data->n_concepts, at = 0;
  g_autofree gint8 *labels = g_new (gint8, MAX (n, 1) * k);
  g_autofree float *vectors = g_new (float, MAX (n, 1) * dim);

  for (gsize i = 0; i < self->data->n_rows; i++)
    if (used[i])
      {
        memcpy (labels + at * k, self->data->labels + i * k, k);
        memcpy (vectors + at++ * dim, self->vectors + i * dim, dim * sizeof (float));
      }
  self->some = (FoveaHeadData){ .n_rows = n, .dim = self->data->dim, .n_concepts = self->data->n_concepts, .labels = labels };
  self->some.vectors[self->kind] = vectors;
  if (self->scheduler != NULL)
    return fovea_scheduler_run (self->scheduler, FOVEA_PRIORITY_TRAINING, fit_unit, self, self->cancellable, error);
  return fit_unit (self, self->cancellable, error);
}

static gboolean
has_positive (const gint8 *labels, guint k)
{
  for (guint c = 0; c < k; c++)
    if (labels[c] > 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_contradicted (const gint8 *labels, const float *p, guint k, guint best)
{
  float said = 0;

  for (guint c = 0; c < k; c++)
    if (labels[c] > 0)
      said = MAX (said, p[c]);
  /* A person who has said that it is not what the machine says has looked already. */
  return labels[best] == 0 && p[best] >= SURE && p[best] >= MANY_TIMES * said;
}

static void
judge_fold (Curve *self, int fold, guint part)
{
  guint k = self->data->n_concepts;
  g_autofree float *p = g_new (float, k);

  for (gsize i = 0; i < self->data->n_rows; i++)
    {
      const gint8 *labels = self->data->labels + i * k;
      guint best = 0;

      if (self->fold[i] != fold || !has_positive (labels, k))
        continue;
      fovea_head_predict (self->head, self->vectors + i * self->data->dim, 1, p);
      for (guint c = 1; c < k; c++)
        if (p[c] > p[best])
          best = c;
      self->right[part][i] = labels[best] > 0;
      if (part == FOVEA_LEARNING_PARTS - 1 && self->exclusive)
        self->n_contradicted += is_contradicted (labels, p, k, best);
    }
}

static gboolean
run_part (Curve *self, int fold, guint n_folds, guint part, GError **error)
{
  gsize n = self->data->n_rows, n_used = 0;
  g_autofree gboolean *used = g_new (gboolean, n);

  for (gsize i = 0; i < n; i++)
    n_used += used[i] = self->fold[i] != fold && self->fold[i] >= -1;
  /* Other rows in every fold, so that no unlucky eighth decides. */
  if (parts[part] < 1)
    fovea_head_sample (n, self->data->n_concepts, self->data->labels, (gsize) ceil (parts[part] * (double) n_used), SEED + (guint64) fold,
                       used);
  n_used = 0;
  for (gsize i = 0; i < n; i++)
    n_used += used[i];
  if (!fit_rows (self, used, n_used, error))
    return FALSE;
  self->n_trained[part] += (double) n_used / n_folds;
  judge_fold (self, fold, part);
  return TRUE;
}

/* Rows beyond the sample have fold −2: they are neither learnt from nor judged. */
static guint
make_folds (Curve *self)
{
  gsize n = self->data->n_rows;
  g_autofree gboolean *used = g_new (gboolean, n);
  guint n_folds;

  for (gsize i = 0; i < n; i++)
    used[i] = TRUE;
  fovea_head_sample (n, self->data->n_concepts, self->data->labels, MAX_ROWS, SEED, used);
  self->fold = g_new (int, n);
  n_folds = fovea_head_folds (n, self->data->n_concepts, self->data->labels, self->data->groups, used, N_FOLDS, SEED, self->fold);
  for (gsize i = 0; i < n; i++)
    if (!used[i])
      self->fold[i] = -2;
  return n_folds;
}

static gboolean
run (Curve *self, GError **error)
{
  guint n_folds = make_folds (self);

  for (guint p = 0; p < FOVEA_LEARNING_PARTS; p++)
    {
      self->right[p] = g_new (gint8, MAX (self->data->n_rows, 1));
      memset (self->right[p], -1, self->data->n_rows);
    }
  if (n_folds == 0)
    {
      g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, _("Each concept has one labelled picture at most"));
      return FALSE;
    }
  for (guint f = 0; f < n_folds; f++)
    for (guint p = 0; p < FOVEA_LEARNING_PARTS; p++)
      if (!run_part (self, (int) f, n_folds, p, error))
        return FALSE;
  return TRUE;
}

/* ---- what it says ---- */

/* The accuracy with twice the rows; @rows: those that count, again where they come twice. */
static double
twice_of (const Curve *self, const gsize *rows, gsize n, double *ret_now)
{
  double mistakes[FOVEA_LEARNING_PARTS], now = self->n_trained[FOVEA_LEARNING_PARTS - 1], gain;

  for (guint p = 0; p < FOVEA_LEARNING_PARTS; p++)
    {
      gsize n_wrong = 0;

      for (gsize i = 0; i < n; i++)
        n_wrong += self->right[p][rows[i]] == 0;
      mistakes[p] = (double) n_wrong / (double) MAX (n, 1);
    }
  gain = fovea_learning_curve_extrapolate (FOVEA_LEARNING_PARTS, self->n_trained, mistakes, now)
         - fovea_learning_curve_extrapolate (FOVEA_LEARNING_PARTS, self->n_trained, mistakes, 2 * now);
  *ret_now = 1 - mistakes[FOVEA_LEARNING_PARTS - 1];
  return MIN (1, *ret_now + MAX (gain, 0));
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  return *(const double *) a < *(const double *) b ? -1 : *(const double *) a > *(const double *) b;
}

static void
take_interval (double *values, double *ret_low, double *ret_high)
{
  qsort (values, N_SAMPLES, sizeof *values, compare_doubles);
  *ret_low = values[(int) (0.025 * N_SAMPLES)];
  *ret_high = values[N_SAMPLES - 1 - (int) (0.025 * N_SAMPLES)];
}

static void
bootstrap (const Curve *self, const gsize *rows, gsize n, FoveaLearningCurve *curve)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (SEED);
  g_autofree gsize *sample = g_new (gsize, n);
  double twice[N_SAMPLES], gains[N_SAMPLES], now;

  for (guint s = 0; s < N_SAMPLES; s++)
    {
      for (gsize i = 0; i < n; i++)
        sample[i] = rows[g_rand_int_range (rand, 0, (gint32) n)];
      twice[s] = twice_of (self, sample, n, &now);
      gains[s] = twice[s] - now;
    }
  take_interval (twice, &curve->twice_low, &curve->twice_high);
  take_interval (gains, &curve->gain_low, &curve->gain_high);
}

static double
guess (const Curve *self, const gsize *rows, gsize n)
{
  guint k = self->data->n_concepts;
  gsize most = 0;

  for (guint c = 0; c < k; c++)
    {
      gsize n_has = 0;

      for (gsize i = 0; i < n; i++)
        n_has += self->data->labels[rows[i] * k + c] > 0;
      most = MAX (most, n_has);
    }
  return (double) most / (double) MAX (n, 1);
}

static void
describe (const Curve *self, FoveaLearningCurve *curve)
{
  g_autofree gsize *rows = g_new (gsize, MAX (self->data->n_rows, 1));
  gsize n = 0;
  double now;

  for (gsize i = 0; i < self->data->n_rows; i++)
    if (self->right[0][i] >= 0)
      rows[n++] = i;
  curve->n_evaluated = n;
  curve->guessed = guess (self, rows, n);
  curve->n_contradicted = self->n_contradicted;
  for (guint p = 0; p < FOVEA_LEARNING_PARTS; p++)
    {
      FoveaLearningPoint *point = &curve->points[p];
      gsize n_right = 0;

      for (gsize i = 0; i < n; i++)
        n_right += self->right[p][rows[i]] == 1;
      point->n_trained = self->n_trained[p];
      point->accuracy = (double) n_right / (double) MAX (n, 1);
      fovea_metrics_wilson (n_right, n, Z_95_PERCENT, &point->low, &point->high);
    }
  curve->twice = twice_of (self, rows, n, &now);
  curve->gain = curve->twice - now;
  if (n > 0)
    bootstrap (self, rows, n, curve);
}

gboolean
fovea_learning_curve_make (const FoveaHeadData *data, gboolean exclusive, FoveaScheduler *scheduler, GCancellable *cancellable,
                           FoveaLearningCurve *ret_curve, GError **error)
{
  g_auto (Curve) self = { .data = data, .exclusive = exclusive, .scheduler = scheduler, .cancellable = cancellable };
  FoveaLearningCurve curve = { 0 };

  for (guint fit = 0; fit < FOVEA_N_FITS; fit++)
    if (data->vectors[fit] != NULL)
      {
        self.kind = (FoveaFit) fit;
        self.vectors = data->vectors[fit];
      }
  g_return_val_if_fail (self.vectors != NULL, FALSE);
  if (!run (&self, error))
    return FALSE;
  describe (&self, &curve);
  *ret_curve = curve;
  return TRUE;
}
