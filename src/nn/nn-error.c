/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/nn-error.h"

G_DEFINE_QUARK (fovea-nn-error-quark, fovea_nn_error)
