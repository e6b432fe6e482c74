/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/application.h"
#include "engine/project.h"

G_BEGIN_DECLS

/**
 * FoveaWindow:
 *
 * The window of one project; without one it shows the start page. Its actions (win.import, win.undo, win.label …) are what keys, menus,
 * buttons and drops end in. Files and folders can be dropped anywhere on it.
 */
#define FOVEA_TYPE_WINDOW (fovea_window_get_type ())
G_DECLARE_FINAL_TYPE (FoveaWindow, fovea_window, FOVEA, WINDOW, AdwApplicationWindow)

FoveaWindow *fovea_window_new (FoveaApplication *app);

/* Of the project that is shown or being opened. (nullable), borrowed */
const char *fovea_window_get_path (FoveaWindow *self);

/* (nullable) (transfer none): the project that is shown. */
FoveaProject *fovea_window_get_project (FoveaWindow *self);

/* Opens the project in this window; @create makes it. @path: absolute. */
void fovea_window_load (FoveaWindow *self, const char *path, gboolean create);

/* Brings pictures and folders into the project, or into a new one named after them where there is none. Class folders become
 * concepts when the person says so; asked once. @paths: (array zero-terminated=1) */
void fovea_window_import (FoveaWindow *self, const char *const *paths);

/* Draws the sample pictures and opens a project of them, here or, when a project is open here, in a window of its own. */
void fovea_window_open_sample (FoveaWindow *self);

/* One toast at a time, the newest. @button (nullable) runs @action ("win.undo"). _error: nothing when it was cancelled. */
void fovea_window_toast (FoveaWindow *self, const char *text, const char *button, const char *action);
void fovea_window_toast_error (FoveaWindow *self, const char *what, const GError *error);

/* A place inside the window takes what is being dragged: it will not be imported. */
void fovea_window_hide_drop_hint (FoveaWindow *self);

G_END_DECLS
