/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/*
 * Jobs: long work, one row each, owned by one process. Window, command line and server may have one
 * project open, and nothing must be done twice: a job is claimed by (kind, target), and only one
 * claim can be alive. A claim is alive while its process is (on this machine), or its heartbeat is
 * younger than FOVEA_STORE_HEARTBEAT_S (on another). Derived rows.
 */

#define FOVEA_STORE_HEARTBEAT_S 60

typedef enum {
  FOVEA_STORE_JOB_QUEUED = 0,
  FOVEA_STORE_JOB_RUNNING = 1,
  FOVEA_STORE_JOB_PAUSED = 2,
  FOVEA_STORE_JOB_DONE = 3,
  FOVEA_STORE_JOB_FAILED = 4,
  FOVEA_STORE_JOB_CANCELLED = 5,
} FoveaStoreJobState;

/**
 * FoveaStoreJob:
 * @kind: "import", "embed", "train", …; @target: what it works on, e.g. "model:shoes"; "" for the
 * project
 * @title: in the person's words
 * @params: JSON: what it needs to be taken up again, e.g. the paths and the command's id of an
 * import
 * @progress: 0 to 1; @message: what it is doing, or why it failed
 * @owner: host, process and its start time; "" when nobody's
 */
typedef struct {
  gint64 id;
  char *kind;
  char *target;
  char *title;
  char *params;
  FoveaStoreJobState state;
  double progress;
  char *message;
  char *owner;
  gint64 created_at;
  gint64 heartbeat_at;
  gint64 finished_at;
} FoveaStoreJob;

void        fovea_store_job_free            (FoveaStoreJob          *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStoreJob, fovea_store_job_free)

/**
 * fovea_store_claim_job:
 * @params: (nullable): JSON for a new job; not looked at when a stale one is taken over, unless it
 * is not NULL
 * @ret_resumed: (out) (optional): whether a job was taken over that somebody left unfinished (its
 * params are in the row)
 *
 * Makes the row, or takes over one of the same kind and target that is queued, paused or stale, and
 * becomes its owner.
 *
 * Errors: _BUSY when it is being done, with a message that says by whom and since when.
 */
gboolean    fovea_store_claim_job           (FoveaStore             *store,
                                             const char             *kind,
                                             const char             *target,
                                             const char             *title,
                                             const char             *params,
                                             gint64                 *ret_id,
                                             gboolean               *ret_resumed,
                                             GError                **error);

/**
 * fovea_store_beat_job:
 *
 * Says that the job is alive and how far it is; call it every few seconds (at least thrice in
 * FOVEA_STORE_HEARTBEAT_S).
 *
 * Errors: _CONFLICT when the job is no longer ours (another machine took it over): stop working.
 */
gboolean    fovea_store_beat_job            (FoveaStore             *store,
                                             gint64                  id,
                                             double                  progress,
                                             const char             *message,
                                             GError                **error);

/* Replaces the job's params (how far an import has come). Errors: as beat. */
gboolean    fovea_store_set_job_params      (FoveaStore             *store,
                                             gint64                  id,
                                             const char             *params,
                                             GError                **error);

/* Gives the job up in @state (any but _RUNNING). Errors: as beat. */
gboolean    fovea_store_release_job         (FoveaStore             *store,
                                             gint64                  id,
                                             FoveaStoreJobState      state,
                                             const char             *message,
                                             GError                **error);

FoveaStoreJob *
fovea_store_get_job (FoveaStore *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the job's owner is alive: FALSE for one that was killed. */
gboolean    fovea_store_job_is_alive        (const FoveaStoreJob    *job);

/* (element-type FoveaStoreJob): newest first; only those queued, running or paused when
 * @unfinished. */
GPtrArray *fovea_store_list_jobs (FoveaStore *store,
                                  gboolean unfinished,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
