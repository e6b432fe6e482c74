/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/model-actions.h"

G_BEGIN_DECLS

/**
 * FoveaModelForm:
 *
 * Makes a model: its name, its concepts, and a control for every parameter that its type declares; those that are not basic are folded
 * away. Signals: "created" (string id, boolean train) · "cancelled".
 */
#define FOVEA_TYPE_MODEL_FORM (fovea_model_form_get_type ())
G_DECLARE_FINAL_TYPE (FoveaModelForm, fovea_model_form, FOVEA, MODEL_FORM, AdwBin)

GtkWidget *fovea_model_form_new (FoveaProject *project);

/* Starts anew for that type; the controls are there a moment later. @pack: (nullable) chosen beforehand where the type asks for one. */
void       fovea_model_form_start (FoveaModelForm *self, const char *type_id, const char *pack);

/* The control of a parameter, NULL when there is none. */
GtkWidget *fovea_model_form_get_control (FoveaModelForm *self, const char *param);
GObject   *fovea_model_form_get_params (FoveaModelForm *self); /* (nullable), borrowed */

G_END_DECLS
