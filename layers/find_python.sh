#!/bin/sh
# Prints a Python of the version $1, such as 3.13, where this machine has one: $PYTHON, on the path, pyenv's or uv's.
pyenv=$(command -v pyenv) # a shim may stand for versions that are not the chosen one
for candidate in "$PYTHON" "python$1" \
  "$(pyenv root 2>/dev/null)"/versions/"$1".*/bin/python3 "${pyenv%/*}"/../versions/"$1".*/bin/python3 \
  "$("${UV:-uv}" python find --no-config --no-project --no-python-downloads --managed-python "$1" 2>/dev/null)"; do
  if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
    echo "$candidate"
    exit
  fi
done
