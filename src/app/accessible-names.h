/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Names that GTK 4.8 does not give by itself. */

/* The keyboard is in a button within a GtkMenuButton, which knows nothing of the name of the whole: gives it that of the label, else of
 * the tooltip, of each menu button at or below @widget. Its tooltip keeps off what the button has opened. To be called once, when they
 * are all there. */
void fovea_name_menu_buttons (GtkWidget *widget);

/* A row of a GtkListView or GtkColumnView whose @child has been set: what is bound to it in words. */
void fovea_name_list_row (GtkWidget *child, const char *name);

G_END_DECLS
