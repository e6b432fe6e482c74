/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/images-page-private.h"

#include <glib/gi18n.h>

#include "app/split-list.h"

#define CONDITION_KEY "fovea-condition"

/* One condition of a filter. @dup_text: what its chip says, NULL while it does not hold. */
typedef struct {
  char *(*dup_text) (FoveaImagesPage *self, const FoveaPictureFilter *filter);
  void (*clear) (FoveaPictureFilter *filter);
} Condition;

static const char *
get_concept_name (FoveaImagesPage *self, gint64 id)
{
  FoveaConcept *concept = id != 0 ? fovea_concept_list_lookup (fovea_project_get_concepts (self->project), id) : NULL;

  return concept != NULL ? fovea_concept_get_name (concept) : NULL;
}

static char *
dup_concept (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return g_strdup (get_concept_name (self, filter->concept_id));
}

static void
clear_concept (FoveaPictureFilter *filter)
{
  filter->concept_id = 0;
}

static char *
dup_not (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  const char *name = get_concept_name (self, filter->not_concept_id);

  return name != NULL ? g_strdup_printf (_("not %s"), name) : NULL;
}

static void
clear_not (FoveaPictureFilter *filter)
{
  filter->not_concept_id = 0;
}

static char *
dup_predicted (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  const char *name = get_concept_name (self, filter->predicted_id);

  return name != NULL ? g_strdup_printf (_("Predicted %s"), name) : NULL;
}

static void
clear_predicted (FoveaPictureFilter *filter)
{
  filter->predicted_id = 0;
}

static char *
dup_unlabelled (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->unlabelled ? g_strdup (_("Unlabelled")) : NULL;
}

static void
clear_unlabelled (FoveaPictureFilter *filter)
{
  filter->unlabelled = FALSE;
}

static char *
dup_doubt (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->min_doubt > 0.0 ? g_strdup_printf (_("Doubt over %.0f %%"), filter->min_doubt * 100.0) : NULL;
}

static void
clear_doubt (FoveaPictureFilter *filter)
{
  filter->min_doubt = 0.0;
}

static char *
dup_split (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->split != NULL ? fovea_split_dup_title (filter->split) : NULL;
}

static void
clear_split (FoveaPictureFilter *filter)
{
  filter->split = NULL;
}

static char *
dup_state (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  static const char *const names[] = { N_("Untouched"), N_("In progress"), N_("Complete") };

  return filter->state > 0 ? g_strdup (_(names[filter->state - 1])) : NULL;
}

static void
clear_state (FoveaPictureFilter *filter)
{
  filter->state = 0;
}

static char *
dup_missing (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->missing ? g_strdup (_("File is missing")) : NULL;
}

static void
clear_missing (FoveaPictureFilter *filter)
{
  filter->missing = FALSE;
}

static char *
dup_text (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->text != NULL ? g_strdup_printf (_("“%s”"), filter->text) : NULL;
}

static void
clear_text (FoveaPictureFilter *filter)
{
  filter->text = NULL;
}

static const Condition conditions[] = {
  { dup_concept, clear_concept },       { dup_not, clear_not },     { dup_predicted, clear_predicted },
  { dup_unlabelled, clear_unlabelled }, { dup_doubt, clear_doubt }, { dup_split, clear_split },
  { dup_state, clear_state },           { dup_missing, clear_missing }, { dup_text, clear_text },
};

/* ---- chips: what the grid is filtered by, each one removable ---- */

static void
on_chip (GtkWidget *chip, FoveaImagesPage *self)
{
  const Condition *condition = g_object_get_data (G_OBJECT (chip), CONDITION_KEY);
  FoveaPictureFilter filter = self->filter;

  condition->clear (&filter);
  fovea_images_page_set_filter (self, &filter);
  fovea_images_page_focus_grid (self);
}

static void
append_chip (FoveaImagesPage *self, const Condition *condition, const char *text)
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
  g_object_set_data (G_OBJECT (chip), CONDITION_KEY, (gpointer) condition);
  g_signal_connect (chip, "clicked", G_CALLBACK (on_chip), self);
  gtk_box_append (self->chips, chip);
}

static void
update_chips (FoveaImagesPage *self)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->chips))) != NULL)
    gtk_box_remove (self->chips, child);
  for (guint i = 0; i < G_N_ELEMENTS (conditions); i++)
    {
      g_autofree char *text = conditions[i].dup_text (self, &self->filter);

      if (text != NULL)
        append_chip (self, &conditions[i], text);
    }
  gtk_revealer_set_reveal_child (self->chips_revealer, gtk_widget_get_first_child (GTK_WIDGET (self->chips)) != NULL);
}

/* ---- the filter ---- */

const FoveaPictureFilter *
fovea_images_page_get_filter (FoveaImagesPage *self)
{
  return &self->filter;
}

void
fovea_images_page_apply_filter (FoveaImagesPage *self)
{
  self->anchor = GTK_INVALID_LIST_POSITION;
  fovea_picture_list_set_filter (self->list, &self->filter);
  update_chips (self);
  g_signal_emit_by_name (self, "filter-changed");
  fovea_page_title_changed (FOVEA_PAGE (self));
}

static void
replace (char **text, const char *with)
{
  char *copy = g_strdup (with);

  g_free (*text);
  *text = copy;
}

/* The entry is where the text is typed, and where it goes when its chip is removed. */
static void
show_text (FoveaImagesPage *self)
{
  const char *shown = gtk_editable_get_text (GTK_EDITABLE (self->search_entry)), *text = self->text != NULL ? self->text : "";

  if (g_str_equal (shown, text))
    return;
  gtk_editable_set_text (GTK_EDITABLE (self->search_entry), text);
  gtk_search_bar_set_search_mode (self->search_bar, text[0] != '\0');
}

void
fovea_images_page_set_filter (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  FoveaPictureFilter now = *filter;

  replace (&self->text, now.text != NULL && now.text[0] != '\0' ? now.text : NULL);
  replace (&self->split, now.split);
  now.text = self->text;
  now.split = self->split;
  self->filter = now;
  show_text (self);
  fovea_images_page_apply_filter (self);
}

void
fovea_images_page_clear_filters (FoveaImagesPage *self)
{
  const FoveaPictureFilter all = { 0 };

  fovea_images_page_set_filter (self, &all);
  gtk_search_bar_set_search_mode (self->search_bar, FALSE);
}

void
fovea_images_page_set_concept (FoveaImagesPage *self, FoveaConcept *concept)
{
  const FoveaPictureFilter filter = { .concept_id = fovea_concept_get_id (concept) };

  fovea_images_page_set_filter (self, &filter);
}

FoveaConcept *
fovea_images_page_get_concept (FoveaImagesPage *self)
{
  const FoveaPictureFilter *filter = &self->filter;
  gint64 id = filter->concept_id != 0 ? filter->concept_id : filter->not_concept_id != 0 ? filter->not_concept_id : filter->predicted_id;

  return id != 0 ? fovea_concept_list_lookup (fovea_project_get_concepts (self->project), id) : NULL;
}

void
fovea_images_page_set_split (FoveaImagesPage *self, const char *split)
{
  const FoveaPictureFilter filter = { .split = split };

  fovea_images_page_set_filter (self, &filter);
}

void
fovea_images_page_forget_gone_concepts (FoveaImagesPage *self)
{
  FoveaConceptList *concepts = fovea_project_get_concepts (self->project);
  FoveaPictureFilter filter = self->filter;
  gint64 *ids[] = { &filter.concept_id, &filter.not_concept_id, &filter.predicted_id };
  gboolean gone = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    if (*ids[i] != 0 && fovea_concept_list_lookup (concepts, *ids[i]) == NULL)
      {
        *ids[i] = 0;
        gone = TRUE;
      }
  if (gone)
    fovea_images_page_set_filter (self, &filter);
}

void
fovea_images_page_set_order (FoveaImagesPage *self, FoveaPictureSort sort, gboolean descending)
{
  if (self->sort == sort && self->descending == descending)
    return;
  self->sort = sort;
  self->descending = descending;
  fovea_picture_list_set_sort (self->list, sort, descending);
}

/* ---- search ---- */

static void
on_search_changed (GtkSearchEntry *entry, FoveaImagesPage *self)
{
  FoveaPictureFilter filter = self->filter;

  filter.text = gtk_editable_get_text (GTK_EDITABLE (entry));
  if (!g_str_equal (filter.text, self->text != NULL ? self->text : ""))
    fovea_images_page_set_filter (self, &filter);
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
  gtk_search_bar_connect_entry (self->search_bar, GTK_EDITABLE (self->search_entry));
  g_signal_connect (self->search_entry, "search-changed", G_CALLBACK (on_search_changed), self);
  g_signal_connect (self->search_entry, "stop-search", G_CALLBACK (on_stop_search), self);
  g_signal_connect (self->search_entry, "activate", G_CALLBACK (on_search_activate), self);
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
