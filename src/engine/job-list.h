/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/job.h"

G_BEGIN_DECLS

/* GListModel of FoveaJob, newest first; running ones and those that ended in this session. Main thread.
 * Property "n-running" uint (with notify): jobs that are not over. */
#define FOVEA_TYPE_JOB_LIST (fovea_job_list_get_type ())
G_DECLARE_FINAL_TYPE (FoveaJobList, fovea_job_list, FOVEA, JOB_LIST, GObject)

guint fovea_job_list_get_n_running (FoveaJobList *self);

/* Drops those that are over. */
void fovea_job_list_clear_finished (FoveaJobList *self);

void fovea_job_list_cancel_all (FoveaJobList *self);

G_END_DECLS
