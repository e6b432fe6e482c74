/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FoveaConcept:
 *
 * One concept of a project. Properties (read-only, with notify): "name" string, "color" string "#rrggbb", "key"
 * string (one character, "" none), "description" string (what belongs to it, in the person's words, "" none), "count" uint
 * (pictures and regions that a person labelled with it), "not-count" uint (… of which a person said that they are not). Main
 * thread.
 */
#define FOVEA_TYPE_CONCEPT (fovea_concept_get_type ())
G_DECLARE_FINAL_TYPE (FoveaConcept, fovea_concept, FOVEA, CONCEPT, GObject)

gint64      fovea_concept_get_id (FoveaConcept *self);        /* stable within the project */
const char *fovea_concept_get_public_id (FoveaConcept *self); /* Clarifai's form of the name: "long-sleeve" */
const char *fovea_concept_get_name (FoveaConcept *self);
const char *fovea_concept_get_color (FoveaConcept *self);
const char *fovea_concept_get_key (FoveaConcept *self);
const char *fovea_concept_get_description (FoveaConcept *self);
guint       fovea_concept_get_count (FoveaConcept *self);
guint       fovea_concept_get_not_count (FoveaConcept *self);

/* GListModel of FoveaConcept in the person's order; an object lives as long as its concept does.
 * Main thread. */
#define FOVEA_TYPE_CONCEPT_LIST (fovea_concept_list_get_type ())
G_DECLARE_FINAL_TYPE (FoveaConceptList, fovea_concept_list, FOVEA, CONCEPT_LIST, GObject)

FoveaConcept *fovea_concept_list_lookup (FoveaConceptList *self, gint64 id);                 /* (nullable), borrowed */
FoveaConcept *fovea_concept_list_lookup_name (FoveaConceptList *self, const char *name);     /* (nullable), borrowed; by name or public id */

G_END_DECLS
