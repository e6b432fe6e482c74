/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/picture.h"

G_BEGIN_DECLS

/**
 * FoveaPictureList:
 *
 * GListModel of FoveaPicture: the pictures of a project under a filter, in an order. Virtual: the rows are compact
 * arrays (some 60 bytes a picture), objects exist for the rows that someone looks at. Filter and order are worked out
 * off the main thread, and
 * "items-changed" says precisely what moved. Several lists of one project share the rows. Main thread.
 *
 * Properties (with notify): "n-items" uint · "total" uint (without the filter) · "loading" boolean (rows or a new
 * filter are being worked out)
 */
#define FOVEA_TYPE_PICTURE_LIST (fovea_picture_list_get_type ())
G_DECLARE_FINAL_TYPE (FoveaPictureList, fovea_picture_list, FOVEA, PICTURE_LIST, GObject)

typedef enum {
  FOVEA_PICTURE_SORT_ADDED,
  FOVEA_PICTURE_SORT_NAME,
  FOVEA_PICTURE_SORT_DOUBT /* least certain prediction first; pictures without one last */
} FoveaPictureSort;

/* All conditions hold together; the zero value of each means "any". Strings are borrowed by the calls that take a
 * filter. */
typedef struct {
  const char *text;          /* part of the path, case folded */
  gint64 concept_id;         /* a person said "is"; 0 any */
  gint64 not_concept_id;     /* a person said "is not" */
  gint64 predicted_id;       /* strongest prediction */
  gboolean unlabelled;       /* nothing said by a person */
  gboolean missing;          /* the file is not there */
  gboolean embedding_pending;
  double min_doubt;          /* 1 − value of the strongest prediction is at least this; 0 any */
  const char *split;         /* NULL any, "" without one */
  int state;                 /* 0 any, else 1 + FoveaPictureState */
} FoveaPictureFilter;

/* Takes effect a moment later ("loading" meanwhile); a second call replaces the first. NULL: everything. */
void fovea_picture_list_set_filter (FoveaPictureList *self, const FoveaPictureFilter *filter);
void fovea_picture_list_set_sort (FoveaPictureList *self, FoveaPictureSort sort, gboolean descending);

guint    fovea_picture_list_get_total (FoveaPictureList *self);
gboolean fovea_picture_list_get_loading (FoveaPictureList *self);

/* Position of a picture under the present filter; FALSE when it is not among them. */
gboolean fovea_picture_list_find (FoveaPictureList *self, gint64 id, guint *ret_position);

/* Id at a position without making an object (selections of many); 0 when out of range. */
gint64 fovea_picture_list_get_id (FoveaPictureList *self, guint position);

G_END_DECLS
