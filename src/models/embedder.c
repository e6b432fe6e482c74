/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/embedder.h"

#include <math.h>
#include <string.h>

#include "models/head-solver.h"
#include "nn/plan.h"

#define SLICE 32 /* pictures fitted at a time */

struct _FoveaEmbedder {
  FoveaPack *pack;
  FoveaPlan *plan;
  FoveaEmbedderFlags wanted;
  int vectors_output, logits_output; /* index among the plan's outputs, −1 = not wanted */
};

FoveaEmbedder *
fovea_embedder_new (FoveaPack *pack, FoveaEmbedderFlags wanted, GError **error)
{
  g_autoptr (FoveaEmbedder) self = g_new0 (FoveaEmbedder, 1);
  g_autoptr (FoveaGraph) graph = NULL;
  const char *outputs[2];
  guint n = 0;

  self->pack = fovea_pack_ref (pack);
  self->wanted = wanted;
  self->vectors_output = self->logits_output = -1;
  if ((wanted & FOVEA_EMBEDDER_VECTORS) != 0 && fovea_pack_get_dim (pack) > 0)
    {
      self->vectors_output = (int) n;
      outputs[n++] = "embedding";
    }
  if ((wanted & FOVEA_EMBEDDER_PROBABILITIES) != 0 && fovea_pack_get_labels (pack)->len > 0)
    {
      self->logits_output = (int) n;
      outputs[n++] = "logits";
    }
  if (n == 0 || ((wanted & FOVEA_EMBEDDER_VECTORS) != 0) != (self->vectors_output >= 0) ||
      ((wanted & FOVEA_EMBEDDER_PROBABILITIES) != 0) != (self->logits_output >= 0))
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH, "the pack “%s” has no %s; choose another pack",
                   fovea_pack_get_name (pack), self->vectors_output < 0 ? "vectors" : "concepts of its own");
      return NULL;
    }
  graph = fovea_graph_cut (fovea_pack_get_graph (pack), outputs, n, error);
  if (graph == NULL)
    return NULL;
  self->plan = fovea_plan_new (graph, 0, error);
  if (self->plan == NULL)
    {
      g_prefix_error (error, "the pack “%s”: ", fovea_pack_get_name (pack));
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
fovea_embedder_free (FoveaEmbedder *embedder)
{
  g_clear_pointer (&embedder->plan, fovea_plan_free);
  g_clear_pointer (&embedder->pack, fovea_pack_unref);
  g_free (embedder);
}

FoveaPack *
fovea_embedder_get_pack (FoveaEmbedder *embedder)
{
  return embedder->pack;
}

guint
fovea_embedder_get_dim (FoveaEmbedder *embedder)
{
  return fovea_pack_get_dim (embedder->pack);
}

guint
fovea_embedder_get_n_labels (FoveaEmbedder *embedder)
{
  return fovea_pack_get_labels (embedder->pack)->len;
}

/* The plan's answer must be f32 [n, width] of numbers. */
static gboolean
check_output (FoveaEmbedder *self, const FoveaTensor *output, gsize n, guint width, GError **error)
{
  const float *values = output->data;
  float sum = 0.0f;

  if (output->dtype == FOVEA_DTYPE_F32 && output->shape.rank == 2 && output->shape.dim[0] == (gint64) n && output->shape.dim[1] == width)
    {
      for (gsize i = 0; i < output->n_elements; i++)
        sum += values[i] * 0.0f; /* not a number unless every value is finite */
      if (sum == 0.0f)
        return TRUE;
    }
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED,
               "the network of the pack “%s” answered with something else than %u numbers a picture; install the pack again",
               fovea_pack_get_name (self->pack), width);
  return FALSE;
}

static void
scale_to_unit (const float *from, gsize n, guint dim, float *dest)
{
  for (gsize i = 0; i < n; i++)
    {
      double square = 0.0;
      float factor;

      for (guint l = 0; l < dim; l++)
        square += (double) from[i * dim + l] * (double) from[i * dim + l];
      factor = square > 0.0 ? (float) (1.0 / sqrt (square)) : 0.0f;
      for (guint l = 0; l < dim; l++)
        dest[i * dim + l] = from[i * dim + l] * factor;
    }
}

static void
activate_rows (FoveaActivation activation, const float *logits, gsize n, guint k, float *dest)
{
  guint width = fovea_matmul_pad (k);
  g_autofree float *row = NULL;

  if (activation == FOVEA_ACTIVATION_NONE)
    {
      for (gsize i = 0; i < n * k; i++)
        dest[i] = CLAMP (logits[i], 0.0f, 1.0f);
      return;
    }
  row = g_new0 (float, width);
  for (gsize i = 0; i < n; i++)
    {
      memcpy (row, logits + i * k, k * sizeof (float));
      fovea_head_probabilities (row, 1, k, width, activation == FOVEA_ACTIVATION_SOFTMAX);
      memcpy (dest + i * k, row, k * sizeof (float));
    }
}

static gboolean
run_batch (FoveaEmbedder *embedder, FoveaTensor *images, float *ret_vectors, float *ret_probabilities, GCancellable *cancellable,
           GError **error)
{
  FoveaTensor *outputs[2] = { NULL, NULL };
  gsize n = images->shape.rank > 0 ? (gsize) images->shape.dim[0] : 0;
  guint dim = fovea_embedder_get_dim (embedder), n_labels = fovea_embedder_get_n_labels (embedder);
  gboolean ok;

  g_return_val_if_fail (ret_vectors == NULL || embedder->vectors_output >= 0, FALSE);
  g_return_val_if_fail (ret_probabilities == NULL || embedder->logits_output >= 0, FALSE);

  if (!fovea_plan_run (embedder->plan, &images, outputs, cancellable, error))
    return FALSE;
  ok = (ret_vectors == NULL || check_output (embedder, outputs[embedder->vectors_output], n, dim, error)) &&
       (ret_probabilities == NULL || check_output (embedder, outputs[embedder->logits_output], n, n_labels, error));
  if (ok && ret_vectors != NULL)
    scale_to_unit (outputs[embedder->vectors_output]->data, n, dim, ret_vectors);
  if (ok && ret_probabilities != NULL)
    activate_rows (fovea_pack_get_activation (embedder->pack), outputs[embedder->logits_output]->data, n, n_labels, ret_probabilities);
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&outputs[i], fovea_tensor_unref);
  return ok;
}

/* Picture by picture, each a view of its plane of @images. */
static gboolean
run_singly (FoveaEmbedder *embedder, FoveaTensor *images, float *ret_vectors, float *ret_probabilities, GCancellable *cancellable,
            GError **error)
{
  gsize n = (gsize) images->shape.dim[0], plane = images->n_elements / n;
  guint dim = fovea_embedder_get_dim (embedder), n_labels = fovea_embedder_get_n_labels (embedder);
  FoveaShape shape = images->shape;

  shape.dim[0] = 1;
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (FoveaTensor) one
        = fovea_tensor_new_wrapped (images->dtype, &shape, FOVEA_TENSOR_DATA (images, float) + i * plane, NULL, NULL);

      if (!run_batch (embedder, one, ret_vectors != NULL ? ret_vectors + i * dim : NULL,
                      ret_probabilities != NULL ? ret_probabilities + i * n_labels : NULL, cancellable, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
fovea_embedder_run (FoveaEmbedder *embedder, FoveaTensor *images, float *ret_vectors, float *ret_probabilities, GCancellable *cancellable,
                    GError **error)
{
  const gboolean one_by_one
    = fovea_pack_is_single (embedder->pack) && images->dtype == FOVEA_DTYPE_F32 && images->shape.rank == 4 && images->shape.dim[0] > 1;

  return (one_by_one ? run_singly : run_batch) (embedder, images, ret_vectors, ret_probabilities, cancellable, error);
}

/* f32 [N,C,H,W], each row the other way round */
static FoveaTensor *
mirror (const FoveaTensor *images, GError **error)
{
  FoveaTensor *mirrored = fovea_tensor_new (FOVEA_DTYPE_F32, &images->shape, error);
  const gsize width = (gsize) images->shape.dim[3], n_rows = mirrored != NULL ? images->n_elements / MAX (width, 1) : 0;

  for (gsize row = 0; row < n_rows; row++)
    {
      const float *from = FOVEA_TENSOR_DATA (images, float) + row * width;
      float *to = FOVEA_TENSOR_DATA (mirrored, float) + row * width;

      for (gsize x = 0; x < width; x++)
        to[x] = from[width - 1 - x];
    }
  return mirrored;
}

/* Averages @vectors, those of @images, with those of their mirror images. */
static gboolean
add_mirror (FoveaEmbedder *embedder, const FoveaTensor *images, float *vectors, GCancellable *cancellable, GError **error)
{
  const gsize n = (gsize) images->shape.dim[0], dim = fovea_embedder_get_dim (embedder);
  g_autoptr (FoveaTensor) mirrored = mirror (images, error);
  g_autofree float *other = g_new (float, MAX (n * dim, 1));

  if (mirrored == NULL || !fovea_embedder_run (embedder, mirrored, other, NULL, cancellable, error))
    return FALSE;
  fovea_views_average (vectors, other, n, dim, vectors);
  return TRUE;
}

gboolean
fovea_embedder_run_fit (FoveaEmbedder *embedder, FoveaTensor *images, FoveaFit fit, float *ret_vectors, GCancellable *cancellable,
                        GError **error)
{
  return fovea_embedder_run (embedder, images, ret_vectors, NULL, cancellable, error) &&
         (!fovea_fit_has_mirror (fit) || add_mirror (embedder, images, ret_vectors, cancellable, error));
}

gboolean
fovea_embedder_run_pictures (FoveaEmbedder *embedder, FoveaImage *const *images, guint n_images, FoveaFit fit, float *ret_vectors,
                             float *ret_probabilities, GCancellable *cancellable, GError **error)
{
  const FoveaInputSpec *spec = fovea_pack_get_input_spec (embedder->pack);
  gsize dim = fovea_embedder_get_dim (embedder), n_labels = fovea_embedder_get_n_labels (embedder);
  gsize plane = 3 * (gsize) spec->size * (gsize) spec->size;

  for (guint from = 0; from < n_images; from += SLICE)
    {
      guint n = MIN (SLICE, n_images - from);
      FoveaShape shape = fovea_shape (4, (gint64) n, (gint64) 3, (gint64) spec->size, (gint64) spec->size);
      g_autoptr (FoveaTensor) batch = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, error);

      if (batch == NULL)
        return FALSE;
      for (guint i = 0; i < n; i++)
        fovea_fit_picture (images[from + i], fit, spec, FOVEA_TENSOR_DATA (batch, float) + i * plane);
      if (!fovea_embedder_run (embedder, batch, ret_vectors != NULL ? ret_vectors + from * dim : NULL,
                               ret_probabilities != NULL ? ret_probabilities + from * n_labels : NULL, cancellable, error))
        return FALSE;
      if (ret_vectors != NULL && fovea_fit_has_mirror (fit) && !add_mirror (embedder, batch, ret_vectors + from * dim, cancellable, error))
        return FALSE;
    }
  return TRUE;
}
