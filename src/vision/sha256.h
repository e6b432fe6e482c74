/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* SHA-256 (FIPS 180-4) with the processor's instructions where it has them (about 1.5 GB/s in place of GChecksum's
 * 0.3), a plain path elsewhere. Thread: one at a time a hash. */
typedef struct {
  guint32 state[8];
  guint64 n_bytes;
  guint8 block[64];
} FoveaSha256;

void fovea_sha256_init (FoveaSha256 *hash);
void fovea_sha256_update (FoveaSha256 *hash, const void *data, gsize n_bytes);
void fovea_sha256_finish (FoveaSha256 *hash, char ret_hex[65]);

G_END_DECLS
