/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "nn/interpreter.h"
#include "nn/train-graph.h"
#include "nn/trainer.h"
#include "train-test.h"

#define SIZE 16
#define CLASSES 3
#define BATCH 6

static const FoveaLoss softmax = { FOVEA_LOSS_SOFTMAX, .1f, NULL };

static FoveaTrainer *
make (NetKind kind, FoveaTrainerOptions options)
{
  g_autoptr (FoveaGraph) graph = train_test_net (kind, SIZE, CLASSES);
  g_autoptr (GError) error = NULL;
  FoveaTrainer *trainer = fovea_trainer_new (graph, &options, &error);

  g_assert_no_error (error);
  return trainer;
}

static FoveaTrainerOptions
defaults (void)
{
  FoveaTrainerOptions options;

  fovea_trainer_options_init (&options);
  options.optimiser.ema_decay = .9;
  options.optimiser.clip_norm = 5;
  options.optimiser.total_steps = 30;
  options.optimiser.warm_up_steps = 3;
  return options;
}

static double
step (FoveaTrainer *trainer, guint32 seed)
{
  g_autoptr (FoveaTensor) x = train_test_batch (BATCH, SIZE, seed), t = train_test_targets (BATCH, CLASSES, seed);
  g_autoptr (GError) error = NULL;
  FoveaTrainStepResult result;

  fovea_trainer_step_classifier (trainer, &x, &softmax, t, NULL, &result, &error);
  g_assert_no_error (error);
  return result.loss;
}

static void
assert_same_weights (FoveaTrainer *a, FoveaTrainer *b, double tolerance)
{
  FoveaTrainPlan *p = fovea_trainer_get_plan (a), *q = fovea_trainer_get_plan (b);

  for (guint i = 0; i < fovea_train_plan_get_n_parameters (p); i++)
    g_assert_cmpfloat (train_test_distance (fovea_train_plan_get_parameter (p, i)->weights,
                                            fovea_train_plan_get_parameter (q, i)->weights), <=, tolerance);
}

/* The same few pictures again and again are learnt by heart, whatever becomes of the batch norms. */
static void
test_learns (gconstpointer data)
{
  FoveaTrainerOptions options = defaults ();
  g_autoptr (FoveaTrainer) trainer = NULL;
  double first, last = 0;

  options.batch_norm = (FoveaBatchNorm) GPOINTER_TO_INT (data);
  options.optimiser.total_steps = 0;
  options.groups = &(FoveaParameterGroup) { 4e-3, 0 };
  trainer = make (NET_BATCH_NORM, options);
  first = step (trainer, 1);
  for (int i = 0; i < 50; i++)
    last = step (trainer, 1);
  g_assert_cmpfloat (last, <, first - .2);
}

/* The compiled plan takes the same way as the reference kernels. */
static void
test_same_way (void)
{
  FoveaTrainerOptions options = defaults ();
  g_autoptr (FoveaTrainer) fast = make (NET_PLAIN, options), slow = NULL;

  options.reference = TRUE;
  slow = make (NET_PLAIN, options);
  for (guint32 i = 0; i < 6; i++)
    assert_close (step (fast, i), step (slow, i), 1e-4, "loss", i);
}

/* Same numbers when it is done again. */
static void
test_deterministic (void)
{
  g_autoptr (FoveaTrainer) a = make (NET_PLAIN, defaults ()), b = make (NET_PLAIN, defaults ());

  for (guint32 i = 0; i < 4; i++)
    g_assert_cmpfloat (step (a, i), ==, step (b, i));
  assert_same_weights (a, b, 0);
}

/* A memory limit cuts the batch in parts, with the same result. */
static void
test_parts (void)
{
  FoveaTrainerOptions options = defaults ();
  g_autoptr (FoveaTrainer) whole = make (NET_PLAIN, options), parts = NULL, none = NULL;
  g_autoptr (FoveaTensor) x = train_test_batch (BATCH, SIZE, 1);
  g_autoptr (GError) error = NULL;
  FoveaTrainingMemory memory, less;

  g_assert_true (fovea_trainer_plan_memory (whole, &x, &memory, &error));
  g_assert_cmpuint (memory.n_parts, ==, 1);
  g_assert_cmpuint (memory.wanted, ==, memory.bytes);
  options.memory_limit = memory.bytes - 1;
  parts = make (NET_PLAIN, options);
  g_assert_true (fovea_trainer_plan_memory (parts, &x, &less, &error));
  g_assert_cmpuint (less.n_parts, >, 1);
  g_assert_cmpuint (less.bytes, <, memory.bytes);
  g_assert_cmpuint (less.wanted, ==, memory.bytes);
  for (guint32 i = 0; i < 3; i++)
    assert_close (step (parts, i), step (whole, i), 1e-5, "loss", i);
  options.memory_limit = 1000;
  none = make (NET_PLAIN, options);
  g_assert_false (fovea_trainer_plan_memory (none, &x, &less, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_LIMIT);
}

/* A net that drops half of what reaches its last layer. */
static FoveaTrainer *
make_dropping (guint64 seed, FoveaTrainerOptions options)
{
  g_autoptr (FoveaGraph) graph = train_test_net (NET_PLAIN, SIZE, CLASSES);
  FoveaNode *dense = fovea_graph_node (graph, graph->nodes->len - 1);
  const FoveaShape scalar = fovea_shape (0);
  g_autoptr (FoveaTensor) half = fovea_tensor_new (FOVEA_DTYPE_F32, &scalar, NULL);
  g_autoptr (GError) error = NULL;
  FoveaTrainer *trainer;
  int inputs[2] = { dense->inputs[0] }, dropped;

  FOVEA_TENSOR_DATA (half, float)[0] = .5f;
  inputs[1] = fovea_graph_add_constant (graph, "half", half);
  fovea_graph_add_node (graph, "Dropout", inputs, 2, "dropped", &dropped);
  dense = fovea_graph_node (graph, graph->nodes->len - 2);
  dense->inputs[0] = dropped;
  g_assert_true (fovea_graph_sort (graph, &error));
  options.seed = seed;
  trainer = fovea_trainer_new (graph, &options, &error);
  g_assert_no_error (error);
  return trainer;
}

/* What is dropped follows from seed and step alone: not from parts, kernels or a checkpoint in between. */
static void
test_dropout (void)
{
  FoveaTrainerOptions options = defaults (), parts = defaults (), slow = defaults ();
  g_autoptr (FoveaTrainer) a = NULL, b = NULL, cut = NULL, other = NULL, reference = NULL, plain = make (NET_PLAIN, options);
  g_autoptr (FoveaTensor) x = train_test_batch (BATCH, SIZE, 1);
  g_autoptr (GBytes) state = NULL;
  FoveaTrainingMemory memory;

  a = make_dropping (7, options);
  b = make_dropping (7, options);
  other = make_dropping (8, options);
  g_assert_true (fovea_trainer_plan_memory (a, &x, &memory, NULL));
  parts.memory_limit = memory.bytes - 1;
  cut = make_dropping (7, parts);
  slow.reference = TRUE;
  reference = make_dropping (7, slow);
  for (guint32 i = 0; i < 3; i++)
    {
      double loss = step (a, i);

      assert_close (step (cut, i), loss, 1e-5, "loss in parts", i);
      assert_close (step (reference, i), loss, 1e-4, "loss by reference", i);
      g_assert_cmpfloat (step (other, i), !=, loss);
      g_assert_cmpfloat (step (plain, i), !=, loss);
    }
  state = fovea_trainer_save_state (a);
  g_assert_true (fovea_trainer_load_state (b, state, NULL));
  g_assert_cmpfloat (step (a, 3), ==, step (b, 3));
}

/* From a checkpoint training goes on to the bit. */
static void
test_state (void)
{
  g_autoptr (FoveaTrainer) a = make (NET_BATCH_NORM, defaults ()), b = make (NET_BATCH_NORM, defaults ());
  g_autoptr (GBytes) state = NULL;
  g_autoptr (GError) error = NULL;

  for (guint32 i = 0; i < 3; i++)
    step (a, i);
  state = fovea_trainer_save_state (a);
  g_assert_true (fovea_trainer_load_state (b, state, &error));
  assert_same_weights (a, b, 0);
  for (guint32 i = 3; i < 6; i++)
    g_assert_cmpfloat (step (a, i), ==, step (b, i));
  assert_same_weights (a, b, 0);
}

/* Damaged or foreign state is refused, and nothing of it taken over. */
static void
test_bad_state (void)
{
  g_autoptr (FoveaTrainer) a = make (NET_PLAIN, defaults ()), b = make (NET_PLAIN, defaults ()), other = make (NET_MIXED, defaults ());
  g_autoptr (GBytes) state = NULL;
  const guint8 *bytes;
  gsize n;

  step (a, 1);
  state = fovea_trainer_save_state (a);
  bytes = g_bytes_get_data (state, &n);
  for (gsize length = 0; length < n; length += length < 300 ? 7 : n / 20)
    {
      g_autoptr (GBytes) part = g_bytes_new (bytes, length);
      g_autoptr (GError) error = NULL;

      g_assert_false (fovea_trainer_load_state (b, part, &error));
      g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED);
    }
  g_assert_cmpuint (fovea_optimiser_get_n_steps (fovea_trainer_get_optimiser (b)), ==, 0);
  {
    g_autoptr (GError) error = NULL;

    g_assert_false (fovea_trainer_load_state (other, state, &error));
    g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_MALFORMED);
  }
}

/* What is not a number is noticed before the weights take harm. */
static void
test_diverged (void)
{
  g_autoptr (FoveaTrainer) a = make (NET_PLAIN, defaults ()), b = make (NET_PLAIN, defaults ());
  g_autoptr (FoveaTensor) x = train_test_batch (BATCH, SIZE, 2), t = train_test_targets (BATCH, CLASSES, 2);
  g_autoptr (GError) error = NULL;

  step (a, 1);
  step (b, 1);
  FOVEA_TENSOR_DATA (x, float)[17] = NAN;
  g_assert_false (fovea_trainer_step_classifier (a, &x, &softmax, t, NULL, NULL, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_DIVERGED);
  assert_same_weights (a, b, 0);
  g_assert_cmpfloat (step (a, 3), ==, step (b, 3));
}

static gboolean
grow (FoveaTensor *const *outputs, guint n, gsize first, gsize n_rows, FoveaTensor **d_outputs, double *loss,
      gpointer user_data, GError **error)
{
  double *next = user_data;

  *loss += *next;
  *next *= 1.5;
  return TRUE;
}

/* A loss that only rises is noticed too. */
static void
test_rising (void)
{
  g_autoptr (FoveaTrainer) trainer = make (NET_PLAIN, defaults ());
  g_autoptr (FoveaTensor) x = train_test_batch (BATCH, SIZE, 2);
  g_autoptr (GError) error = NULL;
  double loss = 1;
  int n = 0;

  while (fovea_trainer_step (trainer, &x, grow, &loss, NULL, NULL, &error))
    n++;
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_DIVERGED);
  g_assert_cmpint (n, >, 9);
  g_assert_cmpint (n, <, 20);
}

static void
test_cancel (void)
{
  g_autoptr (FoveaTrainer) a = make (NET_PLAIN, defaults ()), b = make (NET_PLAIN, defaults ());
  g_autoptr (FoveaTensor) x = train_test_batch (BATCH, SIZE, 2), t = train_test_targets (BATCH, CLASSES, 2);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_false (fovea_trainer_step_classifier (a, &x, &softmax, t, cancellable, NULL, &error));
  g_assert_error (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_CANCELLED);
  assert_same_weights (a, b, 0);
}

static int
freeze_convolutions (const char *name, const FoveaTensor *weights, gboolean is_weight, gpointer user_data)
{
  return is_weight && weights->shape.rank < 4 ? (int) weights->shape.rank - 1 : FOVEA_NOT_TRAINED;
}

/* Groups have their own rates; what is in none stays as it is. */
static void
test_groups (void)
{
  FoveaTrainerOptions options = defaults ();
  FoveaParameterGroup groups[] = { { 1e-2, 0 }, { 0, 0 } };
  g_autoptr (FoveaTrainer) fresh = make (NET_PLAIN, options), trainer = NULL;

  options.groups = groups;
  options.n_groups = 2;
  options.choose_group = freeze_convolutions;
  trainer = make (NET_PLAIN, options);
  step (trainer, 1);
  for (guint i = 0; i < fovea_train_plan_get_n_parameters (fovea_trainer_get_plan (trainer)); i++)
    {
      FoveaTensor *w = fovea_train_plan_get_parameter (fovea_trainer_get_plan (trainer), i)->weights;
      double moved = train_test_distance (w, fovea_train_plan_get_parameter (fovea_trainer_get_plan (fresh), i)->weights);

      if (w->shape.rank == 1)
        g_assert_cmpfloat (moved, >, 0);
      else
        g_assert_cmpfloat (moved, ==, 0);
    }
}

/* The graph that comes back computes what the trainer has; the average differs from the weights. */
static void
test_graph (void)
{
  FoveaTrainerOptions options = defaults ();
  g_autoptr (FoveaTrainer) trainer = NULL;
  g_autoptr (FoveaGraph) now = NULL, average = NULL;
  g_autoptr (FoveaTensor) x = train_test_batch (2, SIZE, 9), a = NULL, b = NULL, c = NULL;
  g_autoptr (GError) error = NULL;

  options.batch_norm = FOVEA_BATCH_NORM_TRAINED;
  trainer = make (NET_BATCH_NORM, options);
  for (guint32 i = 0; i < 5; i++)
    step (trainer, i);
  now = fovea_trainer_dup_graph (trainer, FALSE, &error);
  average = fovea_trainer_dup_graph (trainer, TRUE, &error);
  g_assert_true (fovea_interpret (now, &x, &a, NULL, &error));
  g_assert_true (fovea_interpret (average, &x, &b, NULL, &error));
  g_assert_cmpfloat (train_test_distance (a, b), >, 1e-4);
  step (trainer, 6); /* does not reach what was given out */
  g_assert_true (fovea_interpret (now, &x, &c, NULL, &error));
  g_assert_cmpfloat (train_test_distance (c, a), ==, 0);
}

static gboolean
is_weights (const FoveaGraph *graph, guint i)
{
  const FoveaTensor *constant = fovea_graph_value (graph, (int) i)->constant;

  return constant != NULL && constant->dtype == FOVEA_DTYPE_F32;
}

/* Every weight goes a quarter of the way; what the other does not have stays. */
static void
test_blend (void)
{
  g_autoptr (FoveaTrainer) trainer = make (NET_BATCH_NORM, defaults ());
  g_autoptr (FoveaGraph) start = fovea_trainer_dup_graph (trainer, FALSE, NULL), now = NULL, blend = NULL, other = NULL;
  g_autoptr (FoveaTensor) x = train_test_batch (2, SIZE, 9), y = NULL;
  g_autoptr (GError) error = NULL;
  guint n_moved = 0;

  for (guint32 i = 0; i < 5; i++)
    step (trainer, i);
  now = fovea_trainer_dup_graph (trainer, FALSE, &error);
  blend = fovea_trainer_dup_graph (trainer, FALSE, &error);
  g_assert_true (fovea_graph_blend_constants (blend, start, 0.25f, &error));
  for (guint i = 0; i < now->values->len; i++)
    {
      const FoveaValue *value = fovea_graph_value (now, (int) i);
      const FoveaTensor *a, *b, *c;

      if (!is_weights (now, i))
        continue;
      a = value->constant;
      b = fovea_graph_value (start, fovea_graph_find_value (start, value->name))->constant;
      c = fovea_graph_value (blend, fovea_graph_find_value (blend, value->name))->constant;
      for (gsize j = 0; j < a->n_elements; j++)
        {
          const double from = FOVEA_TENSOR_DATA (a, const float)[j], to = FOVEA_TENSOR_DATA (b, const float)[j];

          g_assert_cmpfloat_with_epsilon (FOVEA_TENSOR_DATA (c, const float)[j], 0.75 * from + 0.25 * to, 1e-6);
          n_moved += fabs (from - to) > 1e-4;
        }
    }
  g_assert_cmpuint (n_moved, >, 0);
  other = train_test_net (NET_BATCH_NORM, SIZE, CLASSES + 1);
  g_assert_true (fovea_graph_blend_constants (now, other, 1, &error));
  g_assert_true (fovea_interpret (now, &x, &y, NULL, &error));
  g_assert_cmpint (y->shape.dim[1], ==, CLASSES);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/nn/trainer/learns/folded", GINT_TO_POINTER (FOVEA_BATCH_NORM_FOLDED), test_learns);
  g_test_add_data_func ("/nn/trainer/learns/frozen", GINT_TO_POINTER (FOVEA_BATCH_NORM_FROZEN), test_learns);
  g_test_add_data_func ("/nn/trainer/learns/trained", GINT_TO_POINTER (FOVEA_BATCH_NORM_TRAINED), test_learns);
  g_test_add_func ("/nn/trainer/same-way", test_same_way);
  g_test_add_func ("/nn/trainer/deterministic", test_deterministic);
  g_test_add_func ("/nn/trainer/parts", test_parts);
  g_test_add_func ("/nn/trainer/dropout", test_dropout);
  g_test_add_func ("/nn/trainer/state", test_state);
  g_test_add_func ("/nn/trainer/bad-state", test_bad_state);
  g_test_add_func ("/nn/trainer/diverged", test_diverged);
  g_test_add_func ("/nn/trainer/rising", test_rising);
  g_test_add_func ("/nn/trainer/cancel", test_cancel);
  g_test_add_func ("/nn/trainer/groups", test_groups);
  g_test_add_func ("/nn/trainer/graph", test_graph);
  g_test_add_func ("/nn/trainer/blend", test_blend);
  return g_test_run ();
}
