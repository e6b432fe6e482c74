/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/one-concept.h"
#include "store/store-annotations.h"

G_BEGIN_DECLS

/* All on the store thread, or with a reader. */
gboolean fovea_one_concept_read (FoveaStore *store);

/* Where the rule holds: takes back what else is said to be on these pictures. In a command. @ret_replaced: (out) (optional) */
gboolean fovea_one_concept_apply (FoveaStore *store, const gint64 *ids, gsize n_ids, gint64 concept, FoveaStoreReplaced *ret_replaced,
                                  GError **error);

/* Class folders came in: turns the rule on where nobody has decided and no picture shows two concepts. In a command. */
gboolean fovea_one_concept_take_from_folders (FoveaStore *store, GError **error);

G_END_DECLS
