# Checks of format and code. What clang-tidy found clean is remembered under build/lint by content.
# shellcheck shell=bash

LINT_FOLDERS=(include ext tools test)
LINT_SHELL=(dev .ci/run agent_hooks/install) # and what dev sources

lint_usage() {
    cat <<'END'
Usage: ./dev lint [--preset debug|release|asan|tsan]

Checks, and changes nothing: the format of the C++ sources (clang-format), their code
(clang-tidy, with the build's own flags; a file that was clean and has not changed since,
nor any header, is not checked again), the coroutines for what GCC 12 miscompiles, the shell
scripts (shellcheck), and the syntax of the Python, Ruby, JavaScript and JSON files.
agent_hooks/ is C++ in Passenger's style and is compiled with the agent only.

Examples:
  ./dev lint
  clang-format-14 -i $(git ls-files '*.cpp' '*.hpp')     mends the format
END
}

lint_command() {
    while [ $# -gt 0 ]; do
        case "$1" in
        --preset) need_value "$1" $# "./dev lint --help"; PRESET=$2; shift 2 ;;
        --help | -h) lint_usage; exit 0 ;;
        *) usage_error "lint does not know '$1'" "./dev lint --help" ;;
        esac
    done
    STEPS=7
    need_packages "${PACKAGES_BUILD[@]}" "${PACKAGES_LINT[@]}"
    take_build_lock
    configure_module
    exec 9>&-
    cd "$ROOT"
    LINT_FAILED=()
    lint_part 2 "format of the C++ sources" lint_format
    lint_part 3 "shell scripts" lint_shell
    lint_part 4 "syntax of Python, Ruby, JavaScript and JSON files" lint_syntax
    lint_part 5 "coroutines" lint_coroutines
    lint_part 6 "C++ code" lint_tidy
    if ((${#LINT_FAILED[@]})); then
        fail "found by lint: $(IFS=,; echo "${LINT_FAILED[*]}")"
    fi
    say "[$STEPS/$STEPS] lint: clean ($(duration $SECONDS))"
}

# lint_part NUMBER NAME FUNCTION: goes on after a failure, so that one run says all there is to say.
lint_part() {
    step "$1" "$2"
    "$3" || LINT_FAILED+=(" $2")
}

lint_format() {
    find "${LINT_FOLDERS[@]}" -type f \( -name '*.cpp' -o -name '*.hpp' -o -name '*.h' \) -print0 |
        xargs -0 -r clang-format --dry-run --Werror >&2
}

lint_shell() {
    shellcheck --external-sources --check-sourced "${LINT_SHELL[@]}" >&2
}

lint_syntax() {
    local file result=0 node
    node=$(find_node)
    while IFS= read -r -d '' file; do
        case "$file" in
        *.py) "$(find_tool python3)" -c 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")' "$file" ;;
        *.rake | *.rb | *.ru) "$(find_tool ruby)" -c "$file" >/dev/null ;;
        *.js) [ -z "$node" ] || "$node" --check "$file" ;;
        *.json) "$(find_tool python3)" -m json.tool "$file" /dev/null ;;
        esac >&2 || { say "      in $file"; result=1; }
    done < <(find . -path ./build -prune -o -path ./.git -prune -o -type f \
        \( -name '*.py' -o -name '*.rake' -o -name '*.rb' -o -name '*.ru' -o -name '*.js' -o -name '*.json' \) -print0)
    return $result
}

# What GCC 12 miscompiles in coroutines: a co_await that is not always reached in its expression, and a
# temporary made in braces for an awaited call, of which it copies the bytes and destroys both.
lint_coroutines() {
    "$(find_tool python3)" - "${LINT_FOLDERS[@]}" >&2 <<'END'
import pathlib
import re
import sys

RULES = (
    (r"\bco_await\b[^;{}]*\s(&&|\|\||\?)\s|\s(&&|\|\||\?)\s[^;{}]*\bco_await\b",
     "co_await inside of && or || or ?: is miscompiled by GCC 12; await it in a statement of its own"),
    (r"\bco_await\b[^;{}()]*\([^;{})]*(\w\{|\{(?!\}))",
     "an awaited call's temporary in braces is miscompiled by GCC 12; give it a name before the call"),
)
INNER_PARENTHESES = re.compile(r"\(((?!co_await)[^(){};])*\)")


def blank(match):
    return re.sub(r"[^\n]", "_", match.group())


def findings(text):
    text = re.sub(r"//.*", blank, text)
    text, before = INNER_PARENTHESES.sub(blank, text), text
    while text != before:
        text, before = INNER_PARENTHESES.sub(blank, text), text
    for pattern, message in RULES:
        for match in re.finditer(pattern, text):
            place = match.start() + match.group().index("co_await")
            yield text.count("\n", 0, place) + 1, message


found = [
    f"{path}:{line}: {message}"
    for folder in sys.argv[1:]
    for path in sorted(pathlib.Path(folder).rglob("*.[ch]*"))
    for line, message in findings(path.read_text())
]
print(*found, sep="\n", end="\n" if found else "")
sys.exit(bool(found))
END
}

# Each file has a stamp, named by the sum of all that its verdict depends on.
lint_tidy() {
    local common file stamp total
    local -a todo=()
    mkdir -p "$BUILD/lint"
    common=$({
        clang-tidy --version
        cat .clang-tidy CMakeLists.txt CMakePresets.json "$BUILD/$PRESET/CMakeCache.txt" dev.d/lint.sh
        find "${LINT_FOLDERS[@]}" -type f \( -name '*.hpp' -o -name '*.h' -o -name CMakeLists.txt \) -print0 |
            sort -z | xargs -0 sha256sum
    } | sha256sum)
    while IFS= read -r file; do
        stamp=$({ echo "$common"; sha256sum "$file"; } | sha256sum | cut -d ' ' -f 1)
        [ -e "$BUILD/lint/$stamp" ] || todo+=("$stamp" "$file")
    done < <(compiled_sources)
    ((${#todo[@]})) || return 0
    total=$((${#todo[@]} / 2))
    find "$BUILD/lint" -type f -mtime +30 -delete
    export -f tidy_file
    export BUILD PRESET ROOT
    printf '%s\0' "${todo[@]}" | xargs -0 -n 2 -P "$JOBS" bash -c 'tidy_file "$@"' tidy_file 2>&1 |
        watch_tidy "$total"
}

# Our sources that the build compiles, agent_hooks/ and Asio's own code aside: relative paths, a line each.
compiled_sources() {
    sed -n 's/^  "file": "\(.*\)",\{0,1\}$/\1/p' "$BUILD/$PRESET/compile_commands.json" |
        awk -v root="$ROOT/" 'index($0, root) == 1 { print substr($0, length(root) + 1) }' | grep -v -e '^build/' -e '/asio_impl\.cpp$' |
        sort -u
}

# tidy_file STAMP FILE
tidy_file() {
    local output
    if output=$(clang-tidy --quiet -p "$BUILD/$PRESET" "$ROOT/$2" 2>&1); then
        : >"$BUILD/lint/$1"
        echo "clean $2"
    else
        printf '%s\nunclean %s\n' "$output" "$2"
    fi
}

# watch_tidy TOTAL: fails when a file was not clean, or not checked at all.
watch_tidy() {
    local line checked=0 clean=0 start=$SECONDS shown=yes
    local -A said=()
    while IFS= read -r line; do
        case "$line" in
        clean\ * | unclean\ *)
            checked=$((checked + 1))
            [[ $line != clean\ * ]] || clean=$((clean + 1))
            progress "$checked of $1 files, $(duration $((SECONDS - start))), $(time_left $(((SECONDS - start) * ($1 - checked) / checked)))"
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
    ((clean == $1))
}
