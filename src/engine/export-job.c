/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/export-job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "engine/engine-error.h"
#include "engine/path-guard-private.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "store/store-annotations.h"
#include "store/store-concepts.h"
#include "store/store-input-list.h"

#define PAGE 256

typedef struct {
  FoveaCore *core;
  FoveaJob *job;
  FoveaExportOptions options;
  char *split, *dest;

  FoveaStore *reader;
  FoveaPathGuard *guard;
  gint64 version;        /* 0: people */
  GHashTable *concepts;  /* id → FoveaStoreConcept */
  GString *csv;
  GHashTable *used;      /* paths written by this export */
  guint n_pictures, n_annotations, n_written, n_skipped;
} Export;

/* ---- CSV ---- */

/* Names stay exactly as they are: a table that is read back must find the files. */
static void
append_cell (GString *line, const char *cell, gboolean last)
{
  if (strpbrk (cell, ",\"\r\n") != NULL || cell[0] == ' ')
    {
      g_string_append_c (line, '"');
      for (; *cell != '\0'; cell++)
        {
          if (*cell == '"')
            g_string_append_c (line, '"');
          g_string_append_c (line, *cell);
        }
      g_string_append_c (line, '"');
    }
  else
    g_string_append (line, cell);
  g_string_append_c (line, last ? '\n' : ',');
}

static void
append_row (Export *self, const FoveaStoreInput *input, const FoveaStoreAnnotation *said)
{
  const FoveaStoreConcept *concept = said != NULL ? g_hash_table_lookup (self->concepts, (gpointer) (gintptr) said->concept) : NULL;
  char score[G_ASCII_DTOSTR_BUF_SIZE] = "";

  if (concept != NULL)
    g_ascii_formatd (score, sizeof score, "%.6g", said->score);
  append_cell (self->csv, input->path, FALSE);
  append_cell (self->csv, input->split != NULL ? input->split : "", FALSE);
  append_cell (self->csv, concept != NULL ? concept->name : "", FALSE);
  append_cell (self->csv, concept == NULL ? "" : said->value == 1 ? "1" : "0", FALSE);
  append_cell (self->csv, concept == NULL ? "" : said->version == 0 ? "person" : "model", FALSE);
  append_cell (self->csv, score, TRUE);
  self->n_written++;
}

/* ---- folders ---- */

static char *
safe_name (const char *name)
{
  char *safe = g_strdelimit (g_strdup (name), "/\\:", '_');

  if (safe[0] == '.')
    safe[0] = '_';
  return safe;
}

/* FOLDER/name, or FOLDER/name-2 and so on when this export has written one of that name. */
static char *
free_place (Export *self, const char *folder, const char *name)
{
  const char *dot = strrchr (name, '.');
  gsize stem = dot != NULL && dot != name ? (gsize) (dot - name) : strlen (name);
  char *path = g_build_filename (folder, name, NULL);

  for (guint i = 2; g_hash_table_contains (self->used, path); i++)
    {
      g_autofree char *other = g_strdup_printf ("%.*s-%u%s", (int) stem, name, i, name + stem);

      g_free (path);
      path = g_build_filename (folder, other, NULL);
    }
  return path;
}

static gboolean
copy_picture (Export *self, const FoveaStoreInput *input, const char *concept, GError **error)
{
  g_autofree char *concept_folder = safe_name (concept);
  g_autofree char *split = safe_name (input->split != NULL ? input->split : "");
  g_autofree char *folder = split[0] != '\0' ? g_build_filename (self->dest, split, concept_folder, NULL)
                                             : g_build_filename (self->dest, concept_folder, NULL);
  g_autofree char *name = g_path_get_basename (input->path);
  g_autofree char *path = free_place (self, folder, name);
  g_autoptr (GFile) from = g_file_new_for_path (input->path);
  g_autoptr (GFile) to = g_file_new_for_path (path);

  g_hash_table_add (self->used, g_strdup (path));
  self->n_written++;
  if (self->options.dry_run)
    return TRUE;
  if (g_mkdir_with_parents (folder, 0777) != 0)
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_IO, "The folder %s cannot be made: %s", folder, g_strerror (errno));
      return FALSE;
    }
  return g_file_copy (from, to, self->options.force ? G_FILE_COPY_OVERWRITE : G_FILE_COPY_NONE, fovea_job_get_cancellable (self->job),
                      NULL, NULL, error);
}

static gboolean
export_to_folder (Export *self, const FoveaStoreInput *input, const FoveaStoreAnnotation *said, GError **error)
{
  const FoveaStoreConcept *concept = g_hash_table_lookup (self->concepts, (gpointer) (gintptr) said->concept);
  g_autoptr (GError) failure = NULL;

  if (concept == NULL || said->value != 1)
    return TRUE;
  if (!fovea_path_guard_allows (self->guard, input->path))
    g_set_error_literal (&failure, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                         "It lies outside the folders that were allowed for this project");
  else if (copy_picture (self, input, concept->name, &failure))
    return TRUE;
  if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_CANCELLED) || g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  self->n_skipped++;
  fovea_job_add_report_row (self->job, input->path, FOVEA_STATUS_FAILURE, "Could not be copied", failure->message);
  return TRUE;
}

/* ---- all pictures, a page at a time ---- */

static gboolean
export_input (Export *self, const FoveaStoreInput *input, const GArray *said, guint *at, GError **error)
{
  guint n = 0;

  self->n_pictures++;
  while (*at < said->len && g_array_index (said, FoveaStoreAnnotation, *at).input < input->id)
    (*at)++;
  for (; *at < said->len && g_array_index (said, FoveaStoreAnnotation, *at).input == input->id; (*at)++)
    {
      const FoveaStoreAnnotation *one = &g_array_index (said, FoveaStoreAnnotation, *at);

      if (one->region != 0)
        continue;
      n++;
      self->n_annotations++;
      if (self->options.format == FOVEA_EXPORT_CSV)
        append_row (self, input, one);
      else if (!export_to_folder (self, input, one, error))
        return FALSE;
    }
  if (n == 0 && self->options.format == FOVEA_EXPORT_CSV)
    append_row (self, input, NULL);
  return TRUE;
}

static gboolean
export_page (Export *self, const gint64 *ids, gsize n, GError **error)
{
  g_autoptr (GPtrArray) inputs = fovea_store_get_inputs (self->reader, ids, n, error);
  g_autoptr (GArray) said = inputs != NULL ? fovea_store_get_labels (self->reader, ids, n, self->version, error) : NULL;
  guint at = 0;

  if (said == NULL)
    return FALSE;
  for (guint i = 0; i < inputs->len; i++)
    if (!export_input (self, g_ptr_array_index (inputs, i), said, &at, error))
      return FALSE;
  return TRUE;
}

static gboolean
export_pages (Export *self, GError **error)
{
  const FoveaStoreFilter filter = {
    .split = self->split,
    .state = self->options.source == FOVEA_EXPORT_REVIEWED ? -1 - FOVEA_STORE_INPUT_COMPLETE : 0,
  };
  g_autoptr (GArray) briefs = fovea_store_list_inputs (self->reader, &filter, error);

  if (briefs == NULL)
    return FALSE;
  for (guint at = 0; at < briefs->len; at += PAGE)
    {
      gint64 ids[PAGE];
      guint n = MIN (PAGE, briefs->len - at);

      for (guint i = 0; i < n; i++)
        ids[i] = g_array_index (briefs, FoveaStoreInputBrief, at + i).id;
      if (!export_page (self, ids, n, error) || !fovea_job_checkpoint (self->job, error))
        return FALSE;
      fovea_job_set_progress (self->job, at + n, briefs->len, "pictures");
    }
  return TRUE;
}

/* ---- the job ---- */

static gboolean
folder_is_empty (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

  return dir != NULL && g_dir_read_name (dir) == NULL;
}

static gboolean
check_dest (Export *self, GError **error)
{
  gboolean there = g_file_test (self->dest, G_FILE_TEST_EXISTS);

  if (!there || self->options.force || self->options.dry_run
      || (self->options.format == FOVEA_EXPORT_FOLDERS && folder_is_empty (self->dest)))
    return TRUE;
  g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
               self->options.format == FOVEA_EXPORT_CSV ? "%s is there already; --force replaces it" : "%s is not empty; --force writes into it",
               self->dest);
  return FALSE;
}

typedef struct {
  const char *dest;
  gboolean folder;
  char *found; /* a picture of the project that is in the way */
} Search;

static gboolean
is_below (const char *path, const char *folder)
{
  gsize length = strlen (folder);

  return strncmp (path, folder, length) == 0 && (path[length] == '/' || length == 1);
}

static gboolean
look_at_input (const FoveaStoreInput *input, gpointer data)
{
  Search *search = data;

  if (search->folder ? is_below (input->path, search->dest) : strcmp (input->path, search->dest) == 0)
    search->found = g_strdup (input->path);
  return search->found == NULL;
}

/* The project's own files are never what an export writes over, whatever name the way to them has. */
static gboolean
check_own_files (Export *self, GError **error)
{
  g_autofree char *real = realpath (self->dest, NULL);
  const char *names[] = { self->dest, real };
  gboolean folder = self->options.format == FOVEA_EXPORT_FOLDERS;

  for (gsize i = 0; i < G_N_ELEMENTS (names) && names[i] != NULL; i++)
    {
      Search search = { .dest = names[i], .folder = folder };
      g_autofree char *found = NULL;

      if (!folder && strcmp (names[i], fovea_core_get_path (self->core)) == 0)
        {
          g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "%s is the project itself; choose another name", self->dest);
          return FALSE;
        }
      if (!fovea_store_foreach_input (self->reader, 0, 0, look_at_input, &search, error))
        return FALSE;
      found = search.found;
      if (found == NULL)
        continue;
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                   folder ? "%s holds pictures of the project, such as %s; choose another folder"
                          : "%s is a picture of the project (%s); choose another name",
                   self->dest, found);
      return FALSE;
    }
  return TRUE;
}

static gboolean
load_concepts (Export *self, GError **error)
{
  g_autoptr (GPtrArray) all = fovea_store_list_concepts (self->reader, error);

  if (all == NULL)
    return FALSE;
  for (guint i = 0; i < all->len; i++)
    {
      const FoveaStoreConcept *concept = g_ptr_array_index (all, i);
      FoveaStoreConcept *copy = fovea_store_get_concept (self->reader, concept->id, error);

      if (copy == NULL)
        return FALSE;
      g_hash_table_insert (self->concepts, (gpointer) (gintptr) copy->id, copy);
    }
  return TRUE;
}

static gboolean
choose_version (Export *self, GError **error)
{
  if (self->options.source != FOVEA_EXPORT_PREDICTED)
    return TRUE;
  self->version = fovea_columns_get_newest_version (self->reader);
  if (self->version != 0)
    return TRUE;
  g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_NOT_FOUND, "No model of the project is trained, so nothing is predicted");
  return FALSE;
}

static char *
result_json (Export *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  const struct {
    const char *name;
    guint value;
  } counts[] = { { "pictures", self->n_pictures }, { "annotations", self->n_annotations },
                 { "written", self->n_written },   { "skipped", self->n_skipped } };

  json_builder_begin_object (builder);
  for (gsize i = 0; i < G_N_ELEMENTS (counts); i++)
    {
      json_builder_set_member_name (builder, counts[i].name);
      json_builder_add_int_value (builder, counts[i].value);
    }
  json_builder_set_member_name (builder, "dry_run");
  json_builder_add_boolean_value (builder, self->options.dry_run);
  json_builder_set_member_name (builder, "files");
  json_builder_begin_array (builder);
  for (guint i = 0; i < fovea_job_get_n_report_rows (self->job); i++)
    {
      g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (self->job, i);

      json_builder_begin_object (builder);
      fovea_json_add_path (builder, "path", row->path);
      json_builder_set_member_name (builder, "status");
      json_builder_add_value (builder, fovea_status_dup_json (row->code, row->description, row->details));
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return fovea_json_to_string (root);
}

static gboolean
do_export (Export *self, GError **error)
{
  if (!check_dest (self, error))
    return FALSE;
  self->reader = fovea_core_open_reader (self->core, error);
  if (self->reader == NULL)
    return FALSE;
  self->guard = fovea_path_guard_new (self->reader, error);
  if (self->guard == NULL || !check_own_files (self, error) || !load_concepts (self, error)
      || !choose_version (self, error) || !export_pages (self, error))
    return FALSE;
  if (self->options.format == FOVEA_EXPORT_FOLDERS || self->options.dry_run)
    return TRUE;
  return g_file_set_contents_full (self->dest, self->csv->str, (gssize) self->csv->len,
                                   G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666, error);
}

static gboolean
export_main (FoveaJob *job, gpointer data, GError **error)
{
  Export *self = data;
  g_autofree char *summary = NULL;
  gboolean ok;

  self->job = job;
  ok = do_export (self, error);
  g_clear_pointer (&self->guard, fovea_path_guard_free);
  g_clear_pointer (&self->reader, fovea_store_free);
  if (!ok)
    {
      g_prefix_error (error, "Exporting: ");
      return FALSE;
    }
  summary = g_strdup_printf ("%u pictures with %u labels: %u %s%s", self->n_pictures, self->n_annotations, self->n_written,
                             self->options.format == FOVEA_EXPORT_CSV ? "lines" : "copies", self->options.dry_run ? " would be written" : " written");
  fovea_job_set_summary (job, summary);
  fovea_job_set_result_json (job, result_json (self));
  return TRUE;
}

static void
free_export (gpointer data)
{
  Export *self = data;

  g_hash_table_unref (self->concepts);
  g_hash_table_unref (self->used);
  g_string_free (self->csv, TRUE);
  fovea_core_unref (self->core);
  g_free (self->split);
  g_free (self->dest);
  g_free (self);
}

FoveaJob *
fovea_project_export (FoveaProject *project, const char *dest, const FoveaExportOptions *options)
{
  Export *self = g_new0 (Export, 1);
  FoveaJob *job;

  self->core = fovea_core_ref (fovea_project_get_core (project));
  self->options = *options;
  self->split = g_strdup (options->split);
  self->dest = g_canonicalize_filename (dest, NULL);
  self->concepts = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) fovea_store_concept_free);
  self->used = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->csv = g_string_new ("path,split,concept,value,source,score\n");
  job = fovea_job_new (FOVEA_JOB_EXPORT, "Export", export_main, self, free_export);
  fovea_project_start_job (project, job);
  return job;
}
