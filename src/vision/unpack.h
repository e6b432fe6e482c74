/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Unpacking of zip archives. They come from anywhere: a helper process without rights (`fovea --unpacker`, libarchive) reads the
 * format, and this side decides what is written. */

typedef struct {
  guint n_files;        /* written */
  guint n_left_out;     /* neither pictures nor labels (text, tables), hidden files, … */
  guint64 n_bytes;      /* written */
  GPtrArray *problems;  /* FoveaUnpackProblem: files that could not be had */
} FoveaUnpacked;

typedef struct {
  char *name;   /* in the archive, made presentable */
  char *reason;
} FoveaUnpackProblem;

void fovea_unpacked_clear (FoveaUnpacked *unpacked);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FoveaUnpacked, fovea_unpacked_clear)

/* @position of @size bytes of the archive are read. */
typedef void (*FoveaUnpackProgressFunc) (guint n_files, guint64 position, guint64 size, gpointer data);

/**
 * fovea_unpack_zip:
 * @folder: there already, empty, and nobody else's; folders are made below it
 * @wanted: (nullable): which files are written, by their names; all when NULL
 *
 * Blocks; any thread. Entries are written as files of mode 0600 below @folder, in folders of mode 0700, none over another.
 * An archive is refused as a whole (DAMAGED) when a name leads out of the folder ("../a", "/a", also with backslashes) or when it
 * holds a link or a device; TOO_LARGE: over 500,000 entries, or more than 200 times as much to write as the archive has bytes
 * (beyond 256 MiB), or than the disk has room for; UNSUPPORTED: protected by a password. Archives in the archive are not opened:
 * each is a problem.
 * Also UNKNOWN_FORMAT (no zip), HELPER (crashed, or said nothing for a minute), IO, G_IO_ERROR_CANCELLED. What was written
 * until then is the caller's to remove.
 */
gboolean fovea_unpack_zip (const char *path, const char *folder, gboolean (*wanted) (const char *name),
                           FoveaUnpackProgressFunc progress, gpointer data, FoveaUnpacked *ret_unpacked,
                           GCancellable *cancellable, GError **error);

/* The helper's own main (`fovea --unpacker FD`). Returns its exit status. */
int fovea_unpacker_helper_main (int socket_fd);

G_END_DECLS
