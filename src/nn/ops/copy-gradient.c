/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/ops/gradient.h"

/* A tensor like @like whose element i is @first + i. */
static FoveaTensor *
number_elements (const FoveaTensor *like, gint64 first, GError **error)
{
  FoveaTensor *numbers = fovea_tensor_new (FOVEA_DTYPE_I64, &like->shape, error);

  for (gsize i = 0; numbers != NULL && i < numbers->n_elements; i++)
    FOVEA_TENSOR_DATA (numbers, gint64)[i] = first + (gint64) i;
  return numbers;
}

static void
drop (FoveaTensor **tensors, guint n)
{
  for (guint i = 0; i < n; i++)
    g_clear_pointer (&tensors[i], fovea_tensor_unref);
}

/* Adds d_out to the elements that @places names; they count through the inputs in @moved, from 1 on (0 = padding). */
static void
send_back (const FoveaGradientContext *ctx, const gint64 *places, const FoveaTensor *d_out, const gboolean *moved)
{
  for (gsize e = 0; e < d_out->n_elements; e++)
    {
      gint64 at = places[e] - 1;

      for (guint i = 0; at >= 0 && i < ctx->op.n_in; i++)
        {
          gint64 n = moved[i] ? (gint64) ctx->op.in[i]->n_elements : 0;

          if (at < n && ctx->d_in[i] != NULL)
            FOVEA_TENSOR_DATA (ctx->d_in[i], double)[at] += fovea_tensor_real (d_out, e);
          at -= at < n ? at + 1 : n;
        }
    }
}

static gboolean
differentiate_copies (const FoveaGradientContext *ctx, guint n_moved, GError **error)
{
  guint n_in = ctx->op.n_in, n_out = ctx->op.n_out;
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, n_in);
  g_autofree FoveaTensor **out = g_new0 (FoveaTensor *, n_out);
  g_autofree gboolean *moved = g_new0 (gboolean, n_in);
  FoveaOpContext op = ctx->op;
  gint64 next = 1;
  gboolean ok = TRUE;

  op.in = in;
  op.out = out;
  for (guint i = 0; ok && i < n_in; i++)
    {
      const FoveaTensor *given = ctx->op.in[i];

      moved[i] = i < n_moved && given != NULL && fovea_dtype_is_float (given->dtype);
      if (moved[i])
        {
          in[i] = number_elements (given, next, error);
          ok = in[i] != NULL;
          next += (gint64) given->n_elements;
        }
      else if (given != NULL && (n_moved > 1 || !fovea_dtype_is_float (given->dtype) || given->n_elements > 1))
        in[i] = fovea_tensor_ref ((FoveaTensor *) given); /* a single float is the value of padding: 0 */
    }
  ok = ok && fovea_op_run (&op, error);
  for (guint o = 0; ok && o < n_out; o++)
    if (ctx->d_out[o] != NULL)
      send_back (ctx, out[o]->data, ctx->d_out[o], moved);
  drop (in, n_in);
  drop (out, n_out);
  return ok;
}

gboolean
fovea_gradient_of_copies (const FoveaGradientContext *ctx, GError **error)
{
  return differentiate_copies (ctx, G_MAXUINT, error);
}

gboolean
fovea_gradient_of_copy (const FoveaGradientContext *ctx, GError **error)
{
  return differentiate_copies (ctx, 1, error);
}
