/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/**
 * FoveaStoreConcept:
 * @public_id: the name in Clarifai's form (lower case, blanks become '-'), unique
 * @colour: "#rrggbb", or "" for the application's choice
 * @key: the key that labels with it ("1", "h"), or ""
 * @position: order in lists
 * @description: what belongs to it, in the person's words, or ""
 * @n_positive, @n_negative: inputs and regions that a person has labelled so; filled by
 * fovea_store_list_concepts()
 */
typedef struct {
  gint64 id;
  char *public_id;
  char *name;
  char *colour;
  char *key;
  gint64 position;
  char *description;
  gsize n_positive;
  gsize n_negative;
} FoveaStoreConcept;

void        fovea_store_concept_free        (FoveaStoreConcept      *concept_);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStoreConcept, fovea_store_concept_free)

/* "Red Hat" → "red-hat": lower case, runs of white space become one '-', those at the ends go.
 * (transfer full) */
char *fovea_store_concept_id_for_name (const char *name) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_store_ensure_concept:
 * @public_id: (nullable): NULL for the form of @name
 * @name: as the person typed it
 *
 * Finds the concept with that public id, or makes it. In a command when it has to be made.
 *
 * Errors: _INVALID for an empty or over-long name (255 bytes) or one that is not UTF-8.
 */
gboolean    fovea_store_ensure_concept      (FoveaStore             *store,
                                             const char             *public_id,
                                             const char             *name,
                                             gint64                 *ret_id,
                                             GError                **error);

/* @name may be a public id or a name. Errors: _NOT_FOUND. */
gboolean    fovea_store_find_concept        (FoveaStore             *store,
                                             const char             *name,
                                             gint64                 *ret_id,
                                             GError                **error);

FoveaStoreConcept *
fovea_store_get_concept (FoveaStore *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (element-type FoveaStoreConcept): all, in order of position, with their counts. */
GPtrArray *fovea_store_list_concepts (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_store_update_concept:
 *
 * Takes name, colour, key, position and description of @concept_ for row
 * @concept_->id; the public id stays, models refer to it. In a command. Errors: _NOT_FOUND, _INVALID, _CONFLICT when another concept
 * has that name.
 */
gboolean    fovea_store_update_concept      (FoveaStore             *store,
                                             const FoveaStoreConcept *concept_,
                                             GError                **error);

/* Removes the concept with its annotations and relations. In a command. */
gboolean    fovea_store_remove_concept      (FoveaStore             *store,
                                             gint64                  id,
                                             GError                **error);

/**
 * fovea_store_merge_concepts:
 *
 * Everything said of @from is said of @into afterwards; where both were said of one picture, what
 * was said of @into stays. @from is removed. In a command.
 */
gboolean    fovea_store_merge_concepts      (FoveaStore             *store,
                                             gint64                  from,
                                             gint64                  into,
                                             GError                **error);

/* Subject PREDICATE object; predicates are "hypernym", "hyponym", "synonym". */
typedef struct {
  gint64 id;
  gint64 subject;
  gint64 object;
  char *predicate;
} FoveaStoreRelation;

void        fovea_store_relation_free       (FoveaStoreRelation     *relation);

gboolean    fovea_store_add_relation        (FoveaStore             *store,
                                             gint64                  subject,
                                             const char             *predicate,
                                             gint64                  object,
                                             GError                **error);
gboolean    fovea_store_remove_relation     (FoveaStore             *store,
                                             gint64                  id,
                                             GError                **error);

/* (element-type FoveaStoreRelation): those of @subject, or all when it is 0. */
GPtrArray *fovea_store_list_relations (FoveaStore *store,
                                       gint64 subject,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
