/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "engine/picture-list.h"

G_BEGIN_DECLS

/**
 * FoveaPictureSelection:
 *
 * Any number of selected pictures of a list. Unlike GtkMultiSelection it makes no object of a picture to select it, so all of
 * 100,000 are selected at once, and it knows them by their ids: a picture stays selected when the list is put into another order,
 * and leaves the selection when it leaves the list. "items-changed" may change what is selected; no other signal then.
 */
#define FOVEA_TYPE_PICTURE_SELECTION (fovea_picture_selection_get_type ())
G_DECLARE_FINAL_TYPE (FoveaPictureSelection, fovea_picture_selection, FOVEA, PICTURE_SELECTION, GObject)

FoveaPictureSelection *fovea_picture_selection_new (FoveaPictureList *list) G_GNUC_WARN_UNUSED_RESULT;

guint   fovea_picture_selection_get_n_selected (FoveaPictureSelection *self);
guint   fovea_picture_selection_get_first (FoveaPictureSelection *self); /* GTK_INVALID_LIST_POSITION: none */
GArray *fovea_picture_selection_dup_ids (FoveaPictureSelection *self) G_GNUC_WARN_UNUSED_RESULT; /* of gint64, in the list's order */

G_END_DECLS
