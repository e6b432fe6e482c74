/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "config.h"
#include "models/network.h"
#include "models/predictor-private.h"
#include "nn/onnx.h"

#define MIN_OPSET 7 /* Add and Mul broadcast from here on */

static int
add_node (FoveaGraph *graph, const char *op, int a, int b, int c, const char *name, FoveaNode **ret_node)
{
  const int inputs[3] = { a, b, c };

  return fovea_graph_add_op (graph, op, inputs, c >= 0 ? 3 : b >= 0 ? 2 : 1, name, ret_node);
}

static int
add_floats (FoveaGraph *graph, const char *name, const FoveaShape *shape, const float *values, GError **error)
{
  g_autoptr (FoveaTensor) tensor = fovea_tensor_new (FOVEA_DTYPE_F32, shape, error);

  if (tensor == NULL)
    return -1;
  memcpy (tensor->data, values, fovea_tensor_n_bytes (tensor));
  return fovea_graph_add_constant (graph, name, tensor);
}

static int
add_ints (FoveaGraph *graph, const char *name, const FoveaShape *shape, const gint64 *values, GError **error)
{
  g_autoptr (FoveaTensor) tensor = fovea_tensor_new (FOVEA_DTYPE_I64, shape, error);

  if (tensor == NULL)
    return -1;
  memcpy (tensor->data, values, fovea_tensor_n_bytes (tensor));
  return fovea_graph_add_constant (graph, name, tensor);
}

static int
add_concat (FoveaGraph *graph, int a, int b, const char *name)
{
  FoveaNode *node;
  int output = add_node (graph, "Concat", a, b, -1, name, &node);

  fovea_node_set_int (node, "axis", 0);
  return output;
}

/* [N,3,S,S], each row the other way round. -1 on failure. */
static int
add_mirror (FoveaGraph *graph, int images, gint64 size, GError **error)
{
  g_autofree gint64 *columns = g_new (gint64, size);
  const FoveaShape shape = fovea_shape (1, size);
  FoveaNode *node;
  int index, output;

  for (gint64 x = 0; x < size; x++)
    columns[x] = size - 1 - x;
  index = add_ints (graph, "mirror.columns", &shape, columns, error);
  if (index < 0)
    return -1;
  output = add_node (graph, "Gather", images, index, -1, "images_mirrored", &node);
  fovea_node_set_int (node, "axis", 3);
  return output;
}

/* What the network reads, one behind the other in one batch, where it read image: for two fits image_crop and
 * image_letterbox; with a mirror all of these, then all their mirror images. */
static gboolean
join_inputs (FoveaGraph *graph, gboolean two_fits, gboolean with_mirror, GError **error)
{
  const int image = g_array_index (graph->inputs, int, 0);
  const FoveaShape shape = fovea_graph_value (graph, image)->shape;
  const guint n_nodes = graph->nodes->len;
  int joined = image;

  if (two_fits)
    {
      int crop, letterbox;

      g_array_set_size (graph->inputs, 0);
      crop = fovea_graph_add_input (graph, "image_crop", FOVEA_DTYPE_F32, &shape);
      letterbox = fovea_graph_add_input (graph, "image_letterbox", FOVEA_DTYPE_F32, &shape);
      joined = add_concat (graph, crop, letterbox, "images");
    }
  if (with_mirror)
    {
      const int mirrored = add_mirror (graph, joined, shape.dim[3], error);

      if (mirrored < 0)
        return FALSE;
      joined = add_concat (graph, joined, mirrored, "images_both_ways");
    }
  fovea_graph_redirect (graph, image, joined, n_nodes);
  /* What was added comes first. */
  for (guint i = n_nodes; i < graph->nodes->len; i++)
    g_ptr_array_insert (graph->nodes, (int) (i - n_nodes), g_ptr_array_steal_index (graph->nodes, i));
  return TRUE;
}

/* [2 N, D] of unit length → [N, D]: the two halves' sum, of unit length. @what makes names. −1 on failure. */
static int
add_average_of_halves (FoveaGraph *graph, int vectors, guint dim, const char *what, GError **error)
{
  const gint64 split[3] = { 2, -1, dim }, numbers[2] = { 0, 1 };
  const FoveaShape vector = fovea_shape (1, (gint64) 3), scalar = fovea_shape (0);
  g_autofree char *sum_name = g_strconcat (what, ".sum", NULL), *shape_name = g_strconcat (what, ".shape", NULL);
  int shape = add_ints (graph, shape_name, &vector, split, error), halves[2], views;

  if (shape < 0)
    return -1;
  views = add_node (graph, "Reshape", vectors, shape, -1, what, NULL);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s.%u", what, i), *index_name = g_strconcat (name, ".index", NULL);
      int index = add_ints (graph, index_name, &scalar, &numbers[i], error);

      if (index < 0)
        return -1;
      halves[i] = add_node (graph, "Gather", views, index, -1, name, NULL);
    }
  return fovea_network_add_unit_length (graph, add_node (graph, "Add", halves[0], halves[1], -1, sum_name, NULL), NULL);
}

static int
add_head (FoveaGraph *graph, const FoveaHead *head, int vector, GError **error)
{
  FoveaShape weights_shape = fovea_shape (2, (gint64) head->n_concepts, (gint64) head->dim);
  FoveaShape bias_shape = fovea_shape (1, (gint64) head->n_concepts);
  int weights = add_floats (graph, "head.weights", &weights_shape, head->weights, error);
  int bias = weights >= 0 ? add_floats (graph, "head.bias", &bias_shape, head->bias, error) : -1;
  FoveaNode *gemm;
  int scores;

  if (bias < 0)
    return -1;
  scores = add_node (graph, "Gemm", vector, weights, bias, "scores", &gemm);
  fovea_node_set_int (gemm, "transB", 1);
  return scores;
}

static void
describe (FoveaGraph *graph, FoveaPredictor *self)
{
  static const char *const kept[] = { "fovea.license", "fovea.source", "fovea.input.size", "fovea.input.crop_fraction", "fovea.input.mean",
                                      "fovea.input.scale", "fovea.input.pad", "fovea.input.order" };
  GHashTable *from = fovea_pack_get_graph (self->pack)->metadata;
  g_autoptr (JsonNode) labels = fovea_labels_to_json (self->labels);
  g_autofree char *text = json_to_string (labels, FALSE);

  g_hash_table_remove_all (graph->metadata);
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    fovea_graph_set_metadata (graph, kept[i], g_hash_table_lookup (from, kept[i]));
  fovea_graph_set_metadata (graph, "fovea.task", "visual-classifier");
  fovea_graph_set_metadata (graph, "fovea.title", self->head != NULL ? "Classifier trained with Fovea" : fovea_pack_get_title (self->pack));
  fovea_graph_set_metadata (graph, "fovea.pack", self->pack_name);
  fovea_graph_set_metadata (graph, "fovea.pack.hash", self->pack_hash);
  fovea_graph_set_metadata (graph, "fovea.version", FOVEA_VERSION);
  fovea_graph_set_metadata (graph, "fovea.fit", fovea_views_name (self->views));
  fovea_graph_set_metadata (graph, "fovea.exclusive", self->exclusive ? "true" : "false");
  fovea_graph_set_metadata (graph, "fovea.activation", fovea_activation_name (FOVEA_ACTIVATION_NONE));
  fovea_graph_set_metadata (graph, "fovea.labels", text);
  g_clear_pointer (&graph->producer_name, g_free); /* then Fovea has made it */
}

/* From the cut network's only output to the scores. −1 on failure. */
static int
add_answer (FoveaGraph *graph, FoveaPredictor *self, GError **error)
{
  FoveaFit fits[2];
  const gboolean two_fits = fovea_views_get_fits (self->views, fits) == 2, with_mirror = fovea_fit_has_mirror (fits[0]);
  int value = g_array_index (graph->outputs, int, 0);

  if (self->head == NULL)
    return value;
  value = fovea_network_add_unit_length (graph, value, "vectors");
  if (!join_inputs (graph, two_fits, with_mirror, error))
    return -1;
  if (with_mirror)
    value = add_average_of_halves (graph, value, self->head->dim, "both_ways", error);
  if (two_fits && value >= 0)
    value = add_average_of_halves (graph, value, self->head->dim, "views", error);
  if (value < 0)
    return -1;
  return add_head (graph, self->head, value, error);
}

static int
add_probabilities (FoveaGraph *graph, FoveaPredictor *self, int scores)
{
  FoveaActivation activation = self->exclusive ? FOVEA_ACTIVATION_SOFTMAX : FOVEA_ACTIVATION_SIGMOID;
  FoveaNode *node;
  int probabilities;

  if (self->head == NULL)
    activation = fovea_pack_get_activation (self->pack);
  if (activation != FOVEA_ACTIVATION_SOFTMAX)
    return add_node (graph, activation == FOVEA_ACTIVATION_SIGMOID ? "Sigmoid" : "Identity", scores, -1, -1, "probabilities", NULL);
  probabilities = add_node (graph, "Softmax", scores, -1, -1, "probabilities", &node);
  fovea_node_set_int (node, "axis", 1); /* the last: older opsets know no negative axes */
  return probabilities;
}

gboolean
fovea_predictor_export_onnx (FoveaPredictor *predictor, const char *path, GError **error)
{
  g_autoptr (FoveaGraph) graph = NULL;
  const char *output;
  int scores, probabilities;
  FoveaValue *value;

  if (!fovea_predictor_ensure_pack (predictor, NULL, error))
    return FALSE;
  output = predictor->head != NULL ? "embedding" : "logits";
  graph = fovea_graph_cut (fovea_pack_get_graph (predictor->pack), &output, 1, error);
  if (graph == NULL)
    return FALSE;
  if (graph->opset < MIN_OPSET)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                   "the pack “%s” is written for opset %d, an exported model needs at least %d; train on another pack", predictor->pack_name,
                   graph->opset, MIN_OPSET);
      return FALSE;
    }
  scores = add_answer (graph, predictor, error);
  if (scores < 0)
    return FALSE;
  probabilities = add_probabilities (graph, predictor, scores);
  g_array_set_size (graph->outputs, 0);
  fovea_graph_add_output (graph, probabilities);
  value = fovea_graph_value (graph, probabilities);
  value->has_type = TRUE;
  value->dtype = FOVEA_DTYPE_F32;
  value->shape = fovea_shape (2, (gint64) (fovea_pack_is_single (predictor->pack) ? 1 : -1), (gint64) predictor->labels->len);
  describe (graph, predictor);
  return fovea_onnx_save (graph, path, error);
}
