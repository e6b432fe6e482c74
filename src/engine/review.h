/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project.h"

G_BEGIN_DECLS

/**
 * FoveaReview:
 *
 * One sitting of a person who looks at what the machine says of whole pictures. GListModel of FoveaPicture: what was looked
 * at so far, the picture that is being looked at (the position), and what comes next, in the chosen order. What comes next
 * follows new suggestions and others' changes; what has been, the present picture and the two after it stay where they are.
 * Virtual: 8 bytes a picture, objects for those that someone looks at.
 *
 * What waits: pictures that no person has said anything of and that have a suggestion, of the live classifier or stored by
 * a model version (AWAITING_REVIEW); or, by label errors, labelled pictures whose label is likely wrong (label-errors.h), which
 * are worked out off the main thread when they are asked for and kept until labels change.
 *
 * A decision is one undoable command; the review goes on at once, to the next picture that is not decided. When it is undone
 * (by whomever), the review goes back to that picture.
 *
 * Properties (read-only, with notify): "n-items" uint · "position" uint (n-items: at the end) · "loading" boolean · "n-waiting" uint:
 * unlabelled pictures with a suggestion, for the sidebar.
 * Signals: "changed": suggestion, verdict or tally of something reads differently · "failed" (GError): a decision was not
 * written; the review has gone back to it.
 * Main thread.
 */
#define FOVEA_TYPE_REVIEW (fovea_review_get_type ())
G_DECLARE_FINAL_TYPE (FoveaReview, fovea_review, FOVEA, REVIEW, GObject)

typedef enum {
  FOVEA_REVIEW_DOUBT,       /* least certain suggestion first */
  FOVEA_REVIEW_USEFUL,      /* most useful to the live classifier first: doubtful, and unlike those before */
  FOVEA_REVIEW_CERTAIN,     /* most certain first: quick accepting */
  FOVEA_REVIEW_LABEL_ERRORS /* labels that are likely wrong, worst first */
} FoveaReviewOrder;

typedef enum {
  FOVEA_REVIEW_OPEN,      /* nothing was decided in this sitting */
  FOVEA_REVIEW_ACCEPTED,  /* it is what the machine says */
  FOVEA_REVIEW_REJECTED,  /* it is not */
  FOVEA_REVIEW_CORRECTED, /* it is something else */
  FOVEA_REVIEW_SKIPPED
} FoveaReviewVerdict;

FoveaReview *fovea_review_new (FoveaProject *project) G_GNUC_WARN_UNUSED_RESULT;

/* Waits for what runs in the background. Before the project is closed; nothing but unref afterwards. */
void fovea_review_close (FoveaReview *self);

/* Starts a queue in that order; the tally goes on. The same order again: looks anew for label errors when labels changed. */
void             fovea_review_set_order (FoveaReview *self, FoveaReviewOrder order);
FoveaReviewOrder fovea_review_get_order (FoveaReview *self);

gboolean    fovea_review_get_loading (FoveaReview *self);
guint       fovea_review_get_n_waiting (FoveaReview *self);
const char *fovea_review_get_problem (FoveaReview *self); /* why there are no label errors to look at; "" otherwise */

/* Somebody looks at it: from now on the present picture stays where it is. */
void     fovea_review_begin (FoveaReview *self);
guint    fovea_review_get_position (FoveaReview *self);
gboolean fovea_review_go_to (FoveaReview *self, guint position); /* FALSE: there is no such place */

#define FOVEA_SUGGESTION_TOP 5

/* What the machine says. Concepts are borrowed. */
typedef struct {
  FoveaConcept *concept; /* (nullable) there is no suggestion (any more) */
  gboolean is;           /* shows it, or (of a label "is") does not */
  double value;          /* probability of that */
  guint n_top;           /* most probable concepts, @concept's own value among them */
  FoveaConcept *top[FOVEA_SUGGESTION_TOP];
  double top_values[FOVEA_SUGGESTION_TOP];
} FoveaSuggestion;

gboolean           fovea_review_get_suggestion (FoveaReview *self, guint position, FoveaSuggestion *ret_suggestion);
FoveaReviewVerdict fovea_review_get_verdict (FoveaReview *self, guint position);

/* On the present picture, which is then left. FALSE: there is none, or it has no suggestion to accept or reject. An earlier
 * decision on the same picture is replaced. */
gboolean fovea_review_accept (FoveaReview *self);
gboolean fovea_review_reject (FoveaReview *self);
gboolean fovea_review_correct (FoveaReview *self, const char *concept); /* its name; made when it does not exist */
gboolean fovea_review_skip (FoveaReview *self);

typedef struct {
  guint n_accepted, n_rejected, n_corrected, n_skipped;
  double accuracy_low, accuracy_high; /* 95 % interval of accepted / decided; 0..1 with nothing decided */
  guint n_left;                       /* that come still */
  double expected_wrong;              /* suggestions among them that are wrong, by their own probabilities */
  guint n_to_settle;                  /* of them, in the order, until 98 % of what is then left should be right */
  double settled_share;               /* 0.98 */
  guint n_labelled, n_suspects;       /* label errors: pictures looked at, and how many labels of them are likely wrong */
} FoveaReviewTally;

void fovea_review_get_tally (FoveaReview *self, FoveaReviewTally *ret_tally);

G_END_DECLS
