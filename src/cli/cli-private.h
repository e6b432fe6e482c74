/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "cli/cli.h"
#include "engine/project.h"

G_BEGIN_DECLS

/* Exit statuses. */
#define FOVEA_CLI_DONE 0
#define FOVEA_CLI_FAILED 1
#define FOVEA_CLI_USAGE 2

/* One command. @words: "project create"; @run gets the arguments with argv[0] = "fovea project create". */
typedef struct {
  const char *words;
  const char *arguments; /* "PROJECT PATH…" as the help says it */
  const char *summary;
  int (*run) (int argc, char **argv);
} FoveaCommand;

/* Each ends with a NULL. */
extern const FoveaCommand fovea_cli_project_commands[];
extern const FoveaCommand fovea_cli_upkeep_commands[];
extern const FoveaCommand fovea_cli_import_commands[];
extern const FoveaCommand fovea_cli_export_commands[];
extern const FoveaCommand fovea_cli_advise_commands[];
extern const FoveaCommand fovea_cli_label_commands[];
extern const FoveaCommand fovea_cli_model_commands[];
extern const FoveaCommand fovea_cli_model_import_commands[];
extern const FoveaCommand fovea_cli_predict_commands[];
extern const FoveaCommand fovea_cli_pack_commands[];
extern const FoveaCommand fovea_cli_nn_commands[];

const FoveaCommand *fovea_cli_find_command (const char *words);

/* ---- arguments ---- */

/* Every command understands these; the rest are its own. */
typedef struct {
  gboolean json;
  gboolean progress;  /* --progress: on stderr although it is no terminal */
  char *files_from;   /* --files-from FILE: paths, one a line; "-" standard input */
  gboolean null_ends; /* --null: paths in that file end with NUL */
  char **rest;        /* what is not an option, bytes of the file system */
} FoveaCliArgs;

void fovea_cli_args_clear (FoveaCliArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FoveaCliArgs, fovea_cli_args_clear)

/**
 * fovea_cli_parse:
 * @entries: (nullable) options of this command alone, NULL-terminated
 * @least, @most: how many arguments that are no options; @most −1: any number
 *
 * TRUE: go on. FALSE: *ret_status is what to exit with; the reason is on stderr. `--help` prints and ends the
 * program; "--" ends the options.
 */
gboolean fovea_cli_parse (const char *words, const GOptionEntry *entries, int argc, char **argv, int least, int most, FoveaCliArgs *ret_args,
                          int *ret_status);

/* rest from @first on, followed by what --files-from names. FALSE with a message when that cannot be read. */
gboolean fovea_cli_gather_paths (const FoveaCliArgs *args, guint first, char ***ret_paths);

/* ---- output: documents on stdout, all else on stderr ---- */

/* Both return the exit status FAILED when stdout cannot be written, else @status. */
int fovea_cli_print_json (JsonNode *node, int status);
int fovea_cli_print_text (const char *text, int status);

/* "fovea: MESSAGE" on stderr; returns FAILED. Frees @error. */
int fovea_cli_fail (GError *error);
/* The same with USAGE. */
int fovea_cli_usage (const char *words, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* A cell of a CSV file (RFC 4180), quoted when it must be; names stay exactly as they are. */
void fovea_cli_append_csv (GString *line, const char *cell);

/* Finishes a line: writes it, empties @line. FALSE when stdout is gone. */
gboolean fovea_cli_put_line (GString *line);

/* ---- projects and jobs ---- */

/* SIGINT, SIGTERM and SIGHUP cancel the job in progress from now on. Before the first thread, so that all leave
 * them to the one that waits. */
void          fovea_cli_catch_signals (void);
FoveaProject *fovea_cli_open_project (const char *path); /* NULL: said on stderr why */
void          fovea_cli_close_project (FoveaProject *project);

/* Waits for @job with its progress on stderr; SIGINT and SIGTERM cancel it. FALSE: said on stderr why. */
gboolean fovea_cli_run_job (FoveaJob *job, const FoveaCliArgs *args);

G_END_DECLS
