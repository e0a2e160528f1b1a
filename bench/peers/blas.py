"""Prints the names of the libraries that numpy's products go to, on Linux; elsewhere nothing."""

import os
import re

import numpy

numpy.ones((2, 2), dtype=numpy.float32) @ numpy.ones((2, 2), dtype=numpy.float32)
try:
    with open("/proc/self/maps", encoding="utf8") as maps:
        files = {line.split()[-1] for line in maps}
except OSError:
    files = set()
print(*sorted({name for name in map(os.path.basename, files) if re.search("blas|blis|mkl|atlas", name)}))
