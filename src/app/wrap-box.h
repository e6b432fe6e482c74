/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * FoveaWrapBox:
 *
 * Children side by side, in as many rows as the width asks for: what is one row in a wide window is several in a narrow one. A row is as
 * high as its highest child; what is left of its width goes to the children that expand, else it stays at its end. From .ui files.
 *
 * Properties: "spacing" int, pixels between children and between rows.
 */
#define FOVEA_TYPE_WRAP_BOX (fovea_wrap_box_get_type ())
G_DECLARE_FINAL_TYPE (FoveaWrapBox, fovea_wrap_box, FOVEA, WRAP_BOX, GtkWidget)

G_END_DECLS
