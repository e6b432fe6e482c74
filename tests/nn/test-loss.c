/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "nn/loss.h"
#include "train-test.h"

#define ROWS 4
#define CLASSES 3

static double
loss_of (const FoveaLoss *loss, const FoveaTensor *z, const FoveaTensor *t, FoveaTensor *d)
{
  g_autoptr (GError) error = NULL;
  double result = 0;

  fovea_loss_compute (loss, z, t, fovea_loss_weight (loss, t), d, &result, &error);
  g_assert_no_error (error);
  return result;
}

/* Gradients against central differences, in f32. */
static void
check_gradient_by (const FoveaLoss *loss, const FoveaTensor *t, float step, double tolerance)
{
  g_autoptr (FoveaTensor) z = tensor_random (FOVEA_DTYPE_F32, "4 3", 5), d = tensor_filled (FOVEA_DTYPE_F32, "4 3", 0);
  g_autoptr (FoveaTensor) other = tensor_filled (FOVEA_DTYPE_F32, "4 3", 0);

  for (gsize i = 0; i < z->n_elements; i++)
    FOVEA_TENSOR_DATA (z, float)[i] *= 0.9f;
  loss_of (loss, z, t, d);
  for (gsize i = 0; i < z->n_elements; i++)
    {
      float *x = FOVEA_TENSOR_DATA (z, float) + i, kept = *x;
      double up, down;

      *x = kept + step;
      up = loss_of (loss, z, t, other);
      *x = kept - step;
      down = loss_of (loss, z, t, other);
      *x = kept;
      assert_close (tensor_get (d, i), (up - down) / (2 * (double) step), tolerance, "loss", i);
    }
}

/* A step of 1e-2 leaves about four digits. */
static void
check_gradient (const FoveaLoss *loss, const FoveaTensor *t)
{
  check_gradient_by (loss, t, 1e-2f, 2e-5);
}

/* Steeper, with corners: shorter steps, and fewer digits. */
static void
check_metric_gradient (const FoveaLoss *loss, const FoveaTensor *t)
{
  check_gradient_by (loss, t, 1e-3f, 1e-3);
}

static const float weights[CLASSES] = { 1, 2.5f, .5f };

static void
test_gradients (void)
{
  g_autoptr (FoveaTensor) soft = tensor_values (FOVEA_DTYPE_F32, "4 3", 12, 1., 0., 0., .3, .7, 0., 0., 0., 1., 0., .5, .5);
  g_autoptr (FoveaTensor) free = tensor_values (FOVEA_DTYPE_F32, "4 3", 12, 1., 1., 0., .3, -1., 0., 0., 0., 0., -1., .5, 1.);

  for (int smooth = 0; smooth < 2; smooth++)
    for (int weigh = 0; weigh < 2; weigh++)
      {
        FoveaLoss loss = { FOVEA_LOSS_SOFTMAX, smooth ? .1f : 0, weigh ? weights : NULL };

        check_gradient (&loss, soft);
        loss.kind = FOVEA_LOSS_SIGMOID;
        check_gradient (&loss, free);
      }
}

/* With the margin and past the angle where it is straight; a row that shows two classes, and one that shows none. */
static void
test_metric_gradients (void)
{
  g_autoptr (FoveaTensor) t = tensor_values (FOVEA_DTYPE_F32, "4 3", 12, 1., 0., 0., .5, .5, 0., 0., 0., 1., 0., 1., 0.);
  g_autoptr (FoveaTensor) none = tensor_values (FOVEA_DTYPE_F32, "4 3", 12, 1., 0., 0., 0., 0., 0., 0., 0., 1., 1., 0., 0.);

  for (int smooth = 0; smooth < 2; smooth++)
    for (int m = 0; m < 3; m++)
      {
        FoveaLoss loss = { FOVEA_LOSS_ARC, smooth ? .1f : 0, NULL, 3, (float) m * .7f };

        check_metric_gradient (&loss, t);
        loss.class_weights = weights;
        check_metric_gradient (&loss, t);
        loss.kind = FOVEA_LOSS_PROXY_ANCHOR;
        check_metric_gradient (&loss, t);
        check_metric_gradient (&loss, none);
      }
}

/* Without a margin ARC is the softmax of s · c. Proxy anchor by hand for two rows of one class. At the ends of the cosine nothing is
 * infinite. */
static void
test_metric_values (void)
{
  FoveaLoss loss = { FOVEA_LOSS_ARC, 0, NULL, 10, 0 }, plain = { FOVEA_LOSS_SOFTMAX, 0, NULL };
  g_autoptr (FoveaTensor) c = tensor_values (FOVEA_DTYPE_F32, "1 3", 3, .1, .2, .3), z = tensor_values (FOVEA_DTYPE_F32, "1 3", 3, 1., 2., 3.);
  g_autoptr (FoveaTensor) t = tensor_values (FOVEA_DTYPE_F32, "1 3", 3, 0., 0., 1.), d = tensor_filled (FOVEA_DTYPE_F32, "1 3", 0);
  g_autoptr (FoveaTensor) two = tensor_values (FOVEA_DTYPE_F32, "2 2", 4, .9, .1, .8, -.2);
  g_autoptr (FoveaTensor) ones = tensor_values (FOVEA_DTYPE_F32, "2 2", 4, 1., 0., 1., 0.);
  g_autoptr (FoveaTensor) d_two = tensor_filled (FOVEA_DTYPE_F32, "2 2", 0), ends = tensor_values (FOVEA_DTYPE_F32, "1 3", 3, 1., -1., 1.);
  const double positive = log (1 + exp (-4 * (.9 - .1)) + exp (-4 * (.8 - .1)));
  const double with_margin = 10 * cos (acos (.3) + .5), negative = log (1 + exp (4 * (.1 + .1)) + exp (4 * (-.2 + .1)));

  assert_close (loss_of (&loss, c, t, d), loss_of (&plain, z, t, d), 1e-6, "no margin", 0);
  loss.margin = .5f;
  assert_close (loss_of (&loss, c, t, d), log (1 + exp (1 - with_margin) + exp (2 - with_margin)), 1e-5, "margin", 0);
  g_assert_true (isfinite (loss_of (&loss, ends, t, d)));
  for (gsize i = 0; i < 3; i++)
    g_assert_true (isfinite (tensor_get (d, i)));
  loss = (FoveaLoss) { FOVEA_LOSS_PROXY_ANCHOR, 0, NULL, 4, .1f };
  assert_close (loss_of (&loss, two, ones, d_two), positive + negative / 2, 1e-6, "proxy anchor", 0);
  loss.scale = 1000;
  g_assert_true (isfinite (loss_of (&loss, ends, t, d)));
}

/* −log softmax by hand; equal logits give log K whatever the smoothing. */
static void
test_values (void)
{
  FoveaLoss loss = { FOVEA_LOSS_SOFTMAX, 0, NULL };
  g_autoptr (FoveaTensor) z = tensor_values (FOVEA_DTYPE_F32, "1 3", 3, 1., 2., 3.), d = tensor_filled (FOVEA_DTYPE_F32, "1 3", 0);
  g_autoptr (FoveaTensor) t = tensor_values (FOVEA_DTYPE_F32, "1 3", 3, 0., 0., 1.), flat = tensor_filled (FOVEA_DTYPE_F32, "1 3", 4);

  assert_close (loss_of (&loss, z, t, d), .40760596444, 1e-6, "softmax", 0);
  assert_values (d, 1e-6, 3, .09003057, .24472847, -.33475904);
  loss.label_smoothing = .1f;
  assert_close (loss_of (&loss, flat, t, d), log (3), 1e-6, "flat", 0);
  loss = (FoveaLoss) { FOVEA_LOSS_SIGMOID, 0, NULL };
  assert_close (loss_of (&loss, z, t, d), log1p (exp (1)) + log1p (exp (2)) + log1p (exp (-3)), 1e-6, "sigmoid", 0);
}

/* Huge logits neither overflow nor give NaN. */
static void
test_extremes (void)
{
  FoveaLoss loss = { FOVEA_LOSS_SOFTMAX, .1f, NULL };
  g_autoptr (FoveaTensor) z = tensor_values (FOVEA_DTYPE_F32, "1 3", 3, 1e4, -1e4, 0.), d = tensor_filled (FOVEA_DTYPE_F32, "1 3", 0);
  g_autoptr (FoveaTensor) t = tensor_values (FOVEA_DTYPE_F32, "1 3", 3, 0., 1., 0.);

  g_assert_true (isfinite (loss_of (&loss, z, t, d)));
  loss.kind = FOVEA_LOSS_SIGMOID;
  g_assert_true (isfinite (loss_of (&loss, z, t, d)));
}

/* Parts of a batch add up to the whole. */
static void
test_parts (void)
{
  FoveaLoss loss = { FOVEA_LOSS_SOFTMAX, .1f, weights };
  g_autoptr (FoveaTensor) z = tensor_random (FOVEA_DTYPE_F32, "4 3", 5), t = train_test_targets (ROWS, CLASSES, 1);
  g_autoptr (FoveaTensor) d = tensor_filled (FOVEA_DTYPE_F32, "4 3", 0), part = tensor_filled (FOVEA_DTYPE_F32, "2 3", 0);
  double whole = loss_of (&loss, z, t, d), sum = 0;
  FoveaShape shape = fovea_shape (2, (gint64) 2, (gint64) CLASSES);

  for (gsize first = 0; first < ROWS; first += 2)
    {
      g_autoptr (FoveaTensor) zp = fovea_tensor_new_wrapped (FOVEA_DTYPE_F32, &shape, FOVEA_TENSOR_DATA (z, float) + first * CLASSES, NULL, NULL);
      g_autoptr (FoveaTensor) tp = fovea_tensor_new_wrapped (FOVEA_DTYPE_F32, &shape, FOVEA_TENSOR_DATA (t, float) + first * CLASSES, NULL, NULL);
      g_autoptr (GError) error = NULL;

      g_assert_true (fovea_loss_compute (&loss, zp, tp, fovea_loss_weight (&loss, t), part, &sum, &error));
      for (gsize i = 0; i < 2 * CLASSES; i++)
        g_assert_cmpfloat (tensor_get (part, i), ==, tensor_get (d, first * CLASSES + i));
    }
  assert_close (sum, whole, 1e-12, "sum", 0);
}

static void
test_errors (void)
{
  FoveaLoss loss = { FOVEA_LOSS_SOFTMAX, 0, NULL };
  g_autoptr (FoveaTensor) z = tensor_random (FOVEA_DTYPE_F32, "4 3", 5), t = tensor_random (FOVEA_DTYPE_F32, "4 2", 5);
  g_autoptr (GError) error = NULL;
  double sum = 7;

  g_assert_false (fovea_loss_compute (&loss, z, t, 1, z, &sum, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "[4, 2]"));
  g_assert_cmpfloat (sum, ==, 7);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/loss/gradients", test_gradients);
  g_test_add_func ("/nn/loss/metric-gradients", test_metric_gradients);
  g_test_add_func ("/nn/loss/metric-values", test_metric_values);
  g_test_add_func ("/nn/loss/values", test_values);
  g_test_add_func ("/nn/loss/extremes", test_extremes);
  g_test_add_func ("/nn/loss/parts", test_parts);
  g_test_add_func ("/nn/loss/errors", test_errors);
  return g_test_run ();
}
