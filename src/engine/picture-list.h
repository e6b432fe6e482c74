/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/picture.h"

G_BEGIN_DECLS

/**
 * FoveaPictureList:
 *
 * GListModel of FoveaPicture: the pictures of a project under a filter, in an order. Virtual: the rows are ids (8 bytes
 * a picture), objects exist for the rows that someone looks at. Filter and order are worked out off the main thread on
 * columns that all lists of a project share (some 60 bytes a picture), and "items-changed" says precisely what moved.
 * The list follows changes of the project and new suggestions of FoveaLive by itself. Main thread.
 *
 * Properties (with notify): "n-items" uint · "total" uint (without the filter) · "loading" boolean (rows or a new
 * filter are being worked out)
 */
#define FOVEA_TYPE_PICTURE_LIST (fovea_picture_list_get_type ())
G_DECLARE_FINAL_TYPE (FoveaPictureList, fovea_picture_list, FOVEA, PICTURE_LIST, GObject)

/* A suggestion is FoveaLive's when that is ready, else what the project's newest model version has stored. Pictures
 * without one come last in the orders that need it, in either direction. */
typedef enum {
  FOVEA_PICTURE_SORT_ADDED,
  FOVEA_PICTURE_SORT_NAME,
  FOVEA_PICTURE_SORT_DOUBT,      /* most doubtful suggestion first */
  FOVEA_PICTURE_SORT_USEFUL,     /* most useful to label next: doubtful, and unlike those before it; labelled ones last. Of
                                  * concepts that hardly a picture shows, those that probably do count as much as the most
                                  * doubtful. Without suggestions: a spread over all kinds of pictures */
  FOVEA_PICTURE_SORT_CERTAIN,    /* about a concept (0: the strongest): most certain of it first, so descending = least */
  FOVEA_PICTURE_SORT_SIMILAR,    /* about a picture: most alike first, itself at the top */
  FOVEA_PICTURE_SORT_LABEL_ERROR /* labels that the classifier finds least probable first; unlabelled ones last */
} FoveaPictureSort;

typedef enum {
  FOVEA_PICTURE_FIELD_ANY,
  FOVEA_PICTURE_FIELD_EQUALS,   /* text, case folded; number */
  FOVEA_PICTURE_FIELD_CONTAINS, /* text, case folded */
  FOVEA_PICTURE_FIELD_RANGE,    /* number or date (µs since 1970): field_min ≤ value ≤ field_max */
  FOVEA_PICTURE_FIELD_SET       /* there is a value */
} FoveaPictureFieldTest;

/* All conditions hold together; the zero value of each means "any". Strings and ids are borrowed by the calls that take a
 * filter. */
typedef struct {
  const char *text;          /* part of the name, case folded */
  gint64 concept_id;         /* a person said "is"; 0 any */
  gint64 not_concept_id;     /* a person said "is not" */
  gint64 predicted_id;       /* strongest concept of the suggestion */
  gboolean unlabelled;       /* nothing said by a person */
  gboolean labelled;         /* something said by a person */
  gboolean missing;          /* the file is not there */
  gboolean embedding_pending;
  gboolean duplicates;       /* another picture of the project has the same bytes */
  gboolean disagreeing;      /* labelled, and the suggestion says otherwise (on labelled pictures FoveaLive's is that of a head
                              * that has not seen the label, where there are enough of them) */
  double min_doubt;          /* doubt of the suggestion is at least this; 0 any */
  double max_doubt;          /* at most this; 0 any */
  double min_value;          /* probability of @predicted_id, or else of the strongest concept, at least this; 0 any */
  double max_value;          /* at most this; 0 any */
  const char *split;         /* NULL any, "" without one */
  int state;                 /* 0 any, else 1 + FoveaPictureState */
  const gint64 *ids;         /* exactly these (those that exist, in the list's order); NULL any */
  gsize n_ids;
  gint64 field_id;           /* a column of the person's own (field.h) */
  FoveaPictureFieldTest field_test;
  const char *field_text;
  double field_min, field_max;
} FoveaPictureFilter;

/* Takes effect a moment later ("loading" meanwhile); a second call replaces the first. NULL: everything. */
void fovea_picture_list_set_filter (FoveaPictureList *self, const FoveaPictureFilter *filter);
void fovea_picture_list_set_sort (FoveaPictureList *self, FoveaPictureSort sort, gboolean descending);

/* The same with what the order is about: a concept (CERTAIN) or a picture (SIMILAR). */
void fovea_picture_list_set_sort_about (FoveaPictureList *self, FoveaPictureSort sort, gint64 about, gboolean descending);

/* FALSE: new suggestions change what pictures say, but not which are in the list and where, until the filter or order is
 * set again: for someone who walks through a queue. Default TRUE. */
void fovea_picture_list_set_follows_suggestions (FoveaPictureList *self, gboolean follows);

guint    fovea_picture_list_get_total (FoveaPictureList *self);
gboolean fovea_picture_list_get_loading (FoveaPictureList *self);

/* Position of a picture under the present filter; FALSE when it is not among them. */
gboolean fovea_picture_list_find (FoveaPictureList *self, gint64 id, guint *ret_position);

/* Id at a position without making an object (selections of many); 0 when out of range. */
gint64 fovea_picture_list_get_id (FoveaPictureList *self, guint position);

G_END_DECLS
