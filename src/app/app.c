/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/app.h"

#include <adwaita.h>

#include "config.h"

int
fovea_app_run (int argc, char **argv)
{
  g_autoptr (AdwApplication) app = adw_application_new (FOVEA_APP_ID, G_APPLICATION_HANDLES_OPEN);

  return g_application_run (G_APPLICATION (app), argc, argv);
}
