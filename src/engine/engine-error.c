/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/engine-error.h"

G_DEFINE_QUARK (fovea-engine-error-quark, fovea_engine_error)
