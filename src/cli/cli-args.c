/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli-private.h"

void
fovea_cli_args_clear (FoveaCliArgs *args)
{
  g_clear_pointer (&args->files_from, g_free);
  g_clear_pointer (&args->rest, g_strfreev);
}

int
fovea_cli_usage (const char *words, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list list;

  va_start (list, format);
  message = g_strdup_vprintf (format, list);
  va_end (list);
  fprintf (stderr, "fovea: %s\nSee fovea %s --help\n", message, words);
  return FOVEA_CLI_USAGE;
}

static gboolean
parse (GOptionContext *context, int argc, char **argv, GError **error)
{
  g_auto (GStrv) copy = g_new0 (char *, argc + 1);
  gboolean ok;

  for (int i = 0; i < argc; i++)
    copy[i] = g_strdup (argv[i]);
  ok = g_option_context_parse_strv (context, &copy, error);
  return ok;
}

gboolean
fovea_cli_parse (const char *words, const GOptionEntry *entries, int argc, char **argv, int least, int most, FoveaCliArgs *ret_args,
                 int *ret_status)
{
  const FoveaCommand *command = fovea_cli_find_command (words);
  const GOptionEntry common[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &ret_args->json, "One JSON document on standard output", NULL },
    { "progress", 0, 0, G_OPTION_ARG_NONE, &ret_args->progress, "Show progress although standard error is no terminal", NULL },
    { "files-from", 0, 0, G_OPTION_ARG_FILENAME, &ret_args->files_from, "More paths from a file, one a line; - is standard input", "FILE" },
    { "null", '0', 0, G_OPTION_ARG_NONE, &ret_args->null_ends, "Paths of --files-from end with a NUL", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &ret_args->rest, NULL, NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  GOptionContext *context = g_option_context_new (command->arguments);
  g_autoptr (GError) error = NULL;
  gboolean ok;
  int n;

  *ret_args = (FoveaCliArgs){ 0 };
  g_option_context_set_summary (context, command->summary);
  g_option_context_add_main_entries (context, common, NULL);
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, NULL);
  ok = parse (context, argc, argv, &error);
  g_option_context_free (context);
  if (!ok)
    {
      *ret_status = fovea_cli_usage (words, "%s", error->message);
      return FALSE;
    }
  if (ret_args->rest == NULL)
    ret_args->rest = g_new0 (char *, 1);
  n = (int) g_strv_length (ret_args->rest);
  if (ret_args->files_from != NULL && n >= 1 && n < least)
    n = least; /* the paths come from the file */
  if (n < least || (most >= 0 && n > most))
    {
      *ret_status = fovea_cli_usage (words, n < least ? "%s: something is missing: %s" : "%s takes no more than %s", words,
                                     command->arguments);
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_all (FILE *from, GByteArray *bytes)
{
  guint8 buffer[16384];
  gsize n;

  while ((n = fread (buffer, 1, sizeof buffer, from)) > 0)
    g_byte_array_append (bytes, buffer, (guint) n);
  return ferror (from) == 0;
}

static gboolean
read_list (const char *name, GByteArray *bytes)
{
  gboolean standard = g_str_equal (name, "-");
  FILE *from = standard ? stdin : fopen (name, "re");
  gboolean ok = from != NULL && read_all (from, bytes);

  if (!ok)
    fprintf (stderr, "fovea: the list of files %s cannot be read\n", name);
  if (from != NULL && !standard)
    fclose (from);
  return ok;
}

gboolean
fovea_cli_gather_paths (const FoveaCliArgs *args, guint first, char ***ret_paths)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 end = args->null_ends ? '\0' : '\n';
  guint from = 0;

  for (guint i = first; i < g_strv_length (args->rest); i++)
    g_strv_builder_add (builder, args->rest[i]);
  if (args->files_from != NULL && !read_list (args->files_from, bytes))
    return FALSE;
  if (bytes->len > 0)
    g_byte_array_append (bytes, &end, 1);
  for (guint i = 0; i < bytes->len; i++)
    if (bytes->data[i] == end)
      {
        g_autofree char *path = g_strndup ((const char *) bytes->data + from, i - from);

        if (path[0] != '\0')
          g_strv_builder_add (builder, path);
        from = i + 1;
      }
  *ret_paths = g_strv_builder_end (builder);
  return TRUE;
}
