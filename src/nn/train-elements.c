/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums, clips, means over pictures, and other shapes of the same values; and the clip that other steps end with. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "nn/train-private.h"

/* Elements that a thread takes at a time. */
#define PART ((gsize) 1 << 14)

static gsize
size_of (const FoveaTrainValue *value)
{
  return value->half ? 2 : 4;
}

void
fovea_train_add (void *to, const void *a, const void *b, const FoveaTrainValue *value, float low, float high)
{
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const gsize n = value->fact->n_elements, size = size_of (value);

#pragma omp parallel for
  for (gsize i = 0; i < n; i += PART)
    kernels->add ((const char *) a + i * size, (const char *) b + i * size, (char *) to + i * size, low, high, MIN (PART, n - i),
                  value->half);
}

void
fovea_train_mask (void *d, const void *y, const FoveaTrainValue *value)
{
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const gsize n = value->fact->n_elements, size = size_of (value);

#pragma omp parallel for
  for (gsize i = 0; i < n; i += PART)
    kernels->mask ((char *) d + i * size, (const char *) y + i * size, value->low, value->high, MIN (PART, n - i), value->half);
}

/* --- the clip behind a step
 * ---------------------------------------------------------------------------------------------- */

static gboolean
is_op (const FoveaNode *node, const char *op_type)
{
  return g_str_equal (node->op_type, op_type) && node->domain[0] == '\0';
}

static gboolean
read_limit (const FoveaTrainProgram *program, const FoveaNode *clip, guint input, const char *attr, float *limit)
{
  const FoveaTensor *fact;

  if (fovea_node_attr (clip, attr) != NULL)
    *limit = fovea_node_float (clip, attr, *limit);
  if (input >= clip->n_inputs || clip->inputs[input] < 0)
    return TRUE;
  fact = fovea_train_value (program, clip->inputs[input])->fact;
  if (fact == NULL || fact->data == NULL || fact->dtype != FOVEA_DTYPE_F32 || fact->n_elements != 1)
    return FALSE;
  *limit = FOVEA_TENSOR_DATA (fact, const float)[0];
  return TRUE;
}

gboolean
fovea_train_read_clip (const FoveaTrainProgram *program, const FoveaNode *node, float *low, float *high)
{
  *low = -INFINITY;
  *high = INFINITY;
  if (is_op (node, "Relu"))
    {
      *low = 0;
      return TRUE;
    }
  return is_op (node, "Clip") && read_limit (program, node, 1, "min", low) && read_limit (program, node, 2, "max", high);
}

void
fovea_train_take_clip (FoveaTrainProgram *program, FoveaTrainStep *step, guint node, gboolean *taken)
{
  FoveaTrainValue *made = fovea_train_value (program, step->out[0]), *clipped;
  float low, high;

  if (made->n_uses != 1)
    return;
  for (guint i = node + 1; i < program->graph->nodes->len; i++)
    {
      const FoveaNode *next = fovea_graph_node (program->graph, i);

      if (next->n_inputs == 0 || next->inputs[0] != step->out[0])
        continue;
      if (taken[i] || !fovea_train_read_clip (program, next, &low, &high))
        return;
      clipped = fovea_train_value (program, next->outputs[0]);
      if (clipped->last != made->last || clipped->half != made->half || !clipped->in_arena)
        return;
      clipped->low = low;
      clipped->high = high;
      fovea_train_step_set_output (step, next->outputs[0]);
      taken[i] = TRUE;
      return;
    }
}

/* Undoes the clip that @step ends with in the gradient of its output, where its reader has not. */
void
fovea_train_undo_clip (FoveaTrainStep *step, FoveaTrainProgram *program)
{
  const FoveaTrainValue *y = fovea_train_value (program, step->out[0]);

  if (fovea_train_has_clip (y) && !y->masked)
    fovea_train_mask (fovea_train_gradient (program, step->out[0]), fovea_train_data (program, step->out[0]), y);
}

/* --- y = clip (a + b)
 * ---------------------------------------------------------------------------------------------------- */

static gboolean
sum_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const FoveaTrainValue *y = fovea_train_value (program, step->out[0]);

  fovea_train_add (fovea_train_data (program, step->out[0]), fovea_train_data (program, step->in[0]),
                   fovea_train_data (program, step->in[1]), y, y->low, y->high);
  return TRUE;
}

/* Passes the gradient on; where it is in its place already there is nothing to do. */
static gboolean
sum_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const void *dy = fovea_train_gradient (program, step->out[0]);

  fovea_train_undo_clip (step, program);
  for (guint i = 0; i < 2; i++)
    {
      const FoveaTrainValue *x = fovea_train_value (program, step->in[i]);
      void *dx = x->differs ? fovea_train_gradient (program, step->in[i]) : NULL;

      if (dx == NULL || step->aliases[i])
        continue;
      if (step->accumulate[i])
        fovea_train_add (dx, dx, dy, x, -INFINITY, INFINITY);
      else
        memcpy (dx, dy, fovea_train_value_bytes (x));
    }
  return TRUE;
}

static const FoveaTrainStepType sum_type = { "sum", sum_forward, sum_backward, NULL };

static FoveaTrainStep *
sum_new (FoveaTrainProgram *program, guint index, gboolean *taken)
{
  const FoveaNode *node = fovea_graph_node (program->graph, index);
  const FoveaTrainValue *y = fovea_train_value (program, node->outputs[0]);
  FoveaTrainStep *step;

  if (node->n_inputs != 2 || !fovea_train_same_form (fovea_train_value (program, node->inputs[0]), y)
      || !fovea_train_same_form (fovea_train_value (program, node->inputs[1]), y))
    return NULL;
  step = fovea_train_step_new (&sum_type, node);
  fovea_train_take_clip (program, step, index, taken);
  step->keeps_out[0] = fovea_train_has_clip (fovea_train_value (program, step->out[0]));
  step->aliases[0] = step->aliases[1] = TRUE;
  return step;
}

/* --- a clip that is not part of another step
 * ----------------------------------------------------------------------------- */

static gboolean
clip_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const FoveaTrainValue *y = fovea_train_value (program, step->out[0]);
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const gsize n = y->fact->n_elements, size = size_of (y);
  const char *from = fovea_train_data (program, step->in[0]);
  char *to = fovea_train_data (program, step->out[0]);

#pragma omp parallel for
  for (gsize i = 0; i < n; i += PART)
    kernels->clip (from + i * size, to + i * size, y->low, y->high, MIN (PART, n - i), y->half);
  return TRUE;
}

static gboolean
clip_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const FoveaTrainValue *x = fovea_train_value (program, step->in[0]);
  void *dx = fovea_train_gradient (program, step->in[0]), *dy = fovea_train_gradient (program, step->out[0]);

  fovea_train_undo_clip (step, program);
  if (step->accumulate[0])
    fovea_train_add (dx, dx, dy, x, -INFINITY, INFINITY);
  else if (!step->aliases[0])
    memcpy (dx, dy, fovea_train_value_bytes (x));
  return TRUE;
}

static const FoveaTrainStepType clip_type = { "clip", clip_forward, clip_backward, NULL };

static FoveaTrainStep *
clip_new (FoveaTrainProgram *program, const FoveaNode *node)
{
  FoveaTrainValue *y = fovea_train_value (program, node->outputs[0]);
  FoveaTrainStep *step;
  float low, high;

  if (!fovea_train_same_form (fovea_train_value (program, node->inputs[0]), y) || !fovea_train_read_clip (program, node, &low, &high))
    return NULL;
  step = fovea_train_step_new (&clip_type, node);
  y->low = low;
  y->high = high;
  step->keeps_out[0] = TRUE;
  step->aliases[0] = TRUE;
  return step;
}

/* --- the mean over a picture
 * --------------------------------------------------------------------------------------------- */

static gboolean
mean_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const FoveaTrainValue *x = fovea_train_value (program, step->in[0]), *y = fovea_train_value (program, step->out[0]);
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const FoveaPicture p = fovea_train_picture (x);
  const char *from = fovea_train_data (program, step->in[0]);
  void *to = fovea_train_data (program, step->out[0]);

#pragma omp parallel for
  for (gsize n = 0; n < p.n; n++)
    kernels->mean (from + n * p.channels * p.pixels * size_of (x), p.pixels, p.channels, x->half, to, n * p.channels, y->half);
  return TRUE;
}

static gboolean
mean_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  const FoveaTrainValue *x = fovea_train_value (program, step->in[0]), *y = fovea_train_value (program, step->out[0]);
  const FoveaTrainKernels *kernels = fovea_train_kernels_get ();
  const FoveaPicture p = fovea_train_picture (x);
  const gsize plane = p.channels * p.pixels * size_of (x);
  const char *made = x->masked ? fovea_train_data (program, step->in[0]) : NULL;
  const void *dy = fovea_train_gradient (program, step->out[0]);
  char *dx = fovea_train_gradient (program, step->in[0]);

#pragma omp parallel for
  for (gsize n = 0; n < p.n; n++)
    kernels->spread (dx + n * plane, dy, n * p.channels, y->half, 1.0f / (float) p.pixels,
                     made != NULL ? made + n * plane : NULL, x->low, x->high, step->accumulate[0], p.pixels, p.channels, x->half);
  return TRUE;
}

static const FoveaTrainStepType mean_type = { "mean", mean_forward, mean_backward, NULL };

static FoveaTrainStep *
mean_new (FoveaTrainProgram *program, const FoveaNode *node)
{
  const FoveaTrainValue *x = fovea_train_value (program, node->inputs[0]);
  FoveaTrainStep *step;

  if (!x->last || x->fact->n_elements == 0 || !fovea_train_value (program, node->outputs[0])->in_arena)
    return NULL;
  step = fovea_train_step_new (&mean_type, node);
  step->masks_input = TRUE;
  return step;
}

/* --- another shape
 * ------------------------------------------------------------------------------------------------------- */

/* Whether the elements lie in row-major order, whatever the layout is called. */
static gboolean
is_plain (const FoveaTrainValue *value)
{
  FoveaPicture p = fovea_train_picture (value);

  return value->in_arena && (!value->last || p.pixels == 1 || p.channels == 1);
}

static void
convert (const FoveaTrainValue *from_value, const void *from, const FoveaTrainValue *to_value, void *to, gboolean accumulate)
{
  const gsize n = to_value->fact->n_elements;

  for (gsize i = 0; i < n; i++)
    fovea_train_put (to_value, to, i, fovea_train_get (from_value, from, i) + (accumulate ? fovea_train_get (to_value, to, i) : 0));
}

static gboolean
view_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  convert (fovea_train_value (program, step->in[0]), fovea_train_data (program, step->in[0]),
           fovea_train_value (program, step->out[0]), fovea_train_data (program, step->out[0]), FALSE);
  return TRUE;
}

static gboolean
view_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  convert (fovea_train_value (program, step->out[0]), fovea_train_gradient (program, step->out[0]),
           fovea_train_value (program, step->in[0]), fovea_train_gradient (program, step->in[0]), step->accumulate[0]);
  return TRUE;
}

static const FoveaTrainStepType view_type = { "view", view_forward, view_backward, NULL };

/* Only where both sides are plain: then nothing moves but between f32 and bf16. */
static FoveaTrainStep *
view_new (FoveaTrainProgram *program, const FoveaNode *node)
{
  if (!fovea_train_value (program, node->inputs[0])->in_arena || !fovea_train_value (program, node->outputs[0])->in_arena
      || !is_plain (fovea_train_value (program, node->inputs[0])) || !is_plain (fovea_train_value (program, node->outputs[0])))
    return NULL;
  return fovea_train_step_new (&view_type, node);
}

FoveaTrainStep *
fovea_train_elements_new (FoveaTrainProgram *program, guint index, gboolean *taken)
{
  static const char *const views[] = { "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Dropout", NULL };
  const FoveaNode *node = fovea_graph_node (program->graph, index);

  if (is_op (node, "Add"))
    return sum_new (program, index, taken);
  if (is_op (node, "Relu") || is_op (node, "Clip"))
    return clip_new (program, node);
  if (is_op (node, "GlobalAveragePool"))
    return mean_new (program, node);
  if (node->domain[0] == '\0' && g_strv_contains (views, node->op_type) && node->n_outputs == 1)
    return view_new (program, node);
  return NULL;
}
