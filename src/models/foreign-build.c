/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "config.h"
#include "models/foreign-model-private.h"
#include "nn/onnx.h"
#include "nn/plan.h"

#define N_TESTS 2
#define SAME 1e-3f /* what a picture may be answered differently among others */

void
fovea_foreign_result_clear (FoveaForeignResult *result)
{
  g_clear_pointer (&result->pack, g_bytes_unref);
  g_clear_pointer (&result->predictor, fovea_predictor_unref);
}

/* ---- what a pack says ---- */

static void
set_numbers (FoveaGraph *graph, const char *key, const float *values)
{
  GString *text = g_string_new (NULL);

  for (guint c = 0; c < 3; c++)
    {
      char number[G_ASCII_DTOSTR_BUF_SIZE];

      g_string_append_printf (text, "%s%s", c > 0 ? "," : "", g_ascii_formatd (number, sizeof number, "%.9g", (double) values[c]));
    }
  fovea_graph_set_metadata (graph, key, text->str);
  g_string_free (text, TRUE);
}

static void
describe_input (FoveaGraph *graph, const FoveaForeignRecipe *recipe)
{
  g_autofree char *size = g_strdup_printf ("%d", recipe->size), *pad = NULL;
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  FoveaInputSpec spec;

  fovea_foreign_recipe_get_spec (recipe, &spec);
  pad = g_strdup_printf ("%u", spec.pad);
  fovea_graph_set_metadata (graph, "fovea.input.size", size);
  fovea_graph_set_metadata (graph, "fovea.input.crop_fraction", g_ascii_formatd (number, sizeof number, "%.6g", spec.crop_fraction));
  fovea_graph_set_metadata (graph, "fovea.input.pad", pad);
  fovea_graph_set_metadata (graph, "fovea.input.order", spec.bgr ? "bgr" : "rgb");
  set_numbers (graph, "fovea.input.mean", spec.mean);
  set_numbers (graph, "fovea.input.scale", spec.scale);
}

/* A text of the file's that is short enough to be shown, or @otherwise. */
static char *
dup_said (FoveaForeignModel *model, const char *key, const char *otherwise)
{
  const char *value = g_hash_table_lookup (model->graph->metadata, key);

  return g_strdup (value != NULL && value[0] != '\0' && strlen (value) <= 400 && g_utf8_validate (value, -1, NULL) ? value : otherwise);
}

static void
describe (FoveaGraph *graph, FoveaForeignModel *model, const FoveaForeignRecipe *recipe, const char *name, gboolean classifies)
{
  g_autofree char *base = g_path_get_basename (model->path), *file = g_utf8_make_valid (base, -1);
  g_autofree char *source = g_strdup_printf ("imported from %s", file);
  g_autofree char *own_license = dup_said (model, "license", "of its author"), *license = dup_said (model, "fovea.license", own_license);
  g_autofree char *title = dup_said (model, "fovea.title", file);

  g_hash_table_remove_all (graph->metadata);
  fovea_graph_set_metadata (graph, "fovea.pack", name);
  fovea_graph_set_metadata (graph, "fovea.task", classifies ? "visual-classifier visual-embedder" : "visual-embedder");
  fovea_graph_set_metadata (graph, "fovea.title", title);
  fovea_graph_set_metadata (graph, "fovea.license", license);
  fovea_graph_set_metadata (graph, "fovea.source", source);
  fovea_graph_set_metadata (graph, "fovea.version", FOVEA_VERSION);
  describe_input (graph, recipe);
  if (classifies)
    {
      g_autoptr (JsonNode) labels = fovea_labels_to_json (recipe->labels);
      g_autofree char *text = json_to_string (labels, FALSE);

      fovea_graph_set_metadata (graph, "fovea.labels", text);
      fovea_graph_set_metadata (graph, "fovea.activation", fovea_activation_name ((FoveaActivation) recipe->activation));
      fovea_graph_set_metadata (graph, "fovea.exclusive", recipe->exclusive == 1 ? "true" : "false");
    }
  fovea_graph_set_metadata (graph, "fovea.fit", fovea_views_name ((FoveaViews) recipe->views));
}

/* The pack of @graph, as it will be read again. */
static FoveaPack *
make_pack (FoveaForeignModel *model, FoveaGraph *graph, FoveaForeignResult *result, GError **error)
{
  FoveaPack *pack;

  result->pack = fovea_onnx_save_bytes (graph, error);
  pack = result->pack != NULL ? fovea_pack_new_from_bytes (result->pack, model->path, error) : NULL;
  if (pack == NULL)
    g_clear_pointer (&result->pack, g_bytes_unref);
  return pack;
}

/* ---- test pictures ---- */

static gboolean
is_near (const float *a, const float *b, gsize n)
{
  float scale = 1;

  for (gsize i = 0; i < n; i++)
    scale = MAX (scale, fabsf (b[i]));
  for (gsize i = 0; i < n; i++)
    if (!(fabsf (a[i] - b[i]) <= SAME * scale))
      return FALSE;
  return TRUE;
}

/* Answers of @graph to each test picture alone: @ret[t * n_outputs + output]. */
static gboolean
run_singly (FoveaPlan *plan, const FoveaGraph *graph, FoveaTensor *pictures, FoveaTensor **ret, GError **error)
{
  FoveaShape shape = pictures->shape;
  gsize plane = pictures->n_elements / N_TESTS;

  shape.dim[0] = 1;
  for (guint t = 0; t < N_TESTS; t++)
    {
      g_autoptr (FoveaTensor) one
        = fovea_tensor_new_wrapped (FOVEA_DTYPE_F32, &shape, FOVEA_TENSOR_DATA (pictures, float) + t * plane, NULL, NULL);

      if (!fovea_plan_run (plan, &one, ret + t * graph->outputs->len, NULL, error))
        return FALSE;
    }
  return TRUE;
}

/* Whether two pictures at a time are answered as each of them alone. */
static gboolean
takes_batches (FoveaPlan *plan, const FoveaGraph *graph, FoveaTensor *pictures, FoveaTensor *const *alone)
{
  const guint n = graph->outputs->len;
  FoveaTensor *together[2] = { NULL, NULL };
  gboolean same = fovea_plan_run (plan, &pictures, together, NULL, NULL);

  for (guint i = 0; i < n; i++)
    {
      for (guint t = 0; same && t < N_TESTS; t++)
        {
          const gsize width = alone[i]->n_elements;

          same = together[i]->dtype == FOVEA_DTYPE_F32 && together[i]->n_elements == N_TESTS * width && together[i]->shape.dim[0] == N_TESTS
                 && is_near (FOVEA_TENSOR_DATA (together[i], float) + t * width, FOVEA_TENSOR_DATA (alone[t * n + i], float), width);
        }
      g_clear_pointer (&together[i], fovea_tensor_unref);
    }
  return same;
}

static gboolean
check_probabilities (FoveaForeignModel *model, FoveaForeignRecipe *recipe, FoveaTensor *const *alone, guint n, GError **error)
{
  gboolean sums_to_one = TRUE;

  for (guint t = 0; t < N_TESTS; t++)
    {
      const FoveaTensor *answer = alone[t * n];
      double sum = 0;

      for (gsize i = 0; i < answer->n_elements; i++)
        {
          const float value = FOVEA_TENSOR_DATA (answer, float)[i];

          sum += (double) value;
          if (value >= -1e-3f && value <= 1.001f)
            continue;
          g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                       _("“%s” answers a test picture with %g, which is no probability; softmax or sigmoid makes some of its answers (--activation)"),
                       model->path, (double) value);
          return FALSE;
        }
      sums_to_one = sums_to_one && fabs (sum - 1) < 1e-2;
    }
  if (recipe->exclusive < 0)
    recipe->exclusive = sums_to_one;
  return TRUE;
}

/* Tries the graph on test pictures. @ret_batches: whether it takes several at a time. */
static gboolean
try_network (FoveaForeignModel *model, FoveaGraph *graph, FoveaForeignRecipe *recipe, gboolean *ret_batches, GError **error)
{
  g_autoptr (FoveaPlan) plan = fovea_plan_new (graph, 0, error);
  FoveaTensor *alone[2 * N_TESTS] = { NULL };
  g_autoptr (FoveaTensor) pictures = NULL;
  FoveaInputSpec spec;
  gboolean ok;

  fovea_foreign_recipe_get_spec (recipe, &spec);
  pictures = plan != NULL ? fovea_foreign_test_pictures (&spec, N_TESTS, error) : NULL;
  ok = pictures != NULL && run_singly (plan, graph, pictures, alone, error);
  if (!ok)
    g_prefix_error (error, "“%s” does not run: ", model->path);
  for (guint i = 0; ok && i < N_TESTS * graph->outputs->len; i++)
    if (!fovea_tensor_is_finite (alone[i]))
      {
        g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH,
                     _("“%s” answers a test picture with something that is no number; the file is damaged, or was exported wrongly"), model->path);
        ok = FALSE;
      }
  if (ok && recipe->activation == FOVEA_ACTIVATION_NONE && strcmp (recipe->type_id, "visual-classifier") == 0)
    ok = check_probabilities (model, recipe, alone, graph->outputs->len, error);
  *ret_batches = ok && takes_batches (plan, graph, pictures, alone);
  for (guint i = 0; i < G_N_ELEMENTS (alone); i++)
    g_clear_pointer (&alone[i], fovea_tensor_unref);
  return ok;
}

/* ---- from elsewhere ---- */

static FoveaGraph *
make_network (FoveaForeignModel *model, FoveaForeignRecipe *recipe, gboolean *ret_single, GError **error)
{
  g_autoptr (FoveaGraph) graph = fovea_foreign_network_new (model, recipe, FALSE, error);
  gboolean batches;

  if (graph == NULL || !try_network (model, graph, recipe, &batches, error))
    return NULL;
  *ret_single = !batches;
  if (batches)
    return g_steal_pointer (&graph);
  return fovea_foreign_network_new (model, recipe, TRUE, error);
}

static gboolean
build_foreign (FoveaForeignModel *model, FoveaForeignRecipe *recipe, const char *name, FoveaForeignResult *result, GError **error)
{
  const gboolean classifies = strcmp (recipe->type_id, "visual-classifier") == 0;
  g_autoptr (FoveaGraph) graph = NULL;
  g_autoptr (FoveaPack) pack = NULL;

  if (!fovea_views_is_single ((FoveaViews) recipe->views))
    {
      g_set_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH, _("“%s” was not made by Fovea: say one fit (--fit)"), model->path);
      return FALSE;
    }
  graph = make_network (model, recipe, &result->single, error);
  if (graph == NULL)
    return FALSE;
  describe (graph, model, recipe, name, classifies);
  pack = make_pack (model, graph, result, error);
  if (pack == NULL)
    return FALSE;
  result->dim = fovea_pack_get_dim (pack);
  result->n_labels = classifies ? recipe->labels->len : 0;
  if (classifies)
    result->predictor = fovea_predictor_new_pack (pack, error);
  return !classifies || result->predictor != NULL;
}

/* ---- Fovea's own ---- */

/* Whether what was taken apart answers as the whole does: every input of the whole gets its view, the same test pictures here. */
static gboolean
answers_alike (FoveaForeignModel *model, FoveaPredictor *predictor, const FoveaForeignRecipe *recipe)
{
  const char *output = recipe->output;
  g_autoptr (FoveaGraph) whole = fovea_graph_cut (model->graph, &output, 1, NULL);
  g_autoptr (FoveaPlan) plan = whole != NULL ? fovea_plan_new (whole, 0, NULL) : NULL;
  const guint n_labels = recipe->labels->len;
  g_autofree float *ours = g_new (float, N_TESTS * n_labels);
  g_autoptr (FoveaTensor) pictures = NULL;
  FoveaTensor *inputs[2], *theirs = NULL;
  FoveaInputSpec spec;
  FoveaFit fits[2];
  gboolean same;

  fovea_foreign_recipe_get_spec (recipe, &spec);
  pictures = plan != NULL ? fovea_foreign_test_pictures (&spec, N_TESTS, NULL) : NULL;
  inputs[0] = inputs[1] = pictures;
  if (pictures == NULL || whole->inputs->len != fovea_views_get_fits ((FoveaViews) recipe->views, fits))
    return FALSE;
  same = fovea_predictor_run_batch (predictor, inputs, ours, NULL, NULL) && fovea_plan_run (plan, inputs, &theirs, NULL, NULL)
         && theirs->dtype == FOVEA_DTYPE_F32 && theirs->n_elements == N_TESTS * n_labels
         && is_near (ours, FOVEA_TENSOR_DATA (theirs, float), N_TESTS * n_labels);
  g_clear_pointer (&theirs, fovea_tensor_unref);
  return same;
}

/* FALSE: it is none of ours after all; nothing is left in @result. */
static gboolean
build_own (FoveaForeignModel *model, const FoveaForeignRecipe *recipe, const char *name, FoveaForeignResult *result)
{
  g_autoptr (FoveaHead) head = NULL;
  g_autoptr (FoveaGraph) graph = fovea_foreign_take_apart (model, &head);
  g_autoptr (FoveaPack) pack = NULL;

  if (graph == NULL || recipe->labels == NULL || recipe->labels->len != head->n_concepts
      || strcmp (recipe->type_id, "visual-classifier") != 0 || recipe->views != model->guess.views)
    return FALSE;
  describe (graph, model, recipe, name, FALSE);
  g_hash_table_remove (graph->metadata, "fovea.fit"); /* of the head, not of the network */
  pack = make_pack (model, graph, result, NULL);
  if (pack != NULL && fovea_pack_get_dim (pack) == head->dim)
    result->predictor = fovea_predictor_new_head (head, recipe->labels, name, fovea_pack_get_hash (pack));
  if (result->predictor != NULL && fovea_predictor_ensure_pack (result->predictor, pack, NULL)
      && answers_alike (model, result->predictor, recipe))
    {
      result->dim = head->dim;
      result->n_labels = head->n_concepts;
      return TRUE;
    }
  fovea_foreign_result_clear (result);
  return FALSE;
}

gboolean
fovea_foreign_model_build (FoveaForeignModel *model, const FoveaForeignRecipe *recipe, const char *name, FoveaForeignResult *ret_result,
                           GError **error)
{
  g_autoptr (FoveaForeignRecipe) whole = fovea_foreign_recipe_copy (recipe);
  g_auto (FoveaForeignResult) result = { 0 };

  if (!fovea_foreign_model_complete (model, whole, error))
    return FALSE;
  if (!build_own (model, whole, name, &result) && !build_foreign (model, whole, name, &result, error))
    return FALSE;
  *ret_result = result;
  result = (FoveaForeignResult){ 0 };
  return TRUE;
}
