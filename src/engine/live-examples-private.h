/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/columns-private.h"
#include "engine/vector-cache-private.h"

G_BEGIN_DECLS

#define FOVEA_LIVE_MAX_ROWS 2048

/**
 * FoveaLiveExamples:
 *
 * The labelled pictures that a live fit learns from, in order of id.
 */
typedef struct {
  gsize n;
  gint64 *ids;
  guint k;
  gint64 *concepts;    /* [k] ascending row ids: those with an example */
  gint8 *labels;       /* [n, k]: 1, −1, 0 */
  guint64 *groups;     /* [n] duplicates and pictures of one group share one */
  gboolean exclusive;
  gboolean presumed;   /* rows that nobody has labelled stand in for "not" */
  gboolean enough;     /* two concepts with two examples each, or one with "is" and "is not" */
  guint n_labelled;    /* all that there are, also beyond the rows */
  guint n_without;     /* labelled, but without a vector */
  guint64 hash;        /* of all of it */
} FoveaLiveExamples;

/* @exclusive: 1, 0, or −1: by the labels. @vectors: (nullable) none are loaded yet; then every labelled picture counts as if
 * it had one, and only @enough and the counts mean something. */
FoveaLiveExamples *fovea_live_examples_new (const FoveaLabelColumns *labels, FoveaInputColumns *inputs, const FoveaVectorSet *vectors,
                                            int exclusive) G_GNUC_WARN_UNUSED_RESULT;
void               fovea_live_examples_free (FoveaLiveExamples *examples);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaLiveExamples, fovea_live_examples_free)

G_END_DECLS
