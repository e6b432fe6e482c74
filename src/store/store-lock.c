/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "store/store-private.h"

gboolean
fovea_store_on_network_mount (const char *path)
{
  static const guint32 magics[] = {
    0x6969,         /* NFS */
    0x517b,         /* SMB */
    0xfe534d42,     /* SMB 2 */
    0xff534d42,     /* CIFS */
    0x65735546,     /* FUSE: sshfs, gvfs, rclone */
    0x01021997,     /* 9p */
    0x5346414f,     /* AFS */
    0x73757245,     /* Coda */
    0x564c,         /* NCP */
    0x00c36400,     /* Ceph */
    0x0bd00bd0,     /* Lustre */
    0x47504653,     /* GPFS */
    0x01161970,     /* GFS2 */
    0x7461636f,     /* OCFS2 */
  };
  struct statfs fs;

  if (g_strcmp0 (g_getenv ("FOVEA_ASSUME_NETWORK"), "1") == 0)
    return TRUE;
  if (statfs (path, &fs) != 0)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (magics); i++)
    if ((guint32) fs.f_type == magics[i])
      return TRUE;
  return FALSE;
}

/* Field 22 of /proc/PID/stat: when the process started, in clock ticks since boot. "0" when it is
 * not there. */
static char *
start_of_process (gint64 pid)
{
  g_autofree char *name = g_strdup_printf ("/proc/%" G_GINT64_FORMAT "/stat", pid);
  g_autofree char *text = NULL;
  g_auto (GStrv) fields = NULL;
  const char *after;

  if (!g_file_get_contents (name, &text, NULL, NULL))
    return g_strdup ("0");
  after = strrchr (text, ')');
  if (after == NULL)
    return g_strdup ("0");
  fields = g_strsplit (after + 1, " ", -1);
  return g_strdup (g_strv_length (fields) > 20 ? fields[20] : "0");
}

/* A machine restarted is another one: no process of before is alive. */
static char *
host_token (void)
{
  g_autofree char *boot = NULL;

  if (!g_file_get_contents ("/proc/sys/kernel/random/boot_id", &boot, NULL, NULL))
    return g_strdup (g_get_host_name ());
  boot[strcspn (boot, "\n")] = '\0';
  return g_strdup_printf ("%s/%.8s", g_get_host_name (), boot);
}

char *
fovea_store_new_owner (void)
{
  g_autofree char *start = start_of_process (getpid ());
  g_autofree char *host = host_token ();

  return g_strdup_printf ("%s:%ld:%s", host, (long) getpid (), start);
}

gboolean
fovea_store_owner_is_alive (const char *owner,
                            gboolean   *ret_same_host)
{
  g_auto (GStrv) parts = g_strsplit (owner, ":", 3);
  g_autofree char *host = host_token ();
  g_autofree char *start = NULL;
  gint64 pid;

  *ret_same_host = FALSE;
  if (g_strv_length (parts) != 3)
    return FALSE;
  *ret_same_host = g_str_equal (parts[0], host);
  if (!*ret_same_host)
    {
      const char *slash = strchr (host, '/');

      /* Our own machine before it was restarted. */
      if (slash != NULL && strncmp (parts[0], host, (gsize) (slash - host) + 1) == 0)
        {
          *ret_same_host = TRUE;
          return FALSE;
        }
      return TRUE;
    }

  pid = g_ascii_strtoll (parts[1], NULL, 10);
  if (pid <= 0 || (kill ((pid_t) pid, 0) != 0 && errno != EPERM))
    return FALSE;
  start = start_of_process (pid);
  return g_str_equal (start, parts[2]);
}

static char *
lock_path (const char *path)
{
  return g_strconcat (path, "-lock", NULL);
}

/* @ret_people, @ret_token: of the lock that is there; FALSE when there is none that can be read. */
static gboolean
read_lock (const char  *lock,
           char       **ret_people,
           char       **ret_token)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (lock, &text, NULL, NULL))
    return FALSE;
  lines = g_strsplit (text, "\n", 4);
  if (g_strv_length (lines) < 2)
    return FALSE;
  *ret_people = g_utf8_make_valid (lines[0], -1);
  *ret_token = g_strdup (lines[1]);
  return TRUE;
}

static gboolean
write_lock (const char  *lock,
            const char  *token,
            GError     **error)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *since = g_date_time_format (now, "%Y-%m-%d %H:%M");
  g_autofree char *text = g_strdup_printf ("%s on %s since %s\n%s\n%" G_GINT64_FORMAT "\n",
                                           g_get_user_name (), g_get_host_name (), since, token,
                                           g_get_real_time ());
  gsize size = strlen (text);
  int fd = open (lock, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  gboolean ok;

  if (fd < 0)
    {
      g_set_error (error, FOVEA_STORE_ERROR,
                   errno == EEXIST ? FOVEA_STORE_ERROR_EXISTS
                   : errno == ENOSPC || errno == EDQUOT ? FOVEA_STORE_ERROR_FULL
                                                        : FOVEA_STORE_ERROR_PERMISSION,
                   "The lock file “%s” cannot be written: %s", lock, g_strerror (errno));
      return FALSE;
    }
  ok = write (fd, text, size) == (gssize) size;
  ok = fsync (fd) == 0 && ok;
  close (fd);
  if (!ok)
    {
      g_unlink (lock);
      g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_FULL,
                   "The lock file “%s” cannot be written: no room left on the disk", lock);
    }
  return ok;
}

gboolean
fovea_store_lock_take (const char  *path,
                       gboolean     force,
                       char       **ret_token,
                       char       **ret_holder,
                       GError     **error)
{
  g_autofree char *lock = lock_path (path);
  g_autofree char *self = fovea_store_new_owner ();
  g_autofree char *token = NULL;
  guint32 random = g_random_int ();

  token = g_strdup_printf ("%s:%08x", self, random);
  for (guint attempt = 0; attempt < 3; attempt++)
    {
      g_autoptr (GError) local_error = NULL;
      g_autofree char *people = NULL, *other = NULL;
      gboolean same_host = FALSE, dead = FALSE;

      if (write_lock (lock, token, &local_error))
        {
          *ret_token = g_steal_pointer (&token);
          return TRUE;
        }
      if (!g_error_matches (local_error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_EXISTS))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }

      if (read_lock (lock, &people, &other))
        {
          char *last = strrchr (other, ':');

          if (last != NULL)
            *last = '\0';
          dead = !fovea_store_owner_is_alive (other, &same_host) && same_host;
        }
      if (!dead && !force)
        {
          *ret_holder = people != NULL ? g_steal_pointer (&people) : g_strdup ("somebody");
          return FALSE;
        }
      g_unlink (lock);
    }
  g_set_error (error, FOVEA_STORE_ERROR, FOVEA_STORE_ERROR_BUSY,
               "The lock file “%s” keeps changing hands: try again", lock);
  return FALSE;
}

gboolean
fovea_store_lock_is_ours (const char *path,
                          const char *token)
{
  g_autofree char *lock = lock_path (path);
  g_autofree char *people = NULL, *other = NULL;

  return read_lock (lock, &people, &other) && g_str_equal (other, token);
}

void
fovea_store_lock_drop (const char *path,
                       const char *token)
{
  g_autofree char *lock = lock_path (path);

  if (fovea_store_lock_is_ours (path, token))
    g_unlink (lock);
}
