/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "op-test.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

OpTest *
op_test_new (const char *op_type, int opset)
{
  OpTest *test = g_new0 (OpTest, 1);
  int output;

  test->graph = fovea_graph_new ("test", opset);
  test->node = fovea_graph_add_node (test->graph, op_type, NULL, 0, "y", &output);
  return test;
}

static void
clear (FoveaTensor **tensors, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&tensors[i], fovea_tensor_unref);
}

void
op_test_free (OpTest *test)
{
  clear (test->in, test->n_in);
  clear (test->out, test->n_out);
  fovea_graph_unref (test->graph);
  g_free (test);
}

void
op_test_in (OpTest *test, FoveaTensor *tensor)
{
  g_assert_cmpuint (test->n_in, <, OP_TEST_MAX);
  test->in[test->n_in++] = tensor;
}

void
op_test_ints (OpTest *test, const char *name, guint n, ...)
{
  g_autofree gint64 *ints = g_new (gint64, n);
  va_list args;

  va_start (args, n);
  for (guint i = 0; i < n; i++)
    ints[i] = va_arg (args, gint64);
  va_end (args);
  fovea_node_set_ints (test->node, name, ints, n);
}

static FoveaOpContext
prepare (OpTest *test, guint n_out)
{
  clear (test->out, test->n_out);
  test->n_out = n_out;
  test->node->n_inputs = test->n_in;
  test->node->inputs = g_renew (int, test->node->inputs, test->n_in + 1);
  for (guint i = 0; i < test->n_in; i++)
    test->node->inputs[i] = test->in[i] != NULL ? (int) i : -1;
  test->node->n_outputs = n_out;
  test->node->outputs = g_renew (int, test->node->outputs, n_out);
  for (guint i = 0; i < n_out; i++)
    test->node->outputs[i] = 100 + (int) i;
  return (FoveaOpContext) { .node = test->node,
                            .opset = test->graph->opset,
                            .n_in = test->n_in,
                            .in = test->in,
                            .n_out = n_out,
                            .out = test->out };
}

/* The shape rule on the inputs' types and shapes alone */
static void
check_blind_rule (const FoveaOpContext *done)
{
  FoveaTensor *in[OP_TEST_MAX] = { NULL }, *out[OP_TEST_MAX] = { NULL };
  g_autoptr (GError) error = NULL;
  FoveaOpContext blind = *done;
  FoveaInferResult result;

  for (guint i = 0; i < done->n_in; i++)
    if (done->in[i] != NULL)
      in[i] = fovea_tensor_new_unknown (done->in[i]->dtype, &done->in[i]->shape);
  blind.in = in;
  blind.out = out;
  result = fovea_op_infer (&blind, &error);
  g_assert_no_error (error);
  g_assert_cmpint (result, !=, FOVEA_INFER_ERROR);
  for (guint i = 0; result == FOVEA_INFER_OK && i < done->n_out; i++)
    {
      g_assert_nonnull (out[i]);
      g_assert_cmpint (out[i]->dtype, ==, done->out[i]->dtype);
      g_assert_true (fovea_shape_equal (&out[i]->shape, &done->out[i]->shape));
    }
  clear (in, done->n_in);
  clear (out, done->n_out);
}

FoveaTensor *
op_test_run (OpTest *test, guint n_out)
{
  FoveaOpContext ctx = prepare (test, n_out);
  g_autoptr (GError) error = NULL;

  fovea_op_run (&ctx, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n_out; i++)
    {
      g_assert_nonnull (test->out[i]);
      g_assert_nonnull (test->out[i]->data);
    }
  check_blind_rule (&ctx);
  return test->out[0];
}

void
op_test_fails (OpTest *test, FoveaNnError code, const char *fragment)
{
  FoveaOpContext ctx = prepare (test, MAX (1, test->node->n_outputs));
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_op_run (&ctx, &error));
  g_assert_nonnull (error);
  if (!g_error_matches (error, FOVEA_NN_ERROR, (int) code) || strstr (error->message, fragment) == NULL)
    g_error ("expected code %d and “%s”, got code %d: %s", (int) code, fragment, error->code, error->message);
  g_assert_nonnull (strstr (error->message, test->node->op_type));
  for (guint i = 0; i < ctx.n_out; i++)
    g_assert_null (test->out[i]);
}

FoveaShape
shape_of (const char *text)
{
  FoveaShape shape = { 0 };

  while (*text != '\0')
    {
      char *end;

      shape.dim[shape.rank++] = g_ascii_strtoll (text, &end, 10);
      text = end + strspn (end, " ");
    }
  return shape;
}

static void
put (FoveaTensor *tensor, gsize i, double value)
{
  switch ((int) tensor->dtype)
    {
    case FOVEA_DTYPE_F32:
      FOVEA_TENSOR_DATA (tensor, float)[i] = (float) value;
      break;
    case FOVEA_DTYPE_F64:
      FOVEA_TENSOR_DATA (tensor, double)[i] = value;
      break;
    case FOVEA_DTYPE_I64:
      FOVEA_TENSOR_DATA (tensor, gint64)[i] = (gint64) value;
      break;
    case FOVEA_DTYPE_I32:
      FOVEA_TENSOR_DATA (tensor, gint32)[i] = (gint32) value;
      break;
    case FOVEA_DTYPE_I8:
      FOVEA_TENSOR_DATA (tensor, gint8)[i] = (gint8) value;
      break;
    case FOVEA_DTYPE_U8:
    case FOVEA_DTYPE_BOOL:
      FOVEA_TENSOR_DATA (tensor, guint8)[i] = (guint8) value;
      break;
    default:
      g_error ("the tests make no tensors of %s", fovea_dtype_name (tensor->dtype));
    }
}

static FoveaTensor *
make (FoveaDType dtype, const char *shape)
{
  g_autoptr (GError) error = NULL;
  FoveaShape parsed = shape_of (shape);
  FoveaTensor *tensor = fovea_tensor_new (dtype, &parsed, &error);

  g_assert_no_error (error);
  return tensor;
}

FoveaTensor *
tensor_random (FoveaDType dtype, const char *shape, guint32 seed)
{
  FoveaTensor *tensor = make (dtype, shape);
  GRand *random = g_rand_new_with_seed (seed);

  for (gsize i = 0; i < tensor->n_elements; i++)
    if (dtype == FOVEA_DTYPE_F32 || dtype == FOVEA_DTYPE_F64)
      put (tensor, i, g_rand_double_range (random, -1, 1));
    else if (dtype == FOVEA_DTYPE_BOOL)
      put (tensor, i, g_rand_int_range (random, 0, 2));
    else
      put (tensor, i, g_rand_int_range (random, dtype == FOVEA_DTYPE_U8 ? 0 : -9, 10));
  g_rand_free (random);
  return tensor;
}

FoveaTensor *
tensor_values (FoveaDType dtype, const char *shape, guint n, ...)
{
  FoveaTensor *tensor = make (dtype, shape);
  va_list args;

  g_assert_cmpuint (n, ==, tensor->n_elements);
  va_start (args, n);
  for (guint i = 0; i < n; i++)
    put (tensor, i, va_arg (args, double));
  va_end (args);
  return tensor;
}

FoveaTensor *
tensor_filled (FoveaDType dtype, const char *shape, double value)
{
  FoveaTensor *tensor = make (dtype, shape);

  for (gsize i = 0; i < tensor->n_elements; i++)
    put (tensor, i, value);
  return tensor;
}

double
tensor_get (const FoveaTensor *tensor, gsize i)
{
  g_autoptr (GError) error = NULL;
  FoveaShape one = { 0 };
  gsize size = fovea_dtype_size (tensor->dtype);
  g_autoptr (FoveaTensor) element
    = fovea_tensor_new_wrapped (tensor->dtype, &one, (char *) tensor->data + i * size, NULL, NULL);
  g_autoptr (FoveaTensor) real = fovea_tensor_convert (element, FOVEA_DTYPE_F64, &error);

  g_assert_cmpuint (i, <, tensor->n_elements);
  g_assert_no_error (error);
  return FOVEA_TENSOR_DATA (real, double)[0];
}

void
assert_shape (const FoveaTensor *tensor, FoveaDType dtype, const char *shape)
{
  FoveaShape want = shape_of (shape);
  g_autofree char *a = fovea_shape_to_string (&tensor->shape);
  g_autofree char *b = fovea_shape_to_string (&want);

  g_assert_cmpstr (fovea_dtype_name (tensor->dtype), ==, fovea_dtype_name (dtype));
  g_assert_cmpstr (a, ==, b);
}

void
assert_close (double a, double b, double tolerance, const char *what, gsize i)
{
  if ((isnan (a) && isnan (b)) || a == b)
    return;
  if (!(fabs (a - b) <= tolerance * MAX (1, fabs (b))))
    g_error ("%s, element %" G_GSIZE_FORMAT ": %.9g, expected %.9g ± %g", what, i, a, b, tolerance);
}

void
assert_values (const FoveaTensor *tensor, double tolerance, guint n, ...)
{
  va_list args;

  g_assert_cmpuint (tensor->n_elements, ==, n);
  va_start (args, n);
  for (guint i = 0; i < n; i++)
    assert_close (tensor_get (tensor, i), va_arg (args, double), tolerance, "values", i);
  va_end (args);
}
