# One application in a real Passenger: watchdog, core, builtin HTTP engine, with Gangway in it.
# shellcheck shell=bash

READY_SECONDS=120 # Passenger itself gives an application 90 seconds to start.
STOP_SECONDS=15
REGISTRY_BYTES=60 # Unix sockets' paths end at 107 bytes; Passenger adds up to 47 to the registry's.

serve_usage() {
    cat <<'END'
Usage: ./dev serve APP_DIR [--port N] [--workers N] [--registry DIR] [--log FILE]
                   [--no-build] [-- OPTIONS FOR PASSENGER]

Runs your application in a Passenger that carries Gangway, on 127.0.0.1. Builds first
what is missing or out of date. When the workers are up it prints one line

  ready http=http://127.0.0.1:PORT/ socket=PATH instance=NAME

and runs until Ctrl-C or SIGTERM. No process and no file is left behind, but for --log's.
One GET / is sent to the application, since Passenger starts workers with the first request.

  --port N        the HTTP port; 0 or none: a free one
  --workers N     how many processes, constantly (default: 2)
  --registry DIR  where the instance directory is made (default: a temporary one),
                  at most 60 bytes long, since Unix sockets' paths are limited
  --log FILE      Passenger's log, the application's output in it (default: temporary)
  --no-build      run what is built, without a look at whether it is up to date
  -- OPTIONS      options of Passenger's core, as `PassengerAgent core --help` lists them

Examples:
  ./dev serve ~/src/shop
  ./dev serve ~/src/shop --port 3000 --workers 4 --log /tmp/shop.log
  ./dev serve ~/src/shop -- --environment production --app-type rack
  ./dev serve ~/src/tool -- --app-start-command 'python3 server.py $PORT'
  ./dev serve test/apps/ruby --workers 1000 -- --spawn-method dummy
  GANGWAY_CONFIG=~/gangway.json ./dev serve ~/src/shop
END
}

serve_command() {
    SERVE_PORT=0 SERVE_WORKERS=2 SERVE_REGISTRY='' SERVE_LOG='' SERVE_BUILD=yes SERVE_APP='' SERVE_OPTIONS=()
    parse_serve_arguments "$@"
    STEPS=5
    need_packages_for_serve
    if [ "$SERVE_BUILD" = yes ]; then
        build ext/gangway.so bin/gangway >&2
    else
        PASSENGER=$(passenger_root)
        [ -x "$PASSENGER/$AGENT" ] || fail "there is no agent in $PASSENGER yet; run ./dev build"
    fi
    serve
}

parse_serve_arguments() {
    local help="./dev serve --help"
    while [ $# -gt 0 ]; do
        case "$1" in
        --port) need_value "$1" $# "$help"; SERVE_PORT=$2; shift ;;
        --workers) need_value "$1" $# "$help"; SERVE_WORKERS=$2; shift ;;
        --registry) need_value "$1" $# "$help"; SERVE_REGISTRY=$2; shift ;;
        --log) need_value "$1" $# "$help"; SERVE_LOG=$2; shift ;;
        --no-build) SERVE_BUILD=no ;;
        --help | -h) serve_usage; exit 0 ;;
        --) shift; SERVE_OPTIONS=("$@"); break ;;
        -*) usage_error "serve does not know '$1' (Passenger's options come after --)" "$help" ;;
        *)
            [ -z "$SERVE_APP" ] || usage_error "serve takes one APP_DIR, not also '$1'" "$help"
            SERVE_APP=$1
            ;;
        esac
        shift
    done
    check_serve_arguments "$help"
}

check_serve_arguments() {
    [ -n "$SERVE_APP" ] || usage_error "serve needs the application's folder" "$1"
    [ -d "$SERVE_APP" ] || usage_error "there is no folder '$SERVE_APP'" "$1"
    SERVE_APP=$(cd "$SERVE_APP" && pwd -P)
    if ! [[ $SERVE_PORT =~ ^[0-9]{1,5}$ ]] || ((10#$SERVE_PORT > 65535)); then
        usage_error "--port: '$SERVE_PORT' is not a port" "$1"
    fi
    [[ $SERVE_WORKERS =~ ^[1-9][0-9]{0,4}$ ]] || usage_error "--workers: '$SERVE_WORKERS' is not a number above 0" "$1"
    if [ -n "$SERVE_REGISTRY" ]; then
        SERVE_REGISTRY=$(realpath -m "$SERVE_REGISTRY")
        ((${#SERVE_REGISTRY} <= REGISTRY_BYTES)) ||
            usage_error "--registry: $SERVE_REGISTRY is longer than $REGISTRY_BYTES bytes, and no socket would fit" "$1"
    fi
    [ -z "$SERVE_LOG" ] || SERVE_LOG=$(realpath -m "$SERVE_LOG")
}

need_packages_for_serve() {
    local -a packages=("${PACKAGES_BUILD[@]}" "${PACKAGES_RUN[@]}")
    if [ -e "$SERVE_APP/app.js" ] && [ -z "$(find_node)" ]; then
        packages+=(nodejs)
    fi
    need_packages "${packages[@]}"
}

# From here to its end the process serves: what it made is undone by stop_serving.
serve() {
    RUN=$(mktemp -d /tmp/gw.XXXXXX) # not $TMPDIR, which may be too long for sockets' paths
    chmod 755 "$RUN"
    mkdir -m 700 "$RUN/tmp"
    WATCHDOG='' INSTANCE_DIR='' MADE_REGISTRY=no
    declare -gA OURS=() # "pid start-time" of every process that descends from the watchdog
    trap stop_serving EXIT
    trap 'exit 0' INT TERM HUP
    if [ -z "$SERVE_REGISTRY" ]; then
        SERVE_REGISTRY=$RUN/reg
    fi
    if [ ! -d "$SERVE_REGISTRY" ]; then
        mkdir -p "$SERVE_REGISTRY"
        MADE_REGISTRY=yes
    fi
    if [ -z "$SERVE_LOG" ]; then
        SERVE_LOG=$RUN/log
        (umask 077 && : >"$SERVE_LOG")
    fi
    ((10#$SERVE_PORT)) || SERVE_PORT=$(free_port)
    URL=http://127.0.0.1:$((10#$SERVE_PORT))/

    say "[5/$STEPS] serving $SERVE_APP"
    start_watchdog
    wait_for_instance
    wait_for_workers
    note_our_processes
    printf 'ready http=%s socket=%s instance=%s\n' "$URL" "$SOCKET" "$(instance_name)"
    wait "$WATCHDOG" || true
    serve_failed "Passenger has ended by itself."
}

free_port() {
    "$(find_tool ruby)" -rsocket -e 'puts TCPServer.new("127.0.0.1", 0).addr[1]'
}

# In a session of its own, so that Ctrl-C reaches this script only, which then stops it in order; and with
# a signal to the watchdog should this script be killed.
start_watchdog() {
    local node
    local -a interpreters=(--ruby "$(find_tool ruby)" --python "$(find_tool python3)")
    node=$(find_node)
    [ -z "$node" ] || interpreters+=(--nodejs "$node")
    # Passenger's library for Ruby would be compiled at the first start, into the user's home; it is optional.
    # shellcheck disable=SC2094 # what Passenger says before it opens its log belongs there too
    env TMPDIR="$RUN/tmp" PYTHONDONTWRITEBYTECODE=1 \
        PASSENGER_COMPILE_NATIVE_SUPPORT_BINARY=0 PASSENGER_DOWNLOAD_NATIVE_SUPPORT_BINARY=0 \
        setsid setpriv --pdeathsig TERM "$PASSENGER/$AGENT" watchdog --passenger-root "$PASSENGER" \
        --instance-registry-dir "$SERVE_REGISTRY" --no-user-switching \
        --default-user "$(id -un)" --default-group "$(id -gn)" --log-file "$SERVE_LOG" \
        --BC --listen "tcp://127.0.0.1:$((10#$SERVE_PORT))" \
        --min-instances "$SERVE_WORKERS" --max-pool-size "$SERVE_WORKERS" --no-graceful-exit \
        --disable-security-update-check --disable-anonymous-telemetry \
        "${interpreters[@]}" "${SERVE_OPTIONS[@]}" "$SERVE_APP" --EC \
        </dev/null >>"$SERVE_LOG" 2>&1 9>&- &
    WATCHDOG=$!
}

# Sets INSTANCE_DIR and SOCKET.
wait_for_instance() {
    local deadline=$((SECONDS + 30))
    until [ -n "$INSTANCE_DIR" ]; do
        is_running "$WATCHDOG" || serve_failed "Passenger did not start."
        ((SECONDS < deadline)) || serve_failed "Passenger was not up after 30 seconds."
        sleep 0.05
        find_instance
    done
    SOCKET=$(configured_socket)
    SOCKET=${SOCKET:-$INSTANCE_DIR/agents.s/gangway}
}

find_instance() {
    local file
    for file in "$SERVE_REGISTRY"/passenger.*/creation_finalized; do
        file=${file%/*}
        if [ -e "$file/creation_finalized" ] && [ "$(cat "$file/watchdog.pid" 2>/dev/null)" = "$WATCHDOG" ]; then
            INSTANCE_DIR=$file
        fi
    done
}

# The socket that Gangway's configuration names, if it names one.
configured_socket() {
    local file=${GANGWAY_CONFIG:-/etc/passenger-gangway.json}
    [ -f "$file" ] || return 0
    "$(find_tool ruby)" -rjson -e 'print JSON.parse(File.read(ARGV[0]))["socket_path"]' "$file" 2>/dev/null || true
}

instance_name() {
    sed -n 's/.*"name"[^"]*"\([^"]*\)".*/\1/p' "$INSTANCE_DIR/properties.json" | head -n 1
}

# The first request makes Passenger start the workers.
wait_for_workers() {
    local up deadline=$((SECONDS + READY_SECONDS)) asked=$SECONDS request
    curl --silent --output /dev/null --max-time "$READY_SECONDS" "$URL" 9>&- &
    request=$!
    while :; do
        is_running "$WATCHDOG" || serve_failed "Passenger has ended while it started the application."
        ((SECONDS < deadline)) || serve_failed "the application was not up after $READY_SECONDS seconds."
        up=$(workers_up)
        # An application may never answer its /, and be up.
        if ((up >= SERVE_WORKERS)) && { ! is_running "$request" || ((SECONDS - asked > 10)); }; then
            break
        fi
        if ! is_running "$request"; then
            [ -S "$SOCKET" ] || serve_failed "Passenger serves, but Gangway's socket $SOCKET is not there."
            if ! is_spawning && (($(workers_up) < SERVE_WORKERS)) && ((SECONDS - asked > 2)); then
                serve_failed "only $up of $SERVE_WORKERS workers came up."
            fi
        fi
        progress "$up of $SERVE_WORKERS workers are up"
        sleep 0.1
    done
    clear_progress
    if is_running "$request"; then
        kill "$request"
    fi
}

admin_get() {
    curl --silent --max-time 10 --unix-socket "$SOCKET" "http://localhost$1" 2>/dev/null 9>&- || true
}

workers_up() {
    admin_get '/v1/processes?state=enabled&fields=pid' | { grep -o '"pid"' || true; } | wc -l
}

is_spawning() {
    admin_get /v1/groups | grep -q '"spawning":true\|"processes_being_spawned":[1-9]\|"restarting":true'
}

is_running() {
    kill -0 "$1" 2>/dev/null
}

serve_failed() {
    clear_progress
    say "--- the last lines of Passenger's log"
    tail -n 25 "$SERVE_LOG" >&2 || true
    say "---"
    if [ "$SERVE_LOG" = "$RUN/log" ]; then
        fail "$1 (--log FILE keeps the whole log)"
    fi
    fail "$1 The whole log: $SERVE_LOG"
}

# The watchdog stops the core, the core its workers. What is left of them after that is killed.
stop_serving() {
    trap '' INT TERM HUP
    if [ -n "$WATCHDOG" ]; then
        note_our_processes
        kill -TERM "$WATCHDOG" 2>/dev/null || true
        wait_until_ended $((STOP_SECONDS * 10)) || true
        kill_our_processes
        wait "$WATCHDOG" 2>/dev/null || true
        find_leftover_instance
    fi
    [ -z "$INSTANCE_DIR" ] || rm -rf "$INSTANCE_DIR"
    [ "$MADE_REGISTRY" = no ] || rmdir "$SERVE_REGISTRY" 2>/dev/null || true
    rm -rf "$RUN"
}

# An instance directory that was never finished, since Passenger failed in its start.
find_leftover_instance() {
    local file
    [ -z "$INSTANCE_DIR" ] || return 0
    for file in "$SERVE_REGISTRY"/passenger.*/watchdog.pid; do
        if [ "$(cat "$file" 2>/dev/null)" = "$WATCHDOG" ]; then
            INSTANCE_DIR=${file%/*}
        fi
    done
}

# wait_until_ended TENTHS
wait_until_ended() {
    local i
    for ((i = 0; i < $1; i++)); do
        any_of_ours || return 0
        note_our_processes
        sleep 0.1
    done
    return 1
}

any_of_ours() {
    local key
    for key in "${!OURS[@]}"; do
        if [ "$(start_time "${key% *}")" = "${key#* }" ]; then
            return 0
        fi
    done
    return 1
}

kill_our_processes() {
    local key
    for key in "${!OURS[@]}"; do
        if [ "$(start_time "${key% *}")" = "${key#* }" ]; then
            kill -KILL "${key% *}" 2>/dev/null || true
        fi
    done
    wait_until_ended 20 || say "dev: these processes do not end: ${!OURS[*]}"
}

# When a process started, in ticks since boot: with its pid it is unique. Nothing for one that has ended.
start_time() {
    local line
    local -a fields
    { IFS= read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
    read -ra fields <<<"${line##*) }"
    [ "${fields[0]}" = Z ] || echo "${fields[19]}"
}

# Adds to OURS what descends from the watchdog or from one of OURS, and what has our temporary directory in
# its environment: a process whose parent has ended is found by that (one that overwrites its environment
# to set its title, as Ruby does, was found by its parent before).
note_our_processes() {
    local file pid line
    local -a fields fresh=()
    local -A parent=() is_ours=([$WATCHDOG]=1)
    for file in "${!OURS[@]}"; do
        is_ours[${file% *}]=1
    done
    while IFS= read -r file; do
        file=${file%/environ}
        is_ours[${file##*/}]=1
    done < <(grep -lzsxF "TMPDIR=$RUN/tmp" /proc/[0-9]*/environ || true)
    for file in /proc/[0-9]*/stat; do
        { IFS= read -r line <"$file"; } 2>/dev/null || continue
        read -ra fields <<<"${line##*) }"
        parent[${line%% *}]=${fields[1]}
    done
    fresh=("${!is_ours[@]}")
    while ((${#fresh[@]})); do
        fresh=()
        for pid in "${!parent[@]}"; do
            if [ -z "${is_ours[$pid]-}" ] && [ -n "${is_ours[${parent[$pid]}]-}" ]; then
                is_ours[$pid]=1
                fresh+=("$pid")
            fi
        done
    done
    for pid in "${!is_ours[@]}"; do
        line=$(start_time "$pid")
        [ -z "$line" ] || OURS["$pid $line"]=1
    done
}
