# The command lines of the commands, which are all read here.
# shellcheck shell=bash

PRESETS=(debug release asan tsan)
PRESETS_TEXT=$(IFS='|'; echo "${PRESETS[*]}") # for the usages

# What read_options found: [--workers]=4, [--once]=yes.
declare -A OPTIONS=()
OPERANDS=() # the words that are no options
REST=()     # what came after --, or for a command that hands its words on, from the first operand on

# read_options COMMAND 'KNOWN…' ARGUMENT…: the options that COMMAND knows, one that takes a value with = at its end.
# --preset= sets PRESET. -- is for whom it is known; "…" hands on all from the first operand on.
read_options() {
    local command=$1 known=" $2 " help="./dev $1 --help" hint=
    shift 2
    [[ $known != *' -- '* ]] || hint=" (Passenger's options come after --)"
    while [ $# -gt 0 ]; do
        case "$1" in
        --help | -h) "${command}_usage"; exit 0 ;;
        --)
            [[ $known == *' -- '* ]] || usage_error "$command does not know '--'" "$help"
            REST=("${@:2}")
            break
            ;;
        -*)
            if [[ $known == *" $1= "* ]]; then
                [ $# -ge 2 ] || usage_error "$1 needs a value" "$help"
                OPTIONS[$1]=$2
                shift
            elif [[ $known == *" $1 "* ]]; then
                OPTIONS[$1]=yes
            else
                usage_error "$command does not know '$1'$hint" "$help"
            fi
            ;;
        *)
            if [[ $known == *' … '* ]]; then
                REST=("$@")
                break
            fi
            OPERANDS+=("$1")
            ;;
        esac
        shift
    done
    PRESET=${OPTIONS[--preset]-$PRESET}
}

# no_operands COMMAND: for those that take options only.
no_operands() {
    ((${#OPERANDS[@]} == 0)) || usage_error "$1 does not know '${OPERANDS[0]}'" "./dev $1 --help"
}

# one_of WORD WORD…
one_of() {
    local word
    for word in "${@:2}"; do
        [ "$word" != "$1" ] || return 0
    done
    return 1
}

check_preset() {
    one_of "$PRESET" "${PRESETS[@]}" || usage_error "there is no preset '$PRESET'" "./dev build --help"
}

# The agent itself is built without sanitizers, and cannot load a module with them.
preset_is_for_the_agent() {
    [ "$PRESET" != asan ] && [ "$PRESET" != tsan ]
}
