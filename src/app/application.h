/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "app/frame-profile.h"

G_BEGIN_DECLS

/**
 * FoveaApplication:
 *
 * The program with windows: one instance a session, one window a project. Actions: new-window, open (a file chooser), open-recent (s: a path),
 * sample, about, quit. Option --profile-frames FILE runs an instance of its own that writes its frame times there.
 */
#define FOVEA_TYPE_APPLICATION (fovea_application_get_type ())
G_DECLARE_FINAL_TYPE (FoveaApplication, fovea_application, FOVEA, APPLICATION, AdwApplication)

FoveaApplication *fovea_application_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Shows the project's window: the one that has it open, else @near when that still shows its start page, else a new one.
 * @path: absolute, bytes of the file system; @create makes the project. */
void fovea_application_open_project (FoveaApplication *self, const char *path, gboolean create, GtkWidget *near);

/* (nullable) where frame times go. */
FoveaFrameProfile *fovea_application_get_profile (FoveaApplication *self);

G_END_DECLS
