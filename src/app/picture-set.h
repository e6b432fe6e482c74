/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Pictures on their way in a drag inside the program: ids within the project whose file is @project_path. Immutable boxed type. */
#define FOVEA_TYPE_PICTURE_SET (fovea_picture_set_get_type ())

typedef struct {
  char *project_path;
  gint64 *ids;
  gsize n_ids;
  /*< private >*/
  gatomicrefcount ref_count;
} FoveaPictureSet;

GType            fovea_picture_set_get_type (void);
FoveaPictureSet *fovea_picture_set_new (const char *project_path, const gint64 *ids, gsize n_ids) G_GNUC_WARN_UNUSED_RESULT;
FoveaPictureSet *fovea_picture_set_ref (FoveaPictureSet *set);
void             fovea_picture_set_unref (FoveaPictureSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FoveaPictureSet, fovea_picture_set_unref)

G_END_DECLS
