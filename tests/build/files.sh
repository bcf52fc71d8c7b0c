#!/bin/sh
# files.sh - no source file is forgotten: each .c is compiled or named in a meson.build or .py, each .h is included by another
# file, each public header is in include/meson.build and in tapegrad.h, each program of the tests is one that is run.
# Arguments: the root of the sources, the folder of the build.
root=$1 build=$2
cd "$root" || exit 1
forgotten=0
report() {
  printf '%s\n' "$*"
  forgotten=1
}

lists=$(find src tests examples bench -name meson.build -o -name '*.py') # a .py may compile a file for itself
for file in $(find src tests examples bench -name '*.c'); do
  grep -qF "$file\"" "$build/compile_commands.json" && continue # that "file": "../src/core/tape.c"
  # One that another machine or option compiles: its list names it.
  grep -qF "$(basename "$file")'" $lists || report "$file: no meson.build names it"
done
for file in $(find src tests examples bench -name '*.h'); do
  name=$(basename "$file")
  grep -qF "$name'" $lists && continue # precompiled
  grep -rqE "#include [\"<](.*/)?$name[\">]" src tests examples bench && continue
  # isa_avx2.h is included as TG_PASTE(isa_, TG_SET).
  grep -rqF "TG_PASTE(${name%%_*}_, " src || report "$file: no file includes it"
done
for file in $(cd include && find tapegrad -name '*.h'); do
  grep -qF "'$file'" include/meson.build || report "include/$file: not in include/meson.build"
  grep -qF "\"$file\"" include/tapegrad.h || report "include/$file: not in include/tapegrad.h"
done
exit $forgotten
