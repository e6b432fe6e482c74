/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/concept-band.h"
#include "app/page.h"
#include "app/picture-set.h"
#include "engine/picture-edit.h"

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

/* For a drag, or the clipboard. NULL: more files than that is useful for. (nullable) (transfer full) */
GdkContentProvider *fovea_images_page_dup_selected_files (FoveaImagesPage *self) G_GNUC_WARN_UNUSED_RESULT;

/* (nullable), borrowed: what a model says of a picture here, as its cell shows it: the suggestion, or an evaluated model's word. */
FoveaConcept *fovea_images_page_get_suggestion (FoveaImagesPage *self, FoveaPicture *picture);

/* (element-type FoveaPictureLabel): what is suggested for those of the selected pictures that nobody has labelled. */
GArray *fovea_images_page_dup_selected_suggestions (FoveaImagesPage *self) G_GNUC_WARN_UNUSED_RESULT;

/* ---- filter and order ---- */

/* Borrowed; strings too, until the next call. */
const FoveaPictureFilter *fovea_images_page_get_filter (FoveaImagesPage *self);

/* Copied with its strings. A condition is a chip that can be removed. */
void fovea_images_page_set_filter (FoveaImagesPage *self, const FoveaPictureFilter *filter);
void fovea_images_page_clear_filters (FoveaImagesPage *self);
gboolean fovea_images_page_is_filtered (FoveaImagesPage *self); /* some of the project's pictures are not shown */

/* The pictures of a concept: those labelled with it. And the concept that the filter is about: "is", else "is not", else predicted.
 * (nullable), borrowed */
void          fovea_images_page_set_concept (FoveaImagesPage *self, FoveaConcept *concept);
FoveaConcept *fovea_images_page_get_concept (FoveaImagesPage *self);
void          fovea_images_page_set_split (FoveaImagesPage *self, const char *split); /* all of that split; "" without one */

/* Exactly the pictures @ids (of gint64), under one chip that says @what. @opinions: (nullable) what a model said of them, shown in
 * place of the suggestions and kept until the filter is another. @from: (nullable) the page that they were asked for on. */
void fovea_images_page_show_pictures (FoveaImagesPage *self, GArray *ids, const char *what, FoveaOpinions *opinions, FoveaPage *from);

/* (nullable) borrowed: where the pictures that are shown were asked for. */
FoveaPage *fovea_images_page_get_from (FoveaImagesPage *self);

/* set_filter() with a condition on a field, whose name its chip says. */
void fovea_images_page_set_field_filter (FoveaImagesPage *self, const FoveaPictureFilter *filter, const char *field_name);

/* @about: a concept (_CERTAIN) or a picture (_SIMILAR), else 0. */
void             fovea_images_page_set_order (FoveaImagesPage *self, FoveaPictureSort sort, gint64 about, gboolean descending);
FoveaPictureSort fovea_images_page_get_order (FoveaImagesPage *self, gint64 *ret_about, gboolean *ret_descending);

void fovea_images_page_show_similar (FoveaImagesPage *self); /* all, those most like the selected one first */
void fovea_images_page_show_useful (FoveaImagesPage *self);  /* the unlabelled ones, most useful to label first */

/* The pictures of a concept, in one of the ways to look at them. */
void fovea_images_page_show_concept (FoveaImagesPage *self, FoveaConcept *concept, FoveaConceptView view);

void       fovea_images_page_set_searching (FoveaImagesPage *self, gboolean searching);
GtkWidget *fovea_images_page_get_search_bar (FoveaImagesPage *self); /* (transfer none) */

/* ---- size ---- */
int  fovea_images_page_get_side (FoveaImagesPage *self);
void fovea_images_page_set_side (FoveaImagesPage *self, int side_px); /* 64 … 320 */

void       fovea_images_page_focus_grid (FoveaImagesPage *self);
GtkWidget *fovea_images_page_get_grid (FoveaImagesPage *self); /* (transfer none) */

/* The palette of concepts for the selected pictures; the menu of what can be done to them, at the first of them; the splits. */
void fovea_images_page_popup_label (FoveaImagesPage *self, FoveaLabelValue value);
void fovea_images_page_popup_menu (FoveaImagesPage *self);
void fovea_images_page_popup_split (FoveaImagesPage *self);
void fovea_images_page_popup_filters (FoveaImagesPage *self);

G_END_DECLS
