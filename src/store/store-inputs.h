/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

typedef enum {
  FOVEA_STORE_INPUT_UNTOUCHED = 0,
  FOVEA_STORE_INPUT_IN_PROGRESS = 1,
  FOVEA_STORE_INPUT_COMPLETE = 2,
} FoveaStoreInputState;

/**
 * FoveaStoreInput:
 * @id: row id; 0 for a new one
 * @public_id: 32 hex digits, or as given; NULL for a new one to get one at random
 * @path: absolute, the bytes that the system uses, any but NUL, perhaps not UTF-8. Kept relative to
 * the project's folder when it lies below, so that both can move together
 * @name: the last part of @path made presentable: valid UTF-8, control characters replaced. Written
 * by the store
 * @sha256: of the file's bytes
 * @size: in bytes; @mtime_us: of the file, microseconds
 * @width, @height: of the upright picture, in pixels
 * @bits: of a channel in the file: 8 or 16 (32 for float)
 * @format: "jpeg", "png", …
 * @split: "" for none, "train", "test", or a name of the person's
 * @group: pictures that must stay together in a split (one patient, one scene); "" for none
 * @added_at: 0 for a new one to get the present
 * @missing: the file was not found where it should be. Derived, never written by add or update
 *
 * One picture. Strings that are NULL on the way in count as "".
 */
typedef struct {
  gint64 id;
  char *public_id;
  char *path;
  char *name;
  guint8 sha256[32];
  gint64 size;
  gint64 mtime_us;
  guint32 width;
  guint32 height;
  guint32 bits;
  char *format;
  FoveaStoreInputState state;
  char *split;
  char *group;
  gint64 added_at;
  gboolean missing;
} FoveaStoreInput;

FoveaStoreInput *fovea_store_input_new      (void) G_GNUC_WARN_UNUSED_RESULT;
void             fovea_store_input_free     (FoveaStoreInput        *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStoreInput, fovea_store_input_free)

/**
 * fovea_store_add_inputs:
 * @inputs: (array length=n): rows to add
 * @ret_ids: (out caller-allocates) (array length=n) (optional): id of each, also of those that were
 * there already
 * @ret_added: (out caller-allocates) (array length=n) (optional): whether it is new; FALSE when a
 * row with that path was there, which is left as it is
 *
 * Adds rows in bulk. In a command. Two rows with one content (sha256) are allowed: it is the
 * caller's choice.
 *
 * Errors: _INVALID for a path that is not absolute or a split over 255 bytes; _CONFLICT for a
 * public id that is taken.
 */
gboolean         fovea_store_add_inputs     (FoveaStore             *store,
                                             const FoveaStoreInput *const *inputs,
                                             gsize                   n,
                                             gint64                 *ret_ids,
                                             gboolean               *ret_added,
                                             GError                **error);

/* One row, by what is known of it; NULL with _NOT_FOUND when there is none. @path is absolute. */
FoveaStoreInput *
fovea_store_get_input (FoveaStore *store, gint64 id, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean         fovea_store_find_input     (FoveaStore             *store,
                                             const char             *public_id,
                                             gint64                 *ret_id,
                                             GError                **error);
gboolean         fovea_store_find_input_by_path (FoveaStore         *store,
                                             const char             *path,
                                             gint64                 *ret_id,
                                             GError                **error);

/* (element-type gint64): ids of all with that content, in order of id; empty when none. */
GArray *fovea_store_find_inputs_by_sha256 (FoveaStore *store,
                                           const guint8 *sha256,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * FoveaStoreInputFunc:
 * @input: (transfer none): valid during the call
 *
 * Return FALSE to stop. Must not change the store.
 */
typedef gboolean (*FoveaStoreInputFunc) (const FoveaStoreInput *input, gpointer user_data);

/* All rows in order of id from the one after @after_id, in constant memory; no more than @limit (0:
 * all). */
gboolean         fovea_store_foreach_input  (FoveaStore             *store,
                                             gint64                  after_id,
                                             gsize                   limit,
                                             FoveaStoreInputFunc     func,
                                             gpointer                user_data,
                                             GError                **error);

/* (element-type FoveaStoreInput): the rows of @ids in their order (a page of a window); gone ones
 * are left out. */
GPtrArray *fovea_store_get_inputs (FoveaStore *store, const gint64 *ids, gsize n, GError **error)
  G_GNUC_WARN_UNUSED_RESULT;

/*
 * Changes, in a command. Ids that are gone are passed over. @ret_changed (optional) counts rows
 * that differ now.
 */
gboolean         fovea_store_set_split      (FoveaStore             *store,
                                             const gint64           *ids,
                                             gsize                   n,
                                             const char             *split,
                                             gsize                  *ret_changed,
                                             GError                **error);
gboolean         fovea_store_set_group      (FoveaStore             *store,
                                             const gint64           *ids,
                                             gsize                   n,
                                             const char             *group,
                                             gsize                  *ret_changed,
                                             GError                **error);
gboolean         fovea_store_set_state      (FoveaStore             *store,
                                             const gint64           *ids,
                                             gsize                   n,
                                             FoveaStoreInputState    state,
                                             gsize                  *ret_changed,
                                             GError                **error);

/* The file is elsewhere now (found again by hash). Clears "missing". Errors: _CONFLICT when the
 * path is taken. */
gboolean         fovea_store_move_input     (FoveaStore             *store,
                                             gint64                  id,
                                             const char             *path,
                                             GError                **error);

/**
 * fovea_store_move_inputs:
 *
 * Re-maps every path at or below @from_folder to the same place below @to_folder (both absolute).
 * Rows whose new path is taken are left. In a command.
 */
gboolean         fovea_store_move_inputs    (FoveaStore             *store,
                                             const char             *from_folder,
                                             const char             *to_folder,
                                             gsize                  *ret_changed,
                                             GError                **error);

/**
 * fovea_store_refresh_input:
 *
 * The file at the row's path has new bytes: takes sha256, size, mtime, width, height, bits, format
 * of @input for row @input->id and drops its vectors. In a command. Errors: _NOT_FOUND.
 */
gboolean         fovea_store_refresh_input  (FoveaStore             *store,
                                             const FoveaStoreInput  *input,
                                             GError                **error);

/**
 * fovea_store_remove_inputs:
 *
 * Takes pictures out of the project with their regions, annotations, field values and memberships;
 * the files stay where they are. In a command; vectors are kept until compaction so that undo has
 * them back at once.
 */
gboolean         fovea_store_remove_inputs  (FoveaStore             *store,
                                             const gint64           *ids,
                                             gsize                   n,
                                             gsize                  *ret_removed,
                                             GError                **error);

/* Notes which files are missing. Derived: needs no command, is not undone. */
gboolean         fovea_store_set_missing    (FoveaStore             *store,
                                             const gint64           *ids,
                                             gsize                   n,
                                             gboolean                missing,
                                             GError                **error);

G_END_DECLS
