/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/opinions.h"
#include "engine/model-actions.h"

G_BEGIN_DECLS

/* Two versions of a model side by side, on the same pictures: accuracy with its interval, what was fixed and what was broken, and the
 * figures per concept. Signal: "pictures-wanted" (GArray of gint64, string). */
#define FOVEA_TYPE_VERSION_COMPARE (fovea_version_compare_get_type ())
G_DECLARE_FINAL_TYPE (FoveaVersionCompare, fovea_version_compare, FOVEA, VERSION_COMPARE, AdwBin)

GtkWidget *fovea_version_compare_new (FoveaProject *project);
void       fovea_version_compare_set_model (FoveaVersionCompare *self, FoveaModel *model); /* (nullable) */

/* (nullable) what the second version says of the pictures that both looked at. */
FoveaOpinions *fovea_version_compare_dup_opinions (FoveaVersionCompare *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
