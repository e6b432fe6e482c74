/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/project.h"

G_BEGIN_DECLS

/* A row of a few pictures, chosen by id, with what is said and suggested of them. */
#define FOVEA_TYPE_PICTURE_STRIP (fovea_picture_strip_get_type ())
G_DECLARE_FINAL_TYPE (FoveaPictureStrip, fovea_picture_strip, FOVEA, PICTURE_STRIP, AdwBin)

#define FOVEA_PICTURE_STRIP_MAX 12

void fovea_picture_strip_set_project (FoveaPictureStrip *self, FoveaProject *project);

/* The first FOVEA_PICTURE_STRIP_MAX of them are shown, in their order. */
void fovea_picture_strip_set_ids (FoveaPictureStrip *self, const gint64 *ids, guint n);

/* The same with what an evaluated model said of each, instead of the suggestion: how probable @concept is (nullable: nothing is said). */
void fovea_picture_strip_set_judged (FoveaPictureStrip *self, const gint64 *ids, const double *values, guint n, FoveaConcept *concept);

G_END_DECLS
