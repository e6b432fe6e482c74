/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/predictor.h"

G_BEGIN_DECLS

struct _FoveaPredictor {
  gatomicrefcount ref_count;
  FoveaHead *head;          /* NULL: the pack's own classifier */
  GPtrArray *labels;
  char *pack_name, *pack_hash;
  FoveaViews views;
  FoveaPack *pack;          /* NULL until it is needed */
  FoveaEmbedder *embedder;  /* idem */
};

G_END_DECLS
