/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/job-list.h"
#include "engine/live.h"
#include "engine/model.h"
#include "engine/picture-list.h"
#include "engine/scheduler.h"

G_BEGIN_DECLS

/**
 * FoveaProject:
 *
 * One open project file with its own store thread. The window uses the _async pairs and the list models; the command
 * line uses the plain calls, which do the same and wait. Changes that another process made to the file show within
 * half a second, here as in the lists.
 *
 * Properties (read-only, with notify): "name" string (file name without .fovea) · "path" string · "read-only" boolean ·
 * "undo-text", "redo-text" string: what the next undo/redo is about ("label 14 pictures hat"), "" when there is none.
 * "one-concept" boolean: a picture shows one concept (one-concept.h).
 * Signal "changed": rows changed, by us or by others; the lists follow by themselves.
 *
 * Thread: made, used and disposed on one thread (the main thread); jobs work on threads of their own.
 */
#define FOVEA_TYPE_PROJECT (fovea_project_get_type ())
G_DECLARE_FINAL_TYPE (FoveaProject, fovea_project, FOVEA, PROJECT, GObject)

/* Paths are bytes of the file system. create: CONFLICT (FOVEA_STORE_ERROR) when something is there already. */
FoveaProject *fovea_project_create (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaProject *fovea_project_open (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void          fovea_project_open_async (const char *path, gboolean create, GCancellable *cancellable, GAsyncReadyCallback callback,
                                        gpointer data);
FoveaProject *fovea_project_open_finish (GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Cancels its jobs, waits for them to have left, ends the store thread. Must be called before the last unref; nothing
 * but that unref is called afterwards. */
void fovea_project_close (FoveaProject *self);

const char *fovea_project_get_name (FoveaProject *self);
const char *fovea_project_get_path (FoveaProject *self);
gboolean    fovea_project_get_read_only (FoveaProject *self);
const char *fovea_project_get_read_only_reason (FoveaProject *self); /* "" when it is not */
gboolean    fovea_project_get_one_concept (FoveaProject *self);

/* Borrowed; they live as long as the project. new_picture_list() makes one more view with its own filter. */
FoveaPictureList *fovea_project_get_pictures (FoveaProject *self);
FoveaPictureList *fovea_project_new_picture_list (FoveaProject *self) G_GNUC_WARN_UNUSED_RESULT;
FoveaConceptList *fovea_project_get_concepts (FoveaProject *self);
FoveaModelList   *fovea_project_get_models (FoveaProject *self);
FoveaJobList     *fovea_project_get_jobs (FoveaProject *self);
FoveaLive        *fovea_project_get_live (FoveaProject *self); /* made, and at work, from the first call or picture list on */

/* ---- undo ---- */
const char *fovea_project_get_undo_text (FoveaProject *self);
const char *fovea_project_get_redo_text (FoveaProject *self);
void        fovea_project_undo_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
void        fovea_project_redo_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
/* What was undone or redone, and where newer work kept part of it from that, that it did. ERROR NOT_FOUND when there was nothing. */
char       *fovea_project_undo_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char       *fovea_project_redo_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* ---- labels: each call is one undoable command ---- */

typedef enum {
  FOVEA_LABEL_POSITIVE, /* is; instead of what it was where a picture shows one concept (one-concept.h), else beside it */
  FOVEA_LABEL_NEGATIVE, /* is not */
  FOVEA_LABEL_CLEAR,    /* nothing said */
  FOVEA_LABEL_BESIDE,   /* is, whatever the project's rule: beside … */
  FOVEA_LABEL_INSTEAD   /* … or instead of what it was */
} FoveaLabelValue;

/* @concept: its name; made when it does not exist. @concept NULL with CLEAR: all labels of these pictures.
 * Returns how many pictures read differently now, -1 on error. */
void fovea_project_label_async (FoveaProject *self, const gint64 *ids, gsize n_ids, const char *concept, FoveaLabelValue value,
                                GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
int  fovea_project_label_finish (FoveaProject *self, GAsyncResult *result, GError **error);

/* Before _finish: of how many pictures another concept was taken back, and which it was, NULL when there were several. The
 * name lives as long as @result. */
guint fovea_project_label_get_replaced (GAsyncResult *result, const char **ret_name);
int  fovea_project_label (FoveaProject *self, const gint64 *ids, gsize n_ids, const char *concept, FoveaLabelValue value,
                          GError **error);

/* Removes pictures from the project (files stay where they are). One undoable command. */
void     fovea_project_remove_async (FoveaProject *self, const gint64 *ids, gsize n_ids, GCancellable *cancellable,
                                     GAsyncReadyCallback callback, gpointer data);
gboolean fovea_project_remove_finish (FoveaProject *self, GAsyncResult *result, GError **error);

void     fovea_project_add_concept_async (FoveaProject *self, const char *name, GCancellable *cancellable,
                                          GAsyncReadyCallback callback, gpointer data);
gboolean fovea_project_add_concept_finish (FoveaProject *self, GAsyncResult *result, GError **error);

/* ---- pixels ---- */

/* A thumbnail of at most @size pixels a side (from the cache, else decoded and cached). The newest request is served
 * first; a cancelled one costs nothing. _finish gives packed RGB, 8 bits a channel, sRGB, rows of *ret_stride bytes. */
void    fovea_project_load_thumbnail_async (FoveaProject *self, FoveaPicture *picture, int size, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer data);
GBytes *fovea_project_load_thumbnail_finish (FoveaProject *self, GAsyncResult *result, int *ret_width, int *ret_height,
                                             int *ret_stride, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The picture itself, at least @max_side pixels on its longer side where it has them (0 = full size); finished by
 * the call above. */
void fovea_project_load_picture_async (FoveaProject *self, FoveaPicture *picture, int max_side, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer data);

/* The same of any file that a person named. */
void    fovea_project_load_file_async (FoveaProject *self, const char *path, int max_side, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer data);

G_END_DECLS
