/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/sha256.h"

#include <string.h>

#if defined (__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

static const guint32 K[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline guint32
rotate (guint32 x, int n)
{
  return (x >> n) | (x << (32 - n));
}

static void
hash_blocks_plain (guint32 *state, const guint8 *data, gsize n_blocks)
{
  guint32 w[64];

  for (; n_blocks > 0; n_blocks--, data += 64)
    {
      guint32 a = state[0], b = state[1], c = state[2], d = state[3];
      guint32 e = state[4], f = state[5], g = state[6], h = state[7];

      for (int t = 0; t < 16; t++)
        w[t] = (guint32) data[4 * t] << 24 | (guint32) data[4 * t + 1] << 16 | (guint32) data[4 * t + 2] << 8 | data[4 * t + 3];
      for (int t = 16; t < 64; t++)
        w[t] = w[t - 16] + w[t - 7] + (rotate (w[t - 15], 7) ^ rotate (w[t - 15], 18) ^ (w[t - 15] >> 3)) +
               (rotate (w[t - 2], 17) ^ rotate (w[t - 2], 19) ^ (w[t - 2] >> 10));
      for (int t = 0; t < 64; t++)
        {
          guint32 t1 = h + (rotate (e, 6) ^ rotate (e, 11) ^ rotate (e, 25)) + ((e & f) ^ (~e & g)) + K[t] + w[t];
          guint32 t2 = (rotate (a, 2) ^ rotate (a, 13) ^ rotate (a, 22)) + ((a & b) ^ (a & c) ^ (b & c));

          h = g; g = f; f = e; e = d + t1;
          d = c; c = b; b = a; a = t1 + t2;
        }
      state[0] += a; state[1] += b; state[2] += c; state[3] += d;
      state[4] += e; state[5] += f; state[6] += g; state[7] += h;
    }
}

#if defined (__x86_64__)
/* Four rounds an iteration. The instructions want the state as ABEF and CDGH, and the message sixteen words at a time
 * in a ring of four vectors. Source: Intel, "Intel SHA Extensions", 2013. */
__attribute__ ((target ("sha,sse4.1")))
static void
hash_blocks_sha (guint32 *state, const guint8 *data, gsize n_blocks)
{
  const __m128i swap = _mm_set_epi64x (0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i dcba = _mm_loadu_si128 ((const __m128i *) state);
  __m128i hgfe = _mm_loadu_si128 ((const __m128i *) (state + 4));
  __m128i cdab = _mm_shuffle_epi32 (dcba, 0xb1), efgh = _mm_shuffle_epi32 (hgfe, 0x1b);
  __m128i abef = _mm_alignr_epi8 (cdab, efgh, 8), cdgh = _mm_blend_epi16 (efgh, cdab, 0xf0);

  for (; n_blocks > 0; n_blocks--, data += 64)
    {
      __m128i saved_abef = abef, saved_cdgh = cdgh;
      __m128i w[4];

      for (int i = 0; i < 4; i++)
        w[i] = _mm_shuffle_epi8 (_mm_loadu_si128 ((const __m128i *) (data + 16 * i)), swap);
#pragma GCC unroll 16
      for (int i = 0; i < 16; i++)
        {
          __m128i k = _mm_add_epi32 (w[i & 3], _mm_loadu_si128 ((const __m128i *) (K + 4 * i)));

          cdgh = _mm_sha256rnds2_epu32 (cdgh, abef, k);
          abef = _mm_sha256rnds2_epu32 (abef, cdgh, _mm_shuffle_epi32 (k, 0x0e));
          if (i < 12)
            {
              __m128i next = _mm_sha256msg1_epu32 (w[i & 3], w[(i + 1) & 3]);

              next = _mm_add_epi32 (next, _mm_alignr_epi8 (w[(i + 3) & 3], w[(i + 2) & 3], 4));
              w[i & 3] = _mm_sha256msg2_epu32 (next, w[(i + 3) & 3]);
            }
        }
      abef = _mm_add_epi32 (abef, saved_abef);
      cdgh = _mm_add_epi32 (cdgh, saved_cdgh);
    }

  cdab = _mm_shuffle_epi32 (abef, 0x1b); /* ABEF → FEBA order of words reversed */
  efgh = _mm_shuffle_epi32 (cdgh, 0xb1);
  _mm_storeu_si128 ((__m128i *) state, _mm_blend_epi16 (cdab, efgh, 0xf0));
  _mm_storeu_si128 ((__m128i *) (state + 4), _mm_alignr_epi8 (efgh, cdab, 8));
}

static gboolean
has_sha (void)
{
  unsigned a, b, c, d;

  if (!__get_cpuid_count (7, 0, &a, &b, &c, &d) || (b & bit_SHA) == 0)
    return FALSE;
  return __get_cpuid (1, &a, &b, &c, &d) && (c & bit_SSE4_1) != 0;
}
#endif

static void
hash_blocks (guint32 *state, const guint8 *data, gsize n_blocks)
{
#if defined (__x86_64__)
  static gsize choice; /* 1 = plain, 2 = SHA instructions */

  if (g_once_init_enter (&choice))
    g_once_init_leave (&choice, has_sha () && g_getenv ("FOVEA_PLAIN_SHA256") == NULL ? 2 : 1);
  if (choice == 2)
    {
      hash_blocks_sha (state, data, n_blocks);
      return;
    }
#endif
  hash_blocks_plain (state, data, n_blocks);
}

void
fovea_sha256_init (FoveaSha256 *hash)
{
  static const guint32 start[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

  memcpy (hash->state, start, sizeof start);
  hash->n_bytes = 0;
}

void
fovea_sha256_update (FoveaSha256 *hash, const void *data, gsize n_bytes)
{
  const guint8 *bytes = data;
  gsize held = hash->n_bytes % 64;

  hash->n_bytes += n_bytes;
  if (held > 0)
    {
      gsize taken = MIN (64 - held, n_bytes);

      memcpy (hash->block + held, bytes, taken);
      if (held + taken < 64)
        return;
      hash_blocks (hash->state, hash->block, 1);
      bytes += taken;
      n_bytes -= taken;
    }
  if (n_bytes >= 64)
    hash_blocks (hash->state, bytes, n_bytes / 64);
  if (n_bytes % 64 > 0)
    memcpy (hash->block, bytes + n_bytes - n_bytes % 64, n_bytes % 64);
}

void
fovea_sha256_finish (FoveaSha256 *hash, char ret_hex[65])
{
  static const guint8 padding[64] = { 0x80 };
  guint64 n_bits = hash->n_bytes * 8;
  gsize held = hash->n_bytes % 64;
  guint8 length[8];

  for (int i = 0; i < 8; i++)
    length[i] = (guint8) (n_bits >> (56 - 8 * i));
  fovea_sha256_update (hash, padding, held < 56 ? 56 - held : 120 - held);
  fovea_sha256_update (hash, length, 8);
  for (int i = 0; i < 32; i++)
    {
      guint8 byte = (guint8) (hash->state[i / 4] >> (24 - 8 * (i % 4)));

      ret_hex[2 * i] = "0123456789abcdef"[byte >> 4];
      ret_hex[2 * i + 1] = "0123456789abcdef"[byte & 15];
    }
  ret_hex[64] = '\0';
}
