"""The harness that scenarios and load scripts share: wire > history > judge > verdict, then the shells around them.

PYTEST_DONT_REWRITE: the command imports it before pytest, which would warn of that.
"""
