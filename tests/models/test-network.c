/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/network.h"

#include <math.h>

#include "mini-pack.h"
#include "models/embedder.h"
#include "models/predictor.h"
#include "nn/interpreter.h"
#include "nn/loss.h"
#include "nn/train-plan.h"

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
      g_assert_true (i == 0 || fovea_network_add_dropout (network, 0.5, &error));
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

/* Cosines by hand from the vectors that the embedder gives; the network is kept as ONNX in between, as a checkpoint keeps it. */
static void
check_proxies (FoveaGraph *network, guint dim)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) kept = fovea_onnx_save_bytes (network, &error), bytes = NULL;
  g_autoptr (FoveaGraph) again = fovea_onnx_load_bytes (kept, &error);
  g_autoptr (FoveaPack) pack = NULL;
  g_autoptr (FoveaEmbedder) embedder = NULL;
  g_autoptr (FoveaTensor) images = noise (MINI_SIZE, 2);
  g_autofree float *vectors = g_new (float, 2 * dim);
  const float *proxies = fovea_graph_value (network, fovea_graph_find_value (network, FOVEA_PROXIES))->constant->data;
  FoveaTensor *cosines = NULL;

  fovea_interpret (again, &images, &cosines, NULL, &error);
  g_assert_no_error (error);
  bytes = fovea_network_to_embedder (again, "0123456789abcdef", "A test", &error);
  g_assert_no_error (error);
  pack = fovea_pack_new_from_bytes (bytes, "a test", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fovea_pack_get_dim (pack), ==, dim);
  g_assert_true (fovea_pack_has_task (pack, "visual-embedder"));
  embedder = fovea_embedder_new (pack, FOVEA_EMBEDDER_VECTORS, &error);
  g_assert_true (fovea_embedder_run (embedder, images, vectors, NULL, NULL, &error));
  for (guint i = 0; i < 2 * CONCEPTS; i++)
    {
      const float *p = proxies + i % CONCEPTS * dim, *v = vectors + i / CONCEPTS * dim;
      double dot = 0, square = 0;

      for (guint j = 0; j < dim; j++)
        {
          dot += (double) p[j] * (double) v[j];
          square += (double) p[j] * (double) p[j];
        }
      g_assert_cmpfloat_with_epsilon ((double) FOVEA_TENSOR_DATA (cosines, float)[i], dot / sqrt (square), 1e-5);
    }
  fovea_tensor_unref (cosines);
}

static void
test_proxies (void)
{
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) onnx = fovea_onnx_save_bytes (graph, NULL);
  g_autoptr (FoveaPack) pack = fovea_pack_new_from_bytes (onnx, "mini", &error);
  float means[CONCEPTS * MINI_DIM];

  for (guint i = 0; i < G_N_ELEMENTS (means); i++)
    means[i] = i / MINI_DIM == 1 ? 0 : (float) (i % 5) - 1; /* the second concept has none */
  for (int projected = 0; projected < 2; projected++)
    {
      g_autoptr (FoveaGraph) network = fovea_network_new_from_pack (pack, &error);

      g_assert_no_error (error);
      g_assert_true (projected == 0 || fovea_network_add_projection (network, 4, 7, &error));
      g_assert_true (fovea_network_add_proxies (network, CONCEPTS, means, 7, &error));
      check_proxies (network, projected ? 4 : MINI_DIM);
    }
}

static double
loss_by (FoveaTrainPlan *plan, FoveaTensor *images, const FoveaLoss *loss, gboolean backward)
{
  const FoveaShape shape = fovea_shape (2, (gint64) 2, (gint64) CONCEPTS);
  g_autoptr (FoveaTensor) targets = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL), d = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);
  g_autoptr (GError) error = NULL;
  FoveaTensor *cosines = NULL;
  double sum = 0;

  FOVEA_TENSOR_DATA (targets, float)[0] = FOVEA_TENSOR_DATA (targets, float)[5] = 1;
  g_assert_true (fovea_train_plan_forward (plan, &images, &cosines, &error));
  g_assert_no_error (error);
  g_assert_true (fovea_loss_compute (loss, cosines, targets, 2, d, &sum, &error));
  if (backward)
    g_assert_true (fovea_train_plan_backward (plan, &d, &error));
  g_assert_no_error (error);
  fovea_tensor_unref (cosines);
  return sum;
}

static gboolean
is_of_metric (const char *name, const FoveaTensor *tensor, gboolean is_weight, gpointer data)
{
  return is_weight || strcmp (name, FOVEA_PROXIES) == 0;
}

/* Of projection and proxies, against central differences, as the trainer computes them. */
static void
test_gradients (void)
{
  static const FoveaLoss losses[] = { { FOVEA_LOSS_ARC, 0, NULL, 4, .3f }, { FOVEA_LOSS_PROXY_ANCHOR, 0, NULL, 4, .1f } };
  g_autoptr (FoveaGraph) network = fovea_network_new_small (32, 5, NULL);
  const FoveaTrainPlanOptions options = { .is_trained = is_of_metric };
  g_autoptr (FoveaTensor) images = noise (32, 2);
  g_autoptr (FoveaTrainPlan) plan = NULL;
  guint n_checked = 0;

  g_assert_true (fovea_network_add_projection (network, 6, 1, NULL));
  g_assert_true (fovea_network_add_proxies (network, CONCEPTS, NULL, 1, NULL));
  plan = fovea_train_plan_new (network, &options, NULL);
  g_assert_nonnull (plan);
  for (guint l = 0; l < G_N_ELEMENTS (losses); l++)
    for (guint p = 0; p < fovea_train_plan_get_n_parameters (plan); p++)
      {
        FoveaParameter *parameter = fovea_train_plan_get_parameter (plan, p);

        if (strcmp (parameter->name, FOVEA_PROXIES) != 0 && strcmp (parameter->name, FOVEA_PROJECTION_WEIGHT) != 0)
          continue;
        fovea_train_plan_clear_gradients (plan);
        loss_by (plan, images, &losses[l], TRUE);
        for (gsize i = 0; i < parameter->weights->n_elements; i += 1 + parameter->weights->n_elements / 18, n_checked++)
          {
            float *x = FOVEA_TENSOR_DATA (parameter->weights, float) + i, kept = *x;
            double up, down;

            *x = kept + 2e-3f;
            fovea_train_plan_weights_changed (plan);
            up = loss_by (plan, images, &losses[l], FALSE);
            *x = kept - 2e-3f;
            fovea_train_plan_weights_changed (plan);
            down = loss_by (plan, images, &losses[l], FALSE);
            *x = kept;
            g_assert_cmpfloat_with_epsilon ((double) FOVEA_TENSOR_DATA (parameter->gradient, float)[i], (up - down) / 4e-3, 2e-3);
          }
        fovea_train_plan_weights_changed (plan);
      }
  g_assert_cmpuint (n_checked, >, 50);
}

/* A network whose proxies were made from means gives those means a cosine of 1 with their own, in any projection. */
static void
test_means (void)
{
  g_autoptr (FoveaGraph) network = fovea_network_new_small (32, 5, NULL);
  float means[CONCEPTS * 160] = { 0 };
  const float *weight, *proxies;

  means[0] = means[161] = means[322] = 2;
  g_assert_true (fovea_network_add_projection (network, 6, 1, NULL));
  g_assert_true (fovea_network_add_proxies (network, CONCEPTS, means, 1, NULL));
  weight = fovea_graph_value (network, fovea_graph_find_value (network, FOVEA_PROJECTION_WEIGHT))->constant->data;
  proxies = fovea_graph_value (network, fovea_graph_find_value (network, FOVEA_PROXIES))->constant->data;
  for (guint k = 0; k < CONCEPTS; k++)
    {
      double dot = 0, square = 0;

      for (guint i = 0; i < 6; i++)
        {
          dot += (double) proxies[k * 6 + i] * (double) weight[i * 160 + k];
          square += (double) weight[i * 160 + k] * (double) weight[i * 160 + k];
        }
      g_assert_cmpfloat_with_epsilon (dot / sqrt (square), 1, 1e-5);
    }
  FOVEA_TENSOR_DATA (fovea_graph_value (network, fovea_graph_find_value (network, FOVEA_PROXIES))->constant, float)[4] = NAN;
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (fovea_network_to_embedder (network, "abc", "A test", &error));
    g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models/network/pack", test_pack);
  g_test_add_func ("/models/network/fresh", test_fresh);
  g_test_add_func ("/models/network/sizes", test_sizes);
  g_test_add_func ("/models/network/proxies", test_proxies);
  g_test_add_func ("/models/network/gradients", test_gradients);
  g_test_add_func ("/models/network/means", test_means);
  g_test_add_func ("/models/network/not-a-number", test_not_a_number);
  return g_test_run ();
}
