/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/images-page.h"

G_BEGIN_DECLS

/* Every condition and order of the grid in one place; what is chosen takes effect at once. */
#define FOVEA_TYPE_FILTER_POPOVER (fovea_filter_popover_get_type ())
G_DECLARE_FINAL_TYPE (FoveaFilterPopover, fovea_filter_popover, FOVEA, FILTER_POPOVER, GtkPopover)

/* @page is not owned: it owns the popover. */
GtkWidget *fovea_filter_popover_new (FoveaImagesPage *page, FoveaProject *project);

G_END_DECLS
