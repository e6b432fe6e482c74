/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/project.h"

G_BEGIN_DECLS

/* The ways to look at the pictures of a concept. */
typedef enum {
  FOVEA_CONCEPT_VIEW_LABELLED,
  FOVEA_CONCEPT_VIEW_NOT,
  FOVEA_CONCEPT_VIEW_SUGGESTED,     /* unlabelled ones, most certain first */
  FOVEA_CONCEPT_VIEW_MOST_CERTAIN,  /* labelled ones that the classifier is most certain of first */
  FOVEA_CONCEPT_VIEW_LEAST_CERTAIN
} FoveaConceptView;

/* The head of a concept's page, above its pictures: colour, name, what belongs to it, its counts, and the ways to look at it. Signal
 * "view-wanted" (int: FoveaConceptView). */
#define FOVEA_TYPE_CONCEPT_BAND (fovea_concept_band_get_type ())
G_DECLARE_FINAL_TYPE (FoveaConceptBand, fovea_concept_band, FOVEA, CONCEPT_BAND, AdwBin)

void fovea_concept_band_set_live (FoveaConceptBand *self, FoveaLive *live);

/* @concept NULL hides it. @filter and @sort say which view it is. */
void fovea_concept_band_set_concept (FoveaConceptBand *self, FoveaConcept *concept, const FoveaPictureFilter *filter,
                                     FoveaPictureSort sort);

G_END_DECLS
