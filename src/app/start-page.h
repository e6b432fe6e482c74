/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* What a window without a project shows: drop, new, open, sample pictures, and the projects opened last. */
#define FOVEA_TYPE_START_PAGE (fovea_start_page_get_type ())
G_DECLARE_FINAL_TYPE (FoveaStartPage, fovea_start_page, FOVEA, START_PAGE, AdwBin)

GtkWidget *fovea_start_page_new (void);

/* Fills "Recent" anew. */
void fovea_start_page_refresh (FoveaStartPage *self);

G_END_DECLS
