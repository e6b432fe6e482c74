/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * FoveaPictureView:
 *
 * One picture as large as there is room, or zoomed: the wheel zooms at the pointer, a drag pans, and so do Shift and arrows. Never larger
 * than four device pixels for one of the picture.
 */
#define FOVEA_TYPE_PICTURE_VIEW (fovea_picture_view_get_type ())
G_DECLARE_FINAL_TYPE (FoveaPictureView, fovea_picture_view, FOVEA, PICTURE_VIEW, GtkWidget)

/* Shows it fitted. @texture: (nullable) nothing to show (yet). */
void fovea_picture_view_set_texture (FoveaPictureView *self, GdkTexture *texture);

void     fovea_picture_view_zoom_by (FoveaPictureView *self, double factor); /* about the middle */
void     fovea_picture_view_zoom_to_fit (FoveaPictureView *self);
gboolean fovea_picture_view_is_fitted (FoveaPictureView *self);

G_END_DECLS
