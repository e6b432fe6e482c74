/* SPDX-License-Identifier: GPL-3.0-or-later */
/* make-pack FOLDER: writes packs of a few numbers there, under the names of those that training starts from. */
#include "models/mini-pack.h"

int
main (int argc, char **argv)
{
  if (argc != 2)
    return 2;
  mini_pack_save_all (argv[1]);
  return 0;
}
