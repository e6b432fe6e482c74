/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vision/fit.h"

G_BEGIN_DECLS

/* What a head looks at: one fitted view of a picture, or two whose unit vectors are added and scaled to unit length
 * again ("averaged"). The names are the stored and printed ones. */
typedef enum {
  FOVEA_VIEWS_CROP,
  FOVEA_VIEWS_SQUASH,
  FOVEA_VIEWS_LETTERBOX,
  FOVEA_VIEWS_CROP_LETTERBOX,
  FOVEA_VIEWS_LETTERBOX_MIRROR,
  FOVEA_VIEWS_CROP_LETTERBOX_MIRROR, /* four views: two fits, each averaged with its mirror image */
  FOVEA_N_VIEWS
} FoveaViews;

/* "crop", "squash", "letterbox", "crop+letterbox", "letterbox+mirror", "crop+letterbox+mirror" */
const char *fovea_views_name (FoveaViews views);
gboolean    fovea_views_from_name (const char *name, FoveaViews *ret_views);

/* One view: one fit without its mirror image. */
gboolean fovea_views_is_single (FoveaViews views);

/* The fits that @views is made of; returns 1 or 2. */
guint fovea_views_get_fits (FoveaViews views, FoveaFit ret_fits[2]);

/**
 * fovea_views_combine:
 * @vectors: (array length=FOVEA_N_FITS) f32 [n, dim] of unit length each, indexed by FoveaFit; those that @views
 *   does not need may be NULL
 * @dest: f32 [n, dim]
 *
 * One fit: a copy. Two: their average.
 */
void fovea_views_combine (FoveaViews views, const float *const *vectors, gsize n, gsize dim, float *dest);

/* dest = (a + b) / |a + b|, and a where the sum has no length; f32 [n, dim] each, @dest may be one of the others. */
void fovea_views_average (const float *a, const float *b, gsize n, gsize dim, float *dest);

G_END_DECLS
