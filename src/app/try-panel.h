/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/model-actions.h"

G_BEGIN_DECLS

/* One picture through a model: dropped, chosen or pasted; what the model says stands beside it as bars with numbers. */
#define FOVEA_TYPE_TRY_PANEL (fovea_try_panel_get_type ())
G_DECLARE_FINAL_TYPE (FoveaTryPanel, fovea_try_panel, FOVEA, TRY_PANEL, AdwBin)

GtkWidget *fovea_try_panel_new (FoveaProject *project);
void       fovea_try_panel_set_model (FoveaTryPanel *self, const char *model_id); /* forgets the picture */

/* @path: absolute */
void       fovea_try_panel_try_file (FoveaTryPanel *self, const char *path);
void       fovea_try_panel_choose (FoveaTryPanel *self);
void       fovea_try_panel_paste (FoveaTryPanel *self);

G_END_DECLS
