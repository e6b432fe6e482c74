/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/head-cv.h"

#include <math.h>
#include <string.h>

#include "models/head-solver.h"
#include "models/head-targets.h"

/* Held-out figures do not change visibly below this, and the walk along C starts every fit near its end. */
#define CV_TOLERANCE 2e-3
#define CV_MAX_ITERATIONS 200

typedef struct {
  const FoveaHeadData *data;
  const FoveaHeadOptions *options;
  const FoveaHeadGram *gram;
  const gsize *rows, *position;
  gsize n_rows;
  const int *fold;
  const double *cs;
  guint n_cs;
  float **predictions;
  GCancellable *cancellable;
  GError **errors; /* one a fold */
} CvJob;

void
fovea_head_cv_free (FoveaHeadCv *cv)
{
  for (guint i = 0; i < cv->n_c; i++)
    g_free (cv->predictions[i]);
  g_free (cv->predictions);
  g_array_unref (cv->scores);
  g_free (cv);
}

/* The rows (and where they are in the Gram matrix) inside or outside of a fold. */
static gsize
select_rows (const CvJob *job, int fold, gboolean held_out, gsize *ret_rows, gsize *ret_position)
{
  gsize n = 0;

  for (gsize i = 0; i < job->n_rows; i++)
    if ((job->fold[job->rows[i]] == fold) == held_out)
      {
        ret_rows[n] = job->rows[i];
        ret_position[n++] = job->position[i];
      }
  return n;
}

static float *
sub_gram (const FoveaHeadGram *gram, const gsize *rows, gsize n, const gsize *columns, gsize m)
{
  float *sub = g_new (float, MAX (n, 1) * MAX (m, 1));

  for (gsize i = 0; i < n; i++)
    for (gsize j = 0; j < m; j++)
      sub[i * m + j] = gram->gram[rows[i] * gram->capacity + columns[j]];
  return sub;
}

/* scores = across · a + b → probabilities into the rows of the data. */
static void
predict_held_out (const CvJob *job, const FoveaHeadTargets *targets, const FoveaHeadSolution *solution, const float *across,
                  const gsize *rows, gsize n_out, gsize n_in, float *predictions)
{
  guint width = targets->width;
  g_autofree float *scores = g_new0 (float, MAX (n_out, 1) * width);

  fovea_matmul (n_out, width, n_in, across, n_in, 1, solution->coef, width, scores, width, FALSE);
  for (gsize i = 0; i < n_out; i++)
    for (guint j = 0; j < width; j++)
      scores[i * width + j] += solution->bias[j];
  fovea_head_probabilities (scores, n_out, targets->k, width, job->options->exclusive);
  for (gsize i = 0; i < n_out; i++)
    fovea_head_targets_expand (targets, scores + i * width, predictions + rows[i] * job->data->n_concepts);
}

static void
run_fold (guint fold, gpointer data)
{
  const CvJob *job = data;
  g_autofree gsize *rows_in = g_new (gsize, job->n_rows), *at_in = g_new (gsize, job->n_rows);
  g_autofree gsize *rows_out = g_new (gsize, job->n_rows), *at_out = g_new (gsize, job->n_rows);
  gsize n_in = select_rows (job, (int) fold, FALSE, rows_in, at_in);
  gsize n_out = select_rows (job, (int) fold, TRUE, rows_out, at_out);
  g_autoptr (FoveaHeadTargets) targets =
    fovea_head_targets_new (job->data->labels, job->data->n_concepts, rows_in, n_in, job->options);
  g_autofree float *inside = sub_gram (job->gram, at_in, n_in, at_in, n_in);
  g_autofree float *across = sub_gram (job->gram, at_out, n_out, at_in, n_in);
  g_autofree float *weight = g_new (float, MAX (n_in, 1) * targets->width);
  g_autoptr (FoveaHeadSolution) solution = fovea_head_solution_new (n_in, targets->width);
  FoveaHeadProblem problem = { .n = n_in, .dim = job->data->dim, .k = targets->k, .width = targets->width, .gram = inside,
                               .gram_stride = n_in, .exclusive = job->options->exclusive, .target = targets->target,
                               .weight = weight };

  for (guint c = 0; c < job->n_cs; c++)
    {
      fovea_head_targets_weigh (targets, job->cs[c], weight);
      if (targets->k > 0 && n_in > 0 &&
          !fovea_head_solve (&problem, CV_TOLERANCE, CV_MAX_ITERATIONS, solution, job->cancellable, &job->errors[fold]))
        return;
      predict_held_out (job, targets, solution, across, rows_out, n_out, n_in, job->predictions[c]);
    }
}

FoveaHeadCv *
fovea_head_cross_validate (const FoveaHeadData *data, const FoveaHeadOptions *options, const FoveaHeadGram *gram, const gsize *rows,
                           const gsize *position, gsize n_rows, const int *fold, guint n_folds, const double *cs, guint n_cs,
                           guint n_threads, GCancellable *cancellable, GError **error)
{
  g_autoptr (FoveaHeadCv) cv = g_new0 (FoveaHeadCv, 1);
  g_autofree GError **errors = g_new0 (GError *, n_folds);
  CvJob job = { data, options, gram, rows, position, n_rows, fold, cs, n_cs, NULL, cancellable, errors };
  GError *first = NULL;

  cv->scores = g_array_new (FALSE, TRUE, sizeof (FoveaHeadScore));
  cv->n_c = n_cs;
  cv->predictions = g_new0 (float *, n_cs);
  for (guint c = 0; c < n_cs; c++)
    cv->predictions[c] = g_new0 (float, data->n_rows * data->n_concepts);
  job.predictions = cv->predictions;
  fovea_matmul_run_tasks (n_folds, n_threads, run_fold, &job);
  for (guint f = 0; f < n_folds; f++)
    if (errors[f] != NULL && first == NULL)
      first = errors[f];
    else
      g_clear_error (&errors[f]);
  if (first != NULL)
    {
      g_propagate_error (error, first);
      return NULL;
    }
  for (guint c = 0; c < n_cs; c++)
    {
      FoveaHeadScore score = { .views = gram->views, .c = cs[c] };

      fovea_head_cv_score (data, options, fold, cv->predictions[c], &score, NULL, NULL);
      g_array_append_val (cv->scores, score);
    }
  return g_steal_pointer (&cv);
}

typedef struct {
  double loss, n, agreed;
  gsize rows, correct;
} Tally;

static void
tally_exclusive (const gint8 *labels, const float *p, guint k, Tally *tally)
{
  double right = 0.0;
  guint n_positive = 0;

  for (guint c = 0; c < k; c++)
    if (labels[c] > 0)
      {
        right -= log (MAX ((double) p[c], 1e-7));
        n_positive++;
      }
  tally->loss += n_positive > 0 ? right / n_positive : 0.0;
  tally->n += n_positive > 0;
}

static void
tally_independent (const gint8 *labels, const float *p, guint k, gboolean assume_negatives, Tally *tally)
{
  for (guint c = 0; c < k; c++)
    {
      int label = fovea_head_effective_label (labels[c], FALSE, assume_negatives);

      if (label == 0)
        continue;
      tally->loss -= log (MAX (label > 0 ? (double) p[c] : 1.0 - (double) p[c], 1e-7));
      tally->agreed += (p[c] >= 0.5f) == (label > 0);
      tally->n += 1.0;
    }
}

static void
tally_top (const gint8 *labels, const float *p, guint k, Tally *tally)
{
  gboolean any = FALSE;
  guint top = 0;

  for (guint c = 0; c < k; c++)
    {
      any |= labels[c] > 0;
      if (p[c] > p[top])
        top = c;
    }
  tally->rows += any;
  tally->correct += any && labels[top] > 0;
}

void
fovea_head_cv_score (const FoveaHeadData *data, const FoveaHeadOptions *options, const int *fold, const float *predictions,
                     FoveaHeadScore *ret_score, gsize *ret_evaluated, gsize *ret_correct)
{
  Tally tally = { 0 };

  for (gsize i = 0; i < data->n_rows; i++)
    {
      const gint8 *labels = data->labels + i * data->n_concepts;
      const float *p = predictions + i * data->n_concepts;

      if (fold[i] < 0)
        continue;
      if (options->exclusive)
        tally_exclusive (labels, p, data->n_concepts, &tally);
      else
        tally_independent (labels, p, data->n_concepts, options->assume_negatives, &tally);
      tally_top (labels, p, data->n_concepts, &tally);
    }
  ret_score->log_loss = tally.n > 0.0 ? tally.loss / tally.n : 0.0;
  ret_score->top1 = tally.rows > 0 ? (double) tally.correct / (double) tally.rows : 0.0;
  ret_score->accuracy = options->exclusive ? ret_score->top1 : tally.n > 0.0 ? tally.agreed / tally.n : 0.0;
  if (ret_evaluated != NULL)
    *ret_evaluated = tally.rows;
  if (ret_correct != NULL)
    *ret_correct = tally.correct;
}
