/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is drawn by hand follows the direction of reading: words lie on their chips, chips begin where one reads, axes stay. */
#include "app/plot.h"

#include "app-testing.h"

typedef struct {
  GArray *chips, *words; /* of graphene_rect_t, in the cell's coordinates */
} Drawn;

static void collect (GskRenderNode *node, GskTransform *transform, Drawn *drawn);

static void
add_bounds (GArray *places, GskRenderNode *node, GskTransform *transform)
{
  graphene_rect_t bounds, placed;

  gsk_render_node_get_bounds (node, &bounds);
  gsk_transform_transform_bounds (transform, &bounds, &placed);
  g_array_append_val (places, placed);
}

static void
collect_transformed (GskRenderNode *node, GskTransform *transform, Drawn *drawn)
{
  GskTransform *own = gsk_transform_ref (gsk_transform_node_get_transform (node));
  GskTransform *both = gsk_transform_transform (gsk_transform_ref (transform), own);

  collect (gsk_transform_node_get_child (node), both, drawn);
  gsk_transform_unref (both);
  gsk_transform_unref (own);
}

static void
collect (GskRenderNode *node, GskTransform *transform, Drawn *drawn)
{
  GskRenderNodeType type = gsk_render_node_get_node_type (node);

  if (type == GSK_CONTAINER_NODE)
    for (guint i = 0; i < gsk_container_node_get_n_children (node); i++)
      collect (gsk_container_node_get_child (node, i), transform, drawn);
  else if (type == GSK_TRANSFORM_NODE)
    collect_transformed (node, transform, drawn);
  else if (type == GSK_ROUNDED_CLIP_NODE)
    add_bounds (drawn->chips, node, transform);
  else if (type == GSK_TEXT_NODE)
    add_bounds (drawn->words, node, transform);
}

static void
draw (GtkWidget *cell, Drawn *drawn)
{
  GtkSnapshot *snapshot = gtk_snapshot_new ();
  g_autoptr (GskRenderNode) node = NULL;

  drawn->chips = g_array_new (FALSE, FALSE, sizeof (graphene_rect_t));
  drawn->words = g_array_new (FALSE, FALSE, sizeof (graphene_rect_t));
  GTK_WIDGET_GET_CLASS (cell)->snapshot (cell, snapshot);
  node = gtk_snapshot_free_to_node (snapshot);
  g_assert_nonnull (node);
  collect (node, NULL, drawn);
}

static void
drawn_clear (Drawn *drawn)
{
  g_array_unref (drawn->chips);
  g_array_unref (drawn->words);
}

/* All words on the chip, and the chip where one begins to read. */
static void
assert_words_on_chip (GtkWidget *cell, GtkTextDirection direction)
{
  Drawn drawn;
  graphene_rect_t chip;
  gboolean at_right;

  gtk_widget_set_direction (cell, direction);
  fovea_picture_cell_refresh (FOVEA_PICTURE_CELL (cell));
  draw (cell, &drawn);
  g_assert_cmpuint (drawn.chips->len, >=, 1);
  g_assert_cmpuint (drawn.words->len, >=, 1);
  chip = g_array_index (drawn.chips, graphene_rect_t, 0);
  graphene_rect_inset (&chip, -1, -1);
  for (guint i = 0; i < drawn.words->len; i++)
    g_assert_true (graphene_rect_contains_rect (&chip, &g_array_index (drawn.words, graphene_rect_t, i)));
  at_right = chip.origin.x + chip.size.width / 2 > (float) gtk_widget_get_width (cell) / 2;
  g_assert_cmpint (at_right, ==, direction == GTK_TEXT_DIR_RTL);
  drawn_clear (&drawn);
}

static void
test_words_on_chips (void)
{
  static const char *const names[] = { "fig", "תאנה" };
  FoveaWindow *window = sample_new ();
  GtkWidget *cell;

  WAIT_FOR (get_cell (window) != NULL);
  cell = GTK_WIDGET (get_cell (window));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      gint64 id = fovea_picture_get_id (fovea_picture_cell_get_picture (FOVEA_PICTURE_CELL (cell)));
      FoveaProject *project = fovea_window_get_project (window);

      g_assert_cmpint (fovea_project_label (project, &id, 1, NULL, FOVEA_LABEL_CLEAR, NULL), ==, 1);
      g_assert_cmpint (fovea_project_label (project, &id, 1, names[i], FOVEA_LABEL_POSITIVE, NULL), ==, 1);
      WAIT_FOR (g_str_equal (fovea_picture_cell_get_label_text (FOVEA_PICTURE_CELL (cell)), names[i]));
      assert_words_on_chip (cell, GTK_TEXT_DIR_LTR);
      assert_words_on_chip (cell, GTK_TEXT_DIR_RTL);
    }
  gtk_window_destroy (GTK_WINDOW (window));
}

static void
press (GtkWidget *widget, guint keyval)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);
      gboolean handled = FALSE;

      if (GTK_IS_EVENT_CONTROLLER_KEY (controller))
        g_signal_emit_by_name (controller, "key-pressed", keyval, 0u, 0u, &handled);
    }
}

static void
test_axes_stay (void)
{
  const double x[] = { 0.0, 0.5, 1.0 }, y[] = { 1.0, 0.5, 0.0 };
  GtkWidget *plot = g_object_ref_sink (fovea_plot_new (FOVEA_PLOT_CURVE, "Curve", "x", "y"));

  fovea_plot_set_points (FOVEA_PLOT (plot), x, y, 3, 1);
  gtk_widget_set_direction (plot, GTK_TEXT_DIR_RTL);
  press (plot, GDK_KEY_Right);
  g_assert_cmpuint (fovea_plot_get_mark (FOVEA_PLOT (plot)), ==, 2);
  press (plot, GDK_KEY_Left);
  press (plot, GDK_KEY_Left);
  g_assert_cmpuint (fovea_plot_get_mark (FOVEA_PLOT (plot)), ==, 0);
  g_object_unref (plot);
}

static void
add_tests (void)
{
  g_test_add_func ("/app/directions/words-on-chips", test_words_on_chips);
  g_test_add_func ("/app/directions/axes-stay", test_axes_stay);
}

int
main (int argc, char **argv)
{
  return app_testing_main (argc, argv, add_tests);
}
