/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/images-page-private.h"

#include <glib/gi18n.h>

#define CONDITION_KEY "fovea-condition"

/* ---- chips: what the grid is filtered by, each one removable ---- */

static void
on_chip (GtkWidget *chip, FoveaImagesPage *self)
{
  const FoveaCondition *condition = g_object_get_data (G_OBJECT (chip), CONDITION_KEY);
  FoveaPictureFilter filter = self->filter;

  condition->clear (&filter);
  fovea_images_page_set_filter (self, &filter);
  fovea_images_page_focus_grid (self);
}

static void
on_order_chip (GtkWidget *chip, FoveaImagesPage *self)
{
  fovea_images_page_set_order (self, FOVEA_PICTURE_SORT_ADDED, 0, FALSE);
  fovea_images_page_focus_grid (self);
}

/* @condition NULL: the order. */
static void
append_chip (FoveaImagesPage *self, const FoveaCondition *condition, const char *text)
{
  GtkWidget *chip = gtk_button_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *label = gtk_label_new (text);
  GtkWidget *icon = gtk_image_new_from_icon_name ("window-close-symbolic");
  /* Translators: takes away one of the conditions of what is shown, e.g. "Remove filter hat". */
  g_autofree char *name = g_strdup_printf (condition != NULL ? _("Remove filter %s") : _("Remove order %s"), text);

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 48);
  if (condition == NULL)
    gtk_box_append (GTK_BOX (box), gtk_image_new_from_icon_name ("view-sort-descending-symbolic"));
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), icon);
  gtk_button_set_child (GTK_BUTTON (chip), box);
  gtk_widget_add_css_class (chip, "chip");
  gtk_widget_set_tooltip_text (chip, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (chip), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  g_object_set_data (G_OBJECT (chip), CONDITION_KEY, (gpointer) condition);
  g_signal_connect (chip, "clicked", condition != NULL ? G_CALLBACK (on_chip) : G_CALLBACK (on_order_chip), self);
  gtk_box_append (self->chips, chip);
}

FoveaPage *
fovea_images_page_get_from (FoveaImagesPage *self)
{
  return self->filter.ids != NULL ? self->from : NULL;
}

/* Before the chips: to the number that the pictures are of. */
static void
append_way_back (FoveaImagesPage *self, FoveaPage *from)
{
  GtkWidget *button = gtk_button_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  const char *title = fovea_page_get_title (from);
  /* Translators: %s is a page, "Models". */
  g_autofree char *name = g_strdup_printf (_("Back to %s (Alt+Left)"), title);

  gtk_box_append (GTK_BOX (box), gtk_image_new_from_icon_name ("go-previous-symbolic"));
  gtk_box_append (GTK_BOX (box), gtk_label_new (title));
  gtk_button_set_child (GTK_BUTTON (button), box);
  gtk_widget_add_css_class (button, "flat");
  gtk_widget_add_css_class (button, "chip");
  gtk_widget_set_tooltip_text (button, name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (button), "win.back");
  gtk_box_append (self->chips, button);
}

static void
update_chips (FoveaImagesPage *self)
{
  g_autofree char *order = fovea_images_page_dup_order_text (self);
  guint n;
  const FoveaCondition *conditions = fovea_images_page_get_conditions (&n);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->chips))) != NULL)
    gtk_box_remove (self->chips, child);
  if (fovea_images_page_get_from (self) != NULL)
    append_way_back (self, fovea_images_page_get_from (self));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *text = conditions[i].dup_text (self, &self->filter);

      if (text != NULL)
        append_chip (self, &conditions[i], text);
    }
  if (order != NULL)
    append_chip (self, NULL, order);
  gtk_revealer_set_reveal_child (self->chips_revealer, gtk_widget_get_first_child (GTK_WIDGET (self->chips)) != NULL);
}

/* ---- the filter ---- */

const FoveaPictureFilter *
fovea_images_page_get_filter (FoveaImagesPage *self)
{
  return &self->filter;
}

/* A person's word stands alone, but where it is compared with the suggestions. */
gboolean
fovea_images_page_shows_other_opinions (FoveaImagesPage *self)
{
  return self->filter.disagreeing || self->filter.predicted_id != 0 || self->sort == FOVEA_PICTURE_SORT_LABEL_ERROR;
}

static void
update_cells (FoveaImagesPage *self)
{
  gboolean shows = fovea_images_page_shows_other_opinions (self);
  GHashTableIter iter;
  gpointer cell;

  g_hash_table_iter_init (&iter, self->cells);
  while (g_hash_table_iter_next (&iter, &cell, NULL))
    {
      fovea_picture_cell_set_shows_other_opinions (cell, shows);
      fovea_images_page_show_opinion (self, cell);
    }
}

/* Everything that says what is shown, and in which order. */
static void
show_view (FoveaImagesPage *self)
{
  update_cells (self);
  update_chips (self);
  fovea_concept_band_set_concept (self->band, fovea_images_page_get_concept (self), &self->filter, self->sort);
  g_signal_emit_by_name (self, "filter-changed");
  fovea_page_title_changed (FOVEA_PAGE (self));
}

void
fovea_images_page_apply_filter (FoveaImagesPage *self)
{
  self->anchor = GTK_INVALID_LIST_POSITION;
  fovea_picture_list_set_filter (self->list, &self->filter);
  show_view (self);
}

static void
replace (char **text, const char *with)
{
  char *copy = g_strdup (with);

  g_free (*text);
  *text = copy;
}

static void
take_ids (FoveaImagesPage *self, FoveaPictureFilter *filter)
{
  GArray *ids = NULL;

  if (filter->ids != NULL && (self->ids == NULL || filter->ids != (const gint64 *) (gpointer) self->ids->data))
    {
      ids = g_array_sized_new (FALSE, FALSE, sizeof (gint64), (guint) MAX (filter->n_ids, 1));
      g_array_append_vals (ids, filter->ids, (guint) filter->n_ids);
      g_clear_weak_pointer (&self->from);
    }
  else if (filter->ids != NULL)
    ids = g_array_ref (self->ids);
  g_clear_pointer (&self->ids, g_array_unref);
  self->ids = ids;
  filter->ids = ids != NULL ? (const gint64 *) (gpointer) ids->data : NULL;
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
  replace (&self->field_text, now.field_text);
  take_ids (self, &now);
  now.text = self->text;
  now.split = self->split;
  now.field_text = self->field_text;
  if (now.ids == NULL)
    g_clear_object (&self->opinions);
  self->filter = now;
  show_text (self);
  fovea_images_page_apply_filter (self);
}

/* Other pictures from their beginning, and not in an order that belonged to another task. */
static void
start_anew (FoveaImagesPage *self)
{
  if (self->sort == FOVEA_PICTURE_SORT_CERTAIN || self->sort == FOVEA_PICTURE_SORT_USEFUL || self->sort == FOVEA_PICTURE_SORT_SIMILAR)
    fovea_images_page_set_order (self, FOVEA_PICTURE_SORT_ADDED, 0, FALSE);
  fovea_images_page_scroll_to_top (self);
}

void
fovea_images_page_clear_filters (FoveaImagesPage *self)
{
  const FoveaPictureFilter all = { 0 };

  fovea_images_page_set_filter (self, &all);
  start_anew (self);
  gtk_search_bar_set_search_mode (self->search_bar, FALSE);
}

void
fovea_images_page_set_concept (FoveaImagesPage *self, FoveaConcept *concept)
{
  fovea_images_page_show_concept (self, concept, FOVEA_CONCEPT_VIEW_LABELLED);
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
  start_anew (self);
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
fovea_images_page_show_pictures (FoveaImagesPage *self, GArray *ids, const char *what, FoveaOpinions *opinions, FoveaPage *from)
{
  const gint64 none = 0;
  const FoveaPictureFilter filter = { .ids = ids->len > 0 ? (const gint64 *) (gpointer) ids->data : &none, .n_ids = ids->len };

  replace (&self->ids_name, what);
  g_set_object (&self->opinions, opinions);
  fovea_images_page_set_filter (self, &filter);
  g_set_weak_pointer (&self->from, from);
  update_chips (self);
  start_anew (self);
}

void
fovea_images_page_set_field_filter (FoveaImagesPage *self, const FoveaPictureFilter *filter, const char *field_name)
{
  replace (&self->field_name, field_name);
  fovea_images_page_set_filter (self, filter);
}

/* ---- order ---- */

void
fovea_images_page_set_order (FoveaImagesPage *self, FoveaPictureSort sort, gint64 about, gboolean descending)
{
  if (self->sort == sort && self->about == about && self->descending == descending)
    return;
  self->sort = sort;
  self->about = about;
  self->descending = descending;
  /* A queue that a person walks through stays as it is until it is asked for again: every label would mix it anew. */
  fovea_picture_list_set_follows_suggestions (self->list, sort != FOVEA_PICTURE_SORT_USEFUL);
  fovea_picture_list_set_sort_about (self->list, sort, about, descending);
  show_view (self);
}

FoveaPictureSort
fovea_images_page_get_order (FoveaImagesPage *self, gint64 *ret_about, gboolean *ret_descending)
{
  *ret_about = self->about;
  *ret_descending = self->descending;
  return self->sort;
}

void
fovea_images_page_show_similar (FoveaImagesPage *self)
{
  guint position;
  g_autoptr (FoveaPicture) picture = fovea_images_page_dup_current (self, &position);
  g_autofree char *name = picture != NULL ? fovea_picture_dup_name (picture) : NULL;

  if (picture == NULL)
    return;
  replace (&self->about_name, name);
  fovea_images_page_set_order (self, FOVEA_PICTURE_SORT_SIMILAR, fovea_picture_get_id (picture), FALSE);
  fovea_images_page_scroll_to_top (self);
}

void
fovea_images_page_show_useful (FoveaImagesPage *self)
{
  const FoveaPictureFilter filter = { .unlabelled = TRUE };

  fovea_images_page_set_filter (self, &filter);
  fovea_images_page_set_order (self, FOVEA_PICTURE_SORT_USEFUL, 0, FALSE);
  fovea_images_page_scroll_to_top (self);
  fovea_images_page_focus_grid (self);
}

void
fovea_images_page_show_concept (FoveaImagesPage *self, FoveaConcept *concept, FoveaConceptView view)
{
  gint64 id = fovea_concept_get_id (concept);
  const FoveaPictureFilter filters[] = {
    [FOVEA_CONCEPT_VIEW_LABELLED] = { .concept_id = id },
    [FOVEA_CONCEPT_VIEW_NOT] = { .not_concept_id = id },
    [FOVEA_CONCEPT_VIEW_SUGGESTED] = { .predicted_id = id, .unlabelled = TRUE },
    [FOVEA_CONCEPT_VIEW_MOST_CERTAIN] = { .concept_id = id },
    [FOVEA_CONCEPT_VIEW_LEAST_CERTAIN] = { .concept_id = id },
  };
  gboolean certain = view != FOVEA_CONCEPT_VIEW_LABELLED && view != FOVEA_CONCEPT_VIEW_NOT;

  fovea_images_page_set_filter (self, &filters[view]);
  if (certain)
    fovea_images_page_set_order (self, FOVEA_PICTURE_SORT_CERTAIN, id, view == FOVEA_CONCEPT_VIEW_LEAST_CERTAIN);
  else
    start_anew (self);
  fovea_images_page_scroll_to_top (self);
  fovea_images_page_focus_grid (self);
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
