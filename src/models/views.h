/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "vision/fit.h"

G_BEGIN_DECLS

#define FOVEA_N_FITS 3 /* arrays indexed by FoveaFit */

/* What a head looks at: one fitted view of a picture, or two whose unit vectors are added and scaled to unit length
 * again ("averaged"). The names are the stored and printed ones. */
typedef enum {
  FOVEA_VIEWS_CROP,
  FOVEA_VIEWS_SQUASH,
  FOVEA_VIEWS_LETTERBOX,
  FOVEA_VIEWS_CROP_LETTERBOX,
  FOVEA_N_VIEWS
} FoveaViews;

const char *fovea_views_name (FoveaViews views); /* "crop", "squash", "letterbox", "crop+letterbox" */
gboolean    fovea_views_from_name (const char *name, FoveaViews *ret_views);

/* The fits that @views is made of; returns 1 or 2. */
guint fovea_views_get_fits (FoveaViews views, FoveaFit ret_fits[2]);

/**
 * fovea_views_combine:
 * @vectors: (array length=FOVEA_N_FITS) f32 [n, dim] of unit length each, indexed by FoveaFit; those that @views
 *   does not need may be NULL
 * @dest: f32 [n, dim]
 *
 * One view: a copy. Two: dest = (a + b) / |a + b|, and a where the sum has no length.
 */
void fovea_views_combine (FoveaViews views, const float *const *vectors, gsize n, gsize dim, float *dest);

G_END_DECLS
