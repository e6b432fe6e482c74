/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/picture-set.h"
#include "engine/concept.h"

G_BEGIN_DECLS

/* A concept in the sidebar: colour, name, key, count. Signal "pictures-dropped" (FoveaPictureSet): pictures were dropped on it. */
#define FOVEA_TYPE_CONCEPT_ROW (fovea_concept_row_get_type ())
G_DECLARE_FINAL_TYPE (FoveaConceptRow, fovea_concept_row, FOVEA, CONCEPT_ROW, GtkListBoxRow)

GtkWidget    *fovea_concept_row_new (FoveaConcept *concept);
FoveaConcept *fovea_concept_row_get_concept (FoveaConceptRow *self); /* borrowed */
void          fovea_concept_row_set_key (FoveaConceptRow *self, char key); /* 0: none */

G_END_DECLS
