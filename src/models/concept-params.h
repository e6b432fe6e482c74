/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/params.h"

G_BEGIN_DECLS

/* What every type that answers with concepts can be told when it predicts: max_concepts, min_value, select_concepts. A type keeps
 * the values in its own struct, gives the three properties ids one after the other, and hands them on. Class initialisation and
 * the main thread, as any property. */
typedef struct {
  int max_concepts;
  double min_value;
  GStrv select_concepts;
} FoveaConceptParams;

#define FOVEA_N_CONCEPT_PARAMS 3

/* Fills @ret_pspecs with the three, marked as parameters, readable, writable and set at construction. */
void fovea_concept_params_install (GParamSpec *ret_pspecs[FOVEA_N_CONCEPT_PARAMS]);

/* @which: 0 to 2, the property's id less the first one's. */
void fovea_concept_params_get (const FoveaConceptParams *params, guint which, GValue *value);
void fovea_concept_params_set (FoveaConceptParams *params, guint which, const GValue *value);
void fovea_concept_params_clear (FoveaConceptParams *params);

G_END_DECLS
