/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/views.h"

#include <math.h>
#include <string.h>

static const struct {
  const char *name;
  guint n_fits;
  FoveaFit fits[2];
} views_table[FOVEA_N_VIEWS] = {
  [FOVEA_VIEWS_CROP] = { "crop", 1, { FOVEA_FIT_CROP } },
  [FOVEA_VIEWS_SQUASH] = { "squash", 1, { FOVEA_FIT_SQUASH } },
  [FOVEA_VIEWS_LETTERBOX] = { "letterbox", 1, { FOVEA_FIT_LETTERBOX } },
  [FOVEA_VIEWS_CROP_LETTERBOX] = { "crop+letterbox", 2, { FOVEA_FIT_CROP, FOVEA_FIT_LETTERBOX } },
  [FOVEA_VIEWS_LETTERBOX_MIRROR] = { "letterbox+mirror", 1, { FOVEA_FIT_LETTERBOX_MIRROR } },
  [FOVEA_VIEWS_CROP_LETTERBOX_MIRROR] = { "crop+letterbox+mirror", 2, { FOVEA_FIT_CROP_MIRROR, FOVEA_FIT_LETTERBOX_MIRROR } },
};

const char *
fovea_views_name (FoveaViews views)
{
  g_return_val_if_fail (views < FOVEA_N_VIEWS, NULL);

  return views_table[views].name;
}

gboolean
fovea_views_from_name (const char *name, FoveaViews *ret_views)
{
  for (guint i = 0; i < FOVEA_N_VIEWS; i++)
    if (g_strcmp0 (name, views_table[i].name) == 0)
      {
        *ret_views = (FoveaViews) i;
        return TRUE;
      }
  return FALSE;
}

guint
fovea_views_get_fits (FoveaViews views, FoveaFit ret_fits[2])
{
  g_return_val_if_fail (views < FOVEA_N_VIEWS, 0);

  memcpy (ret_fits, views_table[views].fits, sizeof views_table[views].fits);
  return views_table[views].n_fits;
}

void
fovea_views_average (const float *a, const float *b, gsize n, gsize dim, float *dest)
{
  for (gsize i = 0; i < n; i++, a += dim, b += dim, dest += dim)
    {
      double square = 0.0;
      float scale;

      for (gsize l = 0; l < dim; l++)
        square += (double) (a[l] + b[l]) * (double) (a[l] + b[l]);
      scale = square > 0.0 ? (float) (1.0 / sqrt (square)) : 1.0f;
      for (gsize l = 0; l < dim; l++)
        dest[l] = square > 0.0 ? (a[l] + b[l]) * scale : a[l];
    }
}

gboolean
fovea_views_is_single (FoveaViews views)
{
  FoveaFit fits[2];

  return fovea_views_get_fits (views, fits) == 1 && !fovea_fit_has_mirror (fits[0]);
}

void
fovea_views_combine (FoveaViews views, const float *const *vectors, gsize n, gsize dim, float *dest)
{
  FoveaFit fits[2];

  if (fovea_views_get_fits (views, fits) == 1)
    memcpy (dest, vectors[fits[0]], n * dim * sizeof (float));
  else
    fovea_views_average (vectors[fits[0]], vectors[fits[1]], n, dim, dest);
}
