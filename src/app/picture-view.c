/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/picture-view.h"

#include <math.h>

#define MAX_SCALE 4.0
#define WHEEL_FACTOR 1.2
#define KEY_STEP 0.1 /* of the view */

struct _FoveaPictureView {
  GtkWidget parent_instance;
  GdkTexture *texture;
  double scale;              /* logical pixels for one of the texture; 0: fitted */
  double centre_x, centre_y; /* of the view, in the texture's pixels */
  double drag_x, drag_y;     /* the centre when the drag began */
  double pointer_x, pointer_y;
};

G_DEFINE_FINAL_TYPE (FoveaPictureView, fovea_picture_view, GTK_TYPE_WIDGET)

/* ---- geometry ---- */

static double
get_fit_scale (FoveaPictureView *self)
{
  double width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));
  double scale = MIN (width / gdk_texture_get_width (self->texture), height / gdk_texture_get_height (self->texture));

  /* Small pictures are not blown up beyond what one can see in them. */
  return MIN (scale, MAX_SCALE / gtk_widget_get_scale_factor (GTK_WIDGET (self)));
}

static double
get_scale (FoveaPictureView *self)
{
  return self->scale > 0 ? self->scale : get_fit_scale (self);
}

/* The picture covers the view where it is larger, and is in its middle where it is smaller. */
static double
clamp_centre (double centre, double size, double view, double scale)
{
  double half = view / scale / 2;

  return size <= 2 * half ? size / 2 : CLAMP (centre, half, size - half);
}

static void
clamp_view (FoveaPictureView *self)
{
  double scale = get_scale (self);

  self->centre_x = clamp_centre (self->centre_x, gdk_texture_get_width (self->texture), gtk_widget_get_width (GTK_WIDGET (self)), scale);
  self->centre_y = clamp_centre (self->centre_y, gdk_texture_get_height (self->texture), gtk_widget_get_height (GTK_WIDGET (self)), scale);
}

/* What is under (@x, @y) stays there. */
static void
zoom_at (FoveaPictureView *self, double factor, double x, double y)
{
  double width = gtk_widget_get_width (GTK_WIDGET (self)), height = gtk_widget_get_height (GTK_WIDGET (self));
  double fit, old, scale;

  if (self->texture == NULL || width <= 0 || height <= 0)
    return;
  clamp_view (self);
  fit = get_fit_scale (self);
  old = get_scale (self);
  scale = CLAMP (old * factor, fit, MAX (fit, MAX_SCALE / gtk_widget_get_scale_factor (GTK_WIDGET (self))));
  self->centre_x += (x - width / 2) * (1 / old - 1 / scale);
  self->centre_y += (y - height / 2) * (1 / old - 1 / scale);
  self->scale = scale > fit ? scale : 0;
  clamp_view (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
fovea_picture_view_zoom_by (FoveaPictureView *self, double factor)
{
  zoom_at (self, factor, gtk_widget_get_width (GTK_WIDGET (self)) / 2.0, gtk_widget_get_height (GTK_WIDGET (self)) / 2.0);
}

void
fovea_picture_view_zoom_to_fit (FoveaPictureView *self)
{
  self->scale = 0;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

gboolean
fovea_picture_view_is_fitted (FoveaPictureView *self)
{
  return self->scale <= 0;
}

void
fovea_picture_view_set_texture (FoveaPictureView *self, GdkTexture *texture)
{
  if (!g_set_object (&self->texture, texture))
    return;
  self->scale = 0;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* ---- keys ---- */

/* Shift and arrows, as a drag does: the arrows alone go on to other pictures. */
static gboolean
on_key (GtkEventControllerKey *controller, guint keyval, guint keycode, GdkModifierType state, FoveaPictureView *self)
{
  double x = keyval == GDK_KEY_Right ? 1 : keyval == GDK_KEY_Left ? -1 : 0, y = keyval == GDK_KEY_Down ? 1 : keyval == GDK_KEY_Up ? -1 : 0;

  if ((state & gtk_accelerator_get_default_mod_mask ()) != GDK_SHIFT_MASK || (x == 0 && y == 0) || self->texture == NULL || self->scale <= 0)
    return GDK_EVENT_PROPAGATE;
  self->centre_x += x * KEY_STEP * gtk_widget_get_width (GTK_WIDGET (self)) / get_scale (self);
  self->centre_y += y * KEY_STEP * gtk_widget_get_height (GTK_WIDGET (self)) / get_scale (self);
  clamp_view (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
  return GDK_EVENT_STOP;
}

/* ---- pointer ---- */

static void
on_motion (GtkEventControllerMotion *controller, double x, double y, FoveaPictureView *self)
{
  self->pointer_x = x;
  self->pointer_y = y;
}

static gboolean
on_scroll (GtkEventControllerScroll *controller, double dx, double dy, FoveaPictureView *self)
{
  zoom_at (self, pow (WHEEL_FACTOR, -dy), self->pointer_x, self->pointer_y);
  return GDK_EVENT_STOP;
}

static void
on_drag_begin (GtkGestureDrag *gesture, double x, double y, FoveaPictureView *self)
{
  self->drag_x = self->centre_x;
  self->drag_y = self->centre_y;
  gtk_widget_grab_focus (GTK_WIDGET (self));
}

static void
on_drag_update (GtkGestureDrag *gesture, double dx, double dy, FoveaPictureView *self)
{
  double scale;

  if (self->texture == NULL || self->scale <= 0)
    return;
  scale = get_scale (self);
  self->centre_x = self->drag_x - dx / scale;
  self->centre_y = self->drag_y - dy / scale;
  clamp_view (self);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

/* ---- the widget ---- */

static void
picture_view_snapshot (GtkWidget *widget, GtkSnapshot *snapshot)
{
  FoveaPictureView *self = FOVEA_PICTURE_VIEW (widget);
  double width = gtk_widget_get_width (widget), height = gtk_widget_get_height (widget), scale;
  graphene_rect_t area;

  if (self->texture == NULL || width <= 0 || height <= 0)
    return;
  clamp_view (self);
  scale = get_scale (self);
  graphene_rect_init (&area, (float) round (width / 2 - self->centre_x * scale), (float) round (height / 2 - self->centre_y * scale),
                      (float) round (gdk_texture_get_width (self->texture) * scale),
                      (float) round (gdk_texture_get_height (self->texture) * scale));
  gtk_snapshot_push_clip (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float) width, (float) height));
  gtk_snapshot_append_texture (snapshot, self->texture, &area);
  gtk_snapshot_pop (snapshot);
}

static void
picture_view_measure (GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural, int *minimum_baseline,
                      int *natural_baseline)
{
  *minimum = 160;
  *natural = 480;
}

static void
picture_view_dispose (GObject *object)
{
  g_clear_object (&FOVEA_PICTURE_VIEW (object)->texture);
  G_OBJECT_CLASS (fovea_picture_view_parent_class)->dispose (object);
}

static void
fovea_picture_view_class_init (FoveaPictureViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = picture_view_dispose;
  widget_class->snapshot = picture_view_snapshot;
  widget_class->measure = picture_view_measure;
  gtk_widget_class_set_css_name (widget_class, "pictureview");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
fovea_picture_view_init (FoveaPictureView *self)
{
  GtkEventController *motion = gtk_event_controller_motion_new ();
  GtkEventController *scroll = gtk_event_controller_scroll_new (GTK_EVENT_CONTROLLER_SCROLL_VERTICAL);
  GtkEventController *keys = gtk_event_controller_key_new ();
  GtkGesture *drag = gtk_gesture_drag_new ();

  gtk_widget_set_focusable (GTK_WIDGET (self), TRUE);
  g_signal_connect (motion, "motion", G_CALLBACK (on_motion), self);
  g_signal_connect (scroll, "scroll", G_CALLBACK (on_scroll), self);
  g_signal_connect (drag, "drag-begin", G_CALLBACK (on_drag_begin), self);
  g_signal_connect (drag, "drag-update", G_CALLBACK (on_drag_update), self);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (on_key), self);
  gtk_widget_add_controller (GTK_WIDGET (self), keys);
  gtk_widget_add_controller (GTK_WIDGET (self), motion);
  gtk_widget_add_controller (GTK_WIDGET (self), scroll);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (drag));
}
