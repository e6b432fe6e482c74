/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/core-private.h"
#include "engine/live-private.h"
#include "engine/picture-list.h"

G_BEGIN_DECLS

FoveaPictureList *fovea_picture_list_new (FoveaCore *core, FoveaConceptList *concepts, FoveaLive *live) G_GNUC_WARN_UNUSED_RESULT;

/* Rows changed: reads them again in the background. */
void fovea_picture_list_refresh (FoveaPictureList *self);

/* The live classifier has other suggestions: pictures that someone looks at say so at once, and the list is worked out anew
 * where it depends on them. */
void fovea_picture_list_suggestions_changed (FoveaPictureList *self);

/* The object of picture @id, whether or not it is in the list under the present filter (or at all: of a row that is gone nothing
 * is known, and it says so). Main thread; one row is read where nobody holds the object yet. */
FoveaPicture *fovea_picture_list_dup_picture (FoveaPictureList *self, gint64 id) G_GNUC_WARN_UNUSED_RESULT;

/* Waits for what runs in the background; the list stays as it is. Before the core is closed. */
void fovea_picture_list_close (FoveaPictureList *self);

/* ---- picture-query.c: what runs off the main thread ---- */

/* A filter with strings and ids of its own, the order, and the suggestions that both go by. */
typedef struct {
  FoveaPictureFilter filter;
  FoveaPictureSort sort;
  gint64 about;
  gboolean descending;
  FoveaLiveScores *scores; /* (nullable) */
  GArray *before;          /* gint64: the rows to compare with */
} FoveaPictureQuery;

typedef struct {
  guint position, removed, added;
} FoveaPictureSplice;

typedef struct {
  GArray *rows;    /* gint64 in order */
  GArray *splices; /* FoveaPictureSplice from @before to @rows, each at its position at the time; NULL: too many, or moved rows */
  guint head, tail; /* rows that are the same at both ends */
  FoveaPendingColumns *pending;
  gint64 version;  /* newest trained model version of the project, 0 none */
  gsize total;
} FoveaPictureAnswer;

/* Takes @filter's strings and ids. */
void fovea_picture_filter_copy (FoveaPictureFilter *dest, const FoveaPictureFilter *filter);
void fovea_picture_filter_clear (FoveaPictureFilter *filter);

void                fovea_picture_query_free (FoveaPictureQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaPictureQuery, fovea_picture_query_free)
/* Whether other suggestions would give another answer. */
gboolean            fovea_picture_query_needs_suggestions (const FoveaPictureFilter *filter, FoveaPictureSort sort);
FoveaPictureAnswer *fovea_picture_query_run (const FoveaPictureQuery *query, FoveaCore *core, FoveaStore *reader,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
void                fovea_picture_answer_free (FoveaPictureAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaPictureAnswer, fovea_picture_answer_free)

/* ---- picture-order.c ---- */

/* A row that passed the filter. @key: higher comes first; NAN: nothing to go by, last. */
typedef struct {
  gint64 id;
  guint32 input; /* its row in the columns */
  gboolean labelled;
  double key;
} FoveaPictureKept;

/* Sets keys by likeness to picture @about. */
void fovea_picture_order_similar (GArray *kept, const FoveaVectorSet *vectors, gint64 about);
/* Sets keys so that the most useful to label come first; keys are doubts before (NAN: none). @vectors: (nullable). */
void fovea_picture_order_useful (GArray *kept, const FoveaVectorSet *vectors);
void fovea_picture_order_sort (GArray *kept, gboolean descending);

/* ---- picture-diff.c ---- */

/* Fills head, tail and splices of the answer. */
void fovea_picture_diff (const GArray *before, FoveaPictureAnswer *answer);

G_END_DECLS
