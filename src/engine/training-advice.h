/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/learning-curve.h"
#include "engine/project.h"

G_BEGIN_DECLS

/**
 * FoveaTrainingAdvice:
 *
 * What would make a project's classifier better: more labels, or a network trained through all of its layers. From the learning curve of
 * the person's own labels (learning-curve.h), and from how many of a linear head's mistakes deep training took away where that was
 * measured (each on pictures that neither saw):
 *
 *   pictures a concept (all)    linear head → deep    mistakes fewer by
 *   60 (600), clothes           .860 → .900           29 %
 *   30 (540), small products    .889 → .959           63 %
 *   65 (130), grey medical      .600 → .636            9 %, less than its standard error
 *   12 (120), clothes           .755 → .795           16 %
 *    5 (50), clothes            .690 → .735           15 %
 *   40 (400), letters           .885 → .965           70 %
 *   50 (150), blood cells       .975 → .992           67 %
 *
 * So with 20 pictures a concept and 200 in all it is taken to remove 15 to 70 % of the mistakes, 30 as a rule; below that 0 to 35 %,
 * 10 as a rule. Nothing is promised that is less than the standard error of the accuracy.
 *
 * Of labels that are wrong a network through all of its layers learns more than a head does. Clothes, 600 pictures, so many of them with
 * another label by chance, tried on pictures with right ones (two minutes, seed 0):
 *
 *   wrong    contradicted (learning-curve.h)    linear head → deep
 *   none      2 %                               .860 → .895
 *   10 %      9 %                               .840 → .860
 *   22 %     13 %                               .775 → .830, less than the .085 that the head gains by right labels
 *   38 %     15 %                               .720 → .690
 *
 * Labels by chance alone have 6 and 9 % (ten and two concepts). So where one label in ten is contradicted, to look at these helps first,
 * and of deep training nothing is promised; nor where the head is no better than whoever always says the most frequent concept.
 */
typedef enum {
  FOVEA_ADVICE_TOO_FEW,  /* labels to say anything: @text says what is missing */
  FOVEA_ADVICE_GOOD,     /* right on 97 % or more already */
  FOVEA_ADVICE_CHECK,    /* many labels look wrong: to put them right helps more than either; deep is not said */
  FOVEA_ADVICE_LABELS,   /* twice the labels probably gain more than deep training */
  FOVEA_ADVICE_DEEP,     /* deep training probably gains more than twice the labels */
  FOVEA_ADVICE_UNSURE    /* neither gains more than chance does */
} FoveaAdvice;

typedef struct {
  FoveaAdvice advice;
  gsize n_labelled;        /* pictures with a label and a vector */
  guint n_concepts;        /* with at least one */
  FoveaLearningCurve curve; /* but for TOO_FEW */
  double deep, deep_low, deep_high; /* accuracy to expect of deep training; 0 where nothing is promised */
  char *text;              /* one sentence: "Deep training is probably worth it" */
  char *reason;            /* the figures behind it, in sentences; may be "" */
} FoveaTrainingAdvice;

void fovea_training_advice_free (FoveaTrainingAdvice *advice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaTrainingAdvice, fovea_training_advice_free)

/* From the labels of the split "train" where there is one with labels, else of all pictures; test pictures stay untouched. Some
 * seconds of computing at most, between which a label's refit goes first. The plain call waits, on any thread but the main one of a
 * window. Errors: CANCELLED, or what the store or the compute thread says; too few labels are an advice. */
FoveaTrainingAdvice *fovea_project_advise (FoveaProject *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void                 fovea_project_advise_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
FoveaTrainingAdvice *fovea_project_advise_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The rule alone: fills advice, deep, text and reason from the rest. */
void fovea_training_advice_decide (FoveaTrainingAdvice *advice);

/* {"advice":"deep","text":"…","reason":"…","labelled":600,"concepts":10,"curve":[{"labels":60,"accuracy":…,"low":…,"high":…}…],
 *  "evaluated":600,"contradicted":16,"twice":{"accuracy":…,"low":…,"high":…},"deep":{"accuracy":…,"low":…,"high":…}}; without what follows
 * the curve when labels are too few, and without "deep" where nothing is promised. */
JsonNode *fovea_training_advice_dup_json (const FoveaTrainingAdvice *advice) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
