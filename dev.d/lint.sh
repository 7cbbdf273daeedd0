# Checks of format and code.
# shellcheck shell=bash

LINT_FOLDERS=(include ext tools test examples)
LINT_SHELL=(dev .ci/run agent_hooks/install) # and what dev sources

lint_usage() {
    cat <<END
Usage: ./dev lint [--preset $PRESETS_TEXT]

Checks, and changes nothing: the format of the C and C++ sources (clang-format), their code
(clang-tidy, with the build's own flags; a file that was clean and has not changed since,
nor any header, is not checked again), the coroutines for what GCC 12 miscompiles, names that
libraries keep to themselves (detail), includes of a floor above (dev.d/floors.py), the shell scripts
(shellcheck), the Python files (pyflakes), and the syntax of the Ruby, JavaScript and JSON files.
agent_hooks/ is C++ in Passenger's style and is compiled with the agent only.

Examples:
  ./dev lint
  clang-format-14 -i \$(git ls-files '*.cpp' '*.hpp')     mends the format
END
}

lint_command() {
    read_options lint --preset= "$@"
    no_operands lint
    need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_LINT[@]}"
    take_build_lock
    configure_module
    exec 9>&-
    cd "$ROOT"
    LINT_FAILED=()
    lint_part format "format of the C and C++ sources"
    lint_part shell "shell scripts"
    lint_part python "Python files"
    lint_part syntax "syntax of Ruby, JavaScript and JSON files"
    lint_part coroutines "coroutines"
    lint_part private_names "names that libraries keep to themselves"
    lint_part floors "includes of a floor above"
    lint_part tidy "C++ code"
    if ((${#LINT_FAILED[@]})); then
        fail "found by lint: $(IFS=,; echo "${LINT_FAILED[*]}")"
    fi
    say "lint: clean ($(duration $SECONDS))"
}

# lint_part PART TEXT: lint_PART. It goes on after a failure, so that one run says all there is to say.
lint_part() {
    step "$1" "$2"
    "lint_$1" || LINT_FAILED+=(" $2")
}

lint_format() {
    find "${LINT_FOLDERS[@]}" -type f \( -name '*.cpp' -o -name '*.hpp' -o -name '*.c' -o -name '*.h' \) -print0 |
        xargs -0 -r clang-format --dry-run --Werror >&2
}

lint_shell() {
    shellcheck --external-sources --check-sourced "${LINT_SHELL[@]}" >&2
}

lint_python() {
    find . -path ./build -prune -o -path ./.git -prune -o -type f -name '*.py' -print0 |
        xargs -0 -r "$(find_tool python3)" -m pyflakes >&2
}

lint_syntax() {
    local file result=0 node
    node=$(find_node)
    while IFS= read -r -d '' file; do
        case "$file" in
        *.rake | *.rb | *.ru) "$(find_tool ruby)" -c "$file" >/dev/null ;;
        *.js) [ -z "$node" ] || "$node" --check "$file" ;;
        *.json) "$(find_tool python3)" -m json.tool "$file" /dev/null ;;
        esac >&2 || { say "      in $file"; result=1; }
    done < <(find . -path ./build -prune -o -path ./.git -prune -o -type f \
        \( -name '*.rake' -o -name '*.rb' -o -name '*.ru' -o -name '*.js' -o -name '*.json' \) -print0)
    return $result
}

lint_coroutines() {
    "$(find_tool python3)" dev.d/lint_coroutines.py "${LINT_FOLDERS[@]}" >&2
}

# What stands in a library's namespace or folder `detail` has no documented contract to keep to.
lint_private_names() {
    ! grep -rnE '(boost|asio|beast|http|net|websocket|Json|CLI|re2)::([a-z_0-9]+::)*detail\b|#include *[<"](boost|openssl|json|CLI|re2)/.*detail/' \
        include ext tools agent_hooks test >&2
}

# Which folder may know which.
lint_floors() {
    "$(find_tool python3)" dev.d/floors.py >&2
}

# dev.d/tidy.py remembers what was clean in build/lint.
lint_tidy() {
    mkdir -p "$BUILD/lint"
    find "$BUILD/lint" -type f -mtime +30 -delete
    "$(find_tool python3)" dev.d/tidy.py "$BUILD/$PRESET/compile_commands.json" "$ROOT" "$BUILD/lint" "$JOBS" 2>&1 |
        watch_tidy
}

# watch_tidy: shows what dev.d/tidy.py says; fails when a file was not clean, or not checked at all.
watch_tidy() {
    local line total=-1 checked=0 clean=0 start=$SECONDS shown=yes
    local -A said=()
    ! read -r total line || [ "$line" = files ] || say "$total $line"
    while IFS= read -r line; do
        case "$line" in
        clean\ * | unclean\ *)
            checked=$((checked + 1))
            [[ $line != clean\ * ]] || clean=$((clean + 1))
            progress "$checked of $total files, $(duration $((SECONDS - start))), $(time_left $(((SECONDS - start) * (total - checked) / checked)))"
            ;;
        *)
            # A finding in a header comes with every file that includes it; once is enough.
            if [[ $line =~ ^/.*:\ (error|warning):\  ]]; then
                shown=${said[$line]-yes}
                said[$line]=no
            fi
            [ "$shown" = no ] || { clear_progress; say "${line#"$ROOT/"}"; }
            ;;
        esac
    done
    clear_progress
    [ "$total" = "$clean" ]
}
