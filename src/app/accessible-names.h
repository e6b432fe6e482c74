/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* What GTK 4.8 and libadwaita 1.2 do not tell assistive programs by themselves. */

/* From now on, as each comes to the screen: an entry row's text says that it is one and has the keyboard, an expander row says whether it is
 * open, a drop-down and a combo row say what is chosen, the list of a group is named as the group, the buttons of a question say their
 * words once, and the tooltip of a menu button keeps off what the button has opened. To be called once, before there are any. */
void fovea_accessible_names_init (void);

/* A row of a GtkListView or GtkColumnView whose @child has been set: what is bound to it in words. */
void fovea_name_list_row (GtkWidget *child, const char *name);

G_END_DECLS
