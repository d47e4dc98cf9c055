"""The supervised child of a worker: carries jobs with arq, and ends with its Redis."""

from __future__ import annotations

from jarvis.entrypoints.run import carrier

if __name__ == "__main__":
    carrier()
