/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/images-page.h"

G_BEGIN_DECLS

/* One picture large, for a quick look: arrows go through the grid's list, Space or Escape closes. */
#define FOVEA_TYPE_QUICK_LOOK (fovea_quick_look_get_type ())
G_DECLARE_FINAL_TYPE (FoveaQuickLook, fovea_quick_look, FOVEA, QUICK_LOOK, AdwWindow)

void fovea_quick_look_present (GtkWindow *parent, FoveaProject *project, FoveaImagesPage *images, guint position);

G_END_DECLS
