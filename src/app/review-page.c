/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/review-page-private.h"

#include <glib/gi18n.h>

#include "app/stack.h"
#include "app/tab-stop.h"
#include "app/window.h"
#include "app/wrap-box.h"

static void review_page_init_page (FoveaPageInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FoveaReviewPage, fovea_review_page, ADW_TYPE_BIN,
                               G_IMPLEMENT_INTERFACE (FOVEA_TYPE_PAGE, review_page_init_page))

/* ---- why there is nothing ---- */

static gboolean
anything_is_labelled (FoveaReviewPage *self)
{
  GListModel *concepts = G_LIST_MODEL (fovea_project_get_concepts (self->project));

  for (guint i = 0; i < g_list_model_get_n_items (concepts); i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (concepts, i);

      if (fovea_concept_get_count (concept) > 0)
        return TRUE;
    }
  return FALSE;
}

static void
say_empty (FoveaReviewPage *self, const char *title, const char *description, const char *button, const char *action)
{
  g_autofree char *escaped = g_markup_escape_text (description, -1);
  g_autofree char *name = NULL;
  g_autoptr (GVariant) target = NULL;

  adw_status_page_set_title (self->empty_page, title);
  adw_status_page_set_description (self->empty_page, escaped);
  gtk_button_set_label (GTK_BUTTON (self->empty_button), button);
  if (!g_action_parse_detailed_name (action, &name, &target, NULL))
    g_assert_not_reached ();
  /* In this order: an action without its target is a mistake that GTK warns of. */
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->empty_button), NULL);
  gtk_actionable_set_action_target_value (GTK_ACTIONABLE (self->empty_button), target);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->empty_button), name);
}

static void
show_empty (FoveaReviewPage *self)
{
  gboolean errors = fovea_review_get_order (self->review) == FOVEA_REVIEW_LABEL_ERRORS;
  const char *problem = fovea_review_get_problem (self->review);
  guint total = fovea_picture_list_get_total (fovea_project_get_pictures (self->project));

  if (total == 0)
    say_empty (self, _("Nothing to Review Yet"), _("Bring some pictures into the project first."), _("Import a Folder…"), "win.import");
  else if (!anything_is_labelled (self))
    say_empty (self, _("Nothing to Review Yet"),
               _("Here you look through what a model says of your pictures. Label some pictures of each concept, and it has something to say."),
               _("Label Pictures"), "win.page('images')");
  else if (errors && problem[0] != '\0')
    say_empty (self, _("Labels Cannot Be Checked Yet"), problem, _("Show the Pictures"), "win.page('images')");
  else if (errors)
    say_empty (self, _("No Label Stands Out"), _("Every label that could be checked is what the other pictures suggest."),
               _("Check Again"), "review.again");
  else
    say_empty (self, _("Nothing Waits for Review"),
               _("Every picture with a suggestion has a label. Unlabelled pictures get one as soon as a model has been trained, or "
                 "labels can be checked for errors instead."),
               _("Look for Label Errors"), "review.order('errors')");
}

/* ---- what is shown ---- */

static const char *
choose_page (FoveaReviewPage *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->review));

  if (n == 0)
    return fovea_review_get_loading (self->review) ? "loading" : "empty";
  return fovea_review_get_position (self->review) < n ? "queue" : "end";
}

static void
show_place (FoveaReviewPage *self)
{
  guint position = fovea_review_get_position (self->review), n = g_list_model_get_n_items (G_LIST_MODEL (self->review));
  static const char *const verdicts[] = { "", N_("accepted"), N_("rejected"), N_("corrected"), N_("skipped") };
  FoveaReviewVerdict verdict = fovea_review_get_verdict (self->review, position);
  g_autofree char *question = fovea_review_page_dup_question (self);
  g_autofree char *place = g_strdup_printf (_("%u of %u"), position + 1, n);
  g_autofree char *described = NULL;

  if (verdict != FOVEA_REVIEW_OPEN)
    {
      g_autofree char *alone = g_steal_pointer (&place);

      /* Translators: "3 of 20, accepted" */
      place = g_strdup_printf (_("%s, %s"), alone, _(verdicts[verdict]));
    }
  described = g_strdup_printf ("%s. %s", place, question);
  gtk_label_set_label (self->place_label, place);
  gtk_label_set_label (self->question_label, question);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->picture_view), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, described, -1);
}

static void
show_end (FoveaReviewPage *self)
{
  g_autofree char *tally = fovea_review_page_dup_tally (self);
  g_autofree char *escaped = g_markup_escape_text (tally, -1);

  adw_status_page_set_description (self->end_page, escaped);
}

static gboolean
focus_picture (gpointer data)
{
  FoveaReviewPage *self = data;

  self->focus_source = 0;
  if (self->shown && gtk_widget_get_mapped (GTK_WIDGET (self->picture_view)))
    gtk_widget_grab_focus (GTK_WIDGET (self->picture_view));
  return G_SOURCE_REMOVE;
}

/* The keys are the page's at once, also for someone who came by a click on the sidebar or on what the empty page offers. */
void
fovea_review_page_want_focus (FoveaReviewPage *self)
{
  if (self->focus_source == 0)
    self->focus_source = g_idle_add (focus_picture, self);
}

static void
update (FoveaReviewPage *self)
{
  const char *page = choose_page (self);
  GtkWidget *root = GTK_WIDGET (gtk_widget_get_root (GTK_WIDGET (self)));
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (GTK_ROOT (root)) : NULL;

  if (self->shown && g_str_equal (page, "queue") && g_strcmp0 (gtk_stack_get_visible_child_name (self->stack), "queue") != 0
      && (focus == NULL || !GTK_IS_EDITABLE (focus)))
    fovea_review_page_want_focus (self);
  fovea_stack_show_only (self->stack, page);
  gtk_spinner_set_spinning (self->spinner, g_str_equal (page, "loading"));
  fovea_review_page_update_actions (self);
  if (!self->shown)
    return;
  if (g_str_equal (page, "empty"))
    show_empty (self);
  if (g_str_equal (page, "end"))
    show_end (self);
  fovea_review_page_show_side (self);
  fovea_review_page_show_strip (self);
  fovea_review_page_show_pixels (self);
  if (g_str_equal (page, "queue"))
    show_place (self);
}

static gboolean
on_update_due (gpointer data)
{
  FoveaReviewPage *self = data;

  self->update_source = 0;
  update (self);
  return G_SOURCE_REMOVE;
}

/* Several things change at once; they are shown once, before the next frame. */
static void
on_changed (FoveaReviewPage *self)
{
  if (self->update_source == 0 && self->review != NULL)
    self->update_source = g_idle_add_full (G_PRIORITY_HIGH_IDLE, on_update_due, self, NULL);
}

static void
on_failed (FoveaReview *review, const GError *error, FoveaReviewPage *self)
{
  GtkRoot *root = gtk_widget_get_root (GTK_WIDGET (self));

  if (FOVEA_IS_WINDOW (root))
    fovea_window_toast_error (FOVEA_WINDOW (root), _("The decision was not kept"), error);
}

/* ---- what stands around the page ---- */

static char *
dup_count (FoveaPage *page, char **ret_description)
{
  guint n = fovea_review_get_n_waiting (FOVEA_REVIEW_PAGE (page)->review);

  if (n == 0)
    return g_strdup ("");
  *ret_description = g_strdup_printf (ngettext ("%u picture waits for review", "%u pictures wait for review", n), n);
  return g_strdup_printf ("%u", n);
}

static GtkWidget *
get_header_widget (FoveaPage *page)
{
  return FOVEA_REVIEW_PAGE (page)->header_tools;
}

static GActionGroup *
get_actions (FoveaPage *page)
{
  return G_ACTION_GROUP (FOVEA_REVIEW_PAGE (page)->actions);
}

static void
focus (FoveaPage *page)
{
  FoveaReviewPage *self = FOVEA_REVIEW_PAGE (page);
  const char *shown = gtk_stack_get_visible_child_name (self->stack);

  if (g_strcmp0 (shown, "queue") == 0)
    gtk_widget_grab_focus (GTK_WIDGET (self->picture_view));
  else
    (void) gtk_widget_child_focus (GTK_WIDGET (self), GTK_DIR_TAB_FORWARD);
}

static void
set_shown (FoveaPage *page, gboolean shown)
{
  FoveaReviewPage *self = FOVEA_REVIEW_PAGE (page);

  self->shown = shown;
  if (!shown)
    {
      fovea_review_page_clear_pixels (self);
      return;
    }
  fovea_review_begin (self->review);
  if (fovea_review_get_order (self->review) == FOVEA_REVIEW_LABEL_ERRORS)
    fovea_review_set_order (self->review, FOVEA_REVIEW_LABEL_ERRORS);
  update (self);
  fovea_review_page_want_focus (self);
}

static void
review_page_init_page (FoveaPageInterface *iface)
{
  iface->name = "review";
  iface->title = N_("Review");
  iface->icon_name = "object-select-symbolic";
  iface->dup_count = dup_count;
  iface->get_header_widget = get_header_widget;
  iface->get_actions = get_actions;
  iface->focus = focus;
  iface->set_shown = set_shown;
}

/* ---- the object ---- */

/* When the page leaves its window the project is closed next, and others may still hold the page. */
static void
stop (FoveaReviewPage *self)
{
  g_clear_handle_id (&self->update_source, g_source_remove);
  g_clear_handle_id (&self->focus_source, g_source_remove);
  if (self->review != NULL)
    {
      fovea_review_page_clear_pixels (self);
      fovea_review_page_clear_strip (self);
      g_signal_handlers_disconnect_by_data (self->review, self);
      fovea_review_close (self->review);
    }
  self->shown = FALSE;
  g_clear_object (&self->review);
}

static void
review_page_unroot (GtkWidget *widget)
{
  stop (FOVEA_REVIEW_PAGE (widget));
  GTK_WIDGET_CLASS (fovea_review_page_parent_class)->unroot (widget);
}

static void
review_page_dispose (GObject *object)
{
  FoveaReviewPage *self = FOVEA_REVIEW_PAGE (object);

  stop (self);
  g_clear_object (&self->actions);
  g_clear_object (&self->project);
  G_OBJECT_CLASS (fovea_review_page_parent_class)->dispose (object);
}

static void
review_page_finalize (GObject *object)
{
  FoveaReviewPage *self = FOVEA_REVIEW_PAGE (object);

  g_hash_table_unref (self->textures);
  g_hash_table_unref (self->failures);
  g_clear_pointer (&self->cells, g_hash_table_unref);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (fovea_review_page_parent_class)->finalize (object);
}

static void
bind_children (GtkWidgetClass *widget_class)
{
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, header_tools);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, order_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, side_flap);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, edit_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, stack);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, spinner);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, empty_page);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, end_page);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, failed_page);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, empty_button);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, picture_stack);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, picture_view);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, strip);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, place_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, question_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, name_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, nothing_said_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, machine_box);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, person_box);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, reviewed_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, accuracy_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, left_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, settle_label);
  gtk_widget_class_bind_template_child (widget_class, FoveaReviewPage, live_label);
}

static void
fovea_review_page_class_init (FoveaReviewPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = review_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = review_page_finalize;
  widget_class->unroot = review_page_unroot;
  g_type_ensure (FOVEA_TYPE_PICTURE_VIEW);
  g_type_ensure (FOVEA_TYPE_TAB_STOP);
  g_type_ensure (FOVEA_TYPE_WRAP_BOX);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/fovea/Fovea/ui/review-page.ui");
  bind_children (widget_class);
}

static void
fovea_review_page_init (FoveaReviewPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  fovea_review_page_init_pixels (self);
  fovea_review_page_init_actions (self);
}

GtkWidget *
fovea_review_page_new (FoveaProject *project)
{
  FoveaReviewPage *self = g_object_new (FOVEA_TYPE_REVIEW_PAGE, NULL);

  self->project = g_object_ref (project);
  self->review = fovea_review_new (project);
  self->label_popover = FOVEA_LABEL_POPOVER (fovea_label_popover_new (fovea_project_get_concepts (project)));
  fovea_label_popover_set_action (self->label_popover, "review.correct");
  gtk_menu_button_set_popover (self->edit_button, GTK_WIDGET (self->label_popover));
  g_signal_connect_object (self->label_popover, "closed", G_CALLBACK (focus), self, G_CONNECT_AFTER | G_CONNECT_SWAPPED);
  fovea_review_page_init_strip (self);
  g_signal_connect_swapped (self->review, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (self->review, "notify", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (self->review, "items-changed", G_CALLBACK (on_changed), self);
  g_signal_connect_swapped (self->review, "notify::n-waiting", G_CALLBACK (fovea_page_title_changed), self);
  g_signal_connect_object (fovea_project_get_live (project), "notify", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (fovea_project_get_live (project), "updated", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect (self->review, "failed", G_CALLBACK (on_failed), self);
  update (self);
  return GTK_WIDGET (self);
}
