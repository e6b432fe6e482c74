/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/concept.h"
#include "engine/core-private.h"

G_BEGIN_DECLS

/* Loaded at once. refresh() reads the store again in the background; close() before the core is closed. */
FoveaConceptList *fovea_concept_list_new (FoveaCore *core) G_GNUC_WARN_UNUSED_RESULT;
void              fovea_concept_list_refresh (FoveaConceptList *self);
void              fovea_concept_list_close (FoveaConceptList *self);

G_END_DECLS
