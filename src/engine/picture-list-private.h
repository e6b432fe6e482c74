/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/core-private.h"
#include "engine/picture-list.h"

G_BEGIN_DECLS

FoveaPictureList *fovea_picture_list_new (FoveaCore *core, FoveaConceptList *concepts) G_GNUC_WARN_UNUSED_RESULT;

/* Rows changed: reads them again in the background. */
void fovea_picture_list_refresh (FoveaPictureList *self);

/* Waits for what runs in the background; the list stays as it is. Before the core is closed. */
void fovea_picture_list_close (FoveaPictureList *self);

/* ---- picture-query.c: what runs off the main thread ---- */

/* A filter with strings of its own, and the order. */
typedef struct {
  FoveaPictureFilter filter;
  char *text, *split;
  FoveaPictureSort sort;
  gboolean descending;
} FoveaPictureQuery;

typedef struct {
  GArray *rows;    /* FoveaStoreInputBrief in order */
  GArray *pending; /* gint64, ascending: pictures without a vector; NULL: no vector is there at all */
  gint64 version;  /* newest trained model version of the project, 0 none */
  gsize total;
} FoveaPictureAnswer;

FoveaPictureQuery  *fovea_picture_query_new (const FoveaPictureFilter *filter, FoveaPictureSort sort, gboolean descending) G_GNUC_WARN_UNUSED_RESULT;
void                fovea_picture_query_free (FoveaPictureQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaPictureQuery, fovea_picture_query_free)
FoveaPictureAnswer *fovea_picture_query_run (const FoveaPictureQuery *query, FoveaStore *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void                fovea_picture_answer_free (FoveaPictureAnswer *answer);

G_END_DECLS
