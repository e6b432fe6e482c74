# SPDX-License-Identifier: GPL-3.0-or-later
"""other-program.py WHAT ARGUMENTS…: the programs that the window meets on a desktop, each small. Says READY when it can be used.

  copy-files FILE…    puts files in the clipboard             drag-picture FILE   a window to drag a picture without a file from
  copy-picture FILE   puts a picture in the clipboard         take                a window that says what files are dropped on it
  services            takes notifications, requests to stay awake and to show files; says each
"""
import sys

import gi

gi.require_version("Gdk", "4.0")
gi.require_version("Gtk", "4.0")
from gi.repository import Gdk, Gio, GLib, GObject, Gtk  # noqa: E402

# A browser may be one of those that drag a picture: it offers the kind of file that it has, not GTK's textures.
KINDS = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

SERVICES = {
    "org.freedesktop.Notifications": ("/org/freedesktop/Notifications", """
        <method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>
        <arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='as' direction='in'/><arg type='a{sv}' direction='in'/>
        <arg type='i' direction='in'/><arg type='u' direction='out'/></method>
        <method name='CloseNotification'><arg type='u' direction='in'/></method>
        <method name='GetCapabilities'><arg type='as' direction='out'/></method>"""),
    "org.gnome.SessionManager": ("/org/gnome/SessionManager", """
        <method name='RegisterClient'><arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='o' direction='out'/></method>
        <method name='UnregisterClient'><arg type='o' direction='in'/></method>
        <method name='Inhibit'><arg type='s' direction='in'/><arg type='u' direction='in'/><arg type='s' direction='in'/>
        <arg type='u' direction='in'/><arg type='u' direction='out'/></method>
        <method name='Uninhibit'><arg type='u' direction='in'/></method>"""),
    "org.freedesktop.FileManager1": ("/org/freedesktop/FileManager1", """
        <method name='ShowItems'><arg type='as' direction='in'/><arg type='s' direction='in'/></method>"""),
}
ANSWERS = {"Notify": GLib.Variant("(u)", (1,)), "GetCapabilities": GLib.Variant("(as)", (["body", "actions"],)), "Inhibit": GLib.Variant("(u)", (7,)),
           "RegisterClient": GLib.Variant("(o)", ("/org/gnome/SessionManager/Client1",))}


def say(*words):
    print(*words, flush=True)


def files_of(paths):
    files = Gdk.FileList.new_from_list([Gio.File.new_for_path(path) for path in paths])
    return Gdk.ContentProvider.new_for_value(GObject.Value(Gdk.FileList, files))


def picture_of(path):
    with open(path, "rb") as file:
        return Gdk.ContentProvider.new_for_bytes(KINDS[path.rpartition(".")[2]], GLib.Bytes.new(file.read()))


def show(title, controller):
    window = Gtk.Window(title=title, default_width=160, default_height=90)
    label = Gtk.Label(label=title, hexpand=True, vexpand=True)
    label.add_controller(controller)
    window.set_child(label)
    window.present()
    say("READY")


def drag_picture(path):
    source = Gtk.DragSource(actions=Gdk.DragAction.COPY)
    source.connect("prepare", lambda *_: picture_of(path))
    show("drag-picture", source)


def take():
    target = Gtk.DropTarget.new(Gdk.FileList, Gdk.DragAction.COPY)

    def dropped(_target, files, _x, _y):
        say("TAKEN", *[file.get_path() for file in files.get_files()])
        return True
    target.connect("drop", dropped)
    show("take", target)


def serve():
    def called(_connection, _sender, _path, _interface, method, arguments, invocation):
        say("CALLED", method, arguments.print_(False).replace("\n", " "))
        invocation.return_value(ANSWERS.get(method))
    connection = Gio.bus_get_sync(Gio.BusType.SESSION)  # held: what is registered goes with the last reference
    left = list(SERVICES)

    def owned(_connection, name):
        left.remove(name)
        if not left:
            say("READY")
    for name, (path, methods) in SERVICES.items():
        node = Gio.DBusNodeInfo.new_for_xml("<node><interface name='%s'>%s</interface></node>" % (name, methods))
        connection.register_object(path, node.interfaces[0], called, None, None)
        Gio.bus_own_name(Gio.BusType.SESSION, name, Gio.BusNameOwnerFlags.NONE, None, owned, None)


def main(what, *arguments):
    if what == "services":
        serve()
    else:
        Gtk.init()
        if what == "drag-picture":
            drag_picture(*arguments)
        elif what == "take":
            take()
        else:
            Gdk.Display.get_default().get_clipboard().set_content(files_of(arguments) if what == "copy-files" else picture_of(*arguments))
            say("READY")
    GLib.MainLoop().run()


main(*sys.argv[1:])
