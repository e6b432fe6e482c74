/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mini-pack.h"

#include <math.h>

#include "models/predictor.h"
#include "nn/interpreter.h"

static GPtrArray *
make_labels (guint n)
{
  GPtrArray *labels = fovea_labels_new ();

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *id = g_strdup_printf ("concept-%u", i), *name = g_strdup_printf ("Concept “%u”", i);

      g_ptr_array_add (labels, fovea_label_new (id, name));
    }
  return labels;
}

static FoveaHead *
make_head (guint k, guint dim, gboolean exclusive, FoveaViews views)
{
  FoveaHead *head = fovea_head_new (k, dim, exclusive, views);

  head->c = 30.0;
  for (guint i = 0; i < k * dim; i++)
    head->weights[i] = (float) cos (1.3 * i);
  for (guint c = 0; c < k; c++)
    head->bias[c] = (float) (0.1 * c);
  return head;
}

static FoveaPredictor *
make_predictor (const char *pack_hash, guint dim, gboolean exclusive, FoveaViews views)
{
  g_autoptr (GPtrArray) labels = make_labels (3);
  g_autoptr (FoveaHead) head = make_head (3, dim, exclusive, views);

  return fovea_predictor_new_head (head, labels, "mini", pack_hash);
}

#define SOME_HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
test_round_trip (void)
{
  for (guint v = 0; v < FOVEA_N_VIEWS; v++)
    for (guint exclusive = 0; exclusive < 2; exclusive++)
      {
        g_autoptr (FoveaPredictor) predictor = make_predictor (SOME_HASH, 7, exclusive != 0, (FoveaViews) v);
        g_autoptr (GBytes) bytes = fovea_predictor_to_bytes (predictor);
        g_autoptr (GError) error = NULL;
        g_autoptr (FoveaPredictor) again = fovea_predictor_new_from_bytes (bytes, &error);
        FoveaHead *a = fovea_predictor_get_head (predictor), *b;

        g_assert_no_error (error);
        b = fovea_predictor_get_head (again);
        g_assert_cmpmem (a->weights, 21 * sizeof (float), b->weights, b->n_concepts * b->dim * sizeof (float));
        g_assert_cmpmem (a->bias, 3 * sizeof (float), b->bias, b->n_concepts * sizeof (float));
        g_assert_cmpint (b->views, ==, v);
        g_assert_cmpint (b->exclusive, ==, exclusive);
        g_assert_cmpfloat (b->c, ==, 30.0);
        g_assert_cmpstr (fovea_predictor_get_pack_name (again), ==, "mini");
        g_assert_cmpstr (fovea_predictor_get_pack_hash (again), ==, SOME_HASH);
        g_assert_cmpstr (fovea_labels_get (fovea_predictor_get_labels (again), 2)->name, ==, "Concept “2”");
      }
}

/* No cut and no flipped byte may be taken, or do worse than an error. */
static void
test_damaged_weights (void)
{
  g_autoptr (FoveaPredictor) predictor = make_predictor (SOME_HASH, 7, TRUE, FOVEA_VIEWS_CROP);
  g_autoptr (GBytes) bytes = fovea_predictor_to_bytes (predictor);
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  guint taken = 0;

  for (gsize cut = 0; cut < length; cut++)
    {
      g_autoptr (GBytes) part = g_bytes_new (data, cut);
      g_autoptr (GError) error = NULL;

      g_assert_null (fovea_predictor_new_from_bytes (part, &error));
      g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MALFORMED);
    }
  for (gsize at = 0; at < length; at++)
    for (guint bit = 0; bit < 8; bit++)
      {
        g_autofree guint8 *copy = g_memdup2 (data, length);
        g_autoptr (GBytes) changed = NULL;
        g_autoptr (GError) error = NULL;
        g_autoptr (FoveaPredictor) again = NULL;

        copy[at] ^= (guint8) (1u << bit);
        changed = g_bytes_new (copy, length);
        again = fovea_predictor_new_from_bytes (changed, &error);
        g_assert_true ((again == NULL) == (error != NULL));
        taken += again != NULL;
        if (again != NULL) /* a letter of a name, the C that it was trained with, hex of a hash: not a number of the head */
          g_assert_cmpmem (fovea_predictor_get_head (again)->weights, 21 * sizeof (float), fovea_predictor_get_head (predictor)->weights,
                           21 * sizeof (float));
      }
  g_assert_cmpuint (taken, <, length * 8 / 2);
}

static GBytes *
weights_with_header (const char *header, gsize n_numbers)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint32 length = GUINT32_TO_LE ((guint32) strlen (header));
  g_autofree float *numbers = g_new0 (float, n_numbers + 1);

  g_byte_array_append (bytes, (const guint8 *) "FoveaHd1", 8);
  g_byte_array_append (bytes, (const guint8 *) &length, 4);
  g_byte_array_append (bytes, (const guint8 *) header, (guint) strlen (header));
  g_byte_array_append (bytes, (const guint8 *) numbers, (guint) (n_numbers * sizeof (float)));
  return g_byte_array_free_to_bytes (g_steal_pointer (&bytes));
}

static void
test_hostile_headers (void)
{
  static const struct {
    const char *header;
    int code;
  } cases[] = {
    { "[]", FOVEA_MODELS_ERROR_MALFORMED },
    { "{}", FOVEA_MODELS_ERROR_MALFORMED },
    { "{\"format\":3}", FOVEA_MODELS_ERROR_MISMATCH },
    { "{\"format\":2,\"exclusive\":true,\"views\":\"crop\",\"pack\":\"a\",\"pack_hash\":\"" SOME_HASH
      "\",\"concepts\":[{\"id\":\"a\",\"name\":\"a\"}]}", FOVEA_MODELS_ERROR_MALFORMED }, /* numbers that none asked for */
    { "{\"format\":\"1\"}", FOVEA_MODELS_ERROR_MALFORMED },
    { "{\"format\":1,\"dim\":4611686018427387904,\"exclusive\":true,\"views\":\"crop\",\"c\":1,\"pack\":\"a\",\"pack_hash\":\"" SOME_HASH
      "\",\"sha256\":\"" SOME_HASH "\",\"concepts\":[{\"id\":\"a\",\"name\":\"a\"}]}", FOVEA_MODELS_ERROR_MALFORMED },
    { "{\"format\":1,\"dim\":1,\"exclusive\":true,\"views\":\"sideways\",\"c\":1,\"pack\":\"a\",\"pack_hash\":\"" SOME_HASH
      "\",\"sha256\":\"" SOME_HASH "\",\"concepts\":[{\"id\":\"a\",\"name\":\"a\"}]}", FOVEA_MODELS_ERROR_MALFORMED },
    { "{\"format\":1,\"dim\":1,\"exclusive\":true,\"views\":\"crop\",\"c\":1,\"pack\":\"a\",\"pack_hash\":\"" SOME_HASH
      "\",\"sha256\":\"" SOME_HASH "\",\"concepts\":[]}", FOVEA_MODELS_ERROR_MALFORMED },
    { "{\"format\":1,\"dim\":1,\"exclusive\":1,\"views\":\"crop\",\"c\":[],\"pack\":\"a\",\"pack_hash\":\"" SOME_HASH
      "\",\"sha256\":\"" SOME_HASH "\",\"concepts\":[{\"id\":\"a\",\"name\":\"a\"}]}", FOVEA_MODELS_ERROR_MALFORMED },
    { "{\"format\":1,\"dim\":1,\"exclusive\":true,\"views\":\"crop\",\"c\":1,\"pack\":\"a\",\"pack_hash\":\"" SOME_HASH
      "\",\"sha256\":\"" SOME_HASH "\",\"concepts\":[{\"id\":\"a\",\"name\":\"a\"}]}", FOVEA_MODELS_ERROR_MALFORMED }, /* the sum is wrong */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = weights_with_header (cases[i].header, 2);
      g_autoptr (GError) error = NULL;

      g_assert_null (fovea_predictor_new_from_bytes (bytes, &error));
      g_assert_error (error, FOVEA_MODELS_ERROR, cases[i].code);
    }
}

static FoveaTensor *
make_images (gint64 n, double seed)
{
  FoveaShape shape = fovea_shape (4, n, (gint64) 3, (gint64) MINI_SIZE, (gint64) MINI_SIZE);
  FoveaTensor *images = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);

  for (gsize i = 0; i < images->n_elements; i++)
    FOVEA_TENSOR_DATA (images, float)[i] = (float) sin (seed * (double) (i + 1));
  return images;
}

/* Installs the pack and returns a predictor on it. */
static FoveaPredictor *
predictor_on_mini (const char *folder, gboolean exclusive, FoveaViews views)
{
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (FoveaPack) pack = NULL;

  mini_pack_save (graph, folder, "mini");
  pack = fovea_pack_load ("mini", NULL);
  return make_predictor (fovea_pack_get_hash (pack), MINI_DIM, exclusive, views);
}

/* The exported file, read back and run by the reference kernels, answers as the predictor does. */
static void
export_and_compare (FoveaPredictor *predictor, const char *folder, guint n_inputs, guint k)
{
  g_autofree char *path = g_build_filename (folder, "exported.onnx", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaGraph) graph = NULL;
  FoveaTensor *inputs[2] = { make_images (5, 0.37), make_images (5, 0.21) }, *output = NULL;
  float p[5 * 8];

  g_assert_true (fovea_predictor_run_batch (predictor, inputs, p, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (fovea_predictor_export_onnx (predictor, path, &error));
  g_assert_no_error (error);
  graph = fovea_onnx_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (graph->inputs->len, ==, n_inputs);
  g_assert_cmpuint (graph->outputs->len, ==, 1);
  g_assert_cmpint (graph->opset, >=, 13);
  g_assert_cmpint (fovea_graph_value (graph, g_array_index (graph->inputs, int, 0))->shape.dim[0], ==, -1);
  g_assert_true (fovea_interpret (graph, inputs, &output, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (output->shape.dim[1], ==, k);
  for (guint i = 0; i < 5 * k; i++)
    g_assert_cmpfloat_with_epsilon (FOVEA_TENSOR_DATA (output, float)[i], p[i], 1e-5f);
  g_assert_cmpstr (g_hash_table_lookup (graph->metadata, "fovea.fit"), ==, fovea_views_name (fovea_predictor_get_views (predictor)));
  g_assert_cmpstr (g_hash_table_lookup (graph->metadata, "fovea.license"), ==, "CC0-1.0");
  g_assert_cmpstr (g_hash_table_lookup (graph->metadata, "fovea.input.size"), ==, "8");
  g_assert_nonnull (strstr (g_hash_table_lookup (graph->metadata, "fovea.labels"), k == 3 ? "concept-2" : "dog"));
  fovea_tensor_unref (output);
  fovea_tensor_unref (inputs[0]);
  fovea_tensor_unref (inputs[1]);
}

static void
test_export (void)
{
  char *folder = mini_folder_new ();

  for (guint v = 0; v < FOVEA_N_VIEWS; v++)
    for (guint exclusive = 0; exclusive < 2; exclusive++)
      {
        g_autoptr (FoveaPredictor) predictor = predictor_on_mini (folder, exclusive != 0, (FoveaViews) v);

        export_and_compare (predictor, folder, v == FOVEA_VIEWS_CROP_LETTERBOX || v == FOVEA_VIEWS_CROP_LETTERBOX_MIRROR ? 2 : 1, 3);
      }
  mini_folder_remove (folder);
}

static void
test_export_pack (void)
{
  char *folder = mini_folder_new ();
  g_autoptr (FoveaGraph) graph = mini_pack_graph ("mini");
  g_autoptr (FoveaPack) pack = NULL;
  g_autoptr (FoveaPredictor) predictor = NULL, again = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  mini_pack_save (graph, folder, "mini");
  pack = fovea_pack_load ("mini", &error);
  predictor = fovea_predictor_new_pack (pack, &error);
  g_assert_no_error (error);
  bytes = fovea_predictor_to_bytes (predictor);
  again = fovea_predictor_new_from_bytes (bytes, &error);
  g_assert_no_error (error);
  g_assert_null (fovea_predictor_get_head (again));
  g_assert_cmpuint (fovea_predictor_get_labels (again)->len, ==, MINI_LABELS);
  export_and_compare (predictor, folder, 1, MINI_LABELS);
  mini_folder_remove (folder);
}

/* Stored vectors and whole pictures give the same answer. */
static void
test_pictures (void)
{
  char *folder = mini_folder_new ();
  g_autoptr (FoveaPredictor) predictor = predictor_on_mini (folder, TRUE, FOVEA_VIEWS_CROP_LETTERBOX);
  g_autoptr (FoveaPack) pack = fovea_pack_load ("mini", NULL);
  g_autoptr (FoveaEmbedder) embedder = fovea_embedder_new (pack, FOVEA_EMBEDDER_VECTORS, NULL);
  FoveaImage *images[3];
  float crop[3 * MINI_DIM], letterbox[3 * MINI_DIM], a[9], b[9];
  const float *vectors[FOVEA_N_FITS] = { [FOVEA_FIT_CROP] = crop, [FOVEA_FIT_LETTERBOX] = letterbox };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3; i++)
    {
      images[i] = fovea_image_new (FOVEA_PIXELS_RGB8, 20 + 9 * (int) i, 33, NULL);
      for (int at = 0; at < images[i]->width * 33 * 3; at++)
        ((guint8 *) images[i]->data)[at] = (guint8) (at * (7 + i));
    }
  g_assert_true (fovea_predictor_prepare (predictor, pack, &error));
  g_assert_cmpint (fovea_predictor_get_input_spec (predictor)->size, ==, MINI_SIZE);
  g_assert_true (fovea_predictor_run_pictures (predictor, images, 3, a, NULL, &error));
  g_assert_true (fovea_embedder_run_pictures (embedder, images, 3, FOVEA_FIT_CROP, crop, NULL, NULL, &error));
  g_assert_true (fovea_embedder_run_pictures (embedder, images, 3, FOVEA_FIT_LETTERBOX, letterbox, NULL, NULL, &error));
  fovea_predictor_run_vectors (predictor, vectors, 3, b);
  for (guint i = 0; i < 9; i++)
    g_assert_cmpfloat_with_epsilon (a[i], b[i], 1e-6f);
  for (guint i = 0; i < 3; i++)
    fovea_image_unref (images[i]);
  mini_folder_remove (folder);
}

/* A fit with a mirror is the average of what the square and its mirror image give. */
static void
test_mirror (void)
{
  char *folder = mini_folder_new ();
  g_autoptr (FoveaPredictor) on_mini = predictor_on_mini (folder, TRUE, FOVEA_VIEWS_CROP);
  g_autoptr (FoveaPack) pack = fovea_pack_load ("mini", NULL);
  g_autoptr (FoveaEmbedder) embedder = fovea_embedder_new (pack, FOVEA_EMBEDDER_VECTORS, NULL);
  g_autoptr (FoveaTensor) images = make_images (5, 0.37), mirrored = make_images (5, 0.37);
  float plain[5 * MINI_DIM], other[5 * MINI_DIM], both[5 * MINI_DIM], largest = 0;
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < images->n_elements; i++)
    FOVEA_TENSOR_DATA (mirrored, float)[i - i % MINI_SIZE + (MINI_SIZE - 1 - i % MINI_SIZE)] = FOVEA_TENSOR_DATA (images, float)[i];
  g_assert_true (fovea_embedder_run_fit (embedder, images, FOVEA_FIT_LETTERBOX, plain, NULL, &error));
  g_assert_true (fovea_embedder_run_fit (embedder, mirrored, FOVEA_FIT_LETTERBOX, other, NULL, &error));
  g_assert_true (fovea_embedder_run_fit (embedder, images, FOVEA_FIT_LETTERBOX_MIRROR, both, NULL, &error));
  for (guint i = 0; i < 5 * MINI_DIM; i++)
    largest = MAX (largest, fabsf (plain[i] - other[i]));
  g_assert_cmpfloat (largest, >, 1e-3f);
  fovea_views_average (plain, other, 5, MINI_DIM, plain);
  for (guint i = 0; i < 5 * MINI_DIM; i++)
    g_assert_cmpfloat_with_epsilon (plain[i], both[i], 1e-6f);
  mini_folder_remove (folder);
}

static void
test_other_pack (void)
{
  char *folder = mini_folder_new ();
  g_autoptr (FoveaPredictor) stranger = make_predictor (SOME_HASH, MINI_DIM, TRUE, FOVEA_VIEWS_CROP);
  g_autoptr (FoveaPredictor) known = predictor_on_mini (folder, TRUE, FOVEA_VIEWS_CROP);
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_predictor_prepare (stranger, NULL, &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_MISMATCH);
  g_clear_error (&error);
  g_assert_true (fovea_predictor_prepare (known, NULL, &error));
  mini_folder_remove (folder);
  folder = mini_folder_new ();
  g_assert_false (fovea_predictor_prepare (stranger, NULL, &error));
  g_assert_error (error, FOVEA_MODELS_ERROR, FOVEA_MODELS_ERROR_PACK_MISSING);
  mini_folder_remove (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/models/predictor/round-trip", test_round_trip);
  g_test_add_func ("/models/predictor/damaged-weights", test_damaged_weights);
  g_test_add_func ("/models/predictor/hostile-headers", test_hostile_headers);
  g_test_add_func ("/models/predictor/export", test_export);
  g_test_add_func ("/models/predictor/export-pack", test_export_pack);
  g_test_add_func ("/models/predictor/pictures", test_pictures);
  g_test_add_func ("/models/predictor/mirror", test_mirror);
  g_test_add_func ("/models/predictor/other-pack", test_other_pack);
  return g_test_run ();
}
