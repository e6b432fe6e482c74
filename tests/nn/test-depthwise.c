/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Depthwise convolution for training, every instruction set and storage, against plain loops in f64. */
#include <math.h>
#include <string.h>

#include "nn/half.h"
#include "nn/kernels/depthwise.h"

#define BLOCK FOVEA_BLOCK

static const FoveaIsa all_isas[] = { FOVEA_ISA_PLAIN, FOVEA_ISA_SSE41, FOVEA_ISA_AVX2, FOVEA_ISA_AVX512 };

/* A picture in the storage that is tested, and the very values that it holds. */
typedef struct {
  gsize n;
  float *values;
  void *stored;
} Picture;

static Picture
picture_new (const FoveaDepthwise *d, const gsize *size, GRand *random, double low, double high)
{
  Picture p = { .n = d->batch * d->blocks * size[0] * size[1] * BLOCK };

  p.values = g_new (float, p.n);
  for (gsize i = 0; i < p.n; i++)
    {
      p.values[i] = (float) g_rand_double_range (random, low, high);
      if (d->storage == FOVEA_STORAGE_BF16)
        p.values[i] = fovea_bf16_to_float (fovea_float_to_bf16 (p.values[i]));
    }
  if (d->storage == FOVEA_STORAGE_F32)
    p.stored = g_memdup2 (p.values, p.n * sizeof (float));
  else
    {
      guint16 *halves = g_new (guint16, p.n);

      for (gsize i = 0; i < p.n; i++)
        halves[i] = fovea_float_to_bf16 (p.values[i]);
      p.stored = halves;
    }
  return p;
}

static void
picture_clear (Picture *p)
{
  g_free (p->values);
  g_free (p->stored);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Picture, picture_clear)

/* Nothing may be left of what was there before. */
static void
picture_spoil (const FoveaDepthwise *d, Picture *p)
{
  memset (p->stored, 0x7f, p->n * (d->storage == FOVEA_STORAGE_F32 ? 4 : 2));
}

static void
picture_assert (const FoveaDepthwise *d, const Picture *p, const double *wanted)
{
  for (gsize i = 0; i < p->n; i++)
    {
      float value = d->storage == FOVEA_STORAGE_F32 ? ((const float *) p->stored)[i]
                                                    : fovea_bf16_to_float (((const guint16 *) p->stored)[i]);
      double tolerance = 4e-5 + (d->storage == FOVEA_STORAGE_F32 ? 0 : fabs (wanted[i]) / 250);

      g_assert_cmpfloat_with_epsilon ((double) value, wanted[i], tolerance);
    }
}

static void
floats_assert (const float *values, const double *wanted, gsize n, double size)
{
  for (gsize i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon ((double) values[i], wanted[i], 1e-6 * size + 1e-5);
}

/* The formulas of the header, a product at a time. */
typedef struct {
  double *y, *dx, *dw, *dbias;
} Reference;

static void
reference_clear (Reference *r)
{
  g_free (r->y);
  g_free (r->dx);
  g_free (r->dw);
  g_free (r->dbias);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reference, reference_clear)

static double
masked (const FoveaDepthwise *d, const float *y, const float *dy, gsize i)
{
  return y == NULL || (y[i] > d->low && y[i] < d->high) ? (double) dy[i] : 0;
}

/* One output value of block @p: what it is, and what flows back through it. */
static void
reference_at (const FoveaDepthwise *d, const float *x, const float *w, const float *bias, const float *y,
              const float *dy, gsize p, gsize i, gsize j, gsize c, Reference *r)
{
  const gsize block = p % d->blocks, at = ((p * d->out[0] + i) * d->out[1] + j) * BLOCK + c;
  const double g = masked (d, y, dy, at);
  double sum = (double) bias[block * BLOCK + c];

  for (gsize u = 0; u < d->kernel[0]; u++)
    for (gsize v = 0; v < d->kernel[1]; v++)
      {
        const gsize row = i * d->stride[0] + u, column = j * d->stride[1] + v;
        const gsize tap = ((block * d->kernel[0] + u) * d->kernel[1] + v) * BLOCK + c;
        gsize from;

        if (row < d->before[0] || column < d->before[1] || row - d->before[0] >= d->in[0] ||
            column - d->before[1] >= d->in[1])
          continue;
        from = ((p * d->in[0] + row - d->before[0]) * d->in[1] + column - d->before[1]) * BLOCK + c;
        sum += (double) w[tap] * (double) x[from];
        r->dx[from] += (double) w[tap] * g;
        r->dw[tap] += (double) x[from] * g;
      }
  r->dbias[block * BLOCK + c] += g;
  r->y[at] = CLAMP (sum, (double) d->low, (double) d->high);
}

static Reference
reference_new (const FoveaDepthwise *d, const float *x, const float *w, const float *bias, const float *y,
               const float *dy)
{
  const gsize planes = d->batch * d->blocks;
  Reference r = { g_new0 (double, planes *d->out[0] * d->out[1] * BLOCK),
                  g_new0 (double, planes *d->in[0] * d->in[1] * BLOCK),
                  g_new0 (double, d->blocks *d->kernel[0] * d->kernel[1] * BLOCK), g_new0 (double, d->blocks *BLOCK) };

  for (gsize p = 0; p < planes; p++)
    for (gsize i = 0; i < d->out[0]; i++)
      for (gsize j = 0; j < d->out[1]; j++)
        for (gsize c = 0; c < BLOCK; c++)
          reference_at (d, x, w, bias, y, dy, p, i, j, c, &r);
  return r;
}

static void
check (const FoveaKernels *kernels, const FoveaDepthwise *d, gboolean mask, GRand *random)
{
  const gsize n_w = d->blocks * d->kernel[0] * d->kernel[1] * BLOCK, n_bias = d->blocks * BLOCK;
  const double size = (double) (d->batch * d->out[0] * d->out[1]);
  g_autofree float *w = g_new (float, n_w), *bias = g_new (float, n_bias), *dw = g_new (float, n_w);
  g_autofree float *dbias = g_new (float, n_bias);
  g_auto (Picture) x = picture_new (d, d->in, random, -1, 1), dy = picture_new (d, d->out, random, -1, 1);
  g_auto (Picture) seen = picture_new (d, d->out, random, -4, 10), y = picture_new (d, d->out, random, 0, 1);
  g_auto (Picture) dx = picture_new (d, d->in, random, 0, 1);
  g_auto (Reference) r = { 0 };

  for (gsize i = 0; i < n_w; i++)
    w[i] = (float) g_rand_double_range (random, -1, 1);
  for (gsize i = 0; i < n_bias; i++)
    bias[i] = (float) g_rand_double_range (random, -1, 1);
  r = reference_new (d, x.values, w, bias, mask ? seen.values : NULL, dy.values);

  picture_spoil (d, &y);
  fovea_depthwise_forward (kernels, d, x.stored, w, bias, y.stored, 2);
  picture_assert (d, &y, r.y);

  picture_spoil (d, &dx);
  memset (dw, 0x7f, n_w * sizeof (float));
  memset (dbias, 0x7f, n_bias * sizeof (float));
  fovea_depthwise_backward (kernels, d, x.stored, w, mask ? seen.stored : NULL, dy.stored, dx.stored, dw, dbias, 2);
  picture_assert (d, &dx, r.dx);
  floats_assert (dw, r.dw, n_w, size);
  floats_assert (dbias, r.dbias, n_bias, size);
}

static gsize
same_out (gsize in, gsize stride)
{
  return (in + stride - 1) / stride;
}

/* TensorFlow's SAME: the odd pixel after. */
static gsize
same_before (gsize in, gsize kernel, gsize stride)
{
  const gsize needed = (same_out (in, stride) - 1) * stride + kernel;

  return needed > in ? (needed - in) / 2 : 0;
}

static FoveaDepthwise
same (gsize batch, gsize blocks, gsize height, gsize width, gsize kernel, gsize stride, FoveaStorage storage)
{
  return (FoveaDepthwise) {
    .batch = batch, .blocks = blocks, .in = { height, width },
    .out = { same_out (height, stride), same_out (width, stride) }, .kernel = { kernel, kernel },
    .stride = { stride, stride },
    .before = { same_before (height, kernel, stride), same_before (width, kernel, stride) }, .storage = storage,
    .low = 0, .high = 6,
  };
}

/* Every kernel, stride and size of EfficientNet-Lite0 and -Lite2, the large sizes halved and fewer channels. */
static void
test_efficientnet (gconstpointer data)
{
  static const gsize shapes[][3] = { /* kernel, stride, size */
    { 3, 1, 56 }, { 3, 2, 56 }, { 3, 1, 28 }, { 5, 2, 28 }, { 5, 1, 28 }, { 3, 2, 28 }, { 3, 1, 14 }, { 5, 1, 14 },
    { 5, 2, 14 }, { 5, 1, 7 }, { 3, 1, 7 }, { 3, 2, 65 }, { 5, 2, 33 }, { 5, 1, 17 }, { 5, 2, 17 }, { 3, 1, 9 },
  };
  g_autoptr (GRand) random = g_rand_new_with_seed (1);

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (int storage = 0; storage < 2; storage++)
      {
        FoveaDepthwise d = same (2, 1 + i % 2, shapes[i][2], shapes[i][2], shapes[i][0], shapes[i][1],
                                 (FoveaStorage) storage);

        check (data, &d, TRUE, random);
      }
}

/* What no network of ours has, but the header allows. */
static void
test_any_shape (gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (2);

  for (gsize kernel = 1; kernel <= 7; kernel++)
    for (gsize stride = 1; stride <= 3; stride++)
      for (gsize size = 1; size <= 9; size += 1 + size / 3)
        {
          FoveaDepthwise d = same (1 + size % 3, 1, size, size + 2, kernel, stride, (FoveaStorage) (size % 2));

          if (kernel % 2 == 0)
            d.low = -INFINITY, d.high = INFINITY;
          check (data, &d, kernel % 3 == 0, random);
          if (size + 2 < kernel + 1 || size < kernel)
            continue;
          /* No padding; and a kernel and stride of two different sides. */
          d.before[0] = d.before[1] = 0;
          d.kernel[0] = MAX (1, kernel - 1);
          d.stride[0] = 1 + stride % 3;
          for (int axis = 0; axis < 2; axis++)
            d.out[axis] = (d.in[axis] - d.kernel[axis]) / d.stride[axis] + 1;
          check (data, &d, TRUE, random);
        }
}

/* One thread or three, both gradients or one: the very same bits. */
static void
test_same_bits (gconstpointer data)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (3);
  const FoveaDepthwise d = same (5, 3, 14, 14, 5, 1, FOVEA_STORAGE_F32);
  const gsize n_w = 3 * 25 * BLOCK;
  g_auto (Picture) x = picture_new (&d, d.in, random, -1, 1), dy = picture_new (&d, d.out, random, -1, 1);
  g_auto (Picture) one = picture_new (&d, d.in, random, -1, 1), three = picture_new (&d, d.in, random, -1, 1);
  g_autofree float *w = g_new (float, n_w), *dw = g_new (float, n_w), *dw_three = g_new (float, n_w);
  float dbias[3 * BLOCK], dbias_three[3 * BLOCK];

  for (gsize i = 0; i < n_w; i++)
    w[i] = (float) g_rand_double_range (random, -1, 1);
  fovea_depthwise_backward (data, &d, x.stored, w, NULL, dy.stored, one.stored, dw, dbias, 1);
  fovea_depthwise_backward (data, &d, x.stored, w, NULL, dy.stored, three.stored, dw_three, dbias_three, 3);
  g_assert_cmpmem (one.stored, one.n * sizeof (float), three.stored, three.n * sizeof (float));
  g_assert_cmpmem (dw, n_w * sizeof (float), dw_three, n_w * sizeof (float));
  g_assert_cmpmem (dbias, sizeof dbias, dbias_three, sizeof dbias);

  memset (dw_three, 0, n_w * sizeof (float));
  fovea_depthwise_backward (data, &d, x.stored, NULL, NULL, dy.stored, NULL, dw_three, dbias_three, 2);
  g_assert_cmpmem (dw, n_w * sizeof (float), dw_three, n_w * sizeof (float));
  picture_spoil (&d, &three);
  fovea_depthwise_backward (data, &d, NULL, w, NULL, dy.stored, three.stored, NULL, NULL, 2);
  g_assert_cmpmem (one.stored, one.n * sizeof (float), three.stored, three.n * sizeof (float));
}

static void
test_bf16 (gconstpointer data)
{
  static const guint32 bits[BLOCK] = { 0, 0x80000000u, 0x3f800000u, 0x3f808000u, 0x3f818000u, 0x3f80ffffu, 0x7f7fffffu,
                                       0x7f800000u, 0xff800000u, 0x7f800001u, 0x7fc00000u, 0xffffffffu, 1, 0x8000u,
                                       0x18000u, 0xbf818001u };
  const FoveaKernels *kernels = data;
  float x[BLOCK], back[BLOCK];
  guint16 y[BLOCK];

  memcpy (x, bits, sizeof x);
  kernels->to_bf16 (x, y, BLOCK);
  for (gsize i = 0; i < BLOCK; i++)
    g_assert_cmphex (y[i], ==, fovea_float_to_bf16 (x[i]));
  kernels->from_bf16 (y, back, BLOCK);
  for (gsize i = 0; i < BLOCK; i++)
    g_assert_cmphex (fovea_float_to_bits (back[i]), ==, (guint32) y[i] << 16);
}

static void
test_pack (void)
{
  float w[19 * 9], packed[2 * 9 * BLOCK], back[19 * 9];

  for (gsize i = 0; i < G_N_ELEMENTS (w); i++)
    w[i] = (float) i + 1;
  fovea_depthwise_pack (w, 19, 9, packed);
  g_assert_cmpfloat (packed[(9 + 4) * BLOCK + 2], ==, w[18 * 9 + 4]);
  g_assert_cmpfloat (packed[(9 + 4) * BLOCK + 3], ==, 0);
  fovea_depthwise_unpack (packed, 19, 9, back);
  g_assert_cmpmem (w, sizeof w, back, sizeof back);
}

static void
add (const FoveaKernels *kernels, const char *name, GTestDataFunc function)
{
  g_autofree char *path = g_strdup_printf ("/nn/depthwise/%s/%s", kernels->name, name);

  g_test_add_data_func (path, kernels, function);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (all_isas); i++)
    {
      const FoveaKernels *kernels = fovea_kernels_for_isa (all_isas[i]);

      if (kernels == NULL)
        continue;
      add (kernels, "efficientnet", test_efficientnet);
      add (kernels, "any-shape", test_any_shape);
      add (kernels, "same-bits", test_same_bits);
      add (kernels, "bf16", test_bf16);
    }
  g_test_add_func ("/nn/depthwise/pack", test_pack);
  return g_test_run ();
}
