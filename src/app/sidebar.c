/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/sidebar.h"

#include <glib/gi18n.h>

#include "app/concept-color.h"
#include "app/concept-row.h"
#include "app/place-row.h"
#include "app/split-list.h"
#include "app/tab-stop.h"

struct _FoveaSidebar {
  AdwBin parent_instance;
  FoveaProject *project;

  GtkListBox *places, *concepts;
  FoveaSplitList *splits;
  GMenuModel *concept_menu;
  GtkWidget *menu_popover;
  FoveaConceptRow *menu_row; /* (nullable) weak */
  FoveaPage *shown_page;     /* (nullable) borrowed, as the rows hold it: the selected row, wherever the cursor is … */
  FoveaConcept *shown;       /* (nullable) … or the concept that the pictures are of */
  FoveaConcept *moved;       /* (nullable) its row gets the focus again once it is elsewhere */
  GtkMenuButton *add_button;
  GtkEditable *add_entry;
  GtkWidget *add_confirm;
  GtkLabel *add_hint;
  FoveaPictureSet *add_pictures; /* (nullable) dropped on "Add": labelled with the new concept */
};

G_DEFINE_FINAL_TYPE (FoveaSidebar, fovea_sidebar, ADW_TYPE_BIN)

enum {
  PAGE_SELECTED,
  CONCEPT_SELECTED,
  SPLIT_SELECTED,
  PICTURES_DROPPED,
  SPLIT_DROPPED,
  CONCEPT_ADDED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

/* ---- rows ---- */

static gint64
get_id (FoveaConceptRow *row)
{
  return fovea_concept_get_id (fovea_concept_row_get_concept (row));
}

static void
on_pictures_dropped (FoveaConceptRow *row, FoveaPictureSet *set, gboolean negative, FoveaSidebar *self)
{
  g_signal_emit (self, signals[PICTURES_DROPPED], 0, set, fovea_concept_row_get_concept (row), negative);
}

/* @position is where the concept is afterwards. */
static void
move_concept (FoveaSidebar *self, FoveaConcept *concept, int position)
{
  if (position >= 0 && position < (int) g_list_model_get_n_items (G_LIST_MODEL (fovea_project_get_concepts (self->project))))
    {
      g_set_object (&self->moved, concept);
      gtk_widget_activate_action (GTK_WIDGET (self), "win.move-concept", "(xu)", fovea_concept_get_id (concept), (guint) position);
    }
}

static void
on_concept_dropped (FoveaConceptRow *row, FoveaConcept *concept, gboolean after, FoveaSidebar *self)
{
  int from = -1, to = gtk_list_box_row_get_index (GTK_LIST_BOX_ROW (row)) + (after ? 1 : 0);
  GtkListBoxRow *other;

  for (int i = 0; (other = gtk_list_box_get_row_at_index (self->concepts, i)) != NULL; i++)
    if (fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (other)) == concept)
      from = i;
  if (from >= 0 && from < to)
    to--;
  if (from >= 0 && from != to)
    move_concept (self, concept, to);
}

static void
on_renamed (FoveaConceptRow *row, const char *name, FoveaSidebar *self)
{
  gtk_widget_activate_action (GTK_WIDGET (self), "win.rename-concept", "(xs)", get_id (row), name);
}

static GtkWidget *
create_row (gpointer item, gpointer data)
{
  GtkWidget *row = fovea_concept_row_new (item);

  fovea_concept_row_make_editable (FOVEA_CONCEPT_ROW (row));
  g_signal_connect (row, "pictures-dropped", G_CALLBACK (on_pictures_dropped), data);
  g_signal_connect (row, "concept-dropped", G_CALLBACK (on_concept_dropped), data);
  g_signal_connect (row, "renamed", G_CALLBACK (on_renamed), data);
  return row;
}

static void
update_keys (FoveaSidebar *self)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));
  GtkListBoxRow *row;

  for (int i = 0; (row = gtk_list_box_get_row_at_index (self->concepts, i)) != NULL; i++)
    fovea_concept_row_set_key (FOVEA_CONCEPT_ROW (row), fovea_concept_key_get (concepts, (guint) i));
}

static void
follow_moved (FoveaSidebar *self)
{
  g_autoptr (FoveaConcept) moved = g_steal_pointer (&self->moved);
  GtkListBoxRow *row;

  for (int i = 0; moved != NULL && (row = gtk_list_box_get_row_at_index (self->concepts, i)) != NULL; i++)
    if (fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (row)) == moved)
      gtk_widget_grab_focus (GTK_WIDGET (row));
}

/* A concept got or lost a key of its own: others may have theirs by their place. */
static void
on_concepts_changed (FoveaSidebar *self, guint position, guint removed, guint added)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));

  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);

      g_signal_handlers_disconnect_by_func (concept, update_keys, self);
      g_signal_connect_object (concept, "notify::key", G_CALLBACK (update_keys), self, G_CONNECT_SWAPPED);
    }
  update_keys (self);
  follow_moved (self);
}

/* ---- selection ---- */

static void
unselect_others (FoveaSidebar *self, GtkListBox *kept)
{
  if (kept != self->places)
    {
      self->shown_page = NULL;
      gtk_list_box_unselect_all (self->places);
    }
  if (kept != self->concepts)
    {
      g_clear_object (&self->shown);
      gtk_list_box_unselect_all (self->concepts);
    }
}

static void
on_place_activated (GtkListBox *box, GtkListBoxRow *row, FoveaSidebar *self)
{
  fovea_sidebar_show_page (self, fovea_place_row_get_page (FOVEA_PLACE_ROW (row)));
  g_signal_emit (self, signals[PAGE_SELECTED], 0, fovea_place_row_get_page (FOVEA_PLACE_ROW (row)));
}

static void
select_shown_page (FoveaSidebar *self)
{
  GtkListBoxRow *row;

  for (int i = 0; self->shown_page != NULL && (row = gtk_list_box_get_row_at_index (self->places, i)) != NULL; i++)
    if (fovea_place_row_get_page (FOVEA_PLACE_ROW (row)) == self->shown_page)
      gtk_list_box_select_row (self->places, row);
}

/* A list selects the row that the cursor comes to, by keys or for a new name. What is shown does not change by that. */
static void
on_place_selected (GtkListBox *box, GtkListBoxRow *row, FoveaSidebar *self)
{
  if (row == NULL || fovea_place_row_get_page (FOVEA_PLACE_ROW (row)) == self->shown_page)
    return;
  gtk_list_box_unselect_row (box, row);
  select_shown_page (self);
}

static void
on_concept_activated (GtkListBox *box, GtkListBoxRow *row, FoveaSidebar *self)
{
  unselect_others (self, box);
  g_set_object (&self->shown, fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (row)));
  gtk_list_box_select_row (box, row);
  g_signal_emit (self, signals[CONCEPT_SELECTED], 0, fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (row)));
}

static void
select_shown (FoveaSidebar *self)
{
  GtkListBoxRow *row;

  for (int i = 0; self->shown != NULL && (row = gtk_list_box_get_row_at_index (self->concepts, i)) != NULL; i++)
    if (fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (row)) == self->shown)
      gtk_list_box_select_row (self->concepts, row);
}

static void
on_concept_row_selected (GtkListBox *box, GtkListBoxRow *row, FoveaSidebar *self)
{
  if (row == NULL || fovea_concept_row_get_concept (FOVEA_CONCEPT_ROW (row)) == self->shown)
    return;
  gtk_list_box_unselect_row (box, row);
  select_shown (self);
}

static void
on_split_selected (FoveaSplitList *splits, const char *split, FoveaSidebar *self)
{
  g_signal_emit (self, signals[SPLIT_SELECTED], 0, split);
}

static void
on_split_dropped (FoveaSplitList *splits, FoveaPictureSet *set, const char *split, FoveaSidebar *self)
{
  g_signal_emit (self, signals[SPLIT_DROPPED], 0, set, split);
}

void
fovea_sidebar_show_concept (FoveaSidebar *self, FoveaConcept *concept)
{
  unselect_others (self, self->concepts);
  g_set_object (&self->shown, concept);
  select_shown (self);
}

void
fovea_sidebar_show_page (FoveaSidebar *self, FoveaPage *page)
{
  unselect_others (self, self->places);
  self->shown_page = page;
  select_shown_page (self);
}

void
fovea_sidebar_add_page (FoveaSidebar *self, FoveaPage *page)
{
  gtk_list_box_append (self->places, fovea_place_row_new (page));
}

/* ---- what is done to a concept: by its menu, and by keys on its row ---- */

/* The row of the menu, also while its chosen action runs, else the one with the focus. */
static FoveaConceptRow *
get_row (FoveaSidebar *self)
{
  GtkWidget *focus = gtk_widget_get_focus_child (GTK_WIDGET (self->concepts));

  if (focus != NULL && FOVEA_IS_CONCEPT_ROW (focus) && !gtk_widget_get_visible (self->menu_popover))
    return FOVEA_CONCEPT_ROW (focus);
  return self->menu_row;
}

static gboolean
start_rename (gpointer data)
{
  FoveaSidebar *self = data;
  FoveaConceptRow *row = self->project != NULL ? get_row (self) : NULL;

  if (row != NULL)
    fovea_concept_row_start_rename (row);
  return G_SOURCE_REMOVE;
}

/* Not at once: a menu that closes gives the focus back to the row, which would end the renaming. */
static void
on_rename (GtkWidget *widget, const char *name, GVariant *target)
{
  if (!fovea_project_get_read_only (FOVEA_SIDEBAR (widget)->project))
    g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, start_rename, g_object_ref (widget), g_object_unref);
}

static void
on_window_action (GtkWidget *widget, const char *name, GVariant *target)
{
  FoveaConceptRow *row = get_row (FOVEA_SIDEBAR (widget));
  g_autofree char *action = g_strdup_printf ("win.%s-concept", name + strlen ("concept."));

  if (row != NULL)
    gtk_widget_activate_action (widget, action, "x", get_id (row));
}

static void
on_move (GtkWidget *widget, const char *name, GVariant *target)
{
  FoveaConceptRow *row = get_row (FOVEA_SIDEBAR (widget));

  if (row != NULL)
    move_concept (FOVEA_SIDEBAR (widget), fovea_concept_row_get_concept (row),
                  gtk_list_box_row_get_index (GTK_LIST_BOX_ROW (row)) + (g_str_equal (name, "concept.move-up") ? -1 : 1));
}

static void
on_label (GtkWidget *widget, const char *name, GVariant *target)
{
  FoveaConceptRow *row = get_row (FOVEA_SIDEBAR (widget));

  if (row != NULL)
    gtk_widget_activate_action (widget, g_str_equal (name, "concept.label") ? "win.label" : "win.label-not", "s",
                                fovea_concept_get_name (fovea_concept_row_get_concept (row)));
}

/* Of the menu's items, those that can do something now. */
static void
enable_items (FoveaSidebar *self, FoveaConceptRow *row)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));
  int i = gtk_list_box_row_get_index (GTK_LIST_BOX_ROW (row));
  int n = (int) g_list_model_get_n_items (G_LIST_MODEL (fovea_project_get_concepts (self->project)));
  gboolean can_label = G_IS_ACTION_GROUP (root) && g_action_group_get_action_enabled (G_ACTION_GROUP (root), "label");
  gboolean can_write = !fovea_project_get_read_only (self->project);
  const struct {
    const char *action;
    gboolean enabled;
  } items[] = {
    { "concept.label", can_label },  { "concept.label-not", can_label },         { "concept.rename", can_write },
    { "concept.edit", can_write },   { "concept.merge", can_write && n > 1 },    { "concept.move-up", can_write && i > 0 },
    { "concept.delete", can_write }, { "concept.move-down", can_write && i + 1 < n },
  };

  for (guint k = 0; k < G_N_ELEMENTS (items); k++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), items[k].action, items[k].enabled);
}

/* Keys ask for themselves what can be done to their row. */
static void
enable_all (FoveaSidebar *self)
{
  static const char *const actions[] = { "concept.label", "concept.label-not", "concept.rename",  "concept.edit",
                                         "concept.merge", "concept.move-up",   "concept.delete", "concept.move-down" };

  for (guint k = 0; k < G_N_ELEMENTS (actions); k++)
    gtk_widget_action_set_enabled (GTK_WIDGET (self), actions[k], TRUE);
}

/* The menu opened while the button was down and has got its release: GTK 4.8 holds what was below the pointer for pressed until then. */
static void
release (GtkWidget *widget)
{
  for (; widget != NULL; widget = gtk_widget_get_parent (widget))
    gtk_widget_unset_state_flags (widget, GTK_STATE_FLAG_ACTIVE);
}

static void
on_menu_closed (FoveaSidebar *self)
{
  enable_all (self);
  release (GTK_WIDGET (self->menu_row));
  if (self->menu_row != NULL)
    gtk_widget_grab_focus (GTK_WIDGET (self->menu_row));
}

static void
popup_menu (FoveaSidebar *self, FoveaConceptRow *row)
{
  graphene_rect_t bounds;

  if (!gtk_widget_compute_bounds (GTK_WIDGET (row), GTK_WIDGET (self), &bounds))
    return;
  gtk_widget_grab_focus (GTK_WIDGET (row));
  g_set_weak_pointer (&self->menu_row, row);
  enable_items (self, row);
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu_popover),
                               &(GdkRectangle) { (int) bounds.origin.x, (int) bounds.origin.y, (int) bounds.size.width,
                                                 (int) bounds.size.height });
  gtk_popover_popup (GTK_POPOVER (self->menu_popover));
}

static void
on_menu (GtkWidget *widget, const char *name, GVariant *target)
{
  FoveaConceptRow *row = get_row (FOVEA_SIDEBAR (widget));

  if (row != NULL)
    popup_menu (FOVEA_SIDEBAR (widget), row);
}

static void
on_right_click (GtkGestureClick *click, int n_press, double x, double y, FoveaSidebar *self)
{
  GtkListBoxRow *row = gtk_list_box_get_row_at_y (self->concepts, (int) y);

  if (row == NULL)
    return;
  gtk_gesture_set_state (GTK_GESTURE (click), GTK_EVENT_SEQUENCE_CLAIMED);
  popup_menu (self, FOVEA_CONCEPT_ROW (row));
}

static void
add_concept_keys (FoveaSidebar *self)
{
  static const struct {
    const char *trigger, *action;
  } keys[] = {
    { "F2", "concept.rename" },          { "<Alt>Up", "concept.move-up" },      { "<Alt>Down", "concept.move-down" },
    { "Menu|<Shift>F10", "concept.menu" }, { "Delete|KP_Delete", "concept.delete" },
  };
  GtkEventController *shortcuts = gtk_shortcut_controller_new ();
  GtkGesture *click = gtk_gesture_click_new ();

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (shortcuts),
                                          gtk_shortcut_new (gtk_shortcut_trigger_parse_string (keys[i].trigger),
                                                            gtk_named_action_new (keys[i].action)));
  gtk_widget_add_controller (GTK_WIDGET (self->concepts), shortcuts);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect (click, "pressed", G_CALLBACK (on_right_click), self);
  gtk_widget_add_controller (GTK_WIDGET (self->concepts), GTK_EVENT_CONTROLLER (click));
}

/* ---- adding ---- */

static void
on_add_changed (FoveaSidebar *self)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (self->add_entry)));

  gtk_widget_set_sensitive (self->add_confirm, name[0] != '\0');
}

static void
on_add_confirmed (FoveaSidebar *self)
{
  g_autofree char *name = g_strstrip (g_strdup (gtk_editable_get_text (self->add_entry)));
  g_autoptr (FoveaPictureSet) set = NULL;

  if (name[0] == '\0')
    return;
  set = g_steal_pointer (&self->add_pictures);
  gtk_editable_set_text (self->add_entry, "");
  gtk_menu_button_popdown (self->add_button);
  g_signal_emit (self, signals[CONCEPT_ADDED], 0, name, set);
}

static void
on_add_closed (FoveaSidebar *self)
{
  g_clear_pointer (&self->add_pictures, fovea_picture_set_unref);
  gtk_widget_set_visible (GTK_WIDGET (self->add_hint), FALSE);
}

static gboolean
on_add_drop (GtkDropTarget *target, const GValue *value, double x, double y, FoveaSidebar *self)
{
  FoveaPictureSet *set = g_value_get_boxed (value);
  g_autofree char *hint = g_strdup_printf (ngettext ("Labels %u picture", "Labels %u pictures", (guint) set->n_ids), (guint) set->n_ids);

  gtk_menu_button_popup (self->add_button);
  g_clear_pointer (&self->add_pictures, fovea_picture_set_unref);
  self->add_pictures = fovea_picture_set_ref (set);
  gtk_label_set_label (self->add_hint, hint);
  gtk_widget_set_visible (GTK_WIDGET (self->add_hint), TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->add_entry));
  return TRUE;
}

static void
init_adding (FoveaSidebar *self)
{
  GtkDropTarget *target = gtk_drop_target_new (FOVEA_TYPE_PICTURE_SET, GDK_ACTION_COPY);

  g_signal_connect_swapped (self->add_entry, "changed", G_CALLBACK (on_add_changed), self);
  g_signal_connect_swapped (self->add_entry, "activate", G_CALLBACK (on_add_confirmed), self);
  g_signal_connect_swapped (self->add_confirm, "clicked", G_CALLBACK (on_add_confirmed), self);
  g_signal_connect_swapped (gtk_menu_button_get_popover (self->add_button), "closed", G_CALLBACK (on_add_closed), self);
  g_signal_connect (target, "drop", G_CALLBACK (on_add_drop), self);
  gtk_widget_add_controller (GTK_WIDGET (self->add_button), GTK_EVENT_CONTROLLER (target));
}

/* ---- the object ---- */

void
fovea_sidebar_set_project (FoveaSidebar *self, FoveaProject *project)
{
  FoveaConceptList *concepts = fovea_project_get_concepts (project);

  g_return_if_fail (self->project == NULL);
  self->project = g_object_ref (project);
  gtk_list_box_bind_model (self->concepts, G_LIST_MODEL (concepts), create_row, self, NULL);
  g_signal_connect_object (concepts, "items-changed", G_CALLBACK (on_concepts_changed), self, G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  gtk_widget_set_sensitive (GTK_WIDGET (self->add_button), !fovea_project_get_read_only (project));
  fovea_split_list_set_project (self->splits, project);
  on_concepts_changed (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (concepts)));
}

static void
sidebar_dispose (GObject *object)
{
  FoveaSidebar *self = FOVEA_SIDEBAR (object);

  if (self->concepts != NULL)
    gtk_list_box_bind_model (self->concepts, NULL, NULL, NULL, NULL);
  g_clear_weak_pointer (&self->menu_row);
  g_clear_pointer (&self->menu_popover, gtk_widget_unparent);
  g_clear_pointer (&self->add_pictures, fovea_picture_set_unref);
  g_clear_object (&self->moved);
  g_clear_object (&self->shown);
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_sidebar_parent_class)->dispose (object);
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "concept.rename", NULL, on_rename);
  gtk_widget_class_install_action (widget_class, "concept.edit", NULL, on_window_action);
  gtk_widget_class_install_action (widget_class, "concept.merge", NULL, on_window_action);
  gtk_widget_class_install_action (widget_class, "concept.delete", NULL, on_window_action);
  gtk_widget_class_install_action (widget_class, "concept.move-up", NULL, on_move);
  gtk_widget_class_install_action (widget_class, "concept.move-down", NULL, on_move);
  gtk_widget_class_install_action (widget_class, "concept.label", NULL, on_label);
  gtk_widget_class_install_action (widget_class, "concept.label-not", NULL, on_label);
  gtk_widget_class_install_action (widget_class, "concept.menu", NULL, on_menu);
}

static void
fovea_sidebar_class_init (FoveaSidebarClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = sidebar_dispose;
  signals[PAGE_SELECTED] = g_signal_new ("page-selected", FOVEA_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                         FOVEA_TYPE_PAGE);
  signals[CONCEPT_SELECTED] = g_signal_new ("concept-selected", FOVEA_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                            G_TYPE_NONE, 1, FOVEA_TYPE_CONCEPT);
  signals[SPLIT_SELECTED] = g_signal_new ("split-selected", FOVEA_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                                          G_TYPE_STRING);
  signals[PICTURES_DROPPED] = g_signal_new ("pictures-dropped", FOVEA_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                            G_TYPE_NONE, 3, FOVEA_TYPE_PICTURE_SET, FOVEA_TYPE_CONCEPT, G_TYPE_BOOLEAN);
  signals[SPLIT_DROPPED] = g_signal_new ("split-dropped", FOVEA_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                         FOVEA_TYPE_PICTURE_SET, G_TYPE_STRING);
  signals[CONCEPT_ADDED] = g_signal_new ("concept-added", FOVEA_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                         G_TYPE_STRING, FOVEA_TYPE_PICTURE_SET);
  g_type_ensure (FOVEA_TYPE_SPLIT_LIST);
  g_type_ensure (FOVEA_TYPE_TAB_STOP);
  install_actions (widget_class);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, places);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, concepts);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, splits);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, concept_menu);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, add_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, add_entry);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, add_confirm);
  gtk_widget_class_bind_template_child (widget_class, FoveaSidebar, add_hint);
}

static void
fovea_sidebar_init (FoveaSidebar *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->menu_popover = gtk_popover_menu_new_from_model (self->concept_menu);
  gtk_widget_set_parent (self->menu_popover, GTK_WIDGET (self));
  g_signal_connect_swapped (self->menu_popover, "closed", G_CALLBACK (on_menu_closed), self);
  g_signal_connect (self->places, "row-activated", G_CALLBACK (on_place_activated), self);
  g_signal_connect (self->places, "row-selected", G_CALLBACK (on_place_selected), self);
  g_signal_connect (self->concepts, "row-activated", G_CALLBACK (on_concept_activated), self);
  g_signal_connect (self->concepts, "row-selected", G_CALLBACK (on_concept_row_selected), self);
  g_signal_connect (self->splits, "split-selected", G_CALLBACK (on_split_selected), self);
  g_signal_connect (self->splits, "pictures-dropped", G_CALLBACK (on_split_dropped), self);
  add_concept_keys (self);
  init_adding (self);
}
