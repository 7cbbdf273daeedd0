# The Debian packages that each task needs, and how they get installed.
# shellcheck shell=bash

PACKAGES_BUILD=(
    build-essential cmake ninja-build pkg-config ccache dpkg-dev xz-utils
    ruby ruby-dev rake libev-dev libuv1-dev libcurl4-openssl-dev libssl-dev zlib1g-dev
    libboost1.81-dev libjsoncpp-dev libre2-dev libcli11-dev libgtest-dev libgmock-dev
    librapidcheck-dev libncurses-dev
)
PACKAGES_RUN=(ruby-rack python3 curl) # and nodejs, where no Node.js is there
PACKAGES_BENCH=(nghttp2-client haproxy nginx-light)
declare -A PACKAGE_TOOL=([nghttp2-client]=h2load [haproxy]=haproxy [nginx-light]=nginx)
PACKAGES_TEST=(
    python3-pytest python3-pyte python3-yaml python3-flask python3-websockets node-express node-ws
    ruby-websocket-driver
)
PACKAGES_COVERAGE=(gcovr)
PACKAGES_FUZZ=(clang libclang-rt-14-dev)
PACKAGES_LINT=(clang-format clang-tidy shellcheck python3-pyflakes)

# need_packages NAME…: installs what is missing of them.
need_packages() {
    local missing=()
    command -v dpkg-query >/dev/null || fail "this script needs Debian 12: there is no dpkg-query"
    mapfile -t missing < <(missing_packages "$@")
    if ((${#missing[@]})); then
        step packages "Debian packages: installing ${missing[*]}"
        install_packages "${missing[@]}"
    fi
}

missing_packages() {
    local package installed
    # dpkg-query fails when it has never heard of one of them; what it knows is printed all the same.
    installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
    for package in "$@"; do
        grep -qxF "installed $package" <<<"$installed" || echo "$package"
    done
}

install_packages() {
    local log=$LOGS/apt.log
    local -a become_root=()
    mkdir -p "$LOGS"
    if [ "$(id -u)" != 0 ]; then
        become_root=(sudo)
        [ -t 0 ] || become_root=(sudo -n)
        if ! command -v sudo >/dev/null || ! "${become_root[@]}" true; then
            fail "these packages are missing, and installing them needs root or sudo:
  apt-get install --no-install-recommends $*"
        fi
    fi
    local -a apt=("${become_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
        apt-get -y -o DPkg::Lock::Timeout=300)
    exec 8>"$LOGS/apt.lock" # lint and test may run side by side
    flock 8
    # A repository that does not answer need not be one of those that have the packages.
    run_apt "$log" "${apt[@]}" update || say "      apt-get update reported errors (see $log); trying all the same"
    run_apt "$log" "${apt[@]}" install --no-install-recommends "$@" ||
        fail_with_log "the packages could not be installed." "$log"
    exec 8>&-
}

# Descriptors 8 and 9 are closed for apt: the locks must not live on in a daemon that a package starts.
run_apt() {
    local log=$1
    shift
    "$@" </dev/null 2>&1 8>&- 9>&- | tee -a "$log" | show_apt_progress
}

show_apt_progress() {
    local line
    while IFS= read -r line; do
        case "$line" in
        Get:* | Unpacking* | Setting\ up*) progress "${line:0:90}" ;;
        esac
    done
    clear_progress
}

# The Node.js to run applications with; nothing when there is none.
find_node() {
    command -v node || command -v nodejs || true
}

# Debian's interpreters are what the packages above come with; a shim earlier in PATH has none of them.
find_tool() {
    if [ -x "/usr/bin/$1" ]; then
        echo "/usr/bin/$1"
    else
        command -v "$1" || fail "there is no $1"
    fi
}
