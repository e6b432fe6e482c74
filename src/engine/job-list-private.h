/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/job-list.h"

G_BEGIN_DECLS

FoveaJobList *fovea_job_list_new (void) G_GNUC_WARN_UNUSED_RESULT;
void          fovea_job_list_add (FoveaJobList *self, FoveaJob *job);

G_END_DECLS
