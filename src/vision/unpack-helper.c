/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/unpack.h"

#include <errno.h>
#include <locale.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "vision/decoder-wire.h"
#include "vision/helper-process.h"
#include "vision/unpack-wire.h"

#define READ_BLOCK (256 << 10)

static gboolean
send_packet (int socket_fd, FoveaUnpackHead *head, const void *bytes, gsize n_bytes)
{
  struct iovec parts[2] = { { head, sizeof *head }, { (void *) bytes, n_bytes } };
  struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
  ssize_t n;

  head->magic = FOVEA_UNPACK_MAGIC;
  head->n_bytes = (guint32) n_bytes;
  do
    n = sendmsg (socket_fd, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n == (ssize_t) (sizeof *head + n_bytes);
}

static gboolean
send_failure (int socket_fd, struct archive *archive)
{
  FoveaUnpackHead head = { .packet = FOVEA_UNPACK_FAILED };
  const char *reason = archive_error_string (archive);

  if (reason == NULL)
    reason = "it cannot be read";
  send_packet (socket_fd, &head, reason, MIN (strlen (reason), FOVEA_UNPACK_PIECE));
  return FALSE;
}

static FoveaUnpackKind
kind_of (struct archive_entry *entry)
{
  if (archive_entry_symlink (entry) != NULL || archive_entry_hardlink (entry) != NULL)
    return FOVEA_UNPACK_IS_LINK;
  switch (archive_entry_filetype (entry))
    {
    case AE_IFREG: return FOVEA_UNPACK_IS_FILE;
    case AE_IFDIR: return FOVEA_UNPACK_IS_FOLDER;
    case AE_IFLNK: return FOVEA_UNPACK_IS_LINK;
    default: return FOVEA_UNPACK_IS_OTHER;
    }
}

/* The bytes of the entry, when the program wants them. */
static gboolean
send_contents (int socket_fd, struct archive *archive)
{
  static guint8 piece[FOVEA_UNPACK_PIECE];
  char wanted = 0;
  la_ssize_t n;

  if (recv (socket_fd, &wanted, 1, 0) != 1)
    return FALSE;
  if (!wanted)
    return TRUE;
  while ((n = archive_read_data (archive, piece, sizeof piece)) > 0)
    {
      FoveaUnpackHead head = { .packet = FOVEA_UNPACK_DATA };

      if (!send_packet (socket_fd, &head, piece, (gsize) n))
        return FALSE;
    }
  return n == 0 ? TRUE : send_failure (socket_fd, archive);
}

static gboolean
send_entry (int socket_fd, struct archive *archive, struct archive_entry *entry)
{
  FoveaUnpackHead head = { .packet = FOVEA_UNPACK_ENTRY,
                           .kind = (gint32) kind_of (entry),
                           .encrypted = archive_entry_is_encrypted (entry) != 0,
                           .position = (guint64) MAX (0, archive_read_header_position (archive)) };
  const char *name = archive_entry_pathname (entry);

  if (name == NULL)
    name = archive_entry_pathname_utf8 (entry);
  if (name == NULL)
    name = "";
  return send_packet (socket_fd, &head, name, MIN (strlen (name), FOVEA_UNPACK_PIECE)) && send_contents (socket_fd, archive);
}

static void
unpack (int socket_fd, int fd)
{
  struct archive *archive = archive_read_new ();
  FoveaUnpackHead end = { .packet = FOVEA_UNPACK_END };
  struct archive_entry *entry;
  int rc;

  /* By the directory at its end: only that says which entries are links. */
  if (archive_read_support_format_zip_seekable (archive) != ARCHIVE_OK
      || archive_read_open_fd (archive, fd, READ_BLOCK) != ARCHIVE_OK)
    {
      send_failure (socket_fd, archive);
      return;
    }
  while ((rc = archive_read_next_header (archive, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN)
    if (!send_entry (socket_fd, archive, entry))
      return;
  if (rc == ARCHIVE_EOF)
    send_packet (socket_fd, &end, NULL, 0);
  else
    send_failure (socket_fd, archive);
}

int
fovea_unpacker_helper_main (int socket_fd)
{
  FoveaUnpackRequest request;
  int fd;

  if (!fovea_helper_detach (socket_fd, "--unpacker"))
    return 2;
  /* Names are UTF-8 or bytes that nobody knows; without a UTF-8 locale libarchive gives up on the former. */
  if (setlocale (LC_CTYPE, "C.UTF-8") == NULL)
    setlocale (LC_CTYPE, "");
  if (!fovea_helper_receive_with_fd (socket_fd, &request, sizeof request, &fd) || request.magic != FOVEA_UNPACK_MAGIC)
    return 1;
  fovea_helper_limit_memory (request.memory_limit_bytes);
  fovea_decoder_sandbox_enter ();
  unpack (socket_fd, fd);
  return 0;
}
