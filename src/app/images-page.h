/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/page.h"
#include "app/picture-set.h"
#include "engine/project.h"

G_BEGIN_DECLS

/**
 * FoveaImagesPage:
 *
 * The grid of all pictures with its search, filters, selection and size. What acts on the selection are the window's actions
 * (win.label …); the page says what is selected and shows what changed.
 *
 * Signals: "selection-changed" · "filter-changed" · "picture-activated" (FoveaPicture)
 */
#define FOVEA_TYPE_IMAGES_PAGE (fovea_images_page_get_type ())
G_DECLARE_FINAL_TYPE (FoveaImagesPage, fovea_images_page, FOVEA, IMAGES_PAGE, AdwBin)

GtkWidget        *fovea_images_page_new (FoveaProject *project);
FoveaPictureList *fovea_images_page_get_list (FoveaImagesPage *self);

/* ---- selection ---- */
guint   fovea_images_page_get_n_selected (FoveaImagesPage *self);
GArray *fovea_images_page_dup_selected_ids (FoveaImagesPage *self) G_GNUC_WARN_UNUSED_RESULT; /* of gint64, in the grid's order */
void    fovea_images_page_select_all (FoveaImagesPage *self);
void    fovea_images_page_select_none (FoveaImagesPage *self);

/* The one selected picture, or the first of them. (nullable) (transfer full) */
FoveaPicture *fovea_images_page_dup_current (FoveaImagesPage *self, guint *ret_position) G_GNUC_WARN_UNUSED_RESULT;

/* Selects only the picture at @position, brings it into view, and gives it the focus. FALSE when there is none. */
gboolean fovea_images_page_go_to (FoveaImagesPage *self, guint position);

/* ---- filter and order ---- */
void          fovea_images_page_set_concept (FoveaImagesPage *self, FoveaConcept *concept); /* (nullable) */
FoveaConcept *fovea_images_page_get_concept (FoveaImagesPage *self);                        /* (nullable), borrowed */
void          fovea_images_page_set_unlabelled (FoveaImagesPage *self, gboolean unlabelled);
void          fovea_images_page_set_missing (FoveaImagesPage *self, gboolean missing);
void          fovea_images_page_set_order (FoveaImagesPage *self, FoveaPictureSort sort, gboolean descending);
void          fovea_images_page_clear_filters (FoveaImagesPage *self);
gboolean      fovea_images_page_get_unlabelled (FoveaImagesPage *self);
gboolean      fovea_images_page_get_missing (FoveaImagesPage *self);
void          fovea_images_page_set_searching (FoveaImagesPage *self, gboolean searching);
GtkWidget    *fovea_images_page_get_search_bar (FoveaImagesPage *self); /* (transfer none) */

/* ---- size ---- */
int  fovea_images_page_get_side (FoveaImagesPage *self);
void fovea_images_page_set_side (FoveaImagesPage *self, int side_px); /* 64 … 320 */

void       fovea_images_page_focus_grid (FoveaImagesPage *self);
GtkWidget *fovea_images_page_get_grid (FoveaImagesPage *self); /* (transfer none) */
void       fovea_images_page_popup_label (FoveaImagesPage *self);

G_END_DECLS
