/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/concept-edit.h"

#include <glib/gi18n.h>

#include "engine/edit-private.h"
#include "store/store-concepts.h"

typedef struct {
  gint64 id, into_id;
  char *name, *color, *key, *description; /* (nullable) what changes */
  guint position;
} Edit;

static void
edit_free (gpointer data)
{
  Edit *edit = data;

  g_free (edit->name);
  g_free (edit->color);
  g_free (edit->key);
  g_free (edit->description);
  g_free (edit);
}

static void
start (FoveaProject *self, Edit *edit, FoveaStoreFunc func, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_task_data (task, edit, edit_free);
  fovea_core_write_task (fovea_project_get_core (self), task, func);
}

gboolean
fovea_project_edit_concept_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error) != NULL;
}

/* ---- name, colour, key, description ---- */

static void
replace (char **text, const char *with)
{
  if (with == NULL)
    return;
  g_free (*text);
  *text = g_strdup (with);
}

/* A key labels with one concept. */
static gboolean
free_key (FoveaStore *store, const Edit *edit, GError **error)
{
  g_autoptr (GPtrArray) concepts = fovea_store_list_concepts (store, error);

  for (guint i = 0; concepts != NULL && i < concepts->len; i++)
    {
      FoveaStoreConcept *other = g_ptr_array_index (concepts, i);

      if (other->id == edit->id || g_strcmp0 (other->key, edit->key) != 0)
        continue;
      replace (&other->key, "");
      if (!fovea_store_update_concept (store, other, error))
        return FALSE;
    }
  return concepts != NULL;
}

static gboolean
apply_update (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  g_autoptr (FoveaStoreConcept) row = fovea_store_get_concept (store, edit->id, error);

  if (row == NULL || (edit->key != NULL && edit->key[0] != '\0' && !free_key (store, edit, error)))
    return FALSE;
  replace (&row->name, edit->name);
  replace (&row->colour, edit->color);
  replace (&row->key, edit->key);
  replace (&row->description, edit->description);
  return fovea_store_update_concept (store, row, error);
}

static gboolean
write_update (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  g_autoptr (FoveaStoreConcept) row = fovea_store_get_concept (store, edit->id, error);
  g_autofree char *text = NULL;

  if (row == NULL)
    return FALSE;
  if (edit->name != NULL && g_strcmp0 (edit->name, row->name) != 0)
    text = g_strdup_printf (_("rename concept %s to %s"), row->name, edit->name);
  else
    text = g_strdup_printf (_("change concept %s"), row->name);
  return fovea_edit_in_command (store, text, apply_update, edit, error);
}

void
fovea_project_update_concept_async (FoveaProject *self, gint64 concept_id, const FoveaConceptChange *change, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer data)
{
  Edit *edit = g_new0 (Edit, 1);

  edit->id = concept_id;
  edit->name = change->name != NULL ? g_strstrip (g_strdup (change->name)) : NULL;
  edit->color = g_strdup (change->color);
  edit->key = g_strdup (change->key);
  edit->description = g_strdup (change->description);
  start (self, edit, write_update, cancellable, callback, data);
}

/* ---- removal, merging ---- */

static gboolean
apply_remove (FoveaStore *store, gpointer data, GError **error)
{
  return fovea_store_remove_concept (store, ((Edit *) data)->id, error);
}

static gboolean
write_remove (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  g_autoptr (FoveaStoreConcept) row = fovea_store_get_concept (store, edit->id, error);
  g_autofree char *text = row != NULL ? g_strdup_printf (_("delete concept %s"), row->name) : NULL;

  return row != NULL && fovea_edit_in_command (store, text, apply_remove, edit, error);
}

void
fovea_project_remove_concept_async (FoveaProject *self, gint64 concept_id, GCancellable *cancellable, GAsyncReadyCallback callback,
                                    gpointer data)
{
  Edit *edit = g_new0 (Edit, 1);

  edit->id = concept_id;
  start (self, edit, write_remove, cancellable, callback, data);
}

static gboolean
apply_merge (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;

  return fovea_store_merge_concepts (store, edit->id, edit->into_id, error);
}

static gboolean
write_merge (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  g_autoptr (FoveaStoreConcept) from = fovea_store_get_concept (store, edit->id, error);
  g_autoptr (FoveaStoreConcept) into = from != NULL ? fovea_store_get_concept (store, edit->into_id, error) : NULL;
  g_autofree char *text = into != NULL ? g_strdup_printf (_("merge concept %s into %s"), from->name, into->name) : NULL;

  return into != NULL && fovea_edit_in_command (store, text, apply_merge, edit, error);
}

void
fovea_project_merge_concepts_async (FoveaProject *self, gint64 from_id, gint64 into_id, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer data)
{
  Edit *edit = g_new0 (Edit, 1);

  g_return_if_fail (from_id != into_id);
  edit->id = from_id;
  edit->into_id = into_id;
  start (self, edit, write_merge, cancellable, callback, data);
}

/* ---- order ---- */

/* All places are numbered anew: concepts of an old or foreign project may share one. */
static gboolean
apply_move (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  g_autoptr (GPtrArray) concepts = fovea_store_list_concepts (store, error);
  gpointer moved;
  guint at = 0;

  if (concepts == NULL)
    return FALSE;
  while (at < concepts->len && ((FoveaStoreConcept *) g_ptr_array_index (concepts, at))->id != edit->id)
    at++;
  if (at == concepts->len)
    return TRUE;
  moved = g_ptr_array_steal_index (concepts, at);
  g_ptr_array_insert (concepts, (int) MIN (edit->position, concepts->len), moved);
  for (guint i = 0; i < concepts->len; i++)
    {
      FoveaStoreConcept *row = g_ptr_array_index (concepts, i);

      if (row->position == (gint64) i + 1)
        continue;
      row->position = (gint64) i + 1;
      if (!fovea_store_update_concept (store, row, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
write_move (FoveaStore *store, gpointer data, GError **error)
{
  Edit *edit = data;
  g_autoptr (FoveaStoreConcept) row = fovea_store_get_concept (store, edit->id, error);
  g_autofree char *text = row != NULL ? g_strdup_printf (_("move concept %s"), row->name) : NULL;

  return row != NULL && fovea_edit_in_command (store, text, apply_move, edit, error);
}

void
fovea_project_move_concept_async (FoveaProject *self, gint64 concept_id, guint position, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer data)
{
  Edit *edit = g_new0 (Edit, 1);

  edit->id = concept_id;
  edit->position = position;
  start (self, edit, write_move, cancellable, callback, data);
}
