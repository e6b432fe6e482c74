/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/page.h"

#include <glib/gi18n.h>

G_DEFINE_INTERFACE (FoveaPage, fovea_page, GTK_TYPE_WIDGET)

enum {
  TITLE_CHANGED,
  PICTURES_WANTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static void
fovea_page_default_init (FoveaPageInterface *iface)
{
  signals[TITLE_CHANGED] = g_signal_new ("title-changed", FOVEA_TYPE_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[PICTURES_WANTED] = g_signal_new ("pictures-wanted", FOVEA_TYPE_PAGE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                           G_TYPE_ARRAY, G_TYPE_STRING, FOVEA_TYPE_OPINIONS);
}

const char *
fovea_page_get_name (FoveaPage *page)
{
  return FOVEA_PAGE_GET_IFACE (page)->name;
}

const char *
fovea_page_get_title (FoveaPage *page)
{
  return _(FOVEA_PAGE_GET_IFACE (page)->title);
}

const char *
fovea_page_get_icon_name (FoveaPage *page)
{
  return FOVEA_PAGE_GET_IFACE (page)->icon_name;
}

char *
fovea_page_dup_subtitle (FoveaPage *page)
{
  FoveaPageInterface *iface = FOVEA_PAGE_GET_IFACE (page);

  return iface->dup_subtitle != NULL ? iface->dup_subtitle (page) : g_strdup ("");
}

char *
fovea_page_dup_count (FoveaPage *page, char **ret_description)
{
  FoveaPageInterface *iface = FOVEA_PAGE_GET_IFACE (page);
  g_autofree char *description = NULL;
  char *count = iface->dup_count != NULL ? iface->dup_count (page, &description) : g_strdup ("");

  if (ret_description != NULL)
    *ret_description = description != NULL ? g_steal_pointer (&description) : g_strdup ("");
  return count;
}

GtkWidget *
fovea_page_get_header_widget (FoveaPage *page)
{
  FoveaPageInterface *iface = FOVEA_PAGE_GET_IFACE (page);

  return iface->get_header_widget != NULL ? iface->get_header_widget (page) : NULL;
}

GActionGroup *
fovea_page_get_actions (FoveaPage *page)
{
  FoveaPageInterface *iface = FOVEA_PAGE_GET_IFACE (page);

  return iface->get_actions != NULL ? iface->get_actions (page) : NULL;
}

void
fovea_page_focus (FoveaPage *page)
{
  FoveaPageInterface *iface = FOVEA_PAGE_GET_IFACE (page);

  if (iface->focus != NULL)
    iface->focus (page);
  else
    (void) gtk_widget_child_focus (GTK_WIDGET (page), GTK_DIR_TAB_FORWARD);
}

void
fovea_page_set_shown (FoveaPage *page, gboolean shown)
{
  FoveaPageInterface *iface = FOVEA_PAGE_GET_IFACE (page);

  if (iface->set_shown != NULL)
    iface->set_shown (page, shown);
}

void
fovea_page_title_changed (FoveaPage *page)
{
  g_signal_emit (page, signals[TITLE_CHANGED], 0);
}

void
fovea_page_want_pictures (FoveaPage *page, GArray *ids, const char *what, FoveaOpinions *opinions)
{
  g_signal_emit (page, signals[PICTURES_WANTED], 0, ids, what, opinions);
}
