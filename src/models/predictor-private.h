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

/* Loads the pack, or takes @pack, and checks that it is the one that the head was trained on. */
gboolean fovea_predictor_ensure_pack (FoveaPredictor *self, FoveaPack *pack, GError **error);

G_END_DECLS
