/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store-inputs.h"

G_BEGIN_DECLS

typedef enum
{
  FOVEA_STORE_LABEL_ANY = 0,   /* the concept is not looked at */
  FOVEA_STORE_LABEL_POSITIVE,  /* a person said: shows it */
  FOVEA_STORE_LABEL_NEGATIVE,  /* a person said: does not show it */
  FOVEA_STORE_LABEL_NONE,      /* no person said either; with concept 0: of no concept at all */
  FOVEA_STORE_LABEL_SOME,      /* a person said something; with concept 0: of any concept */
  FOVEA_STORE_LABEL_PREDICTED, /* @version said: shows it */
} FoveaStoreLabelFilter;

typedef enum
{
  FOVEA_STORE_ORDER_ADDED = 0, /* order of id */
  FOVEA_STORE_ORDER_NAME,
  FOVEA_STORE_ORDER_DOUBT, /* by @version's score for @concept, the nearest to one half first */
} FoveaStoreOrder;

/**
 * FoveaStoreFilter:
 *
 * All conditions must hold; a zeroed struct lets everything through. Strings are borrowed.
 * @concept: concept id for @label, 0 for any
 * @version: row id of a model version, for _PREDICTED, _DOUBT and @min_doubt
 * @min_doubt: 0 to 1, doubt = 1 − |2·score − 1| of @version on @concept (0: on what it scores
 * highest)
 * @split: (nullable): "" asks for those without a split
 * @state: -1 − state, e.g. -1 untouched, -3 complete; 0 for any
 * @group, @dataset (public id of a dataset): (nullable)
 * @text: (nullable): part of the name, ASCII case is ignored
 * @missing: 1 only missing files, -1 only present ones, 0 all
 * @without_vector_space: id of a vector space (store-vectors.h); only those without a vector in it
 * ("pending")
 */
typedef struct {
  gint64 concept;
  FoveaStoreLabelFilter label;
  gint64 version;
  double min_doubt;
  const char *split;
  int state;
  const char *group;
  const char *dataset;
  const char *text;
  int missing;
  gint64 without_vector_space;
  FoveaStoreOrder order;
  gboolean descending;
} FoveaStoreFilter;

/* What a grid needs of every row before it is seen: 24 bytes, 2.4 MB for 100,000 rows. */
typedef struct {
  gint64 id;
  guint32 width;
  guint32 height;
  guint8 state;              /* FoveaStoreInputState */
  guint8 missing;
} FoveaStoreInputBrief;

/**
 * fovea_store_list_inputs:
 * @filter: (nullable): NULL for all in order of id
 *
 * Returns: (element-type FoveaStoreInputBrief): a snapshot of all rows that pass, in order. 100,000
 * rows take well under 150 ms. Rows of a page are then read by fovea_store_get_inputs().
 */
GArray *fovea_store_list_inputs (FoveaStore *store,
                                 const FoveaStoreFilter *filter,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How many rows pass @filter (nullable). */
gboolean    fovea_store_count_inputs        (FoveaStore              *store,
                                             const FoveaStoreFilter  *filter,
                                             gsize                   *ret_count,
                                             GError                 **error);

/* A name with a count, e.g. one split. */
typedef struct {
  char *name;
  gsize count;
} FoveaStoreCount;

void        fovea_store_count_free          (FoveaStoreCount         *count);

/* (element-type FoveaStoreCount): splits that occur, in order of name; "" where inputs have none.
 */
GPtrArray *fovea_store_count_splits (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (element-type FoveaStoreCount): groups that occur; "" is left out. */
GPtrArray *fovea_store_count_groups (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* @ret_counts[state]: how many inputs are untouched, in progress, complete. */
gboolean    fovea_store_count_states        (FoveaStore              *store,
                                             gsize                    ret_counts[3],
                                             GError                 **error);

/* What `project info` says. */
typedef struct {
  gsize inputs;
  gsize missing;
  gsize concepts;
  gsize annotations;         /* of people */
  gsize predictions;         /* annotations of model versions */
  gsize regions;
  gsize models;
  gsize versions;
  gsize vectors;
} FoveaStoreTotals;

gboolean    fovea_store_get_totals          (FoveaStore              *store,
                                             FoveaStoreTotals        *ret_totals,
                                             GError                 **error);

G_END_DECLS
