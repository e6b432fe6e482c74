/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/filter-popover.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "app/split-list.h"
#include "engine/field.h"

/* Lists that are longer can be searched. */
#define SEARCH_FROM 9

struct _FoveaFilterPopover {
  GtkPopover parent_instance;
  FoveaImagesPage *page;
  FoveaProject *project;
  gboolean reading; /* the widgets follow the filter, not the other way round */
  GPtrArray *splits; /* char *, as in the drop-down, without "Any" */
  GPtrArray *fields; /* (nullable) FoveaField */

  GtkDropDown *order, *order_about, *labels, *concept, *not_concept, *predicted, *split, *state, *field;
  GtkWidget *order_about_label, *field_label, *field_box;
  GtkCheckButton *reversed, *duplicates, *missing, *disagreeing, *pending;
  GtkSpinButton *min_value, *max_value, *min_doubt, *max_doubt;
  GtkEditable *field_entry;
};

G_DEFINE_FINAL_TYPE (FoveaFilterPopover, fovea_filter_popover, GTK_TYPE_POPOVER)

/* As in the drop-down "order". */
static const FoveaPictureSort orders[] = {
  FOVEA_PICTURE_SORT_ADDED,   FOVEA_PICTURE_SORT_NAME,    FOVEA_PICTURE_SORT_DOUBT,      FOVEA_PICTURE_SORT_USEFUL,
  FOVEA_PICTURE_SORT_CERTAIN, FOVEA_PICTURE_SORT_SIMILAR, FOVEA_PICTURE_SORT_LABEL_ERROR,
};

/* ---- what the drop-downs hold ---- */

static void
set_names (GtkDropDown *drop_down, GtkStringList *names)
{
  gtk_drop_down_set_model (drop_down, G_LIST_MODEL (names));
  gtk_drop_down_set_enable_search (drop_down, g_list_model_get_n_items (G_LIST_MODEL (names)) > SEARCH_FROM);
}

static void
fill_concepts (FoveaFilterPopover *self, GtkDropDown *drop_down)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);

  gtk_string_list_append (names, _("Any"));
  for (guint i = 0; i < g_list_model_get_n_items (concepts); i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);

      gtk_string_list_append (names, fovea_concept_get_name (concept));
    }
  set_names (drop_down, names);
}

static gint64
get_concept (FoveaFilterPopover *self, GtkDropDown *drop_down)
{
  guint i = gtk_drop_down_get_selected (drop_down);
  g_autoptr (FoveaConcept) concept = NULL;

  if (i == 0 || i == GTK_INVALID_LIST_POSITION)
    return 0;
  concept = g_list_model_get_item (G_LIST_MODEL (fovea_project_get_concepts (self->project)), i - 1);
  return concept != NULL ? fovea_concept_get_id (concept) : 0;
}

static void
show_concept (FoveaFilterPopover *self, GtkDropDown *drop_down, gint64 id)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));
  guint selected = 0;

  fill_concepts (self, drop_down);
  for (guint i = 0; id != 0 && i < g_list_model_get_n_items (concepts); i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);

      if (fovea_concept_get_id (concept) == id)
        selected = i + 1;
    }
  gtk_drop_down_set_selected (drop_down, selected);
}

static void
show_splits (FoveaFilterPopover *self)
{
  const char *split = fovea_images_page_get_filter (self->page)->split;
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint selected = 0;

  gtk_string_list_append (names, _("Any"));
  for (guint i = 0; i < self->splits->len; i++)
    {
      g_autofree char *title = fovea_split_dup_title (g_ptr_array_index (self->splits, i));

      gtk_string_list_append (names, title);
      if (g_strcmp0 (split, g_ptr_array_index (self->splits, i)) == 0)
        selected = i + 1;
    }
  set_names (self->split, names);
  gtk_drop_down_set_selected (self->split, selected);
}

static void
show_fields (FoveaFilterPopover *self)
{
  const FoveaPictureFilter *filter = fovea_images_page_get_filter (self->page);
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint n = self->fields != NULL ? self->fields->len : 0, selected = 0;

  gtk_string_list_append (names, _("Any"));
  for (guint i = 0; i < n; i++)
    {
      const FoveaField *field = g_ptr_array_index (self->fields, i);

      gtk_string_list_append (names, field->name);
      if (field->id == filter->field_id)
        selected = i + 1;
    }
  set_names (self->field, names);
  gtk_drop_down_set_selected (self->field, selected);
  gtk_widget_set_visible (self->field_label, n > 0);
  gtk_widget_set_visible (self->field_box, n > 0);
}

static void
on_fields (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaFilterPopover) self = data;
  g_autoptr (GPtrArray) fields = fovea_project_list_fields_finish (FOVEA_PROJECT (source), result, NULL);

  if (fields == NULL || self->project == NULL)
    return;
  g_clear_pointer (&self->fields, g_ptr_array_unref);
  self->fields = g_steal_pointer (&fields);
  self->reading = TRUE;
  show_fields (self);
  self->reading = FALSE;
}

static void
take_splits (FoveaFilterPopover *self, GPtrArray *counts)
{
  static const char *const usual[] = { "train", "validation", "test", "" };

  g_ptr_array_set_size (self->splits, 0);
  for (guint i = 0; i < G_N_ELEMENTS (usual); i++)
    g_ptr_array_add (self->splits, g_strdup (usual[i]));
  for (guint i = 0; counts != NULL && i < counts->len; i++)
    {
      const char *name = ((FoveaSplitCount *) g_ptr_array_index (counts, i))->name;

      if (!g_ptr_array_find_with_equal_func (self->splits, name, g_str_equal, NULL))
        g_ptr_array_add (self->splits, g_strdup (name));
    }
}

static void
on_splits (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaFilterPopover) self = data;
  g_autoptr (GPtrArray) counts = fovea_project_count_splits_finish (FOVEA_PROJECT (source), result, NULL);

  if (counts == NULL || self->project == NULL)
    return;
  take_splits (self, counts);
  self->reading = TRUE;
  show_splits (self);
  self->reading = FALSE;
}

/* ---- from the page to the widgets ---- */

static void
show_percent (GtkSpinButton *spin, double value, double none)
{
  gtk_spin_button_set_value (spin, value > 0.0 ? value * 100.0 : none);
}

static void
show_order (FoveaFilterPopover *self)
{
  gboolean descending;
  gint64 about;
  FoveaPictureSort sort = fovea_images_page_get_order (self->page, &about, &descending);

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    if (orders[i] == sort)
      gtk_drop_down_set_selected (self->order, i);
  show_concept (self, self->order_about, sort == FOVEA_PICTURE_SORT_CERTAIN ? about : 0);
  gtk_check_button_set_active (self->reversed, descending);
  gtk_widget_set_visible (GTK_WIDGET (self->order_about), sort == FOVEA_PICTURE_SORT_CERTAIN);
  gtk_widget_set_visible (self->order_about_label, sort == FOVEA_PICTURE_SORT_CERTAIN);
}

static void
read_page (FoveaFilterPopover *self)
{
  const FoveaPictureFilter *filter = fovea_images_page_get_filter (self->page);

  self->reading = TRUE;
  show_order (self);
  gtk_drop_down_set_selected (self->labels, filter->unlabelled ? 1 : filter->labelled ? 2 : 0);
  show_concept (self, self->concept, filter->concept_id);
  show_concept (self, self->not_concept, filter->not_concept_id);
  show_concept (self, self->predicted, filter->predicted_id);
  show_percent (self->min_value, filter->min_value, 0.0);
  show_percent (self->max_value, filter->max_value, 100.0);
  show_percent (self->min_doubt, filter->min_doubt, 0.0);
  show_percent (self->max_doubt, filter->max_doubt, 100.0);
  show_splits (self);
  gtk_drop_down_set_selected (self->state, (guint) filter->state);
  show_fields (self);
  gtk_check_button_set_active (self->duplicates, filter->duplicates);
  gtk_check_button_set_active (self->missing, filter->missing);
  gtk_check_button_set_active (self->disagreeing, filter->disagreeing);
  gtk_check_button_set_active (self->pending, filter->embedding_pending);
  self->reading = FALSE;
}

/* ---- from the widgets to the page ---- */

static double
get_percent (GtkSpinButton *spin, double none)
{
  double value = gtk_spin_button_get_value (spin);

  return fabs (value - none) < 0.5 ? 0.0 : MAX (value / 100.0, 1e-9);
}

/* What is typed of a field: "12", "10-20", a part of a text. */
static void
take_field (FoveaFilterPopover *self, FoveaPictureFilter *filter)
{
  guint i = gtk_drop_down_get_selected (self->field);
  const FoveaField *field = self->fields != NULL && i > 0 && i - 1 < self->fields->len ? g_ptr_array_index (self->fields, i - 1) : NULL;
  char *end;

  filter->field_id = field != NULL ? field->id : 0;
  filter->field_test = FOVEA_PICTURE_FIELD_ANY;
  if (field == NULL)
    return;
  filter->field_text = gtk_editable_get_text (self->field_entry);
  if (filter->field_text[0] == '\0')
    filter->field_test = FOVEA_PICTURE_FIELD_SET;
  else if (field->kind == FOVEA_FIELD_TEXT)
    filter->field_test = FOVEA_PICTURE_FIELD_CONTAINS;
  else
    {
      filter->field_test = FOVEA_PICTURE_FIELD_RANGE;
      filter->field_min = filter->field_max = g_strtod (filter->field_text, &end);
      end += strspn (end, " –-…");
      if (*end != '\0')
        filter->field_max = g_strtod (end, NULL);
    }
}

static void
on_changed (FoveaFilterPopover *self)
{
  FoveaPictureFilter filter = *fovea_images_page_get_filter (self->page);
  guint labels = gtk_drop_down_get_selected (self->labels), split = gtk_drop_down_get_selected (self->split), field;

  if (self->reading)
    return;
  filter.unlabelled = labels == 1;
  filter.labelled = labels == 2;
  filter.concept_id = get_concept (self, self->concept);
  filter.not_concept_id = get_concept (self, self->not_concept);
  filter.predicted_id = get_concept (self, self->predicted);
  filter.min_value = get_percent (self->min_value, 0.0);
  filter.max_value = get_percent (self->max_value, 100.0);
  filter.min_doubt = get_percent (self->min_doubt, 0.0);
  filter.max_doubt = get_percent (self->max_doubt, 100.0);
  filter.split = split > 0 && split - 1 < self->splits->len ? g_ptr_array_index (self->splits, split - 1) : NULL;
  filter.state = (int) gtk_drop_down_get_selected (self->state);
  filter.duplicates = gtk_check_button_get_active (self->duplicates);
  filter.missing = gtk_check_button_get_active (self->missing);
  filter.disagreeing = gtk_check_button_get_active (self->disagreeing);
  filter.embedding_pending = gtk_check_button_get_active (self->pending);
  take_field (self, &filter);
  field = gtk_drop_down_get_selected (self->field);
  fovea_images_page_set_field_filter (self->page, &filter,
                                      filter.field_id != 0 ? ((FoveaField *) g_ptr_array_index (self->fields, field - 1))->name : NULL);
}

static void
on_order_changed (FoveaFilterPopover *self)
{
  guint i = gtk_drop_down_get_selected (self->order);
  gboolean descending;
  gint64 about;
  FoveaPictureSort old = fovea_images_page_get_order (self->page, &about, &descending);

  if (self->reading || i >= G_N_ELEMENTS (orders))
    return;
  if (orders[i] == FOVEA_PICTURE_SORT_SIMILAR && old != FOVEA_PICTURE_SORT_SIMILAR)
    fovea_images_page_show_similar (self->page);
  else if (orders[i] != FOVEA_PICTURE_SORT_SIMILAR)
    fovea_images_page_set_order (self->page, orders[i],
                                 orders[i] == FOVEA_PICTURE_SORT_CERTAIN ? get_concept (self, self->order_about) : 0,
                                 gtk_check_button_get_active (self->reversed));
  else
    fovea_images_page_set_order (self->page, old, about, gtk_check_button_get_active (self->reversed));
  self->reading = TRUE;
  show_order (self);
  self->reading = FALSE;
}

static void
on_clear (FoveaFilterPopover *self)
{
  fovea_images_page_clear_filters (self->page);
  fovea_images_page_set_order (self->page, FOVEA_PICTURE_SORT_ADDED, 0, FALSE);
  read_page (self);
}

/* ---- the object ---- */

static void
filter_popover_map (GtkWidget *widget)
{
  FoveaFilterPopover *self = FOVEA_FILTER_POPOVER (widget);

  g_return_if_fail (self->project != NULL);
  read_page (self);
  fovea_project_count_splits_async (self->project, NULL, on_splits, g_object_ref (self));
  fovea_project_list_fields_async (self->project, NULL, on_fields, g_object_ref (self));
  GTK_WIDGET_CLASS (fovea_filter_popover_parent_class)->map (widget);
}

/* The page goes with the window, while a count on its way may still hold the popover. */
static void
filter_popover_unroot (GtkWidget *widget)
{
  g_clear_object (&FOVEA_FILTER_POPOVER (widget)->project);
  GTK_WIDGET_CLASS (fovea_filter_popover_parent_class)->unroot (widget);
}

static void
filter_popover_dispose (GObject *object)
{
  FoveaFilterPopover *self = FOVEA_FILTER_POPOVER (object);

  g_clear_object (&self->project);
  g_clear_pointer (&self->splits, g_ptr_array_unref);
  g_clear_pointer (&self->fields, g_ptr_array_unref);
  G_OBJECT_CLASS (fovea_filter_popover_parent_class)->dispose (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  static const struct {
    const char *name;
    gssize offset;
  } children[] = {
#define CHILD(name) { #name, G_STRUCT_OFFSET (FoveaFilterPopover, name) }
    CHILD (order),     CHILD (order_about),       CHILD (labels),      CHILD (concept),   CHILD (not_concept), CHILD (predicted),
    CHILD (split),     CHILD (state),             CHILD (field),       CHILD (reversed),  CHILD (duplicates),  CHILD (missing),
    CHILD (pending),   CHILD (order_about_label), CHILD (field_label), CHILD (field_box), CHILD (min_value),   CHILD (max_value),
    CHILD (min_doubt), CHILD (max_doubt),         CHILD (field_entry), CHILD (disagreeing),
#undef CHILD
  };

  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    gtk_widget_class_bind_template_child_full (widget_class, children[i].name, FALSE, children[i].offset);
}

static void
fovea_filter_popover_class_init (FoveaFilterPopoverClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = filter_popover_dispose;
  widget_class->map = filter_popover_map;
  widget_class->unroot = filter_popover_unroot;
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/filter-popover.ui");
  bind_children (widget_class);
  gtk_widget_class_bind_template_callback (widget_class, on_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_order_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_clear);
}

static void
fovea_filter_popover_init (FoveaFilterPopover *self)
{
  self->reading = TRUE;
  self->splits = g_ptr_array_new_with_free_func (g_free);
  take_splits (self, NULL);
  gtk_widget_init_template (GTK_WIDGET (self));
  self->reading = FALSE;
}

GtkWidget *
fovea_filter_popover_new (FoveaImagesPage *page, FoveaProject *project)
{
  FoveaFilterPopover *self = g_object_new (FOVEA_TYPE_FILTER_POPOVER, NULL);

  self->page = page;
  self->project = g_object_ref (project);
  return GTK_WIDGET (self);
}
