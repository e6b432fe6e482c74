/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/review-page-private.h"

#include <glib/gi18n.h>

#include "app/concept-color.h"
#include "app/confidence-bar.h"

static void
clear_box (GtkWidget *box)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (box)) != NULL)
    gtk_box_remove (GTK_BOX (box), child);
}

static GtkWidget *
label_new (const char *text, gboolean expand)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_ellipsize (GTK_LABEL (label), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (label, expand);
  return label;
}

static GtkWidget *
dot_new (FoveaConcept *concept)
{
  GtkWidget *dot = fovea_concept_dot_new ();
  GdkRGBA color;

  fovea_concept_color_get (concept, &color);
  fovea_concept_dot_set_color (FOVEA_CONCEPT_DOT (dot), &color);
  gtk_widget_set_valign (dot, GTK_ALIGN_CENTER);
  return dot;
}

/* ---- what the machine says ---- */

/* One concept: pressing it says that this is it. */
static GtkWidget *
machine_row_new (FoveaConcept *concept, double value)
{
  GtkWidget *row = gtk_button_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8), *bar, *number;
  g_autofree char *percent = g_strdup_printf (_("%.0f %%"), 100 * value);
  g_autofree char *name = g_strdup_printf ("%s, %s", fovea_concept_get_name (concept), percent);
  g_autofree char *tip = g_strdup_printf (_("It is %s"), fovea_concept_get_name (concept));
  GdkRGBA color;

  fovea_concept_color_get (concept, &color);
  bar = fovea_confidence_bar_new (&color, value);
  gtk_widget_set_valign (bar, GTK_ALIGN_CENTER);
  number = label_new (percent, FALSE);
  gtk_label_set_width_chars (GTK_LABEL (number), 5);
  gtk_label_set_xalign (GTK_LABEL (number), 1);
  gtk_widget_add_css_class (number, "numeric");
  gtk_box_append (GTK_BOX (box), dot_new (concept));
  gtk_box_append (GTK_BOX (box), label_new (fovea_concept_get_name (concept), TRUE));
  gtk_box_append (GTK_BOX (box), bar);
  gtk_box_append (GTK_BOX (box), number);
  gtk_button_set_child (GTK_BUTTON (row), box);
  gtk_widget_add_css_class (row, "flat");
  gtk_widget_add_css_class (row, "machine-row");
  gtk_widget_set_focus_on_click (row, FALSE);
  gtk_widget_set_tooltip_text (row, tip);
  gtk_actionable_set_action_target (GTK_ACTIONABLE (row), "s", fovea_concept_get_name (concept));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (row), "review.correct");
  gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  return row;
}

static void
show_machine (FoveaReviewPage *self, const FoveaSuggestion *suggestion)
{
  clear_box (self->machine_box);
  for (guint i = 0; i < suggestion->n_top; i++)
    gtk_box_append (GTK_BOX (self->machine_box), machine_row_new (suggestion->top[i], suggestion->top_values[i]));
}

/* ---- what a person said ---- */

static GtkWidget *
person_chip_new (FoveaConcept *concept, gboolean positive)
{
  GtkWidget *chip = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  const char *name = fovea_concept_get_name (concept);
  g_autofree char *text = positive ? g_strdup (name) : g_strdup_printf (_("not %s"), name);

  gtk_box_append (GTK_BOX (chip), dot_new (concept));
  gtk_box_append (GTK_BOX (chip), label_new (text, FALSE));
  gtk_widget_add_css_class (chip, "person-chip");
  gtk_widget_set_halign (chip, GTK_ALIGN_START);
  return chip;
}

static void
show_person (FoveaReviewPage *self, FoveaPicture *picture)
{
  guint n = fovea_picture_get_n_labels (picture);

  clear_box (self->person_box);
  for (guint i = 0; i < n; i++)
    {
      gboolean positive;
      FoveaConcept *concept = fovea_picture_get_label (picture, i, &positive);

      if (concept != NULL)
        gtk_box_append (GTK_BOX (self->person_box), person_chip_new (concept, positive));
    }
  gtk_widget_set_visible (GTK_WIDGET (self->nothing_said_label), n == 0);
}

/* ---- the sitting ---- */

char *
fovea_review_page_dup_question (FoveaReviewPage *self)
{
  FoveaSuggestion suggestion;
  const char *name;

  if (!fovea_review_get_suggestion (self->review, fovea_review_get_position (self->review), &suggestion))
    return g_strdup ("");
  name = fovea_concept_get_name (suggestion.concept);
  if (!suggestion.is)
    /* Translators: a concept that a person said and a machine doubts, and how sure it is. */
    return g_strdup_printf (_("Not %s? %.0f %%"), name, 100 * suggestion.value);
  if (fovea_review_get_order (self->review) == FOVEA_REVIEW_LABEL_ERRORS)
    return g_strdup_printf (_("Rather %s? %.0f %%"), name, 100 * suggestion.value);
  /* Translators: what a machine takes a picture for, and how sure it is: "Is it hat? 91 %". */
  return g_strdup_printf (_("Is it %s? %.0f %%"), name, 100 * suggestion.value);
}

char *
fovea_review_page_dup_tally (FoveaReviewPage *self)
{
  FoveaReviewTally tally;
  guint n;

  fovea_review_get_tally (self->review, &tally);
  n = tally.n_accepted + tally.n_rejected + tally.n_corrected;
  if (n == 0)
    return g_strdup (_("Nothing reviewed yet"));
  return g_strdup_printf (ngettext ("%u reviewed: %u accepted, %u rejected, %u corrected",
                                    "%u reviewed: %u accepted, %u rejected, %u corrected", n),
                          n, tally.n_accepted, tally.n_rejected, tally.n_corrected);
}

/* An accuracy says of how many pictures, and its interval; of fewer than ten it says nothing. */
static char *
dup_accuracy (FoveaReviewPage *self, const FoveaReviewTally *tally)
{
  guint n = tally->n_accepted + tally->n_rejected + tally->n_corrected;

  if (n < 10 && tally->n_left < 10 - n)
    return g_strdup (_("Too few pictures to give an accuracy"));
  if (n < 10)
    return g_strdup_printf (ngettext ("%u more, and an accuracy can be given", "%u more, and an accuracy can be given", 10 - n), 10 - n);
  if (fovea_review_get_order (self->review) == FOVEA_REVIEW_LABEL_ERRORS)
    return g_strdup_printf (_("%.0f %% of the suspicions were right (95 %% interval %.0f to %.0f %%)"), 100.0 * tally->n_accepted / n,
                            100 * tally->accuracy_low, 100 * tally->accuracy_high);
  return g_strdup_printf (_("%.0f %% of the %u suggestions were right (95 %% interval %.0f to %.0f %%). "
                            "The order chooses which are shown first."),
                          100.0 * tally->n_accepted / n, n, 100 * tally->accuracy_low, 100 * tally->accuracy_high);
}

static char *
dup_left (FoveaReviewPage *self, const FoveaReviewTally *tally)
{
  guint wrong = (guint) (tally->expected_wrong + 0.5);
  g_autofree char *left = g_strdup_printf (ngettext ("%u picture left", "%u pictures left", tally->n_left), tally->n_left);

  if (fovea_review_get_order (self->review) == FOVEA_REVIEW_LABEL_ERRORS)
    return g_strdup_printf (ngettext ("%s. About %u of %u labels is likely wrong.", "%s. About %u of %u labels are likely wrong.",
                                      tally->n_suspects),
                            left,
                            tally->n_suspects, tally->n_labelled);
  if (tally->settled_share <= 0)
    return g_steal_pointer (&left);
  if (wrong == 0)
    return g_strdup_printf (_("%s; hardly a suggestion among them is wrong"), left);
  return g_strdup_printf (ngettext ("%s; about %u suggestion among them is wrong",
                                    "%s; about %u suggestions among them are wrong", wrong),
                          left, wrong);
}

static char *
dup_settle (const FoveaReviewTally *tally)
{
  if (tally->settled_share <= 0 || tally->n_left == 0)
    return g_strdup ("");
  if (tally->n_to_settle == 0)
    return g_strdup_printf (_("Settled: %.0f %% of what is left should be right"), 100 * tally->settled_share);
  if (tally->n_to_settle >= tally->n_left)
    return g_strdup (_("All that is left is worth a look"));
  return g_strdup_printf (ngettext ("About %u more would settle it, the least certain: then %.0f %% of the rest should be right",
                                    "About %u more would settle it, the least certain first: then %.0f %% of the rest should be right",
                                    tally->n_to_settle),
                          tally->n_to_settle, 100 * tally->settled_share);
}

static void
set_text (GtkLabel *label, char *text)
{
  gtk_label_set_label (label, text);
  gtk_widget_set_visible (GTK_WIDGET (label), text[0] != '\0');
  g_free (text);
}

void
fovea_review_page_show_side (FoveaReviewPage *self)
{
  guint position = fovea_review_get_position (self->review);
  g_autoptr (FoveaPicture) picture = g_list_model_get_item (G_LIST_MODEL (self->review), position);
  FoveaSuggestion suggestion;
  FoveaReviewTally tally;

  fovea_review_get_tally (self->review, &tally);
  set_text (self->reviewed_label, fovea_review_page_dup_tally (self));
  set_text (self->accuracy_label, dup_accuracy (self, &tally));
  set_text (self->left_label, dup_left (self, &tally));
  set_text (self->settle_label, dup_settle (&tally));
  set_text (self->live_label, fovea_live_dup_message (fovea_project_get_live (self->project)));
  if (picture == NULL)
    return;
  (void) fovea_review_get_suggestion (self->review, position, &suggestion);
  show_machine (self, &suggestion);
  show_person (self, picture);
  set_text (self->name_label, fovea_picture_dup_name (picture));
}
