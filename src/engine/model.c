/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/model-private.h"

#include <string.h>

#include "engine/engine-enums.h"
#include "engine/model-state-private.h"

struct _FoveaModel {
  GObject parent_instance;
  FoveaStoreModel *row;
  gboolean trainable, failed;
  char **concepts;
  GListStore *versions;
  FoveaJob *job; /* (nullable) */
};

G_DEFINE_FINAL_TYPE (FoveaModel, fovea_model, G_TYPE_OBJECT)

enum { PROP_0, PROP_NAME, PROP_PHASE, PROP_JOB, PROP_VERSIONS, N_PROPS };
static GParamSpec *props[N_PROPS];
enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

static void
fovea_model_finalize (GObject *object)
{
  FoveaModel *self = FOVEA_MODEL (object);

  fovea_store_model_free (self->row);
  g_strfreev (self->concepts);
  g_clear_object (&self->versions);
  g_clear_object (&self->job);
  G_OBJECT_CLASS (fovea_model_parent_class)->finalize (object);
}

static void
fovea_model_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaModel *self = FOVEA_MODEL (object);

  switch (id)
    {
    case PROP_NAME: g_value_set_string (value, fovea_model_get_name (self)); break;
    case PROP_PHASE: g_value_set_enum (value, (int) fovea_model_get_phase (self)); break;
    case PROP_JOB: g_value_set_object (value, self->job); break;
    case PROP_VERSIONS: g_value_set_object (value, self->versions); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
fovea_model_class_init (FoveaModelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = fovea_model_finalize;
  object_class->get_property = fovea_model_get_property;
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, "", flags);
  props[PROP_PHASE] = g_param_spec_enum ("phase", NULL, NULL, FOVEA_TYPE_MODEL_PHASE, FOVEA_MODEL_UNTRAINED, flags);
  props[PROP_JOB] = g_param_spec_object ("job", NULL, NULL, FOVEA_TYPE_JOB, flags);
  props[PROP_VERSIONS] = g_param_spec_object ("versions", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[CHANGED] = g_signal_new ("changed", FOVEA_TYPE_MODEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
fovea_model_init (FoveaModel *self)
{
  self->versions = g_list_store_new (FOVEA_TYPE_MODEL_VERSION);
}

FoveaModel *
fovea_model_new (void)
{
  return g_object_new (FOVEA_TYPE_MODEL, NULL);
}

/* ---- what it says ---- */

const char *
fovea_model_get_id (FoveaModel *self)
{
  return self->row->public_id;
}

const char *
fovea_model_get_name (FoveaModel *self)
{
  return self->row->name != NULL && self->row->name[0] != '\0' ? self->row->name : self->row->public_id;
}

const char *
fovea_model_get_notes (FoveaModel *self)
{
  return self->row->notes != NULL ? self->row->notes : "";
}

const char *
fovea_model_get_type_id (FoveaModel *self)
{
  return self->row->type_id;
}

gboolean
fovea_model_get_trainable (FoveaModel *self)
{
  return self->trainable;
}

FoveaModelPhase
fovea_model_get_phase (FoveaModel *self)
{
  if (self->job != NULL && fovea_job_get_kind (self->job) == FOVEA_JOB_TRAIN)
    return FOVEA_MODEL_TRAINING;
  if (!self->trainable)
    return FOVEA_MODEL_READY;
  if (self->failed)
    return FOVEA_MODEL_FAILED;
  return fovea_model_get_current (self) != NULL ? FOVEA_MODEL_TRAINED : FOVEA_MODEL_UNTRAINED;
}

FoveaJob *
fovea_model_get_job (FoveaModel *self)
{
  return self->job;
}

GListModel *
fovea_model_get_versions (FoveaModel *self)
{
  return G_LIST_MODEL (self->versions);
}

FoveaModelVersion *
fovea_model_get_current (FoveaModel *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->versions));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FoveaModelVersion) version = g_list_model_get_item (G_LIST_MODEL (self->versions), i);

      if (fovea_model_version_is_trained (version))
        return version; /* the list holds it */
    }
  return NULL;
}

const char *const *
fovea_model_get_concepts (FoveaModel *self)
{
  return (const char *const *) self->concepts;
}

GObject *
fovea_model_dup_params (FoveaModel *self)
{
  return G_OBJECT (fovea_model_state_dup_type (self->row, NULL));
}

/* ---- what the list tells it ---- */

void
fovea_model_reading_free (FoveaModelReading *reading)
{
  g_clear_pointer (&reading->row, fovea_store_model_free);
  g_strfreev (reading->concepts);
  g_clear_pointer (&reading->versions, g_ptr_array_unref);
  g_free (reading);
}

static gboolean
same_row (const FoveaStoreModel *a, const FoveaStoreModel *b)
{
  return a != NULL && g_strcmp0 (a->name, b->name) == 0 && g_strcmp0 (a->notes, b->notes) == 0 && g_strcmp0 (a->params, b->params) == 0
         && a->id == b->id;
}

static gboolean
same_versions (FoveaModel *self, GPtrArray *versions)
{
  if (g_list_model_get_n_items (G_LIST_MODEL (self->versions)) != versions->len)
    return FALSE;
  for (guint i = 0; i < versions->len; i++)
    {
      g_autoptr (FoveaModelVersion) version = g_list_model_get_item (G_LIST_MODEL (self->versions), i);

      if (version != g_ptr_array_index (versions, i))
        return FALSE;
    }
  return TRUE;
}

void
fovea_model_take (FoveaModel *self, FoveaModelReading *reading)
{
  FoveaModelPhase phase = self->row != NULL ? fovea_model_get_phase (self) : FOVEA_MODEL_UNTRAINED;
  gboolean first = self->row == NULL, same = same_row (self->row, reading->row), versions = same_versions (self, reading->versions);
  gboolean concepts = self->concepts != NULL
                      && g_strv_equal ((const char *const *) self->concepts, (const char *const *) reading->concepts);
  gboolean failed = self->failed == reading->failed;

  g_clear_pointer (&self->row, fovea_store_model_free);
  self->row = g_steal_pointer (&reading->row);
  g_strfreev (self->concepts);
  self->concepts = g_steal_pointer (&reading->concepts);
  self->trainable = reading->trainable;
  self->failed = reading->failed;
  if (!versions)
    g_list_store_splice (self->versions, 0, g_list_model_get_n_items (G_LIST_MODEL (self->versions)), reading->versions->pdata,
                         reading->versions->len);
  if (first || (same && versions && concepts && failed))
    return;
  if (!same)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_NAME]);
  if (phase != fovea_model_get_phase (self))
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PHASE]);
  g_signal_emit (self, signals[CHANGED], 0);
}

void
fovea_model_set_job (FoveaModel *self, FoveaJob *job)
{
  if (!g_set_object (&self->job, job))
    return;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_JOB]);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_PHASE]);
  g_signal_emit (self, signals[CHANGED], 0);
}
