/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project.h"

G_BEGIN_DECLS

typedef enum {
  FOVEA_FIELD_TEXT,
  FOVEA_FIELD_NUMBER,
  FOVEA_FIELD_DATE /* µs since 1970 */
} FoveaFieldKind;

/* A column of the person's own; a list can be filtered by it. */
typedef struct {
  gint64 id;
  char *name;
  FoveaFieldKind kind;
} FoveaField;

/* _finish gives an array of FoveaField, in order of creation. */
void       fovea_project_list_fields_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data);
GPtrArray *fovea_project_list_fields_finish (FoveaProject *self, GAsyncResult *result, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
