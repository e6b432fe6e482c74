/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/**
 * FoveaStoreRegion:
 * @public_id: 32 hex digits; NULL for a new one to get one
 * @version: row id of the model version that found it, 0 for a person
 * @left, @top, @right, @bottom: fractions of the upright picture, origin top left, 0 ≤ left < right
 * ≤ 1
 * @score: confidence of the finder, 1 for a person's
 * @points: (array length=n_points*3): key points x, y (fractions) and visibility (0 not in picture,
 * 1 hidden, 2 seen)
 *
 * A box on a picture, perhaps with key points. What it shows is said by annotations that name it.
 */
typedef struct {
  gint64 id;
  char *public_id;
  gint64 input;
  gint64 version;
  double left;
  double top;
  double right;
  double bottom;
  double score;
  float *points;
  gsize n_points;
} FoveaStoreRegion;

void        fovea_store_region_free         (FoveaStoreRegion       *region);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStoreRegion, fovea_store_region_free)

/* Changes, in a command. Errors: _INVALID for a box outside the picture or empty, _NOT_FOUND for an
 * unknown input. */
gboolean    fovea_store_add_region          (FoveaStore             *store,
                                             const FoveaStoreRegion *region,
                                             gint64                 *ret_id,
                                             GError                **error);
gboolean    fovea_store_update_region       (FoveaStore             *store,
                                             const FoveaStoreRegion *region,
                                             GError                **error);

/* Removes the region and what was said of it. */
gboolean    fovea_store_remove_region       (FoveaStore             *store,
                                             gint64                  id,
                                             GError                **error);

/* (element-type FoveaStoreRegion): of one picture, in order of id. */
GPtrArray *
fovea_store_get_regions (FoveaStore *store, gint64 input, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
