/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/picture-edit.h"

G_BEGIN_DECLS

/* Accepting many suggestions at once: how sure they must be, and before anything happens how many and which that are. Signal
 * "accepted" (GArray of FoveaPictureLabel). */
#define FOVEA_TYPE_ACCEPT_WINDOW (fovea_accept_window_get_type ())
G_DECLARE_FINAL_TYPE (FoveaAcceptWindow, fovea_accept_window, FOVEA, ACCEPT_WINDOW, AdwWindow)

/* @concept (nullable): those of this concept only, at first. */
GtkWidget *fovea_accept_window_new (GtkWindow *parent, FoveaProject *project, FoveaConcept *concept);

/* How many would be accepted. */
guint fovea_accept_window_get_n_accepted (FoveaAcceptWindow *self);

G_END_DECLS
