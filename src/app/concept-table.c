/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/concept-table.h"

#include <glib/gi18n.h>
#include <math.h>

#include "app/accessible-names.h"
#include "app/chart-draw.h"

#define COUNT_MARGIN_PX 12 /* style.css: inside the buttons */
#define INDEX_KEY "fovea-concept-index"

/* ---- a row: a concept of the evaluation ---- */

#define FOVEA_TYPE_TABLE_ROW (fovea_table_row_get_type ())
G_DECLARE_FINAL_TYPE (FoveaTableRow, fovea_table_row, FOVEA, TABLE_ROW, GObject)

struct _FoveaTableRow {
  GObject parent_instance;
  FoveaEvaluation *evaluation; /* NULL: a probe, see find_order() */
  guint concept;
};

G_DEFINE_FINAL_TYPE (FoveaTableRow, fovea_table_row, G_TYPE_OBJECT)

static void
fovea_table_row_finalize (GObject *object)
{
  g_clear_pointer (&FOVEA_TABLE_ROW (object)->evaluation, fovea_evaluation_unref);
  G_OBJECT_CLASS (fovea_table_row_parent_class)->finalize (object);
}

static void
fovea_table_row_class_init (FoveaTableRowClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fovea_table_row_finalize;
}

static void
fovea_table_row_init (FoveaTableRow *self)
{
}

/* ---- columns ---- */

typedef enum { NAME, N_PICTURES, PRECISION, RECALL, F1, AVERAGE_PRECISION, N_MISSED, N_WRONG, N_COLUMNS } Column;

static const struct {
  const char *title, *tip;
  gboolean count; /* a number of pictures, that can be shown */
} columns[N_COLUMNS] = {
  [NAME] = { N_("Concept"), NULL, FALSE },
  [N_PICTURES] = { N_("Pictures"), N_("Pictures labelled with the concept"), TRUE },
  [PRECISION] = { N_("Precision"), N_("Of the pictures that the model gives the concept, how many have it"), FALSE },
  [RECALL] = { N_("Recall"), N_("Of the pictures that have the concept, how many the model finds"), FALSE },
  [F1] = { N_("F1"), N_("Precision and recall in one figure, high only where both are high (their harmonic mean)"), FALSE },
  [AVERAGE_PRECISION] = { N_("AP"), N_("Average precision: how far the pictures of the concept come before all others, the most "
                                      "probable first; 100 % when no other is among them"), FALSE },
  [N_MISSED] = { N_("Missed"), N_("Pictures that have the concept, and the model does not say so"), TRUE },
  [N_WRONG] = { N_("Wrong"), N_("Pictures that do not have the concept, and the model says so"), TRUE },
};

static double
get_value (FoveaTableRow *row, Column column)
{
  const FoveaConceptFigures *figures = fovea_evaluation_get_figures (row->evaluation, row->concept);

  switch (column)
    {
    case N_PICTURES: return (double) figures->n_positive;
    case PRECISION: return figures->decision.precision;
    case RECALL: return figures->decision.recall;
    case F1: return figures->decision.f1;
    case AVERAGE_PRECISION: return figures->average_precision;
    case N_MISSED: return figures->decision.n_true - figures->decision.n_right;
    case N_WRONG: return figures->decision.n_predicted - figures->decision.n_right;
    case NAME: case N_COLUMNS: default: return 0.0;
    }
}

static GArray *
dup_ids (FoveaTableRow *row, Column column, char **ret_what)
{
  const char *name = fovea_evaluation_get_concept_name (row->evaluation, row->concept);

  if (column == N_PICTURES)
    {
      *ret_what = g_strdup_printf (_("labelled %s"), name);
      return fovea_evaluation_dup_concept_ids (row->evaluation, row->concept, FALSE);
    }
  *ret_what = g_strdup_printf (column == N_MISSED ? _("labelled %s, missed") : _("predicted %s, wrongly"), name);
  return fovea_evaluation_dup_mistake_ids (row->evaluation, row->concept, column == N_MISSED);
}

/* ---- the table ---- */

struct _FoveaConceptTable {
  AdwBin parent_instance;
  GListStore *rows;
  GtkColumnView *view;
};

G_DEFINE_FINAL_TYPE (FoveaConceptTable, fovea_concept_table, ADW_TYPE_BIN)

enum { PICTURES_WANTED, CONCEPT_ACTIVATED, N_SIGNALS };
static guint signals[N_SIGNALS];

static int
compare (gconstpointer a, gconstpointer b, gpointer data)
{
  FoveaTableRow *one = (FoveaTableRow *) a, *two = (FoveaTableRow *) b;
  Column column = GPOINTER_TO_UINT (data);
  double x, y;

  if (one->evaluation == NULL)
    {
      one->concept = column;
      return GTK_ORDERING_SMALLER;
    }
  if (column == NAME)
    return g_utf8_collate (fovea_evaluation_get_concept_name (one->evaluation, one->concept),
                           fovea_evaluation_get_concept_name (two->evaluation, two->concept));
  x = get_value (one, column);
  y = get_value (two, column);
  if (isnan (x) || isnan (y))
    return isnan (x) == isnan (y) ? GTK_ORDERING_EQUAL : isnan (x) ? GTK_ORDERING_SMALLER : GTK_ORDERING_LARGER;
  return gtk_ordering_from_cmpfunc (x < y ? -1 : x > y);
}

static void
on_count_clicked (GtkButton *button, GtkListItem *item)
{
  FoveaConceptTable *self = FOVEA_CONCEPT_TABLE (gtk_widget_get_ancestor (GTK_WIDGET (button), FOVEA_TYPE_CONCEPT_TABLE));
  Column column = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (button), INDEX_KEY));
  g_autofree char *what = NULL;
  g_autoptr (GArray) ids = dup_ids (gtk_list_item_get_item (item), column, &what);

  g_signal_emit (self, signals[PICTURES_WANTED], 0, ids, what);
}

/* Ones stand under ones in every direction of reading: at the right. */
static GtkAlign
get_number_align (void)
{
  return gtk_widget_get_default_direction () == GTK_TEXT_DIR_RTL ? GTK_ALIGN_START : GTK_ALIGN_END;
}

/* A row is named by its concept, as soon as the cell with that is in it. */
static void
name_row (GtkWidget *label)
{
  GtkWidget *cell = gtk_widget_get_parent (label);

  if (cell != NULL && gtk_widget_get_parent (cell) != NULL)
    fovea_name_list_row (cell, gtk_label_get_label (GTK_LABEL (label)));
}

static void
on_setup (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  Column column = GPOINTER_TO_UINT (data);
  GtkWidget *child;

  if (columns[column].count)
    {
      child = gtk_button_new_with_label ("");
      gtk_widget_add_css_class (child, "flat");
      gtk_widget_set_halign (child, get_number_align ());
      gtk_widget_set_halign (gtk_button_get_child (GTK_BUTTON (child)), get_number_align ());
      g_object_set_data (G_OBJECT (child), INDEX_KEY, data);
      g_signal_connect (child, "clicked", G_CALLBACK (on_count_clicked), item);
    }
  else
    {
      child = gtk_label_new (NULL);
      gtk_label_set_xalign (GTK_LABEL (child), column == NAME || get_number_align () == GTK_ALIGN_START ? 0.0f : 1.0f);
      gtk_label_set_ellipsize (GTK_LABEL (child), column == NAME ? PANGO_ELLIPSIZE_END : PANGO_ELLIPSIZE_NONE);
      if (column == NAME)
        g_signal_connect (child, "map", G_CALLBACK (name_row), NULL);
    }
  gtk_widget_add_css_class (child, "numeric");
  gtk_list_item_set_child (item, child);
}

static void
bind_count (GtkButton *button, FoveaTableRow *row, Column column)
{
  guint n = (guint) get_value (row, column);
  g_autofree char *text = g_strdup_printf ("%u", n);
  const char *name = fovea_evaluation_get_concept_name (row->evaluation, row->concept);
  g_autofree char *label = g_strdup_printf ("%s, %s: %u", name, _(columns[column].title), n);

  gtk_button_set_label (button, text);
  gtk_widget_set_sensitive (GTK_WIDGET (button), n > 0);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
on_bind (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  Column column = GPOINTER_TO_UINT (data);
  FoveaTableRow *row = gtk_list_item_get_item (item);
  GtkWidget *child = gtk_list_item_get_child (item);
  g_autofree char *text = NULL;

  if (columns[column].count)
    {
      bind_count (GTK_BUTTON (child), row, column);
      return;
    }
  text = column == NAME ? g_strdup (fovea_evaluation_get_concept_name (row->evaluation, row->concept))
                        : fovea_chart_dup_percent (get_value (row, column));
  gtk_label_set_label (GTK_LABEL (child), text);
  if (column == NAME)
    name_row (child);
}

static void
add_column (FoveaConceptTable *self, Column column)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  g_autoptr (GtkColumnViewColumn) view_column = NULL;
  g_autoptr (GtkSorter) sorter = GTK_SORTER (gtk_custom_sorter_new (compare, GUINT_TO_POINTER (column), NULL));

  g_signal_connect (factory, "setup", G_CALLBACK (on_setup), GUINT_TO_POINTER (column));
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), GUINT_TO_POINTER (column));
  view_column = gtk_column_view_column_new (_(columns[column].title), factory);
  gtk_column_view_column_set_sorter (view_column, sorter);
  gtk_column_view_column_set_expand (view_column, column == NAME);
  gtk_column_view_append_column (self->view, view_column);
}

/* By which column the rows are ordered, whether the pointer chose it or a key; N_COLUMNS: by none. GTK 4.8 keeps that for itself, but its
 * sorter asks that column's first, and turns the answer round where it is descending. */
static Column
find_order (FoveaConceptTable *self, gboolean *ret_descending)
{
  g_autoptr (FoveaTableRow) one = g_object_new (FOVEA_TYPE_TABLE_ROW, NULL);
  g_autoptr (FoveaTableRow) two = g_object_new (FOVEA_TYPE_TABLE_ROW, NULL);

  one->concept = N_COLUMNS;
  *ret_descending = gtk_sorter_compare (gtk_column_view_get_sorter (self->view), one, two) == GTK_ORDERING_LARGER;
  return one->concept;
}

static gboolean
on_heading_key (GtkWidget *title, GVariant *unused, gpointer data)
{
  FoveaConceptTable *self = FOVEA_CONCEPT_TABLE (gtk_widget_get_ancestor (title, FOVEA_TYPE_CONCEPT_TABLE));
  guint column = GPOINTER_TO_UINT (data);
  gboolean descending;
  g_autoptr (GtkColumnViewColumn) view_column = g_list_model_get_item (gtk_column_view_get_columns (self->view), column);

  descending = find_order (self, &descending) == column && !descending;
  gtk_column_view_sort_by_column (self->view, view_column, descending ? GTK_SORT_DESCENDING : GTK_SORT_ASCENDING);
  return GDK_EVENT_STOP;
}

/* GTK 4.8 leaves headings to the pointer. */
static void
give_keys (GtkWidget *title, Column column)
{
  GtkEventController *keys = gtk_shortcut_controller_new ();

  gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (keys),
                                        gtk_shortcut_new (gtk_shortcut_trigger_parse_string ("space|KP_Space|Return|KP_Enter"),
                                                          gtk_callback_action_new (on_heading_key, GUINT_TO_POINTER (column), NULL)));
  gtk_widget_add_controller (title, keys);
  gtk_widget_set_focusable (title, TRUE);
  g_object_set (title, "accessible-role", GTK_ACCESSIBLE_ROLE_BUTTON, NULL);
  gtk_accessible_update_property (GTK_ACCESSIBLE (title), GTK_ACCESSIBLE_PROPERTY_LABEL, _(columns[column].title), -1);
}

/* Headings stand over their numbers, and say what they mean: GtkColumnViewColumn has neither, so the widgets are asked for. */
static void
finish_headings (FoveaConceptTable *self)
{
  GtkWidget *header = gtk_widget_get_first_child (GTK_WIDGET (self->view)), *title = gtk_widget_get_first_child (header);

  gtk_widget_set_can_focus (header, TRUE); /* so that the headings in it can */
  gtk_widget_set_focusable (header, FALSE);
  for (Column column = NAME; column < N_COLUMNS && title != NULL; column++, title = gtk_widget_get_next_sibling (title))
    {
      GtkWidget *content = gtk_widget_get_first_child (title);

      give_keys (title, column);
      if (columns[column].tip != NULL)
        gtk_widget_set_tooltip_text (title, _(columns[column].tip));
      if (!GTK_IS_BOX (content) || column == NAME)
        continue;
      gtk_widget_set_halign (content, get_number_align ());
      /* The arrow of the order stands to the left, so that the words end where the numbers do. */
      if (gtk_widget_get_default_direction () != GTK_TEXT_DIR_RTL)
        gtk_box_reorder_child_after (GTK_BOX (content), gtk_widget_get_last_child (content), NULL);
      if (columns[column].count && gtk_widget_get_default_direction () == GTK_TEXT_DIR_RTL)
        gtk_widget_set_margin_start (content, COUNT_MARGIN_PX);
      else if (columns[column].count)
        gtk_widget_set_margin_end (content, COUNT_MARGIN_PX);
    }
}

static void
on_activate (GtkColumnView *view, guint position, FoveaConceptTable *self)
{
  g_autoptr (FoveaTableRow) row = g_list_model_get_item (G_LIST_MODEL (gtk_column_view_get_model (view)), position);

  if (row != NULL)
    g_signal_emit (self, signals[CONCEPT_ACTIVATED], 0, row->concept);
}

/* The headings one by one, then the rows; GtkColumnView knows of the rows alone. */
static gboolean
concept_table_focus (GtkWidget *widget, GtkDirectionType direction)
{
  GtkWidget *view = GTK_WIDGET (FOVEA_CONCEPT_TABLE (widget)->view);
  GtkWidget *header = gtk_widget_get_first_child (view), *list = gtk_widget_get_last_child (view);
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL, *title;
  GtkDirectionType to_start = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL ? GTK_DIR_RIGHT : GTK_DIR_LEFT;
  gboolean back = direction == GTK_DIR_TAB_BACKWARD || direction == to_start || direction == GTK_DIR_UP;
  gboolean in_header = focus != NULL && gtk_widget_get_parent (focus) == header;
  gboolean in_list = focus != NULL && (focus == list || gtk_widget_is_ancestor (focus, list));

  if (in_header && direction == GTK_DIR_DOWN)
    return gtk_widget_child_focus (list, direction);
  if (!in_header && (in_list || back) && gtk_widget_child_focus (list, direction))
    return TRUE;
  if (in_list && !back)
    return FALSE;
  if (in_header)
    title = back ? gtk_widget_get_prev_sibling (focus) : gtk_widget_get_next_sibling (focus);
  else
    title = back ? gtk_widget_get_last_child (header) : gtk_widget_get_first_child (header);
  for (; title != NULL; title = back ? gtk_widget_get_prev_sibling (title) : gtk_widget_get_next_sibling (title))
    if (gtk_widget_get_visible (title) && gtk_widget_grab_focus (title))
      return TRUE;
  return !back && gtk_widget_child_focus (list, direction);
}

static void
concept_table_dispose (GObject *object)
{
  g_clear_object (&FOVEA_CONCEPT_TABLE (object)->rows);
  G_OBJECT_CLASS (fovea_concept_table_parent_class)->dispose (object);
}

static void
fovea_concept_table_class_init (FoveaConceptTableClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = concept_table_dispose;
  GTK_WIDGET_CLASS (klass)->focus = concept_table_focus;
  signals[PICTURES_WANTED] = g_signal_new ("pictures-wanted", FOVEA_TYPE_CONCEPT_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                                           2, G_TYPE_ARRAY, G_TYPE_STRING);
  signals[CONCEPT_ACTIVATED] = g_signal_new ("concept-activated", FOVEA_TYPE_CONCEPT_TABLE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                             G_TYPE_NONE, 1, G_TYPE_UINT);
}

static void
fovea_concept_table_init (FoveaConceptTable *self)
{
  GtkSortListModel *sorted;

  self->rows = g_list_store_new (FOVEA_TYPE_TABLE_ROW);
  self->view = GTK_COLUMN_VIEW (gtk_column_view_new (NULL));
  for (Column column = NAME; column < N_COLUMNS; column++)
    add_column (self, column);
  finish_headings (self);
  sorted = gtk_sort_list_model_new (g_object_ref (G_LIST_MODEL (self->rows)), g_object_ref (gtk_column_view_get_sorter (self->view)));
  {
    g_autoptr (GtkSelectionModel) selection = GTK_SELECTION_MODEL (gtk_single_selection_new (G_LIST_MODEL (sorted)));

    gtk_column_view_set_model (self->view, selection);
  }
  gtk_column_view_set_show_row_separators (self->view, TRUE);
  gtk_widget_add_css_class (GTK_WIDGET (self->view), "concept-table");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->view), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Figures per concept"), -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (gtk_widget_get_last_child (GTK_WIDGET (self->view))), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _("Figures per concept"), -1); /* the keyboard is in a list within it */
  g_signal_connect (self->view, "activate", G_CALLBACK (on_activate), self);
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->view));
}

GtkWidget *
fovea_concept_table_new (void)
{
  return g_object_new (FOVEA_TYPE_CONCEPT_TABLE, NULL);
}

void
fovea_concept_table_set_decided (FoveaConceptTable *self, gboolean decided)
{
  g_autoptr (GtkColumnViewColumn) column = g_list_model_get_item (gtk_column_view_get_columns (self->view), AVERAGE_PRECISION);

  gtk_column_view_column_set_visible (column, !decided);
}

void
fovea_concept_table_set_evaluation (FoveaConceptTable *self, FoveaEvaluation *evaluation)
{
  guint k = evaluation != NULL ? fovea_evaluation_get_n_concepts (evaluation) : 0;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint c = 0; c < k; c++)
    {
      FoveaTableRow *row = g_object_new (FOVEA_TYPE_TABLE_ROW, NULL);

      row->evaluation = fovea_evaluation_ref (evaluation);
      row->concept = c;
      g_ptr_array_add (rows, row);
    }
  g_list_store_splice (self->rows, 0, g_list_model_get_n_items (G_LIST_MODEL (self->rows)), rows->pdata, rows->len);
}
