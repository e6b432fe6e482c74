/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/embed-work-private.h"
#include "engine/import-index-private.h"
#include "engine/import-job.h"
#include "engine/walk.h"
#include "store/store-inputs.h"

G_BEGIN_DECLS

#define FOVEA_IMPORT_BATCH 32

/* A file that is to be read. */
typedef struct {
  const FoveaWalkEntry *entry;
  char *concept;     /* (nullable) of its class folder */
  const char *split; /* (nullable) static, or the options' */
} FoveaImportItem;

typedef enum {
  FOVEA_OUTCOME_NEW,
  FOVEA_OUTCOME_UPDATED,  /* other bytes at a known path */
  FOVEA_OUTCOME_RELOCATED /* known bytes, whose old file is gone */
} FoveaOutcomeKind;

/* One picture that waits to be written. */
typedef struct {
  FoveaOutcomeKind kind;
  FoveaStoreInput *input;
  FoveaKnown *known;
  const FoveaImportItem *item;
  FoveaSquares *squares; /* (nullable) */
} FoveaOutcome;

typedef struct {
  guint imported, duplicates, failed, unchanged, updated, relocated, ignored, embedded, pending, labelled;
} FoveaImportCounts;

/* The state of one import; everything is the job thread's, but for what the store thread is handed while the other
 * waits. */
typedef struct {
  FoveaCore *core;
  char **paths;
  FoveaImportFormat format;
  char *split;
  gboolean no_embedding;

  FoveaJob *job;
  FoveaWalk *walk;
  GArray *items;          /* FoveaImportItem */
  FoveaImportIndex *index;
  GHashTable *seen;       /* paths of this import: borrowed from walk */
  FoveaEmbedder *embedder; /* (nullable) no pack */
  FoveaFit fit;
  guint n_reported;       /* items whose fate is known */
  guint n_kept;           /* of these, as many as need not be read again */

  gint64 job_row, command; /* 0 none yet */
  gint64 started_us;      /* wall clock */
  gboolean remembered;    /* its folders are, for looking there again */
  gboolean has_labelled;
  gint64 last_beat_us;
  GHashTable *allowed;    /* folders that were allowed by this import */
  GArray *unchanged;      /* gint64: pictures that need not be read, but may wait for their embedding */
  GPtrArray *late_labels; /* FoveaKnown of unchanged pictures with a class folder … */
  GPtrArray *late_items;  /* … and their FoveaImportItem */

  guint n_batch;
  FoveaOutcome batch[FOVEA_IMPORT_BATCH];
  guint16 *vectors;       /* [batch, dim] of those with squares, in their order */
  FoveaImportCounts counts;
} FoveaImport;

/* import-write.c; each runs on the store thread. */
gboolean fovea_import_prepare (FoveaStore *store, gpointer import, GError **error);     /* claims, indexes, allows */
gboolean fovea_import_write_batch (FoveaStore *store, gpointer import, GError **error);
gboolean fovea_import_write_late_labels (FoveaStore *store, gpointer import, GError **error);
gboolean fovea_import_leave_unfinished (FoveaStore *store, gpointer import, GError **error); /* the next run takes up the same command */
gboolean fovea_import_release (FoveaStore *store, gpointer import, GError **error);

/* import-report.c */
char *fovea_import_report_json (FoveaImport *import) G_GNUC_WARN_UNUSED_RESULT;
char *fovea_import_summary (FoveaImport *import) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
