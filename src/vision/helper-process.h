/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

G_BEGIN_DECLS

/* The processes that read foreign files: the program itself, started with `--decoder 3` or `--unpacker 3`, a SOCK_SEQPACKET
 * socket as its descriptor 3. Used by the two that talk to them, decoder.c and unpack.c, and by their other ends. */

/* @option: "--decoder". The helper has a process group of its own, so that Ctrl-C reaches the program alone. Errors:
 * FOVEA_VISION_ERROR_HELPER. Environment: FOVEA_DECODER, the program to start in place of this one. */
gboolean fovea_helper_spawn (const char *option, pid_t *ret_pid, int *ret_socket_fd, GError **error);

/* Ends it, if it has not ended already, and says how it ended (as waitpid() does). */
int fovea_helper_kill (pid_t pid);

/* One packet of exactly @n_bytes with one descriptor. FALSE: the other end is gone. */
gboolean fovea_helper_send_with_fd (int socket_fd, const void *packet, gsize n_bytes, int fd);

/* ---- in the helper ---- */

/* FALSE, with a word on stderr, when @socket_fd is no such socket: somebody started it by hand. Else nothing but that
 * descriptor is open afterwards, and what is printed goes nowhere. */
gboolean fovea_helper_detach (int socket_fd, const char *option);

/* A packet of exactly @n_bytes with one descriptor. FALSE: the program has ended, or sent nonsense. */
gboolean fovea_helper_receive_with_fd (int socket_fd, void *packet, gsize n_bytes, int *ret_fd);

/* The address space that the program itself takes, with all its libraries, comes on top of @n_bytes (0: no limit). Before
 * fovea_decoder_sandbox_enter(), which would refuse to open /proc. */
void fovea_helper_limit_memory (guint64 n_bytes);

G_END_DECLS
