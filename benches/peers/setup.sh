#!/bin/bash
# Makes .venv with the locked Python peers, and data/.  Which index the packages come from is left to
# pip's own settings.  PYTHON names the Python that the venv is made with (default python3).
cd "$(dirname "$0")" || exit 1
set -e
[[ -d .venv ]] || "${PYTHON:-python3}" -m venv .venv
.venv/bin/pip install --quiet -r requirements.txt
.venv/bin/python gen_data.py
echo "Next: ./build_all.sh, then ./run_all.sh"
