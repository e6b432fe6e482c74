/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "models/views.h"
#include "store/store.h"

G_BEGIN_DECLS

/* What decides how a live fit is made, besides the labels; and which vectors stand for "alike". */
typedef struct {
  int exclusive; /* 1, 0, -1: by the labels */
  FoveaFit fit;
  gint64 space;  /* 0: there are no vectors */
  guint dim;
} FoveaLiveSettings;

void     fovea_live_settings_read (FoveaStore *reader, FoveaLiveSettings *ret_settings);
gboolean fovea_live_settings_equal (const FoveaLiveSettings *a, const FoveaLiveSettings *b);

G_END_DECLS
