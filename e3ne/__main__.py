"""`python -m e3ne`: the same as the command `e3ne`."""

import sys

from e3ne.cli import main

if __name__ == "__main__":
    sys.exit(main())
