/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/import-job-private.h"

#include <glib/gi18n.h>

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

/* Eats @part. */
static void
append_part (GString *text, guint n, char *part)
{
  if (n > 0)
    g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", part);
  g_free (part);
}

char *
fovea_import_summary (FoveaImport *self)
{
  GString *text = g_string_new (NULL);
  const FoveaImportCounts *counts = &self->counts;

  append_part (text, counts->imported, g_strdup_printf (ngettext ("%u imported", "%u imported", counts->imported), counts->imported));
  append_part (text, counts->updated, g_strdup_printf (ngettext ("%u updated", "%u updated", counts->updated), counts->updated));
  append_part (text, counts->relocated, g_strdup_printf (ngettext ("%u found again", "%u found again", counts->relocated), counts->relocated));
  append_part (text, counts->unchanged,
               g_strdup_printf (ngettext ("%u is in the project already", "%u are in the project already", counts->unchanged), counts->unchanged));
  append_part (text, counts->duplicates, g_strdup_printf (ngettext ("%u duplicate", "%u duplicates", counts->duplicates), counts->duplicates));
  append_part (text, counts->failed, g_strdup_printf (ngettext ("%u could not be read", "%u could not be read", counts->failed), counts->failed));
  append_part (text, counts->pending,
               g_strdup_printf (ngettext ("%u waits for its model pack", "%u wait for their model pack", counts->pending), counts->pending));
  if (text->len == 0)
    g_string_append (text, _("No pictures found"));
  return g_string_free (text, FALSE);
}
