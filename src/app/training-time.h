/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/project.h"

G_BEGIN_DECLS

/* A line that says how long training a model with certain parameters will take on this computer. */
#define FOVEA_TYPE_TRAINING_TIME (fovea_training_time_get_type ())
G_DECLARE_FINAL_TYPE (FoveaTrainingTime, fovea_training_time, FOVEA, TRAINING_TIME, AdwBin)

/* Works it out anew, a moment after the last call. @params (nullable): hidden for those of which it cannot be told. The project is
 * not asked once the line has left its window. */
void fovea_training_time_ask (FoveaTrainingTime *self, FoveaProject *project, GObject *params);

G_END_DECLS
