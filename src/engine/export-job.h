/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "engine/project.h"

G_BEGIN_DECLS

typedef enum {
  FOVEA_EXPORT_CSV,    /* one file: path,split,concept,value,source,score; a picture without labels has one line with an empty concept */
  FOVEA_EXPORT_FOLDERS /* DEST/[SPLIT/]CONCEPT/file: copies of the pictures that show a concept, as they are */
} FoveaExportFormat;

typedef enum {
  FOVEA_EXPORT_PERSON,    /* what people said */
  FOVEA_EXPORT_REVIEWED,  /* the same, of the pictures alone that a person has marked as complete or decided in a review */
  FOVEA_EXPORT_PREDICTED  /* what the model version that was trained last said */
} FoveaExportSource;

typedef struct {
  FoveaExportFormat format;
  FoveaExportSource source;
  const char *split;  /* (nullable) only this one */
  gboolean dry_run;   /* say what would be written */
  gboolean force;     /* write over what is there */
} FoveaExportOptions;

/**
 * fovea_project_export:
 * @dest: the file or folder to write
 *
 * Writes labels out so that an import takes them in again. Never over a file or into a folder with something in it
 * unless forced, and never, forced or not, over a picture of the project or the project itself, or into a folder that holds such
 * pictures; a file is written beside its place and renamed. Names of concepts are made safe as folders ('/' and
 * a leading '.' become '_'); two pictures of one name get "-2", "-3". Pictures outside the allowed folders are not
 * copied: a row of the report.
 *
 * result JSON: {"pictures":n,"annotations":n,"written":n,"skipped":n,"dry_run":…,"files":[{"path","status"}]}
 */
FoveaJob *fovea_project_export (FoveaProject *self, const char *dest, const FoveaExportOptions *options) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
