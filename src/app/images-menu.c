/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/images-page-private.h"

#include <glib/gi18n.h>

/* More concepts are found faster by typing. */
#define MAX_CONCEPTS_IN_MENU 12

/* ---- the menu of the selected pictures ---- */

static void
append (GMenu *menu, const char *label, const char *action, const char *target)
{
  g_autoptr (GMenuItem) item = g_menu_item_new (label, NULL);

  g_menu_item_set_action_and_target (item, action, target != NULL ? "s" : NULL, target);
  g_menu_append_item (menu, item);
}

static void
fill_concepts (FoveaImagesPage *self, GMenu *menu, const char *action, const char *entry_action)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));
  guint n = MIN (g_list_model_get_n_items (concepts), MAX_CONCEPTS_IN_MENU);

  g_menu_remove_all (menu);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);
      g_auto (GStrv) parts = g_strsplit (fovea_concept_get_name (concept), "_", -1);
      g_autofree char *label = g_strjoinv ("__", parts); /* no mnemonic */

      append (menu, label, action, fovea_concept_get_name (concept));
    }
  append (menu, _("_Other…"), entry_action, NULL);
}

static void
popup_at (FoveaImagesPage *self, GtkWidget *popover, const GdkRectangle *at)
{
  gtk_popover_set_pointing_to (GTK_POPOVER (popover), at);
  gtk_popover_popup (GTK_POPOVER (popover));
}

/* At the picture that is selected, or the page's middle when it is not in view. */
static void
get_place (FoveaImagesPage *self, GdkRectangle *ret_at)
{
  guint position = fovea_picture_selection_get_first (self->selection);

  if (position == GTK_INVALID_LIST_POSITION || !fovea_images_page_get_cell_bounds (self, position, ret_at))
    *ret_at = (GdkRectangle) { gtk_widget_get_width (GTK_WIDGET (self)) / 2, gtk_widget_get_height (GTK_WIDGET (self)) / 2, 1, 1 };
}

static void
fill_menu (FoveaImagesPage *self)
{
  fill_concepts (self, self->label_menu, "win.label", "win.label-entry");
  fill_concepts (self, self->not_menu, "win.label-not", "win.label-not-entry");
}

void
fovea_images_page_popup_menu_at (FoveaImagesPage *self, double x, double y)
{
  double page_x, page_y;

  if (!gtk_widget_translate_coordinates (GTK_WIDGET (self->grid), GTK_WIDGET (self), x, y, &page_x, &page_y))
    return;
  fill_menu (self);
  popup_at (self, self->menu_popover, &(GdkRectangle) { (int) page_x, (int) page_y, 1, 1 });
}

void
fovea_images_page_popup_menu (FoveaImagesPage *self)
{
  GdkRectangle at;

  get_place (self, &at);
  fill_menu (self);
  popup_at (self, self->menu_popover, &at);
}

void
fovea_images_page_popup_split (FoveaImagesPage *self)
{
  GdkRectangle at;

  get_place (self, &at);
  popup_at (self, self->split_popover, &at);
}

/* Back to the picture, unless what was chosen asks for a concept. */
static void
on_closed (FoveaImagesPage *self)
{
  guint position = fovea_picture_selection_get_first (self->selection);

  if (gtk_widget_get_visible (GTK_WIDGET (self->label_popover)))
    return;
  fovea_images_page_focus_grid (self);
  if (position != GTK_INVALID_LIST_POSITION)
    fovea_images_page_focus_cell (self, position);
}

void
fovea_images_page_init_menu (FoveaImagesPage *self)
{
  self->menu_popover = gtk_popover_menu_new_from_model_full (G_MENU_MODEL (self->picture_menu), GTK_POPOVER_MENU_NESTED);
  gtk_popover_set_has_arrow (GTK_POPOVER (self->menu_popover), FALSE);
  gtk_widget_set_halign (self->menu_popover, GTK_ALIGN_START);
  gtk_widget_set_parent (self->menu_popover, GTK_WIDGET (self));
  self->split_popover = gtk_popover_menu_new_from_model (G_MENU_MODEL (self->split_menu));
  gtk_widget_set_parent (self->split_popover, GTK_WIDGET (self));
  g_signal_connect_swapped (self->menu_popover, "closed", G_CALLBACK (on_closed), self);
  g_signal_connect_swapped (self->split_popover, "closed", G_CALLBACK (on_closed), self);
}
