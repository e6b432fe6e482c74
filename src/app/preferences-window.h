/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/project.h"

G_BEGIN_DECLS

/* What a person may set, applied at once. */
#define FOVEA_TYPE_PREFERENCES_WINDOW (fovea_preferences_window_get_type ())
G_DECLARE_FINAL_TYPE (FoveaPreferencesWindow, fovea_preferences_window, FOVEA, PREFERENCES_WINDOW, AdwPreferencesWindow)

/* @project: (nullable): whose imported folders are shown. */
GtkWidget *fovea_preferences_window_new (GtkWindow *parent, FoveaProject *project);

G_END_DECLS
