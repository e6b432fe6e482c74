/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nn/onnx.h"
#include "nn/op.h"

/* Harms ONNX models and loads, runs and writes what is left of them. Built with a fuzzer's driver it is
 * LLVMFuzzerTestOneInput(); alone: fuzz-onnx FOLDER SECONDS [SEED], with FOVEA_FUZZ_DUMP=FILE to keep the input that
 * crashed. */

#define MAX_NODES 64
#define MAX_ELEMENTS (1 << 16)
#define MAX_SECONDS_AN_INPUT 30

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static gboolean
is_small (const FoveaTensor *tensor)
{
  return tensor == NULL || tensor->n_elements <= MAX_ELEMENTS;
}

/* Runs one node unless its results are large; FALSE when there is nothing to go on with. */
static gboolean
try_node (const FoveaGraph *graph, const FoveaNode *node, FoveaTensor **values)
{
  g_autofree FoveaTensor **in = g_new0 (FoveaTensor *, node->n_inputs);
  g_autofree FoveaTensor **out = g_new0 (FoveaTensor *, node->n_outputs);
  FoveaOpContext ctx = {
    .node = node, .opset = graph->opset, .n_in = node->n_inputs, .in = in, .n_out = node->n_outputs, .out = out
  };
  gboolean ok;

  for (guint i = 0; i < node->n_inputs; i++)
    {
      in[i] = node->inputs[i] >= 0 ? values[node->inputs[i]] : NULL;
      if (node->inputs[i] >= 0 && in[i] == NULL)
        return FALSE;
    }
  ok = fovea_op_infer (&ctx, NULL) != FOVEA_INFER_ERROR;
  for (guint i = 0; i < node->n_outputs; i++)
    {
      ok = ok && is_small (out[i]);
      g_clear_pointer (&out[i], fovea_tensor_unref);
    }
  ok = ok && fovea_op_run (&ctx, NULL);
  for (guint i = 0; i < node->n_outputs; i++)
    if (ok && node->outputs[i] >= 0)
      values[node->outputs[i]] = out[i];
    else
      g_assert_true (ok || out[i] == NULL); /* untouched on failure */
  return ok;
}

static void
set_inputs (const FoveaGraph *graph, FoveaTensor **values)
{
  for (guint i = 0; i < graph->inputs->len; i++)
    {
      int id = g_array_index (graph->inputs, int, i);
      const FoveaValue *value = fovea_graph_value (graph, id);
      FoveaShape shape = value->shape;
      gsize n;

      if (values[id] != NULL || shape.rank < 0)
        continue;
      for (int k = 0; k < shape.rank; k++)
        shape.dim[k] = shape.dim[k] < 0 ? 2 : shape.dim[k];
      if (!fovea_shape_check (&shape, value->dtype, 8 * MAX_ELEMENTS, &n, NULL))
        continue;
      values[id] = fovea_tensor_new (value->dtype, &shape, NULL);
      for (gsize k = 0; k < fovea_tensor_n_bytes (values[id]); k++)
        FOVEA_TENSOR_DATA (values[id], guint8)[k] = value->dtype == FOVEA_DTYPE_BOOL ? k & 1 : (guint8) (k * 37);
    }
}

static void
try_graph (const FoveaGraph *graph)
{
  g_autofree FoveaTensor **values = g_new0 (FoveaTensor *, graph->values->len);

  for (guint i = 0; i < graph->values->len; i++)
    if (fovea_graph_value (graph, i)->constant != NULL)
      values[i] = fovea_tensor_ref (fovea_graph_value (graph, i)->constant);
  set_inputs (graph, values);
  for (guint i = 0; i < graph->nodes->len && i < MAX_NODES; i++)
    try_node (graph, fovea_graph_node (graph, i), values);
  for (guint i = 0; i < graph->values->len; i++)
    if (values[i] != NULL)
      fovea_tensor_unref (values[i]);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size), saved = NULL;
  g_autoptr (GError) error = NULL, save_error = NULL;
  g_autoptr (FoveaGraph) graph = fovea_onnx_load_bytes (bytes, &error);

  g_assert_true ((graph == NULL) == (error != NULL));
  if (graph == NULL)
    return 0;
  try_graph (graph);
  saved = fovea_onnx_save_bytes (graph, &save_error);
  g_assert_true ((saved == NULL) == (save_error != NULL));
  return 0;
}

/* --- The plain driver
 * ------------------------------------------------------------------------------------------------ */

static guint8
harmful_byte (GRand *rand)
{
  static const guint8 bytes[] = { 0, 1, 0x7f, 0x80, 0xff, 0xfe, 2, 8 };

  return g_rand_boolean (rand) ? bytes[g_rand_int_range (rand, 0, G_N_ELEMENTS (bytes))]
                               : (guint8) g_rand_int_range (rand, 0, 256);
}

/* One to eight changes: a byte set, a bit turned, a stretch removed, doubled, or taken from another seed. */
static void
harm (GRand *rand, GByteArray *data, GByteArray *other)
{
  for (int n = g_rand_int_range (rand, 1, 9); n > 0 && data->len > 1; n--)
    {
      guint at = (guint) g_rand_int_range (rand, 0, (gint32) data->len);
      guint length = (guint) g_rand_int_range (rand, 1, 17);
      g_autofree guint8 *copy = NULL;

      length = MIN (length, data->len - at);
      switch (g_rand_int_range (rand, 0, 8))
        {
        case 0:
          g_byte_array_remove_range (data, at, length);
          break;
        case 1:
          copy = g_memdup2 (data->data + at, length);
          g_byte_array_append (data, copy, length);
          memmove (data->data + at + length, data->data + at, data->len - at - length);
          break;
        case 2:
          length = MIN (length, other->len);
          memcpy (data->data + at, other->data + g_rand_int_range (rand, 0, (gint32) (other->len - length + 1)),
                  MIN (length, data->len - at));
          break;
        case 3:
        case 4:
          data->data[at] ^= (guint8) (1u << g_rand_int_range (rand, 0, 8));
          break;
        default:
          data->data[at] = harmful_byte (rand);
        }
    }
}

static GPtrArray *
load_seeds (const char *folder)
{
  GPtrArray *seeds = g_ptr_array_new_with_free_func ((GDestroyNotify) g_byte_array_unref);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GList) names = NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    names = g_list_insert_sorted (names, (gpointer) g_intern_string (name), (GCompareFunc) strcmp);
  for (GList *l = names; l != NULL; l = l->next)
    {
      g_autofree char *path = g_build_filename (folder, l->data, NULL);
      char *text;
      gsize length;

      if (g_file_get_contents (path, &text, &length, NULL))
        g_ptr_array_add (seeds, g_byte_array_new_take ((guint8 *) text, length));
    }
  return seeds;
}

static void
try_input (const GByteArray *data)
{
  const char *dump = g_getenv ("FOVEA_FUZZ_DUMP");

  if (dump != NULL)
    g_file_set_contents (dump, (const char *) data->data, data->len, NULL);
  alarm (MAX_SECONDS_AN_INPUT);
  LLVMFuzzerTestOneInput (data->data, data->len);
  alarm (0);
}

#ifndef FOVEA_FUZZER_DRIVER
int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) seeds = argc > 2 ? load_seeds (argv[1]) : NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (argc > 3 ? (guint32) atoi (argv[3]) : 1);
  gint64 end;
  guint64 n = 0;
  guint n_read = 0;

  if (seeds == NULL || seeds->len == 0)
    {
      g_printerr ("usage: fuzz-onnx FOLDER SECONDS [SEED]; the folder must hold seeds\n");
      return 2;
    }
  end = g_get_monotonic_time () + (gint64) (atof (argv[2]) * G_USEC_PER_SEC);
  for (guint i = 0; i < seeds->len; i++)
    {
      GByteArray *seed = seeds->pdata[i];
      g_autoptr (GBytes) bytes = g_bytes_new (seed->data, seed->len);
      g_autoptr (FoveaGraph) graph = fovea_onnx_load_bytes (bytes, NULL);

      n_read += graph != NULL;
      try_input (seed);
    }
  for (; g_get_monotonic_time () < end; n++)
    {
      const GByteArray *seed = seeds->pdata[g_rand_int_range (rand, 0, (gint32) seeds->len)];
      g_autoptr (GByteArray) data = g_byte_array_new ();

      g_byte_array_append (data, seed->data, seed->len);
      harm (rand, data, seeds->pdata[g_rand_int_range (rand, 0, (gint32) seeds->len)]);
      try_input (data);
    }
  g_print ("%" G_GUINT64_FORMAT " inputs from %u seeds, %u of them models as they are\n", n, seeds->len, n_read);
  return n_read > 0 ? 0 : 1;
}
#endif
