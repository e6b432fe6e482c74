/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/thumbnail-loader.h"

G_BEGIN_DECLS

/**
 * FoveaPictureCell:
 *
 * One picture of the grid, drawn by hand: a grid holds hundreds of cells and lays them all out with every step of the wheel, so a cell is one
 * widget without children or controllers. Solid dots are what a person said (with a bar through it: "is not"), a dashed frame is
 * what a model says, its confidence a number and a bar; never colour alone. Of a picture of which a person said what it is
 * the model's word is shown only where it is asked for, fovea_picture_cell_set_shows_other_opinions().
 */
#define FOVEA_TYPE_PICTURE_CELL (fovea_picture_cell_get_type ())
G_DECLARE_FINAL_TYPE (FoveaPictureCell, fovea_picture_cell, FOVEA, PICTURE_CELL, GtkWidget)

GtkWidget *fovea_picture_cell_new (void);

/* Side of the square that the picture is fitted into, in logical pixels. */
void fovea_picture_cell_set_side (FoveaPictureCell *self, int side_px);

/* Of the list item whose child it is; the position in the list is then the item's own, as others come and go. The cell may outlive
 * it: a list view drops item widgets without a word to the factory. */
void  fovea_picture_cell_set_list_item (FoveaPictureCell *self, GtkListItem *item);
guint fovea_picture_cell_get_list_position (FoveaPictureCell *self); /* GTK_INVALID_LIST_POSITION without an item */

/* @loader is borrowed until _unbind(), or until loads are stopped. */
void          fovea_picture_cell_bind (FoveaPictureCell *self, FoveaPicture *picture, guint position, FoveaThumbnailLoader *loader);
void          fovea_picture_cell_unbind (FoveaPictureCell *self);
void          fovea_picture_cell_refresh (FoveaPictureCell *self); /* reads what the picture says anew */
FoveaPicture *fovea_picture_cell_get_picture (FoveaPictureCell *self); /* (nullable), borrowed */
guint         fovea_picture_cell_get_position (FoveaPictureCell *self);
GdkTexture   *fovea_picture_cell_get_texture (FoveaPictureCell *self); /* (nullable), borrowed; for the icon of a drag */

/* Whether a labelled picture shows a model's word as well, where that is about another concept; by default not. */
void     fovea_picture_cell_set_shows_other_opinions (FoveaPictureCell *self, gboolean shows);
/* From now on what an evaluated model said stands there, labelled picture or not, in place of the suggestion; @concept NULL: nothing. */
void     fovea_picture_cell_set_opinion (FoveaPictureCell *self, FoveaConcept *concept, double value);
void     fovea_picture_cell_forget_opinion (FoveaPictureCell *self); /* the suggestion stands there again */
void     fovea_picture_cell_set_selected (FoveaPictureCell *self, gboolean selected);
void     fovea_picture_cell_set_rejected (FoveaPictureCell *self, gboolean rejected); /* the tick of a selected one is a dark cross */
gboolean fovea_picture_cell_is_on_tick (FoveaPictureCell *self, double x, double y); /* in the cell's coordinates */

/* What of the present suggestion a cell shows: NULL where it says what a person said, or where the person's word stands alone.
 * Borrowed. */
FoveaConcept *fovea_picture_cell_get_suggestion (FoveaPicture *picture, gboolean shows_other_opinions, double *ret_value);

/* For assistive technology and tooltips; of a bound cell. */
char *fovea_picture_cell_dup_description (FoveaPictureCell *self) G_GNUC_WARN_UNUSED_RESULT;

/* What the cell says in words, on the picture itself: "hat, not shoes", "dress 91 %"; "" when nothing. */
const char *fovea_picture_cell_get_label_text (FoveaPictureCell *self);
const char *fovea_picture_cell_get_prediction_text (FoveaPictureCell *self);

G_END_DECLS
