/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "engine/model-private.h"
#include "models/model-type.h"
#include "store/store-concepts.h"

struct _FoveaModelList {
  GObject parent_instance;
  FoveaCore *core; /* NULL when closed */
  FoveaJobList *jobs;
  GPtrArray *models;
  gboolean in_flight, again;
  /* Version id → FoveaModelVersion: what was read before, so that metrics are parsed once. With the store thread while a reading is
   * in flight. */
  GHashTable *known;
};

static void fovea_model_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaModelList, fovea_model_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, fovea_model_list_model_init))

static GType
get_item_type (GListModel *model)
{
  return FOVEA_TYPE_MODEL;
}

static guint
get_n_items (GListModel *model)
{
  return FOVEA_MODEL_LIST (model)->models->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  GPtrArray *models = FOVEA_MODEL_LIST (model)->models;

  return position < models->len ? g_object_ref (g_ptr_array_index (models, position)) : NULL;
}

static void
fovea_model_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
fovea_model_list_finalize (GObject *object)
{
  FoveaModelList *self = FOVEA_MODEL_LIST (object);

  g_ptr_array_unref (self->models);
  g_clear_object (&self->jobs);
  g_hash_table_unref (self->known);
  g_clear_pointer (&self->core, fovea_core_unref);
  G_OBJECT_CLASS (fovea_model_list_parent_class)->finalize (object);
}

static void
fovea_model_list_class_init (FoveaModelListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fovea_model_list_finalize;
}

static void
fovea_model_list_init (FoveaModelList *self)
{
  self->models = g_ptr_array_new_with_free_func (g_object_unref);
  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
}

/* ---- store thread ---- */

typedef struct {
  GHashTable *known, *now;
  GPtrArray *readings; /* of FoveaModelReading */
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;

  g_clear_pointer (&reading->known, g_hash_table_unref);
  g_clear_pointer (&reading->now, g_hash_table_unref);
  g_clear_pointer (&reading->readings, g_ptr_array_unref);
  g_free (reading);
}

static gboolean
read_versions (FoveaStore *store, Reading *reading, FoveaModelReading *model, GError **error)
{
  g_autoptr (GPtrArray) rows = fovea_store_list_versions (store, model->row->id, error);

  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    {
      const FoveaStoreVersion *row = g_ptr_array_index (rows, i);
      FoveaModelVersion *known = g_hash_table_lookup (reading->known, row->public_id);
      FoveaModelVersion *version = known != NULL && fovea_model_version_matches (known, row) ? g_object_ref (known)
                                                                                             : fovea_model_version_new (row, rows->len - i);

      g_ptr_array_add (model->versions, version);
      g_hash_table_replace (reading->now, (gpointer) fovea_model_version_get_id (version), g_object_ref (version));
    }
  model->failed = rows->len > 0 && ((FoveaStoreVersion *) g_ptr_array_index (rows, 0))->status == FOVEA_STORE_VERSION_FAILED;
  return TRUE;
}

static gboolean
read_concepts (FoveaStore *store, FoveaModelReading *model, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (gsize i = 0; i < model->row->n_concepts; i++)
    {
      g_autoptr (FoveaStoreConcept) concept = fovea_store_get_concept (store, model->row->concepts[i], error);

      if (concept == NULL)
        return FALSE;
      g_strv_builder_add (builder, concept->name);
    }
  model->concepts = g_strv_builder_end (builder);
  return TRUE;
}

static gboolean
read_model (FoveaStore *store, Reading *reading, FoveaModelReading *model, GError **error)
{
  g_autoptr (FoveaModelType) type = fovea_model_type_new (model->row->type_id, NULL);

  model->trainable = type != NULL && fovea_model_type_get_info (type)->trainable;
  return read_concepts (store, model, error) && read_versions (store, reading, model, error);
}

static gboolean
read_models (FoveaStore *store, gpointer data, GError **error)
{
  Reading *reading = data;
  g_autoptr (GPtrArray) rows = fovea_store_list_models (store, error);

  if (rows == NULL)
    return FALSE;
  g_ptr_array_set_free_func (rows, NULL);
  reading->readings = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_model_reading_free);
  for (guint i = 0; i < rows->len; i++)
    {
      FoveaModelReading *model = g_new0 (FoveaModelReading, 1);

      model->row = g_ptr_array_index (rows, i);
      model->versions = g_ptr_array_new_with_free_func (g_object_unref);
      g_ptr_array_add (reading->readings, model);
    }
  for (guint i = 0; i < rows->len; i++)
    if (!read_model (store, reading, g_ptr_array_index (reading->readings, i), error))
      return FALSE;
  return TRUE;
}

static Reading *
reading_new (FoveaModelList *self)
{
  Reading *reading = g_new0 (Reading, 1);

  reading->known = g_hash_table_ref (self->known);
  reading->now = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  return reading;
}

/* ---- main thread ---- */

/* What runs on a model: the newest job that names it, trainings before others. */
static void
update_jobs (FoveaModelList *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->jobs));

  for (guint m = 0; m < self->models->len; m++)
    {
      FoveaModel *model = g_ptr_array_index (self->models, m);
      FoveaJob *found = NULL;

      for (guint i = 0; i < n; i++)
        {
          g_autoptr (FoveaJob) job = g_list_model_get_item (G_LIST_MODEL (self->jobs), i);

          if (g_strcmp0 (fovea_job_get_target (job), fovea_model_get_id (model)) != 0 || fovea_job_is_over (job))
            continue;
          if (found == NULL || (fovea_job_get_kind (job) == FOVEA_JOB_TRAIN && fovea_job_get_kind (found) != FOVEA_JOB_TRAIN))
            found = job; /* the list holds it */
        }
      fovea_model_set_job (model, found);
    }
}

static FoveaModel *
find_model (GPtrArray *models, const char *id)
{
  for (guint i = 0; i < models->len; i++)
    if (strcmp (fovea_model_get_id (g_ptr_array_index (models, i)), id) == 0)
      return g_ptr_array_index (models, i);
  return NULL;
}

static void
apply (FoveaModelList *self, Reading *reading)
{
  GPtrArray *old = self->models, *now = g_ptr_array_new_with_free_func (g_object_unref);
  guint head = 0, tail = 0;

  for (guint i = 0; i < reading->readings->len; i++)
    {
      FoveaModelReading *one = g_ptr_array_index (reading->readings, i);
      FoveaModel *known = find_model (old, one->row->public_id);
      FoveaModel *model = known != NULL ? g_object_ref (known) : fovea_model_new ();

      fovea_model_take (model, one);
      g_ptr_array_add (now, model);
    }
  g_hash_table_unref (self->known);
  self->known = g_steal_pointer (&reading->now);
  while (head < MIN (old->len, now->len) && old->pdata[head] == now->pdata[head])
    head++;
  while (tail < MIN (old->len, now->len) - head && old->pdata[old->len - 1 - tail] == now->pdata[now->len - 1 - tail])
    tail++;
  self->models = now;
  if (old->len != now->len || head < now->len)
    g_list_model_items_changed (G_LIST_MODEL (self), head, old->len - head - tail, now->len - head - tail);
  g_ptr_array_unref (old);
  update_jobs (self);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  FoveaModelList *self = FOVEA_MODEL_LIST (source);
  Reading *reading = g_task_propagate_pointer (G_TASK (result), NULL);

  self->in_flight = FALSE;
  if (reading != NULL && self->core != NULL)
    apply (self, reading);
  if (self->again)
    fovea_model_list_refresh (self);
}

void
fovea_model_list_refresh (FoveaModelList *self)
{
  GTask *task;

  if (self->core == NULL)
    return;
  self->again = self->in_flight;
  if (self->in_flight)
    return;
  self->in_flight = TRUE;
  task = g_task_new (self, NULL, on_read, NULL);
  g_task_set_task_data (task, reading_new (self), reading_free);
  fovea_core_read_task (self->core, task, read_models);
}

FoveaModelList *
fovea_model_list_new (FoveaCore *core, FoveaJobList *jobs)
{
  FoveaModelList *self = g_object_new (FOVEA_TYPE_MODEL_LIST, NULL);
  Reading *reading = reading_new (self);

  self->core = fovea_core_ref (core);
  self->jobs = g_object_ref (jobs);
  if (fovea_core_read (core, read_models, reading, NULL))
    apply (self, reading);
  reading_free (reading);
  g_signal_connect_object (jobs, "items-changed", G_CALLBACK (update_jobs), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (jobs, "notify::n-running", G_CALLBACK (update_jobs), self, G_CONNECT_SWAPPED);
  return self;
}

void
fovea_model_list_close (FoveaModelList *self)
{
  self->again = FALSE;
  g_clear_pointer (&self->core, fovea_core_unref);
}

FoveaModel *
fovea_model_list_lookup (FoveaModelList *self, const char *id)
{
  return find_model (self->models, id);
}
