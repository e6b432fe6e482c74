/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Helpers that die, hang, eat memory or lie. The test is its own helper; a file that begins with "FOVEA-TEST " says
 * how to misbehave on it. */
#include "vision/decoder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "pictures.h"
#include "vision/decoder-wire.h"

#define SOCKET_FD 3 /* of a helper */

static char *folder;

/* --- In the helper ------------------------------------------------------------------------------------------- */

static void
send_lie (const char *which)
{
  FoveaDecodeReply reply = {
    .magic = FOVEA_WIRE_MAGIC, .serial = 1, .code = -1, .bits = 8, .file_width = 100, .file_height = 100, .width = 100,
    .height = 100, .segment = FOVEA_SEGMENT_SMALL, .n_bytes = 30000,
  };
  union { char bytes[CMSG_SPACE (sizeof (int))]; struct cmsghdr align; } control = { { 0 } };
  struct iovec part = { &reply, sizeof reply };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  int fd = memfd_create ("lie", MFD_ALLOW_SEALING);

  g_assert_cmpint (ftruncate (fd, 30000), ==, 0);
  if (g_str_equal (which, "size"))
    reply.width = reply.height = reply.file_width = reply.file_height = G_MAXINT32;
  else if (g_str_equal (which, "bytes"))
    reply.n_bytes = G_MAXUINT64;
  else if (g_str_equal (which, "format"))
    reply.format = 1000000;
  else if (g_str_equal (which, "pixels"))
    reply.pixels = 7;
  else if (g_str_equal (which, "code"))
    reply.code = 77;
  else if (g_str_equal (which, "message"))
    {
      reply.code = FOVEA_VISION_ERROR_DAMAGED;
      memset (reply.message, 'x', sizeof reply.message);
    }
  else if (g_str_equal (which, "serial"))
    reply.serial = 5;
  else if (g_str_equal (which, "short"))
    part.iov_len = 10;
  else if (g_str_equal (which, "unsealed"))
    reply.segment = FOVEA_SEGMENT_OWN;
  if (g_str_equal (which, "unsealed"))
    {
      struct cmsghdr *header = &control.align;

      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN (sizeof (int));
      memcpy (CMSG_DATA (header), &fd, sizeof fd);
      message.msg_control = &control;
      message.msg_controllen = sizeof control;
    }
  sendmsg (SOCKET_FD, &message, 0);
  pause ();
}

static void
misbehave (int file_fd)
{
  char text[64] = "";
  volatile guint64 counter = 0;

  if (pread (file_fd, text, sizeof text - 1, 0) < 11 || !g_str_has_prefix (text, "FOVEA-TEST "))
    return;
  if (g_str_equal (text + 11, "abort"))
    abort ();
  if (g_str_equal (text + 11, "exit"))
    _exit (3);
  if (g_str_equal (text + 11, "hang"))
    pause ();
  if (g_str_equal (text + 11, "spin"))
    for (;;)
      counter++;
  if (g_str_equal (text + 11, "memory"))
    for (gsize i = 0; i < 64; i++)
      memset (g_malloc (64 << 20), (int) i, 64 << 20);
  if (g_str_equal (text + 11, "program"))
    {
      /* What the filter forbids must fail, and the helper go on. */
      if (open ("/etc/passwd", O_RDONLY) >= 0 || socket (AF_INET, SOCK_STREAM, 0) >= 0 ||
          execl ("/bin/true", "true", NULL) >= 0)
        _exit (9);
      return;
    }
  if (g_str_has_prefix (text + 11, "lie "))
    send_lie (text + 15);
}

/* --- In the test ------------------------------------------------------------------------------------------------ */

static char *
write_order (const char *order)
{
  g_autofree char *text = g_strconcat ("FOVEA-TEST ", order, NULL);
  char *path = g_build_filename (folder, "order", NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static char *
write_picture (const char *name)
{
  g_autoptr (GBytes) bytes = picture_jpeg (PICTURE_RGB, 0, FALSE);
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), NULL));
  return path;
}

static void
assert_decodes (FoveaDecoder *decoder)
{
  const FoveaDecodeOptions options = { .hash = TRUE };
  g_autofree char *path = write_picture ("picture");
  g_auto (FoveaDecoded) decoded = { 0 };
  GError *error = NULL;

  fovea_decoder_decode (decoder, path, &options, &decoded, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (decoded.image->width, ==, PICTURE_WIDTH);
}

/* The order costs its own file, and nothing else. */
static void
assert_costs_one (FoveaDecoder *decoder, const char *order, const char *says)
{
  const FoveaDecodeOptions options = { 0 };
  g_autofree char *path = write_order (order);
  g_auto (FoveaDecoded) decoded = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_decoder_decode (decoder, path, &options, &decoded, NULL, &error));
  g_test_message ("%s: %s", order, error->message);
  g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER);
  g_assert_nonnull (strstr (error->message, says));
  assert_decodes (decoder);
}

static void
test_dies (void)
{
  g_autoptr (FoveaDecoder) decoder = fovea_decoder_new (1, 0);

  assert_decodes (decoder);
  assert_costs_one (decoder, "abort", "failed");
  assert_costs_one (decoder, "exit", "status 3");
}

static void
test_hangs (void)
{
  g_autoptr (FoveaDecoder) decoder = NULL;

  g_setenv ("FOVEA_DECODER_TIMEOUT_MS", "2500", TRUE);
  decoder = fovea_decoder_new (1, 0);
  g_setenv ("FOVEA_DECODER_TIMEOUT_MS", "20000", TRUE);
  assert_decodes (decoder);
  assert_costs_one (decoder, "hang", "longer than 2.5 seconds");
  assert_costs_one (decoder, "spin", "longer than 2.5 seconds");
}

#ifndef __SANITIZE_ADDRESS__ /* which has no room under a limit on address space */
static void
test_memory (void)
{
  g_autoptr (FoveaDecoder) decoder = fovea_decoder_new (1, 256 << 20);

  assert_decodes (decoder);
  assert_costs_one (decoder, "memory", "memory");
}

static void
test_sandbox (void)
{
  const FoveaDecodeOptions options = { 0 };
  g_autoptr (FoveaDecoder) decoder = fovea_decoder_new (1, 0);
  g_autofree char *path = write_order ("program");
  g_auto (FoveaDecoded) decoded = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (fovea_decoder_decode (decoder, path, &options, &decoded, NULL, &error));
  g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_UNKNOWN_FORMAT);
}
#endif

static void
test_lies (void)
{
  static const char *const lies[] = { "size", "bytes", "format", "pixels", "code", "message", "serial", "short", "unsealed",
                                      "nothing" };

  for (gsize i = 0; i < G_N_ELEMENTS (lies); i++)
    {
      g_autoptr (FoveaDecoder) decoder = fovea_decoder_new (1, 0);
      g_autofree char *order = g_strconcat ("lie ", lies[i], NULL);

      assert_costs_one (decoder, order, "makes no sense");
    }
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (100000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancel (void)
{
  const FoveaDecodeOptions options = { 0 };
  g_autoptr (FoveaDecoder) decoder = fovea_decoder_new (1, 0);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *path = write_order ("hang");
  g_auto (FoveaDecoded) decoded = { 0 };
  g_autoptr (GError) error = NULL;
  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);

  g_assert_false (fovea_decoder_decode (decoder, path, &options, &decoded, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  assert_decodes (decoder);
}

typedef struct {
  FoveaDecoder *decoder;
  const char *good, *bad;
  int n_good, n_bad;
} Shared;

static gpointer
decode_many (gpointer data)
{
  const FoveaDecodeOptions options = { .hash = TRUE };
  Shared *shared = data;

  for (int i = 0; i < 24; i++)
    {
      g_auto (FoveaDecoded) decoded = { 0 };
      g_autoptr (GError) error = NULL;

      if (fovea_decoder_decode (shared->decoder, i % 8 == 3 ? shared->bad : shared->good, &options, &decoded, NULL, &error))
        g_atomic_int_inc (&shared->n_good);
      else if (g_error_matches (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER))
        g_atomic_int_inc (&shared->n_bad);
    }
  return NULL;
}

/* Four threads, three helpers, one file in eight kills its helper: each costs itself alone. */
static void
test_threads (void)
{
  g_autoptr (FoveaDecoder) decoder = fovea_decoder_new (3, 0);
  g_autofree char *bad = write_order ("exit"), *good = write_picture ("good");
  Shared shared = { decoder, good, bad, 0, 0 };
  GThread *threads[4];

  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("decode", decode_many, &shared);
  for (int i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (shared.n_good, ==, 4 * 21);
  g_assert_cmpint (shared.n_bad, ==, 4 * 3);
  g_unlink (good);
}

/* A program that does not know --decoder must not start itself for ever. */
static void
test_helper_of_helper (void)
{
  const FoveaDecodeOptions options = { 0 };
  g_autoptr (FoveaDecoder) decoder = fovea_decoder_new (1, 0);
  g_autofree char *path = write_picture ("picture");
  g_auto (FoveaDecoded) decoded = { 0 };
  g_autoptr (GError) error = NULL;

  g_setenv ("FOVEA_DECODER_CHILD", "1", TRUE);
  g_assert_false (fovea_decoder_decode (decoder, path, &options, &decoded, NULL, &error));
  g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER);
  g_unsetenv ("FOVEA_DECODER_CHILD");
}

static void
test_program_missing (void)
{
  const FoveaDecodeOptions options = { 0 };
  g_autofree char *path = write_picture ("picture");
  g_auto (FoveaDecoded) decoded = { 0 };

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (FoveaDecoder) decoder = fovea_decoder_new (1, 0);
      g_autoptr (GError) error = NULL;

      g_setenv ("FOVEA_DECODER", i == 0 ? "/nowhere/fovea" : "/bin/false", TRUE);
      g_assert_false (fovea_decoder_decode (decoder, path, &options, &decoded, NULL, &error));
      g_assert_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER);
    }
  g_unsetenv ("FOVEA_DECODER");
}

int
main (int argc, char **argv)
{
  g_autofree char *order = NULL, *picture = NULL;
  int status;

  if (argc == 3 && strcmp (argv[1], "--decoder") == 0)
    return fovea_decoder_helper_run (atoi (argv[2]), misbehave);
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("FOVEA_DECODER");
  g_setenv ("FOVEA_DECODER_TIMEOUT_MS", "20000", TRUE);
  folder = g_dir_make_tmp ("fovea-helpers-XXXXXX", NULL);
  order = g_build_filename (folder, "order", NULL);
  picture = g_build_filename (folder, "picture", NULL);
  g_test_add_func ("/vision/helpers/one-that-dies", test_dies);
#ifndef __SANITIZE_ADDRESS__
  g_test_add_func ("/vision/helpers/one-that-eats-memory", test_memory);
  g_test_add_func ("/vision/helpers/cannot-reach-out", test_sandbox);
#endif
  g_test_add_func ("/vision/helpers/one-that-lies", test_lies);
  g_test_add_func ("/vision/helpers/cancelled", test_cancel);
  g_test_add_func ("/vision/helpers/four-threads", test_threads);
  g_test_add_func ("/vision/helpers/helper-of-a-helper", test_helper_of_helper);
  g_test_add_func ("/vision/helpers/program-missing", test_program_missing);
  g_test_add_func ("/vision/helpers/one-that-hangs", test_hangs);
  status = g_test_run ();
  g_unlink (order);
  g_unlink (picture);
  g_rmdir (folder);
  return status;
}
