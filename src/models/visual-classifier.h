/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/deep-plan.h"
#include "models/model-type.h"

G_BEGIN_DECLS

/* Pictures → concepts. Untrained: those that a pretrained network knows by itself. Trained: the project's own, by a network
 * whose every layer learned (deep-plan.h says how). Parameters that only some templates have are listed with these. */
#define FOVEA_TYPE_VISUAL_CLASSIFIER (fovea_visual_classifier_get_type ())
G_DECLARE_FINAL_TYPE (FoveaVisualClassifier, fovea_visual_classifier, FOVEA, VISUAL_CLASSIFIER, GObject)

/* What the parameters ask of a training. */
void fovea_visual_classifier_get_options (FoveaVisualClassifier *self, FoveaDeepOptions *ret_options);

G_END_DECLS
