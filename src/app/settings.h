/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The window's settings (schema org.fovea.Fovea), kept in $XDG_CONFIG_HOME/fovea/settings.ini so that they last without a settings
 * service; GSETTINGS_BACKEND in the environment chooses another place. The schema is looked for where the system keeps its own,
 * in GSETTINGS_SCHEMA_DIR, and in the build directory that the program runs from.
 *
 * Returns: (nullable) (transfer none): NULL when no schema is found; the window then starts with its defaults. Main thread. */
GSettings *fovea_settings_get (void);

G_END_DECLS
