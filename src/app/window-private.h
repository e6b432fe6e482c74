/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project-view.h"
#include "app/start-page.h"
#include "app/window.h"
#include "engine/import-job.h"

G_BEGIN_DECLS

struct _FoveaWindow {
  AdwApplicationWindow parent_instance;
  GCancellable *cancellable; /* of the project that is being opened or shown */
  char *path;
  FoveaProject *project;
  FoveaProjectView *view;

  /* What to import as soon as the project is open. */
  char **waiting_paths;
  gboolean waiting_folders; /* class folders are concepts: no question */

  gboolean closing;     /* hidden, until its work has ended */
  AdwToast *toast;      /* the one on screen (weak) */
  guint spinner_id;
  FoveaJob *report_job; /* the one that win.report shows */

  AdwToastOverlay *toasts;
  GtkStack *stack;
  FoveaStartPage *start_page;
  GtkMenuButton *start_menu_button;
  GtkSpinner *spinner;
  AdwStatusPage *failed_page, *drop_status;
  GtkRevealer *drop_hint;
};

/* window.c */
void fovea_window_close_project (FoveaWindow *self);
void fovea_window_show_start (FoveaWindow *self);
void fovea_window_watch_work (FoveaWindow *self);

/* window-actions.c */
void fovea_window_init_actions (FoveaWindow *self);
void fovea_window_update_actions (FoveaWindow *self);
void fovea_window_watch_project (FoveaWindow *self); /* once the view is there */

/* window-keys.c */
void fovea_window_init_keys (FoveaWindow *self);
void fovea_window_add_grid_keys (GtkWidget *grid);

/* window-import.c */
void fovea_window_init_import (FoveaWindow *self);
void fovea_window_start_waiting_import (FoveaWindow *self);

G_END_DECLS
