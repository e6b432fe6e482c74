/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/models-error.h"

G_DEFINE_QUARK (fovea-models-error-quark, fovea_models_error)
