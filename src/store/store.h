/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "store/store-error.h"

G_BEGIN_DECLS

/*
 * The project file
 * ================
 *
 * One project is one SQLite file, NAME.fovea. This room is the only one that speaks SQL; structs,
 * ids, GBytes and strings go in and come out. The other headers of the folder, by concern:
 *
 *   store-undo          commands, undo, redo, history                     every change of a person
 * goes through it store-inputs        pictures: rows in, rows changed, rows found store-input-list
 * filters, the snapshot for a window, counts store-fields        columns of the person's own
 *   store-concepts      concepts and relations            store-regions      boxes and key points
 *   store-annotations   who or what said that a picture shows a concept
 *   store-datasets      named sets, frozen versions       store-models       models and versions
 *   store-weights       weights in chunks                 store-vectors      embeddings (f16)
 *   store-clusters, store-workflows, store-jobs, store-settings
 *   store-paths         how paths are kept; folders the person has allowed
 *   store-check         `project check`, backup
 *
 * Two kinds of rows. *Tracked* rows (inputs, fields, concepts, relations, regions, annotations,
 * authors, datasets, models, workflows, settings) change inside a command only
 * (fovea_store_begin_command), which is one transaction and can be undone. *Derived* rows (vectors,
 * missing files, versions and their training state, weights, clusters, jobs) change outside of
 * undo: each call is a transaction of its own, unless a command or a fovea_store_begin_work() is
 * open, whose transaction it then joins.
 *
 * Thread: a FoveaStore may be used by one thread at a time (the engine gives it a thread of its
 * own). Another thread that only reads takes a handle of its own with fovea_store_open_reader().
 *
 * Durability. A commit is a record in the write-ahead log: kill -9 right after loses nothing that
 * was acknowledged. Commands are also synced to the disk (synchronous=FULL), so they survive a
 * power cut; derived rows, which can be computed again, are synced at the next checkpoint (NORMAL),
 * and a power cut may take the last of them back.
 *
 * Never open(2) and close(2) a project file by other means in a process that has it open as a
 * store: POSIX then drops the locks that SQLite holds on it. fovea_store_is_project_file() tells
 * such files, for code that walks folders.
 *
 * Times are microseconds since 1970 (g_get_real_time). Ids are SQLite row ids, > 0, never used
 * twice.
 */

typedef struct _FoveaStore FoveaStore;

/**
 * FoveaStoreOpenFlags:
 * @FOVEA_STORE_OPEN_DEFAULT: read and write when possible, else read-only
 * @FOVEA_STORE_OPEN_READ_ONLY: do not write, and take no writer's lock
 * @FOVEA_STORE_OPEN_TAKE_LOCK: on a network mount, become the writer even though a lock file names
 * another; for when the person says that the other one is gone
 */
typedef enum {
  FOVEA_STORE_OPEN_DEFAULT = 0,
  FOVEA_STORE_OPEN_READ_ONLY = 1 << 0,
  FOVEA_STORE_OPEN_TAKE_LOCK = 1 << 1,
} FoveaStoreOpenFlags;

/**
 * fovea_store_create:
 * @path: where the file goes; by custom it ends in .fovea
 *
 * Makes a new, empty project, mode 0600, and opens it. A file that is there is never touched. The
 * folder that the project lies in becomes the first allowed folder (store-paths.h).
 *
 * Errors: _EXISTS; _NOT_FOUND when the folder is not there; _PERMISSION; _FULL; _IO.
 */
FoveaStore *fovea_store_create          (const char           *path,
                                         GError              **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_store_open:
 *
 * Looks at the header bytes before SQLite does, then at the schema: what is not a project of ours
 * is not opened, and nothing that fails to open is modified. An older project is migrated, in one
 * transaction and after a copy of the file was put beside it (NAME.fovea → NAME.vN-backup.fovea).
 *
 * The store may come back read-only though writing was asked for: see fovea_store_is_read_only().
 * That happens when the file or its folder may not be written, the file is newer but says that we
 * can read it, or another program is the writer of a project on a network mount.
 *
 * A file that was not last closed by this program on this account (a marker in the user's cache
 * says so) gets a quick_check of all tables but the large blob ones; fovea_store_check() does
 * everything.
 *
 * Errors: _NOT_FOUND, _NOT_A_FILE, _EMPTY, _PERMISSION, _FOREIGN, _DAMAGED, _NEWER, _BUSY, _FULL,
 * _IO.
 */
FoveaStore *fovea_store_open            (const char           *path,
                                         FoveaStoreOpenFlags   flags,
                                         GError              **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_store_open_reader:
 *
 * A second, read-only handle on the file of @store for another thread; sees what is committed. May
 * be called from any thread while @store is open. Close it with fovea_store_close() or
 * fovea_store_free(), before @store.
 */
FoveaStore *fovea_store_open_reader     (const FoveaStore     *store,
                                         GError              **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_store_close:
 * @store: (transfer full) (nullable): gone afterwards, also on failure
 *
 * Rolls back what is open, folds the log into the file when this was the last user, leaves the
 * marker that makes the next opening fast, gives up the writer's lock.
 *
 * Errors: _FULL, _IO: the file is consistent all the same, its -wal stays and is folded in at the
 * next opening.
 */
gboolean    fovea_store_close           (FoveaStore           *store,
                                         GError              **error);

/* fovea_store_close() without a word about errors. */
void        fovea_store_free            (FoveaStore           *store);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStore, fovea_store_free)

/* The canonical path (symbolic links resolved); the folder it lies in; a UUID-like 32-hex id made
 * at creation. */
const char *fovea_store_get_path        (const FoveaStore     *store);
const char *fovea_store_get_folder      (const FoveaStore     *store);
const char *fovea_store_get_project_id  (const FoveaStore     *store);

/* user_version of the file: FOVEA_STORE_SCHEMA_VERSION, or more when a newer file is open
 * read-only. */
int         fovea_store_get_schema      (const FoveaStore     *store);

/* Whether changes fail with _READ_ONLY, and a sentence that says why (NULL when writable). */
gboolean    fovea_store_is_read_only    (const FoveaStore     *store);
const char *fovea_store_get_read_only_reason (const FoveaStore *store);

/* Whether the project lies on a network mount: no log, one writer, a lock file NAME.fovea-lock. */
gboolean    fovea_store_is_on_network   (const FoveaStore     *store);

/**
 * fovea_store_get_data_version:
 *
 * A number that changes whenever another connection or process has committed a change (not when
 * @store itself did). A few microseconds: poll it every half second and reload when it differs. 0
 * on failure.
 */
guint64     fovea_store_get_data_version (FoveaStore          *store);

/* How long a change waits for another writer before it fails with _BUSY. Default: 5000 ms. */
void        fovea_store_set_busy_timeout (FoveaStore          *store,
                                         int                   timeout_ms);

/**
 * fovea_store_begin_work: fovea_store_commit_work: fovea_store_rollback_work:
 *
 * One transaction around many changes of derived rows (vectors of a batch, a version with its
 * weights). Does not nest, not even in a command. While it is open other writers wait, so keep it
 * under a tenth of a second where it can be.
 *
 * Errors: _BUSY, _READ_ONLY, _FULL, _IO; a commit that fails has rolled back.
 */
gboolean    fovea_store_begin_work      (FoveaStore           *store,
                                         GError              **error);
gboolean    fovea_store_commit_work     (FoveaStore           *store,
                                         GError              **error);
void        fovea_store_rollback_work   (FoveaStore           *store);

/**
 * fovea_store_compact:
 *
 * Throws away derived rows whose owner is gone and can no longer come back by redo or undo (vectors
 * of removed pictures, weights of removed versions), then gives free pages back to the file system.
 * Takes a while; the project may be used by others meanwhile, who wait.
 */
gboolean    fovea_store_compact         (FoveaStore           *store,
                                         GError              **error);

/**
 * fovea_store_is_project_file:
 *
 * Whether @path is a project file open in this process, or its -wal, -shm, -journal or -lock. Does
 * not open it. Thread: any.
 */
gboolean    fovea_store_is_project_file (const char           *path);

/* 32 lower-case hex digits from the system's random source: the form of versions' and inputs'
 * public ids. */
char       *fovea_store_new_id          (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
