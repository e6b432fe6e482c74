/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/project.h"

G_BEGIN_DECLS

/* Places and concepts. Signals: "concept-selected" (FoveaConcept or NULL: all images), "pictures-dropped" (FoveaPictureSet,
 * FoveaConcept), "concept-added" (the name that was typed). */
#define FOVEA_TYPE_SIDEBAR (fovea_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (FoveaSidebar, fovea_sidebar, FOVEA, SIDEBAR, AdwBin)

void fovea_sidebar_set_project (FoveaSidebar *self, FoveaProject *project);

/* Shows what the grid is filtered by, without a signal. @concept: (nullable) */
void fovea_sidebar_show_concept (FoveaSidebar *self, FoveaConcept *concept);

G_END_DECLS
