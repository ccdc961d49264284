"""What Hypothesis draws depends on the test and the seed, and on nothing else."""

from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants


def draw_no_constants_of_ours() -> None:
    """Draw no constants found in our modules: they change, and so does what is imported when."""
    constants = Constants()
    providers._get_local_constants = lambda: constants
