/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/core-private.h"
#include "engine/live-scores-private.h"
#include "engine/live.h"

G_BEGIN_DECLS

/**
 * FoveaLiveFit:
 *
 * What FoveaLive's thread works with from one fit to the next: the warm trainer, the last head, what it was fitted to.
 * One thread at a time.
 */
typedef struct _FoveaLiveFit FoveaLiveFit;

/* @state TOO_FEW, WAITING_FOR_VECTORS or READY. */
typedef struct {
  FoveaLiveState state;
  FoveaLiveScores *scores; /* (nullable) */
  gboolean exclusive;
  gboolean presumed;       /* unlabelled pictures stood in for "not" */
  guint n_concepts, n_labelled, n_suggested;
} FoveaLiveOutcome;

typedef struct {
  double accuracy, low, high; /* −1 unknown */
  guint n_evaluated;
} FoveaLiveEstimate;

FoveaLiveFit *fovea_live_fit_new (FoveaCore *core) G_GNUC_WARN_UNUSED_RESULT;
void          fovea_live_fit_free (FoveaLiveFit *self);

void fovea_live_outcome_clear (FoveaLiveOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FoveaLiveOutcome, fovea_live_outcome_clear)

/* Called when the labels allow a fit and there are no suggestions yet. */
typedef void (*FoveaLiveFittingFunc) (gpointer data);

/* Looks at labels and vectors as they are now; fits and scores what has changed since the last call. @ret_changed: FALSE
 * when all is as it was, and @ret_outcome is empty. */
gboolean fovea_live_fit_run (FoveaLiveFit *self, FoveaStore *reader, FoveaLiveFittingFunc fitting, gpointer data,
                             GCancellable *cancellable, FoveaLiveOutcome *ret_outcome, gboolean *ret_changed, GError **error);

/* Cross-validates what was fitted last, where it has not been yet. @ret_scores (nullable result): the last scores with
 * what held-out heads said. FALSE without an error: there is nothing to do. */
gboolean fovea_live_fit_evaluate (FoveaLiveFit *self, GCancellable *cancellable, FoveaLiveEstimate *ret_estimate,
                                  FoveaLiveScores **ret_scores, GError **error);

/* Forgets all, the vectors too. */
void fovea_live_fit_reset (FoveaLiveFit *self);

G_END_DECLS
