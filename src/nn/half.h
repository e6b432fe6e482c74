/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <string.h>

/* IEEE 754 binary16 and bfloat16, converted without processor support. To half: nearest, ties to even; overflow gives
 * infinity, NaN stays NaN. */

static inline float
fovea_bits_to_float (guint32 bits)
{
  float f;

  memcpy (&f, &bits, sizeof f);
  return f;
}

static inline guint32
fovea_float_to_bits (float f)
{
  guint32 bits;

  memcpy (&bits, &f, sizeof bits);
  return bits;
}

static inline float
fovea_f16_to_float (guint16 h)
{
  guint32 sign = (guint32) (h & 0x8000u) << 16;
  guint32 exponent = (h >> 10) & 0x1fu;
  guint32 mantissa = h & 0x3ffu;

  if (exponent == 0x1f)
    return fovea_bits_to_float (sign | 0x7f800000u | (mantissa << 13));
  if (exponent != 0)
    return fovea_bits_to_float (sign | ((exponent + 112) << 23) | (mantissa << 13));
  /* Zero or subnormal: mantissa · 2^-24, exact in f32. */
  return fovea_bits_to_float (sign | fovea_float_to_bits ((float) mantissa * 0x1p-24f));
}

static inline guint16
fovea_float_to_f16 (float f)
{
  guint32 bits = fovea_float_to_bits (f);
  guint16 sign = (guint16) ((bits >> 16) & 0x8000u);
  guint32 rest = bits & 0x7fffffffu;

  if (rest > 0x7f800000u)
    return sign | 0x7e00u | (guint16) ((rest >> 13) & 0x3ffu);
  if (rest >= 0x477ff000u) /* 65520 and above round to infinity */
    return sign | 0x7c00u;
  if (rest < 0x38800000u)
    {
      /* Below 2^-14: adding 0.5 puts the result's unit, 2^-24, at the last bit of an f32 and so rounds to even. */
      float shifted = fovea_bits_to_float (rest) + 0.5f;

      return sign | (guint16) (fovea_float_to_bits (shifted) - 0x3f000000u);
    }
  rest += 0xfffu + ((rest >> 13) & 1u);
  return sign | (guint16) ((rest - 0x38000000u) >> 13);
}

static inline float
fovea_bf16_to_float (guint16 h)
{
  return fovea_bits_to_float ((guint32) h << 16);
}

static inline guint16
fovea_float_to_bf16 (float f)
{
  guint32 bits = fovea_float_to_bits (f);

  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (guint16) ((bits >> 16) | 0x40u);
  return (guint16) ((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/* n halves at a time, with the processor's own instruction where it has it (and ONEDNN_MAX_CPU_ISA lets it): the same
 * floats. */
void fovea_f16_to_floats (const guint16 *halves, float *floats, gsize n);
