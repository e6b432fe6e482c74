/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/bench-embed.h"

#include <string.h>

#include "nn/kernels/kernels.h"
#include "nn/onnx.h"
#include "nn/plan.h"

#define WARM_UP_RUNS 2
#define MIN_RUNS 5
#define MAX_BATCH 4096

typedef struct {
  char *model, *input;
  int batch;
  double seconds;
  gboolean steps, json;
} Options;

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "model", 0, 0, G_OPTION_ARG_FILENAME, &options->model, "Model to run", "FILE.onnx" },
    { "input", 0, 0, G_OPTION_ARG_FILENAME, &options->input, "Pictures as a TensorProto [n, C, H, W]", "TENSOR.pb" },
    { "batch", 0, 0, G_OPTION_ARG_INT, &options->batch, "Pictures a run (default 1)", "N" },
    { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options->seconds, "Time to measure for (default 3)", "S" },
    { "steps", 0, 0, G_OPTION_ARG_NONE, &options->steps, "Say what the compiled model does", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print one JSON document", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, "Measures how fast a model runs.");
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (options->model == NULL || options->input == NULL || *argc > 1 || options->batch < 1 || options->batch > MAX_BATCH)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "say --model FILE.onnx, --input TENSOR.pb and a batch of 1 to %d", MAX_BATCH);
      return FALSE;
    }
  return TRUE;
}

/* @batch pictures, taken from @pictures over and over. */
static FoveaTensor *
repeat (const FoveaTensor *pictures, int batch, GError **error)
{
  FoveaShape shape = pictures->shape;
  FoveaTensor *tensor;
  gsize n, picture_bytes;

  if (shape.rank < 1 || shape.dim[0] < 1)
    {
      g_set_error_literal (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "the input tensor holds no picture");
      return NULL;
    }
  n = (gsize) shape.dim[0];
  picture_bytes = fovea_tensor_n_bytes (pictures) / n;
  shape.dim[0] = batch;
  tensor = fovea_tensor_new (pictures->dtype, &shape, error);
  for (gsize i = 0; tensor != NULL && i < (gsize) batch; i++)
    memcpy ((char *) tensor->data + i * picture_bytes, (const char *) pictures->data + i % n * picture_bytes, picture_bytes);
  return tensor;
}

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static gboolean
run_once (FoveaPlan *plan, FoveaTensor *input, guint n_outputs, GError **error)
{
  g_autofree FoveaTensor **outputs = g_new0 (FoveaTensor *, n_outputs);

  if (!fovea_plan_run (plan, &input, outputs, NULL, error))
    return FALSE;
  for (guint i = 0; i < n_outputs; i++)
    fovea_tensor_unref (outputs[i]);
  return TRUE;
}

/* The median time of a run in seconds; negative on failure. */
static double
measure (FoveaPlan *plan, FoveaTensor *input, guint n_outputs, double seconds, GError **error)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));
  gint64 begun;

  for (int i = 0; i < WARM_UP_RUNS; i++)
    if (!run_once (plan, input, n_outputs, error))
      return -1;
  begun = g_get_monotonic_time ();
  while (times->len < MIN_RUNS || (double) (g_get_monotonic_time () - begun) / 1e6 < seconds)
    {
      gint64 start = g_get_monotonic_time ();
      double took;

      if (!run_once (plan, input, n_outputs, error))
        return -1;
      took = (double) (g_get_monotonic_time () - start) / 1e6;
      g_array_append_val (times, took);
    }
  g_array_sort (times, compare_doubles);
  return MAX (g_array_index (times, double, times->len / 2), 1e-6);
}

static gboolean
bench (const Options *options, GError **error)
{
  g_autoptr (FoveaGraph) graph = fovea_onnx_load (options->model, error);
  g_autoptr (FoveaTensor) pictures = graph != NULL ? fovea_onnx_load_tensor (options->input, NULL, error) : NULL;
  g_autoptr (FoveaTensor) input = pictures != NULL ? repeat (pictures, options->batch, error) : NULL;
  g_autoptr (FoveaPlan) plan = input != NULL ? fovea_plan_new (graph, 0, error) : NULL;
  g_autofree char *steps = NULL;
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  double took;

  if (plan == NULL)
    return FALSE;
  if (graph->inputs->len != 1)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "“%s” has %u inputs; only models with one are measured",
                   options->model, graph->inputs->len);
      return FALSE;
    }
  took = measure (plan, input, graph->outputs->len, options->seconds, error);
  if (took < 0)
    return FALSE;
  g_ascii_formatd (number, sizeof number, "%.2f", options->batch / took);
  if (options->json)
    g_print ("{\"images_per_second\":%s,\"batch\":%d,\"threads\":%u,\"kernels\":\"%s\"}\n", number, options->batch,
             fovea_plan_get_n_threads (plan), fovea_kernels_get ()->name);
  else
    g_print ("%s images a second in batches of %d, %u threads, %s\n", number, options->batch,
             fovea_plan_get_n_threads (plan), fovea_kernels_get ()->name);
  if (options->steps)
    {
      steps = fovea_plan_describe (plan);
      g_printerr ("%s", steps);
    }
  return TRUE;
}

int
fovea_bench_embed_main (int argc, char **argv)
{
  Options options = { .batch = 1, .seconds = 3 };
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!parse_options (&argc, &argv, &options, &error))
    status = 2;
  else if (!bench (&options, &error))
    status = 1;
  if (error != NULL)
    g_printerr ("fovea bench embed: %s\n", error->message);
  g_free (options.model);
  g_free (options.input);
  return status;
}
