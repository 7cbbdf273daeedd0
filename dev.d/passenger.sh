# Passenger's source: the pinned Debian source package, or the tree in $PASSENGER_SOURCE_DIR.
# shellcheck shell=bash

PASSENGER_VERSION=6.0.26+ds-1.1
PASSENGER_SUITE=trixie
PASSENGER_DSC=passenger_6.0.26+ds-1.1.dsc
PASSENGER_SUMS="\
59847e641be6785d264ad7387726e01b83b27aa77e749fe07fb8c24ef069a983  passenger_6.0.26+ds-1.1.dsc
32a5361449d63f4d33aa48ea58110fccfa381c4f7976e297489bfa6364e9abb5  passenger_6.0.26+ds.orig.tar.xz
dfb0ce411d2ad6c60a87e3322c1af8f33128bd35f99debb42b63fcae5d748217  passenger_6.0.26+ds-1.1.debian.tar.xz"

# Where Passenger's source is, or will be.
passenger_root() {
    if [ -n "${PASSENGER_SOURCE_DIR-}" ]; then
        (cd "$PASSENGER_SOURCE_DIR" 2>/dev/null && pwd -P) ||
            fail "PASSENGER_SOURCE_DIR: there is no folder $PASSENGER_SOURCE_DIR"
    else
        echo "$BUILD/passenger"
    fi
}

# Sets PASSENGER, and puts the source there.
get_passenger_source() {
    PASSENGER=$(passenger_root)
    if [ -n "${PASSENGER_SOURCE_DIR-}" ]; then
        check_passenger_source
        say "Passenger: your own source tree $PASSENGER; the hooks are added to it, and it is built in its buildout/"
    elif [ "$(cat "$PASSENGER/.unpacked" 2>/dev/null)" != "$PASSENGER_SUMS" ]; then
        step source "Passenger's source: $PASSENGER_VERSION"
        unpack_passenger
    fi
}

check_passenger_source() {
    local file
    for file in Rakefile build/agent.rb src/agent/Core/CoreMain.cpp src/helper-scripts; do
        [ -e "$PASSENGER/$file" ] || fail "PASSENGER_SOURCE_DIR: $PASSENGER is not a Passenger source tree: it has no $file.
A checkout, a tarball or a gem (passenger-config --root) is one; a binary package is not."
    done
    [ -w "$PASSENGER" ] || fail "PASSENGER_SOURCE_DIR: $PASSENGER cannot be written to.
The hooks are added to it and it is built in its buildout/; use a copy that is yours."
}

unpack_passenger() {
    local from log=$LOGS/unpack.log
    mkdir -p "$LOGS"
    from=$(find_downloads)
    if [ -z "$from" ]; then
        download_passenger
        from=$BUILD/downloads
    fi
    check_downloads "$from"
    rm -rf "$BUILD/passenger" "$BUILD/passenger.new"
    # The sums are checked above; dpkg-source would only add the signature, for a key that need not be here.
    dpkg-source --no-check --no-copy -x "$from/$PASSENGER_DSC" "$BUILD/passenger.new" >"$log" 2>&1 ||
        fail_with_log "Passenger's source could not be unpacked." "$log"
    printf '%s\n' "$PASSENGER_SUMS" >"$BUILD/passenger.new/.unpacked"
    mv "$BUILD/passenger.new" "$BUILD/passenger"
}

# The folder that has all three files; nothing when there is none.
find_downloads() {
    local folder
    for folder in "${GANGWAY_DOWNLOADS:-}" "$BUILD/downloads"; do
        if [ -n "$folder" ] && has_downloads "$folder"; then
            (cd "$folder" && pwd)
            return
        fi
    done
}

has_downloads() {
    local file
    while read -r _ file; do
        [ -f "$1/$file" ] || return 1
    done <<<"$PASSENGER_SUMS"
}

check_downloads() {
    local wrong
    if ! wrong=$(cd "$1" && sha256sum --check --quiet 2>/dev/null <<<"$PASSENGER_SUMS"); then
        fail "the files of Passenger's source in $1 are not the pinned ones:
$wrong
Remove them and run this again to download them, or point GANGWAY_DOWNLOADS to good ones."
    fi
}

# Mirrors that the machine's own apt sources name for this Debian; the system's lists are not touched.
debian_mirrors() {
    local codename
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
    # shellcheck disable=SC2016 # apt's own placeholder
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' \
        "Release: $codename" | awk '!seen[$0]++'
}

download_passenger() {
    local mirror log=$LOGS/download.log
    : >"$log"
    for mirror in $(debian_mirrors); do
        progress "downloading 5.5 MB and an index of 10 MB"
        if download_from "$mirror" >>"$log" 2>&1 && has_downloads "$BUILD/downloads"; then
            clear_progress
            return
        fi
    done
    clear_progress
    tail -n 15 "$log" >&2
    fail "Passenger's source could not be downloaded (whole log: $log). Either
  - see to it that one of this machine's Debian mirrors has the suite $PASSENGER_SUITE, and run this again,
  - or put these files into $BUILD/downloads, or into a folder that GANGWAY_DOWNLOADS names:
$(awk '{ print "      " $2 }' <<<"$PASSENGER_SUMS")
  - or set PASSENGER_SOURCE_DIR to a Passenger source tree."
}

# download_from MIRROR: apt with lists, state and cache of its own, so it needs no root and changes nothing.
download_from() {
    local apt_dir=$BUILD/apt keyring=/usr/share/keyrings/debian-archive-keyring.gpg signed_by=
    [ ! -f "$keyring" ] || signed_by="[signed-by=$keyring] "
    mkdir -p "$BUILD/downloads" "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
    printf 'deb-src %s%s %s main\n' "$signed_by" "$1" "$PASSENGER_SUITE" >"$apt_dir/sources.list"
    local -a apt=(apt-get -o "Dir::Etc::sourcelist=$apt_dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State=$apt_dir" -o "Dir::State::lists=$apt_dir/lists" -o "Dir::Cache=$apt_dir/cache"
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3)
    "${apt[@]}" update && (cd "$BUILD/downloads" && "${apt[@]}" source --download-only "passenger=$PASSENGER_VERSION")
    local result=$?
    rm -rf "$apt_dir"
    return "$result"
}
