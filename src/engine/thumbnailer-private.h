/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/core-private.h"
#include "engine/picture.h"

G_BEGIN_DECLS

/* Small pictures for the window, on a few threads of its own: the newest request first, cancelled ones not at all. */
typedef struct _FoveaThumbnailer FoveaThumbnailer;

FoveaThumbnailer *fovea_thumbnailer_new (FoveaCore *core) G_GNUC_WARN_UNUSED_RESULT;
/* Waits for the pictures in progress; requests that wait are cancelled. */
void              fovea_thumbnailer_free (FoveaThumbnailer *self);

/* @task (transfer full) returns a FoveaImage (RGB8). @cached: from the thumbnail cache where @size allows, else decoded
 * at @size (0 = full). Main thread. */
void fovea_thumbnailer_load (FoveaThumbnailer *self, GTask *task, FoveaPicture *picture, int size, gboolean cached);

/* The same of a file that the person named just now, in the project or not. */
void fovea_thumbnailer_load_file (FoveaThumbnailer *self, GTask *task, const char *path, int size);

G_END_DECLS
