/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batch norms of pictures, with the clip behind them: by the statistics of the batch, or by fixed ones.
 *
 *   y = clip (x · a + c),  a = scale · r,  c = shift − mean · a,  r = 1 / √(variance + ε)
 *   g = m (y) · dy;  d shift = Σ g,  d scale = r (Σ g x − mean Σ g)
 *   dx = a · g − x · (a r / n) · d scale + (mean a r d scale − a d shift) / n     (fixed statistics: dx = a · g) */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "nn/train-private.h"

typedef struct {
  int x, scale, shift, mean, variance; /* values */
  gboolean trains;
  double epsilon, momentum;
  gsize channels, rows; /* pixels of the whole batch */
  double *batch_mean, *batch_inverse; /* [channels], of the last forward */
} Norm;

static void
norm_free (gpointer state)
{
  Norm *norm = state;

  g_free (norm->batch_mean);
  g_free (norm->batch_inverse);
  g_free (norm);
}

/* Rows of one thread's share. */
static void
share_rows (gsize rows, gsize *from, gsize *to)
{
  gsize index = (gsize) omp_get_thread_num (), n = (gsize) omp_get_num_threads ();

  *from = rows * index / n;
  *to = rows * (index + 1) / n;
}

/* Σ g and Σ g x (or Σ g² without @x) of every channel; thread by thread, added in their order. */
static void
sum_channels (FoveaTrainProgram *program, const Norm *norm, const char *a, const char *y, float low, float high, const char *x,
              gboolean half, double *sum, double *dot)
{
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const guint n_threads = program->plan->n_threads;
  const gsize c = norm->channels, row = c * (half ? 2 : 4);
  double *parts = (double *) (void *) program->scratch;

  memset (parts, 0, 2 * n_threads * c * sizeof (double));
#pragma omp parallel num_threads(n_threads)
  {
    double *own = parts + 2 * c * (gsize) omp_get_thread_num ();
    gsize from, to;

    share_rows (norm->rows, &from, &to);
    kernels->channel_sums (a + from * row, y != NULL ? y + from * row : NULL, low, high, x != NULL ? x + from * row : NULL,
                           to - from, c, half, own, own + c);
  }
  memset (sum, 0, c * sizeof (double));
  memset (dot, 0, c * sizeof (double));
  for (guint t = 0; t < n_threads; t++)
    for (gsize i = 0; i < c; i++)
      {
        sum[i] += parts[2 * c * t + i];
        dot[i] += parts[2 * c * t + c + i];
      }
}

static void
use_batch_statistics (FoveaTrainProgram *program, Norm *norm, gboolean half)
{
  g_autofree double *sum = g_new (double, norm->channels), *square = g_new (double, norm->channels);
  float *mean = fovea_train_data (program, norm->mean), *variance = fovea_train_data (program, norm->variance);

  sum_channels (program, norm, fovea_train_data (program, norm->x), NULL, 0, 0, NULL, half, sum, square);
  for (gsize c = 0; c < norm->channels; c++)
    {
      double m = sum[c] / (double) norm->rows, v = MAX (0, square[c] / (double) norm->rows - m * m);

      norm->batch_mean[c] = m;
      norm->batch_inverse[c] = 1 / sqrt (v + norm->epsilon);
      mean[c] = (float) (norm->momentum * (double) mean[c] + (1 - norm->momentum) * m);
      variance[c] = (float) (norm->momentum * (double) variance[c] + (1 - norm->momentum) * v);
    }
}

static void
use_fixed_statistics (FoveaTrainProgram *program, Norm *norm)
{
  const float *mean = fovea_train_data (program, norm->mean), *variance = fovea_train_data (program, norm->variance);

  for (gsize c = 0; c < norm->channels; c++)
    {
      norm->batch_mean[c] = (double) mean[c];
      norm->batch_inverse[c] = 1 / sqrt ((double) variance[c] + norm->epsilon);
    }
}

static gboolean
norm_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  Norm *norm = step->state;
  const FoveaTrainValue *y = fovea_train_value (program, step->out[0]);
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const gsize c = norm->channels, row = c * (y->half ? 2 : 4);
  const float *scale = fovea_train_data (program, norm->scale), *shift = fovea_train_data (program, norm->shift);
  g_autofree float *a = g_new (float, c), *b = g_new (float, c);
  const char *in = fovea_train_data (program, norm->x);
  char *out = fovea_train_data (program, step->out[0]);

  if (norm->trains)
    use_batch_statistics (program, norm, y->half);
  else
    use_fixed_statistics (program, norm);
  for (gsize i = 0; i < c; i++)
    {
      double factor = (double) scale[i] * norm->batch_inverse[i];

      a[i] = (float) factor;
      b[i] = (float) ((double) shift[i] - norm->batch_mean[i] * factor);
    }
#pragma omp parallel num_threads(program->plan->n_threads)
  {
    gsize from, to;

    share_rows (norm->rows, &from, &to);
    kernels->channel_affine (out + from * row, NULL, NULL, in + from * row, NULL, a, b, y->low, y->high, FALSE, to - from, c,
                             y->half);
  }
  return TRUE;
}

/* dx = a g + b x + c */
typedef struct {
  float *a, *b, *c;
} Factors;

static void
find_factors (FoveaTrainProgram *program, const Norm *norm, const double *sum, const double *dot, const Factors *f)
{
  const float *scale = fovea_train_data (program, norm->scale);
  float *d_scale = fovea_train_gradient (program, norm->scale), *d_shift = fovea_train_gradient (program, norm->shift);
  double n = (double) norm->rows;

  for (gsize i = 0; i < norm->channels; i++)
    {
      double mean = norm->batch_mean[i], r = norm->batch_inverse[i], a = (double) scale[i] * r;
      double hat = r * (dot[i] - mean * sum[i]); /* Σ g x^ */

      if (d_scale != NULL)
        d_scale[i] += (float) hat;
      if (d_shift != NULL)
        d_shift[i] += (float) sum[i];
      f->a[i] = (float) a;
      f->b[i] = norm->trains ? (float) (-a * r * hat / n) : 0;
      f->c[i] = norm->trains ? (float) ((mean * a * r * hat - a * sum[i]) / n) : 0;
    }
}

static gboolean
norm_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  Norm *norm = step->state;
  const FoveaTrainValue *y = fovea_train_value (program, step->out[0]), *x = fovea_train_value (program, norm->x);
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const gsize c = norm->channels, row = c * (y->half ? 2 : 4);
  g_autofree double *sum = g_new (double, c), *dot = g_new (double, c);
  g_autofree float *memory = g_new (float, 3 * c);
  const Factors f = { memory, memory + c, memory + 2 * c };
  const gboolean clips = fovea_train_has_clip (y) && !y->masked;
  const char *in = fovea_train_data (program, norm->x), *g = fovea_train_gradient (program, step->out[0]);
  const char *made = clips ? fovea_train_data (program, step->out[0]) : NULL;
  char *dx = x->differs ? fovea_train_gradient (program, norm->x) : NULL;

  sum_channels (program, norm, g, made, y->low, y->high, in, y->half, sum, dot);
  find_factors (program, norm, sum, dot, &f);
  if (dx == NULL)
    return TRUE;
#pragma omp parallel num_threads(program->plan->n_threads)
  {
    gsize from, to;

    share_rows (norm->rows, &from, &to);
    kernels->channel_affine (dx + from * row, g + from * row, made != NULL ? made + from * row : NULL, in + from * row, f.a, f.b,
                             f.c, y->low, y->high, step->accumulate[0], to - from, c, y->half);
  }
  return TRUE;
}

static const FoveaTrainStepType norm_type = { "norm", norm_forward, norm_backward, norm_free };

FoveaTrainStep *
fovea_train_norm_new (FoveaTrainProgram *program, guint index, gboolean *taken)
{
  const FoveaNode *node = fovea_graph_node (program->graph, index);
  const FoveaTrainValue *x = fovea_train_value (program, node->inputs[0]), *y;
  FoveaTrainStep *step;
  FoveaPicture picture;
  Norm *norm;

  if (!x->last || x->fact->n_elements == 0)
    return NULL;
  for (guint i = 1; i < 5; i++)
    if (fovea_train_value (program, node->inputs[i])->fact->dtype != FOVEA_DTYPE_F32)
      return NULL;
  picture = fovea_train_picture (x);
  step = fovea_train_step_new (&norm_type, node);
  fovea_train_take_clip (program, step, index, taken);
  step->n_out = 1; /* the running statistics are moved here, not made anew */
  y = fovea_train_value (program, step->out[0]);
  norm = g_new0 (Norm, 1);
  *norm = (Norm) { .x = node->inputs[0], .scale = node->inputs[1], .shift = node->inputs[2], .mean = node->inputs[3],
                   .variance = node->inputs[4], .trains = fovea_node_int (node, "training_mode", 0) != 0,
                   .epsilon = (double) fovea_node_float (node, "epsilon", 1e-5f),
                   .momentum = (double) fovea_node_float (node, "momentum", 0.9f), .channels = picture.channels,
                   .rows = picture.n * picture.pixels, .batch_mean = g_new0 (double, picture.channels),
                   .batch_inverse = g_new0 (double, picture.channels) };
  step->state = norm;
  step->keeps_in[0] = TRUE;
  step->keeps_out[0] = fovea_train_has_clip (y);
  program->scratch_bytes = MAX (program->scratch_bytes, 2 * sizeof (double) * program->plan->n_threads * picture.channels + 64);
  return step;
}
