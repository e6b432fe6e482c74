/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project.h"

G_BEGIN_DECLS

/**
 * Splits:
 *
 * Parts the pictures of a project into "train" and "test". Pictures with the same bytes, and pictures of one group, go
 * together (a unit); they are tied through both, so a copy in another group ties the two groups. Every concept gets the
 * wanted fraction in test as nearly as units allow, the rarest first (Sechidis et al. 2011, iterative stratification),
 * and at least one unit where it has two. The same pictures, labels and seed give the same splits.
 */
typedef struct {
  double test_fraction; /* above 0, at most 0.5 */
  guint32 seed;
  gboolean keep;        /* pictures that are in a split already stay there, and draw their units along */
} FoveaSplitOptions;

#define FOVEA_SPLIT_OPTIONS_INIT { .test_fraction = 0.2 }

typedef struct {
  char *concept; /* "" for pictures without a label */
  guint n_train, n_test, n_other; /* pictures, of those that show it */
} FoveaSplitShare;

typedef struct {
  GPtrArray *counts; /* FoveaSplitShare: concepts by name, the unlabelled last where there are any */
  guint n_train, n_test, n_other; /* of all pictures; other: kept in a split of another name */
  guint n_changed;   /* that are in another split than before */
  guint n_tied;      /* that go with another picture for its bytes or its group */
} FoveaSplitPlan;

void fovea_split_plan_free (FoveaSplitPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaSplitPlan, fovea_split_plan_free)

/* What make would do; nothing is changed. */
void            fovea_project_plan_splits_async (FoveaProject *self, const FoveaSplitOptions *options, GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer data);
/* One undoable command; none when nothing changes. Errors: FOVEA_ENGINE_ERROR_INVALID for a fraction out of range, those of the store. */
void            fovea_project_make_splits_async (FoveaProject *self, const FoveaSplitOptions *options, GCancellable *cancellable,
                                                 GAsyncReadyCallback callback, gpointer data);
/* Of both. */
FoveaSplitPlan *fovea_project_splits_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same, waiting. */
FoveaSplitPlan *fovea_project_make_splits (FoveaProject *self, const FoveaSplitOptions *options, gboolean dry_run,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
