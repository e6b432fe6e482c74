/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/families.h"

#include <math.h>

#include "nn/ops/gradient.h"
#include "nn/ops/quantise.h"

/* MatMul, Gemm, MatMulInteger, QLinearMatMul, Det.
 *
 *   MatMul  as numpy.matmul: matrices in the last two axes, the others broadcast, a vector is a row or a column
 *   Gemm    y = alpha · A' B' + beta · C,  A' and B' transposed where the node says so
 *
 * Sums run in the tensor's type, k outermost where rows of B are contiguous; integers wrap. */

#define DTYPES_MATMUL \
  (FOVEA_DTYPES_REAL | FOVEA_DTYPES_INDEX | FOVEA_DTYPE_BIT (FOVEA_DTYPE_U32) | FOVEA_DTYPE_BIT (FOVEA_DTYPE_U64))

/* y [m, n] += a [m, k] b [k, n]; a and b with strides in elements, y dense */
typedef struct {
  gint64 m, n, k;
  gint64 a_row, a_column, b_row, b_column;
} Product;

#define DEFINE_MULTIPLY(name, T) \
  static void \
  multiply_##name (const Product *p, const T *a, const T *b, T *restrict y) \
  { \
    for (gint64 i = 0; i < p->m; i++) \
      if (p->b_column == 1) \
        for (gint64 k = 0; k < p->k; k++) \
          { \
            T factor = a[i * p->a_row + k * p->a_column]; \
            const T *restrict row = b + k * p->b_row; \
\
            for (gint64 j = 0; j < p->n; j++) \
              y[i * p->n + j] += factor * row[j]; \
          } \
      else \
        for (gint64 j = 0; j < p->n; j++) \
          { \
            T sum = 0; \
\
            for (gint64 k = 0; k < p->k; k++) \
              sum += a[i * p->a_row + k * p->a_column] * b[k * p->b_row + j * p->b_column]; \
            y[i * p->n + j] += sum; \
          } \
  }

DEFINE_MULTIPLY (f32, float)
DEFINE_MULTIPLY (f64, double)
DEFINE_MULTIPLY (w32, guint32)
DEFINE_MULTIPLY (w64, guint64)

/* The offsets count elements. */
static void
multiply (const Product *p, FoveaDType dtype, const void *a, gint64 a_offset, const void *b, gint64 b_offset, void *y,
          gint64 y_offset)
{
  switch ((int) dtype)
    {
    case FOVEA_DTYPE_F32:
      multiply_f32 (p, (const float *) a + a_offset, (const float *) b + b_offset, (float *) y + y_offset);
      break;
    case FOVEA_DTYPE_F64:
      multiply_f64 (p, (const double *) a + a_offset, (const double *) b + b_offset, (double *) y + y_offset);
      break;
    case FOVEA_DTYPE_I32:
    case FOVEA_DTYPE_U32:
      multiply_w32 (p, (const guint32 *) a + a_offset, (const guint32 *) b + b_offset, (guint32 *) y + y_offset);
      break;
    default:
      multiply_w64 (p, (const guint64 *) a + a_offset, (const guint64 *) b + b_offset, (guint64 *) y + y_offset);
      break;
    }
}

typedef struct {
  Product product;
  FoveaShape a_batch, b_batch, batch; /* the axes before the matrices */
  FoveaShape out;
} Batches;

static gboolean
read_batches (const FoveaShape *a, const FoveaShape *b, Batches *ret, GError **error)
{
  gint64 m = a->rank > 1 ? a->dim[a->rank - 2] : 1, n = b->rank > 1 ? b->dim[b->rank - 1] : 1;
  gint64 k;

  if (a->rank < 1 || b->rank < 1)
    return fovea_refuse (error, SHAPE, "a scalar cannot be multiplied as a matrix");
  k = a->dim[a->rank - 1];
  if (k != b->dim[b->rank > 1 ? b->rank - 2 : 0])
    {
      g_autofree char *left = fovea_shape_to_string (a);
      g_autofree char *right = fovea_shape_to_string (b);

      return fovea_refuse (error, SHAPE, "%s and %s cannot be multiplied: columns and rows differ", left, right);
    }
  ret->product = (Product) { .m = m, .n = n, .k = k, .a_row = k, .a_column = 1, .b_row = n, .b_column = 1 };
  ret->a_batch = *a;
  ret->a_batch.rank = MAX (0, a->rank - 2);
  ret->b_batch = *b;
  ret->b_batch.rank = MAX (0, b->rank - 2);
  if (!fovea_broadcast_shapes (&ret->a_batch, &ret->b_batch, &ret->batch, error))
    return FALSE;
  ret->out = ret->batch;
  if (a->rank > 1)
    ret->out.dim[ret->out.rank++] = m;
  if (b->rank > 1)
    ret->out.dim[ret->out.rank++] = n;
  return TRUE;
}

static void
multiply_batches (const Batches *batches, FoveaDType dtype, const void *a, const void *b, void *y)
{
  const Product *p = &batches->product;
  FoveaBroadcast it;

  for (fovea_broadcast_init (&it, &batches->batch, 2, &batches->a_batch, &batches->b_batch); it.more;
       fovea_broadcast_next (&it))
    for (gint64 j = 0; j < it.inner; j++)
      multiply (p, dtype, a, (it.offset[0] + j * it.step[0]) * p->m * p->k, b,
                (it.offset[1] + j * it.step[1]) * p->k * p->n, y, (it.out + j) * p->m * p->n);
}

static gboolean
matmul_shape (FoveaOpContext *ctx, GError **error)
{
  Batches batches;

  if (!fovea_op_check_in (ctx, 0, DTYPES_MATMUL, error) || !fovea_op_check_same (ctx, 1, error)
      || !read_batches (&ctx->in[0]->shape, &ctx->in[1]->shape, &batches, error))
    return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &batches.out);
  return TRUE;
}

FOVEA_DEFINE_INFER (matmul)

static gboolean
matmul_run (FoveaOpContext *ctx, GError **error)
{
  Batches batches;

  if (!read_batches (&ctx->in[0]->shape, &ctx->in[1]->shape, &batches, error))
    return FALSE;
  if (ctx->out[0]->n_elements > 0)
    multiply_batches (&batches, ctx->in[0]->dtype, ctx->in[0]->data, ctx->in[1]->data, ctx->out[0]->data);
  return TRUE;
}

/* dA += dY · B', dB += A' · dY for one y = A · B of doubles; d_a and d_b (nullable) have the strides of a and b. */
static void
differentiate_product (const Product *p, const double *a, const double *b, const double *d_y, double *d_a, double *d_b)
{
  for (gint64 i = 0; i < p->m; i++)
    for (gint64 k = 0; k < p->k; k++)
      {
        gint64 at = i * p->a_row + k * p->a_column;
        double sum = 0;

        for (gint64 j = 0; j < p->n; j++)
          {
            sum += d_y[i * p->n + j] * b[k * p->b_row + j * p->b_column];
            if (d_b != NULL)
              d_b[k * p->b_row + j * p->b_column] += d_y[i * p->n + j] * a[at];
          }
        if (d_a != NULL)
          d_a[at] += sum;
      }
}

/* A, B and d_y as doubles */
static gboolean
read_factors (const FoveaGradientContext *ctx, FoveaTensor **a, FoveaTensor **b, FoveaTensor **d_y, GError **error)
{
  *a = fovea_tensor_convert (ctx->op.in[0], FOVEA_DTYPE_F64, error);
  *b = *a != NULL ? fovea_tensor_convert (ctx->op.in[1], FOVEA_DTYPE_F64, error) : NULL;
  *d_y = *b != NULL ? fovea_tensor_convert (ctx->d_out[0], FOVEA_DTYPE_F64, error) : NULL;
  return *d_y != NULL;
}

static inline double *
offset_by (double *data, gint64 n)
{
  return data != NULL ? data + n : NULL;
}

static gboolean
matmul_gradient (const FoveaGradientContext *ctx, GError **error)
{
  double *d_a = fovea_gradient_of (ctx, 0), *d_b = fovea_gradient_of (ctx, 1);
  g_autoptr (FoveaTensor) a = NULL, b = NULL, d_y = NULL;
  FoveaBroadcast it;
  Batches batches;
  const Product *p = &batches.product;

  if (!read_factors (ctx, &a, &b, &d_y, error) || !read_batches (&a->shape, &b->shape, &batches, error))
    return FALSE;
  for (fovea_broadcast_init (&it, &batches.batch, 2, &batches.a_batch, &batches.b_batch); it.more;
       fovea_broadcast_next (&it))
    for (gint64 j = 0; j < it.inner; j++)
      {
        gint64 at_a = (it.offset[0] + j * it.step[0]) * p->m * p->k, at_b = (it.offset[1] + j * it.step[1]) * p->k * p->n;

        differentiate_product (p, FOVEA_TENSOR_DATA (a, double) + at_a, FOVEA_TENSOR_DATA (b, double) + at_b,
                               FOVEA_TENSOR_DATA (d_y, double) + (it.out + j) * p->m * p->n, offset_by (d_a, at_a),
                               offset_by (d_b, at_b));
      }
  return TRUE;
}

static gboolean
gemm_product (const FoveaOpContext *ctx, Product *ret, GError **error)
{
  const FoveaShape *a = &ctx->in[0]->shape, *b = &ctx->in[1]->shape;
  gboolean ta = fovea_node_int (ctx->node, "transA", 0) != 0, tb = fovea_node_int (ctx->node, "transB", 0) != 0;

  if (a->rank != 2 || b->rank != 2)
    return fovea_refuse (error, SHAPE, "A has rank %d and B %d, expected matrices", a->rank, b->rank);
  ret->m = a->dim[ta ? 1 : 0];
  ret->k = a->dim[ta ? 0 : 1];
  ret->n = b->dim[tb ? 0 : 1];
  if (ret->k != b->dim[tb ? 1 : 0])
    return fovea_refuse (error, SHAPE, "A has %" G_GINT64_FORMAT " columns, B %" G_GINT64_FORMAT " rows", ret->k,
                         b->dim[tb ? 1 : 0]);
  ret->a_row = ta ? 1 : ret->k;
  ret->a_column = ta ? ret->m : 1;
  ret->b_row = tb ? 1 : ret->n;
  ret->b_column = tb ? ret->k : 1;
  return TRUE;
}

static gboolean
gemm_shape (FoveaOpContext *ctx, GError **error)
{
  double alpha = (double) fovea_node_float (ctx->node, "alpha", 1), beta = (double) fovea_node_float (ctx->node, "beta", 1);
  FoveaShape shape, both;
  Product p;

  if (!fovea_op_check_in (ctx, 0, DTYPES_MATMUL, error) || !fovea_op_check_same (ctx, 1, error)
      || !gemm_product (ctx, &p, error))
    return FALSE;
  if ((FOVEA_DTYPE_BIT (ctx->in[0]->dtype) & FOVEA_DTYPES_REAL) == 0
      && (alpha != rint (alpha) || beta != rint (beta) || fabs (alpha) > 1e9 || fabs (beta) > 1e9))
    return fovea_refuse (error, UNSUPPORTED, "the factors %g and %g of integer matrices are not whole", alpha, beta);
  shape = fovea_shape (2, p.m, p.n);
  if (fovea_op_in (ctx, 2) != NULL)
    {
      if (!fovea_op_check_same (ctx, 2, error)
          || !fovea_broadcast_shapes (&shape, &ctx->in[2]->shape, &both, error))
        return FALSE;
      if (!fovea_shape_equal (&shape, &both))
        return fovea_refuse (error, SHAPE, "C does not broadcast to the product");
    }
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (gemm)

/* y = alpha · y + beta · c; the factors of integers are whole */
static void
combine (FoveaTensor *y, gint64 at, const FoveaTensor *c, gint64 c_at, double alpha, double beta)
{
  if (y->dtype == FOVEA_DTYPE_F32 || y->dtype == FOVEA_DTYPE_F64)
    fovea_tensor_set_real (y, (gsize) at,
                           alpha * fovea_tensor_real (y, (gsize) at)
                               + (c != NULL ? beta * fovea_tensor_real (c, (gsize) c_at) : 0));
  else if (fovea_dtype_size (y->dtype) == 4)
    FOVEA_TENSOR_DATA (y, guint32)[at]
      = FOVEA_TENSOR_DATA (y, guint32)[at] * (guint32) (gint32) alpha
        + (c != NULL ? FOVEA_TENSOR_DATA (c, const guint32)[c_at] * (guint32) (gint32) beta : 0);
  else
    FOVEA_TENSOR_DATA (y, guint64)[at]
      = FOVEA_TENSOR_DATA (y, guint64)[at] * (guint64) (gint64) alpha
        + (c != NULL ? FOVEA_TENSOR_DATA (c, const guint64)[c_at] * (guint64) (gint64) beta : 0);
}

static gboolean
gemm_run (FoveaOpContext *ctx, GError **error)
{
  double alpha = (double) fovea_node_float (ctx->node, "alpha", 1), beta = (double) fovea_node_float (ctx->node, "beta", 1);
  const FoveaTensor *c = fovea_op_in (ctx, 2);
  FoveaTensor *y = ctx->out[0];
  FoveaBroadcast it;
  Product p;

  if (!gemm_product (ctx, &p, error))
    return FALSE;
  multiply (&p, y->dtype, ctx->in[0]->data, 0, ctx->in[1]->data, 0, y->data, 0);
  for (fovea_broadcast_init (&it, &y->shape, 1, c != NULL ? &c->shape : &y->shape); it.more; fovea_broadcast_next (&it))
    for (gint64 j = 0; j < it.inner; j++)
      combine (y, it.out + j, c, it.offset[0] + j * it.step[0], alpha, beta);
  return TRUE;
}

static gboolean
gemm_gradient (const FoveaGradientContext *ctx, GError **error)
{
  double alpha = (double) fovea_node_float (ctx->op.node, "alpha", 1), beta = (double) fovea_node_float (ctx->op.node, "beta", 1);
  double *d_c = fovea_gradient_of (ctx, 2);
  g_autoptr (FoveaTensor) a = NULL, b = NULL, d_y = NULL, scaled = NULL;
  FoveaBroadcast it;
  Product p;

  if (!read_factors (ctx, &a, &b, &d_y, error) || !gemm_product (&ctx->op, &p, error))
    return FALSE;
  scaled = fovea_tensor_new (FOVEA_DTYPE_F64, &d_y->shape, error);
  if (scaled == NULL)
    return FALSE;
  for (gsize i = 0; i < d_y->n_elements; i++)
    FOVEA_TENSOR_DATA (scaled, double)[i] = alpha * FOVEA_TENSOR_DATA (d_y, double)[i];
  differentiate_product (&p, a->data, b->data, scaled->data, fovea_gradient_of (ctx, 0), fovea_gradient_of (ctx, 1));
  if (d_c == NULL)
    return TRUE;
  for (fovea_broadcast_init (&it, &d_y->shape, 1, &ctx->op.in[2]->shape); it.more; fovea_broadcast_next (&it))
    for (gint64 j = 0; j < it.inner; j++)
      d_c[it.offset[0] + j * it.step[0]] += beta * FOVEA_TENSOR_DATA (d_y, double)[it.out + j];
  return TRUE;
}

/* MatMulInteger: A, B, zero point of A (one, or one a row), of B (one, or one a column); y i32 */
static gboolean
check_zero_points (const FoveaOpContext *ctx, guint a, guint b, guint a_zero, guint b_zero, Batches *ret, GError **error)
{
  if (!read_batches (&ctx->in[a]->shape, &ctx->in[b]->shape, ret, error))
    return FALSE;
  return fovea_zero_point_check (fovea_op_in (ctx, a_zero), ctx->in[a], ret->product.m, error)
         && fovea_zero_point_check (fovea_op_in (ctx, b_zero), ctx->in[b], ret->product.n, error);
}

static gboolean
matmul_integer_shape (FoveaOpContext *ctx, GError **error)
{
  Batches batches;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_8BIT, error) || !fovea_op_check_in (ctx, 1, FOVEA_DTYPES_8BIT, error)
      || !check_zero_points (ctx, 0, 1, 2, 3, &batches, error))
    return FALSE;
  fovea_op_declare (ctx, 0, FOVEA_DTYPE_I32, &batches.out);
  return TRUE;
}

FOVEA_DEFINE_INFER (matmul_integer)

/* @y: i32, zeroed */
static gboolean
multiply_integers (FoveaTensor *a, const FoveaTensor *a_zero, FoveaTensor *b, const FoveaTensor *b_zero,
                   const Batches *batches, FoveaTensor *y, GError **error)
{
  g_autoptr (FoveaTensor) wide_a = fovea_widen (a, a_zero, (gsize) MAX (1, batches->product.k), error);
  g_autoptr (FoveaTensor) wide_b = wide_a != NULL ? fovea_widen (b, b_zero, 1, error) : NULL;

  if (wide_b == NULL)
    return FALSE;
  if (y->n_elements > 0)
    multiply_batches (batches, FOVEA_DTYPE_I32, wide_a->data, wide_b->data, y->data);
  return TRUE;
}

static gboolean
matmul_integer_run (FoveaOpContext *ctx, GError **error)
{
  Batches batches;

  return check_zero_points (ctx, 0, 1, 2, 3, &batches, error)
         && multiply_integers (ctx->in[0], fovea_op_in (ctx, 2), ctx->in[1], fovea_op_in (ctx, 3), &batches, ctx->out[0],
                               error);
}

/* QLinearMatMul: a, a_scale, a_zero, b, b_scale, b_zero, y_scale, y_zero; of a one or one a row, of b one or one a
 * column */
static gboolean
qlinear_matmul_shape (FoveaOpContext *ctx, GError **error)
{
  Batches batches;

  for (guint i = 0; i < 8; i++)
    if (!fovea_op_check_in (ctx, i, i == 1 || i == 4 || i == 6 ? FOVEA_DTYPE_BIT (FOVEA_DTYPE_F32) : FOVEA_DTYPES_8BIT,
                            error))
      return FALSE;
  if (!check_zero_points (ctx, 0, 3, 2, 5, &batches, error)
      || !fovea_scale_check (ctx->in[1], batches.product.m, error)
      || !fovea_scale_check (ctx->in[4], batches.product.n, error) || !fovea_scale_check (ctx->in[6], 1, error)
      || !fovea_zero_point_check (ctx->in[7], ctx->in[7], 1, error))
    return FALSE;
  fovea_op_declare (ctx, 0, ctx->in[7]->dtype, &batches.out);
  return TRUE;
}

FOVEA_DEFINE_INFER (qlinear_matmul)

static gboolean
qlinear_matmul_run (FoveaOpContext *ctx, GError **error)
{
  FoveaTensor *y = ctx->out[0];
  g_autoptr (FoveaTensor) sums = fovea_tensor_new (FOVEA_DTYPE_I32, &y->shape, error);
  Batches batches;

  if (sums == NULL || !check_zero_points (ctx, 0, 3, 2, 5, &batches, error)
      || !multiply_integers (ctx->in[0], ctx->in[2], ctx->in[3], ctx->in[5], &batches, sums, error))
    return FALSE;
  for (gsize i = 0; i < y->n_elements; i++)
    {
      gsize row = i / (gsize) batches.product.n % (gsize) batches.product.m, column = i % (gsize) batches.product.n;
      double scale = fovea_tensor_real (ctx->in[1], ctx->in[1]->n_elements > 1 ? row : 0)
                     * fovea_tensor_real (ctx->in[4], ctx->in[4]->n_elements > 1 ? column : 0)
                     / fovea_tensor_real (ctx->in[6], 0);

      fovea_quantised_put (y, i, scale * FOVEA_TENSOR_DATA (sums, const gint32)[i], fovea_zero_point (ctx->in[7], 0));
    }
  return TRUE;
}

/* Det over the last two axes, by elimination with partial pivoting. */
static gboolean
det_shape (FoveaOpContext *ctx, GError **error)
{
  FoveaShape shape;

  if (!fovea_op_check_in (ctx, 0, FOVEA_DTYPES_REAL, error))
    return FALSE;
  shape = ctx->in[0]->shape;
  if (shape.rank < 2 || shape.dim[shape.rank - 1] != shape.dim[shape.rank - 2])
    return fovea_refuse (error, SHAPE, "the last two axes are not square");
  shape.rank -= 2;
  fovea_op_declare (ctx, 0, ctx->in[0]->dtype, &shape);
  return TRUE;
}

FOVEA_DEFINE_INFER (det)

static double
determinant (double *a, gint64 n)
{
  double det = 1;

  for (gint64 k = 0; k < n; k++)
    {
      gint64 pivot = k;

      for (gint64 i = k + 1; i < n; i++)
        if (fabs (a[i * n + k]) > fabs (a[pivot * n + k]))
          pivot = i;
      if (a[pivot * n + k] == 0)
        return 0;
      for (gint64 j = 0; pivot != k && j < n; j++)
        {
          double swap = a[k * n + j];

          a[k * n + j] = a[pivot * n + j];
          a[pivot * n + j] = swap;
        }
      det *= pivot != k ? -a[k * n + k] : a[k * n + k];
      for (gint64 i = k + 1; i < n; i++)
        for (gint64 j = n - 1; j >= k; j--)
          a[i * n + j] -= a[i * n + k] / a[k * n + k] * a[k * n + j];
    }
  return det;
}

static gboolean
det_run (FoveaOpContext *ctx, GError **error)
{
  const FoveaShape *shape = &ctx->in[0]->shape;
  gint64 n = shape->dim[shape->rank - 1];
  FoveaShape square = fovea_shape (2, n, n);
  g_autoptr (FoveaTensor) work = fovea_tensor_new (FOVEA_DTYPE_F64, &square, error);

  if (work == NULL)
    return FALSE;
  for (gsize b = 0; b < ctx->out[0]->n_elements; b++)
    {
      for (gsize i = 0; i < work->n_elements; i++)
        FOVEA_TENSOR_DATA (work, double)[i] = fovea_tensor_real (ctx->in[0], b * work->n_elements + i);
      fovea_tensor_set_real (ctx->out[0], b, determinant (work->data, n));
    }
  return TRUE;
}

const FoveaOp fovea_ops_matrix[] = {
  { "MatMul", 1, 0, 2, 2, 1, 1, matmul_infer, matmul_run, FOVEA_OP_WIDEN_HALF, matmul_gradient },
  { "Gemm", 1, 0, 2, 3, 1, 1, gemm_infer, gemm_run, FOVEA_OP_WIDEN_HALF, gemm_gradient },
  { "MatMulInteger", 10, 0, 2, 4, 1, 1, matmul_integer_infer, matmul_integer_run },
  { "QLinearMatMul", 10, 0, 8, 8, 1, 1, qlinear_matmul_infer, qlinear_matmul_run },
  { "Det", 11, 0, 1, 1, 1, 1, det_infer, det_run, FOVEA_OP_WIDEN_HALF },
  { NULL }
};
