/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "models/models-error.h"

G_BEGIN_DECLS

/* One concept that a model can answer with: its public id and the name that people read. */
typedef struct {
  char *id;
  char *name;
} FoveaLabel;

FoveaLabel *fovea_label_new (const char *id, const char *name) G_GNUC_WARN_UNUSED_RESULT;
void        fovea_label_free (FoveaLabel *label);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaLabel, fovea_label_free)

/* A list is a GPtrArray of FoveaLabel that owns its elements; index = column of a prediction. Shared by reference and
 * not changed after it was given to anyone. */
GPtrArray        *fovea_labels_new (void) G_GNUC_WARN_UNUSED_RESULT;
#define fovea_labels_get(labels, i) ((const FoveaLabel *) g_ptr_array_index ((labels), (i)))

/* [{"id":…,"name":…},…] both ways. Reading is hostile-safe: at most @max entries, ids 1..512 bytes of valid UTF-8 and
 * no two alike, names at most 512 bytes; MALFORMED says which entry. */
JsonNode  *fovea_labels_to_json (GPtrArray *labels) G_GNUC_WARN_UNUSED_RESULT;
GPtrArray *fovea_labels_from_json (JsonNode *node, guint max, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
