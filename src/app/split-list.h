/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/picture-set.h"
#include "engine/project.h"

G_BEGIN_DECLS

/* The splits of a project with their counts: train, validation and test, others that there are, and none. Signals: "split-selected"
 * (string) · "pictures-dropped" (FoveaPictureSet, string). "" is no split. */
#define FOVEA_TYPE_SPLIT_LIST (fovea_split_list_get_type ())
G_DECLARE_FINAL_TYPE (FoveaSplitList, fovea_split_list, FOVEA, SPLIT_LIST, AdwBin)

void fovea_split_list_set_project (FoveaSplitList *self, FoveaProject *project);

/* "Training", "Validation", "Test", "No split", or the name itself. (transfer full) */
char *fovea_split_dup_title (const char *split) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
