/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/advice-box.h"

#include <glib/gi18n.h>

#include "engine/training-advice.h"

struct _FoveaAdviceBox {
  AdwBin parent_instance;
  GCancellable *cancellable; /* (nullable) of what is being worked out */
  GtkLabel *text, *reason;
  GtkWidget *check_button; /* to the labels that look wrong, where these come first */
};

G_DEFINE_FINAL_TYPE (FoveaAdviceBox, fovea_advice_box, ADW_TYPE_BIN)

static void
on_advised (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (FoveaAdviceBox) self = data;
  g_autoptr (FoveaTrainingAdvice) advice = fovea_project_advise_finish (result, NULL);

  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return; /* asked anew meanwhile, or gone */
  gtk_widget_set_visible (GTK_WIDGET (self), advice != NULL);
  if (advice == NULL)
    return;
  gtk_label_set_label (self->text, advice->text);
  gtk_label_set_label (self->reason, advice->reason);
  gtk_widget_set_visible (self->check_button, advice->advice != FOVEA_ADVICE_TOO_FEW && advice->deep <= 0);
}

void
fovea_advice_box_ask (FoveaAdviceBox *self, FoveaProject *project)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
  if (project == NULL)
    return;
  self->cancellable = g_cancellable_new ();
  fovea_project_advise_async (project, self->cancellable, on_advised, g_object_ref (self));
}

static void
advice_box_dispose (GObject *object)
{
  FoveaAdviceBox *self = FOVEA_ADVICE_BOX (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (fovea_advice_box_parent_class)->dispose (object);
}

static void
fovea_advice_box_class_init (FoveaAdviceBoxClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = advice_box_dispose;
}

static GtkLabel *
add_label (GtkWidget *box, const char *style)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_STATUS, "xalign", 0.0, "wrap", TRUE, NULL);

  gtk_widget_add_css_class (label, style);
  gtk_box_append (GTK_BOX (box), label);
  return GTK_LABEL (label);
}

static void
fovea_advice_box_init (FoveaAdviceBox *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  gtk_widget_add_css_class (box, "card");
  gtk_widget_add_css_class (box, "advice");
  self->text = add_label (box, "heading");
  self->reason = add_label (box, "numeric");
  self->check_button = gtk_button_new_with_label (_("Look for Label Errors"));
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->check_button), "win.review-errors");
  gtk_widget_set_halign (self->check_button, GTK_ALIGN_START);
  gtk_widget_set_visible (self->check_button, FALSE);
  gtk_box_append (GTK_BOX (box), self->check_button);
  adw_bin_set_child (ADW_BIN (self), box);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
