/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/* Settings of the project (exclusive concepts, the embedder, the grey window of 16-bit pictures):
 * names and texts. */

/* NULL when not set, or on failure. */
char *fovea_store_dup_setting (FoveaStore *store, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* In a command. @value NULL unsets. Errors: _INVALID for text that is not UTF-8. */
gboolean    fovea_store_set_setting         (FoveaStore             *store,
                                             const char             *name,
                                             const char             *value,
                                             GError                **error);

G_END_DECLS
