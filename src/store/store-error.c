/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-error.h"

G_DEFINE_QUARK (fovea-store-error-quark, fovea_store_error)
