#!/bin/sh
# values.sh - every function of ops.h is tested for its values: by a case "case N NAME" of a file of golden values, or by a
# test function values_of_NAME in tests/ops (which the compiler reports if nothing runs it).
# Arguments: the program list-functions, the root of the sources.
list_functions=$1 root=$2
names=$("$list_functions" "$root/include/tapegrad/ops.h" | sed -n 's/^FUNCTION(tg_\(.*\))$/\1/p')
[ -n "$names" ] || exit 1
missing=0
for name in $names; do
  grep -q "^case [0-9]* $name " "$root"/tests/ops/golden/*.txt && continue
  grep -q "^static void values_of_$name(void \*\*" "$root"/tests/ops/test_*.c && continue
  printf 'tg_%s: no golden case in tests/ops/golden, no test function values_of_%s in tests/ops\n' "$name" "$name"
  missing=1
done
exit $missing
