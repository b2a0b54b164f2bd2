"""The errors that a user of e3ne may meet."""


class E3neError(Exception):
    """A mistake in a model, an option or a file; its text is written for the user and shown without a traceback."""


class ResultsChangedError(Exception):
    """A pass has changed a result, or more than it declares: a mistake of the program, found by execution."""


INTERRUPTED = 130
"""The exit status of a command that Ctrl-C has ended."""
