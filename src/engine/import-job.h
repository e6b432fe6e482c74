/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project.h"

G_BEGIN_DECLS

typedef enum {
  FOVEA_IMPORT_AUTO,    /* class folders where the folder is laid out like that, else plain pictures */
  FOVEA_IMPORT_FOLDERS, /* every folder that holds pictures is a class */
  FOVEA_IMPORT_PLAIN    /* no labels */
} FoveaImportFormat;

typedef struct {
  FoveaImportFormat format;
  const char *split;        /* (nullable) puts every picture in this split, whatever the folders say */
  gboolean no_embedding;    /* leave embeddings for later */
} FoveaImportOptions;

/**
 * fovea_project_import:
 * @paths: (array zero-terminated=1) files and folders, bytes of the file system
 * @options: (nullable)
 *
 * Starts an import. Folders are walked recursively; symbolic links are followed, loops noticed by device and inode;
 * hidden files, FIFOs and devices are left out. A picture whose bytes are in the project already is reported as a
 * duplicate, or, when the old file is gone, as found again. The whole import is one undoable command, committed in
 * batches: an import that is killed or cancelled is continued by running it again.
 * A file that cannot be read is a row of the report, never the end of the job.
 *
 * A layout of class folders: ROOT/CLASS/FILE, or ROOT/(train, test, val, valid or validation)/CLASS/FILE, every picture
 * exactly that deep, at least two classes.
 *
 * result JSON:
 * {"imported":798,"duplicates":1,"failed":1,"unchanged":0,"updated":0,"relocated":0,"ignored":3,"embedded":798,"embedding_pending":0,
 *               "files":[{"path":"…","status":{"code":…,"description":"…","details":"…"}}]}
 *
 * Returns: (transfer full): the running job, in fovea_project_get_jobs() too.
 */
FoveaJob *fovea_project_import (FoveaProject *self, const char *const *paths, const FoveaImportOptions *options) G_GNUC_WARN_UNUSED_RESULT;

/* Embeds every picture that has no vector of the default embedder yet. PACK_MISSING when the pack is not installed. */
FoveaJob *fovea_project_embed (FoveaProject *self) G_GNUC_WARN_UNUSED_RESULT;

/* What a drop holds, by names alone (no file is opened): for "import 10 class folders as concepts?". */
typedef struct {
  guint n_files;     /* that look like pictures */
  guint n_classes;   /* 0: not laid out in class folders */
  gboolean has_splits;
  gboolean more;     /* stopped looking after 200,000 entries */
} FoveaImportSurvey;

void     fovea_import_survey_async (const char *const *paths, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
gboolean fovea_import_survey_finish (GAsyncResult *result, FoveaImportSurvey *ret_survey, GError **error);

G_END_DECLS
