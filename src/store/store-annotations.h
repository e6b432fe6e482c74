/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/* Clarifai's codes. */
typedef enum {
  FOVEA_STORE_ANNOTATION_SUCCESS = 24150,
  FOVEA_STORE_ANNOTATION_PENDING = 24151,
  FOVEA_STORE_ANNOTATION_AWAITING_REVIEW = 24157,
  FOVEA_STORE_ANNOTATION_REVIEW_DENIED = 24158,
} FoveaStoreAnnotationStatus;

/**
 * FoveaStoreAnnotation:
 * @input: picture; @region: region of it, 0 for the whole picture
 * @concept: what is said of it
 * @version: row id of the model version that says so, 0 for a person
 * @value: 1 shows it, 0 does not
 * @score: the model's probability; 1 or 0 for a person's
 * @author: id from fovea_store_ensure_author(), 0 for unknown
 *
 * One statement. (input, region, concept, version) is its key: a person and each model version say
 * at most one thing of a concept on a picture. No pointers: arrays of them may be copied.
 */
typedef struct {
  gint64 input;
  gint64 region;
  gint64 concept;
  gint64 version;
  int value;
  FoveaStoreAnnotationStatus status;
  double score;
  gint64 author;
  gint64 created_at;
} FoveaStoreAnnotation;

/* Finds or makes the author of that name (in a command when it has to be made). */
gboolean    fovea_store_ensure_author       (FoveaStore             *store,
                                             const char             *name,
                                             gint64                 *ret_id,
                                             GError                **error);

/**
 * fovea_store_put_annotations:
 * @ret_changed: (out) (optional): how many are new or differ from before
 *
 * Writes statements, in place of those with the same key. In a command. @created_at 0 becomes the
 * present, status 0 _SUCCESS. 100,000 take under a second, their changeset included.
 *
 * Errors: _NOT_FOUND when an input, region, concept, version or author does not exist; _INVALID for
 * a value that is neither 0 nor 1, or a score that is no number.
 */
gboolean    fovea_store_put_annotations     (FoveaStore             *store,
                                             const FoveaStoreAnnotation *annotations,
                                             gsize                   n,
                                             gsize                  *ret_changed,
                                             GError                **error);

/* A person says @value of @concept on whole pictures. The short way to put_annotations(). In a
 * command. */
gboolean    fovea_store_label_inputs        (FoveaStore             *store,
                                             const gint64           *inputs,
                                             gsize                   n,
                                             gint64                  concept_,
                                             int                     value,
                                             gint64                  author,
                                             gsize                  *ret_changed,
                                             GError                **error);

/**
 * fovea_store_clear_labels:
 * @concept_: 0 for every concept
 *
 * Takes back what people said of whole pictures. In a command. To make a concept exclusive, clear
 * (inputs, 0) and label in one command.
 */
gboolean    fovea_store_clear_labels        (FoveaStore             *store,
                                             const gint64           *inputs,
                                             gsize                   n,
                                             gint64                  concept_,
                                             gsize                  *ret_changed,
                                             GError                **error);

/* What fovea_store_clear_other_labels() took back: of how many pictures, and which concept, 0 when there were several. */
typedef struct {
  gsize n_pictures;
  gint64 concept;
} FoveaStoreReplaced;

/* Takes back every concept but @concept_ that people said these whole pictures show; what they said not to show stays. In a
 * command. */
gboolean    fovea_store_clear_other_labels  (FoveaStore             *store,
                                             const gint64           *inputs,
                                             gsize                   n,
                                             gint64                  concept_,
                                             FoveaStoreReplaced     *ret_replaced,
                                             GError                **error);

/* Whether people said of any whole picture that it shows two concepts. */
gboolean    fovea_store_any_shows_two       (FoveaStore             *store,
                                             gboolean               *ret_any,
                                             GError                **error);

/* Removes everything that @version has said of pictures and regions, and the regions it found. In a
 * command. */
gboolean    fovea_store_clear_predictions   (FoveaStore             *store,
                                             gint64                  version,
                                             gsize                  *ret_changed,
                                             GError                **error);

/**
 * fovea_store_get_labels:
 * @ids: (array length=n) (nullable): inputs; NULL for all
 * @version: 0 for what people said, a version's row id for what it said, -1 for everybody
 *
 * Returns: (element-type FoveaStoreAnnotation): in order of input, region, concept. The labels of a
 * page of a window, or of all inputs for training (100,000 in about a tenth of a second).
 */
GArray *fovea_store_get_labels (FoveaStore *store,
                                const gint64 *ids,
                                gsize n,
                                gint64 version,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_store_get_training_labels:
 * @split: (nullable): only inputs of that split; NULL for all
 * @concepts: (array length=n): only these; NULL for all
 *
 * Returns: (element-type FoveaStoreAnnotation): what people said of whole pictures with status
 * _SUCCESS, in order of input and concept.
 */
GArray *fovea_store_get_training_labels (FoveaStore *store,
                                         const char *split,
                                         const gint64 *concepts,
                                         gsize n,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
