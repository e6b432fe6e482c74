/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib/gstdio.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nn/interpreter.h"
#include "nn/onnx.h"
#include "onnx-bytes.h"

enum { FLOAT = 1, UINT8 = 2, INT32 = 6, INT64 = 7, STRING = 8, BOOL = 9, FLOAT16 = 10, DOUBLE = 11, UINT64 = 13, BFLOAT16 = 16 };

/* --- Helpers
 * --------------------------------------------------------------------------------------------------------- */

/* Takes @model. */
static FoveaGraph *
load (GByteArray *model, GError **error)
{
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (model);

  return fovea_onnx_load_bytes (bytes, error);
}

/* Takes @model; expects that it is refused with @code and a message that holds @text. */
static void
expect_refused (GByteArray *model, int code, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaGraph) graph = load (model, &error);

  g_assert_null (graph);
  g_assert_error (error, FOVEA_NN_ERROR, code);
  if (strstr (error->message, text) == NULL)
    g_error ("“%s” does not hold “%s”", error->message, text);
}

/* x [N] f32 → node → y; more is put by the caller before make_model(). */
static GByteArray *
new_graph (const char *op_type, const char *a, const char *b)
{
  GByteArray *graph = g_byte_array_new ();

  put_text (graph, GRAPH_NAME, "little");
  put_part (graph, GRAPH_INPUT, make_value ("x", FLOAT, -1));
  put_part (graph, GRAPH_NODE, make_node (op_type, a, b, "y"));
  put_part (graph, GRAPH_OUTPUT, make_value ("y", FLOAT, -1));
  return graph;
}

static GByteArray *
new_tensor (int type, gint64 dim)
{
  GByteArray *tensor = g_byte_array_new ();

  put_text (tensor, TENSOR_NAME, "w");
  put_int (tensor, TENSOR_TYPE, type);
  if (dim != -1)
    put_int (tensor, TENSOR_DIMS, dim);
  return tensor;
}

/* Takes @tensor: an initializer w of a model that adds it to x. */
static GByteArray *
model_with (GByteArray *tensor)
{
  GByteArray *graph = new_graph ("Add", "x", "w");

  put_part (graph, GRAPH_INITIALIZER, tensor);
  return make_model (graph, 13);
}

/* Takes @tensor; the value of w as the reader sees it. */
static FoveaTensor *
read_tensor (GByteArray *tensor)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaGraph) graph = load (model_with (tensor), &error);

  g_assert_no_error (error);
  return fovea_tensor_ref (fovea_graph_value (graph, fovea_graph_find_value (graph, "w"))->constant);
}

static char *
make_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("fovea-onnx-XXXXXX", &error);

  g_assert_no_error (error);
  return folder;
}

static void
remove_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* --- Encodings
 * ------------------------------------------------------------------------------------------------------- */

static void
test_encodings (void)
{
  const float floats[] = { 1.5f, -2.0f };
  const double doubles[] = { 0.25, 8.0 };
  const guint8 packed_ints[] = { 0x80, 0x78, 0x00 }; /* 0x3c00 and 0 as varints: f16 1.0 and 0.0 */
  const guint8 packed_bools[] = { 5, 0 }, packed_longs[] = { 7, 1 };
  GByteArray *raw = new_tensor (FLOAT, 2), *list = new_tensor (FLOAT, 2), *half = new_tensor (FLOAT16, 2);
  GByteArray *bools = new_tensor (BOOL, 2), *longs = new_tensor (INT64, 2), *dbl = new_tensor (DOUBLE, 2);
  GByteArray *u64 = new_tensor (UINT64, 2), *raw_bools = new_tensor (BOOL, 2), *bytes = new_tensor (UINT8, 2);
  FoveaTensor *t[9];

  put_bytes (raw, TENSOR_RAW, floats, sizeof floats);
  put_bytes (list, TENSOR_FLOATS, floats, sizeof floats);
  put_bytes (half, TENSOR_INT32S, packed_ints, sizeof packed_ints);
  put_bytes (bools, TENSOR_INT32S, packed_bools, 2);
  put_bytes (longs, TENSOR_INT64S, packed_longs, 2);
  put_bytes (dbl, TENSOR_DOUBLES, doubles, sizeof doubles);
  put_bytes (u64, TENSOR_UINT64S, packed_longs, 2);
  put_bytes (raw_bools, TENSOR_RAW, packed_bools, 2);
  put_bytes (bytes, TENSOR_INT32S, packed_longs, 2);
  t[0] = read_tensor (raw);
  t[1] = read_tensor (list);
  t[2] = read_tensor (half);
  t[3] = read_tensor (bools);
  t[4] = read_tensor (longs);
  t[5] = read_tensor (dbl);
  t[6] = read_tensor (u64);
  t[7] = read_tensor (raw_bools);
  t[8] = read_tensor (bytes);
  g_assert_cmpmem (t[0]->data, sizeof floats, floats, sizeof floats);
  g_assert_cmpmem (t[1]->data, sizeof floats, floats, sizeof floats);
  g_assert_cmphex (FOVEA_TENSOR_DATA (t[2], guint16)[0], ==, 0x3c00);
  g_assert_cmpint (FOVEA_TENSOR_DATA (t[3], guint8)[0], ==, 1);
  g_assert_cmpint (FOVEA_TENSOR_DATA (t[4], gint64)[0], ==, 7);
  g_assert_cmpfloat (FOVEA_TENSOR_DATA (t[5], double)[1], ==, 8.0);
  g_assert_cmpint (FOVEA_TENSOR_DATA (t[6], guint64)[1], ==, 1);
  g_assert_cmpint (FOVEA_TENSOR_DATA (t[7], guint8)[0], ==, 1);
  g_assert_cmpint (FOVEA_TENSOR_DATA (t[8], guint8)[0], ==, 7);
  for (gsize i = 0; i < G_N_ELEMENTS (t); i++)
    fovea_tensor_unref (t[i]);
}

static void
test_bad_tensors (void)
{
  const float floats[] = { 1.5f, -2.0f };
  GByteArray *deep = new_tensor (FLOAT, 1), *two = new_tensor (FLOAT, (gint64) 1 << 32);

  for (int i = 0; i < 8; i++)
    put_int (deep, TENSOR_DIMS, 1);
  put_int (two, TENSOR_DIMS, (gint64) 1 << 31);
  put_int (two, TENSOR_DIMS, 2);
  for (gint64 dim = 1; dim <= 3; dim += 2)
    {
      GByteArray *raw = new_tensor (FLOAT, dim), *list = new_tensor (FLOAT, dim);

      put_bytes (raw, TENSOR_RAW, floats, sizeof floats);
      put_bytes (list, TENSOR_FLOATS, floats, sizeof floats);
      expect_refused (model_with (raw), FOVEA_NN_ERROR_MALFORMED, "8 bytes of raw data");
      expect_refused (model_with (list), FOVEA_NN_ERROR_MALFORMED, "2 values");
    }
  expect_refused (model_with (deep), FOVEA_NN_ERROR_LIMIT, "9 dimensions");
  expect_refused (model_with (two), FOVEA_NN_ERROR_LIMIT, "larger than");
  expect_refused (model_with (new_tensor (FLOAT, G_MAXINT64)), FOVEA_NN_ERROR_LIMIT, "larger than");
  expect_refused (model_with (new_tensor (FLOAT, -5)), FOVEA_NN_ERROR_LIMIT, "negative");
  expect_refused (model_with (new_tensor (FLOAT, 1000000)), FOVEA_NN_ERROR_MALFORMED, "0 values");
  expect_refused (model_with (new_tensor (STRING, 1)), FOVEA_NN_ERROR_UNSUPPORTED, "Add (opset 13), node “the node”");
  expect_refused (model_with (new_tensor (77, 1)), FOVEA_NN_ERROR_UNSUPPORTED, "an unknown type");
}

/* --- The graph
 * ------------------------------------------------------------------------------------------------------- */

static void
test_refused_operators (void)
{
  GByteArray *graph = new_graph ("Relu", "x", NULL), *node = make_node ("Relu", "x", NULL, "z");
  GByteArray *loop = g_byte_array_new (), *looped = make_node ("Relu", "x", NULL, "y"), *attr = g_byte_array_new ();

  expect_refused (make_model (new_graph ("Frobnicate", "x", NULL), 13), FOVEA_NN_ERROR_UNSUPPORTED,
                  "Frobnicate (opset 13), node “the node”");
  expect_refused (make_model (new_graph ("Add", "x", "x"), 6), FOVEA_NN_ERROR_UNSUPPORTED, "Add (opset 6)");
  expect_refused (make_model (new_graph ("Relu", "x", NULL), 9999), FOVEA_NN_ERROR_UNSUPPORTED, "Relu (opset 9999)");
  put_text (node, NODE_DOMAIN, "com.example");
  put_part (graph, GRAPH_NODE, node);
  expect_refused (make_model (graph, 13), FOVEA_NN_ERROR_UNSUPPORTED, "com.example.Relu (opset 13)");

  put_text (attr, ATTR_NAME, "body");
  put_part (attr, ATTR_GRAPH, g_byte_array_new ());
  put_part (looped, NODE_ATTRIBUTE, attr);
  put_part (loop, GRAPH_NODE, looped);
  expect_refused (make_model (loop, 13), FOVEA_NN_ERROR_UNSUPPORTED, "“body” is a graph");
}

static void
test_refused_types (void)
{
  GByteArray *strings = g_byte_array_new (), *brain = g_byte_array_new (), *negative = g_byte_array_new ();

  put_part (strings, GRAPH_INPUT, make_value ("x", STRING, 2));
  put_part (strings, GRAPH_NODE, make_node ("Identity", "x", NULL, "y"));
  put_part (strings, GRAPH_OUTPUT, make_value ("y", STRING, 2));
  expect_refused (make_model (strings, 13), FOVEA_NN_ERROR_UNSUPPORTED, "Identity (opset 13)");
  put_part (brain, GRAPH_INPUT, make_value ("x", BFLOAT16, 2));
  put_part (brain, GRAPH_NODE, make_node ("Relu", "x", NULL, "y"));
  put_part (brain, GRAPH_OUTPUT, make_value ("y", BFLOAT16, 2));
  expect_refused (make_model (brain, 13), FOVEA_NN_ERROR_UNSUPPORTED, "Relu (opset 13)");
  put_part (negative, GRAPH_INPUT, make_value ("x", FLOAT, -3));
  put_part (negative, GRAPH_NODE, make_node ("Relu", "x", NULL, "y"));
  put_part (negative, GRAPH_OUTPUT, make_value ("y", FLOAT, 2));
  expect_refused (make_model (negative, 13), FOVEA_NN_ERROR_MALFORMED, "dimension 0 is -3");
}

static void
test_bad_graphs (void)
{
  GByteArray *circle = g_byte_array_new (), *twice = new_graph ("Relu", "x", NULL), *no_output = g_byte_array_new ();
  GByteArray *attrs = g_byte_array_new (), *node = make_node ("Relu", "x", NULL, "y");

  put_part (circle, GRAPH_NODE, make_node ("Relu", "b", NULL, "a"));
  put_part (circle, GRAPH_NODE, make_node ("Relu", "a", NULL, "b"));
  put_part (circle, GRAPH_OUTPUT, make_value ("b", FLOAT, 1));
  expect_refused (make_model (circle, 13), FOVEA_NN_ERROR_MALFORMED, "circle");
  put_part (twice, GRAPH_NODE, make_node ("Relu", "x", NULL, "y"));
  expect_refused (make_model (twice, 13), FOVEA_NN_ERROR_MALFORMED, "“y” is made twice");
  expect_refused (make_model (new_graph ("Relu", "nobody", NULL), 13), FOVEA_NN_ERROR_MALFORMED, "“nobody”");
  expect_refused (make_model (new_graph ("Relu", "x", "x"), 13), FOVEA_NN_ERROR_MALFORMED, "2 inputs");
  put_part (no_output, GRAPH_INPUT, make_value ("x", FLOAT, 1));
  expect_refused (make_model (no_output, 13), FOVEA_NN_ERROR_MALFORMED, "no outputs");
  expect_refused (g_byte_array_new (), FOVEA_NN_ERROR_MALFORMED, "no graph");
  for (int i = 0; i < 2; i++)
    {
      GByteArray *attr = g_byte_array_new ();

      put_text (attr, ATTR_NAME, "alpha");
      put_int (attr, ATTR_I, 1);
      put_part (node, NODE_ATTRIBUTE, attr);
    }
  put_part (attrs, GRAPH_NODE, node);
  put_part (attrs, GRAPH_INPUT, make_value ("x", FLOAT, 1));
  put_part (attrs, GRAPH_OUTPUT, make_value ("y", FLOAT, 1));
  expect_refused (make_model (attrs, 13), FOVEA_NN_ERROR_MALFORMED, "“alpha”");
}

/* Nodes in any order; an initializer that is listed as an input too is no input. */
static void
test_order (void)
{
  const float w[] = { 10.0f };
  GByteArray *graph = g_byte_array_new (), *tensor = new_tensor (FLOAT, 1);
  FoveaShape shape = fovea_shape (1, (gint64) 1);
  g_autoptr (FoveaTensor) x = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL), y = NULL;
  g_autoptr (FoveaGraph) loaded = NULL;
  g_autoptr (GError) error = NULL;

  put_bytes (tensor, TENSOR_RAW, w, sizeof w);
  put_part (graph, GRAPH_NODE, make_node ("Neg", "sum", NULL, "y"));
  put_part (graph, GRAPH_NODE, make_node ("Add", "x", "w", "sum"));
  put_part (graph, GRAPH_INITIALIZER, tensor);
  put_part (graph, GRAPH_INPUT, make_value ("w", FLOAT, 1));
  put_part (graph, GRAPH_INPUT, make_value ("x", FLOAT, -1));
  put_part (graph, GRAPH_OUTPUT, make_value ("y", FLOAT, -1));
  loaded = load (make_model (graph, 13), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (loaded->inputs->len, ==, 1);
  g_assert_cmpstr (fovea_graph_node (loaded, 0)->op_type, ==, "Add");
  g_assert_true (fovea_interpret (loaded, &x, &y, NULL, &error));
  g_assert_cmpfloat (*FOVEA_TENSOR_DATA (y, float), ==, -10.0f);
}

/* --- The wire format
 * ------------------------------------------------------------------------------------------------- */

static void
test_truncated (void)
{
  GByteArray *tensor = new_tensor (FLOAT, 2);
  const float floats[] = { 1.5f, -2.0f };
  g_autoptr (GByteArray) whole = NULL;

  put_bytes (tensor, TENSOR_RAW, floats, sizeof floats);
  whole = model_with (tensor);
  for (guint n = 0; n < whole->len; n++)
    {
      g_autoptr (GBytes) part = g_bytes_new (whole->data, n);
      g_autoptr (GError) error = NULL;
      g_autoptr (FoveaGraph) graph = fovea_onnx_load_bytes (part, &error);

      g_assert_null (graph);
      g_assert_nonnull (error);
    }
}

static void
test_wire (void)
{
  GByteArray *nested = g_byte_array_new (), *many = g_byte_array_new (), *graph = g_byte_array_new ();
  GByteArray *merged, *binary = g_byte_array_new (), *long_field = g_byte_array_new ();
  const guint8 group[] = { 0x3b }, endless[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1 };

  /* graph → node → attribute → graph …, 333 times */
  for (int i = 0; i < 999; i++)
    {
      GByteArray *outer = g_byte_array_new ();

      put_part (outer, i % 3 == 0 ? ATTR_GRAPH : i % 3 == 1 ? NODE_ATTRIBUTE : GRAPH_NODE, nested);
      nested = outer;
    }
  expect_refused (make_model (nested, 13), FOVEA_NN_ERROR_LIMIT, "levels deep");
  /* two bytes for a node that takes a hundred in memory */
  for (int i = 0; i < 2000000; i++)
    put_bytes (many, GRAPH_NODE, "", 0);
  expect_refused (make_model (many, 13), FOVEA_NN_ERROR_LIMIT, "more parts than its size");
  merged = make_model (g_byte_array_new (), 13);
  put_part (merged, MODEL_GRAPH, graph);
  expect_refused (merged, FOVEA_NN_ERROR_MALFORMED, "twice");
  g_byte_array_append (binary, group, sizeof group);
  expect_refused (binary, FOVEA_NN_ERROR_MALFORMED, "kind of field");
  put_varint (long_field, MODEL_GRAPH << 3 | 2);
  put_varint (long_field, G_MAXUINT64);
  expect_refused (long_field, FOVEA_NN_ERROR_MALFORMED, "beyond the end");
  binary = g_byte_array_new ();
  g_byte_array_append (binary, endless, sizeof endless);
  expect_refused (binary, FOVEA_NN_ERROR_MALFORMED, "broken field");
  binary = g_byte_array_new ();
  put_bytes (binary, 2 /* producer_name */, "a\0b", 3);
  expect_refused (binary, FOVEA_NN_ERROR_MALFORMED, "UTF-8");
}

/* --- External data
 * --------------------------------------------------------------------------------------------------- */

static GByteArray *
external_model (const char *location, const char *offset, const char *length)
{
  const char *entries[][2] = { { "location", location }, { "offset", offset }, { "length", length } };
  GByteArray *tensor = new_tensor (FLOAT, 2);

  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    if (entries[i][1] != NULL)
      {
        GByteArray *entry = g_byte_array_new ();

        put_text (entry, ENTRY_KEY, entries[i][0]);
        put_text (entry, ENTRY_VALUE, entries[i][1]);
        put_part (tensor, TENSOR_EXTERNAL, entry);
      }
  put_int (tensor, TENSOR_LOCATION, 1);
  return model_with (tensor);
}

/* Takes @model, writes it into @folder and loads it from there. */
static FoveaGraph *
load_in (const char *folder, GByteArray *model, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "model.onnx", NULL);

  g_assert_true (g_file_set_contents (path, (const char *) model->data, model->len, NULL));
  g_byte_array_unref (model);
  return fovea_onnx_load (path, error);
}

static void
test_external (void)
{
  g_autofree char *folder = make_folder (), *data = g_build_filename (folder, "weights.bin", NULL);
  g_autofree char *away = g_build_filename (folder, "away.bin", NULL), *secret = make_folder ();
  g_autofree char *target = g_build_filename (secret, "secret", NULL);
  const float floats[] = { 0.0f, 1.5f, -2.0f };
  const struct { const char *location, *offset, *length; int code; } bad[] = {
    { "../../etc/passwd", NULL, NULL, FOVEA_NN_ERROR_MALFORMED },
    { "/etc/passwd", NULL, NULL, FOVEA_NN_ERROR_MALFORMED },
    { "./weights.bin", NULL, NULL, FOVEA_NN_ERROR_MALFORMED },
    { "away.bin", NULL, NULL, FOVEA_NN_ERROR_IO },
    { "missing.bin", NULL, NULL, FOVEA_NN_ERROR_IO },
    { "fifo", NULL, NULL, FOVEA_NN_ERROR_MALFORMED },
    { "weights.bin", "8", NULL, FOVEA_NN_ERROR_MALFORMED },
    { "weights.bin", "9223372036854775807", NULL, FOVEA_NN_ERROR_MALFORMED },
    { "weights.bin", "-4", NULL, FOVEA_NN_ERROR_MALFORMED },
    { "weights.bin", "0", "12", FOVEA_NN_ERROR_MALFORMED },
    { "weights.bin", "0", "x", FOVEA_NN_ERROR_MALFORMED },
    { NULL, NULL, NULL, FOVEA_NN_ERROR_MALFORMED },
  };
  g_autofree char *fifo = g_build_filename (folder, "fifo", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (FoveaGraph) graph = NULL;

  g_assert_true (g_file_set_contents (data, (const char *) floats, sizeof floats, NULL));
  g_assert_true (g_file_set_contents (target, (const char *) floats, sizeof floats, NULL));
  g_assert_cmpint (symlink (target, away), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  graph = load_in (folder, external_model ("weights.bin", "4", "8"), &error);
  g_assert_no_error (error);
  g_assert_cmpmem (fovea_graph_value (graph, fovea_graph_find_value (graph, "w"))->constant->data, 8, floats + 1, 8);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) refused = NULL;
      g_autoptr (FoveaGraph) none = load_in (folder, external_model (bad[i].location, bad[i].offset, bad[i].length), &refused);

      g_assert_null (none);
      g_assert_error (refused, FOVEA_NN_ERROR, bad[i].code);
    }
  expect_refused (external_model ("weights.bin", "4", "8"), FOVEA_NN_ERROR_UNSUPPORTED, "external");
  remove_folder (folder);
  remove_folder (secret);
}

/* --- Files and writing
 * ----------------------------------------------------------------------------------------------- */

static void
test_files (void)
{
  g_autofree char *folder = make_folder (), *fifo = g_build_filename (folder, "fifo", NULL);
  g_autofree char *missing = g_build_filename (folder, "missing.onnx", NULL);
  const char *paths[] = { fifo, missing, folder };

  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FoveaGraph) graph = fovea_onnx_load (paths[i], &error);

      g_assert_null (graph);
      g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_IO);
      g_assert_nonnull (strstr (error->message, paths[i]));
    }
  remove_folder (folder);
}

static FoveaGraph *
new_model (void)
{
  FoveaGraph *graph = fovea_graph_new ("head", 17);
  FoveaShape shape = fovea_shape (3, (gint64) -1, (gint64) 2, (gint64) 3), flat = fovea_shape (1, (gint64) 6);
  g_autoptr (FoveaTensor) w = fovea_tensor_new (FOVEA_DTYPE_F32, &flat, NULL);
  const gint64 perm[] = { 0, 2, 1 };
  FoveaNode *node;
  int x, turned, pair[2], sum, y;

  for (int i = 0; i < 6; i++)
    FOVEA_TENSOR_DATA (w, float)[i] = (float) i - 2.5f;
  x = fovea_graph_add_input (graph, "image", FOVEA_DTYPE_F32, &shape);
  node = fovea_graph_add_node (graph, "Transpose", &x, 1, NULL, &turned);
  fovea_node_set_ints (node, "perm", perm, 3);
  fovea_graph_add_node (graph, "Flatten", &turned, 1, NULL, &pair[0]);
  pair[1] = fovea_graph_add_constant (graph, "w", w);
  fovea_graph_add_node (graph, "Add", pair, 2, NULL, &sum);
  node = fovea_graph_add_node (graph, "LeakyRelu", &sum, 1, "logits", &y);
  fovea_node_set_float (node, "alpha", 0.125f);
  fovea_graph_add_output (graph, y);
  g_hash_table_insert (graph->metadata, g_strdup ("fovea.title"), g_strdup ("Ein Kopf, „kurz“"));
  return graph;
}

static FoveaTensor *
run_model (FoveaGraph *graph)
{
  FoveaShape shape = fovea_shape (3, (gint64) 1, (gint64) 2, (gint64) 3);
  g_autoptr (FoveaTensor) x = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, NULL);
  g_autoptr (GError) error = NULL;
  FoveaTensor *y = NULL;

  for (int i = 0; i < 6; i++)
    FOVEA_TENSOR_DATA (x, float)[i] = (float) (i * i) - 9.0f;
  g_assert_true (fovea_interpret (graph, &x, &y, NULL, &error));
  g_assert_no_error (error);
  return y;
}

static void
test_save (void)
{
  g_autoptr (FoveaGraph) graph = new_model (), again = NULL;
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "model.onnx", NULL);
  g_autoptr (FoveaTensor) before = run_model (graph), after = NULL;
  g_autoptr (GError) error = NULL;
  const FoveaValue *value;

  g_assert_true (fovea_onnx_save (graph, path, &error));
  g_assert_no_error (error);
  g_assert_true (fovea_onnx_save (graph, path, &error)); /* over itself, and nothing is left beside it */
  again = fovea_onnx_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (again->opset, ==, 17);
  g_assert_cmpstr (g_hash_table_lookup (again->metadata, "fovea.title"), ==, "Ein Kopf, „kurz“");
  g_assert_cmpstr (again->producer_name, ==, "Fovea");
  value = fovea_graph_value (again, g_array_index (again->outputs, int, 0));
  g_assert_cmpstr (value->name, ==, "logits");
  g_assert_cmpint (value->shape.rank, ==, 2);
  g_assert_cmpint (value->shape.dim[0], ==, -1);
  g_assert_cmpint (value->shape.dim[1], ==, 6);
  after = run_model (again);
  g_assert_cmpmem (after->data, fovea_tensor_n_bytes (after), before->data, fovea_tensor_n_bytes (before));
  remove_folder (folder);
}

static void
test_save_errors (void)
{
  g_autoptr (FoveaGraph) graph = new_model ();
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "no", "model.onnx", NULL);
  g_autoptr (GBytes) bytes = NULL;

  g_assert_false (fovea_onnx_save (graph, path, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_IO);
  g_clear_error (&error);
  /* Two values of one name could not be told apart when it is read. */
  g_free (fovea_graph_value (graph, 0)->name);
  fovea_graph_value (graph, 0)->name = g_strdup ("logits");
  bytes = fovea_onnx_save_bytes (graph, &error);
  g_assert_null (bytes);
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED);
  remove_folder (folder);
}

static void
test_tensor_files (void)
{
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "t.pb", NULL), *name = NULL;
  g_autoptr (GError) error = NULL;

  for (int dtype = 0; dtype < FOVEA_N_DTYPES; dtype++)
    {
      FoveaShape shape = fovea_shape (2, (gint64) 2, (gint64) 3);
      g_autoptr (FoveaTensor) tensor = fovea_tensor_new ((FoveaDType) dtype, &shape, NULL), again = NULL;

      for (gsize i = 0; i < fovea_tensor_n_bytes (tensor); i++)
        FOVEA_TENSOR_DATA (tensor, guint8)[i] = dtype == FOVEA_DTYPE_BOOL ? i % 2 : (guint8) (i * 7);
      g_assert_true (fovea_onnx_save_tensor (tensor, "a tensor", path, &error));
      g_clear_pointer (&name, g_free);
      again = fovea_onnx_load_tensor (path, &name, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (name, ==, "a tensor");
      g_assert_cmpint (again->dtype, ==, dtype);
      g_assert_true (fovea_shape_equal (&again->shape, &shape));
      g_assert_cmpmem (again->data, fovea_tensor_n_bytes (again), tensor->data, fovea_tensor_n_bytes (tensor));
    }
  remove_folder (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nn/onnx/encodings", test_encodings);
  g_test_add_func ("/nn/onnx/bad-tensors", test_bad_tensors);
  g_test_add_func ("/nn/onnx/refused-operators", test_refused_operators);
  g_test_add_func ("/nn/onnx/refused-types", test_refused_types);
  g_test_add_func ("/nn/onnx/bad-graphs", test_bad_graphs);
  g_test_add_func ("/nn/onnx/order", test_order);
  g_test_add_func ("/nn/onnx/truncated", test_truncated);
  g_test_add_func ("/nn/onnx/wire", test_wire);
  g_test_add_func ("/nn/onnx/external", test_external);
  g_test_add_func ("/nn/onnx/files", test_files);
  g_test_add_func ("/nn/onnx/save", test_save);
  g_test_add_func ("/nn/onnx/save-errors", test_save_errors);
  g_test_add_func ("/nn/onnx/tensor-files", test_tensor_files);
  return g_test_run ();
}
