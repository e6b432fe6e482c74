/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From units to steps over buffers: layouts, conversions, lifetimes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/plan-private.h"

typedef struct {
  FoveaProgram *program;
  int (*of_value)[FOVEA_N_LAYOUTS]; /* buffer of a value in a layout, or -1 */
} Builder;

/* --- buffers
 * ------------------------------------------------------------------------------------------------------------ */

static int
add_buffer (Builder *builder, FoveaBufferKind kind, FoveaTensor *fact, gsize n_bytes)
{
  int id = (int) builder->program->buffers->len;
  FoveaBuffer buffer = { .kind = kind, .fact = fact, .root = id, .n_bytes = n_bytes, .first = -1, .last = -1 };

  g_array_append_val (builder->program->buffers, buffer);
  return id;
}

static FoveaTensor *
fact_of (const Builder *builder, int value)
{
  return builder->program->facts->known[value];
}

/* Both layouts are the same bytes. */
static gboolean
layout_is_free (const FoveaTensor *fact)
{
  const FoveaShape *shape;

  if (fact == NULL || fact->shape.rank != 4)
    return TRUE;
  shape = &fact->shape;
  return shape->dim[1] == 1 || shape->dim[2] * shape->dim[3] == 1 || fact->n_elements == 0;
}

static void
set_buffer (Builder *builder, int value, FoveaLayout layout, int buffer)
{
  gboolean free_layout = layout_is_free (fact_of (builder, value));

  for (int i = 0; i < FOVEA_N_LAYOUTS; i++)
    if (i == (int) layout || free_layout)
      builder->of_value[value][i] = buffer;
}

static int
new_output (Builder *builder, int value, FoveaLayout layout)
{
  FoveaTensor *fact = fact_of (builder, value);
  int buffer = add_buffer (builder, FOVEA_BUFFER_ARENA, fact, fovea_tensor_n_bytes (fact));

  set_buffer (builder, value, layout, buffer);
  return buffer;
}

/* --- steps
 * -------------------------------------------------------------------------------------------------------------- */

static FoveaStep *
add_step (Builder *builder, const FoveaNode *node, guint n_in, guint n_out, char *what)
{
  FoveaStep step = {
    .kernels = builder->program->kernels, .node = node, .n_in = n_in, .n_out = n_out, .scratch = -1, .what = what
  };

  step.in = g_new (int, n_in + 1);
  step.out = g_new (int, n_out + 1);
  step.low = -INFINITY;
  step.high = INFINITY;
  g_array_append_val (builder->program->steps, step);
  return fovea_program_step (builder->program, builder->program->steps->len - 1);
}

static void
set_sizes (FoveaStep *step, const FoveaTensor *picture)
{
  step->n[0] = (gsize) picture->shape.dim[0];
  step->n[1] = (gsize) picture->shape.dim[1];
  step->n[2] = (gsize) (picture->shape.dim[2] * picture->shape.dim[3]);
}

/* The value in @layout, converted when it is there in the other one alone. */
static int
need (Builder *builder, int value, FoveaLayout layout)
{
  FoveaLayout other = layout == FOVEA_LAYOUT_PLAIN ? FOVEA_LAYOUT_LAST : FOVEA_LAYOUT_PLAIN;
  FoveaTensor *fact = fact_of (builder, value);
  FoveaStep *step;
  int from;

  if (builder->of_value[value][layout] >= 0)
    return builder->of_value[value][layout];
  from = builder->of_value[value][other];
  if (from < 0)
    {
      /* Only constants have no maker. */
      from = add_buffer (builder, FOVEA_BUFFER_CONSTANT, fact, 0);
      set_buffer (builder, value, FOVEA_LAYOUT_PLAIN, from);
      return need (builder, value, layout);
    }
  step = add_step (builder, NULL, 1, 1, g_strdup (layout == FOVEA_LAYOUT_LAST ? "to channels-last" : "to plain"));
  step->together = layout == FOVEA_LAYOUT_LAST ? fovea_step_to_last : fovea_step_to_plain;
  step->in[0] = from;
  step->out[0] = new_output (builder, value, layout);
  set_sizes (step, fact);
  return step->out[0];
}

/* --- convolutions
 * --------------------------------------------------------------------------------------------------------- */

static void
describe_conv (GString *what, const FoveaConv *conv)
{
  if (conv->flat)
    g_string_append_printf (what, "dense %zu→%zu", conv->in[2], conv->out[2]);
  else
    g_string_append_printf (what, "%s %zu×%zu/%zu %zu→%zu", conv->weights->depthwise ? "depthwise" : "conv",
                            conv->kernel[0], conv->kernel[1], conv->stride[0], conv->in[2], conv->out[2]);
  if (conv->residual >= 0)
    g_string_append (what, " + residual");
  if (!isinf (conv->low) || !isinf (conv->high))
    g_string_append (what, " + clip");
}

static char *
describe_unit (const FoveaUnit *unit)
{
  GString *what = g_string_new (NULL);

  for (guint i = 0; i < unit->n_convs; i++)
    {
      g_string_append (what, i > 0 ? " | " : "");
      describe_conv (what, &unit->conv[i]);
    }
  return g_string_free (what, FALSE);
}

static FoveaStep *
add_unit_step (Builder *builder, const FoveaUnit *unit, FoveaStepTogether together, int x, int residual, int y,
               FoveaLayout layout, gsize scratch_share)
{
  int scratch = scratch_share > 0
                  ? add_buffer (builder, FOVEA_BUFFER_ARENA, NULL, scratch_share * builder->program->n_threads)
                  : -1;
  FoveaStep *step = add_step (builder, NULL, 2, 1, describe_unit (unit));

  step->together = together;
  step->unit = *unit;
  step->in[0] = x;
  step->in[1] = residual;
  step->out[0] = new_output (builder, y, layout);
  step->scratch = scratch;
  step->scratch_share = scratch_share;
  return step;
}

/* A block over a small picture in two steps: its first two convolutions, and the last. */
static void
build_wide (Builder *builder, const FoveaUnit *unit, int x, int residual)
{
  FoveaUnit first = *unit, last = { .kind = FOVEA_UNIT_CONV, .node = unit->node, .n_convs = 1 };
  FoveaStep *step;

  first.n_convs = 2;
  last.conv[0] = unit->conv[2];
  step = add_unit_step (builder, &first, fovea_step_wide, x, -1, unit->conv[1].y, FOVEA_LAYOUT_LAST,
                        fovea_wide_scratch (unit, builder->program->kernels));
  add_unit_step (builder, &last, fovea_step_conv, step->out[0], residual, unit->conv[2].y, FOVEA_LAYOUT_LAST, 0);
}

/* Takes @dnnl. @added_bytes: the second input is added to the result, and this large. */
static void
add_dnnl_step (Builder *builder, FoveaDnnl *dnnl, const char *what, int x, int other, gsize added_bytes, int y,
               FoveaLayout layout)
{
  FoveaStep *step = add_step (builder, NULL, 2, 1, g_strdup_printf ("%s, oneDNN %s", what, fovea_dnnl_get_kernel (dnnl)));

  step->alone = fovea_step_dnnl;
  step->dnnl = dnnl;
  step->in[0] = x;
  step->in[1] = other;
  step->n[0] = added_bytes;
  step->out[0] = new_output (builder, y, layout);
  builder->program->uses_all_cores = TRUE;
}

static void
build_conv (Builder *builder, const FoveaUnit *unit)
{
  const FoveaConv *first = &unit->conv[0], *last = &unit->conv[unit->n_convs - 1];
  FoveaLayout layout = first->flat ? FOVEA_LAYOUT_PLAIN : FOVEA_LAYOUT_LAST;
  int x = need (builder, first->x, layout);
  int residual = last->residual >= 0 ? need (builder, last->residual, layout) : -1;
  FoveaDnnl *dnnl = fovea_plan_dnnl_conv (unit, builder->program->kernels);

  if (dnnl != NULL)
    {
      g_autofree char *what = describe_unit (unit);

      add_dnnl_step (builder, dnnl, what, x, residual,
                     residual >= 0 ? fovea_tensor_n_bytes (fact_of (builder, last->y)) : 0, last->y, layout);
    }
  else if (unit->kind == FOVEA_UNIT_BLOCK && fovea_wide_pays (unit))
    build_wide (builder, unit, x, residual);
  else if (unit->kind == FOVEA_UNIT_BLOCK || first->weights->depthwise)
    add_unit_step (builder, unit, fovea_step_block, x, residual, last->y, layout, fovea_block_scratch (unit));
  else
    add_unit_step (builder, unit, fovea_step_conv, x, residual, last->y, layout, 0);
}

/* --- other nodes
 * ---------------------------------------------------------------------------------------------------------- */

static gboolean
is_op (const FoveaNode *node, const char *op_type)
{
  return g_str_equal (node->op_type, op_type) && node->domain[0] == '\0';
}

static gboolean
is_f32 (const FoveaTensor *fact)
{
  return fact != NULL && fact->dtype == FOVEA_DTYPE_F32 && fact->n_elements > 0;
}

/* A picture's mean over its pixels: GlobalAveragePool. */
static gboolean
build_mean (Builder *builder, const FoveaNode *node)
{
  FoveaTensor *x = fact_of (builder, node->inputs[0]);
  FoveaStep *step;
  int in;

  if (!is_op (node, "GlobalAveragePool") || !is_f32 (x) || x->shape.rank != 4)
    return FALSE;
  in = need (builder, node->inputs[0], FOVEA_LAYOUT_LAST);
  step = add_step (builder, NULL, 1, 1, g_strdup ("mean of pixels"));
  step->together = fovea_step_mean;
  step->in[0] = in;
  step->out[0] = new_output (builder, node->outputs[0], FOVEA_LAYOUT_PLAIN);
  set_sizes (step, x);
  return TRUE;
}

static gboolean
build_add (Builder *builder, const FoveaNode *node)
{
  FoveaTensor *a, *b;
  FoveaLayout layout;
  FoveaStep *step;
  int in[2];

  if (!is_op (node, "Add") || node->n_inputs != 2)
    return FALSE;
  a = fact_of (builder, node->inputs[0]);
  b = fact_of (builder, node->inputs[1]);
  if (!is_f32 (a) || !is_f32 (b) || !fovea_shape_equal (&a->shape, &b->shape))
    return FALSE;
  layout = builder->of_value[node->inputs[0]][FOVEA_LAYOUT_LAST] >= 0 ||
               builder->of_value[node->inputs[1]][FOVEA_LAYOUT_LAST] >= 0
             ? FOVEA_LAYOUT_LAST
             : FOVEA_LAYOUT_PLAIN;
  for (int i = 0; i < 2; i++)
    in[i] = need (builder, node->inputs[i], layout);
  step = add_step (builder, NULL, 2, 1, g_strdup ("add"));
  step->together = fovea_step_add;
  step->in[0] = in[0];
  step->in[1] = in[1];
  step->n[0] = a->n_elements;
  step->out[0] = new_output (builder, node->outputs[0], layout);
  return TRUE;
}

static gboolean
build_dnnl (Builder *builder, const FoveaNode *node)
{
  FoveaTensor *a, *b, *y;
  FoveaDnnl *dnnl;

  if (node->n_inputs < 1 || node->inputs[0] < 0 || node->outputs[0] < 0)
    return FALSE;
  a = fact_of (builder, node->inputs[0]);
  y = fact_of (builder, node->outputs[0]);
  if (!is_f32 (a) || !is_f32 (y))
    return FALSE;
  dnnl = fovea_plan_dnnl_pool (node, a, y);
  if (dnnl != NULL)
    {
      int in = need (builder, node->inputs[0], FOVEA_LAYOUT_LAST);

      add_dnnl_step (builder, dnnl, node->op_type, in, -1, 0, node->outputs[0], FOVEA_LAYOUT_LAST);
      return TRUE;
    }
  b = node->n_inputs == 2 && node->inputs[1] >= 0 ? fact_of (builder, node->inputs[1]) : NULL;
  dnnl = is_f32 (b) ? fovea_plan_dnnl_matmul (node, a, b, y) : NULL;
  if (dnnl != NULL)
    {
      int in = need (builder, node->inputs[0], FOVEA_LAYOUT_PLAIN), other = need (builder, node->inputs[1], FOVEA_LAYOUT_PLAIN);

      add_dnnl_step (builder, dnnl, node->op_type, in, other, 0, node->outputs[0], FOVEA_LAYOUT_PLAIN);
    }
  return dnnl != NULL;
}

/* The same bytes under another shape. */
static gboolean
build_view (Builder *builder, const FoveaNode *node)
{
  static const char *const views[] = { "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity" };
  FoveaTensor *x = fact_of (builder, node->inputs[0]), *y = fact_of (builder, node->outputs[0]);
  gboolean is_view = FALSE;
  int from, to;

  for (gsize i = 0; i < G_N_ELEMENTS (views); i++)
    is_view = is_view || is_op (node, views[i]);
  if (!is_view || x == NULL || y == NULL || x->n_elements != y->n_elements || x->dtype != y->dtype)
    return FALSE;
  from = need (builder, node->inputs[0], FOVEA_LAYOUT_PLAIN);
  to = add_buffer (builder, fovea_program_buffer (builder->program, from)->kind, y, 0);
  fovea_program_buffer (builder->program, to)->root = fovea_program_buffer (builder->program, from)->root;
  set_buffer (builder, node->outputs[0], FOVEA_LAYOUT_PLAIN, to);
  return TRUE;
}

static void
build_reference (Builder *builder, const FoveaNode *node)
{
  g_autofree int *in = g_new (int, node->n_inputs + 1);
  FoveaStep *step;

  for (guint i = 0; i < node->n_inputs; i++)
    in[i] = node->inputs[i] >= 0 ? need (builder, node->inputs[i], FOVEA_LAYOUT_PLAIN) : -1;
  step = add_step (builder, node, node->n_inputs, node->n_outputs, g_strdup_printf ("%s, reference", node->op_type));
  step->alone = fovea_step_reference;
  memcpy (step->in, in, node->n_inputs * sizeof *in);
  for (guint i = 0; i < node->n_outputs; i++)
    {
      int value = node->outputs[i];

      step->out[i] = -1;
      if (value < 0)
        continue;
      step->out[i] = add_buffer (builder, FOVEA_BUFFER_TENSOR, fact_of (builder, value), 0);
      set_buffer (builder, value, FOVEA_LAYOUT_PLAIN, step->out[i]);
    }
}

static void
build_unit (Builder *builder, const FoveaUnit *unit)
{
  const FoveaNode *node = fovea_graph_node (builder->program->graph, unit->node);

  if (unit->kind == FOVEA_UNIT_CONV || unit->kind == FOVEA_UNIT_BLOCK)
    build_conv (builder, unit);
  else if (unit->kind == FOVEA_UNIT_NODE && !build_view (builder, node) && !build_mean (builder, node) &&
           !build_add (builder, node) && !build_dnnl (builder, node))
    build_reference (builder, node);
}

/* --- lifetimes
 * -------------------------------------------------------------------------------------------------------------- */

static void
touch (FoveaProgram *program, int id, int step)
{
  FoveaBuffer *buffer;

  if (id < 0)
    return;
  buffer = fovea_program_buffer (program, fovea_program_buffer (program, id)->root);
  if (buffer->first < 0)
    buffer->first = step;
  buffer->last = MAX (buffer->last, step);
}

static void
find_lifetimes (FoveaProgram *program)
{
  for (guint i = 0; i < program->steps->len; i++)
    {
      const FoveaStep *step = fovea_program_step (program, i);

      for (guint j = 0; j < step->n_in; j++)
        touch (program, step->in[j], (int) i);
      for (guint j = 0; j < step->n_out; j++)
        touch (program, step->out[j], (int) i);
      touch (program, step->scratch, (int) i);
    }
  for (guint i = 0; i < program->outputs->len; i++)
    touch (program, g_array_index (program->outputs, int, i), (int) program->steps->len);
}

static gboolean
make_zeros (FoveaProgram *program, GError **error)
{
  gsize n = 0;

  for (guint i = 0; i < program->units->len; i++)
    {
      const FoveaUnit *unit = &g_array_index (program->units, FoveaUnit, i);

      for (guint j = 0; j < unit->n_convs; j++)
        n = MAX (n, fovea_conv_zeros (&unit->conv[j]));
    }
  program->zeros = calloc (n + 1, sizeof (float));
  if (program->zeros == NULL)
    g_set_error_literal (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MEMORY, "there is no memory to run the model");
  return program->zeros != NULL;
}

static void
clear_step (gpointer data)
{
  FoveaStep *step = data;

  g_free (step->in);
  g_free (step->out);
  g_free (step->what);
  g_clear_pointer (&step->dnnl, fovea_dnnl_free);
}

static void
build (FoveaProgram *program)
{
  const FoveaGraph *graph = program->graph;
  Builder builder = { .program = program };

  builder.of_value = g_malloc_n (graph->values->len + 1, sizeof *builder.of_value);
  for (guint i = 0; i < graph->values->len; i++)
    for (int j = 0; j < FOVEA_N_LAYOUTS; j++)
      builder.of_value[i][j] = -1;
  for (guint i = 0; i < graph->inputs->len; i++)
    {
      int value = g_array_index (graph->inputs, int, i);
      int buffer = add_buffer (&builder, FOVEA_BUFFER_INPUT, fact_of (&builder, value), 0);

      fovea_program_buffer (program, buffer)->input = i;
      if (builder.of_value[value][FOVEA_LAYOUT_PLAIN] < 0)
        set_buffer (&builder, value, FOVEA_LAYOUT_PLAIN, buffer);
    }
  for (guint i = 0; i < program->units->len; i++)
    build_unit (&builder, &g_array_index (program->units, FoveaUnit, i));
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      int buffer = need (&builder, g_array_index (graph->outputs, int, i), FOVEA_LAYOUT_PLAIN);

      g_array_append_val (program->outputs, buffer);
    }
  g_free (builder.of_value);
}

FoveaProgram *
fovea_program_new (const FoveaGraph *graph, FoveaTensor *const *inputs, FoveaWeightStore *store, guint n_threads,
                   GError **error)
{
  g_autoptr (FoveaProgram) program = g_new0 (FoveaProgram, 1);

  program->graph = graph;
  program->kernels = store->kernels;
  program->n_threads = n_threads;
  program->steps = g_array_new (FALSE, TRUE, sizeof (FoveaStep));
  g_array_set_clear_func (program->steps, clear_step);
  program->buffers = g_array_new (FALSE, TRUE, sizeof (FoveaBuffer));
  program->outputs = g_array_new (FALSE, TRUE, sizeof (int));
  program->facts = fovea_facts_new (graph, inputs, error);
  if (program->facts == NULL)
    return NULL;
  program->units = fovea_fuse (graph, program->facts, store, error);
  if (program->units == NULL || !make_zeros (program, error))
    return NULL;
  build (program);
  program->best_ns = g_new0 (gint64, program->steps->len + 1);
  find_lifetimes (program);
  program->arena_bytes = fovea_arena_pack (program->buffers);
  return g_steal_pointer (&program);
}

void
fovea_program_free (FoveaProgram *program)
{
  g_clear_pointer (&program->steps, g_array_unref);
  g_clear_pointer (&program->buffers, g_array_unref);
  g_clear_pointer (&program->outputs, g_array_unref);
  g_clear_pointer (&program->units, g_array_unref);
  g_clear_pointer (&program->facts, fovea_facts_free);
  free (program->zeros);
  g_free (program->best_ns);
  g_free (program);
}
