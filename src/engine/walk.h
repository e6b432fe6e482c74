/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FoveaWalk:
 *
 * The files below some paths, in the order of the paths and by name within each folder. Symbolic links are followed;
 * a folder is entered once, whatever leads to it (device and inode), so that a loop of links ends. Hidden files and
 * folders, and the program's own (NAME.fovea and what lies beside it), are left out unless they are named themselves.
 * No file is opened.
 * Plain data, made by one thread.
 */
typedef struct {
  char *path;      /* absolute, bytes of the file system */
  guint root;      /* index of the path it was found below */
  guint below;     /* offset in @path of what is below that root; the file's own name when the root is the file */
  gboolean named;  /* the root itself, not found by walking */
  guint64 size;
  gint64 mtime_ns;
} FoveaWalkEntry;

/* What cannot be taken: a FIFO that was named or looks like a picture, a folder that may not be read, … */
typedef struct {
  char *path;
  char *reason;
} FoveaWalkProblem;

typedef struct {
  GArray *entries;  /* FoveaWalkEntry */
  GArray *problems; /* FoveaWalkProblem */
} FoveaWalk;

/* @progress (nullable) is called now and then with the number of entries so far. NULL only when cancelled. */
typedef void (*FoveaWalkProgressFunc) (guint n_entries, gpointer data);
FoveaWalk *fovea_walk (const char *const *paths, FoveaWalkProgressFunc progress, gpointer data, GCancellable *cancellable,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void       fovea_walk_free (FoveaWalk *walk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaWalk, fovea_walk_free)

/* By the end of the name alone: a picture, or a kind of picture that we do not read (SVG, camera raw, …) and
 * therefore report. */
gboolean fovea_walk_name_looks_like_picture (const char *path);

/**
 * FoveaLayout:
 *
 * Class folders: every picture is at ROOT/CLASS/file, or every one at ROOT/SPLIT/CLASS/file with SPLIT one of train,
 * training, test, testing, val, valid, validation; two classes at least. Or the roots themselves: two folders at
 * least, with pictures and no folders of pictures in them, and nothing else beside them: classes; or two folders at least, each
 * named SPLIT, with class folders alone in them, and nothing else beside them: splits.
 */
typedef struct {
  gboolean classes; /* the folder that holds a picture is its class */
  gboolean splits;
  gboolean root_is_class; /* a picture in the root itself has the root as its class */
  const char *root_split; /* (nullable) of every picture: the root is a split's folder. Static */
  guint n_files, n_classes;
} FoveaLayout;

/* One layout a root of @walk: (array of FoveaLayout). */
GArray *fovea_walk_layouts (const FoveaWalk *walk, guint n_roots) G_GNUC_WARN_UNUSED_RESULT;

/* Name of the class or of the split of an entry under @layout; NULL when it has none. The split is "train", "test"
 * or "val". */
char       *fovea_layout_dup_class (const FoveaLayout *layout, const FoveaWalkEntry *entry) G_GNUC_WARN_UNUSED_RESULT;
const char *fovea_layout_get_split (const FoveaLayout *layout, const FoveaWalkEntry *entry);

G_END_DECLS
