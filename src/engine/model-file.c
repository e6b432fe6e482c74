/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "engine/engine-error.h"
#include "engine/model-file-private.h"
#include "engine/status-private.h"

struct _FoveaModelFile {
  gatomicrefcount ref_count;
  FoveaForeignModel *model;
};

FoveaModelFile *
fovea_model_file_open (const char *path, GError **error)
{
  FoveaForeignModel *model = fovea_foreign_model_load (path, error);
  FoveaModelFile *self;

  if (model == NULL)
    return NULL;
  self = g_new0 (FoveaModelFile, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->model = model;
  return self;
}

static void
open_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;
  FoveaModelFile *self = fovea_model_file_open (data, &error);

  if (self != NULL)
    g_task_return_pointer (task, self, (GDestroyNotify) fovea_model_file_unref);
  else
    g_task_return_error (task, error);
}

void
fovea_model_file_open_async (const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_task_data (task, g_strdup (path), g_free);
  g_task_run_in_thread (task, open_in_thread); /* reading a file, a second at the most */
}

FoveaModelFile *
fovea_model_file_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

FoveaModelFile *
fovea_model_file_ref (FoveaModelFile *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
fovea_model_file_unref (FoveaModelFile *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  fovea_foreign_model_free (self->model);
  g_free (self);
}

const char *
fovea_model_file_get_path (FoveaModelFile *self)
{
  return fovea_foreign_model_get_path (self->model);
}

char *
fovea_model_file_dup_name (FoveaModelFile *self)
{
  g_autofree char *base = g_path_get_basename (fovea_model_file_get_path (self)), *name = g_utf8_make_valid (base, -1);

  if (g_str_has_suffix (name, ".onnx"))
    name[strlen (name) - strlen (".onnx")] = '\0';
  return g_strdup (name[0] != '\0' ? name : "model");
}

/* ---- inputs and outputs ---- */

/* "[N, 3, 224, 224]": the first dimension that is open is the batch. */
static char *
dup_shape (const FoveaShape *shape)
{
  GString *text;

  if (shape->rank < 0)
    return g_strdup ("?");
  text = g_string_new ("[");
  for (int i = 0; i < shape->rank; i++)
    {
      g_string_append (text, i > 0 ? ", " : "");
      if (shape->dim[i] >= 0)
        g_string_append_printf (text, "%" G_GINT64_FORMAT, shape->dim[i]);
      else
        g_string_append (text, i == 0 ? "N" : "?");
    }
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static char **
describe_ports (GPtrArray *ports, gboolean name_only)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < ports->len; i++)
    {
      const FoveaForeignPort *port = g_ptr_array_index (ports, i);
      g_autofree char *shape = dup_shape (&port->shape);
      const char *type = port->shape.rank >= 0 ? fovea_dtype_name (port->dtype) : "";
      g_autofree char *line = name_only ? g_strdup (port->name) : g_strdup_printf ("%s: %s %s", port->name, type, shape);

      g_strv_builder_add (builder, line);
    }
  return g_strv_builder_end (builder);
}

char **
fovea_model_file_dup_inputs (FoveaModelFile *self)
{
  return describe_ports (fovea_foreign_model_get_inputs (self->model), FALSE);
}

char **
fovea_model_file_dup_outputs (FoveaModelFile *self)
{
  return describe_ports (fovea_foreign_model_get_outputs (self->model), FALSE);
}

char **
fovea_model_file_dup_output_names (FoveaModelFile *self)
{
  return describe_ports (fovea_foreign_model_get_outputs (self->model), TRUE);
}

/* ---- forms ---- */

void
fovea_import_form_init (FoveaImportForm *form)
{
  *form = (FoveaImportForm){ .bgr = -1 };
}

void
fovea_import_form_clear (FoveaImportForm *form)
{
  char **const texts[] = { &form->type, &form->output, &form->labels, &form->fit, &form->range, &form->mean, &form->std,
                           &form->layout, &form->activation };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_clear_pointer (texts[i], g_free);
}

FoveaImportForm *
fovea_import_form_copy (const FoveaImportForm *form)
{
  FoveaImportForm *copy = g_memdup2 (form, sizeof *form);
  char **const texts[] = { &copy->type, &copy->output, &copy->labels, &copy->fit, &copy->range, &copy->mean, &copy->std,
                           &copy->layout, &copy->activation };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = g_strdup (*texts[i]);
  return copy;
}

void
fovea_import_form_free (FoveaImportForm *form)
{
  fovea_import_form_clear (form);
  g_free (form);
}

/* Whoever reads the message can do something about it: INVALID, whatever room it came from. */
static void
propagate (GError **error, GError *reason)
{
  g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, reason->message);
  g_error_free (reason);
}

static gboolean
read_texts (FoveaForeignRecipe *said, const FoveaImportForm *form, GError **error)
{
  said->output = g_strdup (form->output);
  said->bgr = form->bgr;
  said->size = form->size > 0 ? (int) MIN (form->size, G_MAXINT) : -1;
  if (form->labels != NULL)
    {
      said->labels = form->labels_are_file ? fovea_foreign_read_labels (form->labels, error)
                                           : fovea_foreign_parse_labels (form->labels, -1, error);
      if (said->labels == NULL)
        return FALSE;
    }
  if (said->size > 4096 || (said->size >= 0 && said->size < 8))
    {
      g_set_error_literal (error, FOVEA_ENGINE_ERROR, FOVEA_ENGINE_ERROR_INVALID, "a network's pictures have 8 to 4096 pixels a side");
      return FALSE;
    }
  return (form->type == NULL || fovea_foreign_recipe_set_type (said, form->type, error))
         && (form->fit == NULL || fovea_foreign_recipe_set_fit (said, form->fit, error))
         && (form->range == NULL || fovea_foreign_recipe_set_range (said, form->range, error))
         && ((form->mean == NULL && form->std == NULL) || fovea_foreign_recipe_set_mean_std (said, form->mean, form->std, error))
         && (form->layout == NULL || fovea_foreign_recipe_set_layout (said, form->layout, error))
         && (form->activation == NULL || fovea_foreign_recipe_set_activation (said, form->activation, error));
}

FoveaForeignRecipe *
fovea_model_file_dup_recipe (FoveaModelFile *self, const FoveaImportForm *form, GError **error)
{
  g_auto (FoveaForeignRecipe) said;
  FoveaForeignRecipe *recipe;
  GError *reason = NULL;

  fovea_foreign_recipe_init (&said);
  if (!read_texts (&said, form, &reason))
    {
      propagate (error, reason);
      return NULL;
    }
  recipe = fovea_foreign_recipe_copy (fovea_foreign_model_get_guess (self->model));
  fovea_foreign_recipe_merge (recipe, &said);
  return recipe;
}

gboolean
fovea_model_file_complete (FoveaModelFile *self, FoveaForeignRecipe *recipe, GError **error)
{
  GError *reason = NULL;

  if (fovea_foreign_model_complete (self->model, recipe, &reason))
    return TRUE;
  propagate (error, reason);
  return FALSE;
}

gboolean
fovea_model_file_check (FoveaModelFile *self, const FoveaImportForm *form, GError **error)
{
  g_autoptr (FoveaForeignRecipe) recipe = fovea_model_file_dup_recipe (self, form, error);

  return recipe != NULL && fovea_model_file_complete (self, recipe, error);
}

static char *
dup_fit (const FoveaForeignRecipe *recipe)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (recipe->views < 0)
    return NULL;
  if (recipe->views == FOVEA_VIEWS_CROP && recipe->crop_fraction > 0)
    return g_strconcat ("crop:", g_ascii_formatd (number, sizeof number, "%.6g", recipe->crop_fraction), NULL);
  return g_strdup (fovea_views_name ((FoveaViews) recipe->views));
}

static char *
dup_label_lines (GPtrArray *labels)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < labels->len; i++)
    g_string_append_printf (text, "%s\n", fovea_labels_get (labels, i)->name);
  return g_string_free (text, FALSE);
}

char *
fovea_import_dup_label_lines (const char *text, gsize length, GError **error)
{
  GError *reason = NULL;
  g_autoptr (GPtrArray) labels = fovea_foreign_parse_labels (text, (gssize) length, &reason);

  if (labels != NULL)
    return dup_label_lines (labels);
  propagate (error, reason);
  return NULL;
}

FoveaImportForm *
fovea_model_file_dup_guess (FoveaModelFile *self, const FoveaImportForm *form)
{
  g_autoptr (FoveaForeignRecipe) recipe = fovea_model_file_dup_recipe (self, form, NULL);
  FoveaImportForm *guess = g_new0 (FoveaImportForm, 1);
  g_autofree char *range = NULL;

  if (recipe == NULL)
    recipe = fovea_foreign_recipe_copy (fovea_foreign_model_get_guess (self->model));
  fovea_foreign_model_complete (self->model, recipe, NULL);
  guess->type = g_strdup (recipe->type_id);
  guess->output = g_strdup (recipe->output);
  guess->labels = recipe->labels != NULL ? dup_label_lines (recipe->labels) : NULL;
  guess->size = recipe->size > 0 ? (guint) recipe->size : 0;
  guess->fit = dup_fit (recipe);
  range = fovea_foreign_recipe_dup_range (recipe);
  if (range != NULL && g_str_has_prefix (range, "mean "))
    {
      g_auto (GStrv) words = g_strsplit (range, " ", 4);

      guess->mean = g_strdup (words[1]);
      guess->std = g_strdup (words[3]);
    }
  else
    guess->range = g_strdup (range);
  guess->layout = recipe->layout >= 0 ? g_strdup (fovea_layout_name ((FoveaLayout) recipe->layout)) : NULL;
  guess->activation = recipe->activation >= 0 ? g_strdup (fovea_activation_name ((FoveaActivation) recipe->activation)) : NULL;
  guess->bgr = recipe->bgr;
  return guess;
}

/* ---- documents ---- */

static JsonNode *
strings_json (char **strings)
{
  JsonArray *array = json_array_new ();

  for (char **string = strings; *string != NULL; string++)
    json_array_add_string_element (array, *string);
  return fovea_json_take_array (array);
}

static void
add_text (JsonObject *object, const char *member, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, member, text);
}

static JsonNode *
recipe_json (const FoveaForeignRecipe *recipe)
{
  JsonObject *object = json_object_new ();
  g_autofree char *fit = dup_fit (recipe), *range = fovea_foreign_recipe_dup_range (recipe);

  add_text (object, "type", recipe->type_id);
  add_text (object, "output", recipe->output);
  if (recipe->size > 0)
    json_object_set_int_member (object, "input_size", recipe->size);
  add_text (object, "fit", fit);
  add_text (object, "range", range);
  add_text (object, "layout", recipe->layout >= 0 ? fovea_layout_name ((FoveaLayout) recipe->layout) : NULL);
  add_text (object, "order", recipe->bgr == 1 ? "bgr" : "rgb");
  if (g_strcmp0 (recipe->type_id, "visual-classifier") == 0)
    add_text (object, "activation", recipe->activation >= 0 ? fovea_activation_name ((FoveaActivation) recipe->activation) : NULL);
  if (recipe->labels != NULL)
    json_object_set_member (object, "labels", fovea_labels_to_json (recipe->labels));
  return fovea_json_take_object (object);
}

JsonNode *
fovea_model_file_dup_json (FoveaModelFile *self, const FoveaForeignRecipe *recipe)
{
  g_auto (GStrv) inputs = fovea_model_file_dup_inputs (self), outputs = fovea_model_file_dup_outputs (self);
  g_autofree char *path = g_utf8_make_valid (fovea_model_file_get_path (self), -1);
  g_autoptr (FoveaForeignRecipe) whole = fovea_foreign_recipe_copy (recipe);
  JsonObject *object = json_object_new ();

  fovea_foreign_model_complete (self->model, whole, NULL);
  json_object_set_string_member (object, "path", path);
  json_object_set_member (object, "inputs", strings_json (inputs));
  json_object_set_member (object, "outputs", strings_json (outputs));
  json_object_set_member (object, "recipe", recipe_json (whole));
  return fovea_json_take_object (object);
}

gboolean
fovea_model_file_build (FoveaModelFile *self, const FoveaForeignRecipe *recipe, const char *name, FoveaForeignResult *ret_result, GError **error)
{
  GError *reason = NULL;

  if (fovea_foreign_model_build (self->model, recipe, name, ret_result, &reason))
    return TRUE;
  propagate (error, reason);
  return FALSE;
}
