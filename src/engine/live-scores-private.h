/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/columns-private.h"
#include "models/head.h"

G_BEGIN_DECLS

/* Above so many pairs of pictures and concepts only the strongest concept of a picture is kept (64 MB). */
#define FOVEA_LIVE_MAX_VALUES ((gsize) 16 << 20)

/**
 * FoveaLiveScores:
 *
 * What one head says of every picture that has a vector. Immutable once it is given away, counted, any thread.
 */
typedef struct {
  gatomicrefcount ref_count;
  gint64 space;              /* of the vectors; @dim numbers each */
  guint dim;
  gboolean exclusive;
  guint k;
  gint64 *concepts;          /* [k] row ids */
  gsize n;
  gint64 *ids;               /* [n] ascending */
  guint16 *strongest;        /* [n] index into @concepts */
  float *value;              /* [n] its probability */
  float *doubt;              /* [n] */
  float *values;             /* [n, k], or NULL: see above */
  FoveaLabelColumns *labels; /* those that it was fitted to */
  /* Labelled pictures as a head saw them that had not been taught by them. */
  gsize n_held_out;
  gint64 *held_out_ids;      /* ascending */
  float *held_out;           /* [n_held_out, k] */
} FoveaLiveScores;

FoveaLiveScores *fovea_live_scores_new (const FoveaHead *head, const gint64 *concepts, gint64 space, const gint64 *ids, gsize n,
                                        FoveaLabelColumns *labels) G_GNUC_WARN_UNUSED_RESULT;
FoveaLiveScores *fovea_live_scores_ref (FoveaLiveScores *scores);
void             fovea_live_scores_unref (FoveaLiveScores *scores);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaLiveScores, fovea_live_scores_unref)

/* A copy that can be completed before it is given away. */
FoveaLiveScores *fovea_live_scores_copy (const FoveaLiveScores *scores) G_GNUC_WARN_UNUSED_RESULT;

/* Writes row @to from @probabilities [k], or from row @from of another with the same concepts. */
void fovea_live_scores_set (FoveaLiveScores *scores, gsize to, const float *probabilities);
void fovea_live_scores_take (FoveaLiveScores *scores, gsize to, const FoveaLiveScores *other, gsize from);

/* −1 when it is not known. */
int    fovea_live_scores_find_concept (const FoveaLiveScores *scores, gint64 concept);
double fovea_live_scores_get (const FoveaLiveScores *scores, gsize row, int concept);

/* Of a labelled picture: by a head that has not seen its label where there is one, else as above. −1: not known. */
double fovea_live_scores_get_held_out (const FoveaLiveScores *scores, gsize row, int concept);
int    fovea_live_scores_get_held_out_strongest (const FoveaLiveScores *scores, gsize row);

/* Rows that fovea_live_list_confident() speaks of: @func for each; NULL: only count. */
typedef void (*FoveaConfidentFunc) (gint64 id, double value, gpointer data);
guint fovea_live_scores_each_confident (const FoveaLiveScores *scores, gint64 concept, double min_value, FoveaConfidentFunc func,
                                        gpointer data);

/* (element-type gint64): the same as a list, most certain first, at most @max (0: all). */
GArray *fovea_live_scores_list_confident (const FoveaLiveScores *scores, gint64 concept, double min_value,
                                          guint max) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
