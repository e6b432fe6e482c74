/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/predictor.h"

G_BEGIN_DECLS

/* A pack's own classifier before the pack is there. The arguments are referenced. */
FoveaPredictor *fovea_predictor_new_own (GPtrArray *labels, gboolean exclusive, FoveaViews views, const char *pack_name,
                                         const char *pack_hash) G_GNUC_WARN_UNUSED_RESULT;

struct _FoveaPredictor {
  gatomicrefcount ref_count;
  FoveaHead *head;          /* NULL: the pack's own classifier */
  gboolean exclusive;
  GPtrArray *labels;
  char *pack_name, *pack_hash;
  FoveaViews views;
  FoveaPack *pack;          /* NULL until it is needed */
  FoveaEmbedder *embedder;  /* idem */
};

G_END_DECLS
