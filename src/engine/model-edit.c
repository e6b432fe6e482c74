/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models as documents: listing, making one from a payload, exporting. */
#include <glib/gi18n.h>

#include "engine/engine-error.h"
#include "engine/model-actions.h"
#include "engine/model-jobs.h"
#include "engine/model-edit-private.h"
#include "engine/model-state-private.h"
#include "engine/one-concept-private.h"
#include "engine/project-private.h"
#include "engine/status-private.h"
#include "models/network.h"
#include "models/params.h"
#include "store/store-undo.h"

#define MAX_ID 48

/* ---- listing ---- */

static JsonNode *
state_json (FoveaModelState *state)
{
  return fovea_model_dup_json (state->model, state->type, state->concepts, state->version);
}

static gboolean
read_models (FoveaStore *store, gpointer data, GError **error)
{
  JsonArray *array = data;
  g_autoptr (GPtrArray) models = fovea_store_list_models (store, error);

  if (models == NULL)
    return FALSE;
  for (guint i = 0; i < models->len; i++)
    {
      const FoveaStoreModel *model = g_ptr_array_index (models, i);
      g_autoptr (FoveaModelState) state = fovea_model_state_load (store, model->public_id, error);

      if (state == NULL)
        return FALSE;
      json_array_add_element (array, state_json (state));
    }
  return TRUE;
}

JsonNode *
fovea_project_dup_models_json (FoveaProject *self, GError **error)
{
  g_autoptr (JsonNode) models = fovea_json_take_array (json_array_new ());

  if (!fovea_core_read (fovea_project_get_core (self), read_models, json_node_get_array (models), error))
    return NULL;
  return fovea_document_new ("models", g_steal_pointer (&models));
}

/* ---- making one ---- */

typedef struct {
  JsonObject *model;     /* of the payload */
  FoveaModelType *type;
  const char *id;
  GPtrArray *names;      /* of concepts, borrowed from the payload; two entries each: id (nullable), name */
} Creation;

static gboolean
invalid (GError **error, const char *what)
{
  g_set_error (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "The model's description is not understood: %s", what);
  return FALSE;
}

static const char *
string_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

static JsonObject *
object_member (JsonObject *object, const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* output_info.data.concepts: [{"id","name"}], either one is enough. */
static gboolean
parse_concepts (Creation *creation, GError **error)
{
  JsonObject *data = object_member (object_member (creation->model, "output_info"), "data");
  JsonNode *node = data != NULL ? json_object_get_member (data, "concepts") : NULL;
  JsonArray *array;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return invalid (error, "output_info.data.concepts is not an array");
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *element = json_array_get_element (array, i);
      JsonObject *concept = JSON_NODE_HOLDS_OBJECT (element) ? json_node_get_object (element) : NULL;
      const char *id = concept != NULL ? string_member (concept, "id") : NULL;
      const char *name = concept != NULL ? string_member (concept, "name") : NULL;

      if (id == NULL && name == NULL)
        return invalid (error, "a concept in output_info.data.concepts has neither id nor name");
      g_ptr_array_add (creation->names, (gpointer) id);
      g_ptr_array_add (creation->names, (gpointer) (name != NULL ? name : id));
    }
  return TRUE;
}

static gboolean
parse_model (Creation *creation, GError **error)
{
  const char *type_id;

  creation->id = string_member (creation->model, "id");
  if (creation->id == NULL || !fovea_store_is_model_id (creation->id))
    return invalid (error, "“id” must be letters and digits, with single '-' or '_' between them, at most 48");
  type_id = string_member (creation->model, "model_type_id");
  if (type_id == NULL && json_object_has_member (creation->model, "model_type_id"))
    return invalid (error, "“model_type_id” is not a string");
  creation->type = fovea_model_type_new (type_id != NULL ? type_id : "embedding-classifier", error);
  return creation->type != NULL && fovea_params_read_model (G_OBJECT (creation->type), creation->model, error)
         && parse_concepts (creation, error);
}

/* Whether what people said so far reads as "one of these": at least two concepts, never two on one picture. A suggestion that
 * was rejected leaves a picture that only says what it is not; more of those than of pictures that show something mean questions
 * of yes or no. A project that says so of itself is believed. */
static gboolean
labels_exclude_each_other (const GArray *labels, gboolean one_concept)
{
  gint64 first_concept = 0;
  gboolean several = FALSE;
  guint n_shown = 0, n_only_not = 0;

  for (guint i = 0; i < labels->len;)
    {
      gint64 input = g_array_index (labels, FoveaStoreAnnotation, i).input;
      guint n = 0;

      for (; i < labels->len && g_array_index (labels, FoveaStoreAnnotation, i).input == input; i++)
        {
          const FoveaStoreAnnotation *label = &g_array_index (labels, FoveaStoreAnnotation, i);

          if (label->value == 0)
            continue;
          if (n++ > 0 && !one_concept)
            return FALSE;
          if (first_concept == 0)
            first_concept = label->concept;
          several = several || label->concept != first_concept;
        }
      n_shown += n;
      n_only_not += n == 0;
    }
  return several && (one_concept || n_only_not <= n_shown);
}

gboolean
fovea_model_infer_exclusive (FoveaStore *store, GObject *params, GError **error)
{
  g_autoptr (GArray) labels = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (params), "concepts-mutually-exclusive") == NULL)
    return TRUE;
  labels = fovea_store_get_training_labels (store, NULL, NULL, 0, error);
  if (labels == NULL)
    return FALSE;
  g_object_set (params, "concepts-mutually-exclusive", labels_exclude_each_other (labels, fovea_one_concept_read (store)), NULL);
  return TRUE;
}

static gboolean
says_exclusive (Creation *creation)
{
  JsonObject *config = object_member (object_member (creation->model, "output_info"), "output_config");

  return config != NULL && json_object_has_member (config, "concepts_mutually_exclusive");
}

static gboolean
add_model (FoveaStore *store, Creation *creation, GError **error)
{
  const FoveaModelTypeInfo *info = fovea_model_type_get_info (creation->type);
  g_autoptr (FoveaStoreModel) model = fovea_store_model_new ();
  g_autoptr (JsonNode) params = NULL;
  const char *name = string_member (creation->model, "name"), *notes = string_member (creation->model, "notes");
  gint64 id;

  if (!says_exclusive (creation) && !fovea_model_infer_exclusive (store, G_OBJECT (creation->type), error))
    return FALSE;
  params = fovea_params_to_json (G_OBJECT (creation->type));
  model->public_id = g_strdup (creation->id);
  model->type_id = g_strdup (info->id);
  model->name = g_strdup (name != NULL ? name : creation->id);
  model->notes = g_strdup (notes != NULL ? notes : "");
  model->params = fovea_json_to_string (params);
  model->params_version = info->params_version;
  model->n_concepts = creation->names->len / 2;
  model->concepts = g_new0 (gint64, MAX (model->n_concepts, 1));
  for (gsize i = 0; i < model->n_concepts; i++)
    if (!fovea_store_ensure_concept (store, g_ptr_array_index (creation->names, 2 * i), g_ptr_array_index (creation->names, 2 * i + 1),
                                     &model->concepts[i], error))
      return FALSE;
  return fovea_store_add_model (store, model, &id, error);
}

static gboolean
write_model (FoveaStore *store, gpointer data, GError **error)
{
  Creation *creation = data;
  g_autofree char *label = g_strdup_printf (_("create model %s"), creation->id);

  if (!fovea_store_begin_command (store, label, error))
    return FALSE;
  if (add_model (store, creation, error))
    return fovea_store_commit_command (store, NULL, error);
  fovea_store_rollback_command (store);
  return FALSE;
}

gboolean
fovea_project_create_model (FoveaProject *self, JsonNode *payload, GError **error)
{
  Creation creation = { 0 };
  JsonObject *root = JSON_NODE_HOLDS_OBJECT (payload) ? json_node_get_object (payload) : NULL;
  gboolean ok;

  creation.model = object_member (root, "model");
  if (creation.model == NULL)
    return invalid (error, "it is not an object with a member “model”");
  creation.names = g_ptr_array_new ();
  ok = parse_model (&creation, error) && fovea_core_write (fovea_project_get_core (self), write_model, &creation, error);
  g_clear_object (&creation.type);
  g_ptr_array_unref (creation.names);
  return ok;
}

/* Letters and digits of @name with single '-' between them. */
static char *
id_of_name (const char *name)
{
  g_autofree char *ascii = g_str_to_ascii (name, NULL);
  GString *id = g_string_new (NULL);

  for (const char *at = ascii; *at != '\0' && id->len < MAX_ID - 4; at++)
    if (g_ascii_isalnum (*at))
      g_string_append_c (id, g_ascii_tolower (*at));
    else if (id->len > 0 && id->str[id->len - 1] != '-')
      g_string_append_c (id, '-');
  if (id->len > 0 && id->str[id->len - 1] == '-')
    g_string_truncate (id, id->len - 1);
  if (id->len == 0)
    g_string_append (id, "model");
  return g_string_free (id, FALSE);
}

char *
fovea_model_dup_free_id (FoveaStore *store, const char *name)
{
  g_autofree char *base = id_of_name (name);
  char *id = g_strdup (base);
  gint64 row;

  for (guint i = 2; fovea_store_find_model (store, id, &row, NULL); i++)
    {
      g_free (id);
      id = g_strdup_printf ("%s-%u", base, i);
    }
  return id;
}

/* ---- export ---- */

typedef struct {
  FoveaCore *core;
  char *model_id, *path;
  FoveaModelState *state;
} Export;

static gboolean
load_state (FoveaStore *store, gpointer data, GError **error)
{
  Export *self = data;

  self->state = fovea_model_state_load (store, self->model_id, error);
  return self->state != NULL;
}

static gboolean
export_embedder (Export *self, GError **error)
{
  g_autofree char *name = fovea_model_state_dup_embedder_name (self->state);
  g_autoptr (FoveaPack) pack = fovea_core_dup_pack (self->core, name, error);

  return pack != NULL && fovea_network_export_embedder (pack, self->path, error);
}

static gboolean
export (Export *self, GError **error)
{
  g_autoptr (FoveaPredictor) predictor = NULL;
  g_autoptr (FoveaPack) pack = NULL;

  if (!fovea_core_read (self->core, load_state, self, error))
    return FALSE;
  if (fovea_model_type_embeds (self->state->type))
    return export_embedder (self, error);
  predictor = fovea_model_state_dup_predictor (self->state, error);
  if (predictor == NULL)
    return FALSE;
  pack = fovea_core_dup_pack (self->core, fovea_predictor_get_pack_name (predictor), error);
  return pack != NULL && fovea_predictor_ensure_pack (predictor, pack, error) && fovea_predictor_export_onnx (predictor, self->path, error);
}

static Export *
export_new (FoveaProject *project, const char *model_id, const char *path)
{
  Export *self = g_new0 (Export, 1);

  self->core = fovea_core_ref (fovea_project_get_core (project));
  self->model_id = g_strdup (model_id);
  self->path = g_strdup (path);
  return self;
}

static void
export_free (gpointer data)
{
  Export *self = data;

  g_clear_pointer (&self->state, fovea_model_state_free);
  g_free (self->model_id);
  g_free (self->path);
  fovea_core_unref (self->core);
  g_free (self);
}

gboolean
fovea_project_export_model (FoveaProject *self, const char *model_id, const char *path, GError **error)
{
  Export *work = export_new (self, model_id, path);
  gboolean ok = export (work, error);

  export_free (work);
  return ok;
}

static gboolean
export_main (FoveaJob *job, gpointer data, GError **error)
{
  Export *self = data;
  g_autofree char *name = g_filename_display_basename (self->path);
  g_autofree char *summary = g_strdup_printf (_("Written to %s"), name);

  fovea_job_set_detail (job, _("Writing the model"));
  if (!export (self, error))
    {
      g_prefix_error (error, _("Exporting “%s”: "), self->model_id);
      return FALSE;
    }
  fovea_job_set_summary (job, summary);
  return TRUE;
}

FoveaJob *
fovea_project_export_model_job (FoveaProject *self, const char *model_id, const char *path)
{
  g_autofree char *title = g_strdup_printf (_("Export %s"), fovea_project_get_model_name (self, model_id));
  FoveaJob *job = fovea_job_new (FOVEA_JOB_EXPORT, title, export_main, export_new (self, model_id, path), export_free);

  fovea_job_set_target (job, model_id);
  fovea_project_start_job (self, job);
  return job;
}
