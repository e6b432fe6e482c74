/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/half.h"

#if defined (__x86_64__)
#include <immintrin.h>
#endif

static void
plain_to_floats (const guint16 *halves, float *floats, gsize n)
{
  for (gsize i = 0; i < n; i++)
    floats[i] = fovea_f16_to_float (halves[i]);
}

#if defined (__x86_64__)
__attribute__ ((target ("avx,f16c"))) static void
f16c_to_floats (const guint16 *halves, float *floats, gsize n)
{
  gsize i = 0;

  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps (floats + i, _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) (gconstpointer) (halves + i))));
  plain_to_floats (halves + i, floats + i, n - i);
}
#endif

typedef void (*ToFloats) (const guint16 *halves, float *floats, gsize n);

static ToFloats
choose (void)
{
#if defined (__x86_64__)
  const char *cap = g_getenv ("ONEDNN_MAX_CPU_ISA");

  if (cap == NULL)
    cap = g_getenv ("DNNL_MAX_CPU_ISA");
  /* F16C came with AVX2's processors or just before them. */
  if (cap != NULL && (g_ascii_strcasecmp (cap, "SSE41") == 0 || g_ascii_strcasecmp (cap, "AVX") == 0))
    return plain_to_floats;
  if (__builtin_cpu_supports ("avx") && __builtin_cpu_supports ("f16c"))
    return f16c_to_floats;
#endif
  return plain_to_floats;
}

void
fovea_f16_to_floats (const guint16 *halves, float *floats, gsize n)
{
  static ToFloats chosen;

  if (g_once_init_enter (&chosen))
    g_once_init_leave (&chosen, choose ());
  chosen (halves, floats, n);
}
