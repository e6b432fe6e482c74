/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "cli/cli-private.h"
#include "engine/export-job.h"

static gboolean
choose (const char *name, const char *const *names, int *ret_index)
{
  for (int i = 0; names[i] != NULL; i++)
    if (g_strcmp0 (name, names[i]) == 0)
      {
        *ret_index = i;
        return TRUE;
      }
  return FALSE;
}

static int
print_outcome (FoveaJob *job, gboolean json)
{
  g_autofree char *line = g_strconcat (json ? fovea_job_get_result_json (job) : fovea_job_get_summary (job), "\n", NULL);

  for (guint i = 0; !json && i < fovea_job_get_n_report_rows (job); i++)
    {
      g_autoptr (FoveaReportRow) row = fovea_job_dup_report_row (job, i);
      g_autofree char *path = g_utf8_make_valid (row->path, -1);

      fprintf (stderr, "%s: %s. %s\n", path, row->description, row->details);
    }
  return fovea_cli_print_text (line, FOVEA_CLI_DONE);
}

static int
run_export (int argc, char **argv)
{
  static const char *const formats[] = { "csv", "folders", NULL }, *const sources[] = { "person", "reviewed", "predicted", NULL };
  g_auto (FoveaCliArgs) args = { 0 };
  g_autofree char *format = NULL, *source = NULL, *split = NULL;
  gboolean dry_run = FALSE, force = FALSE;
  const GOptionEntry entries[] = {
    { "format", 0, 0, G_OPTION_ARG_FILENAME, &format,
      "csv: one table, path,split,concept,value,source,score, with names exactly as they are (a spreadsheet may take a name "
      "that starts with = for a formula); folders: copies at [SPLIT/]CONCEPT/file, byte for byte, with all that cameras wrote "
      "into them (also where they were taken)",
      "FORMAT" },
    { "source", 0, 0, G_OPTION_ARG_FILENAME, &source,
      "person (default); reviewed: what people said of pictures that they have marked as complete or decided in a review; predicted: "
      "by the version that was trained last", "SOURCE" },
    { "split", 0, 0, G_OPTION_ARG_FILENAME, &split, "Only this split", "NAME" },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "Only say what would be written", NULL },
    { "force", 0, 0, G_OPTION_ARG_NONE, &force, "Write over what is there, but never over the project or its pictures", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  FoveaExportOptions options = { 0 };
  FoveaProject *project;
  int status, chosen_format, chosen_source;

  if (!fovea_cli_parse ("export", entries, argc, argv, 2, 2, &args, &status))
    return status;
  if (!choose (format, formats, &chosen_format))
    return fovea_cli_usage ("export", "--format csv or --format folders is needed");
  if (!choose (source != NULL ? source : "person", sources, &chosen_source))
    return fovea_cli_usage ("export", "--source is person, reviewed or predicted");
  options = (FoveaExportOptions){ (FoveaExportFormat) chosen_format, (FoveaExportSource) chosen_source, split, dry_run, force };
  project = fovea_cli_open_project (args.rest[0]);
  if (project == NULL)
    return FOVEA_CLI_FAILED;
  {
    g_autoptr (FoveaJob) job = fovea_project_export (project, args.rest[1], &options);

    status = fovea_cli_run_job (job, &args) ? print_outcome (job, args.json) : FOVEA_CLI_FAILED;
  }
  fovea_cli_close_project (project);
  return status;
}

const FoveaCommand fovea_cli_export_commands[] = {
  { "export", "PROJECT DEST --format csv|folders [--source person|reviewed|predicted] [--split NAME] [--dry-run] [--force]",
    "Write pictures and labels out, so that an import takes them in again. Never over what is there unless forced.", run_export },
  { NULL, NULL, NULL, NULL },
};
