/* SPDX-License-Identifier: GPL-3.0-or-later */
/* make-pack FOLDER: writes a pack of a few numbers there, under the default pack's name. */
#include "models/mini-pack.h"

int
main (int argc, char **argv)
{
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("efficientnet-lite0");

  if (argc != 2)
    return 2;
  mini_pack_save (graph, argv[1], "efficientnet-lite0");
  return 0;
}
