/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/window-private.h"

/* Keys that must not fire while a person types: they reach the window only when nothing below it wanted them, unlike the
 * application's accelerators, which come first. */
static const struct {
  const char *trigger;
  const char *action;
  const char *target; /* (nullable) */
} plain_keys[] = {
  { "1|KP_1", "win.label-key", "1" },           { "2|KP_2", "win.label-key", "2" },
  { "3|KP_3", "win.label-key", "3" },           { "4|KP_4", "win.label-key", "4" },
  { "5|KP_5", "win.label-key", "5" },           { "6|KP_6", "win.label-key", "6" },
  { "7|KP_7", "win.label-key", "7" },           { "8|KP_8", "win.label-key", "8" },
  { "9|KP_9", "win.label-key", "9" },           { "<Alt>1|<Alt>KP_1", "win.label-not-key", "1" },
  { "<Alt>2|<Alt>KP_2", "win.label-not-key", "2" }, { "<Alt>3|<Alt>KP_3", "win.label-not-key", "3" },
  { "<Alt>4|<Alt>KP_4", "win.label-not-key", "4" }, { "<Alt>5|<Alt>KP_5", "win.label-not-key", "5" },
  { "<Alt>6|<Alt>KP_6", "win.label-not-key", "6" }, { "<Alt>7|<Alt>KP_7", "win.label-not-key", "7" },
  { "<Alt>8|<Alt>KP_8", "win.label-not-key", "8" }, { "<Alt>9|<Alt>KP_9", "win.label-not-key", "9" },
  { "slash|c", "win.label-entry", NULL },       { "<Alt>slash|<Alt>c", "win.label-not-entry", NULL },
  { "BackSpace", "win.clear-labels", NULL },    { "s", "win.split-menu", NULL },
  { "m", "win.more-like-this", NULL },          { "u", "win.most-useful", NULL },
  { "<Shift>Return|<Shift>KP_Enter", "win.accept-many", NULL }, { "<Control><Shift>f", "win.filters", NULL },
  { "<Control>c", "win.copy", NULL },           { "Menu|<Shift>F10", "win.context-menu", NULL },
  { "Delete|KP_Delete", "win.remove", NULL },   { "Escape", "win.select-none", NULL },
  { "<Alt>Left|Back", "win.back", NULL },
  { "<Control>a", "win.select-all", NULL },     { "<Control>z", "win.undo", NULL },
  { "<Control><Shift>z|<Control>y", "win.redo", NULL }, { "<Control>v", "win.paste", NULL },
};

/* Keys of the grid itself, before its own (Space selects, Return activates). */
static const struct {
  const char *trigger;
  const char *action;
} grid_keys[] = {
  { "space|KP_Space", "win.quick-look" },
  { "Return|KP_Enter|ISO_Enter", "win.accept" },
};

static GtkShortcut *
shortcut_new (const char *trigger, const char *action, const char *target)
{
  GtkShortcut *shortcut = gtk_shortcut_new (gtk_shortcut_trigger_parse_string (trigger), gtk_named_action_new (action));

  if (target != NULL)
    gtk_shortcut_set_arguments (shortcut, g_variant_new_string (target));
  return shortcut;
}

void
fovea_window_init_keys (FoveaWindow *self)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_BUBBLE);
  for (guint i = 0; i < G_N_ELEMENTS (plain_keys); i++)
    gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller),
                                          shortcut_new (plain_keys[i].trigger, plain_keys[i].action, plain_keys[i].target));
  gtk_widget_add_controller (GTK_WIDGET (self), controller);
}

void
fovea_window_add_grid_keys (GtkWidget *grid)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  for (guint i = 0; i < G_N_ELEMENTS (grid_keys); i++)
    gtk_shortcut_controller_add_shortcut (GTK_SHORTCUT_CONTROLLER (controller),
                                          shortcut_new (grid_keys[i].trigger, grid_keys[i].action, NULL));
  gtk_widget_add_controller (grid, controller);
}
