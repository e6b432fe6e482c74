/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n.h>
#include <string.h>

#include "engine/embed-work-private.h"
#include "engine/engine-error.h"
#include "nn/half.h"
#include "store/store-vectors.h"

FoveaSquares *
fovea_squares_new (FoveaImage *image, guint fits_mask, const FoveaInputSpec *spec, GError **error)
{
  const gsize n = (gsize) 3 * (gsize) spec->size * (gsize) spec->size;
  g_autoptr (FoveaImage) rgb = fovea_image_to_rgb8 (image, NULL, error);
  FoveaSquares *squares;

  if (rgb == NULL)
    return NULL;
  squares = g_new0 (FoveaSquares, 1);
  for (guint fit = 0; fit < FOVEA_N_FITS; fit++)
    {
      if ((fits_mask & (1u << fit)) == 0)
        continue;
      squares->square[fit] = g_try_new (float, n);
      if (squares->square[fit] == NULL)
        {
          fovea_squares_free (squares);
          g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_IO, _("There is not enough memory for the picture"));
          return NULL;
        }
      fovea_fit_picture (rgb, fit, spec, squares->square[fit]);
    }
  return squares;
}

void
fovea_squares_free (FoveaSquares *squares)
{
  if (squares == NULL)
    return;
  for (guint fit = 0; fit < FOVEA_N_FITS; fit++)
    g_free (squares->square[fit]);
  g_free (squares);
}

FoveaTensor *
fovea_squares_stack (FoveaSquares *const *squares, guint n, FoveaFit fit, int size, GError **error)
{
  const gsize each = (gsize) 3 * (gsize) size * (gsize) size;
  const FoveaShape shape = fovea_shape (4, (gint64) n, (gint64) 3, (gint64) size, (gint64) size);
  FoveaTensor *tensor = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, error);

  if (tensor == NULL)
    return NULL;
  for (guint i = 0; i < n; i++)
    memcpy (FOVEA_TENSOR_DATA (tensor, float) + each * i, squares[i]->square[fit], each * sizeof (float));
  return tensor;
}

typedef struct {
  FoveaEmbedder *embedder;
  FoveaTensor *images;
  FoveaFit fit;
  float *vectors;
} EmbedUnit;

static gboolean
run_embedder (gpointer data, GCancellable *cancellable, GError **error)
{
  EmbedUnit *unit = data;

  return fovea_embedder_run_fit (unit->embedder, unit->images, unit->fit, unit->vectors, cancellable, error);
}

gboolean
fovea_embed_squares (FoveaCore *core, FoveaEmbedder *embedder, FoveaSquares *const *squares, guint n, FoveaFit fit,
                     FoveaPriority priority, guint16 *ret_vectors, GCancellable *cancellable, GError **error)
{
  const FoveaInputSpec *spec = fovea_pack_get_input_spec (fovea_embedder_get_pack (embedder));
  const gsize dim = fovea_embedder_get_dim (embedder);
  g_autoptr (FoveaTensor) images = fovea_squares_stack (squares, n, fit, spec->size, error);
  g_autofree float *vectors = g_new (float, (gsize) n * dim);
  EmbedUnit unit = { embedder, images, fit, vectors };

  if (images == NULL)
    return FALSE;
  if (!fovea_scheduler_run (fovea_core_get_scheduler (core), priority, run_embedder, &unit, cancellable, error))
    return FALSE;
  for (gsize i = 0; i < (gsize) n * dim; i++)
    ret_vectors[i] = fovea_float_to_f16 (vectors[i]);
  return TRUE;
}

gboolean
fovea_embed_ensure_space (FoveaStore *store, FoveaPack *pack, FoveaFit fit, gint64 *ret_space, GError **error)
{
  return fovea_store_ensure_vector_space (store, fovea_pack_get_hash (pack), fovea_fit_name (fit), FOVEA_PREPROCESSING_VERSION,
                                          fovea_pack_get_dim (pack), ret_space, error);
}
