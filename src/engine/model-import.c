/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model file becomes a model of the project with one version; or one picture is tried on it. */
#include <string.h>

#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "engine/model-edit-private.h"
#include "engine/model-file-private.h"
#include "engine/model-state-private.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "models/params.h"
#include "store/store-undo.h"
#include "store/store-weights.h"

typedef struct {
  FoveaCore *core;
  FoveaJob *job;
  FoveaModelFile *file;
  FoveaImportForm *form;
  char *id, *name;

  FoveaForeignRecipe *recipe;
  FoveaModelType *type;
  char *version_id;
  FoveaForeignResult result;
  FoveaPredictor *predictor; /* (nullable): with the ids that the project gives the concepts */
  FoveaStoreModel *model;
  FoveaStoreVersion *version;
} Import;

static gboolean
build (gpointer data, GCancellable *cancellable, GError **error)
{
  Import *self = data;

  return fovea_model_file_build (self->file, self->recipe, self->version_id, &self->result, error);
}

/* ---- store thread ---- */

/* Concepts that the project has keep their ids; others are made when a picture is predicted to show one. */
static GPtrArray *
label_ids (FoveaStore *store, GPtrArray *from)
{
  GPtrArray *labels = fovea_labels_new ();
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < from->len; i++)
    {
      const FoveaLabel *label = fovea_labels_get (from, i);
      g_autofree char *id = NULL, *name = g_strdup (label->name);
      gint64 row;

      if (fovea_store_find_concept (store, label->id, &row, NULL) || fovea_store_find_concept (store, label->name, &row, NULL))
        {
          g_autoptr (FoveaStoreConcept) concept = fovea_store_get_concept (store, row, NULL);

          id = concept != NULL ? g_strdup (concept->public_id) : NULL;
        }
      if (id == NULL)
        id = strcmp (label->id, label->name) != 0 ? g_strdup (label->id) : fovea_store_concept_id_for_name (label->name);
      for (guint n = 2; g_hash_table_contains (taken, id); n++)
        {
          g_free (id);
          id = g_strdup_printf ("%s-%u", label->id, n);
        }
      g_ptr_array_add (labels, fovea_label_new (id, name));
      g_hash_table_add (taken, g_steal_pointer (&id));
    }
  return labels;
}

/* metrics: {"imported":{…}}, as said by the file and the person */
static char *
metrics_json (Import *self)
{
  g_autoptr (JsonNode) root = fovea_json_take_object (json_object_new ());
  JsonObject *object = json_node_get_object (root);

  json_object_set_object_member (object, "splits", json_object_new ());
  json_object_set_member (object, "imported", fovea_model_file_dup_json (self->file, self->recipe));
  return fovea_json_to_string (root);
}

static char *
log_text (Import *self)
{
  g_autofree char *base = g_path_get_basename (fovea_model_file_get_path (self->file)), *file = g_utf8_make_valid (base, -1);
  g_autofree char *range = fovea_foreign_recipe_dup_range (self->recipe);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "imported from %s\n", file);
  if (self->result.n_labels > 0)
    g_string_append_printf (text, "%u concepts", self->result.n_labels);
  if (self->result.dim > 0)
    g_string_append_printf (text, "%svectors of %u numbers", self->result.n_labels > 0 ? ", " : "", self->result.dim);
  g_string_append_printf (text, "\npictures of %d pixels, %s\n", self->recipe->size, range);
  if (self->result.single)
    g_string_append (text, "computes one picture at a time\n");
  return g_string_free (text, FALSE);
}

static void
make_version (Import *self, FoveaStore *store)
{
  const FoveaModelTypeInfo *info = fovea_model_type_get_info (self->type);
  FoveaPredictor *from = self->result.predictor;
  g_autoptr (GPtrArray) labels = from != NULL ? label_ids (store, fovea_predictor_get_labels (from)) : fovea_labels_new ();
  g_autoptr (JsonNode) concepts = fovea_labels_to_json (labels), params = fovea_params_to_json (G_OBJECT (self->type));
  FoveaStoreVersion *version = fovea_store_version_new ();

  if (from != NULL)
    self->predictor = fovea_predictor_new_relabelled (from, labels);
  version->public_id = g_strdup (self->version_id);
  version->model = self->model->id;
  version->status = FOVEA_STORE_VERSION_TRAINED;
  version->status_details = g_strdup ("");
  version->description = g_strdup ("");
  version->params = fovea_json_to_string (params);
  version->params_version = info->params_version;
  version->concepts = fovea_json_to_string (concepts);
  version->data_hash = g_strdup ("");
  version->metrics = metrics_json (self);
  version->log = log_text (self);
  version->created_at = version->completed_at = g_get_real_time ();
  self->version = version;
}

static gboolean
add_model (Import *self, FoveaStore *store, GError **error)
{
  const FoveaModelTypeInfo *info = fovea_model_type_get_info (self->type);
  g_autoptr (JsonNode) params = fovea_params_to_json (G_OBJECT (self->type));
  g_autofree char *label = g_strdup_printf (_("import model %s"), self->name);

  self->model = fovea_store_model_new ();
  self->model->public_id = self->id != NULL ? g_strdup (self->id) : fovea_model_dup_free_id (store, self->name);
  self->model->type_id = g_strdup (info->id);
  self->model->name = g_strdup (self->name);
  self->model->notes = g_strdup ("");
  self->model->params = fovea_json_to_string (params);
  self->model->params_version = info->params_version;
  self->model->created_at = self->model->modified_at = g_get_real_time ();
  if (!fovea_store_begin_command (store, label, error))
    return FALSE;
  if (fovea_store_add_model (store, self->model, &self->model->id, error))
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

static gboolean
add_version (Import *self, FoveaStore *store, GError **error)
{
  g_autoptr (GBytes) head = self->predictor != NULL ? fovea_predictor_to_bytes (self->predictor) : NULL;
  gint64 id;

  if (!fovea_store_begin_work (store, error))
    return FALSE;
  if (fovea_store_add_version (store, self->version, &id, error)
      && fovea_store_put_weights (store, id, FOVEA_WEIGHTS_NETWORK, self->result.pack, error)
      && (head == NULL || fovea_store_put_weights (store, id, FOVEA_WEIGHTS_HEAD, head, error)))
    return fovea_store_commit_work (store, error);
  fovea_store_rollback_work (store);
  return FALSE;
}

/* Of a model whose version found no room nothing is left. */
static void
remove_model (Import *self, FoveaStore *store)
{
  g_autofree char *label = g_strdup_printf (_("delete model %s"), self->name);

  if (!fovea_store_begin_command (store, label, NULL))
    return;
  if (fovea_store_remove_model (store, self->model->id, NULL))
    fovea_store_commit_command (store, NULL, NULL);
  else
    fovea_store_rollback_command (store);
}

static gboolean
write_import (FoveaStore *store, gpointer data, GError **error)
{
  Import *self = data;

  if (!add_model (self, store, error))
    return FALSE;
  make_version (self, store);
  if (add_version (self, store, error))
    return TRUE;
  remove_model (self, store);
  return FALSE;
}

/* An id that is taken is known before a large network was run. */
static gboolean
check_id (FoveaStore *store, gpointer data, GError **error)
{
  Import *self = data;
  gint64 row;

  if (self->id == NULL)
    return TRUE;
  if (!fovea_store_is_model_id (self->id))
    {
      g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID,
                   "“%s” is no id of a model: letters and digits, with single '-' or '_' between them, at most 48", self->id);
      return FALSE;
    }
  if (!fovea_store_find_model (store, self->id, &row, NULL))
    return TRUE;
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_CONFLICT, "There is a model “%s” already; choose another id", self->id);
  return FALSE;
}

/* ---- the job ---- */

static gboolean
get_ready (Import *self, GError **error)
{
  if (!fovea_core_read (self->core, check_id, self, error) || !fovea_model_file_check (self->file, self->form, error))
    return FALSE;
  self->recipe = fovea_model_file_dup_recipe (self->file, self->form, error);
  if (self->recipe == NULL || !fovea_model_file_complete (self->file, self->recipe, error))
    return FALSE;
  self->type = fovea_model_type_new (self->recipe->type_id, error);
  return self->type != NULL;
}

static void
finish (Import *self)
{
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autofree char *summary = NULL;
  g_autoptr (JsonNode) document = fovea_document_new ("model", fovea_model_dup_json (self->model, self->type, none, self->version));

  json_object_set_member (json_node_get_object (document), "file", fovea_model_file_dup_json (self->file, self->recipe));
  fovea_job_set_result_json (self->job, fovea_json_to_string (document));
  summary = self->result.n_labels > 0
              ? g_strdup_printf (ngettext ("Imported, it tells %u concept", "Imported, it tells %u concepts apart", self->result.n_labels),
                                 self->result.n_labels)
              : g_strdup_printf (_("Imported, it makes vectors of %u numbers"), self->result.dim);
  fovea_job_set_summary (self->job, summary);
}

static gboolean
import_main (FoveaJob *job, gpointer data, GError **error)
{
  Import *self = data;
  g_autofree char *name = g_filename_display_basename (fovea_model_file_get_path (self->file));

  self->job = job;
  self->version_id = fovea_store_new_id ();
  fovea_job_set_detail (job, _("Trying it on test pictures"));
  if (get_ready (self, error)
      && fovea_scheduler_run (fovea_core_get_scheduler (self->core), FOVEA_PRIORITY_PREDICTION, build, self, fovea_job_get_cancellable (job), error)
      && fovea_job_checkpoint (job, error) && fovea_core_write (self->core, write_import, self, error))
    {
      finish (self);
      return TRUE;
    }
  g_prefix_error (error, _("Importing “%s”: "), name);
  return FALSE;
}

static void
free_import (gpointer data)
{
  Import *self = data;

  fovea_foreign_result_clear (&self->result);
  g_clear_pointer (&self->recipe, fovea_foreign_recipe_free);
  g_clear_pointer (&self->predictor, fovea_predictor_unref);
  g_clear_pointer (&self->model, fovea_store_model_free);
  g_clear_pointer (&self->version, fovea_store_version_free);
  g_clear_object (&self->type);
  fovea_import_form_free (self->form);
  fovea_model_file_unref (self->file);
  g_free (self->version_id);
  g_free (self->id);
  g_free (self->name);
  fovea_core_unref (self->core);
  g_free (self);
}

char *
fovea_model_import_dup_id (FoveaJob *job)
{
  const char *text = fovea_job_get_result_json (job);
  g_autoptr (JsonNode) root = text != NULL ? json_from_string (text, NULL) : NULL;

  if (fovea_job_get_state (job) != FOVEA_JOB_DONE || root == NULL)
    return NULL;
  return g_strdup (json_object_get_string_member (json_object_get_object_member (json_node_get_object (root), "model"), "id"));
}

FoveaJob *
fovea_project_import_model (FoveaProject *project, FoveaModelFile *file, const FoveaImportForm *form, const char *id, const char *name)
{
  Import *self = g_new0 (Import, 1);
  g_autofree char *title = g_strdup_printf (_("Import %s"), name);
  FoveaJob *job;

  self->core = fovea_core_ref (fovea_project_get_core (project));
  self->file = fovea_model_file_ref (file);
  self->form = fovea_import_form_copy (form);
  self->id = g_strdup (id);
  self->name = g_strdup (name);
  job = fovea_job_new (FOVEA_JOB_IMPORT_MODEL, title, import_main, self, free_import);
  fovea_project_start_job (project, job);
  return job;
}
