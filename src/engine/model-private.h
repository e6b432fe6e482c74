/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/core-private.h"
#include "engine/model.h"
#include "store/store-models.h"

G_BEGIN_DECLS

/* What the store thread reads of a model; the window's objects take it over. */
typedef struct {
  FoveaStoreModel *row;
  gboolean trainable, failed;
  char **concepts;
  GPtrArray *versions; /* of FoveaModelVersion, newest first */
} FoveaModelReading;

void fovea_model_reading_free (FoveaModelReading *reading);

/* Any thread: versions have no signals. Parses the row's metrics. */
FoveaModelVersion *fovea_model_version_new (const FoveaStoreVersion *row, guint number) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @row says what @self was made of. */
gboolean fovea_model_version_matches (FoveaModelVersion *self, const FoveaStoreVersion *row);

FoveaModel *fovea_model_new (void) G_GNUC_WARN_UNUSED_RESULT;
void        fovea_model_take (FoveaModel *self, FoveaModelReading *reading); /* takes what is in it */
void        fovea_model_set_job (FoveaModel *self, FoveaJob *job);

FoveaModelList *fovea_model_list_new (FoveaCore *core, FoveaJobList *jobs) G_GNUC_WARN_UNUSED_RESULT;
void            fovea_model_list_refresh (FoveaModelList *self);
void            fovea_model_list_close (FoveaModelList *self);

G_END_DECLS
