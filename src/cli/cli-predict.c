/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "cli/cli-private.h"
#include "engine/model-jobs.h"
#include "models/output-json.h"

typedef enum { FORM_TEXT, FORM_JSON, FORM_LINES, FORM_CSV } Form;

typedef struct {
  Form form;
  GString *line;
  guint n; /* outputs so far */
} Printer;

/* ---- one output at a time, so that memory does not grow with the number of files; on the job's thread ---- */

static JsonObject *
dig (JsonObject *object, const char *a, const char *b)
{
  return json_object_get_object_member (json_object_get_object_member (object, a), b);
}

static JsonArray *
concepts_of (JsonObject *output)
{
  JsonObject *data = json_object_get_object_member (output, "data");

  return json_object_has_member (data, "concepts") ? json_object_get_array_member (data, "concepts") : NULL;
}

/* Of an embedder's output: NULL when the file could not be read. */
static JsonArray *
vector_of (JsonObject *output)
{
  JsonObject *data = json_object_get_object_member (output, "data");
  JsonArray *embeddings = json_object_has_member (data, "embeddings") ? json_object_get_array_member (data, "embeddings") : NULL;

  return embeddings != NULL ? json_object_get_array_member (json_array_get_object_element (embeddings, 0), "vector") : NULL;
}

static gboolean
is_of_embedder (JsonObject *output)
{
  const char *type = json_object_get_string_member_with_default (json_object_get_object_member (output, "model"), "model_type_id", "");

  return g_str_equal (type, "visual-embedder");
}

static const char *
url_of (JsonObject *output)
{
  return json_object_get_string_member (dig (json_object_get_object_member (output, "input"), "data", "image"), "url");
}

static gboolean
print_text (Printer *self, JsonObject *output)
{
  JsonArray *concepts = concepts_of (output), *vector = vector_of (output);
  JsonObject *status = json_object_get_object_member (output, "status");

  g_string_append (self->line, url_of (output));
  for (guint i = 0; vector != NULL && i < json_array_get_length (vector); i++)
    g_string_append_printf (self->line, "%c%.6g", i == 0 ? '\t' : ' ', json_array_get_double_element (vector, i));
  if (concepts == NULL && vector == NULL)
    g_string_append_printf (self->line, "\t%s: %s", json_object_get_string_member (status, "description"),
                            json_object_get_string_member_with_default (status, "details", ""));
  for (guint i = 0; concepts != NULL && i < json_array_get_length (concepts); i++)
    {
      JsonObject *concept = json_array_get_object_element (concepts, i);

      g_string_append_printf (self->line, "\t%s %.4f", json_object_get_string_member (concept, "name"),
                              json_object_get_double_member (concept, "value"));
    }
  return fovea_cli_put_line (self->line);
}

static void
append_code (Printer *self, JsonObject *output)
{
  g_autofree char *code
      = g_strdup_printf ("%" G_GINT64_FORMAT, json_object_get_int_member (json_object_get_object_member (output, "status"), "code"));

  fovea_cli_append_csv (self->line, code);
}

static gboolean
print_csv_head (gboolean embedder)
{
  g_autoptr (GString) head = g_string_new (embedder ? "file,status,vector" : "file,rank,concept_id,concept,value,status");

  return fovea_cli_put_line (head);
}

/* file,status,vector: one line a picture, with as many numbers at its end as the vector has. */
static gboolean
print_csv_vector (Printer *self, JsonObject *output)
{
  JsonArray *vector = vector_of (output);

  fovea_cli_append_csv (self->line, url_of (output));
  append_code (self, output);
  for (guint i = 0; vector != NULL && i < json_array_get_length (vector); i++)
    {
      char value[G_ASCII_DTOSTR_BUF_SIZE];

      g_ascii_formatd (value, sizeof value, "%.6g", json_array_get_double_element (vector, i));
      fovea_cli_append_csv (self->line, value);
    }
  return fovea_cli_put_line (self->line);
}

/* file,rank,concept_id,concept,value,status: one line a concept; a file that could not be read has one line with
 * rank 0. */
static gboolean
print_csv_concepts (Printer *self, JsonObject *output)
{
  JsonArray *concepts = concepts_of (output);
  guint n = concepts != NULL ? json_array_get_length (concepts) : 0;

  for (guint i = 0; i < MAX (n, 1); i++)
    {
      JsonObject *concept = i < n ? json_array_get_object_element (concepts, i) : NULL;
      char rank[16], value[G_ASCII_DTOSTR_BUF_SIZE] = "";

      g_snprintf (rank, sizeof rank, "%u", concept != NULL ? i + 1 : 0);
      if (concept != NULL)
        g_ascii_formatd (value, sizeof value, "%.6g", json_object_get_double_member (concept, "value"));
      fovea_cli_append_csv (self->line, url_of (output));
      fovea_cli_append_csv (self->line, rank);
      fovea_cli_append_csv (self->line, concept != NULL ? json_object_get_string_member (concept, "id") : "");
      fovea_cli_append_csv (self->line, concept != NULL ? json_object_get_string_member (concept, "name") : "");
      fovea_cli_append_csv (self->line, value);
      append_code (self, output);
      if (!fovea_cli_put_line (self->line))
        return FALSE;
    }
  return TRUE;
}

static gboolean
print_csv (Printer *self, JsonObject *output)
{
  const gboolean embedder = is_of_embedder (output);

  if (self->n == 1 && !print_csv_head (embedder))
    return FALSE;
  return embedder ? print_csv_vector (self, output) : print_csv_concepts (self, output);
}

static gboolean
print_output (JsonNode *output, gpointer data)
{
  Printer *self = data;
  g_autofree char *text = NULL;

  self->n++;
  if (self->form == FORM_TEXT)
    return print_text (self, json_node_get_object (output));
  if (self->form == FORM_CSV)
    return print_csv (self, json_node_get_object (output));
  text = json_to_string (output, FALSE);
  if (self->form == FORM_JSON)
    g_string_append (self->line, self->n == 1 ? "{\"outputs\":[\n" : ",");
  g_string_append (self->line, text);
  return fovea_cli_put_line (self->line);
}

/* The document's own status can only be said at its end: some outputs have failed or none. */
static int
finish_document (Printer *self, guint n_failed)
{
  int code = n_failed > 0 ? FOVEA_STATUS_MIXED : FOVEA_STATUS_SUCCESS;
  g_autoptr (JsonNode) status = fovea_status_dup_json (code, n_failed > 0 ? "Mixed success" : "Ok", NULL);
  g_autofree char *text = json_to_string (status, FALSE);

  g_string_append_printf (self->line, "%s],\"status\":%s}", self->n == 0 ? "{\"outputs\":[" : "", text);
  return fovea_cli_put_line (self->line) ? FOVEA_CLI_DONE : FOVEA_CLI_FAILED;
}

static int
predict (FoveaProject *project, const char *model, char **paths, const FoveaPredictOptions *options, Form form, const FoveaCliArgs *args)
{
  g_autoptr (GString) line = g_string_new (NULL);
  Printer printer = { form, line, 0 };
  g_autoptr (FoveaJob) job = NULL;

  job = fovea_predict_files (project, model, (const char *const *) paths, options, print_output, &printer, NULL);
  if (!fovea_cli_run_job (job, args))
    return FOVEA_CLI_FAILED;
  if (form == FORM_CSV && printer.n == 0 && !print_csv_head (FALSE))
    return FOVEA_CLI_FAILED;
  return form == FORM_JSON ? finish_document (&printer, fovea_job_get_failed_count (job)) : FOVEA_CLI_DONE;
}

static gboolean
parse_number (const char *text, double low, double high, double *ret_value)
{
  char *end = NULL;

  *ret_value = g_ascii_strtod (text, &end);
  return end != text && *end == '\0' && *ret_value >= low && *ret_value <= high;
}

static int
run_predict (int argc, char **argv)
{
  g_auto (FoveaCliArgs) args = { 0 };
  g_autofree char *top = NULL, *min_value = NULL, *pack = NULL;
  gboolean lines = FALSE, csv = FALSE;
  const GOptionEntry entries[] = {
    { "pack", 0, 0, G_OPTION_ARG_FILENAME, &pack, "Ask a pack instead of a project's model: --pack NAME PATH…", "NAME" },
    { "top", 0, 0, G_OPTION_ARG_FILENAME, &top, "At most so many concepts a picture", "K" },
    { "min-value", 0, 0, G_OPTION_ARG_FILENAME, &min_value, "Only concepts at this value or above, 0 to 1", "V" },
    { "jsonl", 0, 0, G_OPTION_ARG_NONE, &lines, "One JSON object a picture, one a line", NULL },
    { "csv", 0, 0, G_OPTION_ARG_NONE, &csv, "file,rank,concept_id,concept,value,status; of an embedder file,status,vector", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  FoveaPredictOptions options = { .min_value = -1 };
  g_auto (GStrv) paths = NULL;
  FoveaProject *project = NULL;
  double k;
  int status;

  if (!fovea_cli_parse ("models predict", entries, argc, argv, 0, -1, &args, &status))
    return status;
  if (top != NULL && (!parse_number (top, 1, 1e6, &k) || k != (double) (guint) k))
    return fovea_cli_usage ("models predict", "--top is a whole number from 1 on");
  if (top != NULL)
    options.top_k = (guint) k;
  if (min_value != NULL && !parse_number (min_value, 0, 1, &options.min_value))
    return fovea_cli_usage ("models predict", "--min-value is a number from 0 to 1");
  if (args.json + lines + csv > 1)
    return fovea_cli_usage ("models predict", "--json, --jsonl and --csv exclude each other");
  if (pack == NULL && g_strv_length (args.rest) < 2)
    return fovea_cli_usage ("models predict", "PROJECT and ID (or --pack NAME) are missing");
  if (!fovea_cli_gather_paths (&args, pack != NULL ? 0 : 2, &paths))
    return FOVEA_CLI_FAILED;
  if (paths[0] == NULL && args.files_from == NULL)
    return fovea_cli_usage ("models predict", "there is no picture to predict");
  if (pack == NULL && (project = fovea_cli_open_project (args.rest[0])) == NULL)
    return FOVEA_CLI_FAILED;
  if (pack != NULL)
    fovea_cli_catch_signals ();
  status = predict (project, pack != NULL ? pack : args.rest[1], paths, &options,
                    args.json ? FORM_JSON : lines ? FORM_LINES : csv ? FORM_CSV : FORM_TEXT, &args);
  fovea_cli_close_project (project);
  return status;
}

const FoveaCommand fovea_cli_predict_commands[] = {
  { "models predict", "(PROJECT ID | --pack NAME) PATH… [--top K] [--min-value V] [--json|--jsonl|--csv]",
    "Say what files show, in the order of the arguments. Nothing is imported. A file that cannot be read keeps its place, with its own status.",
    run_predict },
  { NULL, NULL, NULL, NULL },
};
