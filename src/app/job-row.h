/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "engine/job.h"

G_BEGIN_DECLS

/* One piece of work: what, how far, time left, speed, pause, cancel; when it is over: what came out, and the report. */
#define FOVEA_TYPE_JOB_ROW (fovea_job_row_get_type ())
G_DECLARE_FINAL_TYPE (FoveaJobRow, fovea_job_row, FOVEA, JOB_ROW, GtkListBoxRow)

GtkWidget *fovea_job_row_new (FoveaJob *job);
FoveaJob  *fovea_job_row_get_job (FoveaJobRow *self); /* borrowed */

/* "412 of 800 pictures · 61 pictures/s · about 2 minutes left"; parts that are not known are left out. */
char *fovea_job_row_dup_detail (const char *detail, const char *speed, double eta_seconds) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
