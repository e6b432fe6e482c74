/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli-private.h"

const FoveaCommand fovea_cli_export_commands[] = {
  { NULL, NULL, NULL, NULL },
};
