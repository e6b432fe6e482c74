/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mini-pack.h"

#include <math.h>

#include "models/embedder.h"
#include "models/json-check.h"
#include "nn/interpreter.h"

static void
test_load (void)
{
  char *folder = mini_folder_new ();
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaPack) pack = NULL;
  const FoveaInputSpec *spec;

  mini_pack_save (graph, folder, "mini");
  pack = fovea_pack_load ("mini", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (fovea_pack_get_name (pack), ==, "mini");
  g_assert_cmpstr (fovea_pack_get_license (pack), ==, "CC0-1.0");
  g_assert_cmpuint (fovea_pack_get_dim (pack), ==, MINI_DIM);
  g_assert_cmpuint (strlen (fovea_pack_get_hash (pack)), ==, 64);
  g_assert_cmpuint (fovea_pack_get_labels (pack)->len, ==, MINI_LABELS);
  g_assert_cmpstr (fovea_labels_get (fovea_pack_get_labels (pack), 3)->name, ==, "dog");
  g_assert_true (fovea_pack_has_task (pack, "visual-embedder"));
  g_assert_false (fovea_pack_has_task (pack, "visual"));
  spec = fovea_pack_get_input_spec (pack);
  g_assert_cmpint (spec->size, ==, 8);
  g_assert_cmpfloat (spec->crop_fraction, ==, 0.875);
  g_assert_cmpfloat (spec->scale[2], ==, 0.0078125f);
  g_assert_cmpint (spec->pad, ==, 127);
  mini_folder_remove (folder);
}

/* The hash is that of the file: another file, another hash. */
static void
test_hash (void)
{
  char *folder = mini_folder_new ();
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (FoveaPack) a = NULL;
  g_autoptr (FoveaPack) b = NULL;
  g_autofree char *data = NULL;
  g_autofree char *expected = NULL;
  gsize length;

  mini_pack_save (graph, folder, "mini");
  a = fovea_pack_load ("mini", NULL);
  g_assert_true (g_file_get_contents (fovea_pack_get_path (a), &data, &length, NULL));
  expected = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) data, length);
  g_assert_cmpstr (fovea_pack_get_hash (a), ==, expected);
  mini_metadata (graph, "fovea.version", "2");
  mini_pack_save (graph, folder, "mini");
  b = fovea_pack_load ("mini", NULL);
  g_assert_cmpstr (fovea_pack_get_hash (a), !=, fovea_pack_get_hash (b));
  mini_folder_remove (folder);
}

static void
test_missing (void)
{
  static const char *const names[] = { "not-there", "", "../secret", "a--b", "-a", "a/b", "a-",
                                       "this-name-is-longer-than-forty-eight-characters-long" };
  char *folder = mini_folder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (fovea_pack_load (names[i], &error));
      g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_PACK_MISSING);
      g_assert_nonnull (strstr (error->message, "build-aux/run"));
    }
  mini_folder_remove (folder);
}

typedef struct {
  const char *key, *value; /* value NULL: taken out */
} Spoil;

static void
test_spoiled_metadata (void)
{
  static const Spoil spoils[] = {
    { "fovea.pack", NULL }, { "fovea.pack", "other" }, { "fovea.pack", "../x" }, { "fovea.task", NULL }, { "fovea.license", NULL },
    { "fovea.source", NULL }, { "fovea.version", NULL }, { "fovea.input.size", NULL }, { "fovea.input.size", "9" }, { "fovea.input.size", "-8" },
    { "fovea.input.size", "8x" }, { "fovea.input.size", "1e99" }, { "fovea.input.crop_fraction", "0" }, { "fovea.input.crop_fraction", "nan" },
    { "fovea.input.mean", "127,127" }, { "fovea.input.mean", "1,2,3,4" }, { "fovea.input.mean", "1,inf,3" }, { "fovea.input.scale", "" },
    { "fovea.input.pad", "256" }, { "fovea.input.order", "grb" }, { "fovea.labels", NULL }, { "fovea.labels", "[" }, { "fovea.labels", "{}" },
    { "fovea.labels", "[1,2,3,4]" }, { "fovea.labels", "[{\"id\":\"a\",\"name\":\"a\"}]" },
    { "fovea.labels", "[{\"id\":\"a\",\"name\":\"a\"},{\"id\":\"a\",\"name\":\"b\"},{\"id\":\"c\",\"name\":\"c\"},{\"id\":\"d\",\"name\":\"d\"}]" },
    { "fovea.labels", "[{\"id\":1,\"name\":\"a\"},{\"id\":\"b\",\"name\":\"b\"},{\"id\":\"c\",\"name\":\"c\"},{\"id\":\"d\",\"name\":\"d\"}]" },
  };
  char *folder = mini_folder_new ();

  for (guint i = 0; i < G_N_ELEMENTS (spoils); i++)
    {
      g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
      g_autoptr (GError) error = NULL;

      g_hash_table_remove (graph->metadata, spoils[i].key);
      if (spoils[i].value != NULL)
        mini_metadata (graph, spoils[i].key, spoils[i].value);
      mini_pack_save (graph, folder, "mini");
      g_test_message ("%s = %s", spoils[i].key, spoils[i].value);
      g_assert_null (fovea_pack_load ("mini", &error));
      g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED);
      g_assert_nonnull (strstr (error->message, "mini.onnx"));
    }
  mini_folder_remove (folder);
}

static void
test_spoiled_graph (void)
{
  char *folder = mini_folder_new ();

  for (guint how = 0; how < 4; how++)
    {
      g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
      g_autoptr (GError) error = NULL;
      int embedding = g_array_index (graph->outputs, int, 0);
      FoveaValue *image = fovea_graph_value (graph, g_array_index (graph->inputs, int, 0));

      if (how == 0)
        image->shape.dim[0] = 2; /* neither any batch nor single pictures */
      else if (how == 1)
        image->shape.dim[2] = image->shape.dim[3] = 9;
      else if (how == 2)
        {
          g_array_set_size (graph->outputs, 0); /* neither of the outputs of a pack */
          fovea_graph_add_output (graph, fovea_graph_find_value (graph, "pool"));
        }
      else
        {
          g_array_set_size (graph->outputs, 0); /* labels without logits */
          fovea_graph_add_output (graph, embedding);
        }
      mini_pack_save (graph, folder, "mini");
      g_assert_null (fovea_pack_load ("mini", &error));
      g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED);
    }
  mini_folder_remove (folder);
}

static void
test_not_a_pack (void)
{
  char *folder = mini_folder_new ();
  g_autofree char *path = g_build_filename (folder, "mini.onnx", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, "not an ONNX file at all", -1, NULL));
  g_assert_null (fovea_pack_load ("mini", &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "mini.onnx"));
  g_clear_error (&error);
  g_assert_null (fovea_pack_load_file (folder, &error)); /* a folder */
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_PACK_MISSING);
  mini_folder_remove (folder);
}

static void
test_list (void)
{
  char *folder = mini_folder_new ();
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("own");
  g_autoptr (JsonNode) node = NULL;
  JsonArray *packs;
  gboolean own = FALSE, lite0 = FALSE;

  mini_pack_save (graph, folder, "own");
  node = fovea_packs_dup_json ();
  packs = json_object_get_array_member (json_node_get_object (node), "packs");
  for (guint i = 0; i < json_array_get_length (packs); i++)
    {
      JsonObject *pack = json_array_get_object_element (packs, i);
      const char *name = json_object_get_string_member (pack, "name");

      if (strcmp (name, "own") == 0)
        {
          own = TRUE;
          g_assert_true (json_object_get_boolean_member (pack, "installed"));
          g_assert_true (g_str_has_suffix (json_object_get_string_member (pack, "file"), "own.onnx"));
        }
      if (strcmp (name, "efficientnet-lite0") == 0)
        {
          lite0 = TRUE;
          g_assert_false (json_object_get_boolean_member (pack, "installed"));
          g_assert_cmpstr (json_object_get_string_member (pack, "license"), ==, "Apache-2.0");
          g_assert_cmpstr (json_object_get_string_member (pack, "file"), ==, "");
        }
    }
  g_assert_true (own && lite0);
  mini_folder_remove (folder);
}

static FoveaTensor *
make_images (gint64 n)
{
  FoveaShape shape = fovea_shape (4, n, (gint64) 3, (gint64) MINI_SIZE, (gint64) MINI_SIZE);
  FoveaTensor *images = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);

  for (gsize i = 0; i < images->n_elements; i++)
    FOVEA_TENSOR_DATA (images, float)[i] = (float) sin (0.37 * (double) i);
  return images;
}

static void
test_embed (void)
{
  char *folder = mini_folder_new ();
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaPack) pack = NULL;
  g_autoptr (FoveaEmbedder) embedder = NULL;
  g_autoptr (FoveaTensor) images = make_images (5);
  FoveaTensor *reference[2];
  float vectors[5 * MINI_DIM], p[5 * MINI_LABELS];

  mini_pack_save (graph, folder, "mini");
  pack = fovea_pack_load ("mini", &error);
  embedder = fovea_embedder_new (pack, FOVEA_EMBEDDER_VECTORS | FOVEA_EMBEDDER_PROBABILITIES, &error);
  g_assert_no_error (error);
  g_assert_true (fovea_embedder_run (embedder, images, vectors, p, NULL, &error));
  g_assert_true (fovea_interpret (graph, &images, reference, NULL, &error));
  for (guint i = 0; i < 5; i++)
    {
      const float *embedding = FOVEA_TENSOR_DATA (reference[0], float) + i * MINI_DIM;
      const float *logits = FOVEA_TENSOR_DATA (reference[1], float) + i * MINI_LABELS;
      double square = 0.0, sum = 0.0;

      for (guint l = 0; l < MINI_DIM; l++)
        square += (double) embedding[l] * (double) embedding[l];
      for (guint c = 0; c < MINI_LABELS; c++)
        sum += exp ((double) logits[c]);
      for (guint l = 0; l < MINI_DIM; l++)
        g_assert_cmpfloat_with_epsilon ((double) vectors[i * MINI_DIM + l], (double) embedding[l] / sqrt (square), 1e-5);
      for (guint c = 0; c < MINI_LABELS; c++)
        g_assert_cmpfloat_with_epsilon ((double) p[i * MINI_LABELS + c], exp ((double) logits[c]) / sum, 1e-5);
    }
  fovea_tensor_unref (reference[0]);
  fovea_tensor_unref (reference[1]);
  mini_folder_remove (folder);
}

static void
test_wrong_shape (void)
{
  char *folder = mini_folder_new ();
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaPack) pack = NULL;
  g_autoptr (FoveaEmbedder) embedder = NULL;
  FoveaShape shape = fovea_shape (4, (gint64) 1, (gint64) 3, (gint64) 9, (gint64) 9);
  g_autoptr (FoveaTensor) images = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);
  float vectors[MINI_DIM];

  mini_pack_save (graph, folder, "mini");
  pack = fovea_pack_load ("mini", &error);
  embedder = fovea_embedder_new (pack, FOVEA_EMBEDDER_VECTORS, &error);
  g_assert_false (fovea_embedder_run (embedder, images, vectors, NULL, NULL, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE);
  mini_folder_remove (folder);
}

/* Weights that overflow: an error, not vectors of NaN in the project. */
static void
test_not_numbers (void)
{
  char *folder = mini_folder_new ();
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaPack) pack = NULL;
  g_autoptr (FoveaEmbedder) embedder = NULL;
  g_autoptr (FoveaTensor) images = make_images (1);
  float vectors[MINI_DIM];

  for (guint i = 0; i < 3 * MINI_DIM; i++)
    FOVEA_TENSOR_DATA (fovea_graph_value (graph, fovea_graph_find_value (graph, "conv.w"))->constant, float)[i] = NAN;
  mini_pack_save (graph, folder, "mini");
  pack = fovea_pack_load ("mini", &error);
  g_assert_no_error (error);
  embedder = fovea_embedder_new (pack, FOVEA_EMBEDDER_VECTORS, &error);
  g_assert_no_error (error);
  g_assert_false (fovea_embedder_run (embedder, images, vectors, NULL, NULL, &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED);
  mini_folder_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models/pack/load", test_load);
  g_test_add_func ("/models/pack/hash", test_hash);
  g_test_add_func ("/models/pack/missing", test_missing);
  g_test_add_func ("/models/pack/spoiled-metadata", test_spoiled_metadata);
  g_test_add_func ("/models/pack/spoiled-graph", test_spoiled_graph);
  g_test_add_func ("/models/pack/not-a-pack", test_not_a_pack);
  g_test_add_func ("/models/pack/list", test_list);
  g_test_add_func ("/models/embedder/embed", test_embed);
  g_test_add_func ("/models/embedder/wrong-shape", test_wrong_shape);
  g_test_add_func ("/models/embedder/not-numbers", test_not_numbers);
  return g_test_run ();
}
