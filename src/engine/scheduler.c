/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/scheduler.h"

#include <glib/gi18n.h>

#include "engine/background.h"
#include "engine/engine-error.h"

/* What a person waits for comes in several units (a fit, then scores in blocks), with a moment between them in which the thread that
 * hands them in has the result. Long work does not begin in that moment: each of its units would make the person wait. */
#define PAUSE_US (50 * G_TIME_SPAN_MILLISECOND)

/* A unit lives on the stack of the thread that waits for it. */
typedef struct {
  FoveaPriority priority;
  FoveaUnitFunc func;
  gpointer data;
  GCancellable *cancellable;
  GError **error;
  gboolean result;
  gboolean started, done;
} Unit;

struct _FoveaScheduler {
  gatomicrefcount ref_count;
  GMutex mutex;
  GCond work;     /* the compute thread waits: units, hold, close */
  GCond finished; /* those who handed in a unit wait */
  GCond memory;   /* those who want memory wait */
  GQueue queues[FOVEA_N_PRIORITIES]; /* Unit* */
  GThread *thread;
  gboolean closed;

  FoveaHoldFunc hold;
  gpointer hold_data;

  gsize budget, taken;
  gint64 pause_end_us; /* until then only what a person waits for is begun */
};

static gboolean
is_waited_for (FoveaPriority priority)
{
  return priority == FOVEA_PRIORITY_INTERACTIVE || priority == FOVEA_PRIORITY_REFIT;
}

/* The next unit in order, NULL when there is none or all are held until @ret_until_us (0: none). The mutex is held. */
static Unit *
pop_unit (FoveaScheduler *self, gint64 *ret_until_us)
{
  const gint64 now = g_get_monotonic_time ();

  *ret_until_us = 0;
  for (int p = 0; p < FOVEA_N_PRIORITIES; p++)
    {
      if (g_queue_is_empty (&self->queues[p]))
        continue;
      if (!is_waited_for (p) && now < self->pause_end_us)
        {
          *ret_until_us = self->pause_end_us;
          return NULL;
        }
      if (self->hold != NULL && !is_waited_for (p) && self->hold (p, self->hold_data))
        {
          *ret_until_us = now + G_TIME_SPAN_SECOND / 2;
          continue;
        }
      return g_queue_pop_head (&self->queues[p]);
    }
  return NULL;
}

static void
run_unit (FoveaScheduler *self, Unit *unit)
{
  g_autoptr (GError) error = NULL;
  const gboolean waited_for = is_waited_for (unit->priority);
  gboolean result;

  unit->started = TRUE;
  g_mutex_unlock (&self->mutex);
  result = unit->func (unit->data, unit->cancellable, &error);
  g_mutex_lock (&self->mutex);
  unit->result = result;
  if (!result)
    g_propagate_error (unit->error, g_steal_pointer (&error));
  unit->done = TRUE;
  if (waited_for)
    self->pause_end_us = g_get_monotonic_time () + PAUSE_US;
  g_cond_broadcast (&self->finished);
}

static void
fail_waiting_units (FoveaScheduler *self)
{
  for (int p = 0; p < FOVEA_N_PRIORITIES; p++)
    {
      Unit *unit;

      while ((unit = g_queue_pop_head (&self->queues[p])) != NULL)
        {
          g_set_error_literal (unit->error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("The program is closing"));
          unit->done = TRUE;
        }
    }
  g_cond_broadcast (&self->finished);
}

static gpointer
compute_main (gpointer data)
{
  FoveaScheduler *self = data;

  fovea_background_enter ();
  g_mutex_lock (&self->mutex);
  while (!self->closed)
    {
      gint64 until_us;
      Unit *unit = pop_unit (self, &until_us);

      if (unit != NULL)
        run_unit (self, unit);
      else if (until_us > 0)
        g_cond_wait_until (&self->work, &self->mutex, until_us);
      else
        g_cond_wait (&self->work, &self->mutex);
    }
  fail_waiting_units (self);
  g_mutex_unlock (&self->mutex);
  return NULL;
}

FoveaScheduler *
fovea_scheduler_new (gsize memory_bytes)
{
  FoveaScheduler *self = g_new0 (FoveaScheduler, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->work);
  g_cond_init (&self->finished);
  g_cond_init (&self->memory);
  for (int p = 0; p < FOVEA_N_PRIORITIES; p++)
    g_queue_init (&self->queues[p]);
  self->budget = memory_bytes != 0 ? memory_bytes : fovea_available_memory () / 2;
  return self;
}

FoveaScheduler *
fovea_scheduler_ref (FoveaScheduler *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
fovea_scheduler_unref (FoveaScheduler *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  /* Nobody holds a reference, so nobody waits; a thread that was not closed would be a leak, hence here at last. */
  fovea_scheduler_close (self);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->work);
  g_cond_clear (&self->finished);
  g_cond_clear (&self->memory);
  g_free (self);
}

static FoveaScheduler *default_scheduler;

FoveaScheduler *
fovea_scheduler_get_default (void)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      default_scheduler = fovea_scheduler_new (0);
      g_once_init_leave (&once, 1);
    }
  return default_scheduler;
}

void
fovea_scheduler_close (FoveaScheduler *self)
{
  GThread *thread;

  g_mutex_lock (&self->mutex);
  self->closed = TRUE;
  thread = g_steal_pointer (&self->thread);
  g_cond_broadcast (&self->work);
  g_cond_broadcast (&self->memory);
  g_mutex_unlock (&self->mutex);
  if (thread != NULL)
    g_thread_join (thread);
}

/* Called without the mutex of @self held by this thread, from g_cancellable_cancel(). */
static void
wake_waiters (GCancellable *cancellable, gpointer data)
{
  FoveaScheduler *self = data;

  g_mutex_lock (&self->mutex);
  g_cond_broadcast (&self->finished);
  g_cond_broadcast (&self->memory);
  g_mutex_unlock (&self->mutex);
}

/* Waits until the unit is done, or takes it out of the queue when it is cancelled before it was started. */
static void
wait_for_unit (FoveaScheduler *self, FoveaPriority priority, Unit *unit)
{
  while (!unit->done)
    {
      if (!unit->started && g_cancellable_is_cancelled (unit->cancellable))
        {
          g_queue_remove (&self->queues[priority], unit);
          g_cancellable_set_error_if_cancelled (unit->cancellable, unit->error);
          return;
        }
      g_cond_wait (&self->finished, &self->mutex);
    }
}

gboolean
fovea_scheduler_run (FoveaScheduler *self, FoveaPriority priority, FoveaUnitFunc func, gpointer data,
                     GCancellable *cancellable, GError **error)
{
  Unit unit = { .priority = priority, .func = func, .data = data, .cancellable = cancellable, .error = error };
  gulong handler = 0;

  g_return_val_if_fail (priority < FOVEA_N_PRIORITIES, FALSE);
  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (wake_waiters), self, NULL);

  g_mutex_lock (&self->mutex);
  if (self->closed)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("The program is closing"));
      unit.done = TRUE;
    }
  else
    {
      if (self->thread == NULL)
        self->thread = g_thread_new ("compute", compute_main, self);
      g_queue_push_tail (&self->queues[priority], &unit);
      g_cond_signal (&self->work);
      wait_for_unit (self, priority, &unit);
    }
  g_mutex_unlock (&self->mutex);

  g_cancellable_disconnect (cancellable, handler);
  return unit.result;
}

void
fovea_scheduler_set_hold (FoveaScheduler *self, FoveaHoldFunc func, gpointer data)
{
  g_mutex_lock (&self->mutex);
  self->hold = func;
  self->hold_data = data;
  g_cond_broadcast (&self->work);
  g_mutex_unlock (&self->mutex);
}

gsize
fovea_scheduler_get_memory_budget (FoveaScheduler *self)
{
  gsize budget;

  g_mutex_lock (&self->mutex);
  budget = self->budget;
  g_mutex_unlock (&self->mutex);
  return budget;
}

void
fovea_scheduler_set_memory_budget (FoveaScheduler *self, gsize bytes)
{
  g_mutex_lock (&self->mutex);
  self->budget = bytes != 0 ? bytes : fovea_available_memory () / 2;
  g_cond_broadcast (&self->memory);
  g_mutex_unlock (&self->mutex);
}

gboolean
fovea_scheduler_reserve (FoveaScheduler *self, gsize bytes, GCancellable *cancellable, GError **error)
{
  gboolean granted = FALSE;
  gulong handler = 0;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (wake_waiters), self, NULL);

  g_mutex_lock (&self->mutex);
  while (!self->closed && !g_cancellable_is_cancelled (cancellable) && self->taken != 0
         && (bytes > self->budget || self->taken > self->budget - bytes))
    g_cond_wait (&self->memory, &self->mutex);
  if (self->closed)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, _("The program is closing"));
  else if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    {
      self->taken += bytes;
      granted = TRUE;
    }
  g_mutex_unlock (&self->mutex);

  g_cancellable_disconnect (cancellable, handler);
  return granted;
}

void
fovea_scheduler_release (FoveaScheduler *self, gsize bytes)
{
  g_mutex_lock (&self->mutex);
  g_warn_if_fail (bytes <= self->taken);
  self->taken -= MIN (bytes, self->taken);
  g_cond_broadcast (&self->memory);
  g_mutex_unlock (&self->mutex);
}
