/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Runs `fovea COMMAND …`. Returns the exit status: 0 done, 1 failed, 2 wrong usage.
 * @ret_handled is FALSE when the arguments ask for the window instead (no command, or .fovea files only). */
int fovea_cli_run (int argc, char **argv, gboolean *ret_handled);

G_END_DECLS
