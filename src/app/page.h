/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "app/opinions.h"

G_BEGIN_DECLS

/**
 * FoveaPage:
 *
 * A place of the sidebar: one page of an open project. The project's view asks it for what stands around it.
 *
 * Signals of the interface: "title-changed" (the subtitle or the count reads differently now) · "pictures-wanted" (GArray of gint64,
 * string, FoveaOpinions): show exactly these pictures on the Images page, under that name ("labelled hat, predicted dress"), with
 * these words of a model (nullable: today's suggestions).
 */
#define FOVEA_TYPE_PAGE (fovea_page_get_type ())
G_DECLARE_INTERFACE (FoveaPage, fovea_page, FOVEA, PAGE, GtkWidget)

struct _FoveaPageInterface {
  GTypeInterface parent_iface;

  const char *name;      /* "models": what win.page and the settings call it, and the prefix of its actions */
  const char *title;     /* marked with N_(), translated when shown */
  const char *icon_name;

  char           *(*dup_subtitle)      (FoveaPage *page);
  char           *(*dup_count)         (FoveaPage *page, char **ret_description);
  GtkWidget      *(*get_header_widget) (FoveaPage *page);
  GActionGroup   *(*get_actions)       (FoveaPage *page);
  void            (*focus)             (FoveaPage *page);
  void            (*set_shown)         (FoveaPage *page, gboolean shown);
};

const char *fovea_page_get_name (FoveaPage *page);
const char *fovea_page_get_title (FoveaPage *page); /* translated */
const char *fovea_page_get_icon_name (FoveaPage *page);

/* "" when there is nothing to add to the title. */
char *fovea_page_dup_subtitle (FoveaPage *page) G_GNUC_WARN_UNUSED_RESULT;

/* What stands at the right of the page's row in the sidebar, "" nothing; @ret_description (nullable): the same in words
 * ("800 pictures"). */
char *fovea_page_dup_count (FoveaPage *page, char **ret_description) G_GNUC_WARN_UNUSED_RESULT;

/* (nullable) (transfer none): the page's own buttons at the end of the header, shown together with the page. */
GtkWidget *fovea_page_get_header_widget (FoveaPage *page);

/* (nullable) (transfer none): the page's actions; they are found as NAME.ACTION by every widget of the project's view. */
GActionGroup *fovea_page_get_actions (FoveaPage *page);

/* Gives the keyboard to the part of the page that a person works with. */
void fovea_page_focus (FoveaPage *page);

/* The page came into view, or went: work that only the eye needs stops meanwhile. */
void fovea_page_set_shown (FoveaPage *page, gboolean shown);

void fovea_page_title_changed (FoveaPage *page);
void fovea_page_want_pictures (FoveaPage *page, GArray *ids, const char *what, FoveaOpinions *opinions); /* (nullable) */

G_END_DECLS
