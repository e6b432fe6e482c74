/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/translations.h"

#include <glib/gi18n.h>

#include "app/paths.h"

#include "config.h"

#define CATALOG "LC_MESSAGES/" GETTEXT_PACKAGE ".mo"

/* Whether @place holds LANGUAGE/LC_MESSAGES/fovea.mo of some language: a folder of another's catalogs does not hide ours. */
static gboolean
has_catalogs (const char *place)
{
  g_autoptr (GDir) dir = g_dir_open (place, 0, NULL);
  const char *language;
  gboolean found = FALSE;

  while (dir != NULL && !found && (language = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *catalog = g_build_filename (place, language, CATALOG, NULL);

      found = g_file_test (catalog, G_FILE_TEST_IS_REGULAR);
    }
  return found;
}

/* build/src/fovea, build/tests/app/test-…, and an installation that was moved. */
static char *
dup_place_beside_program (void)
{
  static const char *const places[] = { "../po", "../../po", "../share/locale" };
  g_autofree char *dir = fovea_dup_program_folder ();

  for (guint i = 0; dir != NULL && i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *place = g_build_filename (dir, places[i], NULL);

      if (has_catalogs (place))
        return g_steal_pointer (&place);
    }
  return NULL;
}

void
fovea_translations_start (void)
{
  g_autofree char *beside = dup_place_beside_program ();

  bindtextdomain (GETTEXT_PACKAGE, beside != NULL ? beside : FOVEA_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
}
