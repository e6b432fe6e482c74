/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Opens the window (and the project named in the arguments). Returns the exit status. Main thread. */
int fovea_app_run (int argc, char **argv);

G_END_DECLS
