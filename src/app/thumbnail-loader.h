/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "engine/project.h"

G_BEGIN_DECLS

/**
 * FoveaThumbnailLoader:
 *
 * Textures for the cells of a grid, made ready to be drawn as they are: fitted into a square of exactly the asked size in device pixels, corners
 * rounded, in a byte order that the renderer takes quickly. All of that happens off the main thread; what comes back goes through a cache of bounded
 * bytes. Few requests are with the engine at a time, so that what is in view overtakes what has scrolled away. Main thread.
 */
typedef struct _FoveaThumbnailLoader FoveaThumbnailLoader;

/* @texture: NULL when the picture cannot be shown. */
typedef void (*FoveaThumbnailFunc) (GtkWidget *owner, GdkTexture *texture);

/* The project is borrowed and must be outlived by its loaders' requests: call _free() first. */
FoveaThumbnailLoader *fovea_thumbnail_loader_new (FoveaProject *project, gsize cache_bytes) G_GNUC_WARN_UNUSED_RESULT;
void                  fovea_thumbnail_loader_free (FoveaThumbnailLoader *loader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaThumbnailLoader, fovea_thumbnail_loader_free)

/* (nullable), borrowed: from the cache alone. */
GdkTexture *fovea_thumbnail_loader_lookup (FoveaThumbnailLoader *loader, gint64 id, int size_px);

/* Calls @func later, once, with @owner's picture, unless it is cancelled. An owner has one request at a time: a second one
 * replaces the first. @position: where the picture stands in its list; requests near the focus are served first. */
void fovea_thumbnail_loader_request (FoveaThumbnailLoader *loader, GtkWidget *owner, FoveaPicture *picture, guint position,
                                     int size_px, FoveaThumbnailFunc func);
void fovea_thumbnail_loader_cancel (FoveaThumbnailLoader *loader, GtkWidget *owner);

/* The position in the middle of what is in view. */
void fovea_thumbnail_loader_set_focus (FoveaThumbnailLoader *loader, guint position);

gsize fovea_thumbnail_loader_get_cached_bytes (FoveaThumbnailLoader *loader);

/* Straight, not premultiplied: GTK 4.8 draws a premultiplied texture by way of floating point, every frame, five times as slowly. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define FOVEA_THUMBNAIL_FORMAT GDK_MEMORY_B8G8R8A8
#else
#define FOVEA_THUMBNAIL_FORMAT GDK_MEMORY_A8R8G8B8
#endif

/* The work itself, for any thread: packed RGB → 0xAARRGGBB in the machine's order, shrunk or grown to fit @size_px a side, corners
 * rounded by @radius_px.
 * Returns: (transfer full): width × height × 4 bytes. */
GBytes *fovea_thumbnail_render (GBytes *rgb, int width, int height, int stride, int size_px, int radius_px, int *ret_width,
                                int *ret_height) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
