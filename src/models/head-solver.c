/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/head-solver.h"

#include <math.h>
#include <string.h>

#include "models/head-loss.h"

#define MEMORY 10         /* pairs that L-BFGS remembers */
#define REFRESH 25        /* iterations after which the scores are computed afresh instead of carried along */
#define MAX_HALVINGS 20

/* A vector of the search space: @v, and @dual = its image under the metric (Gram · v, or v itself), both
 * [rows + 1, width]. The last row is the scaled bias, whose metric is the identity. Inner product = Σ v · dual'. */
typedef struct {
  float *v, *dual;
} Vector;

typedef struct {
  Vector s, y;
  double *rho; /* [width] 1 / (s · y), by column; 0 = this pair says nothing about the column */
} Pair;

typedef struct {
  const FoveaHeadProblem *problem;
  gsize rows;          /* n or dim */
  guint width;
  gsize size;          /* floats of a vector: (rows + 1) · width */
  float bias_scale;    /* b = bias_scale · β */
  Vector at, gradient, direction, trial, trial_gradient; /* trial: the point on the line */
  float *scores, *direction_scores, *trial_scores, *residual, *scratch; /* [n, width] */
  Pair pairs[MEMORY];
  guint n_pairs, newest;
  double *loss, *trial_loss, *slope, *step, *norm, *norm_at_zero, *noise, *dots, *alpha;
  gboolean *done;      /* [width] the column needs no more steps */
  float *factor;       /* [width] */
} Solver;

FoveaHeadSolution *
fovea_head_solution_new (gsize rows, guint width)
{
  FoveaHeadSolution *solution = g_new0 (FoveaHeadSolution, 1);

  solution->rows = rows;
  solution->width = width;
  solution->coef = g_new0 (float, (rows + 1) * width);
  solution->bias = g_new0 (float, width);
  return solution;
}

void
fovea_head_solution_free (FoveaHeadSolution *solution)
{
  g_free (solution->coef);
  g_free (solution->bias);
  g_free (solution);
}

static gboolean
is_kernel (const Solver *self)
{
  return self->problem->gram != NULL;
}

static void
vector_init (const Solver *self, Vector *vector)
{
  vector->v = g_new0 (float, self->size);
  vector->dual = is_kernel (self) ? g_new0 (float, self->size) : vector->v;
}

static void
vector_clear (Vector *vector)
{
  if (vector->dual != vector->v)
    g_free (vector->dual);
  g_free (vector->v);
}

static void
solver_init (Solver *self, const FoveaHeadProblem *problem)
{
  gsize n_scores = problem->n * problem->width;

  *self = (Solver){ .problem = problem, .width = problem->width };
  self->rows = problem->gram != NULL ? problem->n : problem->dim;
  self->size = (self->rows + 1) * self->width;
  vector_init (self, &self->at);
  vector_init (self, &self->gradient);
  vector_init (self, &self->direction);
  vector_init (self, &self->trial);
  vector_init (self, &self->trial_gradient);
  for (guint i = 0; i < MEMORY; i++)
    {
      vector_init (self, &self->pairs[i].s);
      vector_init (self, &self->pairs[i].y);
      self->pairs[i].rho = g_new0 (double, self->width);
    }
  self->scores = g_new0 (float, n_scores);
  self->direction_scores = g_new0 (float, n_scores);
  self->trial_scores = g_new0 (float, n_scores);
  self->residual = g_new0 (float, n_scores);
  self->scratch = g_new0 (float, n_scores);
  self->loss = g_new0 (double, self->width);
  self->trial_loss = g_new0 (double, self->width);
  self->slope = g_new0 (double, self->width);
  self->step = g_new0 (double, self->width);
  self->norm = g_new0 (double, self->width);
  self->norm_at_zero = g_new0 (double, self->width);
  self->noise = g_new0 (double, self->width);
  self->dots = g_new0 (double, self->width);
  self->alpha = g_new0 (double, MEMORY * self->width);
  self->done = g_new0 (gboolean, self->width);
  self->factor = g_new0 (float, self->width);
}

static void
solver_clear (Solver *self)
{
  vector_clear (&self->at);
  vector_clear (&self->gradient);
  vector_clear (&self->direction);
  vector_clear (&self->trial);
  vector_clear (&self->trial_gradient);
  for (guint i = 0; i < MEMORY; i++)
    {
      vector_clear (&self->pairs[i].s);
      vector_clear (&self->pairs[i].y);
      g_free (self->pairs[i].rho);
    }
  g_free (self->scores);
  g_free (self->direction_scores);
  g_free (self->trial_scores);
  g_free (self->residual);
  g_free (self->scratch);
  g_free (self->loss);
  g_free (self->trial_loss);
  g_free (self->slope);
  g_free (self->step);
  g_free (self->norm);
  g_free (self->norm_at_zero);
  g_free (self->noise);
  g_free (self->dots);
  g_free (self->alpha);
  g_free (self->done);
  g_free (self->factor);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Solver, solver_clear)

/* Sums of columns become the sum of the whole for exclusive concepts, which take one step together. */
static void
gather (const Solver *self, double *columns)
{
  double sum = 0.0;

  if (!self->problem->exclusive)
    return;
  for (guint c = 0; c < self->width; c++)
    sum += columns[c];
  for (guint c = 0; c < self->width; c++)
    columns[c] = sum;
}

static void
inner (const Solver *self, const float *v, const float *dual, double *ret)
{
  fovea_matmul_kernels ()->column_dots (self->rows + 1, self->width, v, dual, ret);
  gather (self, ret);
}

/* y += factor (by column) · x, both halves. */
static void
add (Solver *self, const double *factor, double sign, const Vector *x, Vector *y)
{
  for (guint c = 0; c < self->width; c++)
    self->factor[c] = (float) (sign * factor[c]);
  fovea_matmul_kernels ()->column_axpy (self->rows + 1, self->width, self->factor, x->v, y->v);
  if (y->dual != y->v)
    fovea_matmul_kernels ()->column_axpy (self->rows + 1, self->width, self->factor, x->dual, y->dual);
}

static void
scale (Solver *self, const double *factor, Vector *x)
{
  for (gsize i = 0; i < self->size; i += self->width)
    for (guint c = 0; c < self->width; c++)
      {
        x->v[i + c] *= (float) factor[c];
        if (x->dual != x->v)
          x->dual[i + c] *= (float) factor[c];
      }
}

/* Scores of a vector: rows of Gram · v (already there as the dual) or X v, plus the bias. */
static void
scores_of (const Solver *self, const Vector *vector, float *ret_scores)
{
  const FoveaHeadProblem *problem = self->problem;
  g_autofree float *shift = g_new0 (float, self->width);
  const float *bias = vector->v + self->rows * self->width;

  for (guint c = 0; c < self->width; c++)
    shift[c] = bias[c] * self->bias_scale;
  if (is_kernel (self))
    memcpy (ret_scores, vector->dual, problem->n * self->width * sizeof (float));
  else
    {
      fovea_matmul (problem->n, self->width, problem->dim, problem->x, problem->dim, 1, vector->v, self->width, ret_scores,
                    self->width, FALSE);
      if (problem->mean != NULL)
        for (gsize l = 0; l < problem->dim; l++)
          for (guint c = 0; c < self->width; c++)
            shift[c] -= problem->mean[l] * vector->v[l * self->width + c];
    }
  for (gsize i = 0; i < problem->n; i++)
    for (guint c = 0; c < self->width; c++)
      ret_scores[i * self->width + c] += shift[c];
}

/* ret = the gradient at @point (its dual is known), given the residual there. */
static void
gradient_at (Solver *self, const Vector *point, Vector *ret)
{
  const FoveaHeadProblem *problem = self->problem;
  gsize last = self->rows * self->width;
  guint width = self->width;
  g_autofree double *sums = g_new0 (double, width);

  for (gsize i = 0; i < problem->n * width; i += width)
    for (guint c = 0; c < width; c++)
      sums[c] += (double) self->residual[i + c];
  if (is_kernel (self))
    {
      memcpy (ret->dual, point->dual, last * sizeof (float));
      fovea_matmul (problem->n, width, problem->n, problem->gram, problem->gram_stride, 1, self->residual, width, ret->dual, width, TRUE);
      for (gsize i = 0; i < last; i++)
        ret->v[i] = point->v[i] + self->residual[i];
    }
  else
    {
      memcpy (ret->v, point->v, last * sizeof (float));
      fovea_matmul (problem->dim, width, problem->n, problem->x, 1, problem->dim, self->residual, width, ret->v, width, TRUE);
      if (problem->mean != NULL)
        for (gsize l = 0; l < problem->dim; l++)
          for (guint c = 0; c < width; c++)
            ret->v[l * width + c] -= (float) ((double) problem->mean[l] * sums[c]);
    }
  for (guint c = 0; c < width; c++)
    ret->v[last + c] = ret->dual[last + c] = self->bias_scale * (float) sums[c];
}

/* Objective by column: loss + ½ ‖W‖²; the bias row is not penalised. */
static void
objective (const Solver *self, const float *v, const float *dual, const float *scores, double *ret)
{
  fovea_head_loss (self->problem, scores, self->scratch, self->residual, ret);
  fovea_matmul_kernels ()->column_dots (self->rows, self->width, v, dual, self->dots);
  for (guint c = 0; c < self->width; c++)
    ret[c] += 0.5 * self->dots[c];
  gather (self, ret);
}

static void
norms (const Solver *self, const Vector *gradient, double *ret)
{
  inner (self, gradient->v, gradient->dual, ret);
  for (guint c = 0; c < self->width; c++)
    ret[c] = sqrt (MAX (ret[c], 0.0));
}

/* The curvature of the bias is about Σ weight · p (1 − p); scaled so, its column of the Hessian is near one. */
static float
choose_bias_scale (const FoveaHeadProblem *problem)
{
  double sum = 0.0, p = problem->exclusive ? 1.0 / MAX (problem->k, 2) : 0.5;

  for (gsize i = 0; i < problem->n; i++)
    for (guint c = 0; c < problem->k; c++)
      sum += (double) problem->weight[i * problem->width + c];
  sum *= p * (1.0 - p) / MAX (problem->k, 1);
  return (float) (1.0 / sqrt (1.0 + sum));
}

/* The gradient's norm at W = 0, b = 0 is the yardstick of the tolerance: the same whatever the start. Below 1e-7 of
 * what rows of unit length could make it, it is rounding: vectors that do not differ must not be told apart. */
static void
measure_zero (Solver *self)
{
  memset (self->scores, 0, self->problem->n * self->width * sizeof (float));
  fovea_head_loss (self->problem, self->scores, self->scratch, self->residual, self->loss);
  gradient_at (self, &self->at, &self->gradient);
  norms (self, &self->gradient, self->norm_at_zero);
  fovea_matmul_kernels ()->column_dots (self->problem->n, self->width, self->residual, self->residual, self->noise);
  gather (self, self->noise);
  for (guint c = 0; c < self->width; c++)
    self->noise[c] = 1e-7 * sqrt (self->noise[c] * (double) self->problem->n);
}

static void
refresh (Solver *self)
{
  const FoveaHeadProblem *problem = self->problem;

  if (is_kernel (self))
    fovea_matmul (problem->n, self->width, problem->n, problem->gram, problem->gram_stride, 1, self->at.v, self->width, self->at.dual,
                  self->width, FALSE);
  scores_of (self, &self->at, self->scores);
}

static void
start (Solver *self, const FoveaHeadSolution *solution)
{
  gsize last = self->rows * self->width;

  self->bias_scale = choose_bias_scale (self->problem);
  measure_zero (self);
  memcpy (self->at.v, solution->coef, last * sizeof (float));
  for (guint c = 0; c < self->width; c++)
    self->at.v[last + c] = self->at.dual[last + c] = solution->bias[c] / self->bias_scale;
  refresh (self);
  objective (self, self->at.v, self->at.dual, self->scores, self->loss);
  gradient_at (self, &self->at, &self->gradient);
}

/* direction = −(approximate inverse Hessian) · gradient: the two loops. Columns that are done stay where they are. */
static void
find_direction (Solver *self)
{
  g_autofree double *gamma = g_new0 (double, self->width);

  memcpy (self->direction.v, self->gradient.v, self->size * sizeof (float));
  if (is_kernel (self))
    memcpy (self->direction.dual, self->gradient.dual, self->size * sizeof (float));
  for (guint j = 0; j < self->n_pairs; j++)
    {
      Pair *pair = &self->pairs[(self->newest + MEMORY - j) % MEMORY];
      double *alpha = self->alpha + j * self->width;

      inner (self, pair->s.v, self->direction.dual, alpha);
      for (guint c = 0; c < self->width; c++)
        alpha[c] *= pair->rho[c];
      add (self, alpha, -1.0, &pair->y, &self->direction);
    }
  if (self->n_pairs > 0)
    inner (self, self->pairs[self->newest].y.v, self->pairs[self->newest].y.dual, gamma);
  for (guint c = 0; c < self->width; c++)
    {
      double rho = self->n_pairs > 0 ? self->pairs[self->newest].rho[c] : 0.0;

      gamma[c] = rho > 0.0 && gamma[c] > 0.0 ? 1.0 / (rho * gamma[c]) : 1.0 / MAX (self->norm[c], 1e-30);
      if (self->done[c])
        gamma[c] = 0.0;
    }
  scale (self, gamma, &self->direction);
  for (guint j = self->n_pairs; j-- > 0;)
    {
      Pair *pair = &self->pairs[(self->newest + MEMORY - j) % MEMORY];
      double *alpha = self->alpha + j * self->width;

      inner (self, pair->y.v, self->direction.dual, self->dots);
      for (guint c = 0; c < self->width; c++)
        self->dots[c] = self->done[c] ? 0.0 : alpha[c] - pair->rho[c] * self->dots[c];
      add (self, self->dots, 1.0, &pair->s, &self->direction);
    }
  for (guint c = 0; c < self->width; c++)
    gamma[c] = -1.0;
  scale (self, gamma, &self->direction);
}

/* Moves the trial point to at + step · direction and evaluates it. */
static void
try_step (Solver *self)
{
  for (guint c = 0; c < self->width; c++)
    self->factor[c] = (float) self->step[c];
  memcpy (self->trial_scores, self->scores, self->problem->n * self->width * sizeof (float));
  fovea_matmul_kernels ()->column_axpy (self->problem->n, self->width, self->factor, self->direction_scores, self->trial_scores);
  memcpy (self->trial.v, self->at.v, self->size * sizeof (float));
  if (is_kernel (self))
    memcpy (self->trial.dual, self->at.dual, self->size * sizeof (float));
  add (self, self->step, 1.0, &self->direction, &self->trial);
  objective (self, self->trial.v, self->trial.dual, self->trial_scores, self->trial_loss);
}

/* Halves the steps of the columns that did not go down enough. The allowance of 1e-6 |f| is what f32 scores can tell
 * apart. TRUE when some column moved; columns that cannot are done. */
static gboolean
search_line (Solver *self)
{
  gboolean moved = FALSE;

  inner (self, self->direction.v, self->gradient.dual, self->slope);
  for (guint c = 0; c < self->width; c++)
    {
      self->step[c] = self->done[c] || self->slope[c] >= 0.0 ? 0.0 : 1.0;
      if (self->slope[c] >= 0.0)
        self->done[c] = TRUE;
    }
  for (guint halving = 0;; halving++)
    {
      gboolean again = FALSE;

      try_step (self);
      for (guint c = 0; c < self->width; c++)
        if (self->step[c] > 0.0 &&
            !(self->trial_loss[c] <= self->loss[c] + 1e-4 * self->step[c] * self->slope[c] + 1e-6 * fabs (self->loss[c])))
          {
            self->step[c] = halving < MAX_HALVINGS ? self->step[c] * 0.5 : 0.0;
            if (self->step[c] <= 0.0)
              self->done[c] = TRUE;
            again = TRUE;
          }
      if (!again)
        break;
    }
  for (guint c = 0; c < self->width; c++)
    moved |= self->step[c] > 0.0;
  return moved;
}

static void
swap (Vector *a, Vector *b)
{
  Vector was = *a;

  *a = *b;
  *b = was;
}

/* Accepts the trial point; remembers the pair (step, change of gradient). */
static void
accept_step (Solver *self)
{
  Pair *pair;

  gradient_at (self, &self->trial, &self->trial_gradient);
  self->newest = self->n_pairs > 0 ? (self->newest + 1) % MEMORY : 0;
  self->n_pairs = MIN (self->n_pairs + 1, MEMORY);
  pair = &self->pairs[self->newest];
  memset (pair->s.v, 0, self->size * sizeof (float));
  memset (pair->s.dual, 0, self->size * sizeof (float));
  add (self, self->step, 1.0, &self->direction, &pair->s);
  for (gsize i = 0; i < self->size; i++)
    pair->y.v[i] = self->trial_gradient.v[i] - self->gradient.v[i];
  if (is_kernel (self))
    for (gsize i = 0; i < self->size; i++)
      pair->y.dual[i] = self->trial_gradient.dual[i] - self->gradient.dual[i];
  inner (self, pair->s.v, pair->y.dual, pair->rho);
  for (guint c = 0; c < self->width; c++)
    pair->rho[c] = pair->rho[c] > 1e-30 ? 1.0 / pair->rho[c] : 0.0;

  swap (&self->at, &self->trial);
  memcpy (self->scores, self->trial_scores, self->problem->n * self->width * sizeof (float));
  memcpy (self->loss, self->trial_loss, self->width * sizeof (double));
  swap (&self->gradient, &self->trial_gradient);
}

/* TRUE when every column is within the tolerance or cannot be improved. */
static gboolean
all_done (Solver *self, double tolerance, gboolean *ret_converged)
{
  gboolean done = TRUE;

  *ret_converged = TRUE;
  norms (self, &self->gradient, self->norm);
  for (guint c = 0; c < self->problem->k; c++)
    {
      gboolean near = self->norm[c] <= MAX (tolerance * self->norm_at_zero[c], self->noise[c]);

      *ret_converged &= near;
      self->done[c] |= near;
      done &= self->done[c];
    }
  for (guint c = self->problem->k; c < self->width; c++)
    self->done[c] = !self->problem->exclusive || self->done[0];
  return done;
}

gboolean
fovea_head_solve (const FoveaHeadProblem *problem, double tolerance, guint max_iterations, FoveaHeadSolution *solution,
                  GCancellable *cancellable, GError **error)
{
  g_auto (Solver) self = { 0 };
  gsize last;

  g_return_val_if_fail (problem->width % FOVEA_MATMUL_WIDTH == 0 && problem->k <= problem->width, FALSE);
  solver_init (&self, problem);
  g_return_val_if_fail (solution->rows == self.rows && solution->width == self.width, FALSE);

  start (&self, solution);
  solution->n_iterations = 0;
  while (!all_done (&self, tolerance, &solution->converged) && solution->n_iterations < max_iterations)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      find_direction (&self);
      scores_of (&self, &self.direction, self.direction_scores);
      if (!search_line (&self))
        break;
      accept_step (&self);
      if (++solution->n_iterations % REFRESH == 0)
        refresh (&self);
    }
  last = self.rows * self.width;
  memcpy (solution->coef, self.at.v, last * sizeof (float));
  for (guint c = 0; c < self.width; c++)
    solution->bias[c] = self.at.v[last + c] * self.bias_scale;
  return TRUE;
}
