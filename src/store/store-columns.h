/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/*
 * Whole columns in one pass, in order of input, for those who keep them in memory: filters and
 * orders over 100,000 pictures are then a loop, where a query of each kind would take a good part
 * of a second. All arrays are the caller's.
 */

/* One picture. @sha256: the first 8 bytes of it. Texts are borrowed for the call. */
typedef struct {
  gint64 id;
  guint64 sha256;
  int state;                 /* FoveaStoreInputState */
  gboolean missing;
  const char *split;
  const char *group;         /* "" none */
  const char *name;
} FoveaStoreInputColumns;

typedef void (*FoveaStoreColumnsFunc) (const FoveaStoreInputColumns *row,
                                     gpointer                      data);

/* Calls @func for every picture, in order of id. */
gboolean    fovea_store_each_input          (FoveaStore             *store,
                                             FoveaStoreColumnsFunc     func,
                                             gpointer                data,
                                             GError                **error);

/* What a person said. @certain: of the whole picture, and not awaiting anything (what a training
 * takes). */
typedef struct {
  gint64 input;
  gint64 concept_;
  gint8 value;               /* 1 or 0 */
  gboolean certain;
} FoveaStoreSaid;

/* (element-type FoveaStoreSaid): of pictures and their regions, in order of input. */
GArray *fovea_store_list_said (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The concept that a version finds most probable on a whole picture. */
typedef struct {
  gint64 input;
  gint64 concept_;
  double score;
} FoveaStoreStrongest;

/* (element-type FoveaStoreStrongest): in order of input; pictures of which the version said nothing
 * are left out. */
GArray *fovea_store_list_strongest (FoveaStore *store, gint64 version, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/* (element-type gint64): ids of existing inputs with a vector in the space, ascending. */
GArray *fovea_store_list_vector_ids (FoveaStore *store, gint64 space, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
