/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the program and its unpacking helper say to each other (helper-process.h). The program sends a request with the opened
 * archive; the helper answers with packets, each a head and what follows it:
 *
 *   ENTRY    one thing in the archive; its name follows. The helper waits for one byte: 1, send what is in it; 0, pass it over.
 *   DATA     a piece of the entry, which follows
 *   END      there is nothing more
 *   FAILED   the archive cannot be read further; the reason follows, UTF-8
 *
 * The helper knows the format and nothing else; what a name may be, and how much is too much, is for the program to say. */

#define FOVEA_UNPACK_MAGIC 0x464f5a31u
#define FOVEA_UNPACK_PIECE (64 << 10)

typedef struct {
  guint32 magic;
  guint32 reserved;
  guint64 memory_limit_bytes;
} FoveaUnpackRequest;

typedef enum {
  FOVEA_UNPACK_ENTRY,
  FOVEA_UNPACK_DATA,
  FOVEA_UNPACK_END,
  FOVEA_UNPACK_FAILED
} FoveaUnpackPacket;

typedef enum {
  FOVEA_UNPACK_IS_FILE,
  FOVEA_UNPACK_IS_FOLDER,
  FOVEA_UNPACK_IS_LINK,
  FOVEA_UNPACK_IS_OTHER
} FoveaUnpackKind;

typedef struct {
  guint32 magic;
  gint32 packet;     /* FoveaUnpackPacket */
  gint32 kind;       /* FoveaUnpackKind */
  gint32 encrypted;
  guint64 position;  /* in the archive, of an entry */
  guint32 n_bytes;   /* that follow, at most FOVEA_UNPACK_PIECE */
  guint32 reserved;
} FoveaUnpackHead;

G_END_DECLS
