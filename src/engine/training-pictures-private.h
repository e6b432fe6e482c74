/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/core-private.h"
#include "engine/job-private.h"
#include "vision/augment.h"

G_BEGIN_DECLS

/**
 * FoveaTrainingPictures:
 *
 * What a training looks at. Pictures are decoded once and kept, reduced to what the largest view needs, within a budget;
 * what does not fit is decoded again when it is its turn. Batches are made ahead on workers, so that computing does not
 * wait for them.
 *
 * Batch number s holds pictures s·B … s·B + B − 1 of an endless row of epochs, each a shuffle of its own; order and views
 * follow from the seed alone, so a training that is resumed at a step sees what it would have seen.
 */
typedef struct _FoveaTrainingPictures FoveaTrainingPictures;

/* Arrays are borrowed while it lives. */
typedef struct {
  const char *const *paths;      /* [n] */
  const guint8 *sha256;          /* [n, 32]: a file that has changed is not taken */
  const float *targets;          /* [n, n_concepts] */
  guint n, n_concepts;
  guint n_held_out;              /* the last of them: never in a batch */
  FoveaInputSpec input;
  FoveaAugmentation augmentation;
  guint batch_size;
  guint64 seed;
  gsize cache_bytes;
} FoveaTrainingPicturesSpec;

typedef struct {
  FoveaTensor *pictures; /* f32 [B,3,S,S] */
  FoveaTensor *targets;  /* f32 [B,n_concepts] */
} FoveaTrainingBatch;

void fovea_training_batch_free (FoveaTrainingBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaTrainingBatch, fovea_training_batch_free)

/* Reads all of them, with progress. What cannot be read is a row of the job's report and left out. Errors: INVALID when
 * nothing to learn from is left; CANCELLED. */
FoveaTrainingPictures *fovea_training_pictures_new (FoveaCore *core, FoveaJob *job, const FoveaTrainingPicturesSpec *spec,
                                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void                   fovea_training_pictures_free (FoveaTrainingPictures *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaTrainingPictures, fovea_training_pictures_free)

guint fovea_training_pictures_get_n (FoveaTrainingPictures *self);          /* to learn from, that could be read */
guint fovea_training_pictures_get_n_held_out (FoveaTrainingPictures *self); /* idem */

/* The batch of @step, waiting for it. Steps in a row are ready ahead; another step begins a new row. Job thread. */
FoveaTrainingBatch *fovea_training_pictures_get_batch (FoveaTrainingPictures *self, guint64 step, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Pictures a step from now on. Job thread, no batch of it in hand. */
void fovea_training_pictures_set_batch_size (FoveaTrainingPictures *self, guint batch_size);

/* Index among the spec's paths of picture @i of those held out, or of those to learn from. */
guint fovea_training_pictures_get_row (FoveaTrainingPictures *self, gboolean held_out, guint i);

/* The same picture as the network sees it when it predicts, to @dest f32 [3,S,S]. Job thread. */
gboolean fovea_training_pictures_get_plain (FoveaTrainingPictures *self, gboolean held_out, guint i, float *dest, GError **error);

/* Picture @i of those to learn from as @epoch shows it, but never mixed with another. Job thread. */
gboolean fovea_training_pictures_get_view (FoveaTrainingPictures *self, guint i, guint64 epoch, float *dest, GError **error);

G_END_DECLS
