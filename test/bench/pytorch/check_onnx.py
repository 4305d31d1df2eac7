"""Runs ONNX's own checker over files: one line {path, ok, error?} each, exit status 1 if any fails.

`python3 check_onnx.py a.onnx b.onnx`. Debian's onnx 1.12 knows IR version 8 and opset 17; newer ones are refused.
"""

import json
import sys

from requirements import require

require('onnx', 'numpy')

import onnx


def check(path: str) -> dict:
    try:
        onnx.checker.check_model(path)  # by path, so that weights kept in other files are found
    except Exception as error:  # the checker, protobuf and the file system each have their own
        return {'path': path, 'ok': False, 'error': str(error).strip() or type(error).__name__}
    return {'path': path, 'ok': True}


def main() -> None:
    paths = sys.argv[1:]
    if not paths:
        sys.exit('usage: check_onnx.py FILE.onnx ...')
    results = [check(path) for path in paths]
    for result in results:
        print(json.dumps(result))
    sys.exit(0 if all(result['ok'] for result in results) else 1)


if __name__ == '__main__':
    main()
