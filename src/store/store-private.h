/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <sqlite3.h>

#include "store/store.h"
#include "store/store-schema.h"

G_BEGIN_DECLS

/* Inside this folder and its tests only. */

typedef enum {
  FOVEA_STORE_TXN_NONE = 0,
  FOVEA_STORE_TXN_COMMAND,
  FOVEA_STORE_TXN_WORK,
} FoveaStoreTxn;

struct _FoveaStore {
  sqlite3 *db;
  char *path;
  char *folder;
  char *project_id;
  int schema;
  int latest;                /* that this program, or the test, knows */

  gboolean read_only;
  char *read_only_reason;
  gboolean on_network;
  gboolean no_room;          /* on its disk: read without a log and without locks */
  gboolean is_reader;
  gboolean registered;
  char *lock_token;          /* of the writer's lock on a network mount, else NULL */

  GHashTable *statements;    /* SQL text → sqlite3_stmt */

  FoveaStoreTxn txn;
  guint depth;               /* of open scopes */
  gboolean
    doomed; /* a change within the transaction has failed half way: it can only be rolled back */
  sqlite3_session *session;  /* while a command is open */
  gint64 command;            /* that the open part belongs to, 0 for a new one */
  char *command_label;

  guint max_commands;
  gsize max_bytes;
};

#define FOVEA_STORE_BUSY_MS 5000

/* Files that this process has open. The mutex is held over opening and closing, so that nobody
 * opens and closes a descriptor of a file between two looks. */
extern GMutex fovea_store_registry_mutex;

gboolean      fovea_store_registry_has  (const char           *path);
void          fovea_store_registry_add  (FoveaStore           *store);

/* A store without a connection; and its end, whatever it has by then. */
FoveaStore   *fovea_store_alloc         (const char           *path);
void          fovea_store_dispose       (FoveaStore           *store);

/* Tables that a command records, NULL-terminated. */
extern const char *const fovea_store_tracked_tables[];

/*
 * SQL. Every text is prepared once for a store and kept; a statement is handed out reset and
 * without bindings, so the same text must not be used while its last use is still being stepped.
 */
sqlite3_stmt *fovea_sql_get             (FoveaStore           *store,
                                         const char           *sql,
                                         GError              **error);

/* Binds from 1: i gint64, d double, t text (NULL as ''), T text (NULL as NULL), b pointer and gsize
 * (blob). */
void          fovea_sql_bind            (sqlite3_stmt         *stmt,
                                         const char           *types,
                                         ...);

/* SQLITE_ROW, SQLITE_DONE, or another code with @error set; all but ROW have reset the statement.
 */
int           fovea_sql_step            (FoveaStore           *store,
                                         sqlite3_stmt         *stmt,
                                         GError              **error);

/* get, bind, step to the end. */
gboolean      fovea_sql_run             (FoveaStore           *store,
                                         GError              **error,
                                         const char           *sql,
                                         const char           *types,
                                         ...);

/* get, bind, first column of the first row as a number. *ret_found (optional) FALSE and 0 when
 * there is no row. */
gboolean      fovea_sql_number          (FoveaStore           *store,
                                         gint64               *ret_number,
                                         gboolean             *ret_found,
                                         GError              **error,
                                         const char           *sql,
                                         const char           *types,
                                         ...);

/* Texts not kept: pragmas, transactions. */
gboolean      fovea_sql_exec            (FoveaStore           *store,
                                         const char           *sql,
                                         GError              **error);

/* Turns the last failure of @db on the file @path into an error of ours. */
void          fovea_sql_set_error       (sqlite3              *db,
                                         const char           *path,
                                         int                   rc,
                                         GError              **error);

/* Steps to the end: what @read makes of each row, which @free_row frees. NULL with @error when a step fails. */
typedef gpointer (*FoveaSqlReadFunc)    (sqlite3_stmt         *stmt);
GPtrArray    *fovea_sql_read_rows       (FoveaStore           *store,
                                         sqlite3_stmt         *stmt,
                                         FoveaSqlReadFunc      read,
                                         GDestroyNotify        free_row,
                                         GError              **error) G_GNUC_WARN_UNUSED_RESULT;

/* Column as new text, never NULL, valid UTF-8; cut at a NUL. */
char         *fovea_sql_dup_text        (sqlite3_stmt         *stmt,
                                         int                   column);

/*
 * A scope is all or nothing: a transaction of its own, or part of the one that is open, which is
 * doomed when the part fails. (Savepoints would keep it alive, but cost more than the work: SQLite
 * copies every page they touch.)
 *
 *   g_auto (FoveaSqlScope) scope = { 0 };
 *   if (!fovea_sql_enter (&scope, store, TRUE, error)) return FALSE;
 *   …                                                        any return rolls back
 *   return fovea_sql_leave (&scope, error);
 *
 * @tracked: fails with _INVALID when no command is open.
 */
typedef struct {
  FoveaStore *store;
  gboolean own;
} FoveaSqlScope;

gboolean      fovea_sql_enter           (FoveaSqlScope        *scope,
                                         FoveaStore           *store,
                                         gboolean              tracked,
                                         GError              **error);
gboolean      fovea_sql_leave           (FoveaSqlScope        *scope,
                                         GError              **error);
void          fovea_sql_scope_clear     (FoveaSqlScope        *scope);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FoveaSqlScope, fovea_sql_scope_clear)

/* BEGIN IMMEDIATE with the wanted durability; COMMIT, or ROLLBACK when that fails. */
gboolean      fovea_sql_begin           (FoveaStore           *store,
                                         gboolean              synced,
                                         GError              **error);
gboolean      fovea_sql_commit          (FoveaStore           *store,
                                         GError              **error);
void          fovea_sql_rollback        (FoveaStore           *store);

/* Error unless a command is open. */
gboolean      fovea_store_need_command  (FoveaStore           *store,
                                         GError              **error);

/* Checks of values from outside. @what names it in the message. */
gboolean      fovea_store_check_text    (const char           *text,
                                         gsize                 max_bytes,
                                         const char           *what,
                                         GError              **error);
gboolean      fovea_store_check_json    (const char           *text,
                                         char                  kind,
                                         const char           *what,
                                         GError              **error);

/* Opens with other migrations than the program's, for tests of the framework. */
FoveaStore   *fovea_store_open_with     (const char           *path,
                                         FoveaStoreOpenFlags   flags,
                                         const FoveaStoreMigration *migrations,
                                         gsize                 n,
                                         GError              **error);

/* "HOST:PID:START" of this process; whether the process that a token names is alive (TRUE when it
 * cannot be known). */
char         *fovea_store_new_owner     (void);
gboolean      fovea_store_owner_is_alive (const char          *owner,
                                         gboolean             *ret_same_host);

/* The statement cache let go of, e.g. before closing. */
void          fovea_sql_forget          (FoveaStore           *store);

/* How many rows a changeset touches; -1 when it cannot be read. */
gint64        fovea_sql_count_changes   (const void           *data,
                                         int                   size);

/* What a version said of pictures, with the regions that it found and what was said of those. */
gboolean      fovea_sql_delete_predictions (FoveaStore        *store,
                                            gint64             version,
                                            gsize             *ret_changed,
                                            GError           **error);

/* Errors: _BUSY while a job trains the model of row @model. */
gboolean      fovea_sql_check_not_in_training (FoveaStore     *store,
                                               gint64          model,
                                               GError        **error);

/* store-undo-versions.c, within undo's transaction: before @command is undone, the versions of the models that it made become part
 * of it; after it was redone, they are its part no more. */
gboolean      fovea_store_history_take_versions (FoveaStore   *store,
                                                 gint64        command,
                                                 GError      **error);
gboolean      fovea_store_history_leave_versions (FoveaStore  *store,
                                                  gint64       command,
                                                  GError     **error);

G_END_DECLS
