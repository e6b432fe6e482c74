/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

/* Columns of the person's own, by hand or from a CSV file. Changes are made in a command. */

typedef enum {
  FOVEA_STORE_FIELD_TEXT = 0,
  FOVEA_STORE_FIELD_NUMBER = 1,
  FOVEA_STORE_FIELD_DATE = 2,       /* microseconds since 1970 */
} FoveaStoreFieldKind;

typedef struct {
  gint64 id;
  char *name;
  FoveaStoreFieldKind kind;
} FoveaStoreField;

void        fovea_store_field_free          (FoveaStoreField        *field);

/* Finds the field of that name or makes it. Errors: _CONFLICT when it exists with another kind;
 * _INVALID. */
gboolean    fovea_store_ensure_field        (FoveaStore             *store,
                                             const char             *name,
                                             FoveaStoreFieldKind     kind,
                                             gint64                 *ret_id,
                                             GError                **error);

/* (element-type FoveaStoreField): in order of creation. */
GPtrArray *fovea_store_list_fields (FoveaStore *store, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes the field with all its values. */
gboolean    fovea_store_remove_field        (FoveaStore             *store,
                                             gint64                  field,
                                             GError                **error);

/* One value of a field on an input; @text for _TEXT, @number else. */
typedef struct {
  gint64 input;
  gint64 field;
  char *text;
  double number;
} FoveaStoreFieldValue;

void        fovea_store_field_value_free    (FoveaStoreFieldValue   *value);

/* Writes values; a _TEXT of NULL or a _NUMBER that is NaN removes the value. Errors: _NOT_FOUND for
 * an unknown id. */
gboolean    fovea_store_set_field_values    (FoveaStore             *store,
                                             const FoveaStoreFieldValue *const *values,
                                             gsize                   n,
                                             GError                **error);

/* (element-type FoveaStoreFieldValue): of one input, in order of field. */
GPtrArray *fovea_store_get_field_values (FoveaStore *store,
                                         gint64 input,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef void (*FoveaStoreFieldFunc) (const FoveaStoreFieldValue *value,
                                     gpointer                    data);

/* Calls @func for every value of one field, in no order; the value is borrowed for the call. */
gboolean    fovea_store_each_field_value    (FoveaStore             *store,
                                             gint64                  field,
                                             FoveaStoreFieldFunc     func,
                                             gpointer                data,
                                             GError                **error);

G_END_DECLS
