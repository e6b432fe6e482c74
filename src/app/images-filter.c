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
dup_labelled (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->labelled ? g_strdup (_("Labelled")) : NULL;
}

static void
clear_labelled (FoveaPictureFilter *filter)
{
  filter->labelled = FALSE;
}

/* "Doubt 40–80 %", NULL when neither bounds it. */
static char *
dup_range (const char *what, double min, double max)
{
  if (min <= 0.0 && max <= 0.0)
    return NULL;
  if (max <= 0.0)
    return g_strdup_printf (_("%s ≥ %.0f %%"), what, min * 100.0);
  if (min <= 0.0)
    return g_strdup_printf (_("%s ≤ %.0f %%"), what, max * 100.0);
  return g_strdup_printf (_("%s %.0f–%.0f %%"), what, min * 100.0, max * 100.0);
}

static char *
dup_doubt (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return dup_range (_("Doubt"), filter->min_doubt, filter->max_doubt);
}

static void
clear_doubt (FoveaPictureFilter *filter)
{
  filter->min_doubt = filter->max_doubt = 0.0;
}

static char *
dup_value (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return dup_range (_("Probability"), filter->min_value, filter->max_value);
}

static void
clear_value (FoveaPictureFilter *filter)
{
  filter->min_value = filter->max_value = 0.0;
}

static char *
dup_duplicates (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->duplicates ? g_strdup (_("Duplicates")) : NULL;
}

static void
clear_duplicates (FoveaPictureFilter *filter)
{
  filter->duplicates = FALSE;
}

static char *
dup_disagreeing (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->disagreeing ? g_strdup (_("Suggestion says otherwise")) : NULL;
}

static void
clear_disagreeing (FoveaPictureFilter *filter)
{
  filter->disagreeing = FALSE;
}

static char *
dup_pending (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->embedding_pending ? g_strdup (_("Not looked at yet")) : NULL;
}

static void
clear_pending (FoveaPictureFilter *filter)
{
  filter->embedding_pending = FALSE;
}

static char *
dup_ids (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  return filter->ids != NULL ? g_strdup (self->ids_name) : NULL;
}

static void
clear_ids (FoveaPictureFilter *filter)
{
  filter->ids = NULL;
  filter->n_ids = 0;
}

static char *
dup_field (FoveaImagesPage *self, const FoveaPictureFilter *filter)
{
  const char *name = self->field_name != NULL ? self->field_name : "";

  switch (filter->field_id != 0 ? filter->field_test : FOVEA_PICTURE_FIELD_ANY)
    {
    case FOVEA_PICTURE_FIELD_EQUALS: return g_strdup_printf (_("%s is %s"), name, filter->field_text);
    case FOVEA_PICTURE_FIELD_CONTAINS: return g_strdup_printf (_("%s has %s"), name, filter->field_text);
    case FOVEA_PICTURE_FIELD_RANGE: return g_strdup_printf (_("%s %g–%g"), name, filter->field_min, filter->field_max);
    case FOVEA_PICTURE_FIELD_SET: return g_strdup_printf (_("%s is given"), name);
    case FOVEA_PICTURE_FIELD_ANY:
    default: return NULL;
    }
}

static void
clear_field (FoveaPictureFilter *filter)
{
  filter->field_id = 0;
  filter->field_test = FOVEA_PICTURE_FIELD_ANY;
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
  { dup_ids, clear_ids },
  { dup_concept, clear_concept },
  { dup_not, clear_not },
  { dup_predicted, clear_predicted },
  { dup_unlabelled, clear_unlabelled },
  { dup_labelled, clear_labelled },
  { dup_value, clear_value },
  { dup_doubt, clear_doubt },
  { dup_disagreeing, clear_disagreeing },
  { dup_split, clear_split },
  { dup_state, clear_state },
  { dup_duplicates, clear_duplicates },
  { dup_missing, clear_missing },
  { dup_pending, clear_pending },
  { dup_field, clear_field },
  { dup_text, clear_text },
};

/* What the order's chip says; NULL for the usual order. */
static char *
dup_order (FoveaImagesPage *self)
{
  const char *concept = self->sort == FOVEA_PICTURE_SORT_CERTAIN ? get_concept_name (self, self->about) : NULL;

  switch (self->sort)
    {
    case FOVEA_PICTURE_SORT_NAME: return g_strdup (self->descending ? _("By name, reversed") : _("By name"));
    case FOVEA_PICTURE_SORT_DOUBT: return g_strdup (self->descending ? _("Least doubtful first") : _("Most doubtful first"));
    case FOVEA_PICTURE_SORT_USEFUL: return g_strdup (_("Most useful first"));
    case FOVEA_PICTURE_SORT_CERTAIN:
      if (concept != NULL)
        return g_strdup_printf (self->descending ? _("Least like %s first") : _("Most like %s first"), concept);
      return g_strdup (self->descending ? _("Least certain first") : _("Most certain first"));
    case FOVEA_PICTURE_SORT_SIMILAR: return g_strdup_printf (_("Similar to %s"), self->about_name);
    case FOVEA_PICTURE_SORT_LABEL_ERROR: return g_strdup (_("Likely label errors first"));
    case FOVEA_PICTURE_SORT_ADDED:
    default: return self->descending ? g_strdup (_("Newest first")) : NULL;
    }
}

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
on_order_chip (GtkWidget *chip, FoveaImagesPage *self)
{
  fovea_images_page_set_order (self, FOVEA_PICTURE_SORT_ADDED, 0, FALSE);
  fovea_images_page_focus_grid (self);
}

/* @condition NULL: the order. */
static void
append_chip (FoveaImagesPage *self, const Condition *condition, const char *text)
{
  GtkWidget *chip = gtk_button_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *label = gtk_label_new (text);
  GtkWidget *icon = gtk_image_new_from_icon_name ("window-close-symbolic");
  /* Translators: takes away one of the conditions of what is shown, e.g. "Remove filter hat". */
  g_autofree char *name = g_strdup_printf (condition != NULL ? _("Remove filter %s") : _("Remove order %s"), text);

  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 24);
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

static void
update_chips (FoveaImagesPage *self)
{
  g_autofree char *order = dup_order (self);
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->chips))) != NULL)
    gtk_box_remove (self->chips, child);
  for (guint i = 0; i < G_N_ELEMENTS (conditions); i++)
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

/* Everything that says what is shown, and in which order. */
static void
show_view (FoveaImagesPage *self)
{
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
fovea_images_page_show_pictures (FoveaImagesPage *self, GArray *ids, const char *what)
{
  const gint64 none = 0;
  const FoveaPictureFilter filter = { .ids = ids->len > 0 ? (const gint64 *) (gpointer) ids->data : &none, .n_ids = ids->len };

  replace (&self->ids_name, what);
  fovea_images_page_set_filter (self, &filter);
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
