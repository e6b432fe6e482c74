/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/frame-profile.h"

#include <errno.h>
#include <stdio.h>

struct _FoveaFrameProfile {
  FILE *file;
  gint64 begin_us, end_us; /* of the frame in progress; of the last one that ended */
  guint n_unflushed;
};

/* Half a second of frames at most is lost when the program is killed. */
#define FRAMES_PER_FLUSH 30

FoveaFrameProfile *
fovea_frame_profile_new (const char *path, GError **error)
{
  FoveaFrameProfile *profile;
  FILE *file = fopen (path, "we");

  if (file == NULL)
    {
      int code = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", path, g_strerror (code));
      return NULL;
    }
  fputs ("frame,begin_us,end_us,interval_ms,work_ms\n", file);
  fflush (file);
  profile = g_new0 (FoveaFrameProfile, 1);
  profile->file = file;
  return profile;
}

void
fovea_frame_profile_free (FoveaFrameProfile *profile)
{
  fclose (profile->file);
  g_free (profile);
}

static void
on_before_paint (GdkFrameClock *clock, FoveaFrameProfile *profile)
{
  profile->begin_us = g_get_monotonic_time ();
}

static void
on_after_paint (GdkFrameClock *clock, FoveaFrameProfile *profile)
{
  gint64 now_us = g_get_monotonic_time ();
  char interval[G_ASCII_DTOSTR_BUF_SIZE] = "";
  char work[G_ASCII_DTOSTR_BUF_SIZE];

  if (profile->end_us != 0)
    g_ascii_formatd (interval, sizeof interval, "%.3f", (double) (now_us - profile->end_us) / 1000.0);
  g_ascii_formatd (work, sizeof work, "%.3f", (double) (now_us - profile->begin_us) / 1000.0);
  fprintf (profile->file, "%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT ",%s,%s\n",
           gdk_frame_clock_get_frame_counter (clock), profile->begin_us, now_us, interval, work);
  profile->end_us = now_us;
  if (++profile->n_unflushed >= FRAMES_PER_FLUSH || gdk_frame_clock_get_frame_counter (clock) < 5)
    {
      fflush (profile->file);
      profile->n_unflushed = 0;
    }
}

static void
on_realize (GtkWidget *widget, FoveaFrameProfile *profile)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (widget);

  g_signal_connect (clock, "before-paint", G_CALLBACK (on_before_paint), profile);
  g_signal_connect_after (clock, "after-paint", G_CALLBACK (on_after_paint), profile);
}

static void
on_unrealize (GtkWidget *widget, FoveaFrameProfile *profile)
{
  g_signal_handlers_disconnect_by_data (gtk_widget_get_frame_clock (widget), profile);
  fflush (profile->file);
}

void
fovea_frame_profile_watch (FoveaFrameProfile *profile, GtkWidget *widget)
{
  g_signal_connect_after (widget, "realize", G_CALLBACK (on_realize), profile);
  g_signal_connect (widget, "unrealize", G_CALLBACK (on_unrealize), profile);
  if (gtk_widget_get_realized (widget))
    on_realize (widget, profile);
}
