/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/job.h"

G_BEGIN_DECLS

/* What became of the files that a job did not simply take: one row a file with the reason in full. */
#define FOVEA_TYPE_REPORT_WINDOW (fovea_report_window_get_type ())
G_DECLARE_FINAL_TYPE (FoveaReportWindow, fovea_report_window, FOVEA, REPORT_WINDOW, AdwWindow)

GtkWidget *fovea_report_window_new (FoveaJob *job);
void       fovea_report_window_present (FoveaJob *job, GtkWindow *parent);

G_END_DECLS
