/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/nn-run.h"

#include <string.h>

#include "nn/interpreter.h"
#include "nn/onnx.h"
#include "nn/plan.h"

typedef struct {
  char *output;
  gboolean plan;
  char **files; /* the model, then the inputs */
} Options;

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  gboolean interpreter = FALSE;
  const GOptionEntry entries[] = {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output, "Write output_0.pb, … into DIR", "DIR" },
    { "interpreter", 0, 0, G_OPTION_ARG_NONE, &interpreter, "Use the reference kernels (default)", NULL },
    { "plan", 0, 0, G_OPTION_ARG_NONE, &options->plan, "Compile the model first", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->files, NULL, "MODEL.onnx INPUT.pb…" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, "Runs an ONNX model on tensors from files (ONNX TensorProto).");
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (interpreter && options->plan)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "say --interpreter or --plan, not both");
      return FALSE;
    }
  if (options->files == NULL || options->output == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                   "say a model, its inputs and --output DIR");
      return FALSE;
    }
  return TRUE;
}

/* The position of the input that @file names with NAME=, or the next one. */
static int
input_position (const FoveaGraph *graph, const char **file, guint next)
{
  const char *equals = strchr (*file, '=');

  for (guint i = 0; equals != NULL && i < graph->inputs->len; i++)
    {
      const char *name = fovea_graph_value (graph, g_array_index (graph->inputs, int, i))->name;

      if (strlen (name) == (gsize) (equals - *file) && strncmp (name, *file, strlen (name)) == 0)
        {
          *file = equals + 1;
          return (int) i;
        }
    }
  return (int) next;
}

static gboolean
load_inputs (const FoveaGraph *graph, char **files, FoveaTensor **inputs, GError **error)
{
  guint n = g_strv_length (files), n_inputs = graph->inputs->len;

  if (n != n_inputs)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "the model has %u inputs, %u files are given", n_inputs, n);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      const char *file = files[i];
      int at = input_position (graph, &file, i);

      if (inputs[at] != NULL)
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "the input %d is given twice", at);
          return FALSE;
        }
      inputs[at] = fovea_onnx_load_tensor (file, NULL, error);
      if (inputs[at] == NULL)
        return FALSE;
    }
  return TRUE;
}

static gboolean
save_outputs (const FoveaGraph *graph, FoveaTensor *const *outputs, const char *folder, GError **error)
{
  if (g_mkdir_with_parents (folder, 0777) < 0)
    {
      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_IO, "the folder “%s” cannot be made", folder);
      return FALSE;
    }
  for (guint i = 0; i < graph->outputs->len; i++)
    {
      g_autofree char *base = g_strdup_printf ("output_%u.pb", i);
      g_autofree char *path = g_build_filename (folder, base, NULL);
      const char *name = fovea_graph_value (graph, g_array_index (graph->outputs, int, i))->name;

      if (!fovea_onnx_save_tensor (outputs[i], name, path, error))
        return FALSE;
    }
  return TRUE;
}

/* For arrays that are not full yet. */
static void
drop_tensor (gpointer tensor)
{
  if (tensor != NULL)
    fovea_tensor_unref (tensor);
}

static gboolean
compute (FoveaGraph *graph, const Options *options, FoveaTensor *const *inputs, FoveaTensor **ret_outputs, GError **error)
{
  g_autoptr (FoveaPlan) plan = NULL;

  if (!options->plan)
    return fovea_interpret (graph, inputs, ret_outputs, NULL, error);
  plan = fovea_plan_new (graph, 0, error);
  return plan != NULL && fovea_plan_run (plan, inputs, ret_outputs, NULL, error);
}

static gboolean
run (const Options *options, GError **error)
{
  g_autoptr (FoveaGraph) graph = fovea_onnx_load (options->files[0], error);
  g_autoptr (GPtrArray) inputs = NULL, outputs = NULL;

  if (graph == NULL)
    return FALSE;
  inputs = g_ptr_array_new_with_free_func (drop_tensor);
  outputs = g_ptr_array_new_with_free_func (drop_tensor);
  g_ptr_array_set_size (inputs, (int) graph->inputs->len);
  g_ptr_array_set_size (outputs, (int) graph->outputs->len);
  if (!load_inputs (graph, options->files + 1, (FoveaTensor **) inputs->pdata, error) ||
      !compute (graph, options, (FoveaTensor **) inputs->pdata, (FoveaTensor **) outputs->pdata, error))
    {
      g_prefix_error (error, "“%s”: ", options->files[0]);
      return FALSE;
    }
  return save_outputs (graph, (FoveaTensor **) outputs->pdata, options->output, error);
}

int
fovea_nn_run_main (int argc, char **argv)
{
  Options options = { 0 };
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!parse_options (&argc, &argv, &options, &error))
    status = 2;
  else if (!run (&options, &error))
    status = 1;
  if (error != NULL)
    g_printerr ("fovea nn run: %s\n", error->message);
  g_free (options.output);
  g_strfreev (options.files);
  return status;
}
