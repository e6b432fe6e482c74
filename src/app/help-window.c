/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/help-window.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/help-topics.h"
#include "app/tab-stop.h"

#define TOPIC "fovea-topic"

struct _FoveaHelpWindow {
  AdwWindow parent_instance;
  GtkSearchEntry *search_entry;
  GtkListBox *list;
  GtkBox *body;
  GtkScrolledWindow *scroller;
  AdwWindowTitle *window_title;
  GtkLabel *no_match_label;
};

G_DEFINE_FINAL_TYPE (FoveaHelpWindow, fovea_help_window, ADW_TYPE_WINDOW)

/* ---- one topic ---- */

static GtkWidget *
text_new (const char *text, const char *css_class)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_xalign (GTK_LABEL (label), 0.0f);
  gtk_label_set_yalign (GTK_LABEL (label), 0.0f);
  if (css_class != NULL)
    gtk_widget_add_css_class (label, css_class);
  return label;
}

static GtkWidget *
link_new (const FoveaHelpPart *part)
{
  GtkWidget *button = gtk_button_new_with_label (_(part->link));

  gtk_actionable_set_detailed_action_name (GTK_ACTIONABLE (button), part->action);
  gtk_widget_set_halign (button, GTK_ALIGN_START);
  return button;
}

static GtkWidget *
step_new (const FoveaHelpPart *part, guint number)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12), *column = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);
  /* Translators: the number of a step: "1." */
  g_autofree char *text = g_strdup_printf (_("%u."), number);
  GtkWidget *label = gtk_label_new (text);

  gtk_widget_set_valign (label, GTK_ALIGN_START);
  gtk_widget_add_css_class (label, "numeric");
  gtk_box_append (GTK_BOX (row), label);
  gtk_box_append (GTK_BOX (column), text_new (_(part->text), NULL));
  if (part->link != NULL)
    gtk_box_append (GTK_BOX (column), link_new (part));
  gtk_widget_set_hexpand (column, TRUE);
  gtk_box_append (GTK_BOX (row), column);
  return row;
}

static void
show_topic (FoveaHelpWindow *self, const FoveaHelpTopic *topic)
{
  GtkWidget *child;
  guint number = 0;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (self->body))) != NULL)
    gtk_box_remove (self->body, child);
  adw_window_title_set_subtitle (self->window_title, _(topic->title));
  gtk_box_append (self->body, text_new (_(topic->title), "title-1"));
  for (const FoveaHelpPart *part = topic->parts; part->text != NULL; part++)
    {
      if (part->kind == FOVEA_HELP_STEP)
        {
          gtk_box_append (self->body, step_new (part, ++number));
          continue;
        }
      number = part->kind == FOVEA_HELP_TITLE ? 0 : number;
      gtk_box_append (self->body, text_new (_(part->text), part->kind == FOVEA_HELP_TITLE ? "title-4" : NULL));
      if (part->link != NULL)
        gtk_box_append (self->body, link_new (part));
    }
  gtk_adjustment_set_value (gtk_scrolled_window_get_vadjustment (self->scroller), 0);
}

static void
on_row_selected (GtkListBox *list, GtkListBoxRow *row, FoveaHelpWindow *self)
{
  if (row != NULL)
    show_topic (self, g_object_get_data (G_OBJECT (row), TOPIC));
}

/* ---- all topics ---- */

static gboolean
contains (const char *text, const char *word)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);

  return strstr (folded, word) != NULL;
}

/* Every word that was typed is somewhere in the topic. */
static gboolean
matches (const FoveaHelpTopic *topic, const char *typed)
{
  g_autofree char *folded = g_utf8_casefold (typed, -1);
  g_auto (GStrv) words = g_strsplit (folded, " ", -1);

  for (char **word = words; *word != NULL; word++)
    {
      gboolean found = contains (_(topic->title), *word);

      for (const FoveaHelpPart *part = topic->parts; !found && part->text != NULL; part++)
        found = contains (_(part->text), *word);
      if (!found)
        return FALSE;
    }
  return TRUE;
}

static void
on_search (FoveaHelpWindow *self)
{
  const char *typed = gtk_editable_get_text (GTK_EDITABLE (self->search_entry));
  GtkListBoxRow *first = NULL, *selected = gtk_list_box_get_selected_row (self->list);

  for (GtkWidget *row = gtk_widget_get_first_child (GTK_WIDGET (self->list)); row != NULL; row = gtk_widget_get_next_sibling (row))
    {
      gboolean shown = matches (g_object_get_data (G_OBJECT (row), TOPIC), typed);

      gtk_widget_set_visible (row, shown);
      if (shown && first == NULL)
        first = GTK_LIST_BOX_ROW (row);
    }
  gtk_widget_set_visible (GTK_WIDGET (self->no_match_label), first == NULL);
  if (first != NULL && (selected == NULL || !gtk_widget_get_visible (GTK_WIDGET (selected))))
    gtk_list_box_select_row (self->list, first);
}

static void
add_topic (FoveaHelpWindow *self, const FoveaHelpTopic *topic)
{
  GtkWidget *row = gtk_list_box_row_new (), *label = text_new (_(topic->title), NULL);

  gtk_label_set_yalign (GTK_LABEL (label), 0.5f);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), label);
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, _(topic->title), -1);
  g_object_set_data (G_OBJECT (row), TOPIC, (gpointer) topic);
  gtk_list_box_append (self->list, row);
}

/* ---- the object ---- */

static void
fovea_help_window_class_init (FoveaHelpWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_add_binding_action (widget_class, GDK_KEY_Escape, 0, "window.close", NULL);
  g_type_ensure (FOVEA_TYPE_TAB_STOP);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/help-window.ui");
  gtk_widget_class_bind_template_child (widget_class, FoveaHelpWindow, search_entry);
  gtk_widget_class_bind_template_child (widget_class, FoveaHelpWindow, list);
  gtk_widget_class_bind_template_child (widget_class, FoveaHelpWindow, body);
  gtk_widget_class_bind_template_child (widget_class, FoveaHelpWindow, scroller);
  gtk_widget_class_bind_template_child (widget_class, FoveaHelpWindow, window_title);
  gtk_widget_class_bind_template_child (widget_class, FoveaHelpWindow, no_match_label);
}

static void
fovea_help_window_init (FoveaHelpWindow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (const FoveaHelpTopic *topic = fovea_help_topics; topic->id != NULL; topic++)
    add_topic (self, topic);
  g_signal_connect (self->list, "row-selected", G_CALLBACK (on_row_selected), self);
  g_signal_connect_swapped (self->search_entry, "search-changed", G_CALLBACK (on_search), self);
  g_signal_connect_swapped (self->search_entry, "stop-search", G_CALLBACK (gtk_window_close), self);
  gtk_list_box_select_row (self->list, gtk_list_box_get_row_at_index (self->list, 0));
}

GtkWidget *
fovea_help_window_new (GtkWindow *parent)
{
  FoveaHelpWindow *self = g_object_new (FOVEA_TYPE_HELP_WINDOW, "transient-for", parent, "application",
                                        gtk_window_get_application (parent), "destroy-with-parent", TRUE, NULL);

  gtk_widget_insert_action_group (GTK_WIDGET (self), "win", G_ACTION_GROUP (parent));
  return GTK_WIDGET (self);
}
