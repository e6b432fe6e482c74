/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/concept.h"

G_BEGIN_DECLS

/**
 * FoveaLive:
 *
 * The classifier that learns while a person labels. After every change of labels (by us, by undo, by another process) a
 * linear head is fitted in the background on the stored vectors of the pictures, and every picture that has a vector
 * gets a suggestion: the strongest concept, its probability and how doubtful that is. Nothing of it is written to the
 * project; models that a person keeps are trained by fovea_project_train().
 *
 * What it learns from: the labels of whole pictures, but not those of pictures in a split called "test", "valid",
 * "validation" or "val", as long as there are others. Concepts exclude each other where the project says so
 * (one-concept.h) or its newest embedding-classifier does, else where the labels do (model-jobs.h). Where a project has
 * labels of one concept only and hardly a "not", a random sample of unlabelled pictures stands in for "not": the order is
 * right, the probabilities are low. A fit looks at no more than 2,048 labelled pictures: all of rare concepts and a fixed
 * random share of the others.
 * Doubt: exclusive 1 − (p₁ − p₂) of the two strongest concepts, else the largest 1 − |2p − 1| of any concept.
 *
 * The vectors are those of the newest embedding-classifier's fit, else letterboxed; they are loaded (2 bytes a number)
 * when the labels allow a fit, not before.
 *
 * A person's label is followed at once; while a job or another process changes rows all the time, at most a fifth of the time
 * goes into following. New vectors are scored as they come.
 *
 * Owned by the project (fovea_project_get_live()). Main thread. No call blocks.
 *
 * Properties (with notify): "enabled" boolean (read-write; off forgets everything) · "state" · "busy" boolean (a fit is
 * under way; the suggestions shown are those of the last one) · "accuracy", "accuracy-low", "accuracy-high" double:
 * top-1 by cross-validation with its 95 % interval, −1 while unknown: it takes ten examples a concept on average (one
 * concept alone: of "is" and "is not" together 20) · "n-evaluated" uint: pictures that the accuracy is of · "n-labelled"
 * uint: pictures that the last fit learnt from · "n-suggested" uint: unlabelled pictures with a suggestion.
 * Signal "updated": there is a new set of suggestions, or none any more.
 */
#define FOVEA_TYPE_LIVE (fovea_live_get_type ())
G_DECLARE_FINAL_TYPE (FoveaLive, fovea_live, FOVEA, LIVE, GObject)

typedef enum {
  FOVEA_LIVE_OFF,                 /* not enabled */
  FOVEA_LIVE_TOO_FEW,             /* labels: two pictures each of two concepts are wanted */
  FOVEA_LIVE_WAITING_FOR_VECTORS, /* the labelled pictures are not embedded yet */
  FOVEA_LIVE_FITTING,             /* the first suggestions are being worked out */
  FOVEA_LIVE_READY                /* there are suggestions, also while the next fit runs */
} FoveaLiveState;

void           fovea_live_set_enabled (FoveaLive *self, gboolean enabled);
gboolean       fovea_live_get_enabled (FoveaLive *self);
FoveaLiveState fovea_live_get_state (FoveaLive *self);
gboolean       fovea_live_get_busy (FoveaLive *self);
gboolean       fovea_live_get_exclusive (FoveaLive *self); /* whether concepts exclude each other in the last fit */
double         fovea_live_get_accuracy (FoveaLive *self, double *ret_low, double *ret_high); /* −1 unknown */
guint          fovea_live_get_n_evaluated (FoveaLive *self);
guint          fovea_live_get_n_labelled (FoveaLive *self);
guint          fovea_live_get_n_suggested (FoveaLive *self);

/* What the state means, or what the accuracy is of, in a sentence: "Label two pictures of at least two concepts and
 * suggestions appear". */
char *fovea_live_dup_message (FoveaLive *self) G_GNUC_WARN_UNUSED_RESULT;

/* Strongest concept of a picture: its row id, 0 without a suggestion. Of a labelled picture it is what a head says that has
 * not seen the label, where there are enough labels for that. */
gint64 fovea_live_get_suggestion (FoveaLive *self, gint64 picture_id, double *ret_value, double *ret_doubt);

/* Probability of one concept on a picture; −1 unknown. Above 16 million pairs of pictures and concepts only the
 * strongest of a picture is known. */
double fovea_live_get_value (FoveaLive *self, gint64 picture_id, gint64 concept_id);

/**
 * fovea_live_list_confident:
 * @concept_id: 0 for any
 * @min_value: 0..1
 * @max: at most so many, 0 = all
 *
 * Returns: (element-type gint64): pictures to accept in bulk, most certain first. Any concept, or concepts that exclude
 * each other: pictures without a label whose strongest concept is (@concept_id and) at least @min_value. One of several
 * independent concepts: pictures of which nobody has said whether they show it.
 */
GArray *fovea_live_list_confident (FoveaLive *self, gint64 concept_id, double min_value, guint max) G_GNUC_WARN_UNUSED_RESULT;
guint   fovea_live_count_confident (FoveaLive *self, gint64 concept_id, double min_value);

G_END_DECLS
