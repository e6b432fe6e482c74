/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/images-page.h"
#include "app/notice-bar.h"
#include "app/page.h"

G_BEGIN_DECLS

/* An open project: sidebar, header, pages. Signals: "pictures-dropped" (FoveaPictureSet, FoveaConcept, boolean: "is not"),
 * "split-dropped" (FoveaPictureSet, string), "concept-added" (name, FoveaPictureSet or NULL), "page-changed": another page is shown. */
#define FOVEA_TYPE_PROJECT_VIEW (fovea_project_view_get_type ())
G_DECLARE_FINAL_TYPE (FoveaProjectView, fovea_project_view, FOVEA, PROJECT_VIEW, AdwBin)

GtkWidget       *fovea_project_view_new (FoveaProject *project);
FoveaImagesPage *fovea_project_view_get_images (FoveaProjectView *self);

/* Shows the page of that name ("images", …) and gives it the keyboard. FALSE: there is none. */
gboolean         fovea_project_view_show_page (FoveaProjectView *self, const char *name);
/* From pictures that a number of another page has led to, to that page. Nothing elsewhere. */
void             fovea_project_view_go_back (FoveaProjectView *self);
FoveaPage       *fovea_project_view_get_page (FoveaProjectView *self); /* the one that is shown; borrowed */

/* Adds the actions whose state is a part's own: "sidebar" and "search". They keep the parts, and with them what is below these, until
 * they are removed: GTK may keep the actions of a window longer than the window. */
void             fovea_project_view_add_actions (FoveaProjectView *self, GActionMap *map);
void             fovea_project_view_remove_actions (FoveaProjectView *self, GActionMap *map);

/* Where things are said that concern the whole project. */
FoveaNoticeBar  *fovea_project_view_get_notices (FoveaProjectView *self);

/* Keeps in the settings whether the sidebar is shown (not when it is folded for want of room). */
void             fovea_project_view_save_state (FoveaProjectView *self);
void             fovea_project_view_popup_jobs (FoveaProjectView *self);
void             fovea_project_view_popup_menu (FoveaProjectView *self);

/* F6: sidebar → header → page → sidebar. */
void fovea_project_view_focus_next_pane (FoveaProjectView *self);

G_END_DECLS
