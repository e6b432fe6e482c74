/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/import-index-private.h"

#include <string.h>

static guint
sha_hash (gconstpointer key)
{
  guint hash;

  memcpy (&hash, key, sizeof hash);
  return hash;
}

static gboolean
sha_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, 32) == 0;
}

static void
free_known (gpointer data)
{
  g_free (((FoveaKnown *) data)->path);
  g_free (data);
}

static void
insert (FoveaImportIndex *self, FoveaKnown *known)
{
  g_hash_table_replace (self->by_path, known->path, known);
  if (!g_hash_table_contains (self->by_sha256, known->sha256))
    g_hash_table_insert (self->by_sha256, known->sha256, known);
}

FoveaKnown *
fovea_import_index_add (FoveaImportIndex *self, const char *path, const guint8 *sha256, gint64 size, gint64 mtime_us)
{
  FoveaKnown *known = g_new0 (FoveaKnown, 1);

  known->path = g_strdup (path);
  memcpy (known->sha256, sha256, 32);
  known->size = size;
  known->mtime_us = mtime_us;
  g_ptr_array_add (self->known, known);
  insert (self, known);
  return known;
}

static gboolean
add_row (const FoveaStoreInput *input, gpointer data)
{
  FoveaKnown *known = fovea_import_index_add (data, input->path, input->sha256, input->size, input->mtime_us);

  known->id = input->id;
  known->missing = input->missing;
  known->has_split = input->split != NULL && input->split[0] != '\0';
  return TRUE;
}

FoveaImportIndex *
fovea_import_index_new (FoveaStore *store, GError **error)
{
  g_autoptr (FoveaImportIndex) self = g_new0 (FoveaImportIndex, 1);

  self->known = g_ptr_array_new_with_free_func (free_known);
  self->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  self->by_sha256 = g_hash_table_new (sha_hash, sha_equal);
  if (!fovea_store_foreach_input (store, 0, 0, add_row, self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
fovea_import_index_free (FoveaImportIndex *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_path);
  g_hash_table_unref (self->by_sha256);
  g_ptr_array_unref (self->known);
  g_free (self);
}

FoveaKnown *
fovea_import_index_find_path (FoveaImportIndex *self, const char *path)
{
  return g_hash_table_lookup (self->by_path, path);
}

FoveaKnown *
fovea_import_index_find_content (FoveaImportIndex *self, const guint8 *sha256)
{
  return g_hash_table_lookup (self->by_sha256, sha256);
}

void
fovea_import_index_update (FoveaImportIndex *self, FoveaKnown *known, const char *path, const guint8 *sha256, gint64 size, gint64 mtime_us)
{
  char *old = known->path;

  if (g_hash_table_lookup (self->by_sha256, known->sha256) == known)
    g_hash_table_remove (self->by_sha256, known->sha256);
  g_hash_table_remove (self->by_path, old);
  known->path = g_strdup (path);
  g_free (old);
  memcpy (known->sha256, sha256, 32);
  known->size = size;
  known->mtime_us = mtime_us;
  known->missing = FALSE;
  insert (self, known);
}
