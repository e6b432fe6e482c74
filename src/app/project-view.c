/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/project-view.h"

#include <glib/gi18n.h>

#include "app/jobs-button.h"
#include "app/models-page.h"
#include "app/picture-set.h"
#include "app/review-page.h"
#include "app/settings.h"
#include "app/sidebar.h"
#include "app/stack.h"

struct _FoveaProjectView {
  AdwBin parent_instance;
  FoveaProject *project;
  AdwFlap *flap;
  AdwWindowTitle *project_title, *page_title;
  FoveaSidebar *sidebar;
  AdwHeaderBar *header;
  GtkWidget *undo_button, *redo_button;
  GtkMenuButton *menu_button;
  FoveaJobsButton *jobs_button;
  GtkInfoBar *read_only_bar;
  GtkLabel *read_only_label;
  FoveaNoticeBar *notices;
  GtkStack *pages;
  FoveaImagesPage *images;
};

G_DEFINE_FINAL_TYPE (FoveaProjectView, fovea_project_view, ADW_TYPE_BIN)

enum {
  PICTURES_DROPPED,
  SPLIT_DROPPED,
  CONCEPT_ADDED,
  PAGE_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* ---- pages ---- */

FoveaPage *
fovea_project_view_get_page (FoveaProjectView *self)
{
  return FOVEA_PAGE (gtk_stack_get_visible_child (self->pages));
}

/* Title and sidebar say where the person is. */
static void
show_place (FoveaProjectView *self)
{
  FoveaPage *page = fovea_project_view_get_page (self);
  FoveaConcept *concept = page == FOVEA_PAGE (self->images) ? fovea_images_page_get_concept (self->images) : NULL;
  g_autofree char *subtitle = fovea_page_dup_subtitle (page);

  adw_window_title_set_title (self->page_title, fovea_page_get_title (page));
  adw_window_title_set_subtitle (self->page_title, subtitle);
  if (concept != NULL)
    fovea_sidebar_show_concept (self->sidebar, concept);
  else
    fovea_sidebar_show_page (self->sidebar, page);
}

static void
show_page (FoveaProjectView *self, FoveaPage *page)
{
  FoveaPage *old = fovea_project_view_get_page (self);
  GtkWidget *tools;

  if (page != old)
    {
      fovea_page_set_shown (old, FALSE);
      if ((tools = fovea_page_get_header_widget (old)) != NULL)
        gtk_widget_set_visible (tools, FALSE);
      fovea_stack_show_only (self->pages, fovea_page_get_name (page));
      if ((tools = fovea_page_get_header_widget (page)) != NULL)
        gtk_widget_set_visible (tools, TRUE);
      fovea_page_set_shown (page, TRUE);
      g_signal_emit (self, signals[PAGE_CHANGED], 0);
    }
  show_place (self);
}

gboolean
fovea_project_view_show_page (FoveaProjectView *self, const char *name)
{
  GtkWidget *page = gtk_stack_get_child_by_name (self->pages, name);

  if (page == NULL)
    return FALSE;
  show_page (self, FOVEA_PAGE (page));
  fovea_page_focus (FOVEA_PAGE (page));
  return TRUE;
}

void
fovea_project_view_go_back (FoveaProjectView *self)
{
  FoveaPage *from = fovea_images_page_get_from (self->images);

  if (from != NULL && fovea_project_view_get_page (self) == FOVEA_PAGE (self->images))
    (void) fovea_project_view_show_page (self, fovea_page_get_name (from));
}

static void
on_title_changed (FoveaPage *page, FoveaProjectView *self)
{
  if (page == fovea_project_view_get_page (self))
    show_place (self);
}

/* Numbers lead to pictures: whichever page it is that wants them shown. */
static void
on_pictures_wanted (FoveaPage *page, GArray *ids, const char *what, FoveaOpinions *opinions, FoveaProjectView *self)
{
  fovea_images_page_show_pictures (self->images, ids, what, opinions, page);
  show_page (self, FOVEA_PAGE (self->images));
  fovea_page_focus (FOVEA_PAGE (self->images));
}

static void
add_page (FoveaProjectView *self, FoveaPage *page)
{
  GtkWidget *tools = fovea_page_get_header_widget (page);
  GActionGroup *actions = fovea_page_get_actions (page);
  gboolean first = gtk_widget_get_first_child (GTK_WIDGET (self->pages)) == NULL;

  gtk_stack_add_named (self->pages, GTK_WIDGET (page), fovea_page_get_name (page));
  gtk_widget_set_visible (GTK_WIDGET (page), first);
  fovea_sidebar_add_page (self->sidebar, page);
  if (tools != NULL)
    {
      gtk_widget_set_visible (tools, first);
      adw_header_bar_pack_end (self->header, tools);
    }
  if (actions != NULL)
    gtk_widget_insert_action_group (GTK_WIDGET (self), fovea_page_get_name (page), actions);
  g_signal_connect (page, "title-changed", G_CALLBACK (on_title_changed), self);
  g_signal_connect (page, "pictures-wanted", G_CALLBACK (on_pictures_wanted), self);
}

/* ---- sidebar and page follow each other ---- */

static void
fold_sidebar (FoveaProjectView *self)
{
  if (adw_flap_get_folded (self->flap))
    adw_flap_set_reveal_flap (self->flap, FALSE);
}

static void
on_page_selected (FoveaSidebar *sidebar, FoveaPage *page, FoveaProjectView *self)
{
  if (page == FOVEA_PAGE (self->images))
    fovea_images_page_clear_filters (self->images);
  show_page (self, page);
  fold_sidebar (self);
}

static void
on_concept_selected (FoveaSidebar *sidebar, FoveaConcept *concept, FoveaProjectView *self)
{
  fovea_images_page_set_concept (self->images, concept);
  show_page (self, FOVEA_PAGE (self->images));
  fold_sidebar (self);
}

static void
on_split_selected (FoveaSidebar *sidebar, const char *split, FoveaProjectView *self)
{
  fovea_images_page_set_split (self->images, split);
  show_page (self, FOVEA_PAGE (self->images));
  fold_sidebar (self);
}

static void
on_pictures_dropped (FoveaSidebar *sidebar, FoveaPictureSet *set, FoveaConcept *concept, gboolean negative, FoveaProjectView *self)
{
  g_signal_emit (self, signals[PICTURES_DROPPED], 0, set, concept, negative);
}

static void
on_split_dropped (FoveaSidebar *sidebar, FoveaPictureSet *set, const char *split, FoveaProjectView *self)
{
  g_signal_emit (self, signals[SPLIT_DROPPED], 0, set, split);
}

static void
on_concept_added (FoveaSidebar *sidebar, const char *name, FoveaPictureSet *set, FoveaProjectView *self)
{
  g_signal_emit (self, signals[CONCEPT_ADDED], 0, name, set);
}

/* ---- what the project says of itself ---- */

static void
update_title (FoveaProjectView *self)
{
  adw_window_title_set_title (self->project_title, fovea_project_get_name (self->project));
}

static void
update_undo (FoveaProjectView *self)
{
  const char *undo = fovea_project_get_undo_text (self->project), *redo = fovea_project_get_redo_text (self->project);
  g_autofree char *undo_tip = undo != NULL && undo[0] != '\0' ? g_strdup_printf (_("Undo: %s (Ctrl+Z)"), undo)
                                                              : g_strdup (_("Undo (Ctrl+Z)"));
  g_autofree char *redo_tip = redo != NULL && redo[0] != '\0' ? g_strdup_printf (_("Redo: %s (Shift+Ctrl+Z)"), redo)
                                                              : g_strdup (_("Redo (Shift+Ctrl+Z)"));

  gtk_widget_set_tooltip_text (self->undo_button, undo_tip);
  gtk_widget_set_tooltip_text (self->redo_button, redo_tip);
}

static void
show_read_only (FoveaProjectView *self)
{
  g_autofree char *text = NULL;

  if (!fovea_project_get_read_only (self->project))
    return;
  text = g_strdup_printf (_("This project can be looked at but not changed: %s"),
                          fovea_project_get_read_only_reason (self->project));
  gtk_label_set_label (self->read_only_label, text);
  gtk_widget_set_visible (GTK_WIDGET (self->read_only_bar), TRUE);
  gtk_info_bar_set_revealed (self->read_only_bar, TRUE);
}

/* ---- calls of the window ---- */

FoveaImagesPage *
fovea_project_view_get_images (FoveaProjectView *self)
{
  return self->images;
}

FoveaNoticeBar *
fovea_project_view_get_notices (FoveaProjectView *self)
{
  return self->notices;
}

void
fovea_project_view_add_actions (FoveaProjectView *self, GActionMap *map)
{
  g_autoptr (GPropertyAction) sidebar = g_property_action_new ("sidebar", self->flap, "reveal-flap");
  g_autoptr (GPropertyAction) search =
    g_property_action_new ("search", fovea_images_page_get_search_bar (self->images), "search-mode-enabled");

  g_action_map_add_action (map, G_ACTION (sidebar));
  g_action_map_add_action (map, G_ACTION (search));
}

void
fovea_project_view_remove_actions (FoveaProjectView *self, GActionMap *map)
{
  g_action_map_remove_action (map, "sidebar");
  g_action_map_remove_action (map, "search");
}

void
fovea_project_view_save_state (FoveaProjectView *self)
{
  if (fovea_settings_get () != NULL && !adw_flap_get_folded (self->flap))
    g_settings_set_boolean (fovea_settings_get (), "sidebar-visible", adw_flap_get_reveal_flap (self->flap));
}

void
fovea_project_view_popup_jobs (FoveaProjectView *self)
{
  fovea_jobs_button_popup (self->jobs_button);
}

void
fovea_project_view_popup_menu (FoveaProjectView *self)
{
  gtk_menu_button_popup (self->menu_button);
}

void
fovea_project_view_focus_next_pane (FoveaProjectView *self)
{
  GtkWidget *focus = gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self)));
  GtkWidget *panes[3] = { GTK_WIDGET (self->sidebar), GTK_WIDGET (self->header), gtk_stack_get_visible_child (self->pages) };
  int now = 2;

  for (int i = 0; i < 3; i++)
    if (focus != NULL && gtk_widget_is_ancestor (focus, panes[i]))
      now = i;
  for (int i = 1; i <= 3; i++)
    {
      GtkWidget *next = panes[(now + i) % 3];

      if (next == GTK_WIDGET (self->sidebar) && !adw_flap_get_reveal_flap (self->flap))
        continue;
      if (gtk_widget_child_focus (next, GTK_DIR_TAB_FORWARD))
        return;
    }
}

/* ---- the object ---- */

static void
project_view_dispose (GObject *object)
{
  FoveaProjectView *self = FOVEA_PROJECT_VIEW (object);

  if (self->project != NULL)
    g_signal_handlers_disconnect_by_data (self->project, self);
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_project_view_parent_class)->dispose (object);
}

static void
fovea_project_view_class_init (FoveaProjectViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = project_view_dispose;
  signals[PICTURES_DROPPED] = g_signal_new ("pictures-dropped", FOVEA_TYPE_PROJECT_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                            G_TYPE_NONE, 3, FOVEA_TYPE_PICTURE_SET, FOVEA_TYPE_CONCEPT, G_TYPE_BOOLEAN);
  signals[SPLIT_DROPPED] = g_signal_new ("split-dropped", FOVEA_TYPE_PROJECT_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                         2, FOVEA_TYPE_PICTURE_SET, G_TYPE_STRING);
  signals[CONCEPT_ADDED] = g_signal_new ("concept-added", FOVEA_TYPE_PROJECT_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 2, G_TYPE_STRING, FOVEA_TYPE_PICTURE_SET);
  signals[PAGE_CHANGED] = g_signal_new ("page-changed", FOVEA_TYPE_PROJECT_VIEW, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (FOVEA_TYPE_SIDEBAR);
  g_type_ensure (FOVEA_TYPE_JOBS_BUTTON);
  g_type_ensure (FOVEA_TYPE_NOTICE_BAR);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/project-view.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, flap);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, project_title);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, page_title);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, sidebar);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, header);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, undo_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, redo_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, menu_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, jobs_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, read_only_bar);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, read_only_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, notices);
  gtk_widget_class_bind_template_child (widget_class, FoveaProjectView, pages);
}

static void
fovea_project_view_init (FoveaProjectView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self->sidebar, "page-selected", G_CALLBACK (on_page_selected), self);
  g_signal_connect (self->sidebar, "concept-selected", G_CALLBACK (on_concept_selected), self);
  g_signal_connect (self->sidebar, "split-selected", G_CALLBACK (on_split_selected), self);
  g_signal_connect (self->sidebar, "pictures-dropped", G_CALLBACK (on_pictures_dropped), self);
  g_signal_connect (self->sidebar, "split-dropped", G_CALLBACK (on_split_dropped), self);
  g_signal_connect (self->sidebar, "concept-added", G_CALLBACK (on_concept_added), self);
}

GtkWidget *
fovea_project_view_new (FoveaProject *project)
{
  FoveaProjectView *self = g_object_new (FOVEA_TYPE_PROJECT_VIEW, NULL);

  self->project = g_object_ref (project);
  fovea_sidebar_set_project (self->sidebar, project);
  self->images = FOVEA_IMAGES_PAGE (fovea_images_page_new (project));
  add_page (self, FOVEA_PAGE (self->images));
  add_page (self, FOVEA_PAGE (fovea_models_page_new (project)));
  add_page (self, FOVEA_PAGE (fovea_review_page_new (project)));
  fovea_jobs_button_set_jobs (self->jobs_button, fovea_project_get_jobs (project));
  g_signal_connect_swapped (project, "notify::name", G_CALLBACK (update_title), self);
  g_signal_connect_swapped (project, "notify::undo-text", G_CALLBACK (update_undo), self);
  g_signal_connect_swapped (project, "notify::redo-text", G_CALLBACK (update_undo), self);
  update_title (self);
  update_undo (self);
  show_place (self);
  show_read_only (self);
  if (fovea_settings_get () != NULL)
    adw_flap_set_reveal_flap (self->flap, g_settings_get_boolean (fovea_settings_get (), "sidebar-visible"));
  return GTK_WIDGET (self);
}
