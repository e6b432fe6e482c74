/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/scheduler.h"

/* MemAvailable of the machine; G_MAXUINT64 when it cannot be read. */
static guint64
machine_available (void)
{
  g_autofree char *text = NULL;
  const char *line;
  guint64 kib;

  if (!g_file_get_contents ("/proc/meminfo", &text, NULL, NULL))
    return G_MAXUINT64;
  line = strstr (text, "MemAvailable:");
  if (line == NULL)
    return G_MAXUINT64;
  kib = g_ascii_strtoull (line + strlen ("MemAvailable:"), NULL, 10);
  return kib * 1024;
}

static gboolean
read_number (const char *folder, const char *name, guint64 *ret_value)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL) || !g_ascii_isdigit (text[0]))
    return FALSE; /* "max" is no limit */
  *ret_value = g_ascii_strtoull (text, NULL, 10);
  return TRUE;
}

/* What one control group leaves: its limit less what it holds. Page cache counts as held though the kernel would give
 * it back, so inactive file pages are added again. */
static guint64
group_available (const char *folder, const char *limit_name, const char *usage_name)
{
  guint64 limit, usage, cache = 0;
  g_autofree char *stat_path = g_build_filename (folder, "memory.stat", NULL);
  g_autofree char *stat = NULL;

  if (!read_number (folder, limit_name, &limit) || !read_number (folder, usage_name, &usage))
    return G_MAXUINT64;
  if (g_file_get_contents (stat_path, &stat, NULL, NULL))
    {
      const char *line = strstr (stat, "inactive_file ");

      if (line != NULL)
        cache = g_ascii_strtoull (line + strlen ("inactive_file "), NULL, 10);
    }
  usage -= MIN (usage, cache);
  return limit > usage ? limit - usage : 0;
}

/* The smallest of the control group and all its parents, version 2 ("0::/path") or 1 ("N:memory:/path"). */
static guint64
groups_available (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint64 least = G_MAXUINT64;

  if (!g_file_get_contents ("/proc/self/cgroup", &text, NULL, NULL))
    return least;
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) parts = g_strsplit (*line, ":", 3);
      gboolean v2;
      g_autofree char *path = NULL;

      if (g_strv_length (parts) != 3)
        continue;
      v2 = g_str_equal (parts[0], "0") && parts[1][0] == '\0';
      if (!v2 && !g_str_equal (parts[1], "memory"))
        continue;
      for (path = g_strdup (parts[2]);;)
        {
          g_autofree char *folder = g_build_filename (v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory", path, NULL);
          guint64 here = v2 ? group_available (folder, "memory.max", "memory.current")
                            : group_available (folder, "memory.limit_in_bytes", "memory.usage_in_bytes");
          char *up;

          least = MIN (least, here);
          if (path[0] == '\0' || g_str_equal (path, "/"))
            break;
          up = g_path_get_dirname (path);
          g_free (path);
          path = up;
        }
    }
  return least;
}

static guint64
address_space_available (void)
{
  struct rlimit limit;
  g_autofree char *text = NULL;
  guint64 used;

  if (getrlimit (RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return G_MAXUINT64;
  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return limit.rlim_cur;
  used = g_ascii_strtoull (text, NULL, 10) * (guint64) sysconf (_SC_PAGESIZE);
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

gsize
fovea_available_memory (void)
{
  guint64 least = MIN (machine_available (), MIN (groups_available (), address_space_available ()));

  if (least == G_MAXUINT64)
    least = G_GUINT64_CONSTANT (2) << 30;
  return MIN (least, G_MAXSIZE / 4);
}
