/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "op-test.h"

/* Normalisations, softmax and the losses */

#define F32 FOVEA_DTYPE_F32
#define F64 FOVEA_DTYPE_F64
#define I64 FOVEA_DTYPE_I64

static OpTest *
batch_norm (int opset, FoveaDType dtype, const char *x, const char *channels)
{
  OpTest *test = op_test_new ("BatchNormalization", opset);

  op_test_in (test, tensor_random (dtype, x, 1));
  for (guint32 i = 2; i < 5; i++)
    op_test_in (test, tensor_random (dtype, channels, i));
  op_test_in (test, tensor_filled (dtype, channels, 0.25));
  return test;
}

static void
test_batch_norm (void)
{
  static const FoveaDType dtypes[] = { F32, F64 };
  static const int opsets[] = { 6, 7, 9, 14, 15 };

  for (gsize d = 0; d < G_N_ELEMENTS (dtypes); d++)
    for (gsize o = 0; o < G_N_ELEMENTS (opsets); o++)
      {
        g_autoptr (OpTest) test = batch_norm (opsets[o], dtypes[d], "2 3 2 2", "3");
        FoveaTensor *y;

        if (opsets[o] == 6)
          fovea_node_set_int (test->node, "is_test", 1);
        fovea_node_set_float (test->node, "epsilon", 0.0625f);
        y = op_test_run (test, 1);
        for (gsize i = 0; i < y->n_elements; i++)
          {
            gsize c = i / 4 % 3;
            double want = (tensor_get (test->in[0], i) - tensor_get (test->in[3], c)) / sqrt (0.3125)
                              * tensor_get (test->in[1], c) + tensor_get (test->in[2], c);

            assert_close (tensor_get (y, i), want, dtypes[d] == F32 ? 1e-6 : 1e-12, "batch norm", i);
          }
      }
}

static void
test_batch_norm_training (void)
{
  g_autoptr (OpTest) test = op_test_new ("BatchNormalization", 15);

  op_test_in (test, tensor_values (F32, "2 1 1 2", 4, 1.0, 3.0, 5.0, 7.0)); /* mean 4, variance 5 */
  op_test_in (test, tensor_filled (F32, "1", 2));
  op_test_in (test, tensor_filled (F32, "1", 1));
  op_test_in (test, tensor_filled (F32, "1", 10));
  op_test_in (test, tensor_filled (F32, "1", 9));
  fovea_node_set_int (test->node, "training_mode", 1);
  fovea_node_set_float (test->node, "momentum", 0.75f);
  fovea_node_set_float (test->node, "epsilon", 0);
  op_test_run (test, 3);
  assert_values (test->out[0], 1e-6, 4, 1 - 6 / sqrt (5), 1 - 2 / sqrt (5), 1 + 2 / sqrt (5), 1 + 6 / sqrt (5));
  assert_values (test->out[1], 1e-6, 1, 8.5);
  assert_values (test->out[2], 1e-6, 1, 8.0);
}

static void
test_batch_norm_errors (void)
{
  g_autoptr (OpTest) channels = batch_norm (15, F32, "2 3 2 2", "4");
  g_autoptr (OpTest) rank = batch_norm (15, F32, "3", "3");
  g_autoptr (OpTest) old = batch_norm (6, F32, "2 3", "3");
  g_autoptr (OpTest) epsilon = batch_norm (15, F32, "2 3", "3");
  g_autoptr (OpTest) spatial = batch_norm (7, F32, "2 3 2", "3");
  g_autoptr (OpTest) empty = batch_norm (15, F32, "0 3 2 2", "3");

  op_test_fails (channels, FOVEA_NN_ERROR_SHAPE, "expected [3]");
  op_test_fails (rank, FOVEA_NN_ERROR_SHAPE, "rank 1");
  op_test_fails (old, FOVEA_NN_ERROR_UNSUPPORTED, "training");
  fovea_node_set_float (epsilon->node, "epsilon", NAN);
  op_test_fails (epsilon, FOVEA_NN_ERROR_MALFORMED, "epsilon");
  fovea_node_set_int (spatial->node, "spatial", 0);
  op_test_fails (spatial, FOVEA_NN_ERROR_UNSUPPORTED, "spatial");
  assert_shape (op_test_run (empty, 1), F32, "0 3 2 2");
}

static void
test_instance_and_group (void)
{
  g_autoptr (OpTest) instance = op_test_new ("InstanceNormalization", 6);
  g_autoptr (OpTest) group = op_test_new ("GroupNormalization", 18);
  g_autoptr (OpTest) channel = op_test_new ("GroupNormalization", 21);
  OpTest *tests[] = { instance, group, channel };
  double s = 1 / sqrt (1 + 1e-5), t = 1 / sqrt (5 + 1e-5);

  for (gsize i = 0; i < 3; i++)
    op_test_in (tests[i], tensor_values (F32, "1 2 2", 4, 1.0, 3.0, 5.0, 7.0));
  for (int k = 0; k < 2; k++)
    {
      op_test_in (instance, tensor_values (F32, "2", 2, 2.0, 3.0));
      op_test_in (group, tensor_filled (F32, "1", 2));
      op_test_in (channel, tensor_values (F32, "2", 2, 2.0, 3.0));
    }
  fovea_node_set_int (group->node, "num_groups", 1);
  fovea_node_set_int (channel->node, "num_groups", 1);
  assert_values (op_test_run (instance, 1), 1e-6, 4, 2 - 2 * s, 2 + 2 * s, 3 - 3 * s, 3 + 3 * s);
  assert_values (op_test_run (group, 1), 1e-6, 4, 2 - 6 * t, 2 - 2 * t, 2 + 2 * t, 2 + 6 * t);
  assert_values (op_test_run (channel, 1), 1e-6, 4, 2 - 6 * t, 2 - 2 * t, 3 + 3 * t, 3 + 9 * t);
  {
    g_autoptr (OpTest) bad = op_test_new ("GroupNormalization", 18);

    op_test_in (bad, tensor_random (F32, "1 4 2", 1));
    op_test_in (bad, tensor_random (F32, "3", 1));
    op_test_in (bad, tensor_random (F32, "3", 1));
    fovea_node_set_int (bad->node, "num_groups", 3);
    op_test_fails (bad, FOVEA_NN_ERROR_SHAPE, "groups");
  }
}

static void
test_layer_norm (void)
{
  g_autoptr (OpTest) test = op_test_new ("LayerNormalization", 17);
  g_autoptr (OpTest) axis = op_test_new ("LayerNormalization", 17);
  g_autoptr (OpTest) scale = op_test_new ("LayerNormalization", 17);
  double s = 1 / sqrt (1 + 1e-5);

  op_test_in (test, tensor_values (F32, "2 2", 4, 1.0, 3.0, 5.0, 7.0));
  op_test_in (test, tensor_values (F32, "2", 2, 2.0, 3.0));
  op_test_in (test, tensor_values (F32, "2", 2, 10.0, 20.0));
  op_test_run (test, 3);
  assert_values (test->out[0], 1e-6, 4, 10 - 2 * s, 20 + 3 * s, 10 - 2 * s, 20 + 3 * s);
  assert_shape (test->out[1], F32, "2 1");
  assert_values (test->out[1], 1e-6, 2, 2.0, 6.0);
  assert_values (test->out[2], 1e-6, 2, s, s);
  op_test_in (axis, tensor_random (F32, "2 2", 1));
  op_test_in (axis, tensor_random (F32, "2", 1));
  fovea_node_set_int (axis->node, "axis", 2);
  op_test_fails (axis, FOVEA_NN_ERROR_MALFORMED, "axis 2");
  op_test_in (scale, tensor_random (F32, "2 2", 1));
  op_test_in (scale, tensor_random (F32, "2 2", 1));
  op_test_fails (scale, FOVEA_NN_ERROR_SHAPE, "input 1");
}

static void
test_others (void)
{
  g_autoptr (OpTest) lrn = op_test_new ("LRN", 13);
  g_autoptr (OpTest) size = op_test_new ("LRN", 13);
  g_autoptr (OpTest) lp = op_test_new ("LpNormalization", 1);
  g_autoptr (OpTest) order = op_test_new ("LpNormalization", 1);
  g_autoptr (OpTest) mvn = op_test_new ("MeanVarianceNormalization", 13);
  g_autoptr (OpTest) axes = op_test_new ("MeanVarianceNormalization", 13);

  op_test_in (lrn, tensor_values (F32, "1 3 1", 3, 1.0, 2.0, 3.0));
  fovea_node_set_int (lrn->node, "size", 2); /* c and c + 1 */
  fovea_node_set_float (lrn->node, "alpha", 2);
  fovea_node_set_float (lrn->node, "beta", 1);
  assert_values (op_test_run (lrn, 1), 1e-6, 3, 1 / 6.0, 2 / 14.0, 3 / 10.0);
  op_test_in (size, tensor_random (F32, "1 3 1", 1));
  op_test_fails (size, FOVEA_NN_ERROR_MALFORMED, "size");
  op_test_in (lp, tensor_values (F32, "2 2", 4, 3.0, 0.0, 4.0, 0.0));
  fovea_node_set_int (lp->node, "axis", 0);
  assert_values (op_test_run (lp, 1), 1e-6, 4, 0.6, 0.0, 0.8, 0.0);
  op_test_in (order, tensor_random (F32, "2", 1));
  fovea_node_set_int (order->node, "p", 3);
  op_test_fails (order, FOVEA_NN_ERROR_MALFORMED, "p is 3");
  op_test_in (mvn, tensor_values (F32, "2 2", 4, 1.0, 10.0, 3.0, 30.0));
  op_test_ints (mvn, "axes", 1, (gint64) 0);
  assert_values (op_test_run (mvn, 1), 1e-6, 4, -1.0, -1.0, 1.0, 1.0);
  op_test_in (axes, tensor_random (F32, "2 2", 1));
  op_test_fails (axes, FOVEA_NN_ERROR_MALFORMED, "axis"); /* 0, 2, 3 by themselves */
}

static OpTest *
softmax (const char *op, int opset, gint64 axis, FoveaDType dtype)
{
  OpTest *test = op_test_new (op, opset);

  op_test_in (test, tensor_random (dtype, "2 3 4", 9));
  fovea_node_set_int (test->node, "axis", axis);
  return test;
}

/* Along one axis from opset 13 on; over everything from the axis on before it */
static void
test_softmax (void)
{
  for (int opset = 11; opset <= 13; opset += 2)
    for (gint64 axis = -3; axis < 3; axis++)
      for (int d = 0; d < 2; d++)
        {
          g_autoptr (OpTest) soft = softmax ("Softmax", opset, axis, d == 0 ? F32 : F64);
          g_autoptr (OpTest) logs = softmax ("LogSoftmax", opset, axis, d == 0 ? F32 : F64);
          g_autoptr (OpTest) hard = softmax ("Hardmax", opset, axis, d == 0 ? F32 : F64);
          static const gsize dims[] = { 2, 3, 4 };
          gsize a = (gsize) (axis < 0 ? axis + 3 : axis), inner = 1, length = dims[a];

          for (gsize k = a + 1; k < 3; k++)
            opset < 13 ? (length *= dims[k]) : (inner *= dims[k]);
          op_test_run (soft, 1);
          op_test_run (logs, 1);
          op_test_run (hard, 1);
          for (gsize i = 0; i < 24; i++)
            {
              gsize start = i / (inner * length) * inner * length + i % inner, best = start;
              double sum = 0, want;

              for (gsize k = 0; k < length; k++)
                {
                  sum += exp (tensor_get (soft->in[0], start + k * inner));
                  if (tensor_get (soft->in[0], start + k * inner) > tensor_get (soft->in[0], best))
                    best = start + k * inner;
                }
              want = exp (tensor_get (soft->in[0], i)) / sum;
              assert_close (tensor_get (soft->out[0], i), want, 1e-6, "softmax", i);
              assert_close (tensor_get (logs->out[0], i), log (want), 1e-6, "log softmax", i);
              assert_close (tensor_get (hard->out[0], i), i == best ? 1 : 0, 0, "hardmax", i);
            }
        }
}

static void
test_softmax_range (void)
{
  g_autoptr (OpTest) large = op_test_new ("Softmax", 13);
  g_autoptr (OpTest) empty = op_test_new ("Softmax", 13);
  g_autoptr (OpTest) axis = softmax ("Softmax", 13, 3, F32);
  g_autoptr (OpTest) scalar = op_test_new ("Softmax", 13);

  op_test_in (large, tensor_values (F32, "2", 2, 1e4, 1e4 + 1));
  assert_values (op_test_run (large, 1), 1e-6, 2, 1 / (1 + exp (1)), exp (1) / (1 + exp (1)));
  op_test_in (empty, tensor_random (F32, "2 0 3", 1));
  assert_shape (op_test_run (empty, 1), F32, "2 0 3");
  op_test_fails (axis, FOVEA_NN_ERROR_MALFORMED, "axis 3");
  op_test_in (scalar, tensor_random (F32, "", 1));
  op_test_fails (scalar, FOVEA_NN_ERROR_MALFORMED, "axis -1");
}

static OpTest *
loss (const char *op, const char *reduction, gboolean weights, double label)
{
  OpTest *test = op_test_new (op, 13);

  op_test_in (test, tensor_values (F32, "2 2", 4, -0.5, -1.0, -2.0, -0.25));
  op_test_in (test, tensor_values (I64, "2", 2, 0.0, label));
  if (weights)
    op_test_in (test, tensor_values (F32, "2", 2, 1.0, 3.0));
  fovea_node_set_string (test->node, "reduction", reduction);
  return test;
}

static void
test_loss (void)
{
  g_autoptr (OpTest) mean = loss ("NegativeLogLikelihoodLoss", "mean", TRUE, 1);
  g_autoptr (OpTest) sum = loss ("NegativeLogLikelihoodLoss", "sum", FALSE, 1);
  g_autoptr (OpTest) none = loss ("NegativeLogLikelihoodLoss", "none", TRUE, 1);
  g_autoptr (OpTest) ignored = loss ("NegativeLogLikelihoodLoss", "mean", TRUE, -100);
  g_autoptr (OpTest) entropy = loss ("SoftmaxCrossEntropyLoss", "sum", FALSE, 1);
  g_autoptr (OpTest) high = loss ("SoftmaxCrossEntropyLoss", "sum", FALSE, 2);
  g_autoptr (OpTest) low = loss ("NegativeLogLikelihoodLoss", "sum", FALSE, -1);
  g_autoptr (OpTest) word = loss ("NegativeLogLikelihoodLoss", "median", FALSE, 1);
  g_autoptr (OpTest) shape = op_test_new ("NegativeLogLikelihoodLoss", 13);

  assert_values (op_test_run (mean, 1), 1e-6, 1, (0.5 + 0.75) / 4);
  assert_values (op_test_run (sum, 1), 1e-6, 1, 0.75);
  assert_values (op_test_run (none, 1), 1e-6, 2, 0.5, 0.75);
  fovea_node_set_int (ignored->node, "ignore_index", -100);
  assert_values (op_test_run (ignored, 1), 1e-6, 1, 0.5);
  op_test_run (entropy, 2);
  assert_values (entropy->out[0], 1e-6, 1, log (1 + exp (-0.5)) + log (1 + exp (-1.75)));
  assert_shape (entropy->out[1], F32, "2 2");
  op_test_fails (high, FOVEA_NN_ERROR_MALFORMED, "label 2");
  op_test_fails (low, FOVEA_NN_ERROR_MALFORMED, "label -1");
  op_test_fails (word, FOVEA_NN_ERROR_MALFORMED, "median");
  op_test_in (shape, tensor_random (F32, "2 2 3", 1));
  op_test_in (shape, tensor_filled (I64, "2", 0));
  op_test_fails (shape, FOVEA_NN_ERROR_SHAPE, "expected [2, 3]");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/ops/normalisation/batch", test_batch_norm);
  g_test_add_func ("/nn/ops/normalisation/batch-training", test_batch_norm_training);
  g_test_add_func ("/nn/ops/normalisation/batch-errors", test_batch_norm_errors);
  g_test_add_func ("/nn/ops/normalisation/instance-and-group", test_instance_and_group);
  g_test_add_func ("/nn/ops/normalisation/layer", test_layer_norm);
  g_test_add_func ("/nn/ops/normalisation/others", test_others);
  g_test_add_func ("/nn/ops/softmax/table", test_softmax);
  g_test_add_func ("/nn/ops/softmax/range", test_softmax_range);
  g_test_add_func ("/nn/ops/softmax/loss", test_loss);
  return g_test_run ();
}
