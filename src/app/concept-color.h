/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "engine/concept.h"

G_BEGIN_DECLS

/* Twelve colours that colour-blind people can tell apart: the engine's, and in style.css @concept_1 … @concept_12. */
#define FOVEA_N_CONCEPT_COLORS 12

/* "#rrggbb" of colour @i modulo twelve. */
const char *fovea_concept_color_get_default (guint i);

/* The concept's colour, opaque; one of the twelve (by its id) when it names none. */
void fovea_concept_color_get (FoveaConcept *concept, GdkRGBA *ret_color);

/* The number key that labels with the concept at @position of @concepts: its own key, else its place among the first nine when
 * no other concept has that key. 0: none. */
char fovea_concept_key_get (GListModel *concepts, guint position);

/* The concept that @key ('1' … '9') labels with. (nullable) (transfer none) */
FoveaConcept *fovea_concept_key_lookup (GListModel *concepts, char key);

/* A round patch of the concept's colour for lists and chips. */
#define FOVEA_TYPE_CONCEPT_DOT (fovea_concept_dot_get_type ())
G_DECLARE_FINAL_TYPE (FoveaConceptDot, fovea_concept_dot, FOVEA, CONCEPT_DOT, GtkWidget)

GtkWidget *fovea_concept_dot_new (void);
void       fovea_concept_dot_set_color (FoveaConceptDot *self, const GdkRGBA *color);

/* Draws the dot: @is_not hollow with a stroke through it, so that "is not" differs by shape. @ink: what is written beside it; its rim is
 * of that, so that colours as light or as dark as the background are seen. */
void fovea_concept_dot_snapshot (GtkSnapshot *snapshot, const GdkRGBA *color, const GdkRGBA *ink, float x, float y, float side_px,
                                 gboolean is_not);

G_END_DECLS
