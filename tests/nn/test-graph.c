/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "nn/interpreter.h"
#include "nn/op.h"

static FoveaTensor *
new_filled (gint64 rows, gint64 columns, float value)
{
  FoveaShape shape = fovea_shape (2, rows, columns);
  FoveaTensor *tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);

  for (gsize i = 0; i < tensor->n_elements; i++)
    FOVEA_TENSOR_DATA (tensor, float)[i] = value + (float) i;
  return tensor;
}

/* hidden = x + w, y = Relu (hidden), z = LeakyRelu (hidden; alpha) */
static FoveaGraph *
new_graph (void)
{
  FoveaGraph *graph = fovea_graph_new ("little", 17);
  FoveaShape shape = fovea_shape (2, (gint64) -1, (gint64) 3);
  g_autoptr (FoveaTensor) w = new_filled (1, 3, -4.0f);
  FoveaNode *node;
  int inputs[2], hidden, y, z;

  inputs[0] = fovea_graph_add_input (graph, "x", FOVEA_DTYPE_F32, &shape);
  inputs[1] = fovea_graph_add_constant (graph, "w", w);
  fovea_graph_add_node (graph, "Add", inputs, 2, "hidden", &hidden);
  fovea_graph_add_node (graph, "Relu", &hidden, 1, "y", &y);
  node = fovea_graph_add_node (graph, "LeakyRelu", &hidden, 1, "z", &z);
  fovea_node_set_float (node, "alpha", 0.5f);
  fovea_graph_add_output (graph, y);
  fovea_graph_add_output (graph, z);
  g_hash_table_insert (graph->metadata, g_strdup ("key"), g_strdup ("value"));
  return graph;
}

static void
test_interpret (void)
{
  g_autoptr (FoveaGraph) graph = new_graph ();
  g_autoptr (FoveaTensor) x = new_filled (2, 3, 0.0f);
  g_autoptr (GError) error = NULL;
  FoveaTensor *outputs[2] = { NULL };
  const float z[] = { -2.0f, -1.0f, 0.0f, -0.5f, 1.0f, 3.0f };

  g_assert_true (fovea_interpret (graph, &x, outputs, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (outputs[0]->shape.dim[0], ==, 2);
  g_assert_cmpfloat (FOVEA_TENSOR_DATA (outputs[0], float)[0], ==, 0.0f);
  g_assert_cmpmem (outputs[1]->data, sizeof z, z, sizeof z);
  fovea_tensor_unref (outputs[0]);
  fovea_tensor_unref (outputs[1]);
}

static void
expect_error (FoveaGraph *graph, FoveaTensor *x, GCancellable *cancellable, int code, const char *text)
{
  FoveaTensor *outputs[2] = { NULL };
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_interpret (graph, &x, outputs, cancellable, &error));
  g_assert_error (error, FOVEA_NN_ERROR, code);
  g_assert_nonnull (strstr (error->message, text));
  g_assert_null (outputs[0]);
  g_assert_null (outputs[1]);
}

static void
test_interpret_errors (void)
{
  g_autoptr (FoveaGraph) graph = new_graph ();
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (FoveaTensor) wide = new_filled (2, 4, 0.0f), good = new_filled (2, 3, 0.0f);
  g_autoptr (FoveaTensor) integers = fovea_tensor_convert (good, FOVEA_DTYPE_I32, NULL);
  FoveaShape flat = fovea_shape (1, (gint64) 6);
  g_autoptr (FoveaTensor) line = fovea_tensor_new_reshaped (good, &flat, NULL);

  expect_error (graph, wide, NULL, FOVEA_NN_ERROR_SHAPE, "“x”");
  expect_error (graph, line, NULL, FOVEA_NN_ERROR_SHAPE, "“x”");
  expect_error (graph, integers, NULL, FOVEA_NN_ERROR_TYPE, "“x”");
  g_cancellable_cancel (cancelled);
  expect_error (graph, good, cancelled, FOVEA_NN_ERROR_CANCELLED, "little");
}

/* A kernel's refusal names operator, opset and node. */
static void
test_node_is_named (void)
{
  g_autoptr (FoveaGraph) graph = fovea_graph_new ("bad", 13);
  g_autoptr (FoveaTensor) x = new_filled (2, 3, 0.0f), w = new_filled (1, 4, 0.0f);
  int inputs[2], y;

  inputs[0] = fovea_graph_add_input (graph, "x", FOVEA_DTYPE_F32, NULL);
  inputs[1] = fovea_graph_add_constant (graph, "w", w);
  fovea_graph_add_node (graph, "Mul", inputs, 2, "product", &y);
  fovea_graph_add_output (graph, y);
  expect_error (graph, x, NULL, FOVEA_NN_ERROR_SHAPE, "Mul (opset 13), node “product”");
}

static void
test_cut (void)
{
  g_autoptr (FoveaGraph) graph = new_graph ();
  const char *hidden = "hidden", *none = "nobody";
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaGraph) cut = fovea_graph_cut (graph, &hidden, 1, &error), missing = NULL;
  g_autoptr (FoveaTensor) x = new_filled (1, 3, 0.0f), output = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (cut->nodes->len, ==, 1);
  g_assert_cmpuint (cut->inputs->len, ==, 1);
  g_assert_cmpstr (g_hash_table_lookup (cut->metadata, "key"), ==, "value");
  g_assert_true (fovea_interpret (cut, &x, &output, NULL, &error));
  g_assert_cmpfloat (FOVEA_TENSOR_DATA (output, float)[2], ==, 0.0f);
  missing = fovea_graph_cut (graph, &none, 1, &error);
  g_assert_null (missing);
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED);
}

static void
test_sort (void)
{
  g_autoptr (FoveaGraph) graph = new_graph ();
  g_autoptr (GError) error = NULL;
  gpointer *nodes = graph->nodes->pdata, swap = nodes[0];
  FoveaNode *relu;

  nodes[0] = nodes[2];
  nodes[2] = swap;
  g_assert_true (fovea_graph_sort (graph, &error));
  g_assert_cmpstr (fovea_graph_node (graph, 0)->op_type, ==, "Add");
  relu = fovea_graph_node (graph, 1);
  fovea_graph_node (graph, 0)->inputs[1] = relu->outputs[0];
  g_assert_false (fovea_graph_sort (graph, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED);
}

static void
test_infer (void)
{
  g_autoptr (FoveaGraph) graph = new_graph ();
  g_autofree FoveaTensor **values = g_new0 (FoveaTensor *, graph->values->len);
  FoveaTensor *y;

  g_assert_true (fovea_graph_infer (graph, 5, values, NULL));
  y = values[fovea_graph_find_value (graph, "y")];
  g_assert_cmpint (y->shape.dim[0], ==, 5);
  g_assert_cmpint (y->shape.dim[1], ==, 3);
  g_assert_null (y->data);
  for (guint i = 0; i < graph->values->len; i++)
    fovea_tensor_unref (values[i]);
}

static void
test_attributes (void)
{
  g_autoptr (FoveaGraph) graph = new_graph ();
  FoveaNode *node = fovea_graph_node (graph, 0);
  const gint64 ints[] = { 4, 5 };
  gsize n = 9;

  g_assert_null (fovea_node_ints (node, "list", &n));
  g_assert_cmpuint (n, ==, 0);
  fovea_node_set_ints (node, "list", ints, 2);
  fovea_node_set_ints (node, "empty", NULL, 0);
  fovea_node_set_int (node, "i", -7);
  fovea_node_set_string (node, "s", "text");
  g_assert_cmpint (fovea_node_ints (node, "list", &n)[1], ==, 5);
  g_assert_nonnull (fovea_node_ints (node, "empty", &n));
  g_assert_cmpuint (n, ==, 0);
  g_assert_cmpint (fovea_node_int (node, "i", 1), ==, -7);
  g_assert_cmpint (fovea_node_int (node, "s", 1), ==, 1); /* of another type: as if it were not there */
  g_assert_cmpstr (fovea_node_string (node, "s", NULL), ==, "text");
  g_assert_cmpfloat (fovea_node_float (node, "f", 2.5f), ==, 2.5f);
}

/* No two entries of the table answer to the same operator and opset. */
static void
test_op_table (void)
{
  const FoveaOp *op;

  for (guint i = 0; (op = fovea_op_nth (i)) != NULL; i++)
    {
      g_assert_true (fovea_op_lookup (op->name, op->since) == op);
      g_assert_true (op->until == 0 || op->until >= op->since);
      g_assert_cmpuint (op->min_in, <=, op->max_in);
      g_assert_cmpuint (op->min_out, <=, op->max_out);
    }
  g_assert_null (fovea_op_lookup ("Add", 1)); /* its broadcasting was another one before opset 7 */
  g_assert_true (fovea_op_known ("Add"));
  g_assert_false (fovea_op_known ("Bogus"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/graph/interpret", test_interpret);
  g_test_add_func ("/nn/graph/interpret-errors", test_interpret_errors);
  g_test_add_func ("/nn/graph/node-is-named", test_node_is_named);
  g_test_add_func ("/nn/graph/cut", test_cut);
  g_test_add_func ("/nn/graph/sort", test_sort);
  g_test_add_func ("/nn/graph/infer", test_infer);
  g_test_add_func ("/nn/graph/attributes", test_attributes);
  g_test_add_func ("/nn/graph/op-table", test_op_table);
  return g_test_run ();
}
