/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/vision-error.h"

G_DEFINE_QUARK (fovea-vision-error-quark, fovea_vision_error)
