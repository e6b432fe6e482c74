/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/columns-private.h"

G_BEGIN_DECLS

/**
 * FoveaVectorSet:
 *
 * Stored vectors of pictures in memory, as they are stored: IEEE halves of unit length. Immutable, counted, any thread.
 * A newer set shares the numbers of an older one: only what has come since is read.
 */
typedef struct {
  gatomicrefcount ref_count;
  gint64 space;
  guint dim;
  gsize n;
  gint64 *ids;               /* ascending */
  const guint16 **vectors;   /* [n] of [dim] */
  GPtrArray *chunks;         /* GBytes in which they lie */
} FoveaVectorSet;

FoveaVectorSet *fovea_vector_set_ref (FoveaVectorSet *set);
void            fovea_vector_set_unref (FoveaVectorSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaVectorSet, fovea_vector_set_unref)

/* The vector of a picture; NULL when it has none. */
const guint16 *fovea_vector_set_find (const FoveaVectorSet *set, gint64 id);

/* One space at a time, for all who need vectors of a project. */
typedef struct _FoveaVectorCache FoveaVectorCache;

FoveaVectorCache *fovea_vector_cache_new (void) G_GNUC_WARN_UNUSED_RESULT;
void              fovea_vector_cache_free (FoveaVectorCache *self);

/* At least as new as all changes of vectors and pictures noted in @columns before the call. Reads what is missing with
 * @reader: the first time everything, 2 · dim bytes a picture; looks at @cancellable (nullable) now and then. */
FoveaVectorSet *fovea_vector_cache_ref_set (FoveaVectorCache *self, FoveaColumns *columns, FoveaStore *reader, gint64 space, guint dim,
                                            GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @set is what ref_set() would give now. */
gboolean fovea_vector_cache_is_current (FoveaVectorCache *self, FoveaColumns *columns, const FoveaVectorSet *set);

/* Lets the memory go (with the last user of a set). */
void fovea_vector_cache_clear (FoveaVectorCache *self);

G_END_DECLS
