/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/label-errors.h"
#include "engine/project-private.h"
#include "engine/review.h"
#include "store/store-inputs.h"

G_BEGIN_DECLS

/* One decision, as the store writes it and as it is recognised when it is undone. */
typedef struct {
  gint64 id;
  FoveaReviewVerdict verdict;
  char *name;           /* (nullable) corrected: the concept's name */
  gint64 concept;       /* whose label is written; corrected: known when it is written */
  gboolean is;          /* value of that label */
  double value;         /* of the suggestion, whatever was decided; 0 without one */
  gint64 instead_of;    /* a label that makes room; 0 none */
  gint64 restores;      /* a label that an earlier decision took away; 0 none */

  FoveaStoreInputState state; /* of the picture afterwards */
  gboolean written;
} FoveaDecision;

void fovea_decision_free (FoveaDecision *decision);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaDecision, fovea_decision_free)

struct _FoveaReview {
  GObject parent_instance;
  FoveaProject *project;
  FoveaPictureList *source; /* unlabelled pictures with a suggestion, in order */
  FoveaPictureList *all;    /* where the objects come from */
  gboolean closed;

  FoveaReviewOrder order;
  GArray *ids; /* gint64 */
  guint position;
  guint frozen; /* entries before it stay */
  gboolean begun;

  GHashTable *verdicts; /* id → FoveaReviewVerdict, of this sitting */
  GPtrArray *done, *undone; /* FoveaDecision, newest last */
  gboolean checking, check_again;

  /* Label errors. */
  FoveaLabelErrors *errors; /* (nullable) */
  GHashTable *error_at;     /* id → 1 + index */
  char *problem;
  GThread *worker;
  GCancellable *cancellable;
  gboolean searching;

  GArray *probes; /* (nullable) double: probabilities of what is left, ascending */
  gboolean probing, probe_again;
};

/* review.c */
gint64             fovea_review_get_id (FoveaReview *self, guint position);
FoveaReviewVerdict fovea_review_get_verdict_of (FoveaReview *self, gint64 id);
gboolean           fovea_review_find (FoveaReview *self, gint64 id, guint *ret_position);
void               fovea_review_set_position (FoveaReview *self, guint position);
void               fovea_review_go_on (FoveaReview *self); /* to the next that is not decided */
void               fovea_review_rebuild (FoveaReview *self);
void               fovea_review_notify_loading (FoveaReview *self);
void               fovea_review_emit_changed (FoveaReview *self);
void               fovea_review_emit_failed (FoveaReview *self, const GError *error);

/* review-follow.c: rows have changed; looks whether the newest decision still stands. */
void fovea_review_follow (FoveaReview *self);

/* review-errors.c */
void                   fovea_review_search_errors (FoveaReview *self);
const FoveaLabelError *fovea_review_get_error (FoveaReview *self, gint64 id); /* (nullable) in the order by label errors only */

/* review-decide.c: one command of the store. @decision is borrowed until the callback; _finish fills in its concept and state. */
void     fovea_decision_write_async (FoveaDecision *decision, FoveaProject *project, GAsyncReadyCallback callback, gpointer data);
gboolean fovea_decision_write_finish (FoveaDecision *decision, GAsyncResult *result, GError **error);

/* Whether what the store says of a picture is what a decision has made of it. */
typedef struct {
  const FoveaDecision *decision; /* for comparison alone: it may be gone */
  gint64 id, concept;
  gboolean is;
  FoveaStoreInputState state;
  gboolean holds;
} FoveaDecisionCheck;

/* Of up to two written decisions, NULL for none. _finish: two, borrowed from @result. */
void fovea_decision_check_async (const FoveaDecision *const decisions[2], FoveaProject *project, GAsyncReadyCallback callback,
                                 gpointer data);
const FoveaDecisionCheck *fovea_decision_check_finish (GAsyncResult *result, GError **error);

/* review-tally.c */

/* What is left is judged by this many pictures of it, evenly spread in the order. */
#define FOVEA_REVIEW_PROBES 256

/* Probability of the strongest stored suggestion of each of @ids, on the store thread. _finish: (element-type double) in ascending
 * order, of those that have one. */
void    fovea_review_probe_async (FoveaProject *project, GArray *ids, GAsyncReadyCallback callback, gpointer data);
GArray *fovea_review_probe_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same of the live classifier's suggestions, at once. */
GArray *fovea_review_probe_live (FoveaLive *live, const GArray *ids) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_review_estimate:
 * @values: probabilities, ascending, of @n_left suggestions
 * @decisions: FoveaDecision of this sitting
 *
 * Fills expected_wrong and n_to_settle. A suggestion of probability v is wrong with 1 − v; after 20 decisions that is corrected by
 * what the person found: times (wrong + 1) / (Σ (1 − v) + 1) of the decided ones.
 */
void fovea_review_estimate (const GArray *values, guint n_left, const GPtrArray *decisions, FoveaReviewTally *tally);

G_END_DECLS
