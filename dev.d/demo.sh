# The demonstration: three applications, and Gangway's work on each, checked while it is shown.
# shellcheck shell=bash

DEMO_APPS=(ruby python nodejs)
DEMO_WORKERS=2

demo_usage() {
    cat <<'END'
Usage: ./dev demo [--once]

Builds what is missing, starts three Passengers on 127.0.0.1 (a Ruby, a Python and a
Node.js application with two workers each), and shows with each of them: the process
list, a GET and a POST with a body to one chosen process, a wrong password refused.

  --once   end there, with exit code 0 only if all of that was really seen;
           otherwise everything runs on until Ctrl-C, for you to try commands by hand

Examples:
  ./dev demo
  ./dev demo --once
END
}

demo_command() {
    local app
    read_options demo --once "$@"
    no_operands demo
    need_packages_for_demo
    build ext/gangway.so bin/gangway
    GANGWAY=$BUILD/$PRESET/bin/gangway
    CHECKS=0 FAILED=0
    declare -gA SERVER=() HTTP=() SOCKETS=()
    DEMO_DIR=$(mktemp -d /tmp/gw.XXXXXX)
    trap stop_demo EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    step start "starting Passenger three times: ${DEMO_APPS[*]}"
    start_demo
    step show "showing Gangway at work"
    for app in "${DEMO_APPS[@]}"; do
        show_app "$app"
    done
    if [ "${OPTIONS[--once]-no}" = no ]; then
        keep_demo
    fi
    finish_demo
}

need_packages_for_demo() {
    local -a packages=("${PACKAGES_BUILD[@]}" "${PACKAGES_RUN[@]}")
    [ -n "$(find_node)" ] || packages+=(nodejs)
    need_packages "${packages[@]}"
}

# Each is a `dev serve` of its own, which cleans up after itself, whatever becomes of this one.
start_demo() {
    local app
    for app in "${DEMO_APPS[@]}"; do
        setpriv --pdeathsig TERM "$ROOT/dev" serve "$ROOT/test/apps/$app" --workers "$DEMO_WORKERS" --no-build \
            >"$DEMO_DIR/$app.out" 2>"$DEMO_DIR/$app.err" 9>&- &
        SERVER[$app]=$!
    done
    for app in "${DEMO_APPS[@]}"; do
        wait_for_server "$app"
    done
    clear_progress
}

wait_for_server() {
    until grep -q '^ready ' "$DEMO_DIR/$1.out"; do
        if ! is_running "${SERVER[$1]}"; then
            clear_progress
            cat "$DEMO_DIR/$1.err" >&2
            fail "the $1 application did not start"
        fi
        progress "waiting for the $1 application"
        sleep 0.1
    done
    HTTP[$1]=$(sed -n 's/^ready http=\([^ ]*\) .*/\1/p' "$DEMO_DIR/$1.out")
    SOCKETS[$1]=$(sed -n 's/^ready .* socket=\(.*\) instance=[^ ]*$/\1/p' "$DEMO_DIR/$1.out")
}

show_app() {
    local socket=${SOCKETS[$1]} pids pid body='item=42&note=from Gangway'
    printf '\n== %s: %s workers behind %s\n' "$1" "$DEMO_WORKERS" "${HTTP[$1]}"

    show gangway ps --socket "$socket"
    mapfile -t pids < <("$GANGWAY" ps --json --socket "$socket" |
        from_json '*(process["pid"] for process in answer["processes"]), sep="\n"')
    check "the list has the $DEMO_WORKERS processes (${pids[*]-none})" listed_as_they_are "${pids[@]}"
    pid=${pids[-1]-0}

    show gangway request "$pid" '/hello?from=gangway' --socket "$socket"
    check "GET: process $pid was chosen, and answered itself" answer_has "pid=$pid" method=GET path=/hello

    show gangway request "$pid" /orders -X POST -d "$body" --socket "$socket"
    check "POST: process $pid was chosen, answered itself, and got the body whole" \
        answer_has "pid=$pid" method=POST path=/orders "body_bytes=${#body}" "body_sha256=$(sha256 "$body")"

    show curl --silent --include --unix-socket "$socket" -H 'X-Passenger-Connect-Password: wrong' \
        "http://localhost/v1/processes/$pid/request/hello"
    check "a wrong password is refused with 401, and tells nothing" refused "$pid"
}

# show COMMAND…: the command as a user types it, then what it says. Sets OUTPUT and CODE.
show() {
    local shown=$* word=$1
    shown=$(printf ' %q' "$@")
    shift
    CODE=0
    if [ "$word" = gangway ]; then
        printf '\n$ ./dev%s\n' "$shown"
        OUTPUT=$("$GANGWAY" "$@" 2>&1) || CODE=$?
    else
        printf '\n$%s\n' "$shown"
        OUTPUT=$("$word" "$@" 2>&1) || CODE=$?
    fi
    OUTPUT=${OUTPUT//$'\r'/}
    printf '%s\n' "$OUTPUT"
    if ((CODE)); then
        printf '(exit code %s)\n' "$CODE"
    fi
}

# check WHAT TEST…: TEST looks at OUTPUT and CODE of what was shown last.
check() {
    local what=$1
    shift
    CHECKS=$((CHECKS + 1))
    if "$@"; then
        printf '  ✔ %s\n' "$what"
    else
        FAILED=$((FAILED + 1))
        printf '  ✘ NOT SEEN: %s\n' "$what"
    fi
}

# listed_as_they_are PID…: as many as there are workers, each a living process, each in the list shown.
listed_as_they_are() {
    local pid
    ((CODE == 0 && $# == DEMO_WORKERS)) || return 1
    for pid in "$@"; do
        is_running "$pid" || return 1
        grep -qw "$pid" <<<"$OUTPUT" || return 1
    done
}

# answer_has WORD…: the applications answer with a line for each.
answer_has() {
    local word
    ((CODE == 0)) || return 1
    for word in "$@"; do
        grep -qxF "$word" <<<"$OUTPUT" || return 1
    done
}

# refused PID: by status and code, with no word from the process.
refused() {
    head -n 1 <<<"$OUTPUT" | grep -q '^HTTP/1\.1 401 ' &&
        [ "$(sed '1,/^$/d' <<<"$OUTPUT" | from_json 'answer["code"]')" = unauthorized ] &&
        ! grep -q "pid=$1" <<<"$OUTPUT"
}

# from_json ARGUMENTS: of Python's print(), about the answer on standard input. Nothing is said of what is no JSON.
from_json() {
    "$(find_tool python3)" -c "import json, sys; answer = json.load(sys.stdin); print($1)" 2>/dev/null || true
}

is_running() {
    kill -0 "$1" 2>/dev/null
}

sha256() {
    printf %s "$1" | sha256sum | cut -d ' ' -f 1
}

keep_demo() {
    local app socket
    demo_summary
    printf '\nThey run on. To try by hand, in another terminal:\n'
    for app in "${DEMO_APPS[@]}"; do
        socket=${SOCKETS[$app]}
        printf '\n  # %s: %s\n' "$app" "${HTTP[$app]}"
        printf '  %q gangway ps --socket %q\n' "$ROOT/dev" "$socket"
        printf '  %q gangway request PID /any/path -d x=1 --socket %q\n' "$ROOT/dev" "$socket"
        printf '  curl --unix-socket %q http://localhost/v1/processes\n' "$socket"
    done
    printf '\nCtrl-C stops all of it and cleans up.\n'
    trap 'exit 0' INT TERM HUP
    while :; do
        for app in "${DEMO_APPS[@]}"; do
            if ! is_running "${SERVER[$app]}"; then
                cat "$DEMO_DIR/$app.err" >&2
                fail "the $app application has ended by itself"
            fi
        done
        sleep 1
    done
}

demo_summary() {
    if ((FAILED)); then
        printf '\n%s of %s checks passed, %s FAILED\n' $((CHECKS - FAILED)) "$CHECKS" "$FAILED"
    else
        printf '\nAll %s checks passed.\n' "$CHECKS"
    fi
}

finish_demo() {
    local app left
    stop_demo
    left=$(for app in "${DEMO_APPS[@]}"; do [ ! -e "${SOCKETS[$app]}" ] || echo "${SOCKETS[$app]}"; done)
    OUTPUT=$left CODE=0
    printf '\n'
    check "all is stopped, and nothing is left of it" test -z "$left"
    demo_summary
    trap - EXIT
    exit $((FAILED > 0))
}

stop_demo() {
    local app
    trap '' INT TERM HUP
    for app in "${!SERVER[@]}"; do
        kill -TERM "${SERVER[$app]}" 2>/dev/null || true
    done
    for app in "${!SERVER[@]}"; do
        wait "${SERVER[$app]}" 2>/dev/null || true
    done
    rm -rf "$DEMO_DIR"
}
