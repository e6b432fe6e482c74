/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "engine/project.h"

G_BEGIN_DECLS

/* Whether more labels or deep training would help most, with the figures behind it, worked out when it is asked. */
#define FOVEA_TYPE_ADVICE_BOX (fovea_advice_box_get_type ())
G_DECLARE_FINAL_TYPE (FoveaAdviceBox, fovea_advice_box, FOVEA, ADVICE_BOX, AdwBin)

/* Works it out anew in the background; hidden until it is there, and where nothing can be said. @project NULL: nothing is asked,
 * and what was is forgotten. Main thread. */
void fovea_advice_box_ask (FoveaAdviceBox *self, FoveaProject *project);

G_END_DECLS
