/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n.h>
#include <string.h>

#include "models/foreign-model-private.h"
#include "nn/onnx.h"

/* ---- reading ---- */

void
fovea_foreign_port_free (FoveaForeignPort *port)
{
  g_free (port->name);
  g_free (port);
}

/* @inferred: (nullable) types and shapes of all values */
static GPtrArray *
list_ports (FoveaGraph *graph, GArray *ids, FoveaTensor **inferred)
{
  GPtrArray *ports = g_ptr_array_new_with_free_func ((GDestroyNotify) fovea_foreign_port_free);

  for (guint i = 0; i < ids->len; i++)
    {
      const int id = g_array_index (ids, int, i);
      const FoveaValue *value = fovea_graph_value (graph, id);
      FoveaForeignPort *port = g_new0 (FoveaForeignPort, 1);

      port->name = g_strdup (value->name);
      port->dtype = value->dtype;
      port->shape = value->shape;
      if (!value->has_type || value->shape.rank < 0)
        port->shape.rank = -1;
      if (port->shape.rank < 0 && inferred != NULL && inferred[id] != NULL)
        {
          port->dtype = inferred[id]->dtype;
          port->shape = inferred[id]->shape;
          if (port->shape.rank > 0)
            port->shape.dim[0] = -1;
        }
      g_ptr_array_add (ports, port);
    }
  return ports;
}

static void
list_all_ports (FoveaForeignModel *model)
{
  FoveaGraph *graph = model->graph;
  g_autofree FoveaTensor **values = g_new0 (FoveaTensor *, MAX (graph->values->len, 1));
  gboolean known = fovea_graph_infer (graph, 1, values, NULL);

  model->inputs = list_ports (graph, graph->inputs, NULL);
  model->outputs = list_ports (graph, graph->outputs, known ? values : NULL);
  for (guint i = 0; i < graph->values->len; i++)
    g_clear_pointer (&values[i], fovea_tensor_unref);
}

/* Takes @graph. */
static FoveaForeignModel *
model_new (FoveaGraph *graph, const char *path)
{
  FoveaForeignModel *model = g_new0 (FoveaForeignModel, 1);

  model->path = g_strdup (path);
  model->graph = graph;
  fovea_foreign_recipe_init (&model->guess);
  list_all_ports (model);
  fovea_foreign_guess (model);
  return model;
}

FoveaForeignModel *
fovea_foreign_model_load (const char *path, GError **error)
{
  FoveaGraph *graph = fovea_onnx_load (path, error);

  return graph != NULL ? model_new (graph, path) : NULL;
}

FoveaForeignModel *
fovea_foreign_model_new_from_bytes (GBytes *bytes, const char *path, GError **error)
{
  FoveaGraph *graph = fovea_onnx_load_bytes (bytes, error);

  return graph != NULL ? model_new (graph, path) : NULL;
}

void
fovea_foreign_model_free (FoveaForeignModel *model)
{
  fovea_foreign_recipe_clear (&model->guess);
  g_ptr_array_unref (model->inputs);
  g_ptr_array_unref (model->outputs);
  fovea_graph_unref (model->graph);
  g_free (model->path);
  g_free (model);
}

const char *
fovea_foreign_model_get_path (FoveaForeignModel *model)
{
  return model->path;
}

GPtrArray *
fovea_foreign_model_get_inputs (FoveaForeignModel *model)
{
  return model->inputs;
}

GPtrArray *
fovea_foreign_model_get_outputs (FoveaForeignModel *model)
{
  return model->outputs;
}

const FoveaForeignRecipe *
fovea_foreign_model_get_guess (FoveaForeignModel *model)
{
  return &model->guess;
}

/* ---- completing a recipe ---- */

/* What a person still has to say, all of it at once. */
typedef struct {
  FoveaForeignModel *model;
  FoveaForeignRecipe *recipe;
  const FoveaForeignPort *output; /* (nullable): one inside the graph has no port */
  GString *missing;
} Completion;

static void G_GNUC_PRINTF (2, 3)
miss (Completion *self, const char *format, ...)
{
  va_list args;

  g_string_append (self->missing, self->missing->len > 0 ? "; " : "");
  va_start (args, format);
  g_string_append_vprintf (self->missing, format, args);
  va_end (args);
}

static gboolean
refuse_detector (FoveaForeignModel *model, const char *why, GError **error)
{
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
               _("“%s” looks like a detector (%s): how its answers become boxes is not understood yet; classifiers and embedders can be imported"),
               model->path, why);
  return FALSE;
}

static const FoveaForeignPort *
find_output (FoveaForeignModel *model, const char *name)
{
  for (guint i = 0; i < model->outputs->len; i++)
    if (strcmp (((FoveaForeignPort *) g_ptr_array_index (model->outputs, i))->name, name) == 0)
      return g_ptr_array_index (model->outputs, i);
  return NULL;
}

/* One of several: the one with a name that says what it is, else the only one that has one row of numbers a picture. */
static const FoveaForeignPort *
guess_output (FoveaForeignModel *model, const char *type_id)
{
  static const char *const answers[] = { "probabilities", "logits", "probs", "scores", "output", "output0", NULL };
  static const char *const vectors[] = { "embedding", "embeddings", "image_embeds", "pooler_output", "features", NULL };
  const FoveaForeignPort *found = NULL;

  for (guint pass = 0; pass < 2; pass++)
    {
      const gboolean wants_vectors = g_strcmp0 (type_id, "visual-embedder") == 0 || pass == 1;

      for (const char *const *name = wants_vectors ? vectors : answers; *name != NULL; name++)
        if ((found = find_output (model, *name)) != NULL)
          return found;
    }
  for (guint i = 0; i < model->outputs->len; i++)
    {
      const FoveaForeignPort *port = g_ptr_array_index (model->outputs, i);

      if (port->shape.rank == 2 && found != NULL)
        return NULL;
      if (port->shape.rank == 2)
        found = port;
    }
  return found;
}

static char *
list_names (GPtrArray *ports)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < ports->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", ((FoveaForeignPort *) g_ptr_array_index (ports, i))->name);
  return g_string_free (names, FALSE);
}

static gboolean
looks_like_boxes (FoveaForeignModel *model)
{
  for (guint i = 0; i < model->outputs->len; i++)
    {
      const char *name = ((FoveaForeignPort *) g_ptr_array_index (model->outputs, i))->name;

      if (model->outputs->len > 1 && (strstr (name, "box") != NULL || strstr (name, "dets") != NULL))
        return TRUE;
    }
  return FALSE;
}

static gboolean
complete_output (Completion *self, GError **error)
{
  FoveaForeignModel *model = self->model;
  FoveaForeignRecipe *recipe = self->recipe;
  g_autofree char *names = list_names (model->outputs);

  if (recipe->output != NULL)
    {
      int id = fovea_graph_find_value (model->graph, recipe->output);

      self->output = find_output (model, recipe->output);
      if (id >= 0 && fovea_graph_value (model->graph, id)->constant == NULL)
        return TRUE;
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM, "“%s” has no output “%.80s”; it has %s", model->path,
                   recipe->output, names);
      return FALSE;
    }
  if (model->outputs->len > 1 && looks_like_boxes (model))
    return refuse_detector (model, names, error);
  self->output = model->outputs->len == 1 ? g_ptr_array_index (model->outputs, 0) : guess_output (model, recipe->type_id);
  if (self->output != NULL)
    recipe->output = g_strdup (self->output->name);
  else
    miss (self, _("which of its outputs is the answer (--output NAME: %s)"), names);
  return TRUE;
}

/* Numbers a picture; 0 not known. */
static gint64
width_of (const FoveaForeignPort *output)
{
  gint64 width = 1;

  if (output == NULL || output->shape.rank < 1)
    return 0;
  for (int i = output->shape.rank > 1 ? 1 : 0; i < output->shape.rank; i++)
    {
      const gint64 dim = output->shape.dim[i];

      if (dim < 0 || (dim > 1 && width > 1))
        return 0;
      width *= dim;
    }
  return width;
}

static gboolean
complete_type (Completion *self, GError **error)
{
  static const char *const vectors[] = { "embedding", "embeddings", "image_embeds", "pooler_output", "features", "last_hidden_state", NULL };
  FoveaForeignRecipe *recipe = self->recipe;
  const FoveaForeignPort *output = self->output;
  gint64 width = width_of (output);

  if (recipe->type_id == NULL && recipe->labels != NULL)
    recipe->type_id = g_strdup ("visual-classifier");
  if (recipe->type_id == NULL && recipe->output != NULL && g_strv_contains (vectors, recipe->output))
    recipe->type_id = g_strdup ("visual-embedder");
  if (g_strcmp0 (recipe->type_id, "visual-embedder") != 0 && output != NULL && output->shape.rank == 3 && output->shape.dim[1] != 1
      && output->shape.dim[2] != 1)
    {
      g_autofree char *shape = fovea_shape_to_string (&output->shape);
      g_autofree char *why = g_strdup_printf (_("its output “%s” is %s"), output->name, shape);

      return refuse_detector (self->model, why, error);
    }
  if (recipe->type_id == NULL)
    miss (self, _("whether it names concepts (--labels FILE or A,B,C) or makes vectors (--type visual-embedder)"));
  else if (strcmp (recipe->type_id, "visual-classifier") == 0 && recipe->labels == NULL && width > 0)
    miss (self, ngettext ("the name of its %u concept (--labels FILE or A,B,C)",
                          "the names of its %u concepts, in the order of its output (--labels FILE or A,B,C)", (gulong) width),
          (guint) width);
  else if (strcmp (recipe->type_id, "visual-classifier") == 0 && recipe->labels == NULL)
    miss (self, _("the names of its concepts, in the order of its output (--labels FILE or A,B,C)"));
  else if (strcmp (recipe->type_id, "visual-classifier") == 0 && width > 0 && width != recipe->labels->len)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                   _("“%s” answers with %u numbers a picture, but there are %u labels; give one for each"), self->model->path, (guint) width,
                   recipe->labels->len);
      return FALSE;
    }
  return TRUE;
}

/* Fovea's own, which no other input is asked about: it is only understood as a whole. */
static gboolean
is_of_two_views (FoveaForeignModel *model)
{
  g_autoptr (FoveaHead) head = NULL;
  g_autoptr (FoveaGraph) graph = model->graph->inputs->len == 2 && model->guess.has_range && model->guess.size > 0
                                   ? fovea_foreign_take_apart (model, &head)
                                   : NULL;

  return graph != NULL;
}

static gboolean
complete_input (Completion *self, GError **error)
{
  FoveaForeignRecipe *recipe = self->recipe;
  FoveaForeignInput input;

  if (recipe->output == NULL)
    return TRUE;
  if (is_of_two_views (self->model))
    {
      recipe->size = self->model->guess.size;
      return TRUE;
    }
  if (!fovea_foreign_find_input (self->model, recipe->output, &input, error))
    return FALSE;
  if (input.size > 0 && recipe->size > 0 && input.size != recipe->size)
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH, _("“%s” takes pictures of %d pixels a side, not %d"), self->model->path,
                   input.size, recipe->size);
      return FALSE;
    }
  recipe->size = input.size > 0 ? input.size : recipe->size;
  recipe->layout = input.layout >= 0 ? input.layout : recipe->layout;
  if (recipe->layout < 0)
    miss (self, _("whether the colours of its input come first or last (--layout nchw or nhwc)"));
  if (recipe->size < 0)
    miss (self, _("how many pixels a side it takes (--input-size N)"));
  if (input.dtype == FOVEA_DTYPE_U8)
    fovea_foreign_recipe_set_range (recipe, "0..255", NULL);
  if (!recipe->has_range)
    miss (self, _("what numbers it takes for pixels (--range 0..1, -1..1, 0..255 or imagenet, or --mean R,G,B --std R,G,B)"));
  return TRUE;
}

/* What made the value called @name: the operator before any that only changes shapes. NULL: an input. */
static const char *
find_last_operator (FoveaGraph *graph, const char *name)
{
  static const char *const shapes[] = { "Identity", "Flatten", "Reshape", "Squeeze", "Cast", NULL };
  int value = fovea_graph_find_value (graph, name);

  for (guint i = graph->nodes->len; i-- > 0;)
    {
      const FoveaNode *node = fovea_graph_node (graph, i);

      if (node->n_outputs < 1 || node->outputs[0] != value)
        continue;
      if (!g_strv_contains (shapes, node->op_type) || node->n_inputs < 1)
        return node->op_type;
      value = node->inputs[0];
    }
  return NULL;
}

/* What usual files do where nothing is said. */
static void
complete_rest (Completion *self)
{
  FoveaForeignRecipe *recipe = self->recipe;
  const char *last = recipe->output != NULL ? find_last_operator (self->model->graph, recipe->output) : NULL;

  if (recipe->views < 0)
    recipe->views = FOVEA_VIEWS_CROP;
  if (recipe->activation < 0)
    recipe->activation = g_strcmp0 (last, "Softmax") == 0 || g_strcmp0 (last, "Sigmoid") == 0 ? FOVEA_ACTIVATION_NONE : FOVEA_ACTIVATION_SOFTMAX;
  if (recipe->exclusive < 0 && (g_strcmp0 (last, "Softmax") == 0 || g_strcmp0 (last, "Sigmoid") == 0))
    recipe->exclusive = strcmp (last, "Softmax") == 0;
}

gboolean
fovea_foreign_model_complete (FoveaForeignModel *model, FoveaForeignRecipe *recipe, GError **error)
{
  g_autoptr (GString) missing = g_string_new (NULL);
  Completion self = { .model = model, .recipe = recipe, .missing = missing };

  if (model->detects)
    return refuse_detector (model, _("its metadata says so"), error);
  if (!complete_output (&self, error) || !complete_type (&self, error) || !complete_input (&self, error))
    return FALSE;
  complete_rest (&self);
  if (missing->len == 0)
    return TRUE;
  g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INCOMPLETE, _("“%s” does not say %s"), model->path, missing->str);
  return FALSE;
}
