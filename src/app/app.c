/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/app.h"

#include "app/application.h"
#include "app/translations.h"
#include "engine/background.h"

int
fovea_app_run (int argc, char **argv)
{
  g_autoptr (FoveaApplication) app = NULL;

  fovea_translations_start ();
  fovea_background_enable ();
  app = fovea_application_new ();
  return g_application_run (G_APPLICATION (app), argc, argv);
}
