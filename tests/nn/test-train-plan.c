/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The compiled training plan against the same graph by reference kernels and gradient rules. */
#include <math.h>

#include "nn/train-graph.h"
#include "nn/train-plan.h"
#include "train-test.h"

#define SIZE 26
#define CLASSES 5

static FoveaTrainPlan *
make_plan (FoveaGraph *graph, FoveaTrainPlanOptions options)
{
  g_autoptr (GError) error = NULL;
  FoveaTrainPlan *plan = fovea_train_plan_new (graph, &options, &error);

  g_assert_no_error (error);
  return plan;
}

/* Output 0; gradients stand in the plan. */
static FoveaTensor *
run (FoveaTrainPlan *plan, FoveaTensor *x)
{
  g_autoptr (GError) error = NULL;
  FoveaTensor *y = NULL, *d = NULL;

  fovea_train_plan_forward (plan, &x, &y, &error);
  g_assert_no_error (error);
  d = fovea_tensor_new (FOVEA_DTYPE_F32, &y->shape, &error);
  for (gsize i = 0; i < d->n_elements; i++)
    FOVEA_TENSOR_DATA (d, float)[i] = sinf (1.0f + 2.3f * (float) i);
  fovea_train_plan_backward (plan, &d, &error);
  g_assert_no_error (error);
  fovea_tensor_unref (d);
  return y;
}

/* Largest gradient of any parameter */
static double
largest_gradient (FoveaTrainPlan *plan)
{
  double largest = 0;

  for (guint i = 0; i < fovea_train_plan_get_n_parameters (plan); i++)
    {
      FoveaTensor *gradient = fovea_train_plan_get_parameter (plan, i)->gradient;

      for (gsize e = 0; gradient != NULL && e < gradient->n_elements; e++)
        largest = MAX (largest, fabs (tensor_get (gradient, e)));
    }
  return largest;
}

/* As train_test_distance(), but what is nothing beside the largest gradient (a shift before a batch norm, which takes it
 * out again) is rounding. */
static double
gradient_distance (const FoveaTensor *a, const FoveaTensor *b, double largest)
{
  double most = 0;

  for (gsize i = 0; i < b->n_elements; i++)
    most = MAX (most, fabs (tensor_get (b, i)));
  return train_test_distance (a, b) * most / MAX (most, 1e-2 * largest);
}

static void
compare_size (NetKind kind, gboolean train_norms, gint64 batch, gint64 size, double tolerance)
{
  g_autoptr (FoveaGraph) graph = train_test_net (kind, size, CLASSES);
  g_autoptr (FoveaTrainPlan) fast = make_plan (graph, (FoveaTrainPlanOptions) { .train_batch_norms = train_norms });
  g_autoptr (FoveaTrainPlan) slow = make_plan (graph, (FoveaTrainPlanOptions) { .reference = TRUE, .train_batch_norms = train_norms });
  g_autoptr (FoveaTensor) x = train_test_batch (batch, size, 3);
  g_autoptr (FoveaTensor) a = run (fast, x), b = run (slow, x);
  guint n = fovea_train_plan_get_n_parameters (fast);
  double largest = largest_gradient (slow);
  g_autofree char *steps = fovea_train_plan_describe (fast);

  g_assert_null (strstr (steps, "reference")); /* all of it by the fast steps */

  g_assert_cmpfloat (train_test_distance (a, b), <, tolerance);
  g_assert_cmpuint (n, ==, fovea_train_plan_get_n_parameters (slow));
  for (guint i = 0; i < n; i++)
    {
      FoveaParameter *p = fovea_train_plan_get_parameter (fast, i), *q = fovea_train_plan_get_parameter (slow, i);
      double distance;

      g_assert_cmpstr (p->name, ==, q->name);
      if (p->is_statistic)
        g_assert_cmpfloat (train_test_distance (p->weights, q->weights), <, tolerance);
      if (p->gradient == NULL)
        continue;
      distance = gradient_distance (p->gradient, q->gradient, largest);
      if (!(distance < tolerance))
        g_error ("%s: gradients differ by %g", p->name, distance);
    }
}

static void
compare (NetKind kind, gboolean train_norms, gint64 batch, double tolerance)
{
  compare_size (kind, train_norms, batch, SIZE, tolerance);
}

static void
test_plain (void)
{
  compare (NET_PLAIN, FALSE, 4, 2e-4);
  compare (NET_PLAIN, FALSE, 3, 2e-4);
  compare (NET_PLAIN, FALSE, 1, 2e-4);
}

/* Large enough that the first layers' weights have their gradients from our own kernels. */
static void
test_large (void)
{
  compare_size (NET_PLAIN, FALSE, 2, 58, 2e-4);
  compare_size (NET_PLAIN, FALSE, 1, 61, 2e-4);
}

static void
test_norms_fixed (void)
{
  compare (NET_BATCH_NORM, FALSE, 3, 2e-4);
}

static void
test_norms_trained (void)
{
  compare (NET_BATCH_NORM, TRUE, 3, 5e-4);
}

static void
test_mixed (void)
{
  compare (NET_MIXED, FALSE, 2, 2e-4);
}

/* Σ a b / |a| |b| over the gradients of all parameters */
static double
gradient_cosine (FoveaTrainPlan *a, FoveaTrainPlan *b)
{
  double product = 0, aa = 0, bb = 0;

  for (guint i = 0; i < fovea_train_plan_get_n_parameters (a); i++)
    {
      const FoveaTensor *p = fovea_train_plan_get_parameter (a, i)->gradient, *q = fovea_train_plan_get_parameter (b, i)->gradient;

      for (gsize e = 0; p != NULL && e < p->n_elements; e++)
        {
          product += tensor_get (p, e) * tensor_get (q, e);
          aa += tensor_get (p, e) * tensor_get (p, e);
          bb += tensor_get (q, e) * tensor_get (q, e);
        }
    }
  return product / sqrt (aa * bb);
}

/* Eight bits of mantissa: values near a clip's limit fall on either side, so the gradients are compared as a whole. */
static void
compare_bf16 (NetKind kind, gboolean train_norms)
{
  g_autoptr (FoveaGraph) graph = train_test_net (kind, SIZE, CLASSES);
  FoveaTrainPlanOptions bf16 = { .precision = FOVEA_PRECISION_BF16, .train_batch_norms = train_norms };
  g_autoptr (FoveaTrainPlan) half = make_plan (graph, bf16);
  g_autoptr (FoveaTrainPlan) whole = make_plan (graph, (FoveaTrainPlanOptions) { .train_batch_norms = train_norms });
  g_autoptr (FoveaTensor) x = train_test_batch (8, SIZE, 3);
  g_autoptr (FoveaTensor) a = run (half, x), b = run (whole, x);

  g_assert_cmpfloat (train_test_distance (a, b), <, .05);
  g_assert_cmpfloat (gradient_cosine (half, whole), >, .95);
}

/* oneDNN computes bf16 only where the processor has AVX-512. */
static void
test_bf16 (void)
{
  if (!fovea_bf16_is_fast ())
    return;
  compare_bf16 (NET_PLAIN, FALSE);
  compare_bf16 (NET_BATCH_NORM, TRUE);
  compare_bf16 (NET_MIXED, FALSE);
}

/* A second backward adds as much again; cleared, it starts anew; the same numbers every time. */
static void
test_adds (void)
{
  g_autoptr (FoveaGraph) graph = train_test_net (NET_PLAIN, SIZE, CLASSES);
  g_autoptr (FoveaTrainPlan) plan = make_plan (graph, (FoveaTrainPlanOptions) { 0 });
  g_autoptr (FoveaTensor) x = train_test_batch (2, SIZE, 3);
  g_autoptr (GPtrArray) once = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_tensor_unref);
  guint n = fovea_train_plan_get_n_parameters (plan);

  fovea_tensor_unref (run (plan, x));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      FoveaTensor *gradient = fovea_train_plan_get_parameter (plan, i)->gradient;
      FoveaTensor *copy = fovea_tensor_new (FOVEA_DTYPE_F32, &gradient->shape, &error);

      memcpy (copy->data, gradient->data, fovea_tensor_n_bytes (gradient));
      g_ptr_array_add (once, copy);
    }
  fovea_tensor_unref (run (plan, x));
  for (guint i = 0; i < n; i++)
    {
      FoveaTensor *gradient = fovea_train_plan_get_parameter (plan, i)->gradient, *first = once->pdata[i];

      for (gsize e = 0; e < gradient->n_elements; e++)
        assert_close (tensor_get (gradient, e), 2 * tensor_get (first, e), 1e-5, "twice", e);
    }
  fovea_train_plan_clear_gradients (plan);
  fovea_tensor_unref (run (plan, x));
  for (guint i = 0; i < n; i++)
    {
      FoveaTensor *gradient = fovea_train_plan_get_parameter (plan, i)->gradient, *first = once->pdata[i];

      g_assert_cmpmem (gradient->data, fovea_tensor_n_bytes (gradient), first->data, fovea_tensor_n_bytes (first));
    }
}

static gboolean
only_last (const char *name, const FoveaTensor *tensor, gboolean is_weight, gpointer user_data)
{
  return is_weight && tensor->shape.rank <= 2 && tensor->shape.dim[0] == CLASSES;
}

/* With all but the last layer frozen nothing before it costs memory for gradients or is computed backward. */
static void
test_frozen (void)
{
  g_autoptr (FoveaGraph) graph = train_test_net (NET_PLAIN, SIZE, CLASSES);
  g_autoptr (FoveaTrainPlan) all = make_plan (graph, (FoveaTrainPlanOptions) { 0 });
  g_autoptr (FoveaTrainPlan) last = make_plan (graph, (FoveaTrainPlanOptions) { .is_trained = only_last });
  g_autoptr (FoveaTensor) x = train_test_batch (2, SIZE, 3);
  g_autoptr (FoveaTensor) a = run (all, x), b = run (last, x);
  g_autoptr (GError) error = NULL;
  guint n_trained = 0;

  g_assert_cmpfloat (train_test_distance (b, a), ==, 0);
  for (guint i = 0; i < fovea_train_plan_get_n_parameters (last); i++)
    {
      FoveaParameter *p = fovea_train_plan_get_parameter (last, i), *q = fovea_train_plan_get_parameter (all, i);

      n_trained += p->gradient != NULL;
      if (p->gradient != NULL)
        g_assert_cmpfloat (train_test_distance (p->gradient, q->gradient), <, 1e-6);
    }
  g_assert_cmpuint (n_trained, ==, 2);
  g_assert_cmpuint (fovea_train_plan_get_bytes (last, &x, &error), <, fovea_train_plan_get_bytes (all, &x, &error));
}

static void
test_independent (void)
{
  g_autoptr (FoveaGraph) graph = train_test_net (NET_BATCH_NORM, SIZE, CLASSES);
  g_autoptr (FoveaTrainPlan) fixed = make_plan (graph, (FoveaTrainPlanOptions) { 0 });
  g_autoptr (FoveaTrainPlan) trained = make_plan (graph, (FoveaTrainPlanOptions) { .train_batch_norms = TRUE });
  g_autoptr (FoveaTensor) x = train_test_batch (4, SIZE, 3);

  g_assert_true (fovea_train_plan_rows_are_independent (fixed, &x));
  g_assert_false (fovea_train_plan_rows_are_independent (trained, &x));
}

/* Folded batch norms compute the same, and no batch norm is left. */
static void
test_fold (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaGraph) graph = train_test_net (NET_BATCH_NORM, SIZE, CLASSES);
  g_autoptr (FoveaGraph) folded = fovea_graph_fold_batch_norms (graph, &error);
  g_autoptr (FoveaTrainPlan) a = make_plan (graph, (FoveaTrainPlanOptions) { .reference = TRUE });
  g_autoptr (FoveaTrainPlan) b = make_plan (folded, (FoveaTrainPlanOptions) { .reference = TRUE });
  g_autoptr (FoveaTensor) x = train_test_batch (2, SIZE, 3);
  g_autoptr (FoveaTensor) y = run (a, x), z = run (b, x);

  g_assert_cmpfloat (train_test_distance (z, y), <, 1e-5);
  for (guint i = 0; i < folded->nodes->len; i++)
    g_assert_cmpstr (fovea_graph_node (folded, i)->op_type, !=, "BatchNormalization");
  g_assert_cmpint (fovea_graph_find_value (folded, "w0"), >=, 0);
  g_assert_cmpint (fovea_graph_find_value (folded, "w0.bias"), >=, 0);
  g_assert_cmpint (fovea_graph_find_value (folded, "mean3"), <, 0);
}

/* The message names the operator that stands in the way. */
static void
test_unsupported (void)
{
  g_autoptr (FoveaGraph) graph = fovea_graph_new ("net", 14);
  FoveaShape shape = fovea_shape (2, (gint64) 2, (gint64) 3);
  g_autoptr (FoveaTensor) w = tensor_random (FOVEA_DTYPE_F32, "3 3", 1), x = tensor_random (FOVEA_DTYPE_F32, "2 3", 2);
  int in[2] = { fovea_graph_add_input (graph, "x", FOVEA_DTYPE_F32, &shape), fovea_graph_add_constant (graph, "w", w) }, y;
  g_autoptr (FoveaTrainPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  FoveaTensor *out = NULL;

  fovea_graph_add_node (graph, "MatMul", in, 2, NULL, &y);
  fovea_graph_add_node (graph, "Hardmax", &y, 1, "h", &y);
  fovea_graph_add_node (graph, "Relu", &y, 1, "y", &y);
  fovea_graph_add_output (graph, y);
  plan = make_plan (graph, (FoveaTrainPlanOptions) { 0 });
  g_assert_false (fovea_train_plan_forward (plan, &x, &out, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, "Hardmax"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/train-plan/plain", test_plain);
  g_test_add_func ("/nn/train-plan/large", test_large);
  g_test_add_func ("/nn/train-plan/norms-fixed", test_norms_fixed);
  g_test_add_func ("/nn/train-plan/norms-trained", test_norms_trained);
  g_test_add_func ("/nn/train-plan/mixed", test_mixed);
  g_test_add_func ("/nn/train-plan/bf16", test_bf16);
  g_test_add_func ("/nn/train-plan/adds", test_adds);
  g_test_add_func ("/nn/train-plan/frozen", test_frozen);
  g_test_add_func ("/nn/train-plan/independent", test_independent);
  g_test_add_func ("/nn/train-plan/fold", test_fold);
  g_test_add_func ("/nn/train-plan/unsupported", test_unsupported);
  return g_test_run ();
}
