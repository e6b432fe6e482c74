/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/job-list.h"

G_BEGIN_DECLS

/* The button in the header that shows all work: how far the work is, and a row a job in its popover. */
#define FOVEA_TYPE_JOBS_BUTTON (fovea_jobs_button_get_type ())
G_DECLARE_FINAL_TYPE (FoveaJobsButton, fovea_jobs_button, FOVEA, JOBS_BUTTON, AdwBin)

void fovea_jobs_button_set_jobs (FoveaJobsButton *self, FoveaJobList *jobs);
void fovea_jobs_button_popup (FoveaJobsButton *self);

G_END_DECLS
