/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/project-view.h"
#include "app/start-page.h"
#include "app/window.h"
#include "engine/look-around.h"

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
  gboolean leaving_to_start; /* what the question about running work was for */
  AdwToast *toast;      /* the one on screen (weak) */
  gint64 toast_us;      /* since when */
  guint spinner_id;
  FoveaJob *report_job; /* the one that win.report shows */
  FoveaSurroundings *surroundings; /* (nullable) what the last look around found */
  gboolean caught_up;   /* pending embeddings were begun in this session */
  guint inhibit_cookie; /* no suspend while work runs; 0 none */
  GtkWidget *disk_full_dialog; /* while it is shown */

  AdwToastOverlay *toasts;
  GtkStack *stack;
  FoveaStartPage *start_page;
  GtkMenuButton *start_menu_button;
  GtkSpinner *spinner;
  AdwStatusPage *failed_page, *drop_status;
  GtkRevealer *drop_hint;
};

/* What an action needs before it can do something. */
typedef enum {
  FOVEA_NEEDS_PROJECT = 1,
  FOVEA_NEEDS_SELECTION = 2,
  FOVEA_NEEDS_WRITE = 4,
  FOVEA_NEEDS_UNDO = 8,
  FOVEA_NEEDS_REDO = 16,
  FOVEA_NEEDS_REPORT = 32,
  FOVEA_NEEDS_PATH = 64,
  FOVEA_NEEDS_IMAGES = 128 /* the Images page is the one that is shown */
} FoveaNeeds;

typedef struct {
  GActionEntry entry;
  guint needs; /* of FoveaNeeds */
} FoveaWindowAction;

/* window.c */
void fovea_window_close_project (FoveaWindow *self);
void fovea_window_show_start (FoveaWindow *self); /* asks first when work is running */
void fovea_window_watch_work (FoveaWindow *self);

/* window-actions.c */
void fovea_window_init_actions (FoveaWindow *self);
void fovea_window_update_actions (FoveaWindow *self);
void fovea_window_watch_project (FoveaWindow *self); /* once the view is there */

/* window-pictures.c: what is done to pictures, by keys, menus and drops. (array length=ret_n) */
const FoveaWindowAction *fovea_window_get_picture_actions (guint *ret_n);
FoveaImagesPage         *fovea_window_get_images (FoveaWindow *self); /* while there is a view */
void                     fovea_window_watch_pictures (FoveaWindow *self);
void                     fovea_window_label_each (FoveaWindow *self, const FoveaPictureLabel *labels, guint n);

/* window-concepts.c: what is done to concepts; the target is the concept's id. (array length=ret_n) */
const FoveaWindowAction *fovea_window_get_concept_actions (guint *ret_n);

/* window-keys.c */
void fovea_window_init_keys (FoveaWindow *self);
void fovea_window_add_grid_keys (GtkWidget *grid);

/* window-import.c. @split: afterwards part what is in no split yet, as the preferences say. */
void fovea_window_init_import (FoveaWindow *self);
void fovea_window_start_waiting_import (FoveaWindow *self);
void fovea_window_start_import (FoveaWindow *self, const char *const *paths, FoveaImportFormat format, gboolean split);
/* Into that project, made when the window has none; nothing when it has turned to another meanwhile. */
void fovea_window_import_into (FoveaWindow *self, const char *project_path, const char *const *paths);

/* window-drop.c */
void fovea_window_init_drop (FoveaWindow *self);
void fovea_window_import_files (FoveaWindow *self, GSList *files); /* of GFile */

/* window-upkeep.c: splits, missing and new pictures, copies, and the notices that lead to them. */
void fovea_window_init_upkeep (FoveaWindow *self);
void fovea_window_start_upkeep (FoveaWindow *self); /* a project was opened */
void fovea_window_look_around (FoveaWindow *self);

/* window-jobs.c: what happens around long work: no suspend, notifications, a full disk. */
void fovea_window_watch_jobs (FoveaWindow *self);
void fovea_window_unwatch_jobs (FoveaWindow *self);
void fovea_window_show_disk_full (FoveaWindow *self, const GError *error);

G_END_DECLS
