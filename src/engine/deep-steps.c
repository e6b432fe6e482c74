/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One step after the other, until the plan or the time is used up. */
#include <math.h>

#include "engine/deep-private.h"
#include "engine/engine-error.h"
#include "store/store-jobs.h"

#define VALIDATIONS_A_STAGE 6u
#define POINTS 200u /* of the curves, about */
#define CHECKPOINT_S 45.0 /* FOVEA_CHECKPOINT_SECONDS, for tests */
#define BEAT_US (10 * G_TIME_SPAN_SECOND)

/* The plan is fitted to the time that is left when they are this far apart. */
#define REPLAN_PART 0.03
#define REPLAN_STEPS 10u

#define MAX_ROLLED_BACK 5u
#define ROLLED_BACK_FACTOR 0.5

/* Kept for the last validation, and for writing the version. */
#define FINISH_PART 0.02
#define FINISH_MIN_S 1.0

/* --- time --- */

guint64
fovea_deep_total_steps (const FoveaDeep *deep)
{
  guint64 total = deep->stage_first;

  for (guint i = deep->stage; i < deep->plan.n_stages; i++)
    total += deep->plan.stages[i].n_steps;
  return total;
}

guint64
fovea_deep_point_interval (const FoveaDeep *deep)
{
  return MAX (1, fovea_deep_total_steps (deep) / POINTS);
}

double
fovea_deep_elapsed_s (const FoveaDeep *deep)
{
  return deep->elapsed_before_s + (double) (g_get_monotonic_time () - deep->training->started_us - deep->paused_us) / G_TIME_SPAN_SECOND;
}

static double
validation_s (const FoveaDeep *deep)
{
  return fovea_training_pictures_get_n_held_out (deep->pictures) * FOVEA_DEEP_LOOKED_AT * deep->step_seconds / deep->options.batch_size;
}

double
fovea_deep_left_s (const FoveaDeep *deep)
{
  const double limit = deep->options.time_limit_s;
  const double done = deep->trainer != NULL ? (double) deep->step / (double) deep->plan.stages[deep->stage].n_steps : 0;
  const double validations = (VALIDATIONS_A_STAGE * (1 - MIN (done, 1)) + 1) * validation_s (deep);

  return limit - fovea_deep_elapsed_s (deep) - MAX (FINISH_MIN_S, FINISH_PART * limit) - validations;
}

gboolean
fovea_deep_run_unit (FoveaDeep *deep, FoveaUnitFunc func, gpointer data, GError **error)
{
  return fovea_scheduler_run (fovea_core_get_scheduler (deep->training->core), FOVEA_PRIORITY_TRAINING, func, data,
                              fovea_job_get_cancellable (deep->training->job), error);
}

/* Stretches or cuts what is still to be done, so that it ends with the limit; never beyond the plan that was made. The stage
 * that is running goes first: half of two stages is worth less than one. */
static void
fit_to_time (FoveaDeep *deep, const FoveaDeepPlan *wanted)
{
  FoveaDeepStage *stage = &deep->plan.stages[deep->stage];
  const guint64 wanted_steps = wanted->stages[deep->stage].n_steps, left = wanted_steps - MIN (deep->step, wanted_steps);
  guint64 available = (guint64) (MAX (0, fovea_deep_left_s (deep)) / deep->step_seconds);
  const guint64 n_steps = deep->step + MAX (1, MIN (available, left));

  available -= MIN (available, left);
  for (guint i = deep->stage + 1; i < deep->plan.n_stages; i++)
    {
      deep->plan.stages[i].n_steps = MIN (available, wanted->stages[i].n_steps);
      available -= deep->plan.stages[i].n_steps;
    }
  if (fabs ((double) n_steps - (double) stage->n_steps) < REPLAN_PART * (double) stage->n_steps)
    return;
  stage->n_steps = n_steps;
  fovea_optimiser_set_schedule (fovea_trainer_get_optimiser (deep->trainer), n_steps, fovea_deep_warm_up_steps (n_steps),
                                FOVEA_DEEP_FINAL_RATE);
}

/* --- a step --- */

typedef struct {
  FoveaDeep *deep;
  FoveaTrainStepResult result;
} Step;

static gboolean
run_step (gpointer data, GCancellable *cancellable, GError **error)
{
  Step *self = data;
  FoveaDeep *deep = self->deep;
  const char *test = g_getenv ("FOVEA_TEST_DIVERGE_AT");

  /* Networks with normalised logits do not diverge when a test asks them to. */
  if (test != NULL && deep->n_rolled_back == 0 && deep->step == g_ascii_strtoull (test, NULL, 10))
    {
      g_set_error_literal (error, FOVEA_NN_ERROR, FOVEA_NN_ERROR_DIVERGED, "training has diverged, as a test asked");
      return FALSE;
    }
  return fovea_trainer_step_classifier (deep->trainer, &deep->batch->pictures, &deep->loss, deep->batch->targets, cancellable, &self->result, error);
}

static gboolean
keep_good (gpointer data, GCancellable *cancellable, GError **error)
{
  FoveaDeep *deep = data;

  g_clear_pointer (&deep->good_state, g_bytes_unref);
  deep->good_state = fovea_trainer_save_state (deep->trainer);
  deep->good_step = deep->step;
  deep->n_since_good = 0;
  return TRUE;
}

static gboolean
go_back (gpointer data, GCancellable *cancellable, GError **error)
{
  FoveaDeep *deep = data;

  if (!fovea_trainer_load_state (deep->trainer, deep->good_state, error))
    return FALSE;
  fovea_optimiser_scale_rates (fovea_trainer_get_optimiser (deep->trainer), pow (ROLLED_BACK_FACTOR, ++deep->n_since_good));
  deep->step = deep->good_step;
  return TRUE;
}

/* Back to the last good weights, at half the rate. */
static gboolean
roll_back (FoveaDeep *deep, GError *reason, GError **error)
{
  g_autofree char *details = NULL;

  if (deep->n_rolled_back == MAX_ROLLED_BACK)
    {
      g_propagate_prefixed_error (error, reason, "It went wrong %u times, each time at half the learning rate: ", MAX_ROLLED_BACK + 1);
      return FALSE;
    }
  deep->n_rolled_back++;
  details = g_strdup_printf ("%s at step %" G_GUINT64_FORMAT "; went back to step %" G_GUINT64_FORMAT " and on at half the learning rate",
                             reason->message, deep->stage_first + deep->step + 1, deep->stage_first + deep->good_step);
  g_string_append_printf (deep->training->log, "%s\n", details);
  fovea_job_add_report_row (deep->training->job, deep->training->model_id, 0, "Went back", details);
  g_error_free (reason);
  return fovea_deep_run_unit (deep, go_back, deep, error);
}

static void
add_point (FoveaDeep *deep, const FoveaTrainStepResult *result)
{
  const guint64 at = deep->stage_first + deep->step;
  FoveaTrainingPoint point = { at, 0, 0, NAN, NAN };

  deep->loss_sum += result->loss;
  deep->loss_n++;
  if (at < deep->next_point)
    return;
  point.loss = deep->loss_sum / deep->loss_n;
  point.learning_rate = deep->plan.stages[deep->stage].head_rate * result->rate;
  fovea_job_add_training_point (deep->training->job, &point);
  deep->loss_sum = 0;
  deep->loss_n = 0;
  deep->next_point = at + fovea_deep_point_interval (deep);
}

static gboolean
get_batch (FoveaDeep *deep, GError **error)
{
  const gint64 start = g_get_monotonic_time ();

  deep->batch = fovea_training_pictures_get_batch (deep->pictures, deep->stage_first + deep->step, error);
  deep->waited_s += (double) (g_get_monotonic_time () - start) / G_TIME_SPAN_SECOND;
  return deep->batch != NULL;
}

static gboolean
take_step (FoveaDeep *deep, GError **error)
{
  Step step = { .deep = deep };
  g_autoptr (GError) reason = NULL;
  const gint64 start = g_get_monotonic_time ();
  double seconds;
  gboolean ok;

  if (!get_batch (deep, error))
    return FALSE;
  ok = fovea_deep_run_unit (deep, run_step, &step, &reason);
  g_clear_pointer (&deep->batch, fovea_training_batch_free);
  if (!ok && g_error_matches (reason, FOVEA_NN_ERROR, FOVEA_NN_ERROR_DIVERGED))
    return roll_back (deep, g_steal_pointer (&reason), error);
  if (!ok)
    {
      g_propagate_error (error, g_steal_pointer (&reason));
      return FALSE;
    }
  deep->step++;
  seconds = (double) (g_get_monotonic_time () - start) / G_TIME_SPAN_SECOND;
  deep->step_seconds += (seconds - deep->step_seconds) / REPLAN_STEPS;
  add_point (deep, &step.result);
  fovea_job_set_progress (deep->training->job, deep->stage_first + deep->step, fovea_deep_total_steps (deep), "steps");
  return TRUE;
}

/* --- between steps --- */

static gboolean
beat (FoveaStore *store, gpointer data, GError **error)
{
  FoveaDeep *deep = data;

  return fovea_store_beat_job (store, deep->training->job_row,
                               (double) (deep->stage_first + deep->step) / (double) MAX (1, fovea_deep_total_steps (deep)), "Training", error);
}

static gboolean
wait_while_paused (FoveaDeep *deep, GError **error)
{
  const gint64 start = g_get_monotonic_time ();
  const gboolean ok = fovea_job_checkpoint (deep->training->job, error);

  deep->paused_us += g_get_monotonic_time () - start;
  return ok;
}

static gint64
checkpoint_us (void)
{
  const char *seconds = g_getenv ("FOVEA_CHECKPOINT_SECONDS");

  return (gint64) ((seconds != NULL ? g_ascii_strtod (seconds, NULL) : CHECKPOINT_S) * G_TIME_SPAN_SECOND);
}

static gboolean
look_after (FoveaDeep *deep, GError **error)
{
  const gint64 now = g_get_monotonic_time ();

  if (now >= deep->next_beat_us)
    {
      deep->next_beat_us = now + BEAT_US;
      if (!fovea_core_write (deep->training->core, beat, deep, error))
        return FALSE;
    }
  if (now < deep->next_checkpoint_us)
    return TRUE;
  deep->next_checkpoint_us = now + checkpoint_us ();
  return fovea_deep_run_unit (deep, keep_good, deep, error) && fovea_deep_save (deep, error);
}

static guint64
validation_interval (guint64 n_steps)
{
  return (n_steps + VALIDATIONS_A_STAGE - 1) / VALIDATIONS_A_STAGE;
}

static gboolean
validate_when_due (FoveaDeep *deep, GError **error)
{
  const guint64 n_steps = deep->plan.stages[deep->stage].n_steps;

  if (fovea_training_pictures_get_n_held_out (deep->pictures) == 0)
    return deep->step < n_steps || fovea_deep_keep_last (deep, error);
  if (deep->step < deep->next_validation && deep->step < n_steps)
    return TRUE;
  deep->next_validation = deep->step + validation_interval (n_steps);
  if (!fovea_deep_validate (deep, error) || !fovea_deep_run_unit (deep, keep_good, deep, error))
    return FALSE;
  deep->stopped_early = deep->options.patience > 0 && deep->n_worse >= deep->options.patience && deep->step < n_steps;
  return TRUE;
}

static gboolean
run_stage (FoveaDeep *deep, const FoveaDeepPlan *wanted, GError **error)
{
  FoveaDeepStage *stage = &deep->plan.stages[deep->stage];

  while (deep->step < stage->n_steps && !deep->stopped_early)
    {
      if (!wait_while_paused (deep, error) || !take_step (deep, error))
        return FALSE;
      if (deep->options.time_limit_s > 0 && deep->step % REPLAN_STEPS == 0 && deep->step < stage->n_steps)
        fit_to_time (deep, wanted);
      if (!validate_when_due (deep, error) || !look_after (deep, error))
        return FALSE;
    }
  return TRUE;
}

typedef struct {
  FoveaDeep *deep;
  FoveaGraph *graph;
} NextStage;

static gboolean
dup_average (gpointer data, GCancellable *cancellable, GError **error)
{
  NextStage *self = data;

  self->graph = fovea_trainer_dup_graph (self->deep->trainer, TRUE, error);
  return self->graph != NULL;
}

/* The next one starts from the average that this one ended with. */
static gboolean
next_stage (FoveaDeep *deep, GError **error)
{
  NextStage next = { .deep = deep };

  if (!fovea_deep_run_unit (deep, dup_average, &next, error))
    return FALSE;
  fovea_graph_unref (deep->network);
  deep->network = next.graph;
  g_clear_pointer (&deep->trainer, fovea_trainer_free);
  deep->stage_first += deep->step;
  deep->step = 0;
  deep->next_validation = 0;
  deep->stage++;
  return TRUE;
}

/* Whether another stage is to come that there is time enough for. */
static gboolean
has_next_stage (FoveaDeep *deep)
{
  const FoveaDeepStage *stage = &deep->plan.stages[deep->stage];

  if (deep->stopped_early || deep->stage + 1 == deep->plan.n_stages)
    return FALSE;
  if ((double) stage[1].n_steps >= FOVEA_DEEP_STAGE_2_MIN_PART * (double) stage->n_steps)
    return TRUE;
  deep->plan.n_stages = deep->stage + 1;
  return FALSE;
}

static gboolean
begin_stage (FoveaDeep *deep, GError **error)
{
  if (deep->trainer == NULL && !fovea_deep_make_trainer (deep, error))
    return FALSE;
  if (deep->next_validation == 0)
    deep->next_validation = validation_interval (deep->plan.stages[deep->stage].n_steps);
  return fovea_deep_run_unit (deep, keep_good, deep, error);
}

gboolean
fovea_deep_run_stages (FoveaDeep *deep, GError **error)
{
  const FoveaDeepPlan wanted = deep->plan;

  deep->next_checkpoint_us = g_get_monotonic_time () + checkpoint_us ();
  for (;;)
    {
      if (!begin_stage (deep, error) || !run_stage (deep, &wanted, error))
        return FALSE;
      if (!has_next_stage (deep))
        return TRUE;
      if (!next_stage (deep, error))
        return FALSE;
    }
}
