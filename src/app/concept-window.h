/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/concept-edit.h"

G_BEGIN_DECLS

/* Everything that a person says of a concept: name, description, key, colour. Signal "applied" (const FoveaConceptChange *, for the
 * call): the person saved it. */
#define FOVEA_TYPE_CONCEPT_WINDOW (fovea_concept_window_get_type ())
G_DECLARE_FINAL_TYPE (FoveaConceptWindow, fovea_concept_window, FOVEA, CONCEPT_WINDOW, AdwWindow)

GtkWidget    *fovea_concept_window_new (GtkWindow *parent, FoveaConcept *concept);
FoveaConcept *fovea_concept_window_get_concept (FoveaConceptWindow *self); /* borrowed */

G_END_DECLS
