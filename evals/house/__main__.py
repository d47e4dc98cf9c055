"""`python -m evals.house [--floor 0.9] [--model openai:NAME]`: prints what was wrong; fails under the floor."""

import sys

from evals.acting import main

if __name__ == "__main__":
    sys.exit(main("evals.house", sys.argv[1:]))
