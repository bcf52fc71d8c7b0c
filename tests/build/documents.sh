#!/bin/sh
# documents.sh - every file that the documents name exists. Argument: the root of the sources.
cd "$1" || exit 1
missing=0
for document in *.md; do
  for path in $(grep -oE '(^|[^A-Za-z0-9/_])(src|tests|include|examples|bench)/[A-Za-z0-9_./-]*' "$document" | sed 's/^[^a-z]*//' | sed 's/[.,]*$//' | sort -u); do
    case $path in *NAME*) continue ;; esac
    [ -e "$path" ] || { printf '%s: there is no %s\n' "$document" "$path"; missing=1; }
  done
done
exit $missing
