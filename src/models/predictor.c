/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/predictor.h"

#include <glib/gi18n.h>
#include <string.h>

#include "models/predictor-private.h"

static FoveaPredictor *
predictor_new (GPtrArray *labels, const char *pack_name, const char *pack_hash)
{
  FoveaPredictor *self = g_new0 (FoveaPredictor, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->labels = g_ptr_array_ref (labels);
  self->pack_name = g_strdup (pack_name);
  self->pack_hash = g_strdup (pack_hash);
  return self;
}

FoveaPredictor *
fovea_predictor_new_head (FoveaHead *head, GPtrArray *labels, const char *pack_name, const char *pack_hash)
{
  FoveaPredictor *self;

  g_return_val_if_fail (labels->len == head->n_concepts, NULL);

  self = predictor_new (labels, pack_name, pack_hash);
  self->head = fovea_head_ref (head);
  self->views = head->views;
  self->exclusive = head->exclusive;
  return self;
}

FoveaPredictor *
fovea_predictor_new_own (GPtrArray *labels, gboolean exclusive, FoveaViews views, const char *pack_name, const char *pack_hash)
{
  FoveaPredictor *self = predictor_new (labels, pack_name, pack_hash);

  self->exclusive = exclusive;
  self->views = views;
  return self;
}

FoveaPredictor *
fovea_predictor_new_pack (FoveaPack *pack, GError **error)
{
  FoveaPredictor *self;

  if (fovea_pack_get_labels (pack)->len == 0)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                   "the pack “%s” has no concepts of its own; choose another, or train a classifier on it", fovea_pack_get_name (pack));
      return NULL;
    }
  self = fovea_predictor_new_own (fovea_pack_get_labels (pack), fovea_pack_get_exclusive (pack), fovea_pack_get_views (pack),
                                  fovea_pack_get_name (pack), fovea_pack_get_hash (pack));
  self->pack = fovea_pack_ref (pack);
  return self;
}

FoveaPredictor *
fovea_predictor_new_relabelled (FoveaPredictor *predictor, GPtrArray *labels)
{
  FoveaPredictor *self;

  g_return_val_if_fail (labels->len == predictor->labels->len, NULL);

  if (predictor->head != NULL)
    self = fovea_predictor_new_head (predictor->head, labels, predictor->pack_name, predictor->pack_hash);
  else
    self = fovea_predictor_new_own (labels, predictor->exclusive, predictor->views, predictor->pack_name, predictor->pack_hash);
  self->pack = predictor->pack != NULL ? fovea_pack_ref (predictor->pack) : NULL;
  return self;
}

FoveaPredictor *
fovea_predictor_ref (FoveaPredictor *predictor)
{
  g_atomic_ref_count_inc (&predictor->ref_count);
  return predictor;
}

void
fovea_predictor_unref (FoveaPredictor *predictor)
{
  if (!g_atomic_ref_count_dec (&predictor->ref_count))
    return;
  g_clear_pointer (&predictor->head, fovea_head_unref);
  g_clear_pointer (&predictor->labels, g_ptr_array_unref);
  g_clear_pointer (&predictor->embedder, fovea_embedder_free);
  g_clear_pointer (&predictor->pack, fovea_pack_unref);
  g_free (predictor->pack_name);
  g_free (predictor->pack_hash);
  g_free (predictor);
}

GPtrArray *
fovea_predictor_get_labels (FoveaPredictor *predictor)
{
  return predictor->labels;
}

FoveaHead *
fovea_predictor_get_head (FoveaPredictor *predictor)
{
  return predictor->head;
}

gboolean
fovea_predictor_get_exclusive (FoveaPredictor *predictor)
{
  return predictor->exclusive;
}

gboolean
fovea_predictor_has_pack (FoveaPredictor *predictor)
{
  return predictor->pack != NULL;
}

FoveaViews
fovea_predictor_get_views (FoveaPredictor *predictor)
{
  return predictor->views;
}

void
fovea_predictor_set_views (FoveaPredictor *predictor, FoveaViews views)
{
  g_return_if_fail (predictor->head != NULL);

  predictor->views = views;
}

const char *
fovea_predictor_get_pack_name (FoveaPredictor *predictor)
{
  return predictor->pack_name;
}

const char *
fovea_predictor_get_pack_hash (FoveaPredictor *predictor)
{
  return predictor->pack_hash;
}

void
fovea_predictor_run_vectors (FoveaPredictor *predictor, const float *const *vectors, gsize n, float *ret_probabilities)
{
  const FoveaHead *head = predictor->head;
  g_autofree float *combined = NULL;
  FoveaFit fits[2];

  g_return_if_fail (head != NULL);

  if (fovea_views_get_fits (predictor->views, fits) == 1)
    {
      fovea_head_predict (head, vectors[fits[0]], n, ret_probabilities);
      return;
    }
  combined = g_new (float, MAX (n, 1) * head->dim);
  fovea_views_combine (predictor->views, vectors, n, head->dim, combined);
  fovea_head_predict (head, combined, n, ret_probabilities);
}

gboolean
fovea_predictor_ensure_pack (FoveaPredictor *self, FoveaPack *pack, GError **error)
{
  g_autoptr (FoveaPack) loaded = NULL;

  if (self->pack != NULL)
    return TRUE;
  loaded = pack != NULL ? fovea_pack_ref (pack) : fovea_pack_load (self->pack_name, error);
  if (loaded == NULL)
    return FALSE;
  if (strcmp (fovea_pack_get_hash (loaded), self->pack_hash) != 0 ||
      (self->head != NULL ? fovea_pack_get_dim (loaded) != self->head->dim : fovea_pack_get_labels (loaded)->len != self->labels->len))
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                   _("the model was trained on another “%s” (%.12s…) than the one that is installed (%.12s…); install that one, or "
                     "train a new version"),
                   self->pack_name, self->pack_hash, fovea_pack_get_hash (loaded));
      return FALSE;
    }
  self->pack = g_steal_pointer (&loaded);
  return TRUE;
}

gboolean
fovea_predictor_prepare (FoveaPredictor *predictor, FoveaPack *pack, GError **error)
{
  if (predictor->embedder != NULL)
    return TRUE;
  if (!fovea_predictor_ensure_pack (predictor, pack, error))
    return FALSE;
  predictor->embedder =
    fovea_embedder_new (predictor->pack, predictor->head != NULL ? FOVEA_EMBEDDER_VECTORS : FOVEA_EMBEDDER_PROBABILITIES, error);
  return predictor->embedder != NULL;
}

const FoveaInputSpec *
fovea_predictor_get_input_spec (FoveaPredictor *predictor)
{
  g_return_val_if_fail (predictor->pack != NULL, NULL);

  return fovea_pack_get_input_spec (predictor->pack);
}

gboolean
fovea_predictor_run_batch (FoveaPredictor *predictor, FoveaTensor *const *batches, float *ret_probabilities, GCancellable *cancellable,
                           GError **error)
{
  const float *vectors[FOVEA_N_FITS] = { NULL };
  g_autofree float *storage = NULL;
  FoveaFit fits[2];
  guint n_fits = fovea_views_get_fits (predictor->views, fits);
  gsize n, size;

  if (!fovea_predictor_prepare (predictor, NULL, error))
    return FALSE;
  if (predictor->head == NULL)
    return fovea_embedder_run (predictor->embedder, batches[0], NULL, ret_probabilities, cancellable, error);
  n = (gsize) batches[0]->shape.dim[0];
  size = n * predictor->head->dim;
  storage = g_new (float, MAX (size, 1) * n_fits);
  for (guint f = 0; f < n_fits; f++)
    {
      g_return_val_if_fail (batches[f]->shape.dim[0] == batches[0]->shape.dim[0], FALSE);
      if (!fovea_embedder_run_fit (predictor->embedder, batches[f], fits[f], storage + f * size, cancellable, error))
        return FALSE;
      vectors[fits[f]] = storage + f * size;
    }
  fovea_predictor_run_vectors (predictor, vectors, n, ret_probabilities);
  return TRUE;
}

gboolean
fovea_predictor_run_pictures (FoveaPredictor *predictor, FoveaImage *const *images, guint n, float *ret_probabilities,
                              GCancellable *cancellable, GError **error)
{
  const float *vectors[FOVEA_N_FITS] = { NULL };
  g_autofree float *storage = NULL;
  FoveaFit fits[2];
  guint n_fits = fovea_views_get_fits (predictor->views, fits);
  gsize size;

  if (!fovea_predictor_prepare (predictor, NULL, error))
    return FALSE;
  if (predictor->head == NULL)
    return fovea_embedder_run_pictures (predictor->embedder, images, n, fits[0], NULL, ret_probabilities, cancellable, error);
  size = (gsize) n * predictor->head->dim;
  storage = g_new (float, MAX (size, 1) * n_fits);
  for (guint f = 0; f < n_fits; f++)
    {
      if (!fovea_embedder_run_pictures (predictor->embedder, images, n, fits[f], storage + f * size, NULL, cancellable, error))
        return FALSE;
      vectors[fits[f]] = storage + f * size;
    }
  fovea_predictor_run_vectors (predictor, vectors, n, ret_probabilities);
  return TRUE;
}
