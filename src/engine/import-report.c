/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/import-job-private.h"
#include "engine/status-private.h"

static void
add_count (JsonBuilder *builder, const char *name, guint value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_row (JsonBuilder *builder, const FoveaReportRow *row)
{
  json_builder_begin_object (builder);
  fovea_json_add_path (builder, "path", row->path);
  json_builder_set_member_name (builder, "status");
  json_builder_add_value (builder, fovea_status_dup_json (row->code, row->description, row->details));
  json_builder_end_object (builder);
}

char *
fovea_import_report_json (FoveaImport *self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  const FoveaImportCounts *counts = &self->counts;
  guint n_rows = fovea_job_get_n_report_rows (self->job);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "status");
  json_builder_add_value (builder, counts->failed > 0 ? fovea_status_dup_json (FOVEA_STATUS_MIXED, "Mixed success", "Some files could not be read")
                                                      : fovea_status_dup_json (FOVEA_STATUS_SUCCESS, "Ok", NULL));
  add_count (builder, "imported", counts->imported);
  add_count (builder, "duplicates", counts->duplicates);
  add_count (builder, "failed", counts->failed);
  add_count (builder, "unchanged", counts->unchanged);
  add_count (builder, "updated", counts->updated);
  add_count (builder, "relocated", counts->relocated);
  add_count (builder, "ignored", counts->ignored);
  add_count (builder, "embedded", counts->embedded);
  add_count (builder, "embedding_pending", counts->pending);
  json_builder_set_member_name (builder, "files");
  json_builder_begin_array (builder);
  for (guint i = 0; i < n_rows; i++)
    {
      g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (self->job, i);

      add_row (builder, row);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return fovea_json_to_string (root);
}

static void
append_part (GString *text, guint n, const char *one, const char *many)
{
  if (n == 0)
    return;
  if (text->len > 0)
    g_string_append (text, ", ");
  g_string_append_printf (text, "%u %s", n, n == 1 ? one : many);
}

char *
fovea_import_summary (FoveaImport *self)
{
  GString *text = g_string_new (NULL);
  const FoveaImportCounts *counts = &self->counts;

  append_part (text, counts->imported, "imported", "imported");
  append_part (text, counts->updated, "updated", "updated");
  append_part (text, counts->relocated, "found again", "found again");
  append_part (text, counts->unchanged, "there already", "there already");
  append_part (text, counts->duplicates, "duplicate", "duplicates");
  append_part (text, counts->failed, "could not be read", "could not be read");
  append_part (text, counts->pending, "waits for its model pack", "wait for their model pack");
  if (text->len == 0)
    g_string_append (text, "No pictures found");
  return g_string_free (text, FALSE);
}
