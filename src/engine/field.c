/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/field.h"

#include "engine/project-private.h"
#include "store/store-fields.h"

static void
field_free (gpointer data)
{
  g_free (((FoveaField *) data)->name);
  g_free (data);
}

static gboolean
read_fields (FoveaStore *store, gpointer data, GError **error)
{
  g_autoptr (GPtrArray) rows = fovea_store_list_fields (store, error);

  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      const FoveaStoreField *row = g_ptr_array_index (rows, i);
      FoveaField *field = g_new0 (FoveaField, 1);

      field->id = row->id;
      field->name = g_strdup (row->name);
      field->kind = (FoveaFieldKind) row->kind;
      g_ptr_array_add (data, field);
    }
  return rows != NULL;
}

void
fovea_project_list_fields_async (FoveaProject *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_task_data (task, g_ptr_array_new_with_free_func (field_free), (GDestroyNotify) g_ptr_array_unref);
  fovea_core_read_task (fovea_project_get_core (self), task, read_fields);
}

GPtrArray *
fovea_project_list_fields_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  GPtrArray *fields = g_task_propagate_pointer (G_TASK (result), error);

  return fields != NULL ? g_ptr_array_ref (fields) : NULL;
}
