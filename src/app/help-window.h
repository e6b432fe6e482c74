/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The help: topics at the left, searched by their words, one of them at the right, with buttons that do what is spoken of in
 * @parent, the window that it belongs to. */
#define FOVEA_TYPE_HELP_WINDOW (fovea_help_window_get_type ())
G_DECLARE_FINAL_TYPE (FoveaHelpWindow, fovea_help_window, FOVEA, HELP_WINDOW, AdwWindow)

/* @parent: with the actions "win." and "app." (an application window). */
GtkWidget *fovea_help_window_new (GtkWindow *parent);

G_END_DECLS
