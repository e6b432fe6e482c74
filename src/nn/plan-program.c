/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs the steps of a program. */
#include <omp.h>
#include <string.h>
#include <time.h>

#include "nn/plan-private.h"

void *
fovea_run_data (const FoveaRun *run, int id)
{
  const FoveaBuffer *buffer = fovea_program_buffer (run->program, fovea_program_buffer (run->program, id)->root);

  switch (buffer->kind)
    {
    case FOVEA_BUFFER_CONSTANT:
      return buffer->fact->data;
    case FOVEA_BUFFER_INPUT:
    case FOVEA_BUFFER_TENSOR:
      return run->tensors[fovea_program_buffer (run->program, id)->root]->data;
    case FOVEA_BUFFER_ARENA:
    default:
      return run->arena + buffer->offset;
    }
}

FoveaTensor *
fovea_run_tensor (const FoveaRun *run, int id)
{
  const FoveaBuffer *buffer = fovea_program_buffer (run->program, id);

  if (buffer->kind == FOVEA_BUFFER_CONSTANT && buffer->root == id)
    return fovea_tensor_ref (buffer->fact);
  if (buffer->root == id && run->tensors[id] != NULL)
    return fovea_tensor_ref (run->tensors[id]);
  return fovea_tensor_new_wrapped (buffer->fact->dtype, &buffer->fact->shape, fovea_run_data (run, id), NULL, NULL);
}

static void
drop_dead_tensors (const FoveaRun *run, int done)
{
  for (guint i = 0; i < run->program->buffers->len; i++)
    if (run->tensors[i] != NULL && fovea_program_buffer (run->program, i)->last <= done)
      g_clear_pointer (&run->tensors[i], fovea_tensor_unref);
}

static gint64
now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (gint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
note_time (const FoveaRun *run, guint step, gint64 took_ns)
{
  gint64 *best = &run->program->best_ns[step];

  if (run->timed && (*best == 0 || took_ns < *best))
    *best = MAX (took_ns, 1);
}

/* Steps [from, to) by thread team->index of the team. The first thread notes the times, the waiting for the others
 * included. */
static void
run_as_member (const FoveaRun *run, guint from, guint to, const FoveaTeam *team)
{
  gint64 begun = team->index == 0 ? now_ns () : 0;

  for (guint i = from; i < to; i++)
    {
      const FoveaStep *step = fovea_program_step (run->program, i);

      step->together (step, run, team);
      fovea_team_wait (team);
      if (team->index == 0)
        {
          gint64 end = now_ns ();

          note_time (run, i, end - begun);
          begun = end;
        }
    }
}

static void
run_together (const FoveaRun *run, guint from, guint to, guint n_threads)
{
  FoveaBarrier barrier = { 0 };

  if (n_threads == 1)
    {
      FoveaTeam alone = { 0, 1, NULL };

      run_as_member (run, from, to, &alone);
      return;
    }
#pragma omp parallel num_threads(n_threads)
  {
    FoveaTeam team = { (guint) omp_get_thread_num (), (guint) omp_get_num_threads (), &barrier };

    run_as_member (run, from, to, &team);
  }
}

static gboolean
run_steps (const FoveaRun *run, guint n_threads, GError **error)
{
  const FoveaProgram *program = run->program;

  for (guint i = 0; i < program->steps->len;)
    {
      const FoveaStep *step = fovea_program_step (program, i);
      guint end = i + 1;

      if (step->alone != NULL)
        {
          gint64 begun = now_ns ();

          if (!step->alone (step, run, error))
            return FALSE;
          note_time (run, i, now_ns () - begun);
        }
      else
        {
          while (end < program->steps->len && fovea_program_step (program, end)->together != NULL)
            end++;
          run_together (run, i, end, n_threads);
        }
      drop_dead_tensors (run, (int) end - 1);
      i = end;
    }
  return TRUE;
}

/* A tensor of the caller's own: what lies in the arena is copied. */
static FoveaTensor *
take_output (const FoveaRun *run, int id, GError **error)
{
  const FoveaBuffer *buffer = fovea_program_buffer (run->program, id);
  const FoveaBuffer *root = fovea_program_buffer (run->program, buffer->root);
  FoveaTensor *copy;

  if (root->kind != FOVEA_BUFFER_ARENA)
    {
      FoveaTensor *tensor = root->kind == FOVEA_BUFFER_CONSTANT ? root->fact : run->tensors[buffer->root];

      return buffer->root == id ? fovea_tensor_ref (tensor)
                                : fovea_tensor_new_reshaped (tensor, &buffer->fact->shape, error);
    }
  copy = fovea_tensor_new (buffer->fact->dtype, &buffer->fact->shape, error);
  if (copy != NULL)
    memcpy (copy->data, fovea_run_data (run, id), fovea_tensor_n_bytes (copy));
  return copy;
}

gboolean
fovea_program_run (const FoveaProgram *program, FoveaTensor *const *inputs, char *arena, guint n_threads,
                   FoveaTensor **ret_outputs, GError **error)
{
  g_autofree FoveaTensor **tensors = g_new0 (FoveaTensor *, program->buffers->len);
  guint n_outputs = program->outputs->len;
  g_autofree FoveaTensor **outputs = g_new0 (FoveaTensor *, n_outputs + 1);
  FoveaRun run = { program, arena, tensors, !omp_in_parallel () };
  gboolean ok;

  for (guint i = 0; i < program->buffers->len; i++)
    {
      const FoveaBuffer *buffer = fovea_program_buffer (program, i);

      if (buffer->kind == FOVEA_BUFFER_INPUT && buffer->root == (int) i)
        tensors[i] = fovea_tensor_ref (inputs[buffer->input]);
    }
  ok = run_steps (&run, n_threads, error);
  for (guint i = 0; ok && i < n_outputs; i++)
    {
      outputs[i] = take_output (&run, g_array_index (program->outputs, int, i), error);
      ok = outputs[i] != NULL;
    }
  for (guint i = 0; i < n_outputs; i++)
    if (ok)
      ret_outputs[i] = outputs[i];
    else
      g_clear_pointer (&outputs[i], fovea_tensor_unref);
  for (guint i = 0; i < program->buffers->len; i++)
    g_clear_pointer (&tensors[i], fovea_tensor_unref);
  return ok;
}
