#!/bin/sh
# lists.sh - what a list names is also where its tests are: optimizers, activations, readers, fuzzers.
# Argument: the root of the sources.
cd "$1" || exit 1
missing=0
# Each of the files contains the word.
in_files() { # word file...
  word=$1
  shift
  for file in "$@"; do
    grep -qF -e "$word" "$file" || { printf '%s: there is no %s\n' "$file" "$word"; missing=1; }
  done
}

optimizers=$(sed -n 's/^OPTIMIZER([a-z0-9_]*, \([a-z0-9_]*\))$/\1/p' src/nn/optimizers.list)
for name in $optimizers; do
  in_files "tg_${name}_create" include/tapegrad/optim.h tests/nn/test_optim.c
  in_files "REFUSED($name, tg_" tests/nn/test_optim_refusals.c
done

activations=$(sed -n '/^typedef enum tg_activation/,/^}/s/^ *\(TG_[A-Z0-9_]*\).*/\1/p' include/tapegrad/mlp.h)
for name in $activations; do
  in_files "$name" src/nn/activation.c tests/nn/test_mlp.c tests/nn/test_mlp_run.c
done

# A reader is a file that opens files, by itself or through io/read.c: one of its public functions has a fuzzer.
readers=$(grep -rlE 'tg_(infile|reading)_open\(' --include='*.c' src/data src/io | grep -v '^src/io/read.c$')
for file in $readers; do
  called=
  for name in $(sed -n 's/^tg_[a-z_]* \(tg_[a-z0-9_]*\)(.*/\1/p' "$file"); do
    ! grep -qwF -e "$name" tests/fuzz/fuzz_*.c || called=1
  done
  [ "$called" ] || { printf '%s: no tests/fuzz/fuzz_*.c calls a function of it\n' "$file"; missing=1; }
done
fuzzers=$(sed -n "/^fuzzers = {/,/^}/s/^ *'\([a-z0-9_]*\)':.*/\1/p" tests/fuzz/meson.build)
for name in $fuzzers; do
  in_files "$name" .ci/run
  [ -d "tests/fuzz/corpus/$name" ] || { printf 'there is no tests/fuzz/corpus/%s\n' "$name"; missing=1; }
done

# None of the lists is empty: their forms have not changed.
[ "$optimizers" ] && [ "$activations" ] && [ "$readers" ] && [ "$fuzzers" ] || { printf 'a list is empty\n'; missing=1; }
exit $missing
