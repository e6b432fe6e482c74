/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/import-job-private.h"

#include <string.h>

#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "engine/project-private.h"
#include "engine/reader.h"
#include "engine/status-private.h"
#include "store/store-vectors.h"
#include "vision/thumbnail.h"

/* ---- before anything is read ---- */

static void
on_walk_progress (guint n_entries, gpointer data)
{
  FoveaImport *self = data;
  g_autofree char *detail = g_strdup_printf (ngettext ("Looking for pictures: %u file", "Looking for pictures: %u files", n_entries), n_entries);

  fovea_job_set_detail (self->job, detail);
}

/* A file whose path, size and time are those of a row is taken as unchanged without being opened. */
static gboolean
is_unchanged (FoveaImport *self, const FoveaWalkEntry *entry, FoveaKnown **ret_known)
{
  FoveaKnown *known = fovea_import_index_find_path (self->index, entry->path);

  *ret_known = known;
  return known != NULL && known->id != 0 && !known->missing && (guint64) known->size == entry->size
         && known->mtime_us == entry->mtime_ns / 1000;
}

static void
plan_entry (FoveaImport *self, const FoveaWalkEntry *entry, const FoveaLayout *layout)
{
  FoveaImportItem item = { .entry = entry, .concept = fovea_layout_dup_class (layout, entry) };
  FoveaKnown *known;

  item.split = self->split != NULL ? self->split : fovea_layout_get_split (layout, entry);
  if (!g_hash_table_add (self->seen, entry->path))
    {
      g_free (item.concept);
      return;
    }
  if (!is_unchanged (self, entry, &known))
    {
      g_array_append_val (self->items, item);
      return;
    }
  self->counts.unchanged++;
  g_array_append_val (self->unchanged, known->id);
  if (item.concept != NULL || item.split != NULL)
    {
      g_ptr_array_add (self->late_labels, known);
      g_ptr_array_add (self->late_items, g_memdup2 (&item, sizeof item));
    }
}

static void
plan_items (FoveaImport *self)
{
  guint n_roots = g_strv_length (self->paths);
  g_autoptr (GArray) layouts = fovea_walk_layouts (self->walk, n_roots);

  for (guint i = 0; i < n_roots; i++)
    {
      FoveaLayout *layout = &g_array_index (layouts, FoveaLayout, i);

      if (self->format == FOVEA_IMPORT_PLAIN)
        *layout = (FoveaLayout){ .n_files = layout->n_files };
      else if (self->format == FOVEA_IMPORT_FOLDERS)
        layout->classes = layout->root_is_class = TRUE;
    }
  for (guint i = 0; i < self->walk->entries->len; i++)
    {
      const FoveaWalkEntry *entry = &g_array_index (self->walk->entries, FoveaWalkEntry, i);

      plan_entry (self, entry, &g_array_index (layouts, FoveaLayout, entry->root));
    }
}

static void
report_problems (FoveaImport *self)
{
  for (guint i = 0; i < self->walk->problems->len; i++)
    {
      const FoveaWalkProblem *problem = &g_array_index (self->walk->problems, FoveaWalkProblem, i);

      fovea_job_add_report_row (self->job, problem->path, FOVEA_STATUS_INPUT_FAILED, _("Could not be read"), problem->reason);
      self->counts.failed++;
    }
}

/* No pack is no failure: the pictures come in and wait for their embedding. */
static gboolean
find_embedder (FoveaImport *self, GError **error)
{
  g_autoptr (GError) missing = NULL;

  if (self->no_embedding)
    return TRUE;
  self->embedder = fovea_core_get_embedder (self->core, FOVEA_DEFAULT_PACK, &missing);
  if (self->embedder == NULL)
    {
      g_info ("Embeddings are left for later: %s", missing->message);
      return TRUE;
    }
  self->fit = FOVEA_DEFAULT_FIT;
  self->vectors = g_new (guint16, (gsize) FOVEA_IMPORT_BATCH * fovea_embedder_get_dim (self->embedder));
  return TRUE;
}

/* ---- on the readers' threads ---- */

static const char *
item_path (guint index, gpointer data)
{
  return g_array_index (((FoveaImport *) data)->items, FoveaImportItem, index).entry->path;
}

/* The thumbnail and the network's input, from one decode. */
static gpointer
prepare_item (guint index, FoveaDecoded *decoded, gpointer data, GError **error)
{
  FoveaImport *self = data;
  g_autoptr (FoveaImage) rgb = fovea_image_to_rgb8 (decoded->image, NULL, error);
  g_autoptr (FoveaImage) thumbnail = rgb != NULL ? fovea_thumbnail_make (rgb, decoded->sha256, NULL, error) : NULL;

  if (thumbnail == NULL)
    return NULL;
  if (self->embedder == NULL)
    return g_new0 (FoveaSquares, 1);
  return fovea_squares_new (rgb, 1u << self->fit, fovea_pack_get_input_spec (fovea_embedder_get_pack (self->embedder)), error);
}

/* ---- the job's thread: one item after the other ---- */

static void
clear_outcome (FoveaOutcome *outcome)
{
  g_clear_pointer (&outcome->input, fovea_store_input_free);
  g_clear_pointer (&outcome->squares, fovea_squares_free);
}

static gboolean
embed_batch (FoveaImport *self, GError **error)
{
  FoveaSquares *squares[FOVEA_IMPORT_BATCH];
  const gsize dim = self->embedder != NULL ? fovea_embedder_get_dim (self->embedder) : 0;
  guint n = 0;

  for (guint i = 0; i < self->n_batch; i++)
    if (self->batch[i].squares != NULL)
      squares[n++] = self->batch[i].squares;
  for (guint at = 0; at < n; at += FOVEA_EMBED_BATCH)
    if (!fovea_embed_squares (self->core, self->embedder, squares + at, MIN (FOVEA_EMBED_BATCH, n - at), self->fit, FOVEA_PRIORITY_IMPORT,
                              self->vectors + at * dim, fovea_job_get_cancellable (self->job), error))
      return FALSE;
  return TRUE;
}

static void
count_batch (FoveaImport *self)
{
  for (guint i = 0; i < self->n_batch; i++)
    {
      const FoveaOutcome *outcome = &self->batch[i];

      self->counts.imported += outcome->kind == FOVEA_OUTCOME_NEW;
      self->counts.updated += outcome->kind == FOVEA_OUTCOME_UPDATED;
      self->counts.relocated += outcome->kind == FOVEA_OUTCOME_RELOCATED;
      if (outcome->squares != NULL)
        self->counts.embedded++;
      else if (outcome->kind != FOVEA_OUTCOME_RELOCATED)
        self->counts.pending++;
    }
}

static gboolean
flush_batch (FoveaImport *self, GError **error)
{
  gboolean ok;

  if (self->n_batch == 0)
    return TRUE;
  ok = embed_batch (self, error) && fovea_core_write (self->core, fovea_import_write_batch, self, error);
  if (ok)
    {
      count_batch (self);
      self->n_kept = self->n_reported;
    }
  for (guint i = 0; i < self->n_batch; i++)
    clear_outcome (&self->batch[i]);
  self->n_batch = 0;
  return ok;
}

static void
bytes_of (const char *hex, guint8 *ret_bytes)
{
  for (guint i = 0; i < 32; i++)
    ret_bytes[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) * 16 + g_ascii_xdigit_value (hex[2 * i + 1]));
}

static FoveaStoreInput *
make_input (const FoveaImportItem *item, const FoveaDecoded *info)
{
  FoveaStoreInput *input = fovea_store_input_new ();

  input->path = g_strdup (item->entry->path);
  bytes_of (info->sha256, input->sha256);
  input->size = (gint64) info->file_bytes;
  input->mtime_us = info->mtime_ns / 1000;
  input->width = (guint32) info->file_width;
  input->height = (guint32) info->file_height;
  input->bits = (guint32) info->bits;
  input->format = g_strdup (info->format);
  input->split = g_strdup (item->split != NULL ? item->split : "");
  return input;
}

static void
queue_outcome (FoveaImport *self, FoveaOutcomeKind kind, const FoveaImportItem *item, FoveaKnown *known, FoveaReaderItem *read)
{
  FoveaOutcome *outcome = &self->batch[self->n_batch++];
  FoveaSquares *squares = g_steal_pointer (&read->product);

  outcome->kind = kind;
  outcome->item = item;
  outcome->known = known;
  outcome->input = make_input (item, &read->info);
  outcome->input->id = known != NULL ? known->id : 0;
  /* A file found again has its vectors already. */
  if (self->embedder != NULL && kind != FOVEA_OUTCOME_RELOCATED)
    outcome->squares = squares;
  else
    fovea_squares_free (squares);
}

static void
report_duplicate (FoveaImport *self, const FoveaImportItem *item, const FoveaKnown *known)
{
  g_autofree char *shown = g_filename_display_name (known->path);
  g_autofree char *details = g_strdup_printf (_("The same bytes as %s"), shown);

  fovea_job_add_report_row (self->job, item->entry->path, FOVEA_STATUS_DUPLICATE, _("Duplicate input"), details);
  self->counts.duplicates++;
}

static void
take_readable (FoveaImport *self, const FoveaImportItem *item, FoveaReaderItem *read)
{
  const char *path = item->entry->path;
  guint8 sha256[32];
  gint64 size = (gint64) read->info.file_bytes, mtime_us = read->info.mtime_ns / 1000;
  FoveaKnown *known;

  bytes_of (read->info.sha256, sha256);
  known = fovea_import_index_find_path (self->index, path);
  if (known != NULL)
    {
      fovea_import_index_update (self->index, known, path, sha256, size, mtime_us);
      queue_outcome (self, FOVEA_OUTCOME_UPDATED, item, known, read);
      return;
    }
  known = fovea_import_index_find_content (self->index, sha256);
  if (known == NULL)
    {
      known = fovea_import_index_add (self->index, path, sha256, size, mtime_us);
      queue_outcome (self, FOVEA_OUTCOME_NEW, item, known, read);
    }
  else if (known->id != 0 && !g_file_test (known->path, G_FILE_TEST_EXISTS))
    {
      fovea_import_index_update (self->index, known, path, sha256, size, mtime_us);
      queue_outcome (self, FOVEA_OUTCOME_RELOCATED, item, known, read);
    }
  else
    report_duplicate (self, item, known);
}

/* What was met on the way and is no picture (a text or an empty file beside the pictures) is not worth a word. */
static gboolean
is_no_picture (const FoveaWalkEntry *entry, const GError *error)
{
  return !entry->named && !fovea_walk_name_looks_like_picture (entry->path)
         && (entry->size == 0 || g_error_matches (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_UNKNOWN_FORMAT));
}

static void
take_item (FoveaImport *self, FoveaReaderItem *read)
{
  const FoveaImportItem *item = &g_array_index (self->items, FoveaImportItem, read->index);

  if (read->error == NULL)
    take_readable (self, item, read);
  else if (is_no_picture (item->entry, read->error))
    self->counts.ignored++;
  else
    {
      fovea_job_add_report_row (self->job, item->entry->path, fovea_status_code_for_error (read->error), _("Could not be read"),
                                read->error->message);
      self->counts.failed++;
    }
}

static gboolean
read_all (FoveaImport *self, GError **error)
{
  const FoveaReaderSpec spec = { .n_items = self->items->len,
                                 .path = item_path,
                                 .options = { .max_side = FOVEA_DECODE_SIDE, .hash = TRUE },
                                 .prepare = prepare_item,
                                 .free_product = (GDestroyNotify) fovea_squares_free,
                                 .data = self };
  g_autoptr (FoveaReader) reader = fovea_reader_new (fovea_core_get_decoder (self->core), fovea_core_get_scheduler (self->core), &spec,
                                                     fovea_job_get_cancellable (self->job));
  g_autoptr (GError) reader_error = NULL;
  FoveaReaderItem *read;

  while ((read = fovea_reader_next (reader, &reader_error)) != NULL)
    {
      take_item (self, read);
      fovea_reader_item_free (read);
      self->n_reported++;
      if (self->n_batch == 0)
        self->n_kept = self->n_reported;
      fovea_job_set_progress (self->job, self->n_reported, self->items->len, "pictures");
      if ((self->n_batch == FOVEA_IMPORT_BATCH && !flush_batch (self, error)) || !fovea_job_checkpoint (self->job, error))
        return FALSE;
    }
  if (reader_error == NULL)
    return flush_batch (self, error);
  g_propagate_error (error, g_steal_pointer (&reader_error));
  return FALSE;
}

/* ---- what was there already ---- */

/* Without the network, in the space that has most. 0: there is none. */
static gboolean
find_space (FoveaStore *store, gint64 *ret_space, GError **error)
{
  g_autoptr (GPtrArray) spaces = fovea_store_list_vector_spaces (store, error);
  gsize most = 0;

  *ret_space = 0;
  for (guint i = 0; spaces != NULL && i < spaces->len; i++)
    {
      const FoveaStoreVectorSpace *space = g_ptr_array_index (spaces, i);
      gsize n = 0;

      if (!fovea_store_count_vectors (store, space->id, FOVEA_STORE_OF_INPUT, &n, error))
        return FALSE;
      if (n <= most)
        continue;
      most = n;
      *ret_space = space->id;
    }
  return spaces != NULL;
}

static gboolean
count_waiting (FoveaStore *store, gpointer data, GError **error)
{
  FoveaImport *self = data;
  const gint64 *ids = (const gint64 *) (gpointer) self->unchanged->data;
  g_autoptr (GArray) waiting = NULL;
  gint64 space;

  if (!find_space (store, &space, error))
    return FALSE;
  if (space == 0)
    {
      self->counts.pending += self->unchanged->len;
      return TRUE;
    }
  waiting = fovea_store_list_pending (store, space, 0, error);
  for (guint i = 0, at = 0; waiting != NULL && i < waiting->len; i++)
    {
      while (at < self->unchanged->len && ids[at] < g_array_index (waiting, gint64, i))
        at++;
      self->counts.pending += at < self->unchanged->len && ids[at] == g_array_index (waiting, gint64, i);
    }
  return waiting != NULL;
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* Pictures that came in without the network (another time, --no-embedding) are caught up with, or at least counted. */
static gboolean
catch_up (FoveaImport *self, GError **error)
{
  FoveaEmbedCounts counts = { 0 };

  if (self->unchanged->len == 0)
    return TRUE;
  g_array_sort (self->unchanged, compare_ids);
  if (self->embedder == NULL)
    return fovea_core_read (self->core, count_waiting, self, error);
  if (!fovea_embed_missing (self->core, self->job, self->embedder, 1u << self->fit, (const gint64 *) (gpointer) self->unchanged->data,
                            self->unchanged->len, FOVEA_PRIORITY_IMPORT, &counts, error))
    return FALSE;
  self->counts.embedded += counts.n_embedded;
  self->counts.failed += counts.n_failed;
  return TRUE;
}

/* ---- the whole ---- */

static gboolean
do_import (FoveaImport *self, GError **error)
{
  self->started_us = g_get_real_time ();
  fovea_job_set_detail (self->job, _("Looking for pictures"));
  self->walk = fovea_walk ((const char *const *) self->paths, on_walk_progress, self, fovea_job_get_cancellable (self->job), error);
  if (self->walk == NULL || !fovea_core_write (self->core, fovea_import_prepare, self, error))
    return FALSE;
  plan_items (self);
  report_problems (self);
  if (!find_embedder (self, error) || !read_all (self, error) || !catch_up (self, error))
    return FALSE;
  return self->late_labels->len == 0 || fovea_core_write (self->core, fovea_import_write_late_labels, self, error);
}

/* What is said when the import stops half way, cancelled or failed. */
static void
say_what_is_kept (FoveaImport *self, GError **error)
{
  g_autofree char *kept = NULL;

  if (self->items->len == 0)
    return;
  kept = g_strdup_printf (_("%u of %u files are done and kept; running the import again continues"), self->n_kept, self->items->len);
  fovea_job_set_summary (self->job, kept);
  g_prefix_error (error, "%s. ", kept);
}

static gboolean
import_main (FoveaJob *job, gpointer data, GError **error)
{
  FoveaImport *self = data;
  gboolean ok;

  self->job = job;
  ok = do_import (self, error);
  if (!ok)
    {
      say_what_is_kept (self, error);
      fovea_core_write (self->core, fovea_import_leave_unfinished, self, NULL);
      return FALSE;
    }
  if (!fovea_core_write (self->core, fovea_import_release, self, error))
    return FALSE;
  {
    g_autofree char *summary = fovea_import_summary (self);

    fovea_job_set_summary (job, summary);
    fovea_job_set_result_json (job, fovea_import_report_json (self));
  }
  return TRUE;
}

static void
clear_item (gpointer data)
{
  g_free (((FoveaImportItem *) data)->concept);
}

static void
free_late_item (gpointer data)
{
  clear_item (data);
  g_free (data);
}

static void
free_import (gpointer data)
{
  FoveaImport *self = data;

  for (guint i = 0; i < self->n_batch; i++)
    clear_outcome (&self->batch[i]);
  g_clear_pointer (&self->index, fovea_import_index_free);
  g_hash_table_unref (self->seen);
  g_hash_table_unref (self->allowed);
  g_ptr_array_unref (self->late_labels);
  g_ptr_array_unref (self->late_items);
  g_array_unref (self->items);
  g_array_unref (self->unchanged);
  g_clear_pointer (&self->walk, fovea_walk_free);
  g_strfreev (self->paths);
  g_free (self->split);
  g_free (self->vectors);
  fovea_core_unref (self->core);
  g_free (self);
}

FoveaJob *
fovea_project_import (FoveaProject *project, const char *const *paths, const FoveaImportOptions *options)
{
  FoveaImport *self = g_new0 (FoveaImport, 1);
  FoveaJob *job;

  self->core = fovea_core_ref (fovea_project_get_core (project));
  self->paths = g_strdupv ((char **) paths);
  if (options != NULL)
    {
      self->format = options->format;
      self->split = g_strdup (options->split);
      self->no_embedding = options->no_embedding;
    }
  self->items = g_array_new (FALSE, FALSE, sizeof (FoveaImportItem));
  g_array_set_clear_func (self->items, clear_item);
  self->unchanged = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->seen = g_hash_table_new (g_str_hash, g_str_equal);
  self->allowed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->late_labels = g_ptr_array_new ();
  self->late_items = g_ptr_array_new_with_free_func (free_late_item);
  job = fovea_job_new (FOVEA_JOB_IMPORT, _("Import pictures"), import_main, self, free_import);
  fovea_project_start_job (project, job);
  return job;
}
