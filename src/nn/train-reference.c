/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A node by its reference kernel and gradient rule. */
#include <string.h>

#include "nn/train-private.h"

static void
drop (FoveaTensor **tensors, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&tensors[i], fovea_tensor_unref);
}

static gboolean
load (FoveaTrainProgram *program, const int *values, guint n, FoveaTensor **ret, GError **error)
{
  for (guint i = 0; i < n; i++)
    if (values[i] >= 0)
      {
        ret[i] = fovea_train_load (program, values[i], error);
        if (ret[i] == NULL)
          return FALSE;
      }
  return TRUE;
}

/* A batch norm's new running statistics are the old ones from now on. */
static void
keep_statistics (FoveaTrainProgram *program, const FoveaNode *node, FoveaTensor *const *out)
{
  for (guint i = 1; i < 3 && g_str_equal (node->op_type, "BatchNormalization") && i < node->n_outputs; i++)
    {
      int parameter = fovea_train_value (program, node->inputs[i + 2])->parameter;

      if (parameter >= 0 && out[i] != NULL)
        memcpy (fovea_train_parameter (program->plan, parameter)->weights->data, out[i]->data, fovea_tensor_n_bytes (out[i]));
    }
}

static gboolean
reference_forward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, step->n_in + 1), **out = g_new0 (FoveaTensor *, step->n_out + 1);
  FoveaOpContext ctx = { step->node, program->graph->opset, step->n_in, in, step->n_out, out };
  gboolean ok = load (program, step->in, step->n_in, in, error) && fovea_op_run (&ctx, error);

  for (guint i = 0; ok && i < step->n_out; i++)
    if (step->out[i] >= 0)
      fovea_train_store (program, step->out[i], out[i]);
  if (ok)
    keep_statistics (program, step->node, out);
  drop (in, step->n_in);
  drop (out, step->n_out);
  return ok;
}

/* Gradients of what is asked for, and of parameters. */
static gboolean
make_gradients (FoveaTrainStep *step, FoveaTrainProgram *program, FoveaTensor *const *in, FoveaTensor **d_in, GError **error)
{
  for (guint i = 0; i < step->n_in; i++)
    if (step->in[i] >= 0 && fovea_train_gradient (program, step->in[i]) != NULL)
      {
        d_in[i] = fovea_tensor_new (FOVEA_DTYPE_F64, &in[i]->shape, error);
        if (d_in[i] == NULL)
          return FALSE;
      }
  return TRUE;
}

static gboolean
reference_backward (FoveaTrainStep *step, FoveaTrainProgram *program, GError **error)
{
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, step->n_in + 1), **out = g_new0 (FoveaTensor *, step->n_out + 1);
  g_autofree FoveaTensor **d_in = g_new0 (FoveaTensor *, step->n_in + 1), **d_out = g_new0 (FoveaTensor *, step->n_out + 1);
  FoveaGradientContext ctx = { { step->node, program->graph->opset, step->n_in, in, step->n_out, out }, d_out, d_in };
  gboolean ok = load (program, step->in, step->n_in, in, error) && load (program, step->out, step->n_out, out, error)
                && make_gradients (step, program, in, d_in, error);

  for (guint i = 0; ok && i < step->n_out; i++)
    if (step->out[i] >= 0 && fovea_train_value (program, step->out[i])->written)
      {
        d_out[i] = fovea_train_load_gradient (program, step->out[i], error);
        ok = d_out[i] != NULL;
      }
  ok = ok && fovea_op_differentiate (&ctx, error);
  for (guint i = 0; ok && i < step->n_in; i++)
    if (d_in[i] != NULL)
      fovea_train_store_gradient (program, step->in[i], d_in[i], step->accumulate[i]);
  drop (in, step->n_in);
  drop (out, step->n_out);
  drop (d_in, step->n_in);
  drop (d_out, step->n_out);
  return ok;
}

static const FoveaTrainStepType reference_type = { "reference", reference_forward, reference_backward, NULL };

FoveaTrainStep *
fovea_train_reference_new (FoveaTrainProgram *program, const FoveaNode *node)
{
  FoveaTrainStep *step = fovea_train_step_new (&reference_type, node);

  memset (step->keeps_in, TRUE, step->n_in * sizeof (gboolean));
  memset (step->keeps_out, TRUE, step->n_out * sizeof (gboolean));
  return step;
}
