/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/network.h"

#include <math.h>

#include "mini-pack.h"
#include "models/embedder.h"
#include "models/predictor.h"
#include "nn/interpreter.h"

#define CONCEPTS 3

static FoveaTensor *
noise (int size, gint64 n)
{
  const FoveaShape shape = fovea_shape (4, n, (gint64) 3, (gint64) size, (gint64) size);
  FoveaTensor *tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  for (gsize i = 0; i < tensor->n_elements; i++)
    FOVEA_TENSOR_DATA (tensor, float)[i] = (float) g_rand_double_range (random, -1, 1);
  return tensor;
}

/* Probabilities by the network itself, and by what it is taken apart into. */
static void
check_split (FoveaGraph *network, int size, gboolean exclusive)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (FoveaHead) head = NULL;
  g_autoptr (FoveaPack) pack = NULL;
  g_autoptr (FoveaEmbedder) embedder = NULL;
  g_autoptr (FoveaTensor) images = noise (size, 2);
  FoveaTensor *logits = NULL;
  float probabilities[2 * CONCEPTS];
  g_autofree float *vectors = NULL;

  fovea_interpret (network, &images, &logits, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (logits->shape.dim[1], ==, CONCEPTS);
  g_assert_true (fovea_network_split (network, "0123456789abcdef", "A test", exclusive, &bytes, &head, &error));
  g_assert_no_error (error);
  pack = fovea_pack_new_from_bytes (bytes, "a test", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fovea_pack_get_name (pack), ==, "0123456789abcdef");
  g_assert_cmpint (fovea_pack_get_input_spec (pack)->size, ==, size);
  embedder = fovea_embedder_new (pack, FOVEA_EMBEDDER_VECTORS, &error);
  g_assert_no_error (error);
  vectors = g_new (float, 2 * fovea_embedder_get_dim (embedder));
  g_assert_true (fovea_embedder_run (embedder, images, vectors, NULL, NULL, &error));
  fovea_head_predict (head, vectors, 2, probabilities);
  for (int i = 0; i < 2; i++)
    {
      const float *z = FOVEA_TENSOR_DATA (logits, float) + i * CONCEPTS;
      double sum = 0;

      for (int c = 0; c < CONCEPTS; c++)
        sum += exp ((double) z[c]);
      for (int c = 0; c < CONCEPTS; c++)
        g_assert_cmpfloat_with_epsilon ((double) probabilities[i * CONCEPTS + c],
                                        exclusive ? exp ((double) z[c]) / sum : 1 / (1 + exp (-(double) z[c])), 1e-4);
    }
  fovea_tensor_unref (logits);
}

static FoveaHead *
some_head (guint dim)
{
  FoveaHead *head = fovea_head_new (CONCEPTS, dim, TRUE, FOVEA_VIEWS_LETTERBOX);

  for (guint i = 0; i < CONCEPTS * dim; i++)
    head->weights[i] = (float) (i % 7) - 3;
  for (guint c = 0; c < CONCEPTS; c++)
    head->bias[c] = (float) c / 4;
  return head;
}

static void
test_pack (void)
{
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = fovea_onnx_save_bytes (graph, NULL);
  g_autoptr (FoveaPack) pack = fovea_pack_new_from_bytes (bytes, "mini", &error);

  g_assert_no_error (error);
  for (int i = 0; i < 2; i++)
    {
      g_autoptr (FoveaGraph) network = fovea_network_new_from_pack (pack, &error);
      g_autoptr (FoveaHead) start = some_head (MINI_DIM);

      g_assert_no_error (error);
      g_assert_true (fovea_network_add_classifier (network, CONCEPTS, start, 1, &error));
      check_split (network, MINI_SIZE, i == 0);
    }
}

static void
test_fresh (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaHead) small_start = some_head (160), large_start = some_head (1280);
  g_autoptr (FoveaGraph) small = fovea_network_new_small (32, 5, &error);
  g_autoptr (FoveaGraph) large = fovea_network_new_efficientnet (32, 5, &error);

  g_assert_no_error (error);
  g_assert_true (fovea_network_add_classifier (small, CONCEPTS, small_start, 1, &error));
  check_split (small, 32, TRUE);
  g_assert_true (fovea_network_add_classifier (large, CONCEPTS, large_start, 1, &error));
  check_split (large, 32, TRUE);
}

static gsize
count_weights (FoveaGraph *graph)
{
  gsize n = 0;

  for (guint i = 0; i < graph->values->len; i++)
    if (fovea_graph_value (graph, i)->constant != NULL && fovea_graph_value (graph, i)->constant->shape.rank == 4)
      n += fovea_graph_value (graph, i)->constant->n_elements;
  return n;
}

/* The published network has 3.33 M weights in its convolutions; the small one about 0.9 M. Sizes that are not powers of
 * two work; the same seed gives the same weights. */
static void
test_sizes (void)
{
  g_autoptr (FoveaGraph) large = fovea_network_new_efficientnet (224, 1, NULL);
  g_autoptr (FoveaGraph) small = fovea_network_new_small (104, 1, NULL), again = fovea_network_new_small (104, 1, NULL);
  g_autoptr (FoveaGraph) other = fovea_network_new_small (104, 2, NULL);
  const FoveaTensor *a = fovea_graph_value (small, fovea_graph_find_value (small, "conv3.weight"))->constant;
  const FoveaTensor *b = fovea_graph_value (again, fovea_graph_find_value (again, "conv3.weight"))->constant;
  const FoveaTensor *c = fovea_graph_value (other, fovea_graph_find_value (other, "conv3.weight"))->constant;

  g_assert_cmpuint (count_weights (large), >, 3300000);
  g_assert_cmpuint (count_weights (large), <, 3360000);
  g_assert_cmpuint (count_weights (small), >, 600000);
  g_assert_cmpuint (count_weights (small), <, 1000000);
  g_assert_cmpmem (a->data, fovea_tensor_n_bytes (a), b->data, fovea_tensor_n_bytes (b));
  g_assert_cmpint (memcmp (a->data, c->data, fovea_tensor_n_bytes (a)), !=, 0);
}

static void
test_not_a_number (void)
{
  g_autoptr (FoveaGraph) network = fovea_network_new_small (32, 5, NULL);
  g_autoptr (GError) error = NULL;
  GBytes *bytes = NULL;
  FoveaHead *head = NULL;

  g_assert_true (fovea_network_add_classifier (network, CONCEPTS, NULL, 1, NULL));
  FOVEA_TENSOR_DATA (fovea_graph_value (network, fovea_graph_find_value (network, FOVEA_CLASSIFIER_WEIGHT))->constant, float)[4] = NAN;
  g_assert_false (fovea_network_split (network, "abc", "A test", TRUE, &bytes, &head, &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED);
  g_assert_null (bytes);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models/network/pack", test_pack);
  g_test_add_func ("/models/network/fresh", test_fresh);
  g_test_add_func ("/models/network/sizes", test_sizes);
  g_test_add_func ("/models/network/not-a-number", test_not_a_number);
  return g_test_run ();
}
