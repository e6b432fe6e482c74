/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/import-job.h"

G_BEGIN_DECLS

/* Files that are new in a folder that was imported before. */
typedef struct {
  char *folder;             /* absolute, bytes of the file system */
  FoveaImportFormat format; /* how it was imported */
  guint n_new;
} FoveaNewPictures;

typedef struct {
  GPtrArray *folders;   /* FoveaNewPictures: those with new pictures, in the order they were imported first */
  guint n_new;          /* in all of them; a file below two folders counts once */
  guint n_missing;      /* pictures of the project whose file is not where it was */
  gboolean pack_missing; /* the network that all suggestions and training need is not installed */
  const char *pack;     /* static: its name */
  guint n_pending;      /* pictures that wait for it, or for fovea_project_embed() */
} FoveaSurroundings;

void fovea_surroundings_free (FoveaSurroundings *surroundings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaSurroundings, fovea_surroundings_free)

/**
 * fovea_project_look_around_async:
 *
 * Walks the folders that were imported for files that look like pictures and came after the last import, and looks whether the
 * project's pictures are where they were (which is noted, for the filter "missing"). No file is opened, nothing is imported. A file
 * that an import has refused, or passed over as a duplicate, is not new again. Only folders that this person has allowed.
 * On a thread of its own; cancelled with @cancellable, or by closing the project.
 */
void               fovea_project_look_around_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
FoveaSurroundings *fovea_project_look_around_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The folders that are looked through: bytes of the file system. */
void   fovea_project_list_watched_folders_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
char **fovea_project_list_watched_folders_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* No longer looks there; pictures stay. One undoable command. */
void     fovea_project_forget_watched_folder_async (FoveaProject *self, const char *folder, GCancellable *cancellable,
                                                    GAsyncReadyCallback callback, gpointer data);
gboolean fovea_project_forget_watched_folder_finish (FoveaProject *self, GAsyncResult *result, GError **error);

G_END_DECLS
