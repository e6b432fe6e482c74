/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/**
 * Columns:
 *
 * What filters, orders and the live classifier look at, of all pictures of a project, in memory and in order of id. Each
 * part is immutable and counted, shared by all who ask, and read anew by the first who asks after a change of what it is
 * made of. Any thread.
 */

/* What kind of rows a write changed; bits. */
typedef enum {
  FOVEA_CHANGED_INPUTS = 1,
  FOVEA_CHANGED_LABELS = 2,   /* annotations of people */
  FOVEA_CHANGED_VECTORS = 4,
  FOVEA_CHANGED_MODELS = 8,   /* models, versions and what they said */
  FOVEA_CHANGED_ALL = 15,
  FOVEA_CHANGED_BY_PERSON = 16 /* who waits for the effect, which a job does not */
} FoveaChanged;
#define FOVEA_N_CHANGED 5

typedef struct {
  gatomicrefcount ref_count;
  gsize n;
  gint64 *ids;       /* ascending */
  guint64 *sha256;   /* first 8 bytes */
  guint32 *group;    /* hash of the group's name, 0 none */
  guint8 *state, *missing;
  guint16 *split;    /* index into @splits */
  GPtrArray *splits; /* of interned names */
  char *names;       /* case folded, NUL after each */
  gsize *name_at;    /* [n] into @names */
  /*< private: made at first use >*/
  GMutex mutex;
  guint32 *name_rank;
  guint8 *duplicate;
} FoveaInputColumns;

/* @said: FoveaStoreSaid in order of input. */
typedef struct {
  gatomicrefcount ref_count;
  GArray *said;
  guint64 hash; /* of the contents */
} FoveaLabelColumns;

/* What the newest version stored: FoveaStoreStrongest in order of input. */
typedef struct {
  gatomicrefcount ref_count;
  gint64 version; /* 0 none */
  GArray *strongest;
} FoveaStoredColumns;

/* Pictures without a vector in the space that holds the most. */
typedef struct {
  gatomicrefcount ref_count;
  GArray *ids; /* gint64, ascending; NULL: no vector is there at all */
} FoveaPendingColumns;

void fovea_input_columns_unref (FoveaInputColumns *columns);
void fovea_label_columns_unref (FoveaLabelColumns *columns);
void fovea_stored_columns_unref (FoveaStoredColumns *columns);
void fovea_pending_columns_unref (FoveaPendingColumns *columns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaInputColumns, fovea_input_columns_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaLabelColumns, fovea_label_columns_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaStoredColumns, fovea_stored_columns_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaPendingColumns, fovea_pending_columns_unref)

FoveaLabelColumns *fovea_label_columns_ref (FoveaLabelColumns *columns);

/* Rank of each name in the order of names; whether another picture has the same bytes. [n], borrowed. */
const guint32 *fovea_input_columns_get_name_ranks (FoveaInputColumns *columns);
const guint8  *fovea_input_columns_get_duplicates (FoveaInputColumns *columns);

/* Case folded, as @names are. */
char *fovea_columns_fold (const char *text) G_GNUC_WARN_UNUSED_RESULT;

/* The version whose predictions are shown: the one that was trained last, of any model; 0 none. */
gint64 fovea_columns_get_newest_version (FoveaStore *reader);

/* Where @id is among ascending @ids; -1 when it is not. */
gssize fovea_columns_find (const gint64 *ids, gsize n, gint64 id);

typedef struct _FoveaColumns FoveaColumns;

FoveaColumns *fovea_columns_new (void) G_GNUC_WARN_UNUSED_RESULT;
void          fovea_columns_free (FoveaColumns *self);

/* Called after a write is committed, before anyone is told of it. */
void    fovea_columns_note_change (FoveaColumns *self, FoveaChanged what);
/* Differs from before when any of @what has changed. */
guint64 fovea_columns_get_generation (FoveaColumns *self, FoveaChanged what);

/* At least as new as all changes noted before the call; read by @reader where they are not there. */
FoveaInputColumns   *fovea_columns_ref_inputs (FoveaColumns *self, FoveaStore *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaLabelColumns   *fovea_columns_ref_labels (FoveaColumns *self, FoveaStore *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaStoredColumns  *fovea_columns_ref_stored (FoveaColumns *self, FoveaStore *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;
FoveaPendingColumns *fovea_columns_ref_pending (FoveaColumns *self, FoveaStore *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
