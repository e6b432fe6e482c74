/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/model-file.h"

G_BEGIN_DECLS

/* What a model file does not say of itself, asked with what it says filled in; a picture can be tried before anything is kept. Signal
 * "imported" (string id): the model is in the project. */
#define FOVEA_TYPE_MODEL_IMPORT_WINDOW (fovea_model_import_window_get_type ())
G_DECLARE_FINAL_TYPE (FoveaModelImportWindow, fovea_model_import_window, FOVEA, MODEL_IMPORT_WINDOW, AdwWindow)

/* Keeps references of @project and @file. What goes wrong is said in the window. Main thread. */
GtkWidget *fovea_model_import_window_new (GtkWindow *parent, FoveaProject *project, FoveaModelFile *file);

G_END_DECLS
