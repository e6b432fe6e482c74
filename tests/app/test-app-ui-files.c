/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "app/application.h"

/* Each .ui file as an outline: one line an object with its id, its name for assistive technology, its action.
 * Compared with tests/app/golden, so that a change to a window is seen in review; FOVEA_UPDATE_GOLDEN=1 writes the
 * outlines anew. */

GResource *fovea_app_get_resource (void);

typedef struct {
  GString *text;
  int depth;
  char *property; /* of the element that is open, when its text is wanted */
  gboolean accessible;
} Outline;

static const char *
get_attribute (const char **names, const char **values, const char *wanted)
{
  for (int i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], wanted))
      return values[i];
  return NULL;
}

static void
on_start (GMarkupParseContext *context, const char *element, const char **names, const char **values, gpointer data, GError **error)
{
  Outline *outline = data;
  const char *name = get_attribute (names, values, "name");

  if (g_str_equal (element, "object") || g_str_equal (element, "template") || g_str_equal (element, "menu"))
    {
      const char *class = get_attribute (names, values, "class"), *id = get_attribute (names, values, "id");

      g_string_append_printf (outline->text, "%s%*s%s%s%s", outline->text->len > 0 ? "\n" : "", outline->depth * 2, "",
                              class != NULL ? class : element, id != NULL ? " #" : "", id != NULL ? id : "");
      outline->depth++;
    }
  else if (g_str_equal (element, "accessibility"))
    outline->accessible = TRUE;
  else if (g_str_equal (element, "property") && name != NULL
           && (g_str_equal (name, "label") || g_str_equal (name, "action-name") || g_str_equal (name, "title")
               || g_str_equal (name, "accelerator")))
    outline->property = g_strconcat (outline->accessible ? "a11y " : "", name, NULL);
  else if (g_str_equal (element, "attribute") && name != NULL && (g_str_equal (name, "label") || g_str_equal (name, "action")))
    outline->property = g_strdup (name);
}

static void
on_end (GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
  Outline *outline = data;

  if (g_str_equal (element, "object") || g_str_equal (element, "template") || g_str_equal (element, "menu"))
    outline->depth--;
  else if (g_str_equal (element, "accessibility"))
    outline->accessible = FALSE;
  g_clear_pointer (&outline->property, g_free);
}

static void
on_text (GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
  Outline *outline = data;

  if (outline->property != NULL && length > 0)
    g_string_append_printf (outline->text, " %s=“%.*s”", outline->property, (int) length, text);
}

static char *
dup_outline (const char *xml, gsize length)
{
  static const GMarkupParser parser = { .start_element = on_start, .end_element = on_end, .text = on_text };
  Outline outline = { .text = g_string_new (NULL) };
  g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, &outline, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_markup_parse_context_parse (context, xml, (gssize) length, &error));
  g_assert_no_error (error);
  g_string_append_c (outline.text, '\n');
  return g_string_free (outline.text, FALSE);
}

static void
test_golden (gconstpointer data)
{
  const char *resource = data;
  g_autoptr (GBytes) xml = g_resource_lookup_data (fovea_app_get_resource (), resource, 0, NULL);
  g_autofree char *base = g_path_get_basename (resource);
  g_autofree char *name = g_strconcat (base, ".txt", NULL);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", name, NULL);
  g_autofree char *golden = NULL;
  g_autofree char *outline = NULL;

  g_assert_nonnull (xml);
  outline = dup_outline (g_bytes_get_data (xml, NULL), g_bytes_get_size (xml));
  if (g_getenv ("FOVEA_UPDATE_GOLDEN") != NULL)
    g_assert_true (g_file_set_contents (path, outline, -1, NULL));
  g_assert_true (g_file_get_contents (path, &golden, NULL, NULL));
  g_assert_cmpstr (outline, ==, golden);
}

/* Every button that shows only a picture has a name. */
static void
test_buttons_are_named (gconstpointer data)
{
  g_autoptr (GBytes) xml = g_resource_lookup_data (fovea_app_get_resource (), data, 0, NULL);
  const char *text = g_bytes_get_data (xml, NULL);
  g_autofree char *copy = g_strndup (text, g_bytes_get_size (xml));

  for (const char *at = strstr (copy, "Button\""); at != NULL; at = strstr (at + 1, "Button\""))
    {
      const char *end = strstr (at, "<object"), *close = strstr (at, "</object>");
      g_autofree char *body = g_strndup (at, (gsize) ((end != NULL && end < close ? end : close) - at));

      if (strstr (body, "name=\"icon-name\"") != NULL && strstr (body, "pause_button") == NULL)
        g_assert_nonnull (strstr (body, "<accessibility>"));
    }
}

static void
add_files (const char *folder, guint *n_files)
{
  g_auto (GStrv) children = g_resource_enumerate_children (fovea_app_get_resource (), folder, 0, NULL);

  for (guint i = 0; children[i] != NULL; i++)
    if (g_str_has_suffix (children[i], ".ui"))
      {
        g_autofree char *joined = g_strconcat (folder, children[i], NULL);
        const char *path = g_intern_string (joined);
        g_autofree char *golden = g_strconcat ("/app/ui/golden/", children[i], NULL);
        g_autofree char *named = g_strconcat ("/app/ui/buttons-are-named/", children[i], NULL);

        g_test_add_data_func (golden, path, test_golden);
        g_test_add_data_func (named, path, test_buttons_are_named);
        *n_files += 1;
      }
}

int
main (int argc, char **argv)
{
  guint n_files = 0;

  g_test_init (&argc, &argv, NULL);
  add_files ("/org/fovea/Fovea/ui/", &n_files);
  g_assert_cmpuint (n_files, >=, 12);
  return g_test_run ();
}
