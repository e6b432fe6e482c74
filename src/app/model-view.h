/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/opinions.h"
#include "engine/model-actions.h"

G_BEGIN_DECLS

/**
 * FoveaModelView:
 *
 * One model: what it is for, what it was trained on, what runs on it, how good it is, its versions, and a place to try it. Its buttons are
 * the actions of the Models page. Signals: "pictures-wanted" (GArray of gint64, string) · "purpose-changed" (string).
 */
#define FOVEA_TYPE_MODEL_VIEW (fovea_model_view_get_type ())
G_DECLARE_FINAL_TYPE (FoveaModelView, fovea_model_view, FOVEA, MODEL_VIEW, AdwBin)

GtkWidget  *fovea_model_view_new (FoveaProject *project);
void        fovea_model_view_set_model (FoveaModelView *self, FoveaModel *model); /* (nullable) */
FoveaModel *fovea_model_view_get_model (FoveaModelView *self);                    /* (nullable), borrowed */

/* "overview", "evaluation", "versions" or "try". */
void        fovea_model_view_show_tab (FoveaModelView *self, const char *name);

/* Why the last work on it failed; "" nothing. */
void        fovea_model_view_set_error (FoveaModelView *self, const char *text);

/* (nullable) what the version whose figures are shown says of pictures. */
FoveaOpinions *fovea_model_view_dup_opinions (FoveaModelView *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
