/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/live.h"

G_BEGIN_DECLS

/* What live learning says, in a few words; the rest, and what to do next, are in its popover. */
#define FOVEA_TYPE_LIVE_BAR (fovea_live_bar_get_type ())
G_DECLARE_FINAL_TYPE (FoveaLiveBar, fovea_live_bar, FOVEA, LIVE_BAR, AdwBin)

void fovea_live_bar_set_live (FoveaLiveBar *self, FoveaLive *live);

G_END_DECLS
