/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/* Workflows: a definition in Clarifai's JSON; each saved change is a version with a 32-hex id. In a
 * command. */

typedef struct {
  gint64 id;
  char *public_id;           /* form of a model's id */
  char *version_id;          /* 32 hex digits, of the newest definition */
  char *definition;          /* JSON object */
  gint64 created_at;
  gint64 modified_at;
} FoveaStoreWorkflow;

void        fovea_store_workflow_free       (FoveaStoreWorkflow     *workflow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStoreWorkflow, fovea_store_workflow_free)

/* Adds the workflow, or a new version to the one of that id. Errors: _INVALID for an id or JSON of
 * the wrong form. */
gboolean    fovea_store_put_workflow        (FoveaStore             *store,
                                             const char             *public_id,
                                             const char             *definition,
                                             gint64                 *ret_id,
                                             GError                **error);
gboolean    fovea_store_remove_workflow     (FoveaStore             *store,
                                             gint64                  id,
                                             GError                **error);
FoveaStoreWorkflow *fovea_store_get_workflow (FoveaStore *store,
                                              const char *public_id,
                                              const char *version_id,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (element-type FoveaStoreWorkflow): newest version of each, in order of creation. */
GPtrArray *fovea_store_list_workflows (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
