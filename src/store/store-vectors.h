/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/*
 * Vectors: n IEEE half floats each, little endian, unit length, as the caller wrote them (the store
 * does not look inside). A space is what makes vectors comparable: pack, fit, version of the
 * preprocessing, length. Derived rows.
 *
 * Row key = space · 2⁴⁰ + input, so that a space is read front to back in the order of inputs.
 */

/* Vectors of pictures, or of regions (faces). */
typedef enum {
  FOVEA_STORE_OF_INPUT = 0,
  FOVEA_STORE_OF_REGION = 1,
} FoveaStoreVectorOwner;

typedef struct {
  gint64 id;
  char *pack_hash; /* SHA-256 of the embedder's ONNX file in hex, or "version:PUBLIC_ID" of an own
                      one */
  char *fit;                 /* "crop", "squash", "letterbox", "crop+letterbox" */
  int preprocessing;
  guint dims;
  gsize n_vectors;           /* of inputs */
} FoveaStoreVectorSpace;

void        fovea_store_vector_space_free   (FoveaStoreVectorSpace  *space);

/* Finds the space or makes it. Errors: _INVALID when it exists with other dims, or dims is 0 or
 * over 65,536. */
gboolean    fovea_store_ensure_vector_space (FoveaStore             *store,
                                             const char             *pack_hash,
                                             const char             *fit,
                                             int                     preprocessing,
                                             guint                   dims,
                                             gint64                 *ret_id,
                                             GError                **error);

/* The same without making it. Errors: _NOT_FOUND. */
gboolean    fovea_store_find_vector_space   (FoveaStore             *store,
                                             const char             *pack_hash,
                                             const char             *fit,
                                             int                     preprocessing,
                                             gint64                 *ret_id,
                                             guint                  *ret_dims,
                                             GError                **error);

/* (element-type FoveaStoreVectorSpace) */
GPtrArray *fovea_store_list_vector_spaces (FoveaStore *store,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_store_put_vectors:
 * @ids: (array length=n): inputs or regions
 * @vectors: n rows of the space's dims
 *
 * Writes vectors, in place of older ones, in one transaction. Those whose input has been removed
 * meanwhile are passed over. Errors: _NOT_FOUND for an unknown space.
 */
gboolean    fovea_store_put_vectors         (FoveaStore             *store,
                                             gint64                  space,
                                             FoveaStoreVectorOwner   owner,
                                             const gint64           *ids,
                                             const guint16          *vectors,
                                             gsize                   n,
                                             GError                **error);

/* How many vectors of existing inputs or regions the space has. */
gboolean    fovea_store_count_vectors       (FoveaStore             *store,
                                             gint64                  space,
                                             FoveaStoreVectorOwner   owner,
                                             gsize                  *ret_count,
                                             GError                **error);

/**
 * fovea_store_read_vectors:
 * @after: id after which to start, 0 for the first: for streaming in slices
 * @max: room in the two buffers
 * @ret_ids: (array length=max): ids, in ascending order
 * @ret_vectors: max rows of the space's dims
 * @ret_n: (out): how many were read; less than @max at the end
 *
 * Reads a space straight into the caller's memory. Vectors of removed inputs are left out.
 *
 * Errors: _NOT_FOUND; _DAMAGED when a row has not the length of the space.
 */
gboolean    fovea_store_read_vectors        (FoveaStore             *store,
                                             gint64                  space,
                                             FoveaStoreVectorOwner   owner,
                                             gint64                  after,
                                             gsize                   max,
                                             gint64                 *ret_ids,
                                             guint16                *ret_vectors,
                                             gsize                  *ret_n,
                                             GError                **error);

/**
 * fovea_store_get_vectors:
 * @ret_found: (array length=n): whether row i was there; rows that were not are left untouched
 *
 * The vectors of given inputs or regions, in the order of @ids.
 */
gboolean    fovea_store_get_vectors         (FoveaStore             *store,
                                             gint64                  space,
                                             FoveaStoreVectorOwner   owner,
                                             const gint64           *ids,
                                             gsize                   n,
                                             guint16                *ret_vectors,
                                             gboolean               *ret_found,
                                             GError                **error);

/* (element-type gint64): inputs without a vector in the space, in order of id, at most @max (0:
 * all), missing files left out: what is still to be embedded. */
GArray *fovea_store_list_pending (FoveaStore *store, gint64 space, gsize max, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/* Removes a space and its vectors. */
gboolean    fovea_store_remove_vector_space (FoveaStore             *store,
                                             gint64                  space,
                                             GError                **error);

G_END_DECLS
