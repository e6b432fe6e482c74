/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dropout while it trains:  y = m ∘ x / (1 − p),  m = 0 with probability p, else 1;  dx = m ∘ dy / (1 − p).
 *
 * m follows from the plan's noise, the node and the element's number in the batch alone, so it is the same whatever the
 * number of threads and however the batch is cut into parts, and is drawn again backward instead of being kept. Source:
 * Srivastava et al., Dropout, 2014, in the inverted form of ONNX. */
#include "nn/train-private.h"

typedef struct {
  guint64 node; /* its number in the graph */
  double ratio;
} Dropout;

/* A number that is as good as drawn (splitmix64). */
static guint64
scramble (guint64 z)
{
  z += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* to = m ∘ from / (1 − p), in the forms of their values, which agree */
static void
drop (const FoveaTrainStep *step, const FoveaTrainProgram *program, const void *from, void *to, gboolean accumulate)
{
  const Dropout *self = step->state;
  const FoveaTrainValue *y = fovea_train_value (program, step->out[0]);
  const guint64 noise = program->plan->noise, base = scramble (noise ^ scramble (self->node));
  const gsize n = y->fact->n_elements, rows = y->fact->shape.rank > 0 ? (gsize) y->fact->shape.dim[0] : 1;
  const guint64 first = program->plan->noise_row * (n / MAX (1, rows));
  /* Of the 2^32 values of a draw, those that drop. */
  const guint64 limit = noise != 0 ? (guint64) (self->ratio * 4294967296.0) : 0;
  const float factor = noise != 0 ? (float) (1 / (1 - self->ratio)) : 1;

#pragma omp parallel for
  for (gsize i = 0; i < n; i++)
    {
      float kept = scramble (base + first + i) >> 32 < limit ? 0 : factor;

      fovea_train_put (y, to, i, kept * fovea_train_get (y, from, i) + (accumulate ? fovea_train_get (y, to, i) : 0));
    }
}

static gboolean
dropout_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  drop (step, program, fovea_train_data (program, step->in[0]), fovea_train_data (program, step->out[0]), FALSE);
  return TRUE;
}

static gboolean
dropout_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  drop (step, program, fovea_train_gradient (program, step->out[0]), fovea_train_gradient (program, step->in[0]), step->accumulate[0]);
  return TRUE;
}

static const FoveaTrainStepType dropout_type = { "dropout", dropout_forward, dropout_backward, g_free };

static gboolean
read_ratio (const FoveaTrainProgram *program, const FoveaNode *node, double *ret_ratio)
{
  const FoveaTensor *ratio = node->n_inputs > 1 && node->inputs[1] >= 0 ? fovea_train_value (program, node->inputs[1])->fact : NULL;

  *ret_ratio = (double) fovea_node_float (node, "ratio", 0.5f);
  if (node->n_inputs > 1 && node->inputs[1] >= 0)
    {
      if (ratio == NULL || ratio->data == NULL || ratio->dtype != FOVEA_DTYPE_F32 || ratio->n_elements != 1)
        return FALSE;
      *ret_ratio = (double) FOVEA_TENSOR_DATA (ratio, const float)[0];
    }
  return *ret_ratio > 0 && *ret_ratio < 1;
}

FoveaTrainStep *
fovea_train_dropout_new (FoveaTrainProgram *program, guint index)
{
  const FoveaNode *node = fovea_graph_node (program->graph, index);
  FoveaTrainStep *step;
  double ratio;

  if (!g_str_equal (node->op_type, "Dropout") || node->domain[0] != '\0' || node->n_outputs != 1 || !read_ratio (program, node, &ratio)
      || !fovea_train_same_form (fovea_train_value (program, node->inputs[0]), fovea_train_value (program, node->outputs[0])))
    return NULL;
  step = fovea_train_step_new (&dropout_type, node);
  step->state = g_new (Dropout, 1);
  *(Dropout *) step->state = (Dropout) { index, ratio };
  return step;
}
