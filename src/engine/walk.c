/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRESS_EVERY 500

typedef struct {
  FoveaWalk *walk;
  guint root;
  guint below;
  GHashTable *seen; /* folders entered: Inode */
  FoveaWalkProgressFunc progress;
  gpointer progress_data;
  GCancellable *cancellable;
} Walker;

typedef struct {
  dev_t device;
  ino_t inode;
} Inode;

static guint
inode_hash (gconstpointer key)
{
  const Inode *inode = key;

  return (guint) (inode->inode * 31 + inode->device);
}

static gboolean
inode_equal (gconstpointer a, gconstpointer b)
{
  const Inode *x = a, *y = b;

  return x->inode == y->inode && x->device == y->device;
}

static gboolean
ends_with_any (const char *path, const char *const *endings)
{
  const char *dot = strrchr (path, '.');

  if (dot == NULL || strchr (dot, '/') != NULL)
    return FALSE;
  for (guint i = 0; endings[i] != NULL; i++)
    if (g_ascii_strcasecmp (dot + 1, endings[i]) == 0)
      return TRUE;
  return FALSE;
}

gboolean
fovea_walk_name_looks_like_picture (const char *path)
{
  static const char *const endings[] = { "jpg",  "jpeg", "jpe", "jfif", "png", "webp", "tif", "tiff", "bmp", "dib", "gif", "heic",
                                         "heif", "avif", "svg", "svgz", "psd", "jxl",  "jp2", "tga",  "ico", "pbm", "pgm", "ppm",
                                         "pnm",  "exr",  "hdr", "cr2",  "cr3", "nef",  "arw", "dng",  "orf", "rw2", "raf", NULL };

  return ends_with_any (path, endings);
}

/* Project files, their -wal, -shm and -journal, and their folders of work in progress. */
static gboolean
is_our_own (const char *name)
{
  const char *at = strstr (name, ".fovea");

  if (at == NULL)
    return FALSE;
  at += strlen (".fovea");
  return *at == '\0' || g_str_has_prefix (at, "-");
}

static void
add_problem (Walker *self, const char *path, const char *reason)
{
  FoveaWalkProblem problem = { g_strdup (path), g_strdup (reason) };

  g_array_append_val (self->walk->problems, problem);
}

static void
add_entry (Walker *self, const char *path, const struct stat *st, gboolean named)
{
  FoveaWalkEntry entry = { .path = g_strdup (path),
                           .root = self->root,
                           .below = self->below,
                           .named = named,
                           .size = (guint64) st->st_size,
                           .mtime_ns = (gint64) st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec };

  g_array_append_val (self->walk->entries, entry);
  if (self->progress != NULL && self->walk->entries->len % PROGRESS_EVERY == 0)
    self->progress (self->walk->entries->len, self->progress_data);
}

static const char *
kind_of (mode_t mode)
{
  if (S_ISFIFO (mode))
    return _("It is a FIFO, not a file; it was not opened");
  if (S_ISSOCK (mode))
    return _("It is a socket, not a file; it was not opened");
  if (S_ISCHR (mode) || S_ISBLK (mode))
    return _("It is a device, not a file; it was not opened");
  return _("It is not a file");
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The names in a folder, sorted by bytes, hidden ones and our own left out; NULL with errno. */
static GPtrArray *
read_names (int fd)
{
  DIR *dir = fdopendir (fd);
  GPtrArray *names;
  struct dirent *item;

  if (dir == NULL)
    {
      close (fd);
      return NULL;
    }
  names = g_ptr_array_new_with_free_func (g_free);
  while ((item = readdir (dir)) != NULL)
    if (item->d_name[0] != '.' && !is_our_own (item->d_name))
      g_ptr_array_add (names, g_strdup (item->d_name));
  g_ptr_array_sort (names, compare_names);
  closedir (dir);
  return names;
}

static gboolean
enter_once (Walker *self, const struct stat *st)
{
  Inode *inode = g_new (Inode, 1);

  inode->device = st->st_dev;
  inode->inode = st->st_ino;
  return g_hash_table_add (self->seen, inode);
}

static void visit (Walker *self, int parent, const char *name, const char *path, gboolean named, GPtrArray *ret_folders);

/* Everything in one folder; its sub-folders are put on the stack, so depth costs no file descriptors. */
static void
list_folder (Walker *self, const char *path, GPtrArray *ret_folders)
{
  int fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
  int names_fd = fd < 0 ? -1 : fcntl (fd, F_DUPFD_CLOEXEC, 0);
  g_autoptr (GPtrArray) names = names_fd < 0 ? NULL : read_names (names_fd);

  if (names == NULL)
    {
      g_autofree char *reason = g_strdup_printf (_("The folder cannot be read: %s"), g_strerror (errno));

      add_problem (self, path, reason);
    }
  for (guint i = 0; names != NULL && i < names->len && !g_cancellable_is_cancelled (self->cancellable); i++)
    {
      const char *name = g_ptr_array_index (names, i);
      g_autofree char *child = g_build_filename (path, name, NULL);

      visit (self, fd, name, child, FALSE, ret_folders);
    }
  if (fd >= 0)
    close (fd);
}

/* @name is looked up below the open folder @parent, so a long path or a folder that is renamed meanwhile does no
 * harm. */
static void
visit (Walker *self, int parent, const char *name, const char *path, gboolean named, GPtrArray *ret_folders)
{
  struct stat st;
  gboolean wanted = named || fovea_walk_name_looks_like_picture (path);

  if (fstatat (parent, name, &st, 0) != 0)
    {
      g_autofree char *reason = g_strdup_printf (_("It cannot be looked at: %s"), g_strerror (errno));

      if (wanted)
        add_problem (self, path, reason);
      return;
    }
  if (S_ISDIR (st.st_mode))
    {
      if (enter_once (self, &st))
        g_ptr_array_add (ret_folders, g_strdup (path));
    }
  else if (S_ISREG (st.st_mode))
    add_entry (self, path, &st, named);
  else if (wanted)
    add_problem (self, path, kind_of (st.st_mode));
}

static void
walk_root (Walker *self, const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autoptr (GPtrArray) stack = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *base = g_path_get_basename (absolute);

  self->below = (guint) (strlen (absolute) - strlen (base));
  visit (self, AT_FDCWD, absolute, absolute, TRUE, stack);
  if (stack->len > 0)
    self->below = (guint) strlen (absolute) + (g_str_equal (absolute, "/") ? 0 : 1);
  while (stack->len > 0 && !g_cancellable_is_cancelled (self->cancellable))
    {
      g_autofree char *folder = g_ptr_array_steal_index (stack, stack->len - 1);
      guint mark = stack->len;

      list_folder (self, folder, stack);
      /* The stack gives the last first; the first name is to come first. */
      for (guint i = mark, j = stack->len; i + 1 < j; i++, j--)
        {
          gpointer swap = stack->pdata[i];

          stack->pdata[i] = stack->pdata[j - 1];
          stack->pdata[j - 1] = swap;
        }
    }
}

static void
clear_entry (gpointer data)
{
  g_free (((FoveaWalkEntry *) data)->path);
}

static void
clear_problem (gpointer data)
{
  g_free (((FoveaWalkProblem *) data)->path);
  g_free (((FoveaWalkProblem *) data)->reason);
}

FoveaWalk *
fovea_walk (const char *const *paths, FoveaWalkProgressFunc progress, gpointer data, GCancellable *cancellable, GError **error)
{
  g_autoptr (FoveaWalk) walk = g_new0 (FoveaWalk, 1);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (inode_hash, inode_equal, g_free, NULL);
  Walker self = { .walk = walk, .seen = seen, .progress = progress, .progress_data = data, .cancellable = cancellable };

  walk->entries = g_array_new (FALSE, FALSE, sizeof (FoveaWalkEntry));
  g_array_set_clear_func (walk->entries, clear_entry);
  walk->problems = g_array_new (FALSE, FALSE, sizeof (FoveaWalkProblem));
  g_array_set_clear_func (walk->problems, clear_problem);
  for (; paths[self.root] != NULL; self.root++)
    walk_root (&self, paths[self.root]);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  return g_steal_pointer (&walk);
}

void
fovea_walk_free (FoveaWalk *walk)
{
  if (walk == NULL)
    return;
  g_clear_pointer (&walk->entries, g_array_unref);
  g_clear_pointer (&walk->problems, g_array_unref);
  g_free (walk);
}
