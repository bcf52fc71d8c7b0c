#!/usr/bin/env python3
# compare.py - tapegrad beside PyTorch and OpenBLAS, interleaved in one run, with the ratios. A peer that is not installed
# is left out with one line.
#
#     bench/peers/compare.py [BUILD] [--quick] [--only networks|operations|products] [--json FILE]
#
# BUILD is the folder that Meson built in (default: build).
import argparse
import ctypes.util
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OPERATIONS = ['exp', 'sigmoid', 'tanh', 'log', 'softmax', 'add']


def bench(options, program, *arguments, environment=None):
    """Runs one of our benchmarks and returns its JSON."""
    with tempfile.NamedTemporaryFile(suffix='.json') as file:
        command = [os.path.join(options.build, 'bench', program), '--json', file.name, *arguments]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             env={**os.environ, **(environment or {})})
        if run.returncode != 0:
            sys.exit(f'compare.py: {run.stderr.strip() or command}')
        return json.load(file)


class PyTorch:
    """pytorch.py as a process that answers names of rows with microseconds."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, 'pytorch.py')], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.version = self.process.stdout.readline().strip()

    def is_there(self):
        if not self.version:
            print(self.process.stderr.read().strip().splitlines()[-1])
        return bool(self.version)

    def microseconds(self, name):
        self.process.stdin.write(name + '\n')
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def title(text, head):
    print(f'\n{text}\n{head}')


def race(options, peer, program, name, key):
    """Rounds of us and them in turn: the medians, and the median of the ratios of the rounds."""
    ours, theirs = [], []
    for _ in range(options.rounds):
        rows = bench(options, program, '--quick', '--filter', f'={name}')['rows']
        ours.append(next(row[key] for row in rows if row['name'] == name))
        theirs.append(peer.microseconds(name))
    ratio = statistics.median(t / o for o, t in zip(ours, theirs))
    return {'name': name, 'ours': statistics.median(ours), 'theirs': statistics.median(theirs), 'ratio': ratio}


def with_pytorch(options, peer, heading, unit, program, names, key):
    title(f'{heading}: {peer.version}', f'{"":42}  {"tapegrad " + unit:>18}  {"PyTorch " + unit:>18}  {"ratio":>7}')
    rows = []
    for name in names:
        row = race(options, peer, program, name, key)
        rows.append(row)
        print(f'{name:42}  {row["ours"]:18.2f}  {row["theirs"]:18.2f}  {row["ratio"]:7.2f}', flush=True)
    return rows


def networks(options, peer):
    names = [row['name'] for row in bench(options, 'bench_backprop', '--quick')['rows']]
    return with_pytorch(options, peer, 'A training step', 'µs/sample', 'bench_backprop', names,
                        'autograd_us_per_sample')


def operations(options, peer):
    return with_pytorch(options, peer, 'A million float32 elements', 'µs', 'bench_ops', OPERATIONS, 'forward_us')


def products(options, library):
    """Inside one process, product by product: OpenBLAS chooses its kernels once, when it is loaded."""
    title(f'Matrix products: {library}, one thread', f'{"":32}  {"tapegrad GFLOP/s":>16}'
          f'  {"OpenBLAS, AVX-512":>17}  {"ratio":>6}  {"OpenBLAS, default":>17}  {"ratio":>6}')
    kernels = [{'OPENBLAS_CORETYPE': 'SKYLAKEX'}, {}]
    runs = [bench(options, 'bench_gemm', '--against', library, *options.effort,
                  environment={'OPENBLAS_NUM_THREADS': '1', **kernel})['rows'] for kernel in kernels]
    for row, default in zip(*runs):
        print(f'{row["name"]:32}  {row["gflops"]:16.1f}  {row["peer_gflops"]:17.1f}  {row["ratio_to_peer"]:6.2f}'
              f'  {default["peer_gflops"]:17.1f}  {default["ratio_to_peer"]:6.2f}')
    return [{**row, 'kernels': kernel} for kernel, rows in zip(['SKYLAKEX', 'default'], runs) for row in rows]


def main():
    parser = argparse.ArgumentParser(description='tapegrad beside PyTorch and OpenBLAS.')
    parser.add_argument('build', nargs='?', default='build', help='the folder that Meson built in')
    parser.add_argument('--quick', action='store_true', help='3 rounds of ours and theirs in turn instead of 9')
    parser.add_argument('--only', choices=['networks', 'operations', 'products'])
    parser.add_argument('--json', help='write the results there, too')
    options = parser.parse_args()
    options.rounds, options.effort = (3, ['--quick']) if options.quick else (9, [])
    results = {}
    wanted = [options.only] if options.only else ['networks', 'operations', 'products']
    peer = PyTorch() if wanted != ['products'] else None
    if peer and peer.is_there():
        for name, measure in (('networks', networks), ('operations', operations)):
            if name in wanted:
                results[name] = measure(options, peer)
    library = ctypes.util.find_library('openblas')
    if 'products' in wanted and library:
        results['products'] = products(options, library)
    elif 'products' in wanted:
        print('OpenBLAS is not installed (Debian: libopenblas-dev)')
    print('\nratio: how many times as fast tapegrad is, the median over the rounds')
    if options.json:
        with open(options.json, 'w') as file:
            json.dump(results, file, indent=2)


main()
