/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/project.h"

G_BEGIN_DECLS

/* Asks how the pictures are to be parted, shows what each concept would get, and does it. Signal "made" (string): done, in words. */
#define FOVEA_TYPE_SPLITS_WINDOW (fovea_splits_window_get_type ())
G_DECLARE_FINAL_TYPE (FoveaSplitsWindow, fovea_splits_window, FOVEA, SPLITS_WINDOW, AdwWindow)

GtkWidget *fovea_splits_window_new (FoveaProject *project, GtkWindow *parent);

G_END_DECLS
