/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/head-trainer.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "models/head-cv.h"
#include "models/head-folds.h"
#include "models/head-gram.h"
#include "models/head-solver.h"
#include "models/head-targets.h"
#include "vision/metrics.h"

#define MAX_GRAM_ROWS 4096
#define TOLERANCE 1e-5       /* of a model that is kept: probabilities within 1e-3 of the optimum, mostly 1e-4 */
#define QUICK_TOLERANCE 1e-4 /* of a refit that starts from the last one */
#define MAX_ITERATIONS 1000
#define DEFAULT_C 30.0
#define ABSENT_BIAS (-16.0f)
#define LOSS_SLACK 1.02
#define Z_95_PERCENT 1.959963984540054

static const double default_grid[] = { 1.0, 3.0, 10.0, 30.0, 100.0, 300.0 };

struct _FoveaHeadTrainer {
  FoveaHeadGram *grams[FOVEA_N_VIEWS];
  /* The last fit: coefficients by row of its Gram matrix (or W), for columns that stand for these concepts. */
  FoveaHeadSolution *last;
  FoveaViews last_views;
  gboolean last_exclusive, last_kernel;
  guint last_k;
  guint *last_concept_of;
};

/* One call's arguments, and what was found out about them. */
typedef struct {
  FoveaHeadTrainer *trainer;
  const FoveaHeadData *data;
  FoveaHeadOptions options; /* with the defaults filled in */
  guint n_threads;
  gsize *rows;              /* labelled rows */
  gsize n_rows;
  FoveaHeadResult *result;
  FoveaViews views;         /* chosen */
  double c;
  FoveaProgressFunc progress;
  gpointer progress_data;
  GCancellable *cancellable;
} Training;

static void
training_clear (Training *self)
{
  g_free (self->rows);
  g_clear_pointer (&self->result, fovea_head_result_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Training, training_clear)

void
fovea_head_options_init (FoveaHeadOptions *options)
{
  *options = (FoveaHeadOptions){ .exclusive = TRUE, .assume_negatives = TRUE, .folds = 5 };
}

FoveaHeadTrainer *
fovea_head_trainer_new (void)
{
  return g_new0 (FoveaHeadTrainer, 1);
}

void
fovea_head_trainer_reset (FoveaHeadTrainer *trainer)
{
  for (guint v = 0; v < FOVEA_N_VIEWS; v++)
    g_clear_pointer (&trainer->grams[v], fovea_head_gram_free);
  g_clear_pointer (&trainer->last, fovea_head_solution_free);
  g_clear_pointer (&trainer->last_concept_of, g_free);
}

void
fovea_head_trainer_free (FoveaHeadTrainer *trainer)
{
  fovea_head_trainer_reset (trainer);
  g_free (trainer);
}

void
fovea_head_result_free (FoveaHeadResult *result)
{
  g_clear_pointer (&result->head, fovea_head_unref);
  g_clear_pointer (&result->scores, g_array_unref);
  g_free (result->fold);
  g_free (result->out_of_fold);
  g_free (result);
}

static gboolean
has_vectors (const FoveaHeadData *data, FoveaViews views)
{
  FoveaFit fits[2];
  guint n_fits = fovea_views_get_fits (views, fits);

  for (guint f = 0; f < n_fits; f++)
    if (data->vectors[fits[f]] == NULL)
      return FALSE;
  return TRUE;
}

static gboolean
settle_options (Training *self, const FoveaHeadOptions *options, GError **error)
{
  guint there = 0;

  self->options = *options;
  for (guint v = 0; v < FOVEA_N_VIEWS; v++)
    if (has_vectors (self->data, (FoveaViews) v))
      there |= 1u << v;
  if (self->options.views_mask == 0)
    self->options.views_mask = there;
  if (self->options.views_mask == 0 || (self->options.views_mask & ~there) != 0)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                   "training looks at views of the pictures whose vectors have not been computed; embed the pictures first");
      return FALSE;
    }
  if (self->options.c > 0.0)
    {
      self->options.n_grid = 1;
      self->options.grid[0] = self->options.c;
    }
  else if (self->options.n_grid == 0)
    {
      self->options.n_grid = G_N_ELEMENTS (default_grid);
      memcpy (self->options.grid, default_grid, sizeof default_grid);
    }
  return TRUE;
}

static gboolean
check_vectors (const Training *self, GError **error)
{
  for (guint f = 0; f < FOVEA_N_FITS; f++)
    for (gsize i = 0; i < self->n_rows && self->data->vectors[f] != NULL; i++)
      {
        const float *row = self->data->vectors[f] + self->rows[i] * self->data->dim;
        float sum = 0.0f;

        for (guint l = 0; l < self->data->dim; l++)
          sum += row[l] * 0.0f; /* not a number unless every value is finite */
        if (sum == 0.0f)
          continue;
        g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED,
                     "the %s vector of row %" G_GSIZE_FORMAT " holds a value that is not a number; embed its picture again",
                     fovea_fit_name ((FoveaFit) f), self->rows[i]);
        return FALSE;
      }
  return TRUE;
}

static gboolean
check_labels (const Training *self, GError **error)
{
  g_autofree gsize *positives = g_new0 (gsize, self->data->n_concepts);
  g_autofree gsize *negatives = g_new0 (gsize, self->data->n_concepts);
  gboolean exclusive = self->options.exclusive;
  guint n_positive = 0, n_both = 0;

  for (gsize i = 0; i < self->n_rows; i++)
    for (guint c = 0; c < self->data->n_concepts; c++)
      {
        int label = fovea_head_effective_label (self->data->labels[self->rows[i] * self->data->n_concepts + c], exclusive,
                                                self->options.assume_negatives);

        positives[c] += label > 0;
        negatives[c] += label < 0;
      }
  for (guint c = 0; c < self->data->n_concepts; c++)
    {
      n_positive += positives[c] > 0;
      n_both += positives[c] > 0 && negatives[c] > 0;
    }
  if (exclusive ? n_positive >= 2 : n_both >= 1)
    return TRUE;
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_TOO_FEW,
               exclusive ? _("training needs examples of at least two concepts, there are examples of %u; label some pictures of another one")
                         : _("training needs a concept with pictures that have it and pictures that do not (concepts with pictures of "
                             "one kind only: %u); label some of the other kind"),
               n_positive);
  return FALSE;
}

static void
find_rows (Training *self)
{
  self->rows = g_new (gsize, MAX (self->data->n_rows, 1));
  for (gsize i = 0; i < self->data->n_rows; i++)
    if (fovea_head_row_is_labelled (self->data->labels + i * self->data->n_concepts, self->data->n_concepts, self->options.exclusive))
      self->rows[self->n_rows++] = i;
}

static FoveaHeadGram *
get_gram (FoveaHeadTrainer *trainer, FoveaViews views, guint dim)
{
  FoveaHeadGram *gram = trainer->grams[views];

  if (gram != NULL && gram->dim != dim)
    g_clear_pointer (&trainer->grams[views], fovea_head_gram_free);
  if (trainer->grams[views] == NULL)
    trainer->grams[views] = fovea_head_gram_new (views, dim);
  return trainer->grams[views];
}

/* The Gram matrix grew or was built anew: coefficients of before are moved to the new size, or forgotten. */
static void
update_gram (Training *self, FoveaViews views, const gsize *rows, gsize n_rows, gsize *ret_position)
{
  FoveaHeadTrainer *trainer = self->trainer;
  FoveaHeadGram *gram = get_gram (trainer, views, self->data->dim);

  if (fovea_head_gram_update (gram, self->data, rows, n_rows, self->n_threads, ret_position) && trainer->last != NULL &&
      trainer->last_kernel && trainer->last_views == views)
    g_clear_pointer (&trainer->last, fovea_head_solution_free);
}

/* Returns the tolerance to fit to. */
static double
start_from_last (const Training *self, const FoveaHeadTargets *targets, gboolean kernel, FoveaHeadSolution *solution)
{
  FoveaHeadTrainer *trainer = self->trainer;
  const FoveaHeadSolution *last = trainer->last;

  if (last == NULL || trainer->last_views != self->views || trainer->last_kernel != kernel ||
      trainer->last_exclusive != self->options.exclusive || trainer->last_k != targets->k || last->rows > solution->rows ||
      (!kernel && last->rows != solution->rows) ||
      memcmp (trainer->last_concept_of, targets->concept_of, targets->k * sizeof (guint)) != 0)
    return TOLERANCE;
  memcpy (solution->coef, last->coef, last->rows * last->width * sizeof (float));
  memcpy (solution->bias, last->bias, last->width * sizeof (float));
  return self->options.folds > 0 ? TOLERANCE : QUICK_TOLERANCE;
}

static void
keep_last (const Training *self, const FoveaHeadTargets *targets, gboolean kernel, FoveaHeadSolution *solution)
{
  FoveaHeadTrainer *trainer = self->trainer;

  g_clear_pointer (&trainer->last, fovea_head_solution_free);
  g_free (trainer->last_concept_of);
  trainer->last = solution;
  trainer->last_views = self->views;
  trainer->last_kernel = kernel;
  trainer->last_exclusive = self->options.exclusive;
  trainer->last_k = targets->k;
  trainer->last_concept_of = g_memdup2 (targets->concept_of, targets->n_concepts * sizeof (guint));
}

/* Columns of @w [dim, width] → rows of the head; the mean that was taken from the vectors goes into the bias. */
static FoveaHead *
make_head (const Training *self, const FoveaHeadTargets *targets, const float *w, const float *bias, const float *mean)
{
  guint dim = self->data->dim;
  FoveaHead *head = fovea_head_new (self->data->n_concepts, dim, self->options.exclusive, self->views);

  head->c = self->c;
  for (guint c = 0; c < head->n_concepts; c++)
    {
      float p = targets->constant[c];

      if (p >= 0.0f)
        head->bias[c] = p > 0.0f ? logf (p / (1.0f - p)) : ABSENT_BIAS;
    }
  for (guint j = 0; j < targets->k; j++)
    {
      float *row = head->weights + (gsize) targets->concept_of[j] * dim;
      double shift = 0.0;

      for (guint l = 0; l < dim; l++)
        {
          row[l] = w[(gsize) l * targets->width + j];
          shift += (double) row[l] * (double) mean[l];
        }
      head->bias[targets->concept_of[j]] = bias[j] - (float) shift;
    }
  return head;
}

static gboolean
fit_with_gram (Training *self, GError **error)
{
  g_autofree gsize *position = g_new (gsize, self->n_rows);
  g_autofree gsize *row_at = NULL;
  g_autofree float *weight = NULL, *w = NULL;
  g_autoptr (FoveaHeadTargets) targets = NULL;
  g_autoptr (FoveaHeadSolution) solution = NULL;
  FoveaHeadProblem problem;
  FoveaHeadGram *gram;
  double tolerance;

  update_gram (self, self->views, self->rows, self->n_rows, position);
  gram = self->trainer->grams[self->views];
  row_at = g_new (gsize, gram->n);
  for (gsize i = 0; i < gram->n; i++)
    row_at[i] = G_MAXSIZE;
  for (gsize i = 0; i < self->n_rows; i++)
    row_at[position[i]] = self->rows[i];
  targets = fovea_head_targets_new (self->data->labels, self->data->n_concepts, row_at, gram->n, &self->options);
  weight = g_new (float, gram->n * targets->width);
  fovea_head_targets_weigh (targets, self->c, weight);
  solution = fovea_head_solution_new (gram->n, targets->width);
  tolerance = start_from_last (self, targets, TRUE, solution);
  for (gsize i = 0; i < gram->n; i++)
    if (row_at[i] == G_MAXSIZE) /* not labelled any more: no part in the answer */
      memset (solution->coef + i * targets->width, 0, targets->width * sizeof (float));
  problem = (FoveaHeadProblem){ .n = gram->n, .dim = gram->dim, .k = targets->k, .width = targets->width, .gram = gram->gram,
                                .gram_stride = gram->capacity, .exclusive = self->options.exclusive, .target = targets->target,
                                .weight = weight };
  if (!fovea_head_solve (&problem, tolerance, MAX_ITERATIONS, solution, self->cancellable, error))
    return FALSE;
  w = g_new (float, (gsize) gram->dim * targets->width);
  fovea_matmul (gram->dim, targets->width, gram->n, gram->x, 1, gram->dim, solution->coef, targets->width, w, targets->width, FALSE);
  self->result->head = make_head (self, targets, w, solution->bias, gram->mean);
  self->result->n_iterations = solution->n_iterations;
  keep_last (self, targets, TRUE, g_steal_pointer (&solution));
  return TRUE;
}

static float *
mean_of (const float *x, gsize n, guint dim)
{
  float *mean = g_new (float, dim);
  g_autofree double *sum = g_new0 (double, dim);

  for (gsize i = 0; i < n; i++)
    for (guint l = 0; l < dim; l++)
      sum[l] += (double) x[i * dim + l];
  for (guint l = 0; l < dim; l++)
    mean[l] = (float) (sum[l] / (double) n);
  return mean;
}

/* Too many rows for a Gram matrix: on W itself. One fit is used where it lies; two are combined into a copy. */
static gboolean
fit_without_gram (Training *self, GError **error)
{
  const FoveaHeadData *data = self->data;
  FoveaFit fits[2];
  gboolean one = fovea_views_get_fits (self->views, fits) == 1;
  g_autofree float *combined = one ? NULL : g_try_new (float, data->n_rows * data->dim);
  const float *x = one ? data->vectors[fits[0]] : combined;
  g_autofree gsize *row_at = g_new (gsize, data->n_rows);
  g_autofree float *mean = NULL, *weight = NULL;
  g_autoptr (FoveaHeadTargets) targets = NULL;
  g_autoptr (FoveaHeadSolution) solution = NULL;
  FoveaHeadProblem problem;
  double tolerance;

  if (x == NULL)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MEMORY,
                   "there is not enough memory for the vectors of %" G_GSIZE_FORMAT " pictures", data->n_rows);
      return FALSE;
    }
  if (!one)
    fovea_views_combine (self->views, data->vectors, data->n_rows, data->dim, combined);
  for (gsize i = 0; i < data->n_rows; i++)
    row_at[i] = i;
  targets = fovea_head_targets_new (data->labels, data->n_concepts, row_at, data->n_rows, &self->options);
  weight = g_new (float, data->n_rows * targets->width);
  fovea_head_targets_weigh (targets, self->c, weight);
  mean = mean_of (x, data->n_rows, data->dim);
  solution = fovea_head_solution_new (data->dim, targets->width);
  tolerance = start_from_last (self, targets, FALSE, solution);
  problem = (FoveaHeadProblem){ .n = data->n_rows, .dim = data->dim, .k = targets->k, .width = targets->width, .x = x, .mean = mean,
                                .exclusive = self->options.exclusive, .target = targets->target, .weight = weight };
  if (!fovea_head_solve (&problem, tolerance, MAX_ITERATIONS, solution, self->cancellable, error))
    return FALSE;
  self->result->head = make_head (self, targets, solution->coef, solution->bias, mean);
  self->result->n_iterations = solution->n_iterations;
  keep_last (self, targets, FALSE, g_steal_pointer (&solution));
  return TRUE;
}

/* Rows for cross-validation and their folds. Returns 0 folds when there is nothing to hold out. */
static guint
make_folds (Training *self, gsize **ret_rows, gsize *ret_n_rows)
{
  const FoveaHeadData *data = self->data;
  g_autofree gboolean *used = g_new0 (gboolean, data->n_rows);
  guint n_folds;
  gsize n = 0;

  for (gsize i = 0; i < self->n_rows; i++)
    used[self->rows[i]] = TRUE;
  if (self->n_rows > MAX_GRAM_ROWS)
    fovea_head_sample (data->n_rows, data->n_concepts, data->labels, MAX_GRAM_ROWS, self->options.seed, used);
  self->result->fold = g_new (int, data->n_rows);
  n_folds = fovea_head_folds (data->n_rows, data->n_concepts, data->labels, data->groups, used, self->options.folds, self->options.seed,
                              self->result->fold);
  *ret_rows = g_new (gsize, self->n_rows);
  for (gsize i = 0; i < self->n_rows; i++)
    if (used[self->rows[i]])
      (*ret_rows)[n++] = self->rows[i];
  *ret_n_rows = n;
  return n_folds;
}

/* The smallest C of the views with the smallest loss that is nearly as good. Returns its index in scores. */
static guint
choose_score (const FoveaHeadResult *result)
{
  const FoveaHeadScore *scores = (const FoveaHeadScore *) (gconstpointer) result->scores->data;
  guint best = 0;

  for (guint i = 1; i < result->scores->len; i++)
    if (scores[i].log_loss < scores[best].log_loss)
      best = i;
  for (guint i = 0; i < best; i++)
    if (scores[i].views == scores[best].views && scores[i].log_loss <= LOSS_SLACK * scores[best].log_loss)
      return i;
  return best;
}

static void
take_choice (Training *self, FoveaHeadCv *const *cvs, guint choice)
{
  FoveaHeadResult *result = self->result;
  const FoveaHeadScore *score = &g_array_index (result->scores, FoveaHeadScore, choice);
  FoveaHeadScore again = *score;
  FoveaHeadCv *cv = cvs[score->views];
  guint at = choice % self->options.n_grid;

  self->views = score->views;
  self->c = score->c;
  result->out_of_fold = g_steal_pointer (&cv->predictions[at]);
  fovea_head_cv_score (self->data, &self->options, result->fold, result->out_of_fold, &again, &result->n_evaluated, &result->n_correct);
  result->accuracy = again.top1;
  fovea_metrics_wilson (result->n_correct, result->n_evaluated, Z_95_PERCENT, &result->accuracy_low, &result->accuracy_high);
}

static gboolean
cross_validate_views (Training *self, FoveaViews views, const gsize *rows, gsize n_rows, guint n_folds, FoveaHeadCv **ret_cv,
                      GError **error)
{
  g_autofree gsize *position = g_new (gsize, n_rows);

  update_gram (self, views, rows, n_rows, position);
  *ret_cv = fovea_head_cross_validate (self->data, &self->options, self->trainer->grams[views], rows, position, n_rows,
                                       self->result->fold, n_folds, self->options.grid, self->options.n_grid, self->n_threads,
                                       self->cancellable, error);
  if (*ret_cv == NULL)
    return FALSE;
  g_array_append_vals (self->result->scores, (*ret_cv)->scores->data, (*ret_cv)->scores->len);
  return TRUE;
}

static gboolean
cross_validate (Training *self, GError **error)
{
  g_autofree gsize *rows = NULL;
  FoveaHeadCv *cvs[FOVEA_N_VIEWS] = { NULL };
  guint n_views = (guint) __builtin_popcount (self->options.views_mask), done = 0;
  gboolean ok = TRUE;
  gsize n_rows;

  self->result->folds = make_folds (self, &rows, &n_rows);
  if (self->result->folds == 0)
    {
      g_clear_pointer (&self->result->fold, g_free);
      return TRUE;
    }
  for (guint v = 0; v < FOVEA_N_VIEWS && ok; v++)
    {
      if ((self->options.views_mask & (1u << v)) == 0)
        continue;
      ok = cross_validate_views (self, (FoveaViews) v, rows, n_rows, self->result->folds, &cvs[v], error);
      if (ok && self->progress != NULL)
        self->progress ((double) ++done / (n_views + 1), self->progress_data);
    }
  if (ok)
    take_choice (self, cvs, choose_score (self->result));
  for (guint v = 0; v < FOVEA_N_VIEWS; v++)
    {
      g_clear_pointer (&cvs[v], fovea_head_cv_free);
      if (!ok || v != (guint) self->views) /* one matrix is enough to keep */
        g_clear_pointer (&self->trainer->grams[v], fovea_head_gram_free);
    }
  return ok;
}

FoveaHeadResult *
fovea_head_trainer_train (FoveaHeadTrainer *trainer, const FoveaHeadData *data, const FoveaHeadOptions *options,
                          FoveaProgressFunc progress, gpointer progress_data, GCancellable *cancellable, GError **error)
{
  g_auto (Training) self = { .trainer = trainer, .data = data, .n_threads = g_get_num_processors (), .progress = progress,
                             .progress_data = progress_data, .cancellable = cancellable };

  g_return_val_if_fail (data->dim > 0 && data->n_concepts > 0, NULL);
  g_return_val_if_fail (options->folds <= 20 && options->folds != 1 && options->n_grid <= FOVEA_HEAD_MAX_GRID, NULL);

  if (!settle_options (&self, options, error))
    return NULL;
  find_rows (&self);
  if (!check_labels (&self, error) || !check_vectors (&self, error) || g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  self.result = g_new0 (FoveaHeadResult, 1);
  self.result->scores = g_array_new (FALSE, TRUE, sizeof (FoveaHeadScore));
  self.result->accuracy_high = 1.0;
  self.c = self.options.c > 0.0 ? self.options.c : DEFAULT_C;
  self.views = (FoveaViews) (31 - __builtin_clz (self.options.views_mask));
  if (self.options.folds > 0 && !cross_validate (&self, error))
    return NULL;
  if (!(self.n_rows <= MAX_GRAM_ROWS ? fit_with_gram (&self, error) : fit_without_gram (&self, error)))
    return NULL;
  if (progress != NULL)
    progress (1.0, progress_data);
  return g_steal_pointer (&self.result);
}
