/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/decoder-wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#if defined (__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined (__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* Refused with EPERM rather than killed: a library that tries something harmless, such as a look at the time zone,
 * goes on. */
#define REFUSE(name) \
  BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

static void
filter_system_calls (void)
{
#ifdef OWN_ARCHITECTURE
  static struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, arch)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
#ifdef __x86_64__
    /* The x32 numbers of the same calls. */
    BPF_JUMP (BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    REFUSE (open), REFUSE (creat), REFUSE (unlink), REFUSE (rename), REFUSE (link), REFUSE (symlink), REFUSE (mkdir),
    REFUSE (rmdir), REFUSE (chmod), REFUSE (chown), REFUSE (fork), REFUSE (vfork), REFUSE (mknod),
#endif
    REFUSE (openat), REFUSE (openat2), REFUSE (unlinkat), REFUSE (renameat), REFUSE (renameat2), REFUSE (linkat),
    REFUSE (symlinkat), REFUSE (mkdirat), REFUSE (mknodat), REFUSE (fchmodat), REFUSE (fchownat), REFUSE (truncate),
    REFUSE (execve), REFUSE (execveat), REFUSE (socket), REFUSE (socketpair), REFUSE (connect), REFUSE (bind),
    REFUSE (listen), REFUSE (accept), REFUSE (accept4), REFUSE (ptrace), REFUSE (process_vm_readv),
    REFUSE (process_vm_writev), REFUSE (kill), REFUSE (tkill), REFUSE (pidfd_open), REFUSE (pidfd_send_signal),
    REFUSE (pidfd_getfd), REFUSE (mount), REFUSE (umount2), REFUSE (pivot_root), REFUSE (chroot), REFUSE (unshare),
    REFUSE (setns), REFUSE (bpf), REFUSE (perf_event_open), REFUSE (userfaultfd), REFUSE (io_uring_setup),
    REFUSE (keyctl), REFUSE (add_key), REFUSE (request_key), REFUSE (setxattr), REFUSE (shmget), REFUSE (msgget),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = { G_N_ELEMENTS (filter), filter };

  /* A kernel without seccomp leaves the other limits. */
  prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
#endif
}

static void
lower_limit (int resource, rlim_t value)
{
  struct rlimit limit;

  if (getrlimit (resource, &limit) != 0)
    return;
  limit.rlim_max = MIN (limit.rlim_max, value);
  limit.rlim_cur = MIN (limit.rlim_cur, limit.rlim_max);
  setrlimit (resource, &limit);
}

void
fovea_decoder_sandbox_enter (void)
{
  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  lower_limit (RLIMIT_CORE, 0);
  lower_limit (RLIMIT_NOFILE, 64);
#ifndef __SANITIZE_ADDRESS__
  /* The sanitizer's own report needs what the filter refuses. */
  filter_system_calls ();
#endif
}
