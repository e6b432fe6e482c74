/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "op-test.h"

/* Resize, Upsample, GridSample, AffineGrid, Col2Im, CenterCropPad */

#define F32 FOVEA_DTYPE_F32
#define I64 FOVEA_DTYPE_I64

static OpTest *
resize (int opset, const char *mode, const char *map, FoveaTensor *x, double scale, double size)
{
  OpTest *test = op_test_new ("Resize", opset);

  op_test_in (test, x);
  op_test_in (test, NULL);
  op_test_in (test, size >= 0 ? NULL : tensor_filled (F32, "1", scale));
  if (size >= 0)
    op_test_in (test, tensor_filled (I64, "1", size));
  fovea_node_set_string (test->node, "mode", mode);
  if (map != NULL)
    fovea_node_set_string (test->node, "coordinate_transformation_mode", map);
  return test;
}

/* 0, 10, 20, 30 along one axis: linear sampling shows the coordinate itself */
static FoveaTensor *
ramp (void)
{
  return tensor_values (F32, "4", 4, 0.0, 10.0, 20.0, 30.0);
}

static void
test_coordinates (void)
{
  static const struct {
    const char *map;
    double want[8];
  } rows[] = {
    { "half_pixel", { 0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30 } },
    { "pytorch_half_pixel", { 0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30 } },
    { "half_pixel_symmetric", { 0, 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30 } },
    { "asymmetric", { 0, 5, 10, 15, 20, 25, 30, 30 } },
    { "align_corners", { 0, 30 / 7.0, 60 / 7.0, 90 / 7.0, 120 / 7.0, 150 / 7.0, 180 / 7.0, 30 } },
    { "tf_half_pixel_for_nn", { 2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 30, 30 } },
  };

  for (gsize r = 0; r < G_N_ELEMENTS (rows); r++)
    for (int by_size = 0; by_size < 2; by_size++)
      {
        g_autoptr (OpTest) test = resize (13, "linear", rows[r].map, ramp (), 2, by_size != 0 ? 8 : -1);
        FoveaTensor *y = op_test_run (test, 1);

        assert_shape (y, F32, "8");
        for (gsize i = 0; i < 8; i++)
          assert_close (tensor_get (y, i), rows[r].want[i], 1e-6, rows[r].map, i);
      }
}

static void
test_one_output (void)
{
  g_autoptr (OpTest) half = resize (13, "linear", "half_pixel", ramp (), 0, 1);
  g_autoptr (OpTest) torch = resize (13, "linear", "pytorch_half_pixel", ramp (), 0, 1);
  g_autoptr (OpTest) corners = resize (13, "linear", "align_corners", ramp (), 0, 1);

  assert_values (op_test_run (half, 1), 1e-6, 1, 15.0);
  assert_values (op_test_run (torch, 1), 1e-6, 1, 0.0);
  assert_values (op_test_run (corners, 1), 1e-6, 1, 0.0);
}

static void
test_nearest (void)
{
  static const struct {
    const char *rounding;
    double want[5]; /* of the coordinates 0, ¼, ½, ¾, 1 */
  } rows[] = { { "round_prefer_floor", { 0, 0, 0, 10, 10 } },
               { "round_prefer_ceil", { 0, 0, 10, 10, 10 } },
               { "floor", { 0, 0, 0, 0, 10 } },
               { "ceil", { 0, 10, 10, 10, 10 } } };
  static const FoveaDType dtypes[] = { F32, FOVEA_DTYPE_F64, I64, FOVEA_DTYPE_I32, FOVEA_DTYPE_I8, FOVEA_DTYPE_U8 };

  for (gsize r = 0; r < G_N_ELEMENTS (rows); r++)
    for (gsize d = 0; d < G_N_ELEMENTS (dtypes); d++)
      {
        FoveaTensor *x = tensor_values (dtypes[d], "4", 4, 0.0, 10.0, 20.0, 30.0);
        g_autoptr (OpTest) test = resize (13, "nearest", "asymmetric", x, 4, -1);
        FoveaTensor *y;

        fovea_node_set_string (test->node, "nearest_mode", rows[r].rounding);
        y = op_test_run (test, 1);
        assert_shape (y, dtypes[d], "16");
        for (gsize i = 0; i < 5; i++)
          assert_close (tensor_get (y, i), rows[r].want[i], 0, rows[r].rounding, i);
      }
}

/* Weights of a = −0.75 at x = 1.5: −0.09375, 0.59375, 0.59375, −0.09375 */
static void
test_cubic (void)
{
  g_autoptr (OpTest) inside = resize (13, "cubic", "half_pixel", tensor_values (F32, "4", 4, 1.0, 2.0, 5.0, 11.0), 0, 1);
  g_autoptr (OpTest) edge = resize (13, "cubic", "half_pixel", tensor_values (F32, "2", 2, 1.0, 3.0), 0, 1);
  g_autoptr (OpTest) excluded = resize (13, "cubic", "half_pixel", tensor_values (F32, "2", 2, 1.0, 3.0), 0, 4);
  double near[2], w[2], y;

  assert_values (op_test_run (inside, 1), 1e-6, 1, -0.09375 * 12 + 0.59375 * 7);
  assert_values (op_test_run (edge, 1), 1e-6, 1, 2.0);
  fovea_node_set_int (excluded->node, "exclude_outside", 1);
  y = tensor_get (op_test_run (excluded, 1), 0); /* x = −0.25: the two inner weights, scaled to 1 */
  near[0] = 0.25;
  near[1] = 1.25;
  w[0] = (1.25 * near[0] - 2.25) * near[0] * near[0] + 1;
  w[1] = ((-0.75 * near[1] + 3.75) * near[1] - 6) * near[1] + 3;
  assert_close (y, (w[0] * 1 + w[1] * 3) / (w[0] + w[1]), 1e-6, "excluded", 0);
}

static void
test_antialias (void)
{
  g_autoptr (OpTest) test = resize (18, "linear", "half_pixel", tensor_values (F32, "4", 4, 1.0, 2.0, 3.0, 8.0), 0, 2);

  fovea_node_set_int (test->node, "antialias", 1);
  /* output 0 lies at 0.5; a triangle 2 wide either side: taps −1 (edge), 0, 1, 2 with ⅛, ⅜, ⅜, ⅛ */
  assert_values (op_test_run (test, 1), 1e-6, 2, (1 + 3 * 1 + 3 * 2 + 3) / 8.0, (2 + 3 * 3 + 3 * 8 + 8) / 8.0);
}

static void
test_axes_and_aspect (void)
{
  g_autoptr (OpTest) axes = op_test_new ("Resize", 18);
  g_autoptr (OpTest) aspect = op_test_new ("Resize", 18);

  op_test_in (axes, tensor_random (F32, "2 3 4 5", 1));
  op_test_in (axes, NULL);
  op_test_in (axes, NULL);
  op_test_in (axes, tensor_values (I64, "2", 2, 7.0, 6.0));
  op_test_ints (axes, "axes", 2, (gint64) -1, (gint64) 2);
  assert_shape (op_test_run (axes, 1), F32, "2 3 6 7");
  op_test_in (aspect, tensor_random (F32, "4 8", 1));
  op_test_in (aspect, NULL);
  op_test_in (aspect, NULL);
  op_test_in (aspect, tensor_values (I64, "2", 2, 6.0, 8.0));
  fovea_node_set_string (aspect->node, "keep_aspect_ratio_policy", "not_larger");
  assert_shape (op_test_run (aspect, 1), F32, "4 8");
}

static void
test_crop (void)
{
  g_autoptr (OpTest) test = op_test_new ("Resize", 13);

  op_test_in (test, ramp ());
  op_test_in (test, tensor_values (F32, "2", 2, 0.5, 1.5));
  op_test_in (test, NULL);
  op_test_in (test, tensor_values (I64, "1", 1, 3.0));
  fovea_node_set_string (test->node, "mode", "linear");
  fovea_node_set_string (test->node, "coordinate_transformation_mode", "tf_crop_and_resize");
  fovea_node_set_float (test->node, "extrapolation_value", -7);
  assert_values (op_test_run (test, 1), 1e-6, 3, 15.0, 30.0, -7.0);
}

static void
test_integers_round (void)
{
  g_autoptr (OpTest) test = resize (13, "linear", "align_corners", tensor_values (FOVEA_DTYPE_U8, "2", 2, 0.0, 255.0), 0, 4);
  g_autoptr (OpTest) cubic = resize (13, "cubic", "half_pixel", tensor_values (FOVEA_DTYPE_U8, "2", 2, 0.0, 255.0), 0, 4);

  assert_values (op_test_run (test, 1), 0, 4, 0.0, 85.0, 170.0, 255.0);
  assert_close (tensor_get (op_test_run (cubic, 1), 0), 0, 0, "undershoot is cut off", 0);
}

static void
test_old_forms (void)
{
  g_autoptr (OpTest) by_input = op_test_new ("Resize", 10);
  g_autoptr (OpTest) by_attr = op_test_new ("Upsample", 1);
  g_autoptr (OpTest) bare = op_test_new ("Upsample", 7);

  op_test_in (by_input, ramp ());
  op_test_in (by_input, tensor_filled (F32, "1", 0.6));
  assert_values (op_test_run (by_input, 1), 0, 2, 0.0, 20.0);
  op_test_in (by_attr, tensor_random (F32, "1 1 2 3", 1));
  fovea_node_set_float (by_attr->node, "height_scale", 2);
  fovea_node_set_float (by_attr->node, "width_scale", 3);
  assert_shape (op_test_run (by_attr, 1), F32, "1 1 4 9");
  op_test_in (bare, tensor_filled (F32, "", 1));
  op_test_fails (bare, FOVEA_NN_ERROR_SHAPE, "scales");
}

static void
test_resize_errors (void)
{
  static const double scales[] = { 0, -1, (double) NAN, (double) INFINITY };
  g_autoptr (OpTest) huge = resize (13, "nearest", NULL, ramp (), 1e30, -1);
  g_autoptr (OpTest) negative = resize (13, "nearest", NULL, ramp (), 0, 0);
  g_autoptr (OpTest) mode = resize (13, "lanczos", NULL, ramp (), 2, -1);
  g_autoptr (OpTest) map = resize (13, "linear", "whatever", ramp (), 2, -1);
  g_autoptr (OpTest) both = resize (13, "linear", NULL, ramp (), 2, -1);
  g_autoptr (OpTest) empty = resize (13, "linear", NULL, tensor_filled (F32, "0", 0), 0, 3);
  g_autoptr (OpTest) count = resize (13, "linear", NULL, tensor_filled (F32, "2 2", 0), 2, -1);
  g_autoptr (OpTest) region = resize (13, "linear", "tf_crop_and_resize", ramp (), 2, -1);

  for (gsize i = 0; i < G_N_ELEMENTS (scales); i++)
    {
      g_autoptr (OpTest) test = resize (13, "nearest", NULL, ramp (), scales[i], -1);

      op_test_fails (test, FOVEA_NN_ERROR_MALFORMED, "scale");
    }
  op_test_fails (huge, FOVEA_NN_ERROR_LIMIT, "scale");
  FOVEA_TENSOR_DATA (negative->in[3], gint64)[0] = -4;
  op_test_fails (negative, FOVEA_NN_ERROR_MALFORMED, "-4");
  op_test_fails (mode, FOVEA_NN_ERROR_UNSUPPORTED, "lanczos");
  op_test_fails (map, FOVEA_NN_ERROR_UNSUPPORTED, "whatever");
  op_test_in (both, tensor_filled (I64, "1", 3));
  op_test_fails (both, FOVEA_NN_ERROR_MALFORMED, "either");
  op_test_fails (empty, FOVEA_NN_ERROR_SHAPE, "empty");
  op_test_fails (count, FOVEA_NN_ERROR_SHAPE, "2 axes");
  op_test_fails (region, FOVEA_NN_ERROR_SHAPE, "region");
}

static OpTest *
sample (const char *mode, const char *outside, gint64 align, double x)
{
  OpTest *test = op_test_new ("GridSample", 16);

  op_test_in (test, tensor_values (F32, "1 1 1 4", 4, 10.0, 20.0, 30.0, 40.0));
  op_test_in (test, tensor_values (F32, "1 1 1 2", 2, x, 0.0));
  fovea_node_set_string (test->node, "mode", mode);
  fovea_node_set_string (test->node, "padding_mode", outside);
  fovea_node_set_int (test->node, "align_corners", align);
  return test;
}

static void
test_grid_sample (void)
{
  static const struct {
    const char *mode, *outside;
    gint64 align;
    double x, want;
  } rows[] = {
    { "bilinear", "zeros", 1, 0, 25 },         { "bilinear", "zeros", 0, -1, 5 },
    { "bilinear", "border", 0, -1, 10 },       { "bilinear", "zeros", 0, -3, 0 },
    { "bilinear", "border", 0, 9, 40 },        { "nearest", "border", 0, -9, 10 },
    { "nearest", "zeros", 1, 1, 40 },          { "bilinear", "reflection", 1, 2, 25 },
    { "bilinear", "reflection", 0, 1.25, 40 }, { "bicubic", "border", 1, 1, 40 },
    { "bicubic", "zeros", 1, 0, 0.59375 * 50 - 0.09375 * 50 },
    { "bilinear", "zeros", 0, (double) NAN, 0 }, { "bilinear", "border", 0, 1e30, 40 },
    { "nearest", "reflection", 0, (double) INFINITY, 10 },
  };
  static const struct {
    const char *x, *grid;
  } bad[] = { { "1 1 1 4", "1 1 1 3" }, { "2 1 1 4", "1 1 1 2" }, { "1 1 0 4", "1 1 1 2" }, { "1 1 4", "1 1 1 2" } };
  g_autoptr (OpTest) mode = sample ("area", "zeros", 0, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (OpTest) test = sample (rows[i].mode, rows[i].outside, rows[i].align, rows[i].x);

      assert_close (tensor_get (op_test_run (test, 1), 0), rows[i].want, 1e-6, rows[i].mode, i);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (OpTest) test = op_test_new ("GridSample", 16);

      op_test_in (test, tensor_random (F32, bad[i].x, 1));
      op_test_in (test, tensor_random (F32, bad[i].grid, 1));
      op_test_fails (test, FOVEA_NN_ERROR_SHAPE, "");
    }
  op_test_fails (mode, FOVEA_NN_ERROR_UNSUPPORTED, "area");
}

static void
test_affine_grid (void)
{
  g_autoptr (OpTest) test = op_test_new ("AffineGrid", 20);

  op_test_in (test, tensor_values (F32, "1 2 3", 6, 1.0, 0.0, 0.5, 0.0, 2.0, 0.0));
  op_test_in (test, tensor_values (I64, "4", 4, 1.0, 3.0, 2.0, 2.0));
  assert_shape (op_test_run (test, 1), F32, "1 2 2 2");
  assert_values (test->out[0], 1e-6, 8, 0.0, -1.0, 1.0, -1.0, 0.0, 1.0, 1.0, 1.0);
  FOVEA_TENSOR_DATA (test->in[1], gint64)[0] = 2;
  op_test_fails (test, FOVEA_NN_ERROR_SHAPE, "theta");
}

static OpTest *
fold (const char *columns, double block)
{
  OpTest *test = op_test_new ("Col2Im", 18);

  op_test_in (test, tensor_filled (F32, columns, 1));
  op_test_in (test, tensor_values (I64, "2", 2, 3.0, 3.0));
  op_test_in (test, tensor_filled (I64, "2", block));
  return test;
}

static void
test_fold (void)
{
  g_autoptr (OpTest) test = fold ("1 8 4", 2);
  g_autoptr (OpTest) columns = fold ("1 8 5", 2);
  g_autoptr (OpTest) rows = fold ("1 7 4", 2);
  g_autoptr (OpTest) block = fold ("1 8 4", 0);
  FoveaTensor *y = op_test_run (test, 1);

  assert_shape (y, F32, "1 2 3 3"); /* how many windows cover each pixel */
  for (gsize i = 0; i < 9; i++)
    assert_close (tensor_get (y, i + 9), (i / 3 == 1 ? 2 : 1) * (i % 3 == 1 ? 2 : 1), 0, "overlaps", i);
  op_test_fails (columns, FOVEA_NN_ERROR_SHAPE, "columns");
  op_test_fails (rows, FOVEA_NN_ERROR_SHAPE, "columns");
  op_test_fails (block, FOVEA_NN_ERROR_SHAPE, "block");
}

static void
test_crop_pad (void)
{
  g_autoptr (OpTest) test = op_test_new ("CenterCropPad", 18);
  g_autoptr (OpTest) size = op_test_new ("CenterCropPad", 18);

  op_test_in (test, tensor_values (FOVEA_DTYPE_U8, "2 4", 8, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0));
  op_test_in (test, tensor_values (I64, "2", 2, 3.0, 1.0));
  assert_shape (op_test_run (test, 1), FOVEA_DTYPE_U8, "3 1");
  assert_values (test->out[0], 0, 3, 2.0, 6.0, 0.0);
  op_test_in (size, tensor_random (F32, "2", 1));
  op_test_in (size, tensor_filled (I64, "1", -1));
  op_test_fails (size, FOVEA_NN_ERROR_MALFORMED, "-1");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/ops/resize/coordinates", test_coordinates);
  g_test_add_func ("/nn/ops/resize/one-output", test_one_output);
  g_test_add_func ("/nn/ops/resize/nearest", test_nearest);
  g_test_add_func ("/nn/ops/resize/cubic", test_cubic);
  g_test_add_func ("/nn/ops/resize/antialias", test_antialias);
  g_test_add_func ("/nn/ops/resize/axes-and-aspect", test_axes_and_aspect);
  g_test_add_func ("/nn/ops/resize/crop", test_crop);
  g_test_add_func ("/nn/ops/resize/integers-round", test_integers_round);
  g_test_add_func ("/nn/ops/resize/old-forms", test_old_forms);
  g_test_add_func ("/nn/ops/resize/errors", test_resize_errors);
  g_test_add_func ("/nn/ops/grid-sample/table", test_grid_sample);
  g_test_add_func ("/nn/ops/grid-sample/affine-grid", test_affine_grid);
  g_test_add_func ("/nn/ops/fold/col2im", test_fold);
  g_test_add_func ("/nn/ops/fold/crop-pad", test_crop_pad);
  return g_test_run ();
}
