/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <glib/gi18n.h>

#include <json-glib/json-glib.h>

#include "engine/engine-error.h"
#include "engine/import-job-private.h"
#include "engine/one-concept-private.h"
#include "engine/watched-folders-private.h"
#include "store/store-concepts.h"
#include "store/store-jobs.h"
#include "store/store-paths.h"
#include "store/store-undo.h"
#include "store/store-vectors.h"

#define BEAT_US (5 * G_TIME_SPAN_SECOND)

/* ---- start ---- */

/* One import of the same things is done by one process at a time. */
static char *
target_of (FoveaImport *self)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (char **path = self->paths; *path != NULL; path++)
    {
      g_autofree char *absolute = g_canonicalize_filename (*path, NULL);

      g_checksum_update (checksum, (const guchar *) absolute, (gssize) strlen (absolute) + 1);
    }
  return g_strndup (g_checksum_get_string (checksum), 32);
}

/* The command of an import that was killed goes on, so that one undo takes all of it back. */
static gint64
resumed_command (FoveaStore *store, gint64 job_row)
{
  g_autoptr (FoveaStoreJob) row = fovea_store_get_job (store, job_row, NULL);
  g_autoptr (JsonNode) node = row != NULL && row->params != NULL ? json_from_string (row->params, NULL) : NULL;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return 0;
  return json_object_get_int_member_with_default (json_node_get_object (node), "command", 0);
}

static gboolean
allow (FoveaImport *self, FoveaStore *store, const char *folder, GError **error)
{
  if (!g_hash_table_add (self->allowed, g_strdup (folder)))
    return TRUE;
  return fovea_store_allow_folder (store, folder, error);
}

/* What a person hands to an import is theirs to read: the folders named, and the folders of the files named. */
static gboolean
allow_roots (FoveaImport *self, FoveaStore *store, GError **error)
{
  for (char **path = self->paths; *path != NULL; path++)
    {
      g_autofree char *absolute = g_canonicalize_filename (*path, NULL);
      g_autofree char *parent = g_path_get_dirname (absolute);
      char *real = NULL;
      gboolean ok;

      if (!g_file_test (absolute, G_FILE_TEST_IS_DIR))
        ok = allow (self, store, parent, error);
      else
        {
          real = realpath (absolute, NULL);
          ok = allow (self, store, absolute, error) && (real == NULL || allow (self, store, real, error));
          free (real);
        }
      if (!ok)
        return FALSE;
    }
  return TRUE;
}

gboolean
fovea_import_prepare (FoveaStore *store, gpointer data, GError **error)
{
  FoveaImport *self = data;
  g_autofree char *target = target_of (self);
  gboolean resumed = FALSE;

  if (!fovea_store_claim_job (store, "import", target, fovea_job_get_title (self->job), NULL, &self->job_row, &resumed, error))
    return FALSE;
  if (resumed)
    self->command = resumed_command (store, self->job_row);
  if (!allow_roots (self, store, error))
    return FALSE;
  self->index = fovea_import_index_new (store, error);
  return self->index != NULL;
}

/* ---- a batch ---- */

static gboolean
open_command (FoveaImport *self, FoveaStore *store, GError **error)
{
  g_autofree char *params = NULL;
  g_autoptr (GError) gone = NULL;

  if (self->command != 0)
    {
      if (fovea_store_continue_command (store, self->command, &gone))
        return TRUE;
      if (!g_error_matches (gone, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&gone));
          return FALSE;
        }
    }
  if (!fovea_store_begin_long_command (store, "import pictures", &self->command, error))
    return FALSE;
  params = g_strdup_printf ("{\"command\":%" G_GINT64_FORMAT "}", self->command);
  return fovea_store_set_job_params (store, self->job_row, params, error)
         && fovea_store_continue_command (store, self->command, error);
}

/* Single files are not looked for again: their folder may be anything. */
static gboolean
remember_folders (FoveaImport *self, FoveaStore *store, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) folders = NULL;

  if (self->remembered)
    return TRUE;
  self->remembered = TRUE;
  for (char **path = self->paths; *path != NULL; path++)
    {
      g_autofree char *absolute = g_canonicalize_filename (*path, NULL);

      if (g_file_test (absolute, G_FILE_TEST_IS_DIR))
        g_strv_builder_add (builder, absolute);
    }
  folders = g_strv_builder_end (builder);
  return folders[0] == NULL
         || fovea_watched_folders_remember (store, (const char *const *) folders, self->format, self->started_us, error);
}

/* A link in a folder may lead out of it; the person chose it with the folder. */
static gboolean
allow_target (FoveaImport *self, FoveaStore *store, const char *path, GError **error)
{
  char *real = realpath (path, NULL);
  g_autofree char *folder = real != NULL ? g_path_get_dirname (real) : NULL;
  g_autofree char *own = g_path_get_dirname (path);
  gboolean ok = real == NULL || g_str_equal (folder, own) || allow (self, store, folder, error);

  free (real);
  return ok;
}

static gboolean
write_new (FoveaImport *self, FoveaStore *store, GError **error)
{
  const FoveaStoreInput *inputs[FOVEA_IMPORT_BATCH];
  FoveaOutcome *outcomes[FOVEA_IMPORT_BATCH];
  gint64 ids[FOVEA_IMPORT_BATCH];
  gsize n = 0;

  for (guint i = 0; i < self->n_batch; i++)
    if (self->batch[i].kind == FOVEA_OUTCOME_NEW)
      {
        outcomes[n] = &self->batch[i];
        inputs[n++] = self->batch[i].input;
      }
  if (n > 0 && !fovea_store_add_inputs (store, inputs, n, ids, NULL, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    outcomes[i]->known->id = outcomes[i]->input->id = ids[i];
  return TRUE;
}

static gboolean
write_changed (FoveaImport *self, FoveaStore *store, GError **error)
{
  for (guint i = 0; i < self->n_batch; i++)
    {
      FoveaOutcome *outcome = &self->batch[i];
      gboolean ok = TRUE;

      if (outcome->kind == FOVEA_OUTCOME_UPDATED)
        ok = fovea_store_refresh_input (store, outcome->input, error);
      else if (outcome->kind == FOVEA_OUTCOME_RELOCATED)
        ok = fovea_store_move_input (store, outcome->input->id, outcome->input->path, error);
      if (!ok)
        return FALSE;
    }
  return TRUE;
}

static gboolean
label_one (FoveaImport *self, FoveaStore *store, gint64 id, const char *concept, GError **error)
{
  gint64 concept_id;

  if (!self->has_labelled && !fovea_one_concept_take_from_folders (store, error))
    return FALSE;
  self->has_labelled = TRUE;
  return fovea_store_ensure_concept (store, NULL, concept, &concept_id, error)
         && fovea_store_label_inputs (store, &id, 1, concept_id, 1, 0, NULL, error);
}

static gboolean
write_labels (FoveaImport *self, FoveaStore *store, GError **error)
{
  for (guint i = 0; i < self->n_batch; i++)
    {
      FoveaOutcome *outcome = &self->batch[i];

      if (outcome->kind == FOVEA_OUTCOME_NEW && outcome->item->concept != NULL
          && !label_one (self, store, outcome->input->id, outcome->item->concept, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_vectors (FoveaImport *self, FoveaStore *store, GError **error)
{
  gint64 ids[FOVEA_IMPORT_BATCH];
  gint64 space;
  gsize n = 0;

  for (guint i = 0; i < self->n_batch; i++)
    if (self->batch[i].squares != NULL)
      ids[n++] = self->batch[i].input->id;
  if (n == 0)
    return TRUE;
  return fovea_embed_ensure_space (store, fovea_embedder_get_pack (self->embedder), self->fit, &space, error)
         && fovea_store_put_vectors (store, space, FOVEA_STORE_OF_INPUT, ids, self->vectors, n, error);
}

static gboolean
allow_targets (FoveaImport *self, FoveaStore *store, GError **error)
{
  for (guint i = 0; i < self->n_batch; i++)
    if (!allow_target (self, store, self->batch[i].input->path, error))
      return FALSE;
  return TRUE;
}

static gboolean
beat (FoveaImport *self, FoveaStore *store, GError **error)
{
  gint64 now = g_get_monotonic_time ();

  if (now - self->last_beat_us < BEAT_US)
    return TRUE;
  self->last_beat_us = now;
  return fovea_store_beat_job (store, self->job_row, MAX (0, (double) self->n_reported / MAX (1, self->items->len)), "", error);
}

gboolean
fovea_import_write_batch (FoveaStore *store, gpointer data, GError **error)
{
  FoveaImport *self = data;

  if (!beat (self, store, error) || !open_command (self, store, error))
    return FALSE;
  if (remember_folders (self, store, error) && allow_targets (self, store, error) && write_new (self, store, error)
      && write_changed (self, store, error) && write_labels (self, store, error) && write_vectors (self, store, error))
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

/* ---- what an earlier import left without labels ---- */

static gboolean
label_unlabelled (FoveaImport *self, FoveaStore *store, GError **error)
{
  for (guint i = 0; i < self->late_labels->len; i++)
    {
      const FoveaKnown *known = g_ptr_array_index (self->late_labels, i);
      const FoveaImportItem *item = g_ptr_array_index (self->late_items, i);

      if (item->concept != NULL)
        {
          g_autoptr (GArray) labels = fovea_store_get_labels (store, &known->id, 1, 0, error);

          if (labels == NULL)
            return FALSE;
          if (labels->len == 0)
            {
              if (!label_one (self, store, known->id, item->concept, error))
                return FALSE;
              self->counts.labelled++;
            }
        }
      if (item->split != NULL && !known->has_split && !fovea_store_set_split (store, &known->id, 1, item->split, NULL, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
fovea_import_write_late_labels (FoveaStore *store, gpointer data, GError **error)
{
  FoveaImport *self = data;

  if (!open_command (self, store, error))
    return FALSE;
  if (remember_folders (self, store, error) && label_unlabelled (self, store, error))
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

/* ---- end ---- */

gboolean
fovea_import_leave_unfinished (FoveaStore *store, gpointer data, GError **error)
{
  FoveaImport *self = data;

  return self->job_row == 0 || fovea_store_release_job (store, self->job_row, FOVEA_STORE_JOB_PAUSED, "", error);
}

gboolean
fovea_import_release (FoveaStore *store, gpointer data, GError **error)
{
  FoveaImport *self = data;
  guint n = self->counts.imported + self->counts.updated + self->counts.relocated;

  if (self->command != 0 && n > 0)
    {
      g_autofree char *label = g_strdup_printf (ngettext ("import %u picture", "import %u pictures", n), n);

      if (!fovea_store_relabel_command (store, self->command, label, NULL))
        g_info ("The import's command has left the history");
    }
  return fovea_store_release_job (store, self->job_row, FOVEA_STORE_JOB_DONE, "", error);
}
