/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/core-private.h"
#include "engine/live-scores-private.h"
#include "engine/live.h"

G_BEGIN_DECLS

FoveaLive *fovea_live_new (FoveaCore *core) G_GNUC_WARN_UNUSED_RESULT;

/* Rows changed: looks at them in the background. */
void fovea_live_refresh (FoveaLive *self);

/* Waits for the thread to end; what was found stays. Before the core is closed. */
void fovea_live_close (FoveaLive *self);

/* The present suggestions, owned by the caller; NULL when there are none. */
FoveaLiveScores *fovea_live_ref_scores (FoveaLive *self);

G_END_DECLS
