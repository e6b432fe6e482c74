/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * FoveaFrameProfile:
 *
 * Frame times of the windows as CSV, so that smoothness is measured. Columns: frame (counter of the window's clock),
 * begin_us and end_us (CLOCK_MONOTONIC, from the frame's start to its pixels being handed over), interval_ms (since the end of the frame before,
 * empty for the first), work_ms (end − begin). A frame is drawn only when something changed: an interval means smoothness only
 * while something moves.
 */
typedef struct _FoveaFrameProfile FoveaFrameProfile;

FoveaFrameProfile *fovea_frame_profile_new (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void               fovea_frame_profile_free (FoveaFrameProfile *profile); /* writes what is left */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaFrameProfile, fovea_frame_profile_free)

/* Records @widget's window from its realization on. */
void fovea_frame_profile_watch (FoveaFrameProfile *profile, GtkWidget *widget);

G_END_DECLS
