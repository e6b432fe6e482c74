/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/concept.h"

G_BEGIN_DECLS

/**
 * FoveaPicture:
 *
 * One picture of a project as the grid shows it: made on demand by FoveaPictureList, kept for as long as someone holds
 * it. Signal "changed": something below reads differently now. Main thread.
 */
#define FOVEA_TYPE_PICTURE (fovea_picture_get_type ())
G_DECLARE_FINAL_TYPE (FoveaPicture, fovea_picture, FOVEA, PICTURE, GObject)

typedef enum {
  FOVEA_PICTURE_UNTOUCHED,
  FOVEA_PICTURE_IN_PROGRESS,
  FOVEA_PICTURE_COMPLETE
} FoveaPictureState;

gint64            fovea_picture_get_id (FoveaPicture *self);
char             *fovea_picture_dup_name (FoveaPicture *self) G_GNUC_WARN_UNUSED_RESULT; /* file name for display, valid UTF-8 */
char             *fovea_picture_dup_path (FoveaPicture *self) G_GNUC_WARN_UNUSED_RESULT; /* absolute, bytes of the file system */
int               fovea_picture_get_width (FoveaPicture *self);  /* upright; 0 not known */
int               fovea_picture_get_height (FoveaPicture *self);
const char       *fovea_picture_get_split (FoveaPicture *self);  /* "train", …; "" none; interned */
FoveaPictureState fovea_picture_get_state (FoveaPicture *self);
gboolean          fovea_picture_get_missing (FoveaPicture *self);         /* the file was not there when last looked for */
gboolean          fovea_picture_get_embedding_pending (FoveaPicture *self);

/* What a person said of the whole picture. @ret_positive: TRUE "is", FALSE "is not". Borrowed. */
guint         fovea_picture_get_n_labels (FoveaPicture *self);
FoveaConcept *fovea_picture_get_label (FoveaPicture *self, guint i, gboolean *ret_positive);

/* The strongest concept by the live classifier (live.h) while that has suggestions, else as the project's newest model
 * version has stored it. (nullable), borrowed; value in 0..1. */
FoveaConcept *fovea_picture_get_prediction (FoveaPicture *self, double *ret_value);

/* For assistive technology: "labelled hat, predicted dress 0.91". A prediction of what a person has spoken of is left out. */
char *fovea_picture_dup_description (FoveaPicture *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
