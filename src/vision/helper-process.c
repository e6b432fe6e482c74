/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/helper-process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vision/vision-error.h"

/* Set for helpers: a program that does not know `--decoder` must not start itself over and over. */
#define CHILD_VARIABLE "FOVEA_DECODER_CHILD"

typedef union {
  char bytes[CMSG_SPACE (sizeof (int))];
  struct cmsghdr align;
} Control;

static int
spawn (const char *program, const char *option, int socket_fd, pid_t *ret_pid)
{
  char *arguments[] = { (char *) "fovea", (char *) option, (char *) "3", NULL };
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), CHILD_VARIABLE, "1", TRUE);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none;
  int problem;

  sigemptyset (&none);
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, socket_fd, 3);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setpgroup (&attributes, 0);
  posix_spawnattr_setsigmask (&attributes, &none);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  problem = posix_spawn (ret_pid, program, &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy (&attributes);
  posix_spawn_file_actions_destroy (&actions);
  return problem;
}

gboolean
fovea_helper_spawn (const char *option, pid_t *ret_pid, int *ret_socket_fd, GError **error)
{
  const char *program = g_getenv ("FOVEA_DECODER");
  int sockets[2], problem;
  pid_t pid;

  if (g_getenv (CHILD_VARIABLE) != NULL)
    {
      g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER,
                           "a decoder helper cannot start another; set FOVEA_DECODER to the fovea program");
      return FALSE;
    }
  if (program == NULL || *program == '\0')
    program = "/proc/self/exe"; /* this very file, even after an update has replaced it */
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
    problem = errno;
  else
    {
      problem = spawn (program, option, sockets[1], &pid);
      close (sockets[1]);
      if (problem != 0)
        close (sockets[0]);
    }
  if (problem != 0)
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_HELPER, "the decoder %s cannot be started: %s", program,
                   g_strerror (problem));
      return FALSE;
    }
  *ret_pid = pid;
  *ret_socket_fd = sockets[0];
  return TRUE;
}

int
fovea_helper_kill (pid_t pid)
{
  int status = 0;

  kill (pid, SIGKILL);
  while (waitpid (pid, &status, 0) < 0 && errno == EINTR)
    ;
  return status;
}

gboolean
fovea_helper_send_with_fd (int socket_fd, const void *packet, gsize n_bytes, int fd)
{
  Control control;
  struct iovec part = { (void *) packet, n_bytes };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
  struct cmsghdr *header = &control.align;
  ssize_t n;

  memset (&control, 0, sizeof control);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN (sizeof (int));
  memcpy (CMSG_DATA (header), &fd, sizeof fd);
  do
    n = sendmsg (socket_fd, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n == (ssize_t) n_bytes;
}

/* ---- in the helper ---- */

gboolean
fovea_helper_receive_with_fd (int socket_fd, void *packet, gsize n_bytes, int *ret_fd)
{
  Control control;
  struct iovec part = { packet, n_bytes };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
  struct cmsghdr *header;
  ssize_t n;

  do
    n = recvmsg (socket_fd, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  header = n == (ssize_t) n_bytes ? CMSG_FIRSTHDR (&message) : NULL;
  if (header == NULL || header->cmsg_type != SCM_RIGHTS)
    return FALSE;
  memcpy (ret_fd, CMSG_DATA (header), sizeof (int));
  return TRUE;
}

gboolean
fovea_helper_detach (int socket_fd, const char *option)
{
  int kind = 0, null_fd;
  socklen_t length = sizeof kind;

  if (getsockopt (socket_fd, SOL_SOCKET, SO_TYPE, &kind, &length) != 0 || kind != SOCK_SEQPACKET)
    {
      fprintf (stderr, "fovea %s is started by Fovea itself, not by hand\n", option);
      return FALSE;
    }
  null_fd = open ("/dev/null", O_RDWR | O_CLOEXEC);
  signal (SIGPIPE, SIG_IGN);
  if (null_fd >= 0)
    {
      dup2 (null_fd, STDIN_FILENO);
      dup2 (null_fd, STDOUT_FILENO);
#ifndef __SANITIZE_ADDRESS__
      /* What libraries complain about in a foreign file is told in the reply. */
      dup2 (null_fd, STDERR_FILENO);
#endif
    }
  if (socket_fd > 3)
    close_range (3, (unsigned) socket_fd - 1, 0);
  close_range ((unsigned) socket_fd + 1, ~0U, 0);
  return TRUE;
}

void
fovea_helper_limit_memory (guint64 n_bytes)
{
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes */
  unsigned long n_pages = 0;
  FILE *statm = fopen ("/proc/self/statm", "re");
  struct rlimit limit;

  if (statm == NULL)
    return;
  if (n_bytes > 0 && fscanf (statm, "%lu", &n_pages) == 1 && getrlimit (RLIMIT_AS, &limit) == 0)
    {
      limit.rlim_cur = MIN ((rlim_t) ((guint64) n_pages * (guint64) sysconf (_SC_PAGESIZE) + n_bytes), limit.rlim_max);
      setrlimit (RLIMIT_AS, &limit);
    }
  fclose (statm);
#endif
}
