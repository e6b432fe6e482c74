/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/train-plan.h"

#include <math.h>
#include <string.h>

#include "nn/train-graph.h"
#include "nn/train-private.h"

#define MAX_PROGRAMS 3

static void
parameter_clear (gpointer data)
{
  FoveaParameter *parameter = data;

  g_free (parameter->name);
  g_clear_pointer (&parameter->weights, fovea_tensor_unref);
  g_clear_pointer (&parameter->gradient, fovea_tensor_unref);
}

void
fovea_train_plan_free (FoveaTrainPlan *plan)
{
  g_ptr_array_unref (plan->programs);
  g_array_unref (plan->parameters);
  fovea_graph_unref (plan->graph);
  g_clear_pointer (&plan->training, fovea_graph_unref);
  g_free (plan);
}

/* --- parameters
 * ---------------------------------------------------------------------------------------------------------- */

static gboolean
is_op (const FoveaNode *node, const char *op_type)
{
  return g_str_equal (node->op_type, op_type) && node->domain[0] == '\0';
}

/* Where operators have their weights. */
static gboolean
is_weight (const FoveaNode *node, guint input)
{
  static const char *const with_weights[] = { "Conv", "ConvTranspose", "Gemm", "BatchNormalization", "InstanceNormalization",
                                              "GroupNormalization", "LayerNormalization", "PRelu", NULL };

  if (is_op (node, "MatMul"))
    return TRUE;
  return node->domain[0] == '\0' && input >= 1 && input <= 2 && g_strv_contains (with_weights, node->op_type);
}

static gboolean
is_statistic (const FoveaNode *node, guint input)
{
  return is_op (node, "BatchNormalization") && input >= 3;
}

/* Through which inputs of @node something can flow at all, so that a constant there can be trained. */
static gboolean
takes_gradient (const FoveaNode *node, guint input)
{
  static const char *const first_only[] = { "Reshape", "Expand", "Tile", "Slice", "Pad", "Resize", "Upsample", "Clip",
                                            "Gather", "Squeeze", "Unsqueeze", "Split", "Dropout", NULL };

  return node->op->gradient != NULL && (input == 0 || !g_strv_contains (first_only, node->op_type))
         && !is_statistic (node, input);
}

static gboolean
add_parameter (FoveaTrainPlan *plan, int id, gboolean trained, gboolean statistic, GError **error)
{
  FoveaValue *value = fovea_graph_value (plan->training, id);
  FoveaParameter parameter = { .name = g_strdup (value->name), .is_statistic = statistic };

  parameter.weights = fovea_tensor_new (FOVEA_DTYPE_F32, &value->constant->shape, error);
  if (parameter.weights != NULL && trained)
    parameter.gradient = fovea_tensor_new (FOVEA_DTYPE_F32, &value->constant->shape, error);
  if (parameter.weights == NULL || (trained && parameter.gradient == NULL))
    {
      parameter_clear (&parameter);
      return FALSE;
    }
  memcpy (parameter.weights->data, value->constant->data, fovea_tensor_n_bytes (value->constant));
  g_clear_pointer (&value->constant, fovea_tensor_unref);
  g_array_append_val (plan->parameters, parameter);
  g_array_append_val (plan->training->inputs, id);
  return TRUE;
}

/* Weights that are not trained are parameters too, so that frozen layers take the same steps. */
static gboolean
find_parameters (FoveaTrainPlan *plan, GError **error)
{
  const FoveaTrainPlanOptions *o = &plan->options;

  for (guint i = 0; i < plan->training->nodes->len; i++)
    {
      const FoveaNode *node = fovea_graph_node (plan->training, i);

      for (guint j = 0; j < node->n_inputs; j++)
        {
          const FoveaValue *value = node->inputs[j] >= 0 ? fovea_graph_value (plan->training, node->inputs[j]) : NULL;
          gboolean statistic = is_statistic (node, j) && o->train_batch_norms, weight = is_weight (node, j), trained;

          if (value == NULL || value->constant == NULL || value->constant->dtype != FOVEA_DTYPE_F32)
            continue;
          trained = takes_gradient (node, j)
                    && (o->is_trained != NULL ? o->is_trained (value->name, value->constant, weight, o->user_data) : weight);
          if ((trained || weight || statistic) && !add_parameter (plan, node->inputs[j], trained, statistic, error))
            return FALSE;
        }
    }
  return TRUE;
}

/* Batch norms in training mode, with the running statistics as further outputs. */
static gboolean
set_training_mode (FoveaGraph *graph, GError **error)
{
  gboolean any = FALSE;

  for (guint i = 0; i < graph->nodes->len; i++)
    {
      FoveaNode *node = fovea_graph_node (graph, i);

      if (!is_op (node, "BatchNormalization"))
        continue;
      any = TRUE;
      fovea_node_set_int (node, "training_mode", 1);
      node->outputs = g_renew (int, node->outputs, 3);
      for (guint j = 1; j < 3; j++)
        node->outputs[j] = fovea_graph_add_value (graph, NULL, FOVEA_DTYPE_F32, NULL);
      for (guint j = 1; j < 3; j++)
        fovea_graph_value (graph, node->outputs[j])->shape.rank = -1;
      node->n_outputs = 3;
    }
  if (any && graph->opset < 13)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED,
                   "batch norms are trained from opset 13 on; the model is of opset %d", graph->opset);
      return FALSE;
    }
  /* Training mode came with opset 14; between 13 and 15 no other operator that we have changed its meaning. */
  if (any)
    graph->opset = MAX (graph->opset, 15);
  return TRUE;
}

FoveaTrainPlan *
fovea_train_plan_new (FoveaGraph *graph, const FoveaTrainPlanOptions *options, GError **error)
{
  g_autoptr (FoveaTrainPlan) plan = g_new0 (FoveaTrainPlan, 1);

  plan->graph = fovea_graph_ref (graph);
  plan->options = *options;
  plan->n_threads = fovea_n_threads ();
  plan->version = 1;
  plan->parameters = g_array_new (FALSE, TRUE, sizeof (FoveaParameter));
  g_array_set_clear_func (plan->parameters, parameter_clear);
  plan->programs = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_train_program_free);
  plan->training = fovea_graph_copy (graph);
  plan->n_inputs = plan->training->inputs->len;
  if ((options->train_batch_norms && !set_training_mode (plan->training, error)) || !find_parameters (plan, error))
    return NULL;
  return g_steal_pointer (&plan);
}

guint
fovea_train_plan_get_n_inputs (FoveaTrainPlan *plan)
{
  return plan->n_inputs;
}

guint
fovea_train_plan_get_n_outputs (FoveaTrainPlan *plan)
{
  return plan->graph->outputs->len;
}

guint
fovea_train_plan_get_n_parameters (FoveaTrainPlan *plan)
{
  return plan->parameters->len;
}

FoveaParameter *
fovea_train_plan_get_parameter (FoveaTrainPlan *plan, guint i)
{
  return fovea_train_parameter (plan, i);
}

void
fovea_train_plan_weights_changed (FoveaTrainPlan *plan)
{
  plan->version++;
}

void
fovea_train_plan_set_noise (FoveaTrainPlan *plan, guint64 noise, gsize first_row)
{
  plan->noise = noise;
  plan->noise_row = first_row;
}

void
fovea_train_plan_clear_gradients (FoveaTrainPlan *plan)
{
#pragma omp parallel for schedule(dynamic)
  for (guint i = 0; i < plan->parameters->len; i++)
    {
      FoveaTensor *gradient = fovea_train_parameter (plan, i)->gradient;

      if (gradient != NULL)
        memset (gradient->data, 0, fovea_tensor_n_bytes (gradient));
    }
}

/* --- programs
 * ------------------------------------------------------------------------------------------------------------ */

static gboolean
fits (const FoveaTrainProgram *program, FoveaTensor *const *inputs, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      const FoveaTensor *fact = program->facts->known[g_array_index (program->graph->inputs, int, i)];

      if (fact->dtype != inputs[i]->dtype || !fovea_shape_equal (&fact->shape, &inputs[i]->shape))
        return FALSE;
    }
  return TRUE;
}

/* The compiled form for these inputs, now the first in the list. */
static FoveaTrainProgram *
find_program (FoveaTrainPlan *plan, FoveaTensor *const *inputs, GError **error)
{
  FoveaTrainProgram *program;

  for (guint i = 0; i < plan->programs->len; i++)
    if (fits (plan->programs->pdata[i], inputs, plan->n_inputs))
      {
        program = g_ptr_array_steal_index (plan->programs, i);
        g_ptr_array_insert (plan->programs, 0, program);
        return program;
      }
  program = fovea_train_program_new (plan, inputs, error);
  if (program == NULL)
    return NULL;
  if (plan->programs->len >= MAX_PROGRAMS)
    g_ptr_array_set_size (plan->programs, MAX_PROGRAMS - 1);
  g_ptr_array_insert (plan->programs, 0, program);
  return program;
}

gboolean
fovea_train_plan_forward (FoveaTrainPlan *plan, FoveaTensor *const *inputs, FoveaTensor **ret_outputs, GError **error)
{
  FoveaTrainProgram *program = find_program (plan, inputs, error);

  /* Only one of them keeps an arena; they are large. */
  for (guint i = 1; i < plan->programs->len; i++)
    {
      FoveaTrainProgram *other = plan->programs->pdata[i];

      fovea_train_program_drop_memory (other);
    }
  return program != NULL && fovea_train_program_forward (program, inputs, ret_outputs, error);
}

gboolean
fovea_train_plan_backward (FoveaTrainPlan *plan, FoveaTensor *const *d_outputs, GError **error)
{
  g_return_val_if_fail (plan->programs->len > 0, FALSE);
  return fovea_train_program_backward (plan->programs->pdata[0], d_outputs, error);
}

gsize
fovea_train_plan_get_bytes (FoveaTrainPlan *plan, FoveaTensor *const *inputs, GError **error)
{
  FoveaTrainProgram *program = find_program (plan, inputs, error);

  return program != NULL ? program->arena_bytes + program->scratch_bytes : 0;
}

static FoveaFacts *
facts_of_batch (FoveaTrainPlan *plan, FoveaTensor *const *inputs, gint64 batch)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_tensor_unref);

  for (guint i = 0; i < plan->n_inputs; i++)
    {
      FoveaShape shape = inputs[i]->shape;

      if (shape.rank > 0)
        shape.dim[0] = batch;
      g_ptr_array_add (all, fovea_tensor_new_unknown (inputs[i]->dtype, &shape));
    }
  return fovea_facts_new (plan->graph, (FoveaTensor **) all->pdata, NULL);
}

gboolean
fovea_train_plan_rows_are_independent (FoveaTrainPlan *plan, FoveaTensor *const *inputs)
{
  g_autoptr (FoveaFacts) one = NULL, two = NULL;

  if (plan->options.train_batch_norms)
    for (guint i = 0; i < plan->training->nodes->len; i++)
      if (is_op (fovea_graph_node (plan->training, i), "BatchNormalization"))
        return FALSE;
  one = facts_of_batch (plan, inputs, 1);
  two = one != NULL ? facts_of_batch (plan, inputs, 2) : NULL;
  return two != NULL && fovea_batch_is_independent (plan->graph, one, two);
}

FoveaGraph *
fovea_train_plan_dup_graph (FoveaTrainPlan *plan, FoveaTensor *const *weights, GError **error)
{
  g_autoptr (FoveaGraph) graph = fovea_graph_copy (plan->graph);

  for (guint i = 0; i < plan->parameters->len; i++)
    {
      FoveaParameter *parameter = fovea_train_parameter (plan, i);
      FoveaTensor *from = weights != NULL && weights[i] != NULL ? weights[i] : parameter->weights;
      g_autoptr (FoveaTensor) copy = fovea_tensor_new (FOVEA_DTYPE_F32, &from->shape, error);

      if (copy == NULL)
        return NULL;
      memcpy (copy->data, from->data, fovea_tensor_n_bytes (from));
      fovea_graph_replace_constant (graph, parameter->name, copy);
    }
  return g_steal_pointer (&graph);
}

char *
fovea_train_plan_describe (FoveaTrainPlan *plan)
{
  GString *text = g_string_new (NULL);
  const FoveaTrainProgram *program = plan->programs->len > 0 ? plan->programs->pdata[0] : NULL;

  for (guint i = 0; program != NULL && i < program->steps->len; i++)
    {
      const FoveaTrainStep *step = program->steps->pdata[i];
      g_autofree char *shape = NULL;

      if (step->n_out > 0 && program->values[step->out[0]].fact != NULL)
        shape = fovea_shape_to_string (&program->values[step->out[0]].fact->shape);
      g_string_append_printf (text, "%8.3f ms %8.3f ms  %s %s → %s\n", (double) step->forward_ns * 1e-6,
                              (double) step->backward_ns * 1e-6, step->type->name, step->node->op_type,
                              shape != NULL ? shape : "?");
    }
  return g_string_free (text, FALSE);
}

gboolean
fovea_bf16_is_fast (void)
{
#if defined(__x86_64__)
  const char *cap = g_getenv ("ONEDNN_MAX_CPU_ISA");

  if (cap == NULL)
    cap = g_getenv ("DNNL_MAX_CPU_ISA");
  if (cap != NULL && g_ascii_strcasecmp (cap, "DEFAULT") != 0 && g_ascii_strcasecmp (cap, "ALL") != 0
      && strstr (cap, "BF16") == NULL && strstr (cap, "AMX") == NULL && strstr (cap, "FP16") == NULL)
    return FALSE;
  return fovea_kernels_get ()->isa == FOVEA_ISA_AVX512 && __builtin_cpu_supports ("avx512bf16");
#else
  return FALSE;
#endif
}
