/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compiles the training graph for one set of input shapes, and runs it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "nn/train-private.h"

#define HUGE_PAGE (2u << 20)

/* --- steps
 * --------------------------------------------------------------------------------------------------------------- */

FoveaTrainStep *
fovea_train_step_new (const FoveaTrainStepType *type, const FoveaNode *node)
{
  FoveaTrainStep *step = g_new0 (FoveaTrainStep, 1);

  step->type = type;
  step->node = node;
  step->n_in = node->n_inputs;
  step->n_out = node->n_outputs;
  step->in = g_memdup2 (node->inputs, sizeof (int) * node->n_inputs);
  step->out = g_memdup2 (node->outputs, sizeof (int) * node->n_outputs);
  step->accumulate = g_new0 (gboolean, step->n_in + 1);
  step->aliases = g_new0 (gboolean, step->n_in + 1);
  step->keeps_in = g_new0 (gboolean, step->n_in + 1);
  step->keeps_out = g_new0 (gboolean, step->n_out + 1);
  return step;
}

void
fovea_train_step_free (FoveaTrainStep *step)
{
  if (step->state != NULL && step->type->free_state != NULL)
    step->type->free_state (step->state);
  g_free (step->in);
  g_free (step->out);
  g_free (step->accumulate);
  g_free (step->aliases);
  g_free (step->keeps_in);
  g_free (step->keeps_out);
  g_free (step);
}

void
fovea_train_step_set_output (FoveaTrainStep *step, int value)
{
  step->out[0] = value;
}

void
fovea_train_program_drop_memory (FoveaTrainProgram *program)
{
  g_clear_pointer (&program->arena, free);
  g_clear_pointer (&program->scratch, free);
  program->forward_done = FALSE;
}

void
fovea_train_program_free (FoveaTrainProgram *program)
{
  fovea_train_program_drop_memory (program);
  for (guint i = 0; program->values != NULL && i < program->graph->values->len; i++)
    g_clear_pointer (&program->values[i].tensor, fovea_tensor_unref);
  g_free (program->values);
  g_clear_pointer (&program->facts, fovea_facts_free);
  g_ptr_array_unref (program->steps);
  g_array_unref (program->buffers);
  g_free (program);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaTrainProgram, fovea_train_program_free)

/* --- values
 * -------------------------------------------------------------------------------------------------------------- */

static gboolean
is_known (const FoveaTrainValue *value)
{
  return value->fact != NULL && value->fact->data != NULL;
}

static void
prepare_values (FoveaTrainProgram *program)
{
  const FoveaTrainPlan *plan = program->plan;
  gboolean reference = plan->options.reference;

  for (guint i = 0; i < program->graph->values->len; i++)
    {
      FoveaTrainValue *v = fovea_train_value (program, i);

      *v = (FoveaTrainValue) { .fact = program->facts->known[i], .parameter = -1, .data = -1, .gradient = -1,
                               .low = -INFINITY, .high = INFINITY };
      v->in_arena = v->fact != NULL && v->fact->data == NULL && v->fact->dtype == FOVEA_DTYPE_F32;
      v->last = v->in_arena && !reference && v->fact->shape.rank == 4;
      v->half = v->last && plan->options.precision == FOVEA_PRECISION_BF16;
    }
  for (guint i = 0; i < program->graph->inputs->len; i++)
    {
      FoveaTrainValue *v = fovea_train_value (program, g_array_index (program->graph->inputs, int, i));

      v->in_arena = i < plan->n_inputs && v->last;
      if (i < plan->n_inputs)
        continue;
      v->last = v->half = FALSE;
      v->parameter = (int) (i - plan->n_inputs);
      v->differs = fovea_train_parameter (plan, v->parameter)->gradient != NULL;
    }
  for (guint i = 0; i < program->graph->outputs->len; i++)
    fovea_train_value (program, g_array_index (program->graph->outputs, int, i))->n_uses++;
}

static gboolean
refuse_node (const FoveaNode *node, const char *why, GError **error)
{
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED, "%s, node “%s”, %s", node->op_type, node->name, why);
  return FALSE;
}

/* What the loss depends on a parameter through; a node in between must have a gradient. */
static gboolean
spread_differences (FoveaTrainProgram *program, GError **error)
{
  for (guint i = 0; i < program->graph->nodes->len; i++)
    {
      const FoveaNode *node = fovea_graph_node (program->graph, i);
      gboolean differs = FALSE;

      for (guint j = 0; j < node->n_inputs; j++)
        if (node->inputs[j] >= 0)
          {
            FoveaTrainValue *v = fovea_train_value (program, node->inputs[j]);

            v->n_uses++;
            differs = differs || v->differs;
          }
      for (guint j = 0; differs && j < node->n_outputs; j++)
        {
          FoveaTrainValue *v = node->outputs[j] >= 0 ? fovea_train_value (program, node->outputs[j]) : NULL;

          if (v == NULL || is_known (v) || (v->fact != NULL && v->fact->dtype != FOVEA_DTYPE_F32))
            continue;
          v->differs = TRUE;
          if (node->op->gradient == NULL)
            return refuse_node (node, "has no gradient, so what comes before it cannot be trained", error);
          if (!v->in_arena)
            return refuse_node (node, "has a size that depends on data, so it cannot be trained through", error);
        }
    }
  return TRUE;
}

/* --- building
 * ------------------------------------------------------------------------------------------------------------ */

static gboolean
all_outputs_known (const FoveaTrainProgram *program, const FoveaNode *node)
{
  for (guint i = 0; i < node->n_outputs; i++)
    if (node->outputs[i] >= 0 && !is_known (fovea_train_value (program, node->outputs[i])))
      return FALSE;
  return TRUE;
}

static FoveaTrainStep *
make_fast (FoveaTrainProgram *program, guint index, gboolean *taken, GError **error)
{
  static const char *const products[] = { "Conv", "Gemm", "MatMul", NULL };
  const FoveaNode *node = fovea_graph_node (program->graph, index);
  FoveaTrainStep *step;

  if (node->domain[0] != '\0')
    return NULL;
  if (g_strv_contains (products, node->op_type))
    return fovea_train_conv_new (program, index, taken, error);
  if (g_str_equal (node->op_type, "BatchNormalization"))
    return fovea_train_norm_new (program, index, taken);
  step = fovea_train_elements_new (program, index, taken);
  if (step == NULL)
    step = fovea_train_function_new (program, index);
  return step != NULL ? step : fovea_train_pictures_new (program, index);
}

static gboolean
make_steps (FoveaTrainProgram *program, GError **error)
{
  g_autofree gboolean *taken = g_new0 (gboolean, program->graph->nodes->len);

  for (guint i = 0; i < program->graph->nodes->len; i++)
    {
      const FoveaNode *node = fovea_graph_node (program->graph, i);
      FoveaTrainStep *step = NULL;
      GError *local = NULL;

      if (taken[i] || all_outputs_known (program, node))
        continue;
      step = fovea_train_dropout_new (program, i);
      if (step == NULL && !program->plan->options.reference)
        step = make_fast (program, i, taken, &local);
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }
      g_ptr_array_add (program->steps, step != NULL ? step : fovea_train_reference_new (program, node));
    }
  return TRUE;
}

/* Walks the steps as backward will: who writes a gradient first, and who adds to it. */
static void
order_gradients (FoveaTrainProgram *program)
{
  for (guint i = 0; i < program->graph->outputs->len; i++)
    {
      FoveaTrainValue *v = fovea_train_value (program, g_array_index (program->graph->outputs, int, i));

      v->written = v->differs;
    }
  for (guint i = program->steps->len; i-- > 0;)
    {
      FoveaTrainStep *step = program->steps->pdata[i];

      for (guint j = 0; j < step->n_out; j++)
        if (step->out[j] >= 0 && fovea_train_value (program, step->out[j])->written)
          step->differs = TRUE;
      for (guint j = 0; step->differs && j < step->n_in; j++)
        {
          FoveaTrainValue *v = step->in[j] >= 0 ? fovea_train_value (program, step->in[j]) : NULL;

          if (v == NULL || !v->differs)
            continue;
          step->accumulate[j] = v->written || v->parameter >= 0;
          v->written = TRUE;
        }
    }
}

/* A clip at the end of a step is undone by the only reader of its output, when that one can. */
static void
choose_masks (FoveaTrainProgram *program)
{
  for (guint i = 0; i < program->steps->len; i++)
    {
      FoveaTrainStep *step = program->steps->pdata[i];
      FoveaTrainValue *v = step->n_in > 0 && step->in[0] >= 0 ? fovea_train_value (program, step->in[0]) : NULL;

      if (v == NULL || !step->masks_input || !step->differs || v->n_uses != 1 || (isinf (v->low) && isinf (v->high)))
        continue;
      v->masked = TRUE;
      step->keeps_in[0] = TRUE;
    }
}

static int
add_buffer (FoveaTrainProgram *program, const FoveaTrainValue *value, int from)
{
  FoveaBuffer buffer = { .kind = FOVEA_BUFFER_ARENA, .root = (int) program->buffers->len, .first = from, .last = from,
                         .n_bytes = MAX (1, fovea_train_value_bytes (value)) };

  g_array_append_val (program->buffers, buffer);
  return buffer.root;
}

static void
live_at (FoveaTrainProgram *program, int buffer, int when)
{
  FoveaBuffer *b = &g_array_index (program->buffers, FoveaBuffer, buffer);

  b = &g_array_index (program->buffers, FoveaBuffer, b->root);
  b->first = MIN (b->first, when);
  b->last = MAX (b->last, when);
}

/* Time: step i runs at i, the loss at S, and step i backward at 2S − i. */
static void
place_data (FoveaTrainProgram *program)
{
  int n = (int) program->steps->len;

  for (guint i = 0; i < program->graph->inputs->len; i++)
    {
      FoveaTrainValue *v = fovea_train_value (program, g_array_index (program->graph->inputs, int, i));

      if (v->in_arena && v->parameter < 0)
        v->data = add_buffer (program, v, 0);
    }
  for (int i = 0; i < n; i++)
    {
      FoveaTrainStep *step = program->steps->pdata[i];

      for (guint j = 0; j < step->n_in; j++)
        {
          FoveaTrainValue *v = step->in[j] >= 0 ? fovea_train_value (program, step->in[j]) : NULL;

          if (v != NULL && v->data >= 0)
            live_at (program, v->data, step->keeps_in[j] && step->differs ? 2 * n - i : i);
        }
      for (guint j = 0; j < step->n_out; j++)
        {
          FoveaTrainValue *v = step->out[j] >= 0 ? fovea_train_value (program, step->out[j]) : NULL;

          if (v == NULL || !v->in_arena)
            continue;
          v->data = add_buffer (program, v, i);
          if (step->keeps_out[j] && step->differs)
            live_at (program, v->data, 2 * n - i);
        }
    }
  for (guint i = 0; i < program->graph->outputs->len; i++)
    {
      FoveaTrainValue *v = fovea_train_value (program, g_array_index (program->graph->outputs, int, i));

      if (v->data >= 0)
        live_at (program, v->data, n);
    }
}

static gboolean
reads (const FoveaTrainStep *step, int value)
{
  for (guint i = 0; i < step->n_in; i++)
    if (step->in[i] == value)
      return TRUE;
  return FALSE;
}

static guint
producer_of (const FoveaTrainProgram *program, int value)
{
  for (guint i = 0; i < program->steps->len; i++)
    {
      const FoveaTrainStep *step = program->steps->pdata[i];

      for (guint j = 0; j < step->n_out; j++)
        if (step->out[j] == value)
          return i;
    }
  return 0;
}

/* Whether the gradient of in[@j] may be the output's own memory, which the step has said it only passes on. Nobody else
 * may change it while another input's maker has still to read it there: the other readers of in[j], who add their parts,
 * must come before the makers of the other inputs (so backward they come after them); and a maker that undoes a clip of
 * its own would write there too. */
static gboolean
may_share (const FoveaTrainProgram *program, guint at, guint j)
{
  const FoveaTrainStep *step = program->steps->pdata[at];
  const FoveaTrainValue *v = fovea_train_value (program, step->in[j]);
  guint earliest = at;

  if (!step->aliases[j] || !isinf (v->low) || !isinf (v->high))
    return FALSE;
  for (guint k = 0; k < step->n_in; k++)
    if (k != j)
      earliest = MIN (earliest, producer_of (program, step->in[k]));
  for (guint i = earliest; i < program->steps->len; i++)
    if (i != at && reads (program->steps->pdata[i], step->in[j]))
      return FALSE;
  return TRUE;
}

static void
share_gradient (FoveaTrainProgram *program, guint at, guint j)
{
  FoveaTrainStep *step = program->steps->pdata[at];
  FoveaTrainValue *v = fovea_train_value (program, step->in[j]), *out = fovea_train_value (program, step->out[0]);

  if (may_share (program, at, j) && out->gradient >= 0 && v->last == out->last && v->half == out->half)
    {
      FoveaBuffer buffer = { .kind = FOVEA_BUFFER_ARENA };

      buffer.root = g_array_index (program->buffers, FoveaBuffer, out->gradient).root;
      g_array_append_val (program->buffers, buffer);
      v->gradient = (int) program->buffers->len - 1;
    }
  else
    step->aliases[j] = FALSE;
}

static void
place_gradients (FoveaTrainProgram *program)
{
  int n = (int) program->steps->len;

  for (guint i = 0; i < program->graph->outputs->len; i++)
    {
      FoveaTrainValue *v = fovea_train_value (program, g_array_index (program->graph->outputs, int, i));

      if (v->differs && v->parameter < 0 && v->gradient < 0)
        v->gradient = add_buffer (program, v, n);
    }
  for (int i = n - 1; i >= 0; i--)
    {
      FoveaTrainStep *step = program->steps->pdata[i];

      for (guint j = 0; j < step->n_out; j++)
        if (step->out[j] >= 0 && fovea_train_value (program, step->out[j])->gradient >= 0)
          live_at (program, fovea_train_value (program, step->out[j])->gradient, 2 * n - i);
      for (guint j = 0; step->differs && j < step->n_in; j++)
        {
          FoveaTrainValue *v = step->in[j] >= 0 ? fovea_train_value (program, step->in[j]) : NULL;

          if (v == NULL || !v->differs || v->parameter >= 0)
            continue;
          if (v->gradient < 0)
            share_gradient (program, (guint) i, j);
          else
            step->aliases[j] = FALSE;
          if (v->gradient < 0)
            v->gradient = add_buffer (program, v, 2 * n - i);
          live_at (program, v->gradient, 2 * n - i);
        }
    }
}

static FoveaFacts *
learn_facts (FoveaTrainPlan *plan, FoveaTensor *const *inputs, GError **error)
{
  g_autofree FoveaTensor **all = g_new (FoveaTensor *, plan->training->inputs->len);

  for (guint i = 0; i < plan->training->inputs->len; i++)
    all[i] = i < plan->n_inputs ? inputs[i] : fovea_train_parameter (plan, i - plan->n_inputs)->weights;
  return fovea_facts_new (plan->training, all, error);
}

FoveaTrainProgram *
fovea_train_program_new (FoveaTrainPlan *plan, FoveaTensor *const *inputs, GError **error)
{
  g_autoptr (FoveaTrainProgram) program = g_new0 (FoveaTrainProgram, 1);

  program->plan = plan;
  program->graph = plan->training;
  program->steps = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_train_step_free);
  program->buffers = g_array_new (FALSE, TRUE, sizeof (FoveaBuffer));
  program->facts = learn_facts (plan, inputs, error);
  if (program->facts == NULL)
    return NULL;
  program->values = g_new0 (FoveaTrainValue, program->graph->values->len);
  prepare_values (program);
  if (!spread_differences (program, error) || !make_steps (program, error))
    return NULL;
  order_gradients (program);
  choose_masks (program);
  place_data (program);
  place_gradients (program);
  program->arena_bytes = fovea_arena_pack (program->buffers);
  return g_steal_pointer (&program);
}

/* --- running
 * ------------------------------------------------------------------------------------------------------------- */

static char *
allocate (gsize bytes, GError **error)
{
  gsize size = (MAX (bytes, 1) + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  char *memory = aligned_alloc (bytes < HUGE_PAGE ? 4096 : HUGE_PAGE, size);

  if (memory == NULL)
    g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MEMORY,
                 "there is no memory for %" G_GSIZE_FORMAT " MB of activations; train with smaller batches", bytes >> 20);
  else
    madvise (memory, size, MADV_HUGEPAGE);
  return memory;
}

static gboolean
set_inputs (FoveaTrainProgram *program, FoveaTensor *const *inputs, GError **error)
{
  if (program->arena == NULL)
    program->arena = allocate (program->arena_bytes, error);
  if (program->arena != NULL && program->scratch == NULL)
    program->scratch = allocate (program->scratch_bytes, error);
  if (program->scratch == NULL)
    return FALSE;
  for (guint i = 0; i < program->plan->n_inputs; i++)
    fovea_train_store (program, g_array_index (program->graph->inputs, int, i), inputs[i]);
  return TRUE;
}

static void
note_time (gint64 *best, gint64 begun)
{
  gint64 ns = (g_get_monotonic_time () - begun) * 1000;

  *best = *best == 0 ? ns : MIN (*best, ns);
}

gboolean
fovea_train_program_forward (FoveaTrainProgram *program, FoveaTensor *const *inputs, FoveaTensor **ret_outputs, GError **error)
{
  guint n = program->graph->outputs->len;
  gboolean ok = set_inputs (program, inputs, error);

  program->forward_done = FALSE;
  for (guint i = 0; ok && i < program->steps->len; i++)
    {
      FoveaTrainStep *step = program->steps->pdata[i];
      gint64 begun = g_get_monotonic_time ();

      ok = step->type->forward (step, program, error);
      note_time (&step->forward_ns, begun);
    }
  for (guint i = 0; ok && i < n; i++)
    {
      g_autoptr (FoveaTensor) loaded = fovea_train_load (program, g_array_index (program->graph->outputs, int, i), error);

      ret_outputs[i] = loaded != NULL ? fovea_tensor_new (loaded->dtype, &loaded->shape, error) : NULL;
      ok = ret_outputs[i] != NULL;
      if (ok)
        memcpy (ret_outputs[i]->data, loaded->data, fovea_tensor_n_bytes (loaded)); /* the arena is used again */
      for (guint j = 0; !ok && j < i; j++)
        g_clear_pointer (&ret_outputs[j], fovea_tensor_unref);
    }
  program->forward_done = ok;
  return ok;
}

static gboolean
set_output_gradients (FoveaTrainProgram *program, FoveaTensor *const *d_outputs, GError **error)
{
  for (guint i = 0; i < program->graph->outputs->len; i++)
    {
      int id = g_array_index (program->graph->outputs, int, i);
      FoveaTrainValue *v = fovea_train_value (program, id);
      gboolean again = FALSE;

      for (guint j = 0; j < i; j++)
        again = again || g_array_index (program->graph->outputs, int, j) == id;
      if (!v->differs || v->parameter >= 0)
        continue;
      if (d_outputs[i] == NULL && !again)
        memset (fovea_train_gradient (program, id), 0, fovea_train_value_bytes (v));
      if (d_outputs[i] == NULL)
        continue;
      if (d_outputs[i]->dtype != FOVEA_DTYPE_F32 || !fovea_shape_equal (&d_outputs[i]->shape, &v->fact->shape))
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "the gradient of output %u does not fit it", i);
          return FALSE;
        }
      fovea_train_store_gradient (program, id, d_outputs[i], again);
    }
  return TRUE;
}

gboolean
fovea_train_program_backward (FoveaTrainProgram *program, FoveaTensor *const *d_outputs, GError **error)
{
  g_return_val_if_fail (program->forward_done, FALSE);
  program->forward_done = FALSE;
  if (!set_output_gradients (program, d_outputs, error))
    return FALSE;
  for (guint i = program->steps->len; i-- > 0;)
    {
      FoveaTrainStep *step = program->steps->pdata[i];
      gint64 begun = g_get_monotonic_time ();

      if (step->differs && !step->type->backward (step, program, error))
        return FALSE;
      if (step->differs)
        note_time (&step->backward_ns, begun);
    }
  return TRUE;
}
