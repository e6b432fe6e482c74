/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model-type.h"

G_BEGIN_DECLS

/* Pictures → the concepts that a pretrained network knows by itself. */
#define FOVEA_TYPE_VISUAL_CLASSIFIER (fovea_visual_classifier_get_type ())
G_DECLARE_FINAL_TYPE (FoveaVisualClassifier, fovea_visual_classifier, FOVEA, VISUAL_CLASSIFIER, GObject)

G_END_DECLS
