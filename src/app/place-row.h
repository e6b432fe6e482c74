/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/page.h"

G_BEGIN_DECLS

/* One page's row in the sidebar: icon, title, and how much there is. Follows the page. */
#define FOVEA_TYPE_PLACE_ROW (fovea_place_row_get_type ())
G_DECLARE_FINAL_TYPE (FoveaPlaceRow, fovea_place_row, FOVEA, PLACE_ROW, GtkListBoxRow)

GtkWidget *fovea_place_row_new (FoveaPage *page);
FoveaPage *fovea_place_row_get_page (FoveaPlaceRow *self); /* borrowed */

G_END_DECLS
