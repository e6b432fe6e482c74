/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/deep-plan.h"
#include "models/model-type.h"

G_BEGIN_DECLS

/* Pictures → vectors that lie close together where pictures show the same concept: metric learning through all layers of a
 * network, by the machinery (and with most of the parameters) of the visual-classifier. Other models build on the
 * result: it is named where an embedder is chosen. Untrained it is a pretrained network's own embedder. */
#define FOVEA_TYPE_VISUAL_EMBEDDER (fovea_visual_embedder_get_type ())
G_DECLARE_FINAL_TYPE (FoveaVisualEmbedder, fovea_visual_embedder, FOVEA, VISUAL_EMBEDDER, GObject)

/* What the parameters ask of a training. */
void fovea_visual_embedder_get_options (FoveaVisualEmbedder *self, FoveaDeepOptions *ret_options);

G_END_DECLS
