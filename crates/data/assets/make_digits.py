"""Makes digits.bin from the UCI handwritten digits (see README.md).

    python make_digits.py digits.csv.gz

The argument is the gzipped CSV of the 1,797 test samples: 64 pixel values
(0..16, an 8x8 image row by row) and the label (0..9) on each line. digits.bin
is written next to this script.

digits.bin is one zlib stream (with the zlib header) of 116,805 bytes:

    1797 * 64 bytes   the pixel values, sample after sample
    1797 bytes        the labels, in the same order

Transposing the pixels (all values of pixel 0, then of pixel 1, ...) was tried
and makes the file slightly larger.
"""

import csv
import gzip
import sys
import zlib
from pathlib import Path

SAMPLES, PIXELS = 1797, 64


def main():
    with gzip.open(sys.argv[1], "rt", newline="") as file:
        rows = [[int(float(value)) for value in row] for row in csv.reader(file)]
    assert len(rows) == SAMPLES
    assert all(len(row) == PIXELS + 1 for row in rows)
    assert all(0 <= value <= 16 for row in rows for value in row[:PIXELS])
    assert all(0 <= row[PIXELS] <= 9 for row in rows)

    pixels = bytes(value for row in rows for value in row[:PIXELS])
    labels = bytes(row[PIXELS] for row in rows)
    packed = zlib.compress(pixels + labels, 9)
    Path(__file__).with_name("digits.bin").write_bytes(packed)
    print(f"digits.bin: {len(packed)} bytes")


if __name__ == "__main__":
    main()
