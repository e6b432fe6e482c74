/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <unistd.h>

#include "harm.h"
#include "nn/onnx.h"
#include "nn/op.h"

/* Harms ONNX models and loads, runs and writes what is left of them. Built with a fuzzer's driver it is
 * LLVMFuzzerTestOneInput(); alone: fuzz-onnx FOLDER SECONDS|COUNTx [SEED], with FOVEA_FUZZ_DUMP=FILE to keep the input that
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
  g_autoptr (GPtrArray) seeds = argc > 2 ? fuzz_load_seeds (argv[1]) : NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (argc > 3 ? (guint32) atoi (argv[3]) : 1);
  FuzzLimit limit;
  guint n_read = 0;

  if (seeds == NULL || seeds->len == 0)
    {
      g_printerr ("usage: fuzz-onnx FOLDER SECONDS|COUNTx [SEED]; the folder must hold seeds\n");
      return 2;
    }
  limit = fuzz_limit (argv[2]);
  for (guint i = 0; i < seeds->len; i++)
    {
      const FuzzSeed *seed = seeds->pdata[i];
      g_autoptr (GBytes) bytes = g_bytes_new (seed->bytes->data, seed->bytes->len);
      g_autoptr (FoveaGraph) graph = fovea_onnx_load_bytes (bytes, NULL);

      n_read += graph != NULL;
      try_input (seed->bytes);
    }
  while (fuzz_goes_on (&limit))
    {
      const FuzzSeed *seed = seeds->pdata[g_rand_int_range (rand, 0, (gint32) seeds->len)];
      const FuzzSeed *other = seeds->pdata[g_rand_int_range (rand, 0, (gint32) seeds->len)];
      g_autoptr (GByteArray) data = g_byte_array_new ();

      g_byte_array_append (data, seed->bytes->data, seed->bytes->len);
      fuzz_harm (rand, data, other->bytes);
      try_input (data);
    }
  g_print ("%" G_GUINT64_FORMAT " inputs from %u seeds, %u of them models as they are\n", limit.n, seeds->len, n_read);
  return n_read > 0 ? 0 : 1;
}
#endif
