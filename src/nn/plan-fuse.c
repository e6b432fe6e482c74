/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds what can be computed together: a convolution (or dense layer) with the batch norm, per-channel arithmetic,
 * residual and clip that follow it, and whole inverted-residual blocks. */
#include <math.h>
#include <string.h>

#include "nn/ops/stencil.h"
#include "nn/plan-private.h"

typedef struct {
  const FoveaGraph *graph;
  const FoveaFacts *facts;
  FoveaWeightStore *store;
  guint *n_uses;       /* by value; being an output of the graph counts as two, so that it is never fused away */
  int *user;           /* by value: the node that uses it last */
  gboolean *invariant; /* by value: the same whatever the shapes of the inputs are */
  gboolean *taken;     /* by node */
  gboolean *rectified; /* by value: behind a rectifier, so mostly zeros */
} Fuser;

static gboolean
is_op (const FoveaNode *node, const char *op_type)
{
  return g_str_equal (node->op_type, op_type) && node->domain[0] == '\0';
}

static void
count_uses (Fuser *fuser)
{
  const FoveaGraph *graph = fuser->graph;

  for (guint i = 0; i < graph->values->len; i++)
    fuser->invariant[i] = fovea_graph_value (graph, i)->constant != NULL;
  for (guint i = 0; i < graph->inputs->len; i++)
    fuser->invariant[g_array_index (graph->inputs, int, i)] = FALSE;
  for (guint i = 0; i < graph->nodes->len; i++)
    {
      const FoveaNode *node = fovea_graph_node (graph, i);
      gboolean invariant = TRUE;

      for (guint j = 0; j < node->n_inputs; j++)
        if (node->inputs[j] >= 0)
          {
            fuser->n_uses[node->inputs[j]]++;
            fuser->user[node->inputs[j]] = (int) i;
            invariant = invariant && fuser->invariant[node->inputs[j]];
          }
      for (guint j = 0; j < node->n_outputs; j++)
        if (node->outputs[j] >= 0)
          fuser->invariant[node->outputs[j]] = invariant;
    }
  for (guint i = 0; i < graph->outputs->len; i++)
    fuser->n_uses[g_array_index (graph->outputs, int, i)] += 2;
}

static int
input_id (const FoveaNode *node, guint i)
{
  return i < node->n_inputs ? node->inputs[i] : -1;
}

/* The values of input @i when they are f32 and never change; otherwise NULL. */
static const FoveaTensor *
constant_input (const Fuser *fuser, const FoveaNode *node, guint i)
{
  int id = input_id (node, i);
  const FoveaTensor *known = id >= 0 && fuser->invariant[id] ? fuser->facts->known[id] : NULL;

  return known != NULL && known->data != NULL && known->dtype == FOVEA_DTYPE_F32 ? known : NULL;
}

static const FoveaTensor *
f32_fact (const Fuser *fuser, int id)
{
  const FoveaTensor *known = id >= 0 ? fuser->facts->known[id] : NULL;

  return known != NULL && known->dtype == FOVEA_DTYPE_F32 && known->n_elements > 0 ? known : NULL;
}

/* --- what follows a convolution
 * --------------------------------------------------------------------------------------- */

typedef struct {
  FoveaConv conv;
  guint last;            /* node that makes conv.y now */
  gboolean no_residual;  /* the kernel cannot add one */
  gsize channels;        /* outputs of all groups */
  int channel_axis;
  double *scale, *shift; /* of every output channel */
} Chain;

/* The node that alone uses the chain's result, or NULL. */
static const FoveaNode *
next_node (const Fuser *fuser, const Chain *chain, guint *ret_index)
{
  int y = chain->conv.y;

  if (fuser->n_uses[y] != 1 || fuser->taken[fuser->user[y]])
    return NULL;
  *ret_index = (guint) fuser->user[y];
  return fovea_graph_node (fuser->graph, *ret_index);
}

static void
extend (Fuser *fuser, Chain *chain, guint index)
{
  fuser->taken[index] = TRUE;
  chain->last = index;
  chain->conv.y = fovea_graph_node (fuser->graph, index)->outputs[0];
}

static gboolean
wants_one_output (const FoveaNode *node)
{
  for (guint i = 1; i < node->n_outputs; i++)
    if (node->outputs[i] >= 0)
      return FALSE;
  return node->n_outputs > 0 && node->outputs[0] >= 0;
}

static gboolean
fold_batch_norm (Fuser *fuser, Chain *chain, const FoveaNode *node)
{
  const FoveaTensor *p[4];
  float epsilon = fovea_node_float (node, "epsilon", 1e-5f);

  if (!is_op (node, "BatchNormalization") || chain->channel_axis != 1 || node->inputs[0] != chain->conv.y ||
      fovea_node_int (node, "training_mode", 0) != 0 || !wants_one_output (node))
    return FALSE;
  for (guint i = 0; i < 4; i++)
    {
      p[i] = constant_input (fuser, node, i + 1);
      if (p[i] == NULL || p[i]->n_elements != chain->channels)
        return FALSE;
    }
  for (gsize c = 0; c < chain->channels; c++)
    {
      double s = (double) FOVEA_TENSOR_DATA (p[0], float)[c] /
                 sqrt ((double) FOVEA_TENSOR_DATA (p[3], float)[c] + (double) epsilon);

      chain->scale[c] *= s;
      chain->shift[c] = (chain->shift[c] - (double) FOVEA_TENSOR_DATA (p[2], float)[c]) * s +
                        (double) FOVEA_TENSOR_DATA (p[1], float)[c];
    }
  return TRUE;
}

/* Whether @other is one value, or one a channel, beside a result of the shape of @y. */
static gboolean
is_per_channel (const FoveaTensor *other, const FoveaTensor *y, int channel_axis)
{
  if (other->shape.rank > y->shape.rank || other->n_elements == 0)
    return FALSE;
  for (int i = 0; i < other->shape.rank; i++)
    {
      int axis = y->shape.rank - other->shape.rank + i;

      if (other->shape.dim[i] != 1 && (axis != channel_axis || other->shape.dim[i] != y->shape.dim[axis]))
        return FALSE;
    }
  return TRUE;
}

static gboolean
fold_arithmetic (Fuser *fuser, Chain *chain, const FoveaNode *node)
{
  gboolean add = is_op (node, "Add"), multiply = is_op (node, "Mul");
  gboolean subtract = is_op (node, "Sub"), divide = is_op (node, "Div");
  guint place = node->n_inputs == 2 && node->inputs[0] == chain->conv.y ? 1 : 0;
  const FoveaTensor *other, *y = fuser->facts->known[chain->conv.y];

  if ((!add && !multiply && !subtract && !divide) || node->n_inputs != 2 || (place == 0 && (subtract || divide)))
    return FALSE;
  other = constant_input (fuser, node, place);
  if (other == NULL || !is_per_channel (other, y, chain->channel_axis))
    return FALSE;
  for (gsize c = 0; c < chain->channels; c++)
    {
      double value = (double) FOVEA_TENSOR_DATA (other, float)[other->n_elements == 1 ? 0 : c];

      if (multiply || divide)
        {
          chain->scale[c] = multiply ? chain->scale[c] * value : chain->scale[c] / value;
          chain->shift[c] = multiply ? chain->shift[c] * value : chain->shift[c] / value;
        }
      else
        chain->shift[c] += add ? value : -value;
    }
  return TRUE;
}

static gboolean
take_residual (Fuser *fuser, Chain *chain, const FoveaNode *node)
{
  const FoveaTensor *y = fuser->facts->known[chain->conv.y], *other;
  int id;

  if (!is_op (node, "Add") || node->n_inputs != 2)
    return FALSE;
  id = node->inputs[0] == chain->conv.y ? node->inputs[1] : node->inputs[0];
  other = f32_fact (fuser, id);
  if (other == NULL || id == chain->conv.y || !fovea_shape_equal (&other->shape, &y->shape))
    return FALSE;
  chain->conv.residual = id;
  return TRUE;
}

/* A bound of Clip: attribute before opset 11, input since. FALSE when it is not a constant number. */
static gboolean
read_bound (const Fuser *fuser, const FoveaNode *node, guint i, const char *attr, float *bound)
{
  const FoveaTensor *tensor;

  if (fuser->graph->opset < 11)
    {
      *bound = fovea_node_float (node, attr, *bound);
      return !isnan (*bound);
    }
  if (input_id (node, i) < 0)
    return TRUE;
  tensor = constant_input (fuser, node, i);
  if (tensor == NULL || tensor->n_elements != 1)
    return FALSE;
  *bound = FOVEA_TENSOR_DATA (tensor, float)[0];
  return !isnan (*bound);
}

static gboolean
take_clip (Fuser *fuser, Chain *chain, const FoveaNode *node)
{
  float low = -INFINITY, high = INFINITY;

  if (is_op (node, "Relu"))
    low = 0;
  else if (!is_op (node, "Clip") || node->inputs[0] != chain->conv.y || !read_bound (fuser, node, 1, "min", &low) ||
           !read_bound (fuser, node, 2, "max", &high))
    return FALSE;
  chain->conv.low = low;
  chain->conv.high = high;
  return TRUE;
}

static void
follow (Fuser *fuser, Chain *chain)
{
  const FoveaNode *node;
  guint index = 0;

  while ((node = next_node (fuser, chain, &index)) != NULL &&
         (fold_batch_norm (fuser, chain, node) || fold_arithmetic (fuser, chain, node)))
    extend (fuser, chain, index);
  if (node != NULL && !chain->no_residual && take_residual (fuser, chain, node))
    {
      extend (fuser, chain, index);
      node = next_node (fuser, chain, &index);
    }
  if (node != NULL && take_clip (fuser, chain, node))
    extend (fuser, chain, index);
}

/* --- heads of chains
 * ---------------------------------------------------------------------------------------------------- */

static void
chain_start (Chain *chain, guint index, const FoveaNode *node, gsize channels, int channel_axis)
{
  chain->last = index;
  chain->channels = channels;
  chain->channel_axis = channel_axis;
  chain->scale = g_new (double, channels);
  chain->shift = g_new0 (double, channels);
  for (gsize c = 0; c < channels; c++)
    chain->scale[c] = 1;
  chain->conv.node = index;
  chain->conv.x = node->inputs[0];
  chain->conv.y = node->outputs[0];
  chain->conv.residual = -1;
  chain->conv.low = -INFINITY;
  chain->conv.high = INFINITY;
}

/* Output pixel i is made of input pixel i alone. */
static gboolean
is_pixel_to_pixel (const FoveaConv *conv)
{
  return conv->kernel[0] * conv->kernel[1] == 1 && conv->stride[0] * conv->stride[1] == 1 &&
         conv->before[0] + conv->before[1] + conv->after[0] + conv->after[1] == 0;
}

static FoveaWeights *
store_weights (Fuser *fuser, const Chain *chain, const float *w, gsize n_groups, gsize in_depth, gsize n_taps,
               GError **error)
{
  FoveaWeightStore *store = fuser->store;
  gpointer key = GUINT_TO_POINTER (chain->conv.node);
  FoveaWeights *weights = g_hash_table_lookup (store->by_node, key);

  if (weights == NULL)
    {
      weights = fovea_weights_new (store->kernels, w, n_groups, chain->channels / n_groups, in_depth, n_taps,
                                   chain->scale, chain->shift,
                                   fuser->rectified[chain->conv.x] && is_pixel_to_pixel (&chain->conv), error);
      if (weights == NULL)
        return NULL;
      store->n_bytes += weights->n_bytes;
      g_hash_table_insert (store->by_node, key, weights);
    }
  g_atomic_ref_count_inc (&weights->ref_count);
  return weights;
}

static gboolean
read_window (const FoveaNode *node, const FoveaTensor *x, const FoveaTensor *w, FoveaConv *conv)
{
  gint64 kernel[2] = { w->shape.dim[2], w->shape.dim[3] };
  FoveaStencil stencil;

  if (!fovea_stencil_init (&stencil, node, &x->shape, kernel, FALSE, NULL))
    return FALSE;
  for (int i = 0; i < 2; i++)
    {
      if (stencil.pad_begin[i] < 0 || stencil.pad_end[i] < 0)
        return FALSE;
      conv->kernel[i] = (gsize) stencil.kernel[i];
      conv->stride[i] = (gsize) stencil.stride[i];
      conv->dilation[i] = (gsize) stencil.dilation[i];
      conv->before[i] = (gsize) stencil.pad_begin[i];
      conv->after[i] = (gsize) stencil.pad_end[i];
      conv->in[i] = (gsize) stencil.in[i];
      conv->out[i] = (gsize) stencil.out[i];
    }
  return conv->kernel[0] <= FOVEA_CONV_MAX_TAPS && conv->kernel[1] <= FOVEA_CONV_MAX_TAPS &&
         conv->kernel[0] * conv->kernel[1] <= FOVEA_CONV_MAX_TAPS;
}

static gboolean
start_convolution (Fuser *fuser, guint index, Chain *chain, const float **ret_w, gsize *ret_groups)
{
  const FoveaNode *node = fovea_graph_node (fuser->graph, index);
  const FoveaTensor *x, *w, *bias, *y;

  if (!is_op (node, "Conv"))
    return FALSE;
  x = f32_fact (fuser, node->inputs[0]);
  w = constant_input (fuser, node, 1);
  y = f32_fact (fuser, node->outputs[0]);
  bias = constant_input (fuser, node, 2);
  if (x == NULL || y == NULL || w == NULL || x->shape.rank != 4 || (bias == NULL && input_id (node, 2) >= 0) ||
      !read_window (node, x, w, &chain->conv))
    return FALSE;
  *ret_w = w->data;
  *ret_groups = (gsize) (x->shape.dim[1] / w->shape.dim[1]);
  chain->no_residual = w->shape.dim[1] == 1 && w->shape.dim[0] == x->shape.dim[1];
  chain->conv.batch = (gsize) x->shape.dim[0];
  chain->conv.in[2] = (gsize) x->shape.dim[1];
  chain->conv.out[2] = (gsize) w->shape.dim[0];
  chain_start (chain, index, node, chain->conv.out[2], 1);
  for (gsize c = 0; bias != NULL && c < chain->channels; c++)
    chain->shift[c] = (double) FOVEA_TENSOR_DATA (bias, float)[c];
  return TRUE;
}

/* [k][n] to [n][k] */
static float *
transposed (const float *b, gsize k, gsize n)
{
  float *t = g_new (float, k * n);

  for (gsize i = 0; i < k; i++)
    for (gsize j = 0; j < n; j++)
      t[j * k + i] = b[i * n + j];
  return t;
}

/* Gemm and MatMul by a constant matrix: a 1×1 convolution of as many pictures of one pixel as there are rows. */
static gboolean
start_dense (Fuser *fuser, guint index, Chain *chain, float **ret_w)
{
  const FoveaNode *node = fovea_graph_node (fuser->graph, index);
  gboolean gemm = is_op (node, "Gemm"), trans;
  const FoveaTensor *a, *b, *c, *y;
  gsize k, n;

  if (!gemm && !is_op (node, "MatMul"))
    return FALSE;
  a = f32_fact (fuser, node->inputs[0]);
  b = constant_input (fuser, node, 1);
  y = f32_fact (fuser, node->outputs[0]);
  c = gemm ? constant_input (fuser, node, 2) : NULL;
  if (a == NULL || b == NULL || y == NULL || b->shape.rank != 2 || a->shape.rank < 2 || b->n_elements == 0 ||
      (gemm && (fovea_node_int (node, "transA", 0) != 0 || (c == NULL && input_id (node, 2) >= 0) ||
                (c != NULL && !is_per_channel (c, y, 1)))))
    return FALSE;
  trans = gemm && fovea_node_int (node, "transB", 0) != 0;
  n = (gsize) b->shape.dim[trans ? 0 : 1];
  k = (gsize) b->shape.dim[trans ? 1 : 0];
  *ret_w = trans ? g_memdup2 (b->data, k * n * sizeof (float)) : transposed (b->data, k, n);
  chain_start (chain, index, node, n, y->shape.rank - 1);
  for (gsize o = 0; o < n; o++)
    {
      chain->scale[o] = gemm ? (double) fovea_node_float (node, "alpha", 1) : 1;
      if (c != NULL)
        chain->shift[o] = (double) fovea_node_float (node, "beta", 1) *
                          (double) FOVEA_TENSOR_DATA (c, float)[c->n_elements == 1 ? 0 : o];
    }
  chain->conv.flat = TRUE;
  chain->conv.batch = a->n_elements / k;
  for (int i = 0; i < 2; i++)
    chain->conv.kernel[i] = chain->conv.stride[i] = chain->conv.dilation[i] = chain->conv.in[i] =
      chain->conv.out[i] = 1;
  chain->conv.in[2] = k;
  chain->conv.out[2] = n;
  return TRUE;
}

/* Whether a node that is not fused hands on what a rectifier gave, or is one. */
static void
note_rectified (Fuser *fuser, const FoveaNode *node)
{
  static const char *const handing_on[] = { "GlobalAveragePool", "AveragePool", "MaxPool", "Flatten", "Reshape",
                                            "Squeeze", "Unsqueeze", "Identity", "Dropout", "Transpose" };
  gboolean rectified = is_op (node, "Relu");

  for (gsize i = 0; i < G_N_ELEMENTS (handing_on); i++)
    rectified = rectified || (is_op (node, handing_on[i]) && input_id (node, 0) >= 0 && fuser->rectified[node->inputs[0]]);
  if (rectified && node->outputs[0] >= 0)
    fuser->rectified[node->outputs[0]] = TRUE;
}

/* --- units
 * -------------------------------------------------------------------------------------------------------------- */

static gboolean
all_outputs_known (const FoveaFacts *facts, const FoveaNode *node)
{
  for (guint i = 0; i < node->n_outputs; i++)
    if (node->outputs[i] >= 0 &&
        (facts->known[node->outputs[i]] == NULL || facts->known[node->outputs[i]]->data == NULL))
      return FALSE;
  return TRUE;
}

static gboolean
fuse_node (Fuser *fuser, guint index, GArray *units, GError **error)
{
  FoveaUnit unit = { .kind = FOVEA_UNIT_NODE, .node = index };
  Chain chain = { 0 };
  g_autofree float *dense = NULL;
  const float *w = NULL;
  gsize n_groups = 1;

  if (start_convolution (fuser, index, &chain, &w, &n_groups) || start_dense (fuser, index, &chain, &dense))
    {
      follow (fuser, &chain);
      chain.conv.weights = store_weights (fuser, &chain, dense != NULL ? dense : w, n_groups,
                                          chain.conv.in[2] / n_groups,
                                          chain.conv.kernel[0] * chain.conv.kernel[1], error);
      g_free (chain.scale);
      g_free (chain.shift);
      if (chain.conv.weights == NULL)
        return FALSE;
      unit.kind = FOVEA_UNIT_CONV;
      unit.n_convs = 1;
      unit.conv[0] = chain.conv;
      unit.node = chain.last;
      fuser->rectified[chain.conv.y] = chain.conv.low == 0;
    }
  else
    note_rectified (fuser, fovea_graph_node (fuser->graph, index));
  g_array_append_val (units, unit);
  return TRUE;
}

static gboolean
is_plain_unit (const FoveaUnit *unit)
{
  return unit->kind == FOVEA_UNIT_CONV && !unit->conv[0].flat;
}

static gboolean
is_pointwise (const FoveaConv *conv)
{
  return is_pixel_to_pixel (conv) && conv->weights->n_groups == 1;
}

static const FoveaUnit *
unit_making (GArray *units, const int *maker, int value)
{
  return maker[value] >= 0 ? &g_array_index (units, FoveaUnit, maker[value]) : NULL;
}

/* Turns the pointwise @last of a block into the whole block; the two before become empty. */
static void
join_block (Fuser *fuser, GArray *units, const int *maker, FoveaUnit *last)
{
  FoveaUnit *middle, *first;

  if (!is_plain_unit (last) || !is_pointwise (&last->conv[0]))
    return;
  middle = (FoveaUnit *) unit_making (units, maker, last->conv[0].x);
  if (middle == NULL || !is_plain_unit (middle) || !middle->conv[0].weights->depthwise ||
      middle->conv[0].residual >= 0 || fuser->n_uses[middle->conv[0].y] != 1)
    return;
  first = (FoveaUnit *) unit_making (units, maker, middle->conv[0].x);
  if (first == NULL || !is_plain_unit (first) || first->conv[0].weights->n_groups != 1 ||
      first->conv[0].residual >= 0 || fuser->n_uses[first->conv[0].y] != 1 || last->conv[0].residual == first->conv[0].y)
    return;
  last->kind = FOVEA_UNIT_BLOCK;
  last->n_convs = 3;
  last->conv[2] = last->conv[0];
  last->conv[1] = middle->conv[0];
  last->conv[0] = first->conv[0];
  first->n_convs = middle->n_convs = 0;
  first->kind = middle->kind = FOVEA_UNIT_EMPTY;
}

static void
join_blocks (Fuser *fuser, GArray *units)
{
  g_autofree int *maker = g_new (int, fuser->graph->values->len);

  for (guint i = 0; i < fuser->graph->values->len; i++)
    maker[i] = -1;
  for (guint i = 0; i < units->len; i++)
    {
      FoveaUnit *unit = &g_array_index (units, FoveaUnit, i);

      if (unit->kind == FOVEA_UNIT_CONV)
        maker[unit->conv[0].y] = (int) i;
    }
  for (guint i = 0; i < units->len; i++)
    join_block (fuser, units, maker, &g_array_index (units, FoveaUnit, i));
}

static int
compare_units (gconstpointer a, gconstpointer b)
{
  guint x = ((const FoveaUnit *) a)->node, y = ((const FoveaUnit *) b)->node;

  return x < y ? -1 : x > y;
}

static void
unit_clear (gpointer data)
{
  FoveaUnit *unit = data;

  for (guint i = 0; i < unit->n_convs; i++)
    g_clear_pointer (&unit->conv[i].weights, fovea_weights_unref);
}

GArray *
fovea_fuse (const FoveaGraph *graph, const FoveaFacts *facts, FoveaWeightStore *store, GError **error)
{
  g_autoptr (GArray) units = g_array_new (FALSE, TRUE, sizeof (FoveaUnit));
  g_autofree guint *n_uses = g_new0 (guint, graph->values->len);
  g_autofree int *user = g_new0 (int, graph->values->len);
  g_autofree gboolean *invariant = g_new0 (gboolean, graph->values->len);
  g_autofree gboolean *taken = g_new0 (gboolean, graph->nodes->len);
  g_autofree gboolean *rectified = g_new0 (gboolean, graph->values->len);
  Fuser fuser = { graph, facts, store, n_uses, user, invariant, taken, rectified };

  g_array_set_clear_func (units, unit_clear);
  count_uses (&fuser);
  for (guint i = 0; i < graph->nodes->len; i++)
    if (!taken[i] && !all_outputs_known (facts, fovea_graph_node (graph, i)) && !fuse_node (&fuser, i, units, error))
      return NULL;
  join_blocks (&fuser, units);
  g_array_sort (units, compare_units);
  return g_steal_pointer (&units);
}
