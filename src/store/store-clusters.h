/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/*
 * A clustering is one run of a method over a vector space: groups, and where each picture lies
 * (group, distance to its middle, place on the 2-D map). Derived rows; a clustering is written
 * whole and then never changes.
 */

typedef struct {
  gint64 input;
  int cluster;               /* index into the clustering's groups, -1 for none (noise) */
  float distance;
  float x;
  float y;
} FoveaStoreClusterMember;

typedef struct {
  gint64 id;
  char *public_id;           /* 32 hex digits; NULL for a new one to get one */
  gint64 space;              /* vector space */
  char *method;              /* "hdbscan", "kmeans", "map" */
  char *params;              /* JSON object */
  char **names; /* (array length=n_clusters): names of the groups, "" where they have none */
  guint n_clusters;
  gint64 created_at;
} FoveaStoreClustering;

void        fovea_store_clustering_free     (FoveaStoreClustering   *clustering);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStoreClustering, fovea_store_clustering_free)

/* Errors: _NOT_FOUND for an unknown space or input, _INVALID for a cluster out of range. */
gboolean    fovea_store_add_clustering      (FoveaStore             *store,
                                             const FoveaStoreClustering *clustering,
                                             const FoveaStoreClusterMember *members,
                                             gsize                   n,
                                             gint64                 *ret_id,
                                             GError                **error);
gboolean    fovea_store_remove_clustering   (FoveaStore             *store,
                                             gint64                  id,
                                             GError                **error);

/* (element-type FoveaStoreClustering): newest first. */
GPtrArray *fovea_store_list_clusterings (FoveaStore *store,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (element-type FoveaStoreClusterMember): those whose picture is still there, in order of input. */
GArray *fovea_store_get_cluster_members (FoveaStore *store,
                                         gint64 id,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
