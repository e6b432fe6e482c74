/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli-private.h"

/* All bytes or a message; a reader that has gone (a pipe into head) is no reason to go on. */
static gboolean
put (const char *text, gsize length)
{
  if (fwrite (text, 1, length, stdout) == length && fflush (stdout) == 0)
    return TRUE;
  if (errno != EPIPE)
    fprintf (stderr, "fovea: standard output cannot be written: %s\n", g_strerror (errno));
  return FALSE;
}

int
fovea_cli_print_text (const char *text, int status)
{
  return put (text, strlen (text)) ? status : FOVEA_CLI_FAILED;
}

int
fovea_cli_print_json (JsonNode *node, int status)
{
  g_autofree char *text = json_to_string (node, TRUE);
  g_autofree char *line = g_strconcat (text, "\n", NULL);

  return fovea_cli_print_text (line, status);
}

int
fovea_cli_fail (GError *error)
{
  fprintf (stderr, "fovea: %s\n", error->message);
  g_error_free (error);
  return FOVEA_CLI_FAILED;
}

void
fovea_cli_append_csv (GString *line, const char *cell)
{
  if (line->len > 0)
    g_string_append_c (line, ',');
  if (cell[0] == '\0')
    return;
  if (strpbrk (cell, ",\"\r\n") == NULL && cell[0] != ' ' && cell[strlen (cell) - 1] != ' ')
    {
      g_string_append (line, cell);
      return;
    }
  g_string_append_c (line, '"');
  for (; *cell != '\0'; cell++)
    {
      if (*cell == '"')
        g_string_append_c (line, '"');
      g_string_append_c (line, *cell);
    }
  g_string_append_c (line, '"');
}

gboolean
fovea_cli_put_line (GString *line)
{
  gboolean ok;

  g_string_append_c (line, '\n');
  ok = put (line->str, line->len);
  g_string_truncate (line, 0);
  return ok;
}
