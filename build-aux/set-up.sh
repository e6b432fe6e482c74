# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by run and test: installs what is missing, makes the model packs, builds. Everything that it says goes to
# stderr. Each step looks whether there is anything to do, so that it may be killed at any moment and started again;
# a lock on this very file keeps two of them apart.

root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
build=$root/build
pack_folder=${FOVEA_PACK_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea/packs}

say () { printf 'fovea: %s\n' "$*" >&2; }

lock () { exec 9< "$root/build-aux/set-up.sh" && flock 9; }
unlock () { exec 9<&-; }

# The names in the list files that are not installed.
missing_packages () {
  wanted=$(cat "$@" | grep -v '^#')
  # dpkg-query says nothing about a name that it does not know, so what it reports as installed is taken away.
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p')
  printf '%s\n' $wanted | grep -vxF "$installed" || :
}

as_root () {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo > /dev/null; then sudo "$@"
  else return 1
  fi
}

# Runs a packaging command; while another one holds a lock (an installation whose set-up was killed goes on without it),
# waits for its end, ten minutes at most.
when_free () {
  waited=0
  while :; do
    said=$(as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@" 2>&1 9<&- < /dev/null) && return 0
    case $said in
      *"Could not get lock"* | *"locked by another process"* | *"Unable to lock"* | *"Unable to acquire"*) ;;
      *) printf '%s\n' "$said" >&2; return 1 ;;
    esac
    [ "$waited" -lt 600 ] || { printf '%s\n' "$said" >&2; return 1; }
    [ "$waited" -gt 0 ] || say "another installation is running; waiting for its end"
    sleep 3
    waited=$((waited + 3))
  done
}

is_debian_12 () { (. /etc/os-release && [ "$ID" = debian ] && [ "$VERSION_ID" = 12 ]) 2> /dev/null; }

# install_packages LIST…: nothing to do when the lists have not changed since they were last found complete.
install_packages () {
  stamp=$build/.packages-$(cat "$@" | cksum | tr -d ' ')
  [ ! -e "$stamp" ] || return 0
  if ! is_debian_12; then
    say "this is not Debian 12, so nothing was installed; the Debian names of what is needed:" $(cat "$@" | grep -v '^#')
    return 0
  fi
  missing=$(missing_packages "$@")
  if [ -n "$missing" ]; then
    say "installing (this can take some minutes):" $missing
    # A set-up that was killed half way may have left packages unpacked and not configured.
    if ! { when_free dpkg --configure -a && when_free apt-get -q update \
           && when_free apt-get -q -y install --no-install-recommends $missing; }; then
      say "could not install these packages; install them and start again:" $missing
      return 1
    fi
  fi
  mkdir -p "$build" && touch "$stamp"
}

# One pack: made again when its manifest or its converter changed. A failure is said and is not fatal.
make_pack () {
  name=$(basename "$1" .json)
  mark=$name.onnx\ $(cat "$1" "$root/data/concepts/"*.txt "$root"/build-aux/*.py | cksum)
  stamp=$pack_folder/$name.made
  [ -e "$pack_folder/$name.onnx" ] && [ "$(cat "$stamp" 2> /dev/null)" = "$mark" ] && return 0
  say "making the model pack $name"
  if /usr/bin/python3 "$root/build-aux/make_pack.py" "$1" "$pack_folder/$name.onnx" >&2 9<&- < /dev/null; then
    printf '%s\n' "$mark" > "$stamp.$$" && mv "$stamp.$$" "$stamp"
  else
    say "the model pack $name is missing: Fovea works without it, but cannot embed pictures; start again when online"
  fi
}

make_packs () {
  for manifest in "$root"/data/packs/*.json; do make_pack "$manifest"; done
}

build_program () {
  if [ ! -e "$build/build.ninja" ]; then
    say "configuring the build"
    # Whatever an earlier, killed configuration left would be in the way.
    rm -rf "$build/meson-private" "$build/meson-info" "$build/meson-logs"
    meson setup "$build" "$root" >&2 9<&- < /dev/null || {
      say "the build could not be configured; the Debian names of what it needs:" \
        $(grep -hv '^#' "$root/build-aux/packages.txt")
      return 1
    }
  fi
  case $(ninja -C "$build" -n 2> /dev/null 9<&- < /dev/null) in
    *'no work to do'*) return 0 ;;
  esac
  say "building"
  ninja -C "$build" >&2 9<&- < /dev/null || { say "the build failed"; return 1; }
}
