/* SPDX-License-Identifier: GPL-3.0-or-later */
#define G_SETTINGS_ENABLE_BACKEND
#include "app/settings.h"

#include <gio/gsettingsbackend.h>

#include "app/paths.h"

#include "config.h"

/* build/src/fovea and build/tests/app/test-…: the compiled schema is in build/data. */
static GSettingsSchema *
lookup_beside_program (void)
{
  static const char *const places[] = { "../data", "../../data", "../share/glib-2.0/schemas" };
  g_autofree char *dir = fovea_dup_program_folder ();

  for (guint i = 0; dir != NULL && i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *place = g_build_filename (dir, places[i], NULL);
      g_autoptr (GSettingsSchemaSource) source =
        g_settings_schema_source_new_from_directory (place, g_settings_schema_source_get_default (), TRUE, NULL);
      GSettingsSchema *schema =
        source != NULL ? g_settings_schema_source_lookup (source, FOVEA_APP_ID, FALSE) : NULL;

      if (schema != NULL)
        return schema;
    }
  return NULL;
}

static GSettings *
settings_new (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema =
    source != NULL ? g_settings_schema_source_lookup (source, FOVEA_APP_ID, TRUE) : NULL;
  g_autoptr (GSettingsBackend) backend = NULL;

  if (schema == NULL)
    schema = lookup_beside_program ();
  if (schema == NULL)
    return NULL;

  if (g_getenv ("GSETTINGS_BACKEND") == NULL)
    {
      g_autofree char *file = g_build_filename (g_get_user_config_dir (), "fovea", "settings.ini", NULL);

      backend = g_keyfile_settings_backend_new (file, "/org/fovea/Fovea/", "settings");
    }
  return g_settings_new_full (schema, backend, NULL);
}

GSettings *
fovea_settings_get (void)
{
  static GSettings *settings;
  static gsize once;

  if (g_once_init_enter (&once))
    {
      settings = settings_new ();
      g_once_init_leave (&once, 1);
    }
  return settings;
}
