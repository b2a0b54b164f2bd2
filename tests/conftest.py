"""Settings of all tests."""

from hypothesis import settings

# A test run says the same each time; new random examples are the work of the sweeps.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")
