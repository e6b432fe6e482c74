/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/scheduler.h"
#include "vision/decoder.h"

G_BEGIN_DECLS

/**
 * FoveaReader:
 *
 * Decodes a list of files on a few threads and hands them out in the order of the list. What is wanted of a picture
 * (network input, thumbnail) is made on the worker, while the pixels are at hand; then the pixels are dropped. At
 * most @window items wait finished, and the pixels being decoded stay within the scheduler's memory budget.
 */
typedef struct _FoveaReader FoveaReader;

typedef struct {
  guint index;
  GError *error;      /* the file could not be read; then the rest is empty */
  FoveaDecoded info;  /* without its image */
  gpointer product;   /* what prepare made; NULL when there is no prepare */
  GDestroyNotify free_product;
} FoveaReaderItem;

/* Called on a worker. @decoded->image is there unless header_only was asked for. NULL with @error: the item failed. */
typedef gpointer (*FoveaPrepareFunc) (guint index, FoveaDecoded *decoded, gpointer data, GError **error);
/* Called on a worker: path of an item; it stays valid while the reader lives. */
typedef const char *(*FoveaPathFunc) (guint index, gpointer data);

typedef struct {
  guint n_items;
  FoveaPathFunc path;
  FoveaDecodeOptions options;
  FoveaPrepareFunc prepare;    /* (nullable) */
  GDestroyNotify free_product; /* (nullable) */
  gpointer data;               /* of both functions */
  guint window;                /* 0 = 64 */
} FoveaReaderSpec;

FoveaReader *fovea_reader_new (FoveaDecoder *decoder, FoveaScheduler *scheduler, const FoveaReaderSpec *spec,
                               GCancellable *cancellable) G_GNUC_WARN_UNUSED_RESULT;

/* Stops the workers and waits for them (at most one picture each). */
void fovea_reader_free (FoveaReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaReader, fovea_reader_free)

/* The next item, waiting for it. NULL without @error at the end, with G_IO_ERROR_CANCELLED when cancelled. */
FoveaReaderItem *fovea_reader_next (FoveaReader *reader, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void             fovea_reader_item_free (FoveaReaderItem *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaReaderItem, fovea_reader_item_free)

G_END_DECLS
