/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/model-actions.h"

G_BEGIN_DECLS

/* What an evaluated model said of pictures, for showing these with its words in place of today's suggestions. */
#define FOVEA_TYPE_OPINIONS (fovea_opinions_get_type ())
G_DECLARE_FINAL_TYPE (FoveaOpinions, fovea_opinions, FOVEA, OPINIONS, GObject)

/* @concept: index into the evaluation's, whose probability is the word of every picture; −1: each picture's answer, the most
 * probable concept. */
FoveaOpinions *fovea_opinions_new (FoveaEvaluation *evaluation, int concept, FoveaConceptList *concepts) G_GNUC_WARN_UNUSED_RESULT;

/* The concept (borrowed) and its probability; NULL: the model was not asked about this picture, or the concept is gone. */
FoveaConcept *fovea_opinions_look_up (FoveaOpinions *self, gint64 picture_id, double *ret_value);

G_END_DECLS
