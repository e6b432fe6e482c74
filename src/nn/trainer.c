/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/trainer.h"

#include <math.h>
#include <string.h>

#include "nn/train-graph.h"
#include "nn/trainer-private.h"

/* Steps whose mean loss is where the loss began; the average that is compared with it forgets as fast. */
#define WATCHED_STEPS 10

/* From this many rows on a part is not made larger: activations of more do not stay in the cache anyway, and fewer make
 * the weights' gradients a larger share of the work. */
#define ROWS_A_PART 16

void
fovea_trainer_options_init (FoveaTrainerOptions *options)
{
  static const FoveaParameterGroup group = { .learning_rate = 1e-3 };
  FoveaOptimiserOptions optimiser = FOVEA_OPTIMISER_OPTIONS_INIT;

  *options = (FoveaTrainerOptions) { .optimiser = optimiser, .groups = &group, .n_groups = 1 };
}

void
fovea_trainer_free (FoveaTrainer *trainer)
{
  g_clear_pointer (&trainer->plan, fovea_train_plan_free);
  g_clear_pointer (&trainer->optimiser, fovea_optimiser_free);
  g_array_unref (trainer->slots);
  g_free (trainer);
}

/* --- making
 * -------------------------------------------------------------------------------------------------------------- */

static int
choose_group (const FoveaTrainerOptions *options, const char *name, const FoveaTensor *weights, gboolean is_weight)
{
  if (options->choose_group == NULL)
    return is_weight ? 0 : FOVEA_NOT_TRAINED;
  return options->choose_group (name, weights, is_weight, options->user_data);
}

typedef struct {
  const FoveaTrainerOptions *options;
  GHashTable *groups; /* name → group + 1 */
} Choice;

static gboolean
is_trained (const char *name, const FoveaTensor *weights, gboolean is_weight, gpointer user_data)
{
  Choice *choice = user_data;
  int group = choose_group (choice->options, name, weights, is_weight);

  g_return_val_if_fail (group < (int) choice->options->n_groups, FALSE);
  g_hash_table_insert (choice->groups, g_strdup (name), GINT_TO_POINTER (group + 1));
  return group >= 0;
}

static gboolean
add_parameters (FoveaTrainer *trainer, const Choice *choice, GError **error)
{
  for (guint i = 0; i < fovea_train_plan_get_n_parameters (trainer->plan); i++)
    {
      FoveaParameter *parameter = fovea_train_plan_get_parameter (trainer->plan, i);
      int group = GPOINTER_TO_INT (g_hash_table_lookup (choice->groups, parameter->name)) - 1, slot = (int) i;

      if (parameter->gradient == NULL)
        continue;
      if (!fovea_optimiser_add (trainer->optimiser, parameter->weights, parameter->gradient,
                                &choice->options->groups[group], error))
        return FALSE;
      g_array_append_val (trainer->slots, slot);
    }
  return TRUE;
}

FoveaTrainer *
fovea_trainer_new (FoveaGraph *graph, const FoveaTrainerOptions *options, GError **error)
{
  g_autoptr (FoveaTrainer) trainer = g_new0 (FoveaTrainer, 1);
  g_autoptr (GHashTable) groups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (FoveaGraph) prepared = NULL;
  Choice choice = { options, groups };
  FoveaTrainPlanOptions plan = { .precision = options->precision,
                                 .reference = options->reference,
                                 .train_batch_norms = options->batch_norm == FOVEA_BATCH_NORM_TRAINED,
                                 .is_trained = is_trained,
                                 .user_data = &choice };

  trainer->slots = g_array_new (FALSE, FALSE, sizeof (int));
  trainer->memory_limit = options->memory_limit;
  trainer->seed = options->seed;
  trainer->watch.patience = 3;
  trainer->optimiser = fovea_optimiser_new (&options->optimiser);
  prepared = options->batch_norm == FOVEA_BATCH_NORM_FOLDED ? fovea_graph_fold_batch_norms (graph, error)
                                                            : fovea_graph_ref (graph);
  if (prepared == NULL)
    return NULL;
  trainer->plan = fovea_train_plan_new (prepared, &plan, error);
  if (trainer->plan == NULL || !add_parameters (trainer, &choice, error))
    return NULL;
  return g_steal_pointer (&trainer);
}

FoveaOptimiser *
fovea_trainer_get_optimiser (FoveaTrainer *trainer)
{
  return trainer->optimiser;
}

FoveaTrainPlan *
fovea_trainer_get_plan (FoveaTrainer *trainer)
{
  return trainer->plan;
}

void
fovea_trainer_set_patience (FoveaTrainer *trainer, double factor)
{
  trainer->watch.patience = factor;
}

FoveaGraph *
fovea_trainer_dup_graph (FoveaTrainer *trainer, gboolean average, GError **error)
{
  g_autofree FoveaTensor **weights = g_new0 (FoveaTensor *, fovea_train_plan_get_n_parameters (trainer->plan));

  for (guint i = 0; average && i < trainer->slots->len; i++)
    weights[g_array_index (trainer->slots, int, i)] = fovea_optimiser_get_moments (trainer->optimiser, i).ema;
  return fovea_train_plan_dup_graph (trainer->plan, weights, error);
}

/* --- parts of a batch
 * ---------------------------------------------------------------------------------------------------- */

static gsize
count_rows (FoveaTrainer *trainer, FoveaTensor *const *inputs)
{
  return inputs[0]->shape.rank > 0 ? (gsize) inputs[0]->shape.dim[0] : 1;
}

static guint
count_inputs (FoveaTrainer *trainer)
{
  return fovea_train_plan_get_n_inputs (trainer->plan);
}

/* Rows [@first, @first + @n) of every input, without data when there is none. */
static FoveaTensor **
cut_rows (FoveaTrainer *trainer, FoveaTensor *const *inputs, gsize first, gsize n)
{
  guint n_inputs = count_inputs (trainer);
  FoveaTensor **parts = g_new0 (FoveaTensor *, n_inputs + 1);

  for (guint i = 0; i < n_inputs; i++)
    {
      FoveaTensor *whole = inputs[i];
      FoveaShape shape = whole->shape;
      gsize row = shape.rank > 0 && shape.dim[0] > 0 ? fovea_tensor_n_bytes (whole) / (gsize) shape.dim[0] : 0;

      if (shape.rank > 0)
        shape.dim[0] = (gint64) n;
      if (whole->data == NULL)
        parts[i] = fovea_tensor_new_unknown (whole->dtype, &shape);
      else
        parts[i] = fovea_tensor_new_wrapped (whole->dtype, &shape, (char *) whole->data + first * row,
                                             fovea_tensor_ref (whole), (GDestroyNotify) fovea_tensor_unref);
    }
  return parts;
}

static void
free_parts (FoveaTensor **parts)
{
  for (guint i = 0; parts != NULL && parts[i] != NULL; i++)
    fovea_tensor_unref (parts[i]);
  g_free (parts);
}

typedef FoveaTensor **PartArray;
G_DEFINE_AUTO_CLEANUP_FREE_FUNC (PartArray, free_parts, NULL)

/* Weights, gradients, two moments and the average */
static gsize
parameter_bytes (FoveaTrainer *trainer)
{
  gsize bytes = 0;

  for (guint i = 0; i < fovea_train_plan_get_n_parameters (trainer->plan); i++)
    bytes += 5 * fovea_tensor_n_bytes (fovea_train_plan_get_parameter (trainer->plan, i)->weights);
  return bytes;
}

/* The most rows, halving from the whole batch, that fit the limit. */
static gboolean
choose_rows (FoveaTrainer *trainer, FoveaTensor *const *inputs, gsize *ret_rows, FoveaTrainingMemory *ret_memory, GError **error)
{
  gsize total = count_rows (trainer, inputs), rows = total, fixed = parameter_bytes (trainer);

  ret_memory->wanted = 0;
  if (rows > ROWS_A_PART && fovea_train_plan_rows_are_independent (trainer->plan, inputs))
    rows = ROWS_A_PART;
  for (;; rows = (rows + 1) / 2)
    {
      g_auto (PartArray) part = cut_rows (trainer, inputs, 0, rows);
      gsize bytes = fovea_train_plan_get_bytes (trainer->plan, part, error);

      if (bytes == 0)
        return FALSE;
      bytes += fixed;
      *ret_rows = rows;
      ret_memory->bytes = bytes;
      ret_memory->wanted = MAX (ret_memory->wanted, bytes);
      ret_memory->n_parts = (guint) ((total + rows - 1) / MAX (1, rows));
      if (trainer->memory_limit == 0 || bytes <= trainer->memory_limit)
        return TRUE;
      if (rows <= 1)
        {
          g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT,
                       "training on one picture at a time takes %" G_GSIZE_FORMAT " MB, and %" G_GSIZE_FORMAT
                       " MB are allowed; allow more, or train on smaller pictures",
                       bytes >> 20, trainer->memory_limit >> 20);
          return FALSE;
        }
    }
}

gboolean
fovea_trainer_plan_memory (FoveaTrainer *trainer, FoveaTensor *const *inputs, FoveaTrainingMemory *ret_memory, GError **error)
{
  FoveaTrainingMemory memory;
  gsize rows;

  if (!choose_rows (trainer, inputs, &rows, &memory, error))
    return FALSE;
  *ret_memory = memory;
  return TRUE;
}

static gboolean
rows_for (FoveaTrainer *trainer, FoveaTensor *const *inputs, gsize *ret_rows, GError **error)
{
  FoveaTrainingMemory memory;

  if (trainer->rows_a_part == 0 || !fovea_shape_equal (&trainer->part_key, &inputs[0]->shape))
    {
      if (!choose_rows (trainer, inputs, &trainer->rows_a_part, &memory, error))
        {
          trainer->rows_a_part = 0;
          return FALSE;
        }
      trainer->part_key = inputs[0]->shape;
    }
  *ret_rows = trainer->rows_a_part;
  return TRUE;
}

/* --- steps
 * --------------------------------------------------------------------------------------------------------------- */

typedef struct {
  FoveaLossFunc loss;
  gpointer user_data;
  gsize n_rows;
} Work;

static gboolean
compute_part (FoveaTrainer *trainer, const Work *work, FoveaTensor *const *inputs, gsize first, double *loss, GError **error)
{
  guint n = fovea_train_plan_get_n_outputs (trainer->plan);
  g_auto (PartArray) outputs = g_new0 (FoveaTensor *, n + 1);
  g_auto (PartArray) d_outputs = g_new0 (FoveaTensor *, n + 1);

  if (!fovea_train_plan_forward (trainer->plan, inputs, outputs, error))
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      d_outputs[i] = fovea_tensor_new (FOVEA_DTYPE_F32, &outputs[i]->shape, error);
      if (d_outputs[i] == NULL)
        return FALSE;
    }
  return work->loss (outputs, n, first, work->n_rows, d_outputs, loss, work->user_data, error)
         && fovea_train_plan_backward (trainer->plan, d_outputs, error);
}

static gboolean
is_cancelled (GCancellable *cancellable, GError **error)
{
  if (!g_cancellable_is_cancelled (cancellable))
    return FALSE;
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_CANCELLED, "training was cancelled");
  return TRUE;
}

static gboolean
diverged (GError **error, const char *how, double loss)
{
  g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_DIVERGED, "training has diverged: %s (loss %g)", how, loss);
  return FALSE;
}

static gboolean
watch_loss (FoveaLossWatch *watch, double loss, GError **error)
{
  double next;

  if (!isfinite (loss))
    return diverged (error, "the loss is not finite", loss);
  if (watch->n_steps < WATCHED_STEPS)
    {
      watch->first_sum += loss;
      watch->n_steps++;
      watch->smooth = watch->first_sum / (double) watch->n_steps;
      return TRUE;
    }
  next = watch->smooth + (loss - watch->smooth) / WATCHED_STEPS;
  if (watch->patience > 0 && next > watch->patience * (watch->first_sum / WATCHED_STEPS + 1))
    return diverged (error, "the loss has risen far above where it began", loss);
  watch->smooth = next;
  watch->n_steps++;
  return TRUE;
}

/* Another one each step, and never 0. */
static guint64
noise_of (FoveaTrainer *trainer)
{
  return (trainer->seed * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + fovea_optimiser_get_n_steps (trainer->optimiser)) << 1 | 1;
}

gboolean
fovea_trainer_step (FoveaTrainer *trainer, FoveaTensor *const *inputs, FoveaLossFunc loss, gpointer user_data,
                    GCancellable *cancellable, FoveaTrainStepResult *ret_result, GError **error)
{
  Work work = { loss, user_data, count_rows (trainer, inputs) };
  FoveaTrainStepResult result = { .rate = fovea_optimiser_get_rate (trainer->optimiser) };
  gsize rows;

  if (!rows_for (trainer, inputs, &rows, error))
    return FALSE;
  fovea_train_plan_clear_gradients (trainer->plan);
  for (gsize first = 0; first < work.n_rows; first += rows, result.n_parts++)
    {
      g_auto (PartArray) part = cut_rows (trainer, inputs, first, MIN (rows, work.n_rows - first));

      fovea_train_plan_set_noise (trainer->plan, noise_of (trainer), first);
      if (is_cancelled (cancellable, error) || !compute_part (trainer, &work, part, first, &result.loss, error))
        return FALSE;
    }
  if (is_cancelled (cancellable, error) || !watch_loss (&trainer->watch, result.loss, error))
    return FALSE;
  if (!fovea_optimiser_step (trainer->optimiser, &result.gradient_norm))
    return diverged (error, "a gradient is not finite", result.loss);
  fovea_train_plan_weights_changed (trainer->plan);
  result.step = fovea_optimiser_get_n_steps (trainer->optimiser);
  if (ret_result != NULL)
    *ret_result = result;
  return TRUE;
}

typedef struct {
  const FoveaLoss *loss;
  const FoveaTensor *targets;
  double weight;
} Classifier;

static gboolean
classifier_loss (FoveaTensor *const *outputs, guint n_outputs, gsize first, gsize n_rows, FoveaTensor **d_outputs,
                 double *ret_loss, gpointer user_data, GError **error)
{
  const Classifier *c = user_data;
  FoveaShape shape = c->targets->shape;
  g_autoptr (FoveaTensor) rows = NULL;

  shape.dim[0] = outputs[0]->shape.rank > 0 ? MIN (outputs[0]->shape.dim[0], (gint64) (n_rows - first)) : 1;
  rows = fovea_tensor_new_wrapped (FOVEA_DTYPE_F32, &shape,
                                   FOVEA_TENSOR_DATA (c->targets, float) + first * (gsize) shape.dim[1], NULL, NULL);
  return fovea_loss_compute (c->loss, outputs[0], rows, c->weight, d_outputs[0], ret_loss, error);
}

gboolean
fovea_trainer_step_classifier (FoveaTrainer *trainer, FoveaTensor *const *inputs, const FoveaLoss *loss,
                               FoveaTensor *targets, GCancellable *cancellable, FoveaTrainStepResult *ret_result,
                               GError **error)
{
  Classifier classifier = { loss, targets, 0 };

  if (targets->dtype != FOVEA_DTYPE_F32 || targets->shape.rank != 2
      || (gsize) targets->shape.dim[0] != count_rows (trainer, inputs))
    {
      g_autofree char *shape = fovea_shape_to_string (&targets->shape);

      g_set_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_SHAPE, "the targets are %s %s, expected f32 [%" G_GSIZE_FORMAT ", …]",
                   fovea_dtype_name (targets->dtype), shape, count_rows (trainer, inputs));
      return FALSE;
    }
  classifier.weight = fovea_loss_weight (loss, targets);
  return fovea_trainer_step (trainer, inputs, classifier_loss, &classifier, cancellable, ret_result, error);
}
