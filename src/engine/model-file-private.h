/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "engine/model-file.h"
#include "models/foreign-model.h"

G_BEGIN_DECLS

/* What file and form say together, not yet completed. INVALID as of fovea_model_file_check(). */
FoveaForeignRecipe *fovea_model_file_dup_recipe (FoveaModelFile *self, const FoveaImportForm *form, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* {"path","inputs":["image: f32 [N, 3, 224, 224]"],"outputs":[…],"recipe":{…}} */
JsonNode *fovea_model_file_dup_json (FoveaModelFile *self, const FoveaForeignRecipe *recipe) G_GNUC_WARN_UNUSED_RESULT;

/* Fills in what follows from the rest. INVALID as of fovea_model_file_check(). */
gboolean fovea_model_file_complete (FoveaModelFile *self, FoveaForeignRecipe *recipe, GError **error);

/* Compute thread: makes the pack called @name. */
gboolean fovea_model_file_build (FoveaModelFile *self, const FoveaForeignRecipe *recipe, const char *name, FoveaForeignResult *ret_result,
                                 GError **error);

G_END_DECLS
