"""Refuses to start without the Debian packages these scripts need, in a sentence instead of a traceback."""

import importlib.util
import sys


def require(*modules: str) -> None:
    """Exits with status 3 when one of the modules cannot be found; call it before importing them."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        packages = ' '.join(f'python3-{module}' for module in missing)
        print(
            f'{sys.executable} has no {" and no ".join(missing)}: install Debian\'s {packages} '
            '(apt-get install --no-install-recommends) and run this with /usr/bin/python3.',
            file=sys.stderr,
        )
        sys.exit(3)
