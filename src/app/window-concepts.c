/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/window-private.h"

#include <glib/gi18n.h>

#include "app/concept-window.h"
#include "engine/concept-edit.h"

/* ---- one change on its way to the project ---- */

typedef struct {
  FoveaWindow *window;
  char *done; /* (nullable) what the toast says: where the effect is not plain to see */
  const char *failed;
} Change;

static Change *
change_new (FoveaWindow *self, char *done, const char *failed)
{
  Change *change = g_new0 (Change, 1);

  change->window = g_object_ref (self);
  change->done = done;
  change->failed = failed;
  return change;
}

static void
change_free (Change *change)
{
  g_object_unref (change->window);
  g_free (change->done);
  g_free (change);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Change, change_free)

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Change) change = data;
  g_autoptr (GError) error = NULL;

  if (!fovea_project_edit_concept_finish (FOVEA_PROJECT (source), result, &error))
    fovea_window_toast_error (change->window, change->failed, error);
  else if (change->done != NULL)
    fovea_window_toast (change->window, change->done, _("Undo"), "win.undo");
}

static FoveaConcept *
lookup (FoveaWindow *self, gint64 id)
{
  return fovea_concept_list_lookup (fovea_project_get_concepts (self->project), id);
}

/* ---- name, place ---- */

static void
on_rename (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  FoveaConceptChange change = { 0 };
  gint64 id;

  g_variant_get (target, "(x&s)", &id, &change.name);
  if (lookup (self, id) != NULL)
    fovea_project_update_concept_async (self->project, id, &change, NULL, on_changed,
                                        change_new (self, NULL, _("The concept was not renamed")));
}

static void
on_move (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  guint position;
  gint64 id;

  g_variant_get (target, "(xu)", &id, &position);
  fovea_project_move_concept_async (self->project, id, position, NULL, on_changed,
                                    change_new (self, NULL, _("The concept was not moved")));
}

/* ---- everything about it ---- */

static void
on_applied (FoveaConceptWindow *editor, const FoveaConceptChange *change, FoveaWindow *self)
{
  gint64 id = fovea_concept_get_id (fovea_concept_window_get_concept (editor));

  fovea_project_update_concept_async (self->project, id, change, NULL, on_changed,
                                      change_new (self, NULL, _("The concept was not changed")));
}

static void
on_edit (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  FoveaConcept *concept = lookup (self, g_variant_get_int64 (target));
  GtkWidget *editor;

  if (concept == NULL)
    return;
  editor = fovea_concept_window_new (GTK_WINDOW (self), concept);
  g_signal_connect_object (editor, "applied", G_CALLBACK (on_applied), self, 0);
  gtk_window_present (GTK_WINDOW (editor));
}

/* ---- deleting, merging ---- */

static void
on_delete (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  FoveaConcept *concept = lookup (self, g_variant_get_int64 (target));
  char *done;

  if (concept == NULL)
    return;
  done = g_strdup_printf (_("Concept %s deleted"), fovea_concept_get_name (concept));
  fovea_project_remove_concept_async (self->project, fovea_concept_get_id (concept), NULL, on_changed,
                                      change_new (self, done, _("The concept was not deleted")));
}

typedef struct {
  FoveaWindow *window; /* not owned: the dialog belongs to it */
  FoveaConcept *from;
  GtkDropDown *into;
  GPtrArray *others; /* FoveaConcept, as in the drop-down */
} Merging;

static void
merging_free (gpointer data)
{
  Merging *merging = data;

  g_object_unref (merging->from);
  g_ptr_array_unref (merging->others);
  g_free (merging);
}

static FoveaConcept *
get_into (Merging *merging)
{
  guint i = gtk_drop_down_get_selected (merging->into);

  return i < merging->others->len ? g_ptr_array_index (merging->others, i) : NULL;
}

static void
on_merge_response (GtkWidget *dialog, const char *response, Merging *merging)
{
  FoveaWindow *self = merging->window;
  FoveaConcept *into = get_into (merging);
  char *done;

  if (!g_str_equal (response, "merge") || into == NULL || self->project == NULL)
    return;
  done = g_strdup_printf (_("%s merged into %s"), fovea_concept_get_name (merging->from), fovea_concept_get_name (into));
  fovea_project_merge_concepts_async (self->project, fovea_concept_get_id (merging->from), fovea_concept_get_id (into), NULL, on_changed,
                                      change_new (self, done, _("The concepts were not merged")));
}

/* Says what would become of how many pictures. */
static void
on_into_changed (GtkDropDown *drop_down, GParamSpec *pspec, Merging *merging)
{
  AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG (gtk_widget_get_root (GTK_WIDGET (drop_down)));
  FoveaConcept *into = get_into (merging);
  guint n = fovea_concept_get_count (merging->from);
  g_autofree char *text = NULL;

  if (dialog == NULL || into == NULL)
    return;
  text = g_strdup_printf (ngettext ("%u picture labelled “%s” will be labelled “%s”, and “%s” will be gone. This can be undone.",
                                    "%u pictures labelled “%s” will be labelled “%s”, and “%s” will be gone. This can be undone.", n),
                          n, fovea_concept_get_name (merging->from), fovea_concept_get_name (into), fovea_concept_get_name (merging->from));
  adw_message_dialog_set_body (dialog, text);
}

/* The drop-down of all concepts but @from, searchable; @others gets them in its order. */
static GtkWidget *
others_drop_down_new (FoveaConceptList *concepts, FoveaConcept *from, GPtrArray *others)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  GtkExpression *name = gtk_property_expression_new (GTK_TYPE_STRING_OBJECT, NULL, "string");
  GtkWidget *drop_down;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (concepts)); i++)
    {
      g_autoptr (FoveaConcept) concept = g_list_model_get_item (G_LIST_MODEL (concepts), i);

      if (concept == from)
        continue;
      gtk_string_list_append (names, fovea_concept_get_name (concept));
      g_ptr_array_add (others, g_object_ref (concept));
    }
  drop_down = gtk_drop_down_new (G_LIST_MODEL (g_steal_pointer (&names)), name);
  gtk_drop_down_set_enable_search (GTK_DROP_DOWN (drop_down), others->len > 9);
  gtk_accessible_update_property (GTK_ACCESSIBLE (drop_down), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Merge into"), -1);
  return drop_down;
}

static void
on_merge (GSimpleAction *action, GVariant *target, gpointer data)
{
  FoveaWindow *self = data;
  FoveaConcept *from = lookup (self, g_variant_get_int64 (target));
  Merging *merging;
  GtkWidget *dialog;
  g_autofree char *title = NULL;

  if (from == NULL)
    return;
  if (g_list_model_get_n_items (G_LIST_MODEL (fovea_project_get_concepts (self->project))) < 2)
    {
      fovea_window_toast (self, _("There is no other concept to merge it into"), NULL, NULL);
      return;
    }
  merging = g_new0 (Merging, 1);
  merging->window = self;
  merging->from = g_object_ref (from);
  merging->others = g_ptr_array_new_with_free_func (g_object_unref);
  merging->into = GTK_DROP_DOWN (others_drop_down_new (fovea_project_get_concepts (self->project), from, merging->others));
  title = g_strdup_printf (_("Merge “%s” into…"), fovea_concept_get_name (from));
  dialog = adw_message_dialog_new (GTK_WINDOW (self), title, NULL);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _("Cancel"), "merge", _("Merge"), NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "merge", ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "merge");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), GTK_WIDGET (merging->into));
  g_object_set_data_full (G_OBJECT (dialog), "fovea-merging", merging, merging_free);
  g_signal_connect (merging->into, "notify::selected", G_CALLBACK (on_into_changed), merging);
  g_signal_connect (dialog, "response", G_CALLBACK (on_merge_response), merging);
  on_into_changed (merging->into, NULL, merging);
  gtk_window_present (GTK_WINDOW (dialog));
}

static const FoveaWindowAction actions[] = {
  { { "rename-concept", on_rename, "(xs)" }, FOVEA_NEEDS_PROJECT | FOVEA_NEEDS_WRITE },
  { { "move-concept", on_move, "(xu)" }, FOVEA_NEEDS_PROJECT | FOVEA_NEEDS_WRITE },
  { { "edit-concept", on_edit, "x" }, FOVEA_NEEDS_PROJECT | FOVEA_NEEDS_WRITE },
  { { "delete-concept", on_delete, "x" }, FOVEA_NEEDS_PROJECT | FOVEA_NEEDS_WRITE },
  { { "merge-concept", on_merge, "x" }, FOVEA_NEEDS_PROJECT | FOVEA_NEEDS_WRITE },
};

const FoveaWindowAction *
fovea_window_get_concept_actions (guint *ret_n)
{
  *ret_n = G_N_ELEMENTS (actions);
  return actions;
}
