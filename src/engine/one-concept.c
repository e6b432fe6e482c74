/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/one-concept-private.h"

#include <glib/gi18n.h>

#include "engine/edit-private.h"
#include "engine/project-private.h"
#include "store/store-settings.h"

#define SETTING "concepts-a-picture"

gboolean
fovea_one_concept_read (FoveaStore *store)
{
  g_autofree char *value = fovea_store_dup_setting (store, SETTING);

  return g_strcmp0 (value, "one") == 0;
}

gboolean
fovea_one_concept_apply (FoveaStore *store, const gint64 *ids, gsize n_ids, gint64 concept, FoveaStoreReplaced *ret_replaced,
                         GError **error)
{
  FoveaStoreReplaced replaced = { 0 };

  if (fovea_one_concept_read (store) && !fovea_store_clear_other_labels (store, ids, n_ids, concept, &replaced, error))
    return FALSE;
  if (ret_replaced != NULL)
    *ret_replaced = replaced;
  return TRUE;
}

gboolean
fovea_one_concept_take_from_folders (FoveaStore *store, GError **error)
{
  g_autofree char *value = fovea_store_dup_setting (store, SETTING);
  gboolean two;

  if (value != NULL)
    return TRUE;
  return fovea_store_any_shows_two (store, &two, error) && (two || fovea_store_set_setting (store, SETTING, "one", error));
}

/* ---- what a person decides ---- */

static gboolean
apply (FoveaStore *store, gpointer one, GError **error)
{
  return fovea_store_set_setting (store, SETTING, *(gboolean *) one ? "one" : "several", error);
}

static gboolean
write_rule (FoveaStore *store, gpointer one, GError **error)
{
  return fovea_edit_in_command (store, *(gboolean *) one ? _("allow one concept a picture") : _("allow several concepts a picture"), apply,
                                one, error);
}

/* Here and not by the next look at the history: who asked must not see the rule as it was before. */
static void
on_rule_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  GError *error = NULL;
  const gboolean *one = g_task_propagate_pointer (G_TASK (result), &error);

  if (one == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  fovea_project_take_one_concept (FOVEA_PROJECT (source), *one);
  g_task_return_boolean (task, TRUE);
}

void
fovea_project_set_one_concept_async (FoveaProject *self, gboolean one, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);
  GTask *write = g_task_new (self, cancellable, on_rule_written, task);

  g_task_set_task_data (write, g_memdup2 (&one, sizeof one), g_free);
  fovea_core_write_task (fovea_project_get_core (self), write, write_rule);
}

gboolean
fovea_project_set_one_concept_finish (FoveaProject *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
