/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/app.h"

#include <glib/gi18n.h>

#include "app/application.h"
#include "engine/background.h"

#include "config.h"

int
fovea_app_run (int argc, char **argv)
{
  g_autoptr (FoveaApplication) app = NULL;

  bindtextdomain (GETTEXT_PACKAGE, FOVEA_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  fovea_background_enable ();
  app = fovea_application_new ();
  return g_application_run (G_APPLICATION (app), argc, argv);
}
