/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "nn/kernels/kernels-private.h"

static gboolean
processor_has (FoveaIsa isa)
{
#if defined(__x86_64__)
  switch (isa)
    {
    case FOVEA_ISA_PLAIN:
      return TRUE;
    case FOVEA_ISA_SSE41:
      return __builtin_cpu_supports ("sse4.1");
    case FOVEA_ISA_AVX2:
      return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
    case FOVEA_ISA_AVX512:
      return __builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw") &&
             __builtin_cpu_supports ("avx512dq") && __builtin_cpu_supports ("avx512vl");
    default:
      return FALSE;
    }
#else
  return isa == FOVEA_ISA_PLAIN;
#endif
}

const FoveaKernels *
fovea_kernels_for_isa (FoveaIsa isa)
{
  if (!processor_has (isa))
    return NULL;
#if defined(__x86_64__)
  if (isa == FOVEA_ISA_SSE41)
    return &fovea_kernels_sse41;
  if (isa == FOVEA_ISA_AVX2)
    return &fovea_kernels_avx2;
  if (isa == FOVEA_ISA_AVX512)
    return &fovea_kernels_avx512;
#endif
  return &fovea_kernels_plain;
}

FoveaIsa
fovea_isa_from_name (const char *name)
{
  g_autofree char *upper = NULL;

  if (name == NULL)
    return FOVEA_ISA_AVX512;
  upper = g_ascii_strup (name, -1);
  if (g_str_equal (upper, "SSE41") || g_str_equal (upper, "AVX"))
    return FOVEA_ISA_SSE41;
  /* AVX2, AVX2_VNNI, AVX2_VNNI_2 */
  return g_str_has_prefix (upper, "AVX2") ? FOVEA_ISA_AVX2 : FOVEA_ISA_AVX512;
}

static const FoveaKernels *
choose (void)
{
  const char *cap = g_getenv ("ONEDNN_MAX_CPU_ISA");
  FoveaIsa isa;

  if (g_getenv ("FOVEA_PLAIN") != NULL)
    return &fovea_kernels_plain;
  isa = fovea_isa_from_name (cap != NULL ? cap : g_getenv ("DNNL_MAX_CPU_ISA"));
  while (fovea_kernels_for_isa (isa) == NULL)
    isa--;
  return fovea_kernels_for_isa (isa);
}

const FoveaKernels *
fovea_kernels_get (void)
{
  static const FoveaKernels *chosen;

  if (g_once_init_enter (&chosen))
    g_once_init_leave (&chosen, choose ());
  return chosen;
}
