/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* How far a training has come, in a file beside the project (NAME.fovea-work/train-MODEL.checkpoint): what it needs to go on
 * after the program was killed. Written whole to a file of another name, synced, and renamed, so there is always an old
 * one or a new one. It may be thrown away: then the training starts over. */
typedef struct {
  JsonObject *header; /* what the training says of itself */
  GBytes *state;      /* of the trainer */
  GBytes *best;       /* the best version so far as ONNX; empty: none */
} FoveaCheckpoint;

void fovea_checkpoint_clear (FoveaCheckpoint *checkpoint);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FoveaCheckpoint, fovea_checkpoint_clear)

char    *fovea_checkpoint_dup_path (const char *project_path, const char *model_id) G_GNUC_WARN_UNUSED_RESULT;
gboolean fovea_checkpoint_save (const char *path, const FoveaCheckpoint *checkpoint, GError **error);

/* Believes nothing. Errors: NOT_FOUND (FOVEA_ENGINE_ERROR) when there is none, INVALID when it is damaged. */
gboolean fovea_checkpoint_load (const char *path, FoveaCheckpoint *ret_checkpoint, GError **error);

/* The file, and the folder when nothing else is in it. */
void fovea_checkpoint_remove (const char *path);

G_END_DECLS
