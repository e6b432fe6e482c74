/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the help says, as data: the window lays it out. Texts are marked with N_(), translated when shown. */
typedef enum {
  FOVEA_HELP_TEXT,
  FOVEA_HELP_STEP,  /* numbered */
  FOVEA_HELP_TITLE
} FoveaHelpKind;

typedef struct {
  FoveaHelpKind kind;
  const char *text;
  const char *link;   /* (nullable) label of a button that does … */
  const char *action; /* … this: "win.import", with a target "win.page('models')" */
} FoveaHelpPart;

typedef struct {
  const char *id, *title;
  const FoveaHelpPart *parts; /* ends with a NULL text */
} FoveaHelpTopic;

/* Ends with a NULL id. */
extern const FoveaHelpTopic fovea_help_topics[];

G_END_DECLS
