/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/matmul.h"

#include <string.h>

#if defined (__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma")
#define KERNEL(name) avx512_##name
#define ISA_NAME avx512
#define LANES 16
#define TILE_ROWS 12
#include "models/matmul-kernel.inc.h"
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define KERNEL(name) avx2_##name
#define ISA_NAME avx2
#define LANES 8
#define TILE_ROWS 6
#include "models/matmul-kernel.inc.h"
#pragma GCC pop_options
#endif

#define KERNEL(name) base_##name
#define ISA_NAME sse2
#define LANES 4
#define TILE_ROWS 3
#include "models/matmul-kernel.inc.h"

/* 0 = plain, 1 = AVX2, 2 = AVX-512: what ONEDNN_MAX_CPU_ISA allows. */
static int
isa_cap (void)
{
  const char *cap = g_getenv ("ONEDNN_MAX_CPU_ISA");

  if (cap == NULL)
    cap = g_getenv ("DNNL_MAX_CPU_ISA");
  if (cap == NULL)
    return 2;
  if (g_ascii_strcasecmp (cap, "SSE41") == 0 || g_ascii_strcasecmp (cap, "AVX") == 0)
    return 0;
  if (g_ascii_strncasecmp (cap, "AVX2", 4) == 0)
    return 1;
  return 2;
}

static const FoveaMatmulKernels *
choose_kernels (void)
{
#if defined (__x86_64__)
  int cap = isa_cap ();

  if (cap >= 2 && __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512dq") &&
      __builtin_cpu_supports ("avx512bw") && __builtin_cpu_supports ("avx512vl"))
    return &avx512_kernels;
  if (cap >= 1 && __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    return &avx2_kernels;
#endif
  return &base_kernels;
}

const FoveaMatmulKernels *
fovea_matmul_kernels (void)
{
  static const FoveaMatmulKernels *chosen;

  if (g_once_init_enter (&chosen))
    g_once_init_leave (&chosen, choose_kernels ());
  return chosen;
}

void
fovea_matmul (gsize m, gsize n, gsize p, const float *a, gsize a_row, gsize a_col, const float *b, gsize ldb, float *c, gsize ldc,
              gboolean accumulate)
{
  const FoveaMatmulKernels *kernels = fovea_matmul_kernels ();
  const gsize step = 512; /* rows of B that stay in the first-level cache, 16 columns of them */

  g_return_if_fail (n % FOVEA_MATMUL_WIDTH == 0);

  for (gsize j = 0; j < n; j += FOVEA_MATMUL_WIDTH)
    for (gsize l = 0; l < p || l == 0; l += step)
      kernels->panel (m, MIN (step, p - l), a + l * a_col, a_row, a_col, b + l * ldb + j, ldb, c + j, ldc,
                      accumulate || l > 0);
}

typedef struct {
  gsize n, dim, from, ldg;
  const float *x;
  float *g;
} GramJob;

/* Columns [16 i, 16 i + 16) against the rows at or below them. */
static void
gram_panel (guint i, gpointer data)
{
  const GramJob *job = data;
  gsize first = (gsize) i * FOVEA_MATMUL_WIDTH, width = MIN (FOVEA_MATMUL_WIDTH, job->n - first);
  gsize top = MAX (job->from, first), rows = job->n - MIN (top, job->n);
  g_autofree float *panel = g_new0 (float, job->dim * FOVEA_MATMUL_WIDTH);
  g_autofree float *out = g_new (float, MAX (rows, 1) * FOVEA_MATMUL_WIDTH);

  for (gsize r = 0; r < width; r++)
    for (gsize l = 0; l < job->dim; l++)
      panel[l * FOVEA_MATMUL_WIDTH + r] = job->x[(first + r) * job->dim + l];
  fovea_matmul (rows, FOVEA_MATMUL_WIDTH, job->dim, job->x + top * job->dim, job->dim, 1, panel, FOVEA_MATMUL_WIDTH, out,
                FOVEA_MATMUL_WIDTH, FALSE);
  for (gsize r = 0; r < rows; r++)
    for (gsize j = 0; j < width; j++)
      if (top + r >= first + j) /* the other half of a diagonal block is another thread's, or ours by symmetry */
        {
          float value = out[r * FOVEA_MATMUL_WIDTH + j];

          job->g[(top + r) * job->ldg + first + j] = value;
          job->g[(first + j) * job->ldg + top + r] = value;
        }
}

void
fovea_matmul_gram (gsize n, gsize dim, gsize from, const float *x, float *g, gsize ldg, guint n_threads)
{
  GramJob job = { .n = n, .dim = dim, .from = from, .ldg = ldg, .x = x, .g = g };

  g_return_if_fail (from <= n && ldg >= n);
  fovea_matmul_run_tasks ((guint) ((n + FOVEA_MATMUL_WIDTH - 1) / FOVEA_MATMUL_WIDTH), n_threads, gram_panel, &job);
}

typedef struct {
  gint next; /* atomic */
  guint n;
  FoveaTaskFunc func;
  gpointer data;
} TaskRun;

static gpointer
run_tasks (gpointer data)
{
  TaskRun *run = data;

  while (TRUE)
    {
      guint i = (guint) g_atomic_int_add (&run->next, 1);

      if (i >= run->n)
        return NULL;
      run->func (i, run->data);
    }
}

void
fovea_matmul_run_tasks (guint n, guint n_threads, FoveaTaskFunc func, gpointer data)
{
  TaskRun run = { .n = n, .func = func, .data = data };
  g_autoptr (GPtrArray) threads = g_ptr_array_new ();

  for (guint i = 1; i < MIN (n_threads, n); i++)
    {
      GThread *thread = g_thread_try_new ("fovea-head", run_tasks, &run, NULL);

      if (thread == NULL) /* fewer hands, the same work */
        break;
      g_ptr_array_add (threads, thread);
    }
  run_tasks (&run);
  for (guint i = 0; i < threads->len; i++)
    g_thread_join (g_ptr_array_index (threads, i));
}
