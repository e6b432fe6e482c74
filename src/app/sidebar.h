/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/page.h"
#include "engine/project.h"

G_BEGIN_DECLS

/* Places, concepts and splits. Signals: "page-selected" (FoveaPage), "concept-selected" (FoveaConcept), "split-selected" (string),
 * "pictures-dropped" (FoveaPictureSet, FoveaConcept, boolean: "is not"), "split-dropped" (FoveaPictureSet, string), "concept-added"
 * (the name that was typed, FoveaPictureSet or NULL: to be labelled with it). What else is done to a concept activates the window's
 * actions. */
#define FOVEA_TYPE_SIDEBAR (fovea_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (FoveaSidebar, fovea_sidebar, FOVEA, SIDEBAR, AdwBin)

void fovea_sidebar_set_project (FoveaSidebar *self, FoveaProject *project);

/* A row for @page, below the others. The page outlives the sidebar's rows. */
void fovea_sidebar_add_page (FoveaSidebar *self, FoveaPage *page);

/* Show where the person is, without a signal: on a page, or on the pictures of a concept. */
void fovea_sidebar_show_page (FoveaSidebar *self, FoveaPage *page);
void fovea_sidebar_show_concept (FoveaSidebar *self, FoveaConcept *concept);

G_END_DECLS
