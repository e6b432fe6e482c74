/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/project-private.h"

#include <string.h>

#include "engine/concept-private.h"
#include "engine/engine-error.h"
#include "engine/job-list-private.h"
#include "engine/live-private.h"
#include "engine/model-private.h"
#include "engine/one-concept-private.h"
#include "engine/picture-list-private.h"
#include "engine/recent.h"
#include "engine/thumbnailer-private.h"
#include "store/store-undo.h"

struct _FoveaProject {
  GObject parent_instance;

  FoveaCore *core;
  char *name;
  gboolean read_only;
  char *read_only_reason;
  char *undo_text, *redo_text;
  gboolean one_concept;

  GMainContext *context;
  GMutex idle_mutex;
  GSource *idle; /* "changed" is on its way */

  FoveaJobList *jobs;
  FoveaConceptList *concepts;
  FoveaModelList *models;
  FoveaPictureList *pictures;
  FoveaLive *live;
  GPtrArray *views; /* weak FoveaPictureList, the above too */
  FoveaThumbnailer *thumbnailer;
};

G_DEFINE_FINAL_TYPE (FoveaProject, fovea_project, G_TYPE_OBJECT)

enum { PROP_0, PROP_NAME, PROP_PATH, PROP_READ_ONLY, PROP_UNDO_TEXT, PROP_REDO_TEXT, PROP_ONE_CONCEPT, N_PROPS };
static GParamSpec *props[N_PROPS];
enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* ---- changes ---- */

typedef struct {
  char *undo_text, *redo_text;
  gboolean one_concept;
} History;

static gboolean
read_history (FoveaStore *store, gpointer data, GError **error)
{
  History *history = data;

  history->undo_text = fovea_store_dup_undo_label (store);
  history->redo_text = fovea_store_dup_redo_label (store);
  history->one_concept = fovea_one_concept_read (store);
  return TRUE;
}

static void
history_free (gpointer data)
{
  g_free (((History *) data)->undo_text);
  g_free (((History *) data)->redo_text);
  g_free (data);
}

static void
take_text (FoveaProject *self, char **field, char **value, int prop)
{
  if (*value == NULL)
    *value = g_strdup ("");
  if (g_strcmp0 (*field, *value) == 0)
    return;
  g_free (*field);
  *field = g_steal_pointer (value);
  g_object_notify_by_pspec (G_OBJECT (self), props[prop]);
}

void
fovea_project_take_one_concept (FoveaProject *self, gboolean one)
{
  if (self->one_concept == one)
    return;
  self->one_concept = one;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_ONE_CONCEPT]);
}

static void
on_history (GObject *source, GAsyncResult *result, gpointer data)
{
  FoveaProject *self = FOVEA_PROJECT (source);
  History *history = g_task_propagate_pointer (G_TASK (result), NULL);

  if (history == NULL)
    return;
  take_text (self, &self->undo_text, &history->undo_text, PROP_UNDO_TEXT);
  take_text (self, &self->redo_text, &history->redo_text, PROP_REDO_TEXT);
  fovea_project_take_one_concept (self, history->one_concept);
}

static void
refresh_history (FoveaProject *self)
{
  GTask *task = g_task_new (self, NULL, on_history, NULL);

  g_task_set_task_data (task, g_new0 (History, 1), history_free);
  fovea_core_read_task (self->core, task, read_history);
}

static gboolean
on_changed_idle (gpointer data)
{
  FoveaProject *self = data;

  g_mutex_lock (&self->idle_mutex);
  g_clear_pointer (&self->idle, g_source_unref);
  g_mutex_unlock (&self->idle_mutex);

  refresh_history (self);
  if (self->concepts != NULL)
    fovea_concept_list_refresh (self->concepts);
  if (self->models != NULL)
    fovea_model_list_refresh (self->models);
  if (self->live != NULL)
    fovea_live_refresh (self->live);
  for (guint i = 0; i < self->views->len; i++)
    fovea_picture_list_refresh (g_ptr_array_index (self->views, i));
  g_signal_emit (self, signals[CHANGED], 0);
  return G_SOURCE_REMOVE;
}

/* Store thread. The source holds no reference: close() removes it. */
static void
on_core_changed (gpointer data)
{
  FoveaProject *self = data;

  g_mutex_lock (&self->idle_mutex);
  if (self->idle == NULL)
    {
      self->idle = g_idle_source_new ();
      g_source_set_callback (self->idle, on_changed_idle, self, NULL);
      g_source_attach (self->idle, self->context);
    }
  g_mutex_unlock (&self->idle_mutex);
}

/* ---- object ---- */

static void on_view_gone (gpointer data, GObject *view);

static void
fovea_project_finalize (GObject *object)
{
  FoveaProject *self = FOVEA_PROJECT (object);

  for (guint i = 0; i < self->views->len; i++)
    g_object_weak_unref (g_ptr_array_index (self->views, i), on_view_gone, self);
  g_ptr_array_set_size (self->views, 0);
  if (self->core != NULL)
    g_critical ("FoveaProject was not closed before its last reference went");
  g_clear_object (&self->jobs);
  g_clear_object (&self->concepts);
  g_clear_object (&self->models);
  g_clear_object (&self->pictures);
  g_clear_object (&self->live);
  g_clear_pointer (&self->views, g_ptr_array_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_mutex_clear (&self->idle_mutex);
  g_free (self->name);
  g_free (self->read_only_reason);
  g_free (self->undo_text);
  g_free (self->redo_text);
  G_OBJECT_CLASS (fovea_project_parent_class)->finalize (object);
}

static void
fovea_project_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FoveaProject *self = FOVEA_PROJECT (object);

  switch (id)
    {
    case PROP_NAME: g_value_set_string (value, self->name); break;
    case PROP_PATH: g_value_set_string (value, fovea_project_get_path (self)); break;
    case PROP_READ_ONLY: g_value_set_boolean (value, self->read_only); break;
    case PROP_UNDO_TEXT: g_value_set_string (value, self->undo_text); break;
    case PROP_REDO_TEXT: g_value_set_string (value, self->redo_text); break;
    case PROP_ONE_CONCEPT: g_value_set_boolean (value, self->one_concept); break;
    default: G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
fovea_project_class_init (FoveaProjectClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->finalize = fovea_project_finalize;
  object_class->get_property = fovea_project_get_property;
  props[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, "", flags);
  props[PROP_PATH] = g_param_spec_string ("path", NULL, NULL, "", flags);
  props[PROP_READ_ONLY] = g_param_spec_boolean ("read-only", NULL, NULL, FALSE, flags);
  props[PROP_UNDO_TEXT] = g_param_spec_string ("undo-text", NULL, NULL, "", flags);
  props[PROP_REDO_TEXT] = g_param_spec_string ("redo-text", NULL, NULL, "", flags);
  props[PROP_ONE_CONCEPT] = g_param_spec_boolean ("one-concept", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
  signals[CHANGED] = g_signal_new ("changed", FOVEA_TYPE_PROJECT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
fovea_project_init (FoveaProject *self)
{
  g_mutex_init (&self->idle_mutex);
  self->context = g_main_context_ref_thread_default ();
  self->jobs = fovea_job_list_new ();
  self->views = g_ptr_array_new ();
  self->undo_text = g_strdup ("");
  self->redo_text = g_strdup ("");
}

static gboolean
read_basics (FoveaStore *store, gpointer data, GError **error)
{
  FoveaProject *self = data;
  g_autofree char *undo_text = fovea_store_dup_undo_label (store);
  g_autofree char *redo_text = fovea_store_dup_redo_label (store);

  self->read_only = fovea_store_is_read_only (store);
  self->read_only_reason = g_strdup (self->read_only ? fovea_store_get_read_only_reason (store) : "");
  g_free (self->undo_text);
  self->undo_text = g_strdup (undo_text != NULL ? undo_text : "");
  g_free (self->redo_text);
  self->redo_text = g_strdup (redo_text != NULL ? redo_text : "");
  self->one_concept = fovea_one_concept_read (store);
  return TRUE;
}

/* "shoes" of "/a/shoes.fovea", fit to be shown. */
static char *
name_of (const char *path)
{
  g_autofree char *base = g_path_get_basename (path);

  if (g_str_has_suffix (base, ".fovea") && strlen (base) > strlen (".fovea"))
    base[strlen (base) - strlen (".fovea")] = '\0';
  return g_filename_display_name (base);
}

static FoveaProject *
wrap_core (FoveaCore *core, GError **error)
{
  g_autoptr (FoveaProject) self = g_object_new (FOVEA_TYPE_PROJECT, NULL);
  FoveaCoreWatch watch = { on_core_changed, self };

  self->core = core;
  self->name = name_of (fovea_core_get_path (core));
  if (!fovea_core_read (core, read_basics, self, error))
    {
      fovea_project_close (self);
      return NULL;
    }
  fovea_core_set_watch (core, &watch);
  fovea_recent_add (fovea_core_get_path (core));
  return g_steal_pointer (&self);
}

static FoveaProject *
open_or_create (const char *path, gboolean create, GError **error)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  FoveaCore *core = fovea_core_new (absolute, create, error);

  return core != NULL ? wrap_core (core, error) : NULL;
}

FoveaProject *
fovea_project_create (const char *path, GError **error)
{
  return open_or_create (path, TRUE, error);
}

FoveaProject *
fovea_project_open (const char *path, GError **error)
{
  return open_or_create (path, FALSE, error);
}

typedef struct {
  char *path;
  gboolean create;
  GTask *task;
  FoveaCore *core;
  GError *error;
} Opening;

/* In the opener's context: the object is made where it will be used. */
static gboolean
finish_opening (gpointer data)
{
  Opening *opening = data;
  FoveaProject *project = NULL;

  if (opening->core != NULL && !g_cancellable_is_cancelled (g_task_get_cancellable (opening->task)))
    project = wrap_core (g_steal_pointer (&opening->core), &opening->error);
  if (opening->core != NULL)
    {
      fovea_core_close (opening->core);
      fovea_core_unref (opening->core);
      g_cancellable_set_error_if_cancelled (g_task_get_cancellable (opening->task), &opening->error);
    }
  if (project != NULL)
    g_task_return_pointer (opening->task, project, g_object_unref);
  else
    g_task_return_error (opening->task, g_steal_pointer (&opening->error));
  g_object_unref (opening->task);
  g_free (opening->path);
  g_free (opening);
  return G_SOURCE_REMOVE;
}

static gpointer
open_on_thread (gpointer data)
{
  Opening *opening = data;
  g_autoptr (GSource) idle = g_idle_source_new ();

  opening->core = fovea_core_new (opening->path, opening->create, &opening->error);
  g_source_set_priority (idle, G_PRIORITY_DEFAULT);
  g_source_set_callback (idle, finish_opening, opening, NULL);
  g_source_attach (idle, g_task_get_context (opening->task));
  return NULL;
}

void
fovea_project_open_async (const char *path, gboolean create, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  Opening *opening = g_new0 (Opening, 1);

  opening->path = g_canonicalize_filename (path, NULL);
  opening->create = create;
  opening->task = g_task_new (NULL, cancellable, callback, data);
  g_thread_unref (g_thread_new ("open", open_on_thread, opening));
}

FoveaProject *
fovea_project_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
end_jobs (FoveaProject *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->jobs));

  fovea_job_list_cancel_all (self->jobs);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FoveaJob) job = g_list_model_get_item (G_LIST_MODEL (self->jobs), i);

      fovea_job_wait (job, NULL, NULL, NULL);
    }
}

void
fovea_project_close (FoveaProject *self)
{
  if (self->core == NULL)
    return;
  end_jobs (self);
  if (self->live != NULL)
    fovea_live_close (self->live);
  for (guint i = 0; i < self->views->len; i++)
    fovea_picture_list_close (g_ptr_array_index (self->views, i));
  if (self->concepts != NULL)
    fovea_concept_list_close (self->concepts);
  if (self->models != NULL)
    fovea_model_list_close (self->models);
  g_clear_pointer (&self->thumbnailer, fovea_thumbnailer_free);
  fovea_core_set_watch (self->core, NULL);
  g_mutex_lock (&self->idle_mutex);
  if (self->idle != NULL)
    g_source_destroy (self->idle);
  g_clear_pointer (&self->idle, g_source_unref);
  g_mutex_unlock (&self->idle_mutex);
  fovea_core_close (self->core);
  g_clear_pointer (&self->core, fovea_core_unref);
}

/* ---- what it holds ---- */

FoveaCore *
fovea_project_get_core (FoveaProject *self)
{
  return self->core;
}

void
fovea_project_start_job (FoveaProject *self, FoveaJob *job)
{
  fovea_job_list_add (self->jobs, job);
  fovea_job_start (job);
}

const char *
fovea_project_get_name (FoveaProject *self)
{
  return self->name;
}

const char *
fovea_project_get_path (FoveaProject *self)
{
  return self->core != NULL ? fovea_core_get_path (self->core) : "";
}

gboolean
fovea_project_get_read_only (FoveaProject *self)
{
  return self->read_only;
}

const char *
fovea_project_get_read_only_reason (FoveaProject *self)
{
  return self->read_only_reason;
}

gboolean
fovea_project_get_one_concept (FoveaProject *self)
{
  return self->one_concept;
}

FoveaJobList *
fovea_project_get_jobs (FoveaProject *self)
{
  return self->jobs;
}

FoveaConceptList *
fovea_project_get_concepts (FoveaProject *self)
{
  if (self->concepts == NULL)
    self->concepts = fovea_concept_list_new (self->core);
  return self->concepts;
}

FoveaModelList *
fovea_project_get_models (FoveaProject *self)
{
  if (self->models == NULL)
    self->models = fovea_model_list_new (self->core, self->jobs);
  return self->models;
}

const char *
fovea_project_get_model_name (FoveaProject *self, const char *model_id)
{
  FoveaModel *model = self->models != NULL ? fovea_model_list_lookup (self->models, model_id) : NULL;

  return model != NULL ? fovea_model_get_name (model) : model_id;
}

static void
on_view_gone (gpointer data, GObject *view)
{
  g_ptr_array_remove (((FoveaProject *) data)->views, view);
}

static void
on_live_updated (FoveaLive *live, FoveaProject *self)
{
  for (guint i = 0; i < self->views->len; i++)
    fovea_picture_list_suggestions_changed (g_ptr_array_index (self->views, i));
}

FoveaLive *
fovea_project_get_live (FoveaProject *self)
{
  if (self->live == NULL)
    {
      self->live = fovea_live_new (self->core);
      g_signal_connect_object (self->live, "updated", G_CALLBACK (on_live_updated), self, 0);
    }
  return self->live;
}

FoveaPictureList *
fovea_project_new_picture_list (FoveaProject *self)
{
  FoveaPictureList *list = fovea_picture_list_new (self->core, fovea_project_get_concepts (self), fovea_project_get_live (self));

  g_ptr_array_add (self->views, list);
  g_object_weak_ref (G_OBJECT (list), on_view_gone, self);
  return list;
}

FoveaPictureList *
fovea_project_get_pictures (FoveaProject *self)
{
  if (self->pictures == NULL)
    self->pictures = fovea_project_new_picture_list (self);
  return self->pictures;
}

const char *
fovea_project_get_undo_text (FoveaProject *self)
{
  return self->undo_text;
}

const char *
fovea_project_get_redo_text (FoveaProject *self)
{
  return self->redo_text;
}

/* ---- pixels ---- */

static FoveaThumbnailer *
get_thumbnailer (FoveaProject *self)
{
  if (self->thumbnailer == NULL)
    self->thumbnailer = fovea_thumbnailer_new (self->core);
  return self->thumbnailer;
}

void
fovea_project_load_thumbnail_async (FoveaProject *self, FoveaPicture *picture, int size, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_source_tag (task, fovea_project_load_thumbnail_async);
  fovea_thumbnailer_load (get_thumbnailer (self), task, picture, size, TRUE);
}

void
fovea_project_load_picture_async (FoveaProject *self, FoveaPicture *picture, int max_side, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_source_tag (task, fovea_project_load_thumbnail_async);
  fovea_thumbnailer_load (get_thumbnailer (self), task, picture, max_side, FALSE);
}

void
fovea_project_load_file_async (FoveaProject *self, const char *path, int max_side, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer data)
{
  GTask *task = g_task_new (self, cancellable, callback, data);

  g_task_set_source_tag (task, fovea_project_load_thumbnail_async);
  fovea_thumbnailer_load_file (get_thumbnailer (self), task, path, max_side);
}

GBytes *
fovea_project_load_thumbnail_finish (FoveaProject *self, GAsyncResult *result, int *ret_width, int *ret_height, int *ret_stride,
                                     GError **error)
{
  FoveaImage *image = g_task_propagate_pointer (G_TASK (result), error);

  if (image == NULL)
    return NULL;
  *ret_width = image->width;
  *ret_height = image->height;
  *ret_stride = image->width * 3;
  return g_bytes_new_with_free_func (image->data, (gsize) image->width * (gsize) image->height * 3,
                                     (GDestroyNotify) fovea_image_unref, image);
}
