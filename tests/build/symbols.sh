#!/bin/sh
# symbols.sh - the shared library exports what the public headers declare with TG_API, all of it and nothing else.
# Arguments: the program list-functions, nm, the shared library, the headers.
list_functions=$1 nm=$2 library=$3
shift 3
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
"$list_functions" "$@" | sed -n 's/^FUNCTION(\(.*\))$/\1/p' | sort -u >"$folder/declared"
# Names that begin with __ belong to the compiler: a sanitizer exports some.
"$nm" -D --defined-only "$library" | awk '$3 !~ /^__/ { print $3 }' | sort -u >"$folder/exported"
[ -s "$folder/declared" ] && [ -s "$folder/exported" ] || exit 1
missing=$(comm -23 "$folder/declared" "$folder/exported")
hidden=$(comm -13 "$folder/declared" "$folder/exported")
[ -z "$missing" ] || printf 'declared with TG_API, but not in the library: %s\n' $missing
[ -z "$hidden" ] || printf 'exported by the library, but declared in no public header: %s\n' $hidden
[ -z "$missing$hidden" ]
