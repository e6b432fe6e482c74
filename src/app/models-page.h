/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/page.h"
#include "engine/project.h"

G_BEGIN_DECLS

/**
 * FoveaModelsPage:
 *
 * The models of the project, what kinds there are, and a page for each. Its actions ("models.create", "models.train",
 * "models.open" …) are what buttons, menus and keys end in; those about one model take the one that is shown, or else the
 * row that has the keyboard; a training, or else the newest.
 */
#define FOVEA_TYPE_MODELS_PAGE (fovea_models_page_get_type ())
G_DECLARE_FINAL_TYPE (FoveaModelsPage, fovea_models_page, FOVEA, MODELS_PAGE, AdwBin)

GtkWidget *fovea_models_page_new (FoveaProject *project);

/* Shows that model's page, at that tab ("overview", "evaluation", "versions", "try"). FALSE: there is none of that id. */
gboolean   fovea_models_page_open (FoveaModelsPage *self, const char *model_id, const char *tab);

G_END_DECLS
