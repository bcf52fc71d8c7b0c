#!/usr/bin/env python3
# compare.py - tapegrad beside PyTorch, KANN and OpenBLAS, interleaved in one run, with the ratios. A peer that is missing or
# fails is reported in one line, and left out.
#
#     bench/peers/compare.py [BUILD] [--quick] [--only networks|operations|products] [--kann FOLDER] [--json FILE]
#
# BUILD is the folder that Meson built in (default: build); --kann is the folder of KANN's sources. If the environment's
# TAPEGRAD_KERNELS chooses a kernel set, the peers are told to use the same instructions.
import argparse
import ctypes.util
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OPERATIONS = ['exp', 'sigmoid', 'tanh', 'log', 'softmax', 'add']

# The kernels of OpenBLAS, and of PyTorch, for the instructions of a kernel set: a machine that runs the one runs the other.
OPENBLAS_KERNELS = {'avx512': 'SKYLAKEX', 'avx2': 'HASWELL'}
PYTORCH_KERNELS = {'avx512': 'avx512', 'avx2': 'avx2', 'generic': 'default'}


class Failure(Exception):
    """A program that cannot be run or fails, in one line."""


def reason(process, errors):
    """Why a process has ended, in one line."""
    if process.returncode is not None and process.returncode < 0:
        return f'ended by signal {-process.returncode} ({signal.Signals(-process.returncode).name})'
    lines = errors.strip().splitlines()
    return lines[-1] if lines else f'exit status {process.returncode}'


def bench(options, program, *arguments, environment=None):
    """Runs one of our benchmarks and returns its JSON."""
    path = os.path.join(options.build, 'bench', program)
    with tempfile.NamedTemporaryFile(suffix='.json') as file:
        try:
            run = subprocess.run([path, '--json', file.name, *arguments], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
        except OSError as error:
            raise Failure(f'{path}: {error.strerror}') from None
        if run.returncode != 0:
            raise Failure(f'{program}: {reason(run, run.stderr)}')
        return json.load(file)


class Peer:
    """A process that prints its version, and then answers names of rows with microseconds."""

    def __init__(self, name, command, kernel_set):
        chosen = 'TAPEGRAD_KERNELS' in os.environ
        environment = {'OPENBLAS_CORETYPE': OPENBLAS_KERNELS.get(kernel_set),
                       'ATEN_CPU_CAPABILITY': PYTORCH_KERNELS.get(kernel_set)} if chosen else {}
        self.name = name
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.PIPE, text=True,
                                            env={**os.environ, **{k: v for k, v in environment.items() if v}})
        except OSError as error:
            raise Failure(f'{name}: {error.strerror}') from None
        self.version = self.read()

    def read(self):
        line = self.process.stdout.readline().strip()
        if line:
            return line
        errors = self.process.communicate()[1]
        raise Failure(f'{self.name}: {reason(self.process, errors)}')

    def microseconds(self, name):
        try:
            self.process.stdin.write(name + '\n')
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # read says why
        return float(self.read())


def compile_kann(sources, openblas, folder):
    """KANN with OpenBLAS, of which only the shared library is needed."""
    if not openblas:
        raise Failure('KANN is compared with OpenBLAS, which is not installed (Debian: libopenblas0)')
    program = os.path.join(folder, 'kann')
    with open(os.path.join(folder, 'cblas.h'), 'w') as header:
        header.write('enum { CblasRowMajor = 101, CblasNoTrans = 111, CblasTrans = 112 };\n'
                     'void cblas_sgemm(int, int, int, int, int, int, float, const float *, int, const float *, int, float,'
                     ' float *, int);\n'
                     'void cblas_saxpy(int, float, const float *, int, float *, int);\n')
    files = [os.path.join(HERE, 'kann.c'), *(os.path.join(sources, name) for name in ('kann.c', 'kautodiff.c'))]
    try:
        run = subprocess.run([os.environ.get('CC', 'cc'), '-O3', '-march=native', '-w', '-DHAVE_CBLAS', '-I' + sources,
                              '-I' + folder, *files, '-o', program, '-l:' + openblas, '-lm'], stderr=subprocess.PIPE,
                             text=True)
    except OSError as error:
        raise Failure(f'KANN: the C compiler: {error.strerror}') from None
    errors = [line for line in run.stderr.splitlines() if 'error' in line]
    if run.returncode != 0:
        raise Failure(f'KANN does not compile: {errors[0] if errors else reason(run, run.stderr)}')
    return program


def race(options, peer, program, name, key):
    """Rounds of us and them in turn: the medians, and the median of the ratios of the rounds."""
    ours, theirs = [], []
    for _ in range(options.rounds):
        rows = bench(options, program, '--quick', '--filter', f'={name}')['rows']
        ours.append(next(row[key] for row in rows if row['name'] == name))
        theirs.append(peer.microseconds(name))
    ratio = statistics.median(t / o for o, t in zip(ours, theirs))
    return {'name': name, 'peer': peer.name, 'ours': statistics.median(ours), 'theirs': statistics.median(theirs),
            'ratio': ratio}


def with_peer(options, peer, heading, unit, program, names, key):
    print(f'\n{heading}: {peer.version}\n{"":42}  {"tapegrad " + unit:>18}  {peer.name + " " + unit:>18}  {"ratio":>7}')
    rows = []
    for name in names:
        row = race(options, peer, program, name, key)
        rows.append(row)
        print(f'{name:42}  {row["ours"]:18.2f}  {row["theirs"]:18.2f}  {row["ratio"]:7.2f}', flush=True)
    return rows


def networks(options, peer):
    names = [row['name'] for row in bench(options, 'bench_backprop', '--quick')['rows']]
    return with_peer(options, peer, 'A training step', 'µs/sample', 'bench_backprop', names, 'autograd_us_per_sample')


def operations(options, peer):
    return with_peer(options, peer, 'A million float32 elements', 'µs', 'bench_ops', OPERATIONS, 'forward_us')


def products(options, library, kernel_set):
    """Inside one process, product by product: OpenBLAS chooses its kernels once, when it is loaded."""
    if not library:
        raise Failure('OpenBLAS is not installed (Debian: libopenblas0)')
    core = OPENBLAS_KERNELS.get(kernel_set)
    cores = [core, None] if core else [None]
    titles = [f'OpenBLAS, {core or "default"}' for core in cores]
    print(f'\nMatrix products: {library}, one thread; tapegrad with {kernel_set}\n{"":32}  {"tapegrad GFLOP/s":>16}'
          + ''.join(f'  {text:>18}  {"ratio":>6}' for text in titles))
    runs = [bench(options, 'bench_gemm', '--against', library, *options.effort,
                  environment={'OPENBLAS_NUM_THREADS': '1', **({'OPENBLAS_CORETYPE': core} if core else {})})['rows']
            for core in cores]
    runs = [[row for row in rows if 'ratio_to_peer' in row] for rows in runs]
    for rows in zip(*runs):
        print(f'{rows[0]["name"]:32}  {rows[0]["gflops"]:16.1f}'
              + ''.join(f'  {row["peer_gflops"]:18.1f}  {row["ratio_to_peer"]:6.2f}' for row in rows))
    return [{**row, 'kernels': core or 'default'} for core, rows in zip(cores, runs) for row in rows]


def parse_options():
    parser = argparse.ArgumentParser(description='tapegrad beside PyTorch, KANN and OpenBLAS.')
    parser.add_argument('build', nargs='?', default='build', help='the folder that Meson built in')
    parser.add_argument('--quick', action='store_true', help='3 rounds of ours and theirs in turn instead of 9')
    parser.add_argument('--only', choices=['networks', 'operations', 'products'])
    parser.add_argument('--kann', metavar='FOLDER', help="the folder of KANN's sources, to compare networks with it")
    parser.add_argument('--json', help='write the results there, too')
    options = parser.parse_args()
    options.rounds, options.effort = (3, ['--quick']) if options.quick else (9, [])
    return options


def compare(options, library, results):
    """Each comparison by itself: a failure is reported, and the next one begins."""
    kernel_set = bench(options, 'bench_ops', '--quick', '--filter', '=exp')['kernel_set']
    reported = set()

    def attempt(name, measure):
        try:
            rows = measure() if options.only in (None, name) else []
        except Failure as failure:
            rows = []
            if str(failure) not in reported:
                print(failure)
            reported.add(str(failure))
        if rows:
            results[name] = results.get(name, []) + rows

    def pytorch():
        return Peer('PyTorch', [sys.executable, os.path.join(HERE, 'pytorch.py')], kernel_set)

    attempt('networks', lambda: networks(options, pytorch()))
    if options.kann:
        with tempfile.TemporaryDirectory() as folder:
            attempt('networks', lambda: networks(
                options, Peer('KANN', [compile_kann(options.kann, library, folder)], kernel_set)))
    attempt('operations', lambda: operations(options, pytorch()))
    attempt('products', lambda: products(options, library, kernel_set))


def main():
    options, results = parse_options(), {}
    try:
        compare(options, ctypes.util.find_library('openblas'), results)
    except Failure as failure:
        sys.exit(f'compare.py: {failure}')
    print('\nratio: how many times as fast tapegrad is, the median over the rounds')
    if options.json:
        with open(options.json, 'w') as file:
            json.dump(results, file, indent=2)


main()
