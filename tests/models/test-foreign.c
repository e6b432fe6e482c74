/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mini-pack.h"

#include <math.h>

#include "models/foreign-model.h"
#include "nn/interpreter.h"

#define FOUR "a,b,c,d"

/* ---- labels ---- */

static void
test_labels (void)
{
  static const struct {
    const char *text, *names; /* names NULL: not taken */
  } cases[] = {
    { "hat,shoe", "hat|shoe" },
    { "hat\r\nshoe, left\n\n", "hat|shoe, left" },
    { "[\"hat\",\"shoe\"]", "hat|shoe" },
    { "[{\"id\":\"h\",\"name\":\"Hat\"},{\"id\":\"s\"}]", "Hat|s" },
    { "{\"1\":\"shoe\",\"0\":\"hat\"}", "hat|shoe" },
    { "{\"shoe\":1,\"hat\":0}", "hat|shoe" },
    { "{0: 'hat', 1: \"bee's\", 2: 'bee\\'s nest'}", "hat|bee's|bee's nest" },
    { "['hat', 'shoe',]", "hat|shoe" },
    { "\xef\xbb\xbfhat,shoe", "hat|shoe" },
    { "crane,crane,crane", "crane|crane 2|crane 3" },
    { "", NULL },
    { "hat,,shoe", NULL },
    { "{0: 'hat', 2: 'shoe'}", NULL },
    { "{0: 'hat', 0: 'shoe'}", NULL },
    { "{0: 'hat', 1: 'shoe}", NULL },
    { "{-1: 'hat'}", NULL },
    { "{0 'hat'}", NULL },
    { "{99999999999: 'hat'}", NULL },
    { "{9223372036854775807: 'hat'}", NULL },
    { "[1,2]", NULL },
    { "{\"a\":[]}", NULL },
    { "\xff\xfe", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) labels = fovea_foreign_parse_labels (cases[i].text, -1, &error);
      g_auto (GStrv) names = g_strsplit (cases[i].names != NULL ? cases[i].names : "", "|", -1);

      if (cases[i].names == NULL)
        {
          g_assert_null (labels);
          g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpuint (labels->len, ==, g_strv_length (names));
      for (guint k = 0; k < labels->len; k++)
        g_assert_cmpstr (fovea_labels_get (labels, k)->name, ==, names[k]);
    }
}

/* ---- what a person says ---- */

static void
test_numbers (void)
{
  static const char *const wrong[] = { "", "1..0", "0..0", "a..b", "0..nan", "0..1e9", "5" };
  g_auto (FoveaForeignRecipe) recipe = { 0 };
  g_autofree char *range = NULL, *named = NULL;

  fovea_foreign_recipe_init (&recipe);
  g_assert_null (fovea_foreign_recipe_dup_range (&recipe));
  g_assert_true (fovea_foreign_recipe_set_range (&recipe, "-1..1", NULL));
  g_assert_cmpfloat_with_epsilon ((0 - recipe.mean[0]) * recipe.scale[0], -1, 1e-9);
  g_assert_cmpfloat_with_epsilon ((255 - recipe.mean[2]) * recipe.scale[2], 1, 1e-9);
  g_assert_true (fovea_foreign_recipe_set_mean_std (&recipe, "123.675, 116.28, 103.53", "(58.395, 57.12, 57.375)", NULL));
  range = fovea_foreign_recipe_dup_range (&recipe);
  g_assert_cmpstr (range, ==, "imagenet");
  g_assert_true (fovea_foreign_recipe_set_mean_std (&recipe, "0.1,0.2,0.3", "0.5", NULL));
  named = fovea_foreign_recipe_dup_range (&recipe);
  g_assert_cmpstr (named, ==, "mean 0.1,0.2,0.3 std 0.5,0.5,0.5");
  g_assert_cmpfloat_with_epsilon ((255 - recipe.mean[1]) * recipe.scale[1], 1.6, 1e-9);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (fovea_foreign_recipe_set_range (&recipe, wrong[i], &error));
      g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INVALID_PARAM);
    }
  g_assert_false (fovea_foreign_recipe_set_mean_std (&recipe, "1,2", NULL, NULL));
  g_assert_false (fovea_foreign_recipe_set_mean_std (&recipe, NULL, "1,0,1", NULL));
  g_assert_true (fovea_foreign_recipe_set_fit (&recipe, "crop:0.95", NULL));
  g_assert_cmpfloat (recipe.crop_fraction, ==, 0.95);
  g_assert_false (fovea_foreign_recipe_set_fit (&recipe, "squash:0.9", NULL));
  g_assert_false (fovea_foreign_recipe_set_fit (&recipe, "crop+letterbox", NULL));
  g_assert_false (fovea_foreign_recipe_set_type (&recipe, "visual-detector", NULL));
}

/* ---- files ---- */

static FoveaForeignModel *
load (FoveaGraph *graph)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = fovea_onnx_save_bytes (graph, &error);
  FoveaForeignModel *model;

  g_assert_no_error (error);
  model = fovea_foreign_model_new_from_bytes (bytes, "mine.onnx", &error);
  g_assert_no_error (error);
  return model;
}

/* The small pack's network without a word about it: its logits, or @output. */
static FoveaGraph *
bare_graph (const char *output)
{
  g_autoptr (FoveaGraph) pack = mini_pack_graph ("mini");
  FoveaGraph *graph = fovea_graph_cut (pack, &output, 1, NULL);

  g_hash_table_remove_all (graph->metadata);
  return graph;
}

static void
said (FoveaForeignRecipe *recipe, const char *labels, const char *range)
{
  fovea_foreign_recipe_init (recipe);
  if (labels != NULL)
    recipe->labels = fovea_foreign_parse_labels (labels, -1, NULL);
  if (range != NULL)
    g_assert_true (fovea_foreign_recipe_set_range (recipe, range, NULL));
}

static void
test_missing (void)
{
  g_autoptr (FoveaGraph) graph = bare_graph ("logits");
  g_autoptr (FoveaForeignModel) model = load (graph);
  g_autoptr (FoveaForeignRecipe) recipe = fovea_foreign_recipe_copy (fovea_foreign_model_get_guess (model));
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_foreign_model_complete (model, recipe, &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_INCOMPLETE);
  g_assert_nonnull (strstr (error->message, "--labels"));
  g_assert_nonnull (strstr (error->message, "--range"));
  g_assert_null (strstr (error->message, "--layout")); /* the graph shows it */
  g_assert_null (strstr (error->message, "--input-size"));
  g_assert_cmpint (recipe->size, ==, MINI_SIZE);
}

/* Probabilities of @model's predictor and those of the pack that it was made of. */
static void
compare (FoveaPredictor *predictor, gboolean softmax)
{
  g_autoptr (FoveaGraph) graph = bare_graph ("logits");
  FoveaShape shape = fovea_shape (4, (gint64) 3, (gint64) 3, (gint64) MINI_SIZE, (gint64) MINI_SIZE);
  g_autoptr (FoveaTensor) pictures = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);
  g_autoptr (GError) error = NULL;
  FoveaTensor *logits = NULL;
  float ours[3 * MINI_LABELS];

  for (gsize i = 0; i < pictures->n_elements; i++)
    FOVEA_TENSOR_DATA (pictures, float)[i] = (float) (i * 37 % 256);
  g_assert_true (fovea_predictor_run_batch (predictor, &pictures, ours, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (fovea_interpret (graph, &pictures, &logits, NULL, &error));
  for (guint i = 0; i < 3; i++)
    {
      const float *z = FOVEA_TENSOR_DATA (logits, float) + i * MINI_LABELS;
      double sum = 0;

      for (guint k = 0; k < MINI_LABELS; k++)
        sum += exp ((double) (z[k] - z[0]));
      for (guint k = 0; k < MINI_LABELS; k++)
        g_assert_cmpfloat_with_epsilon ((double) ours[i * MINI_LABELS + k],
                                        softmax ? exp ((double) (z[k] - z[0])) / sum : 1 / (1 + exp (-(double) z[k])), 1e-4);
    }
  fovea_tensor_unref (logits);
}

static void
test_classifier (void)
{
  g_autoptr (FoveaGraph) graph = bare_graph ("logits");
  g_autoptr (FoveaForeignModel) model = load (graph);

  for (int activation = FOVEA_ACTIVATION_SOFTMAX; activation <= FOVEA_ACTIVATION_SIGMOID; activation++)
    {
      g_auto (FoveaForeignRecipe) recipe = { 0 };
      g_auto (FoveaForeignResult) result = { 0 };
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (FoveaPredictor) again = NULL;
      g_autoptr (FoveaPack) pack = NULL;

      said (&recipe, FOUR, "0..1");
      recipe.activation = activation;
      g_assert_true (fovea_foreign_model_build (model, &recipe, "mine", &result, &error));
      g_assert_no_error (error);
      g_assert_false (result.single);
      g_assert_cmpuint (result.dim, ==, MINI_DIM);
      g_assert_cmpuint (result.n_labels, ==, MINI_LABELS);
      g_assert_cmpint (fovea_predictor_get_exclusive (result.predictor), ==, activation == FOVEA_ACTIVATION_SOFTMAX);
      compare (result.predictor, activation == FOVEA_ACTIVATION_SOFTMAX);
      /* What a project keeps is enough. */
      bytes = fovea_predictor_to_bytes (result.predictor);
      again = fovea_predictor_new_from_bytes (bytes, &error);
      g_assert_no_error (error);
      g_assert_null (fovea_predictor_get_head (again));
      pack = fovea_pack_new_from_bytes (result.pack, "mine", &error);
      g_assert_no_error (error);
      g_assert_true (fovea_predictor_ensure_pack (again, pack, &error));
      compare (again, activation == FOVEA_ACTIVATION_SOFTMAX);
    }
}

/* The network behind a Transpose and a Cast, of one picture alone: [1,8,8,3] of bytes. */
static void
test_bytes_last (void)
{
  static const gint64 first[] = { 0, 3, 1, 2 }, one_row[] = { 1, MINI_LABELS };
  g_autoptr (FoveaGraph) graph = bare_graph ("logits");
  const FoveaShape shape = fovea_shape (4, (gint64) 1, (gint64) MINI_SIZE, (gint64) MINI_SIZE, (gint64) 3), two = fovea_shape (1, (gint64) 2);
  const int old = g_array_index (graph->inputs, int, 0), logits = g_array_index (graph->outputs, int, 0);
  g_autoptr (FoveaTensor) rows = fovea_tensor_new (FOVEA_DTYPE_I64, &two, NULL);
  g_auto (FoveaForeignRecipe) recipe = { 0 };
  g_auto (FoveaForeignResult) result = { 0 };
  g_autoptr (FoveaForeignModel) model = NULL;
  g_autoptr (GError) error = NULL;
  const guint n_nodes = graph->nodes->len;
  FoveaNode *node;
  int value, reshaped[2] = { logits, -1 };

  g_array_set_size (graph->inputs, 0);
  value = fovea_graph_add_input (graph, "bytes", FOVEA_DTYPE_U8, &shape);
  node = fovea_graph_add_node (graph, "Cast", &value, 1, "floats", &value);
  fovea_node_set_int (node, "to", 1);
  node = fovea_graph_add_node (graph, "Transpose", &value, 1, "first", &value);
  fovea_node_set_ints (node, "perm", first, 4);
  for (guint i = 0; i < n_nodes; i++)
    for (guint j = 0; j < fovea_graph_node (graph, i)->n_inputs; j++)
      if (fovea_graph_node (graph, i)->inputs[j] == old)
        fovea_graph_node (graph, i)->inputs[j] = value;
  memcpy (rows->data, one_row, sizeof one_row);
  reshaped[1] = fovea_graph_add_constant (graph, "rows", rows);
  fovea_graph_add_node (graph, "Reshape", reshaped, 2, "answer", &value);
  g_array_set_size (graph->outputs, 0);
  mini_output (graph, value, MINI_LABELS);
  g_assert_true (fovea_graph_sort (graph, NULL));
  model = load (graph);
  said (&recipe, FOUR, NULL); /* bytes need no range */
  g_assert_true (fovea_foreign_model_build (model, &recipe, "mine", &result, &error));
  g_assert_no_error (error);
  g_assert_true (result.single);
  compare (result.predictor, TRUE);
}

static void
test_embedder (void)
{
  g_autoptr (FoveaGraph) graph = bare_graph ("embedding");
  g_autoptr (FoveaForeignModel) model = load (graph);
  g_auto (FoveaForeignRecipe) recipe = { 0 };
  g_auto (FoveaForeignResult) result = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaPack) pack = NULL;

  said (&recipe, NULL, "0..255");
  g_assert_true (fovea_foreign_model_build (model, &recipe, "mine", &result, &error)); /* its output's name says what it is */
  g_assert_no_error (error);
  g_assert_null (result.predictor);
  pack = fovea_pack_new_from_bytes (result.pack, "mine", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (fovea_pack_get_dim (pack), ==, MINI_DIM);
  g_assert_true (fovea_pack_has_task (pack, "visual-embedder"));
}

static void
refuse (FoveaForeignModel *model, const FoveaForeignRecipe *recipe, int code, const char *word)
{
  g_auto (FoveaForeignResult) result = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_foreign_model_build (model, recipe, "mine", &result, &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, code);
  g_assert_nonnull (strstr (error->message, word));
  g_assert_null (result.pack);
}

static void
test_refused (void)
{
  g_autoptr (FoveaGraph) graph = bare_graph ("logits"), detector = bare_graph ("logits");
  g_autoptr (FoveaForeignModel) model = load (graph);
  g_autoptr (FoveaForeignModel) other = NULL;
  g_auto (FoveaForeignRecipe) three = { 0 }, sure = { 0 }, elsewhere = { 0 }, large = { 0 };

  said (&three, "a,b,c", "0..1");
  refuse (model, &three, FOVEA_MODELS_ERROR_MISMATCH, "3 labels");
  said (&sure, FOUR, "0..255");
  sure.activation = FOVEA_ACTIVATION_NONE;
  refuse (model, &sure, FOVEA_MODELS_ERROR_MISMATCH, "--activation");
  said (&elsewhere, FOUR, "0..1");
  elsewhere.output = g_strdup ("nowhere");
  refuse (model, &elsewhere, FOVEA_MODELS_ERROR_INVALID_PARAM, "it has logits");
  said (&large, FOUR, "0..1");
  large.size = 224;
  refuse (model, &large, FOVEA_MODELS_ERROR_MISMATCH, "8 pixels");
  mini_metadata (detector, "task", "detect");
  other = load (detector);
  refuse (other, &sure, FOVEA_MODELS_ERROR_MISMATCH, "detector");
}

/* Weights that make no numbers are noticed before anything is kept. */
static void
test_not_a_number (void)
{
  g_autoptr (FoveaGraph) graph = bare_graph ("logits");
  g_autoptr (FoveaForeignModel) model = NULL;
  g_auto (FoveaForeignRecipe) recipe = { 0 };

  FOVEA_TENSOR_DATA (fovea_graph_value (graph, fovea_graph_find_value (graph, "fc.w"))->constant, float)[3] = NAN;
  model = load (graph);
  said (&recipe, FOUR, "0..1");
  refuse (model, &recipe, FOVEA_MODELS_ERROR_MISMATCH, "no number");
}

static void
test_guesses (void)
{
  g_autoptr (FoveaGraph) yolo = bare_graph ("logits"), timm = bare_graph ("logits"), windows = bare_graph ("logits"), hf = bare_graph ("logits");
  g_autoptr (FoveaForeignModel) a = NULL, b = NULL, c = NULL, d = NULL;
  g_autofree char *a_range = NULL, *b_range = NULL, *d_range = NULL;
  const FoveaForeignRecipe *guess;

  mini_metadata (yolo, "task", "classify");
  mini_metadata (yolo, "imgsz", "[8, 8]");
  mini_metadata (yolo, "names", "{0: 'a', 1: 'b', 2: 'c', 3: 'd'}");
  a = load (yolo);
  guess = fovea_foreign_model_get_guess (a);
  a_range = fovea_foreign_recipe_dup_range (guess);
  g_assert_cmpstr (a_range, ==, "0..1");
  g_assert_cmpfloat (guess->crop_fraction, ==, 1);
  g_assert_cmpint (guess->activation, ==, FOVEA_ACTIVATION_NONE);
  g_assert_cmpuint (guess->labels->len, ==, 4);
  g_assert_cmpint (guess->size, ==, 8);
  mini_metadata (timm, "pretrained_cfg",
                 "{\"input_size\":[3,8,8],\"mean\":[0.485,0.456,0.406],\"std\":[0.229,0.224,0.225],\"crop_pct\":0.95,\"label_names\":[\"a\",\"b\"]}");
  b = load (timm);
  guess = fovea_foreign_model_get_guess (b);
  b_range = fovea_foreign_recipe_dup_range (guess);
  g_assert_cmpstr (b_range, ==, "imagenet");
  g_assert_cmpfloat (guess->crop_fraction, ==, 0.95);
  g_assert_cmpint (guess->size, ==, 8);
  g_assert_cmpuint (guess->labels->len, ==, 2);
  mini_metadata (windows, "Image.BitmapPixelFormat", "Bgr8");
  mini_metadata (windows, "Image.NominalPixelRange", "NominalRange_0_255");
  c = load (windows);
  g_assert_cmpint (fovea_foreign_model_get_guess (c)->bgr, ==, 1);
  mini_metadata (hf, "preprocessor_config", "{\"image_mean\":[0.5,0.5,0.5],\"image_std\":[0.5,0.5,0.5],\"size\":{\"height\":8,\"width\":8}}");
  mini_metadata (hf, "id2label", "{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\",\"3\":\"d\"}");
  d = load (hf);
  d_range = fovea_foreign_recipe_dup_range (fovea_foreign_model_get_guess (d));
  g_assert_cmpstr (d_range, ==, "-1..1");
  g_assert_cmpint (fovea_foreign_model_get_guess (d)->size, ==, 8);
}

/* A classifier of two views goes out and comes back as it was, with no word said about it. */
static void
test_own (void)
{
  char *folder = mini_folder_new ();
  g_autofree char *path = g_build_filename (folder, "out.onnx", NULL);
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (GPtrArray) labels = fovea_foreign_parse_labels ("x,y,z", -1, NULL);
  g_autoptr (GError) error = NULL;

  mini_pack_save (graph, folder, "mini");
  for (guint views = 0; views < FOVEA_N_VIEWS; views++)
    {
      g_autoptr (FoveaPack) pack = fovea_pack_load ("mini", NULL);
      g_autoptr (FoveaHead) head = fovea_head_new (3, MINI_DIM, views % 2 == 0, (FoveaViews) views);
      g_autoptr (FoveaPredictor) predictor = NULL;
      g_autoptr (FoveaForeignModel) model = NULL;
      g_auto (FoveaForeignResult) result = { 0 };
      FoveaHead *back;

      for (guint i = 0; i < 3 * MINI_DIM; i++)
        head->weights[i] = (float) cos (i);
      predictor = fovea_predictor_new_head (head, labels, "mini", fovea_pack_get_hash (pack));
      g_assert_true (fovea_predictor_export_onnx (predictor, path, &error));
      model = fovea_foreign_model_load (path, &error);
      g_assert_no_error (error);
      g_assert_true (fovea_foreign_model_build (model, fovea_foreign_model_get_guess (model), "mine", &result, &error));
      g_assert_no_error (error);
      back = fovea_predictor_get_head (result.predictor);
      g_assert_nonnull (back);
      g_assert_cmpmem (back->weights, 3 * MINI_DIM * sizeof (float), head->weights, 3 * MINI_DIM * sizeof (float));
      g_assert_cmpint (back->views, ==, views);
      g_assert_cmpint (back->exclusive, ==, views % 2 == 0);
      g_assert_cmpstr (fovea_labels_get (fovea_predictor_get_labels (result.predictor), 2)->name, ==, "z");
    }
  mini_folder_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models/foreign/labels", test_labels);
  g_test_add_func ("/models/foreign/numbers", test_numbers);
  g_test_add_func ("/models/foreign/missing", test_missing);
  g_test_add_func ("/models/foreign/classifier", test_classifier);
  g_test_add_func ("/models/foreign/bytes-last", test_bytes_last);
  g_test_add_func ("/models/foreign/embedder", test_embedder);
  g_test_add_func ("/models/foreign/refused", test_refused);
  g_test_add_func ("/models/foreign/not-a-number", test_not_a_number);
  g_test_add_func ("/models/foreign/guesses", test_guesses);
  g_test_add_func ("/models/foreign/own", test_own);
  return g_test_run ();
}
