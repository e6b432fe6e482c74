/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/images-page-private.h"

#include <glib/gi18n.h>

/* ---- chips: what the grid is filtered by, each one removable ---- */

static void
on_concept_chip (GtkButton *chip, FoveaImagesPage *self)
{
  fovea_images_page_set_concept (self, NULL);
}

static void
on_unlabelled_chip (GtkButton *chip, FoveaImagesPage *self)
{
  fovea_images_page_set_unlabelled (self, FALSE);
}

static void
on_missing_chip (GtkButton *chip, FoveaImagesPage *self)
{
  fovea_images_page_set_missing (self, FALSE);
}

static void
on_text_chip (GtkButton *chip, FoveaImagesPage *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
  fovea_images_page_set_searching (self, FALSE);
}

static void
append_chip (FoveaImagesPage *self, const char *text, GCallback on_clicked)
{
  GtkWidget *chip = gtk_button_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *label = gtk_label_new (text);
  GtkWidget *icon = gtk_image_new_from_icon_name ("window-close-symbolic");
  /* Translators: takes away one of the conditions of what is shown, e.g. "Remove filter hat". */
  g_autofree char *name = g_strdup_printf (_("Remove filter %s"), text);

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 24);
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), icon);
  gtk_button_set_child (GTK_BUTTON (chip), box);
  gtk_widget_add_css_class (chip, "chip");
  gtk_widget_set_tooltip_text (chip, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (chip), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  g_signal_connect (chip, "clicked", on_clicked, self);
  gtk_box_append (self->chips, chip);
}

static void
update_chips (FoveaImagesPage *self)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->chips))) != NULL)
    gtk_box_remove (self->chips, child);
  if (self->concept != NULL)
    append_chip (self, fovea_concept_get_name (self->concept), G_CALLBACK (on_concept_chip));
  if (self->unlabelled)
    append_chip (self, _("Unlabelled"), G_CALLBACK (on_unlabelled_chip));
  if (self->missing)
    append_chip (self, _("File is missing"), G_CALLBACK (on_missing_chip));
  if (self->text[0] != '\0')
    {
      g_autofree char *quoted = g_strdup_printf (_("“%s”"), self->text);

      append_chip (self, quoted, G_CALLBACK (on_text_chip));
    }
  gtk_revealer_set_reveal_child (self->chips_revealer, gtk_widget_get_first_child (GTK_WIDGET (self->chips)) != NULL);
}

void
fovea_images_page_apply_filter (FoveaImagesPage *self)
{
  FoveaPictureFilter filter = {
    .text = self->text[0] != '\0' ? self->text : NULL,
    .concept_id = self->concept != NULL ? fovea_concept_get_id (self->concept) : 0,
    .unlabelled = self->unlabelled,
    .missing = self->missing,
  };

  if (self->list != NULL)
    fovea_picture_list_set_filter (self->list, &filter);
  update_chips (self);
  g_signal_emit_by_name (self, "filter-changed");
  fovea_page_title_changed (FOVEA_PAGE (self));
}

static void
on_search_changed (GtkSearchEntry *entry, FoveaImagesPage *self)
{
  const char *text = gtk_editable_get_text (GTK_EDITABLE (entry));

  if (g_str_equal (text, self->text))
    return;
  g_free (self->text);
  self->text = g_strdup (text);
  fovea_images_page_apply_filter (self);
}

static void
on_stop_search (GtkSearchEntry *entry, FoveaImagesPage *self)
{
  gtk_editable_set_text (GTK_EDITABLE (entry), "");
  fovea_images_page_set_searching (self, FALSE);
}

/* Return goes from the search to what it found. */
static void
on_search_activate (GtkSearchEntry *entry, FoveaImagesPage *self)
{
  fovea_images_page_focus_grid (self);
}

void
fovea_images_page_init_filter (FoveaImagesPage *self)
{
  self->text = g_strdup ("");
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  g_signal_connect (self->search_entry, "search-changed", G_CALLBACK (on_search_changed), self);
  g_signal_connect (self->search_entry, "stop-search", G_CALLBACK (on_stop_search), self);
  g_signal_connect (self->search_entry, "activate", G_CALLBACK (on_search_activate), self);
}

void
fovea_images_page_set_concept (FoveaImagesPage *self, FoveaConcept *concept)
{
  if (g_set_object (&self->concept, concept))
    fovea_images_page_apply_filter (self);
}

FoveaConcept *
fovea_images_page_get_concept (FoveaImagesPage *self)
{
  return self->concept;
}

void
fovea_images_page_set_unlabelled (FoveaImagesPage *self, gboolean unlabelled)
{
  if (self->unlabelled == unlabelled)
    return;
  self->unlabelled = unlabelled;
  fovea_images_page_apply_filter (self);
}

gboolean
fovea_images_page_get_unlabelled (FoveaImagesPage *self)
{
  return self->unlabelled;
}

void
fovea_images_page_set_missing (FoveaImagesPage *self, gboolean missing)
{
  if (self->missing == missing)
    return;
  self->missing = missing;
  fovea_images_page_apply_filter (self);
}

gboolean
fovea_images_page_get_missing (FoveaImagesPage *self)
{
  return self->missing;
}

void
fovea_images_page_set_order (FoveaImagesPage *self, FoveaPictureSort sort, gboolean descending)
{
  if (self->sort == sort && self->descending == descending)
    return;
  self->sort = sort;
  self->descending = descending;
  if (self->list != NULL)
    fovea_picture_list_set_sort (self->list, sort, descending);
}

void
fovea_images_page_clear_filters (FoveaImagesPage *self)
{
  g_clear_object (&self->concept);
  self->unlabelled = FALSE;
  self->missing = FALSE;
  g_free (self->text);
  self->text = g_strdup ("");
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), "");
  gtk_search_bar_set_search_mode (self->search_bar, FALSE);
  fovea_images_page_apply_filter (self);
}

void
fovea_images_page_set_searching (FoveaImagesPage *self, gboolean searching)
{
  gtk_search_bar_set_search_mode (self->search_bar, searching);
  if (searching)
    gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
  else
    fovea_images_page_focus_grid (self);
}

GtkWidget *
fovea_images_page_get_search_bar (FoveaImagesPage *self)
{
  return GTK_WIDGET (self->search_bar);
}
