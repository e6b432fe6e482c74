/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/picture-set.h"
#include "engine/concept.h"

G_BEGIN_DECLS

/**
 * FoveaConceptRow:
 *
 * A concept in a list: colour, name, key, count. In the sidebar it can be changed too: while pictures are dragged over it, it shows
 * two halves, "is" and "is not"; other concepts are dropped before or after it; its name is typed in place.
 *
 * Signals: "pictures-dropped" (FoveaPictureSet, boolean: on "is not") · "concept-dropped" (FoveaConcept, boolean: after this one) ·
 * "renamed" (the new name)
 */
#define FOVEA_TYPE_CONCEPT_ROW (fovea_concept_row_get_type ())
G_DECLARE_FINAL_TYPE (FoveaConceptRow, fovea_concept_row, FOVEA, CONCEPT_ROW, GtkListBoxRow)

GtkWidget    *fovea_concept_row_new (FoveaConcept *concept);
void          fovea_concept_row_make_editable (FoveaConceptRow *self); /* drags and drops; once */
FoveaConcept *fovea_concept_row_get_concept (FoveaConceptRow *self); /* borrowed */
void          fovea_concept_row_set_key (FoveaConceptRow *self, char key); /* 0: none */
void          fovea_concept_row_start_rename (FoveaConceptRow *self);

G_END_DECLS
