/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/*
 * Commands
 *
 * A command is what a person does in one go ("label 14 pictures hat"), or what a machine did for
 * them (an import). It is one transaction; what it changed in tracked tables is kept as a changeset
 * (SQLite's session extension), so undo applies the inverse and redo the original. The history is
 * one line for the whole project, whoever wrote it; it is in the file and survives a restart. A new
 * command drops what could have been redone.
 *
 * While a command is open nobody else can write: gather first, then begin, write and commit. When a
 * change in it fails, roll it back: part of the change may have been made, and committing fails
 * with _INVALID.
 *
 * A command that takes long (an import of a whole folder) is written in parts: begin_long_command()
 * once, then for each batch continue_command() … commit_command(). Every committed part is kept
 * whatever happens later, also after kill -9; undo takes all parts back together. Others' commands
 * may lie between two parts.
 */

/**
 * FoveaStoreUndoResult:
 * @label: of the command that was undone or redone
 * @n_changes: rows put back
 * @n_conflicts: rows that something else has changed since, and that were therefore left as they
 * are
 */
typedef struct {
  gint64 command;
  char *label;
  gsize n_changes;
  gsize n_conflicts;
} FoveaStoreUndoResult;

void        fovea_store_undo_result_clear   (FoveaStoreUndoResult  *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FoveaStoreUndoResult, fovea_store_undo_result_clear)

/**
 * fovea_store_begin_command:
 * @label: what undo offers, in the person's words
 *
 * Starts a command (BEGIN IMMEDIATE, waiting for other writers up to the busy timeout). Does not
 * nest.
 *
 * Errors: _BUSY, _READ_ONLY, _FULL, _IO.
 */
gboolean    fovea_store_begin_command       (FoveaStore            *store,
                                             const char            *label,
                                             GError               **error);

/**
 * fovea_store_begin_long_command:
 * @ret_command: (out): the id for continue_command(); keep it in the job's row so that a restart
 * finds it
 *
 * Registers a command of many parts; no transaction is open afterwards.
 */
gboolean    fovea_store_begin_long_command  (FoveaStore            *store,
                                             const char            *label,
                                             gint64                *ret_command,
                                             GError               **error);

/* Opens the next part. Errors: also _NOT_FOUND when the command was undone or has left the history
 * meanwhile. */
gboolean    fovea_store_continue_command    (FoveaStore            *store,
                                             gint64                 command,
                                             GError               **error);

/* A new label for the command, when its size is known only at its end ("import 798 pictures"). In
 * or out of it. */
gboolean    fovea_store_relabel_command     (FoveaStore            *store,
                                             gint64                 command,
                                             const char            *label,
                                             GError               **error);

/**
 * fovea_store_commit_command:
 * @ret_command: (out) (optional): its id, or 0 when nothing changed, in which case the history is
 * as before
 *
 * On failure everything since begin or continue is rolled back.
 */
gboolean    fovea_store_commit_command      (FoveaStore            *store,
                                             gint64                *ret_command,
                                             GError               **error);

/* Nothing of the open command or part remains. Does nothing when none is open. */
void        fovea_store_rollback_command    (FoveaStore            *store);

/* Whether a command or a part of one is open. */
gboolean    fovea_store_in_command          (const FoveaStore      *store);

/**
 * fovea_store_undo: fovea_store_redo:
 * @ret_result: (out) (optional): to be cleared
 *
 * One step back or forth, in one transaction. Rows changed since by something outside the history
 * are left as they are and counted; references are whole afterwards (a parent that a newer row
 * needs stays). The versions that a model got since a command made it leave with it when that is
 * undone, and come back by redo.
 *
 * Errors: _NOT_FOUND when there is nothing to undo or redo; _BUSY (also while the model that
 * would go is being trained), _READ_ONLY, _FULL, _IO.
 */
gboolean    fovea_store_undo                (FoveaStore            *store,
                                             FoveaStoreUndoResult  *ret_result,
                                             GError               **error);
gboolean    fovea_store_redo                (FoveaStore            *store,
                                             FoveaStoreUndoResult  *ret_result,
                                             GError               **error);

/* Label of what undo or redo would take next; NULL when nothing. */
char *fovea_store_dup_undo_label (FoveaStore *store) G_GNUC_WARN_UNUSED_RESULT;
char *fovea_store_dup_redo_label (FoveaStore *store) G_GNUC_WARN_UNUSED_RESULT;

/* One row of the history. */
typedef struct {
  gint64 id;
  char *label;
  gint64 created_at;
  gboolean undone;
  gsize n_changes;
  gsize n_bytes;
} FoveaStoreCommand;

void        fovea_store_command_free        (FoveaStoreCommand     *command);

/* (element-type FoveaStoreCommand): newest first, at most @limit. */
GPtrArray *fovea_store_list_commands (FoveaStore *store,
                                      guint limit,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * fovea_store_set_history_limits:
 *
 * The oldest commands leave the history when it holds more than @max_commands or @max_bytes of
 * changesets (default: 1000 and 128 MiB); the newest always stays. For this handle; applied at each
 * commit.
 */
void        fovea_store_set_history_limits  (FoveaStore            *store,
                                             guint                  max_commands,
                                             gsize                  max_bytes);

/* Forgets what could be undone and redone; not in a command. For a copy that lies elsewhere, whose history speaks of other
 * places. */
gboolean    fovea_store_forget_history      (FoveaStore            *store,
                                             GError               **error);

G_END_DECLS
