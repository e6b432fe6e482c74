/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/review-page-private.h"

#include <glib/gi18n.h>

#include "app/concept-color.h"
#include "app/window.h"

#define ZOOM_FACTOR 1.5

static const struct {
  const char *name;
  FoveaReviewOrder order;
  const char *title;
} orders[] = {
  { "doubt", FOVEA_REVIEW_DOUBT, N_("Least Certain First") },
  { "useful", FOVEA_REVIEW_USEFUL, N_("Most Useful Next") },
  { "certain", FOVEA_REVIEW_CERTAIN, N_("Most Certain First") },
  { "errors", FOVEA_REVIEW_LABEL_ERRORS, N_("Likely Label Errors") },
};

static void
on_accept (GSimpleAction *action, GVariant *target, gpointer data)
{
  (void) fovea_review_accept (FOVEA_REVIEW_PAGE (data)->review);
}

static void
on_reject (GSimpleAction *action, GVariant *target, gpointer data)
{
  (void) fovea_review_reject (FOVEA_REVIEW_PAGE (data)->review);
}

static void
on_skip (GSimpleAction *action, GVariant *target, gpointer data)
{
  (void) fovea_review_skip (FOVEA_REVIEW_PAGE (data)->review);
}

static void
on_edit (GSimpleAction *action, GVariant *target, gpointer data)
{
  gtk_menu_button_popup (FOVEA_REVIEW_PAGE (data)->edit_button);
}

static void
on_next (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaReview *review = FOVEA_REVIEW_PAGE (data)->review;

  if (!fovea_review_go_to (review, fovea_review_get_position (review) + 1))
    (void) fovea_review_skip (review);
}

static void
on_previous (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaReview *review = FOVEA_REVIEW_PAGE (data)->review;

  (void) fovea_review_go_to (review, fovea_review_get_position (review) - 1);
}

static void
on_correct (GSimpleAction *action, GVariant *target, gpointer data)
{
  (void) fovea_review_correct (FOVEA_REVIEW_PAGE (data)->review, g_variant_get_string (target, NULL));
}

static void
on_correct_key (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaReviewPage *self = data;
  const char *key = g_variant_get_string (target, NULL);
  FoveaConcept *concept = fovea_concept_key_lookup (G_LIST_MODEL (fovea_project_get_concepts (self->project)), key[0]);
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (concept != NULL)
    (void) fovea_review_correct (self->review, fovea_concept_get_name (concept));
  else if (FOVEA_IS_WINDOW (root))
    {
      g_autofree char *text = g_strdup_printf (_("No concept has the key %s"), key);

      fovea_window_toast (FOVEA_WINDOW (root), text, NULL, NULL);
    }
}

static void
on_order (GSimpleAction *action, GVariant *state, gpointer data)
{
  FoveaReviewPage *self = data;

  for (guint i = 0; i < G_N_ELEMENTS (orders); i++)
    if (g_str_equal (orders[i].name, g_variant_get_string (state, NULL)))
      {
        g_simple_action_set_state (action, state);
        gtk_label_set_label (self->order_label, _(orders[i].title));
        fovea_review_set_order (self->review, orders[i].order);
        fovea_review_page_want_focus (self);
      }
}

static void
on_again (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaReview *review = FOVEA_REVIEW_PAGE (data)->review;

  fovea_review_set_order (review, fovea_review_get_order (review));
}

static void
on_zoom_in (GSimpleAction *action, GVariant *target, gpointer data)
{
  fovea_picture_view_zoom_by (FOVEA_REVIEW_PAGE (data)->picture_view, ZOOM_FACTOR);
}

static void
on_zoom_out (GSimpleAction *action, GVariant *target, gpointer data)
{
  fovea_picture_view_zoom_by (FOVEA_REVIEW_PAGE (data)->picture_view, 1 / ZOOM_FACTOR);
}

static void
on_zoom_fit (GSimpleAction *action, GVariant *target, gpointer data)
{
  fovea_picture_view_zoom_to_fit (FOVEA_REVIEW_PAGE (data)->picture_view);
}

/* What an action needs before it can do something. */
typedef enum {
  NEEDS_PICTURE = 1,
  NEEDS_SUGGESTION = 2,
  NEEDS_WRITE = 4,
  NEEDS_PREVIOUS = 8
} Needs;

static const struct {
  GActionEntry entry;
  guint needs;
} actions[] = {
  { { "accept", on_accept }, NEEDS_SUGGESTION | NEEDS_WRITE },
  { { "reject", on_reject }, NEEDS_SUGGESTION | NEEDS_WRITE },
  { { "edit", on_edit }, NEEDS_PICTURE | NEEDS_WRITE },
  { { "correct", on_correct, "s" }, NEEDS_PICTURE | NEEDS_WRITE },
  { { "correct-key", on_correct_key, "s" }, NEEDS_PICTURE | NEEDS_WRITE },
  { { "skip", on_skip }, NEEDS_PICTURE },
  { { "next", on_next }, NEEDS_PICTURE },
  { { "previous", on_previous }, NEEDS_PREVIOUS },
  { { "zoom-in", on_zoom_in }, NEEDS_PICTURE },
  { { "zoom-out", on_zoom_out }, NEEDS_PICTURE },
  { { "zoom-fit", on_zoom_fit }, NEEDS_PICTURE },
  { { "order", NULL, "s", "'doubt'", on_order }, 0 },
  { { "again", on_again }, 0 },
};

/* Keys of the page: they reach it only when nothing within it wanted them, so they never fire while a person types. */
static const struct {
  const char *trigger, *action, *target;
} keys[] = {
  { "a|Return|KP_Enter", "review.accept", NULL },
  { "r", "review.reject", NULL },
  { "e|c|slash", "review.edit", NULL },
  { "space|KP_Space", "review.skip", NULL },
  { "j", "review.next", NULL },
  { "k", "review.previous", NULL },
  { "plus|equal|KP_Add", "review.zoom-in", NULL },
  { "minus|KP_Subtract", "review.zoom-out", NULL },
  { "0|KP_0|z", "review.zoom-fit", NULL },
  { "i", "review.details", NULL },
  { "1|KP_1", "review.correct-key", "1" },
  { "2|KP_2", "review.correct-key", "2" },
  { "3|KP_3", "review.correct-key", "3" },
  { "4|KP_4", "review.correct-key", "4" },
  { "5|KP_5", "review.correct-key", "5" },
  { "6|KP_6", "review.correct-key", "6" },
  { "7|KP_7", "review.correct-key", "7" },
  { "8|KP_8", "review.correct-key", "8" },
  { "9|KP_9", "review.correct-key", "9" },
};

void
fovea_review_page_update_actions (FoveaReviewPage *self)
{
  guint position = fovea_review_get_position (self->review), n = g_list_model_get_n_items (G_LIST_MODEL (self->review));
  FoveaSuggestion suggestion;
  guint given = (position < n ? NEEDS_PICTURE : 0) | (position > 0 ? NEEDS_PREVIOUS : 0);

  if (fovea_review_get_suggestion (self->review, position, &suggestion))
    given |= NEEDS_SUGGESTION;
  given |= fovea_project_get_read_only (self->project) ? 0 : NEEDS_WRITE;
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    {
      GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->actions), actions[i].entry.name);

      g_simple_action_set_enabled (G_SIMPLE_ACTION (action), (actions[i].needs & ~given) == 0);
    }
  gtk_widget_set_sensitive (GTK_WIDGET (self->edit_button), g_action_group_get_action_enabled (G_ACTION_GROUP (self->actions), "edit"));
}

/* Arrows move in the direction of reading, as they do in the film strip. */
static gboolean
on_arrow (GtkEventControllerKey *controller, guint keyval, guint keycode, GdkModifierType state, FoveaReviewPage *self)
{
  gboolean rtl = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  gboolean forward = keyval == GDK_KEY_Down || keyval == (rtl ? GDK_KEY_Left : GDK_KEY_Right);

  if ((state & gtk_accelerator_get_default_mod_mask ()) != 0
      || (keyval != GDK_KEY_Left && keyval != GDK_KEY_Right && keyval != GDK_KEY_Up && keyval != GDK_KEY_Down))
    return GDK_EVENT_PROPAGATE;
  gtk_widget_activate_action (GTK_WIDGET (self), forward ? "review.next" : "review.previous", NULL);
  return GDK_EVENT_STOP;
}

static void
add_keys (FoveaReviewPage *self)
{
  GtkEventController *controller = gtk_shortcut_controller_new (), *arrows = gtk_event_controller_key_new ();

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      GtkShortcut *shortcut =
        gtk_shortcut_new (gtk_shortcut_trigger_parse_string (keys[i].trigger), gtk_named_action_new (keys[i].action));

      if (keys[i].target != NULL)
        gtk_shortcut_set_arguments (shortcut, g_variant_new_string (keys[i].target));
      gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller), shortcut);
    }
  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_BUBBLE);
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
  g_signal_connect (arrows, "key-pressed", G_CALLBACK (on_arrow), self);
  gtk_widget_add_controller (GTK_WIDGET (self->picture_view), arrows);
}

void
fovea_review_page_init_actions (FoveaReviewPage *self)
{
  g_autoptr (GPropertyAction) details = g_property_action_new ("details", self->side_flap, "reveal-flap");

  self->actions = g_simple_action_group_new ();
  g_action_map_add_action (G_ACTION_MAP (self->actions), G_ACTION (details));
  gtk_label_set_label (self->order_label, _(orders[0].title));
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    g_action_map_add_action_entries (G_ACTION_MAP (self->actions), &actions[i].entry, 1, self);
  add_keys (self);
}
