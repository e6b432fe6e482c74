/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/network.h"

#include <math.h>
#include <string.h>

#include "config.h"
#include "models/views.h"
#include "nn/onnx.h"

#define OPSET 13
#define EMBEDDING "embedding"
#define VECTOR "vector"

/* --- small parts --- */

static int
add_constant (FoveaGraph *graph, const char *name, FoveaShape shape, FoveaTensor **ret_tensor, GError **error)
{
  g_autoptr (FoveaTensor) tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, error);

  if (tensor == NULL)
    return -1;
  *ret_tensor = tensor;
  return fovea_graph_add_constant (graph, name, tensor);
}

/* Box and Muller; GRand gives the same numbers everywhere. */
static float
draw_normal (GRand *random)
{
  return (float) (sqrt (-2 * log (1 - g_rand_double (random))) * cos (2 * G_PI * g_rand_double (random)));
}

static void
set_output (FoveaGraph *graph, int value, gint64 width)
{
  FoveaValue *at = fovea_graph_value (graph, value);

  at->has_type = TRUE;
  at->dtype = FOVEA_DTYPE_F32;
  at->shape = fovea_shape (2, (gint64) -1, width);
  g_array_set_size (graph->outputs, 0);
  fovea_graph_add_output (graph, value);
}

/* --- networks with fresh weights --- */

/* A network as it grows: the value that stands at its end, and what that is. */
typedef struct {
  FoveaGraph *graph;
  GRand *random;
  guint n_convolutions;
  int value;      /* −1: an error was set, nothing is added any more */
  int channels, size;
  GError **error;
} Builder;

typedef struct {
  int channels, kernel, stride;
  gboolean depthwise;
  float low, high; /* of the clip behind the norm; low = −infinity: none */
} Layer;

static const float no_clip = -INFINITY;

static int
add_filled (Builder *b, const char *name, FoveaShape shape, float value)
{
  FoveaTensor *tensor = NULL;
  int id = add_constant (b->graph, name, shape, &tensor, b->error);

  for (gsize i = 0; id >= 0 && i < tensor->n_elements; i++)
    FOVEA_TENSOR_DATA (tensor, float)[i] = value;
  return id;
}

static int
add_kernel (Builder *b, const char *name, const Layer *layer)
{
  const gint64 in = layer->depthwise ? 1 : b->channels;
  FoveaTensor *tensor = NULL;
  int id = add_constant (b->graph, name,
                         fovea_shape (4, (gint64) layer->channels, in, (gint64) layer->kernel, (gint64) layer->kernel), &tensor,
                         b->error);
  /* A depthwise output is reached from one channel alone. */
  const double fan = (double) layer->kernel * layer->kernel * (layer->depthwise ? 1 : layer->channels);

  for (gsize i = 0; id >= 0 && i < tensor->n_elements; i++)
    FOVEA_TENSOR_DATA (tensor, float)[i] = (float) sqrt (2 / fan) * draw_normal (b->random);
  return id;
}

/* Batch norm's four vectors, 1 0 0 1, as inputs 1 to 4. */
static gboolean
add_norm (Builder *b, const char *name)
{
  static const char *const parts[] = { "scale", "bias", "mean", "variance" };
  const FoveaShape shape = fovea_shape (1, (gint64) b->channels);
  int inputs[5] = { b->value };
  FoveaNode *node;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *part = g_strdup_printf ("%s.norm.%s", name, parts[i]);

      inputs[i + 1] = add_filled (b, part, shape, i == 0 || i == 3 ? 1 : 0);
      if (inputs[i + 1] < 0)
        return FALSE;
    }
  b->value = fovea_graph_add_op (b->graph, "BatchNormalization", inputs, 5, NULL, &node);
  fovea_node_set_float (node, "epsilon", 1e-3f);
  fovea_node_set_float (node, "momentum", 0.9f);
  return TRUE;
}

static void
add_clip (Builder *b, float low, float high)
{
  if (low == no_clip)
    return;
  if (isinf (high))
    b->value = fovea_graph_add_op (b->graph, "Relu", &b->value, 1, NULL, NULL);
  else
    {
      const FoveaShape scalar = fovea_shape (0);
      int inputs[3] = { b->value, fovea_graph_find_value (b->graph, "clip.low"), fovea_graph_find_value (b->graph, "clip.high") };

      if (inputs[1] < 0)
        {
          inputs[1] = add_filled (b, "clip.low", scalar, low);
          inputs[2] = add_filled (b, "clip.high", scalar, high);
        }
      b->value = fovea_graph_add_op (b->graph, "Clip", inputs, 3, NULL, NULL);
    }
}

/* Convolution, norm, clip; TensorFlow's SAME padding. */
static void
add_layer (Builder *b, Layer layer)
{
  const int out = (b->size + layer.stride - 1) / layer.stride;
  const int padding = MAX (0, (out - 1) * layer.stride + layer.kernel - b->size);
  const gint64 pads[4] = { padding / 2, padding / 2, padding - padding / 2, padding - padding / 2 };
  const gint64 strides[2] = { layer.stride, layer.stride };
  g_autofree char *name = g_strdup_printf ("conv%u", b->n_convolutions++);
  g_autofree char *weight = g_strconcat (name, ".weight", NULL);
  int inputs[2] = { b->value, b->value < 0 ? -1 : add_kernel (b, weight, &layer) };
  FoveaNode *node;

  if (inputs[1] < 0)
    {
      b->value = -1;
      return;
    }
  b->value = fovea_graph_add_op (b->graph, "Conv", inputs, 2, NULL, &node);
  fovea_node_set_ints (node, "pads", pads, 4);
  fovea_node_set_ints (node, "strides", strides, 2);
  if (layer.depthwise)
    fovea_node_set_int (node, "group", b->channels);
  b->channels = layer.channels;
  b->size = out;
  if (add_norm (b, name))
    add_clip (b, layer.low, layer.high);
  else
    b->value = -1;
}

static void
add_sum (Builder *b, int other)
{
  int inputs[2] = { b->value, other };

  if (b->value >= 0 && other >= 0)
    b->value = fovea_graph_add_op (b->graph, "Add", inputs, 2, NULL, NULL);
  else
    b->value = -1;
}

static void
builder_init (Builder *b, const char *name, int size, guint64 seed, GError **error)
{
  const FoveaShape shape = fovea_shape (4, (gint64) -1, (gint64) 3, (gint64) size, (gint64) size);
  const guint32 words[2] = { (guint32) seed, (guint32) (seed >> 32) };

  *b = (Builder) { fovea_graph_new (name, OPSET), g_rand_new_with_seed_array (words, 2), 0, -1, 3, size, error };
  b->value = fovea_graph_add_input (b->graph, "image", FOVEA_DTYPE_F32, &shape);
}

/* The mean over the picture is the embedding. */
static FoveaGraph *
builder_finish (Builder *b, int size, const char *title)
{
  g_autofree char *text = g_strdup_printf ("%d", size);

  g_rand_free (b->random);
  if (b->value < 0)
    {
      fovea_graph_unref (b->graph);
      return NULL;
    }
  b->value = fovea_graph_add_op (b->graph, "GlobalAveragePool", &b->value, 1, NULL, NULL);
  b->value = fovea_graph_add_op (b->graph, "Flatten", &b->value, 1, EMBEDDING, NULL);
  set_output (b->graph, b->value, b->channels);
  fovea_graph_set_metadata (b->graph, "fovea.title", title);
  fovea_graph_set_metadata (b->graph, "fovea.license", "yours");
  fovea_graph_set_metadata (b->graph, "fovea.source", "trained with Fovea on your pictures");
  fovea_graph_set_metadata (b->graph, "fovea.input.size", text);
  fovea_graph_set_metadata (b->graph, "fovea.input.crop_fraction", "0.875");
  fovea_graph_set_metadata (b->graph, "fovea.input.mean", "127,127,127");
  fovea_graph_set_metadata (b->graph, "fovea.input.scale", "0.0078125,0.0078125,0.0078125");
  fovea_graph_set_metadata (b->graph, "fovea.input.pad", "127");
  fovea_graph_set_metadata (b->graph, "fovea.input.order", "rgb");
  return b->graph;
}

/* Widened by @expansion, filtered channel by channel, narrowed again; added to what it began with where it may be. */
static void
add_inverted_residual (Builder *b, int channels, int kernel, int stride, int expansion)
{
  const int start = b->value, from = b->channels;

  if (expansion > 1)
    add_layer (b, (Layer) { from * expansion, 1, 1, FALSE, 0, 6 });
  add_layer (b, (Layer) { from * expansion, kernel, stride, TRUE, 0, 6 });
  add_layer (b, (Layer) { channels, 1, 1, FALSE, no_clip, 0 });
  if (stride == 1 && from == channels)
    add_sum (b, start);
}

FoveaGraph *
fovea_network_new_efficientnet (int size, guint64 seed, GError **error)
{
  static const struct {
    int repeats, kernel, stride, expansion, channels;
  } stages[] = { { 1, 3, 1, 1, 16 }, { 2, 3, 2, 6, 24 }, { 2, 5, 2, 6, 40 }, { 3, 3, 2, 6, 80 },
                 { 3, 5, 1, 6, 112 }, { 4, 5, 2, 6, 192 }, { 1, 3, 1, 6, 320 } };
  Builder b;

  builder_init (&b, "efficientnet-lite0", size, seed, error);
  add_layer (&b, (Layer) { 32, 3, 2, FALSE, 0, 6 });
  for (guint s = 0; s < G_N_ELEMENTS (stages); s++)
    for (int i = 0; i < stages[s].repeats; i++)
      add_inverted_residual (&b, stages[s].channels, stages[s].kernel, i == 0 ? stages[s].stride : 1, stages[s].expansion);
  add_layer (&b, (Layer) { 1280, 1, 1, FALSE, 0, 6 });
  return builder_finish (&b, size, "EfficientNet-Lite0 trained from scratch");
}

/* Two 3×3 convolutions and what they change is added to; @low of the clip behind. */
static void
add_residual (Builder *b, int channels, int stride, float low)
{
  const Builder start = *b;
  int shortcut = b->value;

  add_layer (b, (Layer) { channels, 3, stride, FALSE, 0, INFINITY });
  add_layer (b, (Layer) { channels, 3, 1, FALSE, no_clip, 0 });
  if (stride != 1 || start.channels != channels)
    {
      const int end = b->value;

      b->value = start.value;
      b->channels = start.channels;
      b->size = start.size;
      add_layer (b, (Layer) { channels, 1, stride, FALSE, no_clip, 0 });
      shortcut = b->value;
      b->value = end;
    }
  add_sum (b, shortcut);
  if (b->value >= 0)
    add_clip (b, low, INFINITY);
}

FoveaGraph *
fovea_network_new_small (int size, guint64 seed, GError **error)
{
  static const int blocks[][2] = { { 24, 1 }, { 48, 2 }, { 96, 2 }, { 96, 1 }, { 160, 2 } };
  Builder b;

  builder_init (&b, "small", size, seed, error);
  add_layer (&b, (Layer) { 24, 3, 2, FALSE, 0, INFINITY });
  /* Nothing is cut off behind the last: means of what is above zero point much the same way for every picture, and the
   * classifier sees directions alone. */
  for (guint i = 0; i < G_N_ELEMENTS (blocks); i++)
    add_residual (&b, blocks[i][0], blocks[i][1], i + 1 < G_N_ELEMENTS (blocks) ? 0 : no_clip);
  return builder_finish (&b, size, "Small network trained from scratch");
}

FoveaGraph *
fovea_network_new_from_pack (FoveaPack *pack, GError **error)
{
  const char *output = EMBEDDING;

  if (fovea_pack_get_dim (pack) == 0)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                   "the pack “%s” has no embedding to train a classifier on; choose another", fovea_pack_get_name (pack));
      return NULL;
    }
  return fovea_graph_cut (fovea_pack_get_graph (pack), &output, 1, error);
}

/* --- the classifier --- */

/* V = W / √d */
static void
fill_classifier (float *weight, float *bias, gsize n_concepts, gsize dim, const FoveaHead *start, guint64 seed)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) (seed ^ seed >> 32));

  for (gsize i = 0; i < n_concepts * dim; i++)
    weight[i] = start != NULL ? start->weights[i] / sqrtf ((float) dim) : 0.001f * draw_normal (random);
  for (gsize k = 0; k < n_concepts; k++)
    bias[k] = start != NULL ? start->bias[k] : 0;
}

gboolean
fovea_network_add_dropout (FoveaGraph *network, double ratio, GError **error)
{
  int value = g_array_index (network->outputs, int, 0);
  const gint64 dim = fovea_graph_value (network, value)->shape.dim[1];
  FoveaTensor *number;
  int constant = add_constant (network, "classifier.dropout", fovea_shape (0), &number, error);

  if (constant < 0)
    return FALSE;
  FOVEA_TENSOR_DATA (number, float)[0] = (float) ratio;
  value = fovea_graph_add_op (network, "Dropout", (const int[]) { value, constant }, 2, "dropped", NULL);
  set_output (network, value, (guint) dim);
  return TRUE;
}

gboolean
fovea_network_add_classifier (FoveaGraph *network, guint n_concepts, const FoveaHead *start, guint64 seed, GError **error)
{
  int value = g_array_index (network->outputs, int, 0);
  const gint64 dim = fovea_graph_value (network, value)->shape.dim[1];
  FoveaTensor *weight = NULL, *bias = NULL, *root = NULL;
  int scale = add_constant (network, "classifier.scale", fovea_shape (0), &root, error);
  int w = add_constant (network, FOVEA_CLASSIFIER_WEIGHT, fovea_shape (2, (gint64) n_concepts, dim), &weight, error);
  int b = w >= 0 ? add_constant (network, FOVEA_CLASSIFIER_BIAS, fovea_shape (1, (gint64) n_concepts), &bias, error) : -1;
  FoveaNode *node;

  if (scale < 0 || b < 0)
    return FALSE;
  g_return_val_if_fail (start == NULL || (start->n_concepts == n_concepts && start->dim == dim), FALSE);
  FOVEA_TENSOR_DATA (root, float)[0] = sqrtf ((float) dim);
  fill_classifier (weight->data, bias->data, n_concepts, (gsize) dim, start, seed);
  value = fovea_graph_add_op (network, "LpNormalization", &value, 1, NULL, &node);
  fovea_node_set_int (node, "axis", -1);
  fovea_node_set_int (node, "p", 2);
  value = fovea_graph_add_op (network, "Mul", (const int[]) { value, scale }, 2, NULL, NULL);
  value = fovea_graph_add_op (network, "Gemm", (const int[]) { value, w, b }, 3, "logits", &node);
  fovea_node_set_int (node, "transB", 1);
  set_output (network, value, n_concepts);
  return TRUE;
}

static const FoveaTensor *
find_constant (FoveaGraph *network, const char *name)
{
  int id = fovea_graph_find_value (network, name);

  return id >= 0 ? fovea_graph_value (network, id)->constant : NULL;
}

static void
set_not_finite (GError **error)
{
  g_set_error_literal (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED, "a weight of the trained network is not a number");
}

static FoveaHead *
head_of (FoveaGraph *network, gboolean exclusive, GError **error)
{
  const FoveaTensor *weight = find_constant (network, FOVEA_CLASSIFIER_WEIGHT), *bias = find_constant (network, FOVEA_CLASSIFIER_BIAS);
  g_autoptr (FoveaHead) head = NULL;
  float sum = 0;

  g_return_val_if_fail (weight != NULL && bias != NULL, NULL);
  head = fovea_head_new ((guint) weight->shape.dim[0], (guint) weight->shape.dim[1], exclusive, FOVEA_VIEWS_LETTERBOX);
  for (gsize i = 0; i < weight->n_elements; i++)
    {
      head->weights[i] = FOVEA_TENSOR_DATA (weight, float)[i] * sqrtf ((float) head->dim);
      sum += head->weights[i] * 0.0f; /* not a number unless every weight is finite */
    }
  memcpy (head->bias, bias->data, bias->n_elements * sizeof (float));
  for (gsize k = 0; k < bias->n_elements; k++)
    sum += head->bias[k] * 0.0f;
  if (sum == 0.0f)
    return g_steal_pointer (&head);
  set_not_finite (error);
  return NULL;
}

/* --- metric learning --- */

/* A network that was kept as ONNX has forgotten the shapes inside; its proxies say theirs. */
static gint64
embedding_dim (FoveaGraph *network)
{
  const FoveaTensor *proxies = find_constant (network, FOVEA_PROXIES);

  if (proxies != NULL)
    return proxies->shape.dim[1];
  return fovea_graph_value (network, fovea_graph_find_value (network, EMBEDDING))->shape.dim[1];
}

gboolean
fovea_network_add_projection (FoveaGraph *network, guint dim, guint64 seed, GError **error)
{
  int value = fovea_graph_find_value (network, EMBEDDING);
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) (seed ^ seed >> 32));
  FoveaTensor *weight = NULL;
  int w = add_constant (network, FOVEA_PROJECTION_WEIGHT, fovea_shape (2, (gint64) dim, embedding_dim (network)), &weight, error);
  FoveaNode *node;

  if (w < 0)
    return FALSE;
  for (gsize i = 0; i < weight->n_elements; i++)
    FOVEA_TENSOR_DATA (weight, float)[i] = draw_normal (random) / sqrtf ((float) dim);
  g_free (fovea_graph_value (network, value)->name);
  fovea_graph_value (network, value)->name = g_strdup ("features");
  value = fovea_graph_add_op (network, "Gemm", (const int[]) { value, w }, 2, EMBEDDING, &node);
  fovea_node_set_int (node, "transB", 1);
  set_output (network, value, dim);
  return TRUE;
}

/* p = P m */
static void
project (const FoveaTensor *projection, const float *means, gsize n, gsize d, float *proxies)
{
  const gsize dim = projection != NULL ? (gsize) projection->shape.dim[0] : d;

  if (projection == NULL)
    {
      memcpy (proxies, means, n * d * sizeof (float));
      return;
    }
  for (gsize k = 0; k < n; k++)
    for (gsize i = 0; i < dim; i++)
      {
        const float *row = FOVEA_TENSOR_DATA (projection, const float) + i * d;
        double sum = 0;

        for (gsize j = 0; j < d; j++)
          sum += (double) row[j] * (double) means[k * d + j];
        proxies[k * dim + i] = (float) sum;
      }
}

static void
fill_proxies (FoveaGraph *network, FoveaTensor *proxies, const float *means, guint64 seed)
{
  const FoveaTensor *projection = find_constant (network, FOVEA_PROJECTION_WEIGHT);
  const gsize n = (gsize) proxies->shape.dim[0], dim = (gsize) proxies->shape.dim[1];
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) (seed ^ seed >> 32) + 1);
  float *to = proxies->data;

  if (means != NULL)
    project (projection, means, n, projection != NULL ? (gsize) projection->shape.dim[1] : dim, to);
  /* A concept without a mean begins anywhere. */
  for (gsize k = 0; k < n; k++, to += dim)
    {
      double square = 0;

      for (gsize i = 0; i < dim; i++)
        square += (double) to[i] * (double) to[i];
      for (gsize i = 0; i < dim; i++)
        to[i] = square > 0 ? to[i] / (float) sqrt (square) : draw_normal (random) / sqrtf ((float) dim);
    }
}

int
fovea_network_add_unit_length (FoveaGraph *network, int value, const char *name)
{
  FoveaNode *node;

  value = fovea_graph_add_op (network, "LpNormalization", &value, 1, name, &node);
  fovea_node_set_int (node, "axis", -1);
  fovea_node_set_int (node, "p", 2);
  return value;
}

gboolean
fovea_network_add_proxies (FoveaGraph *network, guint n_concepts, const float *means, guint64 seed, GError **error)
{
  FoveaTensor *proxies = NULL;
  int p = add_constant (network, FOVEA_PROXIES, fovea_shape (2, (gint64) n_concepts, embedding_dim (network)), &proxies, error);
  int value;
  FoveaNode *node;

  if (p < 0)
    return FALSE;
  fill_proxies (network, proxies, means, seed);
  value = fovea_network_add_unit_length (network, fovea_graph_find_value (network, EMBEDDING), VECTOR);
  p = fovea_network_add_unit_length (network, p, NULL);
  value = fovea_graph_add_op (network, "Gemm", (const int[]) { value, p }, 2, "cosines", &node);
  fovea_node_set_int (node, "transB", 1);
  set_output (network, value, n_concepts);
  return TRUE;
}

/* --- taking apart --- */

static void
describe (FoveaGraph *pack, FoveaGraph *network, const char *name, const char *title)
{
  static const char *const kept[] = { "fovea.license", "fovea.source", "fovea.input.size", "fovea.input.crop_fraction",
                                      "fovea.input.mean", "fovea.input.scale", "fovea.input.pad", "fovea.input.order" };

  g_hash_table_remove_all (pack->metadata);
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    {
      const char *value = g_hash_table_lookup (network->metadata, kept[i]);

      if (value != NULL)
        fovea_graph_set_metadata (pack, kept[i], value);
    }
  fovea_graph_set_metadata (pack, "fovea.pack", name);
  fovea_graph_set_metadata (pack, "fovea.title", title);
  fovea_graph_set_metadata (pack, "fovea.task", "visual-embedder");
  fovea_graph_set_metadata (pack, "fovea.version", FOVEA_VERSION);
}

static FoveaGraph *
cut (FoveaGraph *network, const char *output, GError **error)
{
  FoveaGraph *part = fovea_graph_cut (network, &output, 1, error);

  if (part != NULL)
    set_output (part, g_array_index (part->outputs, int, 0), embedding_dim (network));
  return part;
}

FoveaGraph *
fovea_network_cut_vectors (FoveaGraph *network, GError **error)
{
  return cut (network, VECTOR, error);
}

static GBytes *
pack_to_bytes (FoveaGraph *network, const char *name, const char *title, GError **error)
{
  g_autoptr (FoveaGraph) pack = cut (network, EMBEDDING, error);

  if (pack == NULL)
    return NULL;
  describe (pack, network, name, title);
  return fovea_onnx_save_bytes (pack, error);
}

GBytes *
fovea_network_to_embedder (FoveaGraph *network, const char *name, const char *title, GError **error)
{
  float sum = 0;

  for (guint i = 0; i < network->values->len; i++)
    {
      const FoveaTensor *constant = fovea_graph_value (network, i)->constant;

      for (gsize j = 0; constant != NULL && constant->dtype == FOVEA_DTYPE_F32 && j < constant->n_elements; j++)
        sum += FOVEA_TENSOR_DATA (constant, const float)[j] * 0.0f; /* not a number unless every weight is finite */
    }
  if (sum == 0.0f)
    return pack_to_bytes (network, name, title, error);
  set_not_finite (error);
  return NULL;
}

gboolean
fovea_network_split (FoveaGraph *network, const char *name, const char *title, gboolean exclusive, GBytes **ret_bytes,
                     FoveaHead **ret_head, GError **error)
{
  g_autoptr (FoveaHead) head = head_of (network, exclusive, error);
  GBytes *bytes = head != NULL ? pack_to_bytes (network, name, title, error) : NULL;

  if (bytes == NULL)
    return FALSE;
  *ret_bytes = bytes;
  *ret_head = g_steal_pointer (&head);
  return TRUE;
}

gboolean
fovea_network_export_embedder (FoveaPack *pack, const char *path, GError **error)
{
  g_autoptr (FoveaGraph) network = fovea_network_new_from_pack (pack, error);
  int value;

  if (network == NULL)
    return FALSE;
  value = fovea_network_add_unit_length (network, g_array_index (network->outputs, int, 0), "embeddings");
  set_output (network, value, fovea_pack_get_dim (pack));
  describe (network, fovea_pack_get_graph (pack), fovea_pack_get_name (pack), fovea_pack_get_title (pack));
  fovea_graph_set_metadata (network, "fovea.pack.hash", fovea_pack_get_hash (pack));
  fovea_graph_set_metadata (network, "fovea.fit", fovea_views_name (FOVEA_VIEWS_LETTERBOX));
  g_clear_pointer (&network->producer_name, g_free); /* then Fovea has made it */
  return fovea_onnx_save (network, path, error);
}
