/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the program and its decoder helpers say to each other, over a SOCK_SEQPACKET pair; one machine, one binary, so
 * plain structs. The program sends a request with the opened file as its one descriptor (SCM_RIGHTS); the helper
 * answers each with one reply. Pixels lie in a memfd that the helper makes:
 *
 *   FOVEA_SEGMENT_SMALL  one of FOVEA_SMALL_SEGMENT bytes, used again for every picture that fits; its descriptor
 *   comes with the
 *                        first reply that uses it. The program copies out of it.
 *   FOVEA_SEGMENT_OWN    made for this picture; its descriptor comes with the reply, sealed against all change. The
 *   program maps it.
 *
 * After the first file the helper is no longer trusted: the program believes no field of a reply without checking
 * it. */

#define FOVEA_WIRE_MAGIC 0x464f5631u
#define FOVEA_SMALL_SEGMENT ((gsize) 8 << 20)

typedef enum {
  FOVEA_SEGMENT_NONE,
  FOVEA_SEGMENT_SMALL,
  FOVEA_SEGMENT_OWN
} FoveaSegmentKind;

typedef struct {
  guint32 magic, serial;
  gint32 max_side, min_side;
  gint32 header_only;
  gint32 cpu_seconds;           /* for this picture */
  guint64 memory_limit_bytes;   /* address space above what the helper has at its start; 0 = none */
} FoveaDecodeRequest;

typedef struct {
  guint32 magic, serial;
  gint32 code;                  /* −1 = done, else a FoveaVisionError */
  gint32 format, bits;
  gint32 file_width, file_height; /* upright */
  gint32 pixels, width, height; /* of what lies in the segment, upright */
  gint32 segment, partial;
  guint64 n_bytes;              /* of pixels */
  double grey_min, grey_max;
  char message[256];            /* UTF-8, with code ≥ 0 */
} FoveaDecodeReply;

/* Called with each request's file before it is read. For tests that need a helper which misbehaves. */
typedef void (*FoveaDecoderHook) (int file_fd);

/* fovea_decoder_helper_main() with a @hook (nullable). */
int fovea_decoder_helper_run (int socket_fd, FoveaDecoderHook hook);

/* Limits that hold for the helper's whole life: no new privileges, no core dumps, few files, and a filter on system
 * calls (no programs, no sockets, nothing opened, no file changed). */
void fovea_decoder_sandbox_enter (void);

G_END_DECLS
