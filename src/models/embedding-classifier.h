/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model-type.h"

G_BEGIN_DECLS

/* Clarifai's context-based (transfer) classifier: a linear head on the unit vectors of a chosen embedder. See
 * head-trainer.h for what its parameters do. */
#define FOVEA_TYPE_EMBEDDING_CLASSIFIER (fovea_embedding_classifier_get_type ())
G_DECLARE_FINAL_TYPE (FoveaEmbeddingClassifier, fovea_embedding_classifier, FOVEA, EMBEDDING_CLASSIFIER, GObject)

/* What the parameters ask of the trainer (C = 0 and no mask: chosen by cross-validation). */
void fovea_embedding_classifier_get_options (FoveaEmbeddingClassifier *self, FoveaHeadOptions *ret_options);

G_END_DECLS
