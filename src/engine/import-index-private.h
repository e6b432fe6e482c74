/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store-inputs.h"

G_BEGIN_DECLS

/* What the project holds already, by path and by content: read once at the start of an import, kept up to date by
 * it. */
typedef struct {
  gint64 id; /* 0 while it waits to be written */
  char *path;
  guint8 sha256[32];
  gint64 size, mtime_us;
  gboolean missing, has_split;
} FoveaKnown;

typedef struct {
  GPtrArray *known;      /* FoveaKnown, owned */
  GHashTable *by_path;   /* path → FoveaKnown */
  GHashTable *by_sha256; /* 32 bytes → FoveaKnown, the first of that content */
} FoveaImportIndex;

FoveaImportIndex *fovea_import_index_new (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void              fovea_import_index_free (FoveaImportIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaImportIndex, fovea_import_index_free)

FoveaKnown *fovea_import_index_find_path (FoveaImportIndex *index, const char *path);      /* (nullable) */
FoveaKnown *fovea_import_index_find_content (FoveaImportIndex *index, const guint8 *sha256); /* (nullable) */
FoveaKnown *fovea_import_index_add (FoveaImportIndex *index, const char *path, const guint8 *sha256, gint64 size, gint64 mtime_us);

/* The file is at @path now, with these bytes. */
void fovea_import_index_update (FoveaImportIndex *index, FoveaKnown *known, const char *path, const guint8 *sha256, gint64 size,
                                gint64 mtime_us);

G_END_DECLS
