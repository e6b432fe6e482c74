/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* One stop of the Tab order, around a list as long as a person's data: Tab goes to the row where the keyboard was last and then on to what
 * comes after the list; arrows go through its rows. (In GTK 4.8 Tab goes through every row; later GTK lists have a property for this.) */
#define FOVEA_TYPE_TAB_STOP (fovea_tab_stop_get_type ())
G_DECLARE_FINAL_TYPE (FoveaTabStop, fovea_tab_stop, FOVEA, TAB_STOP, AdwBin)

G_END_DECLS
