/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "nn/loss.h"
#include "vision/augment.h"

G_BEGIN_DECLS

/* How a network is trained through all of its layers, and for how long. The recipe for pretrained networks is measured:
 * AdamW (0.9, 0.99), weight decay on the backbone's convolution weights alone, a rise of the rate over the first steps
 * and half a cosine down to 2 %, global gradient norm clipped at 5, a running average of the weights. */

typedef enum {
  FOVEA_TEMPLATE_EFFICIENTNET_LITE0,
  FOVEA_TEMPLATE_EFFICIENTNET_LITE2,
  FOVEA_TEMPLATE_EFFICIENTNET_LITE0_SCRATCH,
  FOVEA_TEMPLATE_SMALL_SCRATCH,
  FOVEA_N_TEMPLATES
} FoveaTemplate;

/* The stored and printed names, NULL-terminated, in the order of the numbers. */
extern const char *const fovea_template_names[];

gboolean fovea_template_from_name (const char *name, FoveaTemplate *ret_template);
/* Pack that the training starts from, NULL for those from scratch. */
const char *fovea_template_get_pack (FoveaTemplate template);
int fovea_template_get_size (FoveaTemplate template); /* pixels a side */
/* Pictures a step: from scratch 32, because batch norms learn from the statistics of a batch; else 16. */
guint fovea_template_get_batch_size (FoveaTemplate template);

/* In place of a classifier: vectors (models/network.h, nn/loss.h). */
typedef struct {
  gboolean wanted;
  FoveaLossKind loss;
  double scale, margin;
  guint dim;                    /* of the vectors; 0 = as many as the network has */
} FoveaMetricOptions;

typedef struct {
  FoveaTemplate template;
  int image_size;               /* of those from scratch */
  gboolean exclusive;
  guint batch_size;
  gboolean may_widen;           /* nobody said how many pictures a step takes */
  guint widened_from;           /* pictures a step before fovea_deep_widen(); 0: not widened */
  guint n_epochs;               /* 0 = as planned below */
  double time_limit_s;          /* of the whole training; 0 = none */
  double head_rate, backbone_rate;
  double rate;                  /* from scratch: of all weights */
  double weight_decay, label_smoothing;
  double dropout;               /* of the embedding's numbers */
  gboolean balanced;            /* each concept counts the same; else each picture does */
  double validation_fraction;
  guint patience;               /* validations without improvement until it stops; 0 = never */
  gboolean bf16;
  guint64 seed;
  FoveaAugmentation augmentation;
  FoveaMetricOptions metric;
} FoveaDeepOptions;

typedef struct {
  guint64 n_steps;
  double head_rate, backbone_rate;
} FoveaDeepStage;

#define FOVEA_DEEP_MAX_STAGES 2

typedef struct {
  guint n_stages;
  FoveaDeepStage stages[FOVEA_DEEP_MAX_STAGES];
} FoveaDeepPlan;

/* A second stage shorter than this part of the first is not begun. */
#define FOVEA_DEEP_STAGE_2_MIN_PART 0.5

/* With at most this many pictures of a concept, on average, the classifier starts from a logistic regression on the pack's
 * vectors of several views of each picture, learns a good deal more slowly, and is not smoothed: with random numbers it would
 * not find the concepts in time, and at the usual rates the network forgets more than so few pictures teach it (clothes, five
 * of each of ten concepts, 180 others, three draws, Lite2: logistic regression .739; trained on from there at the usual
 * rates .620, at these .735). */
#define FOVEA_DEEP_FEW 12
#define FOVEA_DEEP_FEW_C 100.0

/* And what is kept are the average's weights, this part of the way back to where they started (WiSE-FT, arXiv:2109.01903): as often
 * right, and surer of less that is wrong (180 others, three draws each, accuracy and NLL: five of each .731, .952 without, .744, .855
 * with; twelve of each .850, .589 and .846, .557). */
#define FOVEA_DEEP_FEW_BACK 0.25f

gboolean fovea_deep_starts_linear (const FoveaDeepOptions *options, gsize n_each);
/* Views of each of @n_pictures that the regression learns from: 8, fewer where they would be more than 4,096 in all, or 20 for each
 * second of the time limit: half of it, where forty pictures are looked at in a second. */
guint fovea_deep_start_views (const FoveaDeepOptions *options, gsize n_pictures);

/**
 * fovea_deep_plan_make:
 * @n_each: pictures of a concept, on average
 * @step_seconds: that a step of batch_size pictures takes; @seconds_left: for steps, only with a time limit
 *
 * With epochs: one stage of so many. Else, from a pack: stage 1 of min (3000, 10 n) pictures (20 n where they are few), at
 * least 3 n, in as many steps of more when widened; stage 2, with a time limit that is worth half of stage 1 more, of min (4000,
 * 10 n), at least 3 n, from what stage 1 ended with, while both together see no picture more than seven times: beyond that the network learns its
 * pictures by heart (420 pictures of clothes, 180 others: 7 epochs .911, NLL .384; 15 epochs .900, .419).
 * From scratch: 120 epochs (EfficientNet) or 60 (small); up to 200 with a limit. Whatever does not fit into the
 * limit is cut off the end; at least one step is left.
 *
 * Returns how many pictures a step should take: more than batch_size, at most FOVEA_DEEP_WIDEST times, where the limit leaves time for as many
 * steps of more, and the plan has no other use for it; or without a limit twice as many, while stage 1 is of no more than 3000 pictures.
 * Then fovea_deep_widen(), time a step, and plan anew. The pretrained network so learns from the same pictures up to twice with less
 * noise in each step, and not by heart (clothes, three folds of 400 and 200: 188 steps of 16 .882 and .885, NLL .457 and .448; 188 of 32
 * .893, .427; Lite2, 188 of 16 .892, .410, of 20 .902, .413, of 32 .898, .394. 400 steps of 16 were no better than 188).
 */
guint fovea_deep_plan_make (const FoveaDeepOptions *options, gsize n_pictures, gsize n_each, double step_seconds,
                            double seconds_left, FoveaDeepPlan *ret_plan);

#define FOVEA_DEEP_WIDEST 2
/* @batch_size: pictures a step, as the plan returned; the plan has as many steps as before, and is not widened again. */
void fovea_deep_widen (FoveaDeepOptions *options, guint batch_size);

/* What a picture costs that is only looked at, of one that is learned from. */
#define FOVEA_DEEP_LOOKED_AT (1 / 3.0)

/* What each concept counts when they are balanced: (mean of n_pictures) / n_pictures[k], the mean over those with any; 0 where
 * there is none. */
void fovea_deep_concept_weights (const gsize *n_pictures, guint n_concepts, float *ret_weights);

/* Steps over which the rate rises: 5 %, but ten where a quarter of the steps is as many: the first steps of Adam are as long
 * as the rate, whatever the gradient, and would throw a start from good weights away. */
guint64 fovea_deep_warm_up_steps (guint64 n_steps);
#define FOVEA_DEEP_FINAL_RATE 0.02

/* min (0.99, 1 − 4 / steps), so that the average is of the last quarter of a stage at most. */
double fovea_deep_average_decay (guint64 n_steps);

/* Whether @losses [n] are more than @least [n] of the same pictures, by two standard errors of the mean of the differences
 * (a paired t-test). Of one picture: whether it is more. */
gboolean fovea_deep_is_clearly_more (const double *losses, const double *least, gsize n);

G_END_DECLS
