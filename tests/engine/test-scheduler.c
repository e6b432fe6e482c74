/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/scheduler.h"

#include <sys/resource.h>

#include "engine/background.h"

typedef struct {
  FoveaScheduler *scheduler;
  FoveaPriority priority;
  GCancellable *cancellable;
  GMutex *gate; /* (nullable) held by the test while the unit is to wait */
  GArray *order;
  GMutex *order_mutex;
  gboolean result;
  GError *error;
  int begun; /* atomic: the unit runs */
} Caller;

static gboolean
note (gpointer data, GCancellable *cancellable, GError **error)
{
  Caller *caller = data;

  g_atomic_int_set (&caller->begun, TRUE);
  if (caller->gate != NULL)
    {
      g_mutex_lock (caller->gate);
      g_mutex_unlock (caller->gate);
    }
  g_mutex_lock (caller->order_mutex);
  g_array_append_val (caller->order, caller->priority);
  g_mutex_unlock (caller->order_mutex);
  return TRUE;
}

static gpointer
call (gpointer data)
{
  Caller *caller = data;

  caller->result = fovea_scheduler_run (caller->scheduler, caller->priority, note, caller, caller->cancellable, &caller->error);
  return NULL;
}

static void
wait_until_begun (Caller *caller)
{
  while (!g_atomic_int_get (&caller->begun))
    g_usleep (1000);
}

/* While one unit runs, others queue up; they are served by priority, not by age. */
static void
test_order (void)
{
  g_autoptr (FoveaScheduler) scheduler = fovea_scheduler_new (1000);
  const FoveaPriority wanted[] = { FOVEA_PRIORITY_TRAINING, FOVEA_PRIORITY_INTERACTIVE, FOVEA_PRIORITY_REFIT, FOVEA_PRIORITY_PREDICTION,
                                   FOVEA_PRIORITY_IMPORT };
  const FoveaPriority given[] = { FOVEA_PRIORITY_TRAINING, FOVEA_PRIORITY_IMPORT, FOVEA_PRIORITY_PREDICTION, FOVEA_PRIORITY_REFIT,
                                  FOVEA_PRIORITY_INTERACTIVE };
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (FoveaPriority));
  GMutex gate, order_mutex;
  GThread *threads[5];
  Caller callers[5];

  g_mutex_init (&gate);
  g_mutex_init (&order_mutex);
  g_mutex_lock (&gate);
  for (guint i = 0; i < 5; i++)
    {
      callers[i] = (Caller){ scheduler, given[i], NULL, i == 0 ? &gate : NULL, order, &order_mutex, FALSE, NULL };
      threads[i] = g_thread_new ("caller", call, &callers[i]);
      if (i == 0)
        wait_until_begun (&callers[i]);
    }
  g_usleep (300000); /* until they have all handed in theirs */
  g_mutex_unlock (&gate);
  for (guint i = 0; i < 5; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (order->len, ==, 5);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint (g_array_index (order, FoveaPriority, i), ==, wanted[i]);
  fovea_scheduler_close (scheduler);
  g_mutex_clear (&gate);
  g_mutex_clear (&order_mutex);
}

static void
test_cancel_in_queue (void)
{
  g_autoptr (FoveaScheduler) scheduler = fovea_scheduler_new (1000);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (FoveaPriority));
  GMutex gate, order_mutex;
  Caller first, second;
  GThread *one, *two;

  g_mutex_init (&gate);
  g_mutex_init (&order_mutex);
  first = (Caller){ scheduler, FOVEA_PRIORITY_IMPORT, NULL, &gate, order, &order_mutex, FALSE, NULL };
  second = (Caller){ scheduler, FOVEA_PRIORITY_IMPORT, cancellable, NULL, order, &order_mutex, TRUE, NULL };
  g_mutex_lock (&gate);
  one = g_thread_new ("one", call, &first);
  wait_until_begun (&first);
  two = g_thread_new ("two", call, &second);
  g_usleep (20000);
  g_cancellable_cancel (cancellable);
  g_thread_join (two); /* without waiting for the unit in progress */
  g_assert_false (second.result);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_mutex_unlock (&gate);
  g_thread_join (one);
  g_assert_true (first.result);
  g_assert_cmpuint (order->len, ==, 1);
  g_clear_error (&second.error);
  fovea_scheduler_close (scheduler);
  g_mutex_clear (&gate);
  g_mutex_clear (&order_mutex);
}

static gboolean
hold_imports (FoveaPriority priority, gpointer data)
{
  return priority == FOVEA_PRIORITY_IMPORT && g_atomic_int_get ((int *) data) != 0;
}

static void
test_hold (void)
{
  g_autoptr (FoveaScheduler) scheduler = fovea_scheduler_new (1000);
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (FoveaPriority));
  GMutex order_mutex;
  int holding = 1;
  Caller held, free_one;
  GThread *thread;

  g_mutex_init (&order_mutex);
  held = (Caller){ scheduler, FOVEA_PRIORITY_IMPORT, NULL, NULL, order, &order_mutex, FALSE, NULL };
  free_one = (Caller){ scheduler, FOVEA_PRIORITY_TRAINING, NULL, NULL, order, &order_mutex, FALSE, NULL };
  fovea_scheduler_set_hold (scheduler, hold_imports, &holding);
  thread = g_thread_new ("held", call, &held);
  g_usleep (20000);
  call (&free_one);
  g_assert_true (free_one.result);
  g_assert_cmpuint (order->len, ==, 1);
  g_atomic_int_set (&holding, 0);
  fovea_scheduler_set_hold (scheduler, NULL, NULL);
  g_thread_join (thread);
  g_assert_true (held.result);
  g_assert_cmpuint (order->len, ==, 2);
  fovea_scheduler_close (scheduler);
  g_mutex_clear (&order_mutex);
}

static gpointer
reserve_600 (gpointer scheduler)
{
  g_assert_true (fovea_scheduler_reserve (scheduler, 600, NULL, NULL));
  return NULL;
}

static void
test_memory (void)
{
  g_autoptr (FoveaScheduler) scheduler = fovea_scheduler_new (1000);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  GThread *thread;

  g_assert_cmpuint (fovea_scheduler_get_memory_budget (scheduler), ==, 1000);
  g_assert_true (fovea_scheduler_reserve (scheduler, 5000, NULL, NULL)); /* more than all, but nobody else has any */
  g_cancellable_cancel (cancelled);
  g_assert_false (fovea_scheduler_reserve (scheduler, 1, cancelled, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  thread = g_thread_new ("reserve", reserve_600, scheduler);
  g_usleep (20000);
  fovea_scheduler_release (scheduler, 5000);
  g_thread_join (thread);
  fovea_scheduler_release (scheduler, 600);
  g_assert_cmpuint (fovea_available_memory (), >, 1 << 20);
}

static void
test_closed (void)
{
  g_autoptr (FoveaScheduler) scheduler = fovea_scheduler_new (1000);
  g_autoptr (GError) error = NULL;

  fovea_scheduler_close (scheduler);
  g_assert_false (fovea_scheduler_run (scheduler, FOVEA_PRIORITY_IMPORT, note, NULL, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static gboolean
read_priority (gpointer data, GCancellable *cancellable, GError **error)
{
  *(int *) data = getpriority (PRIO_PROCESS, 0);
  return TRUE;
}

static int
priority_of_unit (void)
{
  g_autoptr (FoveaScheduler) scheduler = fovea_scheduler_new (1000);
  g_autoptr (GError) error = NULL;
  int found = -100;

  g_assert_true (fovea_scheduler_run (scheduler, FOVEA_PRIORITY_IMPORT, read_priority, &found, NULL, &error));
  g_assert_no_error (error);
  fovea_scheduler_close (scheduler);
  return found;
}

/* Only once it is asked for, and only the compute thread: the caller's own priority stays. */
static void
test_gives_way (void)
{
  int own = getpriority (PRIO_PROCESS, 0);

  g_assert_cmpint (priority_of_unit (), ==, own);
  fovea_background_enable ();
  g_assert_cmpint (priority_of_unit (), ==, MIN (own + 10, 19));
  g_assert_cmpint (getpriority (PRIO_PROCESS, 0), ==, own);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/scheduler/serves-by-priority", test_order);
  g_test_add_func ("/engine/scheduler/cancelled-in-the-queue", test_cancel_in_queue);
  g_test_add_func ("/engine/scheduler/holds-back", test_hold);
  g_test_add_func ("/engine/scheduler/shares-memory", test_memory);
  g_test_add_func ("/engine/scheduler/closed", test_closed);
  g_test_add_func ("/engine/scheduler/gives-way-to-the-window", test_gives_way);
  return g_test_run ();
}
