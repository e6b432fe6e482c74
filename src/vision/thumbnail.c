/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vision/thumbnail.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <jpeglib.h>

#include "vision/loaders.h"
#include "vision/resize.h"

#define QUALITY 85

/* No JPEG of 256 × 256 pixels that libjpeg writes at this quality comes near it. */
#define MAX_FILE_BYTES (512 << 10)

static gboolean
is_sha256 (const char *text)
{
  return text != NULL && strlen (text) == 64 && strspn (text, "0123456789abcdef") == 64;
}

char *
fovea_thumbnail_dup_folder (void)
{
  const char *folder = g_getenv ("FOVEA_THUMBNAIL_DIR");

  return folder != NULL ? g_strdup (folder) : g_build_filename (g_get_user_cache_dir (), "fovea", "thumbnails", NULL);
}

char *
fovea_thumbnail_path (const char *sha256, const FoveaGreyWindow *window)
{
  g_autofree char *folder = NULL, *name = NULL, *first = NULL;

  if (!is_sha256 (sha256))
    return NULL;
  if (window != NULL && (window->low != 0 || window->high != 0))
    name = g_strdup_printf ("%s-%u-%u.jpg", sha256, window->low, window->high);
  else
    name = g_strconcat (sha256, ".jpg", NULL);
  first = g_strndup (sha256, 2);
  folder = fovea_thumbnail_dup_folder ();
  return g_build_filename (folder, first, name, NULL);
}

/* --- Writing -------------------------------------------------------------------------------------------------- */

typedef struct {
  struct jpeg_error_mgr errors;
  jmp_buf jump;
  struct jpeg_compress_struct cinfo;
  unsigned char *bytes;
  unsigned long n_bytes;
} Writer;

static void
on_error (j_common_ptr common)
{
  longjmp (((Writer *) common->client_data)->jump, 1);
}

static gboolean
compress (Writer *writer, const FoveaImage *rgb)
{
  j_compress_ptr cinfo = &writer->cinfo;

  if (setjmp (writer->jump) != 0)
    return FALSE;
  jpeg_mem_dest (cinfo, &writer->bytes, &writer->n_bytes);
  cinfo->image_width = (JDIMENSION) rgb->width;
  cinfo->image_height = (JDIMENSION) rgb->height;
  cinfo->input_components = 3;
  cinfo->in_color_space = JCS_RGB;
  jpeg_set_defaults (cinfo);
  jpeg_set_quality (cinfo, QUALITY, TRUE);
  jpeg_start_compress (cinfo, TRUE);
  while (cinfo->next_scanline < cinfo->image_height)
    {
      JSAMPROW row = (JSAMPROW) rgb->data + (gsize) cinfo->next_scanline * (gsize) rgb->width * 3;

      jpeg_write_scanlines (cinfo, &row, 1);
    }
  jpeg_finish_compress (cinfo);
  return TRUE;
}

/* Another program may be making the same one: each writes a file of its own, and the last rename stays. */
static void
store (const FoveaImage *rgb, const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  Writer writer;

  memset (&writer, 0, sizeof writer);
  writer.cinfo.err = jpeg_std_error (&writer.errors);
  writer.errors.error_exit = on_error;
  writer.cinfo.client_data = &writer;
  jpeg_create_compress (&writer.cinfo);
  if (compress (&writer, rgb) && g_mkdir_with_parents (folder, 0700) == 0)
    g_file_set_contents_full (path, (const char *) writer.bytes, (gssize) writer.n_bytes, G_FILE_SET_CONTENTS_CONSISTENT,
                              0600, NULL);
  jpeg_destroy_compress (&writer.cinfo);
  free (writer.bytes);
}

static FoveaImage *
shrink (FoveaImage *rgb, GError **error)
{
  int longer = MAX (rgb->width, rgb->height);

  if (longer <= FOVEA_THUMBNAIL_SIDE)
    return fovea_image_ref (rgb);
  return fovea_image_resize (rgb, FOVEA_RESIZE_BILINEAR,
                             MAX (1, (int) ((gint64) rgb->width * FOVEA_THUMBNAIL_SIDE / longer)),
                             MAX (1, (int) ((gint64) rgb->height * FOVEA_THUMBNAIL_SIDE / longer)), error);
}

FoveaImage *
fovea_thumbnail_make (FoveaImage *image, const char *sha256, const FoveaGreyWindow *window, GError **error)
{
  g_autofree char *path = fovea_thumbnail_path (sha256, window);
  g_autoptr (FoveaImage) rgb = NULL;
  FoveaImage *small;

  if (path == NULL)
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_IO, "“%s” is not a SHA-256", sha256 != NULL ? sha256 : "");
      return NULL;
    }
  rgb = fovea_image_to_rgb8 (image, window, error);
  if (rgb == NULL)
    return NULL;
  small = shrink (rgb, error);
  if (small != NULL)
    store (small, path);
  return small;
}

/* --- Reading -------------------------------------------------------------------------------------------------- */

static void *
reserve (gpointer owner, gsize n_bytes)
{
  guint8 **memory = owner;

  if (n_bytes > FOVEA_THUMBNAIL_SIDE * FOVEA_THUMBNAIL_SIDE * 3)
    return NULL;
  *memory = g_malloc (n_bytes);
  return *memory;
}

static FoveaImage *
decode (const guint8 *data, gsize n_bytes, GError **error)
{
  g_autofree guint8 *memory = NULL;
  FoveaSink sink = { .reserve = reserve, .owner = &memory };
  guint8 *pixels;

  if (!fovea_image_header_parse (data, n_bytes, &sink.header, error))
    return NULL;
  if (sink.header.format != FOVEA_FORMAT_JPEG || sink.header.width > FOVEA_THUMBNAIL_SIDE ||
      sink.header.height > FOVEA_THUMBNAIL_SIDE || sink.header.orientation != 1)
    {
      g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED, "this is not a thumbnail");
      return NULL;
    }
  if (!fovea_load_jpeg (&sink, data, n_bytes, error))
    return NULL;
  if (sink.partial)
    {
      g_set_error_literal (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED, "the thumbnail is cut off");
      return NULL;
    }
  pixels = g_steal_pointer (&memory);
  return fovea_image_new_wrapped (FOVEA_PIXELS_RGB8, sink.out_width, sink.out_height, pixels, pixels, g_free);
}

/* The whole of a small regular file; NULL with errno, EFBIG when it is larger than a thumbnail can be. */
static guint8 *
read_file (const char *path, gsize *ret_n_bytes)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), problem = 0;
  g_autofree guint8 *data = NULL;
  struct stat info;
  ssize_t n, got = 0;

  if (fd < 0)
    return NULL;
  if (fstat (fd, &info) != 0)
    problem = errno;
  else if (!S_ISREG (info.st_mode) || info.st_size > MAX_FILE_BYTES)
    problem = EFBIG;
  else
    {
      data = g_malloc (info.st_size + 1);
      while ((n = pread (fd, data + got, (gsize) (info.st_size - got), got)) > 0)
        got += n;
      problem = n < 0 ? errno : 0;
    }
  close (fd);
  errno = problem;
  if (problem != 0)
    return NULL;
  *ret_n_bytes = (gsize) got;
  return g_steal_pointer (&data);
}

FoveaImage *
fovea_thumbnail_load (const char *sha256, const FoveaGreyWindow *window, GError **error)
{
  g_autofree char *path = fovea_thumbnail_path (sha256, window);
  g_autoptr (GError) problem = NULL;
  g_autofree guint8 *data = NULL;
  FoveaImage *image = NULL;
  gsize n_bytes = 0;

  if (path != NULL)
    data = read_file (path, &n_bytes);
  if (data == NULL && (path == NULL || errno != EFBIG))
    {
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_IO, "%s: %s", path != NULL ? path : sha256,
                   path != NULL ? g_strerror (errno) : "not a SHA-256");
      return NULL;
    }
  if (data != NULL)
    image = decode (data, n_bytes, &problem);
  if (image == NULL)
    {
      g_unlink (path);
      g_set_error (error, FOVEA_VISION_ERROR, FOVEA_VISION_ERROR_DAMAGED, "%s: %s", path,
                   problem != NULL ? problem->message : "this is not a thumbnail");
    }
  return image;
}
