/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/picture.h"
#include "store/store-annotations.h"
#include "store/store-inputs.h"

G_BEGIN_DECLS

/* What a page of rows says of one picture. */
typedef struct {
  FoveaStoreInput *row; /* (nullable) the row is gone */
  GArray *labels;       /* FoveaStoreAnnotation of people, whole picture */
  gint64 predicted;     /* concept that the newest version stored, 0 none */
  double value;
  gint64 suggested;     /* by the live classifier, 0 none: then the above */
  double suggested_value;
  gboolean pending;
} FoveaPictureRow;

void fovea_picture_row_clear (FoveaPictureRow *row);

FoveaPicture *fovea_picture_new (gint64 id, FoveaConceptList *concepts) G_GNUC_WARN_UNUSED_RESULT;

/* Takes the row's contents (it is empty afterwards) and emits "changed" when @announce. */
void fovea_picture_take_row (FoveaPicture *self, FoveaPictureRow *row, gboolean announce);

/* New suggestions came, or went (@concept 0); the rest of the row stays. Emits "changed" when it reads differently. */
void fovea_picture_set_suggestion (FoveaPicture *self, gint64 concept, double value);

const FoveaStoreInput *fovea_picture_get_row (FoveaPicture *self); /* (nullable) */

G_END_DECLS
