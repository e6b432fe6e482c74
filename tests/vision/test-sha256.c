/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/sha256.h"

#include <string.h>

/* Every length around the block boundaries, in one piece and in uneven ones, against GLib's. */
static void
test_lengths (void)
{
  g_autofree guint8 *data = g_malloc (5000);

  for (int i = 0; i < 5000; i++)
    data[i] = (guint8) (i * 7 + i / 256);
  for (gsize n = 0; n < 5000; n += n < 300 ? 1 : 173)
    {
      g_autofree char *expected = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, n);
      FoveaSha256 hash;
      char hex[65];

      fovea_sha256_init (&hash);
      fovea_sha256_update (&hash, data, n);
      fovea_sha256_finish (&hash, hex);
      g_assert_cmpstr (hex, ==, expected);

      fovea_sha256_init (&hash);
      for (gsize at = 0, piece = 1; at < n; at += piece, piece = piece * 3 % 101 + 1)
        fovea_sha256_update (&hash, data + at, MIN (piece, n - at));
      fovea_sha256_finish (&hash, hex);
      g_assert_cmpstr (hex, ==, expected);
    }
}

/* The example of FIPS 180-4. */
static void
test_known (void)
{
  FoveaSha256 hash;
  char hex[65];

  fovea_sha256_init (&hash);
  fovea_sha256_update (&hash, "abc", 3);
  fovea_sha256_finish (&hash, hex);
  g_assert_cmpstr (hex, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vision/sha256/known", test_known);
  g_test_add_func ("/vision/sha256/lengths", test_lengths);
  return g_test_run ();
}
