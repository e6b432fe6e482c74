/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/wrap-box.h"

struct _FoveaWrapBox {
  GtkWidget parent_instance;
  int spacing;
};

G_DEFINE_FINAL_TYPE (FoveaWrapBox, fovea_wrap_box, GTK_TYPE_WIDGET)

enum { PROP_0, PROP_SPACING, N_PROPS };
static GParamSpec *props[N_PROPS];

/* The children of one row, up to @end (NULL: the last of all). */
typedef struct {
  GtkWidget *first, *end;
  int width, height; /* pixels, spacing between the children included */
  int n_expand;
} Row;

static GtkWidget *
next_shown (GtkWidget *child)
{
  while (child != NULL && !gtk_widget_should_layout (child))
    child = gtk_widget_get_next_sibling (child);
  return child;
}

static int
child_width (GtkWidget *child, int most)
{
  int minimum, natural;

  gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural, NULL, NULL);
  return MAX (minimum, MIN (natural, most));
}

static int
child_height (GtkWidget *child, int width)
{
  int natural;

  gtk_widget_measure (child, GTK_ORIENTATION_VERTICAL, width, NULL, &natural, NULL, NULL);
  return natural;
}

/* The row that begins with @first, within @width. */
static Row
fill_row (FoveaWrapBox *self, GtkWidget *first, int width)
{
  Row row = { .first = first, .width = -self->spacing };
  GtkWidget *child = first;

  while (child != NULL)
    {
      int wanted = child_width (child, width);

      if (child != first && row.width + self->spacing + wanted > width)
        break;
      row.width += self->spacing + wanted;
      row.n_expand += gtk_widget_compute_expand (child, GTK_ORIENTATION_HORIZONTAL);
      row.height = MAX (row.height, child_height (child, wanted));
      child = next_shown (gtk_widget_get_next_sibling (child));
    }
  row.end = child;
  return row;
}

static GtkSizeRequestMode
wrap_box_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
measure_width (FoveaWrapBox *self, int *minimum, int *natural)
{
  *natural = 0;
  *minimum = 0;
  for (GtkWidget *child = next_shown (gtk_widget_get_first_child (GTK_WIDGET (self))); child != NULL;
       child = next_shown (gtk_widget_get_next_sibling (child)))
    {
      int child_minimum, child_natural;

      gtk_widget_measure (child, GTK_ORIENTATION_HORIZONTAL, -1, &child_minimum, &child_natural, NULL, NULL);
      *minimum = MAX (*minimum, child_minimum);
      *natural += child_natural + (*natural > 0 ? self->spacing : 0);
    }
}

static void
wrap_box_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                  int *natural_baseline)
{
  FoveaWrapBox *self = FOVEA_WRAP_BOX (widget);
  int height = 0;

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      measure_width (self, minimum, natural);
      return;
    }
  for (GtkWidget *child = next_shown (gtk_widget_get_first_child (widget)); child != NULL;)
    {
      Row row = fill_row (self, child, for_size >= 0 ? for_size : G_MAXINT / 2);

      height += row.height + (height > 0 ? self->spacing : 0);
      child = row.end;
    }
  *minimum = *natural = height;
}

static void
allocate_row (FoveaWrapBox *self, const Row *row, int y, int width)
{
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  int spare = MAX (0, width - row->width), n_expand = row->n_expand, x = 0;

  for (GtkWidget *child = row->first; child != row->end; child = next_shown (gtk_widget_get_next_sibling (child)))
    {
      GtkAllocation to = { .y = y, .width = child_width (child, width), .height = row->height };

      if (n_expand > 0 && gtk_widget_compute_expand (child, GTK_ORIENTATION_HORIZONTAL))
        {
          to.width += spare / n_expand;
          spare -= spare / n_expand--;
        }
      to.x = mirrored ? width - x - to.width : x;
      gtk_widget_size_allocate (child, &to, -1);
      x += to.width + self->spacing;
    }
}

static void
wrap_box_size_allocate (GtkWidget *widget, int width, int height, int baseline)
{
  FoveaWrapBox *self = FOVEA_WRAP_BOX (widget);
  int y = 0;

  for (GtkWidget *child = next_shown (gtk_widget_get_first_child (widget)); child != NULL;)
    {
      Row row = fill_row (self, child, width);

      allocate_row (self, &row, y, width);
      y += row.height + self->spacing;
      child = row.end;
    }
}

/* In the order of the children. GTK's own goes by the middles of what it takes for lines, and widgets of one row are not all as high. */
static gboolean
wrap_box_focus (GtkWidget *widget, GtkDirectionType direction)
{
  gboolean back = direction == GTK_DIR_TAB_BACKWARD;
  GtkWidget *child = gtk_widget_get_focus_child (widget);

  if (!back && direction != GTK_DIR_TAB_FORWARD)
    return GTK_WIDGET_CLASS (fovea_wrap_box_parent_class)->focus (widget, direction);
  if (child == NULL)
    child = back ? gtk_widget_get_last_child (widget) : gtk_widget_get_first_child (widget);
  for (; child != NULL; child = back ? gtk_widget_get_prev_sibling (child) : gtk_widget_get_next_sibling (child))
    if (gtk_widget_child_focus (child, direction))
      return TRUE;
  return FALSE;
}

static void
wrap_box_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_SPACING)
    g_value_set_int (value, FOVEA_WRAP_BOX (object)->spacing);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
wrap_box_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  FoveaWrapBox *self = FOVEA_WRAP_BOX (object);

  if (id != PROP_SPACING)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (self->spacing != g_value_get_int (value))
    {
      self->spacing = g_value_get_int (value);
      gtk_widget_queue_resize (GTK_WIDGET (self));
      g_object_notify_by_pspec (object, pspec);
    }
}

static void
wrap_box_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (fovea_wrap_box_parent_class)->dispose (object);
}

static void
fovea_wrap_box_class_init (FoveaWrapBoxClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = wrap_box_dispose;
  object_class->get_property = wrap_box_get_property;
  object_class->set_property = wrap_box_set_property;
  widget_class->get_request_mode = wrap_box_get_request_mode;
  widget_class->measure = wrap_box_measure;
  widget_class->size_allocate = wrap_box_size_allocate;
  widget_class->focus = wrap_box_focus;
  props[PROP_SPACING] = g_param_spec_int ("spacing", NULL, NULL, 0, 1000, 0,
                                          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  gtk_widget_class_set_css_name (widget_class, "box");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
}

static void
fovea_wrap_box_init (FoveaWrapBox *self)
{
}
