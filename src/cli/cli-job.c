/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli-private.h"

/* ---- Ctrl-C: a thread of its own waits for it, so that no handler does more than a handler may ---- */

static GMutex job_mutex;
static FoveaJob *current_job; /* borrowed */
static guint n_interrupts;

static gpointer
wait_for_signals (gpointer data)
{
  sigset_t *set = data;
  int number;

  for (;;)
    {
      if (sigwait (set, &number) != 0)
        continue;
      if (++n_interrupts > 2)
        _exit (FOVEA_CLI_FAILED); /* the third one in a row is meant; the project stands up to that, too */
      g_mutex_lock (&job_mutex);
      if (current_job != NULL)
        fovea_job_cancel (current_job);
      else
        _exit (FOVEA_CLI_FAILED);
      g_mutex_unlock (&job_mutex);
    }
  return NULL;
}

void
fovea_cli_catch_signals (void)
{
  static sigset_t set;
  static gboolean done;

  if (done)
    return;
  done = TRUE;
  sigemptyset (&set);
  sigaddset (&set, SIGINT);
  sigaddset (&set, SIGTERM);
  sigaddset (&set, SIGHUP);
  pthread_sigmask (SIG_BLOCK, &set, NULL);
  signal (SIGPIPE, SIG_IGN);
  g_thread_unref (g_thread_new ("signals", wait_for_signals, &set));
}

static void
set_current (FoveaJob *job)
{
  g_mutex_lock (&job_mutex);
  current_job = job;
  g_mutex_unlock (&job_mutex);
}

/* ---- progress ---- */

typedef struct {
  gboolean wanted, shown, noted;
  gint64 last_us;
} Progress;

/* What is to be known before the work begins, as a line that stays, also where no progress is shown. */
static void
show_note (FoveaJob *job, Progress *progress)
{
  if (progress->noted || fovea_job_get_note (job)[0] == '\0')
    return;
  progress->noted = TRUE;
  fprintf (stderr, "%s%s\n", progress->shown ? "\r\033[K" : "", fovea_job_get_note (job));
}

static void
show_progress (FoveaJob *job, gpointer data)
{
  Progress *progress = data;
  gint64 now = g_get_monotonic_time ();
  double eta = fovea_job_get_eta_seconds (job);
  g_autofree char *left = eta >= 0 ? g_strdup_printf (", %.0f s left", eta) : g_strdup ("");

  show_note (job, progress);
  if (!progress->wanted)
    return;
  if (now - progress->last_us < G_TIME_SPAN_SECOND / 4 && !fovea_job_is_over (job))
    return;
  progress->last_us = now;
  progress->shown = TRUE;
  fprintf (stderr, "\r\033[K%s: %s %s%s", fovea_job_get_title (job), fovea_job_get_detail (job), fovea_job_get_speed (job), left);
  fflush (stderr);
}

gboolean
fovea_cli_run_job (FoveaJob *job, const FoveaCliArgs *args)
{
  Progress progress = { .wanted = args->progress || isatty (STDERR_FILENO) };
  GError *error = NULL;
  gboolean ok;

  set_current (job);
  ok = fovea_job_wait (job, show_progress, &progress, &error);
  set_current (NULL);
  if (progress.shown)
    fputs ("\r\033[K", stderr);
  if (ok)
    return TRUE;
  fovea_cli_fail (error);
  return FALSE;
}

/* ---- projects ---- */

FoveaProject *
fovea_cli_open_project (const char *path)
{
  GError *error = NULL;
  FoveaProject *project;

  fovea_cli_catch_signals ();
  project = fovea_project_open (path, &error);
  if (project == NULL)
    fovea_cli_fail (error);
  return project;
}

void
fovea_cli_close_project (FoveaProject *project)
{
  if (project == NULL)
    return;
  fovea_project_close (project);
  /* What the jobs' threads left for the main loop, which nobody runs here. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_object_unref (project);
}
