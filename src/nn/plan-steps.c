/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps that are not convolutions: conversions of layout, means, sums, and the reference kernels. */
#include <string.h>

#include "nn/plan-private.h"

/* Side of the square that is turned at a time, so that reads and writes both stay within a few cache lines. */
#define TURN 16

/* Colour pictures, of which every channel is read in order. */
static void
turn_three (const float *x, gsize x_stride, float *y, gsize from, gsize to)
{
  const float *red = x, *green = x + x_stride, *blue = x + 2 * x_stride;

  for (gsize p = from; p < to; p++)
    {
      y[p * 3] = red[p];
      y[p * 3 + 1] = green[p];
      y[p * 3 + 2] = blue[p];
    }
}

/* y[p·y_stride + c] = x[c·x_stride + p] for pixels [from, to). */
static void
turn (const float *x, gsize x_stride, float *y, gsize y_stride, gsize channels, gsize from, gsize to)
{
  if (channels == 3 && y_stride == 3)
    {
      turn_three (x, x_stride, y, from, to);
      return;
    }
  for (gsize p0 = from; p0 < to; p0 += TURN)
    for (gsize c0 = 0; c0 < channels; c0 += TURN)
      for (gsize p = p0; p < MIN (p0 + TURN, to); p++)
        for (gsize c = c0; c < MIN (c0 + TURN, channels); c++)
          y[p * y_stride + c] = x[c * x_stride + p];
}

/* n: batch, channels, pixels of a picture. [N][C][P] → [N][P][C] */
void
fovea_step_to_last (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team)
{
  const float *x = fovea_run_data (run, step->in[0]);
  float *y = fovea_run_data (run, step->out[0]);
  const gsize channels = step->n[1], pixels = step->n[2];
  gsize from, to;

  fovea_team_share (team, pixels, &from, &to);
  for (gsize n = 0; n < step->n[0]; n++)
    turn (x + n * channels * pixels, pixels, y + n * channels * pixels, channels, channels, from, to);
}

/* [N][P][C] → [N][C][P] */
void
fovea_step_to_plain (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team)
{
  const float *x = fovea_run_data (run, step->in[0]);
  float *y = fovea_run_data (run, step->out[0]);
  const gsize channels = step->n[1], pixels = step->n[2];
  gsize from, to;

  fovea_team_share (team, channels, &from, &to);
  for (gsize n = 0; n < step->n[0]; n++)
    turn (x + n * channels * pixels, channels, y + n * channels * pixels, pixels, pixels, from, to);
}

/* The mean over all pixels of a picture; n as above. Threads divide the channels. */
void
fovea_step_mean (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team)
{
  const float *x = fovea_run_data (run, step->in[0]);
  float *y = fovea_run_data (run, step->out[0]);
  const gsize channels = step->n[1], pixels = step->n[2];
  gsize from, to;

  fovea_team_share (team, channels, &from, &to);
  for (gsize n = 0; n < step->n[0]; n++)
    {
      float *mean = y + n * channels + from;

      memset (mean, 0, (to - from) * sizeof (float));
      step->kernels->sum_pixels (x + n * channels * pixels + from, channels, pixels, to - from, mean);
      for (gsize c = 0; c < to - from; c++)
        mean[c] /= (float) pixels;
    }
}

/* n[0]: elements */
void
fovea_step_add (const FoveaStep *step, const FoveaRun *run, const FoveaTeam *team)
{
  const float *a = fovea_run_data (run, step->in[0]), *b = fovea_run_data (run, step->in[1]);
  float *y = fovea_run_data (run, step->out[0]);
  gsize from, to;

  fovea_team_share (team, step->n[0], &from, &to);
  step->kernels->add_clip (a + from, b + from, y + from, to - from, step->low, step->high);
}

/* in: x, and a second matrix or what is added; n[0]: bytes of the latter when it is added. */
gboolean
fovea_step_dnnl (const FoveaStep *step, const FoveaRun *run, GError **error)
{
  const float *x = fovea_run_data (run, step->in[0]);
  const float *other = step->in[1] >= 0 ? fovea_run_data (run, step->in[1]) : NULL;
  float *y = fovea_run_data (run, step->out[0]);

  if (step->n[0] > 0)
    {
      memcpy (y, other, step->n[0]);
      other = NULL;
    }
  return fovea_dnnl_run (step->dnnl, x, other, y, error);
}

/* Kernels may hand an input on as an output; what lies in the arena is copied, because the arena is used again. */
static FoveaTensor *
own (const FoveaRun *run, FoveaTensor *tensor, GError **error)
{
  const char *data = tensor->data;
  FoveaTensor *copy;

  if (data < run->arena || data >= run->arena + run->program->arena_bytes)
    return tensor;
  copy = fovea_tensor_new (tensor->dtype, &tensor->shape, error);
  if (copy != NULL)
    memcpy (copy->data, data, fovea_tensor_n_bytes (tensor));
  fovea_tensor_unref (tensor);
  return copy;
}

static gboolean
keep_output (const FoveaStep *step, const FoveaRun *run, guint i, FoveaTensor *made, GError **error)
{
  const FoveaTensor *fact;

  made = own (run, made, error);
  if (made == NULL)
    return FALSE;
  run->tensors[step->out[i]] = made;
  fact = fovea_program_buffer (run->program, step->out[i])->fact;
  if (fact == NULL || (fact->dtype == made->dtype && fovea_shape_equal (&fact->shape, &made->shape)))
    return TRUE;
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE,
               "%s, node “%s”: the result has another type or shape than its inputs let expect", step->node->op_type,
               step->node->name);
  return FALSE;
}

gboolean
fovea_step_reference (const FoveaStep *step, const FoveaRun *run, GError **error)
{
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, step->n_in);
  g_autofree FoveaTensor **out = g_new0 (FoveaTensor *, step->n_out);
  FoveaOpContext ctx = {
    .node = step->node, .opset = run->program->graph->opset, .n_in = step->n_in, .in = in, .n_out = step->n_out, .out = out
  };
  gboolean ok;

  for (guint i = 0; i < step->n_in; i++)
    in[i] = step->in[i] >= 0 ? fovea_run_tensor (run, step->in[i]) : NULL;
  ok = fovea_op_run (&ctx, error);
  for (guint i = 0; i < step->n_out; i++)
    if (out[i] != NULL && ok && step->out[i] >= 0)
      ok = keep_output (step, run, i, out[i], error);
    else if (out[i] != NULL)
      fovea_tensor_unref (out[i]);
  for (guint i = 0; i < step->n_in; i++)
    g_clear_pointer (&in[i], fovea_tensor_unref);
  return ok;
}
