# What the script says: steps, progress, failures. All of it goes to stderr; stdout is for results.
# shellcheck shell=bash

say() {
    printf '%s\n' "$*" >&2
}

# plan_steps NAME…: the command's steps, all that there can be, in their order.
plan_steps() {
    PLAN=("$@")
    STEPS=$#
}

# step NAME TEXT: said only where there is something to do.
step() {
    local name number=0
    for name in "${PLAN[@]}"; do
        number=$((number + 1))
        [ "$name" != "$1" ] || break
    done
    say "[$number/$STEPS] $2"
}

fail() {
    clear_progress
    say "dev: $*"
    exit 1
}

# usage_error WHAT HELP_COMMAND
usage_error() {
    say "dev: $1. Try: $2"
    exit 2
}

# fail_with_log TEXT LOG: the log's last lines, where it is, and what failed.
fail_with_log() {
    clear_progress
    say "--- the last lines of $2"
    tail -n 25 "$2" >&2 || true
    say "---"
    fail "$1 The whole log: $2"
}

progress_shown=0

# progress TEXT: one line that rewrites itself on a terminal, a line every 15 seconds elsewhere.
progress() {
    if [ -t 2 ]; then
        printf '\r\033[K      %s' "$1" >&2
        progress_shown=1
    elif ((SECONDS - progress_shown >= 15)); then
        say "      $1"
        progress_shown=$SECONDS
    fi
}

clear_progress() {
    if [ -t 2 ] && ((progress_shown)); then
        printf '\r\033[K' >&2
    fi
    progress_shown=0
}

# duration SECONDS: "45 s", "3 min 20 s"
duration() {
    if (($1 < 60)); then
        echo "$1 s"
    else
        echo "$(($1 / 60)) min $(($1 % 60)) s"
    fi
}

# time_left SECONDS: an estimate, said as one
time_left() {
    if (($1 <= 5)); then
        echo "nearly done"
    else
        echo "about $(duration $((($1 + 9) / 10 * 10))) left"
    fi
}
