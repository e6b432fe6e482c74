/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/columns-private.h"
#include "engine/scheduler.h"
#include "engine/vector-cache-private.h"
#include "models/embedder.h"
#include "store/store.h"
#include "vision/decoder.h"

G_BEGIN_DECLS

/**
 * FoveaCore:
 *
 * What is behind a FoveaProject and all its jobs: the store on its own thread, the decoders, the networks that are
 * loaded. Counted; a job holds a reference. No GObject, so any thread may use it.
 */
typedef struct _FoveaCore FoveaCore;

/* What an open project can be told about. */
typedef struct {
  void (*changed) (gpointer data); /* rows changed, by us or by others; called on the store thread */
  gpointer data;
} FoveaCoreWatch;

/* Opens (or creates) the store on a thread that is started here. */
FoveaCore *fovea_core_new (const char *path, gboolean create, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaCore *fovea_core_ref (FoveaCore *core);
void       fovea_core_unref (FoveaCore *core);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaCore, fovea_core_unref)

/* Ends the store thread and closes the file; calls that come later fail with FOVEA_ENGINE_ERROR_CANCELLED. Jobs
 * must be over. */
void fovea_core_close (FoveaCore *core);

void fovea_core_set_watch (FoveaCore *core, const FoveaCoreWatch *watch); /* NULL: none; copied */

const char     *fovea_core_get_path (FoveaCore *core);
FoveaScheduler *fovea_core_get_scheduler (FoveaCore *core);
FoveaDecoder   *fovea_core_get_decoder (FoveaCore *core);             /* for jobs */
FoveaDecoder   *fovea_core_get_interactive_decoder (FoveaCore *core); /* one helper that a person does not share with jobs */

/* Columns of all rows and vectors in memory, for filters, orders and the live classifier. */
FoveaColumns     *fovea_core_get_columns (FoveaCore *core);
FoveaVectorCache *fovea_core_get_vectors (FoveaCore *core);

typedef gboolean (*FoveaStoreFunc) (FoveaStore *store, gpointer data, GError **error);

/* Runs @func on the store thread and waits. write: watchers are told afterwards. Never from the store thread. */
gboolean fovea_core_read (FoveaCore *core, FoveaStoreFunc func, gpointer data, GError **error);
gboolean fovea_core_write (FoveaCore *core, FoveaStoreFunc func, gpointer data, GError **error);
/* A write that touches nothing but @what. */
gboolean fovea_core_write_only (FoveaCore *core, FoveaChanged what, FoveaStoreFunc func, gpointer data, GError **error);

/* The same without waiting: @task (transfer full) returns its own task data as pointer (borrowed: _finish reads it
 * from the task) or the error, in its context. @func gets the task data. */
void fovea_core_read_task (FoveaCore *core, GTask *task, FoveaStoreFunc func);
void fovea_core_write_task (FoveaCore *core, GTask *task, FoveaStoreFunc func);
void fovea_core_write_only_task (FoveaCore *core, FoveaChanged what, GTask *task, FoveaStoreFunc func);

/* A read-only handle for the calling thread, closed with fovea_store_free(). */
FoveaStore *fovea_core_open_reader (FoveaCore *core, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The embedder of a pack, loaded once and kept: an installed one, a deep version's own network by the version's id, or a
 * deep or imported model's newest version by the model's; a model that is a head stands for what it stands on. Jobs use it
 * on the compute thread only. Never from the store thread. */
FoveaEmbedder *fovea_core_get_embedder (FoveaCore *core, const char *name, GError **error);

/* That pack alone. */
FoveaPack *fovea_core_dup_pack (FoveaCore *core, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define FOVEA_DEFAULT_PACK "efficientnet-lite0"
#define FOVEA_DEFAULT_FIT FOVEA_FIT_LETTERBOX

/* Pictures are decoded at no less than this for networks and thumbnails: JPEG's own halving makes large photographs
 * cheap, and four pixels for each of the network's leave the resize its detail. */
#define FOVEA_DECODE_SIDE 896

G_END_DECLS
