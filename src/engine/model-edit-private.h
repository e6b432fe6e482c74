/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/model-type.h"
#include "store/store-models.h"

G_BEGIN_DECLS

/* A person who does not say whether concepts exclude each other gets what the labels say: class folders make a
 * classifier whose answers add up to one. The answer is stored, so later labels do not change the model's kind. Types
 * without such a parameter are left as they are. Store thread. */
gboolean fovea_model_infer_exclusive (FoveaStore *store, GObject *params, GError **error);

/* An id for a model that people call @name: "my-clothes", or "my-clothes-2" where that is taken. Store thread. */
char *fovea_model_dup_free_id (FoveaStore *store, const char *name) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
