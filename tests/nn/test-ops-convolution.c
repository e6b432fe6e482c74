/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "op-test.h"

/* Convolutions against the definition, written out over three spatial axes (missing ones have length 1). */

#define F32 FOVEA_DTYPE_F32
#define F64 FOVEA_DTYPE_F64

typedef struct {
  gint64 n, c, o, groups, in[3], out[3], kernel[3], stride[3], dilation[3], pad[3];
} Sizes;

static double
at (const FoveaTensor *t, gint64 plane, const gint64 *size, gint64 z, gint64 y, gint64 x)
{
  if (z < 0 || z >= size[0] || y < 0 || y >= size[1] || x < 0 || x >= size[2])
    return 0;
  return tensor_get (t, (gsize) (((plane * size[0] + z) * size[1] + y) * size[2] + x));
}

/* y[n, o, p] by the definition of Conv */
static double
naive_conv (const Sizes *s, const FoveaTensor *x, const FoveaTensor *w, gint64 n, gint64 o, const gint64 *p)
{
  gint64 per = s->c / s->groups, group = o / (s->o / s->groups);
  double sum = 0;

  for (gint64 c = 0; c < per; c++)
    for (gint64 a = 0; a < s->kernel[0]; a++)
      for (gint64 b = 0; b < s->kernel[1]; b++)
        for (gint64 d = 0; d < s->kernel[2]; d++)
          sum += at (w, o * per + c, s->kernel, a, b, d)
                 * at (x, n * s->c + group * per + c, s->in, p[0] * s->stride[0] + a * s->dilation[0] - s->pad[0],
                       p[1] * s->stride[1] + b * s->dilation[1] - s->pad[1],
                       p[2] * s->stride[2] + d * s->dilation[2] - s->pad[2]);
  return sum;
}

/* y[n, o, p] by the definition of ConvTranspose: the inputs i and taps k that meet at p */
static double
naive_transposed (const Sizes *s, const FoveaTensor *x, const FoveaTensor *w, gint64 n, gint64 o, const gint64 *p)
{
  gint64 in_per = s->c / s->groups, out_per = s->o / s->groups, group = o / out_per;
  double sum = 0;

  for (gint64 c = 0; c < in_per; c++)
    for (gint64 a = 0; a < s->kernel[0]; a++)
      for (gint64 b = 0; b < s->kernel[1]; b++)
        for (gint64 d = 0; d < s->kernel[2]; d++)
          {
            gint64 tap[3] = { a, b, d }, i[3];
            gboolean meets = TRUE;

            for (int k = 0; k < 3; k++)
              {
                gint64 place = p[k] + s->pad[k] - tap[k] * s->dilation[k];

                meets = meets && place >= 0 && place % s->stride[k] == 0;
                i[k] = place / s->stride[k];
              }
            if (meets)
              sum += at (w, (group * in_per + c) * out_per + o % out_per, s->kernel, a, b, d)
                     * at (x, n * s->c + group * in_per + c, s->in, i[0], i[1], i[2]);
          }
  return sum;
}

typedef struct {
  const char *name, *x, *w;
  gint64 groups, stride, dilation, pad;
  gboolean bias, transposed;
} Case;

static const Case cases[] = {
  { "pointwise", "2 5 4 6", "7 5 1 1", 1, 1, 1, 0, TRUE },
  { "3x3", "1 3 7 8", "4 3 3 3", 1, 1, 1, 1, TRUE },
  { "stride", "2 2 9 7", "3 2 3 3", 1, 2, 1, 1, FALSE },
  { "dilated", "1 2 9 9", "2 2 3 3", 1, 1, 2, 2, TRUE },
  { "groups", "1 6 5 5", "4 3 3 3", 2, 1, 1, 1, TRUE },
  { "depthwise", "2 5 8 8", "5 1 3 3", 5, 2, 1, 1, TRUE },
  { "even kernel", "1 2 6 6", "2 2 2 4", 1, 2, 1, 1, FALSE },
  { "1-d", "2 3 11", "4 3 5", 1, 2, 1, 2, TRUE },
  { "3-d", "1 2 4 5 6", "3 2 2 3 2", 1, 1, 1, 1, TRUE },
  { "padding wider than input", "1 1 2 2", "1 1 3 3", 1, 3, 1, 4, FALSE },
  { "transposed", "1 3 4 5", "3 2 3 3", 1, 1, 1, 1, TRUE, TRUE },
  { "transposed stride", "2 2 3 4", "2 3 4 4", 1, 2, 1, 1, TRUE, TRUE },
  { "transposed dilated", "1 2 4 4", "2 2 2 2", 1, 2, 3, 0, FALSE, TRUE },
  { "transposed groups", "1 4 3 3", "4 3 3 3", 2, 2, 1, 1, TRUE, TRUE },
  { "transposed pointwise", "2 3 4 4", "3 5 1 1", 1, 1, 1, 0, TRUE, TRUE },
  { "transposed 1-d", "1 2 6", "2 1 3", 1, 3, 1, 1, FALSE, TRUE },
  { "transposed 3-d", "1 2 2 3 2", "2 2 2 2 2", 1, 2, 1, 0, TRUE, TRUE },
};

static void
set_spatial (OpTest *test, const char *name, int n, gint64 value)
{
  gint64 values[6];

  for (int i = 0; i < n; i++)
    values[i] = value;
  fovea_node_set_ints (test->node, name, values, (gsize) n);
}

static Sizes
sizes_of (const Case *c, const FoveaTensor *x, const FoveaTensor *w, const FoveaTensor *y)
{
  Sizes s = { .n = x->shape.dim[0], .c = x->shape.dim[1], .o = y->shape.dim[1], .groups = c->groups };
  int lead = 5 - x->shape.rank;

  for (int i = 0; i < 3; i++)
    {
      gboolean real = i >= lead;

      s.in[i] = real ? x->shape.dim[i - lead + 2] : 1;
      s.out[i] = real ? y->shape.dim[i - lead + 2] : 1;
      s.kernel[i] = real ? w->shape.dim[i - lead + 2] : 1;
      s.stride[i] = real ? c->stride : 1;
      s.dilation[i] = real ? c->dilation : 1;
      s.pad[i] = real ? c->pad : 0;
    }
  return s;
}

static void
test_table (gconstpointer data)
{
  const Case *c = data;

  for (int d = 0; d < 2; d++)
    {
      FoveaDType dtype = d == 0 ? F32 : F64;
      g_autoptr (OpTest) test = op_test_new (c->transposed ? "ConvTranspose" : "Conv", 11);
      FoveaTensor *x = tensor_random (dtype, c->x, 1), *w = tensor_random (dtype, c->w, 2), *y, *bias = NULL;
      g_autofree char *channels = NULL;
      gsize i = 0;
      Sizes s;

      op_test_in (test, x);
      op_test_in (test, w);
      channels = g_strdup_printf ("%" G_GINT64_FORMAT, c->transposed ? w->shape.dim[1] * c->groups : w->shape.dim[0]);
      if (c->bias)
        op_test_in (test, bias = tensor_random (dtype, channels, 3));
      fovea_node_set_int (test->node, "group", c->groups);
      set_spatial (test, "strides", x->shape.rank - 2, c->stride);
      set_spatial (test, "dilations", x->shape.rank - 2, c->dilation);
      set_spatial (test, "pads", 2 * (x->shape.rank - 2), c->pad);
      y = op_test_run (test, 1);
      s = sizes_of (c, x, w, y);
      for (gint64 n = 0; n < s.n; n++)
        for (gint64 o = 0; o < s.o; o++)
          for (gint64 a = 0; a < s.out[0]; a++)
            for (gint64 b = 0; b < s.out[1]; b++)
              for (gint64 e = 0; e < s.out[2]; e++, i++)
                {
                  gint64 p[3] = { a, b, e };
                  double want = c->transposed ? naive_transposed (&s, x, w, n, o, p) : naive_conv (&s, x, w, n, o, p);

                  want += bias != NULL ? tensor_get (bias, (gsize) o) : 0;
                  assert_close (tensor_get (y, i), want, dtype == F32 ? 2e-6 : 1e-14, c->name, i);
                }
      g_assert_cmpuint (i, ==, y->n_elements);
    }
}

static OpTest *
conv (const char *x, const char *w)
{
  OpTest *test = op_test_new ("Conv", 11);

  op_test_in (test, tensor_random (F32, x, 1));
  op_test_in (test, tensor_random (F32, w, 2));
  return test;
}

static void
test_auto_pad (void)
{
  static const struct {
    const char *mode;
    double first;
  } modes[] = { { "SAME_UPPER", 1 + 2 }, { "SAME_LOWER", 1 } };

  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    {
      g_autoptr (OpTest) test = op_test_new ("Conv", 11);
      FoveaTensor *y;

      op_test_in (test, tensor_values (F32, "1 1 4", 4, 1.0, 2.0, 3.0, 4.0));
      op_test_in (test, tensor_filled (F32, "1 1 2", 1));
      fovea_node_set_string (test->node, "auto_pad", modes[i].mode);
      y = op_test_run (test, 1);
      assert_shape (y, F32, "1 1 4"); /* the odd pixel of padding goes to the end, or to the beginning */
      assert_close (tensor_get (y, 0), modes[i].first, 0, modes[i].mode, 0);
    }
}

static void
test_transposed_output_shape (void)
{
  g_autoptr (OpTest) test = op_test_new ("ConvTranspose", 11);

  op_test_in (test, tensor_filled (F32, "1 1 3 3", 1));
  op_test_in (test, tensor_filled (F32, "1 2 3 3", 1));
  op_test_ints (test, "strides", 2, (gint64) 3, (gint64) 2);
  op_test_ints (test, "output_shape", 2, (gint64) 10, (gint64) 8);
  op_test_ints (test, "output_padding", 2, (gint64) 1, (gint64) 1);
  assert_shape (op_test_run (test, 1), F32, "1 2 10 8");
}

static void
test_empty (void)
{
  g_autoptr (OpTest) no_pictures = conv ("0 3 5 5", "4 3 3 3");
  g_autoptr (OpTest) no_channels = conv ("1 0 5 5", "4 0 3 3");
  FoveaTensor *y;

  assert_shape (op_test_run (no_pictures, 1), F32, "0 4 3 3");
  op_test_in (no_channels, tensor_filled (F32, "4", 2.5));
  y = op_test_run (no_channels, 1);
  assert_shape (y, F32, "1 4 3 3");
  assert_close (tensor_get (y, 17), 2.5, 0, "the bias alone", 17);
}

static void
test_half (void)
{
  g_autoptr (OpTest) test = conv ("1 2 4 4", "3 2 3 3");
  g_autoptr (OpTest) wide = conv ("1 2 4 4", "3 2 3 3");
  FoveaTensor *y, *want;

  for (int i = 0; i < 2; i++)
    {
      FoveaTensor *half = fovea_tensor_convert (test->in[i], FOVEA_DTYPE_F16, NULL);

      fovea_tensor_unref (test->in[i]);
      test->in[i] = half;
    }
  y = op_test_run (test, 1);
  want = op_test_run (wide, 1);
  assert_shape (y, FOVEA_DTYPE_F16, "1 3 2 2");
  for (gsize i = 0; i < y->n_elements; i++)
    assert_close (tensor_get (y, i), tensor_get (want, i), 4e-3, "half", i);
}

static void
test_errors (void)
{
  static const struct {
    const char *x, *w, *attr;
    gint64 value;
    FoveaNnError code;
    const char *message;
  } bad[] = {
    { "1 3 5 5", "4 3 3 3", "group", 2, FOVEA_NN_ERROR_SHAPE, "groups do not divide" },
    { "1 3 5 5", "4 3 3 3", "group", 0, FOVEA_NN_ERROR_SHAPE, "groups do not divide" },
    { "1 3 5 5", "4 3 3 3", "group", G_MININT64, FOVEA_NN_ERROR_SHAPE, "groups do not divide" },
    { "1 3 5 5", "4 2 3 3", NULL, 0, FOVEA_NN_ERROR_SHAPE, "channels" },
    { "1 3 5 5", "4 3 6 6", NULL, 0, FOVEA_NN_ERROR_SHAPE, "does not fit" },
    { "1 3 5 5", "4 3 0 3", NULL, 0, FOVEA_NN_ERROR_SHAPE, "out of range" },
    { "1 3 5 5", "4 3 3", NULL, 0, FOVEA_NN_ERROR_SHAPE, "rank" },
    { "1 3", "4 3", NULL, 0, FOVEA_NN_ERROR_SHAPE, "rank" },
    { "", "", NULL, 0, FOVEA_NN_ERROR_SHAPE, "rank" },
    { "1 3 5 5", "4 3 3 3", "strides", 0, FOVEA_NN_ERROR_MALFORMED, "strides" },
    { "1 3 5 5", "4 3 3 3", "strides", -1, FOVEA_NN_ERROR_MALFORMED, "strides" },
    { "1 3 5 5", "4 3 3 3", "dilations", 0, FOVEA_NN_ERROR_MALFORMED, "dilations" },
    { "1 3 5 5", "4 3 3 3", "dilations", G_MAXINT64, FOVEA_NN_ERROR_MALFORMED, "dilations" },
    { "1 3 5 5", "4 3 3 3", "dilations", G_MAXINT32, FOVEA_NN_ERROR_SHAPE, "dilation" },
    { "1 3 5 5", "4 3 3 3", "kernel_shape", 5, FOVEA_NN_ERROR_SHAPE, "kernel_shape" },
    { "1 3 5 5", "4 3 3 3", "kernel_shape", -5, FOVEA_NN_ERROR_MALFORMED, "kernel_shape" },
    { "1 3 5 5", "4 3 3 3", "pads", 1, FOVEA_NN_ERROR_MALFORMED, "pads" }, /* two entries instead of four */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (OpTest) test = conv (bad[i].x, bad[i].w);

      if (g_strcmp0 (bad[i].attr, "group") == 0)
        fovea_node_set_int (test->node, "group", bad[i].value);
      else if (bad[i].attr != NULL)
        set_spatial (test, bad[i].attr, 2, bad[i].value);
      op_test_fails (test, bad[i].code, bad[i].message);
    }
}

static void
test_more_errors (void)
{
  g_autoptr (OpTest) bias = conv ("1 3 5 5", "4 3 3 3");
  g_autoptr (OpTest) type = op_test_new ("Conv", 11);
  g_autoptr (OpTest) pads = conv ("1 3 5 5", "4 3 3 3");
  g_autoptr (OpTest) huge = conv ("1 1 1 1", "1 1 1 1");
  g_autoptr (OpTest) mode = conv ("1 3 5 5", "4 3 3 3");

  op_test_in (bias, tensor_random (F32, "3", 3));
  op_test_fails (bias, FOVEA_NN_ERROR_SHAPE, "[4]");
  op_test_in (type, tensor_random (F32, "1 3 5 5", 1));
  op_test_in (type, tensor_random (F64, "4 3 3 3", 1));
  op_test_fails (type, FOVEA_NN_ERROR_TYPE, "f64");
  set_spatial (pads, "pads", 4, -1);
  op_test_fails (pads, FOVEA_NN_ERROR_MALFORMED, "pads[0] is -1");
  set_spatial (huge, "pads", 4, G_MAXINT32); /* 2^64 bytes of output */
  op_test_fails (huge, FOVEA_NN_ERROR_LIMIT, "larger than");
  fovea_node_set_string (mode->node, "auto_pad", "SAME");
  op_test_fails (mode, FOVEA_NN_ERROR_MALFORMED, "auto_pad");
}

static void
test_integer (void)
{
  g_autoptr (OpTest) test = op_test_new ("ConvInteger", 10);
  FoveaTensor *x = tensor_random (FOVEA_DTYPE_U8, "1 2 4 4", 1), *w = tensor_random (FOVEA_DTYPE_I8, "3 2 3 3", 2), *y;
  const double zero[3] = { -2, 0, 3 };

  op_test_in (test, x);
  op_test_in (test, w);
  op_test_in (test, tensor_filled (FOVEA_DTYPE_U8, "", 4));
  op_test_in (test, tensor_values (FOVEA_DTYPE_I8, "3", 3, zero[0], zero[1], zero[2]));
  set_spatial (test, "pads", 4, 1);
  y = op_test_run (test, 1);
  assert_shape (y, FOVEA_DTYPE_I32, "1 3 4 4");
  for (gint64 o = 0; o < 3; o++) /* the corner: padding counts as x's zero point, so it adds nothing */
    {
      double want = 0;

      for (gint64 c = 0; c < 2; c++)
        for (gint64 a = 1; a < 3; a++)
          for (gint64 b = 1; b < 3; b++)
            want += (tensor_get (w, (gsize) (((o * 2 + c) * 3 + a) * 3 + b)) - zero[o])
                    * (tensor_get (x, (gsize) ((c * 4 + a - 1) * 4 + b - 1)) - 4);
      assert_close (tensor_get (y, (gsize) o * 16), want, 0, "corner", (gsize) o);
    }
}

static OpTest *
qlinear_conv (double y_scale)
{
  OpTest *test = op_test_new ("QLinearConv", 10);

  op_test_in (test, tensor_values (FOVEA_DTYPE_U8, "1 1 1 3", 3, 10.0, 128.0, 255.0));
  op_test_in (test, tensor_filled (F32, "", 0.5));
  op_test_in (test, tensor_filled (FOVEA_DTYPE_U8, "", 128));
  op_test_in (test, tensor_values (FOVEA_DTYPE_I8, "2 1 1 1", 2, 3.0, -2.0));
  op_test_in (test, tensor_values (F32, "2", 2, 0.25, 1.0));
  op_test_in (test, tensor_values (FOVEA_DTYPE_I8, "2", 2, 1.0, 0.0));
  op_test_in (test, tensor_filled (F32, "", y_scale));
  op_test_in (test, tensor_filled (FOVEA_DTYPE_U8, "", 100));
  op_test_in (test, tensor_values (FOVEA_DTYPE_I32, "2", 2, 4.0, 0.0));
  return test;
}

static void
test_qlinear (void)
{
  g_autoptr (OpTest) test = qlinear_conv (0.5);
  g_autoptr (OpTest) zero = qlinear_conv (0);
  g_autoptr (OpTest) nan = qlinear_conv ((double) NAN);

  /* channel 0: ((x − 128) · 2 + 4) · 0.5 · 0.25 / 0.5 + 100;  channel 1: (x − 128) · −2 · 0.5 / 0.5 + 100, saturated */
  assert_values (op_test_run (test, 1), 0, 6, 42.0, 101.0, 164.0, 255.0, 100.0, 0.0);
  op_test_fails (zero, FOVEA_NN_ERROR_MALFORMED, "scale");
  op_test_fails (nan, FOVEA_NN_ERROR_MALFORMED, "scale");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/nn/ops/convolution/table/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_table);
    }
  g_test_add_func ("/nn/ops/convolution/auto-pad", test_auto_pad);
  g_test_add_func ("/nn/ops/convolution/transposed-output-shape", test_transposed_output_shape);
  g_test_add_func ("/nn/ops/convolution/empty", test_empty);
  g_test_add_func ("/nn/ops/convolution/half", test_half);
  g_test_add_func ("/nn/ops/convolution/errors", test_errors);
  g_test_add_func ("/nn/ops/convolution/more-errors", test_more_errors);
  g_test_add_func ("/nn/ops/convolution/integer", test_integer);
  g_test_add_func ("/nn/ops/convolution/qlinear", test_qlinear);
  return g_test_run ();
}
