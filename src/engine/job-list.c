/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/job-list-private.h"

struct _FoveaJobList {
  GObject parent_instance;
  GPtrArray *jobs; /* newest first */
  guint n_running;
};

static void fovea_job_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaJobList, fovea_job_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, fovea_job_list_model_init))

enum { PROP_0, PROP_N_RUNNING, N_PROPS };
static GParamSpec *props[N_PROPS];

static GType
get_item_type (GListModel *model)
{
  return FOVEA_TYPE_JOB;
}

static guint
get_n_items (GListModel *model)
{
  return FOVEA_JOB_LIST (model)->jobs->len;
}

static gpointer
get_item (GListModel *model, guint position)
{
  GPtrArray *jobs = FOVEA_JOB_LIST (model)->jobs;

  return position < jobs->len ? g_object_ref (g_ptr_array_index (jobs, position)) : NULL;
}

static void
fovea_job_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
count_running (FoveaJobList *self)
{
  guint n = 0;

  for (guint i = 0; i < self->jobs->len; i++)
    n += !fovea_job_is_over (g_ptr_array_index (self->jobs, i));
  if (n == self->n_running)
    return;
  self->n_running = n;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_N_RUNNING]);
}

static void
on_finished (FoveaJob *job, FoveaJobList *self)
{
  count_running (self);
}

static void
fovea_job_list_dispose (GObject *object)
{
  FoveaJobList *self = FOVEA_JOB_LIST (object);

  for (guint i = 0; i < self->jobs->len; i++)
    g_signal_handlers_disconnect_by_data (g_ptr_array_index (self->jobs, i), self);
  g_ptr_array_set_size (self->jobs, 0);
  G_OBJECT_CLASS (fovea_job_list_parent_class)->dispose (object);
}

static void
fovea_job_list_finalize (GObject *object)
{
  g_ptr_array_unref (FOVEA_JOB_LIST (object)->jobs);
  G_OBJECT_CLASS (fovea_job_list_parent_class)->finalize (object);
}

static void
fovea_job_list_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_N_RUNNING)
    g_value_set_uint (value, FOVEA_JOB_LIST (object)->n_running);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
fovea_job_list_class_init (FoveaJobListClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = fovea_job_list_dispose;
  object_class->finalize = fovea_job_list_finalize;
  object_class->get_property = fovea_job_list_get_property;
  props[PROP_N_RUNNING] = g_param_spec_uint ("n-running", NULL, NULL, 0, G_MAXUINT, 0,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
fovea_job_list_init (FoveaJobList *self)
{
  self->jobs = g_ptr_array_new_with_free_func (g_object_unref);
}

FoveaJobList *
fovea_job_list_new (void)
{
  return g_object_new (FOVEA_TYPE_JOB_LIST, NULL);
}

void
fovea_job_list_add (FoveaJobList *self, FoveaJob *job)
{
  g_ptr_array_insert (self->jobs, 0, g_object_ref (job));
  g_signal_connect (job, "finished", G_CALLBACK (on_finished), self);
  g_list_model_items_changed (G_LIST_MODEL (self), 0, 0, 1);
  count_running (self);
}

guint
fovea_job_list_get_n_running (FoveaJobList *self)
{
  return self->n_running;
}

void
fovea_job_list_clear_finished (FoveaJobList *self)
{
  for (guint i = self->jobs->len; i-- > 0;)
    {
      FoveaJob *job = g_ptr_array_index (self->jobs, i);

      if (!fovea_job_is_over (job))
        continue;
      g_signal_handlers_disconnect_by_data (job, self);
      g_ptr_array_remove_index (self->jobs, i);
      g_list_model_items_changed (G_LIST_MODEL (self), i, 1, 0);
    }
}

void
fovea_job_list_cancel_all (FoveaJobList *self)
{
  for (guint i = 0; i < self->jobs->len; i++)
    fovea_job_cancel (g_ptr_array_index (self->jobs, i));
}
