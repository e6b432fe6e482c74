/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/core-private.h"
#include "engine/job-private.h"
#include "engine/project.h"

G_BEGIN_DECLS

FoveaCore *fovea_project_get_core (FoveaProject *self);

/* What the store was last heard to say of the rule (one-concept.h); calls and answers come in the order of the store. Project's thread. */
void fovea_project_take_one_concept (FoveaProject *self, gboolean one);

/* What people call the model, its id while the list of models is not read yet. Project's thread; borrowed for the moment. */
const char *fovea_project_get_model_name (FoveaProject *self, const char *model_id);

/* Puts the job in the list and starts it. */
void fovea_project_start_job (FoveaProject *self, FoveaJob *job);

G_END_DECLS
