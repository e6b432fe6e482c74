/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/bench-train.h"

#include <string.h>
#include <sys/resource.h>

#include "nn/onnx.h"
#include "nn/plan-private.h"
#include "nn/trainer.h"

#define WARM_UP_STEPS 2
#define MAX_BATCH 4096

typedef struct {
  char *model, *input, *targets, *precision, *batch_norm, *optimiser;
  int batch, count, memory, warm_up;
  double rate, final_rate, label_smoothing, weight_decay, clip;
  gboolean steps, json;
} Options;

static gboolean
check_options (const Options *o)
{
  static const char *const precisions[] = { "f32", "bf16", NULL }, *const norms[] = { "folded", "frozen", "trained", NULL };
  static const char *const optimisers[] = { "adamw", "sgd", NULL };

  return o->model != NULL && o->input != NULL && o->targets != NULL && o->batch >= 1 && o->batch <= MAX_BATCH
         && o->count > WARM_UP_STEPS && o->memory >= 0 && o->warm_up >= 0 && o->rate >= 0
         && o->label_smoothing >= 0 && o->label_smoothing < 1 && o->weight_decay >= 0 && o->clip >= 0 && o->final_rate >= 0 && o->final_rate <= 1
         && (o->precision == NULL || g_strv_contains (precisions, o->precision))
         && (o->optimiser == NULL || g_strv_contains (optimisers, o->optimiser))
         && (o->batch_norm == NULL || g_strv_contains (norms, o->batch_norm));
}

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "model", 0, 0, G_OPTION_ARG_FILENAME, &options->model, "Model to train; its first output is logits", "FILE.onnx" },
    { "input", 0, 0, G_OPTION_ARG_FILENAME, &options->input, "Pictures as a TensorProto [n, C, H, W]", "TENSOR.pb" },
    { "targets", 0, 0, G_OPTION_ARG_FILENAME, &options->targets, "Their classes as a TensorProto of i64 [n]", "TENSOR.pb" },
    { "batch", 0, 0, G_OPTION_ARG_INT, &options->batch, "Pictures a step (default 16)", "N" },
    { "count", 0, 0, G_OPTION_ARG_INT, &options->count, "Steps (default 10)", "N" },
    { "precision", 0, 0, G_OPTION_ARG_STRING, &options->precision, "f32 (default) or bf16", "NAME" },
    { "batch-norm", 0, 0, G_OPTION_ARG_STRING, &options->batch_norm, "folded (default), frozen or trained", "NAME" },
    { "optimiser", 0, 0, G_OPTION_ARG_STRING, &options->optimiser, "adamw (default) or sgd", "NAME" },
    { "rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->rate, "Learning rate (default 0.0003)", "A" },
    { "warm-up", 0, 0, G_OPTION_ARG_INT, &options->warm_up, "Steps in which the rate rises (default 0)", "N" },
    { "final-rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->final_rate, "Part of the rate at the last step (default 1)", "F" },
    { "label-smoothing", 0, 0, G_OPTION_ARG_DOUBLE, &options->label_smoothing, "Of the targets (default 0)", "E" },
    { "weight-decay", 0, 0, G_OPTION_ARG_DOUBLE, &options->weight_decay, "Of all weights (default 0)", "L" },
    { "clip", 0, 0, G_OPTION_ARG_DOUBLE, &options->clip, "Longest gradient of all weights together (default any)", "NORM" },
    { "memory", 0, 0, G_OPTION_ARG_INT, &options->memory, "Limit in MB (default none)", "MB" },
    { "steps", 0, 0, G_OPTION_ARG_NONE, &options->steps, "Say what the compiled model does", NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print one JSON document", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, "Measures how fast a classifier is trained through all its layers.");
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc == 1 && check_options (options))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
               "say --model FILE.onnx, --input TENSOR.pb, --targets TENSOR.pb, a batch of 1 to %d and more than %d steps",
               MAX_BATCH, WARM_UP_STEPS);
  return FALSE;
}

/* Pictures and targets of step @step, going round. */
static gboolean
make_batch (const Options *o, const FoveaTensor *pictures, const FoveaTensor *classes, guint n_classes, int step,
            FoveaTensor **ret_x, FoveaTensor **ret_t, GError **error)
{
  FoveaShape shape = pictures->shape;
  gsize n = (gsize) shape.dim[0], bytes = fovea_tensor_n_bytes (pictures) / n;
  g_autofree guint *rows = g_new (guint, o->batch);

  shape.dim[0] = o->batch;
  *ret_x = fovea_tensor_new (FOVEA_DTYPE_F32, &shape, error);
  if (*ret_x == NULL)
    return FALSE;
  for (gsize i = 0; i < (gsize) o->batch; i++)
    {
      gsize from = ((gsize) step * (gsize) o->batch + i) % n;
      gint64 class = FOVEA_TENSOR_DATA (classes, const gint64)[from];

      memcpy ((char *) (*ret_x)->data + i * bytes, (const char *) pictures->data + from * bytes, bytes);
      if (class < 0 || class >= n_classes)
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "class %" G_GINT64_FORMAT " of picture %" G_GSIZE_FORMAT
                       " is not among the model's %u", class, from, n_classes);
          return FALSE;
        }
      rows[i] = (guint) class;
    }
  *ret_t = fovea_targets_new (rows, (gsize) o->batch, n_classes, error);
  return *ret_t != NULL;
}

/* How many classes output 0 has, by its shape for one picture. */
static gboolean
count_classes (const FoveaGraph *graph, guint *ret, GError **error)
{
  g_autofree FoveaTensor **values = g_new0 (FoveaTensor *, graph->values->len);
  const FoveaTensor *logits;

  *ret = 0;
  if (!fovea_graph_infer (graph, 1, values, error))
    return FALSE;
  logits = values[g_array_index (graph->outputs, int, 0)];
  if (logits != NULL && logits->shape.rank == 2)
    *ret = (guint) logits->shape.dim[1];
  for (guint i = 0; i < graph->values->len; i++)
    g_clear_pointer (&values[i], fovea_tensor_unref);
  if (*ret == 0)
    g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "the model's first output is not [N, classes]");
  return *ret > 0;
}

static FoveaTrainer *
make_trainer (const Options *o, FoveaGraph *graph, GError **error)
{
  FoveaParameterGroup group = { .learning_rate = o->rate, .weight_decay = o->weight_decay };
  FoveaTrainerOptions options;

  fovea_trainer_options_init (&options);
  options.groups = &group;
  options.optimiser.warm_up_steps = (guint64) o->warm_up;
  options.optimiser.clip_norm = o->clip;
  options.optimiser.final_rate = o->final_rate;
  options.optimiser.total_steps = (guint64) o->count;
  if (g_strcmp0 (o->optimiser, "sgd") == 0)
    options.optimiser.kind = FOVEA_OPTIMISER_SGD;
  options.memory_limit = (gsize) o->memory << 20;
  options.precision = g_strcmp0 (o->precision, "bf16") == 0 ? FOVEA_PRECISION_BF16 : FOVEA_PRECISION_F32;
  options.batch_norm = g_strcmp0 (o->batch_norm, "trained") == 0  ? FOVEA_BATCH_NORM_TRAINED
                       : g_strcmp0 (o->batch_norm, "frozen") == 0 ? FOVEA_BATCH_NORM_FROZEN
                                                                  : FOVEA_BATCH_NORM_FOLDED;
  return fovea_trainer_new (graph, &options, error);
}

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
median (GArray *numbers)
{
  g_array_sort (numbers, compare_doubles);
  return MAX (g_array_index (numbers, double, numbers->len / 2), 1e-6);
}

/* Processor time of all threads in seconds, which other programs beside this one lengthen less than its steps. */
static double
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

typedef struct {
  GArray *times, *cpu_times, *losses; /* double; of every step but the first ones, and losses of all */
} Record;

static void
print_result (const Options *o, const Record *record, const FoveaTrainStepResult *last)
{
  GArray *losses = record->losses;
  GString *text = g_string_new (NULL);
  char number[G_ASCII_DTOSTR_BUF_SIZE], ms[G_ASCII_DTOSTR_BUF_SIZE], cpu[G_ASCII_DTOSTR_BUF_SIZE];
  struct rusage usage;
  double took = median (record->times);

  getrusage (RUSAGE_SELF, &usage);
  g_ascii_formatd (cpu, sizeof cpu, "%.2f", median (record->cpu_times) * 1e3);
  g_ascii_formatd (number, sizeof number, "%.2f", o->batch / took);
  g_ascii_formatd (ms, sizeof ms, "%.2f", took * 1e3);
  for (guint i = 0; i < losses->len; i++)
    {
      char loss[G_ASCII_DTOSTR_BUF_SIZE];

      g_string_append_printf (text, "%s%s", i > 0 ? "," : "",
                              g_ascii_formatd (loss, sizeof loss, "%.7g", g_array_index (losses, double, i)));
    }
  if (o->json)
    g_print ("{\"images_per_second\":%s,\"step_ms\":%s,\"cpu_ms\":%s,\"batch\":%d,\"parts\":%u,\"threads\":%u,\"precision\":\"%s\","
             "\"kernels\":\"%s\",\"peak_bytes\":%ld,\"losses\":[%s]}\n",
             number, ms, cpu, o->batch, last->n_parts, fovea_n_threads (), o->precision != NULL ? o->precision : "f32",
             fovea_kernels_get ()->name, usage.ru_maxrss * 1024L, text->str);
  else
    g_print ("%s images a second, %s ms a step of %d in %u parts, %u threads, %s; losses %s\n", number, ms, o->batch,
             last->n_parts, fovea_n_threads (), fovea_kernels_get ()->name, text->str);
  g_string_free (text, TRUE);
}

static gboolean
check_data (const FoveaGraph *graph, const FoveaTensor *pictures, const FoveaTensor *classes, GError **error)
{
  if (graph->inputs->len == 1 && pictures->dtype == FOVEA_DTYPE_F32 && pictures->shape.rank >= 2
      && pictures->n_elements > 0 && classes->dtype == FOVEA_DTYPE_I64
      && classes->n_elements == (gsize) pictures->shape.dim[0])
    return TRUE;
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE,
               "expected a model of one input, pictures as f32 [n, C, H, W] and as many classes as i64 [n]");
  return FALSE;
}

static gboolean
bench (const Options *o, GError **error)
{
  const FoveaLoss loss = { FOVEA_LOSS_SOFTMAX, (float) o->label_smoothing, NULL };
  g_autoptr (FoveaGraph) graph = fovea_onnx_load (o->model, error);
  g_autoptr (FoveaTensor) pictures = graph != NULL ? fovea_onnx_load_tensor (o->input, NULL, error) : NULL;
  g_autoptr (FoveaTensor) classes = pictures != NULL ? fovea_onnx_load_tensor (o->targets, NULL, error) : NULL;
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double)), losses = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) cpu_times = g_array_new (FALSE, FALSE, sizeof (double));
  Record record = { times, cpu_times, losses };
  g_autoptr (FoveaTrainer) trainer = NULL;
  FoveaTrainStepResult result = { 0 };
  guint n_classes;

  if (classes == NULL || !check_data (graph, pictures, classes, error) || !count_classes (graph, &n_classes, error))
    return FALSE;
  trainer = make_trainer (o, graph, error);
  for (int i = 0; trainer != NULL && i < o->count; i++)
    {
      g_autoptr (FoveaTensor) x = NULL, t = NULL;
      gint64 begun;
      double took, cpu;

      if (!make_batch (o, pictures, classes, n_classes, i, &x, &t, error))
        return FALSE;
      cpu = cpu_seconds ();
      begun = g_get_monotonic_time ();
      if (!fovea_trainer_step_classifier (trainer, &x, &loss, t, NULL, &result, error))
        return FALSE;
      took = (double) (g_get_monotonic_time () - begun) / 1e6;
      cpu = cpu_seconds () - cpu;
      if (i >= WARM_UP_STEPS)
        {
          g_array_append_val (times, took);
          g_array_append_val (cpu_times, cpu);
        }
      g_array_append_val (losses, result.loss);
    }
  if (trainer == NULL)
    return FALSE;
  print_result (o, &record, &result);
  if (o->steps)
    {
      g_autofree char *steps = fovea_train_plan_describe (fovea_trainer_get_plan (trainer));

      g_printerr ("%s", steps);
    }
  return TRUE;
}

int
fovea_bench_train_main (int argc, char **argv)
{
  Options options = { .batch = 16, .count = 10, .rate = 3e-4, .final_rate = 1 };
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!parse_options (&argc, &argv, &options, &error))
    status = 2;
  else if (!bench (&options, &error))
    status = 1;
  if (error != NULL)
    g_printerr ("fovea bench train-step: %s\n", error->message);
  g_free (options.model);
  g_free (options.input);
  g_free (options.targets);
  g_free (options.precision);
  g_free (options.batch_norm);
  g_free (options.optimiser);
  return status;
}
